"""Chapter 6, find-the-errors: all chosen words hidden, and words that are hidden at inference."""

import torch
from torch import Tensor

from course_utils.exercises.definition import FindError, variants, wrong_answers
from course_utils.exercises.inputs import named, normal, tensors

from .script import Reader


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
    "becomes [MASK] if its die is below 0.8, the drawn word from 0.9 on, and stays as it is between.",
    why="A slide deck replaces all of the 15 % with [MASK]. The model then learns about a token that it will never "
    "meet again.",
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


def classify(ids: Tensor, mask_tokens, model) -> Tensor:
    """ids [B, T] -> probabilities [B, 2] of the whole text: at inference nothing is hidden."""
    return model(ids).logits.softmax(-1)


def every_third(ids: Tensor) -> tuple[Tensor, Tensor]:
    """Hides every third token: ids [B, T] -> inputs [B, T], labels [B, T], −100 where it is not hidden."""
    hidden = (torch.arange(ids.shape[1]) % 3 == 1).expand_as(ids)
    return ids.masked_fill(hidden, 1), ids.masked_fill(~hidden, -100)


_MASK = "mask_tokens(ids) -> (inputs, labels), as in pre-training"
_MODEL = "a fine-tuned classifier: model(ids) -> an output with .logits [B, 2]"
_read = named("ids", "mask_tokens", "model", mask_tokens=_MASK, model=_MODEL)


def _ids(batch, time, seed) -> Tensor:
    return (normal(batch, time, seed=seed).abs() * 3).long().clamp(max=7) + 2


IN_USE = FindError(
    name="program 6.6",
    title="a mask in use",
    task="ids [B, T] of a text as it is -> probabilities [B, 2].",
    why="The code of pre-training was copied, so one word in seven of a review is hidden, “not” among them.",
    program=(
        "def classify(ids, mask_tokens, model):         # ids [B, T]",
        "    inputs, labels = mask_tokens(ids)          # as in pre-training",
        "    output = model(inputs)",
        "    return output.logits.softmax(dim=-1)       # [B, 2]",
    ),
    line=2,
    found="hiding words is the exercise of pre-training. At inference, and in fine-tuning, the model gets the whole "
    "text; [MASK] is only for asking which word belongs in a gap.",
    innocent={
        1: "it only names what comes in. Must all of them be used?",
        3: "the model reads what it is given. What is it given?",
        4: "it gives a probability for each class.",
    },
    reference=classify,
    cases=lambda: [
        _read(torch.tensor([[2, 3, 4]]), every_third, Reader(1460), shown=True),
        _read(_ids(2, 5, 1461), every_third, Reader(1462)),
        _read(_ids(3, 7, 1463), every_third, Reader(1464)),
    ],
    returns=("probabilities",),
    hints=(
        "Why were words hidden in pre-training? Is there anything to guess here?",
        "“The film was [MASK] good”: which word was it, and does it matter?",
        "Without the masking, what does the model read?",
    ),
    minutes=2,
    difficulty=1,
    wrong=wrong_answers(
        lambda ids, mask_tokens, model: model(mask_tokens(ids)[0]).logits.softmax(-1),
        "Words are still hidden before the model reads.",
        lambda ids, mask_tokens, model: model(mask_tokens(ids)[1].clamp(min=0)).logits.softmax(-1),
        "Now the model reads the labels: the hidden words alone. It should read the text as it is.",
        lambda ids, mask_tokens, model: model(ids[:, mask_tokens(ids)[1][0] == -100]).logits.softmax(-1),
        "The hidden words are left out instead of hidden, so the model does not see them either.",
        lambda ids, mask_tokens, model: model(ids).logits,
        "Nothing is hidden now, but the softmax is missing.",
        lambda ids, mask_tokens, model: (
            (model(ids).logits.softmax(-1) + model(mask_tokens(ids)[0]).logits.softmax(-1)) / 2
        ),
        "This is the mean of two answers, to the whole text and to the one with holes. The holes tell nothing: use the "
        "whole text alone.",
    ),
)
