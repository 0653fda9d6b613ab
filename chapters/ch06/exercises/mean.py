"""Chapter 6, find-the-error: padding in the mean of a sentence's vectors."""

import torch
import torch.nn.functional as F
from torch import Tensor

from course_kit.exercises.define import FindError, named, some_numbers, tensors, wrong_answers
from course_kit.exercises.properties import blind_to_padding


def similarity(hidden: Tensor, mask: Tensor) -> Tensor:
    """hidden [2, T, D] of two sentences, mask [2, T] True = a real token -> the cosine of their means."""
    means = (hidden * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
    return F.cosine_similarity(means[0], means[1], dim=0)


_sentences = named("hidden", "mask")


def _cosine(vectors):
    return lambda hidden, mask: F.cosine_similarity(*vectors(hidden, mask), dim=0)


MEAN = FindError(
    name="program 6.5",
    title="a mean with padding in it",
    task="hidden [2, T, D] of two sentences, mask [2, T], True = a real token -> the cosine of the means of their "
    "tokens, a scalar.",
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
        lambda hidden, mask: torch.dot(*((hidden * mask[..., None]).sum(1) / mask.sum(1, keepdim=True))),
        "The means are not of length 1: this is a dot product, and long vectors win.",
        _cosine(lambda hidden, mask: (hidden * mask[..., None]).sum(1) / mask.sum(1)),
        "`mask.sum(1)` is [2], a length for each sentence, and torch divides the *features* by it. Give it an axis "
        "for them: `keepdim=True`.",
        _cosine(lambda hidden, mask: hidden[:, : mask.sum(1).min()].mean(1)),
        "Both sentences are cut to the length of the shorter one. Each has a length of its own.",
        _cosine(lambda hidden, mask: hidden.masked_fill(~mask[..., None], -torch.inf).amax(1)),
        "This takes the largest number of each feature, not the mean. That is another kind of pooling.",
    ),
)
