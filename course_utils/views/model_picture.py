"""The static picture of the whole-model view: what each part adds to each word, and the next words."""

import numpy as np

from . import plot
from .model import NAMES


def draw(view, figure) -> None:
    """Draws the view at its current state into a matplotlib figure."""
    left, right, below = figure.subplot_mosaic(
        [["encoder", "decoder"], ["next", "next"]], height_ratios=[2.3, 1]
    ).values()
    purple = plot.ink_map(plot.PAPER, tuple(int(plot.COLOURS["output"][i : i + 2], 16) for i in (1, 3, 5)))
    written = {s: _written(view, s) for s in ("encoder", "decoder")}
    for axes, side, mark in ((left, "encoder", "s"), (right, "decoder", "t")):
        (labels, lengths), words = written[side], plot.names(view.options["words"][side], mark)
        lengths[:, len(view.words[side]) :] = np.nan
        axes.imshow(lengths, cmap=purple, vmin=0, vmax=1, aspect="auto")
        words = [w if i < len(view.words[side]) else "" for i, w in enumerate(words)]
        axes.set_xticks(range(len(words)), words, rotation=45, ha="left", fontsize=8)
        axes.set_yticks(range(len(labels)), labels, fontsize=8)
        axes.tick_params(top=True, labeltop=True, bottom=False, labelbottom=False, length=0)
        axes.set_title(f"{side}: what each part adds", fontsize=9)
        axes.spines[:].set_visible(False)
        if view.part[0] == side and view.part[1]:
            opened = view.options["order"][side].index(view.state["part"]) - 1
            axes.get_yticklabels()[opened].set(weight="bold")
    shown = view.next_words[:6] + view.next_words[-1:]
    names = plot.names([w for w, _, _ in shown], "w")
    bars = below.bar(range(len(shown)), [p for *_, p in shown], color=plot.COLOURS["output"], width=0.6)
    below.bar_label(bars, [f"{p:.3f}" for *_, p in shown], fontsize=8)
    below.set_xticks(range(len(shown)), names, fontsize=8)
    below.set(ylim=(0, 1.15), yticks=[], title="next word")
    below.title.set_fontsize(9)


def _written(view, side: str) -> tuple[list[str], np.ndarray]:
    """How long what a part adds is, compared with what was there: (names of the parts, [parts, words])."""
    names, lengths = [], []
    for n, layer in enumerate(getattr(view.trace, side).layers):
        for kind, part in layer.items():
            names.append(f"{n + 1} {NAMES[kind]}")
            lengths.append((part.written.norm(dim=-1) / part.before.norm(dim=-1)).numpy())
    return names, np.array(lengths)
