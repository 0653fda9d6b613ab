"""The last view: one sentence through all chapters, a small heatmap for each, linked by its words."""

import math
from typing import Any, NamedTuple

import numpy as np

from course_kit.views.arguments import allowed_pairs, as_array, as_labels, check_weights, checked_labels, full_ink
from course_kit.views.live import shell
from course_kit.views.table import TextTable
from course_kit.views.view import View

MOST_PANELS, MOST_TOKENS = 12, 40


class Panel(NamedTuple):
    """One small heatmap: weights [Q, K], its words, its chapter. mask: True = may be attended."""

    title: str
    weights: Any
    queries: Any
    keys: Any = None
    chapter: Any = None
    mask: Any = None


class Found(NamedTuple):
    """What a panel says of the two words: weight is None where one is missing, or may not be looked at."""

    title: str
    query: str
    key: str
    weight: float | None


class Journey(View):
    """See `journey`."""

    kind = "journey"

    def weights(self, panel: int) -> np.ndarray:
        """[Q, K] of a panel, NaN where masked."""
        return self.arrays[f"p{panel}"].astype(np.float64).reshape(self.options["panels"][panel]["shape"])

    def place(self, panel: int) -> tuple[int | None, int | None]:
        """(row, column) of the two words in a panel, None where a word does not occur there."""
        words = self.options["panels"][panel]
        pairs = ((self.state["query"], words["rows"]), (self.state["key"], words["columns"]))
        return tuple(names.index(word) if word in names else None for word, names in pairs)

    @property
    def selection(self) -> list[Found]:
        """For each panel, what the query gives to the key."""
        found = []
        for i, panel in enumerate(self.options["panels"]):
            row, column = self.place(i)
            weight = float("nan") if None in (row, column) else float(self.weights(i)[row, column])
            weight = None if math.isnan(weight) else weight
            found.append(Found(panel["title"], self.state["query"], self.state["key"], weight))
        return found

    def words(self, panel: int) -> str:
        """The sentence below a panel."""
        p, (row, column), weights = self.options["panels"][panel], self.place(panel), self.weights(panel)
        query, key = self.state["query"], self.state["key"]
        if row is None and column is None:
            return f"neither “{query}” nor “{key}” appears here"
        if row is None:
            top = weights[:, column]
            best = int(np.nan_to_num(top, nan=-1).argmax())
            gives = f"“{p['queries'][best]}” gives “{p['keys'][column]}” most: {top[best]:.3f}"
            return f"“{query}” is not a query here; {gives}"
        line = weights[row]
        best = int(np.nan_to_num(line, nan=-1).argmax())
        if column is None:
            gives = f"“{p['queries'][row]}” gives “{p['keys'][best]}” most: {line[best]:.3f}"
            return f"“{key}” is not a key here; {gives}"
        if np.isnan(line[column]):
            return f"“{p['queries'][row]}” may not attend to “{p['keys'][column]}”"
        share = (
            ", its largest share" if line[column] == line[best] else f"; most to “{p['keys'][best]}” {line[best]:.3f}"
        )
        return f"“{p['queries'][row]}” gives “{p['keys'][column]}” {line[column]:.3f}{share}"

    def name(self, panel: int) -> str:
        p = self.options["panels"][panel]
        return f"{p['chapter']} · {p['title']}" if p["chapter"] else p["title"]

    def describe(self) -> str:
        count = len(self.options["panels"])
        lines = [f"{self.name(i)}: {self.words(i)}" for i in range(count)]
        return f"{count} heatmaps of one sentence, linked by its words. " + ". ".join(lines) + "."

    def table(self) -> TextTable:
        rows = []
        for i, (_, _, _, weight) in enumerate(self.selection):
            row, _ = self.place(i)
            line = None if row is None else self.weights(i)[row]
            best = "" if line is None else self.options["panels"][i]["keys"][int(np.nan_to_num(line, nan=-1).argmax())]
            most = "–" if line is None else f"{best} {np.nanmax(line):.3f}"
            rows.append([self.name(i), "–" if weight is None else f"{weight:.3f}", most])
        return TextTable(["chapter", f"{self.state['query']} → {self.state['key']}", "its largest"], rows)


def journey(
    panels,
    *,
    select=("it", "animal"),
    title="What has become of “it”?",
    caption=None,
    live=False,
):
    """One sentence through all chapters, side by side: point at a word, and it lights up in every heatmap.

    panels: 1 to 12 of (title, weights [Q, K], queries, keys, chapter) or Panel; keys None: those of queries; mask:
    bool, True = may be attended, the rest is hatched; up to 40 words a side, and rows that sum to 1.
    select: (query, key), the words that are lit at first. Words are the same whatever their case and the marks of
    their tokenizer (▁ Ġ ##); of a word that occurs twice the first belongs to the first, "the (2)" to "the (2)".
    live=True: Python reads `query` and `key`. Numbers travel as float16 (error ≤ 5·10⁻⁴).
    Returns a view: .selection (what each panel says) and what all have. Raises TypeError or ValueError that says what
    was given, what is needed, what to do.
    """
    arrays, shown, every = {}, [], []
    for i, given in enumerate(panels):
        panel = Panel(*given)
        values = as_array(panel.weights, f"weights of “{panel.title}”")
        if values.ndim != 2 or not 1 <= min(values.shape) <= max(values.shape) <= MOST_TOKENS:
            raise ValueError(
                f"weights of “{panel.title}” have shape {values.shape}; needed: [Q, K] with 1 to {MOST_TOKENS} words a "
                "side; choose one layer and head, as in weights[0][0, 1]"
            )
        wide = values[None, None]
        allowed = allowed_pairs(panel.mask, wide)
        check_weights(wide, allowed)
        every.append(np.where(allowed, wide, np.nan)[0, 0])
        queries = checked_labels(
            panel.queries, values.shape[0], f"queries of “{panel.title}”", "its weights have {} rows"
        )
        keys = panel.queries if panel.keys is None else panel.keys
        keys = checked_labels(keys, values.shape[1], f"keys of “{panel.title}”", "its weights have {} columns")
        arrays[f"p{i}"] = every[-1].astype("<f2").ravel()
        (chapter,) = [""] if panel.chapter is None else as_labels([panel.chapter], "chapter")
        most = math.ceil(round(100 * float(np.nanmax(every[-1])), 2)) / 100  # said where even this is pale
        words = {"queries": queries, "keys": keys, "rows": numbered(queries), "columns": numbered(keys)}
        shown.append({"title": panel.title, "chapter": chapter, "shape": list(values.shape), "most": most, **words})
    choices = {side: list(dict.fromkeys(w for p in shown for w in p[names])) for side, names in SIDES.items()}
    query, key = map(plain, select)
    high = full_ink(np.concatenate([e.ravel() for e in every]))
    if caption is None:
        caption = "Rows are [query|queries], columns [key|keys], ink is the weight. "
        caption += "Choose a cell: its words light up everywhere."
        caption += " Hatched: masked." if any(np.isnan(e).any() for e in every) else ""
    controls = [
        {"kind": "choice", "name": side, "label": side, "options": choices[side], "menu": True} for side in SIDES
    ] + [{"kind": "button", "name": "reset", "label": "reset"}]
    options = {"panels": shown, "high": high}
    state = {"query": query, "key": key}
    return shell(Journey(title, caption, arrays, state, controls, options), live)


SIDES = {"query": "rows", "key": "columns"}


def plain(word: str) -> str:
    """A word without case and without the marks of a tokenizer."""
    bare = word.lstrip("▁Ġ").removeprefix("##").casefold()
    return bare or word


def numbered(words: list[str]) -> list[str]:
    """Plain words; the second of the same is called "the (2)"."""
    seen, names = {}, []
    for word in map(plain, words):
        seen[word] = seen.get(word, 0) + 1
        names.append(word if seen[word] == 1 else f"{word} ({seen[word]})")
    return names
