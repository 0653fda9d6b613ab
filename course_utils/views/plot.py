"""Figures in the course's style, with matplotlib: the four role colours, direct labels, a caption.

Each function returns a `Picture`: an image with alt text and caption that a page without scripts shows as well.
"""

import numpy as np

from course_utils.support.checks import described, one_of, real_number, text, whole_number

from .given import as_array, checked_labels
from .picture import COLOURS, HEADS, PAPER, SAND, Picture, ink_map, names, picture

__all__ = ["COLOURS", "PAPER", "SAND", "Picture", "ink_map"]
__all__ += ["bars", "lines", "picture", "points", "regression", "stacked"]


def regression(
    keys, values, curves, truth=None, *, title="", caption="", xlabel="key", ylabel="value", size=(7.0, 3.4)
):
    """The examples as dots in the values' green, and curves over them, the first in the output's purple.

    keys [K], values [K]; curves: name -> (x [n], y [n]), NaN drawn as a gap; truth: (x, y), dashed.
    """
    keys, values = _pair((keys, values), "keys and values")
    curves = _pairs("curves", curves)
    truth = None if truth is None else _pair(truth, "truth")
    text("title", title), text("xlabel", xlabel), text("ylabel", ylabel)

    def draw(figure):
        axes = figure.subplots()
        dense = len(keys) > 300
        axes.plot(keys, values, "o", ms=2 if dense else 5, color=COLOURS["value"], alpha=0.35 if dense else 0.55, mew=0)
        if truth is not None:
            axes.plot(*truth, "--", color="#8a949e", lw=1.2)
        colours = [COLOURS["output"], "#1b2430", "#806f2e", "#a55246", "#596573"]
        for (x, y), colour in zip(curves.values(), colours, strict=False):
            axes.plot(x, y, color=colour)
        _direct_labels(axes, curves, colours)
        axes.set(xlabel=xlabel, ylabel=ylabel, title=title)

    alt = f"{title}. {len(keys)} examples and the curves {', '.join(curves)}: "
    alt += "; ".join(map(_ends, curves, curves.values()))
    return Picture(draw, size, caption, alt)


def points(x, y, *, size=(7.0, 3.0), **words):
    """The examples alone: keys across, values up. x [K], y [K]; words: title, caption, xlabel, ylabel."""
    return regression(x, y, {}, size=size, **words)


def lines(series, xlabel="", ylabel="", *, title="", caption="", log=None, mark=None, size=(7.0, 3.2)):
    """One line per name: series name -> (x [n], y [n]). log: None, "x", "y" or "xy". mark: (x, text)."""
    series = _pairs("series", series)
    text("title", title), text("xlabel", xlabel), text("ylabel", ylabel)
    log = "" if log is None else one_of("log", log, ("x", "y", "xy"))
    if mark is not None:
        if not isinstance(mark, tuple | list) or len(mark) != 2:
            raise ValueError(f"mark is {described(mark)}; needed: (x, text)")
        real_number("mark's x", mark[0]), text("mark's text", mark[1])

    def draw(figure):
        axes = figure.subplots()
        drawn = [axes.plot(x, y)[0] for x, y in series.values()]
        for axis in log:
            _log_axis(axes, axis)
        if mark is not None:
            axes.axvline(mark[0], color="#596573", lw=1, ls="--")
            place = dict(xycoords=("data", "axes fraction"), xytext=(5, -10), textcoords="offset points")
            axes.annotate(mark[1], (mark[0], 1), **place)
        if len(series) > 1:
            _direct_labels(axes, series, [line.get_color() for line in drawn])
        axes.set(xlabel=xlabel, ylabel=ylabel, title=title)

    alt = f"{title}. {ylabel} against {xlabel}: " + "; ".join(map(_ends, series, series.values()))
    return Picture(draw, size, caption, alt)


def bars(labels, values, *, title="", caption="", ylabel="", role=None, size=(7.0, 2.6), digits=3):
    """One bar per name with its number above; role: a key of COLOURS, or None for ink."""
    values = as_array(values, "values")
    if values.ndim != 1:
        raise ValueError(f"values have shape {values.shape}; needed: [n], a number for each bar")
    labels = checked_labels(labels, len(values), "labels", "values holds {} numbers")
    role is None or one_of("role", role, COLOURS), whole_number("digits", digits, 0, 20)
    text("title", title), text("ylabel", ylabel)

    def draw(figure):
        axes = figure.subplots()
        drawn = axes.bar(range(len(values)), values, color=COLOURS.get(role, "#3c4854"), width=0.62)
        axes.bar_label(drawn, [f"{v:.{digits}f}" for v in values], padding=2, fontsize=9)
        shown = names(labels, "")
        axes.set_xticks(range(len(values)), shown, rotation=30 if max(map(len, shown)) * len(shown) > 70 else 0)
        axes.set(ylabel=ylabel, title=title)
        axes.margins(y=0.15)

    alt = f"{title}. " + ", ".join(f"{n} {v:.{digits}f}" for n, v in zip(labels, values, strict=True))
    return Picture(draw, size, caption, alt)


def stacked(whole, *, xlabel="% of all", caption="", size=(8.0, 2.4)):
    """One bar per name, cut into the shares of at most eight parts: name -> {part: amount}, the same parts for all."""
    _amounts(whole), text("xlabel", xlabel)
    shares = {name: {part: 100 * x / sum(found.values()) for part, x in found.items()} for name, found in whole.items()}
    parts = sorted(next(iter(shares.values())), key=lambda part: -sum(found[part] for found in shares.values()))

    def draw(figure):
        axes, left = figure.subplots(), np.zeros(len(shares))
        for part, colour in zip(parts, HEADS, strict=False):
            wide = np.array([found[part] for found in shares.values()])
            axes.barh(list(shares), wide, left=left, color=colour, edgecolor="white", label=part)
            left += wide
        axes.invert_yaxis()
        axes.set(xlabel=xlabel, xlim=(0, 100))
        axes.legend(bbox_to_anchor=(1, 1), fontsize=8)

    each = (f"{n}: " + ", ".join(f"{part} {found[part]:,}" for part in parts) for n, found in whole.items())
    return Picture(draw, size, caption, "; ".join(each))


def _log_axis(axes, which: str) -> None:
    """A logarithmic axis with plain numbers at 1, 2, 5, 10, …"""
    from matplotlib.ticker import FormatStrFormatter, LogLocator, NullFormatter

    getattr(axes, f"set_{which}scale")("log")
    axis = getattr(axes, f"{which}axis")
    low, high = axis.get_view_interval()
    axis.set_major_locator(LogLocator(subs=(1, 2, 5)) if high < 1e6 * low else LogLocator(numticks=8))
    axis.set_major_formatter(FormatStrFormatter("%g"))
    axis.set_minor_formatter(NullFormatter())


def _amounts(whole) -> None:
    """Parts of wholes: the same names for each, amounts from 0 that are not all 0."""
    named = isinstance(whole, dict) and all(isinstance(found, dict) for found in whole.values())
    if not named or not whole or len({frozenset(found) for found in whole.values()}) > 1:
        raise ValueError(f"whole is {described(whole)}; needed: name -> {{part: amount}}, the same parts for all")
    for name, found in whole.items():
        if not sum(real_number(f"an amount of {name}", amount, least=0) for amount in found.values()) > 0:
            raise ValueError(f"the parts of {name!r} amount to 0; needed: at least one above 0")


def _pairs(what: str, named) -> dict:
    if not isinstance(named, dict):
        raise TypeError(f"{what} is {described(named)}; needed: name -> (x, y)")
    return {str(name): _pair(xy, name) for name, xy in named.items()}


def _pair(xy, name):
    if not isinstance(xy, tuple | list) or len(xy) != 2:
        raise ValueError(f"{name} is {described(xy)}; needed: (x, y), two of shape [n]")
    x, y = (as_array(part, name) for part in xy)
    if x.shape != y.shape or x.ndim != 1:
        raise ValueError(f"{name}: x has shape {x.shape} and y {y.shape}, a line needs two of shape [n], the same n")
    return x, y


def _ends(name, xy) -> str:
    x, y = (part[np.isfinite(xy[1])] for part in xy)
    if not len(y):
        return f"{name}: empty"
    return f"{name} from {y[0]:.3g} to {y[-1]:.3g}, lowest {y.min():.3g}, highest {y.max():.3g}"


def _direct_labels(axes, series, colours) -> None:
    """The name at the end of each line instead of a legend while there are at most 4, spread so that none overlap."""
    if len(series) > 4:
        axes.legend([line for line in axes.lines if line.get_linestyle() != "--"][-len(series) :], list(series))
        return
    axes.figure.draw_without_rendering()
    ends = []
    for (name, (x, y)), colour in zip(series.items(), colours, strict=False):
        last = np.flatnonzero(np.isfinite(y))
        if len(last):
            x, y = x[last[-1]], y[last[-1]]
            ends.append([axes.transData.transform((x, y))[1] * 72 / axes.figure.dpi, x, y, name, colour])
    ends.sort(key=lambda e: e[0])
    placed = -1e9
    for height, x, y, name, colour in ends:
        placed = max(height, placed + 13)
        lift = (6, placed - height)
        if (axes.transData + axes.transAxes.inverted()).transform((x, y))[0] < 0.85:  # another line may go on there
            lift = (6, lift[1] + 9)
        axes.annotate(name, (x, y), lift, textcoords="offset points", color=colour, va="center", annotation_clip=False)
