"""The masking lab: 15 % of the words are chosen; of these 80 % become [MASK], 10 % a random word, 10 % stay.

The page draws; here is what it draws at first, which a reader without it sees.
"""

from typing import NamedTuple

from chapters.ch06.labs.words import checked_words
from course_kit.i18n import mark, t
from course_kit.programs.arguments import whole_number
from course_kit.views.inputs import Labels, as_labels
from course_kit.views.table import TextTable
from course_kit.views.view import Control, View

MOST_WORDS, MOST_VOCABULARY, MOST_DRAWS = 128, 2_000, 30_000
SPECIAL = ("[CLS]", "[SEP]", "[PAD]")
MASK = "[MASK]"
PARTS = {"masked": 0.8, "random": 0.1, "kept": 0.1}  # what becomes of a chosen word, and how often
SHARES = [round(0.05 * i, 2) for i in range(1, 11)]  # that a reader can choose


class Masked(NamedTuple):
    """One position of a draw: the word that the model reads, the word it must name (or None), and what was done."""

    input: str
    label: str | None
    kind: str


def stirred(x: int) -> int:
    """Every bit of a number of 32 bits stirred; the same in mask_tokens_numbers.js. Source: Wellons 2018, lowbias32."""
    x ^= x >> 16
    x = x * 0x7FEB352D % 2**32
    x ^= x >> 15
    x = x * 0x846CA68B % 2**32
    return x ^ (x >> 16)


def uniforms(seed: int, draw: int, position: int) -> list[float]:
    """Three numbers in [0, 1) for a word of a draw: chosen? what becomes of it? which random word?

    They depend on seed, draw and position alone, so a draw needs none before it.
    """
    start = stirred((stirred((seed + 0x9E3779B9) % 2**32) + draw) % 2**32)
    return [stirred((start + 3 * position + i) % 2**32) / 2**32 for i in range(3)]


class MaskTokens(View):
    """See `mask_tokens`."""

    kind = "mask_tokens"

    @property
    def masked(self) -> list[Masked]:
        """What the draw shown makes of each word."""
        vocabulary, made = self.options["vocabulary"], []
        for position, (name, special) in enumerate(zip(self.options["names"], self.options["special"], strict=True)):
            chosen, what, which = uniforms(self.state["seed"], self.state["draws"], position)
            if special or chosen >= self.state["share"]:
                made.append(Masked(name, None, mark("special") if special else mark("as it is")))
            elif what < PARTS["masked"]:
                made.append(Masked(MASK, name, mark("masked")))
            elif what < PARTS["masked"] + PARTS["random"]:
                made.append(Masked(vocabulary[int(which * len(vocabulary))], name, mark("random")))
            else:
                made.append(Masked(name, name, mark("kept")))
        return made

    def describe(self) -> str:
        chosen = [one for one in self.masked if one.label is not None]
        become = (
            t("“{word}” stays", word=m.label)
            if m.kind == "kept"
            else t("“{word}” becomes “{input}” ({kind})", word=m.label, input=m.input, kind=t(m.kind))
            for m in chosen
        )
        return t(
            "Draw {state}: {count} of {count2} words chosen{what}{become}.",
            state=f"{self.state['draws']:,}",
            count=len(chosen),
            count2=self.options["special"].count(False),
            what=t(": ") if chosen else "",
            become=t(", ").join(become),
        )

    def table(self) -> TextTable:
        pairs = zip(self.options["names"], self.masked, strict=True)
        rows = [[f"{i} {name}", m.input, m.label or "−100", t(m.kind)] for i, (name, m) in enumerate(pairs, 1)]
        return TextTable([t("word"), t("the model reads"), t("label"), t("kind")], rows)


def mask_tokens(
    tokens: Labels,
    vocabulary: Labels,
    *,
    seed: int = 0,
    title: str = mark("Which words must the model guess?"),
    caption: str = mark(
        "Chance chooses the words to predict. Of these, 80 in 100 become [MASK], 10 a random word, 10 stay."
    ),
) -> MaskTokens:
    """The masking of BERT's pre-training, drawn as often as one likes, with statistics that fill up.

    tokens: T words, at most 128; [CLS], [SEP] and [PAD] are never chosen. vocabulary: words of which a random one is
    drawn, at most 2,000. seed: of all draws.

    Returns a view: .masked, a list of (input, label, kind); and what all have. Raises TypeError and ValueError for what
    cannot be drawn. Source: Devlin et al. 2019, section 3.1.
    """
    names = checked_words(tokens, MOST_WORDS)
    special = [name in SPECIAL for name in names]
    if all(special):
        raise ValueError(f"tokens are {names}; needed: at least one that may be chosen")
    words = as_labels(vocabulary, "vocabulary")
    if not 1 <= len(words) <= MOST_VOCABULARY:
        raise ValueError(
            f"vocabulary has {len(words):,} words; needed: 1 to {MOST_VOCABULARY:,}, they are stored with the view; "
            f"take a part, as in vocabulary[:{MOST_VOCABULARY}]"
        )
    controls: list[Control] = [
        {"kind": "button", "name": "one", "label": t("draw again")},
        {"kind": "button", "name": "hundred", "label": t("100 draws")},
        {"kind": "button", "name": "many", "label": t("10,000 draws")},
        {"kind": "range", "name": "share", "label": t("share chosen"), "values": SHARES, "digits": 2},
        {"kind": "button", "name": "reset", "label": t("reset")},
    ]
    options = {"names": names, "special": special, "vocabulary": words, "mask": MASK, "most": MOST_DRAWS}
    state = {"draws": 1, "share": 0.15, "seed": whole_number("seed", seed, 0, 2**31 - 1)}
    return MaskTokens(title, caption, {}, state, controls, {**options, "parts": PARTS})
