"""What every chart is: a view of lines, bars or matrices, and the static picture of lines."""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from course_kit.views.picture import COLOURS
from course_kit.views.table import TextTable
from course_kit.views.view import View

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MARKS = {"points": {"marker": "o", "ls": "", "ms": 4}, "dashed": {"ls": "--", "lw": 1.2, "color": "#596573"}}


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

    wording = View.wording | {"xlabel", "ylabel", "parts", "axes", "scale", "mark"}
    scale = 1.5  # a notebook has many of them
    frames: dict[object, "Chart"] = {}  # those that a control chooses from

    def __init__(
        self,
        kind: str,
        shown: list[dict[str, Any]],
        arrays: dict[str, list[np.ndarray]],
        options: dict[str, Any],
        words: str,
        table: tuple[list[str], list[list[str]]],
        *,
        title: str = "",
        caption: str = "",
        size: tuple[float, float] = (7.8, 3.2),
    ) -> None:
        self.kind, self.shown, self.size, self.words, self.numbers = kind, shown, size, words, TextTable(*table)
        self.colours = 32 if kind == "maps" else 24
        form = "f2" if kind == "maps" else "f4"
        packed = {name: np.concatenate(parts).astype(form) for name, parts in arrays.items()}
        super().__init__(title, caption, packed, {"row": 0, "mark": -1}, options=options)

    def describe(self) -> str:
        return self.now.words

    def table(self) -> TextTable:
        return self.now.numbers

    def draw(self, figure: "Figure") -> None:
        if self.kind == "lines":
            draw_lines(figure, self.now.shown)
        else:
            super().draw(figure)

    @property
    def now(self) -> "Chart":
        return self.frames[self.state["along"]] if self.frames else self


def clock(hours: float) -> str:
    """Hours of a day as a clock shows them: 14.6 -> "14:36"; `clock` in js/src/shared/numbers.js is the same."""
    minutes = int(60 * abs(hours) + 0.5)
    return f"{'−' if hours < 0 < minutes else ''}{minutes // 60}:{minutes % 60:02}"


def draw_lines(figure: "Figure", panels: list[dict]) -> None:
    """The plain picture. What readers see is drawn by js/src/views/lines_paint.js."""
    for axes, panel in zip(np.ravel(figure.subplots(1, len(panels))), panels, strict=True):
        for one in panel["series"]:
            look = {"label": one.name} | ({"color": COLOURS[one.role]} if one.role else {})
            if one.kind == "band":
                axes.fill_between(one.x, one.y, one.z, alpha=0.16, **look)
            else:
                axes.plot(one.x, one.y, **look, **MARKS.get(one.kind, {}))
            for label, *place in zip(one.labels or (), one.x, one.y, strict=False):
                axes.annotate(label, place)
        for n, (x, y, _) in enumerate(panel["notes"]):
            axes.annotate(str(n + 1), (x, y), weight="bold")
        for axis in panel["log"]:
            axes.set(**{f"{axis}scale": "log"})
        if panel["hours"]:
            axes.xaxis.set_major_formatter(lambda x, _: clock(x))
        if panel["mark"]:
            axes.axvline(panel["mark"][0], lw=1)
        axes.set(xlabel=panel["xlabel"], ylabel=panel["ylabel"], title=panel["title"], ylim=panel["limits"])
        if sum(bool(one.name) for one in panel["series"]) > 1:
            axes.legend()
