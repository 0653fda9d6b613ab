"""The game against the model: the reader guesses the next character, then sees what the model expected."""

from typing import NamedTuple

import numpy as np

from course_kit.arguments import whole_number
from course_kit.views.arguments import as_array, as_labels
from course_kit.views.live import shell
from course_kit.views.reader_input import answered
from course_kit.views.table import TextTable
from course_kit.views.view import View

from .next_token import are_words, spelled, visible

MOST_PLACES, MOST_KEYS, BEST = 200, 100, 5
OPENED = 3  # places: their inks and marks show what each means before the reader guesses


class Played(NamedTuple):
    """The place that was played last: what the reader typed ("" for a pass), and the true token."""

    guess: str
    truth: str


class NextCharacter(View):
    """See `next_character`."""

    kind = "next_character"

    @property
    def places(self) -> int:
        """How many tokens can be guessed."""
        return len(self.options["hidden"])

    @property
    def opened(self) -> int:
        """How many of them the model has played, before the reader."""
        return self.options["opened"]

    @property
    def guesses(self) -> list[str]:
        """What the reader guessed, from the first place that was not opened."""
        return self.state["guesses"][: self.places - self.opened]

    @property
    def played(self) -> int:
        return self.opened + len(self.guesses)

    @property
    def scores(self) -> dict:
        """guessed: places where the reader guessed; reader, model: right guesses there; bits: what the model needed for
        each of them, on average: −log₂ of the probability it gave to the true token; NaN before the first guess."""
        n, mine = len(self.guesses), slice(self.opened, self.played)
        hidden, best, bits = self.options["hidden"][mine], self.options["best"][mine], self.bits[mine]
        reader = sum(g == t for g, t in zip(self.guesses, hidden, strict=True))
        model = sum(b[0] == t for b, t in zip(best, hidden, strict=True))
        return {"guessed": n, "reader": reader, "model": model, "bits": float(bits.mean()) if n else float("nan")}

    @property
    def bits(self) -> np.ndarray:
        """[T]: −log₂ of the probability that the model gave to each hidden token."""
        with np.errstate(divide="ignore"):
            return np.abs(-np.log2(self.arrays["truth"].astype(np.float64)))

    @property
    def selection(self) -> Played | None:
        return Played(self.guesses[-1], self.options["hidden"][self.played - 1]) if self.guesses else None

    def describe(self) -> str:
        scores, blind = self.scores, np.log2(self.options["size"])
        text = f"A text of which {self.places} tokens are hidden, to be guessed one by one; the model guesses as well. "
        if self.opened:
            first = "".join(map(visible, self.options["hidden"][: self.opened]))
            text += f"It has played the first {self.opened}, “{first}”. "
        if not scores["guessed"]:
            return text + f"The reader has not guessed yet. Blind guessing costs {blind:.2f} bits per token."
        guess, truth = self.selection
        return text + (
            f"Of {scores['guessed']} guesses, the reader has {scores['reader']} right, the model {scores['model']}. "
            f"The model needs {scores['bits']:.2f} bits per token, blind guessing {blind:.2f}. "
            f"Last was “{visible(truth)}”, guessed was “{visible(guess) if guess else 'nothing'}”."
        )

    def table(self) -> TextTable:
        """A row for each place: after the game has begun only those that were played, so that none is given away."""
        rows, truth = [], self.arrays["truth"].astype(np.float64)
        told = ["opened"] * self.opened + [visible(guess) if guess else "passed" for guess in self.guesses]
        for i in range(self.played if self.guesses else self.places):
            first = f"{visible(self.options['best'][i][0])} {self.arrays['chances'][i * self.width]:.3f}"
            cells = [visible(self.options["hidden"][i]), told[i] if i < len(told) else ""]
            rows.append([str(i + 1), *cells, first, f"{truth[i]:.3f}", f"{self.bits[i]:.2f}"])
        return TextTable(["place", "the true one", "you", "the model’s first", "it gave the right one", "bits"], rows)

    @property
    def width(self) -> int:
        return len(self.options["best"][0])


def next_character(
    text,
    probabilities,
    tokens,
    *,
    model=None,
    opened=None,
    title="Can you guess the next character?",
    caption=None,
    live=False,
):
    """Predict the next character, against the model: right guesses of both, and the bits that the model needs.

    text: str, or a list of tokens; probabilities [T, V], each row sums to 1: the model's for each of the last T tokens
    of the text; what comes before them is shown. tokens: V labels. T from 1 to 200. model: the name of the GPT whose
    probabilities these are, as in "gpt-shakespeare": it then writes on what the reader types, in the page. opened: how
    many of the T the model plays first, as an example; None: three, or T − 1.
    live=True: Python reads `guesses`, what was typed at each place from there on ("" for a pass).

    Only the model's five best guesses and what it gave to the right one travel. Returns a view: .scores .bits and what
    all have. Raises TypeError or ValueError that says what was given, what is needed, what to do.
    """
    values, tokens = as_array(probabilities, "probabilities"), as_labels(tokens, "tokens")
    pieces = list(text) if isinstance(text, str) else as_labels(text, "text", "a text, or a list of tokens")
    if values.ndim != 2 or values.shape[1] != len(tokens) or not 1 <= len(values) <= min(MOST_PLACES, len(pieces)):
        raise ValueError(
            f"probabilities have shape {values.shape}, there are {len(tokens)} tokens and a text of {len(pieces)}; "
            f"needed: [T, V], a row for each of the last T tokens of the text, T from 1 to {MOST_PLACES}"
        )
    if not np.isfinite(values).all() or values.min() < 0 or not np.allclose(values.sum(-1), 1, atol=5e-3):
        raise ValueError("each row of probabilities must sum to 1: take logits.softmax(-1), without NaN")
    hidden = pieces[len(pieces) - len(values) :]
    opened = min(OPENED, len(hidden) - 1) if opened is None else whole_number("opened", opened, 0, len(hidden) - 1)
    place = {t: i for i, t in reversed(list(enumerate(tokens)))}
    unknown = [t for t in hidden if t not in place]
    if unknown:
        raise ValueError(
            f"{unknown[0]!r} stands in the text, but is none of the {len(tokens)} tokens: choose another text"
        )
    best = np.argsort(-values, axis=-1, kind="stable")[:, :BEST]
    truth = values[np.arange(len(values)), [place[t] for t in hidden]]
    arrays = {"truth": truth.astype("<f4"), "chances": np.take_along_axis(values, best, 1).astype("<f4").ravel()}
    written = [spelled(t, are_words(tokens)) for t in pieces]
    keys = sorted({t for t in tokens if len(t) == 1}, key=order) if len(tokens) <= MOST_KEYS else []
    options = {
        "shown": "".join(written[: -len(values)]).lstrip(" "),
        "hidden": hidden,
        "best": [[tokens[i] for i in row] for row in best],
        "size": len(tokens),
        "keys": keys,
        "opened": opened,
        "long": any(len(t) > 1 for t in hidden),
    }
    if caption is None:
        caption = "Click here and type, or press a sign below. " if keys else "Type your guess. "
        caption += "Under each: ✓ if the guess was right, and in ink how much the model expected what stands there."
    controls = [
        {"kind": "button", "name": "pass", "label": "pass"},
        {"kind": "button", "name": "reset", "label": "again"},
    ]
    view = NextCharacter(title, caption, arrays, {"guesses": [], "own": ""}, controls, options)
    told = {"label": "Your own beginning:", "fold": "a beginning of your own"}
    return shell(answered(view, model, "ROMEO:\nBut soft, ", **told), live)


def order(token: str):
    """Small letters first, then capitals, digits and signs: each row of keys is looked through once."""
    return (not token.isalpha(), not token.isdigit(), token.isupper(), token)
