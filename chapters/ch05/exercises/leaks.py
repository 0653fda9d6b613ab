"""Chapter 5, find-the-errors: a mask that is there in training only, and a prediction without one."""

import torch
from torch import Tensor, nn

from course_utils.attention import causal_mask, scaled_dot_product_attention
from course_utils.exercises.definition import Case, FindError, variants, wrong_answers
from course_utils.exercises.inputs import drawn, named, some_numbers
from course_utils.exercises.properties import blind_to_later

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
    why="Training goes well. At inference the model reads its own words in another way than it learned: a quiet bug, "
    "since most sentences come out the same.",
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


@variants
def _masked_layers(words, layers, *, masked=lambda i, n: False, mask=causal_mask):
    x = words
    for i, layer in enumerate(layers):
        x = layer(x, mask(len(x)) if masked(i, len(layers)) else None)
    return x[-1]


def _deep(count, time, size, seed, shown=False) -> Case:
    args = {"words": some_numbers(time, size, seed=seed) / 2, "layers": [Layer() for _ in range(count)]}
    says = f"{count} layer{'s' * (count > 1)} of self-attention: layer(x, mask) -> [T, D]"
    return Case(args, given={"layers": says}, shown=shown)


PREDICTION = FindError(
    name="program 5.16",
    title="prediction needs no mask",
    task="write the function again, so that it gives what training gave at this word.",
    why="A lecture says that prediction needs no mask, and for the last row of a single layer it is true.",
    program=(
        "def last_feature(words, layers):          # words [T, D]: all that was written so far",
        "    x = words",
        "    for layer in layers:",
        "        x = layer(x, None)                # there is no future to hide: no mask",
        "    return x[-1]                          # the next word is read from the last row",
    ),
    line=4,
    found="the last word has no future, but all words before it have one, and from the second layer on the last word "
    "reads *them*. With a cache they are never computed again, and then no mask is needed.",
    innocent={
        2: "the first layer reads the words.",
        3: "it takes layer after layer.",
        5: "the last word's features do predict the next one.",
    },
    reference=last_feature,
    cases=lambda: [_deep(2, 2, 2, 660, shown=True), _deep(1, 3, 2, 670), _deep(3, 4, 3, 680)],
    returns=("features",),
    hints=(
        "With one layer it is right. Try two, and watch the *first* word's row after layer 1.",
        "In training, what did the first word see of the second?",
        "Every layer should get the mask that it had in training, for as many words as there are now: `len(x)`.",
    ),
    minutes=5,
    difficulty=2,
    wrong=wrong_answers(
        _masked_layers(),
        "Right with one layer only. After it the earlier words have seen later ones, and the next layer reads "
        "that in their rows. (A mask in the last layer alone changes nothing for the last word.)",
        _masked_layers(lambda i, n: i == 0),
        "The mask is in the first layer alone: right with two layers. With three, the second spoils the earlier rows.",
        _masked_layers(lambda i, n: True, lambda size: torch.ones(size, size, dtype=torch.bool).tril(-1)),
        "Masked strictly: no word sees itself, and the first sees nothing.",
        _masked_layers(lambda i, n: True, lambda size: causal_mask(size).T),
        "The last word attends only to itself. Is it the wrong triangle, or is it the only word that goes in? That "
        "would need a cache.",
    ),
)
