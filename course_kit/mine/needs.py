"""What a definition uses that is not its own, name by name: worked out from the names among which it was written."""

from __future__ import annotations

import ast
import functools
import importlib
import importlib.util
import inspect
import linecache
import math
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import FunctionType, ModuleType
from typing import Any

from course_kit import shell
from course_kit.cells import without_magics
from course_kit.dependencies import parsed
from course_kit.source_text import plain

COURSE = ("course_utils", "chapters")
PUBLIC = ("torch", "torch.nn.functional", "torch.nn", "math")  # where a name is looked for before its own module
PLAIN = (type(None), bool, int, float, complex, str, bytes, tuple, list, set, dict)
LONGEST = 2000  # characters of a plain value


class CannotTake(ValueError):
    """A definition that cannot stand in a file of its own. The message says why, and what to do."""


@dataclass(frozen=True)
class Definition:
    """A function or class: its text, the names among which it was written, and the exercise that it answers, if any."""

    name: str
    text: str
    space: Mapping[str, Any] = field(repr=False)
    exercise: str = ""


@dataclass(frozen=True)
class Need:
    """What a name means. kind: "import" or "value" (text: the line that brings it), "own" (a helper of the notebook) or
    "answer" (of an exercise there), both with their definition, "mine" (something in the reader's package) or "course".
    """

    kind: str
    text: str = ""
    definition: Definition | None = None
    thing: Any = field(default=None, repr=False)


def needs(one: Definition) -> dict[str, Need]:
    """Name -> what it means, for each name that a definition uses and that is there. Raises CannotTake."""
    used = frozenset().union(*parsed(one.text).uses) - {one.name}
    return {name: _need(name, one.space[name]) for name in sorted(used) if name in one.space}


def definition_of(thing: Any) -> Definition:
    """The definition of a function or class of a notebook, or of the reader's package. Raises CannotTake."""
    thing = inspect.unwrap(thing)
    for source, line, space in _sources(thing):
        found = _statement(source, getattr(thing, "__name__", ""), line)
        if found:
            name, text, exercise = found
            text, inside = _freed(text, space)
            return Definition(name, text, {**space, **inside}, exercise)
    raise CannotTake(
        "the text that it was made from is not known. Write it with `def` or `class` at the beginning of a line, "
        "and run the cell again."
    )


def course_definition(thing: Any) -> Definition:
    """A definition of the course, as plain text. Raises CannotTake."""
    try:
        text, space = plain(thing), vars(sys.modules[thing.__module__])
    except (LookupError, AttributeError):
        name = getattr(thing, "__name__", "something")
        raise CannotTake(f"it uses `{name}` of the course, which cannot stand alone.") from None
    text, inside = _freed(text, space)
    return Definition(thing.__name__, text, {**space, **inside})


def _sources(thing: Any) -> Iterator[tuple[str, int, dict[str, Any]]]:
    """Where a function, or a class by its methods, may stand: a text, a line, and the names there."""
    for function in _functions(thing):
        file = function.__code__.co_filename
        linecache.checkcache(file)
        yield "".join(linecache.getlines(file)), function.__code__.co_firstlineno, function.__globals__
    if isinstance(thing, type) and thing.__module__ != "__main__":  # a class without methods, such as a dataclass
        module = sys.modules.get(thing.__module__)
        if file := getattr(module, "__file__", None):
            linecache.checkcache(file)
            yield "".join(linecache.getlines(file)), 0, vars(module)
    elif ipython := shell.ipython():  # such a class in a notebook; and what stands in a cell with %%time
        for source in reversed(ipython.history_manager.input_hist_raw):
            yield without_magics(source), 0, ipython.user_ns


def _functions(thing: Any) -> Iterator[FunctionType]:
    for part in vars(thing).values() if isinstance(thing, type) else (thing,):
        part = getattr(part, "__func__", getattr(part, "fget", part))
        part = inspect.unwrap(part) if callable(part) else part
        if isinstance(part, FunctionType):
            yield part


def _statement(source: str, name: str, line: int) -> tuple[str, str, str] | None:
    """Name, text and exercise of a definition in a source, which encloses the line; line 0: of that name."""
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError):
        return None
    for node in body:
        first = min([node.lineno, *(one.lineno for one in getattr(node, "decorator_list", ()))])
        if line and not first <= line <= node.end_lineno:
            continue
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == name:
            exercise = next(filter(None, map(_exercise, node.decorator_list)), "")
            return name, _text(source, node), exercise
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Lambda) and name == "<lambda>":
            return ast.unparse(node.targets[0]), _text(source, node), ""
    return None


def _text(source: str, node: ast.stmt) -> str:
    """A statement as it was written, without the decorator that checks it."""
    kept = [one for one in getattr(node, "decorator_list", ()) if not _exercise(one)]
    spans = [(one.lineno, one.end_lineno) for one in kept] + [(node.lineno, node.end_lineno)]
    return "\n".join(line for first, last in spans for line in source.split("\n")[first - 1 : last])


def _exercise(decorator: ast.expr) -> str:
    """The name in `@exercise("…")` or `@find_error("…")`."""
    checks = isinstance(decorator, ast.Call) and ast.unparse(decorator.func) in ("exercise", "find_error")
    return str(getattr(decorator.args[0], "value", "")) if checks and decorator.args else ""


def _freed(text: str, space: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """A definition without its own imports from the course, and what they brought. Raises CannotTake."""
    lines, brought = text.split("\n"), {}
    inside = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Import | ast.ImportFrom)]
    for node in sorted(inside, key=lambda node: -node.lineno):  # from the end: places stay true
        level = getattr(node, "level", 0)
        package = space.get("__package__") or ""
        modules = [alias.name for alias in node.names]
        if isinstance(node, ast.ImportFrom):
            modules = [
                importlib.util.resolve_name("." * level + (node.module or ""), package) if level else node.module
            ]
        if all(map(_is_installed, modules)):
            continue
        segment = "\n".join(lines[node.lineno - 1 : node.end_lineno])
        if not isinstance(node, ast.ImportFrom) or segment.strip() != ast.get_source_segment(text, node):
            raise CannotTake(f"it imports {modules[0]}, and your package needs only torch. Write it with torch.")
        for alias in node.names:
            thing = getattr(importlib.import_module(modules[0]), alias.name)
            _need(alias.name, thing)  # refuses what is neither the course's nor the reader's
            brought[alias.asname or alias.name] = thing
        del lines[node.lineno - 1 : node.end_lineno]
    return "\n".join(lines), brought


def _is_installed(module: str) -> bool:
    root = module.partition(".")[0]
    return root == "torch" or root in sys.stdlib_module_names


def _need(name: str, thing: Any) -> Need:
    if isinstance(thing, ModuleType):
        return Need("import", _module_import(name, thing))
    if text := _value(thing):
        return Need("value", f"{name} = {text}", thing=thing)
    if line := _public_import(name, thing):
        return Need("import", line)
    thing = inspect.unwrap(thing) if callable(thing) else thing
    room = str(getattr(thing, "__module__", "")).partition(".")[0]
    if not isinstance(thing, FunctionType | type):
        raise CannotTake(f"it uses `{name}`, which the notebook computes. Compute it inside the function.")
    if room == "mine":
        return Need("mine", thing=thing)
    if room in COURSE:
        return Need("course", thing=thing)
    if room != "__main__":
        raise CannotTake(f"it uses `{name}` from {thing.__module__}, and your package needs only torch.")
    one = definition_of(thing)
    if one.exercise:
        return Need("answer", definition=one, thing=thing)
    if one.name != name:
        raise CannotTake(f"it uses `{name}`, which is another name of `{one.name}`. Use one name for it.")
    course = _of_the_course(one)
    return Need("course", thing=course) if course else Need("own", definition=one, thing=thing)


def _module_import(name: str, module: ModuleType) -> str:
    path = module.__name__
    if not _is_installed(path):
        raise CannotTake(f"it uses `{name}` ({path}), and your package needs only torch. Write it with torch.")
    before, _, last = path.rpartition(".")
    if path == name:
        return f"import {name}"
    return f"from {before} import {last}" if before and last == name else f"import {path} as {name}"


def _value(thing: Any) -> str:
    """A plain value as it is written: a number or text, or a tuple, list, set or dict of them; "" for anything else."""
    if type(thing) is float and not math.isfinite(thing):
        return f'float("{thing}")'
    try:
        text = repr(thing) if type(thing) in PLAIN else ""
        return text if len(text) <= LONGEST and text and ast.literal_eval(text) == thing else ""
    except Exception:  # things in it may not be plain, and raise whatever they like
        return ""


def _public_import(name: str, thing: Any) -> str:
    """The line that brings something of torch or of Python; "" for anything else."""
    own = getattr(thing, "__module__", None)
    of_python = isinstance(own, str) and _is_installed(own) and own != "builtins"
    for path in [*PUBLIC, own.lstrip("_"), own] if of_python else PUBLIC:
        for attribute in dict.fromkeys((getattr(thing, "__name__", name), name)):
            if getattr(sys.modules.get(path), str(attribute), None) is thing:
                return f"from {path} import {attribute}" + ("" if attribute == name else f" as {name}")
    return ""


def _of_the_course(one: Definition) -> Any:
    """The definition of the course that stands on the notebook's page in the same words, if it is one."""
    for path in [path for path in sys.modules if path.startswith("course_utils.")]:
        thing = getattr(sys.modules[path], one.name, None)
        if getattr(thing, "__module__", "") == path and _plain(thing) == one.text:
            return thing
    return None


@functools.lru_cache(1000)
def _plain(thing: Any) -> str:
    try:
        return plain(thing)
    except LookupError:
        return ""
