"""Chapter 5: cut into heads, and multi-head attention."""

import torch
from torch import Tensor
from torch.func import functional_call

from course_utils.attention import causal_mask, masked_softmax, padding_mask, scaled_dot_product_attention
from course_utils.attention.multihead import MultiHeadAttention
from course_utils.exercises.definition import Case, Exercise, FindError, variants, wrong_answers
from course_utils.exercises.inputs import drawn, named, some_numbers, tensors

# ---- split heads ----------------------------------------------------------------------------------------------------


def split_heads(x: Tensor, heads: int) -> Tensor:
    """x [B, T, D] -> [B, H, T, d]: d = D / H neighbouring features for each head."""
    return x.unflatten(-1, (heads, -1)).transpose(1, 2)


def join_heads(x: Tensor) -> Tensor:
    """x [B, H, T, d] -> [B, T, H · d]: the heads of each token side by side again."""
    return x.transpose(1, 2).flatten(2)


def _reshaped(x, heads):
    return x.reshape(len(x), heads, x.shape[1], -1)


def _first_only(x, heads):
    return x[:, None, :, : x.shape[-1] // heads].expand(-1, heads, -1, -1)


def _interleaved(x, heads):
    return x.unflatten(-1, (-1, heads)).permute(0, 3, 1, 2)


SPLIT = Exercise(
    name="split heads",
    task="Cut each token's D features into H neighbouring pieces of d = D / H, and bring the heads to the front: "
    "x [B, T, D] -> [B, H, T, d].",
    why="Two axes must be cut and swapped; whoever only reshapes gets the right shape and mixes words with heads.",
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
        "Two steps: cut the last axis in two, [B, T, H, d]; then swap two axes.",
        "`x.reshape(B, T, H, D // H)` cuts; the words stay where they are, since T is not touched.",
        "`x.reshape(B, T, H, D // H).transpose(1, 2)`",
    ),
    minutes=4,
    difficulty=2,
    wrong=wrong_answers(
        _reshaped,
        "The right shape and the wrong content: one reshape to [B, H, T, d] fills the first head with the first "
        "*words*. Cut the features alone, [B, T, H, d], and then swap the axes of time and heads.",
        lambda x, heads: x.unflatten(-1, (heads, -1)),
        "Cut rightly, but this is [B, T, H, d]: each word's heads would attend to one another. Swap the axes 1 and 2.",
        _interleaved,
        "Each head gets every H-th feature. Its d features should be neighbours: the axis of heads comes first, "
        "`(H, d)`, not `(d, H)`.",
        lambda x, heads: torch.stack(x.chunk(heads, -1)),
        "The heads stand before the batch: [H, B, T, d]. The batch stays first; stack along `dim=1`.",
        _first_only,
        "All heads get the same first d features. Head h gets those from h · d on.",
        lambda x, heads: x.transpose(1, 2).unflatten(1, (heads, -1)),
        "The right numbers, but time and features are swapped: [B, H, d, T]. A row should be a word.",
        lambda x, heads: _reshaped(x.transpose(1, 2), heads).reshape(len(x), heads, x.shape[1], -1),
        "Transposed first and reshaped after: the pieces are cut across words. Cut first, then swap.",
        lambda x, heads: split_heads(x, heads).flatten(0, 1),
        "Right, with batch and heads in one axis: [B · H, T, d]. Keep them apart: [B, H, T, d].",
    ),
)

# ---- multi-head attention -------------------------------------------------------------------------------------------


def multi_head(x, memory, Wq, Wk, Wv, Wo, heads, mask):
    """x [B, Q, D], memory [B, K, D], four W [D, D], mask [B, Q, K] -> output [B, Q, D], weights [B, H, Q, K].

    The course's MultiHeadAttention with these matrices (nn.Linear keeps them transposed).
    """
    with torch.random.fork_rng(devices=[]):
        attention = MultiHeadAttention(x.shape[-1], heads, bias=False)
    given = {"query.weight": Wq.T, "key.weight": Wk.T, "value.weight": Wv.T, "out.weight": Wo.T}
    return functional_call(attention, given, (x, memory, memory, mask), {"need_weights": True})


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
def _wrong_heads(
    *inputs,
    split=split_heads,
    scale=lambda d, D: d**0.5,
    weigh=lambda scores, mask: masked_softmax(scores, mask[:, None]),
    join=join_heads,
    out=lambda y, Wo: y @ Wo,
    values=None,
    report=lambda weights: weights,
):
    """Multi-head attention with one thing done differently."""
    x, memory, Wq, Wk, Wv, Wo, heads, mask = inputs
    q, k, v = (split(y, heads) for y in (x @ Wq, memory @ Wk, values(memory, Wv) if values else memory @ Wv))
    weights = weigh(q @ k.mT / scale(q.shape[-1], x.shape[-1]), mask)
    return out(join(weights @ v), Wo), report(weights)


MULTI_HEAD = Exercise(
    name="multi-head attention",
    task="Project x to queries and memory to keys and values (`x @ Wq`, …), split all three into H heads, attend in "
    "each head, put the heads side by side, project with Wo: x [B, Q, D], memory [B, K, D], mask [B, Q, K] bool, "
    "True = may be attended -> (output [B, Q, D], weights [B, H, Q, K]).",
    why="It is the heart of every model from here on; each of its five steps can be wrong without a crash.",
    reference=multi_head,
    cases=_multi_head_cases,
    returns=("output", "weights"),
    hints=(
        "Five lines: project, split, attend, join, project. All heads are attended to at once: H is one more axis.",
        "`q, k, v = (split_heads(y, heads) for y in (x @ Wq, memory @ Wk, memory @ Wv))`; the scale is the root of the "
        "head's size d, and the mask needs an axis for the heads: `mask[:, None]`.",
        "`scaled_dot_product_attention(q, k, v, mask[:, None])` gives output and weights; "
        "`output.transpose(1, 2).flatten(2) @ Wo` joins and projects.",
    ),
    minutes=9,
    difficulty=3,
    wrong=wrong_answers(
        _wrong_heads(out=lambda y, Wo: y),
        "The weights are right, but the last projection W_O is missing: the heads stand side by side and never meet.",
        _wrong_heads(scale=lambda d, D: D**0.5),
        "Scaled by √D, the size of the model. A dot product of one head adds up d = D / H products: √d.",
        _wrong_heads(scale=lambda d, D: d),
        "Scaled twice: divided by d, which is √d two times.",
        _wrong_heads(scale=lambda d, D: 1),
        "Right but for the scale: divide the scores by √d.",
        _wrong_heads(weigh=lambda s, m: masked_softmax(s, m[:, None], dim=1)),
        "The softmax runs over the heads, `dim=1`: they share each key among themselves, and no row sums to 1. It "
        "must run over the keys, `dim=-1`.",
        _wrong_heads(weigh=lambda s, m: masked_softmax(s, m[:, None], dim=-2)),
        "The softmax runs over the queries. Each query shares one unit among the keys: `dim=-1`.",
        _wrong_heads(split=_reshaped),
        "The heads are mixed with time: they come out of one reshape to [B, H, T, d]. Reshape to [B, T, H, d], "
        "then swap the two.",
        _wrong_heads(split=_reshaped, join=lambda y: y.reshape(len(y), y.shape[2], -1)),
        "Split and joined by reshapes alone, without a swap: each “head” is a piece of the text, and none sees "
        "all words.",
        _wrong_heads(join=lambda y: y.reshape(len(y), y.shape[2], -1)),
        "The weights are right; the joining is not: [B, H, Q, d] must become [B, Q, H, d] before the heads are "
        "laid side by side.",
        _wrong_heads(split=_first_only),
        "The same head, H times: all of them use the first d features of the projections.",
        _wrong_heads(weigh=lambda s, m: masked_softmax(s, ~m[:, None])),
        "The mask is read the wrong way round: True means *may be attended*.",
        _wrong_heads(weigh=lambda s, m: masked_softmax(s, m[None])),
        "The mask [B, Q, K] meets scores [B, H, Q, K], and torch lines them up from the right: head h gets the "
        "mask of *sentence* h. Where B = H nothing crashes. Give the heads an axis: `mask[:, None]`.",
        _wrong_heads(weigh=lambda s, m: torch.softmax(s, -1)),
        "The mask is not used.",
        _wrong_heads(values=lambda memory, Wv: memory),
        "The weights are right, but they average memory itself: Wv is not used.",
        _wrong_heads(report=lambda weights: weights.mean(1)),
        "The output is right. The weights are the mean of the heads, as `nn.MultiheadAttention` reports them "
        "unless told otherwise; here each head should show its own.",
        lambda x, memory, Wq, Wk, Wv, Wo, heads, mask: multi_head(x, memory, Wq.T, Wk.T, Wv.T, Wo.T, heads, mask),
        "All matrices are transposed. `nn.Linear` keeps its weight that way; here it is `x @ W`.",
    ),
)

# ---- heads out of a reshape -----------------------------------------------------------------------------------------


def heads_attend(q: Tensor, k: Tensor, v: Tensor, H: int) -> Tensor:
    """q, k, v [B, T, D], projected already -> the outputs of H heads side by side [B, T, D]."""
    return join_heads(scaled_dot_product_attention(*(split_heads(x, H) for x in (q, k, v)))[0])


@variants
def _wrong_attend(q, k, v, H, *, split=split_heads, join=join_heads, scale=lambda d, D: d**0.5):
    D = q.shape[-1]
    q, k, v = (split(x, H) for x in (q, k, v))
    return join(torch.softmax(q @ k.mT / scale(q.shape[-1], D), -1) @ v)


_projected = named("q", "k", "v", "H")

RESHAPE = FindError(
    name="heads out of a reshape",
    task="write it again: q, k, v [B, T, D] -> the outputs of the H heads, side by side [B, T, D].",
    why="All shapes are right, nothing crashes, and the loss falls. Yet no head is a head.",
    program=(
        "def heads_attend(q, k, v, H):                       # [B, T, D] each",
        "    B, T, D = q.shape",
        "    q, k, v = (x.reshape(B, H, T, D // H) for x in (q, k, v))",
        "    weights = torch.softmax(q @ k.mT / (D // H) ** 0.5, dim=-1)",
        "    heads = weights @ v                             # [B, H, T, d]",
        "    return heads.transpose(1, 2).reshape(B, T, D)",
    ),
    line=3,
    found="a reshape reads number after number: the first head gets all features of the first words. First "
    "[B, T, H, d], then swap: `x.reshape(B, T, H, D // H).transpose(1, 2)`.",
    innocent={
        2: "the three sizes.",
        4: "scaled by the head's size, softmax over the keys.",
        5: "each head's mean of its own values.",
        6: "swapped first, [B, T, H, d], and joined after: right.",
    },
    reference=heads_attend,
    cases=lambda: [
        _projected(*tensors([[[0.0, 1], [1, 0]]], [[[1.0, 0], [0, 1]]], [[[1.0, 10], [2, 20]]]), 2, shown=True),
        _projected(*drawn(540, (2, 3, 4), (2, 3, 4), (2, 3, 4)), 2),
        _projected(*drawn(545, (1, 2, 6), (1, 2, 6), (1, 2, 6)), 3),
    ],
    returns=("output",),
    hints=(
        "Change one word of the input. Which heads should feel it? Which do?",
        "What are the first T · d numbers of x [B, T, D], read one after the other?",
        "`x.reshape(B, T, H, D // H).transpose(1, 2)`",
    ),
    minutes=4,
    difficulty=2,
    wrong=wrong_answers(
        _wrong_attend(_reshaped),
        "Words and heads are mixed still: [B, T, D] must be cut to [B, T, H, d] before the swap.",
        _wrong_attend(_reshaped, lambda y: y.reshape(len(y), y.shape[2], -1)),
        "Now splitting and joining undo each other, but a “head” still is a piece of the text: no word can look "
        "beyond its piece.",
        _wrong_attend(join=lambda y: y.reshape(len(y), y.shape[2], -1)),
        "The splitting is right now, the joining is not any more: swap back before the reshape.",
        _wrong_attend(_interleaved),
        "Each head gets every H-th feature: the axes are cut (d, H) instead of (H, d).",
        lambda q, k, v, H: scaled_dot_product_attention(q, k, v)[0],
        "This is one head of size D: H is not used.",
        _wrong_attend(scale=lambda d, D: D**0.5),
        "Split and joined rightly, but scaled by √D instead of √d.",
    ),
)
