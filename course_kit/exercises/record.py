"""What became of each exercise in a workbook: `progress.json`, beside the student's notebooks.

    {"exercises": {"gaussian kernel": {"state": "solved", "attempts": 3, "hints": 1, "solution": false,
                                       "first": "2026-03-02T10:15:07+01:00", "solved": …, "answer": …}}}

state: "open" (only a hint was asked for), "tried", "solved"; what is solved stays solved. attempts: how many different
answers were checked until then; running a cell again is no attempt. hints: how often `hint` was called, since unfolding
happens in the page, without a kernel. answer: the checksum of the answer that was checked last (or was right).

It hangs on names of exercises, those of `registry.EARLIER` included, so it survives new editions, restarts, and
notebooks that are deleted and come back.
In `notebooks/` nothing is written. What cannot be read is set aside as `progress.damaged-1.json`, never thrown away.
Anyone can write into this file: it is for the student, and no proof of anything.
"""

from __future__ import annotations

import contextlib
import datetime
import inspect
import itertools
import json
import linecache
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from course_kit import files
from course_kit.exercises.cells import stubs
from course_kit.exercises.registry import current
from course_kit.i18n import t
from course_kit.programs.source_text import checksum

FILE = "progress.json"
STATES = ("open", "tried", "solved")
PATIENCE = 2.0  # seconds to wait for another kernel


class Damaged(ValueError):
    """The file is there and cannot be understood. The message names it."""


def read(where: Path) -> dict[str, dict[str, Any]]:
    """Name of an exercise -> what became of it; {} if nothing is written yet. Raises Damaged, or an OSError."""
    try:
        entries = json.loads(files.content(where / FILE))["exercises"]
        if all(map(_sound, entries.values())):
            return _renamed(entries)
    except FileNotFoundError:
        return {}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        pass
    raise Damaged(f"{FILE} cannot be read: it is not what the course wrote.")


def _renamed(entries: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Under the names that the exercises have now; of two entries, what is solved."""
    found: dict[str, dict[str, Any]] = {}
    for name, entry in entries.items():
        both = found.get(current(name), entry), entry
        found[current(name)] = max(both, key=lambda one: STATES.index(one["state"]))
    return found


def _sound(entry: Any) -> bool:
    return (
        isinstance(entry, dict)
        and entry.get("state") in STATES
        and all(type(entry.get(key)) is int and entry[key] >= 0 for key in ("attempts", "hints"))
        and all(isinstance(entry.get(key) or "", str) for key in ("first", "last", "solved", "answer"))
    )


def checked(name: str, right: bool, answer: Any) -> str:
    """Remember that an answer was checked -> "" or one sentence that the student should read. Never raises."""
    mark = mark_of(name, answer)

    def change(entry: dict[str, Any]) -> None:
        new = mark is None or mark != entry.get("answer")
        if entry["state"] != "solved":
            entry["attempts"] += new or not entry["attempts"]
            entry["state"] = "tried"
        if right and entry["state"] != "solved":
            entry |= {"state": "solved", "solved": _now()}
        if right or entry["state"] == "tried":
            entry["answer"] = mark
        if new:
            entry["last"] = _now()

    return _remember(name, change)


def note_help(name: str, solution: bool = False) -> str:
    """Remember that hints, or the solution, were asked for -> as `checked`."""

    def change(entry: dict[str, Any]) -> None:
        if solution:
            entry["solution"] = True
        else:
            entry["hints"] += 1

    return _remember(name, change)


def attempts_and_solved(name: str, chapter: Iterable[str]) -> tuple[int, tuple[bool, ...]]:
    """How often this exercise was attempted; and for each exercise of its chapter whether it is solved. Without a
    workbook, or where its record cannot be read: 0, ()."""
    where = files.workbook_folder()
    try:
        entries = read(where) if where else {}
    except (Damaged, OSError):
        entries = {}
    if not entries:
        return 0, ()
    solved = tuple(entries.get(sibling, {}).get("state") == "solved" for sibling in chapter)
    return entries.get(name, {}).get("attempts", 0), solved


def _remember(name: str, change: Callable[[dict[str, Any]], None]) -> str:
    where = files.workbook_folder()
    note = ""
    if where is None:
        return note
    try:
        with files.alone(where / FILE, PATIENCE):
            try:
                entries = read(where)
            except Damaged as damage:
                note = t(
                    "{damage} It was set aside as {set_aside}, and a new one begun.",
                    damage=damage,
                    set_aside=_set_aside(where),
                )
                entries = {}
            before = json.dumps(entries)
            fresh = {"state": "open", "attempts": 0, "hints": 0, "solution": False, "first": _now()}
            change(entries.setdefault(name, fresh))
            if json.dumps(entries) != before:
                text = json.dumps({"exercises": entries}, indent=1, sort_keys=True, ensure_ascii=False)
                files.write_atomically(where / FILE, text + "\n")
    except OSError as error:
        return t(
            "Your progress could not be kept in {FILE}: {value}. The exercise is not affected.",
            FILE=FILE,
            value=error.strerror or error,
        )
    return note


def _set_aside(where: Path) -> str:
    """Move the damaged file to a name that nothing has -> that name."""
    for number in itertools.count(1):
        beside = where / f"progress.damaged-{number}.json"
        with contextlib.suppress(FileExistsError):
            beside.touch(exist_ok=False)  # the name is ours now
            os.replace(where / FILE, beside)
            break
    return beside.name


def mark_of(name: str, answer: Any) -> str | None:
    """The checksum of an answer's source, from its decorator to its end; None where the source is not known."""
    try:
        for part in vars(answer).values() if isinstance(answer, type) else (answer,):
            code = getattr(inspect.unwrap(part), "__code__", None) if callable(part) else None
            cell = "".join(linecache.getlines(code.co_filename)) if code else ""
            for stub in stubs(cell):
                if current(stub.name) == name:
                    return checksum("\n".join(cell.splitlines()[stub.first - 1 : stub.last]))
    except Exception:  # an answer may be any object; this one has no source
        return None
    return None


def _now() -> str:
    return datetime.datetime.now().astimezone().isoformat(timespec="seconds")
