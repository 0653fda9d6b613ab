"""The text of a module, read without running it: what a name means in it, and what a definition uses."""

from __future__ import annotations

import ast
import functools
import importlib.util
import sys
from dataclasses import dataclass
from pathlib import Path

from course_kit.exercises.dependencies import parsed
from course_kit.programs.source_text import plain

from .text import blocks

COURSE = ("course_utils", "course_kit", "chapters")


@dataclass(frozen=True)
class Import:
    """`from module import name`, or without a name `import module`."""

    module: str
    name: str = ""

    def line(self, bound: str) -> str:
        """The line that gives it this name."""
        if not self.name:
            root, _, rest = self.module.partition(".")
            before, _, last = self.module.rpartition(".")
            if bound == last and before:
                return f"from {before} import {last}"
            return f"import {self.module}" + ("" if bound == self.module or rest and bound == root else f" as {bound}")
        return f"from {self.module} import {self.name}" + ("" if bound == self.name else f" as {bound}")


@dataclass(frozen=True)
class Source:
    """module: its dotted name, such as "course_utils.attention" or "mine.ch05"."""

    module: str
    text: str

    @property
    def is_course(self) -> bool:
        return self.module.partition(".")[0] in COURSE

    @functools.cached_property
    def imports(self) -> dict[str, Import]:
        """Name -> what it is, for the names that this module imports at its top level."""
        found = {}
        for node in parsed(self.text).statements:
            if isinstance(node, ast.Import):
                for alias in node.names:
                    found[alias.asname or alias.name.partition(".")[0]] = Import(alias.name)
            elif isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    found[alias.asname or alias.name] = Import(self.absolute(node), alias.name)
        return found

    def absolute(self, node: ast.ImportFrom) -> str:
        package = self.module.rpartition(".")[0]
        return importlib.util.resolve_name("." * node.level + (node.module or ""), package)

    def definition(self, name: str) -> str | None:
        """The text of what has this name here: the course's without its annotations, a kept file's as it stands."""
        text = blocks(self.text).get(name)
        is_plain = self.is_course and not is_kept(self.module)
        if text and is_plain and isinstance(parsed(text).statements[0], ast.FunctionDef | ast.ClassDef):
            return plain(f"{self.module}:{name}")
        return text


def is_kept(module: str) -> bool:
    """Whether it is a file that the reader keeps: `chapters.chNN.kept.NAME`."""
    return module.startswith("chapters.") and module.split(".")[2:3] == ["kept"]


def is_installed(module: str) -> bool:
    """Whether it comes with Python, or is torch."""
    root = module.partition(".")[0]
    return root == "torch" or root in sys.stdlib_module_names


@functools.lru_cache(200)
def course(module: str) -> Source:
    """A module of the course. Raises LookupError if there is none."""
    spec = importlib.util.find_spec(module)
    if spec is None or not spec.origin:
        raise LookupError(f"There is no module {module!r}.")
    return Source(module, Path(spec.origin).read_text(encoding="utf-8"))


def uses(text: str) -> list[str]:
    """The names that a definition takes from its module, in order of the alphabet."""
    return sorted(frozenset().union(*parsed(text).uses))
