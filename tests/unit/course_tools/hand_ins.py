"""Makes hand-ins to be graded: right ones from the references of the exercises, or any other answer in their place."""

import ast
import copy
import functools
import importlib
import inspect
import re
import sys

import nbformat

from course_kit.exercises.cells import Stub
from course_kit.exercises.dependencies import parsed, prerequisites
from course_kit.exercises.registry import find


@functools.cache
def right(name):
    """A right answer as a student might have written it: the reference's source, with all that it needs above it."""
    function = find(name).reference
    *helpers, answer = _source(sys.modules[function.__module__], function.__name__)
    answer.name = "answer"
    return "\n".join([f"# Task: {name}", *map(ast.unparse, helpers), ast.unparse(answer)])


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


def notebook(*cells, **metadata):
    """A notebook of these sources, as a file has it; metadata: of each cell."""
    made = [nbformat.v4.new_code_cell(source, metadata=metadata) for source in cells]
    return nbformat.writes(nbformat.v4.new_notebook(cells=made))


def hand_in(file, *cells):
    """Writes a notebook -> its folder."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(notebook(*cells), "utf-8")
    return file.parent
