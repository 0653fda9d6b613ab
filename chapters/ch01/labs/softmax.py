"""The softmax lab: from scores to weights, with temperature, a constant added to all scores, and a mask."""

import numpy as np
import torch

from course_utils.attention import masked_softmax
from course_utils.views.given import as_array, as_mask, checked_labels
from course_utils.views.live import shell
from course_utils.views.table import TextTable
from course_utils.views.view import View


class Softmax(View):
    """See `softmax`."""

    kind = "softmax_lab"
    modules = ("core", "softmax")
    size = (6.4, 3.2)

    @property
    def numbers(self) -> tuple[np.ndarray, np.ndarray]:
        """(scores [K], weights [K]) at the current shift, temperature, mask and method, in float64."""
        scores = torch.from_numpy(self.arrays["scores"].astype(np.float64)) + self.state["shift"]
        mask = torch.tensor(self.state["mask"])
        if self.state["method"] == "stable":
            return scores.numpy(), masked_softmax(scores / self.state["temperature"], mask).numpy()
        raised = (scores / self.state["temperature"]).exp().masked_fill(~mask, 0.0)
        total = raised.sum()
        return scores.numpy(), (raised / total if total > 0 else raised).numpy()

    def describe(self) -> str:
        _, weights = self.numbers
        names = self.options["names"]
        shown = ", ".join(
            f"{n} {'masked' if not m else f'{w:.3f}'}"
            for n, m, w in zip(names, self.state["mask"], weights, strict=True)
        )
        how = f"at temperature {self.state['temperature']:.3g} ({self.state['method']})"
        return f"Softmax {how}: {shown}. Sum {weights.sum():.3g}."

    def table(self) -> TextTable:
        scores, weights = self.numbers
        rows = zip(self.options["names"], scores, self.state["mask"], weights, strict=True)
        return TextTable(
            ["key", "score", "may be attended", "weight"],
            [[n, f"{s:.3f}", "yes" if m else "no", f"{w:.3f}"] for n, s, m, w in rows],
        )

    def draw(self, figure) -> None:
        from course_utils.views.picture import COLOURS, names

        top, bottom = figure.subplots(2, sharex=True)
        _, weights = self.numbers
        place = np.arange(len(weights))
        top.bar(place, self.arrays["scores"], color="#806f2e", width=0.6)
        top.bar_label(top.containers[0], [f"{s:.2f}" for s in self.arrays["scores"]], fontsize=9)
        bottom.bar(place, np.nan_to_num(weights), color="#1b2430", width=0.6)
        bottom.bar_label(bottom.containers[0], [f"{w:.3f}" for w in weights], fontsize=9)
        top.set_ylabel("score")
        bottom.set_ylabel("weight")
        bottom.set_xticks(place, names(self.options["names"], "key "), color=COLOURS["key"])
        for axes in (top, bottom):
            axes.margins(y=0.25)


def softmax(
    scores,
    names=None,
    *,
    mask=None,
    title="What does softmax make of the scores?",
    caption="Sand: the scores. Ink: the weights. Sharpen or flatten them, add a constant, mask a [key|key].",
    live=False,
    presenting=None,
):
    """Softmax under the hand: temperature, a constant added to every score, a mask, and life without the maximum.

    scores [K], 1 to 12 finite numbers; names: K labels; mask [K] bool, True = may be attended.
    live=True: Python hears `temperature`, `shift`, `method`, `mask`.
    """
    scores = as_array(scores, "scores")
    if scores.ndim != 1 or not 1 <= len(scores) <= 12 or not np.isfinite(scores).all():
        raise ValueError(f"scores has shape {scores.shape}: this lab needs 1 to 12 finite numbers, shape [K]")
    names, allowed = checked_labels(names, len(scores), "names", "there are {} scores"), as_mask(mask, len(scores))
    state = {"temperature": 1.0, "shift": 0.0, "method": "stable", "mask": allowed}
    warm = [round(float(t), 3) for t in np.geomspace(0.05, 20, 61)]
    words = {"stable": "stable", "naive": "without the maximum"}
    controls = [
        {"kind": "range", "name": "temperature", "label": "temperature", "values": warm, "digits": 2},
        {
            "kind": "range",
            "name": "shift",
            "label": "add to all",
            "values": [0.0, 1.0, 10.0, 100.0, 500.0, 700.0, 1000.0],
            "digits": 0,
        },
        {"kind": "choice", "name": "method", "label": "computed", "options": ["stable", "naive"], "words": words},
        {"kind": "toggles", "name": "mask", "label": "may be attended", "options": names},
        {"kind": "button", "name": "reset", "label": "reset"},
    ]
    arrays = {"scores": scores.astype("<f4")}
    return shell(Softmax(title, caption, arrays, state, controls, {"names": names}, presenting), live)
