"""Exercises that check themselves. A notebook has them from its chapter:

    from chapters.ch01 import exercise, find_error, hint, solution

    @exercise("gaussian kernel")            # runs the function below on a few inputs and says what it sees
    def kernel(distance, width=1.0):
        raise NotImplementedError           # until it is written, the course's own function stands in

    hint("gaussian kernel")                 # unfolds step by step
    solution("gaussian kernel")             # the reference's source, under the name of the function above it

    @find_error("program 1.2")              # over a wrong program: checks its repair, and says which line was changed
    def weights(scores): ...

Whatever happens in a student's function, the cell ends well and the name is bound to something that works: the
student's own function when it is right, else the reference. In a workbook `record.py` keeps what was solved.

To read how: define.py (what an exercise is), judge.py (an answer on its inputs), diagnose.py (the words for a wrong
one), changed_program.py (repairs), and beneath these mutants.py, compare.py, describe.py, properties.py,
gradients.py, definitions.py, trouble.py, guard.py; then show.py.
"""

from __future__ import annotations

import contextlib
from collections import namedtuple
from collections.abc import Callable
from typing import Any

from course_kit import files
from course_kit.exercises import record
from course_kit.exercises.cells import Place, places
from course_kit.exercises.define import Exercise, FindError
from course_kit.exercises.example import example_text
from course_kit.exercises.registry import NoSuchExercise, chapter_of, find, register
from course_kit.exercises.show import display, hints_note, note_of, sentence, verdict_note
from course_kit.i18n import t
from course_kit.markup import LINK
from course_kit.shell import ipython

LISTENERS: list[Callable[[Any, Any, Any], str]] = []  # (exercise, answer, verdict) -> "" or a sentence; by setup()
FAILED: dict[str, tuple[Any, Any]] = {}  # name -> the answer that failed, and the inputs on which it did

__all__ = ["again", "check", "example_text", "exercise", "find_error", "hint", "register", "solution"]


def exercise(name: str) -> Callable[[Any], Any]:
    """A decorator for the function or class that answers the exercise: checks it, shows the verdict, and gives back
    the student's own if it is right, else the reference. Raises LookupError if no exercise has this name."""
    task = find(name)
    if isinstance(task, FindError):
        raise NoSuchExercise(t('“{name}” is a find-the-error: write @find_error("{name}") above it.', name=task.name))
    return lambda answer: _settle(task, answer, check(task, answer))


def find_error(name: str) -> Callable[[Any], Any]:
    """A decorator for a wrong program: checks whether it was put right, wherever that is done, shows the verdict, and
    gives back the student's own if it is right, else the reference. Raises LookupError if no find-the-error has
    this name."""
    puzzle = find(name)
    if not isinstance(puzzle, FindError):
        raise NoSuchExercise(t('“{name}” is an exercise: write @exercise("{name}") above it.', name=puzzle.name))
    return lambda answer: _settle(puzzle, answer, check(puzzle, answer))


def check(name: str | Exercise | FindError, answer: Any) -> Any:
    """The verdict on an answer, without showing it: `.state` ("right", "wrong", "unsolved", "unchecked"), `.text`,
    `.known` (the mistake that was recognised), `.arrays`, `.notes`."""
    from course_kit.exercises.judge import judge, judge_repair  # torch is loaded when the first answer comes

    task = find(name)
    return judge_repair(task, answer) if isinstance(task, FindError) else judge(task, answer)


def hint(name: str) -> None:
    """Shows the hints of an exercise, folded one inside the other; they unfold without a kernel, too."""
    task = find(name)
    display(hints_note(task.name, task.hints))
    _complain(record.note_help(task.name))


def again(name: str) -> tuple[Any, tuple]:
    """`mine, inputs = again("split heads")`: your own function, and the inputs on which the last check failed.

    `mine(*inputs)` runs it as it stands in your cell, with its prints, its traceback and `%debug`. For a class, `mine`
    is made with what the check gave its constructor. Raises LookupError if no check of this name has failed yet.
    """
    task = find(name)
    if task.name not in FAILED:
        raise NoSuchExercise(
            t("No answer to “{name}” has failed in this notebook: run your cell first.", name=task.name)
        )
    answer, case = FAILED[task.name]
    return answer, namedtuple("Inputs", case.args, rename=True)(*case.args.values())


def solution(name: str) -> None:
    """Shows an answer to an exercise, as it may be pasted over the reader's."""
    from course_kit.exercises.reference import Solution, solution_text

    task, shell = find(name), ipython()
    display(Solution(solution_text(task, shell.user_ns if shell else {})))
    _complain(record.note_help(task.name, solution=True))


def _settle(task: Any, answer: Any, verdict: Any) -> Any:
    from course_kit.exercises.judge import chosen, replayed

    FAILED.pop(task.name, None)
    if verdict.here is not None:
        FAILED[task.name] = replayed(task, answer, verdict.here)
    complaint = record.checked(task.name, verdict.right, answer) if verdict.state in ("right", "wrong") else ""
    there = _places(task.name) if verdict.right else {}
    attempts, done = record.attempts_and_solved(task.name, there)
    rows = [
        [full for full, one in zip(done, there.values(), strict=False) if one.annex is where] for where in (False, True)
    ]
    hints = task.hints if verdict.state == "wrong" else ()
    link = LINK.search(task.used)
    under = there[task.name].under if task.name in there else ()
    is_here = link and any(one.startswith(link[2]) for one in under)  # "Four: pieces (not in class)"
    used = "" if is_here else task.used
    display(verdict_note(verdict, task.reference.__name__, used, hints, attempts, rows if done else ()))
    _complain(complaint)
    for note in [told(task, answer, verdict) for told in LISTENERS]:
        _complain(note)
    return chosen(task, answer, verdict)


def _places(name: str) -> dict[str, Place]:
    """The exercises of this one's chapter, as they stand in its notebooks; {} where that cannot be told."""
    with contextlib.suppress(LookupError, OSError, ValueError):
        return places(files.course_folder() / "notebooks", chapter_of(name))
    return {}


def _complain(complaint: str) -> None:
    """What is to be said of keeping what was solved, if anything is."""
    if complaint:
        display(note_of([sentence(complaint)], "dotted"))
