"""Chapter 2, scoring functions: eight exercises; the errata, as find-the-errors, are in ch02_errata.py.

Each wrong answer below is a mistake people make or code that circulates.
"""

import torch
from torch import Tensor

from ..attention import causal_mask, masked_softmax, padding_mask, scaled_dot_product_attention
from ..linear import linear_attention
from ..scores import SCORES
from .ch02_errata import ERRATA
from .definition import Case, Exercise, Wrong

INF = float("inf")


def _random(*shape: int, seed: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


# ---- scaled dot-product score ---------------------------------------------------------------------------------------


def scaled_dot_score(queries: Tensor, keys: Tensor) -> Tensor:
    """queries [B, Q, D], keys [B, K, D] -> scores [B, Q, K]: q·k / √D, the score `scaled_dot`."""
    size = queries.shape[-1]
    return SCORES["scaled_dot"](size, size)(queries, keys)


def _score_cases() -> list[Case]:
    numbers = torch.tensor
    return [
        Case({"queries": numbers([[[1.0, 0, 2, 0]]]), "keys": numbers([[[1.0, 1, 1, 1], [0, 3, 0, 0]]])}, shown=True),
        Case({"queries": numbers([[[2.0]], [[1.0]]]), "keys": numbers([[[3.0], [1.0]], [[5.0], [4.0]]])}),
        Case({"queries": _random(1, 3, 3, seed=1), "keys": _random(1, 3, 3, seed=2)}),
        Case({"queries": _random(2, 3, 5, seed=3), "keys": _random(2, 4, 5, seed=4)}),
    ]


SCORE = Exercise(
    name="scaled dot-product score",
    task="The scores of all queries with all keys, their spread independent of D: queries [B, Q, D], keys [B, K, D] "
    "-> scores [B, Q, K].",
    why="It is the score of every Transformer; one line, four ways to get it wrong without a crash.",
    reference=scaled_dot_score,
    cases=_score_cases,
    returns=("scores",),
    hints=(
        "All dot products of a batch at once are a matrix product of queries with the keys turned round.",
        "`keys.transpose(-2, -1)`, or `keys.mT`, swaps the last two axes and leaves the batch alone.",
        "The dot product of D terms of variance 1 spreads like √D: divide by `queries.shape[-1] ** 0.5`.",
    ),
    minutes=3,
    difficulty=1,
    wrong=(
        Wrong(
            lambda queries, keys: queries @ keys.mT,
            "These are plain dot products: the scale is missing. Divide by √D, or the scores spread more the longer "
            "the vectors are.",
        ),
        Wrong(
            lambda queries, keys: queries @ keys.mT / queries.shape[-1],
            "Scaled twice: divided by D, which is √D two times. The *variance* of the scores grows like D; their "
            "spread, which softmax feels, like √D.",
        ),
        Wrong(
            lambda queries, keys: queries @ keys.mT * queries.shape[-1] ** 0.5,
            "Multiplied by √D where it should be divided: now the scores spread even more.",
        ),
        Wrong(
            lambda queries, keys: queries @ keys.mT / keys.shape[-2] ** 0.5,
            "Divided by the root of the number of keys, the length of the input. d is the size of one key: "
            "`keys.shape[-1]`.",
        ),
        Wrong(
            lambda queries, keys: queries @ keys.mT / 8,
            "Divided by 8 always. That is √64, right for heads of size 64 only; take the size from the input.",
        ),
        Wrong(
            lambda queries, keys: queries @ keys / queries.shape[-1] ** 0.5,
            "The keys are not transposed. `queries @ keys` runs only when K happens to equal D, and then mixes "
            "features with positions: turn the last two axes round, `keys.mT`.",
        ),
        Wrong(
            lambda queries, keys: keys @ queries.mT / queries.shape[-1] ** 0.5,
            "Right numbers, turned round: [B, K, Q]. Queries go down, keys across, so that softmax can run along each "
            "row: `queries @ keys.mT`.",
        ),
        Wrong(
            lambda queries, keys: torch.softmax(queries @ keys.mT / queries.shape[-1] ** 0.5, -1),
            "These are the weights already. Asked for are the scores, before the softmax: masks and temperature still "
            "have to come in between.",
        ),
        Wrong(
            lambda queries, keys: queries @ keys[0].mT / queries.shape[-1] ** 0.5,
            "The keys of the first batch item serve all of them (broadcasting). Each batch item has its own keys.",
        ),
        Wrong(
            lambda queries, keys: torch.einsum("bqd,bkd->qk", queries, keys) / queries.shape[-1] ** 0.5,
            "The batch is summed away: an index that is missing after `->` is summed over. Keep the b.",
        ),
    ),
)

# ---- scaled dot-product attention -----------------------------------------------------------------------------------


def _attention_cases() -> list[Case]:
    def case(queries, keys, values, mask, shown=False) -> Case:
        return Case({"queries": queries, "keys": keys, "values": values, "mask": mask}, shown=shown)

    eye = torch.eye(2)[None]
    return [
        case(eye, eye, torch.tensor([[[1.0], [5.0]]]), torch.tensor([[[True, True], [True, False]]]), shown=True),
        case(eye, eye, torch.tensor([[[1.0], [5.0]]]), torch.tensor([[[True, True], [False, False]]])),
        case(3 * _random(1, 3, 4, seed=5), _random(1, 3, 4, seed=6), _random(1, 3, 4, seed=7), causal_mask(3)[None]),
        case(_random(2, 3, 5, seed=8), _random(2, 4, 5, seed=9), _random(2, 4, 2, seed=10),
             padding_mask(torch.tensor([4, 2]), 4).expand(2, 3, 4)),
    ]  # fmt: skip


def _wrong_attention(weigh, mix=lambda weights, keys, values: weights @ values):
    """Attention with other weights, made of (queries, keys, mask), or another mean of the values."""

    def attention(queries, keys, values, mask):
        weights = weigh(queries, keys, mask)
        return mix(weights, keys, values), weights

    return attention


def _scaled(queries, keys):
    return queries @ keys.mT / queries.shape[-1] ** 0.5


ATTENTION = Exercise(
    name="scaled dot-product attention",
    task="Scores, mask, softmax, mean of the values: queries [B, Q, D], keys [B, K, D], values [B, K, Dv], mask "
    "[B, Q, K] bool, True = may be attended -> (output [B, Q, Dv], weights [B, Q, K]). A row with nothing to attend "
    "gives zeros.",
    why="The four steps of this chapter in one function; every later model calls it.",
    reference=scaled_dot_product_attention,
    cases=_attention_cases,
    returns=("output", "weights"),
    hints=(
        "Four steps in this order: scores, mask, softmax, mean. Only the order score → mask → softmax keeps rows at 1.",
        "You have `masked_softmax(scores, mask)` from chapter 1: it takes care of the mask and of empty rows.",
        "`weights = masked_softmax(queries @ keys.mT / d ** 0.5, mask)`, then `weights @ values`.",
    ),
    minutes=6,
    difficulty=2,
    wrong=(
        Wrong(
            _wrong_attention(lambda q, k, mask: masked_softmax(_scaled(q, k), mask, dim=-2)),
            "The columns sum to 1, not the rows: is the softmax along the query axis? Each query shares one unit of "
            "attention among the keys: `dim=-1`.",
        ),
        Wrong(
            _wrong_attention(lambda q, k, mask: masked_softmax(q @ k.mT, mask)),
            "Right but for the scale: divide the dot products by √d before the softmax.",
        ),
        Wrong(
            _wrong_attention(lambda q, k, mask: masked_softmax(q @ k.mT / q.shape[-1], mask)),
            "Right, but scaled twice: divided by d instead of √d, so the weights are too even.",
        ),
        Wrong(
            _wrong_attention(lambda q, k, mask: torch.softmax(_scaled(q, k) + mask, -1)),
            "The mask is added as 0 and 1: allowed keys get a bonus of 1, masked ones keep their share. What is added "
            "must be −∞ where the mask is False.",
        ),
        Wrong(
            _wrong_attention(lambda q, k, mask: torch.softmax(_scaled(q, k) * mask, -1)),
            "The mask is multiplied in before the softmax: a masked score becomes 0, and exp(0) = 1 still leaks. "
            "Masked scores must be −∞.",
        ),
        Wrong(
            _wrong_attention(lambda q, k, mask: torch.softmax(_scaled(q, k), -1) * mask),
            "The mask comes after the softmax: what went to masked keys is lost, and the rows sum to less than 1. "
            "Mask the scores, then take the softmax.",
        ),
        Wrong(
            _wrong_attention(lambda q, k, mask: torch.softmax(_scaled(q, k), -1)),
            "The mask is not used: masked keys still get weight.",
        ),
        Wrong(
            _wrong_attention(lambda q, k, mask: masked_softmax(_scaled(q, k), ~mask)),
            "The mask is read the wrong way round: True means *may be attended*.",
        ),
        Wrong(
            _wrong_attention(lambda q, k, mask: torch.softmax(_scaled(q, k).masked_fill(~mask, -INF), -1)),
            "Nearly: a row with nothing to attend is all −∞, and its softmax 0/0 = NaN. It should be zeros; "
            "`masked_softmax` does that.",
        ),
        Wrong(
            _wrong_attention(lambda q, k, mask: torch.softmax(_scaled(q, k).masked_fill(~mask, -1e9), -1)),
            "In a row with nothing to attend, −1e9 everywhere means equal scores, and all masked keys get a share. "
            "Use `masked_softmax`: zeros there.",
        ),
        Wrong(
            _wrong_attention(lambda q, k, mask: masked_softmax(_scaled(q, k), mask), lambda w, k, v: w @ k),
            "The weights are right, but they average the keys. Keys are for finding, values are what one takes home.",
        ),
        Wrong(
            _wrong_attention(lambda q, k, mask: masked_softmax(_scaled(q, k), mask), lambda w, k, v: w.mT @ v),
            "The weights are right, but turned round in the last product: `weights @ values` goes over the keys.",
        ),
    ),
)

# ---- general score --------------------------------------------------------------------------------------------------


def general_score(queries: Tensor, keys: Tensor, W: Tensor) -> Tensor:
    """queries [B, Q, Dq], keys [B, K, Dk], W [Dq, Dk] -> scores [B, Q, K]: the score `general` with this W."""
    score = SCORES["general"](*W.shape)
    return torch.func.functional_call(score, {"W.weight": W}, (queries, keys))


GENERAL = Exercise(
    name="general score",
    task="qᵀW k for all pairs, with query and key of different sizes: queries [B, Q, Dq], keys [B, K, Dk], W [Dq, Dk] "
    "-> scores [B, Q, K].",
    why="With one matrix between them, a query and a key need not speak the same language.",
    reference=general_score,
    cases=lambda: [
        Case(
            {
                "queries": torch.tensor([[[1.0, 2]]]),
                "keys": torch.tensor([[[3.0, 0], [0, 5]]]),
                "W": torch.tensor([[0.0, 1], [0, 0]]),
            },
            shown=True,
        ),
        Case({"queries": _random(1, 2, 3, seed=11), "keys": _random(1, 2, 3, seed=12), "W": _random(3, 3, seed=13)}),
        Case({"queries": _random(2, 3, 2, seed=14), "keys": _random(2, 4, 5, seed=15), "W": _random(2, 5, seed=16)}),
    ],  # fmt: skip
    returns=("scores",),
    hints=(
        "Read qᵀW k from the left: q times W is a vector as long as a key. Then it is a dot product.",
        "Shapes: [Q, Dq] @ [Dq, Dk] @ [Dk, K] = [Q, K].",
        "`queries @ W @ keys.mT`",
    ),
    minutes=3,
    difficulty=1,
    wrong=(
        Wrong(
            lambda queries, keys, W: queries @ W.mT @ keys.mT,
            "W is turned round: the query's features run along its rows. (With Dq = Dk this does not even crash.)",
        ),
        Wrong(lambda queries, keys, W: queries @ keys.mT, "W is not used: these are plain dot products."),
        Wrong(
            lambda queries, keys, W: queries @ W @ keys.mT / keys.shape[-1] ** 0.5,
            "Scaled by √d, which this score does not do: W learns its own scale.",
        ),
        Wrong(
            lambda queries, keys, W: (queries @ W @ keys.mT).mT,
            "Right numbers, turned round: queries go down, keys across.",
        ),
        Wrong(
            lambda queries, keys, W: torch.tanh(queries @ W @ keys.mT),
            "With a tanh around it this is the activated general score; general has none.",
        ),
    ),
)

# ---- additive score -------------------------------------------------------------------------------------------------


def additive_score(queries: Tensor, keys: Tensor, W1: Tensor, W2: Tensor, b: Tensor, w: Tensor) -> Tensor:
    """queries [Q, Dq], keys [K, Dk], W1 [H, Dq], W2 [H, Dk], b [H], w [H] -> scores [Q, K]: the score `additive`."""
    score = SCORES["additive"](W1.shape[1], W2.shape[1], len(w))
    weights = {"W1.weight": W1, "W2.weight": W2, "W1.bias": b, "w.weight": w[None]}
    return torch.func.functional_call(score, weights, (queries, keys))


def _additive_cases() -> list[Case]:
    names = ("queries", "keys", "W1", "W2", "b", "w")

    def case(queries, keys, query_size, key_size, hidden, seed) -> Case:
        shapes = (queries, query_size), (keys, key_size), (hidden, query_size), (hidden, key_size), (hidden,), (hidden,)
        return Case(dict(zip(names, (_random(*s, seed=seed + i) for i, s in enumerate(shapes)), strict=True)))

    small = ([[1.0]], [[0.0], [2.0]], [[1.0], [0.0]], [[1.0], [1.0]], [0.0, 1.0], [1.0, 2.0])
    first = Case(dict(zip(names, map(torch.tensor, small), strict=True)), shown=True)
    return [first, case(3, 3, 2, 2, 2, 20), case(2, 4, 3, 5, 4, 30), case(3, 3, 3, 3, 3, 40)]


def _wrong_additive(score):
    """Additive score of (projected queries [Q, 1, H], projected keys [1, K, H], b, w)."""
    return lambda queries, keys, W1, W2, b, w: score((queries @ W1.T)[:, None], (keys @ W2.T)[None], b, w)


ADDITIVE = Exercise(
    name="additive score",
    task="wᵀ tanh(W₁q + W₂k + b) for all pairs: queries [Q, Dq], keys [K, Dk], W1 [H, Dq], W2 [H, Dk], b [H], w [H] "
    "-> scores [Q, K].",
    why="The score with which attention began in translation; its broadcasting is what people stumble over.",
    reference=additive_score,
    cases=_additive_cases,
    returns=("scores",),
    hints=(
        "Project each query once and each key once: [Q, H] and [K, H]. Only then form the pairs.",
        "`a[:, None] + b[None, :]` makes [Q, K, H] of [Q, H] and [K, H]: every query with every key.",
        "tanh of the sum, then `@ w`: [Q, K, H] @ [H] = [Q, K].",
    ),
    minutes=6,
    difficulty=2,
    wrong=(
        Wrong(
            _wrong_additive(lambda q, k, b, w: (q + k + b) @ w),
            "The tanh is forgotten. Without it the query's part is one number added to the whole row, and softmax "
            "ignores it: the query no longer matters.",
        ),
        Wrong(
            _wrong_additive(lambda q, k, b, w: torch.tanh((q + k + b) @ w)),
            "tanh and w are in the wrong order: tanh works on the hidden vector, then w makes one number of it.",
        ),
        Wrong(_wrong_additive(lambda q, k, b, w: torch.tanh(q + k) @ w), "The bias b is forgotten."),
        Wrong(
            _wrong_additive(lambda q, k, b, w: torch.tanh(q + k + b).sum(-1)),
            "w is forgotten: the hidden features are summed with equal weight.",
        ),
        Wrong(
            _wrong_additive(lambda q, k, b, w: torch.relu(q + k + b) @ w),
            "relu where tanh should be.",
        ),
        Wrong(
            _wrong_additive(lambda q, k, b, w: (torch.tanh(q + b) + torch.tanh(k)) @ w),
            "tanh is taken of query and key apart, then added: again the query adds one number to the whole row. "
            "Add first, then tanh: that is where the two meet.",
        ),
        Wrong(
            lambda queries, keys, W1, W2, b, w: torch.tanh(queries @ W1.T + keys @ W2.T + b) @ w,
            "Broadcasting: [Q, H] + [K, H] pairs query 1 with key 1, 2 with 2 (and fails when Q ≠ K). Every query must "
            "meet every key: `[:, None]` for the queries, `[None, :]` for the keys.",
        ),
        Wrong(
            _wrong_additive(lambda q, k, b, w: (torch.tanh(q + k + b) @ w).T),
            "Right numbers, turned round: queries go down, keys across.",
        ),
    ),
)

# ---- cut W in two ---------------------------------------------------------------------------------------------------


def cut_concat(W: Tensor, query_size: int) -> tuple[Tensor, Tensor]:
    """W [H, Dq + Dk] of the concat score -> (W1 [H, Dq], W2 [H, Dk]) of the additive score."""
    W1, W2 = W.split([query_size, W.shape[1] - query_size], dim=1)
    return W1, W2


CUT = Exercise(
    name="cut w in two",
    task="The matrix W [H, Dq + Dk] of the concat score, which meets [q; k], as the two matrices of the additive "
    "score: (W1 [H, Dq], W2 [H, Dk]).",
    why="Two famous formulas are one function; whoever has cut the matrix doesn't forget it.",
    reference=cut_concat,
    cases=lambda: [
        Case({"W": torch.tensor([[1.0, 2, 3], [4, 5, 6]]), "query_size": 1}, shown=True),
        Case({"W": _random(2, 4, seed=51), "query_size": 2}),
        Case({"W": _random(4, 4, seed=52), "query_size": 2}),
        Case({"W": _random(3, 5, seed=53), "query_size": 3}),
    ],
    returns=("W1", "W2"),
    hints=(
        "W [q; k] is a sum: some columns of W meet the features of q, the others those of k.",
        "q comes first in [q; k]. So which columns are W₁?",
        "`W[:, :query_size]` and `W[:, query_size:]`",
    ),
    minutes=3,
    difficulty=1,
    wrong=(
        Wrong(
            lambda W, query_size: (W[:, query_size:], W[:, :query_size]),
            "Concat order: q comes first in [q; k], so the first columns are W₁.",
        ),
        Wrong(
            lambda W, query_size: (W[:, : W.shape[1] - query_size], W[:, W.shape[1] - query_size :]),
            "Cut at the key's size: that would be right for [k; q]. In [q; k] the first Dq columns are W₁.",
        ),
        Wrong(
            lambda W, query_size: (W[:query_size], W[query_size:]),
            "Cut across the rows: that shares the hidden units out. Each hidden unit needs both q and k; cut columns.",
        ),
        Wrong(
            lambda W, query_size: (W[:, :query_size].T, W[:, query_size:].T),
            "Cut in the right place, then turned round: W₁q needs W₁ as [H, Dq].",
        ),
        Wrong(
            lambda W, query_size: (W[:, : W.shape[1] // 2], W[:, W.shape[1] // 2 :]),
            "Cut in the middle: right only when query and key have the same size.",
        ),
    ),
)

# ---- cosine score ---------------------------------------------------------------------------------------------------


def cosine_score(queries: Tensor, keys: Tensor) -> Tensor:
    """queries [Q, D], keys [K, D] -> scores [Q, K]: the score `similarity`; a zero vector scores 0."""
    return SCORES["similarity"](queries.shape[-1], queries.shape[-1])(queries, keys)


COSINE = Exercise(
    name="cosine score",
    task="The cosine of the angle of each query with each key: queries [Q, D], keys [K, D] -> scores [Q, K]. "
    "A vector of zeros has no direction: score 0.",
    why="It tells direction from length, which the dot product does not.",
    reference=cosine_score,
    cases=lambda: [
        Case({"queries": torch.tensor([[3.0, 4]]), "keys": torch.tensor([[6.0, 8], [4, -3]])}, shown=True),
        Case({"queries": torch.tensor([[3.0, 4], [0, 2]]), "keys": torch.tensor([[1.0, 0], [0, 0]])}),
        Case({"queries": _random(2, 3, seed=61), "keys": _random(4, 3, seed=62)}),
        Case({"queries": _random(3, 3, seed=63), "keys": _random(3, 3, seed=64)}),
    ],
    returns=("scores",),
    hints=(
        "Cosine = dot product divided by both lengths.",
        "Lengths with an axis kept: `queries.norm(dim=-1, keepdim=True)` [Q, 1]; those of the keys as a row, [1, K].",
        "0/0 is NaN. `lengths.clamp_min(1e-12)` keeps the zero vector at 0.",
    ),
    minutes=4,
    difficulty=2,
    wrong=(
        Wrong(
            lambda queries, keys: queries @ keys.T / (queries.norm(dim=-1)[:, None] * keys.norm(dim=-1)),
            "Right except for the vector of zeros: 0/0 is NaN, and one NaN spoils a whole softmax row.",
        ),
        Wrong(
            lambda queries, keys: queries @ keys.T / (queries.norm() * keys.norm()),
            "Divided by the length of *all* queries together: `norm()` without `dim=-1` takes the whole matrix.",
        ),
        Wrong(
            lambda queries, keys: torch.nan_to_num(queries @ keys.T / keys.norm(dim=-1)),
            "Only the key's length is divided out; a long query still gets larger scores. Divide by both.",
        ),
        Wrong(
            lambda queries, keys: queries @ keys.T / queries.norm(dim=-1, keepdim=True),
            "Only the query's length is divided out; long keys still win. Divide by both.",
        ),
        Wrong(
            lambda queries, keys: (
                torch.nn.functional.normalize(queries, dim=0) @ torch.nn.functional.normalize(keys, dim=0).T
            ),
            "The lengths are taken down the columns (`dim=0`), over the vectors instead of along each: `dim=-1`.",
        ),
        Wrong(
            lambda queries, keys: queries @ keys.T,
            "This is the dot product: both lengths are still in it.",
        ),
        Wrong(
            lambda queries, keys: torch.nan_to_num(
                queries @ keys.T / (queries.square().sum(-1)[:, None] * keys.square().sum(-1))
            ),
            "Divided by the squared lengths: the square root is missing.",
        ),
        Wrong(
            lambda queries, keys: torch.nn.functional.cosine_similarity(queries, keys, dim=-1),
            "One number per pair of rows: query 1 with key 1, 2 with 2. Every query must meet every key.",
        ),
    ),
)

# ---- linear attention -----------------------------------------------------------------------------------------------


def linear_output(phi_q: Tensor, phi_k: Tensor, values: Tensor) -> Tensor:
    """phi_q [Q, m], phi_k [K, m], both ≥ 0, values [K, Dv] -> output [Q, Dv]: `linear_attention` of given features."""
    return linear_attention(phi_q, phi_k, values, feature_map=lambda x: x)


LINEAR = Exercise(
    name="linear attention",
    task="The mean of the values with weights φ(q)·φ(k) / Σⱼ φ(q)·φ(kⱼ): phi_q [Q, m], phi_k [K, m], values [K, Dv] "
    "-> output [Q, Dv]. Try to do it without ever forming a [Q, K] matrix.",
    why="Change the order of two products, and attention's cost grows with the length instead of its square.",
    reference=linear_output,
    cases=lambda: [
        Case(
            {
                "phi_q": torch.tensor([[1.0, 2]]),
                "phi_k": torch.tensor([[1.0, 0], [1, 1]]),
                "values": torch.tensor([[4.0], [8.0]]),
            },
            shown=True,
        ),
        Case(
            {
                "phi_q": _random(2, 3, seed=71).exp(),
                "phi_k": _random(4, 3, seed=72).exp(),
                "values": _random(4, 2, seed=73),
            }
        ),
        Case(
            {
                "phi_q": _random(3, 3, seed=74).exp(),
                "phi_k": _random(3, 3, seed=75).exp(),
                "values": _random(3, 3, seed=76),
            }
        ),
    ],  # fmt: skip
    returns=("output",),
    hints=(
        "First the numerator: φ(Q) (φ(K)ᵀ V). The brackets hold a small matrix, [m, Dv], made once for all queries.",
        "The denominator of each query is φ(q) · Σⱼ φ(kⱼ): `phi_k.sum(0)` is a vector of m numbers.",
        "`phi_q @ (phi_k.T @ values) / (phi_q @ phi_k.sum(0))[:, None]`",
    ),
    minutes=5,
    difficulty=3,
    wrong=(
        Wrong(
            lambda phi_q, phi_k, values: phi_q @ (phi_k.T @ values),
            "Not normalised: the weights φ(q)·φ(k) don't sum to 1, so this is a sum, not a mean. Divide by φ(q)·Σφ(k).",
        ),
        Wrong(
            lambda phi_q, phi_k, values: torch.softmax(phi_q @ phi_k.T, -1) @ values,
            "A softmax of φ(q)·φ(k): the exponential is in φ already. Divide by the sum, nothing else.",
        ),
        Wrong(
            lambda phi_q, phi_k, values: phi_q @ (phi_k.T @ values) / phi_q.sum(-1, keepdim=True),
            "Divided by the sum of φ(q). The weights' sum also depends on the keys: φ(q)·Σφ(k).",
        ),
        Wrong(
            lambda phi_q, phi_k, values: phi_q @ (phi_k.T @ values) / (phi_q @ phi_k.sum(0)).sum(),
            "One sum for all queries. Each query has its own: keep the axis.",
        ),
        Wrong(
            lambda phi_q, phi_k, values: phi_q @ (phi_k.T @ values) / len(phi_k),
            "Divided by the number of keys: right only if all weights were equal to 1.",
        ),
        Wrong(
            lambda phi_q, phi_k, values: (phi_q / phi_q.sum(-1, keepdim=True)) @ ((phi_k / phi_k.sum(0)).T @ values),
            "φ(q) and φ(k) are normalised apart. The product of two shares is another mixture than the share of the "
            "products; divide once, at the end.",
        ),
    ),
)

# ---- padding and causal mask ----------------------------------------------------------------------------------------


def decoder_mask(lengths: Tensor, size: int) -> Tensor:
    """lengths [B], size T -> [B, T, T] bool: `padding_mask` and `causal_mask` together."""
    return padding_mask(lengths, size) & causal_mask(size)


def _positions(size):
    return torch.arange(size)


MASK = Exercise(
    name="padding and causal mask",
    task="For a batch of sequences padded to T: position t may attend to positions 0 … t, and never to padding. "
    "lengths [B], size T -> mask [B, T, T] bool, True = may be attended.",
    why="Every decoder trains under this mask. A mask that is nearly right trains nearly well, and nobody notices.",
    reference=decoder_mask,
    cases=lambda: [
        Case({"lengths": torch.tensor([3, 2]), "size": 3}, shown=True),
        Case({"lengths": torch.tensor([1, 4, 0]), "size": 4}),
        Case({"lengths": torch.tensor([2]), "size": 2}),
    ],
    returns=("mask",),
    hints=(
        "Two masks, both of which must say yes: `&`.",
        "Causal: `torch.ones(T, T, dtype=torch.bool).tril()`; row = query, the diagonal belongs to it.",
        "Padding hides *keys*, the last axis: `torch.arange(T) < lengths[:, None]` is [B, T]; make it [B, 1, T].",
    ),
    minutes=4,
    difficulty=2,
    wrong=(
        Wrong(
            lambda lengths, size: padding_mask(lengths, size) | causal_mask(size),
            "Joined by *or*: a key is allowed as soon as one of the two says yes. Both must: `&`.",
        ),
        Wrong(
            lambda lengths, size: padding_mask(lengths, size) & torch.ones(size, size, dtype=torch.bool).tril(-1),
            "Strictly before: the first position may attend to nothing. The diagonal belongs to the mask.",
        ),
        Wrong(
            lambda lengths, size: padding_mask(lengths, size) & causal_mask(size).T,
            "Turned round: each position sees itself and the future. Row is the query; keep the lower triangle.",
        ),
        Wrong(
            lambda lengths, size: padding_mask(lengths, size).mT & causal_mask(size),
            "Padding on the wrong axis: this silences padded *queries*, whose outputs the loss throws away anyway. "
            "What must be hidden are padded *keys*, the last axis.",
        ),
        Wrong(
            lambda lengths, size: ~(padding_mask(lengths, size) & causal_mask(size)),
            "The other way round: in this course True means *may be attended*.",
        ),
        Wrong(
            lambda lengths, size: (padding_mask(lengths, size) & causal_mask(size)).float(),
            "The right pattern as decimal numbers. A mask is boolean.",
        ),
        Wrong(
            lambda lengths, size: (_positions(size) <= lengths[:, None])[:, None] & causal_mask(size),
            "One key too many: positions count from 0, so the last real one is lengths − 1. Use `<`.",
        ),
        Wrong(
            lambda lengths, size: causal_mask(size).expand(len(lengths), size, size),
            "Causal only: padding can still be attended.",
        ),
        Wrong(
            lambda lengths, size: padding_mask(lengths, size).expand(-1, size, -1),
            "Padding only: each position can still see the future.",
        ),
    ),
)


EXERCISES = (SCORE, ATTENTION, GENERAL, ADDITIVE, CUT, COSINE, LINEAR, MASK, *ERRATA)
