"""Chapter 5: one step with a cache, and the losses: label smoothing, and one that is divided by the padding."""

import torch
from torch import Tensor

from chapters.ch03.exercises.measures import LOSS_WRONG, loss_cases
from course_kit.exercises.define import Case, Exercise, FindError, drawn, named, tensors, variants, wrong_answers
from course_kit.exercises.properties import any_order, blind_to_padding, rows_are_independent, shift_changes_nothing
from course_utils.attention import masked_softmax, scaled_dot_product_attention
from course_utils.loss import masked_loss


def cached_step(word, keys, values, positions, Wq, Wk, Wv):
    """word [B, D], keys and values [B, P, D] of the P words before it, positions [max, D], three W [D, D]
    -> output [B, D], keys and values [B, P + 1, D]. One head, no W_O."""
    x = (word + positions[keys.shape[1]])[:, None]
    keys, values = torch.cat([keys, x @ Wk], 1), torch.cat([values, x @ Wv], 1)
    return scaled_dot_product_attention(x @ Wq, keys, values)[0][:, 0], keys, values


def _step_case(batch, past, size, seed, shown=False) -> Case:
    shapes = (batch, size), (batch, past, size), (batch, past, size), (past + 3, size), *3 * [(size, size)]
    case = named("word", "keys", "values", "positions", "Wq", "Wk", "Wv")
    return case(*drawn(seed, *shapes), shown=shown)


def _append(old, new):
    return torch.cat([old, new], 1)


@variants
def _step(*inputs, place=lambda x, positions, past: x + positions[past], seen=_append, kept=_append, power=0.5):
    """A step with a cache. seen: what the query attends to; kept: what is handed on."""
    word, keys, values, positions, Wq, Wk, Wv = inputs
    word = word[:, None]
    x = place(word, positions, keys.shape[1])
    new_keys, new_values = x @ Wk, x @ Wv
    k, v = seen(keys, new_keys), seen(values, new_values)
    weights = masked_softmax(x @ Wq @ k.mT / x.shape[-1] ** power, None)
    return (weights @ v)[:, 0], kept(keys, new_keys), kept(values, new_values)


STEP = Exercise(
    name="cached step",
    task="Give the new word its position, project it, append its key and value to the cache, and let its query attend "
    "to all of them: word [B, D], keys and values [B, P, D] of the P words before, positions [max, D] -> "
    "(output [B, D], keys [B, P + 1, D], values [B, P + 1, D]).",
    reference=cached_step,
    cases=lambda: [
        _step_case(1, 2, 2, 1060, shown=True),
        _step_case(2, 0, 2, 830),
        _step_case(2, 3, 4, 840),
        _step_case(1, 1, 3, 850),
    ],
    returns=("output", "keys after it", "values after it"),
    properties=(any_order("keys", "values"), rows_are_independent("word", "keys", "values")),
    hints=(
        "How many words come before the new one? The cache knows. What does that say of its position?",
        "`x = (word + positions[P])[:, None]` is [B, 1, D]; `torch.cat([keys, x @ Wk], 1)` appends in a new tensor.",
        "With both appended, `scaled_dot_product_attention(x @ Wq, keys, values)` needs no mask. It gives output and "
        "weights, and the output still has an axis of 1 too many.",
    ),
    minutes=13,
    difficulty=3,
    used="Your `cached_step` reads the course sentence word by word in "
    "[What does a cache save?](#What-does-a-cache-save?)",
    wrong=wrong_answers(
        _step(place=lambda x, positions, past: x + positions[0]),
        "Position 0 for every step: each word takes itself for the first. Its position is the number of words in "
        "the cache.",
        _step(place=lambda x, positions, past: x + positions[min(past + 1, len(positions) - 1)]),
        "One position too far: positions count from 0, so the word after P others is at P.",
        _step(kept=lambda old, new: old),
        "The cache is not appended to: the next word will not know of this one.",
        _step(seen=lambda old, new: old),
        "The new word attends to the cache without itself. Its own key and value belong to it: append first, then "
        "attend.",
        _step(kept=lambda old, new: torch.cat([new, old], 1)),
        "The new word is put in front. In the cache, words are in their order.",
        _step(power=0),
        "The scale is missing: divide the scores by √D.",
    ),
)


def _smoothing_cases() -> list[Case]:
    shown, *others = loss_cases()
    case = named("logits", "target", "mask", "smoothing")
    first_word = tensors([[[1.0, 0, 2, 0], [0, 2, 1, 0], [3, 0, 0, 1]]], [[2, 0, 3]], [[True, True, False]])
    return [
        case(*tensors([[[2.0, 0, 0, 0], [1, 3, 0, 0]]], [[1, 0]], [[True, False]]), 0.1, shown=True),
        *(Case(case.args | {"smoothing": 0.2}) for case in (shown, *others)),
        Case(others[0].args | {"smoothing": 0.0}),
        case(*first_word, 0.1),
    ]


def smoothed_loss(logits, target, mask, smoothing):
    """logits [B, T, V], target [B, T], mask [B, T] bool, smoothing ε -> the smoothed loss, a scalar."""
    log_p = logits[mask].log_softmax(-1)  # of the N real words: [N, V]
    right = log_p.gather(-1, target[mask][:, None])[:, 0]
    return -((1 - smoothing) * right + smoothing * log_p.mean(-1)).mean()


@variants
def _smoothed(
    *inputs,
    said=lambda logits: logits.log_softmax(-1),
    one=lambda e, right, spread, V: (1 - e) * right + e * spread,
    total=lambda x, target, mask: x[mask].mean(),
):
    """A smoothed loss. said: log-probabilities; one: a word's share, made of the right word's and the mean of all."""
    logits, target, mask, smoothing = inputs
    log_p = said(logits)
    right = log_p.gather(-1, target[..., None])[..., 0]
    return total(-one(smoothing, right, log_p.mean(-1), logits.shape[-1]), target, mask)


SMOOTHING = Exercise(
    name="label smoothing",
    function="smoothed_loss",
    task="The masked loss with a softer target: 1 − ε for the right word, plus ε spread evenly over all V words, the "
    "right one included; the mean over the real words: logits [B, T, V], target [B, T], mask [B, T] bool, True = a "
    "real word, smoothing ε -> a scalar.",
    reference=masked_loss,
    shown=smoothed_loss,
    cases=_smoothing_cases,
    returns=("loss",),
    properties=(
        blind_to_padding("logits", padded=lambda case: ~case.args["mask"]),
        shift_changes_nothing("logits"),
    ),
    hints=(
        "Cross-entropy is −Σ t · log p. What is the target t of each word now, and do they sum to 1?",
        "It splits in two: (1 − ε) · (−log p of the right word) + ε · (the mean of −log p over the vocabulary).",
        "With `log_p = logits.log_softmax(-1)`, the first part needs `log_p.gather(-1, target[..., None])[..., 0]` "
        "and the second `log_p.mean(-1)`. Join them with 1 − ε and ε, turn the sign; then the mean.",
    ),
    minutes=5,
    difficulty=2,
    used="Your `smoothed_loss` finds the lowest loss in [Label smoothing](#Label-smoothing).",
    wrong=wrong_answers(
        _smoothed(one=lambda e, right, spread, V: (1 - e) * right),
        "The right word gives ε away, and nobody gets it: the target sums to 1 − ε, which is only a factor.",
        _smoothed(one=lambda e, right, spread, V: (1 - e) * right + e * spread * V),
        "Every word gets the whole ε. It is shared: ε / V for each, the *mean* over the vocabulary.",
        _smoothed(one=lambda e, right, spread, V: (1 - e) * right + e * (spread * V - right) / (V - 1)),
        "ε is shared among the V − 1 other words. Some programs do that; here, as in torch, "
        "the right word has its share, too.",
        _smoothed(one=lambda e, right, spread, V: (1 - e) * right + e * (spread - right / V)),
        "The right word has 1 − ε, and not its share of ε: the target sums to a little less than 1. It gets ε / V like "
        "all the others, on top of 1 − ε.",
        _smoothed(total=lambda x, target, mask: (x * mask).mean()),
        "The padding is out of the sum, but still in the number it is divided by.",
        _smoothed(said=lambda logits: logits.softmax(-1).log_softmax(-1)),
        "Softmax twice: `log_softmax` and `cross_entropy` make probabilities of the logits themselves.",
    ),
)


def real_loss(logits: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    """logits [B, T, V], target [B, T], mask [B, T] bool, True = a real word -> mean over the real words."""
    loss = -logits.log_softmax(-1).gather(-1, target[..., None])[..., 0] * mask
    return loss.sum() / mask.sum()


DIVIDED = FindError(
    name="program 5.20",
    title="divided by the padding",
    task="write the loss again: the mean over the real words.",
    program=(
        "def mean_loss(logits, target, mask):           # [B, T, V], [B, T], [B, T] True = a real word",
        "    log_p = logits.log_softmax(-1)",
        "    loss = -log_p.gather(-1, target[..., None])[..., 0]",
        "    loss = loss * mask",
        "    return loss.mean()",
    ),
    line=5,
    found="the padding is 0 in the sum, and counts in the number it is divided by: `loss.sum() / mask.sum()`.",
    innocent={
        2: "these are log-probabilities over the vocabulary.",
        3: "minus the log-probability of each right word.",
        4: "it is 0 where there is padding, as it should be. What is it divided by?",
    },
    reference=real_loss,
    cases=loss_cases,
    returns=("loss",),
    hints=(
        "Take one sentence, and pad it to double its length. What does the loss do?",
        "`loss.mean()` divides by the number of all positions. By what should it?",
        "The sum is right. How many real words are there? The mask knows.",
    ),
    minutes=3,
    difficulty=1,
    wrong=LOSS_WRONG,
)
