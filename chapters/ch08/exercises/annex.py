"""Chapter 8, the annex: one step of linear attention, and a softmax that may leave its weight unused."""

import torch
from torch import Tensor

from course_kit.exercises.compare import same
from course_kit.exercises.define import Case, Exercise, Property, drawn, named, variants, wrong_answers
from course_kit.i18n import mark, t


def linear_step(q: Tensor, k: Tensor, v: Tensor, state: Tensor, total: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """q, k [d] > 0 and v [e] of a new token, state [d, e] and total [d] of those before it -> output [e], both."""
    state, total = state + torch.outer(k, v), total + k
    return q @ state / (q @ total), state, total


def _step(d: int, e: int, seed: int, before: int = 3, shown: bool = False) -> Case:
    q, k, v, keys, values = drawn(seed, (d,), (d,), (e,), (before, d), (before, e))
    q, k, keys = q.abs() + 0.5, k.abs() + 0.5, keys.abs() + 0.5  # features φ are positive
    return named("q", "k", "v", "state", "total")(q, k, v, keys.mT @ values, keys.sum(0), shown=shown)


@variants
def _wrong_step(
    q, k, v, state, total, *, count=lambda k: k, seen=lambda old, new: new, over=lambda q, total: q @ total
):
    """A step with one thing done differently. seen: which state is read; over: what the output is divided by."""
    new, sums = state + torch.outer(k, v), total + count(k)
    return q @ seen(state, new) / over(q, seen(total, sums)), new, sums


def _which(run, case, mine, want):
    """Which of the three is wrong first."""
    if not same(mine[1], want[1]):
        return t("The new state is wrong. It is the old one and `torch.outer(k, v)`: what the token writes, as it is.")
    if not same(mine[2], want[2]):
        return t("The state is right, the total is not: it grows by k.")
    return not same(mine[0], want[0]) and t(
        "State and total are right, the output is not: `q @ state` over `q @ total`, both of them the new ones."
    )


LINEAR_STEP = Exercise(
    name=mark("linear attention step"),
    task=t(
        "Add one token to linear attention: the state S = Σ k vᵀ [d, e] and the total z = Σ k [d] hold all tokens "
        "before it. q, k [d] (positive features already) and v [e] -> the output q S / (q · z) [e], the new S and the "
        "new z. The new token attends to itself, too."
    ),
    reference=linear_step,
    cases=lambda: [_step(2, 2, 810, shown=True), _step(3, 2, 820, before=0), _step(2, 4, 830), _step(4, 3, 840)],
    returns=("output", "state", "total"),
    properties=(Property(t("First write, then read, and divide."), _which),),
    used=t(
        "It runs through a whole text, against the matrix of weights, in [Attention without a growing "
        "cache?](#Attention-without-a-growing-cache?)"
    ),
    hints=(
        t("First write, then read. What a token adds to the state is a matrix [d, e]: `torch.outer(k, v)`."),
        t("The total grows by k. Then the query reads both: `q @ state` is [e], `q @ total` is one number."),
        t("`state, total = state + torch.outer(k, v), total + k`. What do you divide `q @ state` by?"),
    ),
    minutes=6,
    difficulty=2,
    wrong=wrong_answers(
        _wrong_step(seen=lambda old, new: old),
        t(
            "You read before you write, so the new token does not attend to itself, and the first one has nothing to "
            "read."
        ),
        _wrong_step(over=lambda q, total: 1),
        t("These are sums of values, not means. Divide by the sum of the weights, `q @ total`."),
        _wrong_step(count=lambda k: 0 * k),
        t("The total is as before: it grows by k with each token."),
        _wrong_step(count=lambda k: torch.ones_like(k)),
        t("The total counts tokens here. It is the sum of the *keys*, so that `q @ total` is the sum of the weights."),
        lambda q, k, v, state, total: (linear_step(q, k, v, state, total)[0], state, total),
        t("The output is right, but what you return is the old state and the old total."),
        lambda q, k, v, state, total: linear_step(k, q, v, state, total),
        t("Query and key are exchanged: the key writes, the query reads."),
    ),
)


def with_sink(scores: Tensor, sink: float) -> Tensor:
    """scores [..., K], the score of a sink without a value -> weights [..., K] of the keys, summing to less than 1."""
    extended = torch.cat([scores, torch.full_like(scores[..., :1], sink)], -1)
    return extended.softmax(-1)[..., :-1]


def _sink(sink: float, *shape: int, seed: int, shown: bool = False) -> Case:
    return named("scores", "sink")(*drawn(seed, shape), sink, shown=shown)


def _another_share(run, case, mine, want):
    """Whether the keys share in another way among themselves, or the sink takes another part."""
    if mine.shape != want.shape or mine.isnan().any():
        return None
    sums = mine.sum(-1, keepdim=True)
    if not same(mine, want * sums / want.sum(-1, keepdim=True)):
        return t(
            "Among the keys the shares are those of a softmax, and yours are others: the sink changes only their sum."
        )
    return not same(mine, want) and t(
        "The keys share rightly among themselves, and together they get another part. The sink's score is one more in "
        "the softmax: its share is exp(sink) over the sum of all exps."
    )


SINK = Exercise(
    name=mark("softmax with a sink"),
    task=t(
        "Add a sink to each softmax: one more score, the same number for every query, that has no value. scores [..., "
        "K] and the sink's score, a number -> the weights of the K keys [..., K]. With the sink's they sum to 1."
    ),
    reference=with_sink,
    cases=lambda: [
        _sink(0.0, 3, seed=850, shown=True),
        _sink(2.0, 2, 4, seed=852),
        _sink(-1.0, 2, 3, 5, seed=854),
        named("scores", "sink")(torch.tensor([[90.0, 91.0], [-90.0, -91.0]]), 0.0),
    ],
    returns=("weights",),
    properties=(Property(t("The sink takes its share as one more key does."), _another_share),),
    hints=(
        t("The sink is one more column of scores: `torch.full_like(scores[..., :1], sink)`."),
        t("`torch.cat([scores, column], -1).softmax(-1)` is [..., K + 1]."),
        t("The values have no row for the sink. Which columns do you return?"),
    ),
    minutes=4,
    difficulty=1,
    wrong=wrong_answers(
        lambda scores, sink: scores.softmax(-1),
        t(
            "Your weights sum to 1, so the sink takes none of them. It is one more score in the softmax; adding it to "
            "all scores changes nothing, and neither may you scale the K weights up again."
        ),
        lambda scores, sink: torch.cat([scores, torch.full_like(scores[..., :1], sink)], -1).softmax(-1),
        t("The sink's own weight is still there. Return the K weights of the keys only."),
        lambda scores, sink: torch.cat([torch.full_like(scores[..., :1], sink), scores], -1).softmax(-1)[..., :-1],
        t("Your sink is in front, so the column that you drop is that of the last key. Drop the sink's."),
        lambda scores, sink: scores.exp() / (scores.exp().sum(-1, keepdim=True) + sink),
        t(
            "The sink is a score: what it adds to the sum is exp(sink). (And exp of a large score overflows; softmax "
            "does not.)"
        ),
        lambda scores, sink: scores.exp() / (scores.exp().sum(-1, keepdim=True) + torch.tensor(sink).exp()),
        t("The formula is right, but exp overflows for large scores, and NaN comes out. Let `softmax` do it."),
        lambda scores, sink: scores.clamp_min(sink).softmax(-1),
        t("The sink is no lowest score for the keys. It is one more score, beside theirs."),
    ),
)


ANNEX = (SINK, LINEAR_STEP)  # as on the page
