"""What one sees of a training while it runs, and how ■ reaches it.

In a notebook one display is updated at most four times a second; at the end a picture with alt text stays, which needs
no kernel. In a terminal it is a few plain lines.
"""

from __future__ import annotations

import contextlib
import html
import math
import signal
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

PERIOD = 0.25  # seconds between updates of the display
LINES = 5  # lines printed in a terminal
WIDTH, HEIGHT = 672, 250  # of the live curve, in CSS pixels


class Stop:
    """■ waits for the end of the step under way; during an evaluation it stops at once. A second ■ never waits, and
    once the run is finishing, ■ does nothing: the end is near."""

    def __init__(self) -> None:
        self.busy, self.finishing, self.presses = True, False, 0

    def __enter__(self) -> Stop:
        main = threading.current_thread() is threading.main_thread()
        self.before = signal.getsignal(signal.SIGINT) if main else None
        if callable(self.before):
            signal.signal(signal.SIGINT, self.press)
        return self

    def __exit__(self, *error) -> None:
        if callable(self.before):
            signal.signal(signal.SIGINT, self.before)

    def press(self, number=None, frame=None) -> None:
        self.presses += 1
        if not self.finishing and (not self.busy or self.presses > 1):
            self.finishing = True
            raise KeyboardInterrupt

    def check(self) -> None:
        if self.presses:
            raise KeyboardInterrupt

    @contextlib.contextmanager
    def at_once(self) -> Iterator[None]:
        """What runs here may be cut off anywhere."""
        self.check()
        self.busy = False
        try:
            yield
        finally:
            self.busy = True


class Progress:
    """Shows a Run: `update()` as often as one likes, `finish()` once."""

    def __init__(self, run: Any, title: str, show: bool):
        self.run, self.title, self.show = run, title, show
        self.handle, self.shown, self.first = None, time.monotonic(), run.step
        self.notebook = show and _in_notebook()

    def update(self) -> None:
        if not self.show:
            return
        if not self.notebook:
            self._print()
        elif time.monotonic() - self.shown >= PERIOD:
            self._put({"text/html": live(self.run, self.title), "text/plain": status(self.run)})
            self.shown = time.monotonic()

    def finish(self) -> None:
        if not self.show:
            return
        if self.notebook:
            self._put(final(self.run, self.title))
        else:
            print(self.run.message)

    def _print(self) -> None:
        every = max(1, (self.run.steps - self.first) // LINES)
        if (self.run.step - self.first) % every == 0 and self.run.step < self.run.steps:
            print(status(self.run))

    def _put(self, bundle: dict[str, Any]) -> None:
        from IPython.display import display

        if self.handle is None:
            self.handle = display(bundle, raw=True, display_id=True)
        else:
            self.handle.update(bundle, raw=True)


def _in_notebook() -> bool:
    ipython = sys.modules.get("IPython")
    return bool(ipython and hasattr(ipython.get_ipython(), "kernel"))


def status(run: Any) -> str:
    """`step 120 of 200 · loss 0.031 · held-out 0.04 · best 0.039 after step 110`"""
    parts = [f"step {run.step} of {run.steps}"]
    parts += [f"{name} {values[-1]:.4g}" for name, (_, values) in run.history.items() if values]
    if run.best and "held-out" in run.history:
        parts.append(f"best {run.best.value:.4g} after step {run.best.step}")
    return " · ".join(parts)


def live(run: Any, title: str) -> str:
    """The fragment shown while a training runs: bar, figures, curve, always of the same size."""
    name = html.escape(title)
    style = "font-variant-numeric:tabular-nums;white-space:nowrap;overflow:hidden;text-overflow:ellipsis;height:1.6em"
    sample = ""
    if run.samples is not None:
        sample = f'<pre style="height:7em;overflow:auto;margin:.3em 0">{html.escape(str(run.samples))}</pre>'
    return (
        f'<div class="course-training" style="max-width:{WIDTH}px;min-height:{HEIGHT + 60}px">'
        f'<progress aria-label="{name}" style="width:100%" max="{run.steps}" value="{run.step}"></progress>'
        f'<div style="{style}">{html.escape(status(run))}</div>{curve(run)}{sample}</div>'
    )


def curve(run: Any) -> str:
    """The history as an SVG of fixed size, in the ink of the page; drawn in a millisecond."""
    series = {name: _thinned(*pair) for name, pair in run.history.items()}
    numbers = [v for points in series.values() for _, v in points]
    if not numbers:
        return f'<svg width="{WIDTH}" height="{HEIGHT}"></svg>'
    low, high = min(numbers), max(numbers)
    span = (high - low) or 1.0

    def at(step: float, value: float) -> str:
        return f"{60 + (WIDTH - 130) * step / run.steps:.1f},{10 + (HEIGHT - 35) * (1 - (value - low) / span):.1f}"

    ink = 'fill="currentColor" font-size="12"'
    drawn = [
        f'<text x="52" y="15" text-anchor="end" {ink}>{high:.3g}</text>',
        f'<text x="52" y="{HEIGHT - 22}" text-anchor="end" {ink}>{low:.3g}</text>',
        f'<text x="{WIDTH - 70}" y="{HEIGHT - 5}" text-anchor="end" {ink}>{run.steps} steps</text>',
    ]
    for i, (name, points) in enumerate((n, p) for n, p in series.items() if p):
        look = (
            'stroke-width="1.2" opacity=".55"'
            if name == "loss"
            else f'stroke-width="2" stroke-dasharray="{4 * (i - 1)}"'
        )
        line = " ".join(at(*point) for point in points)
        x, y = at(*points[-1]).split(",")
        drawn.append(f'<polyline points="{line}" fill="none" stroke="currentColor" {look}/>')
        drawn.append(f'<text x="{x}" y="{y}" dx="5" dy="{4 + 12 * (i % 2)}" {ink}>{html.escape(name)}</text>')
    return f'<svg width="{WIDTH}" height="{HEIGHT}" style="max-width:100%" aria-hidden="true">{"".join(drawn)}</svg>'


def _thinned(steps: list[int], values: list[float], most: int = 300) -> list[tuple[int, float]]:
    stride = max(1, len(steps) // most)
    pairs = list(zip(steps, values, strict=True))
    pairs = pairs[::stride] + (pairs[-1:] if (len(pairs) - 1) % stride else [])
    return [(s, v) for s, v in pairs if math.isfinite(v)]


def final(run: Any, title: str) -> dict[str, Any]:
    """What stays in the notebook: the curves as a picture, and one sentence."""
    from .views import plot

    sentence = html.escape(run.message)
    history = {name: pair for name, pair in run.history.items() if pair[0]}
    bundle = {"text/plain": run.message, "text/html": f'<p role="status">{sentence}</p>'}
    if history:
        positive = all(v > 0 for _, values in history.values() for v in values)
        numbers = [v for _, values in history.values() for v in values]
        log = "y" if positive and max(numbers) > 30 * min(numbers) else None
        picture = plot.lines(history, "step", "loss", title=title, log=log)
        page = picture._repr_mimebundle_()
        sample = f"<pre>{html.escape(str(run.samples))}</pre>" if run.samples is not None else ""
        page["text/html"] += bundle["text/html"] + sample
        bundle = page | {"text/plain": run.message}
    return bundle
