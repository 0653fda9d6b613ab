"""Makes workbooks to be graded: right ones from the references of the exercises, or any other answer in their place."""

import ast
import copy
import functools
import importlib
import inspect
import json
import re
import sys
from pathlib import Path

from course_kit.cells import answers
from course_kit.dependencies import parsed, prerequisites
from course_kit.exercises.catalogue import find
from course_kit.exercises.define import FindError, Stub

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"


def decorator(name):
    """`@exercise("…")`, or `@find_error("…")`."""
    return f"@{'find_error' if isinstance(find(name), FindError) else 'exercise'}({name!r})"


@functools.cache
def right(name):
    """A right answer as a student might have written it: the reference's source, with all that it needs above it."""
    function = find(name).reference
    *helpers, answer = _source(sys.modules[function.__module__], function.__name__)
    answer.name = "answer"
    return "\n".join([*map(ast.unparse, helpers), decorator(name), ast.unparse(answer)])


@functools.cache
def _text(module):
    return inspect.getsource(module)


def _source(module, name):
    """The statements that define a name of a module; what other exercises lend is written out."""
    cell = parsed(_text(module))
    node = next(x for x in cell.statements if getattr(x, "name", None) == name)
    found = []
    for one in map(copy.deepcopy, prerequisites([cell], 0, Stub(name, name, False, node.lineno, node.end_lineno))):
        inside = [x for x in ast.walk(one) if isinstance(x, ast.ImportFrom) and x.level]
        for part in inside:
            above = module.__name__.split(".")[: -part.level]
            part.module, part.level = ".".join([*above, *([part.module] if part.module else [])]), 0
        if isinstance(one, ast.ImportFrom) and re.match(r"chapters\.ch\d\d\.exercises\.", one.module):
            for lent in one.names:
                thing = getattr(importlib.import_module(one.module), lent.name)
                if thing.__module__.startswith("course_utils"):  # which that module has from there itself
                    found += ast.parse(f"from {thing.__module__} import {lent.name}").body
                else:
                    found += _source(importlib.import_module(one.module), lent.name)
        else:
            found.append(one)
    return found


@functools.cache
def _course():
    return {path.name: json.loads(path.read_text("utf-8")) for path in sorted(NOTEBOOKS.glob("[0-9]*.ipynb"))}


def workbook(folder, written, chapters=""):
    """Writes the course's notebooks into a folder, with answers in the place of their stubs: name -> source of a cell.
    chapters: only those whose file name starts so."""
    folder.mkdir(parents=True, exist_ok=True)
    for file, notebook in _course().items():
        if not file.startswith(chapters):
            continue
        cells = []
        for cell in notebook["cells"]:
            source = "".join(cell["source"])
            if cell["cell_type"] == "code":
                names = [stub.name for stub in answers(source)]
                new = [written[name] for name in names if name in written]
                source = "\n".join(["from course_kit.exercises import exercise, find_error", *new]) if new else source
            cells.append(cell | {"source": source} | ({"outputs": []} if "outputs" in cell else {}))
        text = json.dumps(notebook | {"cells": cells}, ensure_ascii=False)
        (folder / file).write_text(text, "utf-8")
    return folder
