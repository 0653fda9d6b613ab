"""A notebook as the rules see it, and what they say of it."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course_kit import notebook_names
from course_kit.exercises.cells import without_magics
from course_tools.authoring import filling, minutes, sources

Found = Iterator[tuple[int, str, str]]  # by a rule: in which cell (0: the whole), what, what to do
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")


@dataclass(frozen=True)
class Problem:
    """Something to fix. cell: its number from 1, 0 for the whole notebook"""

    file: str
    cell: int
    head: str
    what: str
    todo: str

    def __str__(self) -> str:
        where = f", cell {self.cell} ({self.head!r})" if self.cell else ""
        return f"{self.file}{where}: {self.what}. {self.todo}"


class Notebook:
    """A notebook as the rules see it: its source, and what was built of it.

    name     such as "01_nadaraya_watson"
    cells    cells of the source, numbered from 1 in messages
    built    the executed notebook (nbformat), None if it has not been built
    """

    def __init__(self, name: str, folder: Path | None = None) -> None:
        import nbformat

        self.name, self.folder = name, Path(folder or sources.folder())
        self.source = self.folder / "source" / f"{name}.py"
        self.text = self.source.read_text(encoding="utf-8")
        self.cells = filling.read_source(name, self.folder).cells
        self.path = self.folder / f"{name}.ipynb"
        self.built = nbformat.read(self.path, as_version=4) if self.path.exists() else None
        self.is_chapter = not name.startswith("00")
        self.is_annex = notebook_names.is_annex(name)

    def problem(self, cell: int, what: str, todo: str, built: bool = False) -> Problem:
        """A Problem in cell number `cell` (0: the whole notebook); built: in the .ipynb instead of the source."""
        file = f"notebooks/{self.name}.ipynb" if built else f"notebooks/source/{self.name}.py"
        cells = self.built.cells if built and self.built else self.cells
        return Problem(file, cell, sources.head(cells[cell - 1]) if cell else "", what, todo)

    def code(self) -> list[tuple[int, Any]]:
        """(number, cell) of each code cell."""
        return [(n, cell) for n, cell in enumerate(self.cells, 1) if cell.cell_type == "code"]

    def prose(self) -> list[tuple[int, str]]:
        """(number, text) of each Markdown cell."""
        return [(n, cell.source) for n, cell in enumerate(self.cells, 1) if cell.cell_type == "markdown"]

    def headings(self) -> list[tuple[int, int, str]]:
        """(number, level, text) of each heading, in order."""
        return [(n, *one) for n, cell in enumerate(self.cells, 1) for one in minutes.headings(cell)]

    def anchors(self) -> set[str]:
        """What a link within this notebook may point to: named places, and headings as Jupyter names them."""
        named = {name for _, text in self.prose() for name in re.findall(r"\bid=[\"']([^\"']+)[\"']", text)}
        return named | {head.replace(" ", "-") for _, _, head in self.headings()}


def syntax_errors(name: str, folder: Path | None = None) -> list[Problem]:
    """A Problem for each code cell of a source that is no Python, with the line in its file."""
    text = (Path(folder or sources.folder()) / "source" / f"{name}.py").read_text(encoding="utf-8")
    if not _syntax_error(text):
        return []
    starts = [number for number, line in enumerate(text.splitlines(), 1) if line.startswith("# %%")]
    found = []
    for number, cell in enumerate(sources.read(name, folder).cells, 1):
        if cell.cell_type == "code" and (error := _syntax_error(without_magics(cell.source))):
            what = f"line {starts[number - 1] + (error.lineno or 0)} is no Python: {error.msg}"
            todo = f"It says: {(error.text or '').strip()}"
            found.append(Problem(f"notebooks/source/{name}.py", number, sources.head(cell), what, todo))
    return found


def _syntax_error(code: str) -> SyntaxError | None:
    try:
        ast.parse(code)
    except SyntaxError as error:
        return error
    return None
