"""How a built notebook differs from its source, and what of that can be carried over without running anything."""

import copy
import difflib
import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from course_tools.authoring import notebook_writer

from .filling import for_readers, read_source
from .sources import BuildError, folder, head

PARTS = ("cell_type", "source", "metadata", "id")


def drift(name: str, where: Path | None = None) -> list[str]:
    """How `NAME.ipynb` differs from its source: a list of sentences, empty if it does not."""
    path = (where := where or folder()) / f"{name}.ipynb"
    try:
        wanted, found = _both(name, path)
    except BuildError as error:
        return [str(error)]
    problems = list(_other_cells(wanted.cells, found.cells))
    todo = _todo(name, text=bool(problems) and not _cannot_carry(wanted, found))
    problems = problems or _broken_seal(found)
    layout = notebook_writer.dumps(copy.deepcopy(found))
    found.metadata.pop("course", None)
    if wanted.metadata != found.metadata:
        problems.append(f"the notebook's metadata differ: {dict(found.metadata)}")
    if not problems and layout != path.read_text(encoding="utf-8"):
        problems.append("the file was not written by the build (its layout differs)")
    return [f"notebooks/{name}.ipynb: {problem}. {todo}" for problem in problems[:5]]


def _both(name: str, path: Path) -> tuple[Any, Any]:
    """What the source asks for, and what is in the notebook. Raises BuildError."""
    if not path.exists():
        raise BuildError(f"notebooks/{name}.ipynb is missing. {_todo(name)}")
    return for_readers(read_source(name, path.parent)), _read(path)


def _todo(name: str, text: bool = False) -> str:
    return f"Run `course notebooks {'--text ' if text else ''}{name}`, look at the result and commit both files."


def carry_text(name: str, where: Path | None = None) -> list[str]:
    """Carry Markdown, metadata and the order of Markdown cells from the source into `NAME.ipynb`; outputs stay.

    -> why it cannot be done, as a list of sentences, empty if it was: code that differs has to be run.
    """
    path = (where := where or folder()) / f"{name}.ipynb"
    try:
        wanted, found = _both(name, path)
    except BuildError as error:
        return [str(error)]
    if problems := _cannot_carry(wanted, found):
        todo = f"That needs a build: `course notebooks {name}`."
        return [f"notebooks/{name}.ipynb: {problem}. {todo}" for problem in problems]
    for cell, before in zip(_code(wanted), _code(for_readers(found)), strict=True):
        cell.outputs, cell.execution_count = before.outputs, before.execution_count
    notebook_writer.write(wanted, name, where)
    return []


def _cannot_carry(wanted: Any, found: Any) -> list[str]:
    """What stands against keeping the outputs, as a list of sentences. A notebook that an author saved has asserts."""
    return list(_other_code(_code(wanted), _code(for_readers(found)))) or _broken_seal(found)


def _read(path: Path) -> Any:
    import nbformat

    return nbformat.read(path, as_version=4)


def _code(notebook: Any) -> list[Any]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def _pairs(ours: Sequence[Any], theirs: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
    """Our cells beside theirs, as pairs of indices, in order; None where a cell is in one of the lists alone."""
    here, there = ([(cell.cell_type, cell.source) for cell in cells] for cells in (ours, theirs))
    for _, *places in difflib.SequenceMatcher(None, here, there, autojunk=False).get_opcodes():
        yield from itertools.zip_longest(range(*places[:2]), range(*places[2:]))


def _other_cells(ours: Sequence[Any], theirs: Sequence[Any]) -> Iterator[str]:
    """A sentence for each cell that differs."""
    for i, j in _pairs(ours, theirs):
        if i is None:
            yield f"the cell {head(theirs[j])!r} is in the notebook alone"
        elif j is None:
            yield f"cell {i + 1} ({head(ours[i])!r}) is in the source alone"
        elif other := [part for part in PARTS if ours[i][part] != theirs[j].get(part)]:
            is_ours = "source" in other and ours[i].id == theirs[j].get("id")  # made of the text that it was built with
            advice = (
                ": it was changed in the notebook; write that into its source, too, or it will be lost"
                if is_ours
                else ""
            )
            yield f"cell {i + 1} ({head(ours[i])!r}) differs in its {other[0]}{advice}"


def _other_code(ours: Sequence[Any], theirs: Sequence[Any]) -> Iterator[str]:
    """A sentence for each code cell of the source that was not run so, and for each that was run and is gone."""
    for i, j in _pairs(ours, theirs):
        if i is None:
            yield f"the code of {head(theirs[j])!r} is gone from the source"
        elif j is None or ours[i].source != theirs[j].source:
            yield f"the code of {head(ours[i])!r} is new or changed"


def _broken_seal(found: Any) -> list[str]:
    shown = notebook_writer.seal(found)
    wrong = found.metadata.get("course", {}).get("outputs", shown) != shown
    return ["an output is not what the build wrote"] if wrong else []
