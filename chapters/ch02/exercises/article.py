"""Chapter 2, find-the-errors: an article's own attention, with its mixed-up indices."""

import torch
from torch import Tensor

from course_utils.attention import scaled_dot_product_attention
from course_utils.attention.scores import SCORES
from course_utils.exercises.definition import Case, FindError, variants, wrong_answers
from course_utils.exercises.inputs import drawn, named, normal, tensors

# ---- the article's own attention ------------------------------------------------------------------------------------


def dot_table(queries: Tensor, keys: Tensor) -> Tensor:
    """queries [Q, D], keys [K, D] -> plain dot products [Q, K]."""
    return SCORES["dot"](queries.shape[-1], queries.shape[-1])(queries, keys)


_pair = named("queries", "keys")

INDICES = FindError(
    name="mixed-up indices",
    task="write it again: S[i, j] says how well query i meets key j.",
    why="An article with code writes S₁₂ = q₂·k₂. Nothing crashes, and every row of weights comes out the same.",
    program=(
        "def scores(queries, keys):                     # queries [Q, D], keys [K, D], Q = K here",
        "    S = torch.zeros(len(queries), len(keys))",
        "    for i in range(len(queries)):",
        "        for j in range(len(keys)):",
        "            S[i, j] = queries[j] @ keys[j]     # S₁₂ = q₂ · k₂",
        "    return S",
    ),
    line=5,
    found="the query must be the one that asks, i: S₁₂ = q₁ · k₂. Here each token is only compared with itself.",
    innocent={
        2: "room for one score per pair.",
        3: "i runs over the queries, down the rows.",
        4: "j runs over the keys, across.",
        6: "it returns the table.",
    },
    reference=dot_table,
    cases=lambda: [
        _pair(*tensors([[1.0, 1], [0, 1], [1, 2]], [[0.0, 1], [1, 0], [1, 1]]), shown=True),
        _pair(*drawn(171, (2, 3), (2, 3), of=normal)),
        _pair(*drawn(173, (3, 2), (3, 2), of=normal)),
    ],
    returns=("S",),
    hints=(
        "Run it on the example. What do you notice about its rows?",
        "In S[i, j], who asks and who is asked?",
        "`queries @ keys.T`",
    ),
    minutes=4,
    difficulty=1,
    wrong=wrong_answers(
        lambda queries, keys: (queries * keys).sum(-1).expand(len(queries), -1),
        "All rows are equal still: each key is met by its own query, whoever asks.",
        lambda queries, keys: (queries * keys).sum(-1)[:, None].expand(-1, len(keys)),
        "Now the key is wrong: query i meets key i in every column. It should meet key j.",
        lambda queries, keys: keys @ queries.T,
        "Turned round: query j with key i. Rows belong to queries.",
        lambda queries, keys: queries @ keys.T / queries.shape[-1] ** 0.5,
        "Right pairs, and scaled by √d as well, which this program does not do.",
        lambda queries, keys: queries @ queries.T,
        "Queries with queries. The other side of the product is the keys.",
    ),
)


def own_attention(x: Tensor, Wq: Tensor, Wk: Tensor, Wv: Tensor) -> Tensor:
    """x [T, D], Wq, Wk, Wv [D, D] -> self-attention's output [T, D]."""
    return scaled_dot_product_attention(x @ Wq, x @ Wk, x @ Wv)[0]


def _own_cases() -> list[Case]:
    case = named("x", "Wq", "Wk", "Wv")
    tokens, swap, values = tensors([[1.0, 0], [0, 1], [1, 1]], [[0.0, 1], [1, 0]], [[2.0, 0], [0, 1]])
    return [
        case(tokens, torch.tensor([[1.0, 1], [0, 1]]), swap, values, shown=True),
        case(tokens, torch.tensor([[1.0, -1], [-2, 1]]), swap, values),
        case(*drawn(180, (3, 3), (3, 3), (3, 3), (3, 3), of=normal)),
        case(*drawn(190, (4, 2), (2, 2), (2, 2), (2, 2), of=normal)),
    ]


@variants
def _wrong_own(x, Wq, Wk, Wv, *, query=lambda q: q, averaged=lambda x, v: v, scale=True):
    q, k, v = query(x @ Wq), x @ Wk, x @ Wv
    return torch.softmax(q @ k.T / (q.shape[-1] ** 0.5 if scale else 1), -1) @ averaged(x, v)


_OWN_WRONG = wrong_answers(
    _wrong_own(averaged=lambda x, v: x),
    "The inputs x are averaged, and the values, which were computed for this, are not used.",
    _wrong_own(query=torch.relu),
    "A ReLU on the queries: every negative coordinate is cut to 0, and a query can no longer ask *against* a feature.",
    _wrong_own(query=torch.relu, averaged=lambda x, v: x),
    "Two slips are in it: the ReLU on the queries, and the inputs averaged in place of the values.",
    _wrong_own(averaged=lambda x, v: x, scale=False),
    "The inputs are averaged, and the scale √d is missing.",
    _wrong_own(scale=False),
    "Right but for the scale: divide the scores by √d.",
)

AVERAGED = FindError(
    name="what is averaged",
    task="write the function again.",
    why="From the same article: it computes values, and then never uses them.",
    program=(
        "def attention(x, Wq, Wk, Wv):               # x [T, D]",
        "    q, k, v = x @ Wq, x @ Wk, x @ Wv",
        "    weights = torch.softmax(q @ k.T / q.shape[-1] ** 0.5, dim=-1)",
        "    return weights @ x",
    ),
    line=4,
    found="the weights average the values v. Without them the output can only be a mixture of what came in.",
    innocent={2: "each token is projected three times.", 3: "softmax along the keys, scaled by √d."},
    reference=own_attention,
    cases=_own_cases,
    returns=("output",),
    hints=("Which of the three projections is never used?", "What do the weights weigh?", "`weights @ v`"),
    minutes=3,
    difficulty=1,
    wrong=_OWN_WRONG,
)

RELU = FindError(
    name="a relu on the queries",
    task="write the function again.",
    why="From the same article. Nothing crashes; the queries lose half of what they can ask.",
    program=(
        "def attention(x, Wq, Wk, Wv):               # x [T, D]",
        "    q = torch.relu(x @ Wq)",
        "    k, v = x @ Wk, x @ Wv",
        "    weights = torch.softmax(q @ k.T / q.shape[-1] ** 0.5, dim=-1)",
        "    return weights @ v",
    ),
    line=2,
    found="queries, keys and values are plain projections. A ReLU cuts the negative coordinates off.",
    innocent={
        3: "keys and values are plain projections.",
        4: "softmax along the keys, scaled by √d.",
        5: "the values are averaged.",
    },
    reference=own_attention,
    cases=_own_cases,
    returns=("output",),
    hints=(
        "Try a query that should say: I want keys *without* this feature.",
        "How are k and v made? How is q?",
        "`q = x @ Wq`",
    ),
    minutes=3,
    difficulty=1,
    wrong=_OWN_WRONG,
)


def distinct_heads(heads: Tensor) -> int:
    """heads [H, T, D], the outputs of H heads -> how many of them are different."""
    return len(torch.unique(heads, dim=0))


SAME_HEAD = FindError(
    name="the same head again",
    task="write a function: outputs of the heads [H, T, D] -> how many different heads there are.",
    why="The same article makes “multi-head” attention by calling one head H times.",
    claims=True,
    program=(
        "Multi-head attention lets each head look for something else.",
        "To get H heads, take one head with its Wq, Wk, Wv, run it H times, and put the outputs side by side.",
        "The heads' outputs stand side by side, H · D numbers for each token.",
        "A last matrix W_O mixes the heads and brings them back to the size of the model.",
    ),
    line=2,
    found="the same weights give the same output H times. Each head needs projections of its own, and then W_O.",
    innocent={
        1: "that is what they are for.",
        3: "concatenated, yes.",
        4: "the article leaves it out; without it the heads would never meet.",
    },
    reference=distinct_heads,
    cases=lambda: [
        Case({"heads": torch.tensor([[[1.0, 2]], [[1.0, 2]], [[1.0, 2]]])}, shown=True),
        Case({"heads": torch.tensor([[[1.0, 2]], [[2.0, 1]], [[1.0, 2]]])}),
        Case({"heads": torch.tensor([[[1.0], [2.0]]])}),
        Case({"heads": normal(4, 2, 3, seed=201)}),
    ],
    returns=("count",),
    hints=(
        "What is different between the first and the second call of one function on one input?",
        "Compare whole outputs, [T, D], with each other.",
        "`torch.unique(heads, dim=0)` keeps each once; `len` counts them.",
    ),
    minutes=3,
    difficulty=1,
    wrong=wrong_answers(
        lambda heads: len(heads),
        "This counts all heads, also those that say the same.",
        lambda heads: len(torch.unique(heads)),
        "This counts different *numbers*. A head is its whole output [T, D]: `dim=0`.",
        lambda heads: 1,
        "Right for the article's heads, but not all heads are equal.",
        lambda heads: int((heads[1:] != heads[:-1]).flatten(1).any(1).sum()) + 1,
        "Only neighbours are compared: a head that comes back later is counted again.",
    ),
)
