"""Do the names exist that sources and rooms take from the course? The modules that they name are imported, and asked.

Of a module, the attributes that a file uses are asked for, too: after `from chapters.ch05 import labs`, whether there
is a `labs.heads`. From `mine` come the functions that readers write under `@exercise`.
"""

import ast
import importlib
import re
from importlib.util import resolve_name
from types import ModuleType

from course_kit import files

from .. import sources

ROOMS = ("course_utils", "course_kit", "chapters", "course_tools")
INSIDE = "inside"  # of a sandbox, where other packages have the course's names
NOTHING = object()
WRITTEN = re.compile(r"^@exercise\(.*\)\n(?:def|class) (\w+)", re.M)


def missing(paths=None):
    """A sentence for each name that is not there. paths: only of these files; without: of all sources and rooms."""
    root = files.course_folder()
    own = sorted((sources.folder() / "source").glob("*.py"))
    rooms = [path for room in ROOMS for path in sorted((root / room).rglob("*.py")) if INSIDE not in path.parts]
    mine = {name for path in own for name in WRITTEN.findall(path.read_text(encoding="utf-8"))}
    every = [*own, *rooms, *root.glob("course.py")]
    return [said for path in paths or every for said in _of(path, root, mine)]


def _of(path, root, mine):
    try:
        nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    except SyntaxError:
        return  # others say so
    package = ".".join(path.relative_to(root).parts[:-1]) if path.is_relative_to(root) else ""
    taken, modules = [], {}
    for node in nodes:
        if isinstance(node, ast.Import):
            taken += [(node, alias.name, "") for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            source = resolve_name("." * node.level + (node.module or ""), package)
            taken += [(node, source, alias.name) for alias in node.names]
            modules |= {alias.asname or alias.name: _found(source, alias.name) for alias in node.names}
    bound = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    bound |= {node.arg for node in nodes if isinstance(node, ast.arg)}
    modules = {name: one for name, one in modules.items() if isinstance(one, ModuleType) and name not in bound}
    for node in nodes:
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in modules:
            taken.append((node, modules[node.value.id].__name__, node.attr))
    for node, source, name in taken:
        if (name not in mine) if source == "mine" else _found(source, name) is NOTHING:
            yield f"{path.name}, line {node.lineno}: there is no {' in '.join(filter(None, [name, source]))}"


def _found(source, name):
    """The module of that name, or what it has of a name; of another's than the course only its name; else NOTHING."""
    if source.partition(".")[0] not in ROOMS:
        return source
    try:
        module = importlib.import_module(source)
        if not name or name == "*" or hasattr(module, name):
            return getattr(module, name, module)
        return importlib.import_module(f"{source}.{name}")
    except ModuleNotFoundError as error:
        return NOTHING if (error.name or "").partition(".")[0] in ROOMS else source  # not installed here
