"""Charts: lines, points, bars, matrices. Each is a view that reads its numbers out."""

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from course_kit.i18n import from_cell, mark, t
from course_kit.programs.arguments import described, left
from course_kit.views.chart import Chart, Series, clock
from course_kit.views.inputs import Labels, Numbers, as_array, as_labels, checked_labels

Points = Sequence[Numbers | None]  # (x, y), or (x, low, high)
Curves = Mapping[str, Points]
Along = tuple[str, Sequence[Any], Any]
KEYS = ("rows", "columns")
__all__ = ["bars", "beside", "chosen", "lines", "maps", "points", "regression"]


def regression(
    keys: Numbers,
    values: Numbers,
    curves: Curves,
    truth: Points | None = None,
    *,
    xlabel: str = "key",
    ylabel: str = "value",
    **words: Any,
) -> Chart:
    """The examples as dots in the values' green, and curves over them, the first in the output's purple.

    keys [K], values [K]; curves: name -> (x [n], y [n]), NaN drawn as a gap; truth: (x, y), dashed.
    start, hours: see `lines`.
    """
    dots = [_series("", (keys, values), t("keys and values"))._replace(kind="points", role="value")]
    dots += [] if truth is None else [_series("", truth, "truth")._replace(kind="dashed")]
    drawn = _named(curves)
    drawn[:1] = [one._replace(role="output") for one in drawn[:1]]
    return _lines(dots + drawn, xlabel, ylabel, **words)


def points(
    x: Numbers | Curves,
    y: Numbers | None = None,
    xlabel: str = "",
    ylabel: str = "",
    *,
    labels: Labels | dict[str, Labels] | None = None,
    log: str | None = None,
    role: str | dict[str, str] | None = None,
    **words: Any,
) -> Chart:
    """Points alone: x [K], y [K], with labels if they have names; or groups, name -> (x, y), each with its mark.

    labels, role (a key of COLOURS): of all points, or name of a group -> labels, role. (x, low, high) is a band.
    compare: see `lines`.
    """
    groups = _named(x) if isinstance(x, Mapping) else [_series("", (x, y), t("x and y"))]
    labels_of, role_of = (_by_group(of, groups) for of in (labels, role))
    for i, group in enumerate(groups):
        own_labels, own = labels_of.get(group.name), role_of.get(group.name)
        names = None if own_labels is None else checked_labels(own_labels, len(group.x), "labels", "x holds {} numbers")
        groups[i] = group._replace(kind="band" if group.kind == "band" else "points", role=own, labels=names)
    return _lines(groups, xlabel, ylabel, log=log, **words)


def lines(
    series: Curves,
    xlabel: str = "",
    ylabel: str = "",
    *,
    compare: Curves | None = None,
    log: str | None = None,
    mark: tuple[float, str] | None = None,
    limits: tuple[float, float] | None = None,
    start: float | None = None,
    hours: bool = False,
    notes: Mapping[Any, object] | None = None,
    **words: Any,
) -> Chart:
    """One line per name: series name -> (x [n], y [n]), or (x, low, high) for a band. log: None, "x", "y" or "xy".
    compare: the same, dashed, what the others are compared with.
    mark: (x, text), a dashed line across; limits: of the vertical axis, (low, high).
    start: the x at which the first line is read out before anybody points. hours: x is a time of day, 14.6 is 14:36.
    notes: x -> what is written below of the first line's point there, such as what a model says by then.
    words: title, caption."""
    drawn = _named(series)
    if len(left(drawn and drawn[0].x)) == 1 and drawn[0].z is None:  # of a training that was stopped
        drawn[0] = drawn[0]._replace(kind="points", labels=[t("one measurement so far")])
    heights = {x: float(np.interp(x, drawn[0].x, drawn[0].y)) for x in sorted(notes or ())}
    words["notes"] = [[x, height, str((notes or {})[x])] for x, height in heights.items()]
    return _lines(drawn, xlabel, ylabel, compare, log, mark, limits, start, hours, **words)


def beside(charts: Mapping[str, Chart], **words: Any) -> Chart:
    """Charts of lines or points side by side in one view: title of each -> chart. words: title, caption."""
    shown = [{**chart.shown[0], "title": from_cell(name)} for name, chart in charts.items()]
    return _chart(shown, **words, size=(min(9.4, 3.9 * len(shown)), 2.8))


def chosen(charts: dict[Any, Chart], label: str, start: object, *, title: str = "", caption: str = "") -> Chart:
    """Charts of one kind, one of them at a time: a slider over whole numbers, or a button for each word.

    charts: number or word -> chart, all with as many lines and points; label: of the control; start: seen first.
    """
    values, frames = list(charts), list(charts.values())
    control: dict = {"name": "along", "label": from_cell(label)}
    if isinstance(values[0], str):
        control |= {"kind": "choice", "options": values, "words": {v: from_cell(v) for v in values}}
    else:
        control |= {"kind": "range", "values": values, "digits": 0}
    first = copy.copy(frames[0])
    first.title, first.caption = from_cell(title), from_cell(caption)
    first.frames, first.controls = charts, [control]
    first.arrays = {name: np.concatenate([frame.arrays[name] for frame in frames]) for name in first.arrays}
    first.state, first.options = first.state | {"along": start}, first.options | {"along": values}
    if first.kind == "lines":
        first.options["panels"] = [panel for frame in frames for panel in frame.options["panels"]]
    return first


def bars(
    labels: Labels,
    values: Numbers | dict[str, Numbers],
    *,
    ylabel: str = "",
    digits: int = 3,
    each: Numbers | None = None,
    **words: Any,
) -> Chart:
    """One bar per name with its number. words: title, caption.

    values: [n], or several, as {"before": [n], "after": [n]}: then each name has a bar of each, the last one dark.
    each: [n, R], single measurements of what the bars are the means of: a dot for each.
    """
    named = values if isinstance(values, dict) else {"": values}
    parts, amounts = list(named), [as_array(of, f"values {part}".strip()) for part, of in named.items()]
    names = checked_labels(labels, len(amounts[0]), "labels", "values holds {} numbers")
    dots = np.empty((len(names), 0)) if each is None else as_array(each, "each")
    names, parts, ylabel = from_cell(names), from_cell(parts), from_cell(ylabel)
    rows = [[name, *(f"{of[i]:.{digits}f}" for of in amounts)] for i, name in enumerate(names)]
    texts = [t(", ").join(f"{p} {x}".strip() for p, x in zip(parts, of, strict=True)) for _, *of in rows]
    message = t("; ").join(t("{name}: {text}", name=n, text=one) for (n, *_), one in zip(rows, texts, strict=True))
    options = dict(names=names, parts=parts, ylabel=ylabel, digits=digits, dots=dots.shape[1], along=[])
    header = [ylabel or t("name"), *parts] if parts != [""] else [t("name"), ylabel or t("value")]
    arrays = {"y": [np.stack(amounts, -1).ravel()], "dots": [dots.ravel()]}
    return Chart("bars", [], arrays, options, t("{text}.", text=message), (header, rows), **words)


def maps(
    matrices: dict[str, Numbers],
    rows: str | Mapping[str, Labels] = "row",
    columns: str | Mapping[str, Labels] = "column",
    *,
    limits: tuple[float, float] = (0, 1),
    signed: Sequence[str] = (),
    axes: Sequence[str] | None = None,
    scale: str = "",
    across: int = 0,
    along: Along | None = None,
    **words: Any,
) -> Chart:
    """Matrices beside each other: title -> [R, C].

    rows, columns: what they are ("query"), or title -> labels; axes: what they are, beside the labels; limits: no ink
    and full ink; scale: what the ink measures; across: how many side by side, if not as many as fit; signed: titles of
    numbers that may be below 0, which then have another colour.
    Matrices of True and False are drawn in half ink: a permission is no weight of 1. What is not allowed is hatched.
    along: (label, F whole numbers or F words, the first of them to be seen), a slider or buttons; then [F, R, C] each.
    """
    if along is not None:
        words |= dict(limits=limits, signed=signed, axes=axes, scale=scale, across=across)
        return _along(matrices, along, lambda of: maps(of, rows, columns, **words))
    plain = (rows, mark("row")), (columns, mark("column"))
    of = [({}, word) if isinstance(word, str) else (word, what) for word, what in plain]
    axes = axes and tuple(from_cell(name) for name in axes)
    parts = {title: as_array(matrix, title) for title, matrix in matrices.items()}
    half = limits == (0, 1) and not signed and all(np.isin(part, (0, 1)).all() for part in parts.values())
    panels, ends = [], [limits[0], limits[1] + 0.7 * half]
    for title, part in parts.items():
        if part.ndim != 2 or not part.size:
            raise ValueError(f"{title} has shape {part.shape}; needed: [rows, columns]")
        names = {key: as_labels(by.get(title, ()), f"labels of {title}") for key, (by, _) in zip(KEYS, of, strict=True)}
        panels.append(
            dict(title=from_cell(title), shape=part.shape, signed=title in signed, mask=bool(half), range=ends) | names
        )
    down, over = (word if word in ("query", "key") else from_cell(word) for _, word in of)
    options = dict(panels=panels, rows=down, columns=over, axes=axes, scale=from_cell(scale))
    options |= {"across": across, "along": []}
    arrays = {"y": [part.ravel() for part in parts.values()]}
    return Chart("maps", [], arrays, options, *_read_out(parts, from_cell(of[0][1])), **words)


def _read_out(parts: dict, rows: str) -> tuple[str, tuple[list, list]]:
    """Matrices in words, and as a table of at most 48 rows of 16 numbers."""
    cells = [[from_cell(title), *(f"{v:.3g}" for v in row[:16])] for title, part in parts.items() for row in part]
    message = t("; ").join(
        t("{title}: {shape}, mean {mean}", title=from_cell(title), shape=list(part.shape), mean=f"{part.mean():.2g}")
        for title, part in parts.items()
    )
    width = max(map(len, cells))
    return message, ([rows, *map(str, range(1, width))], [row + ["–"] * (width - len(row)) for row in cells[:48]])


def _along(matrices: dict, along: Along, chart: Callable[[dict[str, Any]], Chart]) -> Chart:
    """One chart of the first axis of what is given at a time; along: as in `maps`."""
    label, values, start = along
    frames = {value: chart({name: of[f] for name, of in matrices.items()}) for f, value in enumerate(values)}
    return chosen(frames, label, start, title=frames[values[0]].title, caption=frames[values[0]].caption)


def _lines(
    series: list[Series],
    xlabel: str,
    ylabel: str,
    compare: Curves | None = None,
    log: str | None = None,
    mark: tuple[float, str] | None = None,
    limits: tuple[float, float] | None = None,
    start: float | None = None,
    hours: bool = False,
    notes: Iterable[list[Any]] = (),
    **words: Any,
) -> Chart:
    series = series + [one._replace(kind="dashed") for one in _named(compare or {})]
    mark = mark and (float(mark[0]), from_cell(mark[1]))
    limits = limits and (float(limits[0]), float(limits[1]))
    start = None if start is None else float(start)
    xlabel, ylabel, log = from_cell(xlabel), from_cell(ylabel), log or ""
    panel: dict[str, Any] = dict(
        series=series, xlabel=xlabel, ylabel=ylabel, log=log, mark=mark, limits=limits, start=start, title=""
    )
    panel |= {"hours": hours, "notes": list(notes)}
    return _chart([panel], **words)


def _chart(panels: list[dict[str, Any]], **words: Any) -> Chart:
    every = [(panel, line) for panel in panels for line in panel["series"]]
    arrays = {"x": [line.x for _, line in every], "y": [line.y for _, line in every]}
    arrays["z"] = [line.z for _, line in every if line.z is not None] or [np.zeros(0)]
    look = lambda s: dict(name=from_cell(s.name), kind=s.kind, role=s.role, labels=s.labels, count=len(s.x))  # noqa: E731
    options = {"panels": [{**panel, "series": list(map(look, panel["series"]))} for panel in panels]}
    ends = t("; ").join(_ends(line) for _, line in every)
    message = t("{y} against {x}: {ends}", y=panels[0]["ylabel"], x=panels[0]["xlabel"], ends=ends)
    rows = [
        [from_cell(line.name) or "–", clock(a) if panel["hours"] else f"{a:.6g}", f"{b:.3g}"]
        for panel, line in every
        for a, b in list(zip(line.x, line.y, strict=True))[:: -(-len(line.x) // 24)]
    ]
    rows += [[text, f"{a:.6g}", f"{b:.3g}"] for panel in panels for a, b, text in panel["notes"]]
    return Chart("lines", panels, arrays, options, message, ([t("line"), "x", "y"], rows), **words)


def _named(named: Curves) -> list[Series]:
    return [_series(str(name), xy, name) for name, xy in named.items()]


def _series(name: str, values: Points, description: str) -> Series:
    if not isinstance(values, tuple | list) or len(values) not in (2, 3):
        raise ValueError(f"{description} is {described(values)}; needed: (x, y), two of shape [n], or (x, low, high)")
    x, *ys = (as_array(part, description) for part in values)
    for y in ys:
        if x.shape != y.shape or x.ndim != 1:
            raise ValueError(
                f"{description}: x has shape {x.shape} and y {y.shape}, a line needs two of shape [n], the same n"
            )
    return Series(name, x, ys[0], ys[1], "band") if len(ys) == 2 else Series(name, x, ys[0])


def _by_group(value: object, groups: list[Series]) -> dict:
    return value if isinstance(value, dict) else dict.fromkeys((one.name for one in groups), value)


def _ends(series: Series) -> str:
    """What is read out of a series; of a band how high it is, from its lower edge to its upper one."""
    y = series.y if series.z is None else series.z - series.y
    y = y[np.isfinite(y)]
    unnamed = {"points": t("dots"), "dashed": t("dashed line"), "band": t("band")}
    name = from_cell(series.name) if series.name else unnamed.get(series.kind, t("line"))
    if not len(y):
        return t("{name}: empty", name=name)
    return t(
        "{name} from {y} to {y2}, lowest {min}, highest {max}",
        name=name,
        y=f"{y[0]:.3g}",
        y2=f"{y[-1]:.3g}",
        min=f"{y.min():.3g}",
        max=f"{y.max():.3g}",
    )
