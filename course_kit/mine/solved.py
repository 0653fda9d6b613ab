"""At each ✓ the function goes into `workbook/mine/chNN.py`."""

import sys
from pathlib import Path
from typing import Any

from course_kit import files
from course_kit.exercises.define import chapter_of, find
from course_kit.plain import plain

from . import writing
from .needs import CannotTake, Needs, names_of, needs, source_of


def folder() -> Path | None:
    """`mine/` of the workbook that this kernel works in; None outside of a workbook."""
    where = files.workbook_folder()
    return where / "mine" if where else None


def keep_answer(exercise: str, answer: Any, place: Path | None = None) -> str:
    """Take a right answer in -> "", or one sentence that the reader should know. Never raises.

    place: the folder `mine/`, of the workbook that this kernel works in unless given
    """
    place = place or folder()
    if place is None:
        return ""
    try:
        return _kept(place, exercise, answer)
    except CannotTake as why:
        return f"It is not in your package `mine`: {why}"
    except (OSError, SyntaxError, LookupError, ValueError) as error:
        return f"Your package `mine` could not be written: {error}. The exercise is not affected."


def _kept(place: Path, exercise: str, answer: Any) -> str:
    text = source_of(answer)
    name, wanted = answer.__name__, needs(text, names_of(answer))
    place.mkdir(exist_ok=True)
    if not (place / "__init__.py").exists():
        files.write_atomically(place / "__init__.py", writing.WHOLE)
    chapter = chapter_of(exercise)
    stem = f"ch{chapter:02}"
    file, before = writing.readable(place, stem)
    said = "" if file == f"{stem}.py" else f"mine/{stem}.py cannot be read as Python, so it stays: see mine/{file}."
    places = writing.definitions(before) if before else {}
    if name in places and writing.block(before, name) != text:
        known = writing.record(place).get(file, {}).get(name, {})
        if known.get("sum") != writing.checksum(writing.block(before, name)):
            return f"mine/{file}: you have changed `{name}` there by hand, so it stays."
    after = _with(before or writing.ABOUT.format(number=chapter) + "\n", wanted, place)
    after = writing.with_definition(after, name, text)
    if after != before:
        files.write_atomically(place / file, after)
    writing.remember(place, file, name, text, find(exercise).name)
    return said


def _with(text: str, wanted: Needs, place: Path) -> str:
    """A file's text with all that a definition needs in front of it."""
    for line in wanted.imports.values():
        text = writing.with_import(text, line)
    for name, module in wanted.earlier.items():
        text = writing.with_import(text, f"from .{module} import {name}")
    written = writing.definitions(text)
    for name, thing in wanted.given.items():
        if name in written:  # the reader's own is in this file
            continue
        give(place, thing)
        renamed = "" if thing.__name__ == name else f" as {name}"
        text = writing.with_import(text, f"from .given import {thing.__name__}{renamed}")
    for name, helper in wanted.before.items():
        if name not in writing.definitions(text):
            text = writing.with_definition(text, name, helper)
        elif writing.block(text, name) != helper:
            raise CannotTake(f"`{name}` is something else in another function. Give one of the two another name.")
    return text


def give(place: Path, thing: Any) -> None:
    """Write a definition of the course, with all that it calls, into mine/given.py."""
    file, text = writing.readable(place, "given")
    text = text or '"""What my functions call, and the course wrote."""\n'
    if thing.__name__ in writing.definitions(text):
        return
    own = plain(thing)
    wanted = needs(own, vars(sys.modules[thing.__module__]))
    for other in wanted.given.values():
        give(place, other)
    text = writing.readable(place, "given")[1] or text
    for line in wanted.imports.values():
        text = writing.with_import(text, line)
    for name, value in wanted.before.items():
        if name not in writing.definitions(text):
            text = writing.with_definition(text, name, value)
    files.write_atomically(place / file, writing.with_definition(text, thing.__name__, own))
