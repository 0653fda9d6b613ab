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
student's own function when it is right, else the reference. In a workbook `record.py` keeps what was solved.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable
from typing import Any

from course_kit.exercises import record
from course_kit.exercises.definition import FindError, NoSuchExercise, find, register, siblings
from course_kit.exercises.show import display, hints_note, note_of, puzzle_note, sentence, verdict_note

FAILED: dict[str, tuple[Any, Any]] = {}  # name -> the answer that failed, and the inputs on which it did

__all__ = ["again", "check", "exercise", "find_error", "hint", "register", "solution"]


def exercise(name: str) -> Callable[[Any], Any]:
    """A decorator for the function or class that answers the exercise: checks it, shows the verdict, and gives back
    the student's own if it is right, else the reference. Raises LookupError if no exercise has this name."""
    one = find(name)
    if isinstance(one, FindError):
        raise NoSuchExercise(f'{one.name!r} is a find-the-error: write @find_error("{one.name}", line=…) above it.')
    return lambda answer: _settle(one, answer, check(one, answer))


def check(name: str, answer: Any, line: int | None = None):
    """The verdict on an answer, without showing it: `.state` ("right", "wrong", "unsolved"), `.text`, `.known`
    (the mistake that was recognised), `.arrays`, `.notes`. line: for a find-the-error."""
    from course_kit.exercises import engine  # torch is loaded when the first answer comes

    one = find(name)
    if isinstance(one, FindError):
        return engine.judge_repair(one, answer, line)
    return engine.judge(one, answer)


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
    one = find(name)
    display(hints_note(one.name, one.hints))
    _say(record.helped(one.name))


def again(name: str) -> tuple[Any, tuple]:
    """`mine, inputs = again("split heads")`: your own function, and the inputs on which the last check failed.

    `mine(*inputs)` runs it as it stands in your cell, with its prints, its traceback and `%debug`. For a class, `mine`
    is made with what the check gave its constructor. Raises LookupError if no check of this name has failed yet.
    """
    one = find(name)
    if one.name not in FAILED:
        raise NoSuchExercise(f"No answer to {one.name!r} has failed in this notebook: run your cell first.")
    answer, case = FAILED[one.name]
    return answer, namedtuple("Inputs", case.args, rename=True)(*case.args.values())


def solution(name: str) -> None:
    """Shows an answer to an exercise, in the exercise's own words, highlighted."""
    from course_kit.views.ask import reveal

    one = find(name)
    display(reveal(one.shown or one.reference, alone=True))
    _say(record.helped(one.name, solution=True))


def _settle(one: Any, answer: Any, verdict: Any, named: bool = False) -> Any:
    from course_kit.exercises import engine

    FAILED.pop(one.name, None)
    if verdict.here is not None:
        FAILED[one.name] = engine.replayed(one, answer, verdict.here)
    said = record.checked(one.name, verdict.right, answer) if named or verdict.state != "unsolved" else ""
    attempts, solved = record.standing(one.name, siblings(one.name))
    display(verdict_note(verdict, one.effort, one.reference.__name__, one.used, one.hints, attempts, solved))
    _say(said)
    return engine.chosen(one, answer, verdict)


def _say(said: str) -> None:
    """What went wrong with the workbook's record, if anything did."""
    if said:
        display(note_of([sentence(said)], "dotted"))
