"""The shuffle lab: words change places; do the outputs of self-attention move along, and does their mean stay?"""

import numpy as np
import torch

from course_kit.i18n import mark, t
from course_kit.programs.arguments import flag, one_of
from course_kit.views.inputs import Labels, Numbers, as_array, checked_labels
from course_kit.views.table import TextTable
from course_kit.views.view import View
from course_utils.attention import scaled_dot_product_attention

from .waves import waves

MOST_WORDS, MOST_FEATURES = 12, 16


class Shuffle(View):
    """See `shuffle`."""

    kind = "shuffle"

    def attend(self) -> tuple[np.ndarray, np.ndarray]:
        """Weights [T, T] and outputs [T, D] in float64 for the words in the order shown."""
        order, width = self.state["order"], self.options["size"]
        x = self.arrays["x"].astype(np.float64).reshape(-1, width)[order]
        if self.state["positions"]:
            x = x + waves(range(len(order)), width)
        words = torch.from_numpy(x)[None]
        outputs, weights = scaled_dot_product_attention(words, words, words)
        return weights[0].numpy(), outputs[0].numpy()

    def describe(self) -> str:
        weights, _ = self.attend()
        words = [self.options["names"][w] for w in self.state["order"]]
        strongest = [f"{words[q]} → {words[k]} {weights[q, k]:.2f}" for q, k in enumerate(weights.argmax(-1))]
        said = {"words": " ".join(words), "strongest": t(", ").join(strongest)}
        if self.state["positions"]:
            return t("Self-attention over “{words}”, with positions. Largest weights: {strongest}.", **said)
        return t("Self-attention over “{words}”, without positions. Largest weights: {strongest}.", **said)

    def table(self) -> TextTable:
        weights, outputs = self.attend()
        words = [self.options["names"][w] for w in self.state["order"]]
        header = [
            t("word"),
            *(f"→ {word}" for word in words),
            *(t("output {e}", e=e + 1) for e in range(outputs.shape[1])),
        ]
        rows = [[word, *(f"{x:.3f}" for x in (*weights[s], *outputs[s]))] for s, word in enumerate(words)]
        return TextTable(header, [*rows, [t("mean"), *[""] * len(words), *(f"{x:.3f}" for x in outputs.mean(0))]])


def shuffle(
    x: Numbers,
    tokens: Labels | None = None,
    *,
    positions: bool = False,
    word: str | None = None,
    title: str = mark("What happens when words change places?"),
    caption: str = mark(
        "Drag a word. Watch the rows ([query|queries]), the columns ([key|keys]) and the [output|outputs]."
    ),
) -> Shuffle:
    """Self-attention over words that can change places: do the outputs move along, does their mean stay?

    x [T, D]: 2 to 12 words with 1 to 16 features, Q = K = V = X; tokens: T labels; positions: whether the sinusoidal
    encoding is added to x (needs an even D); word: the one that is picked at first; without it the one to which most is
    attended.

    Numbers travel as float32. Returns a view: .attend() -> weights, outputs; and what all have. Raises ValueError for
    what cannot be shown.
    """
    x = as_array(x, "x")
    if x.ndim != 2 or not 2 <= len(x) <= MOST_WORDS or not 1 <= x.shape[1] <= MOST_FEATURES or not np.isfinite(x).all():
        raise ValueError(
            f"x has shape {x.shape}: this lab needs finite numbers, 2 to {MOST_WORDS} words with 1 to {MOST_FEATURES} "
            "features; take fewer words, or features, as in x[:, :8]"
        )
    count, width = x.shape
    names = checked_labels(tokens, count, "tokens", "x has {} words")
    if flag("positions", positions) and width % 2:
        raise ValueError(f"x has {width} features, positions need an even number: pairs of sine and cosine")
    arrays = {"x": x.astype("<f4").ravel()}
    controls: list[dict] = [
        *({"kind": "button", "name": name, "label": t(label)} for name, label in BUTTONS.items()),
        {"kind": "choice", "name": "positions", "label": t("positions"), "options": [False, True],
         "words": {"false": t("none"), "true": t("added")}},
        {"kind": "button", "name": "reset", "label": t("reset")},
    ]  # fmt: skip
    controls = [c for c in controls if c["name"] != "positions" or width % 2 == 0]
    state = {"order": list(range(count)), "positions": positions, "word": 0}
    view = Shuffle(title, caption, arrays, state, controls, {"names": names, "size": width})
    most = int(view.attend()[0].sum(0).round(6).argmax())
    view.state["word"] = most if word is None else names.index(one_of("word", word, names))
    return view


BUTTONS = {"back": mark("◀ move"), "on": mark("move ▶"), "reverse": mark("reverse"), "mix": mark("shuffle")}
