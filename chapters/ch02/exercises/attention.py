"""Chapter 2: scaled dot-product score and attention."""

import torch
from torch import Tensor

from course_utils.attention import causal_mask, masked_softmax, padding_mask, scaled_dot_product_attention
from course_utils.attention.scores import SCORES
from course_utils.exercises.definition import Case, Exercise, variants, wrong_answers
from course_utils.exercises.inputs import drawn, named, normal, tensors

# ---- scaled dot-product score ---------------------------------------------------------------------------------------


def scaled_dot_score(queries: Tensor, keys: Tensor) -> Tensor:
    """queries [B, Q, D], keys [B, K, D] -> scores [B, Q, K]: q·k / √D, the score `scaled_dot`."""
    size = queries.shape[-1]
    return SCORES["scaled_dot"](size, size)(queries, keys)


_pair = named("queries", "keys")

SCORE = Exercise(
    name="scaled dot-product score",
    task="The scores of all queries with all keys, their spread independent of D: queries [B, Q, D], keys [B, K, D] "
    "-> scores [B, Q, K].",
    why="It is the score of every Transformer; one line, four ways to get it wrong without a crash.",
    reference=scaled_dot_score,
    cases=lambda: [
        _pair(*tensors([[[1.0, 0, 2, 0]]], [[[1.0, 1, 1, 1], [0, 3, 0, 0]]]), shown=True),
        _pair(*tensors([[[2.0]], [[1.0]]], [[[3.0], [1.0]], [[5.0], [4.0]]])),
        _pair(*drawn(1, (1, 3, 3), (1, 3, 3), of=normal)),
        _pair(*drawn(3, (2, 3, 5), (2, 4, 5), of=normal)),
    ],
    returns=("scores",),
    hints=(
        "All dot products of a batch at once are a matrix product of queries with the keys turned round.",
        "`keys.transpose(-2, -1)`, or `keys.mT`, swaps the last two axes and leaves the batch alone.",
        "The dot product of D terms of variance 1 spreads like √D: divide by `queries.shape[-1] ** 0.5`.",
    ),
    minutes=3,
    difficulty=1,
    wrong=wrong_answers(
        lambda queries, keys: queries @ keys.mT,
        "These are plain dot products: the scale is missing. Divide by √D, or the scores spread more the longer "
        "the vectors are.",
        lambda queries, keys: queries @ keys.mT / queries.shape[-1],
        "Scaled twice: divided by D, which is √D two times. The *variance* of the scores grows like D; their "
        "spread, which softmax feels, like √D.",
        lambda queries, keys: queries @ keys.mT * queries.shape[-1] ** 0.5,
        "Multiplied by √D where it should be divided: now the scores spread even more.",
        lambda queries, keys: queries @ keys.mT / keys.shape[-2] ** 0.5,
        "Divided by the root of the number of keys, the length of the input. d is the size of one key: "
        "`keys.shape[-1]`.",
        lambda queries, keys: queries @ keys.mT / 8,
        "Divided by 8 always. That is √64, right for heads of size 64 only; take the size from the input.",
        lambda queries, keys: queries @ keys / queries.shape[-1] ** 0.5,
        "The keys are not transposed. `queries @ keys` runs only when K happens to equal D, and then mixes "
        "features with positions: turn the last two axes round, `keys.mT`.",
        lambda queries, keys: keys @ queries.mT / queries.shape[-1] ** 0.5,
        "Right numbers, turned round: [B, K, Q]. Queries go down, keys across, so that softmax can run along each "
        "row: `queries @ keys.mT`.",
        lambda queries, keys: torch.softmax(queries @ keys.mT / queries.shape[-1] ** 0.5, -1),
        "These are the weights already. Asked for are the scores, before the softmax: masks and temperature still "
        "have to come in between.",
        lambda queries, keys: queries @ keys[0].mT / queries.shape[-1] ** 0.5,
        "The keys of the first batch item serve all of them (broadcasting). Each batch item has its own keys.",
        lambda queries, keys: torch.einsum("bqd,bkd->qk", queries, keys) / queries.shape[-1] ** 0.5,
        "The batch is summed away: an index that is missing after `->` is summed over. Keep the b.",
    ),
)

# ---- scaled dot-product attention -----------------------------------------------------------------------------------


def _attention_cases() -> list[Case]:
    case = named("queries", "keys", "values", "mask")
    eye, values = torch.eye(2)[None], torch.tensor([[[1.0], [5.0]]])
    queries, keys, others = drawn(5, (1, 3, 4), (1, 3, 4), (1, 3, 4), of=normal)
    lengths = padding_mask(torch.tensor([4, 2]), 4).expand(2, 3, 4)
    return [
        case(eye, eye, values, torch.tensor([[[True, True], [True, False]]]), shown=True),
        case(eye, eye, values, torch.tensor([[[True, True], [False, False]]])),
        case(3 * queries, keys, others, causal_mask(3)[None]),
        case(*drawn(8, (2, 3, 5), (2, 4, 5), (2, 4, 2), of=normal), lengths),
    ]


@variants
def _wrong_attention(queries, keys, values, mask, *, weigh, mix=lambda weights, keys, values: weights @ values):
    """Attention with other weights, made of (queries, keys, mask), or another mean of the values."""
    weights = weigh(queries, keys, mask)
    return mix(weights, keys, values), weights


def _scaled(queries, keys):
    return queries @ keys.mT / queries.shape[-1] ** 0.5


ATTENTION = Exercise(
    name="scaled dot-product attention",
    task="Scores, mask, softmax, mean of the values: queries [B, Q, D], keys [B, K, D], values [B, K, Dv], mask "
    "[B, Q, K] bool, True = may be attended -> (output [B, Q, Dv], weights [B, Q, K]). A row with nothing to attend "
    "gives zeros.",
    why="The four steps of this chapter in one function; every later model calls it.",
    reference=scaled_dot_product_attention,
    cases=_attention_cases,
    returns=("output", "weights"),
    hints=(
        "Four steps in this order: scores, mask, softmax, mean. Only the order score → mask → softmax keeps rows at 1.",
        "You have `masked_softmax(scores, mask)` from chapter 1: it takes care of the mask and of empty rows.",
        "`weights = masked_softmax(queries @ keys.mT / d ** 0.5, mask)`, then `weights @ values`.",
    ),
    minutes=6,
    difficulty=2,
    wrong=wrong_answers(
        _wrong_attention(lambda q, k, mask: masked_softmax(_scaled(q, k), mask, dim=-2)),
        "The columns sum to 1, not the rows: is the softmax along the query axis? Each query shares one unit of "
        "attention among the keys: `dim=-1`.",
        _wrong_attention(lambda q, k, mask: masked_softmax(q @ k.mT, mask)),
        "Right but for the scale: divide the dot products by √d before the softmax.",
        _wrong_attention(lambda q, k, mask: masked_softmax(q @ k.mT / q.shape[-1], mask)),
        "Right, but scaled twice: divided by d instead of √d, so the weights are too even.",
        _wrong_attention(lambda q, k, mask: torch.softmax(_scaled(q, k) + mask, -1)),
        "The mask is added as 0 and 1: allowed keys get a bonus of 1, masked ones keep their share. What is added "
        "must be −∞ where the mask is False.",
        _wrong_attention(lambda q, k, mask: torch.softmax(_scaled(q, k) * mask, -1)),
        "The mask is multiplied in before the softmax: a masked score becomes 0, and exp(0) = 1 still leaks. "
        "Masked scores must be −∞.",
        _wrong_attention(lambda q, k, mask: torch.softmax(_scaled(q, k), -1) * mask),
        "The mask comes after the softmax: what went to masked keys is lost, and the rows sum to less than 1. "
        "Mask the scores, then take the softmax.",
        _wrong_attention(lambda q, k, mask: torch.softmax(_scaled(q, k), -1)),
        "The mask is not used: masked keys still get weight.",
        _wrong_attention(lambda q, k, mask: masked_softmax(_scaled(q, k), ~mask)),
        "The mask is read the wrong way round: True means *may be attended*.",
        _wrong_attention(lambda q, k, mask: torch.softmax(_scaled(q, k).masked_fill(~mask, -torch.inf), -1)),
        "Nearly: a row with nothing to attend is all −∞, and its softmax 0/0 = NaN. It should be zeros; "
        "`masked_softmax` does that.",
        _wrong_attention(lambda q, k, mask: torch.softmax(_scaled(q, k).masked_fill(~mask, -1e9), -1)),
        "In a row with nothing to attend, −1e9 everywhere means equal scores, and all masked keys get a share. "
        "Use `masked_softmax`: zeros there.",
        _wrong_attention(lambda q, k, mask: masked_softmax(_scaled(q, k), mask), lambda w, k, v: w @ k),
        "The weights are right, but they average the keys. Keys are for finding, values are what one takes home.",
        _wrong_attention(lambda q, k, mask: masked_softmax(_scaled(q, k), mask), lambda w, k, v: w.mT @ v),
        "The weights are right, but turned round in the last product: `weights @ values` goes over the keys.",
    ),
)
