"""The sinusoid lab: position × column as a heatmap, and a column as a wave on the same rows."""

import math

import numpy as np
import torch

from course_kit.arguments import whole_number
from course_kit.views.table import TextTable
from course_kit.views.view import View
from course_utils.positions import frequencies

MOST_POSITIONS, MOST_COLUMNS = 128, 256


class Sinusoid(View):
    """See `sinusoid`."""

    kind = "sinusoid"

    @property
    def encoding(self) -> np.ndarray:
        """[T, D] in float64: sin and cos of position × frequency, in pairs of columns."""
        return waves(range(self.options["length"]), self.options["size"])

    def describe(self) -> str:
        i, c = self.state["position"], self.state["column"]
        number, following = self.encoding[i : i + 2, c]
        turn = 2 * math.pi / frequencies(self.options["size"])[c // 2].item()
        return (
            f"Sinusoidal encoding of {self.options['length']} positions in {self.options['size']} columns. "
            f"Column {c} is a {'cosine' if c % 2 else 'sine'} that turns once in {turn:.1f} positions; from position "
            f"{i} to {i + 1} it goes from {number:.3f} to {following:.3f}."
        )

    def table(self) -> TextTable:
        sine = self.state["column"] // 2 * 2
        header = ["position", f"column {sine}: sine", f"column {sine + 1}: cosine"]
        pairs = enumerate(self.encoding[:, sine : sine + 2])
        return TextTable(header, [[str(i), *(f"{x:.3f}" for x in pair)] for i, pair in pairs])


def waves(positions, size: int) -> np.ndarray:
    """The encoding at any positions, fractions too, in float64: [n] -> [n, D]."""
    angles = torch.as_tensor(np.asarray(positions, float))[:, None] * frequencies(size)
    return torch.stack([angles.sin(), angles.cos()], -1).flatten(1).numpy()


def sinusoid(
    context=50,
    size=128,
    *,
    title="What tells a position from its neighbours?",
    caption="Each column is a wave. Move the column from left to right: how far does it go from one position to "
    "the next?",
):
    """The sinusoidal encoding as a heatmap, and a column of it as a wave beside it, at a position and the next.

    context: positions shown, 2 to 128; size: columns, an even number from 2 to 256. Returns a view: .encoding [T, D]
    and what all have. Raises ValueError for sizes that cannot be shown.
    Source: Vaswani et al. 2017, section 3.5.
    """
    count, size = checked_sizes(context, size)
    state = {"position": min(20, count - 2), "column": min(8, size - 1)}
    controls = [
        {"kind": "range", "name": "column", "label": "column", "values": list(range(size)), "digits": 0},
        {"kind": "button", "name": "reset", "label": "reset"},
    ]
    return Sinusoid(title, caption, {}, state, controls, {"length": count, "size": size})


def checked_sizes(context, size) -> tuple[int, int]:
    """Both as whole numbers that a picture can hold; ValueError otherwise."""
    size = whole_number("size", size, 2, MOST_COLUMNS)
    if size % 2:
        raise ValueError(f"size is {size}; needed: an even number from 2 to {MOST_COLUMNS}: pairs of columns")
    return whole_number("context", context, 2, MOST_POSITIONS), size
