"""Answers to exercises, wrong and right, judged again: a table, and the shares of what is said.

python tests/answers/run.py                         every file of answers beside this one
python tests/answers/run.py report.txt --words      one file, with all that is said instead of its first sentence
python tests/answers/run.py --only "greedy loop"    the answers whose exercise or description has this in it
python tests/answers/run.py --keep                  beside each new mark, the beginning of the message that it is for

A file of answers has cells, as a notebook in percent format:

    # %% greedy loop · wrong · stops at bos, too · named · Your results are those
    def greedy(step, bos, eos, max_length): ...

The exercise; `wrong`, `right` or `arguable` (nobody who writes it is refused for it, nor praised); what the answer
does; a mark, and the beginning of the message that was read for it. Of a mark: *named*, it says the mistake itself;
*helps*, a true sentence that leads there; *generic*, only that numbers differ; *misleading*; *accepted*. A person gives
it, and `--keep` adds the beginning. Where the message begins otherwise now, the table says "to be marked again".

Cells see torch, nn, F, math, numpy as np, Counter, and the course's own functions, as a notebook does. A repair is the
whole program as it was put right. The answer is what bears the exercise's name for it, else the last definition.
"""

from __future__ import annotations

import argparse
import ast
import linecache
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

FOLDER = Path(__file__).resolve().parent
if __name__ == "__main__":
    sys.path.insert(0, str(FOLDER.parents[1]))

from course_kit.exercises import check, registry  # noqa: E402
from course_kit.exercises.define import Exercise  # noqa: E402

SORTS = ("wrong", "right", "arguable")
MARKS = ("named", "helps", "generic", "misleading", "accepted")
AGAIN = "to be marked again"
REFUSED = "refused"  # what became of a right answer
KEPT = 60  # characters of a message that are stored beside its mark
SHOWN = 110  # characters of a message in the table
BETWEEN = " · "


@dataclass(frozen=True)
class Answer:
    """One cell. sort: one of SORTS; mark: one of MARKS, or ""; beginning: of the message that it was given for."""

    exercise: str
    sort: str
    what: str
    code: str
    mark: str = ""
    beginning: str = ""
    line: int = 0

    @property
    def head(self) -> str:
        """The line above its code."""
        told = [self.exercise, self.sort, self.what, *filter(None, (self.mark, self.beginning))]
        return "# %% " + BETWEEN.join(told)


@dataclass(frozen=True)
class Judged:
    """What became of an answer. message: what is said, notes included; seconds: of computing."""

    answer: Answer
    right: bool
    message: str
    seconds: float

    @property
    def share(self) -> str:
        """One of MARKS, AGAIN, REFUSED, or "" for an answer that counts in no share."""
        if self.answer.sort != "wrong":
            return REFUSED if self.answer.sort == "right" and not self.right else ""
        if self.right:
            return "accepted"
        marked = self.answer.mark in MARKS[:-1] and self.answer.beginning == beginning(self.message)
        return self.answer.mark if marked else AGAIN


def beginning(message: str) -> str:
    """What of a message is stored beside its mark: one line, without the sign that parts the fields."""
    return re.sub(r"\s+", " ", message).replace(BETWEEN, " ")[:KEPT].strip()


def read(path: Path) -> list[Answer]:
    """The answers of a file. Raises ValueError, with the line, for a head that is none."""
    answers = []
    text = path.read_text(encoding="utf-8")
    for cell in re.finditer(r"^# %% (.*)\n((?:(?!# %% ).*\n?)*)", text, re.MULTILINE):
        line = text.count("\n", 0, cell.start()) + 1
        fields = cell[1].strip().split(BETWEEN, 4)
        if len(fields) < 3 or fields[1] not in SORTS or fields[3:4] and fields[3] not in MARKS:
            needed = f"# %% exercise · {'|'.join(SORTS)} · what it does · {'|'.join(MARKS)} (or nothing)"
            raise ValueError(f"{path.name}:{line}: {cell[0].splitlines()[0]!r} given; needed: {needed}")
        exercise, sort, what, mark, told = [*fields, "", ""][:5]
        answers.append(Answer(exercise, sort, what, cell[2].strip("\n") + "\n", mark, told, line))
    return answers


def write(path: Path, answers: list[Answer]) -> None:
    """The answers as a file; what stood above the first stays."""
    preface = path.read_text(encoding="utf-8").partition("# %% ")[0] if path.exists() else ""
    path.write_text(preface + "\n".join(f"{one.head}\n{one.code}" for one in answers), encoding="utf-8")


def _names(exercise: Exercise) -> dict[str, Any]:
    """What a cell of this exercise sees: its notebook's imports, and the course's functions up to this chapter."""
    import math

    import numpy
    import torch
    from torch import nn
    from torch.nn import functional

    course: dict[str, Any] = {}
    last = registry.chapter_of(exercise.name)
    for chapter in registry.chapters():
        for other in registry.exercises(chapter) if int(chapter.removeprefix("ch")) <= last else ():
            room = vars(sys.modules[getattr(other.reference, "__module__", other.cases.__module__)])
            course |= {name: x for name, x in room.items() if name[0] != "_" and not isinstance(x, ModuleType)}
            course[other.function] = other.reference
    given = {"torch": torch, "nn": nn, "F": functional, "math": math, "np": numpy, "numpy": numpy, "Counter": Counter}
    return course | {"Tensor": torch.Tensor} | given


def made(answer: Answer) -> tuple[Exercise, Any]:
    """The exercise, and the function or class of a cell. Raises whatever the cell raises."""
    exercise = registry.find(answer.exercise)
    names = _names(exercise) | {"__name__": "answers"}
    file = f"<answer {answer.line}, {answer.exercise}: {answer.what}>"
    linecache.cache[file] = (len(answer.code), None, answer.code.splitlines(True), file)
    exec(compile(answer.code, file, "exec"), names)
    body = ast.parse(answer.code).body
    bound = [one.name for one in body if isinstance(one, ast.FunctionDef | ast.ClassDef)]
    bound += [one.targets[0].id for one in body if isinstance(one, ast.Assign) and isinstance(one.targets[0], ast.Name)]
    return exercise, names[exercise.function if exercise.function in bound else bound[-1]]


def judged(answers: list[Answer]) -> Iterator[Judged]:
    """What becomes of each answer, one after another."""
    for answer in answers:
        exercise, mine = made(answer)
        start = time.process_time()
        verdict = check(exercise, mine)
        seconds = time.process_time() - start
        yield Judged(answer, verdict.right, "\n".join((verdict.text, *verdict.notes)), seconds)


def shares(results: list[Judged]) -> str:
    """How many of the wrong were told what, and of the right were refused, as a line."""
    wrong = [one.share for one in results if one.answer.sort == "wrong"]
    right = [one.share for one in results if one.answer.sort == "right"]
    counts = Counter(wrong)
    parts = [f"{mark} {counts[mark]} ({counts[mark] / max(1, len(wrong)):.1%})" for mark in (*MARKS, AGAIN)]
    return f"of {len(wrong)} wrong: {', '.join(parts)}; of {len(right)} right: {right.count(REFUSED)} refused"


def main(arguments: list[str]) -> int:
    """Judge, print, keep -> exit status: 1 where something wrong was accepted, or something right refused."""
    parser = argparse.ArgumentParser(description="Judge files of answers.")
    parser.add_argument("files", nargs="*", help="names beside this file, or paths; all by default")
    parser.add_argument("--words", action="store_true", help="all that is said, not its first sentence")
    parser.add_argument("--only", default="", help="a part of the exercise or of what the answer does")
    parser.add_argument("--keep", action="store_true", help="store, beside new marks, what they were given for")
    chosen = parser.parse_args(arguments)
    paths = [FOLDER / name if (FOLDER / name).exists() else Path(name) for name in chosen.files]
    everything: list[Judged] = []
    for path in paths or sorted(FOLDER.glob("*.txt")):
        answers = read(path)
        results = list(judged([one for one in answers if chosen.only in one.exercise + BETWEEN + one.what]))
        for one in results:
            told = one.message if chosen.words else re.sub(r"\s+", " ", one.message)[:SHOWN]
            state = one.share or ("right" if one.right else "wrong")
            print(f"{path.name}:{one.answer.line}", one.answer.exercise, one.answer.what, state, told, sep=" | ")
        if chosen.keep:
            new = {one.answer: one for one in results if one.answer.mark and not one.answer.beginning}
            kept = [_marked(one, new[one].message) if one in new else one for one in answers]
            write(path, kept)
        print(f"\n{path.name}: {shares(results)}")
        everything += results
    seconds = sum(one.seconds for one in everything)
    print(f"in all: {shares(everything)}; {seconds / max(1, len(everything)):.3f} s each")
    return int(any(one.share in ("accepted", REFUSED) for one in everything))


def _marked(answer: Answer, message: str) -> Answer:
    return Answer(answer.exercise, answer.sort, answer.what, answer.code, answer.mark, beginning(message), answer.line)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
