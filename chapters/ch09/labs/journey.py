"""The last view: one sentence through all chapters, a small heatmap for each, linked by its words."""

import math

import numpy as np

from course_kit.i18n import mark, t
from course_kit.views.arguments import allowed_pairs, as_array, check_weights, checked_labels, full_ink
from course_kit.views.table import TextTable
from course_kit.views.view import View


class Journey(View):
    """See `journey`."""

    kind = "journey"

    def describe(self) -> str:
        table = self.table()
        lines = (f"{name}: {table.header[1]} {weight}, {table.header[2]} {most}" for name, weight, most in table.rows)
        return t(
            "{count} heatmaps of one sentence, linked by its words. {lines}.",
            count=len(table.rows),
            lines=". ".join(lines),
        )

    def table(self) -> TextTable:
        """What the query gives to the key in each map, and to which word it gives most; – where a word is missing."""
        query, key, rows = self.state["query"], self.state["key"], []
        for i, panel in enumerate(self.options["panels"]):
            weight, most = "–", "–"
            if query in panel["rows"]:
                line = self.arrays[f"p{i}"].reshape(panel["shape"])[panel["rows"].index(query)].astype(float)
                most = f"{panel['keys'][line.argmax()]} {line.max():.3f}"
                weight = f"{line[panel['columns'].index(key)]:.3f}" if key in panel["columns"] else "–"
            rows.append([f"{panel['chapter']} · {panel['title']}", weight, most])
        return TextTable([t("chapter"), f"{query} → {key}", t("its largest")], rows)


def journey(
    panels,
    *,
    select=("it", "animal"),
    title=t("What has become of “it”?"),
    caption=t(
        "Rows are [query|queries], columns [key|keys], ink is the weight. Choose a cell: its words light up everywhere."
    ),
):
    """One sentence through all chapters, side by side: point at a word, and it lights up in every heatmap.

    panels: (title, weights [Q, K], queries, keys, number of the chapter), with rows that sum to 1.
    select: (query, key), the words that are lit at first. Words are the same whatever their case and the marks of
    their tokenizer (▁ Ġ ##); of a word that occurs twice the first belongs to the first, "the (2)" to "the (2)".
    Numbers travel as float16 (error ≤ 5·10⁻⁴). Raises TypeError or ValueError that says what was given, what is needed.
    """
    arrays, shown, every = {}, [], []
    for i, (name, weights, queries, keys, chapter) in enumerate(panels):
        values = as_array(weights, f"weights of “{name}”")
        if values.ndim != 2:
            raise ValueError(f"weights of “{name}” have shape {values.shape}; needed: [Q, K], of one head")
        check_weights(wide := values[None, None], allowed_pairs(None, wide))
        queries = checked_labels(queries, values.shape[0], f"queries of “{name}”", "its weights have {} rows")
        keys = checked_labels(keys, values.shape[1], f"keys of “{name}”", "its weights have {} columns")
        arrays[f"p{i}"] = values.astype("<f2").ravel()
        every.append(values.ravel())
        most = math.ceil(round(100 * float(values.max()), 2)) / 100  # said where even this is pale
        words = {"queries": queries, "keys": keys, "rows": numbered(queries), "columns": numbered(keys)}
        shown.append({"title": name, "chapter": str(chapter), "shape": list(values.shape), "most": most, **words})
    choices = {side: list(dict.fromkeys(w for p in shown for w in p[names])) for side, names in SIDES.items()}
    controls = [
        {"kind": "choice", "name": side, "label": t(side), "options": choices[side], "menu": True} for side in SIDES
    ] + [{"kind": "button", "name": "reset", "label": t("reset")}]
    options = {"panels": shown, "high": full_ink(np.concatenate(every))}
    query, key = map(plain, select)
    return Journey(title, caption, arrays, {"query": query, "key": key}, controls, options)


SIDES = {mark("query"): "rows", mark("key"): "columns"}


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
