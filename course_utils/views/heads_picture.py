"""The head explorer on paper: all heads beside the one that is open."""

import numpy as np
from matplotlib.patches import Rectangle

from .plot import COLOURS, ink_map, names

GAP, CAPTION = 0.14, 0.34  # between the small pictures, of their width; room for the number below


def draw(view, figure) -> None:
    """Draws a Heads view into an empty matplotlib figure, in its current state."""
    layers, heads = view.map["shape"][:2]
    wide = heads + (heads > 1)
    grid, large = figure.subplots(1, 2, width_ratios=[max(1.0, min(1.6, wide / 6)), 1.0])
    _grid(view, grid, layers, heads, wide)
    _open(view, large)


def _grid(view, axes, layers, heads, wide) -> None:
    weights, ink, high, effects = view.weights, ink_map(), view.options["high"], view.effects
    by_effect = effects is not None and view.state["number"] == "effect"
    opened, size = view.opened, 9 if wide <= 6 else 5.5
    axes.set(xlim=(-0.1, wide * (1 + GAP)), ylim=(layers * (1 + GAP + CAPTION), -0.1))
    axes.set_aspect("equal")
    for layer, head in np.ndindex(layers, wide):
        mean = head == heads
        shown = weights[layer].mean(0) if mean else weights[layer, head]
        x, y = head * (1 + GAP), layer * (1 + GAP + CAPTION)
        if np.isnan(shown).any():
            axes.add_patch(Rectangle((x, y), 1, 1, fill=False, hatch="//////", ec="#c3ced9", lw=0))
        row = shown[view.query]
        if view.state["show"] == "row":
            key, step = view.key(row), 1 / len(row)
            tall = np.nan_to_num(row) / np.nanmax(weights[:, :, view.query], initial=1e-6)
            bars = axes.bar(x + step * (np.arange(len(row)) + 0.5), -tall, step * 0.8, y + 1, color=COLOURS["key"])
            for k, bar in enumerate(bars):
                bar.set_alpha(1 if k == key and view.state["key"] >= 0 else 0.42)
        else:
            smooth = "nearest" if max(shown.shape) <= 24 else "antialiased"
            axes.imshow(shown, cmap=ink, vmin=0, vmax=high, extent=(x, x + 1, y + 1, y), interpolation=smooth)
            rows = 1 / len(shown)
            axes.plot(
                [x - 0.04] * 2, [y + view.query * rows, y + (view.query + 1) * rows], color=COLOURS["query"], lw=2
            )
        here = opened == (layer, None if mean else head)
        axes.add_patch(
            Rectangle((x, y), 1, 1, fill=False, ec="#1b2430" if here else "#c3ced9", lw=1.6 if here else 0.6)
        )
        if (layer, head) in view.knocked:
            axes.plot([x, x + 1, np.nan, x, x + 1], [y, y + 1, np.nan, y + 1, y], color="#1b2430", lw=1)
        number = (np.nan if mean else effects[layer, head]) if by_effect else row[view.key(row)]
        text = "–" if np.isnan(number) else f"{number:.2f}".replace("-", "−")
        axes.text(x + 0.5, y + 1.06, text, ha="center", va="top", fontsize=size)
    axes.set_xlim(-0.1, wide * (1 + GAP))
    axes.set_ylim(layers * (1 + GAP + CAPTION), -0.1)
    middle = [i * (1 + GAP) + 0.5 for i in range(wide)]
    axes.set_xticks(middle, [*map(str, range(1, heads + 1)), *["mean"] * (wide - heads)], fontsize=size)
    axes.set_yticks([i * (1 + GAP + CAPTION) + 0.5 for i in range(layers)], [f"layer {i + 1}" for i in range(layers)])
    axes.tick_params(top=True, labeltop=True, bottom=False, labelbottom=False, length=0, labelsize=size)
    query, reads = names(view.map["queries"], "q")[view.query], names(view.map["keys"], "k")
    chosen = view.state["key"] >= 0
    given = f"what “{query}” gives to " + (f"“{reads[view.key(reads)]}”" if chosen else "its strongest word")
    axes.set_xlabel(f"under each head:\n{view.options['effect'] if by_effect else given}")
    axes.spines[:].set_visible(False)


def _open(view, axes) -> None:
    matrix, m = view.matrix, view.map
    layer, head = view.opened
    key = view.key(matrix[view.query])
    axes.imshow(matrix, cmap=ink_map(), vmin=0, vmax=view.options["high"], aspect="auto", interpolation="nearest")
    for q, k in np.argwhere(np.isnan(matrix)) if matrix.size <= 1024 else []:
        axes.add_patch(Rectangle((k - 0.5, q - 0.5), 1, 1, fill=False, hatch="////", ec="#c3ced9", lw=0))
    axes.add_patch(Rectangle((key - 0.5, view.query - 0.5), 1, 1, fill=False, ec=COLOURS["query"], lw=2))
    size = 9 if max(matrix.shape) <= 16 else 7 if max(matrix.shape) <= 28 else 4
    few = max(matrix.shape) <= 64
    axes.set_yticks(range(len(matrix)) if few else [], names(m["queries"], "q") if few else [], fontsize=size)
    axes.set_xticks(range(matrix.shape[1]) if few else [], names(m["keys"], "k") if few else [], fontsize=size)
    axes.tick_params(top=True, labeltop=True, bottom=False, labelbottom=False, length=0, labelcolor="#1b2430")
    for label in axes.get_xticklabels():
        label.set(rotation=60, ha="left", rotation_mode="anchor")
    for labels, place, role in ((axes.get_yticklabels(), view.query, "query"), (axes.get_xticklabels(), key, "key")):
        if labels:
            labels[place].set(weight="bold", color=COLOURS[role])
    axes.set_xlabel(f"layer {layer + 1}, " + ("mean of its heads" if head is None else f"head {head + 1}"))
    axes.spines[:].set_visible(False)
