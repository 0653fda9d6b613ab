"""The merging lab: byte-pair encoding, one pair after the other, counted under the reader's eyes."""

from collections import Counter
from collections.abc import Mapping

from course_kit.i18n import mark, sentences, t
from course_kit.programs.arguments import string, whole_number
from course_kit.views.table import TextTable
from course_kit.views.view import Control, View
from course_utils.merges import merge_once

MARK = "▁"  # before each word
BARS = 8  # pairs that are shown


class Merges(View):
    """See `merges`."""

    kind = "merges"
    wording = View.wording | {"mark"}

    def first(self) -> dict[str, int]:
        return {"step": 0}

    def now(self) -> dict[tuple[str, ...], int]:
        """The words as the merges so far cut them, and how often each occurs."""
        words = cut(self.options["names"], self.options["counts"])
        for _ in range(self.state["step"]):
            words = merge_once(words)[1]
        return words

    def describe(self) -> str:
        names, step, now = self.options["names"], self.state["step"], self.now()
        known, used = len({*MARK, *"".join(names)}) + step, sum(len(word) * n for word, n in now.items())
        said = t("{count} words after {step} merges, {known} different pieces; the whole text takes {used}.",
                 count=len(names), step=step, known=known, used=used)  # fmt: skip
        return sentences(said, *(
            t("Next come “{left}” and “{right}”, which stand side by side most often, {n} times.",
              left=left, right=right, n=n)
            for (left, right), n in pairs_of(now)[: step < self.options["last"]]
        ))  # fmt: skip

    def table(self) -> TextTable:
        rows = [
            [t("pair {i}", i=i + 1), *pair, str(count)] for i, (pair, count) in enumerate(pairs_of(self.now())[:BARS])
        ]
        return TextTable([t("what"), t("left"), t("right", context="side"), t("side by side")], rows)


def cut(names: list[str], counts: list[int]) -> dict[tuple[str, ...], int]:
    """Words as characters, with the mark before them, and how often each occurs."""
    return {tuple(MARK + name): count for name, count in zip(names, counts, strict=True)}


def pairs_of(words: dict[tuple[str, ...], int]) -> list[tuple[tuple[str, str], int]]:
    """How often two pieces are neighbours, the most frequent first: a word counts as often as it occurs."""
    found: Counter[tuple[str, str]] = Counter()
    for pieces, count in words.items():
        for pair in zip(pieces, pieces[1:], strict=False):
            found[pair] += count
    return found.most_common()


def merges(
    words: Mapping[str, int],
    steps: int = 20,
    *,
    word: str = "",
    start: int = 0,
    title: str = mark("Which two pieces belong together?"),
    caption: str = mark(
        "Each step joins the pair of neighbours that occurs most often (framed) into one new piece (filled)."
    ),
) -> Merges:
    """Byte-pair encoding step by step: count the pairs, merge the most frequent one, count again, as `merge_once` does.

    words: {word: how often it occurs}; steps: merges at most; it ends when no pair occurs twice; start: those that are
    seen first. word: one more, cut by the merges so far; the reader can type another. Returns a view. Raises ValueError
    that says what was given, what is needed, what to do. Source: Sennrich, Haddow & Birch 2016.
    """
    counts = {string("a word", w): whole_number(f"the count of {w!r}", c, 1) for w, c in words.items()}
    bad = [w for w in counts if w.split() != [w]]
    if not counts or bad:
        raise ValueError(f"the words are {list(counts)}; needed: one at least, without spaces")
    steps, last = whole_number("steps", steps, 1), 0
    names = sorted(counts, key=lambda w: -counts[w])
    now = cut(names, [counts[w] for w in names])
    while last < steps and any(count > 1 for _, count in pairs_of(now)):
        now, last = merge_once(now)[1], last + 1
    options = {"names": names, "counts": [counts[w] for w in names], "mark": MARK, "last": last, "bars": BARS}
    controls: list[Control] = [
        {"kind": "range", "name": "step", "label": t("merges"), "values": list(range(last + 1)), "digits": 0},
        {"kind": "button", "name": "reset", "label": t("reset")},
    ]
    return Merges(
        title, caption, {}, {"step": min(start, last), "word": string("word", word).strip()}, controls, options
    )
