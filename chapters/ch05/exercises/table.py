"""Chapter 5, find-the-errors: a widely used lecture's table of six words and their probabilities."""

import torch
from torch import Tensor

from course_kit.exercises.define import Case, FindError, variants, wrong_answers

VOCABULARY = ["a", "am", "I", "thanks", "student", "<eos>"]
TABLE = torch.tensor(  # as it is printed
    [
        [0.01, 0.02, 0.93, 0.01, 0.03, 0.01],
        [0.01, 0.8, 0.1, 0.05, 0.01, 0.03],
        [0.99, 0.001, 0.001, 0.001, 0.002, 0.001],
        [0.001, 0.002, 0.001, 0.02, 0.94, 0.01],
        [0.01, 0.01, 0.001, 0.001, 0.001, 0.98],
    ]
)


def is_distribution(table: Tensor) -> Tensor:
    """table [T, V] -> [T] bool: nothing negative, and a sum of 1, to 2 in 100."""
    return (table >= 0).all(-1) & ((table.sum(-1) - 1).abs() < 0.02)


@variants
def _checked(
    table,
    *,
    positive=lambda table: (table >= 0).all(-1),
    sums=lambda total: (total - 1).abs() < 0.02,
    turned=lambda rows: rows,
):
    """The check with one thing done differently."""
    return turned(positive(table) & sums(table.sum(-1)))


ROWS = FindError(
    name="claims 5.2",
    title="rows that are no distribution",
    task="write a check: table [T, V] -> [T] bool, can this row be a rounded distribution (a sum of 1, to 2 in 100)?",
    claims=True,
    program=(
        "The decoder gives six logits at each position, one for each word of the vocabulary: a, am, I, thanks, "
        "student, <eos>.",
        "The largest number of a row says which word is written: I, am, a, student, <eos>.",
        "After the softmax a trained model gave these rows: .01 .02 .93 .01 .03 .01 / .01 .8 .1 .05 .01 .03 / "
        ".99 .001 .001 .001 .002 .001 / .001 .002 .001 .02 .94 .01 / .01 .01 .001 .001 .001 .98.",
        "The softmax changes no order: the largest logit gets the largest probability.",
    ),
    line=3,
    found="no softmax gave the fourth row: it sums to .974, and rounding to the printed digits cannot take away that "
    "much. The sums of the others, 1.01, 1, .996 and 1.003, can be rounded ones.",
    innocent={
        1: "there are six words, and six logits.",
        2: "the largest number says so in each of the five rows.",
        4: "exp rises, and all are divided by the same sum.",
    },
    reference=is_distribution,
    cases=lambda: [
        Case({"table": TABLE}, shown=True),
        Case({"table": TABLE / TABLE.sum(-1, keepdim=True)}),
        Case({"table": torch.tensor([[1.5, -0.5, 0.0], [0.5, 0.25, 0.25]])}),
        Case({"table": torch.tensor([[0.5, 0.2], [0.5, 0.8], [0.25, 0.75]])}),
    ],
    returns=("rows",),
    hints=(
        "What are the two things that make numbers a distribution?",
        "Sums of rounded numbers are seldom exactly 1: allow 2 in 100.",
        "`(table >= 0).all(-1)` is the first of the two, for each row. The second compares `table.sum(-1)` with 1. "
        "Both must hold: `&`.",
    ),
    minutes=4,
    difficulty=2,
    wrong=wrong_answers(
        _checked(positive=lambda table: True),
        "The sums are checked. But 1.5 and −.5 sum to 1, too: nothing may be negative.",
        _checked(sums=lambda total: total == 1),
        "Exactly 1 is too much to ask of rounded numbers: allow 2 in 100.",
        _checked(sums=lambda total: (total - 1).abs() < 1e-3),
        "1 in 1000 is too strict: six numbers with two digits can miss 1 by .01 because they are rounded.",
        _checked(sums=lambda total: (total - 1).abs() < 0.05),
        "5 in 100 is too generous: all five printed rows would pass.",
        _checked(sums=lambda total: total < 1.02),
        "Too little is as wrong as too much: a row that sums to .974 is no distribution either.",
        _checked(turned=torch.logical_not),
        "This is the other way round: True for a row that *can* be a distribution.",
        lambda table: ((table >= 0) & (table <= 1)).all(-1),
        "Each number lies between 0 and 1, but do they sum to 1?",
        lambda table: (table >= 0).all(0) & ((table.sum(0) - 1).abs() < 0.02),
        "These are the columns. A distribution is a row: over the vocabulary, `-1`.",
    ),
)


def chosen_word(row: Tensor, vocabulary: list[str]) -> tuple[int, str]:
    """row [V] of probabilities, the V words -> the index of the largest, counted from 1, and its word."""
    best = int(row.argmax())
    return best + 1, vocabulary[best]


INDEX = FindError(
    name="claims 5.3",
    title="the index of am",
    task="write the function that reads the word from a row: row [V], list of V words -> (index counted from 1, as in "
    "the table, word).",
    claims=True,
    program=(
        "The vocabulary is numbered: a 1, am 2, I 3, thanks 4, student 5, <eos> 6.",
        "The second row is .01 .8 .1 .05 .01 .03, and its largest number is .8.",
        "It is at index 5, so the word “am” is written.",
        "At the next step the decoder reads “am”.",
    ),
    line=3,
    found="“am” has the index 2, and so has .8. Index 5 would be “student”.",
    innocent={
        1: "they are six words, counted from 1.",
        2: "that is the second row.",
        4: "the decoder reads what it wrote last.",
    },
    reference=chosen_word,
    cases=lambda: [
        Case({"row": TABLE[1], "vocabulary": VOCABULARY}, shown=True),
        *(Case({"row": row, "vocabulary": VOCABULARY}) for row in TABLE[[0, 2, 3, 4]]),
        Case({"row": torch.tensor([0.2, 0.5, 0.3]), "vocabulary": ["oui", "non", "<eos>"]}),
    ],
    returns=("index", "word"),
    hints=(
        "Count along the row to .8.",
        "`row.argmax()` counts from 0; the table counts from 1. And the list of words?",
        "With `best = int(row.argmax())`, the word is `vocabulary[best]`. What is the index, counted from 1?",
    ),
    minutes=2,
    difficulty=1,
    wrong=wrong_answers(
        lambda row, vocabulary: (int(row.argmax()), vocabulary[int(row.argmax())]),
        "Python counts from 0, and the table from 1.",
        lambda row, vocabulary: (int(row.argmax()) + 1, vocabulary[(int(row.argmax()) + 1) % len(vocabulary)]),
        "The list counts from 0: this is the word next to the one that is meant.",
        lambda row, vocabulary: (5, vocabulary[int(row.argmax())]),
        "Always index 5, as the lecture says: that is “student”.",
        lambda row, vocabulary: (int(row.argmin()) + 1, vocabulary[int(row.argmin())]),
        "This is the least probable word.",
    ),
)
