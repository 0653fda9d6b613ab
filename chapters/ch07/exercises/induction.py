"""Chapter 7: how much a head attends to the position that copying needs."""

import torch
from torch import Tensor

from chapters.ch07.experiments.induction import head_score
from course_kit.exercises.define import Case, Exercise, normal, variants, wrong_answers


def induction_score(weights: Tensor, half: int) -> Tensor:
    """weights [B, H, 2 half, 2 half] -> [H]: the mean weight that the second half puts on the token after the earlier
    copy of the present one, half − 1 places back."""
    return head_score(weights, half)


def _by_index(weights, half):
    queries = torch.arange(half, 2 * half)
    keys = queries - half + 1
    return weights[:, :, queries, keys].mean((0, 2))  # [B, H, half] -> [H]


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
    """A score with one thing done differently. back: how many places; first, last: the rows between which it counts."""
    rows = torch.arange(first(half), 2 * half)
    return reduce(weights[:, :, rows, (rows - back(half)) % (2 * half)])


INDUCTION = Exercise(
    name="induction score",
    task="weights [B, H, 2 half, 2 half] (head, query, key) of texts whose second half repeats the first: take the "
    "mean, over all texts and all queries of the *second* half, of the weight on the token *after* the earlier copy of "
    "the query's own -> a score for each head [H].",
    reference=induction_score,
    shown=_by_index,
    cases=lambda: [
        Case({"weights": _looking_back(3), "half": 3}, shown=True),
        Case({"weights": _causal(2, 3, 4, 1790), "half": 4}),
        Case({"weights": _causal(3, 2, 5, 1792), "half": 5}),
    ],
    returns=("scores",),
    used="Your score finds the heads that copy in [The head that repeats, measured](#The-head-that-repeats,-measured).",
    hints=(
        "Take half = 3 and the text a b c a b c, numbered from 0. The query at place 4 is b, and its copy is at 1. "
        "What came after the copy, and how far back is that?",
        "The key of query q is q − half + 1. `rows = torch.arange(half, 2 * half)` are the queries of the second half.",
        "With the keys as `columns`, `weights[:, :, rows, columns]` is [B, H, half]. Over which two of these axes is "
        "the mean?",
    ),
    minutes=6,
    difficulty=2,
    wrong=wrong_answers(
        _score(back=lambda half: half),
        "half places back is the *copy* of the token. What counts is the token after it, one further on.",
        _score(back=lambda half: half + 1),
        "One place too far back: this is the token *before* the copy.",
        _score(first=lambda half: half - 1),
        "The last query of the first half counts, too, but its token has no earlier copy: begin with `half`.",
        _score(first=lambda half: 0),
        "The queries of the first half count, too. Their tokens have no earlier copy: begin with `half`.",
        _score(reduce=lambda looked: looked.mean(2)),
        "This is a score for each text; take the mean over the texts as well.",
        _score(reduce=lambda looked: looked.mean((1, 2))),
        "This is the mean over the heads, but there should be a score for each of them.",
    ),
)
