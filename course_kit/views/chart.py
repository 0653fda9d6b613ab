"""What every chart is: a view of lines, bars or matrices, and the static picture of lines."""

import copy
from typing import NamedTuple

import numpy as np
from matplotlib.ticker import LogLocator, MaxNLocator

from course_kit.views.picture import COLOURS, LINES
from course_kit.views.table import TextTable
from course_kit.views.view import View

DASHES = ["-", (0, (4.4, 2.2)), (0, (1.1, 1.7)), (0, (5, 1.7, 1.1, 1.7))]  # of lines that play no role: lines_paint.js


class Series(NamedTuple):
    """A line, group of points or band (then z is its upper edge); role: of COLOURS; labels: of the points."""

    name: str
    x: np.ndarray
    y: np.ndarray
    z: np.ndarray | None = None
    kind: str = "line"
    role: str | None = None
    labels: list[str] | None = None


class Chart(View):
    """Made by the functions of `plot`, which check what they are given. shown: the panels of lines."""

    scale = 1.5  # a notebook has many of them
    frames: dict[object, "Chart"] = {}  # those that a control chooses from

    def __init__(self, kind, shown, arrays, options, words, table, *, title="", caption="", size=(7.8, 3.2)):
        self.kind, self.shown, self.size, self.words, self.numbers = kind, shown, size, words, TextTable(*table)
        self.colours = 32 if kind == "maps" else 24
        arrays = {
            name: np.concatenate(parts).astype("f2" if kind == "maps" else "f4") for name, parts in arrays.items()
        }
        super().__init__(title, caption, arrays, {"row": 0, "mark": -1}, options=options)

    def describe(self) -> str:
        return self.now.words

    def table(self) -> TextTable:
        return self.now.numbers

    def draw(self, figure) -> None:
        if self.kind == "lines":
            draw_lines(figure, self.now.shown)
        else:
            super().draw(figure)

    @property
    def now(self) -> "Chart":
        return self.frames[self.state["along"]] if self.frames else self


def chosen_from(frames: list[Chart], label: str, values: list, start) -> Chart:
    """One of these charts at a time, chosen by a slider over whole numbers, or by a button for each word."""
    if start not in values:
        raise ValueError(f"start is {start!r}; needed: one of {', '.join(map(str, values))}")
    first = frames[0]
    control = {"name": "along", "label": label}
    words = isinstance(values[0], str)
    control |= {"kind": "choice", "options": values} if words else {"kind": "range", "values": values, "digits": 0}
    first.frames = dict(zip(values, [copy.copy(frame) for frame in frames], strict=True))
    first.arrays = {name: np.concatenate([frame.arrays[name] for frame in frames]) for name in first.arrays}
    first.state |= {"along": start}
    first.controls = [control]
    first.options |= {"along": values}
    if first.kind == "lines":
        first.options["panels"] = [panel for frame in frames for panel in frame.options["panels"]]
    return first


def clock(hours: float) -> str:
    """Hours of a day as a clock shows them: 14.6 -> 14:36."""
    minutes = round(60 * abs(hours))
    return f"{'−' if hours < 0 < minutes else ''}{minutes // 60}:{minutes % 60:02}"


def looks(series: list[Series]) -> list[tuple[str, object]]:
    """Colour and dashes of each: its role's, else those of its number among the ones that play no role."""
    found, plain = [], 0
    for one in series:
        alone = not one.role and one.kind != "dashed"
        nth = plain if alone else 0
        colour = COLOURS[one.role] if one.role else "#596573" if one.kind == "dashed" else LINES[nth % len(LINES)]
        found.append((colour, "--" if one.kind == "dashed" else DASHES[nth % len(DASHES)]))
        plain += alone
    return found


def draw_lines(figure, panels: list[dict]) -> None:
    for axes, panel in zip(np.ravel(figure.subplots(1, len(panels))), panels, strict=True):
        ends, told = [], []
        for i, ((name, x, y, z, kind, _, labels), (colour, dashes)) in enumerate(
            zip(panel["series"], looks(panel["series"]), strict=True)
        ):
            dense = len(x) > 300
            if kind == "band":
                axes.fill_between(x, y, z, color=colour, alpha=0.16, lw=0)
            elif kind == "points":
                axes.plot(x, y, "os^"[i % 3], color=colour, ms=2 if dense else 5, alpha=0.6, mew=0, rasterized=dense)
            else:
                axes.plot(x, y, color=colour, ls=dashes, lw=1.2 if kind == "dashed" else None)
            for label, *at in zip(labels or (), x, y, strict=False):
                told.append(axes.annotate(label, at, (5, -3), textcoords="offset points", fontsize=8, color=colour))
            known = np.flatnonzero(np.isfinite(y))
            if len(known) and len(panel["series"]) > 1:
                ends.append((x[known[-1]], y[known[-1]], name, colour))
        for axis in panel["log"]:
            axes.set(**{f"{axis}scale": "log"})
            low, high = getattr(axes, f"get_{axis}lim")()
            ticks = LogLocator(subs=(1, 2, 5) if high < 1000 * low else (1,))
            getattr(axes, f"{axis}axis").set(major_locator=ticks, major_formatter="{x:g}", minor_formatter="")
        if panel["hours"]:
            axes.xaxis.set(major_locator=MaxNLocator(8, steps=[1, 2, 3, 6]), major_formatter=lambda x, _: clock(x))
        if panel["mark"]:
            axes.axvline(panel["mark"][0], color="#596573", lw=1, ls="--")
            axes.annotate(panel["mark"][1], (panel["mark"][0], 1), (5, -10), ("data", "axes fraction"), "offset points")
        axes.set(xlabel=panel["xlabel"], ylabel=panel["ylabel"], title=panel["title"], ylim=panel["limits"])
        for label in told:  # to the left of its point where there is no room to the right
            if label.get_window_extent().x1 > axes.bbox.x1:
                label.set(ha="right", position=(-5, -3))
        name_ends(axes, ends)


def name_ends(axes, ends: list[tuple[float, float, str, str]]) -> None:
    """The name of each line at its end, spread so that none covers another."""
    placed = -1e9
    for height, x, y, name, colour in sorted((axes.transData.transform(e[:2])[1] * 0.72, *e) for e in ends):
        placed = max(height, placed + 13)
        look = dict(color=colour, va="center", annotation_clip=False)
        axes.annotate(name, (x, y), (6, placed - height), textcoords="offset points", **look)
