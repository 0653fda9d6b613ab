"""The head explorer: every head of every layer side by side, one of them open, one query word compared in all."""

from typing import Any, NamedTuple

import numpy as np

from .heads_given import chosen_pair, effects_of, knocked_heads, one_of, picker, stacked, words_of
from .heatmap import _allowed, _check_weights, _index, _range
from .view import Table, View, shell

MOST_NUMBERS = 2_000_000


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
        weights, effects = self.weights[:, :, self.query], self.effects
        by_effect = effects is not None and self.state["number"] == "effect"

        def number(place):
            x = effects[place] if by_effect else weights[place][self.key(weights[place])]
            return -np.inf if np.isnan(x) else x

        return sorted(np.ndindex(weights.shape[:2]), key=number, reverse=True)

    def _words(self, layer, head, row) -> str:
        m, k = self.map, self.key(row)
        query, key = m["queries"][self.query], m["keys"][k]
        name = f"Layer {layer + 1}, " + ("mean of its heads" if head is None else f"head {head + 1}")
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
        by_effect = self.effects is not None and self.state["number"] == "effect"
        text += f"Largest {self.options['effect']}: " if by_effect else "Most in: "
        found = []
        for place in self.ranking()[:5]:
            row = weights[place][self.query]
            x, to = (self.effects[place], "") if by_effect else (row[self.key(row)], "")
            if self.state["key"] < 0 and not by_effect:
                to = f" to {m['keys'][self.key(row)]}"
            found.append(f"layer {place[0] + 1} head {place[1] + 1} {x:.3f}{to}")
        text += ", ".join(found) + "."
        if self.knocked:
            names = ", ".join(f"layer {a + 1} head {b + 1}" for a, b in sorted(self.knocked))
            text += f" Knocked out: {names}."
        return text

    def table(self) -> Table:
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
            name = f"layer {layer + 1}, " + ("mean of its heads" if head is None else f"head {head + 1}")
            rows.append([name, *cells])
        return Table(header, rows)

    def draw(self, figure) -> None:
        from .heads_picture import draw

        draw(self, figure)


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
    title="Which head looks where?",
    caption=None,
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
        pick = picker(name, isinstance(weights, dict))
        values = stacked(given, name)
        asked = words_of(pick(queries), values.shape[2], f"queries of {name}", "its weights have {} rows")
        same = keys is None and queries is not None and values.shape[3] == values.shape[2]
        read = (
            asked if same else words_of(pick(keys), values.shape[3], f"keys of {name}", "its weights have {} columns")
        )
        allowed = _allowed(pick(mask), values, "weights")
        _check_weights(values, allowed)
        every.append(np.where(allowed, values, np.nan))
        arrays[f"map{len(maps)}"] = every[-1].astype("<f2").ravel()
        maps.append(
            {"name": str(name), "queries": asked, "keys": read, "shape": list(values.shape)}
            | {"masked": bool((~allowed).any()), "effects": effects_of(pick(effects), values.shape[:2], name)}
        )
    if sum(a.size for a in arrays.values()) > MOST_NUMBERS:
        raise ValueError(
            f"{sum(a.size for a in arrays.values()):,} weights are more than a page can hold "
            f"({MOST_NUMBERS:,}): show fewer layers or maps, or a shorter sentence"
        )
    names = [m["name"] for m in maps]
    chosen = names[0] if map is None else str(map)
    if chosen not in names:
        raise ValueError(f"map is {map!r}: there are {', '.join(names)}")
    first = maps[names.index(chosen)]
    query, key = chosen_pair(select, first)
    one_of(show, ("maps", "row"), "show")
    high = _range(np.concatenate([v.ravel() for v in every]), "weights")[1]
    state = {
        "map": chosen,
        "layer": _index(layer, first["shape"][0], "layer"),
        "head": -1 if head == -1 else _index(head, first["shape"][1], "head"),
        "query": query,
        "key": key,
        "show": show,
        "knocked": knocked_heads(knocked, maps),
    }
    words = {"maps": "whole maps", "row": "the word’s row"}
    controls = [{"kind": "choice", "name": "show", "label": "show", "options": ["maps", "row"], "words": words}]
    if len(maps) > 1:
        controls.insert(0, {"kind": "choice", "name": "map", "label": "map", "options": names})
    if any(m["effects"] for m in maps):
        state["number"] = "effect"
        words = {"weight": "its weight", "effect": effect}
        control = {"kind": "choice", "name": "number", "label": "under each head"}
        controls.append(control | {"options": ["weight", "effect"], "words": words})
    else:
        state["number"] = "weight"
    if caption is None:
        caption = "Each small picture is one head: [query|queries] down, [key|keys] across, ink is attention."
        caption += f" Full ink = {high:g}." if high < 1 else ""
        caption += " Hatched = masked." if any(np.isnan(v).any() for v in every) else ""
    options = {"maps": maps, "high": high, "effect": effect}
    view = Heads(title, caption, arrays, state, controls, options, presenting)
    view.size = (7.5, 4.2 if max(m["shape"][0] for m in maps) <= 6 else 6.0)
    return shell(view, live)
