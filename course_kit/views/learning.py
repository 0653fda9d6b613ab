"""How a training is drawn: a line, the curve while it runs, the picture that stays. A run is a training's Run."""

import html
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from course_kit.i18n import mark, sentences, t, tn
from course_kit.programs.interrupted import note
from course_kit.views import plot

MEASURED = mark("measured on the way")  # the name of an axis with several such lines
BATCHES = mark("single batches")  # the name of what lies between the lowest and the highest loss of a stretch
WIDTH, HEIGHT = 672, 250  # of the live curve, in CSS pixels
SHARE = 1 / 16  # of the steps that the axis of a live curve has at first
STRETCHES = 40  # of a long history: one point of the line is the mean of one stretch of steps

Pair = tuple[Any, Any]  # steps, values
Compare = Mapping[str, float | Pair]  # see `fit`


def running(run: Any, title: str, apart: bool = False, compare: Compare | None = None) -> str:
    """The fragment shown while a training runs: bar, figures, curve, always of the same size."""
    name = html.escape(title)
    style = "font-variant-numeric:tabular-nums;white-space:nowrap;overflow:hidden;text-overflow:ellipsis;height:1.6em"
    return (
        f'<div class="course-training" style="max-width:{WIDTH}px;min-height:{HEIGHT + 80}px">'
        f"<strong>{name}</strong>"
        f'<progress aria-label="{name}" style="width:100%" max="{run.steps}" value="{run.step}"></progress>'
        f'<div style="{style}">{html.escape(run.status(_end))}</div>{curve(run, apart, compare)}</div>'
    )


def curve(run: Any, apart: bool = False, compare: Compare | None = None) -> str:
    """The history, an SVG as wide as there is room, in the ink of its page, drawn in a millisecond: what is judged, and
    what it is compared with, dashed. Each unit has a scale of its own. Names stand at the ends, one below the other.
    It begins with a SHARE of the steps, and twice as many whenever these are done."""
    wide = math.ceil(run.steps * 2 ** math.ceil(math.log2(max(run.step / run.steps, SHARE))))
    judged = _judged(run, apart)
    unit = {name: name if apart else "accuracy" in name for name in judged}
    lines = [(name, unit[name], *_means(*pair)[:2], "") for name, pair in judged.items()]
    for name, given in (compare or {}).items():
        lines.append((name, next(iter(unit.values()), False), *_along(given, (0, wide)), "5 4"))
    scales = {which: np.concatenate([y for _, other, _, y, _ in lines if other == which]) for _, which, *_ in lines}
    ends = []
    drawn = [f'<path d="M60 10V{HEIGHT - 25}H{WIDTH - 120}" fill="none" stroke="currentColor" opacity=".3"/>']
    for i, (name, which, steps, values, dashes) in enumerate(line for line in lines if len(line[2])):
        low, high = scales[which].min(), scales[which].max()
        x = 60 + (WIDTH - 180) * steps / wide
        y = 10 + (HEIGHT - 35) * (1 - (values - low) / ((high - low) or 1.0))
        look = f'stroke-width="{1.2 if dashes else 2}" stroke-dasharray="{dashes or 4 * i}"'
        points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))
        drawn.append(f'<polyline points="{points}" fill="none" stroke="currentColor" {look}/>')
        ends.append((y[-1] + 4, x[-1] + 4, name))
        if not i:
            drawn += [_label(52, 15, f"{high:.3g}", "end")] if high > low else []
            drawn.append(_label(52, HEIGHT - 22, f"{low:.3g}", "end"))
    below = 0.0
    for y, x, name in sorted(ends):  # all at the right, where no line goes, however early theirs ends
        below = max(y, below + 15)
        led = f'x1="{x:.1f}" y1="{y - 4:.1f}" x2="{WIDTH - 114}" y2="{below - 4:.1f}"'
        drawn.append(f'<line {led} stroke="currentColor" stroke-width=".8" opacity=".4"/>')
        drawn.append(_label(WIDTH - 110, below, name))
    drawn.append(_label(WIDTH - 120, HEIGHT - 5, tn("{n} step", "{n} steps", wide), "end"))
    size = f'viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="xMinYMid"'
    return f'<svg {size} style="display:block;width:100%" aria-hidden="true">{"".join(drawn)}</svg>'


def _end(steps: Any, values: Any) -> float:
    """Where its line ends."""
    return [values[-1], *_means(steps, values)[1]][-1]


def _label(x: float, y: float, text: str, anchor: str = "start") -> str:
    place = f'x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}"'
    return f'<text {place} fill="currentColor" font-size="14">{html.escape(text)}</text>'


def _judged(run: Any, apart: bool) -> dict[str, Pair]:
    """The curves that are drawn: where a higher number is better, the loss of the batches is none of them. It stands at
    the step that it was for, counted from 1."""
    history = {name: ([i + (name == "loss") for i in at], of) for name, (at, of) in run.history.items() if at}
    return {name: pair for name, pair in history.items() if not apart or name != "loss" or len(history) == 1}


def _means(steps: Any, values: Any) -> tuple[Any, Any, Any, Any]:
    """A history in at most STRETCHES stretches -> the step in the middle of each, of the last one its last; mean,
    lowest and highest number. [n] each. A short one as it is. Holes, which are not finite, are left out."""
    at, of = np.asarray(steps, float), np.asarray(values, float)
    at, of = at[np.isfinite(of)], of[np.isfinite(of)]
    parts = np.array_split(np.arange(len(of)), STRETCHES if len(of) > 2 * STRETCHES else max(1, len(of)))
    over = lambda f, a: np.array([f(a[part]) for part in parts if len(part)])  # noqa: E731
    steps = over(np.mean, at).round()
    steps[-1:] = at[-1:]  # the line ends where the training does
    return steps, over(np.mean, of), over(np.min, of), over(np.max, of)


def _along(given: float | Pair, steps: Any) -> Pair:
    """What a curve is compared with, a number or an earlier history, at these steps."""
    if not isinstance(given, int | float):
        return np.asarray(steps, float), np.interp(steps, *_means(*given)[:2])
    return np.asarray(steps, float), np.full(len(steps), float(given))


def final(run: Any, title: str, apart: bool = False, compare: Compare | None = None) -> dict[str, Any]:
    """What stays in the notebook: the curves as one chart, and one sentence; where it was stopped, above them."""
    history = _judged(run, apart)
    shares = [name for name in history if name.endswith(("accuracy", "score"))]
    groups = [{n: p for n, p in history.items() if (n in shares) == share} for share in (False, True)]
    charts = {}
    for curves in filter(None, groups):
        charts["loss" if "loss" in curves else t(MEASURED) if len(curves) > 1 else next(iter(curves))] = curves
    alone = len(charts) == 1  # else its name is its title
    words = {"title": title, "caption": "" if run.stopped else sentences(run.message, _look(history))}
    drawn = {name: _chart(name, curves, compare if not i else None, run, alone, **words)
             for i, (name, curves) in enumerate(charts.items())}  # fmt: skip
    view = plot.beside(drawn, **words) if len(drawn) > 1 else next(iter(drawn.values()), None)
    bundle = view._repr_mimebundle_() if view else {}
    said = note(run.message) if run.stopped or not view else ""
    return bundle | {"text/html": said + bundle.get("text/html", ""), "text/plain": run.message}


def _look(history: dict[str, Pair]) -> str:
    """Of a single long curve of losses, what to look at, and what its line and its shade are."""
    if list(history) != ["loss"] or len(history["loss"][0]) <= 2 * STRETCHES:
        return ""
    return t("Does it still fall at the end? The line is a mean of many batches, the shade holds the single ones.")


def _chart(name: str, curves: dict[str, Pair], compare: Compare | None, run: Any, alone: bool, **words: str) -> Any:
    """One panel: the mean of each stretch; of a single curve, if it is long, also from its lowest to its highest."""
    means = {n: _means(*pair) for n, pair in curves.items()}
    drawn: dict[str, tuple[Any, ...]] = {n: (at, mean) for n, (at, mean, _, _) in means.items()}
    first = next(iter(means))
    at, _, low, high = means[first]
    if len(curves[first][0]) > len(at) and len(curves) == 1:
        drawn[t(BATCHES)] = (at, low, high)
    share = name != "loss" and all(0 <= y.min(initial=0) <= y.max(initial=0) <= 1 for _, y, *_ in drawn.values())
    limits = (0, 100) if name == "BLEU" else (0, 1) if share else None  # so that two trainings can be compared
    judged = curves.get(next(iter(run.best.metrics), "")) if run.best and run.best.state else None
    best = run.best if judged and len(judged[0]) > 1 else None  # one number alone is not the best of any
    mark = (best.step, t("best: {value}", value=f"{best.value:.3g}")) if best else None
    beside = {n: _along(given, at if len(at) > 1 else (0, run.steps)) for n, given in (compare or {}).items()}
    log = "y" if name == "loss" and len(low) and 0 < 30 * low.min() < high.max() else None
    notes = run.samples if name == "loss" else None
    more = dict(log=log, limits=limits, mark=mark, start=run.step, notes=notes) | words
    return plot.lines(drawn, "step", name if alone else "", compare=beside, **more)
