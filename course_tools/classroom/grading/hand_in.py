"""The answers in what one student has handed in, read as text. Nothing is run, and outputs are not looked at.

A cell is the answer to an exercise by the id that nbgrader gave it, by its line `# Task: …`, or else by the name of its
function. What is no Python is a problem, said in words.
"""

import ast
import copy
import functools
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat

from course_kit import files
from course_kit.exercises import registry
from course_kit.exercises.cells import Stub, answers, sources
from course_kit.exercises.dependencies import Cell, parsed, prerequisites
from course_kit.i18n import t

from ..assignments import MARK, slug
from .collecting import LARGEST, plain, read_file, whole

SHOWN = 100_000  # letters of a cell, in the feedback
OPEN = re.compile(r"raise NotImplementedError")
OURS = re.compile(r"^\s*(?:from|import) +((?:course_utils|course_kit|chapters|mine)\b[\w.]*)", re.M)
ABOVE = ast.parse("from course_kit.exercises import exercise").body


@dataclass
class HandIn:
    """A student's work: exercise -> the statements that its answer needs, itself last; exercise -> why there is none
    that can be run; all cells, each with its exercise or ""; what was noticed."""

    answers: dict[str, list[ast.stmt]] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    cells: list[tuple[str, str]] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    @property
    def ours(self) -> set[str]:
        """The course's modules that it imports for all to see."""
        return {module for _, source in self.cells for module in OURS.findall(source)}

    def hides(self, name: str) -> bool:
        """Whether nothing in it shows that it uses this function of the course."""
        by_mine = "mine" in self.ours and any(name.rpartition(".")[2] in source for _, source in self.cells)
        return not by_mine and not any(name.startswith(f"{module}.") for module in self.ours)


@functools.cache
def course() -> dict[str, str]:
    """The exercises of the course's own notebooks, in their order: name -> the name of its function there."""
    registry.load()
    notebooks = sorted((files.course_folder() / "notebooks").glob("[0-9]*.ipynb"))
    return {
        stub.name: stub.bound for path in notebooks for source in sources(path.read_bytes()) for stub in answers(source)
    }


def read(folder: Path, wanted: list[str]) -> HandIn:
    """What stands in the notebooks of a folder; wanted: the exercises of the assignment. Never raises what is in it."""
    work = HandIn()
    for file in sorted(x for x in folder.iterdir() if x.suffix.lower() == ".ipynb"):
        try:
            content = read_file(file)
            if len(content) > LARGEST:
                raise ValueError(t("larger than {n} MB", n=LARGEST >> 20))
            _notebook(work, _cells(content), wanted)
        except Exception as error:  # of whatever kind: what is in a file is the student's
            told = {"file": plain(file.name), "why": plain(str(error))[:80]}
            work.remarks.append(t("{file} cannot be read as a notebook ({why})", **told))
    lost = [one for one in wanted if one not in work.answers and one not in work.problems]
    if lost and not work.remarks:
        missing = t("not in the notebook: {names}", names=t(", ").join(map(t, lost)))
        work.remarks.append(missing if work.cells else t("no notebook in it"))
    work.remarks += [t("{name}: {text}", name=f"“{t(name)}”", text=why) for name, why in work.problems.items()]
    work.remarks += [t("imports the course's {names}", names=", ".join(sorted(work.ours)))] if work.ours else []
    return work


def _cells(content: bytes) -> list[tuple[str, str, str]]:
    """(type, source, nbgrader's id) of each cell; notebooks of 2013 (nbformat 3) have their cells elsewhere."""
    data = json.loads(content.decode("utf-8-sig"))
    if "worksheets" in data:
        data = nbformat.convert(nbformat.from_dict(data), 4)
    cells = [cell for cell in data["cells"] if isinstance(cell, dict) and isinstance(cell.get("source"), str | list)]
    return [(str(cell.get("cell_type")), whole("".join(map(str, cell["source"]))), _mark(cell)) for cell in cells]


def _mark(cell: dict[str, Any]) -> str:
    """The id that nbgrader gave to a cell; "" for none. What is not of the form that it should have says nothing."""
    for name in ("metadata", "nbgrader"):
        found = cell.get(name)
        cell = found if isinstance(found, dict) else {}
    return str(cell.get("grade_id", ""))


def _notebook(work: HandIn, cells: list[tuple[str, str, str]], wanted: list[str]) -> None:
    """Adds the answers of one notebook; those of a later cell count, if they are more than a stub."""
    by_id = {slug(name): name for name in wanted}
    both: list[tuple[str, Cell | None, str]] = []
    for kind, source, mark in cells:
        task = found["name"].strip() if (found := MARK.search(source)) else ""
        name = by_id.get(mark) or (task if task in wanted else "")
        if kind != "code" and not name:
            continue
        cell = None
        try:
            cell = parsed(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            where = t(" (line {n})", n=error.lineno) if isinstance(error, SyntaxError) else ""
            if name and name not in work.answers:
                why = plain(getattr(error, "msg", type(error).__name__))
                work.problems[name] = t("no Python: {why}", why=f"{why}{where}")
        both.append((name, cell, source))
    met = {name for name, *_ in both}
    bound = {course()[one]: one for one in wanted if one not in met}  # neither id nor line, as after a copy by hand
    own, at = [cell for _, cell, _ in both if cell], -1
    for name, cell, source in both:
        at += cell is not None
        defined = [getattr(one, "name", "") for one in cell.statements] if cell else []
        name = name or next((bound[one] for one in defined if one in bound), "")
        work.cells.append((name, source[:SHOWN]))
        if not name or not cell or name in work.answers and OPEN.search(source):
            continue
        try:
            work.answers[name] = _statements(own, at, name)
            work.problems.pop(name, None)
        except (RecursionError, ValueError, StopIteration) as error:
            if name not in work.answers:
                work.problems[name] = plain(str(error)) or t("it cannot be read")


def _statements(cells: list[Cell], at: int, name: str) -> list[ast.stmt]:
    """What an answer needs, itself last, decorated. Raises ValueError where its cell defines nothing."""
    defined: list[Any] = [one for one in cells[at].statements if isinstance(one, ast.FunctionDef | ast.ClassDef)]
    defined = [one for one in defined if one.name == course()[name]] or defined
    if not defined:
        raise ValueError(t("its cell defines no function or class; needed: `{name}`", name=course()[name]))
    node = defined[-1]
    *others, own = prerequisites(cells, at, Stub(name, node.name, False, node.lineno, node.end_lineno))
    last: Any = copy.deepcopy(own)
    last.decorator_list.append(ast.parse(f"exercise({name!r})", mode="eval").body)
    return [*ABOVE, *others, ast.fix_missing_locations(last)]
