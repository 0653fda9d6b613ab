"""Chapter 6, find-the-error: all chosen words hidden."""

import torch
from torch import Tensor

from course_kit.exercises.define import FindError, named, tensors, variants, wrong_answers


def hide(ids: Tensor, chosen: Tensor, dice: Tensor, words: Tensor, mask_id: int) -> Tensor:
    """ids, chosen (bool), dice (0 to 1), words: all [B, T] -> inputs [B, T]: where chosen, [MASK] if the die is below
    .8, the drawn word from .9 on."""
    inputs = torch.where(chosen & (dice < 0.8), mask_id, ids)
    return torch.where(chosen & (dice >= 0.9), words, inputs)


_thrown = named("ids", "chosen", "dice", "words", "mask_id")


def _throw(batch, time, chance, seed) -> tuple:
    draw = torch.Generator().manual_seed(seed)
    ids, words = (torch.randint(5, 50, (batch, time), generator=draw) for _ in "iw")
    chosen, dice = (torch.rand(batch, time, generator=draw) for _ in "cd")
    return ids, chosen < chance, (dice * 100).floor() / 100, words, 4


@variants
def _hidden(
    ids, chosen, dice, words, mask_id, *, mask=lambda d: d < 0.8, other=lambda d: d >= 0.9, where=lambda chosen: chosen
):
    inputs = torch.where(where(chosen) & mask(dice), mask_id, ids)
    return torch.where(where(chosen) & other(dice), words, inputs)


def _all_words(ids, chosen, dice, words, mask_id):
    inputs = torch.where(chosen & (dice < 0.8), mask_id, ids)
    inputs[chosen & (dice >= 0.9)] = words
    return inputs


ALL_HIDDEN = FindError(
    name="program 6.1",
    title="all fifteen per cent",
    task="ids, chosen (True for 15 %), dice (0 to 1), words, all [B, T] -> inputs [B, T]. Where `chosen`, a word "
    "becomes [MASK] if its die is below 0.8, and the drawn word from 0.9 on. Otherwise it stays as it is.",
    program=(
        "def hide(ids, chosen, dice, words, mask_id):   # chosen: True for 15 %",
        "    inputs = ids.clone()",
        "    inputs[chosen] = mask_id",
        "    return inputs                              # the loss: where chosen",
    ),
    line=3,
    found="in pre-training one word in seven is [MASK], at inference none is. The 10 % other words and the 10 % "
    "unchanged ones make the model read every word, whether it looks right or not.",
    innocent={
        1: "it only names what comes in. Are all of them used?",
        2: "it makes a copy, so that the ids stay as they are: they become the labels.",
        4: "all chosen positions count in the loss, and no others.",
    },
    reference=hide,
    cases=lambda: [
        _thrown(
            *tensors([[11, 12, 13, 14, 15]], [[True, False, True, True, False]], [[0.3, 0.5, 0.85, 0.95, 0.99]]),
            torch.tensor([[31, 32, 33, 34, 35]]),
            4,
            shown=True,
        ),
        _thrown(*_throw(2, 8, 0.6, 1450)),
        _thrown(*_throw(3, 12, 0.3, 1452)),
    ],
    returns=("inputs",),
    hints=(
        "Which token fills the pre-training, and is never seen by the fine-tuned model?",
        "There are two conditions with the die, `dice < 0.8` and `dice >= 0.9`, both only where chosen.",
        "`inputs[chosen & (dice < 0.8)]` becomes [MASK]. With `other = chosen & (dice >= 0.9)`, what does "
        "`inputs[other]` become?",
    ),
    minutes=3,
    difficulty=1,
    wrong=wrong_answers(
        _hidden(lambda d: d >= 0, lambda d: d < 0),
        "All chosen words still become [MASK], whatever the die shows.",
        _hidden(other=lambda d: d < 0),
        "The drawn words are missing, where the die shows 0.9 or more.",
        _hidden(other=lambda d: d >= 0.8),
        "From 0.8 on all are replaced. Between 0.8 and 0.9 the word should stay.",
        _hidden(other=lambda d: (d >= 0.8) & (d < 0.9)),
        "The drawn words and the unchanged ones are swapped: from 0.8 to 0.9 the word stays.",
        _hidden(where=lambda chosen: torch.ones_like(chosen)),
        "The die is rolled for all words. Only the chosen ones may change.",
        _all_words,
        "The drawn words must be picked at the positions where they are put: `inputs[other] = words[other]`.",
        _hidden(lambda d: d >= 0.2, lambda d: d < 0.1),
        "The die is read from the other end: here [MASK] is below 0.8.",
    ),
)
