"""Answers in saved notebooks, into the package: what is solved and no longer in `mine/`, when it is looked up."""

from __future__ import annotations

import ast
import itertools
import linecache
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from course_kit import cells, files
from course_kit.dependencies import parsed, parsed_cells, prerequisites
from course_kit.exercises import check, record
from course_kit.exercises.define import Exercise, Stub, current, find

from . import loading, readers
from .needs import CannotTake
from .solved import taken

_numbers = itertools.count(1)


def own_or_collected(task: Exercise) -> tuple[readers.Own | None, str]:
    """The reader's right answer, as `readers.own`; where the package has none, from the notebooks of the workbook."""
    place = loading.folder()
    found, trouble = readers.own(task, place)
    if found is None and not trouble and place and _is_solved(task, place.parent):
        for path, cell, stub in _answers(task, place.parent):
            try:
                collect(task, path, cell, stub)
            except (CannotTake, OSError):
                continue
        return readers.own(task, place)
    return found, trouble


def collect(task: Exercise, notebook: Path, cell: str, stub: Stub) -> str:
    """Take the answer in a cell of a saved notebook of this workbook -> what was done. Raises CannotTake, OSError."""
    answer = _made(task, notebook, cell, stub)
    verdict = check(task.name, answer)
    if not verdict.right:
        raise CannotTake(verdict.text)
    return taken(loading.folder(), task, answer)


def _is_solved(task: Exercise, workbook: Path) -> bool:
    try:
        return record.read(workbook).get(task.name, {}).get("state") == "solved"
    except record.Damaged as damage:
        return damage.sound.get(task.name, {}).get("state") == "solved"
    except OSError:
        return False


def _answers(task: Exercise, workbook: Path) -> Iterator[tuple[Path, str, Stub]]:
    """The answers to an exercise in the saved notebooks."""
    for path in sorted(workbook.glob("*.ipynb")):
        try:
            sources = cells.sources(files.plain_bytes(path))
        except (OSError, ValueError):
            continue
        for source in sources:
            yield from ((path, source, stub) for stub in cells.answers(source) if current(stub.name) == task.name)


def _made(task: Exercise, notebook: Path, cell: str, stub: Stub) -> Any:
    """The function or class of an answer, made from the statements that it needs. Raises CannotTake."""

    def exercise(name: str, *_: Any, **__: Any) -> Any:  # what it calls is right, or it is the course's
        asked = current(name) == task.name
        return lambda answer: answer if asked or check(name, answer).right else find(name).reference

    both = parsed_cells(cells.sources(files.plain_bytes(notebook)))
    at = next((i for i, (_, source) in enumerate(both) if source == cell), None)
    if at is None:
        raise CannotTake("its cell is not Python.")
    texts = {id(node): _text(source, node) for one, source in both for node in one.statements}
    nodes = prerequisites([one for one, _ in both], at, stub)
    for node in nodes:
        if not _is_plain(node):
            made = ", ".join(sorted(parsed(texts[id(node)]).binds[0]))
            raise CannotTake(f"it uses `{made}`, which the notebook computes. Compute it inside the function.")
    space = vars(ModuleType("__main__"))
    source = "\n\n".join(texts[id(node)] for node in nodes) + "\n"
    file = f"<{notebook.name}, answer {next(_numbers)}>"
    linecache.cache[file] = len(source), None, source.splitlines(keepends=True), file

    def run() -> None:
        for node in ast.parse(source).body:
            space.update(exercise=exercise, find_error=exercise)  # whatever was imported under these names
            exec(compile(ast.Module([node], []), file, "exec", dont_inherit=True), space)

    try:
        loading.guarded(run)
    except loading.CannotLoad as error:
        raise CannotTake(f"without the rest of the notebook it stops with {error}.") from None
    return space[stub.bound]


def _text(source: str, node: ast.stmt) -> str:
    """A statement with its decorators."""
    first = min([node.lineno, *(one.lineno for one in getattr(node, "decorator_list", ()))])
    return "\n".join(source.split("\n")[first - 1 : node.end_lineno])


def _is_plain(node: ast.stmt) -> bool:
    """Whether a statement imports, defines, or gives a name to a value without calling anything."""
    if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
        return isinstance(node.value, ast.Lambda) or not any(isinstance(x, ast.Call) for x in ast.walk(node))
    return isinstance(node, ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef)
