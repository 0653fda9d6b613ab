"""The reference of an exercise as text that may be pasted in the place of the reader's stub, under its name."""

from __future__ import annotations

import ast
import builtins
import copy
import sys
from types import ModuleType
from typing import Any

from course_kit.exercises.define import Exercise, FindError
from course_kit.exercises.repair import definition_of
from course_kit.source_text import plain

Definition = ast.FunctionDef | ast.ClassDef
STUBS: dict[str, Definition] = {}  # name of an exercise -> what was below its decorator last


class Unfolding:
    """Code, folded, with its words above it. Shown as Markdown, so that it is coloured and can be copied."""

    def __init__(self, words: str, code: str, unfolded: bool):
        self.code = code
        state = " open" if unfolded else ""
        self.page = f"<details{state}><summary>{words}</summary>\n\n```python\n{code}\n```\n\n</details>"

    def __repr__(self) -> str:
        return self.code

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict[str, str]:
        return {"text/markdown": self.page, "text/plain": self.code}


def remember(task: Exercise, answer: Any) -> None:
    """Keep the definition of an answer, whose name and parameters the reference is then given."""
    found = definition_of(answer)
    if isinstance(found, Definition):
        STUBS[task.name] = found


def reference_text(task: Exercise, space: dict[str, Any]) -> str:
    """The text, or "" for a reference that has none. space: the names where it is to be pasted; it imports the others
    that it needs."""
    thing = task.shown or task.reference
    try:
        text = plain(thing)
    except LookupError:
        return ""
    node = ast.parse(text).body[0]
    return _under(_named(task, STUBS.get(task.name, node), node), thing, node, text, space)


def text_for(task: Exercise, cell: str) -> str:
    """The same for a page, where the names that it needs are: under the name and the parameters in the exercise's cell.

    Raises LookupError for a reference without a text.
    """
    thing = task.shown or task.reference
    text = plain(thing)
    node = ast.parse(text).body[0]
    stub = next((one for one in ast.parse(cell).body if isinstance(one, Definition) and one.decorator_list), node)
    there = {x.id: None for x in ast.walk(node) if isinstance(x, ast.Name)}
    return _under(_named(task, stub, node), thing, node, text, there)


def _named(task: Exercise, stub: Definition, node: Definition) -> Definition:
    """The stub, under the reference's name where its own is one of the errors."""
    if not (isinstance(task, FindError) and task.misnamed):
        return stub
    stub = copy.copy(stub)
    stub.name = node.name
    return stub


def _under(stub: Definition, thing: Any, node: Any, text: str, space: dict[str, Any]) -> str:
    """The text of a definition under the stub's name, with its parameters and its docstring."""
    imports = _imports(thing, node, {*space, node.name, stub.name})
    if isinstance(node, ast.ClassDef):
        return "\n".join([*imports, _renamed(text, node, {node.name: stub.name}, first=1)])
    names = _parameters(node, stub)
    described = ast.get_docstring(node) is not None
    above = node.body[0].end_lineno if described else node.body[0].lineno - 1  # lines above the body
    says = ast.get_docstring(stub) or ast.get_docstring(node) or ""
    quote = 'r"""' if "\\" in says else '"""'
    lines = [f"def {stub.name}({ast.unparse(_signature(node, stub) if names else node.args)}):"]
    lines += _indented(f'{quote}{says}"""') if says else []
    lines += [f"    {line}" for line in imports]
    return "\n".join([*lines, _renamed(text, node, {**names, node.name: stub.name}, first=above + 1)])


def _parameters(node: ast.FunctionDef, stub: Definition) -> dict[str, str]:
    """The reference's parameters -> the stub's, by their order; {} where they cannot have these names."""
    if not isinstance(stub, ast.FunctionDef):
        return {}
    ours, theirs = ([one.arg for one in each.args.args] for each in (node, stub))
    names = dict(zip(ours, theirs, strict=False))
    others = {x.id for x in ast.walk(node) if isinstance(x, ast.Name)} - names.keys()
    return names if len(theirs) <= len(ours) and not others & set(theirs) else {}


def _signature(node: ast.FunctionDef, stub: ast.FunctionDef) -> ast.arguments:
    """The stub's parameters, and behind them those that only the reference has, with their defaults."""
    made, more = copy.deepcopy(stub.args), node.args.args[len(stub.args.args) :]
    made.args += more
    made.defaults += node.args.defaults[-len(more) :] if more else []
    for one in made.args:
        one.annotation = None
    return made


def _renamed(text: str, node: Definition, names: dict[str, str], first: int) -> str:
    """The lines of a definition from the `first` on, with other names in them."""
    lines = text.encode().split(b"\n")  # `ast` counts columns in bytes
    places = [(x.lineno, x.col_offset, x.id) for x in ast.walk(node) if isinstance(x, ast.Name)]
    places += [(x.lineno, x.col_offset, x.arg) for x in ast.walk(node) if isinstance(x, ast.arg)]
    if isinstance(node, ast.ClassDef):
        places.append((node.lineno, len("class "), node.name))
    for row, column, name in sorted(places, reverse=True):  # from the end, so that places stay true
        if name in names:
            line = lines[row - 1]
            lines[row - 1] = line[:column] + names[name].encode() + line[column + len(name.encode()) :]
    return b"\n".join(lines[first - 1 :]).decode()


def _imports(thing: Any, node: Definition, known: set[str]) -> list[str]:
    """An import for each name that a definition takes from its module and that is not known."""
    room, lines = vars(sys.modules[thing.__module__]), []
    names = [x for x in ast.walk(node) if isinstance(x, ast.Name)]
    own = {x.arg for x in ast.walk(node) if isinstance(x, ast.arg)}
    own |= {x.id for x in names if isinstance(x.ctx, ast.Store)}
    used = {x.id for x in names} - own - known - vars(builtins).keys()
    for name in sorted(used & room.keys()):
        if isinstance(room[name], ModuleType):
            module = room[name].__name__
            lines.append(f"import {module}" + (f" as {name}" if name != module else ""))
        else:
            lines.append(f"from {getattr(room[name], '__module__', thing.__module__)} import {name}")
    return lines


def _indented(text: str) -> list[str]:
    return ["    " + line if line else "" for line in text.split("\n")]
