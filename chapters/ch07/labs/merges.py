"""The merging lab: byte-pair encoding, one pair after the other, counted under the reader's eyes."""

from collections import Counter
from typing import NamedTuple

from course_kit.arguments import described, string, whole_number
from course_kit.text import normalise
from course_kit.views.live import shell
from course_kit.views.table import TextTable
from course_kit.views.view import View

MOST_WORDS, MOST_STEPS, SHOWN, BARS = 400, 60, 14, 8


class Merge(NamedTuple):
    """Two pieces that become one, and how often they stood side by side."""

    left: str
    right: str
    count: int


def pairs(words: dict[str, list[str]], counts: dict[str, int]) -> Counter:
    """How often two pieces stand side by side: a word counts as often as it occurs."""
    found = Counter()
    for word, pieces in words.items():
        for pair in zip(pieces, pieces[1:], strict=False):
            found[pair] += counts[word]
    return found


def merged(pieces: list[str], left: str, right: str) -> list[str]:
    """The pieces of a word after `left right` has become one piece, from the left."""
    out = []
    for piece in pieces:
        if out and out[-1] == left and piece == right:
            out[-1] = left + right
        else:
            out.append(piece)
    return out


class Merges(View):
    """See `merges`."""

    kind = "merges"

    @property
    def counts(self) -> dict[str, int]:
        """How often each word occurs."""
        return dict(zip(self.options["names"], self.options["counts"], strict=True))

    def after(self, steps: int) -> tuple[dict[str, list[str]], list[Merge]]:
        """(pieces of each word, merges made) after so many steps, or as many as there are."""
        words, made = {w: list(self.options["mark"] + w) for w in self.options["names"]}, []
        age = {c: i for i, c in enumerate(sorted({c for pieces in words.values() for c in pieces}))}
        while len(made) < steps:
            found = pairs(words, self.counts)
            best = min(found, key=lambda p: (-found[p], age[p[0]], age[p[1]]), default=None)
            if best is None or found[best] < 2:
                break
            made.append(Merge(*best, found[best]))
            age.setdefault(best[0] + best[1], len(age))
            words = {w: merged(pieces, *best) for w, pieces in words.items()}
        return words, made

    @property
    def merges(self) -> list[Merge]:
        """Those made so far."""
        return self.after(self.state["step"])[1]

    @property
    def pieces(self) -> dict[str, list[str]]:
        """word -> its pieces at the current step."""
        return self.after(self.state["step"])[0]

    @property
    def pairs(self) -> list[Merge]:
        """All pairs that stand side by side now, the most frequent first."""
        words, made = self.after(self.state["step"])
        signs = sorted({c for w in words for c in self.options["mark"] + w})
        age = {p: i for i, p in enumerate(dict.fromkeys([*signs, *(m.left + m.right for m in made)]))}
        found = pairs(words, self.counts)
        order = sorted(found, key=lambda p: (-found[p], age[p[0]], age[p[1]]))
        return [Merge(*p, found[p]) for p in order]

    @property
    def selection(self) -> Merge | None:
        """The pair that would be merged next, or None when no pair occurs twice."""
        return next((p for p in self.pairs[:1] if p.count > 1), None)

    def cut(self, word: str) -> list[str]:
        """A word in pieces, also one that was never counted: the merges so far, in their order."""
        pieces = list(self.options["mark"] + word)
        for left, right, _ in self.merges:
            pieces = merged(pieces, left, right)
        return pieces

    @property
    def sizes(self) -> tuple[int, int]:
        """(how many pieces are known, how many pieces the text takes)."""
        words, made = self.after(self.state["step"])
        signs = {c for w in words for c in self.options["mark"] + w}
        known = signs | {m.left + m.right for m in made}
        return len(known), sum(len(p) * self.counts[w] for w, p in words.items())

    def describe(self) -> str:
        made, next_ = self.merges, self.selection
        text = f"{len(self.counts)} words, cut into characters; {len(made)} merges made"
        text += ": " + ", ".join(f"{m.left}+{m.right}" for m in made[-8:]) if made else ""
        known, used = self.sizes
        text += f". {known} pieces are known, the text takes {used}. "
        text += (
            f"“{next_.left}” and “{next_.right}” stand side by side most often, {next_.count} times: next to be merged."
            if next_
            else "No pair stands side by side twice: nothing is left to merge."
        )
        if self.state["word"]:
            text += f" “{self.state['word']}” is cut: {' · '.join(self.cut(self.state['word']))}."
        return text

    def table(self) -> TextTable:
        """The merges made so far, then the pairs as they are counted now."""
        rows = [[f"merge {i + 1}", m.left, m.right, str(m.count)] for i, m in enumerate(self.merges)]
        rows += [[f"pair {i + 1}", m.left, m.right, str(m.count)] for i, m in enumerate(self.pairs[:BARS])]
        return TextTable(["what", "left", "right", "side by side"], rows)


def merges(
    words,
    steps=20,
    *,
    word="",
    title="Which two pieces belong together?",
    caption="Each step joins the pair of neighbours that occurs most often (framed) into one new piece (filled).",
    live=False,
):
    """Byte-pair encoding step by step: count the pairs, merge the most frequent one, count again.

    words: {word: how often it occurs}, or a text (lower case, cut at spaces, then counted); up to 400 different words.
    steps: merges at most, 1 to 60; it ends when no pair occurs twice. A ▁ stands before each word, as in `Subwords`. Of
    pairs that are as frequent the one of older pieces is taken,
    as the library tokenizers does. word: one more, cut by the merges so far; the reader can type another.
    live=True: Python reads `step` and `word`. Returns a view: .merges .pieces .pairs .sizes .cut(word) and what all
    have. Raises ValueError that says what was given, what is needed, what to do. Source: Sennrich, Haddow & Birch 2016.
    """
    if isinstance(words, str):
        words = Counter(normalise(words).split())
    if not isinstance(words, dict):
        raise TypeError(f"words is {described(words)}; needed: a text, or word -> how often it occurs")
    counts = {string("a word", w): whole_number(f"the count of {w!r}", c, 1) for w, c in words.items()}
    bad = [w for w in counts if w.split() != [w]]
    if not 1 <= len(counts) <= MOST_WORDS or bad:
        raise ValueError(
            f"{len(counts)} different words{f', among them {bad[0]!r}' if bad else ''}; needed: 1 to {MOST_WORDS} "
            "words without spaces: take a shorter text"
        )
    steps = whole_number("steps", steps, 1, MOST_STEPS)
    names = sorted(counts, key=lambda w: -counts[w])
    options = {"names": names, "counts": [counts[w] for w in names], "mark": "▁"}
    options |= {"shown": SHOWN, "bars": BARS}
    view = Merges(title, caption, {}, {"step": 0, "word": string("word", word).strip()}, [], options)
    last = len(view.after(steps)[1])
    view.options["last"] = last
    view.controls = [
        {"kind": "range", "name": "step", "label": "merges", "values": list(range(last + 1)), "digits": 0},
        {"kind": "button", "name": "reset", "label": "reset"},
    ]
    return shell(view, live)
