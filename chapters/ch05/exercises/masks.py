"""Chapter 5: the masks of the three places of attention, and two ways to draw a mask wrong that circulate."""

import torch
from torch import Tensor

from course_utils.attention import causal_mask, scaled_dot_product_attention
from course_utils.exercises.definition import Case, Exercise, FindError, call, variants, wrong_answers
from course_utils.exercises.inputs import drawn, named

# ---- decoder masks --------------------------------------------------------------------------------------------------


def three_masks(source: Tensor, target: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """source [B, S], target [B, T] bool, True = a real word -> masks of the encoder [B, 1, S], of the decoder
    [B, T, T] and across [B, 1, S]; 1: the same for all queries."""
    return source[:, None], target[:, None] & causal_mask(target.shape[1]), source[:, None]


def _in_full(answer, case: Case):
    """With an axis for all queries; what padded queries see is left open, since nobody reads their outputs."""
    result = call(answer, case)
    if not isinstance(result, tuple | list) or len(result) != 3 or not all(isinstance(m, Tensor) for m in result):
        return result
    source, target = case.args["source"], case.args["target"]
    return tuple(map(_spread, result, (source, target, target)))


def _spread(mask: Tensor, asks: Tensor) -> Tensor:
    if mask.dim() == 2:
        mask = mask.expand(len(asks), -1, -1)
    if mask.dim() == 3 and mask.shape[1] == 1:
        mask = mask.expand(-1, asks.shape[1], -1)
    return mask & asks[:, :, None] if mask.dtype == torch.bool and mask.shape[:2] == asks.shape else mask


def _real(*rows: str) -> Tensor:
    """Rows such as "110": 1 = a real word."""
    return torch.tensor([[c == "1" for c in row] for row in rows])


@variants
def _wrong_masks(source, target, *, encoder=None, decoder=None, cross=None):
    """Three masks, one of them made differently."""
    right = three_masks(source, target)
    other = (encoder and encoder(source), decoder and decoder(target), cross and cross(source, target))
    return tuple(r if o is None else o for r, o in zip(right, other, strict=True))


def _lower(x: Tensor, diagonal: int = 0) -> Tensor:
    return torch.ones(x.shape[1], x.shape[1], dtype=torch.bool).tril(diagonal)


MASKS = Exercise(
    name="decoder masks",
    task="The masks of a Transformer's three attentions, True = may be attended: in the encoder real words only; in "
    "the decoder real words only, up to the one who asks; across, real source words. source [B, S] and target [B, T] "
    "bool, True = a real word -> (encoder, decoder, cross). What padding may see is left to you (shown as False).",
    why="Padding and future, three places: who confuses them trains well and translates badly.",
    reference=three_masks,
    cases=lambda: [
        Case({"source": _real("110"), "target": _real("11")}, shown=True),
        Case({"source": _real("1110", "1000", "1111"), "target": _real("110", "111", "100")}),
        Case({"source": _real("111", "100"), "target": _real("011", "111")}),
    ],
    returns=("encoder", "decoder", "cross"),
    run=_in_full,
    hints=(
        "Padding hides *keys*, the last axis: `source[:, None]` is [B, 1, S], the same answer for all who ask.",
        "In the decoder both must say yes, padding and causal: `&`. The diagonal belongs to the causal one.",
        "`source[:, None], target[:, None] & causal_mask(target.shape[1]), source[:, None]`",
    ),
    minutes=5,
    difficulty=2,
    wrong=wrong_answers(
        _wrong_masks(decoder=lambda t: t[:, None] & _lower(t, -1)),
        "In the decoder nobody sees itself: the first row is empty. The diagonal belongs to the mask.",
        _wrong_masks(decoder=lambda t: t[:, None] & _lower(t).T),
        "In the decoder everybody sees itself and the future: `triu`. Row is the query; keep the lower triangle, "
        "`tril`.",
        _wrong_masks(decoder=lambda t: t[:, None] | _lower(t)),
        "In the decoder the two are joined by *or*. Both must say yes: `&`.",
        _wrong_masks(decoder=lambda t: t[:, None].float() * _lower(t).float()),
        "The decoder's mask is a product of zeros and ones: the right pattern as decimal numbers. A mask is "
        "boolean, `&`; a number would be multiplied with scores sooner or later.",
        _wrong_masks(decoder=lambda t: _lower(t)),
        "The decoder's mask is causal only. With padding behind the words, that hides it from all real ones; with "
        "padding in front, as when prompts of different lengths are continued, it does not.",
        _wrong_masks(decoder=lambda t: t[:, None]),
        "The decoder's mask hides padding only: each word can see the one that it should predict.",
        _wrong_masks(lambda s: s[:, :, None], lambda t: t[:, :, None] & _lower(t), lambda s, t: t[:, :, None]),
        "Padding is on the axis of the queries. Nobody reads what padding asks; what must be hidden are padded "
        "*keys*, the last axis.",
        lambda source, target: tuple(~mask for mask in three_masks(source, target)),
        "The other way round, as `key_padding_mask` of torch's own module has it. In this course True means *may "
        "be attended*.",
        _wrong_masks(cross=lambda s, t: t[:, None]),
        "Across, the keys are the *source* words; this is the padding of the target.",
        _wrong_masks(cross=lambda s, t: s[:, None] & torch.ones(t.shape[1], s.shape[1]).tril().bool()),
        "The cross-attention is causal, too. The whole source is known before the first word is written.",
        _wrong_masks(encoder=lambda s: s[:, None] & _lower(s)),
        "The encoder is causal, too. It reads the whole sentence, in both directions.",
    ),
)

# ---- a mask as a product --------------------------------------------------------------------------------------------


def masked_attention(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """q, k, v [T, d] -> causal attention [T, d]."""
    return scaled_dot_product_attention(q, k, v, causal_mask(len(q)))[0]


def scaled_scores(q, k):
    return q @ k.mT / q.shape[-1] ** 0.5


def hide_future(scores, diagonal=0):
    """Scores with −∞ where the future is."""
    allowed = torch.ones(scores.shape[-2:], dtype=torch.bool).tril(diagonal)
    return scores.masked_fill(~allowed, -torch.inf)


_inputs = named("q", "k", "v")

PRODUCT = FindError(
    name="a mask as a product",
    task="write the function again: causal attention, q, k, v [T, d] -> [T, d].",
    why="A lecture draws it so: scores times a mask of zeros and ones, element by element, and then the softmax.",
    program=(
        "def masked_attention(q, k, v):                   # [T, d] each",
        "    scores = q @ k.T / q.shape[-1] ** 0.5",
        "    mask = torch.ones(len(q), len(q)).tril()     # 1: may be seen",
        "    scores = scores * mask",
        "    return torch.softmax(scores, dim=-1) @ v",
    ),
    line=4,
    found="a masked score becomes 0, and exp(0) = 1: the future still gets its share, and more than a past "
    "whose scores are negative. Masked scores must be −∞.",
    innocent={
        2: "scaled dot products.",
        3: "the right triangle, with its diagonal. What is done with it?",
        5: "a softmax along the keys, and the mean of the values.",
    },
    reference=masked_attention,
    cases=lambda: [
        _inputs(torch.eye(2), torch.eye(2), torch.tensor([[1.0, 0], [0, 100]]), shown=True),
        _inputs(*drawn(610, (3, 2), (3, 2), (3, 2))),
        _inputs(*drawn(620, (4, 3), (4, 3), (4, 3))),
    ],
    returns=("output",),
    hints=(
        "The first word may see itself alone. What should its output be? What is it?",
        "exp of which number is 0?",
        '`scores.masked_fill(mask == 0, float("-inf"))`, or `masked_softmax(scores, mask == 1)`',
    ),
    minutes=3,
    difficulty=1,
    wrong=wrong_answers(
        lambda q, k, v: torch.softmax(scaled_scores(q, k) * _lower(q[None]), -1) @ v,
        "The future still leaks: a score of 0 gives exp(0) = 1. It must be −∞ before the softmax.",
        lambda q, k, v: (torch.softmax(scaled_scores(q, k), -1) * _lower(q[None])) @ v,
        "The product comes after the softmax now: the future's share is lost, and the rows sum to less than 1.",
        lambda q, k, v: torch.softmax(scaled_scores(q, k) + _lower(q[None]), -1) @ v,
        "The mask is added as 0 and 1: a bonus for the past, and the future keeps its share.",
        lambda q, k, v: torch.softmax(scaled_scores(q, k) + (~_lower(q[None])).float() * -torch.inf, -1) @ v,
        "0 · −∞ is not 0 but NaN. Fill in −∞ where it belongs: `masked_fill`.",
        lambda q, k, v: torch.softmax(hide_future(scaled_scores(q, k), -1), -1) @ v,
        "Strictly before: the first row is empty, and its softmax 0/0 = NaN. The diagonal may be seen.",
        lambda q, k, v: torch.softmax(scaled_scores(q, k), -1) @ v,
        "Nothing is masked any more.",
        lambda q, k, v: torch.softmax(hide_future(scaled_scores(k, q), 0).mT, -1) @ v,
        "The wrong triangle: each word sees itself and the future.",
    ),
)

# ---- only those before it -------------------------------------------------------------------------------------------


STRICT = FindError(
    name="only those before it",
    task="write the mask: size T -> [T, T] bool, row = the one who asks, True = may be attended.",
    why="A widely used slide on the decoder.",
    claims=True,
    program=(
        "In training all target words go in at once, `<bos>` before the first.",
        "In the decoder's self-attention each word may see only those before it.",
        "What comes out at a word is compared with the word after it.",
        "So what a word must not see is the future: the answer stands there.",
    ),
    line=2,
    found="up to itself: those before it *and* itself. Its own place holds the word written last, which is no secret; "
    "and a strict mask leaves the first row empty.",
    innocent={
        1: "yes: what is heard is the sentence moved on by one place.",
        3: "yes: a word's own place is no secret, the next one is.",
        4: "yes.",
    },
    reference=causal_mask,
    cases=lambda: [Case({"size": 3}, shown=True), Case({"size": 1}), Case({"size": 5})],
    returns=("mask",),
    hints=(
        "Write the mask of the claim for three words. What is in its first row?",
        "Does the diagonal belong to it? The word's own place holds what was written last, not the answer.",
        "`torch.ones(T, T, dtype=torch.bool).tril()`",
    ),
    minutes=3,
    difficulty=1,
    wrong=wrong_answers(
        lambda size: torch.ones(size, size, dtype=torch.bool).tril(-1),
        "This is the claim: the first row is empty, its softmax has nothing to share. The diagonal belongs to it.",
        lambda size: torch.ones(size, size, dtype=torch.bool).triu(),
        "Turned round: each word sees itself and the future. Row is the one who asks; keep the lower triangle.",
        lambda size: torch.ones(size, size, dtype=torch.bool).triu(1),
        "This marks what must *not* be seen. In this course True means *may be attended*.",
        lambda size: torch.ones(size, size, dtype=torch.bool).tril(1),
        "One place too far: each word sees the next one, which is the answer.",
        lambda size: torch.ones(size, size).tril(),
        "The right triangle as decimal numbers. A mask is boolean: `dtype=torch.bool`.",
    ),
)
