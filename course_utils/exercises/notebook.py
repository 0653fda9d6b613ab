"""Exercises where students meet them: in the cells of a notebook.

    for stub in stubs(cell.source): print(stub.name, stub.puzzle)
    answered(cell.source, "reference")       # the same cell, with the right answer in place of the stub
    answered(cell.source, 2)                 # … with the third known wrong answer

Tests use this to run a notebook unsolved, solved and wrong.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass

from .definition import Exercise, FindError, find


@dataclass(frozen=True)
class Stub:
    """The function or class below a decorator @exercise(name) or @find_error(name, line=…): its lines, from 1."""

    name: str
    bound: str
    puzzle: bool
    first: int
    last: int

    @property
    def exercise(self) -> Exercise:
        return find(self.name)


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


def answered(source: str, answer: str | int) -> str:
    """The cell with every stub replaced: by the reference (`"reference"`), or by the known wrong answer of a number.
    The error's line is named rightly. Raises IndexError if there is no such wrong answer."""
    lines = source.splitlines()
    for stub in reversed(stubs(source)):
        exercise = stub.exercise
        if answer != "reference":
            exercise.wrong[answer]
        take = "reference" if answer == "reference" else f"wrong[{answer}].answer"
        decorator = f"exercise({stub.name!r})"
        if isinstance(exercise, FindError):
            decorator = f"find_error({stub.name!r}, line={exercise.line})"
        lines[stub.first - 1 : stub.last] = [
            "from course_utils.exercises.definition import find as _find",
            f"{stub.bound} = {decorator}(_find({stub.name!r}).{take})",
        ]
    return "\n".join(lines)
