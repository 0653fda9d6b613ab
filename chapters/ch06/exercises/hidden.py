"""Chapter 6, find-the-errors: all chosen words hidden, and words that are hidden at inference."""

import torch
from torch import Tensor

from course_utils.exercises.definition import FindError, variants, wrong_answers
from course_utils.exercises.inputs import named, normal, tensors

from .script import Reader

# ---- all fifteen per cent -------------------------------------------------------------------------------------------


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
    name="all fifteen per cent",
    task="write it again with a die for each word: where `chosen`, [MASK] if the die shows less than .8, the drawn "
    "word if it shows .9 or more, and no change between; all [B, T] -> inputs [B, T].",
    why="A slide deck replaces all of the 15 % by [MASK]. What the model learns is then about a token that it will "
    "never meet again.",
    program=(
        "def hide(ids, chosen, dice, words, mask_id):   # chosen: True for 15 %",
        "    inputs = ids.clone()",
        "    inputs[chosen] = mask_id",
        "    return inputs                              # the loss: where chosen",
    ),
    line=3,
    found="in pre-training one word in seven is [MASK], in use none is. The 10 % other words and the 10 % unchanged "
    "ones make the model look at every word, whether it looks right or not.",
    innocent={
        1: "it only names what comes in. Are all of them used?",
        2: "a copy, so that the ids stay as they are: they become the labels.",
        4: "all chosen places, and no others, count in the loss: right.",
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
        "What will the fine-tuned model never see that fills the pre-training?",
        "Two conditions with the die: `dice < 0.8` and `dice >= 0.9`, both only where chosen.",
        "`inputs[chosen & (dice < 0.8)] = mask_id`, then `other = chosen & (dice >= 0.9)` and "
        "`inputs[other] = words[other]`",
    ),
    minutes=3,
    difficulty=1,
    wrong=wrong_answers(
        _hidden(lambda d: d >= 0, lambda d: d < 0),
        "All chosen words become [MASK] still, whatever the die shows.",
        _hidden(other=lambda d: d < 0),
        "[MASK] is right now; the drawn words are missing, where the die shows .9 or more.",
        _hidden(other=lambda d: d >= 0.8),
        "From .8 on all are replaced: between .8 and .9 the word should stay.",
        _hidden(other=lambda d: (d >= 0.8) & (d < 0.9)),
        "The drawn words and the unchanged ones are swapped: from .8 to .9 the word stays.",
        _hidden(where=lambda chosen: torch.ones_like(chosen)),
        "The die is thrown for all words. Only the chosen ones may change.",
        _all_words,
        "The drawn words must be picked at the same places as they are put: `inputs[other] = words[other]`.",
        _hidden(lambda d: d >= 0.2, lambda d: d < 0.1),
        "80 %, 10 % and 10 %, but read from the other end of the die: below .8 is [MASK] here.",
    ),
)

# ---- a mask in use --------------------------------------------------------------------------------------------------


def classify(ids: Tensor, mask_tokens, model) -> Tensor:
    """ids [B, T] -> probabilities [B, 2] of the whole text: nothing is hidden in use."""
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
    name="a mask in use",
    task="write it again: ids [B, T] of a text as it is -> probabilities [B, 2].",
    why="The code of pre-training was copied, and every seventh word of a review is hidden, “not” among them.",
    program=(
        "def classify(ids, mask_tokens, model):         # ids [B, T]",
        "    inputs, labels = mask_tokens(ids)          # as in pre-training",
        "    output = model(inputs)",
        "    return output.logits.softmax(dim=-1)       # [B, 2]",
    ),
    line=2,
    found="hiding words is the exercise of pre-training. Who uses the model, or fine-tunes it, shows it the whole "
    "text; [MASK] is for asking which word belongs there.",
    innocent={
        1: "it only names what comes in. Must all of them be used?",
        3: "the model reads what it is given. What is it given?",
        4: "a probability for each class.",
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
        "`output = model(ids)`",
    ),
    minutes=2,
    difficulty=1,
    wrong=wrong_answers(
        lambda ids, mask_tokens, model: model(mask_tokens(ids)[0]).logits.softmax(-1),
        "Words are hidden still before the model reads.",
        lambda ids, mask_tokens, model: model(mask_tokens(ids)[1].clamp(min=0)).logits.softmax(-1),
        "Now the model reads the labels: the hidden words alone. It should read the text as it is.",
        lambda ids, mask_tokens, model: model(ids[:, mask_tokens(ids)[1][0] == -100]).logits.softmax(-1),
        "The hidden words are left out instead of hidden: gone all the same.",
        lambda ids, mask_tokens, model: model(ids).logits,
        "Nothing is hidden now, but the softmax is gone.",
        lambda ids, mask_tokens, model: (
            (model(ids).logits.softmax(-1) + model(mask_tokens(ids)[0]).logits.softmax(-1)) / 2
        ),
        "The mean of the whole text and the one with holes. The holes tell nothing: the whole text alone.",
    ),
)
