"""Chapter 5: cut into heads, and multi-head attention."""

import torch
from torch import Tensor

from chapters.ch02.exercises.attention import sees_all_allowed
from course_kit.exercises.compare import same
from course_kit.exercises.define import (
    Case,
    Exercise,
    Property,
    drawn,
    named,
    some_numbers,
    tensors,
    variants,
    wrong_answers,
)
from course_kit.exercises.properties import blind_to_later, changed, rows_are_independent, rows_sum_to_one, sees_only
from course_kit.i18n import mark, t
from course_utils.attention import causal_mask, join_heads, masked_softmax, multi_head, padding_mask, split_heads


def reshaped(x: Tensor, heads: int) -> Tensor:
    """The wrong cut: one reshape to [B, H, T, d], which mixes words and heads."""
    return x.reshape(len(x), heads, x.shape[1], -1)


@variants
def _cut(
    x,
    heads,
    *,
    cut=lambda x, heads: x.unflatten(-1, (heads, -1)),
    swap=lambda y: y.transpose(1, 2),
    after=lambda y: y,
):
    """The cut into heads: features [B, T, H, d], then heads to the front."""
    return after(swap(cut(x, heads)))


SPLIT = Exercise(
    name=mark("split heads"),
    task=t(
        "Cut each token's D features into H neighbouring pieces of d = D / H, and bring the heads to the front: x [B, "
        "T, D] -> [B, H, T, d]."
    ),
    reference=split_heads,
    cases=lambda: [
        Case({"x": torch.tensor([[[0.0, 1, 2, 3], [10, 11, 12, 13], [20, 21, 22, 23]]]), "heads": 2}, shown=True),
        Case({"x": some_numbers(2, 3, 4, seed=500), "heads": 2}),
        Case({"x": some_numbers(2, 3, 6, seed=501), "heads": 3}),
        Case({"x": some_numbers(1, 2, 6, seed=502), "heads": 3}),
        Case({"x": some_numbers(2, 2, 3, seed=503), "heads": 1}),
    ],
    returns=("split",),
    properties=(
        blind_to_later("x", asks=t("Row t of each head is a piece of word t: cut the features, not the words.")),
    ),
    hints=(
        t("Row 1 of the input is one word. In which heads, and in which rows, must its four numbers appear?"),
        t("Two steps: cut the last axis in two, [B, T, H, d]; then swap two axes."),
        t(
            "`x.reshape(B, T, H, D // H)` makes the cut, and the words stay where they are. Which two axes are still "
            "to be swapped, so that it becomes [B, H, T, d]?"
        ),
    ),
    minutes=4,
    difficulty=2,
    wrong=wrong_answers(
        _cut(cut=lambda x, heads: reshaped(x, heads).transpose(1, 2)),
        t(
            "The right shape and the wrong content: one reshape to [B, H, T, d] fills the first head with the first "
            "*words*. Cut only the features, [B, T, H, d], and then swap the axes of time and heads."
        ),
        _cut(swap=lambda y: y),
        t("The words still come before the heads: each word's heads would attend to one another. Swap axes 1 and 2."),
        _cut(cut=lambda x, heads: x.unflatten(-1, (-1, heads)).transpose(-1, -2)),
        t(
            "Each head gets every H-th feature. Its d features should be neighbours: the axis of heads comes first, "
            "`(H, d)`, not `(d, H)`."
        ),
        _cut(cut=lambda x, heads: x.unflatten(-1, (-1, heads))),
        t(
            "H and d are exchanged in the cut: the last axis should become (H, d), so that each head gets d "
            "neighbouring features."
        ),
        _cut(after=lambda y: y.transpose(0, 1)),
        t("The heads come before the batch: [H, B, T, d]. The batch stays first; stack along `dim=1`."),
        lambda x, heads: reshaped(x.transpose(1, 2), heads).reshape(len(x), heads, x.shape[1], -1),
        t("Transposed first and reshaped afterwards, so the pieces are cut across words. Cut first, then swap."),
    ),
)


def _multi_head_cases() -> list[Case]:
    case = named("q", "k", "v", "heads", "mask")

    def random(batch, queries, keys, size, heads, mask, seed) -> Case:
        return case(*drawn(seed, (batch, queries, size), *2 * [(batch, keys, size)]), heads, mask)

    few = tensors([[[1.0, 0], [0, 2]]], [[[3.0, 0], [0, 1]]], [[[1.0, 2], [3, 4]]])
    mask = torch.tensor([[[True, True], [False, True]]])
    lengths = padding_mask(torch.tensor([4, 2]), 4)
    others = torch.tensor([[1, 1, 0, 1], [0, 1, 1, 1], [1, 0, 0, 1]])[:, None].expand(3, 2, 4) == 1
    return [
        case(*few, 2, mask, shown=True),
        random(1, 3, 3, 4, 2, causal_mask(3)[None], 510),
        random(2, 3, 4, 4, 2, lengths.expand(2, 3, 4), 520),
        random(3, 2, 4, 6, 3, others, 530),
        random(2, 3, 3, 4, 2, causal_mask(3), 540),
        named("q", "k", "v", "heads")(*drawn(550, (1, 2, 4), *2 * [(1, 3, 4)]), 2),  # no mask, as in the next cell
    ]


def _for_all(mask: Tensor) -> Tensor:
    """The same mask in all heads: [B, Q, K] -> [B, 1, Q, K]."""
    return mask[:, None] if mask.dim() == 3 else mask


@variants
def _heads(
    q,
    k,
    v,
    heads,
    mask=None,
    *,
    split=split_heads,
    scale=lambda d, D: d**0.5,
    seen=_for_all,
    join=join_heads,
    report=lambda weights: weights,
):
    """Multi-head attention of projected queries, keys and values."""
    size = q.shape[-1]
    q, k, v = split(q, heads), split(k, heads), split(v, heads)
    mask = None if mask is None else seen(mask)
    weights = masked_softmax(q @ k.mT / scale(q.shape[-1], size), mask)
    return join(weights @ v), report(weights)


def _reaches_far_features(run, case, mine, want):
    """Whether the weights of the first head depend on features behind the first d."""
    q, heads = case.args["q"], case.args["heads"]
    if heads < 2:
        return None
    d = q.shape[-1] // heads
    other = run(changed(case, q=torch.cat([q[..., :d], 2 - 3 * q[..., d:]], -1)))
    return not same(other[1][:, 0], mine[1][:, 0])


MULTI_HEAD = Exercise(
    name=mark("attention in heads"),
    task=t(
        "Split q, k and v into heads, attend in each head under the mask, and put the heads side by side again: q [B, "
        "Q, D], k and v [B, K, D], mask [B, Q, K] or [Q, K] bool, True = may be attended, or None -> (output [B, Q, "
        "D], weights [B, H, Q, K])."
    ),
    reference=multi_head,
    cases=_multi_head_cases,
    returns=("output", "weights"),
    properties=(
        sees_only(),
        sees_all_allowed(),
        rows_sum_to_one(part=1),
        Property(
            t("All heads have the same weights. Each attends with its own piece of q and k: cut them first."),
            lambda run, case, mine, want: same(mine[1], mine[1][:, :1].expand_as(want[1])) and case.args["heads"] > 1,
        ),
        Property(
            t(
                "The first head changes with features that are not its own. The first d features are its own, the next "
                "d those of the second head, and so on: cut the last axis into (H, d), not into (d, H)."
            ),
            _reaches_far_features,
        ),
        Property(
            t(
                "The weights are right, the output is not: each head's weights meet its own piece of v, and the heads "
                "are put side by side again in their order."
            ),
            lambda run, case, mine, want: same(mine[1], want[1]) and not same(mine[0], want[0]),
        ),
        rows_are_independent("q", "k", "v", masks=("mask",)),
    ),
    hints=(
        t(
            "Three steps: split, attend, join. All heads attend at once, because H is one more axis of the batch. "
            "What are the shapes after each step?"
        ),
        "`scaled_dot_product_attention(q, k, v, mask)` attends in all heads, if q, k and v are [B, H, …, d]. A mask "
        "[B, Q, K] needs an axis for the heads, `mask[:, None]`. A mask [Q, K] has the same for all as it is, and None "
        "needs nothing: `if mask is not None and mask.dim() == 3`.",
        t(
            "The output is [B, H, Q, d] and must become [B, Q, H · d], the way back from `split_heads`: "
            "`join_heads(output)`."
        ),
    ),
    minutes=10,
    difficulty=2,
    used=t("Your `multi_head` attends in each block of [Five: two blocks](#Five:-two-blocks)."),
    wrong=wrong_answers(
        _heads(scale=lambda d, D: D**0.5),
        t("Scaled by √D, the size of the model. A dot product of one head adds up d = D / H products: √d."),
        _heads(scale=lambda d, D: 1),
        t("The scale is missing: divide the scores by √d."),
        _heads(split=reshaped),
        t(
            "The split mixes heads with time: it is one reshape to [B, H, T, d]. Reshape to [B, T, H, d], then swap "
            "the two."
        ),
        _heads(join=lambda y: y.reshape(len(y), y.shape[2], -1)),
        t(
            "The joining mixes heads with time: [B, H, Q, d] must become [B, Q, H, d] before the heads are laid side "
            "by side."
        ),
        _heads(seen=lambda m: m[None] if m.dim() == 3 else m),
        t(
            "The mask [B, Q, K] meets scores [B, H, Q, K], and torch lines them up from the right: head h gets the "
            "mask of *sentence* h. Where B = H nothing crashes. Give the heads an axis: `mask[:, None]`."
        ),
        _heads(report=lambda weights: weights.mean(1)),
        t(
            "The weights are the mean of the heads, as `torch.nn.MultiheadAttention` reports them unless told "
            "otherwise. Here each head should show its own."
        ),
    ),
)
