"""Chapter 5: cut into heads, and multi-head attention."""

import torch
from torch import Tensor

from course_kit.exercises.define import Case, Exercise, drawn, named, some_numbers, tensors, variants, wrong_answers
from course_kit.exercises.properties import any_order, rows_are_independent, rows_sum_to_one
from course_utils.attention import causal_mask, masked_softmax, padding_mask, scaled_dot_product_attention


def split_heads(x: Tensor, heads: int) -> Tensor:
    """x [B, T, D] -> [B, H, T, d]: d = D / H neighbouring features for each head."""
    return x.unflatten(-1, (heads, -1)).transpose(1, 2)


def join_heads(x: Tensor) -> Tensor:
    """x [B, H, T, d] -> [B, T, H · d]: the heads of each token side by side again."""
    return x.transpose(1, 2).flatten(2)


def reshaped(x: Tensor, heads: int) -> Tensor:
    """The wrong cut: one reshape to [B, H, T, d], which mixes words and heads."""
    return x.reshape(len(x), heads, x.shape[1], -1)


def interleaved(x: Tensor, heads: int) -> Tensor:
    """The wrong features: every H-th for each head."""
    return x.unflatten(-1, (-1, heads)).permute(0, 3, 1, 2)


def _first_only(x, heads):
    return x[:, None, :, : x.shape[-1] // heads].expand(-1, heads, -1, -1)


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
    name="split heads",
    task="Cut each token's D features into H neighbouring pieces of d = D / H, and bring the heads to the front: "
    "x [B, T, D] -> [B, H, T, d].",
    reference=split_heads,
    cases=lambda: [
        Case({"x": torch.tensor([[[0.0, 1, 2, 3], [10, 11, 12, 13], [20, 21, 22, 23]]]), "heads": 2}, shown=True),
        Case({"x": some_numbers(2, 3, 4, seed=500), "heads": 2}),
        Case({"x": some_numbers(2, 3, 6, seed=501), "heads": 3}),
        Case({"x": some_numbers(1, 2, 6, seed=502), "heads": 3}),
        Case({"x": some_numbers(2, 2, 3, seed=503), "heads": 1}),
    ],
    returns=("split",),
    hints=(
        "Row 1 of the input is one word. In which heads, and in which rows, must its four numbers appear?",
        "Two steps: cut the last axis in two, [B, T, H, d]; then swap two axes.",
        "`x.reshape(B, T, H, D // H)` makes the cut, and the words stay where they are. Which two axes are still to "
        "be swapped, so that it becomes [B, H, T, d]?",
    ),
    minutes=6,
    difficulty=2,
    used="Your `split_heads` cuts the heads in the cells below.",
    wrong=wrong_answers(
        _cut(cut=lambda x, heads: reshaped(x, heads).transpose(1, 2)),
        "The right shape and the wrong content: one reshape to [B, H, T, d] fills the first head with the first "
        "*words*. Cut only the features, [B, T, H, d], and then swap the axes of time and heads.",
        _cut(swap=lambda y: y),
        "The words still come before the heads: each word's heads would attend to one another. Swap axes 1 and 2.",
        _cut(cut=lambda x, heads: x.unflatten(-1, (-1, heads)).transpose(-1, -2)),
        "Each head gets every H-th feature. Its d features should be neighbours: the axis of heads comes first, "
        "`(H, d)`, not `(d, H)`.",
        _cut(cut=lambda x, heads: x.unflatten(-1, (-1, heads))),
        "H and d are exchanged in the cut: the last axis should become (H, d), so that each head gets d neighbouring "
        "features.",
        _cut(after=lambda y: y.transpose(0, 1)),
        "The heads come before the batch: [H, B, T, d]. The batch stays first; stack along `dim=1`.",
        _first_only,
        "All heads get the same first d features. Head h gets those from h · d on.",
        _cut(after=lambda y: y.mT),
        "The last two axes are swapped. A row should be a word, with d features.",
        lambda x, heads: reshaped(x.transpose(1, 2), heads).reshape(len(x), heads, x.shape[1], -1),
        "Transposed first and reshaped afterwards, so the pieces are cut across words. Cut first, then swap.",
        _cut(after=lambda y: y.flatten(0, 1)),
        "Batch and heads share one axis: [B · H, T, d]. Keep them apart: [B, H, T, d].",
    ),
)


def multi_head(x, memory, Wq, Wk, Wv, Wo, heads, mask):
    """x [B, Q, D], memory [B, K, D], four W [D, D], mask [B, Q, K] -> output [B, Q, D], weights [B, H, Q, K]."""
    q, k, v = (split_heads(y, heads) for y in (x @ Wq, memory @ Wk, memory @ Wv))  # [B, H, T, d]
    output, weights = scaled_dot_product_attention(q, k, v, mask[:, None])
    return output.transpose(1, 2).flatten(2) @ Wo, weights


def _multi_head_cases() -> list[Case]:
    case = named("x", "memory", "Wq", "Wk", "Wv", "Wo", "heads", "mask")

    def random(batch, queries, keys, size, heads, mask, seed) -> Case:
        return case(*drawn(seed, (batch, queries, size), (batch, keys, size), *4 * [(size, size)]), heads, mask)

    x, mask = torch.tensor([[[1.0, 0], [0, 2]]]), torch.tensor([[[True, True], [False, True]]])
    matrices = tensors([[1.0, 0], [0, 1]], [[1.0, 1], [0, 1]], [[3.0, 0], [0, 1]], [[1.0, 1], [0, 1]])
    lengths = padding_mask(torch.tensor([4, 2]), 4).expand(2, 3, 4)
    others = torch.tensor([[1, 1, 0, 1], [0, 1, 1, 1], [1, 0, 0, 1]])[:, None].expand(3, 2, 4) == 1
    return [
        case(x, x, *matrices, 2, mask, shown=True),
        random(1, 3, 3, 4, 2, causal_mask(3)[None], 510),
        random(2, 3, 4, 4, 2, lengths, 520),
        random(3, 2, 4, 6, 3, others, 530),
    ]


@variants
def _heads(
    *inputs,
    turned=False,
    roles=lambda Wq, Wk, Wv: (Wq, Wk, Wv),
    source=lambda x, memory: memory,
    valued=lambda memory, Wv: memory @ Wv,
    split=split_heads,
    scale=lambda d, D: d**0.5,
    seen=lambda mask: mask[:, None],
    weigh=masked_softmax,
    join=join_heads,
    out=lambda y, Wo: y @ Wo,
    report=lambda weights: weights,
):
    """Multi-head attention."""
    x, memory, Wq, Wk, Wv, Wo, heads, mask = inputs
    if turned:
        Wq, Wk, Wv, Wo = Wq.T, Wk.T, Wv.T, Wo.T
    Wq, Wk, Wv = roles(Wq, Wk, Wv)
    memory = source(x, memory)
    q, k, v = (split(y, heads) for y in (x @ Wq, memory @ Wk, valued(memory, Wv)))
    weights = weigh(q @ k.mT / scale(q.shape[-1], x.shape[-1]), seen(mask))
    return out(join(weights @ v), Wo), report(weights)


MULTI_HEAD = Exercise(
    name="multi-head attention",
    task="Project x to queries and memory to keys and values (`x @ Wq`, …), split all three into H heads, attend in "
    "each head, put the heads side by side, project with Wo: x [B, Q, D], memory [B, K, D], mask [B, Q, K] bool, "
    "True = may be attended -> (output [B, Q, D], weights [B, H, Q, K]).",
    reference=multi_head,
    cases=_multi_head_cases,
    returns=("output", "weights"),
    properties=(
        rows_sum_to_one(part=1),
        any_order("memory", masks=("mask",)),
        rows_are_independent("x", "memory", "mask"),
    ),
    hints=(
        "Five steps: project, split, attend, join, project. All heads attend at once, because H is one more axis. "
        "What are the shapes after each step?",
        "`q, k, v = (split_heads(y, heads) for y in (x @ Wq, memory @ Wk, memory @ Wv))`. The scale is the root of the "
        "head's size d, and the mask needs an axis for the heads: `mask[:, None]`.",
        "`scaled_dot_product_attention(q, k, v, mask[:, None])` gives output and weights of every head. The output is "
        "[B, H, Q, d] and must become [B, Q, H · d], the way back from `split_heads`, before it meets Wo.",
    ),
    minutes=15,
    difficulty=3,
    used="Your `multi_head` is compared with the model's in the next cell, and attends while your model trains.",
    wrong=wrong_answers(
        _heads(out=lambda y, Wo: y),
        "The last projection W_O is missing: the heads are side by side and never meet.",
        _heads(scale=lambda d, D: D**0.5),
        "Scaled by √D, the size of the model. A dot product of one head adds up d = D / H products: √d.",
        _heads(scale=lambda d, D: d),
        "Scaled twice: divided by d, which is √d two times.",
        _heads(scale=lambda d, D: 1),
        "The scale is missing: divide the scores by √d.",
        _heads(scale=lambda d, D: d**-0.5),
        "Multiplied by √d instead of divided.",
        _heads(weigh=lambda s, m: masked_softmax(s, m, dim=1)),
        "The softmax runs over the heads, `dim=1`: they share each key among themselves, and no row sums to 1. It "
        "must run over the keys, `dim=-1`.",
        _heads(weigh=lambda s, m: masked_softmax(s, m, dim=-2)),
        "The softmax runs over the queries. Each query shares one unit among the keys: `dim=-1`.",
        _heads(split=reshaped),
        "The split mixes heads with time: it is one reshape to [B, H, T, d]. Reshape to [B, T, H, d], then swap "
        "the two.",
        _heads(split=reshaped, join=lambda y: y.reshape(len(y), y.shape[2], -1)),
        "Split and joined by reshapes alone, without a swap: each “head” is a piece of the text, and none sees "
        "all words.",
        _heads(join=lambda y: y.reshape(len(y), y.shape[2], -1)),
        "The joining mixes heads with time: [B, H, Q, d] must become [B, Q, H, d] before the heads are laid side "
        "by side.",
        _heads(split=_first_only),
        "The same head, H times: all of them use the first d features of the projections.",
        _heads(split=interleaved),
        "Each head gets every H-th feature of the projections. Its d features should be neighbours.",
        _heads(source=lambda x, memory: x),
        "Keys and values are computed from x, and `memory` is never read. They come from memory; only in "
        "self-attention are the two the same.",
        _heads(roles=lambda Wq, Wk, Wv: (Wk, Wq, Wv)),
        "Wq and Wk are exchanged: x @ Wq gives the queries, memory @ Wk the keys.",
        _heads(roles=lambda Wq, Wk, Wv: (Wq, Wv, Wk)),
        "Wk and Wv are exchanged: Wk makes what is compared, Wv what is averaged.",
        _heads(roles=lambda Wq, Wk, Wv: (Wq, Wk, Wk)),
        "Keys and values use the same matrix Wk. The values have their own, Wv.",
        _heads(seen=lambda m: ~m[:, None]),
        "The mask is read the wrong way round: True means *may be attended*.",
        _heads(seen=lambda m: m[None]),
        "The mask [B, Q, K] meets scores [B, H, Q, K], and torch lines them up from the right: head h gets the "
        "mask of *sentence* h. Where B = H nothing crashes. Give the heads an axis: `mask[:, None]`.",
        _heads(seen=lambda m: torch.ones_like(m[:, None])),
        "The mask is not used.",
        _heads(weigh=lambda s, m: torch.softmax(s, -1) * m),
        "The mask comes after the softmax, so what the hidden keys got is lost, and the rows sum to less than 1. Mask "
        "the scores first.",
        _heads(weigh=lambda s, m: torch.softmax(s * m, -1)),
        "Before the softmax a masked score is 0 here, and exp(0) = 1 still leaks. Masked scores must be −∞.",
        _heads(valued=lambda memory, Wv: memory),
        "The weights average memory itself: Wv is not used.",
        _heads(report=lambda weights: weights.mean(1)),
        "The weights are the mean of the heads, as `torch.nn.MultiheadAttention` reports them unless told otherwise. "
        "Here each head should show its own.",
        _heads(turned=True),
        "All matrices are transposed. `torch.nn.Linear` keeps its weight that way; here it is `x @ W`.",
    ),
)
