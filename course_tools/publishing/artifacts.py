"""The files that a chapter leaves behind, such as `mine/transformer.py`, as the course writes them: to read, to take.

In a workbook the functions that readers wrote are in them; here all are the course's. A definition is a place of its
own, which the search finds.
"""

import ast
import functools
import importlib
from dataclasses import dataclass

from course_kit import lessons
from course_kit.files import course_folder
from course_kit.mine.composing import composed

WHOSE = "As the course writes it. In your workbook it has the functions that you wrote."


@dataclass(frozen=True)
class Held:
    """name: such as "transformer"; chapter: its number; text: of the whole file."""

    name: str
    chapter: int
    text: str

    @property
    def file(self):
        """What a reader calls it."""
        return f"mine/{self.name}.py"

    @property
    def page(self):
        """Its page on the site. Two chapters may leave a file of the same name."""
        return f"mine-{self.chapter:02}-{self.name}.html"

    @property
    def download(self):
        return f"mine/{self.chapter:02}/{self.name}.py"

    @property
    def lines(self):
        return len(self.text.splitlines())

    def definitions(self):
        """(name, first line, last line, docstring's first line) of each function and class, lines from 1."""
        for node in ast.parse(self.text).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
                about = (ast.get_docstring(node) or "").partition("\n")[0]
                yield node.name, first, node.end_lineno, about


@functools.cache
def of(name):
    """What the lesson NAME leaves behind -> Held's; none of an annex. Commands of `python -m mine` are not to read."""
    number = lessons.chapter(name)
    if lessons.is_annex(name):
        return ()
    paths = sorted((course_folder() / "chapters" / f"ch{number:02}" / "kept").glob("[!_]*.py"))
    return tuple(_held(path.stem, number) for path in paths)


def _held(name, number):
    importlib.import_module(f"chapters.ch{number:02}")  # its exercises, which are marked
    made = composed(f"chapters.ch{number:02}.kept.{name}", {})
    return Held(name, number, made.text.replace(made.whose, WHOSE) if made.course else made.text)


def pieces(held, code):
    """The coloured text in pieces of HTML, (name or "", HTML): a definition, or what stands between two."""
    lines, after = held.text.splitlines(), 0
    for name, first, last, _ in held.definitions():
        if "".join(lines[after : first - 1]).strip():
            yield "", code("\n".join(lines[after : first - 1]).strip("\n"))
        yield name, code("\n".join(lines[first - 1 : last]))
        after = last
    if "".join(lines[after:]).strip():
        yield "", code("\n".join(lines[after:]).strip("\n"))
