"""Chapter 5, find-the-error: a mask that is there in training only."""

import torch
from torch import Tensor

from course_kit.exercises.define import FindError, drawn, named, variants, wrong_answers
from course_kit.exercises.properties import blind_to_later
from course_utils.attention import causal_mask, scaled_dot_product_attention

from .masks import hide_future, scaled_scores


def causal_attention(q: Tensor, k: Tensor, v: Tensor, training: bool) -> Tensor:
    """q, k, v [B, T, d] -> causal attention [B, T, d], in training and at inference alike."""
    return scaled_dot_product_attention(q, k, v, causal_mask(q.shape[1]))[0]


@variants
def _masked(q, k, v, training, *, when=lambda training: True, hide=hide_future, scores=scaled_scores):
    """Causal attention, masked when `when` says so."""
    found = scores(q, k)
    return torch.softmax(hide(found) if when(training) else found, -1) @ v


_inputs = named("q", "k", "v", "training")

TRAINING_ONLY = FindError(
    name="program 5.19",
    title="a mask for training only",
    task="write the function again, q, k, v [B, T, d], training True or False -> [B, T, d].",
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
    "they never did while it learned.",
    innocent={
        2: "it is True above the diagonal, which is the future without the word itself.",
        3: "these are scaled dot products.",
        5: "it puts −∞ where the future is. When is it run?",
        6: "a softmax along the keys, and the mean of the values.",
    },
    reference=causal_attention,
    cases=lambda: [
        _inputs(*drawn(630, (1, 2, 2), (1, 2, 2), (1, 2, 2)), False, shown=True),
        _inputs(*drawn(640, (1, 3, 2), (1, 3, 2), (1, 3, 2)), True),
        _inputs(*drawn(650, (2, 4, 3), (2, 4, 3), (2, 4, 3)), False),
    ],
    returns=("output",),
    properties=(blind_to_later("q", "k", "v"),),
    hints=(
        "What changes when `training` becomes False? What should?",
        "When a sentence is written, its words are the same as when it was learned. What does word 1 see of word 2?",
        "Which condition has to hold for line 5 to be run? Which should?",
    ),
    minutes=4,
    difficulty=2,
    wrong=wrong_answers(
        _masked(when=lambda training: training),
        "At inference there is still no mask.",
        _masked(when=lambda training: not training),
        "Now there is no mask in training, so the answers are seen.",
        _masked(when=lambda training: False),
        "Now there is no mask at all.",
        _masked(hide=lambda scores: hide_future(scores, -1)),
        "Always masked, but strictly: the first row sees nothing and becomes NaN. The diagonal belongs to it.",
        _masked(hide=lambda scores: hide_future(scores.mT).mT),
        "Always masked, but the wrong triangle: each word sees itself and the future.",
        _masked(scores=lambda q, k: q @ k.mT),
        "The scale is missing now: divide by √d, as before.",
    ),
)
