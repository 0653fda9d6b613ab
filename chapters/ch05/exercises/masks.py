"""Chapter 5: the masks of the three places of attention, and a way to draw a mask wrong that circulates."""

import torch
from torch import Tensor

from course_kit.exercises import compare
from course_kit.exercises.define import Case, Exercise, FindError, call, drawn, named, variants, wrong_answers
from course_kit.exercises.properties import blind_to_later
from course_utils.attention import causal_mask, scaled_dot_product_attention


def three_masks(source: Tensor, target: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """source [B, S] and target [B, T] bool, True = a real word -> masks of the encoder [B, 1, S], of the decoder
    [B, T, T] and across [B, 1, S]; 1: the same for all queries."""
    return source[:, None], target[:, None] & causal_mask(target.shape[1]), source[:, None]


def _in_full(answer, case: Case):
    """With an axis for all queries. A row of padding may attend to anything: the rule for real words is shown there."""
    source, target = case.args["source"], case.args["target"]
    rule = three_masks(source, target)
    masks = compare.converted(call(answer, case), rule, MASKS.returns)
    return tuple(map(_filled, masks, rule, (source, target, target)))


def _filled(mask: Tensor, rule: Tensor, queries: Tensor) -> Tensor:
    mask, rule = (
        one.expand(-1, queries.shape[1], -1) if one.dim() == 3 and one.shape[1] == 1 else one for one in (mask, rule)
    )
    comparable = mask.shape == rule.shape and mask.dtype == torch.bool
    return torch.where(queries[:, :, None], mask, rule) if comparable else mask


def _real(*rows: str) -> Tensor:
    """Rows such as "110": 1 = a real word."""
    return torch.tensor([[c == "1" for c in row] for row in rows])


def _lower(x: Tensor, diagonal: int = 0) -> Tensor:
    return torch.ones(x.shape[1], x.shape[1], dtype=torch.bool).tril(diagonal)


@variants
def _masks(
    source,
    target,
    *,
    encoder=lambda source: source[:, None],
    padding=lambda target: target[:, None],
    joined=lambda padding, triangle: padding & triangle,
    cross=lambda source, target: source[:, None],
    turned=lambda masks: masks,
):
    """The three masks. padding, triangle, joined: of the decoder."""
    decoder = joined(padding(target), _lower(target))
    return turned((encoder(source), decoder, cross(source, target)))


MASKS = Exercise(
    name="decoder masks",
    task="The masks of a Transformer's three attentions, True = may be attended: in the encoder real words only; in "
    "the decoder real words only, up to the query itself; across, real source words. source [B, S] and target [B, T] "
    "bool, True = a real word -> (encoder, decoder, cross). What the rows of padding attend to is left to you (shown: "
    "the same rule as for real words).",
    reference=three_masks,
    cases=lambda: [
        Case({"source": _real("110"), "target": _real("11")}, shown=True),
        Case({"source": _real("1110", "1000", "1111"), "target": _real("110", "111", "100")}),
        Case({"source": _real("111", "100"), "target": _real("101", "111")}),
    ],
    returns=("encoder", "decoder", "cross"),
    run=_in_full,
    hints=(
        "In which of the three is the future a secret? And whose padding must be hidden in each: the source's or the "
        "target's?",
        "Padding hides *keys*, the last axis: `source[:, None]` is [B, 1, S], the same for every query.",
        "In the decoder both must say yes, padding and `causal_mask(target.shape[1])`: `&`. The other two need no "
        "triangle.",
    ),
    minutes=10,
    difficulty=2,
    wrong=wrong_answers(
        _masks(joined=lambda padding, triangle: padding | triangle),
        "In the decoder the two are joined by *or*. Both must say yes: `&`.",
        _masks(joined=lambda padding, triangle: triangle.expand(len(padding), -1, -1)),
        "The decoder's mask is causal only. A causal mask hides padding that comes after the words, but not padding "
        "that comes before a word: hide the target's padding, too.",
        _masks(
            encoder=lambda s: s[:, :, None].expand(-1, -1, s.shape[1]),
            padding=lambda t: t[:, :, None],
            cross=lambda s, t: t[:, :, None].expand(-1, -1, s.shape[1]),
        ),
        "Padding is hidden on the axis of the queries. But no real word reads the outputs at padding; what must be "
        "hidden are padded *keys*, the last axis.",
        _masks(turned=lambda masks: tuple(~mask for mask in masks)),
        "The other way round, as in the `key_padding_mask` of torch's own module. In this course True means *may be "
        "attended*.",
        _masks(cross=lambda s, t: t[:, None]),
        "Across, the keys are the *source* words; this is the padding of the target.",
        _masks(cross=lambda s, t: (s[:, None] & t[:, :, None]).mT),
        "The mask across is [B, S, T]. Rows are queries, the target's words, and columns keys: [B, T, S].",
    ),
)


def masked_attention(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """q, k, v [T, d] -> causal attention [T, d]."""
    return scaled_dot_product_attention(q, k, v, causal_mask(len(q)))[0]


def scaled_scores(q, k):
    return q @ k.mT / q.shape[-1] ** 0.5


def hide_future(scores, diagonal=0):
    """Scores with −∞ where the future is."""
    allowed = torch.ones(scores.shape[-2:], dtype=torch.bool).tril(diagonal)
    return scores.masked_fill(~allowed, -torch.inf)


def _plain(scores):
    return torch.softmax(scores, -1)


@variants
def _attend(q, k, v, *, scores=scaled_scores, masked=hide_future, after=lambda weights: weights):
    return after(_plain(masked(scores(q, k)))) @ v


def _ones(scores):
    return _lower(scores[None]).float()


_inputs = named("q", "k", "v")

PRODUCT = FindError(
    name="program 5.1",
    title="a mask as a product",
    task="write the function again, causal attention, q, k, v [T, d] -> [T, d].",
    program=(
        "def masked_attention(q, k, v):  # [T, d] each",
        "    scores = q @ k.T / q.shape[-1] ** 0.5",
        "    mask = torch.ones(len(q), len(q)).tril()  # 1: may be seen",
        "    scores = scores * mask",
        "    return torch.softmax(scores, dim=-1) @ v",
    ),
    line=4,
    found="a masked score becomes 0, and exp(0) = 1: the future still gets its share, and more than a past "
    "whose scores are negative. Masked scores must be −∞.",
    innocent={
        2: "these are scaled dot products, as they should be.",
        3: "this is the right triangle, with its diagonal. What is done with it?",
        5: "a softmax along the keys, and the mean of the values.",
    },
    reference=masked_attention,
    cases=lambda: [
        _inputs(torch.eye(2), torch.eye(2), torch.tensor([[1.0, 0], [0, 100]]), shown=True),
        _inputs(*drawn(610, (3, 2), (3, 2), (3, 2))),
        _inputs(*drawn(620, (4, 3), (4, 3), (4, 3))),
    ],
    returns=("output",),
    properties=(blind_to_later("q", "k", "v"),),
    hints=(
        "The first word may see itself alone. What should its output be? What is it?",
        "exp of which number is 0?",
        'Instead of a product, `scores.masked_fill(…, float("-inf"))`, where the mask is 0.',
    ),
    minutes=4,
    difficulty=1,
    wrong=wrong_answers(
        _attend(masked=lambda s: s * _ones(s)),
        "The future still leaks: a score of 0 gives exp(0) = 1. It must be −∞ before the softmax.",
        _attend(masked=lambda s: s, after=lambda w: w * _ones(w)),
        "The product comes after the softmax now: the future's share is lost, and the rows sum to less than 1.",
        _attend(masked=lambda s: s + (1 - _ones(s)) * -torch.inf),
        "0 · −∞ is not 0 but NaN. Fill in −∞ where it belongs: `masked_fill`.",
        _attend(masked=lambda s: hide_future(s, -1)),
        "Strictly before: the first row is empty, and its softmax 0/0 = NaN. The diagonal may be seen.",
        _attend(masked=lambda s: s.masked_fill(_ones(s).bool(), -torch.inf)),
        "Filled in where the mask is 1: now the past is hidden, and the future is seen. Fill where it is 0.",
        _attend(scores=lambda q, k: q @ k.mT),
        "The scale is missing now: divide by √d, as before.",
    ),
)
