"""A definition into a file of `workbook/mine/`, with nothing overwritten that was changed by hand.

What was written is remembered by checksum, definition by definition, in `mine/.written.json`.
"""

import ast
import contextlib
import hashlib
import json
from pathlib import Path

from course_kit import files

RECORD = ".written.json"
ABOUT = '"""What I wrote in chapter {number}."""'
WHOLE = '"""What I wrote myself, and the files that I kept. It needs only torch."""\n'


def checksum(text: str) -> str:
    """Of a definition, without the spaces at the ends of its lines."""
    return hashlib.sha256("\n".join(line.rstrip() for line in text.strip().splitlines()).encode()).hexdigest()[:16]


def record(folder: Path) -> dict:
    """file -> name -> {"sum": its checksum, "exercise": its name or ""}; {} where nothing is known."""
    with contextlib.suppress(OSError, ValueError):
        found = json.loads(files.plain_bytes(folder / RECORD))
        if isinstance(found, dict) and all(map(_is_entry, found.values())):
            return found
    return {}


def _is_entry(names: object) -> bool:
    return isinstance(names, dict) and all(isinstance(entry, dict) for entry in names.values())


def remember(folder: Path, file: str, name: str, text: str, exercise: str = "") -> None:
    """This definition was written by the course, as the reader's."""
    known = record(folder)
    known.setdefault(file, {})[name] = {"sum": checksum(text), "exercise": exercise}
    files.write_atomically(folder / RECORD, json.dumps(known, indent=1, sort_keys=True) + "\n")


def definitions(text: str) -> dict[str, tuple[int, int]]:
    """Name -> first and last line, from 1, of each top-level definition or value. Raises SyntaxError."""
    places = {}
    for node in ast.parse(text).body:
        first = min([node.lineno, *(one.lineno for one in getattr(node, "decorator_list", ()))])
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            places[node.name] = first, node.end_lineno
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            places[node.targets[0].id] = first, node.end_lineno
    return places


def block(text: str, name: str) -> str:
    """The text of a top-level definition. Raises KeyError, SyntaxError."""
    first, last = definitions(text)[name]
    return "\n".join(text.splitlines()[first - 1 : last])


def readable(folder: Path, stem: str) -> tuple[str, str]:
    """(file's name, text) to write a chapter's definitions into: NAME.py, or NAME_2.py … where that does not parse."""
    number = 1
    while True:
        file = f"{stem}.py" if number == 1 else f"{stem}_{number}.py"
        if not (folder / file).exists():
            return file, ""
        with contextlib.suppress(SyntaxError, ValueError):
            text = files.plain_bytes(folder / file).decode("utf-8")
            ast.parse(text)
            return file, text
        number += 1


def with_import(text: str, line: str) -> str:
    """The text with an import after its docstring and other imports, unless it is there."""
    if line in text.splitlines():
        return text
    last = 0
    for node in ast.parse(text).body:
        if isinstance(node, ast.Import | ast.ImportFrom) or isinstance(node, ast.Expr) and not last:
            last = node.end_lineno
        else:
            break
    lines = text.splitlines()
    gap = [""] if last and not lines[last - 1].startswith(("import ", "from ")) else []
    return "\n".join([*lines[:last], *gap, line, *lines[last:]]) + "\n"


def with_definition(text: str, name: str, new: str) -> str:
    """The text with a definition in the place of the one of this name, or behind all others."""
    places = definitions(text)
    if name not in places:
        return f"{text.rstrip()}\n\n\n{new}\n"
    first, last = places[name]
    lines = text.splitlines()
    return "\n".join([*lines[: first - 1], new, *lines[last:]]) + "\n"
