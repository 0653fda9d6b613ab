"""Chapter 5: the masks of the three places of attention, and four ways to get a mask wrong that circulate."""

import torch
from torch import Tensor, nn

from ..attention import causal_mask, scaled_dot_product_attention
from .definition import Case, Exercise, FindError, Wrong, call
from .inputs import some_numbers

INF = float("inf")


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


def _wrong_masks(encoder=None, decoder=None, cross=None):
    """Three masks, one of them made differently."""

    def masks(source, target):
        right = three_masks(source, target)
        other = (encoder and encoder(source), decoder and decoder(target), cross and cross(source, target))
        return tuple(r if o is None else o for r, o in zip(right, other, strict=True))

    return masks


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
    wrong=(
        Wrong(
            _wrong_masks(decoder=lambda t: t[:, None] & _lower(t, -1)),
            "In the decoder nobody sees itself: the first row is empty. The diagonal belongs to the mask.",
        ),
        Wrong(
            _wrong_masks(decoder=lambda t: t[:, None] & _lower(t).T),
            "In the decoder everybody sees itself and the future: `triu`. Row is the query; keep the lower triangle, "
            "`tril`.",
        ),
        Wrong(
            _wrong_masks(decoder=lambda t: t[:, None] | _lower(t)),
            "In the decoder the two are joined by *or*. Both must say yes: `&`.",
        ),
        Wrong(
            _wrong_masks(decoder=lambda t: t[:, None].float() * _lower(t).float()),
            "The decoder's mask is a product of zeros and ones: the right pattern as decimal numbers. A mask is "
            "boolean, `&`; a number would be multiplied with scores sooner or later.",
        ),
        Wrong(
            _wrong_masks(decoder=lambda t: _lower(t)),
            "The decoder's mask is causal only. With padding behind the words, that hides it from all real ones; with "
            "padding in front, as when prompts of different lengths are continued, it does not.",
        ),
        Wrong(
            _wrong_masks(decoder=lambda t: t[:, None]),
            "The decoder's mask hides padding only: each word can see the one that it should predict.",
        ),
        Wrong(
            _wrong_masks(lambda s: s[:, :, None], lambda t: t[:, :, None] & _lower(t), lambda s, t: t[:, :, None]),
            "Padding is on the axis of the queries. Nobody reads what padding asks; what must be hidden are padded "
            "*keys*, the last axis.",
        ),
        Wrong(
            lambda source, target: tuple(~mask for mask in three_masks(source, target)),
            "The other way round, as `key_padding_mask` of torch's own module has it. In this course True means *may "
            "be attended*.",
        ),
        Wrong(
            _wrong_masks(cross=lambda s, t: t[:, None]),
            "Across, the keys are the *source* words; this is the padding of the target.",
        ),
        Wrong(
            _wrong_masks(cross=lambda s, t: s[:, None] & torch.ones(t.shape[1], s.shape[1]).tril().bool()),
            "The cross-attention is causal, too. The whole source is known before the first word is written.",
        ),
        Wrong(
            _wrong_masks(encoder=lambda s: s[:, None] & _lower(s)),
            "The encoder is causal, too. It reads the whole sentence, in both directions.",
        ),
    ),
)

# ---- a mask as a product --------------------------------------------------------------------------------------------


def masked_attention(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """q, k, v [T, d] -> causal attention [T, d]."""
    return scaled_dot_product_attention(q, k, v, causal_mask(len(q)))[0]


def _scores(q, k):
    return q @ k.mT / q.shape[-1] ** 0.5


def _hidden(scores, diagonal=0):
    """Scores with −∞ where the future is."""
    allowed = torch.ones(scores.shape[-2:], dtype=torch.bool).tril(diagonal)
    return scores.masked_fill(~allowed, -INF)


def _three(batch, time, size, seed, shown=False, **more) -> Case:
    shape = (batch, time, size) if batch else (time, size)
    return Case({name: some_numbers(*shape, seed=seed + i) for i, name in enumerate("qkv")} | more, shown=shown)


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
    found="a masked score becomes 0, and exp(0) = 1: the future still gets its share, often more than the past. "
    "Masked scores must be −∞.",
    innocent={
        1: "it only names what comes in.",
        2: "scaled dot products.",
        3: "the right triangle, with its diagonal. What is done with it?",
        5: "a softmax along the keys, and the mean of the values.",
    },
    reference=masked_attention,
    cases=lambda: [
        Case(
            {"q": torch.eye(2), "k": torch.eye(2), "v": torch.tensor([[1.0, 0], [0, 100]])},
            shown=True,
        ),
        _three(0, 3, 2, 610),
        _three(0, 4, 3, 620),
    ],
    returns=("output",),
    hints=(
        "The first word may see itself alone. What should its output be? What is it?",
        "exp of which number is 0?",
        '`scores.masked_fill(mask == 0, float("-inf"))`, or `masked_softmax(scores, mask == 1)`',
    ),
    minutes=3,
    difficulty=1,
    wrong=(
        Wrong(
            lambda q, k, v: torch.softmax(_scores(q, k) * _lower(q[None]), -1) @ v,
            "The future still leaks: a score of 0 gives exp(0) = 1. It must be −∞ before the softmax.",
        ),
        Wrong(
            lambda q, k, v: (torch.softmax(_scores(q, k), -1) * _lower(q[None])) @ v,
            "The product comes after the softmax now: the future's share is lost, and the rows sum to less than 1.",
        ),
        Wrong(
            lambda q, k, v: torch.softmax(_scores(q, k) + _lower(q[None]), -1) @ v,
            "The mask is added as 0 and 1: a bonus for the past, and the future keeps its share.",
        ),
        Wrong(
            lambda q, k, v: torch.softmax(_scores(q, k) + (~_lower(q[None])).float() * -INF, -1) @ v,
            "0 · −∞ is not 0 but NaN. Fill in −∞ where it belongs: `masked_fill`.",
        ),
        Wrong(
            lambda q, k, v: torch.softmax(_hidden(_scores(q, k), -1), -1) @ v,
            "Strictly before: the first row is empty, and its softmax 0/0 = NaN. The diagonal may be seen.",
        ),
        Wrong(lambda q, k, v: torch.softmax(_scores(q, k), -1) @ v, "Nothing is masked any more."),
        Wrong(
            lambda q, k, v: torch.softmax(_hidden(_scores(k, q), 0).mT, -1) @ v,
            "The wrong triangle: each word sees itself and the future.",
        ),
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
    found="up to itself: those before it *and* itself. A strict mask leaves the first row empty, and no word knows "
    "which word it is asking for.",
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
    wrong=(
        Wrong(
            lambda size: torch.ones(size, size, dtype=torch.bool).tril(-1),
            "This is the claim: the first row is empty, its softmax has nothing to share. The diagonal belongs to it.",
        ),
        Wrong(
            lambda size: torch.ones(size, size, dtype=torch.bool).triu(),
            "Turned round: each word sees itself and the future. Row is the one who asks; keep the lower triangle.",
        ),
        Wrong(
            lambda size: torch.ones(size, size, dtype=torch.bool).triu(1),
            "This marks what must *not* be seen. In this course True means *may be attended*.",
        ),
        Wrong(
            lambda size: torch.ones(size, size, dtype=torch.bool).tril(1),
            "One place too far: each word sees the next one, which is the answer.",
        ),
        Wrong(
            lambda size: torch.ones(size, size).tril(),
            "The right triangle as decimal numbers. A mask is boolean: `dtype=torch.bool`.",
        ),
    ),
)

# ---- a mask for training only ---------------------------------------------------------------------------------------


def causal_attention(q: Tensor, k: Tensor, v: Tensor, training: bool) -> Tensor:
    """q, k, v [B, T, d] -> causal attention [B, T, d], in training and in use alike."""
    return scaled_dot_product_attention(q, k, v, causal_mask(q.shape[1]))[0]


def _masked_when(when, diagonal=0):
    def attention(q, k, v, training):
        scores = _scores(q, k)
        return torch.softmax(_hidden(scores, diagonal) if when(training) else scores, -1) @ v

    return attention


TRAINING_ONLY = FindError(
    name="a mask for training only",
    task="write the function again: q, k, v [B, T, d], training True or False -> [B, T, d].",
    why="Training goes well. What the model then writes is not what it learnt, since it reads its own words in "
    "another way.",
    program=(
        "def self_attention(q, k, v, training):           # [B, T, d] each",
        "    future = torch.ones(q.shape[1], q.shape[1], dtype=torch.bool).triu(1)",
        "    scores = q @ k.mT / q.shape[-1] ** 0.5",
        "    if training:",
        '        scores = scores.masked_fill(future, float("-inf"))',
        "    return torch.softmax(scores, dim=-1) @ v",
    ),
    line=4,
    found="the mask belongs to the model, not to training. Without it the words written so far see later ones, which "
    "they never did while it learnt.",
    innocent={
        1: "it only names what comes in.",
        2: "True above the diagonal: the future, itself not among it.",
        3: "scaled dot products.",
        5: "−∞ where the future is: right. When is it run?",
        6: "a softmax along the keys, and the mean of the values.",
    },
    reference=causal_attention,
    cases=lambda: [
        _three(1, 2, 2, 630, shown=True, training=False),
        _three(1, 3, 2, 640, training=True),
        _three(2, 4, 3, 650, training=False),
    ],
    returns=("output",),
    hints=(
        "What changes when `training` becomes False? What should?",
        "When a sentence is written, its words are the same as when it was learnt. What does word 1 see of word 2?",
        "Leave the `if` out: the mask is always there.",
    ),
    minutes=4,
    difficulty=2,
    wrong=(
        Wrong(_masked_when(lambda training: training), "In use there is no mask still."),
        Wrong(_masked_when(lambda training: not training), "Now there is no mask in training: the answers are seen."),
        Wrong(_masked_when(lambda training: False), "Now there is no mask at all."),
        Wrong(
            _masked_when(lambda training: True, -1),
            "Always masked, but strictly: the first row sees nothing and becomes NaN. The diagonal belongs to it.",
        ),
    ),
)

# ---- prediction needs no mask ---------------------------------------------------------------------------------------


class Layer(nn.Module):
    """Self-attention without weights, and a residual: layer(x [T, D], mask [T, T] or None) -> [T, D]."""

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        return x + scaled_dot_product_attention(x, x, x, mask)[0].roll(1, -1)


def last_feature(words: Tensor, layers) -> Tensor:
    """words [T, D], layers: each layer(x, mask) -> [T, D]; -> the last word's features [D], all recomputed."""
    x = words
    for layer in layers:
        x = layer(x, causal_mask(len(x)))
    return x[-1]


def _masked_layers(masked=lambda i, n: False, mask=causal_mask):
    def last(words, layers):
        x = words
        for i, layer in enumerate(layers):
            x = layer(x, mask(len(x)) if masked(i, len(layers)) else None)
        return x[-1]

    return last


def _deep(count, time, size, seed, shown=False) -> Case:
    args = {"words": some_numbers(time, size, seed=seed) / 2, "layers": [Layer() for _ in range(count)]}
    says = f"{count} layer{'s' * (count > 1)} of self-attention: layer(x, mask) -> [T, D]"
    return Case(args, given={"layers": says}, shown=shown)


PREDICTION = FindError(
    name="prediction needs no mask",
    task="write the function again, so that it gives what training gave at this word.",
    why="A lecture says it, and for the last row of one layer it is true.",
    program=(
        "def last_feature(words, layers):          # words [T, D]: all that was written so far",
        "    x = words",
        "    for layer in layers:",
        "        x = layer(x, None)                # there is no future to hide: no mask",
        "    return x[-1]                          # the next word is read from the last row",
    ),
    line=4,
    found="the last word has no future, but all words before it have one, and from the second layer on the last word "
    "reads *them*. With a cache they are never computed again: then no mask is needed.",
    innocent={
        1: "it only names what comes in.",
        2: "the first layer reads the words.",
        3: "layer after layer.",
        5: "the last word's features predict the next one: right.",
    },
    reference=last_feature,
    cases=lambda: [_deep(2, 2, 2, 660, shown=True), _deep(1, 3, 2, 670), _deep(3, 4, 3, 680)],
    returns=("features",),
    hints=(
        "With one layer it is right. Try two, and watch the *first* word's row after layer 1.",
        "In training, what did the first word see of the second?",
        "`x = layer(x, causal_mask(len(x)))`",
    ),
    minutes=5,
    difficulty=2,
    wrong=(
        Wrong(
            _masked_layers(),
            "Right with one layer only. After it the earlier words have seen later ones, and the next layer reads "
            "that in their rows. (A mask in the last layer alone changes nothing for the last word.)",
        ),
        Wrong(
            _masked_layers(lambda i, n: i == 0),
            "The mask is in the first layer alone: right with two layers. With three, the second spoils the earlier "
            "rows.",
        ),
        Wrong(
            _masked_layers(lambda i, n: True, lambda size: torch.ones(size, size, dtype=torch.bool).tril(-1)),
            "Masked strictly: no word sees itself, and the first sees nothing.",
        ),
        Wrong(
            _masked_layers(lambda i, n: True, lambda size: causal_mask(size).T),
            "The last word looks at itself alone. Is it the wrong triangle, or is it the only word that goes in? That "
            "would need a cache.",
        ),
    ),
)
