"""How a training is drawn: a line, the curve while it runs, the picture that stays. A run is a training's Run."""

import html
import math
from typing import Any

from course_kit.views import plot

MEASURED = "measured on the way"  # title of a panel with several such lines
WIDTH, HEIGHT = 672, 250  # of the live curve, in CSS pixels


def running(run: Any, title: str, apart: bool = False) -> str:
    """The fragment shown while a training runs: bar, figures, curve, always of the same size."""
    name = html.escape(title)
    style = "font-variant-numeric:tabular-nums;white-space:nowrap;overflow:hidden;text-overflow:ellipsis;height:1.6em"
    return (
        f'<div class="course-training" style="max-width:{WIDTH}px;min-height:{HEIGHT + 80}px">'
        f"<strong>{name}</strong>"
        f'<progress aria-label="{name}" style="width:100%" max="{run.steps}" value="{run.step}"></progress>'
        f'<div style="{style}">{html.escape(run.status())}</div>{curve(run, apart)}</div>'
    )


def curve(run: Any, apart: bool = False) -> str:
    """The history, an SVG as wide as there is room, in the ink of its page, drawn in a millisecond. apart: each metric
    has a scale of its own, as an accuracy always has beside losses. Names stand at the ends, one below the other."""
    series = {name: _thinned(*pair) for name, pair in run.history.items()}
    unit = {name: name if apart else "accuracy" in name for name in series}
    scales = {name: [v for n, points in series.items() for _, v in points if unit[n] == unit[name]] for name in series}
    ends = []
    drawn = [f'<path d="M60 10V{HEIGHT - 25}H{WIDTH - 90}" fill="none" stroke="currentColor" opacity=".3"/>']
    for i, (name, points) in enumerate((n, p) for n, p in series.items() if p):
        low, high = min(scales[name]), max(scales[name])
        span = (high - low) or 1.0
        x = [60 + (WIDTH - 150) * step / run.steps for step, _ in points]
        y = [10 + (HEIGHT - 35) * (1 - (value - low) / span) for _, value in points]
        look = f'stroke-width="2" stroke-dasharray="{4 * (i - 1)}"'
        look = 'stroke-width="1.2" opacity=".55"' if name == "loss" else look
        line = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))
        drawn.append(f'<polyline points="{line}" fill="none" stroke="currentColor" {look}/>')
        ends.append((y[-1] + 4, x[-1] + 5, name))
        if not i:
            drawn += [_label(52, 15, f"{high:.3g}", "end"), _label(52, HEIGHT - 22, f"{low:.3g}", "end")]
    below = 0.0
    for y, x, name in sorted(ends):
        below = max(y, below + 13)
        drawn.append(_label(x, below, name))
    drawn.append(_label(WIDTH - 90, HEIGHT - 5, f"{run.steps} steps", "end"))
    size = f'viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="xMinYMid"'
    return f'<svg {size} style="display:block;width:100%" aria-hidden="true">{"".join(drawn)}</svg>'


def _label(x: float, y: float, text: str, anchor: str = "start") -> str:
    place = f'x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}"'
    return f'<text {place} fill="currentColor" font-size="12">{html.escape(text)}</text>'


def _thinned(steps: list[int], values: list[float], most: int = 150) -> list[tuple[int, float]]:
    stride = max(1, len(steps) // most)
    pairs = list(zip(steps, values, strict=True))
    pairs = pairs[::stride] + (pairs[-1:] if (len(pairs) - 1) % stride else [])
    return [(s, v) for s, v in pairs if math.isfinite(v)]


def final(run: Any, title: str, apart: bool = False) -> dict[str, Any]:
    """What stays in the notebook: the curves as one chart, and one sentence."""
    history = {name: pair for name, pair in run.history.items() if pair[0]}
    others = [name for name in history if (name != "loss" if apart else name.endswith(("accuracy", "score")))]
    groups = [{n: p for n, p in history.items() if (n in others) == other} for other in (False, True)]
    charts = {}
    for curves in filter(None, groups):
        numbers = [v for _, values in curves.values() for v in values if math.isfinite(v)]
        falls = any(word in name for name in curves for word in ("loss", "perplexity"))  # what rises has a top
        steep = falls and numbers and min(numbers) > 0 and max(numbers) > 30 * min(numbers)
        name = "loss" if "loss" in curves else MEASURED if len(curves) > 1 else next(iter(curves))
        thin = {n: _thinned(*pair) for n, pair in curves.items()}
        drawn = {n: [[at for at, _ in points], [v for _, v in points]] for n, points in thin.items()}
        limits = (0, 100) if name == "BLEU" else None  # so that two trainings can be compared
        charts[name] = plot.lines(drawn, "step", log="y" if steep else None, limits=limits)
    bundle = plot.beside(charts, title=title, caption=run.message)._repr_mimebundle_() if charts else {}
    page = bundle.get("text/html", f'<p role="status">{html.escape(run.message)}</p>')
    return bundle | {"text/html": page, "text/plain": run.message}
