"""The game against the model: the reader guesses the next character, then sees what the model expected."""

import numpy as np

from course_kit.checkpoints import Loaded
from course_kit.i18n import mark, t
from course_kit.programs.arguments import string
from course_kit.views.inputs import Labels, Numbers, as_array, as_labels
from course_kit.views.reader_input import answered
from course_kit.views.table import TextTable
from course_kit.views.view import View

BEST = 5
OPENED = 3  # places that the model plays first: their inks and marks show what each means before the reader guesses


def visible(token: str) -> str:
    """A token that can be seen: a space as ␣, a new line as ⏎."""
    return token.replace(" ", "␣").replace("\n", "⏎") or "∅"


class NextCharacter(View):
    """See `next_character`."""

    kind = "next_character"

    @property
    def bits(self) -> np.ndarray:
        """[T]: −log₂ of the probability that the model gave to each hidden character."""
        with np.errstate(divide="ignore"):
            return np.abs(-np.log2(self.arrays["truth"].astype(np.float64)))

    def describe(self) -> str:
        hidden, blind = self.options["hidden"], np.log2(self.options["size"])
        return t(
            "A text of which {count} tokens are hidden, to be guessed one by one; the model guesses as well. It "
            "has played the first {OPENED}, “{list}”. The reader has not guessed yet. Blind guessing costs "
            "{blind} bits per token.",
            count=len(hidden),
            OPENED=OPENED,
            list="".join(map(visible, hidden[:OPENED])),
            blind=f"{blind:.2f}",
        )

    def table(self) -> TextTable:
        """A row for each place, before the reader has played."""
        truth, chances, rows = self.arrays["truth"], self.arrays["chances"].reshape(-1, BEST), []
        for i, (character, best) in enumerate(zip(self.options["hidden"], self.options["best"], strict=True)):
            cells = [visible(character), "opened" if i < OPENED else "", f"{visible(best[0])} {chances[i, 0]:.3f}"]
            rows.append([str(i + 1), *cells, f"{truth[i]:.3f}", f"{self.bits[i]:.2f}"])
        return TextTable(
            [t("place"), t("the true one"), t("you"), t("the model’s first"), t("it gave the right one"), t("bits")],
            rows,
        )


def next_character(
    text: str,
    probabilities: Numbers,
    tokens: Labels,
    *,
    model: str | Loaded | None = None,
    title: str = mark("Can you guess the next character?"),
    caption: str = mark(
        "Type your guess. Under each: ✓ if the guess was right, and in ink how much the model expected what stands "
        "there."
    ),
) -> NextCharacter:
    """Predict the next character, against the model: right guesses of both, and the bits that the model needs.

    probabilities [T, V], each row sums to 1: the model's for each of the last T characters of the text; what comes
    before them is shown. tokens: V labels, five at least. The model plays the first three of the T, as an example, so T
    is four at least. model: the name of the GPT whose probabilities these are, as in "gpt-shakespeare": it then writes
    on what the reader types, in the page.

    Only the model's five best guesses and what it gave to the right one travel. Returns a view: .bits and what all
    have. Raises TypeError or ValueError that says what was given, what is needed, what to do.
    """
    values, tokens = as_array(probabilities, "probabilities"), as_labels(tokens, "tokens")
    text = string("text", text)
    fits = values.ndim == 2 and values.shape[1] == len(tokens) >= BEST
    if not fits or not OPENED < len(values) <= len(text):
        raise ValueError(
            f"probabilities have shape {values.shape}, there are {len(tokens)} tokens and a text of {len(text)}; "
            f"needed: [T, V], a row for each of the last T characters of the text, T from {OPENED + 1} on"
        )
    if not np.isfinite(values).all() or values.min() < 0 or not np.allclose(values.sum(-1), 1, atol=5e-3):
        raise ValueError("each row of probabilities must sum to 1: take logits.softmax(-1), without NaN")
    shown, hidden = text[: -len(values)], list(text[-len(values) :])
    if unknown := [token for token in hidden if token not in tokens]:
        raise ValueError(
            f"{unknown[0]!r} stands in the text, but is none of the {len(tokens)} tokens: choose another text"
        )
    best = np.argsort(-values, axis=-1, kind="stable")[:, :BEST]
    truth = values[np.arange(len(values)), [tokens.index(token) for token in hidden]]
    arrays = {"truth": truth.astype("<f4"), "chances": np.take_along_axis(values, best, 1).astype("<f4").ravel()}
    options = {
        "shown": shown,
        "hidden": hidden,
        "best": [[tokens[i] for i in row] for row in best],
        "size": len(tokens),
        "keys": sorted({token for token in tokens if len(token) == 1}, key=order),
        "opened": OPENED,
    }
    controls = [
        {"kind": "button", "name": "pass", "label": t("pass")},
        {"kind": "button", "name": "reset", "label": t("again")},
    ]
    view = NextCharacter(title, caption, arrays, {"guesses": [], "own": ""}, controls, options)
    return answered(
        view, model, "ROMEO:\nBut soft, ", label=t("Your own beginning:"), fold=t("a beginning of your own")
    )


def order(token: str) -> tuple[bool, bool, bool, str]:
    """Small letters first, then capitals, digits and signs: each row of keys is looked through once."""
    return (not token.isalpha(), not token.isdigit(), token.isupper(), token)
