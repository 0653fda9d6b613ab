"""The sources of the notebooks, as authors write them: `notebooks/source/NAME.py`, jupytext's percent format."""

import copy
import functools
import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from course_kit import files, notebook_names

from . import structure

KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
LANGUAGE = {
    "codemirror_mode": {"name": "ipython", "version": 3},
    "file_extension": ".py",
    "mimetype": "text/x-python",
    "name": "python",
    "nbconvert_exporter": "python",
    "pygments_lexer": "ipython3",
}


class BuildError(ValueError):
    """A notebook could not be built. The message names file, cell and what to do."""


def folder(language: str = "en") -> Path:
    """The folder of the course's notebooks in a language: `notebooks/`, or one in it."""
    return files.course_folder() / "notebooks" / ("" if language == "en" else language)


def names(prefixes: Sequence[str] = (), where: Path | None = None) -> list[str]:
    """The notebooks that have a source, in order: each lesson, then its annex.

    prefixes   only those whose name starts with one of them; a whole name means that notebook alone
    Raises ValueError for a prefix that fits none, listing what there is.
    """
    there = sorted(path.stem for path in ((where or folder()) / "source").glob("*.py"))
    chosen = set() if prefixes else set(there)
    for prefix in prefixes:
        wanted = notebook_names.stem(prefix)
        found = {wanted} & set(there) or {name for name in there if name.startswith(wanted)}
        if not found:
            raise ValueError(f"No notebook's name starts with {prefix!r}. There are: {', '.join(there) or 'none'}.")
        chosen |= found
    return sorted(chosen)


def built(language: str = "en", prefixes: Sequence[str] = ()) -> list[str]:
    """Those of `names` that there are in a language: what nobody has translated is not there yet.

    Raises ValueError if of those that are asked for none is there.
    """
    chosen = names(prefixes)
    there = [name for name in chosen if (folder(language) / f"{name}.ipynb").is_file()]
    if prefixes and not there:
        raise ValueError(f"{folder(language) / chosen[0]}.ipynb is not there yet.")
    return there


def read(name: str, where: Path | None = None) -> Any:
    """The notebook that a source describes, as its author wrote it, with the tags of its structure: nothing filled in,
    nothing executed."""
    return of_text(((where or folder()) / "source" / f"{name}.py").read_text(encoding="utf-8"))


def of_text(text: str) -> Any:
    """The same of the text of a source."""
    return copy.deepcopy(_read(text))


@functools.cache
def _read(text: str) -> Any:
    import jupytext

    notebook = jupytext.reads(text, fmt="py:percent")
    notebook.metadata = type(notebook.metadata)({"kernelspec": KERNEL, "language_info": LANGUAGE})
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    for cell in notebook.cells:
        cell.metadata.pop("lines_to_next_cell", None)
        structure.mark(cell)
    return notebook


def load_exercises(name: str) -> None:
    """Import the exercises of a notebook's chapter, so that they are known by their names."""
    importlib.import_module(f"chapters.ch{notebook_names.chapter(name):02}.exercises")


def tags(cell: Any) -> list[str]:
    """The tags of a cell, as a list."""
    return list(cell.metadata.get("tags", ()))


def head(cell: Any) -> str:
    """The first line of a cell that says what it is about."""
    lines = [line for line in cell.source.splitlines() if line.strip()]
    return lines[0][:60] if lines else ""
