"""The rotation lab: one 2 × 2 matrix carries a pair of columns from position i to i + δ, wherever i is."""

import numpy as np
import torch

from course_kit.arguments import whole_number
from course_kit.views.live import shell
from course_kit.views.table import TextTable
from course_kit.views.view import View
from course_utils.positions import frequencies, shift_matrix

from .sinusoid import checked_sizes, waves

MOST_OFFSET = 20


class Rotation(View):
    """See `rotation`."""

    kind = "rotation"
    size = (7.0, 3.6)

    @property
    def omega(self) -> float:
        """How far the chosen pair turns from one position to the next, in radians."""
        return frequencies(self.options["size"])[self.state["pair"]].item()

    @property
    def matrix(self) -> np.ndarray:
        """R [2, 2] in float64: what `shift_matrix` holds for the chosen pair. No position enters it."""
        angle = torch.tensor(self.state["offset"] * self.omega, dtype=torch.float64)
        sin, cos = angle.sin().item(), angle.cos().item()
        return np.array([[cos, sin], [-sin, cos]])

    def pairs(self, positions) -> np.ndarray:
        """(sine, cosine) of the chosen pair of columns at any positions: [n, 2] in float64."""
        first = 2 * self.state["pair"]
        return waves(positions, self.options["size"])[:, first : first + 2]

    @property
    def points(self) -> np.ndarray:
        """P[i] and P[i + δ] of the chosen pair: [2, 2]."""
        i = self.state["position"]
        return self.pairs([i, i + self.state["offset"]])

    @property
    def error(self) -> float:
        """The largest |R P[i] − P[i + δ]| over all positions i and the whole width, with `shift_matrix`."""
        default = torch.get_default_dtype()
        try:
            torch.set_default_dtype(torch.float64)
            whole = shift_matrix(self.state["offset"], self.options["size"]).numpy()
        finally:
            torch.set_default_dtype(default)
        i = np.arange(self.options["length"])
        now, later = (waves(p, self.options["size"]) for p in (i, i + self.state["offset"]))
        return float(abs(now @ whole.T - later).max())

    @property
    def product(self) -> float:
        """P[i] · P[i + δ] over all columns: it depends on δ alone."""
        return float(np.cos(self.state["offset"] * frequencies(self.options["size"]).numpy()).sum())

    def describe(self) -> str:
        i, offset, j = (self.state[name] for name in ("position", "offset", "pair"))
        (a, b), (c, d) = self.matrix
        now, later = self.points
        angle = offset * self.omega
        return (
            f"Columns {2 * j} and {2 * j + 1} turn by {self.omega:.4f} radians at each position. From position {i}, "
            f"({now[0]:.3f}, {now[1]:.3f}), to {i + offset}, ({later[0]:.3f}, {later[1]:.3f}): by {offset} · "
            f"{self.omega:.4f} = {angle:.3f} radians. The matrix (({a:.3f}, {b:.3f}), ({c:.3f}, {d:.3f})) does it from "
            f"all {self.options['length']} positions, with an error of at most {self.error:.0e}."
        )

    def table(self) -> TextTable:
        i = np.arange(self.options["length"])
        now, later = self.pairs(i), self.pairs(i + self.state["offset"])
        rows = [
            [str(p), *(f"{x:.3f}" for x in (*before, *turned, *after))]
            for p, before, turned, after in zip(i, now, now @ self.matrix.T, later, strict=True)
        ]
        return TextTable(["i", "sin", "cos", "R·P: sin", "R·P: cos", "P[i+δ]: sin", "P[i+δ]: cos"], rows)

    def draw(self, figure) -> None:
        circle, words = figure.subplots(1, 2, width_ratios=[1, 1])
        i, offset, ink, sand = self.state["position"], self.state["offset"], "#1b2430", "#967410"
        turn = np.linspace(0, 2 * np.pi, 200)
        circle.plot(np.cos(turn), np.sin(turn), color="#dbe2e9", lw=1)
        others = self.pairs(np.arange(self.options["length"]))
        circle.plot(others[:, 1], others[:, 0], ".", color="#9aa5b1", ms=4)
        swept = np.linspace(i, i + offset, 200) * self.omega
        radius = 0.35 + 0.06 * abs(swept - swept[0]) / (2 * np.pi)
        circle.plot(radius * np.cos(swept), radius * np.sin(swept), color=sand, lw=2)
        for (sine, cosine), name, colour in zip(self.points, (f"P[{i}]", f"P[{i + offset}]"), (ink, sand), strict=True):
            circle.plot([0, cosine], [0, sine], color=colour)
            circle.plot(cosine, sine, "o", color=colour, ms=8)
            circle.text(1.2 * cosine, 1.2 * sine, name, ha="center", va="center", color=colour)
        j = self.state["pair"]
        circle.set(xlim=(-1.4, 1.4), ylim=(-1.4, 1.4), aspect="equal", xticks=[-1, 0, 1], yticks=[-1, 0, 1])
        circle.set(xlabel=f"column {2 * j + 1}: cosine", ylabel=f"column {2 * j}: sine")
        (a, b), (c, d) = self.matrix
        (s, t), (u, v) = self.points
        lines = [
            f"δ · ω = {offset} · {self.omega:.4f} = {offset * self.omega:.3f} rad",
            "",
            f"{'R':>10} = {a:7.3f} {b:7.3f}",
            f"{'':>12} {c:7.3f} {d:7.3f}",
            "",
            f"{f'R · P[{i}]':>10} = {a * s + b * t:7.3f} {c * s + d * t:7.3f}",
            f"{f'P[{i + offset}]':>10} = {u:7.3f} {v:7.3f}",
        ]
        text = "\n".join(lines).replace("-", "−")
        words.text(0, 0.5, text, family="DejaVu Sans Mono", va="center", fontsize=9)
        words.axis("off")


def rotation(
    size=128,
    context=50,
    *,
    pair=4,
    offset=3,
    position=5,
    title="Is δ positions on always the same turn?",
    caption="A sine and a cosine make each position a point on a circle. Move i: does the matrix R change?",
    live=False,
    presenting=None,
):
    """Two positions as points on a circle, the angle between them, and the 2 × 2 matrix that does not depend on i.

    size: columns, an even number from 2 to 256; context: positions, 2 to 128; pair j: columns 2j and 2j + 1;
    offset δ: −20 to 20, less than context; position i: where to start (each cut to what there is). live=True:
    Python reads `pair`, `offset`, `position`. Returns a view: .matrix [2, 2] .points [2, 2] .error .product .omega
    and what all have. Raises ValueError for sizes that cannot be shown. Source: Vaswani et al. 2017, section 3.5.
    """
    count, size = checked_sizes(context, size)
    most = min(MOST_OFFSET, count - 1)
    state = {
        "pair": min(max(0, whole_number("pair", pair)), size // 2 - 1),
        "offset": min(max(-most, whole_number("offset", offset)), most),
        "position": min(max(0, whole_number("position", position)), count - 1),
    }
    values = {"pair": range(size // 2), "offset": range(-most, most + 1), "position": range(count)}
    words = {"pair": "pair j", "offset": "offset δ", "position": "position i"}
    controls = [
        {"kind": "range", "name": name, "label": words[name], "values": list(values[name]), "digits": 0}
        for name in ("position", "offset", "pair")
    ]
    controls.append({"kind": "button", "name": "reset", "label": "reset"})
    return shell(Rotation(title, caption, {}, state, controls, {"length": count, "size": size}, presenting), live)
