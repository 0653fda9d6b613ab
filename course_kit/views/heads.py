"""The head explorer: every head of every layer side by side, one of them open, one query word compared in all."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from course_kit.checkpoints import Loaded, load_checkpoint
from course_kit.i18n import from_cell, mark, sentences, t, tn
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
from course_kit.views.live import LiveView, shell
from course_kit.views.reader_input import answered
from course_kit.views.table import TextTable
from course_kit.views.translation import word_of
from course_kit.views.view import View, in_class

Layers = Numbers | Sequence[Numbers | None]  # one tensor for each

MOST_NUMBERS = 2_000_000
MOST_TOKENS = 256
TITLE = mark("What does each head attend to?")
CAPTION = mark(
    "Each small map is one head: a row for each [query|query], a column for each [key|key]. Choose one to open it."
)


class Heads(View):
    """See `heads`, which makes it."""

    kind = "heads"

    @property
    def place(self) -> int:
        return [m["name"] for m in self.options["maps"]].index(self.state["map"])

    @property
    def map(self) -> dict:
        return self.options["maps"][self.place]

    @property
    def weights(self) -> np.ndarray:
        """[L, H, Q, K] of the map that is shown, NaN where masked."""
        return self.arrays[f"map{self.place}"].astype(np.float64).reshape(self.map["shape"])

    @property
    def opened(self) -> tuple[int, int | None]:
        """(layer, head) of the head that is open, counted from 0; head None for the mean of the layer's heads."""
        layers, heads = self.map["shape"][:2]
        head = self.state["head"]
        return min(max(self.state["layer"], 0), layers - 1), None if head < 0 else min(head, heads - 1)

    @property
    def matrix(self) -> np.ndarray:
        """[Q, K] of the head that is open."""
        return _of_head(self.weights, *self.opened)

    @property
    def query(self) -> int:
        return min(max(self.state["query"], 0), self.map["shape"][2] - 1)

    def key(self, row: np.ndarray) -> int:
        """The chosen key, or the one with the largest weight in a row [K]."""
        chosen = self.state["key"]
        return int(np.nan_to_num(row, nan=-1).argmax()) if chosen < 0 else min(chosen, len(row) - 1)

    @property
    def knocked(self) -> set[tuple[int, int]]:
        """(layer, head) of the heads of this map that are marked as knocked out."""
        return {tuple(k[-2:]) for k in self.state["knocked"] if len(k) == 2 or k[0] == self.state["map"]}

    @property
    def numbers(self) -> np.ndarray:
        """[L, H]: the number under each head, its weight of the chosen query."""
        return np.array([[row[self.key(row)] for row in layer] for layer in self.weights[:, :, self.query]])

    def ranking(self) -> list[tuple[int, int]]:
        """(layer, head) of all heads, the largest number first, unknown ones last."""
        numbers = np.nan_to_num(self.numbers, nan=-np.inf)
        return sorted(np.ndindex(numbers.shape), key=lambda place: numbers[place], reverse=True)

    def describe(self) -> str:
        m, row = self.map, self.matrix[self.query]
        layers, heads, queries, keys = m["shape"]
        query, key, weight = m["queries"][self.query], m["keys"][self.key(row)], row[self.key(row)]
        size = t(
            "{layers} of {heads}, each {queries} queries by {keys} keys.",
            layers=tn("{n} layer", "{n} layers", layers), heads=tn("{n} head", "{n} heads", heads),
            queries=queries, keys=keys,
        )  # fmt: skip
        size = t("{name}: {text}", name=from_cell(m["name"]), text=size) if len(self.options["maps"]) > 1 else size
        name = _name(*self.opened).capitalize()
        if np.isnan(weight):
            text = t("{name}: “{query}” may not attend to “{key}”.", name=name, query=query, key=key)
        else:
            given = f"{weight:.3f}"
            text = t("{name}: “{query}” gives {share} to “{key}”.", name=name, query=query, share=given, key=key)
        rows, numbers, found = self.weights[:, :, self.query], self.numbers, []
        for place in self.ranking()[:5]:
            said: dict[str, Any] = {"layer": place[0] + 1, "head": place[1] + 1, "share": f"{numbers[place]:.3f}"}
            if self.state["key"] >= 0:
                found.append(t("layer {layer} head {head} {share}", **said))
            else:
                to = m["keys"][self.key(rows[place])]
                found.append(t("layer {layer} head {head} {share} to {key}", **said, key=to))
        out = [t("layer {layer} head {head}", layer=a + 1, head=b + 1) for a, b in sorted(self.knocked)]
        knocked = t("Knocked out: {heads}.", heads=t(", ").join(out)) if out else ""
        return sentences(size, text, t("Most in: {heads}.", heads=t(", ").join(found)), knocked)

    def table(self) -> TextTable:
        """A row for each head, the largest number first, then the mean of each layer."""
        m, weights = self.map, self.weights[:, :, self.query]
        of = m["keys"][self.key(weights[0, 0])] if self.state["key"] >= 0 else t("its strongest")
        header = [t("head"), f"{m['queries'][self.query]} → {of}", t("most on")]
        header += [t("knocked out")] if self.knocked else []
        rows = []
        means = [(layer, None) for layer in range(len(weights))] if weights.shape[1] > 1 else []
        for layer, head in [*self.ranking(), *means]:
            row = _of_head(weights, layer, head)
            x, top = row[self.key(row)], int(np.nan_to_num(row, nan=-1).argmax())
            cells = [t("masked") if np.isnan(x) else f"{x:.3f}", f"{m['keys'][top]} {np.nan_to_num(row[top]):.3f}"]
            if self.knocked:
                cells.append(t("yes") if (layer, head) in self.knocked else "")
            rows.append([_name(layer, head), *cells])
        return TextTable(header, rows)


def heads(
    weights: Layers | Mapping[str, Layers],
    queries: Labels | Mapping[str, Labels] | None = None,
    keys: Labels | Mapping[str, Labels] | None = None,
    *,
    mask: Numbers | Mapping[str, Numbers] | None = None,
    layer: int | None = None,
    select: Select = None,
    title: str = TITLE,
    caption: str | None = None,
    model: str | Loaded | None = None,
    live: bool = False,
) -> Heads | LiveView:
    """Every head of every layer as a small heatmap, one of them open; one query word compared head by head.

    weights: one tensor [H, Q, K] or [1, H, Q, K] per layer, as models give them; or several maps by name, as in
        {"encoder": weights["encoder"], "source": weights["cross"]} of `course_kit.heads.attention_weights`.
    queries, keys: labels, Q and K of them (keys: those of queries if left out); by name where maps differ.
    mask: bool, True = may be attended, broadcastable to [L, H, Q, K]; the rest is hatched. By name where maps differ.
    layer: the one whose first head is open at first, counted from 0; without it the head with the largest number.
    select: (query, key) or query, labels or positions: its weight stands under each head; without a key, the largest.
    model: the Transformer whose encoder's self-attention this is, as `load_checkpoint` gives it, or its name. Where its
        files are at hand, it reads in the page what the reader types, and says what follows from a look: rows can be
        painted and heads silenced.
    live=True: Python hears `layer`, `head` (−1: the mean of the layer's heads), `query`, `key` (−1: the strongest),
        `map`, `knocked`, and there is a button that knocks out the open head: answer it in `.observe(…, "knocked")`.

    Up to 256 tokens and two million weights, as float16 (error ≤ 5·10⁻⁴; 2.7 bytes each in a notebook). Returns a view:
    .matrix .ranking() and what all views have. Raises TypeError or ValueError that says what to do.
    """
    maps, every = _maps(weights, queries, keys, mask)
    arrays = {f"map{i}": values.astype("<f2").ravel() for i, values in enumerate(every)}
    if (size := sum(a.size for a in arrays.values())) > MOST_NUMBERS:
        most = f"{size:,} weights are more than a page can hold ({MOST_NUMBERS:,})"
        raise ValueError(f"{most}: show fewer layers or maps, or a shorter sentence")
    first = maps[0]
    query, key = chosen_pair(select, first["queries"], first["keys"])
    high = full_ink(np.concatenate([v.ravel() for v in every]))
    layer, head = _opened(layer, every[0], query, key)
    state = {"map": first["name"], "layer": layer, "head": head, "query": max(query, 0), "key": key, "knocked": []}
    controls: list[dict[str, Any]] = [{"kind": "button", "name": "reset", "label": t("reset")}]
    if len(maps) > 1:
        controls.insert(0, {"kind": "choice", "name": "map", "label": t("map"), "options": [m["name"] for m in maps]})
    if caption is None:
        ink = t("Full ink = {high}.", high=f"{high:g}") if high < 1 else ""
        caption = sentences(t(CAPTION), ink, t("Hatched = masked.") if any(m["masked"] for m in maps) else "")
    view = Heads(title, caption, arrays, state, controls, {"maps": maps, "high": high})
    if model is not None:
        read = [str(label) for label in queries]  # type: ignore[union-attr]
        in_class(view, "alone")  # the row attends to the chosen key alone, and the model says what that changes
        answered(view, _translator(model, maps), read, 48, title=t(TITLE), caption=t(CAPTION))
    return shell(view, live)


def _name(layer: int, head: int | None) -> str:
    if head is None:
        return t("layer {layer}, mean of its heads", layer=layer + 1)
    return t("layer {layer}, head {head}", layer=layer + 1, head=head + 1)


def _of_head(weights: np.ndarray, layer: int, head: int | None) -> np.ndarray:
    """Of weights [L, H, …] those of one head, or the mean of a layer's heads."""
    return weights[layer].mean(0) if head is None else weights[layer, head]


# ---- what is given


def _maps(weights: Any, queries: Any, keys: Any, mask: Any) -> tuple[list[dict], list[np.ndarray]]:
    """What the page is told of each map, and the weights of each, as `heads` gets them."""
    named: dict[str, Any] = weights if isinstance(weights, dict) else {"attention": weights}
    if not named:
        raise ValueError("there are no maps: give weights, one tensor [H, Q, K] per layer")
    maps, every = [], []
    for name, given in named.items():
        own: list[Any] = [
            x.get(name) if isinstance(weights, dict) and isinstance(x, dict) else x for x in (queries, keys, mask)
        ]
        shown, values = _map(name, given, *own, same=keys is None and queries is not None)
        maps.append(shown)
        every.append(values)
    return maps, every


def _map(
    name: str, given: Layers, queries: Labels | None, keys: Labels | None, mask: Numbers | None, *, same: bool
) -> tuple[dict, np.ndarray]:
    """What the page is told of a map, and its weights [L, H, Q, K], NaN where masked. same: keys are the queries, where
    there are as many."""
    values = _stacked(given, name)
    asked = read = checked_labels(queries, values.shape[2], f"queries of {name}", "its weights have {} rows")
    if not same or values.shape[3] != values.shape[2]:
        read = checked_labels(keys, values.shape[3], f"keys of {name}", "its weights have {} columns")
    allowed = allowed_pairs(mask, values)
    check_weights(values, allowed)
    shown: dict[str, Any] = {"name": str(name), "queries": [*map(word_of, asked)], "keys": [*map(word_of, read)]}
    shown |= {"shape": list(values.shape), "masked": bool((~allowed).any())}
    return shown, np.where(allowed, values, np.nan)


def _opened(layer: int | None, values: np.ndarray, query: int, key: int) -> tuple[int, int]:
    """A layer's first head; of None those with the largest weight [L, H, Q, K] of a query, on a key if given."""
    if layer is not None:
        return checked_index(layer, len(values), "layer"), 0
    of_query = values[:, :, max(query, 0)]
    best = of_query.max(-1, initial=-1, where=~np.isnan(of_query)) if key < 0 else of_query[:, :, key]
    return divmod(int(np.nan_to_num(best, nan=-np.inf).argmax()), values.shape[1])


def _translator(model: str | Loaded, maps: list[dict]) -> Loaded:
    """The model that answers with the one map that is shown, its encoder's."""
    if len(maps) > 1 or maps[0]["queries"] != maps[0]["keys"]:
        raise ValueError("model= answers with one map, of self-attention: leave it out, or give that map alone")
    model = load_checkpoint(model) if isinstance(model, str) else model
    if getattr(model, "source", None) is None:
        raise ValueError("model= answers with the encoder of a Transformer that translates: leave it out")
    return model


def _stacked(given: Layers, name: str) -> np.ndarray:
    """One tensor per layer -> [L, H, Q, K]."""
    layers = list(given) if isinstance(given, tuple | list) or getattr(given, "ndim", 0) > 0 else None
    needed = "needed: a list with one tensor [H, Q, K] per layer"
    if not layers:
        raise TypeError(f"{name}: weights are {described(given)}; {needed}")
    if any(x is None for x in layers):
        raise ValueError(f"{name}: a layer has no weights (None); take them with heads.attention_weights(model)")
    found = [as_array(x, f"weights of {name}, layer {i + 1}") for i, x in enumerate(layers)]
    found = [x[0] if x.ndim == 4 and len(x) == 1 else x for x in found]
    shape, *others = {x.shape for x in found}
    if others:
        raise ValueError(f"{name}: layers differ in shape, {sorted([shape, *others])}; needed: the same [H, Q, K]")
    if len(shape) != 3:
        needed = "choose one sentence: [w[:1] for w in weights]" if len(shape) == 4 else needed
        raise ValueError(f"{name}: a layer has shape {shape}; {needed}")
    if 0 in shape or max(shape[1:]) > MOST_TOKENS:
        raise ValueError(f"{name}: a layer has shape {shape}; shown are 1 to {MOST_TOKENS} queries and keys")
    return np.stack(found)
