"""The shuffle lab: words change places; do the outputs of self-attention move along, and does their mean stay?"""

import numpy as np
import torch

from course_kit.arguments import flag, whole_numbers
from course_kit.views.arguments import as_array, checked_labels
from course_kit.views.live import shell
from course_kit.views.table import TextTable
from course_kit.views.view import View, at
from course_utils.attention import scaled_dot_product_attention

from .sinusoid import waves

MOST_WORDS, MOST_FEATURES = 12, 16
SAME = 1e-9  # computed in double precision: what differs less has not changed
TITLE = "What happens when words change places?"
CAPTION = (
    "Drag a word, or move it with the buttons. Watch the rows ([query|queries]), the columns ([key|keys]) and the "
    "[output|outputs]. Then add positions, and move it again."
)


class Shuffle(View):
    """See `shuffle`."""

    kind = "shuffle"

    def attend(self, order=None) -> tuple[np.ndarray, np.ndarray]:
        """Weights [T, T] and outputs [T, E] in float64 for the words in an order, by default the one shown."""
        order = self.state["order"] if order is None else order
        width = self.options["size"]
        x = self.arrays["x"].astype(np.float64).reshape(-1, width)[order]
        if self.state["positions"]:
            x = x + waves(range(len(order)), width)
        q, k, v = (x @ self.map(name) for name in ("query", "key", "value"))
        outputs, weights = scaled_dot_product_attention(*(torch.from_numpy(m)[None] for m in (q, k, v)))
        return weights[0].numpy(), outputs[0].numpy()

    def map(self, name: str) -> np.ndarray:
        """W_Q, W_K or W_V [D, E] in float64; the identity when none was given."""
        width = self.options["size"]
        return self.arrays[name].astype(np.float64).reshape(width, -1) if name in self.arrays else np.eye(width)

    @property
    def moved(self) -> dict:
        """change [T]: how far each word's output lies from its output in the first order; mean: how far their mean
        does; equivariant, invariant: whether these are zero."""
        first = list(range(len(self.state["order"])))
        (_, now), (_, before) = self.attend(), self.attend(first)
        change = np.linalg.norm(now[np.argsort(self.state["order"])] - before, axis=-1)
        mean = float(np.linalg.norm(now.mean(0) - before.mean(0)))
        same = {"equivariant": bool(change.max() < SAME), "invariant": mean < SAME}
        return {"change": change, "mean": mean, **same}

    def describe(self) -> str:
        names, order, moved = self.options["names"], self.state["order"], self.moved
        weights, _ = self.attend()
        how = "with" if self.state["positions"] else "without"
        away = sum(s != w for s, w in enumerate(order))
        strongest = [
            f"{names[order[q]]} → {names[order[k]]} {weights[q, k]:.2f}" for q, k in enumerate(weights.argmax(-1))
        ]
        if not away:
            verdict = "Nothing has moved yet."
        else:
            verdict = (
                f"The outputs moved with their words (largest change {moved['change'].max():.1g}): equivariant. "
                if moved["equivariant"]
                else f"The outputs changed by up to {moved['change'].max():.3f}: not equivariant. "
            ) + ("Their mean stayed: invariant." if moved["invariant"] else f"Their mean moved by {moved['mean']:.3f}.")
        return (
            f"Self-attention over “{' '.join(names[w] for w in order)}”, {how} positions; {away} of {len(order)} words "
            f"stand elsewhere than at first. {verdict} Largest weights: {', '.join(strongest)}."
        )

    def table(self) -> TextTable:
        names, order, (weights, outputs) = self.options["names"], self.state["order"], self.attend()
        change = self.moved["change"]
        header = ["word", *(f"→ {names[w]}" for w in order), *(f"output {e + 1}" for e in range(outputs.shape[1]))]
        rows = [[names[w], *(f"{x:.3f}" for x in (*weights[s], *outputs[s], change[w]))] for s, w in enumerate(order)]
        mean = ["mean", *[""] * len(order), *(f"{x:.3f}" for x in outputs.mean(0)), f"{self.moved['mean']:.3f}"]
        return TextTable([*header, "changed by"], [*rows, mean])


def shuffle(
    x,
    tokens=None,
    *,
    query=None,
    key=None,
    value=None,
    order=None,
    positions=False,
    title=None,
    caption=None,
    live=False,
):
    """Self-attention over words that can change places: do the outputs move along, does their mean stay?

    x [T, D]: 2 to 12 words with 1 to 16 features; tokens: T labels; query, key, value [D, E]: W_Q, W_K, W_V, with
    Q = X W_Q (default: Q = K = V = X), values of 1 to 16 features. order: the word at each position, by default
    0 … T − 1; positions: whether the sinusoidal encoding is added to x (needs an even D). live=True: Python reads
    `order`, `positions` and `word`, the one picked.

    Numbers travel as float32. Returns a view: .attend() -> weights, outputs; .moved; and what all have.
    Raises ValueError for what cannot be shown.
    """
    x = as_array(x, "x")
    if x.ndim != 2 or not 2 <= len(x) <= MOST_WORDS or not 1 <= x.shape[1] <= MOST_FEATURES or not np.isfinite(x).all():
        raise ValueError(
            f"x has shape {x.shape}: this lab needs finite numbers, 2 to {MOST_WORDS} words with 1 to {MOST_FEATURES} "
            "features; take fewer words, or features, as in x[:, :8]"
        )
    count, width = x.shape
    names = checked_labels(tokens, count, "tokens", "x has {} words")
    order = list(range(count)) if order is None else whole_numbers("order", order, 0, count - 1)
    if sorted(order) != list(range(count)):
        raise ValueError(f"order is {order}; needed: each of 0 … {count - 1} once")
    if flag("positions", positions) and width % 2:
        raise ValueError(f"x has {width} features, positions need an even number: pairs of sine and cosine")
    arrays = {"x": x.astype("<f4").ravel()}
    for name, given in (("query", query), ("key", key), ("value", value)):
        if given is not None:
            arrays[name] = _map(given, name, width).astype("<f4").ravel()
    if (query is None) != (key is None) and len(arrays.get("query", arrays.get("key"))) != width * width:
        raise ValueError(f"only one of query and key is given: it must then be [{width}, {width}], or give both")
    if query is not None and key is not None and len(arrays["query"]) != len(arrays["key"]):
        raise ValueError(
            f"query {np.shape(query)} and key {np.shape(key)}: needed, the same size E, for their products"
        )
    controls = [
        *({"kind": "button", "name": name, "label": label} for name, label in BUTTONS.items()),
        {"kind": "choice", "name": "positions", "label": "positions", "options": [False, True],
         "words": {"false": "none", "true": "added"}},
        {"kind": "button", "name": "reset", "label": "reset"},
    ]  # fmt: skip
    controls = [c for c in controls if c["name"] != "positions" or width % 2 == 0]
    moved = [w for s, w in enumerate(order) if s != w]
    state = {"order": order, "positions": positions, "word": min(moved, default=0)}
    title, caption = TITLE if title is None else title, CAPTION if caption is None else caption
    options = {"names": names, "size": width}
    view = Shuffle(title, caption, arrays, state, controls, options)
    if not moved:  # the word to which most is attended
        state["word"] = int(view.attend()[0].sum(0).round(6).argmax())
    return shell(at(view, **state), live)


BUTTONS = {"back": "◀ move", "on": "move ▶", "reverse": "reverse", "mix": "shuffle"}


def _map(given, name: str, width: int) -> np.ndarray:
    matrix = as_array(given, name)
    if matrix.ndim != 2 or len(matrix) != width or not 1 <= matrix.shape[1] <= MOST_FEATURES:
        raise ValueError(
            f"{name} has shape {matrix.shape}; needed: [{width}, E] with E from 1 to {MOST_FEATURES}, as in x @ {name} "
            "(for a torch Linear take weight.T)"
        )
    if not np.isfinite(matrix).all():
        raise ValueError(f"{name} holds NaN or infinite numbers: look for them with isfinite()")
    return matrix
