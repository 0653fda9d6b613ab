"""The answers in what one student has handed in, read as text. Nothing is run, and outputs are not looked at.

A cell answers an exercise by the id that nbgrader gave it, its line `# Task: …`, or else the name of its function; one
may answer several. The answer is the definition: what stands below it costs nothing. What is no Python is a
problem, said in words. Functions in a file of Python are read as those of one cell.
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
DEFINES = re.compile(r"^\s*(?:async +def|def|class)\b", re.M)
FENCE = re.compile(r"^[ \t]*(```|~~~).*$", re.M)  # of code in a text
CUTS = 50  # places at which a cell that is no Python is cut, at most
OURS = re.compile(r"^\s*(?:from|import) +((?:course_utils|course_kit|chapters|mine)\b[\w.]*)", re.M)
ABOVE = ast.parse("from course_kit.exercises import exercise").body


@dataclass
class HandIn:
    """A student's work: exercise -> the statements that its answer needs, itself last; exercise -> why there is none
    that can be run; all cells, each with its exercise or ""; what was noticed; definitions, each with the exercise that
    it answers, by which an answer is known in what another one needs."""

    answers: dict[str, list[ast.stmt]] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    cells: list[tuple[str, str]] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    definitions: list[tuple[Any, str]] = field(default_factory=list)

    def used(self, name: str) -> dict[str, tuple[str, Any]]:
        """What this answer calls of other exercises: exercise -> the function's name, and the student's definition of
        it, None where there is none."""
        statements = self.answers[name][:-1]
        ids = {id(node) for node in statements}
        tasks = {task: (node.name, node) for node, task in self.definitions if id(node) in ids and task != name}
        names = {node.id for part in self.answers[name] for node in ast.walk(part) if isinstance(node, ast.Name)}
        names -= {getattr(node, "name", "") for node in statements}
        missing = {
            task: (course()[task], None) for task in course() if task not in self.answers and course()[task] in names
        }
        return missing | tasks

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


def read(folder: Path, expected: list[str]) -> HandIn:
    """What is in the notebooks of a folder; expected: the exercises of the assignment. Never raises what is in it."""
    work = HandIn()
    for file in sorted(x for x in folder.iterdir() if x.suffix.lower() in (".ipynb", ".py")):
        try:
            content = read_file(file)
            if len(content) > LARGEST:
                raise ValueError(t("larger than {n} MB", n=LARGEST >> 20))
            if not content.strip():
                work.remarks.append(t("{file} is empty", file=plain(file.name)))
                continue
            _notebook(work, _cells(content) if file.suffix != ".py" else [("code", _text(content), "")], expected)
        except Exception as error:  # of whatever kind: what is in a file is the student's
            details = {"file": plain(file.name), "why": plain(str(error))[:80]}
            work.remarks.append(t("{file} cannot be read as a notebook ({why})", **details))
    unanswered = [name for name in expected if name not in work.answers and name not in work.problems]
    if unanswered and not work.remarks:
        remark = t("not in the notebook: {names}", names=t(", ").join(map(t, unanswered)))
        work.remarks.append(remark if work.cells else t("no notebook in it"))
    work.remarks += [t("{name}: {text}", name=f"“{t(name)}”", text=why) for name, why in work.problems.items()]
    work.remarks += [t("imports the course's {names}", names=", ".join(sorted(work.ours)))] if work.ours else []
    return work


def _text(content: bytes) -> str:
    return whole(content.decode(json.detect_encoding(content), "replace").replace("\r\n", "\n"))


def _cells(content: bytes) -> list[tuple[str, str, str]]:
    """(type, source, nbgrader's id) of each cell; notebooks of 2013 (nbformat 3) have their cells elsewhere."""
    data = json.loads(content)  # in UTF-8, or, from some editors, in UTF-16
    if "worksheets" in data:
        data = nbformat.convert(nbformat.from_dict(data), 4)
    cells = [cell for cell in data["cells"] if isinstance(cell, dict) and isinstance(cell.get("source"), str | list)]
    texts = [whole("".join(map(str, cell["source"]))).replace("\r\n", "\n") for cell in cells]
    return [(str(cell.get("cell_type")), text, _mark(cell)) for cell, text in zip(cells, texts, strict=True)]


def _mark(cell: dict[str, Any]) -> str:
    """The id that nbgrader gave to a cell; "" for none. What is not of the form that it should have says nothing."""
    for name in ("metadata", "nbgrader"):
        value = cell.get(name)
        cell = value if isinstance(value, dict) else {}
    return str(cell.get("grade_id", ""))


def _notebook(work: HandIn, cells: list[tuple[str, str, str]], expected: list[str]) -> None:
    """Adds the answers of one notebook; those of a later cell count, if they are more than a stub."""
    by_id = {slug(name): name for name in expected}
    read: list[tuple[list[str], Cell | None, str]] = []
    for kind, source, mark in cells:
        tasks = [match["name"].strip() for match in MARK.finditer(source)]
        names = list(dict.fromkeys(name for name in (by_id.get(mark), *tasks) if name in expected))
        if kind != "code":
            if not names:
                continue
            source = FENCE.sub("", source)
        cell = None
        try:
            cell, rest = _python(source, {course()[name] for name in expected})
            if rest and names:
                exercise = f"“{t(names[0])}”"
                work.remarks.append(
                    t("{name}: left out below the answer, as no Python: {why}", name=exercise, why=rest)
                )
        except (SyntaxError, ValueError, RuntimeError, MemoryError) as error:
            for name in names:
                if name not in work.answers:
                    work.problems[name] = t("no Python: {why}", why=_why(error))
        read.append((names, cell, source))
    written = {
        name
        for names, cell, source in read
        if cell and _definitions(cell) and not OPEN.search(source)
        for name in names
    }
    bound = {course()[name]: name for name in expected if name not in written}  # no mark, as after a copy by hand
    own, position = [cell for _, cell, _ in read if cell], -1
    for names, cell, source in read:
        position += cell is not None
        known = [bound[node.name] for node in _definitions(cell) if node.name in bound] if cell else []
        names = list(dict.fromkeys([*names, *known]))
        work.cells += [(name, source[:SHOWN]) for name in names or [""]]
        for name in names if cell else ():
            try:
                node = _answer(own[position], name, names, source)
                if name in work.answers and OPEN.search(ast.unparse(node)):
                    continue
                work.answers[name] = _statements(own, position, name, node)
                work.definitions.append((node, name))
                work.problems.pop(name, None)
            except (RecursionError, ValueError, StopIteration) as error:
                if name not in work.answers:
                    work.problems[name] = plain(str(error)) or t("it cannot be read")


def _why(error: Exception) -> str:
    where = t(" (line {n})", n=error.lineno) if isinstance(error, SyntaxError) else ""
    return f"{plain(getattr(error, 'msg', type(error).__name__))}{where}"


def _python(source: str, functions: set[str]) -> tuple[Cell, str]:
    """A cell, and why what stands at its end was left out, or "". Raises as `parsed` does, where no definition, or not
    the one that is looked for, stands above what is no Python."""
    try:
        return parsed(source), ""
    except SyntaxError as error:
        rows = source.split("\n")
        last = min(error.lineno or 1, len(rows)) - 1
        starts = [i for i in range(last, 0, -1) if rows[i][:1].strip()]  # where a statement may begin
        for start in starts[:CUTS]:
            try:
                cell = parsed("\n".join(rows[:start]))
            except (SyntaxError, ValueError):
                continue
            below = DEFINES.search("\n".join(rows[start:]))
            if any(definition.name in functions or not below for definition in _definitions(cell)):
                return cell, _why(error)
            break
        raise


def _definitions(cell: Cell) -> list[Any]:
    return [one for one in cell.statements if isinstance(one, ast.FunctionDef | ast.ClassDef)]


def _answer(cell: Cell, name: str, names: list[str], source: str) -> Any:
    """The definition that answers an exercise, in a cell that answers these: the one that is called as the exercise's,
    else the last one that is not another's. Raises ValueError where there is none."""
    excluded = {course()[other] for other in names} - {course()[name]}
    definitions = [node for node in _definitions(cell) if node.name not in excluded]
    matching = [node for node in definitions if node.name == course()[name]]
    if len(names) > 1 and not matching:  # renamed: below its own line, above the next one
        marks = [(match["name"].strip(), source[: match.start()].count("\n") + 1) for match in MARK.finditer(source)]
        above = next((line for task, line in marks if task == name), 0)
        below = next((line for _, line in marks if line > above), 1 + source.count("\n") + 1)
        definitions = [node for node in definitions if above < node.lineno < below]
    if not (definitions := matching or definitions):
        raise ValueError(t("its cell defines no function or class; needed: `{name}`", name=course()[name]))
    return definitions[-1]


def _statements(cells: list[Cell], position: int, name: str, node: Any) -> list[ast.stmt]:
    """What an answer needs, itself last, decorated."""
    *needed, own = prerequisites(cells, position, Stub(name, node.name, False, node.lineno, node.end_lineno))
    last: Any = copy.deepcopy(own)
    last.decorator_list.append(ast.parse(f"exercise({name!r})", mode="eval").body)
    return [*ABOVE, *needed, ast.fix_missing_locations(last)]
