"""Spans in a text: entities with the tag of every word, or the answer to a question with its start and its end."""

import numpy as np

from chapters.ch06.labs.words import Lines, chance, checked_words, drawable, one_of
from chapters.ch06.span_metrics import spans as spans_of
from course_kit import arguments
from course_kit.views.arguments import as_array, as_labels
from course_kit.views.live import shell
from course_kit.views.table import TextTable
from course_kit.views.view import View

MOST_WORDS = 160
LINES = ("tags", "predicted")
RULES = {"together": "start × end, in order", "apart": "each by itself"}


def tags_of(spans, count: int) -> list[str]:
    """(first, last, label), … -> `count` BIO tags."""
    tags = ["O"] * arguments.whole_number("count", count, 0, 10_000)
    if not isinstance(spans, tuple | list) or not all(isinstance(x, tuple | list) and len(x) == 3 for x in spans):
        raise TypeError(f"spans is {arguments.described(spans)}; needed: triples (first, last, label)")
    for first, last, label in spans:
        arguments.whole_numbers("spans", (first, last)), arguments.string("a label", label)
        if not 0 <= first <= last < count or tags[first : last + 1] != ["O"] * (last - first + 1):
            raise ValueError(
                f"spans hold {(first, last, label)}; needed: first and last of {count} words, first ≤ last, no overlap"
            )
        tags[first : last + 1] = [f"B-{label}", *[f"I-{label}"] * (last - first)]
    return tags


class Tagged(View):
    """See `tagged`."""

    kind = "tagged"

    @property
    def found(self) -> dict[str, list[tuple[int, int, str]]]:
        """Spans that were predicted rightly (both ends and the label), missed, and invented."""
        true, made = (spans_of(self.options[n] or []) for n in ("tags", "predicted"))
        return {
            "right": [s for s in true if s in made],
            "missed": [s for s in true if s not in made],
            "invented": [s for s in made if s not in true],
        }

    @property
    def answer(self) -> tuple[int, int, float] | None:
        """(first, last, start × end) by the rule chosen, in float64. "apart" may end too early; None: no bars."""
        if not self.options["bars"]:
            return None
        start, end = (self.arrays[n].astype(np.float64) for n in ("start", "end"))
        if self.state["rule"] == "apart":
            first, last = int(start.argmax()), int(end.argmax())
        else:
            length = self.state["longest"]
            allowed = np.triu(np.ones((len(start), len(start)))) - np.triu(np.ones((len(start), len(start))), length)
            product = np.where(allowed > 0, np.outer(start, end), -1)
            first, last = (int(x) for x in np.unravel_index(product.argmax(), product.shape))
        return first, last, float(start[first] * end[last])

    @property
    def selection(self) -> tuple[int, str, str | None]:
        """Index, word, and its tag (None where the words carry none)."""
        word = self.state["word"]
        return word, self.options["names"][word], self.options["tags"][word] if self.options["tags"] else None

    def text(self, first: int, last: int) -> str:
        return " ".join(self.options["names"][first : last + 1]).replace(" ##", "")

    def describe(self) -> str:
        said = []
        if self.options["question"]:
            said.append(f"Question: {self.options['question']}")
        for name, what in (("tags", "Spans"), ("predicted", "Predicted")):
            if self.options[name]:
                listed = ", ".join(f"“{self.text(a, b)}” {label}" for a, b, label in spans_of(self.options[name]))
                said.append(f"{what}: {listed or 'none'}.")
        if self.options["tags"] and self.options["predicted"]:
            said.append(", ".join(f"{len(spans)} {name}" for name, spans in self.found.items()) + ".")
        if self.answer:
            first, last, product = self.answer
            quoted = f"“{self.text(first, last)}”" if first <= last else "none: it would end before it starts"
            said.append(
                f"Answer: {quoted}, start “{self.options['names'][first]}” {chance(self.arrays['start'][first])} × end "
                f"“{self.options['names'][last]}” {chance(self.arrays['end'][last])} = {chance(product)}."
            )
        return f"{len(self.options['names'])} words. {' '.join(said)}"

    def table(self) -> TextTable:
        columns = {n: self.options[k] for n, k in (("tag", "tags"), ("predicted", "predicted")) if self.options[k]}
        if self.options["bars"]:
            columns |= {n: [chance(p) for p in self.arrays[n]] for n in ("start", "end")}
        rows = [[f"{i + 1} {n}", *(c[i] for c in columns.values())] for i, n in enumerate(self.options["names"])]
        return TextTable(["word", *columns], rows)

    def draw(self, figure) -> None:
        from matplotlib.patches import Rectangle

        names, labels = drawable(self.options["names"]), self.options["labels"]
        lines = self.lines(names)
        high, above = self.heights()
        axes = figure.subplots()
        lines.axes(axes, high)
        looks = [("#f3f1e8", "#967410"), ("#f3e6e3", "#b23a3c"), ("#e3e8ed", "#3c4854"), ("#ffffff", "#596573")]
        answer = self.answer
        for i, x, row in lines:
            y, half = row * high + above, lines.wide[i] / 2
            inside = answer and answer[0] <= i <= answer[1]
            axes.text(x, y + 0.3, names[i], ha="center", va="center", fontsize=9, weight="bold" if inside else "normal")
            if inside:
                axes.add_patch(Rectangle((x - half, y + 0.06), 2 * half, 0.48, fill=False, edgecolor="#9b3d8a", lw=1.2))
            for n, text in enumerate(self.notes(i)):
                top, tag = y + 0.62 + 0.42 * n, [self.options[k] for k in LINES if self.options[k]][n][i]
                if tag != "O":
                    fill, edge = looks[labels.index(tag[2:]) % len(looks)]
                    box = (x - half + (0.03 if tag[0] == "B" else 0), top)
                    axes.add_patch(Rectangle(box, x + half - box[0], 0.36, facecolor=fill, edgecolor=edge, lw=0.8))
                colour = "#596573" if tag == "O" else "#1b2430"
                axes.text(x, top + 0.19, text, ha="center", va="center", fontsize=7.5, color=colour)
            for n, name in enumerate(("start", "end") if self.options["bars"] else ()):
                p, place = float(self.arrays[name][i]), x - 0.11 + 0.22 * n
                if p >= 0.005:
                    axes.bar(place, -0.75 * p, 0.18, y, color=("#1b2430", "#ffffff")[n], edgecolor="#1b2430", lw=0.6)
                if p >= 0.05:
                    digits = f"{p:.2f}"[1:] if p < 0.995 else "1"
                    axes.text(place, y - 0.75 * p - 0.05, digits, ha="center", va="bottom", fontsize=7)
            if self.options["bars"]:
                axes.plot([x - half, x + half], [y, y], color="#c3ccd5", lw=0.7, zorder=0)
        notes = [self.options["question"] or "", "bars: start (filled), end (open)" if self.options["bars"] else ""]
        axes.set_title("  ·  ".join(n for n in notes if n), fontsize=9.5)

    def heights(self) -> tuple[float, float]:
        """Of a line of words: all of it, and what the bars above the words take."""
        above = 0.98 if self.options["bars"] else 0.0
        return above + 0.62 + 0.42 * sum(bool(self.options[k]) for k in LINES) + 0.12, above

    def notes(self, i: int) -> list[str]:
        """What is written under word i, line by line: its tags, ✗ where the predicted one differs; of an answer the
        label once."""
        given = [self.options[k] for k in LINES if self.options[k]]
        if self.options["bars"]:
            return [tags[i][2:] if tags[i][0] == "B" else "" for tags in given]
        return [f"{tags[i]}{' ✗' if tags[i] != given[0][i] else ''}" for tags in given]

    def lines(self, names) -> Lines:
        return Lines([max([n, *(t[: int(0.9 * len(t))] for t in self.notes(i))], key=len) for i, n in enumerate(names)],
                     least=0.52 if self.options["bars"] else 0.3)  # fmt: skip


def tagged(
    words,
    spans=None,
    *,
    predicted=None,
    start=None,
    end=None,
    question=None,
    longest=None,
    select=None,
    title=None,
    caption=None,
    live=False,
    presenting=None,
):
    """Spans written into a text: the tag of every word, what a model predicted, or where an answer starts and ends.

    words: T words, at most 160. spans: T BIO tags ("O", "B-person", "I-person"), or triples (first, last, label) with
    the last word included. predicted: a model's, in either form, as a second line, differences marked. start, end:
    probabilities [T] as bars above the words; [output|framed] is the answer with the largest start × end among those
    that end where they start or later and have at most `longest` words (default 15), or, by the rule "apart", each by
    itself. select: the word to begin with, or its index. live=True: Python reads `word`, `longest`, `rule`.

    Returns a view: .found, .answer, and what all have. Raises TypeError and ValueError for what does not fit.
    Source of the answer's rule: Devlin et al. 2019, section 4.2; of the tags: Ramshaw and Marcus 1995.
    """
    names = checked_words(words, MOST_WORDS, "words")
    count, bars = len(names), start is not None or end is not None
    tags, guess = (None if s is None else _tags(s, count, n) for n, s in (("spans", spans), ("predicted", predicted)))
    if tags is None and guess is None and not bars:
        raise ValueError("nothing to show; needed: spans, predicted, or start and end")
    arrays = {}
    if bars:
        if start is None or end is None:
            raise ValueError("only one of start and end is given; needed: both, [T] each")
        arrays = {n: _bars(p, n, count).astype("<f4") for n, p in (("start", start), ("end", end))}
    longest = min(count, 15) if longest is None else arguments.whole_number("longest", longest, 1, count)
    question is None or arguments.string("question", question)
    labels = list(dict.fromkeys(t[2:] for t in [*(tags or []), *(guess or [])] if t != "O"))
    options = {"names": names, "tags": tags, "predicted": guess, "labels": labels, "bars": bars, "question": question}
    lengths = list(range(1, count + 1))
    controls = [
        {"kind": "choice", "name": "rule", "label": "answer", "options": list(RULES), "words": RULES},
        {"kind": "range", "name": "longest", "label": "at most … words", "values": lengths, "digits": 0},
        {"kind": "button", "name": "reset", "label": "reset"},
    ]
    controls = controls if bars else []
    if select is None:
        spanned = next((i for i in range(count) for t in (tags, guess) if t and t[i] != "O"), 0)
        select = int(arrays["start"].argmax()) if bars else spanned
    state = {"word": one_of(select, names), "longest": longest, "rule": "together"}
    if title is None:
        title = "Where does the answer begin, where does it end?" if bars else "Which words are names, and of what?"
    if caption is None:
        caption = (
            "Bars show how probably the answer starts (filled) or ends (open) at a word. The best is [output|framed]."
            if bars
            else "B begins a name, I continues it, and O is outside. ✗ marks the model’s errors. Choose a [query|word]."
            if tags and guess
            else "Each word has its tag below it: B begins a span, I continues it, O is outside. Choose a [query|word]."
        )
    view = Tagged(title, caption, arrays, state, controls, options, presenting)
    view.size = (7.6, 0.55 + 0.6 * view.heights()[0] * view.lines(names).rows)
    return shell(view, live)


def _tags(given, count: int, name: str) -> list[str]:
    if isinstance(given, tuple | list) and given and not isinstance(given[0], str):
        return tags_of(given, count)
    tags = _bio(given, name)
    if tags and len(tags) != count:
        raise ValueError(f"{name} has {len(tags)} tags for {count} words; needed: one for each, or triples")
    return tags or ["O"] * count


def _bio(tags, name: str) -> list[str]:
    tags = as_labels(tags, name, "a list of tags, 'O', 'B-label' or 'I-label'")
    bad = [t for t in tags if t != "O" and (t[:2] not in ("B-", "I-") or len(t) < 3)]
    if bad:
        raise ValueError(f"{name} has the tag {bad[0]!r}; needed: 'O', 'B-label' or 'I-label'")
    return tags


def _bars(given, name: str, count: int) -> np.ndarray:
    p = as_array(given, name)
    if p.shape != (count,) or not np.isfinite(p).all() or (p < 0).any() or p.sum() > 1.001:
        raise ValueError(
            f"{name} has shape {p.shape} and sums to {p.sum():.4g}; needed: {count} probabilities, one for each word, "
            "as in logits.softmax(-1); they may sum to less than 1 where words are left out"
        )
    return p
