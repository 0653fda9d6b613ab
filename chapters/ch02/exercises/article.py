"""Chapter 2, find-the-errors: an article's own attention, with its mixed-up indices."""

from dataclasses import replace

import torch
from torch import Tensor

from course_kit.exercises import properties
from course_kit.exercises.define import Case, FindError, drawn, named, normal, tensors, variants, wrong_answers
from course_utils.attention import scaled_dot_product_attention
from course_utils.scores import SCORES


def dot_table(queries: Tensor, keys: Tensor) -> Tensor:
    """queries [Q, D], keys [K, D] -> plain dot products [Q, K]."""
    return SCORES["dot"](queries.shape[-1], queries.shape[-1])(queries, keys)


def every_pair(queries, keys):
    return queries @ keys.T


_pair = named("queries", "keys")


@variants
def _wrong_table(queries, keys, *, other=lambda queries, keys: keys, scale=lambda queries: 1, axes=lambda S: S):
    """Dot products with something else than the keys, scaled, or with its axes exchanged."""
    return axes(queries @ other(queries, keys).T / scale(queries))


INDICES = FindError(
    name="program 2.9",
    title="mixed-up indices",
    task="S[i, j] should be the score of query i with key j.",
    program=(
        "def scores(queries, keys):                     # queries [Q, D], keys [K, D], Q = K here",
        "    S = torch.zeros(len(queries), len(keys))",
        "    for i in range(len(queries)):",
        "        for j in range(len(keys)):",
        "            S[i, j] = queries[j] @ keys[j]     # S₁₂ = q₂ · k₂",
        "    return S",
    ),
    line=5,
    found="the query must be that of row i, so S₁₂ = q₁ · k₂. Here each token is only compared with itself.",
    innocent={
        2: "it makes room for one score per pair.",
        3: "i runs over the queries, down the rows.",
        4: "j runs over the keys, across the columns.",
        6: "it returns the table.",
    },
    reference=dot_table,
    shown=every_pair,
    cases=lambda: [
        _pair(*tensors([[1.0, 1], [0, 1], [1, 2]], [[0.0, 1], [1, 0], [1, 1]]), shown=True),
        _pair(*drawn(171, (2, 3), (2, 3), of=normal)),
        _pair(*drawn(173, (3, 2), (3, 2), of=normal)),
    ],
    returns=("S",),
    hints=(
        "Run it on the example. What do you notice about its rows?",
        "Rows belong to queries, and columns to keys. In S[i, j], which index is the query's, and which is the key's?",
        "There is no `i` to the right of the `=` in line 5. Where does it belong? (Without loops, a single matrix "
        "product does all pairs.)",
    ),
    minutes=4,
    difficulty=1,
    wrong=wrong_answers(
        lambda queries, keys: (queries * keys).sum(-1).expand(len(queries), -1),
        "All rows are still equal: each key meets its own query, whichever row it is.",
        lambda queries, keys: (queries * keys).sum(-1)[:, None].expand(-1, len(keys)),
        "Now the key is wrong: query i meets key i in every column. It should meet key j.",
        _wrong_table(axes=Tensor.t),
        "The table is transposed: query j with key i. Rows belong to queries.",
        _wrong_table(scale=lambda queries: queries.shape[-1] ** 0.5),
        "You divide by √D as well, which this program does not do.",
        _wrong_table(other=lambda queries, keys: queries),
        "You multiply queries by queries. The other side of the product is the keys.",
    ),
)


def own_attention(x: Tensor, Wq: Tensor, Wk: Tensor, Wv: Tensor) -> Tensor:
    """x [T, D], Wq, Wk, Wv [D, D] -> self-attention's output [T, D]."""
    return scaled_dot_product_attention(x @ Wq, x @ Wk, x @ Wv)[0]


def _own_cases(asking=((1.0, 1.0), (0.0, 1.0))) -> list[Case]:
    case = named("x", "Wq", "Wk", "Wv")
    tokens, swap, values = tensors([[1.0, 0], [0, 1], [1, 1]], [[0.0, 1], [1, 0]], [[2.0, 0], [0, 1]])
    return [
        case(tokens, torch.tensor(asking), swap, values, shown=True),
        case(tokens, torch.tensor([[1.0, -1], [-2, 1]]), swap, values),
        case(*drawn(180, (3, 3), (3, 3), (3, 3), (3, 3), of=normal)),
        case(*drawn(190, (4, 2), (2, 2), (2, 2), (2, 2), of=normal)),
    ]


def plain_projections(x, Wq, Wk, Wv):
    q, k, v = x @ Wq, x @ Wk, x @ Wv
    weights = torch.softmax(q @ k.T / q.shape[-1] ** 0.5, dim=-1)
    return weights @ v


@variants
def _wrong_own(x, Wq, Wk, Wv, *, query=lambda q: q, key=lambda k: k, averaged=lambda x, k, v: v, scale=True, dim=-1):
    """Self-attention with something done to the queries or keys, another average, no scale, or another axis."""
    q, k, v = query(x @ Wq), key(x @ Wk), x @ Wv
    return torch.softmax(q @ k.T / (q.shape[-1] ** 0.5 if scale else 1), dim) @ averaged(x, k, v)


_OWN_WRONG = wrong_answers(
    _wrong_own(averaged=lambda x, k, v: x),
    "The inputs x are averaged. The values, which were computed for this, are not used.",
    _wrong_own(averaged=lambda x, k, v: k),
    "The keys are averaged. They have done their work in the weights; what is averaged are the values.",
    _wrong_own(query=torch.relu),
    "There is a relu on the queries: every negative coordinate is cut to 0, and a query can no longer ask for keys "
    "*without* a feature.",
    _wrong_own(key=torch.relu),
    "There is a relu on the keys: every negative coordinate is cut to 0. Keys are plain projections.",
    _wrong_own(query=torch.relu, key=torch.relu),
    "There is a relu on the queries and on the keys. Both are plain projections.",
    _wrong_own(scale=False),
    "The scale is missing: divide the scores by √D.",
    _wrong_own(dim=0),
    "The columns sum to 1, not the rows: the softmax should run along the keys, `dim=-1`.",
)

_TWICE_THE_VALUES = replace(
    properties.linear_in("Wv"),
    says="Twice Wv gives twice the values, so it should give twice the output; with yours it does not. What is "
    "averaged?",
)

AVERAGED = FindError(
    name="program 2.10",
    title="what is averaged",
    task="the function should return the output [T, D] of self-attention.",
    program=(
        "def attention(x, Wq, Wk, Wv):               # x [T, D]",
        "    q, k, v = x @ Wq, x @ Wk, x @ Wv",
        "    weights = torch.softmax(q @ k.T / q.shape[-1] ** 0.5, dim=-1)",
        "    return weights @ x",
    ),
    line=4,
    found="the weights should average the values v. Without them the output can only be a mixture of what came in.",
    innocent={
        2: "each token is projected three times, to a query, a key and a value.",
        3: "the softmax runs along the keys, over scores divided by √D.",
    },
    reference=own_attention,
    shown=plain_projections,
    cases=_own_cases,
    returns=("output",),
    hints=(
        "Line 2 makes three projections. Which of them is never used?",
        "The weights come from queries and keys. What should they average?",
        "In the last line, `x` is what came in. What was made of it to be averaged?",
    ),
    minutes=3,
    difficulty=1,
    properties=(_TWICE_THE_VALUES,),
    wrong=_OWN_WRONG,
)

RELU = FindError(
    name="program 2.11",
    title="a relu on the queries",
    task="the function should return the output [T, D] of self-attention.",
    program=(
        "def attention(x, Wq, Wk, Wv):               # x [T, D]",
        "    q = torch.relu(x @ Wq)",
        "    k, v = x @ Wk, x @ Wv",
        "    weights = torch.softmax(q @ k.T / q.shape[-1] ** 0.5, dim=-1)",
        "    return weights @ v",
    ),
    line=2,
    found="queries, keys and values are plain projections. A relu cuts the negative coordinates off.",
    innocent={
        3: "keys and values are plain projections, as they should be.",
        4: "the softmax runs along the keys, over scores divided by √D.",
        5: "the values are averaged.",
    },
    reference=own_attention,
    shown=plain_projections,
    cases=lambda: _own_cases(((1.0, -1.0), (0.0, 1.0))),  # a negative coordinate, or the relu would not show
    returns=("output",),
    hints=(
        "Suppose that a query wants keys *without* some feature. Which number would it need in that coordinate?",
        "Compare how k and v are made with how q is made.",
        "A projection is a matrix product and nothing else. What has to go in line 2?",
    ),
    minutes=3,
    difficulty=1,
    properties=(_TWICE_THE_VALUES,),
    wrong=_OWN_WRONG,
)


def distinct_heads(heads: Tensor) -> int:
    """heads [H, T, D], the outputs of H heads -> how many of them are different."""
    return len(torch.unique(heads, dim=0))


SAME_HEAD = FindError(
    name="claims 2.12",
    title="the same head again",
    task="write a function of the heads' outputs [H, T, D] that returns how many of them are different from each "
    "other.",
    claims=True,
    program=(
        "Multi-head attention lets each head attend to something else.",
        "To get H heads, take one head with its Wq, Wk, Wv, run it H times, and put the outputs side by side.",
        "The outputs of the heads are put side by side, H · D numbers for each token.",
        "A last matrix W_O mixes the heads and brings them back to the size of the model.",
    ),
    line=2,
    found="the same Wq, Wk and Wv give the same output H times. Each head needs projections of its own, and then W_O.",
    innocent={
        1: "this is what several heads are for.",
        3: "the outputs are concatenated.",
        4: "this is right, although the article leaves it out; without it the heads would never meet.",
    },
    reference=distinct_heads,
    cases=lambda: [
        Case({"heads": torch.tensor([[[1.0, 2]], [[1.0, 2]], [[1.0, 2]]])}, shown=True),
        Case({"heads": torch.tensor([[[1.0, 2]], [[2.0, 1]], [[1.0, 2]]])}),
        Case({"heads": torch.tensor([[[1.0], [2.0]]])}),
        Case({"heads": torch.tensor([[[1.0], [2.0]], [[1.0], [3.0]]])}),  # their first tokens are equal
        Case({"heads": normal(4, 2, 3, seed=201)}),
    ],
    returns=("count",),
    hints=(
        "What is different between the first and the second call of one function, if the input is the same?",
        "Two heads are the same if their whole outputs, [T, D], are equal. How many different ones are there?",
        "`torch.unique` with a `dim` keeps one of each of the equal slices along that axis, and `len` counts them. "
        "Which axis has the heads?",
    ),
    minutes=3,
    difficulty=1,
    wrong=wrong_answers(
        lambda heads: len(heads),
        "This counts all heads, including those with the same output.",
        lambda heads: len(torch.unique(heads)),
        "This counts different *numbers*. A head is its whole output [T, D]: `dim=0`.",
        lambda heads: 1,
        "That is right for the article's heads, but not all heads are equal.",
        lambda heads: int((heads[1:] != heads[:-1]).flatten(1).any(1).sum()) + 1,
        "You compare only neighbours, so a head that comes back later is counted again.",
    ),
)
