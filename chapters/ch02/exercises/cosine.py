"""Chapter 2: the cosine, a score without parameters that knows directions alone."""

import torch
import torch.nn.functional as F
from torch import Tensor

from course_kit.exercises import properties
from course_kit.exercises.compare import same
from course_kit.exercises.define import Case, Exercise, normal, variants, wrong_answers
from course_utils.scores import SCORES


def cosine_score(queries: Tensor, keys: Tensor) -> Tensor:
    """queries [Q, D], keys [K, D] -> scores [Q, K]: the score `similarity`; a zero vector scores 0."""
    return SCORES["similarity"](queries.shape[-1], queries.shape[-1])(queries, keys)


def by_both_lengths(queries, keys):
    q = queries / queries.norm(dim=-1, keepdim=True).clamp_min(1e-12)
    k = keys / keys.norm(dim=-1, keepdim=True).clamp_min(1e-12)
    return q @ k.T


def _norm(x):
    return x.norm(dim=-1)


def _plain(x):
    return x


def _ones(x):
    return torch.ones(len(x))


@variants
def _wrong_cosine(queries, keys, *, query=_norm, key=_norm, zeros=torch.nan_to_num, axes=_plain):
    """Dot products divided by (the length of) each query and each key."""
    return axes(zeros(queries @ keys.T / (query(queries)[:, None] * key(keys))))


def _whole(x):
    return x.norm().expand(len(x))


def _not_one(run, case, mine, want):
    with_itself = run(properties.changed(case, keys=case.args["queries"])).diagonal()
    return not same(with_itself, torch.ones_like(with_itself))


def _depends_on_length(run, case, mine, want):
    return not same(run(properties.changed(case, keys=3 * case.args["keys"])), mine)


COSINE = Exercise(
    name="cosine score",
    task="The cosine of the angle between each query and each key: queries [Q, D], keys [K, D] -> scores [Q, K]. "
    "A vector of zeros has no direction: score 0.",
    reference=cosine_score,
    shown=by_both_lengths,
    cases=lambda: [
        Case({"queries": torch.tensor([[3.0, 4]]), "keys": torch.tensor([[6.0, 8], [4, -3]])}, shown=True),
        Case({"queries": torch.tensor([[3.0, 4], [0, 2]]), "keys": torch.tensor([[1.0, 0], [0, 0]])}),
        Case({"queries": normal(2, 3, seed=61), "keys": normal(4, 3, seed=62)}),
        Case({"queries": normal(3, 3, seed=63), "keys": normal(3, 3, seed=64)}),
    ],
    returns=("scores",),
    used="Yours is asked about the four keys of the first lab in [Can a cosine decide?](#Can-a-cosine-decide?)",
    hints=(
        "A cosine is a dot product divided by both lengths.",
        "`queries.norm(dim=-1, keepdim=True)` has the length of each query as a column, [Q, 1]. Divide the queries by "
        "it, do the same with the keys, and take the dot products of what you get.",
        "A vector of zeros has length 0, and 0/0 is NaN. `.clamp_min(1e-12)` makes a length of 0 tiny instead, so the "
        "vector stays zero.",
    ),
    minutes=4,
    difficulty=2,
    properties=(
        properties.Property(
            "A vector and itself should have cosine 1, and yours do not. By which lengths do you divide?", _not_one
        ),
        properties.Property(
            "A key three times as long gets another score. A cosine depends on directions alone: divide by both "
            "lengths.",
            _depends_on_length,
        ),
    ),
    wrong=wrong_answers(
        _wrong_cosine(zeros=_plain),
        "A vector of zeros gives NaN, because 0/0 is NaN, and one NaN spoils a whole softmax row. Its score should be "
        "0.",
        _wrong_cosine(query=_whole, key=_whole),
        "You divide by the length of *all* queries together: `.norm()` without `dim=-1` takes the whole matrix.",
        _wrong_cosine(query=_ones, key=_ones),
        "This is the dot product: both lengths are still in it.",
        _wrong_cosine(axes=torch.abs),
        "These are never negative. Opposite directions have cosine −1, and it should stay.",
        _wrong_cosine(axes=Tensor.t),
        "The scores are transposed, [K, Q]. Queries go down, keys across.",
        lambda queries, keys: F.cosine_similarity(queries, keys, dim=-1),
        "This is one number per pair of rows: query 1 with key 1, and 2 with 2. Every query must meet every key.",
    ),
)
