"""The heatmap of the whole course: queries down, keys across, ink is attention."""

from typing import TYPE_CHECKING, Any

import numpy as np

from course_kit.i18n import from_cell, mark, sentences, t
from course_kit.programs.arguments import described
from course_kit.views.inputs import (
    Labels,
    Numbers,
    Select,
    allowed_pairs,
    as_array,
    check_weights,
    checked_index,
    checked_labels,
    chosen_pair,
    full_ink,
)
from course_kit.views.table import TextTable
from course_kit.views.view import View

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_TOKENS = 512


class Heatmap(View):
    """See `heatmap`, which makes it."""

    kind = "heatmap"
    wording = View.wording | {"axes"}

    @property
    def labels(self) -> tuple[list[str], list[str]]:
        return self.options["queries"], self.options["keys"]

    @property
    def weights(self) -> np.ndarray:
        """[Q, K] of the layer and head that are shown, NaN where masked."""
        shown = self.arrays["weights"].astype(np.float64).reshape(self.options["shape"])
        return shown[0, self.state["head"]]

    def describe(self) -> str:
        (queries, keys), weights = self.labels, self.weights
        masked = int(np.isnan(weights).sum())
        told: dict[str, Any] = dict(count=len(queries), count2=len(keys), masked=masked)
        if masked:
            said = [t("Heatmap of weights, {count} queries by {count2} keys, {masked} masked.", **told)]
        else:
            said = [t("Heatmap of weights, {count} queries by {count2} keys.", **told)]
        if self.controls:
            said.append(t("{text}.", text=self.options["names"][self.state["head"]]))
        full = [q for q in range(len(queries)) if not np.isnan(weights[q]).all()]
        strongest = sorted(full, key=lambda q: -np.nanmax(weights[q]))[:12]
        top = {q: int(np.nanargmax(weights[q])) for q in strongest}
        found = t(", ").join(f"{queries[q]} → {keys[k]} {weights[q, k]:.3g}" for q, k in sorted(top.items()))
        if len(full) > 12:
            more = len(full) - 12
            said.append(t("Largest weight in a row: {found}, and {count} more rows.", found=found, count=more))
        else:
            said.append(t("Largest weight in a row: {found}.", found=found))
        return sentences(*said)

    def table(self) -> TextTable:
        (queries, keys), weights = self.labels, self.weights
        if len(keys) <= 32 and len(queries) <= 64:
            cells = [[t("masked") if np.isnan(w) else f"{w:.3f}" for w in row] for row in weights]
            return TextTable([t("query"), *keys], [[q, *row] for q, row in zip(queries, cells, strict=True)])
        best = np.argsort(-np.nan_to_num(weights, nan=-np.inf), axis=-1)[:, :3]
        cells = [[f"{keys[k]} {row[k]:.3f}" for k in ks] for row, ks in zip(weights, best, strict=True)]
        rows = [[query, *row] for query, row in zip(queries, cells, strict=True)]
        return TextTable([t("query"), *[t("1st key"), t("2nd key"), t("3rd key")][: best.shape[1]]], rows[:64])

    def draw(self, figure: "Figure") -> None:
        """The plain picture. What readers see is drawn by js/src/views/heatmap_paint.js."""
        from course_kit.views.picture import ink_map, names

        (queries, keys), weights, high = self.labels, self.weights, self.options["range"][1]
        axes = figure.subplots()
        dots = self.options.get("dots", False)
        axes.imshow(weights * 0 if dots else weights, cmap=ink_map(), vmin=0, vmax=high)
        if max(weights.shape) <= 64:
            axes.set_yticks(range(len(queries)), names(queries, "q"))
            axes.set_xticks(range(len(keys)), names(keys, "k"), rotation=45, ha="right")
        axes.set(ylabel=self.options["axes"][0], xlabel=self.options["axes"][1])
        if dots:
            q, k = np.nonzero(~np.isnan(weights))
            cell = 72 * min(self.size[0] / weights.shape[1], self.size[1] / weights.shape[0]) * 0.5  # in points
            axes.scatter(k, q, s=cell**2 * weights[q, k] / high, color="black", linewidths=0)
            return
        for (q, k), weight in np.ndenumerate(weights):
            if weights.size <= 256 and not np.isnan(weight):
                ink = "white" if weight > high / 2 else "black"
                axes.text(k, q, f"{weight:.2f}", ha="center", va="center", color=ink, in_layout=False)


def heatmap(
    weights: Numbers,
    queries: Labels | None = None,
    keys: Labels | None = None,
    *,
    title: str = mark("Who attends to whom?"),
    caption: str | None = None,
    mask: Numbers | None = None,
    head: int = 0,
    names: Labels | None = None,
    select: Select = None,
    axes: Labels = ("query", "key"),
    dots: bool = False,
) -> Heatmap:
    """Heatmap of attention: hover or arrow keys light a cell, its query and key, and say the number in words.

    weights: [Q, K], or [N, Q, K], of which one is shown (`labs.heads` shows all heads of all layers); each row sums to
    1, or to 0 where all is masked; at most 512 queries and keys. `plot.maps` shows scores and other numbers.
    queries, keys: labels, Q and K of them. mask: bool, True = may be attended, broadcastable to weights; the rest is
    hatched. names: of the N; head: which of them is shown at first. select:
    (query, key) to light at first, labels or indices; the largest number is lit without it. axes: what the rows and the
    columns are, where they are no queries and keys. dots: a weight is a dot, as large as it is, and the cell that is
    lit its number: for a map of more decimals than one reads, whose pattern is what counts.

    More than 4,096 weights travel as float16 (error ≤ 5·10⁻⁴), fewer as float32.
    Returns a view: describe() table() to_image(). Raises TypeError or ValueError that says what
    was given, what is needed and what to do.
    """
    values = as_array(weights, "weights")
    if values.ndim not in (2, 3):
        needed = "[queries, keys] or [heads, queries, keys]"
        raise ValueError(f"weights has shape {values.shape}: a heatmap needs {needed}; of a batch, weights[0]")
    values = values.reshape((1,) * (4 - values.ndim) + values.shape)
    if 0 in values.shape or max(values.shape[2:]) > MOST_TOKENS:
        shows = f"a heatmap shows 1 to {MOST_TOKENS} queries and keys: weights[..., :{MOST_TOKENS}, :{MOST_TOKENS}]"
        raise ValueError(f"weights has shape {tuple(np.shape(weights))}: {shows}")
    queries = checked_labels(queries, values.shape[2], "queries", "weights has {} rows")
    keys = checked_labels(keys, values.shape[3], "keys", "weights has {} columns")
    allowed = allowed_pairs(mask, values)
    check_weights(values, allowed)
    shown = np.where(allowed, values, np.nan)
    high = full_ink(shown)
    if caption is None:
        parts = [t("each row sums to 1"), *([t("full ink = {high}", high=f"{high:g}")] if high < 1 else [])]
        caption = " · ".join(parts)
    _, heads, count, width = values.shape
    state = {"head": checked_index(head, heads, "head")}
    state["row"], state["col"] = row, column = chosen_pair(select, queries, keys)
    if (row < 0) != (column < 0):
        raise ValueError(f"select is {described(select)}; needed: both a query and a key")
    names = checked_labels(names, heads, "names", "weights has {} heads")
    menu = {"options": list(range(heads)), "words": dict(enumerate(names)), "menu": True}
    controls = [{"kind": "choice", "name": "head", "label": t("which"), **menu}] if heads > 1 else []
    arrays = {"weights": shown.astype("<f4" if shown.size <= 4096 else "<f2").ravel()}  # float16 has .428 for 3/7
    options = {"shape": list(values.shape), "queries": queries, "keys": keys, "range": [0.0, high], "names": names}
    axes = checked_labels(axes, 2, "axes", "a heatmap has {} sides")
    options["axes"] = [name if name in ("query", "key") else from_cell(name) for name in axes]
    view = Heatmap(title, caption, arrays, state, controls, {**options, **({"dots": True} if dots else {})})
    side = 0.42 * max(1.0, 6 / max(count, width))
    view.size = (min(7.5, max(3.2, side * width + 1.4)), min(7.5, max(2.2, side * count + 1.2)))
    return view
