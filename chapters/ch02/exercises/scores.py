"""Chapter 2: scores with weights (general, additive and its twin) and the cosine."""

import torch
import torch.nn.functional as F
from torch import Tensor

from course_utils.attention.scores import SCORES
from course_utils.exercises.definition import Case, Exercise, wrong_answers
from course_utils.exercises.inputs import drawn, named, normal, tensors

# ---- general score --------------------------------------------------------------------------------------------------


def general_score(queries: Tensor, keys: Tensor, W: Tensor) -> Tensor:
    """queries [B, Q, Dq], keys [B, K, Dk], W [Dq, Dk] -> scores [B, Q, K]: the score `general` with this W."""
    score = SCORES["general"](*W.shape)
    return torch.func.functional_call(score, {"W.weight": W}, (queries, keys))


_general = named("queries", "keys", "W")

GENERAL = Exercise(
    name="general score",
    task="qᵀW k for all pairs, with query and key of different sizes: queries [B, Q, Dq], keys [B, K, Dk], W [Dq, Dk] "
    "-> scores [B, Q, K].",
    why="With one matrix between them, a query and a key need not speak the same language.",
    reference=general_score,
    cases=lambda: [
        _general(*tensors([[[1.0, 2]]], [[[3.0, 0], [0, 5]]], [[0.0, 1], [0, 0]]), shown=True),
        _general(*drawn(11, (1, 2, 3), (1, 2, 3), (3, 3), of=normal)),
        _general(*drawn(14, (2, 3, 2), (2, 4, 5), (2, 5), of=normal)),
    ],
    returns=("scores",),
    hints=(
        "Read qᵀW k from the left: q times W is a vector as long as a key. Then it is a dot product.",
        "Shapes: [Q, Dq] @ [Dq, Dk] @ [Dk, K] = [Q, K].",
        "`queries @ W @ keys.mT`",
    ),
    minutes=3,
    difficulty=1,
    wrong=wrong_answers(
        lambda queries, keys, W: queries @ W.mT @ keys.mT,
        "W is turned round: the query's features run along its rows. (With Dq = Dk this does not even crash.)",
        lambda queries, keys, W: queries @ keys.mT,
        "W is not used: these are plain dot products.",
        lambda queries, keys, W: queries @ W @ keys.mT / keys.shape[-1] ** 0.5,
        "Scaled by √d, which this score does not do: W learns its own scale.",
        lambda queries, keys, W: (queries @ W @ keys.mT).mT,
        "Right numbers, turned round: queries go down, keys across.",
        lambda queries, keys, W: torch.tanh(queries @ W @ keys.mT),
        "With a tanh around it this is the activated general score; general has none.",
    ),
)

# ---- additive score -------------------------------------------------------------------------------------------------


def additive_score(queries: Tensor, keys: Tensor, W1: Tensor, W2: Tensor, b: Tensor, w: Tensor) -> Tensor:
    """queries [Q, Dq], keys [K, Dk], W1 [H, Dq], W2 [H, Dk], b [H], w [H] -> scores [Q, K]: the score `additive`."""
    score = SCORES["additive"](W1.shape[1], W2.shape[1], len(w))
    weights = {"W1.weight": W1, "W2.weight": W2, "W1.bias": b, "w.weight": w[None]}
    return torch.func.functional_call(score, weights, (queries, keys))


_additive = named("queries", "keys", "W1", "W2", "b", "w")


def _wrong_additive(score):
    """Additive score of (projected queries [Q, 1, H], projected keys [1, K, H], b, w)."""
    return lambda queries, keys, W1, W2, b, w: score((queries @ W1.T)[:, None], (keys @ W2.T)[None], b, w)


ADDITIVE = Exercise(
    name="additive score",
    task="wᵀ tanh(W₁q + W₂k + b) for all pairs: queries [Q, Dq], keys [K, Dk], W1 [H, Dq], W2 [H, Dk], b [H], w [H] "
    "-> scores [Q, K].",
    why="The score with which attention began in translation; its broadcasting is what people stumble over.",
    reference=additive_score,
    cases=lambda: [
        _additive(
            *tensors([[1.0]], [[0.0], [2.0]], [[1.0], [0.0]], [[1.0], [1.0]], [0.0, 1.0], [1.0, 2.0]), shown=True
        ),
        _additive(*drawn(20, (3, 2), (3, 2), (2, 2), (2, 2), (2,), (2,), of=normal)),
        _additive(*drawn(30, (2, 3), (4, 5), (4, 3), (4, 5), (4,), (4,), of=normal)),
        _additive(*drawn(40, (3, 3), (3, 3), (3, 3), (3, 3), (3,), (3,), of=normal)),
    ],
    returns=("scores",),
    hints=(
        "Project each query once and each key once: [Q, H] and [K, H]. Only then form the pairs.",
        "`a[:, None] + b[None, :]` makes [Q, K, H] of [Q, H] and [K, H]: every query with every key.",
        "tanh of the sum, then `@ w`: [Q, K, H] @ [H] = [Q, K].",
    ),
    minutes=6,
    difficulty=2,
    wrong=wrong_answers(
        _wrong_additive(lambda q, k, b, w: (q + k + b) @ w),
        "The tanh is forgotten. Without it the query's part is one number added to the whole row, and softmax "
        "ignores it: the query no longer matters.",
        _wrong_additive(lambda q, k, b, w: torch.tanh((q + k + b) @ w)),
        "tanh and w are in the wrong order: tanh works on the hidden vector, then w makes one number of it.",
        _wrong_additive(lambda q, k, b, w: torch.tanh(q + k) @ w),
        "The bias b is forgotten.",
        _wrong_additive(lambda q, k, b, w: torch.tanh(q + k + b).sum(-1)),
        "w is forgotten: the hidden features are summed with equal weight.",
        _wrong_additive(lambda q, k, b, w: torch.relu(q + k + b) @ w),
        "relu where tanh should be.",
        _wrong_additive(lambda q, k, b, w: (torch.tanh(q + b) + torch.tanh(k)) @ w),
        "tanh is taken of query and key apart, then added: again the query adds one number to the whole row. "
        "Add first, then tanh: that is where the two meet.",
        lambda queries, keys, W1, W2, b, w: torch.tanh(queries @ W1.T + keys @ W2.T + b) @ w,
        "Broadcasting: [Q, H] + [K, H] pairs query 1 with key 1, 2 with 2 (and fails when Q ≠ K). Every query must "
        "meet every key: `[:, None]` for the queries, `[None, :]` for the keys.",
        _wrong_additive(lambda q, k, b, w: (torch.tanh(q + k + b) @ w).T),
        "Right numbers, turned round: queries go down, keys across.",
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
        Case({"W": normal(2, 4, seed=51), "query_size": 2}),
        Case({"W": normal(4, 4, seed=52), "query_size": 2}),
        Case({"W": normal(3, 5, seed=53), "query_size": 3}),
    ],
    returns=("W1", "W2"),
    hints=(
        "W [q; k] is a sum: some columns of W meet the features of q, the others those of k.",
        "q comes first in [q; k]. So which columns are W₁?",
        "`W[:, :query_size]` and `W[:, query_size:]`",
    ),
    minutes=3,
    difficulty=1,
    wrong=wrong_answers(
        lambda W, query_size: (W[:, query_size:], W[:, :query_size]),
        "Concat order: q comes first in [q; k], so the first columns are W₁.",
        lambda W, query_size: (W[:, : W.shape[1] - query_size], W[:, W.shape[1] - query_size :]),
        "Cut at the key's size: that would be right for [k; q]. In [q; k] the first Dq columns are W₁.",
        lambda W, query_size: (W[:query_size], W[query_size:]),
        "Cut across the rows: that shares the hidden units out. Each hidden unit needs both q and k; cut columns.",
        lambda W, query_size: (W[:, :query_size].T, W[:, query_size:].T),
        "Cut in the right place, then turned round: W₁q needs W₁ as [H, Dq].",
        lambda W, query_size: (W[:, : W.shape[1] // 2], W[:, W.shape[1] // 2 :]),
        "Cut in the middle: right only when query and key have the same size.",
        lambda W, query_size: W.chunk(2, dim=1),
        "Cut in the middle, as `chunk` does: right only when query and key have the same size.",
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
        Case({"queries": normal(2, 3, seed=61), "keys": normal(4, 3, seed=62)}),
        Case({"queries": normal(3, 3, seed=63), "keys": normal(3, 3, seed=64)}),
    ],
    returns=("scores",),
    hints=(
        "Cosine = dot product divided by both lengths.",
        "Lengths with an axis kept: `queries.norm(dim=-1, keepdim=True)` [Q, 1]; those of the keys as a row, [1, K].",
        "0/0 is NaN. `lengths.clamp_min(1e-12)` keeps the zero vector at 0.",
    ),
    minutes=4,
    difficulty=2,
    wrong=wrong_answers(
        lambda queries, keys: queries @ keys.T / (queries.norm(dim=-1)[:, None] * keys.norm(dim=-1)),
        "Right except for the vector of zeros: 0/0 is NaN, and one NaN spoils a whole softmax row.",
        lambda queries, keys: queries @ keys.T / (queries.norm() * keys.norm()),
        "Divided by the length of *all* queries together: `norm()` without `dim=-1` takes the whole matrix.",
        lambda queries, keys: torch.nan_to_num(queries @ keys.T / keys.norm(dim=-1)),
        "Only the key's length is divided out; a long query still gets larger scores. Divide by both.",
        lambda queries, keys: queries @ keys.T / queries.norm(dim=-1, keepdim=True),
        "Only the query's length is divided out; long keys still win. Divide by both.",
        lambda queries, keys: F.normalize(queries, dim=0) @ F.normalize(keys, dim=0).T,
        "The lengths are taken down the columns (`dim=0`), over the vectors instead of along each: `dim=-1`.",
        lambda queries, keys: queries @ keys.T,
        "This is the dot product: both lengths are still in it.",
        lambda queries, keys: torch.nan_to_num(
            queries @ keys.T / (queries.square().sum(-1)[:, None] * keys.square().sum(-1))
        ),
        "Divided by the squared lengths: the square root is missing.",
        lambda queries, keys: F.cosine_similarity(queries, keys, dim=-1),
        "One number per pair of rows: query 1 with key 1, 2 with 2. Every query must meet every key.",
    ),
)
