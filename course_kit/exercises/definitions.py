"""The source of an answer, as a tree and as lines."""

from __future__ import annotations

import ast
import inspect
import linecache
import textwrap
from typing import Any


def definition_of(answer: Any) -> ast.AST | None:
    """The definition of a function or class; None where it has no source. A class of a notebook's cell is looked for
    where its methods are: `inspect` finds functions there, and no classes."""
    try:
        if not isinstance(answer, type):
            found = ast.parse(textwrap.dedent(inspect.getsource(answer))).body[0]
            return found if getattr(found, "name", None) == answer.__name__ else None
        method = next(filter(inspect.isfunction, vars(answer).values()))
        cell = ast.parse("".join(linecache.getlines(method.__code__.co_filename)))
        return next(node for node in ast.walk(cell) if isinstance(node, ast.ClassDef) and node.name == answer.__name__)
    except (OSError, TypeError, SyntaxError, ValueError, IndexError, StopIteration, AttributeError):
        return None


def lines_of(answer: Any) -> list[str]:
    """The simple statements of a function or class, as `ast` writes them; none where it has no source."""
    definition = definition_of(answer)
    return [ast.unparse(x) for x in ast.walk(definition) if isinstance(x, ast.stmt)] if definition else []
