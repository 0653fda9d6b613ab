"""The masking lab: 15 % of the words are chosen; of these 80 % become [MASK], 10 % a random word, 10 % stay."""

import functools
from typing import NamedTuple

import numpy as np

from chapters.ch06.labs.words import checked_words
from course_kit.arguments import flag, real_number, string, whole_number
from course_kit.views.arguments import as_labels
from course_kit.views.live import shell
from course_kit.views.table import TextTable
from course_kit.views.view import View

MOST_WORDS, MOST_VOCABULARY, MOST_DRAWS = 128, 2_000, 30_000
SPECIAL = ("[CLS]", "[SEP]", "[PAD]")
KINDS = ("masked", "random", "kept")  # what becomes of a chosen word, and how often
PARTS = {"masked": 0.8, "random": 0.1, "kept": 0.1}
SIGMAS = 2  # half the width of a band: 95 of 100 shares lie inside
FEW = 30  # draws: with fewer, this is not so, and the intended share is shown instead; the same in mask_tokens.js


class Masked(NamedTuple):
    """One position of a draw: the word that the model reads, the word it must name (or None), and what was done."""

    input: str
    label: str | None
    kind: str


def hashed(x: np.ndarray) -> np.ndarray:
    """uint32 -> uint32, every bit of it stirred. Source: Wellons 2018, "lowbias32"."""
    x = x ^ (x >> np.uint32(16))
    x = x * np.uint32(0x7FEB352D)
    x = x ^ (x >> np.uint32(15))
    x = x * np.uint32(0x846CA68B)
    return x ^ (x >> np.uint32(16))


def uniforms(seed: int, draws, count: int) -> np.ndarray:
    """[n, count, 3] numbers in [0, 1) for n numbered draws: chosen? what becomes of it? which random word?

    A number depends on seed, draw and position alone, so that browser and Python draw the same without the
    draws before.
    """
    start = hashed(np.array([seed], dtype=np.uint32) + np.uint32(0x9E3779B9))
    draw = hashed(start + np.asarray(draws).astype(np.uint32))[:, None]
    return (hashed(draw + np.arange(3 * count, dtype=np.uint32)) / 2.0**32).reshape(len(draw), count, 3)


@functools.lru_cache(maxsize=64)
def counted(seed: int, draws: int, share: float, special: tuple[bool, ...]) -> dict[str, int]:
    """How many words were chosen, and what became of them, in the draws 1 … draws."""
    may, counts = ~np.array(special), dict.fromkeys(("chosen", *KINDS), 0)
    for first in range(1, draws + 1, 2_000):
        u = uniforms(seed, range(first, min(first + 2_000, draws + 1)), len(special))
        chosen, what = (u[..., 0] < share) & may, u[..., 1]
        masked, kept = what < PARTS["masked"], what >= PARTS["masked"] + PARTS["random"]
        for name, where in zip(counts, (True, masked, ~masked & ~kept, kept), strict=True):
            counts[name] += int((chosen & where).sum())
    return counts


def band(share: float, count: int) -> tuple[float, float]:
    """Where 95 of 100 shares of `count` independent choices lie: share ± 2 standard deviations, within 0 … 1."""
    half = SIGMAS * (share * (1 - share) / count) ** 0.5 if count else 1.0
    return max(0.0, share - half), min(1.0, share + half)


class MaskTokens(View):
    """See `mask_tokens`."""

    kind = "mask_tokens"

    @property
    def masked(self) -> list[Masked]:
        """What the draw shown makes of each word."""
        names, vocabulary = self.options["names"], self.options["vocabulary"]
        u = uniforms(self.state["seed"], [self.state["draws"]], len(names))[0]
        made = []
        for name, special, (chosen, what, which) in zip(names, self.options["special"], u, strict=True):
            if special or chosen >= self.state["share"]:
                made.append(Masked(name, None, "special" if special else "as it is"))
            elif what < PARTS["masked"]:
                made.append(Masked(self.options["mask"], name, "masked"))
            elif what < PARTS["masked"] + PARTS["random"]:
                made.append(Masked(vocabulary[int(which * len(vocabulary))], name, "random"))
            else:
                made.append(Masked(name, name, "kept"))
        return made

    @property
    def statistics(self) -> dict:
        """Over all draws so far: counts, shares (chosen: of all that may be; the rest: of the chosen) and bands."""
        draws, share = self.state["draws"], self.state["share"]
        counts = counted(self.state["seed"], draws, share, tuple(self.options["special"]))
        words = draws * self.options["special"].count(False)
        of = {"chosen": words, **dict.fromkeys(KINDS, counts["chosen"])}
        shares = {name: counts[name] / n if n else None for name, n in of.items()}
        bands = {name: band({"chosen": share, **PARTS}[name], n) for name, n in of.items()}
        return {"draws": draws, "tokens": words, "counts": counts, "shares": shares, "bands": bands}

    def _beside(self, name: str) -> str:
        """What a share is compared with: its band, or with few draws what was intended."""
        if self.state["draws"] < FEW:
            return f"intended {100 * {'chosen': self.state['share'], **PARTS}[name]:.0f} %"
        return f"band {_band(self.statistics['bands'][name])}"

    @property
    def selection(self) -> list[tuple[int, str, str]]:
        """The chosen positions of the draw shown: index, word, what was done."""
        return [(i, m.label, m.kind) for i, m in enumerate(self.masked) if m.label is not None]

    def describe(self) -> str:
        s, chosen, made = self.statistics, self.selection, self.masked
        become = [f"“{w}” {'stays' if k == 'kept' else f'becomes “{made[i].input}” ({k})'}" for i, w, k in chosen]
        never = sorted({n for n, sp in zip(self.options["names"], self.options["special"], strict=True) if sp})
        parts = ", ".join(f"{n} {_percent(s['shares'][n])} ({self._beside(n)})" for n in s["shares"])
        return (
            f"Draw {s['draws']:,}: {len(chosen)} of {self.options['special'].count(False)} words chosen"
            f"{': ' + ', '.join(become) if become else ''}."
            f"{' Never chosen: ' + ', '.join(never) + '.' if never else ''} "
            f"Over {s['draws']:,} draw{'s' if s['draws'] > 1 else ''}: {parts}."
        )

    def table(self) -> TextTable:
        s = self.statistics
        rows = [
            [f"{i + 1} {n}", m.input, m.label or "−100", m.kind]
            for i, (n, m) in enumerate(zip(self.options["names"], self.masked, strict=True))
        ]
        of = {n: s["tokens"] if n == "chosen" else s["counts"]["chosen"] for n in s["shares"]}
        over = [
            [f"all {n}", f"{s['counts'][n]} of {of[n]}", f"share {_percent(s['shares'][n])}", self._beside(n)]
            for n in s["shares"]
        ]
        return TextTable(["word", "the model reads", "label", "kind"], [*rows, *over])


def mask_tokens(
    tokens,
    special=None,
    vocabulary=None,
    *,
    share=0.15,
    seed=0,
    draws=1,
    mask="[MASK]",
    title="Which words must the model guess?",
    caption="Chance chooses the words to predict. Of these, 80 in 100 become [MASK], 10 a random word, 10 stay.",
    live=False,
):
    """The masking of BERT's pre-training, drawn as often as one likes, with statistics that fill up.

    tokens: 1 to 128 words; special: which are never chosen, T booleans or the strings themselves (default [CLS], [SEP],
    [PAD]); vocabulary: 1 to 2,000 words for the random ones (default: the sentence's own); share: how likely a word is
    chosen, each for itself; seed, draws: the draw shown is number `draws` of this seed, the statistics run over
    1 … draws (at most 30,000). live=True: Python reads `draws`, `share`, `seed`.

    Returns a view: .masked, a list of (input, label, kind); .statistics; and what all have. Raises TypeError and
    ValueError for what cannot be drawn. Source: Devlin et al. 2019, section 3.1.
    """
    names = checked_words(tokens, MOST_WORDS)
    never = _special(special, names)
    if all(never):
        raise ValueError(f"all {len(names)} tokens are special; needed: at least one that may be chosen")
    own = [n for n, sp in zip(names, never, strict=True) if not sp]
    words = list(dict.fromkeys(own)) if vocabulary is None else as_labels(vocabulary, "vocabulary")
    if not 1 <= len(words) <= MOST_VOCABULARY:
        raise ValueError(
            f"vocabulary has {len(words):,} words; needed: 1 to {MOST_VOCABULARY:,}, they are stored with the view; "
            f"take a part, as in vocabulary[:{MOST_VOCABULARY}]"
        )
    share = real_number("share", share, above=0, most=0.5)
    draws, seed = whole_number("draws", draws, 1, MOST_DRAWS), whole_number("seed", seed, 0, 2**31 - 1)
    shares = sorted({*(round(0.05 * i, 2) for i in range(1, 11)), share})
    controls = [
        {"kind": "button", "name": "one", "label": "draw again"},
        {"kind": "button", "name": "hundred", "label": "100 draws"},
        {"kind": "button", "name": "many", "label": "10,000 draws"},
        {"kind": "range", "name": "share", "label": "share chosen", "values": shares, "digits": 2},
        {"kind": "button", "name": "reset", "label": "reset"},
    ]
    options = {"names": names, "special": never, "vocabulary": words, "mask": string("mask", mask), "most": MOST_DRAWS}
    state = {"draws": draws, "share": share, "seed": seed}
    view = MaskTokens(title, caption, {}, state, controls, {**options, "parts": PARTS})
    return shell(view, live)


def _special(special, names) -> list[bool]:
    given = SPECIAL if special is None else [special] if isinstance(special, str) else special
    given = list(given.tolist() if hasattr(given, "tolist") else given) if hasattr(given, "__iter__") else [given]
    if given and all(isinstance(s, str) for s in given):
        return [n in given for n in names]
    never = [flag("special", s) for s in given]
    if len(never) not in (0, len(names)):
        raise ValueError(
            f"special has {len(never)} entries for {len(names)} tokens; needed: True or False for each, or the strings "
            "that are never chosen"
        )
    return never or [False] * len(names)


def _percent(share) -> str:
    return "–" if share is None else f"{100 * share:.1f} %"


def _band(pair) -> str:
    return f"{100 * pair[0]:.1f}–{100 * pair[1]:.1f} %"
