"""What is solved in a workbook's notebooks, taken into the reader's package: `course mine`.

    course mine

At each ✓ the function goes into `workbook/mine/` by itself (course_kit/mine). This command does the same for what was
solved before that, by an older edition or on another computer, from the saved notebooks. Nothing there is overwritten.
"""

import ast
import linecache
from pathlib import Path
from typing import Any

from course_kit.cells import answers, sources, text_of
from course_kit.exercises import check
from course_kit.mine.solved import keep_answer
from course_kit.needed import needed, parsed_cells

from . import catalogue, handing_in, progress


def collect(where: Path, notebooks: Path | None = None) -> list[str]:
    """Take every right answer of the saved notebooks into `mine/` -> a line for each, and for each left out."""
    catalogue.load()
    content = handing_in.collect(where, notebooks)
    said = list(content["problems"])
    for one in content["exercises"]:
        if one["kind"] != "exercise" or one["answer"] is None:
            continue
        try:
            answer = _run(where / one["file"], one)
        except Exception as error:  # whatever a cell may do when it runs alone
            said.append(f"Left out, {one['name']}: outside the notebook it stops with {type(error).__name__}: {error}.")
            continue
        if not (verdict := check(one["name"], answer)).right:
            said.append(f"Left out, {one['name']}: {verdict.text}")
            continue
        note = keep_answer(one["name"], answer, where / "mine")
        said.append(f"{one['name']}: {note or f'`{answer.__name__}` is in your package'}")
    return said


def _run(path: Path, one: dict[str, Any]) -> Any:
    """A saved answer, run with the statements of its notebook that it needs."""
    both = parsed_cells(sources(path.read_bytes()))
    at = next(i for i, (_, source) in enumerate(both) if source == one["cell"])
    stubs = answers(one["cell"])
    stub = next(stub for stub in stubs if text_of(stub, one["cell"]) == one["answer"])
    texts = {id(node): _text(source, node) for cell, source in both for node in cell.statements}
    source = "\n\n\n".join(texts[id(node)] for node in needed([cell for cell, _ in both], at, stub))
    file, space = f"<{path.name}, {one['name']}>", {"__name__": "__main__"}
    linecache.cache[file] = len(source), None, source.splitlines(True), file
    exec(compile(source, file, "exec", dont_inherit=True), space)
    return space[stub.bound]


def _text(source: str, node: ast.stmt) -> str:
    """A statement as it was written, without the decorator that checks it."""
    kept = [one for one in getattr(node, "decorator_list", ()) if not _checks(one)]
    return "\n".join(["@" + ast.unparse(one) for one in kept] + [ast.get_source_segment(source, node) or ""])


def _checks(decorator: ast.expr) -> bool:
    return isinstance(decorator, ast.Call) and ast.unparse(decorator.func) in ("exercise", "find_error")


def run(folder: str | None = None) -> int:
    """The command -> exit status. Raises ValueError if there is no workbook, or it cannot be written."""
    where = progress.place(folder)
    print("\n".join(collect(where) or [f"Nothing to take: no exercise in {where} is solved yet."]))
    return 0
