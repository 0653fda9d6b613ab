"""A notebook as the rules see it, and what they say of it."""

import re
from dataclasses import dataclass
from pathlib import Path

from course_tools.authoring import building

LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")


@dataclass(frozen=True)
class Problem:
    """Something to fix. cell: its number from 1, 0 for the whole notebook"""

    file: str
    cell: int
    head: str
    what: str
    todo: str

    def __str__(self):
        where = f", cell {self.cell} ({self.head!r})" if self.cell else ""
        return f"{self.file}{where}: {self.what}. {self.todo}"


class Notebook:
    """A notebook as the rules see it: its source, and what was built of it.

    name     such as "01_nadaraya_watson"
    cells    cells of the source, numbered from 1 in messages
    built    the executed notebook (nbformat), None if it has not been built
    """

    def __init__(self, name, folder=None):
        import nbformat

        self.name, self.folder = name, Path(folder or building.folder())
        self.source = self.folder / "source" / f"{name}.py"
        self.text = self.source.read_text(encoding="utf-8")
        self.cells = building.read_source(name, self.folder).cells
        self.path = self.folder / f"{name}.ipynb"
        self.built = nbformat.read(self.path, as_version=4) if self.path.exists() else None
        self.is_chapter = not name.startswith("00")

    def problem(self, cell, what, todo, built=False):
        """A Problem in cell number `cell` (0: the whole notebook); built: in the .ipynb instead of the source."""
        file = f"notebooks/{self.name}.ipynb" if built else f"notebooks/source/{self.name}.py"
        return Problem(file, cell, building.head(self.cells[cell - 1]) if cell else "", what, todo)

    def code(self):
        """(number, cell) of each code cell."""
        return [(n, cell) for n, cell in enumerate(self.cells, 1) if cell.cell_type == "code"]

    def prose(self):
        """(number, text) of each Markdown cell."""
        return [(n, cell.source) for n, cell in enumerate(self.cells, 1) if cell.cell_type == "markdown"]

    def headings(self):
        """(number, level, text) of each heading, in order; lines of code blocks do not count."""
        found = []
        for number, text in self.prose():
            bare = re.sub(r"^(```|~~~).*?^\1", "", text, flags=re.S | re.M)
            found += [(number, len(marks), head.strip()) for marks, head in re.findall(r"^(#+) +(.*)$", bare, re.M)]
        return found

    def anchors(self):
        """What a link within this notebook may point to: named places, and headings as Jupyter names them."""
        named = {name for _, text in self.prose() for name in re.findall(r"\bid=[\"']([^\"']+)[\"']", text)}
        return named | {head.replace(" ", "-") for _, _, head in self.headings()}


def tags(cell):
    """The tags of a cell, as a list."""
    return list(cell.metadata.get("tags", []))
