"""What was handed in: folders, zip files and answer files, read as text. Nothing is unpacked, followed or run.

    FOLDER/anna/…/01_nadaraya_watson.ipynb      a folder for each student, as it came
    FOLDER/bob.zip                              the same, packed
    FOLDER/carla.json                           `course progress --export carla.json`
    FOLDER/dan.ipynb                            a single notebook

Only the code is taken. Stored outputs are not looked at; what a record claims is kept to be compared.
"""

import ast
import datetime
import functools
import json
import unicodedata
import zipfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from course_kit import files
from course_kit.cells import answers, text_of, unfolded
from course_kit.cells import sources as code_cells
from course_kit.dependencies import Cell, parsed_cells, prerequisites
from course_kit.exercises import catalogue, record
from course_kit.exercises.define import Stub, current
from course_tools.classroom import handing_in

from ..assignments import MARK, Key
from .opening import SUFFIXES, contents, plain


@dataclass
class Answer:
    """One answer: its own source, and the statements that it needs (itself last). written: the name in its decorator,
    which may be that of an earlier edition."""

    source: str
    statements: list[ast.stmt]
    file: str = ""
    written: str = ""


@dataclass
class HandIn:
    """A student's work. open: exercises whose stub is as it came; claims: name -> what a record says of it; unfolded:
    exercises below which the course's answer was opened; owner: whose hand-out it is, by the key."""

    student: str
    path: Path
    when: str = ""
    answers: dict[str, Answer] = field(default_factory=dict)
    open: set[str] = field(default_factory=set)
    claims: dict[str, dict] = field(default_factory=dict)
    unfolded: set[str] = field(default_factory=set)
    owner: str = ""
    remarks: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Course:
    """What there is to be solved: name -> (notebook, its cells), and the checksums of the untouched stubs."""

    exercises: dict[str, str]
    cells: dict[str, list[Cell]]
    untouched: frozenset[str]


@functools.cache
def course() -> Course:
    """The exercises of the course's own notebooks, in their order. It also makes their earlier names known."""
    catalogue.load()
    notebooks = files.course_folder() / "notebooks"
    exercises, cells, untouched = {}, {}, set()
    for path in sorted(notebooks.glob("[0-9]*.ipynb")):
        sources = code_cells(path.read_bytes())
        cells[path.name] = [cell for cell, _ in parsed_cells(sources)]
        for source in sources:
            for stub in answers(source):
                exercises.setdefault(stub.name, path.name)
                untouched.add(record.of_source(text_of(stub, source)))
    return Course(exercises, cells, frozenset(untouched))


def entries(folder: Path) -> list[Path]:
    """What is in the folder, one entry for a hand-in. Raises ValueError if it is not a folder, or a single workbook."""
    if not folder.is_dir():
        raise ValueError(f"{folder} is no folder; needed: one with a folder, zip or answers file for each student.")
    found = sorted(x for x in folder.iterdir() if x.name[0] not in "._~" and x.suffix.lower() != ".csv")
    if any(x.name == record.FILE or x.name[:3] == "01_" and x.suffix == ".ipynb" for x in found):
        raise ValueError(
            f"{folder} is one workbook; needed: a folder that holds one for each student. Name the folder above it."
        )
    if not found:
        raise ValueError(f"{folder} is empty; needed: a folder, zip or answers file for each student in it.")
    return found


def student(path: Path) -> str:
    """Whose it is: the name of the folder or file, in one spelling of its accents."""
    name = path.name if path.is_dir() or path.suffix.lower() not in SUFFIXES else path.stem
    return plain(unicodedata.normalize("NFC", name.encode("utf-8", "replace").decode())).strip() or "?"


def read(path: Path, known: Course, key: Key | None = None) -> HandIn:
    """One hand-in; key: that of its hand-outs. Never raises what is in it: what cannot be read is a remark."""
    work = HandIn(student(path), path)
    times, notebooks = [], []
    try:
        for name, when, content in contents(path, work.remarks):
            times.append(when)
            if name.endswith(".ipynb"):
                notebooks.append((name, content))
            else:
                _record(work, name, content, notebooks)
    except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        work.remarks.append(f"unreadable: {plain(str(error)) or type(error).__name__}")
    found: dict[str, list[tuple[bool, Answer]]] = {}
    for name, content in notebooks:
        _notebook(work, known, name, content, found, key)
    for name, several in found.items():
        best = max(enumerate(several), key=lambda pair: (pair[1][0], pair[0]))[1][1]
        work.answers[name] = best
        if len({x.source for _, x in several}) > 1:
            work.remarks.append(f"{len(several)} answers to “{name}”, graded: the one in {best.file}")
    if not notebooks:
        work.remarks.append("nothing to grade: no notebook and no answers file in it")
    elif not found and not work.open and not any(x.startswith("unreadable") for x in work.remarks):
        work.remarks.append("nothing to grade: none of the course's exercises in it")
    if times:
        work.when = work.when or datetime.datetime.fromtimestamp(max(times)).astimezone().isoformat(timespec="minutes")
    return work


def _record(work: HandIn, name: str, content: bytes, notebooks: list) -> None:
    """An answers file becomes a notebook of its cells; from progress.json only what it claims is kept."""
    try:
        data = json.loads(content)
        listed = data["exercises"]
        if isinstance(listed, dict):
            work.claims |= {current(str(one)): dict(entry) for one, entry in listed.items()}
            return
        if data["format"] != handing_in.FORMAT:
            raise ValueError
        work.when = str(data["made"])[:16]
        by_notebook: dict[str, list[str]] = {}
        for one in listed:
            name = current(str(one["name"]))
            work.claims[name] = dict(one)
            if one["answer"] is not None:
                by_notebook.setdefault(str(one["notebook"]), []).append(str(one["cell"]))
            else:
                work.open.add(name)
        for notebook, cells in by_notebook.items():
            made = [{"cell_type": "code", "source": cell} for cell in dict.fromkeys(cells)]
            notebooks.append((notebook, json.dumps({"cells": made}).encode()))
        if not by_notebook:
            notebooks.append((name, b'{"cells": []}'))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        if Path(name).name == record.FILE or work.path.suffix.lower() == ".json":  # other JSON files are ignored
            work.remarks.append(f"unreadable: {name} is no answers file of the course")


def _notebook(work: HandIn, known: Course, name: str, content: bytes, found: dict, key: Key | None) -> None:
    """Adds the answers of one notebook."""
    try:
        sources = code_cells(content)
    except ValueError as error:
        work.remarks.append(f"unreadable: {name} is {error}")
        return
    if key:
        owners = Counter(one for source in sources if (one := key.owner(source)))
        work.owner = next((one for one, _ in owners.most_common(1)), work.owner)
        sources = [key.restored(source) for source in sources]
    work.unfolded |= {one for source in unfolded(content) for _, one in _known(source, known)}
    for kind in ("markdown", "raw"):
        for one in (one for source in code_cells(content, kind) for _, one in _known(source, known)):
            work.remarks.append(f"the answer to “{one}” is in a {kind} cell, which is not graded: make it a code cell")
    both = parsed_cells(sources)
    lost = [x for x in sources if "@exercise" in x or "@find_error" in x]
    lost = [x for x in lost if not any(x is source for _, source in both)]
    if lost:
        work.remarks.append(f"{len(lost)} answers in {name} are no Python")
    mine = {one: known.exercises[one] for _, x in both for _, one in _known(x, known)}
    original = [cell for file in dict.fromkeys(mine.values()) for cell in known.cells[file]]
    cells = [*original, *(cell for cell, _ in both)]
    for at, (_, source) in enumerate(both, len(original)):
        for stub, one in _known(source, known):
            text = source.partition("\n\n\n@exercise")[0] if MARK.search(source) else text_of(stub, source)
            if record.of_source(text) in known.untouched:
                work.open.add(one)
                continue
            try:
                answer = Answer(text, prerequisites(cells, at, stub), name, stub.name)
            except (RecursionError, ValueError, StopIteration):
                work.remarks.append(f"“{one}” cannot be read")
                continue
            own = name.rpartition("/")[2] == known.exercises[one]
            found.setdefault(one, []).append((own, answer))


def _known(source: str, known: Course) -> list[tuple[Stub, str]]:
    """The course's exercises in a cell, each with today's name."""
    named = [(stub, current(stub.name)) for stub in answers(source)]
    return [(stub, one) for stub, one in named if one in known.exercises]
