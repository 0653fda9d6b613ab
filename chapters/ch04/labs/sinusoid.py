"""The sinusoid lab: position × column as a heatmap, and a column as a wave on the same rows."""

import math

import numpy as np
import torch

from course_kit.i18n import t
from course_kit.views.table import TextTable
from course_kit.views.view import View
from course_utils.positions import frequencies

LENGTH, SIZE = 50, 128  # positions and columns of the encoding that is shown


class Sinusoid(View):
    """See `sinusoid`."""

    kind = "sinusoid"

    @property
    def encoding(self) -> np.ndarray:
        """[T, D] in float64: sin and cos of position × frequency, in pairs of columns."""
        return waves(range(LENGTH))

    def describe(self) -> str:
        i, c = self.state["position"], self.state["column"]
        number, following = self.encoding[i : i + 2, c]
        turn = 2 * math.pi / frequencies(SIZE)[c // 2].item()
        return t(
            "Sinusoidal encoding of {LENGTH} positions in {SIZE} columns. Column {c} is a {what} that turns once "
            "in {turn} positions; from position {i} to {i2} it goes from {number} to {following}.",
            LENGTH=LENGTH,
            SIZE=SIZE,
            c=c,
            what=t("cosine") if c % 2 else t("sine"),
            turn=f"{turn:.1f}",
            i=i,
            i2=i + 1,
            number=f"{number:.3f}",
            following=f"{following:.3f}",
        )

    def table(self) -> TextTable:
        sine = self.state["column"] // 2 * 2
        header = [t("position"), t("column {sine}: sine", sine=sine), t("column {sine}: cosine", sine=sine + 1)]
        pairs = enumerate(self.encoding[:, sine : sine + 2])
        return TextTable(header, [[str(i), *(f"{x:.3f}" for x in pair)] for i, pair in pairs])


def waves(positions, size: int = SIZE) -> np.ndarray:
    """The encoding at any positions, fractions too, in float64: [n] -> [n, D]."""
    angles = torch.as_tensor(np.asarray(positions, float))[:, None] * frequencies(size)
    return torch.stack([angles.sin(), angles.cos()], -1).flatten(1).numpy()


def sinusoid(
    *,
    title=t("What tells a position from its neighbours?"),
    caption=t(
        "Each column is a wave. Move the column from left to right: how far does it go from one position to the next?"
    ),
):
    """The sinusoidal encoding as a heatmap, and a column of it as a wave beside it, at a position and the next.

    Returns a view: .encoding [T, D] and what all have. Source: Vaswani et al. 2017, section 3.5.
    """
    controls = [
        {"kind": "range", "name": "column", "label": t("column"), "values": list(range(SIZE)), "digits": 0},
        {"kind": "button", "name": "reset", "label": t("reset")},
    ]
    state, options = {"position": 20, "column": 8}, {"length": LENGTH, "size": SIZE}
    return Sinusoid(title, caption, {}, state, controls, options)
