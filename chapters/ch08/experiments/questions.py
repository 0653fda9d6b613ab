"""A hundred questions of our own with four answers each: which answer does SmolLM2 find likeliest?

    record_questions()       # four minutes of one core; needs the published model (`make lab EXTRA=chat`)

Beside it, the likeliest answer without the question, and the same questions with letters, the right answer once behind
each letter. They lie in data/questions.csv.
"""

import csv
import io

import torch

from chapters.ch08 import published
from course_kit.data import tables

LETTERS = "ABCD"
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


def won(scores: list[float]) -> str:
    """1 if the first of the scores is larger than all others, else 0."""
    return str(int(scores[0] > max(scores[1:])))


def lettered(question: str, answers: list[str], moved: int) -> str:
    """The question with its answers behind letters, as tests print it; the first answer `moved` places on."""
    turned = answers[-moved:] + answers[:-moved] if moved else answers
    lines = (f"{letter}. {answer}" for letter, answer in zip(LETTERS, turned, strict=True))
    return "\n".join([f"Question: {question}", *lines, "Answer:"])


def record_questions(count: int | None = None) -> dict:
    """The figures behind data/results/smollm_questions.json: for each way, 1 or 0 for each question. With letters, the
    letter that was chosen, the right one being A, B, C, D in turn. count: only the first so many questions"""
    smol = published.load()
    if smol is None:
        raise RuntimeError(f"SmolLM2 is not installed: `{published.INSTALL}`")
    model, every = smol.model, questions()[:count]
    cut = lambda text: smol.tokenizer.encode(text).ids  # noqa: E731
    known = [[log_probability(model, cut(f"Question: {q}\nAnswer:"), cut(f" {a}")) for a in four] for q, four in every]
    blind = [[log_probability(model, cut("Answer:"), cut(f" {a}")) for a in four] for _, four in every]
    places = [cut(f" {letter}")[0] for letter in LETTERS]
    letters = []
    for moved in range(4):
        with torch.no_grad():
            said = [model(torch.tensor([cut(lettered(*one, moved))]))[0, -1, places] for one in every]
        letters.append("".join(LETTERS[one.argmax()] for one in said))
    both = [list(zip(*pair, strict=True)) for pair in zip(known, blind, strict=True)]
    sizes = [[len(cut(f" {a}")) for a in four] for _, four in every]
    each = [[x / n for x, n in zip(*pair, strict=True)] for pair in zip(known, sizes, strict=True)]
    return {
        "right": {
            "likeliest answer": "".join(map(won, known)),
            "likeliest for each token": "".join(map(won, each)),
            "what the question adds": "".join(won([x - y for x, y in four]) for four in both),
            "without the question": "".join(map(won, blind)),
        },
        "letters": letters,
    }
