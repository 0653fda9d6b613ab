"""Chapter 8: two of the five places in which a GPT was changed, RMSNorm and shared heads."""

from dataclasses import replace

import torch

from course_kit.exercises.compare import same
from course_kit.exercises.define import Exercise, Property, named, normal, tensors, variants, wrong_answers
from course_kit.exercises.properties import changed, linear_in, rows_are_independent
from course_kit.i18n import mark, t
from course_utils.llama import rms_norm, share_heads

_normed = named("x", "weight")


@variants
def _norm(
    x,
    weight,
    eps=1e-05,
    *,
    centre=lambda x: x,
    size=lambda x: x.pow(2).mean(-1, keepdim=True),
    root=lambda size, eps: (size + eps).sqrt(),
    gain=lambda weight: weight,
):
    """RMSNorm with one thing done differently."""
    x = centre(x)
    return x / root(size(x), eps) * gain(weight)


def _not_of_size_1(run, case, mine, want):
    ones = changed(case, weight=torch.ones_like(case.args["weight"]))
    found, needed = (x.pow(2).mean(-1) for x in (run(ones), rms_norm(*ones.args.values(), **ones.keywords)))
    return not same(found, needed)


RMS = Exercise(
    name=mark("rms norm"),
    task=t(
        "Divide each row by the root of its mean square (eps inside the root), then multiply each feature by its "
        "weight: x [..., D], weight [D] -> [..., D]."
    ),
    reference=rms_norm,
    cases=lambda: [
        _normed(*tensors([[3.0, 4.0]], [1.0, 2.0]), shown=True),
        _normed(2 * normal(2, 3, 6, seed=1800) + 1, normal(6, seed=1801)),
        _normed(1e-3 * normal(4, 5, seed=1802), normal(5, seed=1803)),
        _normed(torch.zeros(2, 4), normal(4, seed=1804)),
        _normed(1e-2 * normal(1, 3, 4, seed=1805), normal(4, seed=1806), eps=1e-3),
    ],
    returns=("normalised",),
    used=t("Every block of your Llama calls it twice: [The whole class](#The-whole-class)."),
    hints=(
        t("Mean square: square first, then the mean over the features. Which axis is that, and does it stay?"),
        t("`x.pow(2).mean(-1, keepdim=True)` has one number for each row."),
        t("Divide x by the root of that number plus eps. What is left to do with `weight`?"),
    ),
    minutes=4,
    difficulty=1,
    properties=(
        replace(
            rows_are_independent("x"),
            says=t("A row gives another result when it is alone. Each is divided by a mean of its own: `dim=-1`."),
        ),
        replace(
            linear_in("weight"),
            says=t("Twice the weight should give twice the result: it multiplies once, after the division."),
        ),
        Property(
            t("With weights of 1 the mean square of a row should become 1. Is the row divided by the root of that?"),
            _not_of_size_1,
        ),
    ),
    wrong=wrong_answers(
        _norm(centre=lambda x: x - x.mean(-1, keepdim=True)),
        t(
            "This is a layer norm without its bias. RMSNorm leaves the mean where it is, and divides by the root of "
            "the mean of the squares."
        ),
        _norm(size=lambda x: x.var(-1, keepdim=True, unbiased=False)),
        t(
            "This divides by the standard deviation, which measures from the mean. RMSNorm measures from 0: the mean "
            "of the squares."
        ),
        _norm(size=lambda x: x.pow(2).sum(-1, keepdim=True)),
        t(
            "You divide by the length of the row: the root of the *sum* of squares. It is the root of their mean, so "
            "that features stay near 1 however many there are."
        ),
        _norm(root=lambda size, eps: size.sqrt() + eps),
        t(
            "eps is added to the root, not inside it: for small rows that is another number, and published models "
            "were trained with eps inside."
        ),
        _norm(gain=lambda weight: 1 + weight),
        t(
            "You multiply by 1 + weight, as Gemma does, whose weights begin at 0. Here they begin at 1: multiply by "
            "them."
        ),
    ),
)

_shared = named("x", "heads")


def _order(run, case, mine, want):
    """Which key head each query head has got, where that is not the right one."""
    if mine.shape != want.shape:
        return None
    x = case.args["x"]
    mine, want = (
        " ".join(
            next((str(g + 1) for g in range(x.shape[1]) if same(one[:, h], x[:, g])), "?") for h in range(one.shape[1])
        )
        for one in (mine, want)
    )
    return mine != want and t("The query heads use the key heads {mine}; needed: {want}.", mine=mine, want=want)


def _groups(x, heads):
    return heads // x.shape[1]


SHARE = Exercise(
    name=mark("share heads"),
    task=t(
        "Give each query head its key head: with 4 query heads and 2 key heads, the first two use the "
        "first. x [B, G, K, d], heads -> [B, heads, K, d]."
    ),
    reference=share_heads,
    cases=lambda: [
        _shared(*tensors([[[[1.0, 1]], [[2.0, 2]]]]), 4, shown=True),
        _shared(normal(2, 3, 5, 4, seed=1810), 9),
        _shared(normal(1, 2, 3, 2, seed=1811), 2),
        _shared(normal(2, 1, 3, 2, seed=1812), 4),
    ],
    returns=("shared",),
    properties=(Property(t("Neighbouring query heads share a key head."), _order),),
    used=t("With it your Llama answers in [Who answers? Ask](#Who-answers?-Ask)."),
    hints=(
        t("Each of the G heads is needed heads / G times. On which axis?"),
        t("The order matters: the first head serves the *first* queries. 1 1 2 2, not 1 2 1 2."),
        t("`x.repeat_interleave(2, 1)` repeats each entry of axis 1 twice, in place. How often is it here?"),
    ),
    minutes=5,
    difficulty=2,
    wrong=wrong_answers(
        lambda x, heads: x.repeat(1, _groups(x, heads), 1, 1),
        t(
            "`repeat` gives 1 2 1 2: the heads in turn. Neighbouring queries share: 1 1 2 2, which is "
            "`repeat_interleave`."
        ),
        lambda x, heads: x.repeat_interleave(heads, 1),
        t("There are too many: each head is needed heads / G times, not `heads` times."),
        lambda x, heads: x[:, :1].expand(-1, heads, -1, -1),
        t("All queries use the first head: that is multi-query attention. With G heads, each serves its own group."),
        lambda x, heads: x.flip(1).repeat_interleave(_groups(x, heads), 1),
        t("The heads are in reverse order: the first queries should use the first head."),
    ),
)
