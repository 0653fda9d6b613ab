"""What the head explorer is given, checked: weights of every layer, labels, effects, what is chosen and knocked out."""

import numpy as np

from .heatmap import _index, _labels
from .translation import word_of
from .view import as_array

MOST_TOKENS = 256


def picker(name, several: bool):
    """Picks what belongs to a map: an argument given by name, or the same for all."""
    return lambda given: given.get(name) if several and isinstance(given, dict) else given


def one_of(value, allowed, name):
    if value not in allowed:
        raise ValueError(f"{name} is {value!r}: it must be one of {', '.join(allowed)}")


def words_of(labels, count, name, rows):
    return [word_of(label) for label in _labels(labels, count, name, rows)]


def stacked(given, name) -> np.ndarray:
    """One tensor per layer -> [L, H, Q, K]."""
    layers = [given[i] for i in range(len(given))] if hasattr(given, "__len__") else given
    if not isinstance(layers, list) or not layers:
        raise TypeError(
            f"{name}: weights are {type(given).__name__}; needed: a list with one tensor [H, Q, K] per layer"
        )
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
        raise ValueError(f"{name}: a layer has shape {shape}; needed: a list with one tensor [H, Q, K] per layer")
    if 0 in shape or max(shape[1:]) > MOST_TOKENS:
        raise ValueError(f"{name}: a layer has shape {shape}; shown are 1 to {MOST_TOKENS} queries and keys")
    return np.stack(found)


def effects_of(given, shape, name):
    if given is None:
        return None
    values = as_array(given, "effects")
    if values.shape != tuple(shape):
        raise ValueError(f"effects of {name} have shape {values.shape}; needed: {list(shape)}, one for each head")
    return [[None if np.isnan(x) else round(float(x), 6) for x in row] for row in values]


def chosen_pair(select, m) -> tuple[int, int]:
    if select is None:
        return 0, -1
    pair = select if isinstance(select, tuple | list) else (select, None)
    if len(pair) != 2:
        raise ValueError(f"select is {select!r}: give a query, or (query, key)")
    found = []
    for label, labels, name in zip(pair, (m["queries"], m["keys"]), ("query", "key"), strict=True):
        if isinstance(label, str) and label not in labels:
            raise ValueError(f"select: there is no {name} {label!r} among {labels}")
        if label is None:
            found.append(-1)
        else:
            found.append(labels.index(label) if isinstance(label, str) else _index(int(label), len(labels), name))
    return max(found[0], 0), found[1]


def knocked_heads(given, maps) -> list[list]:
    """(layer, head), or (map, layer, head) where there are several maps, each one checked."""
    several, found = len(maps) > 1, []
    for item in given:
        item = list(item)
        if len(item) != 2 + several:
            raise ValueError(f"knocked holds {item}; needed: {'(map, layer, head)' if several else '(layer, head)'}")
        shape = next((m["shape"] for m in maps if not several or m["name"] == item[0]), None)
        if shape is None:
            raise ValueError(f"knocked holds {item}: there is no map {item[0]!r}")
        places = [_index(int(item[-2]), shape[0], "layer"), _index(int(item[-1]), shape[1], "head")]
        found.append([*item[:-2], *places])
    return found
