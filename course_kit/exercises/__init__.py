"""Exercises that check themselves. A notebook has them from its chapter:

    from chapters.ch01 import exercise, find_error, hint, solution

    @exercise("gaussian kernel")            # runs the function below on a few inputs and says what it sees
    def kernel(distance, width=1.0):
        raise NotImplementedError           # until it is written, the course's own function stands in

    hint("gaussian kernel")                 # unfolds step by step
    solution("gaussian kernel")             # the reference's source

    find_error("program 1.2")               # shows the numbered wrong program

    @find_error("program 1.2", line=…)      # checks the line named and the repair written below
    def weights(scores): ...

Whatever happens in a student's function, the cell ends well and the name is bound to something that works: the
student's own function when it is right, else the reference. In a workbook `solved.py` keeps what was solved.

To read how: define.py (what an exercise is), judge.py (an answer on its inputs), diagnose.py (the words for a wrong
one), and beneath these compare.py, properties.py, guard.py; show.py.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable
from typing import Any

from course_kit.exercises import solved
from course_kit.exercises.define import FindError, NoSuchExercise, find, register, siblings
from course_kit.exercises.example import example_text
from course_kit.exercises.show import display, hints_note, note_of, puzzle_note, sentence, verdict_note

AFTER_RIGHT: list[Callable[[str, Any], str]] = []  # what setup() adds: (name, answer) -> "" or a sentence to show
FAILED: dict[str, tuple[Any, Any]] = {}  # name -> the answer that failed, and the inputs on which it did

__all__ = ["again", "check", "example_text", "exercise", "find_error", "hint", "register", "solution"]


def exercise(name: str) -> Callable[[Any], Any]:
    """A decorator for the function or class that answers the exercise: checks it, shows the verdict, and gives back
    the student's own if it is right, else the reference. Raises LookupError if no exercise has this name."""
    task = find(name)
    if isinstance(task, FindError):
        raise NoSuchExercise(f'{task.name!r} is a find-the-error: write @find_error("{task.name}", line=…) above it.')
    return lambda answer: _settle(task, answer, check(task, answer))


def check(name: str, answer: Any, line: int | None = None):
    """The verdict on an answer, without showing it: `.state` ("right", "wrong", "unsolved"), `.text`, `.known`
    (the mistake that was recognised), `.arrays`, `.notes`. line: for a find-the-error."""
    from course_kit.exercises.judge import judge, judge_repair  # torch is loaded when the first answer comes

    task = find(name)
    return judge_repair(task, answer, line) if isinstance(task, FindError) else judge(task, answer)


class find_error:
    """`find_error(name)` shows the numbered wrong program or claims. As a decorator, `@find_error(name, line=3)`
    checks that line 3 is the wrong one and that the function below is a right repair; any right one will do.
    Until the line is known, leave `line=None`. Raises LookupError if no find-the-error has this name."""

    def __init__(self, name: str, *, line: int | None | type = ...):
        self.puzzle, self.line = find(name), line
        if not isinstance(self.puzzle, FindError):
            raise NoSuchExercise(
                f'{self.puzzle.name!r} is an exercise: write @exercise("{self.puzzle.name}") above it.'
            )
        if line is ...:
            display(puzzle_note(self.puzzle))

    def __call__(self, answer: Any) -> Any:
        line = None if self.line is ... else self.line
        return _settle(self.puzzle, answer, check(self.puzzle, answer, line), named=line is not None)

    def _ipython_display_(self) -> None:
        """Nothing: the program has been shown already."""


def hint(name: str) -> None:
    """Shows the hints of an exercise, folded one inside the other; they unfold without a kernel, too."""
    task = find(name)
    display(hints_note(task.name, task.hints))
    _complain(solved.helped(task.name))


def again(name: str) -> tuple[Any, tuple]:
    """`mine, inputs = again("split heads")`: your own function, and the inputs on which the last check failed.

    `mine(*inputs)` runs it as it stands in your cell, with its prints, its traceback and `%debug`. For a class, `mine`
    is made with what the check gave its constructor. Raises LookupError if no check of this name has failed yet.
    """
    task = find(name)
    if task.name not in FAILED:
        raise NoSuchExercise(f"No answer to {task.name!r} has failed in this notebook: run your cell first.")
    answer, case = FAILED[task.name]
    return answer, namedtuple("Inputs", case.args, rename=True)(*case.args.values())


def solution(name: str) -> None:
    """Shows an answer to an exercise, in the exercise's own words, highlighted."""
    from course_kit.views.ask import reveal

    task = find(name)
    display(reveal(task.shown or task.reference))
    _complain(solved.helped(task.name, solution=True))


def _settle(task: Any, answer: Any, verdict: Any, named: bool = False) -> Any:
    from course_kit.exercises.judge import chosen, replayed

    FAILED.pop(task.name, None)
    if verdict.here is not None:
        FAILED[task.name] = replayed(task, answer, verdict.here)
    complaint = solved.checked(task.name, verdict.right, answer) if named or verdict.state != "unsolved" else ""
    attempts, chapter = solved.standing(task.name, siblings(task.name))
    display(verdict_note(verdict, task.effort, task.reference.__name__, task.used, task.hints, attempts, chapter))
    _complain(complaint)
    if verdict.right and not isinstance(task, FindError):
        for note in [keep(task.name, answer) for keep in AFTER_RIGHT]:
            _complain(note)
    return chosen(task, answer, verdict)


def _complain(complaint: str) -> None:
    """What went wrong with keeping what was solved, if anything did."""
    if complaint:
        display(note_of([sentence(complaint)], "dotted"))
