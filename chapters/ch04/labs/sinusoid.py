"""The sinusoid lab: position × column as a heatmap, a column as a wave, and binary counting on the same rows."""

import math

import numpy as np
import torch

from course_kit.arguments import whole_number
from course_kit.views.live import shell
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

    @property
    def digits(self) -> np.ndarray:
        """[T, bits] of 0 and 1: each position as a binary number, the digit that flips fastest on the right."""
        count = (self.options["length"] - 1).bit_length()
        return np.arange(self.options["length"])[:, None] >> np.arange(count)[::-1] & 1

    def describe(self) -> str:
        i, c = self.state["position"], self.state["column"]
        number = self.encoding[i, c]
        turn = 2 * math.pi / frequencies(self.options["size"])[c // 2].item()
        binary = "".join(map(str, self.digits[i]))
        return (
            f"Sinusoidal encoding of {self.options['length']} positions in {self.options['size']} columns. "
            f"Column {c} is a {'cosine' if c % 2 else 'sine'} that turns once in {turn:.1f} positions; at position {i} "
            f"it is {number:.3f}. In binary {i} is {binary}: the last digit flips at every step, each one before it "
            f"half as often."
        )

    def table(self) -> TextTable:
        sine = self.state["column"] // 2 * 2
        header = ["position", "binary", f"column {sine}: sine", f"column {sine + 1}: cosine"]
        pairs = zip(self.digits, self.encoding[:, sine : sine + 2], strict=True)
        return TextTable(
            header, [[str(i), "".join(map(str, d)), *(f"{x:.3f}" for x in p)] for i, (d, p) in enumerate(pairs)]
        )


def waves(positions, size: int) -> np.ndarray:
    """The encoding at any positions, fractions too, in float64: [n] -> [n, D]."""
    angles = torch.as_tensor(np.asarray(positions, float))[:, None] * frequencies(size)
    return torch.stack([angles.sin(), angles.cos()], -1).flatten(1).numpy()


def sinusoid(
    context=50,
    size=128,
    *,
    position=21,
    column=8,
    title="What tells a position from its neighbours?",
    caption="Each position is a row of waves. Choose a row, and compare it with the next.",
    live=False,
    presenting=None,
):
    """The sinusoidal encoding as a heatmap, a column of it as a wave, and binary counting beside it.

    context: positions shown, 2 to 128; size: columns, an even number from 2 to 256; position, column: where to
    start (cut to what there is). live=True: Python reads `position`, `column`. Returns a view: .encoding [T, D] .digits
    and what all have. Raises ValueError for sizes that cannot be shown. Source: Vaswani et al. 2017, section 3.5.
    """
    count, size = checked_sizes(context, size)
    starts = ("position", position, count - 1), ("column", column, size - 1)
    state = {name: min(max(0, whole_number(name, start)), last) for name, start, last in starts}
    controls = [
        {"kind": "range", "name": "position", "label": "position", "values": list(range(count)), "digits": 0},
        {"kind": "range", "name": "column", "label": "column", "values": list(range(size)), "digits": 0},
        {"kind": "button", "name": "reset", "label": "reset"},
    ]
    return shell(Sinusoid(title, caption, {}, state, controls, {"length": count, "size": size}, presenting), live)


def checked_sizes(context, size) -> tuple[int, int]:
    """Both as whole numbers that a picture can hold; ValueError otherwise."""
    size = whole_number("size", size, 2, MOST_COLUMNS)
    if size % 2:
        raise ValueError(f"size is {size}; needed: an even number from 2 to {MOST_COLUMNS}: pairs of columns")
    return whole_number("context", context, 2, MOST_POSITIONS), size
