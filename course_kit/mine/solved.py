"""At each ✓ the function goes into `workbook/mine/chNN.py`, with all that it needs; a wrong one changes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from course_kit import files
from course_kit.exercises import check
from course_kit.exercises.define import Exercise, FindError, chapter_of, current

from . import loading, readers
from .draft import GIVEN, Draft
from .needs import CannotTake, Definition, course_definition, definition_of, needs
from .record import FILE

PATIENCE = 15.0  # seconds to wait for another kernel, which checks an answer meanwhile


def keep_answer(task: Exercise, answer: Any, verdict: Any) -> str:
    """Take a right answer in -> "", or a sentence that the reader should know. Never raises."""
    place = loading.folder()
    if place is None or isinstance(task, FindError):
        return ""
    try:
        if verdict.right:
            return taken(place, task, answer)
        kept = readers.homes(task, place) if verdict.state == "wrong" else ()
        return f"mine/{kept[0][0]} keeps your answer that passed." if kept else ""
    except CannotTake as why:
        return f"It is solved, but not in your package `mine`: {why}"
    except OSError as error:
        why = error.strerror or str(error)
        return f"Your package `mine` could not be written: {why}. The exercise is not affected."
    except Exception as error:  # an answer may be any object
        return f"It is solved, but not in your package `mine`: looking at it raises {type(error).__name__}."


def taken(place: Path, task: Exercise, answer: Any) -> str:
    """Write it -> what was done, "" if it was there already. Raises CannotTake, OSError."""
    one = definition_of(answer)
    with files.alone(place.parent / f"mine{FILE}", PATIENCE):
        for earlier in (True, False):  # with what the reader wrote for other exercises; else with the course's
            draft = Draft(place)
            file = draft.file(f"ch{chapter_of(task.name):02}")
            if draft.changed_by_hand(file, one.name, one.text):
                return f"In mine/{file} you have changed `{one.name}` by hand, so it stays there as it is."
            before = draft.texts[file]
            _Taking(draft, earlier).add(file, one, task.name)
            if draft.texts[file] == before:
                draft.record.save()
                return ""
            draft.save(only=GIVEN)
            if not (trouble := _trouble(task, file, draft.texts[file], one.name)):
                break
        if trouble:
            raise CannotTake(_of_before(file, before) or trouble)
        draft.save()
    damaged = file != f"{file[:4]}.py"
    stays = f" mine/{file[:4]}.py cannot be read as Python, and stays as it is." if damaged else ""
    return f"Yours to keep: `{one.name}` is in mine/{file}.{stays}"


class _Taking:
    """Puts a definition into a draft, with what it needs. earlier: also the reader's answers to other exercises."""

    def __init__(self, draft: Draft, earlier: bool):
        self.draft, self.earlier = draft, earlier
        self.under_way: set[tuple[str, str]] = set()

    def add(self, file: str, one: Definition, of: str = "", user: str = "") -> None:
        if (file, one.name) in self.under_way:
            return
        self.under_way.add((file, one.name))
        for name, need in needs(one).items():
            if need.kind == "import":
                self.draft.bring(file, name, need.text)
            elif need.kind == "value":
                self.draft.put(file, name, need.text, user=one.name)
            elif need.kind == "own":
                self.add(file, need.definition, user=one.name)
            else:
                self._refer(file, name, *self._home(file, name, need))
        self.draft.put(file, one.name, one.text, of, user)

    def _home(self, file: str, name: str, need: Any) -> tuple[str, str]:
        """The file in which something is, and its name there."""
        if need.kind == "mine":
            return f"{need.thing.__module__.partition('.')[2]}.py", need.thing.__name__
        if need.kind == "answer":
            record = self.draft.record
            for home, there in [(home, n) for home, names in record.files.items() for n in names]:
                if there == name and current(record.of(home, there)) == current(need.definition.exercise):
                    return home, there
            raise CannotTake(f"it calls `{name}`, which is not in it.")
        task = readers.task_by_reference(need.thing)
        found = readers.own(task, self.draft.place)[0] if task and self.earlier and file[:5] != GIVEN else None
        if found:
            return found.file, found.name
        given = self.draft.file(GIVEN)
        one = course_definition(need.thing)
        if name != one.name and file == given:
            raise CannotTake(f"it needs `{name}`, which the course calls `{one.name}` as well.")
        self.add(given, one, of=f"{need.thing.__module__}:{one.name}")
        return given, one.name

    def _refer(self, file: str, name: str, home: str, there: str) -> None:
        if home != file:
            renamed = "" if there == name else f" as {name}"
            self.draft.bring(file, name, f"from .{home.removesuffix('.py')} import {there}{renamed}")


def _of_before(file: str, text: str) -> str:
    """What is wrong with the file as it was, without the answer."""
    try:
        loading.as_module(file, text)
    except loading.CannotLoad as error:
        return f"mine/{file} itself stops with {error}. Put that right, and run this cell again."
    return ""


def _trouble(task: Exercise, file: str, text: str, name: str) -> str:
    """What is wrong with the answer where it will be; "" if nothing is."""
    try:
        verdict = check(task.name, getattr(loading.as_module(file, text), name))
    except loading.CannotLoad as error:
        return f"outside the notebook it stops with {error}."
    return "" if verdict.right else f"outside the notebook it is not right. {verdict.text}"
