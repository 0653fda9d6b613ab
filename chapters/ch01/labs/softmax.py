"""The softmax lab: scores to drag, e raised to each, their shares; temperature, a constant added to all, a mask."""

import numpy as np
import torch

from course_kit.i18n import mark, t
from course_kit.views.arguments import as_array, checked_labels
from course_kit.views.live import shell
from course_kit.views.table import TextTable
from course_kit.views.view import View
from course_utils.attention import masked_softmax


class Softmax(View):
    """See `softmax`."""

    kind = "softmax_lab"

    @property
    def numbers(self) -> tuple[np.ndarray, np.ndarray]:
        """(scores [K], weights [K]) at the current shift, temperature, mask and method, in float64."""
        scores = torch.tensor(self.state["scores"], dtype=torch.float64) + self.state["shift"]
        mask = torch.tensor(self.state["mask"])
        if self.state["method"] == "stable":
            return scores.numpy(), masked_softmax(scores / self.state["temperature"], mask).numpy()
        raised = (scores / self.state["temperature"]).exp().masked_fill(~mask, 0.0)
        total = raised.sum()
        return scores.numpy(), (raised / total if total > 0 else raised).numpy()

    @property
    def powers(self) -> np.ndarray:
        """[K]: e to each score at this temperature, 0 where masked; inf where that is too large for a number."""
        with np.errstate(over="ignore"):
            return np.where(self.state["mask"], np.exp(self.numbers[0] / self.state["temperature"]), 0.0)

    def describe(self) -> str:
        _, weights = self.numbers
        names = self.options["names"]
        shown = ", ".join(
            f"{n} {t('masked') if not m else f'{w:.3f}'}"
            for n, m, w in zip(names, self.state["mask"], weights, strict=True)
        )
        how = t(
            "at temperature {warm} ({method})",
            warm=f"{self.state['temperature']:.3g}",
            method=t(self.state["method"]),
        )
        return t("Softmax {how}: {shown}. Sum {sum}.", how=how, shown=shown, sum=f"{weights.sum():.3g}")

    def table(self) -> TextTable:
        scores, weights = self.numbers
        rows = zip(self.options["names"], scores, self.powers, self.state["mask"], weights, strict=True)
        return TextTable(
            [t("key"), t("score"), t("e to the score"), t("may be attended"), t("weight")],
            [[n, f"{s:.3f}", f"{e:.4g}", t("yes") if m else t("no"), f"{w:.3f}"] for n, s, e, m, w in rows],
        )


def softmax(
    scores,
    names=None,
    *,
    title=t("What does softmax make of the scores?"),
    caption=t("Drag a score. The weight of a [key|key] is e to its score, divided by the sum over all keys."),
    plain=False,
    live=False,
):
    """Softmax under the hand: temperature, a constant added to every score, a mask, and life without the maximum.

    scores [K], 1 to 12 finite numbers; names: K labels. plain=True: without mask and maximum.
    live=True: Python reads `scores`, `temperature`, `shift`, `method`, `mask`.
    """
    scores = as_array(scores, "scores")
    if scores.ndim != 1 or not 1 <= len(scores) <= 12 or not np.isfinite(scores).all():
        raise ValueError(f"scores has shape {scores.shape}: this lab needs 1 to 12 finite numbers, shape [K]")
    names = checked_labels(names, len(scores), "names", "there are {} scores")
    state = {
        "scores": scores.astype("<f4").tolist(),
        "temperature": 1.0,
        "shift": 0.0,
        "method": "stable",
        "mask": [True] * len(names),
    }
    warm = [round(float(t), 3) for t in np.geomspace(0.05, 20, 61)]
    shifts = [0.0, 1.0, 10.0, 100.0, 500.0, 700.0, 1000.0]
    words = {mark("stable"): t("stable"), mark("naive"): t("without the maximum")}
    controls = [
        {"kind": "range", "name": "temperature", "label": t("temperature"), "values": warm, "digits": 2},
        {"kind": "range", "name": "shift", "label": t("add to all"), "values": shifts, "digits": 0},
        {"kind": "choice", "name": "method", "label": t("computed"), "options": ["stable", "naive"], "words": words},
        {"kind": "toggles", "name": "mask", "label": t("may be attended"), "options": names},
        {"kind": "button", "name": "reset", "label": t("reset")},
    ]
    if plain:
        controls = [one for one in controls if one["name"] not in ("method", "mask")]
    options = {"names": names, "reach": float(max(3, np.ceil(np.abs(scores).max())))}  # how far a score can be dragged
    return shell(Softmax(title, caption, {}, state, controls, options), live)
