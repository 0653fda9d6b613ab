"""Chapter 5: one step with a cache, and the losses: label smoothing, and one that is divided by the padding."""

import torch
from torch import Tensor

from chapters.ch03.exercises.measures import LOSS_WRONG, each, loss_cases
from course_utils.attention import masked_softmax, scaled_dot_product_attention
from course_utils.exercises.definition import Case, Exercise, FindError, variants, wrong_answers
from course_utils.exercises.inputs import drawn, named, tensors
from course_utils.models.loss import masked_loss

# ---- cached step ----------------------------------------------------------------------------------------------------


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


@variants
def _wrong_step(
    *inputs,
    place=lambda past: past,
    seen=lambda old, new: torch.cat([old, new], 1),
    kept=None,
    mask=lambda count: None,
    entry=lambda word, x: x,
    ask=lambda q, k: q @ k.mT / q.shape[-1] ** 0.5,
):
    """A cached step with one thing done differently."""
    word, keys, values, positions, Wq, Wk, Wv = inputs
    x = word[:, None]
    at = place(keys.shape[1])
    x = x if at is None else x + positions[at]
    new_keys, new_values = entry(word[:, None], x) @ Wk, entry(word[:, None], x) @ Wv
    k, v = seen(keys, new_keys), seen(values, new_values)
    weights = masked_softmax(ask(x @ Wq, k), mask(k.shape[1]))
    store = kept or seen
    return (weights @ v)[:, 0], store(keys, new_keys), store(values, new_values)


STEP = Exercise(
    name="cached step",
    task="Give the new word its position, project it, append its key and value to the cache, and let its query look at "
    "all of them: word [B, D], keys and values [B, P, D] of the P words before, positions [max, D] -> "
    "(output [B, D], keys [B, P + 1, D], values [B, P + 1, D]).",
    why="Every language model that writes, writes like this: one row a step, in place of the whole triangle.",
    reference=cached_step,
    cases=lambda: [
        _step_case(1, 2, 2, 1060, shown=True),
        _step_case(2, 0, 2, 830),
        _step_case(2, 3, 4, 840),
        _step_case(1, 1, 3, 850),
    ],
    returns=("output", "keys after it", "values after it"),
    hints=(
        "How many words stand before the new one? The cache knows: `keys.shape[1]`. That is its position.",
        "`x = (word + positions[P])[:, None]` is [B, 1, D]; `torch.cat([keys, x @ Wk], 1)` appends in a new tensor.",
        "Then `scaled_dot_product_attention(x @ Wq, keys, values)[0][:, 0]`, without a mask.",
    ),
    minutes=8,
    difficulty=3,
    wrong=wrong_answers(
        _wrong_step(place=lambda past: 0),
        "Position 0 for every step: each word takes itself for the first. Its position is the number of words in "
        "the cache.",
        _wrong_step(place=lambda past: past + 1),
        "One position too far: places count from 0, so the word behind P others stands at P.",
        _wrong_step(place=lambda past: None),
        "The position is not added.",
        _wrong_step(kept=lambda old, new: old),
        "The output is right, but the cache is not appended to: the next word will not know of this one.",
        _wrong_step(seen=lambda old, new: old, kept=lambda old, new: torch.cat([old, new], 1)),
        "The new word looks at the cache without itself. Its own key and value belong to it: append first, then "
        "attend.",
        _wrong_step(seen=lambda old, new: new, kept=lambda old, new: torch.cat([old, new], 1)),
        "The new word looks at itself alone. What is the cache for?",
        _wrong_step(mask=lambda count: torch.ones(1, count, dtype=torch.bool).tril()),
        "A causal mask of one row lies over the cache, and lets only the first word through. The new word is the "
        "last: it may see all. No mask here.",
        _wrong_step(kept=lambda old, new: torch.cat([new, old], 1)),
        "The output is right, but the new word is put in front. In the cache, words stand in their order.",
        _wrong_step(entry=lambda word, x: word),
        "Key and value are made of the word without its position; the query has it.",
        _wrong_step(ask=lambda q, k: q @ k.mT),
        "Right but for the scale: divide the scores by √D.",
        lambda word, keys, values, positions, Wq, Wk, Wv: (
            cached_step(word, keys, values, positions, Wq, Wk, Wv)[0],
            *(torch.cat([old, (word + positions[keys.shape[1]])[:, None]], 1) for old in (keys, values)),
        ),
        "The output is right. What is kept must be the *projected* key and value, not x: the cache is there to "
        "save that work.",
    ),
)

# ---- label smoothing ------------------------------------------------------------------------------------------------


def _smoothing_cases() -> list[Case]:
    shown, *others = loss_cases()
    case = named("logits", "target", "mask", "smoothing")
    return [
        case(*tensors([[[2.0, 0, 0, 0], [1, 3, 0, 0]]], [[1, 0]], [[True, False]]), 0.1, shown=True),
        *(Case(case.args | {"smoothing": 0.2}) for case in (shown, *others)),
        Case(others[0].args | {"smoothing": 0.0}),
    ]


@variants
def _smoothed(
    *inputs, one=lambda e, right, spread, V: (1 - e) * right + e * spread, total=lambda x, mask: x[mask].mean()
):
    """A smoothed loss with another mixture or another mean."""
    logits, target, mask, smoothing = inputs
    return total(one(smoothing, each(logits, target), -logits.log_softmax(-1).mean(-1), logits.shape[-1]), mask)


SMOOTHING = Exercise(
    name="label smoothing",
    task="The masked loss with a softer target: 1 − ε for the right word, plus ε spread evenly over all V words, the "
    "right one included; the mean over the real words: logits [B, T, V], target [B, T], mask [B, T] bool, True = a "
    "real word, smoothing ε -> a scalar.",
    why="The Transformer of 2017 was trained with ε = 0.1: it learns not to be too sure.",
    reference=masked_loss,
    cases=_smoothing_cases,
    returns=("loss",),
    hints=(
        "Cross-entropy is −Σ t · log p. What is the target t of each word now, and do they sum to 1?",
        "It splits in two: (1 − ε) · (−log p of the right word) + ε · (the mean of −log p over the vocabulary).",
        "With `log_p = logits.log_softmax(-1)`: `(1 - e) * -log_p.gather(-1, target[..., None])[..., 0] + "
        "e * -log_p.mean(-1)`, then `[mask].mean()`.",
    ),
    minutes=5,
    difficulty=2,
    wrong=wrong_answers(
        _smoothed(lambda e, right, spread, V: right),
        "Nothing is smoothed: this is the plain masked loss.",
        _smoothed(lambda e, right, spread, V: (1 - e) * right),
        "The right word gives ε away, and nobody gets it: the target sums to 1 − ε, and all is only a factor.",
        _smoothed(lambda e, right, spread, V: right + e * spread),
        "The target sums to 1 + ε: the right word must give away what is spread, (1 − ε).",
        _smoothed(lambda e, right, spread, V: (1 - e) * right + e * spread * V),
        "Every word gets the whole ε. It is shared: ε / V for each, the *mean* over the vocabulary.",
        _smoothed(lambda e, right, spread, V: (1 - e) * right + e * (spread * V - right) / (V - 1)),
        "ε is shared among the V − 1 other words. Some programs do that; here, as in torch, "
        "the right word has its share, too.",
        _smoothed(lambda e, right, spread, V: e * right + (1 - e) * spread),
        "ε and 1 − ε are swapped: nearly all goes to the wrong words.",
        _smoothed(total=lambda x, mask: x.mean()),
        "The padding counts. Smoothing changes nothing about that: mean over real words only.",
        _smoothed(total=lambda x, mask: (x * mask).mean()),
        "The padding is out of the sum, but still in the number it is divided by.",
        _smoothed(total=lambda x, mask: x[mask].sum()),
        "This is the sum over the real words; take their mean.",
        _smoothed(total=lambda x, mask: -x[mask].mean()),
        "The sign is missing: minus the log-probability.",
    ),
)

# ---- divided by the padding -----------------------------------------------------------------------------------------


def real_loss(logits: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    """logits [B, T, V], target [B, T], mask [B, T] bool, True = a real word -> mean over the real words."""
    return masked_loss(logits, target, mask)


DIVIDED = FindError(
    name="divided by the padding",
    task="write the loss again: the mean over the real words.",
    why="A tutorial's loss, copied often. The more padding in a batch, the better the model seems to be.",
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
        2: "log-probabilities over the vocabulary.",
        3: "minus the log-probability of each right word.",
        4: "0 where there is padding: right so far. What is it divided by?",
    },
    reference=real_loss,
    cases=loss_cases,
    returns=("loss",),
    hints=(
        "Take one sentence, and pad it to double its length. What does the loss do?",
        "`mean()` divides by the number of all places. By what should it?",
        "`loss.sum() / mask.sum()`",
    ),
    minutes=3,
    difficulty=1,
    wrong=LOSS_WRONG,
)
