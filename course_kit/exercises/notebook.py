"""Exercises where students meet them: in the cells of a notebook.

for stub in stubs(cell.source): print(stub.name, stub.puzzle)
"""

from __future__ import annotations

import ast
from dataclasses import dataclass


@dataclass(frozen=True)
class Stub:
    """The function or class below a decorator @exercise(name) or @find_error(name, line=…): its lines, from 1."""

    name: str
    bound: str
    puzzle: bool
    first: int
    last: int


def stubs(source: str) -> list[Stub]:
    """The exercises in a cell, in order; none where the cell is no plain Python (magics)."""
    try:
        body = ast.parse(source).body
    except SyntaxError:
        return []
    found = []
    for node in body:
        for decorator in getattr(node, "decorator_list", ()):
            if isinstance(decorator, ast.Call) and isinstance(decorator.func, ast.Name) and decorator.args:
                kind, name = decorator.func.id, decorator.args[0]
                if kind in ("exercise", "find_error") and isinstance(name, ast.Constant):
                    found.append(Stub(name.value, node.name, kind == "find_error", decorator.lineno, node.end_lineno))
    return found
