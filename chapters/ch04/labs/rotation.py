"""The rotation lab: one 2 × 2 matrix carries a pair of columns from position i to i + δ, wherever i is."""

import numpy as np

from course_kit.i18n import mark, t
from course_kit.views.inputs import Numbers
from course_kit.views.table import TextTable
from course_kit.views.view import View
from course_utils.positions import frequencies

from .waves import LENGTH, SIZE, waves

MOST_OFFSET = 20


class Rotation(View):
    """See `rotation`."""

    kind = "rotation"

    @property
    def omega(self) -> float:
        """How far the chosen pair turns from one position to the next, in radians."""
        return frequencies(SIZE)[self.state["pair"]].item()

    @property
    def matrix(self) -> np.ndarray:
        """R [2, 2] in float64. No position enters it."""
        angle = self.state["offset"] * self.omega
        sin, cos = np.sin(angle), np.cos(angle)
        return np.array([[cos, -sin], [sin, cos]])

    def pairs(self, positions: Numbers) -> np.ndarray:
        """(cosine, sine) of the chosen pair of columns at any positions: [n, 2] in float64."""
        first = 2 * self.state["pair"]
        return waves(positions)[:, first : first + 2]

    def describe(self) -> str:
        i, offset, j = (self.state[name] for name in ("position", "offset", "pair"))
        (a, b), (c, d) = self.matrix
        now, later = self.pairs([i, i + offset])
        angle = offset * self.omega
        return t(
            "Columns {j} and {j2} turn by {omega} radians at each position. From position {i}, ({now}, {now2}), "
            "to {i2}, ({later}, {later2}): by {offset} · {omega} = {angle} radians. The matrix (({a}, {b}), ({c}, "
            "{d})) does it from all {LENGTH} positions.",
            j=2 * j,
            j2=2 * j + 1,
            omega=f"{self.omega:.4f}",
            i=i,
            now=f"{now[0]:.3f}",
            now2=f"{now[1]:.3f}",
            i2=i + offset,
            later=f"{later[0]:.3f}",
            later2=f"{later[1]:.3f}",
            offset=offset,
            angle=f"{angle:.3f}",
            a=f"{a:.3f}",
            b=f"{b:.3f}",
            c=f"{c:.3f}",
            d=f"{d:.3f}",
            LENGTH=LENGTH,
        )

    def table(self) -> TextTable:
        i = np.arange(LENGTH)
        now, later = self.pairs(i), self.pairs(i + self.state["offset"])
        rows = [
            [str(p), *(f"{x:.3f}" for x in (*before, *turned, *after))]
            for p, before, turned, after in zip(i, now, now @ self.matrix.T, later, strict=True)
        ]
        return TextTable(["i", "cos", "sin", "R·P: cos", "R·P: sin", "P[i+δ]: cos", "P[i+δ]: sin"], rows)


def rotation(
    *,
    title: str = mark("Is δ positions on always the same turn?"),
    caption: str = mark(
        "A cosine and a sine make each position a point on a circle. Move i: does the matrix R change?"
    ),
) -> Rotation:
    """Two positions as points on a circle, the angle between them, and the 2 × 2 matrix that does not depend on i.

    Returns a view: .matrix [2, 2] .omega and what all have. Source: Vaswani et al. 2017, section 3.5.
    """
    state = {"pair": 4, "offset": 3, "position": 5}
    values = {"pair": range(SIZE // 2), "offset": range(-MOST_OFFSET, MOST_OFFSET + 1), "position": range(LENGTH)}
    words = {"pair": t("pair j"), "offset": t("offset δ"), "position": t("position i")}
    controls = [
        {"kind": "range", "name": name, "label": words[name], "values": list(values[name]), "digits": 0}
        for name in ("position", "offset", "pair")
    ]
    controls.append({"kind": "button", "name": "reset", "label": t("reset")})
    return Rotation(title, caption, {}, state, controls, {"length": LENGTH, "size": SIZE})
