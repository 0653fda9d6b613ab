"""Chapter 5: one step with a cache."""

import torch

from course_kit.exercises.compare import same
from course_kit.exercises.define import Case, Exercise, Property, drawn, named, variants, wrong_answers
from course_kit.exercises.properties import any_order, rows_are_independent
from course_kit.i18n import mark, t
from course_utils.attention import masked_softmax, scaled_dot_product_attention


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
def _step(
    *inputs,
    place=lambda x, positions, past: x + positions[past],
    asks=lambda x, positions, past: x,
    seen=_append,
    kept=_append,
    power=0.5,
):
    """A step with a cache. asks: what the query is made of; seen: what it attends to; kept: what is handed on."""
    word, keys, values, positions, Wq, Wk, Wv = inputs
    word = word[:, None]
    x = place(word, positions, keys.shape[1])
    new_keys, new_values = x @ Wk, x @ Wv
    k, v = seen(keys, new_keys), seen(values, new_values)
    query = asks(x, positions, keys.shape[1]) @ Wq
    weights = masked_softmax(query @ k.mT / x.shape[-1] ** power, None)
    return (weights @ v)[:, 0], kept(keys, new_keys), kept(values, new_values)


def _new_row(run, case, mine, want):
    """What is wrong of the new row of the cache, or of what its query finds."""
    if not all(same(mine[i][:, :-1], want[i][:, :-1]) for i in (1, 2)):
        return t(
            "In the cache the old rows are not where they were: they stay as they are, and the new one comes last."
        )
    if not all(same(mine[i], want[i]) for i in (1, 2)):
        return t(
            "In the cache the row of the new word is wrong. After P words it gets row P of `positions`, then Wk and Wv."
        )
    says = t(
        "The cache is right, the output is not: the query is the word with its position, and attends to all P + 1 rows."
    )
    return not same(mine[0], want[0]) and says


STEP = Exercise(
    name=mark("cached step"),
    untrained=("keys", "values"),
    task=t(
        "Give the new word its position, project it, append its key and value to the cache, and let its query attend "
        "to all of them: word [B, D], keys and values [B, P, D] of the P words before, positions [max, D] -> (output "
        "[B, D], keys [B, P + 1, D], values [B, P + 1, D])."
    ),
    reference=cached_step,
    cases=lambda: [
        _step_case(1, 2, 2, 1060, shown=True),
        _step_case(2, 0, 2, 830),
        _step_case(2, 3, 4, 840),
        _step_case(1, 1, 3, 850),
    ],
    returns=("output", t("keys after it"), t("values after it")),
    properties=(
        any_order("keys", "values"),
        rows_are_independent("word", "keys", "values"),
        Property(t("After P words the new one gets row P of `positions`, before it is projected."), _new_row),
    ),
    hints=(
        t("How many words come before the new one? The cache knows. What does that say of its position?"),
        t("`x = (word + positions[P])[:, None]` is [B, 1, D]; `torch.cat([keys, x @ Wk], 1)` appends in a new tensor."),
        t(
            "With both appended, `scaled_dot_product_attention(x @ Wq, keys, values)` needs no mask. It gives output "
            "and weights, and the output still has an axis of 1 too many."
        ),
    ),
    minutes=18,
    difficulty=3,
    used=t(
        "Your `cached_step` reads the course sentence word by word in [What does a cache "
        "save?](#What-does-a-cache-save?)"
    ),
    wrong=wrong_answers(
        _step(place=lambda x, positions, past: x + positions[0]),
        t(
            "Position 0 for every step: each word takes itself for the first. Its position is the number of words in "
            "the cache."
        ),
        _step(place=lambda x, positions, past: x + positions[past - 1]),
        t("One position too early: the P words in the cache are at 0 … P − 1, so the new one is at P."),
        _step(asks=lambda x, positions, past: x + positions[past], place=lambda x, positions, past: x),
        t(
            "Only the query has its position: key and value are made of the word without it. Add it first, then "
            "project."
        ),
        _step(kept=lambda old, new: old),
        t("The cache is not appended to: the next word will not know of this one."),
        _step(seen=lambda old, new: old),
        t(
            "The new word attends to the cache without itself. Its own key and value belong to it: append first, then "
            "attend."
        ),
        _step(power=0),
        t("The scale is missing: divide the scores by √D."),
    ),
)
