"""What a code cell is, read off its syntax tree, here alone: tags that the build adds to those of its author.

    setup         calls `setup`
    file          a statement of it calls `keep`, which writes a file of the reader's
    for_training  a statement of it calls `for_training`, which puts the reader's functions into a training
    machine       its output is about the machine that ran it: it is a check, sets up, writes a file, or asks for Ollama
    fit, train    calls a function of that name
    live          makes a view that Python hears: `live=True`
    class         has a class with methods
    result        ends in a value, which is shown
    plot          calls `plot.…`, `heatmap` or `Table`

Whoever wants to know one of these asks for the tag. Pages of edition 0.6 get theirs as they are opened:
course_tools/classroom/earlier.py.
"""

import ast
from typing import Any

from course_kit.exercises.cells import without_magics

TAGS = ("setup", "file", "for_training", "machine", "fit", "train", "live", "class", "result", "plot")
STATEMENTS = {"keep": "file", "for_training": "for_training"}  # what a statement calls: the tag
CALLS = {"setup": "setup", "fit": "fit", "train": "train", "ollama": "machine", "heatmap": "plot", "Table": "plot"}
OF_A_MACHINE = {"setup", "file", "check"}
SILENT = {"print", "for_training"}  # what a cell ends in and nothing is drawn


def mark(cell: Any) -> None:
    """Gives a cell of a notebook these tags, behind its author's, and takes away those that are not true of it."""
    tags = cell["metadata"].get("tags", ())
    author_tags = [tag for tag in tags if tag not in TAGS]
    code_tags = _tags_of("".join(cell["source"])) if cell["cell_type"] == "code" else set()
    code_tags |= {"machine"} if OF_A_MACHINE & {*author_tags, *code_tags} else set()
    if new_tags := [*author_tags, *(tag for tag in TAGS if tag in code_tags)]:
        cell["metadata"]["tags"] = new_tags
    elif tags:
        del cell["metadata"]["tags"]


def definitions(source: str) -> list[str]:
    """The functions and classes that a cell or a file defines, by name; none while it is being written."""
    try:
        body = ast.parse(source).body
    except SyntaxError:
        return []
    return [node.name for node in body if isinstance(node, ast.FunctionDef | ast.ClassDef)]


def _tags_of(source: str) -> set[str]:
    """The tags that the code of a cell gives it; none while it is being written."""
    try:
        plain = without_magics(source)
        tree = ast.parse(plain)
    except (SyntaxError, RecursionError, MemoryError):
        return set()
    code_tags = {tag for node in ast.walk(tree) if isinstance(node, ast.Call) for tag in _tags_of_call(node)}
    for node in tree.body:
        if isinstance(node, ast.Expr):
            code_tags |= {STATEMENTS[name] for name in _callee(node.value) if name in STATEMENTS}
        if isinstance(node, ast.ClassDef) and any(isinstance(member, ast.FunctionDef) for member in node.body):
            code_tags.add("class")
    last = tree.body[-1] if tree.body else None
    if plain == source and isinstance(last, ast.Expr) and not SILENT & _callee(last.value):
        code_tags.add("result")
    return code_tags


def _tags_of_call(node: ast.Call) -> set[str]:
    names = _callee(node) | ({node.func.attr} if isinstance(node.func, ast.Attribute) else set())
    call_tags = {CALLS[name] for name in names if name in CALLS}
    if isinstance(node.func, ast.Attribute) and getattr(node.func.value, "id", "") == "plot":
        call_tags.add("plot")
    if any(keyword.arg == "live" and getattr(keyword.value, "value", None) is True for keyword in node.keywords):
        call_tags.add("live")
    return call_tags


def _callee(node: ast.expr) -> set[str]:
    """The name of the function that an expression calls, if it has a bare one."""
    return {node.func.id} if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else set()
