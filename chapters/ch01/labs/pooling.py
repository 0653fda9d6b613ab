"""The labs of attention pooling: a query to drag, and kernel and bandwidth with the heatmap that they make."""

from collections.abc import Iterable, Sequence

import numpy as np
import torch

from course_kit.i18n import from_cell, mark, sentences, t
from course_kit.programs.arguments import described, flag, left, real_number, string
from course_kit.views.chart import clock
from course_kit.views.inputs import Numbers, as_array
from course_kit.views.table import TextTable
from course_kit.views.view import View
from course_utils.kernels import KERNELS, leave_one_out_mask, nadaraya_watson

MOST_EXAMPLES = 3000
ASK = mark(
    "Drag the [query|query]. The [output|estimate] is the average of the [value|values], each with the weight of "
    "its [key|key]."
)
HOUR = "hour"  # keys of this name are hours of a day


class Pooling(View):
    """See `ask`."""

    kind = "pooling"
    wording = View.wording | {"key_name", "value_name"}

    def answer(self, queries: Numbers) -> tuple[np.ndarray, np.ndarray]:
        """(estimates [Q], weights [Q, K]) at the current kernel, width and removed examples, in float64; an estimate
        is NaN where no key is in reach."""
        mask = torch.ones(len(queries), len(self.arrays["keys"]), dtype=torch.bool)
        mask[:, self.state.get("removed", [])] = False
        asked, keys, values = (
            torch.tensor(np.asarray(x, float)) for x in (queries, self.arrays["keys"], self.arrays["values"])
        )
        kernel = KERNELS[self.state["kernel"]]
        estimates, weights = nadaraya_watson(asked, keys, values, lambda d: mask * kernel(d, self.state["width"]))
        return estimates.where(weights.any(-1), torch.nan).numpy(), weights.numpy()

    def told(self, key: float, look: str = ".3g") -> str:
        """A key or a query as the text around the lab writes it."""
        return clock(key) if self.options["clock"] else f"{key:{look}}"

    def describe(self) -> str:
        query, kernel = self.told(self.state["query"]), self.state["kernel"]
        (estimate,), (weights,) = self.answer([self.state["query"]])
        told: dict = {"count": len(weights), "kernel": t(kernel), "state": f"{self.state['width']:.3g}", "query": query}
        text = t("{count} examples; {kernel} kernel of width {state}. The query {query}", **told)
        if np.isnan(estimate):
            return t("{text} has no key within reach: no estimate.", text=text)
        largest = int(weights.argmax())
        told = {"text": text, "estimate": f"{estimate:.3g}", "effective": f"{_effective(weights):.1f}"}
        told |= {"weights": f"{weights[largest]:.3g}", "told": self.told(self.arrays["keys"][largest])}
        return t(
            "{text} gets the estimate {estimate}, from about {effective} of them; the largest weight, {weights}, "
            "is that of the key {told}.", **told)  # fmt: skip

    def table(self) -> TextTable:
        _, (weights,) = self.answer([self.state["query"]])
        examples = zip(self.arrays["keys"], self.arrays["values"], weights, strict=True)
        rows = [[str(i + 1), self.told(k, ".3f"), f"{v:.3f}", f"{w:.3f}"] for i, (k, v, w) in enumerate(examples)]
        return TextTable([t("example"), t("key"), t("value"), t("weight")], rows[:200])


class Bandwidth(Pooling):
    """See `bandwidth`."""

    @property
    def error(self) -> tuple[float, float, float]:
        """(mean squared leave-one-out error here, the lowest of the current kernel, its width)."""
        widths = np.array(self.options["widths"])
        errors = self.arrays["errors"].reshape(-1, len(widths))[self.options["kernels"].index(self.state["kernel"])]
        best = int(np.nanargmin(errors))
        return float(errors[abs(widths - self.state["width"]).argmin()]), float(errors[best]), float(widths[best])

    def describe(self) -> str:
        _, weights = self.answer(self.arrays["queries"])
        told: dict = {"count": len(self.arrays["keys"]), "state": t(self.state["kernel"])}
        told |= {"state2": f"{self.state['width']:.3g}", "mean": f"{np.mean([*map(_effective, weights)]):.1f}"}
        text = t("{count} examples; {state} kernel of width {state2}. "
                 "About {mean} of them count for a query, on average.", **told)  # fmt: skip
        if "errors" not in self.arrays:
            return text
        here, lowest, best = (f"{one:.3g}" for one in self.error)
        told = {"text": text, "here": here, "lowest": lowest, "best": best}
        return t("{text} Squared leave-one-out error {here}, the lowest is {lowest} at width {best}.", **told)


def ask(
    keys: Numbers,
    values: Numbers,
    truth: Sequence[Numbers] | None = None,
    *,
    query: float | None = None,
    width: float | None = None,
    key_name: str = "key",
    value_name: str = "value",
    title: str = mark("Which keys does the query attend to?"),
    caption: str = ASK,
) -> Pooling:
    """Drag a query along the axis and see which keys it attends to: weights as bars, the estimate; leave examples out.

    keys [K], values [K]: 1 to 3,000 finite numbers; truth: (x, y), drawn dashed; key_name, value_name: the axes;
    query, width: where to start, in the unit of the keys (middle of the keys and a tenth of their span by default).
    Keys called "hour" are hours of a day, which the lab tells as a clock does: 14:36.
    Raises ValueError for what cannot be shown.
    """
    keys, values = _examples(keys, values)
    string("key_name", key_name), string("value_name", value_name)
    low, high = _domain(keys)
    if key_name == "hour":
        low, high = max(low, 0.0), min(high, 24.0)
    state = {
        "query": (low + high) / 2 if query is None else real_number("query", query),
        "kernel": "gaussian",
        "removed": [],
    }
    state["width"], widths = _widths(keys, width)
    controls: list[dict] = [
        {"kind": "range", "name": "query", "label": t("query"), "values": _steps(low, high, 201), "digits": 2},
        {"kind": "range", "name": "width", "label": t("width"), "values": widths, "digits": 2},
        {"kind": "button", "name": "knock", "label": t("remove the largest weight")},
        {"kind": "button", "name": "back", "label": t("bring all back")},
    ]
    arrays = {"keys": keys, "values": values, **_truth(truth)}
    options = {"domain": [float(low), float(high)], **_named(key_name, value_name)}
    return Pooling(title, caption, arrays, state, controls, options)


def bandwidth(
    keys: Numbers,
    values: Numbers,
    truth: Sequence[Numbers] | None = None,
    *,
    width: float | None = None,
    key_name: str = "key",
    value_name: str = "value",
    title: str = mark("How far should a query reach?"),
    caption: str | None = None,
    loss: bool = True,
    path: Iterable[float] | None = None,
) -> Bandwidth:
    """Kernel and bandwidth under the hand: fitted curve, weight heatmap and leave-one-out error move together.

    keys [K], values [K], truth, width as in `ask`. The error is the mean squared leave-one-out error, computed
    here for 61 widths and each kernel; a width at which an example has no other in reach has no error (a gap).
    loss=False: without that error, of the Gaussian kernel alone. path: the widths of a training, one for each step:
    then the error is the main picture, with a ball that rolls down it, of the Gaussian kernel alone.
    """
    keys, values = _examples(keys, values)
    string("key_name", key_name), string("value_name", value_name)
    order = np.argsort(keys, kind="stable")
    keys, values = keys[order], values[order]
    low, high = float(keys.min()), float(keys.max())
    low, high = (low, high) if high > low else (low - 1, high + 1)
    state = {"kernel": "gaussian", "query": float((low + high) / 2)}
    state["width"], widths = _widths(keys, width)
    if path is not None:
        path = [real_number("path", step, above=0) for step in left(path)]
        steps = np.geomspace(min(path) / 8, 1.5 * max(path), 61)
        steps[abs(np.log(steps / path[-1])).argmin()] = path[-1]
        widths = [float(f"{w:.4g}") for w in steps]
        state["width"] = path[-1]
    arrays = {"queries": np.linspace(low, high, 121).astype("<f4"), "keys": keys, "values": values}
    arrays |= _truth(truth)
    if flag("loss", loss):
        errors = [_leave_one_out_errors(keys, values, widths, name) for name in KERNELS]
        arrays["errors"] = np.stack(errors).astype("<f4").ravel()
    names = {mark("gaussian"): t("Gaussian"), mark("boxcar"): t("boxcar"), mark("epanechnikov"): t("Epanechnikov")}
    kernel = {"kind": "choice", "name": "kernel", "label": t("kernel"), "options": list(KERNELS), "words": names}
    controls: list[dict] = [
        *[kernel] * loss,
        {"kind": "range", "name": "width", "label": t("width"), "values": widths, "digits": 2},
        {"kind": "range", "name": "query", "label": t("query"), "values": _steps(low, high, 121), "digits": 2},
        {"kind": "button", "name": "reset", "label": t("reset")},
    ]
    options = {"widths": widths, "kernels": list(KERNELS), "domain": list(_domain(keys))}
    options |= _named(key_name, value_name)
    if path is not None:
        options["path"] = path
        controls = [controls[-3], {"kind": "button", "name": "play", "label": t("▶ play")}]
    caption = caption or (t(
        "The ball is the width: it rolls down the loss, the error on examples left out. On the right, its curve."
    ) if path else sentences(
        t("Move the width. In the map, each row is a [query|query], each column a [key|key]; more ink is more weight."),
        t("The curve below is the error on examples left out.") * loss))  # fmt: skip
    return Bandwidth(title, caption, arrays, state, controls, options)


def _leave_one_out_errors(keys: np.ndarray, values: np.ndarray, widths: list[float], kernel: str) -> np.ndarray:
    """Mean squared error [W] of predicting each example from all others, for each width; NaN where one has no other.

    Source: Hastie et al., section 7.10.
    """
    k, v = (torch.tensor(x, dtype=torch.float64) for x in (keys, values))
    others, errors = leave_one_out_mask(len(k)), []
    for width in widths:
        closeness = lambda d, w=width: others * KERNELS[kernel](d, w)  # type: ignore[misc]  # noqa: E731
        estimate, weights = nadaraya_watson(k, k, v, closeness)
        errors.append(float(((estimate - v) ** 2).where(weights.any(-1), torch.nan).mean()))
    return np.array(errors)


def _named(key_name: str, value_name: str) -> dict:
    return {"key_name": from_cell(key_name), "value_name": from_cell(value_name), "clock": key_name == HOUR}


def _effective(weights: np.ndarray) -> float:
    total = float((weights**2).sum())
    return 1 / total if total else 0.0


def _examples(keys: Numbers, values: Numbers) -> tuple[np.ndarray, np.ndarray]:
    keys, values = as_array(keys, "keys"), as_array(values, "values")
    if keys.ndim != 1 or keys.shape != values.shape or not 1 <= len(keys) <= MOST_EXAMPLES:
        raise ValueError(
            f"keys has shape {keys.shape}, values {values.shape}: a lab needs both [K], 1 to {MOST_EXAMPLES}"
        )
    missing = int((~np.isfinite(keys + values)).sum())
    if missing:
        raise ValueError(
            f"{missing} of {len(keys)} examples are NaN or infinite: leave them out (keep = values.isfinite())"
        )
    return keys.astype("<f4"), values.astype("<f4")


def _truth(truth: Sequence[Numbers] | None) -> dict[str, np.ndarray]:
    if truth is None:
        return {}
    if not isinstance(truth, tuple | list) or len(truth) != 2:
        raise ValueError(f"truth is {described(truth)}; needed: (x, y), two of shape [n]")
    x, y = (as_array(part, "truth").astype("<f4") for part in truth)
    if x.ndim != 1 or x.shape != y.shape:
        raise ValueError(f"truth has x {x.shape} and y {y.shape}; needed: two of shape [n], the same n")
    return {"truth_x": x, "truth_y": y}


def _domain(keys: np.ndarray) -> tuple[float, float]:
    low, high = float(keys.min()), float(keys.max())
    room = 0.04 * (high - low) or 1.0
    return low - room, high + room


def _steps(low: float, high: float, count: int) -> list[float]:
    return [round(float(x), 4) for x in np.linspace(low, high, count)]


def _widths(keys: np.ndarray, width: float | None) -> tuple[float, list[float]]:
    """The width to start with and the 61 of the slider, evenly on a log scale, up to twice the span of the keys.

    The narrowest is 1/150 of the span, or half the usual gap between neighbours where this is less.
    """
    span, gaps = float(keys.max() - keys.min()) or 1.0, np.diff(np.unique(keys))
    width = span / 10 if width is None else real_number("width", width, above=0)
    narrowest = min(span / 150, float(np.median(gaps)) / 2 if len(gaps) else span)
    steps = np.geomspace(min(narrowest, width), max(2 * span, width), 61)
    steps[abs(np.log(steps / width)).argmin()] = width
    widths = [float(f"{s:.4g}") for s in steps]
    return min(widths, key=lambda s: abs(s - width)), widths
