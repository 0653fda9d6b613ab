"""What a definition calls that is not its own: worked out where it was written, so that it stands alone in a file."""

import ast
import builtins
import inspect
import linecache
import sys
import textwrap
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from course_kit.exercises.define import stubs

PLAIN = (int, float, str, bool, type(None))
OURS = ("course_utils", "course_kit", "chapters")


class CannotTake(ValueError):
    """A definition uses what a file cannot hold. The message says what, and what to do."""


@dataclass
class Needs:
    """imports: name -> line; before: name -> text of the notebook's helpers and constants, in order; given: name ->
    object of the course; earlier: name -> module of the reader's package that holds it."""

    imports: dict[str, str] = field(default_factory=dict)
    before: dict[str, str] = field(default_factory=dict)
    given: dict[str, Any] = field(default_factory=dict)
    earlier: dict[str, str] = field(default_factory=dict)


def source_of(thing: Any) -> str:
    """The text of a function or class, as its cell has it, without the decorator that checks it. Raises CannotTake
    where it is unknown."""
    cell, line = _cell(thing)
    for node in ast.parse(cell).body if cell else ():
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
            if first <= line <= node.end_lineno:
                return "\n".join(cell.splitlines()[node.lineno - 1 : node.end_lineno])
    try:
        return textwrap.dedent(inspect.getsource(thing)).rstrip()
    except (OSError, TypeError):
        raise CannotTake("its text is not known here: run its cell again.") from None


def names_of(thing: Any) -> dict[str, Any]:
    """The names that a function, or a class by its first method, was written among."""
    return getattr(_function(thing), "__globals__", {})


def _function(thing: Any) -> Any:
    parts = vars(thing).values() if isinstance(thing, type) else (thing,)
    functions = [inspect.unwrap(part) for part in parts if callable(part)]
    return next((one for one in functions if hasattr(one, "__code__")), None)


def _cell(thing: Any) -> tuple[str, int]:
    """The text that a function, or a class by its first method, was compiled from, and the line where it begins."""
    code = getattr(_function(thing), "__code__", None)
    return ("".join(linecache.getlines(code.co_filename)), code.co_firstlineno) if code else ("", 0)


def free_names(text: str) -> list[str]:
    """Names that a definition reads and does not bind itself, in order."""
    tree = ast.parse(text)
    nodes = list(ast.walk(tree))
    bound = {node.id for node in nodes if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)}
    bound |= {node.arg for node in nodes if isinstance(node, ast.arg)}
    bound |= {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    read = [node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)]
    return [name for name in dict.fromkeys(read) if name not in bound and not hasattr(builtins, name)]


def needs(text: str, space: dict[str, Any], found: Needs | None = None) -> Needs:
    """All that a definition needs. space: the names where it was written. Raises CannotTake."""
    found = Needs() if found is None else found
    for name in free_names(text):
        known = (found.imports, found.before, found.given, found.earlier)
        if name in space and not any(name in part for part in known):
            _add(name, space[name], space, found)
    return found


def _add(name: str, thing: Any, space: dict[str, Any], found: Needs) -> None:
    if isinstance(thing, ModuleType):
        found.imports[name] = _import_of(name, thing)
        return
    if _is_constant(thing):
        found.before[name] = f"{name} = {thing!r}"
        return
    room = str(getattr(thing, "__module__", "")).split(".")[0]
    if room in OURS:
        found.given[name] = thing
    elif room == "mine":
        found.earlier[name] = thing.__module__.removeprefix("mine.")
    elif hasattr(thing, "__name__") and (room == "torch" or room in sys.stdlib_module_names and room != "__main__"):
        renamed = "" if thing.__name__ == name else f" as {name}"
        found.imports[name] = f"from {thing.__module__} import {thing.__name__}{renamed}"
    elif callable(thing) and hasattr(thing, "__qualname__"):
        if any(stub.bound == name for stub in stubs(_cell(thing)[0])):
            return  # an exercise of the same chapter, which the file holds already
        text = source_of(thing)
        needs(text, names_of(thing) or space, found)
        found.before[name] = text
    else:
        raise CannotTake(f"it uses `{name}`, which the notebook computes. Compute it inside the function.")


def _is_constant(thing: Any) -> bool:
    several = isinstance(thing, tuple | list) and all(isinstance(x, PLAIN) for x in thing)
    return isinstance(thing, PLAIN) or several


def _import_of(name: str, module: ModuleType) -> str:
    path = module.__name__
    if path.split(".")[0] != "torch" and path.split(".")[0] not in sys.stdlib_module_names:
        raise CannotTake(f"it uses `{name}` ({path}), and your package needs only torch. Write it with torch.")
    before, _, last = path.rpartition(".")
    if path == name:
        return f"import {name}"
    return f"from {before} import {last}" if before and last == name else f"import {path} as {name}"
