"""The softmax lab: scores to drag, e raised to each, their shares; temperature, a constant added to all."""

import numpy as np
import torch

from course_kit.i18n import from_cell, mark, t
from course_kit.views.inputs import Labels, Numbers, as_array, checked_labels
from course_kit.views.table import TextTable
from course_kit.views.view import Control, View


class Softmax(View):
    """See `softmax`."""

    kind = "softmax_lab"

    @property
    def numbers(self) -> tuple[np.ndarray, np.ndarray]:
        """(scores [K], weights [K]) at the current shift and temperature, in float64."""
        scores = torch.tensor(self.state["scores"], dtype=torch.float64) + self.state["shift"]
        return scores.numpy(), (scores / self.state["temperature"]).softmax(-1).numpy()

    @property
    def powers(self) -> np.ndarray:
        """[K]: e to each score at this temperature; inf where that is too large for a number."""
        with np.errstate(over="ignore"):
            return np.exp(self.numbers[0] / self.state["temperature"])

    def describe(self) -> str:
        _, weights = self.numbers
        names = self.options["names"]
        shown = t(", ").join(f"{name} {weight:.3f}" for name, weight in zip(names, weights, strict=True))
        warm = f"{self.state['temperature']:.3g}"
        return t(
            "Softmax at temperature {warm}: {shown}. Sum {sum}.", warm=warm, shown=shown, sum=f"{weights.sum():.3g}"
        )

    def table(self) -> TextTable:
        scores, weights = self.numbers
        rows = zip(self.options["names"], scores, self.powers, weights, strict=True)
        return TextTable(
            [t("key"), t("score"), t("e to the score"), t("weight")],
            [[name, f"{score:.3f}", f"{power:.4g}", f"{weight:.3f}"] for name, score, power, weight in rows],
        )


def softmax(
    scores: Numbers,
    names: Labels | None = None,
    *,
    title: str = mark("What does softmax make of the scores?"),
    caption: str = mark("Drag a score. The weight of a [key|key] is e to its score, divided by the sum over all keys."),
) -> Softmax:
    """Softmax under the hand: temperature, and a constant added to every score.

    scores [K], 1 to 12 finite numbers; names: K labels.
    """
    scores = as_array(scores, "scores")
    if scores.ndim != 1 or not 1 <= len(scores) <= 12 or not np.isfinite(scores).all():
        raise ValueError(f"scores has shape {scores.shape}: this lab needs 1 to 12 finite numbers, shape [K]")
    names = from_cell(checked_labels(names, len(scores), "names", "there are {} scores"))
    state = {"scores": scores.astype("<f4").tolist(), "temperature": 1.0, "shift": 0.0}
    warm = [round(float(degree), 3) for degree in np.geomspace(0.05, 20, 61)]
    shifts = [0.0, 1.0, 10.0, 100.0, 500.0, 700.0, 1000.0]
    controls: list[Control] = [
        {"kind": "range", "name": "temperature", "label": t("temperature"), "values": warm, "digits": 2},
        {"kind": "range", "name": "shift", "label": t("add to all"), "values": shifts, "digits": 0},
        {"kind": "button", "name": "reset", "label": t("reset")},
    ]
    options = {"names": names, "reach": float(max(3, np.ceil(np.abs(scores).max())))}  # how far a score can be dragged
    return Softmax(title, caption, {}, state, controls, options)
