"""An answer to an exercise as text that may be pasted over the reader's, under the name that it has on the page."""

from __future__ import annotations

import ast
import builtins
import re
import sys
from collections.abc import Container
from types import ModuleType
from typing import Any

from course_kit.exercises.define import Exercise, FindError
from course_kit.i18n import t
from course_kit.programs.source_text import plain

HOW = t("How the course writes it")  # above the folded solution of a lesson


class Solution(str):
    """Code, shown as Markdown so that it is coloured and can be copied."""

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {
            "text/markdown": t("One way to write it:\n\n```python\n{code}\n```", code=self),
            "text/plain": str(self),
        }


def solution_text(task: Exercise, known: Container[str] | None = None) -> str:
    """The solution without its description, which the reader's cell has. known: the names where it is to be pasted; it
    imports the others that it needs. None: all are there. Raises LookupError for a reference without a text."""
    thing = task.shown or task.reference
    text = plain(thing)
    node: Any = ast.parse(text).body[0]
    lines, imports = text.split("\n"), _imports(thing, node, known) if known is not None else []
    if isinstance(node, ast.FunctionDef):
        first, described = node.body[0].lineno - 1, ast.get_docstring(node) is not None
        lines[first : node.body[0].end_lineno if described else first] = [f"    {line}" for line in imports]
        imports = []
    return re.sub(rf"\b{node.name}\b", _name(task), "\n".join(imports + lines))


def _name(task: Exercise) -> str:
    if isinstance(task, FindError) and not task.misnamed:
        return getattr(ast.parse("\n".join(task.program)).body[-1], "name", task.function)
    return task.function


def _imports(thing: Any, node: ast.FunctionDef | ast.ClassDef, known: Container[str]) -> list[str]:
    """An import for each name that a definition takes from its module and that is not known."""
    room, lines = vars(sys.modules[thing.__module__]), []
    names = [x for x in ast.walk(node) if isinstance(x, ast.Name)]
    own = {node.name, *(x.arg for x in ast.walk(node) if isinstance(x, ast.arg))}
    own |= {x.id for x in names if isinstance(x.ctx, ast.Store)}
    used = {x.id for x in names} - own - vars(builtins).keys()
    for name in sorted(name for name in used & room.keys() if name not in known):
        if isinstance(room[name], ModuleType):
            module = room[name].__name__
            lines.append(f"import {module}" + (f" as {name}" if name != module else ""))
        else:
            lines.append(f"from {getattr(room[name], '__module__', thing.__module__)} import {name}")
    return lines
