"""Every exercise of the course, by its name: those of the chapters that were imported, and on demand those of all.

The kit imports no chapter: those there are, are found by their folders, and imported when somebody asks.
"""

import difflib
import importlib
import pkgutil
from collections.abc import Sequence

from course_kit import files
from course_kit.exercises.define import Exercise
from course_kit.i18n import t

# a name that an exercise had, in small letters -> its name now: what was solved stays so
EARLIER: dict[str, str] = {}
KNOWN: dict[str, Exercise] = {}  # of the chapters that have been imported
CHAPTERS: list[tuple[str, ...]] = []  # the names of each imported chapter's exercises, the latest chapter last


class NoSuchExercise(LookupError):
    """No exercise has this name. In a notebook it is said in one line, without a traceback."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


def register(exercises: Sequence[Exercise]) -> None:
    """Make the exercises of a chapter known by their names; `chapters/chNN/__init__.py` does it."""
    KNOWN.update({exercise.name: exercise for exercise in exercises})
    CHAPTERS.append(tuple(exercise.name for exercise in exercises))


def chapters() -> list[str]:
    """Names of the chapters there are: "ch00", "ch01", …"""
    return [module.name for module in pkgutil.iter_modules([str(files.course_folder() / "chapters")])]


def exercises(chapter: str) -> Sequence[Exercise]:
    """All exercises of a chapter ("ch01"), in order."""
    return importlib.import_module(f"chapters.{chapter}.exercises").EXERCISES


def load() -> None:
    """Import all chapters, so that every exercise is known by its name, and by the one it had."""
    for chapter in chapters():
        importlib.import_module(f"chapters.{chapter}")


def _plain(name: str) -> str:
    """A name as it is looked up: capitals and spaces don't count."""
    return " ".join(name.lower().split())


def current(name: str) -> str:
    """The name of an exercise as the course writes it, also from one that it had; any other name as it is."""
    name = EARLIER.get(_plain(name), name)
    return KNOWN[_plain(name)].name if _plain(name) in KNOWN else name


def find(name: str | Exercise) -> Exercise:
    """The exercise of this name in the chapters that were imported, else in any: it may have moved to a later one.

    Raises NoSuchExercise (a LookupError), with the nearest names, if there is none.
    """
    if isinstance(name, Exercise):
        return name
    if not isinstance(name, str):
        told = t('An exercise is named in brackets, above the function: @exercise("gaussian kernel").')
        raise NoSuchExercise(told)
    if _plain(current(name)) not in KNOWN:
        load()
    if (now := _plain(current(name))) in KNOWN:
        return KNOWN[now]
    near = difflib.get_close_matches(_plain(name), KNOWN, n=2, cutoff=0.5) or CHAPTERS[-1]
    names = ", ".join(map(repr, near))
    raise NoSuchExercise(t("No exercise is called {name}. Is it one of these: {names}?", name=repr(name), names=names))


def chapter_of(name: str) -> int:
    """The number of an exercise's chapter, by the module that defines it. Raises LookupError if it is of no chapter."""
    exercise = KNOWN.get(_plain(current(name)))
    room, _, rest = exercise.cases.__module__.partition(".") if exercise else ("", "", "")
    number = rest.partition(".")[0].removeprefix("ch")
    if room != "chapters" or not number.isdecimal():
        raise NoSuchExercise(t("{name} belongs to no chapter.", name=repr(name)))
    return int(number)
