"""The alignment lab: a translation that grows word by word, gold links, and what changes when a word is knocked out."""

import difflib
from typing import Any, NamedTuple

import numpy as np

from ..metrics import alignment_error_rate
from .heatmap import Selection, _check_weights
from .view import Table, View, as_array, shell

MOST_SOURCE, MOST_TARGET = 64, 140


class Version(NamedTuple):
    """A translation on show: the one as it was written, or the one without a word."""

    tokens: list[str]
    weights: np.ndarray  # [T, S], NaN where nothing could be looked at
    label: str = ""
    word: int | None = None  # the source word that was knocked out
    row: int | None = None  # if only this target word was kept from looking at it
    by: str | None = None  # the word that stood there instead


class Alignment(View):
    """See `alignment`, which makes it."""

    kind = "alignment"
    modules = ("core", "stepper", "alignment")

    @property
    def version(self) -> dict:
        return self.options["versions"][self.state["variant"]]

    @property
    def source(self) -> list[str]:
        """The source's words, with the one that stands for another in this variant."""
        version = self.version
        return [(s == version["word"] and version["by"]) or n for s, n in enumerate(self.options["source"])]

    @property
    def tokens(self) -> list[str]:
        """The words written so far."""
        return self.version["tokens"][: self.state["step"]]

    @property
    def weights(self) -> np.ndarray:
        """[words written so far, S], NaN where masked."""
        start, source = self.version["start"], self.source
        rows = self.arrays["weights"].astype(np.float64).reshape(-1, len(source))
        return rows[start : start + len(self.tokens)]

    @property
    def selection(self) -> Selection | None:
        """The target word and the source word that are lit; of one alone, its strongest partner."""
        row, column, weights = self.state["row"], self.state["col"], np.nan_to_num(self.weights)
        if max(row, column) < 0 or not len(weights):
            return None
        row = int(weights[:, column].argmax()) if row < 0 else min(row, len(weights) - 1)
        column = int(weights[row].argmax()) if column < 0 else column
        weight = self.weights[row, column]
        return Selection(self.tokens[row], self.source[column], None if np.isnan(weight) else float(weight))

    @property
    def links(self) -> set[tuple[int, int]]:
        """(target, source): each written word and the source word that it looks at most."""
        weights = np.nan_to_num(self.weights)
        return {(t, int(row.argmax())) for t, row in enumerate(weights) if row.max() > 0}

    @property
    def gold(self) -> set[tuple[int, int]]:
        """The gold links of the words written so far; none for a variant."""
        links = [] if self.state["variant"] else self.options["gold"] or []
        return {(t, s) for t, s in links if t < len(self.tokens)}

    @property
    def agreement(self) -> dict[str, float]:
        """`hits` of `words` written so far that have a gold partner look at it most; their error rate `aer`."""
        links, gold = self.links, self.gold
        return {
            "hits": len(links & gold),
            "words": len({t for t, _ in gold}),
            "aer": alignment_error_rate(links, gold) if links or gold else 0.0,
        }

    def describe(self) -> str:
        source, written, of = self.source, self.tokens, len(self.version["tokens"])
        text = f"Source: “{' '.join(source)}”. "
        if self.state["variant"]:
            text += f"Translation {self.version['label']}"
        else:
            text += "Translation"
        text += f", {len(written)} of {of} words written: “{' '.join(written)}”. "
        strongest = [f"{written[t]} → {source[s]} {self.weights[t, s]:.2f}" for t, s in sorted(self.links)]
        if strongest:
            text += f"Each word and the source word it looks at most: {', '.join(strongest)}. "
        if self.state["variant"]:
            changed, lost = sum(self.version["changed"]), sum(self.version["lost"])
            before = " ".join(self.options["versions"][0]["tokens"])
            said = f"{changed} {'word is' if changed == 1 else 'words are'} new, {lost} gone. "
            text += f"Before: “{before}”. " + (said if changed or lost else "Nothing changes. ")
        elif self.options["gold"]:
            found = self.agreement
            text += f"Gold agrees with {found['hits']} of {found['words']} words; AER {found['aer']:.2f}. "
        return text.strip()

    def table(self) -> Table:
        source, gold = self.source, self.gold
        judged = bool(self.options["gold"]) and not self.state["variant"]
        rows = []
        for t, (word, weights) in enumerate(zip(self.tokens, self.weights, strict=True)):
            cells = ["masked" if np.isnan(w) else f"{w:.3f}" for w in weights]
            partners = [" ".join(source[s] for s in range(len(source)) if (t, s) in gold)] if judged else []
            rows.append([word, *cells, *partners])
        return Table(["word", *source, *(["gold"] if judged else [])], rows)

    def draw(self, figure) -> None:
        from matplotlib.patches import Rectangle

        from .plot import COLOURS, SAND, ink_map, names

        source, target = self.source, self.version["tokens"]
        rows = np.full((len(target), len(source)), np.nan)
        rows[: len(self.tokens)] = self.weights
        axes, ink = figure.subplots(), ink_map()
        axes.imshow(rows, cmap=ink, vmin=0, vmax=1, aspect="auto", interpolation="nearest")
        for t, s in np.argwhere(np.isnan(rows[: len(self.tokens)])):
            axes.add_patch(Rectangle((s - 0.5, t - 0.5), 1, 1, fill=False, hatch="////", ec="#c3ced9", lw=0))
        if rows.size <= 300:
            for t, s in np.argwhere(rows >= 0.05):
                colour = "white" if rows[t, s] > 0.5 else "#1b2430"
                text = f"{rows[t, s]:.2f}".lstrip("0")
                axes.text(s, t, text, ha="center", va="center", fontsize=8, color=colour)
        for t, s in self.gold:
            axes.add_patch(Rectangle((s - 0.46, t - 0.46), 0.92, 0.92, fill=False, ec=np.array(SAND) / 255, lw=2))
        size = 10 if max(rows.shape) <= 24 else 6
        shown = [n if t < len(self.tokens) else "" for t, n in enumerate(names(target, "t"))]
        axes.set_yticks(range(len(target)), shown, fontsize=size)
        axes.set_xticks(range(len(source)), names(source, "s"), rotation=45, ha="left", fontsize=size)
        axes.tick_params(top=True, labeltop=True, bottom=False, labelbottom=False, length=0, labelcolor="#1b2430")
        for t, label in enumerate(axes.get_yticklabels()):
            if self.version["changed"][t]:
                label.set(weight="bold", color=COLOURS["output"])
        if self.version["word"] is not None and self.version["row"] is None:
            axes.get_xticklabels()[self.version["word"]].set(color="#8a949e", style="italic")
        axes.spines[:].set_visible(False)


def alignment(
    translation,
    gold=None,
    *,
    variants=(),
    step=None,
    title="Which source words does each new word look at?",
    caption=None,
    languages=("", ""),
    live=False,
    presenting=None,
):
    """A translation that grows word by word, each new word with its row of weights; play, step, point, knock out.

    translation: a decoding.Translation, or (source_tokens, tokens, weights [T, S]); at most 64 and 140 tokens.
    gold: links (target, source) of these very tokens, or a corpora.Pair, whose target must be what was written.
    variants: what is written when something is taken away, recorded before: (word, Translation), or a mapping with
        word      index of the source word
        tokens    the translation then; weights [T', S], or [T', S − 1] for a source without the word; may be None
        row       optional: only this target word was kept from looking at it
        by        optional: the word that stood there instead
    step: words written at first; None for all. languages: of both sides, as in ("en", "zh"), for fonts and readers.
    live=True: Python hears `step`, `variant` (0: none, else the place in variants from 1), `row`, `col`.

    Numbers travel as float16 (error ≤ 5·10⁻⁴). Returns a view: .tokens .weights .links .agreement and what all have.
    Raises TypeError or ValueError that says what was given, what is needed and what to do.
    """
    source, tokens, weights = _parts(translation)
    if weights is None:
        raise ValueError(
            "this translation has no weights: its model has no attention; take one with attention, or labs.flow"
        )
    versions = [Version(tokens, _checked(weights, tokens, source, "weights"))]
    versions += [_variant(v, source, tokens, f"variants[{i}]") for i, v in enumerate(variants)]
    links = _gold(gold, tokens, source)
    longest = max(len(v.tokens) for v in versions)
    step = longest if step is None else _whole(step, longest, "step")
    if caption is None:
        caption = (
            "[output|New word] by new word: ink is what it looks at. Point at a [query|word] or a [key|source word]."
        )
        caption += " Outlined: gold links." if links else ""
        caption += " Press a [key|source word] to knock it out." if len(versions) > 1 else ""
    start, described = 0, []
    for v in versions:
        changed, lost = _difference(tokens, v.tokens)
        described.append(
            {"tokens": v.tokens, "start": start, "label": v.label, "word": v.word, "row": v.row, "by": v.by}
            | {"changed": changed, "lost": lost}
        )
        start += len(v.tokens)
    state = {"step": step, "variant": 0, "row": -1, "col": -1}
    controls: list[dict[str, Any]] = [
        {"kind": "range", "name": "step", "label": "words written", "values": list(range(longest + 1)), "digits": 0}
    ]
    if len(versions) > 1:
        words = {0: "nothing", **{i: v.label for i, v in enumerate(versions) if i}}
        menu = {"options": list(words), "words": words, "menu": True}
        controls.append({"kind": "choice", "name": "variant", "label": "knock out", **menu})
    options = {
        "source": source,
        "versions": described,
        "gold": sorted(links) if gold is not None else None,
        "languages": list(languages),
    }
    arrays = {"weights": np.concatenate([v.weights for v in versions]).astype("<f2").ravel()}
    view = Alignment(title, caption, arrays, state, controls, options, presenting)
    view.size = (min(7.5, max(3.4, 0.4 * len(source) + 1.6)), min(7.5, max(2.2, 0.3 * longest + 1.2)))
    return shell(view, live)


def _parts(translation) -> tuple[list[str], list[str], Any]:
    """(source tokens, tokens, weights) of a Translation or of a triple."""
    if hasattr(translation, "source_tokens"):
        parts = translation.source_tokens, translation.tokens, translation.weights
    elif isinstance(translation, tuple | list) and len(translation) == 3:
        parts = translation
    else:
        raise TypeError(
            f"translation is {type(translation).__name__}; needed: one Translation, as in translate(loaded, text)[0], "
            "or (source_tokens, tokens, weights)"
        )
    source, tokens = (list(map(word_of, part)) for part in parts[:2])
    if not 1 <= len(source) <= MOST_SOURCE or not 1 <= len(tokens) <= MOST_TARGET:
        raise ValueError(
            f"{len(source)} source tokens and {len(tokens)} tokens written: this lab shows 1 to {MOST_SOURCE} and 1 to "
            f"{MOST_TARGET}; choose another sentence"
        )
    return source, tokens, parts[2]


def _checked(weights, tokens: list[str], source: list[str], name: str) -> np.ndarray:
    weights = as_array(weights, name)
    if weights.shape != (len(tokens), len(source)):
        raise ValueError(
            f"{name} has shape {weights.shape}; needed: [{len(tokens)}, {len(source)}], a row for each word "
            "written and a column for each source word"
        )
    missing = int((~np.isfinite(weights)).sum())
    if missing:
        raise ValueError(f"{missing} of {weights.size} numbers in {name} are NaN or infinite: use masked_softmax")
    _check_weights(weights, np.ones(weights.shape, bool))
    return weights


def _variant(given, source: list[str], tokens: list[str], name: str) -> Version:
    if isinstance(given, tuple | list) and len(given) == 2:
        given = {"word": given[0], "tokens": given[1].tokens, "weights": given[1].weights}
    if not isinstance(given, dict) or not {"word", "tokens", "weights"} <= given.keys():
        raise TypeError(
            f"{name} is {given!r:.60}; needed: (word, Translation), or a mapping with word, tokens, weights"
        )
    word, row, by = _whole(given["word"], len(source) - 1, f"{name} word"), given.get("row"), given.get("by")
    written = list(map(word_of, given["tokens"]))
    if len(written) > MOST_TARGET:
        raise ValueError(f"{name} has {len(written)} tokens: this lab shows up to {MOST_TARGET}")
    row = None if row is None else _whole(row, len(tokens) - 1, f"{name} row")
    rows = np.full((len(written), len(source)), np.nan)
    if given["weights"] is not None and len(written):
        weights, rest = as_array(given["weights"], f"{name} weights"), [s for s in range(len(source)) if s != word]
        if weights.ndim == 2 and weights.shape[1] == len(rest) < len(source):
            rows[:, rest] = _checked(weights, written, source[1:], f"{name} weights")
        else:
            rows = _checked(weights, written, source, f"{name} weights")
            if row is None and by is None and not rows[:, word].any():
                rows[:, word] = np.nan
            elif row is not None and row < len(rows) and rows[row, word] == 0:
                rows[row, word] = np.nan
    label = f"without “{source[word]}”" if by is None else f"with “{by}” for “{source[word]}”"
    if row is not None:
        label = f"when “{tokens[row]}” may not look at “{source[word]}”"
    return Version(written, rows, label, word, row, by)


def _gold(gold, tokens: list[str], source: list[str]) -> set[tuple[int, int]]:
    if gold is None:
        return set()
    if hasattr(gold, "alignment"):
        if [word_of(t) for t in gold.target] != tokens or [word_of(t) for t in gold.source] != source:
            raise ValueError(
                f"gold belongs to {' '.join(gold.target)!r}, but {' '.join(tokens)!r} was written: its links fit "
                "only a translation that equals the reference; choose such a pair, or leave gold out"
            )
        gold = gold.alignment
    links = {(int(t), int(s)) for t, s in gold}
    for t, s in sorted(links):
        if not (0 <= t < len(tokens) and 0 <= s < len(source)):
            raise ValueError(
                f"gold holds the link ({t}, {s}); there are {len(tokens)} words written and {len(source)} source "
                "words: links are (target, source), counted from 0"
            )
    return links


def _difference(before: list[str], after: list[str]) -> tuple[list[bool], list[bool]]:
    """(which words of `after` are new, which words of `before` are gone)."""
    new, gone = [True] * len(after), [True] * len(before)
    for a, b, size in difflib.SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks():
        gone[a : a + size], new[b : b + size] = [False] * size, [False] * size
    return new, gone


def word_of(token) -> str:
    """A token as a reader sees it: without the mark that opens a word in a vocabulary of pieces."""
    token = str(token)
    return token[1:] if token.startswith("▁") and len(token) > 1 else token


def _whole(value, last: int, name: str) -> int:
    if isinstance(value, bool) or int(value) != value or not 0 <= value <= last:
        raise ValueError(f"{name} is {value!r}; needed: a whole number from 0 to {last}")
    return int(value)
