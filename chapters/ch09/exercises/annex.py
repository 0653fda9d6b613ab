"""Chapter 9, the annex: answers without an end."""

import torch
from torch import Tensor

from course_kit.exercises.define import FindError, named, wrong_answers
from course_kit.i18n import mark, t


def labels_of(ids: Tensor, real: Tensor) -> Tensor:
    """ids [B, N], real [B, N] -> labels [B, N]: the same, and −100 where there is only padding."""
    return ids.masked_fill(~real, -100)


_padded = named("ids", "real")


def _real(*lengths: int) -> Tensor:
    return torch.arange(6) < torch.tensor(lengths)[:, None]


def _ended(*rows: list[int]) -> Tensor:
    """Rows that end with 2, filled up with 2."""
    return torch.tensor([[*row, *[2] * (6 - len(row))] for row in rows])


ENDLESS = FindError(
    name=mark("program 9.1"),
    title=t("an answer without an end"),
    task=t(
        "ids [B, N], filled up with PAD = 2, which is also the token that ends an answer, and real [B, N], True = not "
        "padding -> labels [B, N] for a model of `transformers`: the ids, and −100 where there is only padding."
    ),
    program=(
        "def labels_of(ids, real):                  # PAD = 2, as tokenizer.eos_token",
        "    PAD = 2",
        "    labels = ids.clone()",
        "    labels[labels == PAD] = -100           # padding is not learned",
        "    return labels",
    ),
    line=4,
    found=t(
        "the end of an answer has the same number as padding, so it is −100, too. The model learns every token of its "
        "answers but the last, and later it does not stop. What is padding is said by the mask, not by the number."
    ),
    innocent={
        1: t("it only names what comes in."),
        2: t("many tokenizers have no token for padding, and take the one that ends a text. That alone does no harm."),
        3: t("a copy, so that the ids stay as they are."),
        5: t("labels have the shape of the ids: a model of `transformers` shifts them itself."),
    },
    reference=labels_of,
    cases=lambda: [
        _padded(_ended([5, 6, 2], [7, 8, 9, 2]), _real(3, 4), shown=True),
        _padded(_ended([5, 2], [6, 7, 8, 9, 4, 2]), _real(2, 6)),
        _padded(_ended([3, 2, 4, 2]), _real(4)),
    ],
    returns=("labels",),
    hints=(
        t("Which tokens of an answer does the model never see as a target?"),
        t("The token that ends an answer is number 2, and so is padding. Can the number tell the two apart?"),
        t("`masked_fill` needs to know what is padding. Which of the two inputs says so?"),
    ),
    minutes=6,
    difficulty=2,
    wrong=wrong_answers(
        lambda ids, real: ids,
        t("Padding is learned now: the model is taught to write its end again and again."),
        lambda ids, real: ids.masked_fill(real, -100),
        t("The mask is the wrong way round: the text is −100, and padding is learned."),
        lambda ids, real: ids.masked_fill(~real, 0),
        t("0 is a token like any other. What is not to be learned is −100."),
        lambda ids, real: ids[:, 1:].masked_fill(~real[:, 1:], -100),
        t("This shifts the labels, and a model of `transformers` shifts them itself."),
        lambda ids, real: ids.masked_fill((ids == 2) & real, -100),
        t("Only the ends are −100 now, and padding is learned."),
    ),
)

ANNEX = (ENDLESS,)
