"""A package of one's own: what is solved in a workbook, as functions that run outside the notebook.

    course mine

    workbook/mine/ch01.py               your functions, as you wrote them, with the imports and helpers that they need
    workbook/mine/tests/test_ch01.py    the course's check of each: `pytest workbook/mine`

Only what is right goes in: each function is checked once more, in the module where it will be. A module holds imports,
definitions and plain values; what a notebook has computed stays there, and so do repairs of find-the-errors. Files that
were changed by hand are never overwritten.
"""

import ast
from collections import defaultdict
from pathlib import Path
from typing import Any, NamedTuple

from course_kit.exercises import check

from . import catalogue, handing_in, progress, workbook
from .grading.needed import needed, parsed, parsed_cells

PATHS = '''"""Makes `import mine` work wherever pytest is started."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
'''
ADAPTER = '''"""Your functions of chapter {number} on the course's inputs. `make mine` wrote this file."""

import pytest
from mine import {module}

from chapters.{module} import check


@pytest.mark.parametrize(
    ("name", "function"),
    [
{solved}
    ],
)
def test_is_right(name, function):
    verdict = check(name, getattr({module}, function))
    assert verdict.right, verdict.text
'''


class LeftOut(Exception):
    """A function that cannot be taken over. The message says why."""


class Module(NamedTuple):
    """The functions of a chapter. lines: its statements, each with the names it binds; solved: exercise -> function"""

    lines: dict[str, frozenset[str]] = {}
    solved: dict[str, str] = {}

    def __str__(self) -> str:
        imports = sorted(text for text in self.lines if text.startswith(("import ", "from ")))
        others = [text for text in self.lines if text not in imports]
        return "\n\n\n".join(["\n".join(imports), *others]).lstrip() + "\n"

    def joined(self, name: str, bound: str, lines: dict[str, frozenset[str]]) -> "Module":
        """This module with one function more. Raises LeftOut if it does not fit in, or is not right."""
        for one in frozenset().union(*lines.values()):
            mine, theirs = ([text for text, binds in x.items() if one in binds] for x in (lines, self.lines))
            if theirs and mine != theirs:
                raise LeftOut(f"`{one}` is something else in another function. Give one of the two another name.")
        module, space = Module(self.lines | lines, self.solved | {name: bound}), {"__name__": "mine"}
        try:
            exec(compile(str(module), "<mine>", "exec", dont_inherit=True), space)
        except Exception as error:
            raise LeftOut(f"outside the notebook it stops with {type(error).__name__}: {error}.") from None
        if not (verdict := check(name, space[bound])).right:
            raise LeftOut(verdict.text)
        return module


def collected(where: Path, notebooks: Path | None = None) -> tuple[dict[str, Module], list[str]]:
    """Chapter ("ch01") -> what is solved of it; and a sentence for each function that was left out."""
    catalogue.load()
    content = handing_in.collect(where, notebooks)
    modules: dict[str, Module] = defaultdict(Module)
    left = content["problems"]
    for one in content["exercises"]:
        chapter = f"ch{one['notebook'][:2]}"
        if one["kind"] == "exercise" and one["answer"] is not None:
            try:
                bound, lines = _written(where / one["file"], one, modules[chapter])
                modules[chapter] = modules[chapter].joined(one["name"], bound, lines)
            except LeftOut as why:
                left.append(f"Left out, {one['name']}: {why}")
    return {chapter: module for chapter, module in modules.items() if module.solved}, left


def _written(path: Path, answer: dict[str, Any], module: Module) -> tuple[str, dict[str, frozenset[str]]]:
    """An answer's name, and the statements that it needs (itself last) with the names they bind. Raises LeftOut."""
    both = parsed_cells(progress.cells(path.read_bytes()))
    at = next(i for i, (_, source) in enumerate(both) if source == answer["cell"])
    stub = next(x for x in progress.answers(answer["cell"]) if progress.text_of(x, answer["cell"]) == answer["answer"])
    texts = {id(node): _text(source, node) for cell, source in both for node in cell.statements}
    nodes = needed([cell for cell, _ in both], at, stub)
    used = frozenset().union(*(parsed(texts[id(node)]).uses[0] for node in nodes)) | {"*"}
    lines = {}
    for node in nodes:
        text = texts[id(node)]
        (binds,) = parsed(text).binds
        checked = node is not nodes[-1] and any(map(_checks, getattr(node, "decorator_list", ())))
        if checked and text not in module.lines:
            raise LeftOut(f"it calls `{node.name}`, which is not among your solved functions.")
        if isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:  # a line for each name
                lone = {"names": [alias], "module": getattr(node, "module", ""), "level": getattr(node, "level", 0)}
                line = ast.unparse(type(node)(**{key: lone[key] for key in node._fields}))
                if parsed(line).binds[0] & used:
                    lines[line] = parsed(line).binds[0]
        elif _plain(node):
            lines[text] = binds
        else:
            made = ", ".join(sorted(binds))
            raise LeftOut(f"it uses `{made}`, which the notebook computes. Compute it inside the function.")
    return stub.bound, lines


def _plain(node: ast.stmt) -> bool:
    """Whether a statement is a definition, or gives a name to a value without calling anything."""
    if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
        return isinstance(node.value, ast.Lambda) or not any(isinstance(x, ast.Call) for x in ast.walk(node))
    return isinstance(node, ast.FunctionDef | ast.ClassDef)


def _checks(decorator: ast.expr) -> bool:
    return isinstance(decorator, ast.Call) and ast.unparse(decorator.func) in ("exercise", "find_error")


def _text(source: str, node: ast.stmt) -> str:
    """A statement as it was written, without the decorator that checks it."""
    kept = [one for one in getattr(node, "decorator_list", ()) if not _checks(one)]
    lines = ["@" + ast.get_source_segment(source, one) for one in kept]
    return "\n".join([*lines, ast.get_source_segment(source, node)])


def write(where: Path, notebooks: Path | None = None) -> str:
    """Writes the package into a workbook -> what to read about it. What was changed by hand stays as it is."""
    modules, left = collected(where, notebooks)
    said = []
    for chapter, module in modules.items():
        number = int(chapter[2:])
        head = f'"""What you wrote in chapter {number}. `make mine` collected it from your notebooks."""\n\n'
        solved = "\n".join(f'        ("{name}", "{function}"),' for name, function in module.solved.items())
        adapter = ADAPTER.format(number=number, module=chapter, solved=solved)
        files = {f"mine/{chapter}.py": head + str(module), f"mine/tests/test_{chapter}.py": adapter}
        changed = next((file for file, text in files.items() if not workbook.lay(where, file, text)), "")
        stays = f"{changed}: you have changed it, so it stays. Rename it, and `make mine` writes a new one."
        said.append(stays if changed else f"mine/{chapter}.py: {', '.join(module.solved.values())}")
    if not said:
        return "\n".join([f"Nothing to collect: no exercise in {where} is solved yet.", *left])
    workbook.lay(where, "mine/__init__.py", '"""What you wrote yourself in the course."""\n')
    workbook.lay(where, "mine/conftest.py", PATHS)
    return "\n".join([*said, *left, f"Check them outside the notebooks: python -m pytest {where / 'mine'}"])


def run(folder: str | None = None) -> int:
    """The command -> exit status. Raises ValueError if there is no workbook, or it cannot be written."""
    print(write(progress.place(folder)))
    return 0
