"""Do the names exist that sources and rooms import from the course? Read off the texts; nothing is imported or run.

A name of a module is what its text binds at the top level, what `__all__` lists, a file or folder beside it, and what a
`__getattr__` of its own knows by name. Of a module that was imported, the attributes that a file uses are looked at,
too: after `from chapters.ch05 import labs`, that there is a `labs.heads`. From `mine` come the functions that readers
write under `@exercise`, and files that they keep.
"""

import ast
import difflib
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from course_kit import files

ROOMS = ("course_utils", "course_kit", "chapters", "course_tools", "tests")
MINE = "mine"
INSIDE = "inside"  # of a sandbox, where other packages have the course's names
OF_EACH = {
    "__name__",
    "__doc__",
    "__file__",
    "__path__",
    "__dict__",
    "__all__",
    "__spec__",
    "__loader__",
    "__package__",
}


@dataclass(frozen=True)
class Missing:
    """A name that is imported, or taken from a module, and is not there. where: "file, line N" """

    where: str
    module: str
    name: str
    nearest: str

    def __str__(self):
        what = f"{self.module} has no {self.name!r}" if self.module else f"there is no module {self.name!r}"
        todo = f"The nearest is {self.nearest!r}." if self.nearest else "Was it renamed, or moved to another module?"
        return f"{self.where}: {what}. {todo}"


@dataclass
class Module:
    """A Python file of the course, or a folder without __init__.py. name: dotted; path: of the file or folder"""

    name: str
    path: Path
    course: "Course" = field(repr=False)

    @cached_property
    def tree(self):
        """Its syntax tree; an empty one for a folder, and for a file that is no Python: others say so."""
        if self.path.is_dir():
            return ast.Module([], [])
        try:
            return ast.parse(self.path.read_text(encoding="utf-8"))
        except SyntaxError:
            return ast.Module([], [])

    @cached_property
    def nodes(self):
        """All that it consists of, in no order."""
        return list(ast.walk(self.tree))

    @cached_property
    def failing(self):
        """The imports that are meant to fail: those under `with pytest.raises(…)`."""
        blocks = [node for node in self.nodes if isinstance(node, ast.With) and "raises(" in ast.unparse(node.items[0])]
        return {node for block in blocks for node in ast.walk(block) if isinstance(node, ast.Import | ast.ImportFrom)}

    @property
    def place(self):
        """Its file as messages name it."""
        return self.path.relative_to(self.course.root).as_posix()

    @property
    def package(self):
        """The dotted name that its relative imports begin from."""
        is_package = self.path.is_dir() or self.path.name == "__init__.py"
        return self.name if is_package else self.name.rpartition(".")[0]

    @cached_property
    def names(self):
        """All names that can be taken from it."""
        found = OF_EACH | set(bound(self.tree.body)) | set(listed(self.tree)) | self.beside
        for node in self.nodes:
            if isinstance(node, ast.ImportFrom) and node.names[0].name == "*":
                other = self.course.module(absolute(node, self))
                found |= other.names if other else set()
        return found | lazy(self.tree)

    @cached_property
    def beside(self):
        """The modules in its folder, where it is a package."""
        folder = self.path if self.path.is_dir() else self.path.parent
        if self.package != self.name:
            return set()
        folders = {path.parent.name for path in folder.glob("*/*.py")}
        return folders | {path.stem for path in folder.glob("*.py")}


class Course:
    """The Python files of a folder like the course's, by the names that they are imported by."""

    def __init__(self, root=None):
        self.root = Path(root or files.course_folder())
        self.known, self.tops = {}, {}

    def files(self):
        """All that are looked at: sources of notebooks, rooms, course.py."""
        sources = sorted((self.root / "notebooks" / "source").glob("*.py"))
        rooms = [
            path for room in ROOMS for path in sorted((self.root / room).rglob("*.py")) if INSIDE not in path.parts
        ]
        command = self.root / "course.py"
        return [*sources, *rooms, *([command] if command.exists() else [])]

    def module(self, name, beside=None):
        """The Module of a dotted name, None if there is none. beside: a folder whose files count as top-level, too"""
        top = name.partition(".")[0]
        if (beside, top) not in self.tops:
            roots = [*([beside] if beside and top not in ROOMS else []), self.root, self.root / "tests"]
            self.tops[beside, top] = next((root for root in roots if _python(root / top)), None)
        root = self.tops[beside, top]
        path = _python(root.joinpath(*name.split("."))) if root else None
        return self.known.setdefault(path, Module(name, path, self)) if path else None

    def at(self, path):
        """The Module of a file."""
        parts = path.relative_to(self.root).with_suffix("").parts
        return self.known.setdefault(path, Module(".".join(parts).removesuffix(".__init__"), path, self))

    @cached_property
    def written_by_readers(self):
        """The names of all functions and classes under `@exercise` in the notebooks."""
        nodes = [node for path in self.files() if path.parent.name == "source" for node in self.at(path).tree.body]
        stubs = [node for node in nodes if isinstance(node, ast.FunctionDef | ast.ClassDef)]
        decorators = [(stub.name, one) for stub in stubs for one in stub.decorator_list]
        return {name for name, one in decorators if isinstance(one, ast.Call) and ast.unparse(one.func) == "exercise"}


def _python(place):
    """The file of a module whose name leads to this place, or its folder; None if there is none."""
    for path in (place.with_suffix(".py"), place / "__init__.py"):
        if path.is_file():
            return path
    return place if place.is_dir() and any(place.rglob("*.py")) else None


def missing(root=None, paths=None):
    """A Missing for each name that is not there, in order. paths: only of these files; without: of all."""
    course = Course(root)
    return [one for path in paths or course.files() for one in of_file(course, path)]


def of_file(course, path):
    """A Missing for each name of the course that one file takes and that is not there."""
    file, modules = course.at(path), {}
    for node in file.nodes:
        if node in file.failing:
            continue
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _module(file, node, alias.name)
                name = alias.asname or alias.name.partition(".")[0]
                modules[name] = course.module(alias.name if alias.asname else name, path.parent)
        elif isinstance(node, ast.ImportFrom):
            source = absolute(node, file)
            yield from _module(file, node, source)
            for alias in node.names:
                yield from _name(file, node, source, alias.name)
                modules[alias.asname or alias.name] = course.module(f"{source}.{alias.name}", path.parent)
    yield from _attributes(file, {name: one for name, one in modules.items() if one})


def _module(file, node, name):
    """Missing, if a module of ours has a name that is none."""
    if name.partition(".")[0] in {*ROOMS, "course"} and file.course.module(name, file.path.parent) is None:
        parent, _, last = name.rpartition(".")
        above = file.course.module(parent) if parent else None
        yield Missing(f"{file.place}, line {node.lineno}", "", name, _nearest(last, above.beside if above else set()))


def _name(file, node, source, name):
    """Missing, if the module that it is taken from has no such name."""
    module = file.course.module(source, file.path.parent)
    known = module.names if module else file.course.written_by_readers if source == MINE else {name}
    if name != "*" and name not in known:
        yield Missing(f"{file.place}, line {node.lineno}", source, name, _nearest(name, known))


def _attributes(file, modules):
    """Missing, for `labs.head` where `labs` is one module, and nothing else, in the whole file."""
    names = [node for node in file.nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]
    other = {node.id for node in names} | {node.arg for node in file.nodes if isinstance(node, ast.arg)}
    for node in file.nodes:
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load) and isinstance(node.value, ast.Name):
            one = modules.get(node.value.id)
            if one and node.value.id not in other and node.attr not in one.names:
                yield Missing(f"{file.place}, line {node.lineno}", one.name, node.attr, _nearest(node.attr, one.names))


def _nearest(name, known):
    return next(iter(difflib.get_close_matches(name, sorted(known), 1)), "")


def absolute(node, module):
    """The dotted name that `from … import` takes from."""
    above = module.package.split(".") if node.level else []
    base = above[: len(above) - node.level + 1]
    return ".".join([*base, *([node.module] if node.module else [])])


def bound(body):
    """The names that statements bind, those inside of `if`, `try`, `with` and loops included."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Import | ast.ImportFrom):
            yield from (alias.asname or alias.name.partition(".")[0] for alias in node.names)
        else:
            for part in ast.iter_child_nodes(node):
                inner = [part] if isinstance(part, ast.stmt | ast.ExceptHandler | ast.match_case) else []
                yield from bound(inner)
                if not inner:
                    yield from stored(part)


def stored(expression):
    """The names that an expression binds."""
    return [one.id for one in ast.walk(expression) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)]


def listed(tree):
    """What `__all__` lists."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "__all__" for t in node.targets):
            yield from texts(node.value)


def lazy(tree):
    """The names that a module's own `__getattr__` knows: texts in it, and keys of dictionaries beside it."""
    own = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "__getattr__"]
    if not own:
        return set()
    tables = [node.value for node in tree.body if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict)]
    keys = [key for table in tables for key in table.keys if key]
    return {text for node in [*own, *keys] for text in texts(node) if text.isidentifier()}


def texts(node):
    """The texts written out in some code."""
    return [one.value for one in ast.walk(node) if isinstance(one, ast.Constant) and isinstance(one.value, str)]
