"""A hundred questions of our own with four answers each, the right one first: data/questions.csv."""

import csv
import io

import torch

from course_kit.data import tables

Ids = list[int]


def questions() -> list[tuple[str, list[str]]]:
    """(question, its four answers), the right answer first."""
    text = (tables.folder() / "questions.csv").read_text(encoding="utf-8")
    return [(question, answers) for question, *answers in list(csv.reader(io.StringIO(text)))[1:]]


@torch.no_grad()
def log_probability(model: torch.nn.Module, asked: Ids, answer: Ids) -> float:
    """ln p of the tokens of an answer, behind those of a question."""
    logits = model(torch.tensor([asked + answer]))[0, len(asked) - 1 : -1]  # [A, V]
    return logits.log_softmax(-1)[range(len(answer)), answer].sum().item()


def longest() -> float:
    """How many right answers are longer than the other three: an equal one shares the point."""
    lengths = [[len(answer) for answer in four] for _, four in questions()]
    return sum((four[0] == max(four)) / four.count(max(four)) for four in lengths)
