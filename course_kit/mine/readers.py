"""Which exercises the reader's package answers, with which function, and whether that is right as it stands."""

from __future__ import annotations

import contextlib
import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course_kit import cells, files
from course_kit.exercises import check
from course_kit.exercises.define import CHAPTERS, KNOWN, Exercise, FindError, NoSuchExercise, chapter_of, current, find

from . import loading
from .record import Record
from .text import blocks


@dataclass(frozen=True)
class Own:
    """A right answer in the package: the function, its file and its name there, its exercise, and the verdict on it."""

    thing: Any
    file: str
    name: str
    task: Exercise
    verdict: Any

    @property
    def chapter(self) -> int:
        return chapter_of(self.task.name)


def task_of(name: str, place: Path | None) -> Exercise | None:
    """The exercise whose function has this name, in the chapters that are imported, the latest first; else the one that
    the reader answered under this name."""
    for chapter in reversed(CHAPTERS):
        for task in map(KNOWN.__getitem__, chapter):
            if not isinstance(task, FindError) and name in (name_of(task), *task.formerly):
                return task
    record = Record(place) if place else None
    for file, names in sorted(record.files.items(), reverse=True) if record else ():
        with contextlib.suppress(NoSuchExercise):
            if name in names and record.of(file, name):
                return find(record.of(file, name))
    return None


def name_of(task: Exercise) -> str:
    """The name of an exercise's function: its stub's in the course's notebooks; where there is none, the course's."""
    return _stubs().get(task.name) or task.reference.__name__


@functools.cache
def _stubs() -> dict[str, str]:
    """Exercise -> the name of the function or class below it."""
    paths = (files.course_folder() / "notebooks").glob("[0-9]*.ipynb")
    sources = [source for path in paths for source in cells.sources(path.read_bytes())]
    return {stub.name: stub.bound for source in sources for stub in cells.answers(source)}


def task_by_reference(thing: Any) -> Exercise | None:
    """The exercise whose right answer, in the course, this is."""
    found = [task for task in KNOWN.values() if task.reference is thing and not isinstance(task, FindError)]
    return found[-1] if found else None


def own(task: Exercise, place: Path | None) -> tuple[Own | None, str]:
    """The reader's right answer; or None, and why the one that is there is not it ("" if there is none)."""
    trouble = ""
    for file, name in homes(task, place) if place else ():
        try:
            thing = getattr(loading.module(file), name)
        except (loading.CannotLoad, AttributeError) as error:
            trouble = trouble or f"mine/{file} stops with {error}"
            continue
        verdict = check(task.name, thing)
        if verdict.right:
            return Own(thing, file, name, task, verdict), ""
        trouble = trouble or f"yours in mine/{file} no longer passes its check"
    return None, trouble


def homes(task: Exercise, place: Path) -> list[tuple[str, str]]:
    """Where an answer may be: (file, name). By the record; and by its name in a file of its chapter, which a record
    that was lost, or a file of an earlier edition, does not tell."""
    record = Record(place)
    found = [
        (file, name)
        for file, names in sorted(record.files.items())
        for name in names
        if record.of(file, name) and current(record.of(file, name)) == task.name
    ]
    with contextlib.suppress(NoSuchExercise, OSError):
        for path in sorted(place.glob(f"ch{chapter_of(task.name):02}*.py")):
            found += [(path.name, name) for name in (name_of(task), *task.formerly)]
    return [(file, name) for file, name in dict.fromkeys(found) if _defines(place / file, name, task, record)]


def _defines(path: Path, name: str, task: Exercise, record: Record) -> bool:
    """Whether it is there, and no answer to another exercise. A file that is no Python counts: that can be said."""
    of = record.of(path.name, name)
    if of and current(of) != task.name:
        return False
    try:
        return name in blocks(files.plain_bytes(path).decode("utf-8"))
    except OSError:
        return False
    except (SyntaxError, ValueError):
        return bool(of)
