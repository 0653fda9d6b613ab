"""Charts: lines, points, bars, the shares of a whole, matrices. Each is a view that reads its numbers out."""

import numpy as np

from course_utils.support.checks import described, one_of, real_number, text, whole_number

from .chart import Chart, Series
from .given import as_array, as_labels, checked_labels
from .picture import COLOURS

__all__ = ["bars", "beside", "lines", "maps", "points", "regression", "stacked"]


def regression(keys, values, curves, truth=None, *, xlabel="key", ylabel="value", **words):
    """The examples as dots in the values' green, and curves over them, the first in the output's purple.

    keys [K], values [K]; curves: name -> (x [n], y [n]), NaN drawn as a gap; truth: (x, y), dashed.
    """
    found = [_series("", (keys, values), "keys and values")._replace(kind="points", role="value")]
    found += [] if truth is None else [_series("", truth, "truth")._replace(kind="dashed")]
    drawn = _named("curves", curves)
    drawn[:1] = [one._replace(role="output") for one in drawn[:1]]
    return _lines(found + drawn, xlabel, ylabel, **words)


def points(x, y=None, xlabel="", ylabel="", *, labels=None, log=None, role=None, **words):
    """Points alone: x [K], y [K], with labels if they have names; or groups, name -> (x, y), each with its mark."""
    groups = _named("x", x) if isinstance(x, dict) else [_series("", (x, y), "x and y")]
    role is None or one_of("role", role, COLOURS)
    names = None if labels is None else checked_labels(labels, len(groups[0].x), "labels", "x holds {} numbers")
    groups = [one._replace(kind="points", role=role, labels=names) for one in groups]
    return _lines(groups, xlabel, ylabel, log=log, **words)


def lines(series, xlabel="", ylabel="", *, log=None, mark=None, **words):
    """One line per name: series name -> (x [n], y [n]), or (x, low, high) for a band. log: None, "x", "y" or "xy".
    mark: (x, text), a dashed line across. words: title, caption."""
    return _lines(_named("series", series), xlabel, ylabel, log, mark, **words)


def beside(charts, **words):
    """Charts of lines or points side by side in one view: title of each -> chart. words: title, caption."""
    if not isinstance(charts, dict) or not charts or any(getattr(c, "kind", "") != "lines" for c in charts.values()):
        raise TypeError(f"charts is {described(charts)}; needed: title -> chart, made by lines, points or regression")
    shown = [{**chart.shown[0], "title": text("a title", name)} for name, chart in charts.items()]
    return _chart(shown, **words, size=(min(9.4, 3.9 * len(shown)), 2.8))


def bars(labels, values, *, ylabel="", role=None, digits=3, **words):
    """One bar per name with its number; role: a key of COLOURS, or None for ink. words: title, caption."""
    values = as_array(values, "values")
    if values.ndim != 1:
        raise ValueError(f"values have shape {values.shape}; needed: [n], a number for each bar")
    labels = checked_labels(labels, len(values), "labels", "values holds {} numbers")
    role is None or one_of("role", role, COLOURS), whole_number("digits", digits, 0, 20), text("ylabel", ylabel)
    rows = [[name, f"{value:.{digits}f}"] for name, value in zip(labels, values, strict=True)]
    options, shown = dict(names=labels, ylabel=ylabel, role=role, digits=digits), (labels, values, [n for _, n in rows])
    said, table = ", ".join(map(" ".join, rows)) + ".", (["name", ylabel or "value"], rows)
    return Chart("bars", (*shown, ylabel, role), {"y": [values]}, options, said, table, **{"size": (7.8, 2.4)} | words)


def stacked(whole, *, xlabel="% of all", **words):
    """One bar per name, cut into the shares of its parts: name -> {part: amount}, the same parts for all."""
    _amounts(whole), text("xlabel", xlabel)
    share = {part: sum(of[part] / sum(of.values()) for of in whole.values()) for part in next(iter(whole.values()))}
    parts, labels = sorted(share, key=lambda part: -share[part]), list(whole)
    amounts = np.array([[of[part] for part in parts] for of in whole.values()], float)
    rows = [[name, *(f"{of[part]:,}" for part in parts)] for name, of in whole.items()]
    said = "; ".join(f"{n}: " + ", ".join(map(" ".join, zip(parts, of, strict=True))) for n, *of in rows)
    options, shown = dict(names=labels, parts=parts, xlabel=xlabel), (labels, parts, amounts, xlabel)
    return Chart("shares", shown, {"y": list(amounts)}, options, said, (["of", *parts], rows), size=(8, 2.4), **words)


def maps(matrices, rows="row", columns="column", *, limits=(0, 1), roles=None, mode="ink", **words):
    """Matrices beside each other: title -> [R, C], or [P, R, C] for P of them in a line. Dark is `limits[1]` or more.

    rows, columns: what they are ("query"), or title -> labels; roles: title -> key of COLOURS; mode: "ink" or "scores".
    """
    if not isinstance(matrices, dict) or not matrices or not isinstance(roles or {}, dict):
        raise TypeError(
            f"matrices is {described(matrices)}, roles {described(roles)}; needed: title -> [R, C], title -> role"
        )
    if not isinstance(limits, tuple | list) or len(limits) != 2 or not limits[0] < limits[1]:
        raise ValueError(f"limits is {described(limits)}; needed: (number for white, number for dark)")
    one_of("mode", mode, ("ink", "scores"))
    panels, shown, found = [], [], []
    for group, (title, matrix) in enumerate(matrices.items()):
        array = as_array(matrix, title)
        parts = array if array.ndim == 3 else array[None]
        if parts.ndim != 3 or not parts.size:
            raise ValueError(f"{title} has shape {array.shape}; needed: [rows, columns] or [parts, rows, columns]")
        role, (down, across) = (roles or {}).get(title), ({} if isinstance(n, str) else n for n in (rows, columns))
        names = [as_labels(of.get(title, ()), f"labels of {title}") for of in (down, across)]
        for i, part in enumerate(parts):
            panels.append(dict(title=title if not i else "", group=group, shape=part.shape, role=role))
            panels[-1] |= dict(rows=names[0] or None, columns=names[1] or None)
            shown.append((panels[-1]["title"], part, role, *names)), found.append(part.ravel())
    wide = any(part.shape[1] > 5 * part.shape[0] for _, part, *_ in shown)
    lines = [[s for s, p in zip(shown, panels, strict=True) if p["group"] == g] for g in range(len(matrices))]
    lines = lines if wide else [shown[i : i + 4] for i in range(0, len(shown), 4)]
    options = dict(panels=panels, range=list(limits), mode=mode)
    options |= {k: n if isinstance(n, str) else k[:-1] for k, n in (("rows", rows), ("columns", columns))}
    said = "; ".join(f"{title or 'beside it'}: {len(m)} by {m.shape[1]}, mean {m.mean():.2g}" for title, m, *_ in shown)
    cells = [[f"{title} {i + 1}", *(f"{v:.3g}" for v in row[:36])] for title, m, *_ in shown for i, row in enumerate(m)]
    table = (
        [options["rows"], *map(str, range(1, max(map(len, cells))))],
        [c + [""] * (max(map(len, cells)) - len(c)) for c in cells[:64]],
    )
    size = (7.8, 0.6 * len(lines) if wide else 2.9 * len(lines))
    return Chart("maps", (lines, limits, mode), {"y": found}, options, said, table, size=size, **words)


def _lines(series, xlabel, ylabel, log=None, mark=None, **words) -> Chart:
    text("xlabel", xlabel), text("ylabel", ylabel)
    log = "" if log is None else one_of("log", log, ("x", "y", "xy"))
    if mark is not None:
        if not isinstance(mark, tuple | list) or len(mark) != 2:
            raise ValueError(f"mark is {described(mark)}; needed: (x, text)")
        mark = real_number("mark's x", mark[0]), text("mark's text", mark[1])
    return _chart([dict(series=series, xlabel=xlabel, ylabel=ylabel, log=log, mark=mark, title="")], **words)


def _chart(panels, **words) -> Chart:
    every = [(panel, one) for panel in panels for one in panel["series"]]
    arrays = {"x": [one.x for _, one in every], "y": [one.y for _, one in every]}
    arrays["z"] = [one.y if one.z is None else one.z for _, one in every]
    look = lambda s: dict(name=s.name, kind=s.kind, role=s.role, labels=s.labels, count=len(s.x))  # noqa: E731
    options = {"panels": [{**panel, "series": list(map(look, panel["series"]))} for panel in panels]}
    said = f"{panels[0]['ylabel']} against {panels[0]['xlabel']}: " + "; ".join(_ends(one) for _, one in every)
    rows = [
        [one.name or "–", f"{a:.6g}", f"{b:.3g}"]
        for _, one in every
        for a, b in list(zip(one.x, one.y, strict=True))[:: -(-len(one.x) // 24)]
    ]
    return Chart("lines", panels, arrays, options, said, (["line", "x", "y"], rows), **words)


def _named(what: str, named) -> list[Series]:
    if not isinstance(named, dict):
        raise TypeError(f"{what} is {described(named)}; needed: name -> (x, y)")
    return [_series(str(name), xy, name) for name, xy in named.items()]


def _series(name: str, given, what: str) -> Series:
    if not isinstance(given, tuple | list) or len(given) not in (2, 3):
        raise ValueError(f"{what} is {described(given)}; needed: (x, y), two of shape [n], or (x, low, high)")
    x, *ys = (as_array(part, what) for part in given)
    for y in ys:
        if x.shape != y.shape or x.ndim != 1:
            raise ValueError(
                f"{what}: x has shape {x.shape} and y {y.shape}, a line needs two of shape [n], the same n"
            )
    return Series(name, x, *ys, kind="band" if len(ys) == 2 else "line")


def _ends(one: Series) -> str:
    x, y = (part[np.isfinite(one.y)] for part in (one.x, one.y))
    if not len(y):
        return f"{one.name}: empty"
    return f"{one.name} from {y[0]:.3g} to {y[-1]:.3g}, lowest {y.min():.3g}, highest {y.max():.3g}"


def _amounts(whole) -> None:
    """Parts of wholes: the same names for each, amounts from 0 that are not all 0."""
    named = isinstance(whole, dict) and all(isinstance(found, dict) for found in whole.values())
    if not named or not whole or len({frozenset(found) for found in whole.values()}) > 1:
        raise ValueError(f"whole is {described(whole)}; needed: name -> {{part: amount}}, the same parts for all")
    for name, found in whole.items():
        if not sum(real_number(f"an amount of {name}", amount, least=0) for amount in found.values()) > 0:
            raise ValueError(f"the parts of {name!r} amount to 0; needed: at least one above 0")
