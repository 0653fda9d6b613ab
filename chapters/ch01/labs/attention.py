"""Attention that lives: every table from what is given to the output; from each number lines lead to what made it."""

from typing import Any

import numpy as np
import torch

from course_kit.i18n import mark, t
from course_kit.programs.arguments import one_of, string
from course_kit.views.inputs import Labels, Numbers, as_array, checked_labels
from course_kit.views.table import TextTable
from course_kit.views.view import View

NOUNS = dict(
    x=mark("words"), WQ=mark("query matrix"), q=mark("queries"), WK=mark("key matrix"), k=mark("keys"),
    WV=mark("value matrix"), v=mark("values"), s=mark("scores"), a=mark("weights"), o=mark("output"),
)  # fmt: skip
SIGNS = "₁₂₃₄₅₆₇₈"
MOST = 8  # words, keys or numbers of a vector


class Attention(View):
    """See `attention` and `self_attention`, which make it."""

    kind = "attention"

    @property
    def numbers(self) -> dict[str, np.ndarray]:
        """The tables at the current state in float64, by their letters in the order of NOUNS."""
        given = self.options["shapes"].items()
        made = {letter: torch.tensor(self.state[letter], dtype=torch.float64).reshape(shape) for letter, shape in given}
        if "x" in made:
            made |= {role: made["x"] @ made[f"W{role.upper()}"] for role in "qkv"}
        if self.options["distance"]:
            made["s"] = -0.5 * torch.cdist(made["q"], made["k"], compute_mode="donot_use_mm_for_euclid_dist") ** 2
        else:
            made["s"] = made["q"] @ made["k"].T / (made["q"].shape[-1] ** 0.5 if self.options["scaled"] else 1)
        made["a"] = torch.softmax(made["s"], -1)
        if "v" in made:
            made["o"] = made["a"] @ made["v"]
        return {letter: made[letter].numpy() for letter in NOUNS if letter in made}

    def _noun(self, letter: str) -> str:
        return t("query") if letter == "q" and len(self.options["queries"]) < 2 else t(NOUNS[letter])

    def _rows(self, letter: str) -> list[str]:
        names = self.options[{"k": "keys", "v": "values"}.get(letter, "queries")]
        return list("12345678") if len(letter) > 1 else names

    def describe(self) -> str:
        said = (f"{self._noun(letter)} {_listed(table)}" for letter, table in self.numbers.items())
        return t("Tables, row by row: {tables}.", tables=t("; ").join(said))

    def table(self) -> TextTable:
        tables = self.numbers
        longest = max(table.shape[1] for table in tables.values())
        rows = [
            [f"{self._noun(letter)} {name}", *(f"{x:.2f}" for x in row), *[""] * (longest - len(row))]
            for letter, table in tables.items()
            for name, row in zip(self._rows(letter), table, strict=False)
        ]
        return TextTable([t("table and row"), *map(str, range(1, longest + 1))], rows)


def attention(
    q: Numbers,
    k: Numbers,
    v: Numbers | None = None,
    *,
    query: str = "q",
    keys: Labels | None = None,
    score: str = "distance",
    title: str = mark("How does a query become an output?"),
    caption: str = mark("Scores compare the [query|query] with each [key|key]. Drag an arrow, or press a number."),
) -> Attention:
    """One query and its keys under the hand: q [d] or [1, d], k [K, d], v [K, dv] or none; K, d, dv at most 8.

    keys: K words; without them the rows are k₁, k₂, … score: "distance" (−½ of its square), "dot", "scaled dot".
    Raises TypeError or ValueError for shapes that do not fit, or other scores.
    """
    given = {"q": np.atleast_2d(as_array(q, "q")), "k": as_array(k, "k")}
    given |= {} if v is None else {"v": as_array(v, "v")}
    _check(given, q=(1, None), k=(None, given["q"].shape[-1]), v=(given["k"].shape[0] if given["k"].ndim else 0, None))
    count, names = len(given["k"]), {"queries": [string("query", query)], "quoted": keys is not None}
    if keys is None:
        names |= {"keys": [f"k{sign}" for sign in SIGNS[:count]], "values": [f"v{sign}" for sign in SIGNS[:count]]}
    else:
        names["keys"] = names["values"] = checked_labels(keys, count, "keys", "k has {} rows")
    one_of("score", score, ("distance", "dot", "scaled dot"))
    return _made(given, names, score, title, caption)


def self_attention(
    x: Numbers,
    WQ: Numbers,
    WK: Numbers,
    WV: Numbers,
    words: Labels,
    *,
    title: str = mark("How does a sentence attend to itself?"),
    caption: str = mark(
        "Each word makes a [query|query], a [key|key] and a [value|value]. Drag a word, or press a number."
    ),
) -> Attention:
    """Scaled self-attention under the hand: x [T, D], WQ and WK [D, d], WV [D, dv], words: T labels; each at most 8.

    Raises ValueError for shapes that do not fit.
    """
    given = {name: as_array(part, name) for name, part in dict(x=x, WQ=WQ, WK=WK, WV=WV).items()}
    size, own = (given[name].shape[-1] if given[name].ndim else 0 for name in ("x", "WQ"))
    _check(given, x=(None, None), WQ=(size, None), WK=(size, own), WV=(size, None))
    words = checked_labels(words, len(given["x"]), "words", "x has {} rows")
    names = {"queries": words, "keys": words, "values": words, "quoted": True}
    return _made(given, names, "scaled dot", title, caption)


def _check(given: dict[str, np.ndarray], **shapes: tuple[int | None, int | None]) -> None:
    for name, table in given.items():
        wanted = shapes[name]
        fits = table.ndim == 2 and all(
            n in (None, m) and 1 <= m <= MOST for n, m in zip(wanted, table.shape, strict=True)
        )
        if not fits or not np.isfinite(table).all():
            needed = ", ".join("1 to 8" if n is None else str(n) for n in wanted)
            raise ValueError(f"{name} has shape {table.shape}; needed: finite numbers [{needed}], none of them above 8")


def _made(given: dict[str, np.ndarray], names: dict[str, Any], score: str, title: str, caption: str) -> Attention:
    state = {letter: [round(float(n), 6) for n in table.ravel()] for letter, table in given.items()} | {"at": []}
    options = {"shapes": {letter: list(table.shape) for letter, table in given.items()}, **names}
    options |= {"distance": score == "distance", "scaled": score == "scaled dot"}
    buttons = {"play": t("▶ play"), "reset": t("reset")} if "x" in given else {"reset": t("reset")}
    controls = [{"kind": "button", "name": name, "label": label} for name, label in buttons.items()]
    return Attention(title, caption, {}, state, controls, options)


def _listed(table: np.ndarray) -> str:
    return " ".join("(" + ", ".join(f"{x:.2f}" for x in row) + ")" for row in table)
