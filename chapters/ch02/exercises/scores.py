"""Chapter 2: scores with parameters: general, additive, and its twin concat."""

from dataclasses import replace

import torch
from torch import Tensor

from course_kit.exercises import properties
from course_kit.exercises.compare import same
from course_kit.exercises.define import Case, Exercise, drawn, named, normal, tensors, variants, wrong_answers
from course_utils.scores import SCORES


def _as_it_is(x):
    return x


def _transposed(x):
    return x.mT


def general_score(queries: Tensor, keys: Tensor, W: Tensor) -> Tensor:
    """queries [B, Q, Dq], keys [B, K, Dk], W [Dq, Dk] -> scores [B, Q, K]: the score `general` with this W."""
    score = SCORES["general"](*W.shape)
    return torch.func.functional_call(score, {"W.weight": W}, (queries, keys))


def with_matrix(queries, keys, W):
    projected = queries @ W  # [B, Q, Dk]
    return projected @ keys.mT


_general = named("queries", "keys", "W")


def _not_scaled(queries, keys):
    return 1


@variants
def _wrong_general(
    queries, keys, W, *, matrix=_as_it_is, bend=_as_it_is, turned=_transposed, scale=_not_scaled, axes=_as_it_is
):
    """qᵀW k with one of its steps done in another way, or one too many."""
    projected = bend(queries @ matrix(W))
    return axes(projected @ turned(keys) / scale(queries, keys))


GENERAL = Exercise(
    name="general score",
    task="qᵀW k for all pairs, with queries and keys of different sizes: queries [B, Q, Dq], keys [B, K, Dk], "
    "W [Dq, Dk] -> scores [B, Q, K].",
    reference=general_score,
    shown=with_matrix,
    cases=lambda: [
        _general(*tensors([[[1.0, 2], [3, 1]]], [[[3.0, 0], [0, 5], [1, 1]]], [[0.0, 1], [2, 0]]), shown=True),
        _general(*drawn(11, (1, 2, 3), (1, 2, 3), (3, 3), of=normal)),
        _general(*drawn(14, (2, 3, 2), (2, 4, 5), (2, 5), of=normal)),
    ],
    returns=("scores",),
    hints=(
        "Read qᵀW k from the left: q times W is a vector as long as a key. What is left is a dot product of two "
        "vectors of equal length.",
        "The shapes say which product comes next: [Q, Dq] @ [Dq, Dk] is [Q, Dk], and [Q, Dk] @ [Dk, K] is [Q, K].",
        "The keys are [B, K, Dk], so they have to be transposed in the last product: `keys.mT`.",
    ),
    minutes=3,
    difficulty=1,
    properties=(
        replace(
            properties.linear_in("keys"),
            says="Twice the key should give twice the score, but with yours it does not. There is no other function "
            "in qᵀW k: no tanh, no softmax.",
        ),
        properties.rows_are_independent("queries", "keys"),
    ),
    wrong=wrong_answers(
        _wrong_general(matrix=Tensor.t),
        "W is transposed: its rows belong to the features of the query. (With Dq = Dk this does not even crash.)",
        lambda queries, keys, W: keys @ W @ queries.mT,
        "You compute kᵀW q, and the scores are [B, K, Q]. Begin with the queries: the rows of W belong to their "
        "features, and queries go down.",
        _wrong_general(scale=lambda queries, keys: keys.shape[-1] ** 0.5),
        "You divide by √D, which this score does not do: W learns its own scale.",
        _wrong_general(axes=_transposed),
        "The scores are transposed, [B, K, Q]. Queries go down, keys across.",
        _wrong_general(bend=torch.tanh),
        "There is a tanh around the projected query. The general score has no activation.",
        _wrong_general(turned=lambda keys: keys.reshape(keys.shape[0], keys.shape[2], keys.shape[1])),
        "`reshape` and `view` give the right shape but mix up the numbers of the keys: they only cut the same row of "
        "numbers into other pieces. Transpose: `keys.mT`.",
    ),
)


def additive_score(queries: Tensor, keys: Tensor, W1: Tensor, W2: Tensor, b: Tensor, w: Tensor) -> Tensor:
    """queries [Q, Dq], keys [K, Dk], W1 [H, Dq], W2 [H, Dk], b [H], w [H] -> scores [Q, K]: the score `additive`."""
    score = SCORES["additive"](W1.shape[1], W2.shape[1], len(w))
    weights = {"W1.weight": W1, "W2.weight": W2, "W1.bias": b, "w.weight": w[None]}
    return torch.func.functional_call(score, weights, (queries, keys))


def small_network(queries, keys, W1, W2, b, w):
    q, k = queries @ W1.T, keys @ W2.T  # [Q, H], [K, H]
    pairs = q[:, None] + k[None, :]  # [Q, K, H]
    return torch.tanh(pairs + b) @ w


_additive = named("queries", "keys", "W1", "W2", "b", "w")


def _tanh_of_all(q, k, b):
    return torch.tanh(q + k + b)


def _every_pair(q, k):
    return q[:, None], k[None]


@variants
def _wrong_additive(
    queries, keys, W1, W2, b, w, *, pair=_every_pair, hidden=_tanh_of_all, join=torch.matmul, axes=_as_it_is
):
    """wᵀ tanh(W₁q + W₂k + b) with other pairs, another hidden vector of (q, k, b), or other numbers made of it."""
    q, k = pair(queries @ W1.T, keys @ W2.T)
    return axes(join(hidden(q, k, b), w))


def _too_large(run, case, mine, want):
    return mine.shape == want.shape and bool((mine.abs() > case.args["w"].abs().sum() + 1e-3).any())


def _query_adds_a_number(run, case, mine, want):
    if mine.shape != want.shape or min(mine.shape) < 2:
        return None
    return same(mine - mine[:, :1], (mine - mine[:, :1])[:1].expand_as(mine))


ADDITIVE = Exercise(
    name="additive score",
    task="wᵀ tanh(W₁q + W₂k + b) for all pairs: queries [Q, Dq], keys [K, Dk], W1 [H, Dq], W2 [H, Dk], b [H], w [H] "
    "-> scores [Q, K].",
    reference=additive_score,
    shown=small_network,
    cases=lambda: [
        _additive(
            *tensors(
                *([[1.0], [-1.0]], [[0.0], [2.0], [1.0]], [[1.0], [0.5]], [[1.0], [1.0]], [0.0, 1.0], [1.0, 2.0]),
            ),
            shown=True,
        ),
        _additive(*drawn(20, (3, 2), (3, 2), (2, 2), (2, 2), (2,), (2,), of=normal)),
        _additive(*drawn(30, (2, 3), (4, 5), (4, 3), (4, 5), (4,), (4,), of=normal)),
        _additive(*drawn(40, (3, 3), (3, 3), (3, 3), (3, 3), (3,), (3,), of=normal)),
        _additive(*drawn(50, (1, 2), (3, 2), (2, 2), (2, 2), (2,), (2,), of=normal)),
    ],
    returns=("scores",),
    hints=(
        "Project each query once and each key once: [Q, H] and [K, H]. Only then form the pairs.",
        "Broadcasting makes the pairs: a tensor [Q, 1, H] plus a tensor [1, K, H] is [Q, K, H], every query with every "
        "key. `[:, None]` and `[None, :]` insert such an axis of size 1.",
        "Add b to the pairs, take the tanh of everything, and multiply by w: [Q, K, H] @ [H] is [Q, K].",
    ),
    minutes=6,
    difficulty=2,
    properties=(
        properties.Property(
            "A tanh lies between −1 and 1, so no score can be larger than the sum of |w|, and one of yours is. Is the "
            "tanh missing, or is something added after it?",
            _too_large,
        ),
        properties.Property(
            "From one query to another, all scores of a row change by the same number, so softmax cannot tell the "
            "queries apart. Query and key must be added *inside* the tanh.",
            _query_adds_a_number,
        ),
    ),
    wrong=wrong_answers(
        _wrong_additive(hidden=lambda q, k, b: q + k + b),
        "The tanh is missing. Without it the query's part is one number added to the whole row, and softmax "
        "ignores it: the query no longer matters.",
        _wrong_additive(hidden=lambda q, k, b: torch.tanh(q * k + b)),
        "The two projections are multiplied. They are added: the score is called *additive*.",
        _wrong_additive(join=lambda hidden, w: torch.softmax(hidden @ w, -1)),
        "These are already the weights. Return the scores from before the softmax.",
        _wrong_additive(pair=lambda q, k: (q, k)),
        "[Q, H] + [K, H] pairs query 1 with key 1, and 2 with 2 (and fails if Q ≠ K). Every query must meet every "
        "key: `[:, None]` for the queries, `[None, :]` for the keys.",
        _wrong_additive(axes=Tensor.t),
        "The scores are transposed, [K, Q]. Queries go down, keys across.",
        _wrong_additive(axes=torch.squeeze),
        "With a single query (or key), `.squeeze()` removes its axis as well. Say which axis it should remove, "
        "`.squeeze(-1)`, or use `@ w`, which needs none.",
    ),
)


def cut_concat(W: Tensor, query_size: int) -> tuple[Tensor, Tensor]:
    """W [H, Dq + Dk] of the concat score -> (W1 [H, Dq], W2 [H, Dk]) of the additive score."""
    W1, W2 = W.split([query_size, W.shape[1] - query_size], dim=1)
    return W1, W2


def _where_the_query_ends(W, query_size):
    return query_size


@variants
def _wrong_cut(W, query_size, *, at=_where_the_query_ends, axis=1, turned=_as_it_is, backwards=False):
    """W in two along an axis, cut somewhere else, or returned in another form or order."""
    cut = at(W, query_size)
    first, second = W.narrow(axis, 0, cut), W.narrow(axis, cut, W.shape[axis] - cut)
    parts = turned(first), turned(second)
    return parts[::-1] if backwards else parts


def _not_w_again(run, case, mine, want):
    return not same(torch.cat(tuple(mine), 1), case.args["W"])


CUT = Exercise(
    name="cut w in two",
    function="cut",
    task="The matrix W [H, Dq + Dk] of the concat score, which multiplies [q; k], as the two matrices of the additive "
    "score: (W1 [H, Dq], W2 [H, Dk]).",
    reference=cut_concat,
    cases=lambda: [
        Case({"W": torch.tensor([[1.0, 2, 3], [4, 5, 6]]), "query_size": 1}, shown=True),
        Case({"W": normal(2, 4, seed=51), "query_size": 2}),
        Case({"W": normal(4, 4, seed=52), "query_size": 2}),
        Case({"W": normal(3, 5, seed=53), "query_size": 3}),
    ],
    returns=("W1", "W2"),
    hints=(
        "W [q; k] is a sum: some columns of W are multiplied by the features of q, the others by those of k.",
        "q comes first in [q; k]. So which columns are W₁?",
        "All rows and the columns before number n of a matrix are `W[:, :n]`; those from n on are `W[:, n:]`. Which n "
        "is it here?",
    ),
    minutes=3,
    difficulty=1,
    properties=(
        properties.Property(
            "Put side by side, W₁ and W₂ should make W again, and yours do not. Is a column missing or doubled, or are "
            "the two exchanged?",
            _not_w_again,
        ),
    ),
    wrong=wrong_answers(
        _wrong_cut(backwards=True),
        "The two are exchanged: q comes first in [q; k], so the first columns are W₁.",
        _wrong_cut(at=lambda W, query_size: W.shape[1] - query_size),
        "You cut at the size of the key, which would be right for [k; q]. In [q; k] the first Dq columns are W₁.",
        _wrong_cut(axis=0),
        "You cut across the rows, so each half gets some of the hidden units. Each hidden unit needs both q and k: cut "
        "the columns.",
        _wrong_cut(turned=Tensor.t),
        "Both parts are transposed: W₁q needs W₁ as [H, Dq].",
        _wrong_cut(at=lambda W, query_size: query_size + 1),
        "You cut one column too late. Columns count from 0, so the first Dq of them are `:query_size`.",
        _wrong_cut(at=lambda W, query_size: W.shape[1] // 2),
        "You cut in the middle, which is right only if query and key have the same size.",
    ),
)
