"""Chapter 7: how much a head attends to the position that copying needs."""

import torch
from torch import Tensor

from chapters.ch07.experiments.induction import head_score
from course_utils.exercises.definition import Case, Exercise, variants, wrong_answers
from course_utils.exercises.inputs import normal


def induction_score(weights: Tensor, half: int) -> Tensor:
    """weights [B, H, 2 half, 2 half] -> [H]: the mean weight that the second half puts on the token after the earlier
    copy of the present one, half − 1 places back."""
    return head_score(weights, half)


def _causal(batch: int, heads: int, half: int, seed: int) -> Tensor:
    scores = 2 * normal(batch, heads, 2 * half, 2 * half, seed=seed)
    future = torch.ones(2 * half, 2 * half, dtype=torch.bool).triu(1)
    return scores.masked_fill(future, -torch.inf).softmax(-1)


def _looking_back(half: int) -> Tensor:
    """Three heads: one attends half − 1 places back, one at the token before, one at itself; [1, 3, 2 half, 2 half]."""
    rows = torch.arange(2 * half)
    places = torch.stack([rows - (half - 1), rows - 1, rows]).clamp(min=0)
    return torch.nn.functional.one_hot(places, 2 * half).float()[None]


@variants
def _score(
    weights, half, *, back=lambda half: half - 1, first=lambda half: half, reduce=lambda looked: looked.mean((0, 2))
):
    """A score with one thing done differently. back: how many places; first: the row it begins with."""
    rows = torch.arange(first(half), 2 * half)
    return reduce(weights[:, :, rows, (rows - back(half)) % (2 * half)])


INDUCTION = Exercise(
    name="induction score",
    task="weights [B, H, 2 half, 2 half] (head, query, key) of texts whose second half repeats the first: the mean, "
    "over all texts and all queries of the *second* half, of the weight on the token *after* the earlier copy of the "
    "query's own -> a score for each head [H].",
    why="Among all the heads of a model, this number finds the ones that copy. Whether they matter, a knock-out tells.",
    reference=induction_score,
    cases=lambda: [
        Case({"weights": _looking_back(3), "half": 3}, shown=True),
        Case({"weights": _causal(2, 3, 4, 1790), "half": 4}),
        Case({"weights": _causal(3, 2, 5, 1792), "half": 5}),
    ],
    returns=("scores",),
    hints=(
        "Half = 3, text a b c a b c, numbered from 0. The query at place 4 is b; its copy stands at 1. What came after "
        "it, and how far back is that?",
        "The key of query q is q − half + 1. `rows = torch.arange(half, 2 * half)` are the queries of the second half.",
        "`weights[:, :, rows, rows - half + 1].mean((0, 2))`",
    ),
    minutes=6,
    difficulty=2,
    wrong=wrong_answers(
        _score(back=lambda half: half),
        "half places back stands the *copy* of the token. What is needed is what came after it: one further on.",
        _score(back=lambda half: half + 1),
        "One place too far back: this is the token *before* the copy.",
        _score(back=lambda half: 1),
        "This is a head that looks at the token before: a part of the circuit, but another head.",
        _score(first=lambda half: half - 1),
        "The last query of the first half counts, too. Its token has no earlier copy: begin with `half`.",
        _score(first=lambda half: half + 1),
        "The first query of the second half is missing: it has a copy, at place 0.",
        lambda weights, half: weights.diagonal(half - 1, -2, -1)[..., 1:].mean((0, 2)),
        "Above the diagonal is the future, where nobody looks. Queries are rows, keys are columns: back is the "
        "other direction, `-(half - 1)`.",
        _score(reduce=lambda looked: looked.mean(2)),
        "A score for each text; take the mean over the texts as well.",
        _score(reduce=lambda looked: looked.mean((1, 2))),
        "The mean over the heads: asked for is a score for each of them.",
        _score(reduce=lambda looked: looked.mean()),
        "One number for all heads: keep their axis.",
        _score(reduce=lambda looked: looked.sum(2).mean(0)),
        "The sum over the queries; the mean lies between 0 and 1.",
        _score(reduce=lambda looked: looked.amax(2).mean(0)),
        "The largest over the queries; one lucky place would be enough. Asked for is the mean.",
        lambda weights, half: weights[:, :, half:, 1 : half + 1].mean((0, 2, 3)),
        "This is a whole block, every query with every key. Each query has one key that counts: index both with "
        "vectors.",
    ),
)
