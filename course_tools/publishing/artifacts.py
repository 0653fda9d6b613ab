"""The files that a chapter leaves behind, such as `mine/transformer.py`, as the course writes them: to read, to take.

In a workbook the functions that readers wrote are in them; here all are the course's. A definition is a place of its
own, which the search finds.
"""

import ast
import functools
import importlib
from collections.abc import Iterator
from dataclasses import dataclass

from course_kit import notebook_names
from course_kit.files import course_folder
from course_kit.i18n import mark, t
from course_kit.mine.composing import composed

WHOSE = mark("As the course writes it. In your workbook it has the functions that you wrote.")


@dataclass(frozen=True)
class Artifact:
    """name: such as "transformer"; chapter: its number; text: of the whole file."""

    name: str
    chapter: int
    text: str

    @property
    def file(self) -> str:
        """What a reader calls it."""
        return f"mine/{self.name}.py"

    @property
    def page(self) -> str:
        """Its page on the site. Two chapters may leave a file of the same name."""
        return f"mine-{self.chapter:02}-{self.name}.html"

    @property
    def download(self) -> str:
        return f"mine/{self.chapter:02}/{self.name}.py"

    @property
    def lines(self) -> int:
        return self.text.count("\n")

    def sections(self) -> Iterator[tuple[str, str]]:
        """(name, source) of each function and class, and ("", source) of what stands between two."""
        lines, after = self.text.splitlines(), 0
        kept = [one for one in ast.parse(self.text).body if isinstance(one, ast.FunctionDef | ast.ClassDef)]
        for node in [*kept, None]:
            first = min([node.lineno, *(one.lineno for one in node.decorator_list)]) if node else len(lines) + 1
            if between := "\n".join(lines[after : first - 1]).strip("\n"):
                yield "", between
            if node:
                yield node.name, "\n".join(lines[first - 1 : node.end_lineno])
                after = node.end_lineno or after

    def names(self) -> list[str]:
        """What it defines."""
        return [name for name, _ in self.sections() if name]

    def markdown(self, lesson: str) -> str:
        """Its page. lesson: a link to the lesson, in Markdown or HTML."""
        headed = ((f"## `{name}`\n" if name else "", code) for name, code in self.sections())
        parts = "".join(f"{heading}```python\n{code}\n```\n" for heading, code in headed)
        take = t('<a href="{download}" download>Take the file</a>', download=self.download)
        about = t(
            "What {lesson} leaves behind: {lines} lines that need only torch. {take}",
            lesson=lesson,
            lines=self.lines,
            take=take,
        )
        return f"# `{self.file}`\n\n{about}\n\n{parts}"


@functools.cache
def artifacts(name: str) -> tuple[Artifact, ...]:
    """What the lesson NAME leaves behind -> Artifacts; of an annex none. Commands of `python -m mine` are left out."""
    if notebook_names.is_annex(name):
        return ()
    number = notebook_names.chapter(name)
    room = f"chapters.ch{number:02}"
    importlib.import_module(room)  # its exercises, which are marked
    paths = sorted((course_folder() / room.replace(".", "/") / "kept").glob("[!_]*.py"))
    made = [(path.stem, composed(f"{room}.kept.{path.stem}", {})) for path in paths]
    return tuple(Artifact(file, number, one.text.replace(one.whose, t(WHOSE)) if one.course else one.text)
                 for file, one in made)  # fmt: skip
