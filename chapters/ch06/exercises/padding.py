"""Chapter 6, find-the-errors: padding that is attended, and padding in a sentence's mean."""

import torch
import torch.nn.functional as F
from torch import Tensor

from course_utils.attention import scaled_dot_product_attention
from course_utils.exercises import values
from course_utils.exercises.definition import Case, FindError, call, variants, wrong_answers
from course_utils.exercises.inputs import drawn, named, some_numbers, tensors
from course_utils.exercises.properties import blind_to_padding, rows_sum_to_one


def encoder_weights(q: Tensor, k: Tensor, ids: Tensor, pad: int) -> Tensor:
    """q, k [B, T, d], ids [B, T], the id of [PAD] -> weights [B, T, T]: nobody attends to padding."""
    return scaled_dot_product_attention(q, k, k, (ids != pad)[:, None])[1]


def _of_words(answer, case: Case):
    """The rows of padding may be zeros or anything else that is a number: nobody reads them."""
    real = (case.args["ids"] != case.args["pad"])[..., None]
    result = values.converted(call(answer, case), case.args["q"], ATTENDED.returns)
    if result.dim() != 3 or result.shape[:2] != real.shape[:2]:
        return result
    return result.where(real | result.isnan(), torch.zeros_like(result))


_padded = named("q", "k", "ids", "pad")


@variants
def _hiding(
    q,
    k,
    ids,
    pad,
    *,
    real=lambda ids, pad: ids != pad,
    axes=lambda real: real[:, None],
    scale=lambda d: d**0.5,
    fill=-torch.inf,
    after=lambda weights, may: weights,
    dim=-1,
):
    """Weights where the mask `axes(real(ids, pad))` hides the rest, with one thing done differently."""
    may = axes(real(ids, pad))
    scores = q @ k.mT / scale(q.shape[-1])
    return after(torch.softmax(scores.masked_fill(~may, fill), dim), may)


ATTENDED = FindError(
    name="program 6.5",
    title="padding attended",
    task="q, k [B, T, d], ids [B, T], the id of [PAD] -> weights [B, T, T]. No token may attend to [PAD] (its own "
    "rows, which nobody reads, are not checked).",
    why="With this error, a sentence means something else in another batch, depending on how long its neighbours are.",
    program=(
        "def weights(q, k, ids, pad):           # [B, T, d] twice, [B, T], a number",
        "    real = torch.ones_like(ids, dtype=torch.bool)",
        "    scores = q @ k.mT / q.shape[-1] ** 0.5",
        '    scores = scores.masked_fill(~real[:, None], float("-inf"))',
        "    return torch.softmax(scores, dim=-1)",
    ),
    line=2,
    found="a mask of ones hides nothing; it is what a model assumes when it gets no mask. What is real is what is not "
    "[PAD]: `real = ids != pad`.",
    innocent={
        1: "it only names what comes in. Are all of them used?",
        3: "these are the scaled dot products.",
        4: "it puts −∞ at every key that is not real, for all queries. Which keys are not?",
        5: "this is a softmax over the keys.",
    },
    reference=encoder_weights,
    cases=lambda: [
        _padded(*drawn(1600, (1, 3, 2), (1, 3, 2)), torch.tensor([[11, 12, 0]]), 0, shown=True),
        _padded(*drawn(1602, (2, 4, 3), (2, 4, 3)), torch.tensor([[11, 12, 13, 14], [15, 0, 0, 0]]), 0),
        _padded(*drawn(1604, (3, 3, 2), (3, 3, 2)), torch.tensor([[0, 12, 1], [11, 0, 13], [12, 1, 1]]), 1),
    ],
    returns=("weights",),
    run=_of_words,
    properties=(
        blind_to_padding("k", padded=lambda case: case.args["ids"] == case.args["pad"]),
        rows_sum_to_one(),
    ),
    hints=(
        "Which of the four things that come in is never used?",
        "True = may be attended. Which ids may?",
        "A comparison of `ids` with a number gives a mask of True and False. Which number?",
    ),
    minutes=2,
    difficulty=1,
    wrong=wrong_answers(
        _hiding(real=lambda ids, pad: torch.ones_like(ids, dtype=torch.bool)),
        "Padding may still be attended. Hide it where it is a key, in the columns.",
        _hiding(real=lambda ids, pad: ids == pad),
        "The mask is the wrong way round: now *only* padding is attended, and where there is none the rows become NaN.",
        _hiding(real=lambda ids, pad: ids != 0),
        "It asks whether an id is 0. In BERT that is [PAD]; elsewhere, 1 may be [PAD] and 0 a word: compare with "
        "`pad`.",
        _hiding(axes=lambda real: real[:, :, None]),
        "The queries are hidden: their rows become NaN, and the words still attend to padding. The mask belongs to "
        "the keys, `[:, None]`.",
        _hiding(axes=lambda real: real),
        "The mask is [B, T], the scores are [B, T, T]. torch lines them up from the right, so the mask of sentence 2 "
        "would hide keys from word 2. Give it an axis for the queries: `[:, None]`.",
        _hiding(scale=lambda d: 1),
        "The scale is missing: divide by √d.",
        _hiding(axes=lambda real: real[:, None] & real[:, :, None]),
        "Keys and queries are hidden. The rows of padding become NaN, and NaN spreads: 0 · NaN is NaN in the next "
        "layer. Hide the keys alone.",
        _hiding(fill=0.0),
        "A score of 0 does not hide anything: exp(0) = 1. −∞ does.",
        _hiding(fill=0.0, after=lambda weights, may: weights * may),
        "The scores of padding are 0, and the softmax gives them a share, which is taken out afterwards: the rows sum "
        "to less than 1. Use −∞ before the softmax.",
        lambda q, k, ids, pad: torch.softmax(q @ k.mT / q.shape[-1] ** 0.5, -1) * (ids != pad)[:, None],
        "The padding is taken out after the softmax, so its share is lost: the rows sum to less than 1.",
        _hiding(axes=lambda real: real[:, None].expand(-1, real.shape[1], -1).tril()),
        "The padding is hidden, and so is everything to the right: that is a decoder. BERT reads both sides.",
        _hiding(dim=1),
        "The softmax runs over the queries. Each query spreads its weight over the keys: `dim=-1`.",
    ),
)


def similarity(hidden: Tensor, mask: Tensor) -> Tensor:
    """hidden [2, T, D] of two sentences, mask [2, T] True = a real token -> the cosine of their means."""
    means = (hidden * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
    return F.cosine_similarity(means[0], means[1], dim=0)


_sentences = named("hidden", "mask")


def _cosine(vectors):
    return lambda hidden, mask: F.cosine_similarity(*vectors(hidden, mask), dim=0)


MEAN = FindError(
    name="program 6.8",
    title="a mean with padding in it",
    task="hidden [2, T, D] of two sentences, mask [2, T], True = a real token -> the cosine of the means of their "
    "tokens, a scalar.",
    why="Sentence vectors of MiniLM and its relatives are means. The model masks its padding well, but this line, "
    "which is often copied, brings it back.",
    program=(
        "def similarity(hidden, mask):                  # [2, T, D], [2, T]",
        "    means = hidden.mean(dim=1)",
        "    unit = means / means.norm(dim=-1, keepdim=True)",
        "    return unit[0] @ unit[1]",
    ),
    line=2,
    found="padding has vectors, too: attention makes something of every position. The mean must be over real tokens.",
    innocent={
        1: "it only names what comes in. Are all of them used?",
        3: "it makes the vectors as long as 1, so that only their direction counts.",
        4: "the product of two vectors of length 1 is their cosine.",
    },
    reference=similarity,
    cases=lambda: [
        _sentences(*tensors([[[1.0, 0], [1, 2]], [[2, 0], [-3, 1]]], [[True, True], [True, False]]), shown=True),
        _sentences(some_numbers(2, 4, 3, seed=1610), torch.arange(4) < torch.tensor([[4], [2]])),
        _sentences(some_numbers(2, 5, 4, seed=1612), torch.arange(5) < torch.tensor([[3], [5]])),
        _sentences(some_numbers(2, 3, 6, seed=1614), torch.arange(3) < torch.tensor([[1], [2]])),
    ],
    returns=("cosine",),
    properties=(blind_to_padding("hidden", padded=lambda case: ~case.args["mask"]),),
    hints=(
        "Put the shorter sentence in a batch with a very long one. What happens to its mean?",
        "`hidden * mask[..., None]` is 0 where there is padding. By what is the sum divided, and does that change a "
        "cosine?",
        "Sum `hidden * mask[..., None]` over the tokens. How many of them are real: what does `mask.sum(1, "
        "keepdim=True)` give?",
    ),
    minutes=3,
    difficulty=1,
    wrong=wrong_answers(
        _cosine(lambda hidden, mask: hidden.mean(1)),
        "The padding is still in the mean.",
        _cosine(lambda hidden, mask: hidden[:, 0]),
        "These are the vectors of [CLS]. MiniLM was trained with means; its [CLS] says little.",
        _cosine(lambda hidden, mask: (hidden * ~mask[..., None]).sum(1)),
        "This is the mean of the padding alone: the mask is read the wrong way round.",
        lambda hidden, mask: torch.dot(*((hidden * mask[..., None]).sum(1) / mask.sum(1, keepdim=True))),
        "The means are not of length 1: this is a dot product, and long vectors win.",
        _cosine(lambda hidden, mask: (hidden * mask[..., None]).sum(1) / mask.sum(1)),
        "`mask.sum(1)` is [2], a length for each sentence, and torch divides the *features* by it. Give it an axis "
        "for them: `keepdim=True`.",
        _cosine(lambda hidden, mask: hidden[:, : mask.sum(1).min()].mean(1)),
        "Both sentences are cut to the length of the shorter one. Each has a length of its own.",
        _cosine(lambda hidden, mask: hidden.masked_fill(~mask[..., None], -torch.inf).amax(1)),
        "This takes the largest number of each feature, not the mean. That is another kind of pooling.",
        _cosine(lambda hidden, mask: F.normalize(hidden, dim=-1).mul(mask[..., None]).sum(1)),
        "Each *token* is made as long as 1 before the mean. Only the two means should be.",
    ),
)
