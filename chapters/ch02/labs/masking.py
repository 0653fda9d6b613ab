"""The mask lab: padding, causal, both, an empty row; and what the wrong order of mask and softmax lets through."""

import numpy as np
import torch

from course_kit.i18n import mark, sentences, t, tn
from course_kit.programs.arguments import flag, one_of, whole_number
from course_kit.views.inputs import Labels, Numbers, as_array, checked_labels
from course_kit.views.table import TextTable
from course_kit.views.view import Control, View
from course_utils.attention import causal_mask, masked_softmax, padding_mask

ORDERS = {
    "before": mark("Masked scores become −∞ before the softmax. This is the right order."),
    "times": mark(
        "Masked scores become 0 before the softmax. They still get a share of the weight, because exp(0) = 1."),
    "after": mark(
        "Masked weights become 0 after the softmax, but the masked scores have already shrunk the other weights."),
    "large": mark(
        "Masked scores become −1e9, not −∞. A row with all keys masked then gives its weight to masked keys."),
}  # fmt: skip


class Masking(View):
    """See `masking`."""

    kind = "masking"

    def compute(self) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """(allowed bool, scores, weights), [T, T] each, at the current state, in float64."""
        size, state = len(self.options["names"]), self.state
        scores = torch.from_numpy(self.arrays["scores"].astype(np.float64)).reshape(size, size)
        allowed = padding_mask(torch.tensor([state["length"]]), size)[0].expand(size, -1)
        allowed = allowed & causal_mask(size) if state["causal"] else allowed.clone()
        if state["empty"]:
            allowed[state["empty"] - 1] = False
        weights = {
            "before": lambda: masked_softmax(scores, allowed),
            "times": lambda: torch.softmax(scores * allowed, -1),
            "after": lambda: torch.softmax(scores, -1) * allowed,
            "large": lambda: torch.softmax(scores.masked_fill(~allowed, -1e9), -1),
        }[state["order"]]()
        return allowed, scores, weights

    def describe(self) -> str:
        allowed, _, weights = self.compute()
        leak = weights[~allowed].sum().item() / len(weights)
        empty, sums = int((~allowed.any(-1)).sum()), weights.sum(-1)
        real, count = self.state["length"], len(weights)
        if self.state["causal"]:
            first = t("{real} of {count} tokens are real, and the mask is causal.", real=real, count=count)
        else:
            first = t("{real} of {count} tokens are real.", real=real, count=count)
        return sentences(
            first,
            tn("{n} row has nothing to attend.", "{n} rows have nothing to attend.", empty) if empty else "",
            t(ORDERS[self.state["order"]]),
            t("Weight where the mask says no: {leak} %.", leak=f"{100 * leak:.0f}"),
            t("Rows sum to {min} at least and {max} at most.", min=f"{sums.min():.2f}", max=f"{sums.max():.2f}"),
        )

    def table(self) -> TextTable:
        allowed, _, weights = self.compute()
        rows = []
        for name, row, open_ in zip(self.options["names"], weights.tolist(), allowed.tolist(), strict=True):
            cells = [f"{w:.3f}" if o or w > 1e-12 else t("masked") for w, o in zip(row, open_, strict=True)]
            rows.append([name, *cells, f"{sum(row):.3f}"])
        return TextTable([t("query"), *self.options["names"], "Σ"], rows)


def masking(
    scores: Numbers,
    names: Labels | None = None,
    *,
    length: int | None = None,
    causal: bool = False,
    order: str = "before",
    title: str = mark("What leaks if the mask comes at the wrong step?"),
    caption: str = mark(
        "Each row is a [query|query], each column a [key|key]. Try the four orders of the steps: three are wrong."
    ),
) -> Masking:
    """Masks under the hand: padding, causal, both, a row with nothing to attend; three wrong orders beside the right.

    scores [T, T], 2 to 12 tokens, finite; names: T labels; length: real tokens, the rest is padding; order: "before"
    (right), "times", "after" or "large". Raises ValueError for what cannot be shown.
    """
    scores = as_array(scores, "scores")
    if scores.ndim != 2 or scores.shape[0] != scores.shape[1] or not 2 <= len(scores) <= 12:
        raise ValueError(f"scores has shape {scores.shape}: this lab needs [T, T] with 2 to 12 tokens")
    if not np.isfinite(scores).all():
        raise ValueError("scores must be finite: masks are the lab's own business, give it the scores before masking")
    size = len(scores)
    names = checked_labels(names, size, "names", "there are {} tokens")
    length = size if length is None else whole_number("length", length, 0, size)
    one_of("order", order, ORDERS), flag("causal", causal)
    controls: list[Control] = [
        {"kind": "range", "name": "length", "label": t("real tokens"), "values": list(range(size + 1)), "digits": 0},
        {"kind": "choice", "name": "causal", "label": t("future"), "options": [False, True],
         "words": {"false": t("seen"), "true": t("hidden")}},
        {"kind": "range", "name": "empty", "label": t("empty row"), "values": list(range(size + 1)), "digits": 0},
        {"kind": "choice", "name": "order", "label": t("order"), "options": list(ORDERS),
         "words": {"before": t("mask, then softmax"), "times": t("multiply, then softmax"),
                   "after": t("softmax, then multiply"), "large": t("−1e9, then softmax")}},
        {"kind": "button", "name": "reset", "label": t("reset")},
    ]  # fmt: skip
    state = {"length": length, "causal": causal, "empty": 0, "order": order}
    arrays = {"scores": scores.astype("<f4").ravel()}
    options = {"names": names, "orders": {name: t(said) for name, said in ORDERS.items()}}
    return Masking(title, caption, arrays, state, controls, options)
