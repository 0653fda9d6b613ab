"""The rules of names: a notebook runs without what only shows, and without what only the tests run."""

import ast

from course_kit.exercises.cells import without_magics
from course_kit.resuming import DEFINITIONS

from ..sources import tags
from .notebook import Found, Notebook


def asserted_only(notebook: Notebook) -> Found:
    """No other cell uses a name that only a cell tagged `asserts` has made: readers do not get that cell."""
    asserted, others = set[str](), set[str]()
    for number, cell in notebook.code():
        made, used = names(cell.source)
        if "asserts" in tags(cell):
            asserted |= made
            continue
        for name in sorted((used - made) & (asserted - others)):
            yield number, f"{name!r} is made in a cell tagged asserts only", "Make it in a cell that readers have."
        others |= made


def shown_only(notebook: Notebook) -> Found:
    """No cell uses a name that only a cell tagged `shows` has made: after a restart that one is not run again."""
    shown, others = set[str](), set[str]()
    for number, cell in notebook.code():
        made, used = names(cell.source)
        for name in sorted((used - made) & (shown - others)):
            yield number, f"{name!r} is made in a cell tagged shows only", "Make it elsewhere, or take the tag away."
        if "shows" in tags(cell):
            kept = [node for node in ast.parse(cell.source).body if isinstance(node, DEFINITIONS)]
            shown |= made - names(ast.unparse(ast.Module([*kept], [])))[0]
        else:
            others |= made


def names(code: str) -> tuple[set[str], set[str]]:
    """(names that a cell makes, names that it uses) of its code."""
    made, used = set(), set()
    for node in ast.walk(ast.parse(without_magics(code))):
        match node:
            case ast.Name(id=name, ctx=ast.Load()):
                used.add(name)
            case ast.Name(id=name) | ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.arg(arg=name):
                made.add(name)
            case ast.alias(name=name, asname=other):
                made.add(other or name.split(".")[0])
            case ast.ExceptHandler(name=str(name)):
                made.add(name)
    return made, used


RULES = [asserted_only, shown_only]
