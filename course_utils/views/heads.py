"""The head explorer: every head of every layer side by side, one of them open, one query word compared in all."""

from typing import Any, NamedTuple

import numpy as np

from course_utils.support.checks import described, one_of, text, whole_number

from .given import allowed_pairs, as_array, check_weights, checked_index, checked_labels, place_of, value_range
from .live import shell
from .own import answered
from .picture import COLOURS, bare_axes, frame, hatch, ink_map, names
from .table import TextTable
from .translation import word_of
from .view import View

MOST_NUMBERS = 2_000_000
MOST_TOKENS = 256
TITLE = "Which head looks where?"
CAPTION = "Each small picture is one head: [query|queries] down, [key|keys] across, ink is attention."
GAP, BELOW = 0.14, 0.34  # between the small pictures, of their width; room for the number below


class Seen(NamedTuple):
    """One number of one head: layer and head counted from 0, head None for the mean; weight None where masked."""

    map: str
    layer: int
    head: int | None
    query: str
    key: str
    weight: float | None


class Heads(View):
    """See `heads`, which makes it."""

    kind = "heads"
    modules = ("core", "heads")
    colours = 256

    @property
    def place(self) -> int:
        return [m["name"] for m in self.options["maps"]].index(self.state["map"])

    @property
    def map(self) -> dict:
        return self.options["maps"][self.place]

    @property
    def weights(self) -> np.ndarray:
        """[L, H, Q, K] of the map on show, NaN where masked."""
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
        layer, head = self.opened
        return self.weights[layer].mean(0) if head is None else self.weights[layer, head]

    @property
    def query(self) -> int:
        return min(max(self.state["query"], 0), self.map["shape"][2] - 1)

    def key(self, row) -> int:
        """The chosen key, or the one that a row [K] looks at most."""
        chosen = self.state["key"]
        return int(np.nan_to_num(row, nan=-1).argmax()) if chosen < 0 else min(chosen, len(row) - 1)

    @property
    def effects(self) -> np.ndarray | None:
        """[L, H]: the number given for each head of the map on show, NaN where there is none."""
        return None if self.map["effects"] is None else np.array(self.map["effects"], dtype=float)

    @property
    def by_effect(self) -> bool:
        """Is the effect on show under each head, not the weight?"""
        return self.effects is not None and self.state["number"] == "effect"

    @property
    def knocked(self) -> set[tuple[int, int]]:
        """(layer, head) of the heads of this map that are marked as knocked out."""
        return {tuple(k[-2:]) for k in self.state["knocked"] if len(k) == 2 or k[0] == self.state["map"]}

    @property
    def selection(self) -> Seen:
        layer, head = self.opened
        row = self.matrix[self.query]
        key, m = self.key(row), self.map
        weight = None if np.isnan(row[key]) else float(row[key])
        return Seen(m["name"], layer, head, m["queries"][self.query], m["keys"][key], weight)

    def ranking(self) -> list[tuple[int, int]]:
        """(layer, head) of all heads, the largest number first: the weight, or the effect where that is on show."""
        weights, effects, by_effect = self.weights[:, :, self.query], self.effects, self.by_effect

        def number(place):
            x = effects[place] if by_effect else weights[place][self.key(weights[place])]
            return -np.inf if np.isnan(x) else x

        return sorted(np.ndindex(weights.shape[:2]), key=number, reverse=True)

    def _words(self, layer, head, row) -> str:
        m, k = self.map, self.key(row)
        query, key = m["queries"][self.query], m["keys"][k]
        name = _name(layer, head).capitalize()
        if np.isnan(row[k]):
            return f"{name}: “{query}” may not look at “{key}”"
        return f"{name}: “{query}” gives {row[k]:.3f} to “{key}”"

    def describe(self) -> str:
        m, weights, (layer, head) = self.map, self.weights, self.opened
        layers, heads, queries, keys = m["shape"]
        text = f"{layers} {'layer' if layers == 1 else 'layers'} of {heads} {'head' if heads == 1 else 'heads'}"
        if len(self.options["maps"]) > 1:
            text = f"{m['name']}: {text}"
        text += f", each {queries} queries by {keys} keys. {self._words(layer, head, self.matrix[self.query])}. "
        text += f"Largest {self.options['effect']}: " if self.by_effect else "Most in: "
        found = []
        for place in self.ranking()[:5]:
            row = weights[place][self.query]
            x = self.effects[place] if self.by_effect else row[self.key(row)]
            to = f" to {m['keys'][self.key(row)]}" if self.state["key"] < 0 and not self.by_effect else ""
            found.append(f"layer {place[0] + 1} head {place[1] + 1} {x:.3f}{to}")
        text += ", ".join(found) + "."
        if self.knocked:
            names = ", ".join(f"layer {a + 1} head {b + 1}" for a, b in sorted(self.knocked))
            text += f" Knocked out: {names}."
        return text

    def table(self) -> TextTable:
        """A row for each head, the largest number first, then the mean of each layer."""
        m, weights, effects = self.map, self.weights[:, :, self.query], self.effects
        chosen = self.state["key"] >= 0
        query = m["queries"][self.query]
        header = ["head", f"{query} → {m['keys'][self.key(weights[0, 0])] if chosen else 'its strongest'}", "most on"]
        header += [self.options["effect"]] if effects is not None else []
        header += ["knocked out"] if self.knocked else []
        rows = []
        means = [(layer, None) for layer in range(len(weights))] if weights.shape[1] > 1 else []
        for layer, head in [*self.ranking(), *means]:
            row = weights[layer].mean(0) if head is None else weights[layer, head]
            x, top = row[self.key(row)], int(np.nan_to_num(row, nan=-1).argmax())
            cells = ["masked" if np.isnan(x) else f"{x:.3f}", f"{m['keys'][top]} {np.nan_to_num(row[top]):.3f}"]
            if effects is not None:
                effect = np.nan if head is None else effects[layer, head]
                cells.append("–" if np.isnan(effect) else f"{effect:.3f}".replace("-", "−"))
            if self.knocked:
                cells.append("yes" if (layer, head) in self.knocked else "")
            rows.append([_name(layer, head), *cells])
        return TextTable(header, rows)

    def draw(self, figure) -> None:
        layers, heads = self.map["shape"][:2]
        wide = heads + (heads > 1)
        grid, large = figure.subplots(1, 2, width_ratios=[max(1.0, min(1.6, wide / 6)), 1.0])
        _grid(self, grid, layers, heads, wide)
        _open(self, large)


def heads(
    weights,
    queries=None,
    keys=None,
    *,
    mask=None,
    layer=0,
    head=0,
    select=None,
    show="maps",
    effects=None,
    effect="loss without it",
    knocked=(),
    map=None,
    title=TITLE,
    caption=None,
    model=None,
    live=False,
    presenting=None,
):
    """Every head of every layer as a small heatmap, one of them open; one query word compared head by head.

    weights: one tensor [H, Q, K] or [1, H, Q, K] per layer, as models give them; or several maps by name, as in
        {"encoder": output.encoder_weights, "decoder": output.decoder_weights, "source": output.weights}.
    queries, keys: labels, Q and K of them (keys: those of queries if left out); by name where maps differ.
    mask: bool, True = may be attended, broadcastable to [L, H, Q, K]; the rest is hatched. By name where maps differ.
    layer, head: the one that is open, counted from 0; head −1 is the mean of the layer's heads. map: a name.
    select: (query, key) or query, labels or positions: its weight stands under each head; without a key, the largest.
    show: "maps" (all queries) or "row" (the chosen query's weights in every head, as bars).
    effects: a number for each head [L, H], such as the loss when it is knocked out; effect: what that number is.
    knocked: heads marked as knocked out, (layer, head), or (map, layer, head) where there are several maps.
    model: the Transformer, BERT or GPT whose self-attention this is, as `load_checkpoint` gives it, or its name. Where
        its files are at hand, it reads in the page what the reader types, and says what follows from a look: rows
        can be painted and heads silenced.
    live=True: Python hears `layer`, `head`, `query`, `key` (−1: the strongest), `map`, `knocked`, and there is a button
        that knocks out the open head: answer it in `.observe(…, "knocked")`.

    Up to 256 tokens and two million weights, as float16 (error ≤ 5·10⁻⁴; 2.7 bytes each in a notebook). Returns a view:
    .selection .matrix .ranking() and what all views have. Raises TypeError or ValueError that says what to do.
    """
    named: dict[str, Any] = weights if isinstance(weights, dict) else {"attention": weights}
    if not named:
        raise ValueError("there are no maps: give weights, one tensor [H, Q, K] per layer")
    maps, arrays, every = [], {}, []
    for name, given in named.items():
        pick = _picker(name, isinstance(weights, dict))
        values = _stacked(given, name)
        asked = _words_of(pick(queries), values.shape[2], f"queries of {name}", "its weights have {} rows")
        read, same = asked, keys is None and queries is not None and values.shape[3] == values.shape[2]
        if not same:
            read = _words_of(pick(keys), values.shape[3], f"keys of {name}", "its weights have {} columns")
        allowed = allowed_pairs(pick(mask), values, "weights")
        check_weights(values, allowed)
        every.append(np.where(allowed, values, np.nan))
        arrays[f"map{len(maps)}"] = every[-1].astype("<f2").ravel()
        shown = {"name": str(name), "queries": asked, "keys": read, "shape": list(values.shape)}
        shown["effects"] = _effects_of(pick(effects), values.shape[:2], name)
        maps.append(shown | {"masked": bool((~allowed).any())})
    if (size := sum(a.size for a in arrays.values())) > MOST_NUMBERS:
        most = f"{size:,} weights are more than a page can hold ({MOST_NUMBERS:,})"
        raise ValueError(f"{most}: show fewer layers or maps, or a shorter sentence")
    names = [m["name"] for m in maps]
    chosen = names[0] if map is None else one_of("map", map, names)
    first = maps[names.index(chosen)]
    one_of("show", show, ("maps", "row")), text("effect", effect)
    query, key = _chosen_pair(select, first)
    high = value_range(np.concatenate([v.ravel() for v in every]), "weights")[1]
    state = {"map": chosen, "number": "effect" if any(m["effects"] for m in maps) else "weight"}
    state["layer"] = checked_index(layer, first["shape"][0], "layer")
    state["head"] = whole_number("head", head, -1, first["shape"][1] - 1)
    state |= {"query": query, "key": key, "show": show, "knocked": _knocked_heads(knocked, maps)}
    words = {"maps": "whole maps", "row": "the word’s row"}
    controls = [{"kind": "choice", "name": "show", "label": "show", "options": ["maps", "row"], "words": words}]
    if len(maps) > 1:
        controls.insert(0, {"kind": "choice", "name": "map", "label": "map", "options": names})
    if state["number"] == "effect":
        words = {"weight": "its weight", "effect": effect}
        control = {"kind": "choice", "name": "number", "label": "under each head"}
        controls.append(control | {"options": list(words), "words": words})
    if caption is None:
        caption = CAPTION
        caption += f" Full ink = {high:g}." if high < 1 else ""
        caption += " Hatched = masked." if any(np.isnan(v).any() for v in every) else ""
    options = {"maps": maps, "high": high, "effect": effect}
    view = Heads(title, caption, arrays, state, controls, options, presenting)
    view.size = (7.5, 4.2 if max(m["shape"][0] for m in maps) <= 6 else 6.0)
    if model is not None:
        if len(maps) > 1 or maps[0]["queries"] != maps[0]["keys"]:
            raise ValueError("model= answers with one map, of self-attention: leave it out, or give that map alone")
        answered(view, model, [str(label) for label in queries], 48, "cause", title=TITLE, caption=CAPTION)
    return shell(view, live)


# ---- what is given


def _name(layer: int, head: int | None) -> str:
    return f"layer {layer + 1}, " + ("mean of its heads" if head is None else f"head {head + 1}")


def _picker(name, several: bool):
    """Picks what belongs to a map: an argument given by name, or the same for all."""
    return lambda given: given.get(name) if several and isinstance(given, dict) else given


def _words_of(labels, count, name, rows):
    return [word_of(label) for label in checked_labels(labels, count, name, rows)]


def _stacked(given, name) -> np.ndarray:
    """One tensor per layer -> [L, H, Q, K]."""
    listed = isinstance(given, tuple | list) or getattr(given, "ndim", 0) > 0
    layers = [given[i] for i in range(len(given))] if listed else None
    needed = "needed: a list with one tensor [H, Q, K] per layer"
    if not layers:
        raise TypeError(f"{name}: weights are {described(given)}; {needed}")
    if any(x is None for x in layers):
        raise ValueError(f"{name}: a layer has no weights (None); ask the model for them with need_weights=True")
    found = [as_array(x, f"weights of {name}, layer {i + 1}") for i, x in enumerate(layers)]
    found = [x[0] if x.ndim == 4 and len(x) == 1 else x for x in found]
    shapes = {x.shape for x in found}
    if len(shapes) > 1:
        raise ValueError(f"{name}: layers differ in shape, {sorted(shapes)}; needed: the same [H, Q, K] in each")
    shape = found[0].shape
    if len(shape) == 4:
        raise ValueError(f"{name}: a layer has shape {shape}; choose one sentence: [w[:1] for w in weights]")
    if len(shape) != 3:
        raise ValueError(f"{name}: a layer has shape {shape}; {needed}")
    if 0 in shape or max(shape[1:]) > MOST_TOKENS:
        raise ValueError(f"{name}: a layer has shape {shape}; shown are 1 to {MOST_TOKENS} queries and keys")
    return np.stack(found)


def _effects_of(given, shape, name):
    if given is None:
        return None
    values = as_array(given, "effects")
    if values.shape != tuple(shape) or np.isinf(values).any():
        raise ValueError(f"effects of {name} have shape {values.shape}; needed: {list(shape)}, finite or NaN")
    return [[None if np.isnan(x) else round(float(x), 6) for x in row] for row in values]


def _chosen_pair(select, m) -> tuple[int, int]:
    if select is None:
        return 0, -1
    pair = select if isinstance(select, tuple | list) else (select, None)
    if len(pair) != 2:
        raise ValueError(f"select is {select!r}: give a query, or (query, key)")
    return max(place_of(pair[0], m["queries"], "query"), 0), place_of(pair[1], m["keys"], "key")


def _knocked_heads(given, maps) -> list[list]:
    """(layer, head), or (map, layer, head) where there are several maps, each one checked."""
    several, found = len(maps) > 1, []
    needed = "(map, layer, head)" if several else "(layer, head)"
    if isinstance(given, str) or not hasattr(given, "__iter__"):
        raise TypeError(f"knocked is {described(given)}; needed: a list of {needed}")
    for item in given:
        if not isinstance(item, tuple | list) or len(item) != 2 + several:
            raise ValueError(f"knocked holds {described(item)}; needed: {needed}")
        shape = next((m["shape"] for m in maps if not several or m["name"] == item[0]), None)
        if shape is None:
            raise ValueError(f"knocked holds {item}: there is no map {item[0]!r}")
        places = [checked_index(item[-2], shape[0], "layer"), checked_index(item[-1], shape[1], "head")]
        found.append([*item[:-2], *places])
    return found


# ---- the picture on paper


def _grid(view, axes, layers, heads, wide) -> None:
    weights, ink, high, effects = view.weights, ink_map(), view.options["high"], view.effects
    opened, by_effect, size = view.opened, view.by_effect, 9 if wide <= 6 else 5.5
    axes.set(xlim=(-0.1, wide * (1 + GAP)), ylim=(layers * (1 + GAP + BELOW), -0.1))
    axes.set_aspect("equal")
    for layer, head in np.ndindex(layers, wide):
        mean = head == heads
        shown = weights[layer].mean(0) if mean else weights[layer, head]
        x, y = head * (1 + GAP), layer * (1 + GAP + BELOW)
        if np.isnan(shown).any():
            frame(axes, x + 0.5, y + 0.5, hatch="//////", ec="#c3ced9", lw=0)
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
            top, bottom = (y + i / len(shown) for i in (view.query, view.query + 1))
            axes.plot([x - 0.04] * 2, [top, bottom], color=COLOURS["query"], lw=2)
        here = opened == (layer, None if mean else head)
        frame(axes, x + 0.5, y + 0.5, ec="#1b2430" if here else "#c3ced9", lw=1.6 if here else 0.6)
        if (layer, head) in view.knocked:
            axes.plot([x, x + 1, np.nan, x, x + 1], [y, y + 1, np.nan, y + 1, y], color="#1b2430", lw=1)
        number = (np.nan if mean else effects[layer, head]) if by_effect else row[view.key(row)]
        text = "–" if np.isnan(number) else f"{number:.2f}".replace("-", "−")
        axes.text(x + 0.5, y + 1.06, text, ha="center", va="top", fontsize=size)
    axes.set_xlim(-0.1, wide * (1 + GAP))
    axes.set_ylim(layers * (1 + GAP + BELOW), -0.1)
    middle = [i * (1 + GAP) + 0.5 for i in range(wide)]
    axes.set_xticks(middle, [*map(str, range(1, heads + 1)), *["mean"] * (wide - heads)], fontsize=size)
    axes.set_yticks([i * (1 + GAP + BELOW) + 0.5 for i in range(layers)], [f"layer {i + 1}" for i in range(layers)])
    bare_axes(axes, labelsize=size)
    query, reads = names(view.map["queries"], "q")[view.query], names(view.map["keys"], "k")
    chosen = view.state["key"] >= 0
    given = f"what “{query}” gives to " + (f"“{reads[view.key(reads)]}”" if chosen else "its strongest word")
    axes.set_xlabel(f"under each head:\n{view.options['effect'] if by_effect else given}")


def _open(view, axes) -> None:
    matrix, m = view.matrix, view.map
    layer, head = view.opened
    key = view.key(matrix[view.query])
    axes.imshow(matrix, cmap=ink_map(), vmin=0, vmax=view.options["high"], aspect="auto", interpolation="nearest")
    hatch(axes, np.argwhere(np.isnan(matrix)) if matrix.size <= 1024 else [])
    frame(axes, key, view.query, ec=COLOURS["query"], lw=2)
    size = 9 if max(matrix.shape) <= 16 else 7 if max(matrix.shape) <= 28 else 4
    few = max(matrix.shape) <= 64
    axes.set_yticks(range(len(matrix)) if few else [], names(m["queries"], "q") if few else [], fontsize=size)
    axes.set_xticks(range(matrix.shape[1]) if few else [], names(m["keys"], "k") if few else [], fontsize=size)
    bare_axes(axes, labelcolor="#1b2430")
    for label in axes.get_xticklabels():
        label.set(rotation=60, ha="left", rotation_mode="anchor")
    for labels, place, role in ((axes.get_yticklabels(), view.query, "query"), (axes.get_xticklabels(), key, "key")):
        if labels:
            labels[place].set(weight="bold", color=COLOURS[role])
    axes.set_xlabel(_name(layer, head))
