"""Chapter 2: the additive score, with rows as in its formula."""

import torch
from torch import Tensor

from course_kit.exercises import properties
from course_kit.exercises.compare import same
from course_kit.exercises.define import Exercise, drawn, named, normal, tensors, variants, wrong_answers
from course_kit.i18n import mark, t


def additive_score(queries, keys, W1, W2, b, w):
    """queries [Q, Dq], keys [K, Dk], W1 [Dq, h], W2 [Dk, h], b [h], w [h] -> scores [Q, K]."""
    q, k = queries @ W1, keys @ W2  # [Q, h], [K, h]
    pairs = q[:, None] + k[None, :]  # [Q, K, h]
    return torch.tanh(pairs + b) @ w


_additive = named("queries", "keys", "W1", "W2", "b", "w")


def _tanh_of_all(q, k, b):
    return torch.tanh(q + k + b)


@variants
def _wrong_additive(queries, keys, W1, W2, b, w, *, hidden=_tanh_of_all, end=lambda scores: scores):
    """tanh(q W₁ + k W₂ + b)·w with another hidden vector of (q, k, b), or another end."""
    return end(hidden((queries @ W1)[:, None], (keys @ W2)[None], b) @ w)


def _too_large(run, case, mine, want):
    return mine.shape == want.shape and bool((mine.abs() > case.args["w"].abs().sum() + 1e-3).any())


def _query_adds_a_number(run, case, mine, want):
    if mine.shape != want.shape or min(mine.shape) < 2:
        return None
    return same(mine - mine[:, :1], (mine - mine[:, :1])[:1].expand_as(mine))


ADDITIVE = Exercise(
    name=mark("additive score"),
    task=t(
        "tanh(q W₁ + k W₂ + b)·w for all pairs: queries [Q, Dq], keys [K, Dk], W1 [Dq, h], W2 [Dk, h], b [h], w [h] "
        "-> scores [Q, K]."
    ),
    reference=additive_score,
    cases=lambda: [
        _additive(
            *tensors(
                *([[1.0], [-1.0]], [[0.0], [2.0], [1.0]], [[1.0, 0.5]], [[1.0, 1.0]], [0.0, 1.0], [1.0, 2.0]),
            ),
            shown=True,
        ),
        _additive(*drawn(20, (3, 2), (3, 2), (2, 2), (2, 2), (2,), (2,), of=normal)),
        _additive(*drawn(30, (2, 3), (4, 5), (3, 4), (5, 4), (4,), (4,), of=normal)),
        _additive(*drawn(40, (3, 3), (3, 3), (3, 3), (3, 3), (3,), (3,), of=normal)),
        _additive(*drawn(50, (1, 2), (3, 2), (2, 2), (2, 2), (2,), (2,), of=normal)),
    ],
    returns=("scores",),
    hints=(
        t("Project each query once and each key once: [Q, h] and [K, h]. Only then form the pairs."),
        t(
            "Broadcasting makes the pairs: a tensor [Q, 1, h] plus a tensor [1, K, h] is [Q, K, h], every query with "
            "every key. `[:, None]` and `[None, :]` insert such an axis of size 1."
        ),
        t("Add b to the pairs, take the tanh of everything, and multiply by w: [Q, K, h] @ [h] is [Q, K]."),
    ),
    minutes=8,
    difficulty=2,
    properties=(
        properties.Property(
            t(
                "A tanh lies between −1 and 1, so no score can be larger than the sum of |w|, and one of yours is. Is "
                "the tanh missing, or is something added after it?"
            ),
            _too_large,
        ),
        properties.Property(
            t(
                "From one query to another, all scores of a row change by the same number, so softmax cannot tell the "
                "queries apart. Query and key must be added *inside* the tanh."
            ),
            _query_adds_a_number,
        ),
    ),
    wrong=wrong_answers(
        _wrong_additive(hidden=lambda q, k, b: q + k + b),
        t(
            "The tanh is missing. Without it the query's part is one number added to the whole row, and softmax "
            "ignores it: the query no longer matters."
        ),
        _wrong_additive(hidden=lambda q, k, b: torch.tanh(q * k + b)),
        t("The two projections are multiplied. They are added: the score is called *additive*."),
        _wrong_additive(end=lambda scores: torch.softmax(scores, -1)),
        t("These are already the weights. Return the scores from before the softmax."),
        lambda queries, keys, W1, W2, b, w: torch.tanh(queries @ W1 + keys @ W2 + b) @ w,
        t(
            "[Q, h] + [K, h] pairs query 1 with key 1, and 2 with 2 (and fails if Q ≠ K). Every query must meet every "
            "key: `[:, None]` for the queries, `[None, :]` for the keys."
        ),
        _wrong_additive(end=Tensor.t),
        t("The scores are transposed, [K, Q]. Queries go down, keys across."),
        _wrong_additive(end=torch.squeeze),
        t(
            "With a single query (or key), `.squeeze()` removes its axis as well. Say which axis it should remove, "
            "`.squeeze(-1)`, or use `@ w`, which needs none."
        ),
    ),
)
