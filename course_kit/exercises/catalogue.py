"""Every exercise of the course, by chapter and by name: for grading, progress and tests, which look at all chapters.

The kit imports no chapter: those there are, are found by their folders, and imported when somebody asks.
"""

import importlib
import pkgutil
from collections.abc import Sequence

from course_kit import files
from course_kit.exercises import define
from course_kit.exercises.define import Exercise


def chapters() -> list[str]:
    """Names of the chapters there are: "ch00", "ch01", …"""
    return [module.name for module in pkgutil.iter_modules([str(files.course_folder() / "chapters")])]


def exercises(chapter: str) -> Sequence[Exercise]:
    """All exercises of a chapter ("ch01"), in order."""
    return importlib.import_module(f"chapters.{chapter}.exercises").EXERCISES


def find(name: str | Exercise) -> Exercise:
    """The exercise of this name in any chapter. Raises LookupError, with the nearest names, if there is none."""
    load()
    return define.find(name)


def look_up(name: str | Exercise) -> Exercise:
    """The exercise of this name in the chapters that were imported, else in any: it may have moved to a later one."""
    try:
        return define.find(name)
    except define.NoSuchExercise:
        return find(name)


def load() -> None:
    """Import all chapters, so that every exercise is known by its name, and by the one it had."""
    for chapter in chapters():
        importlib.import_module(f"chapters.{chapter}")
