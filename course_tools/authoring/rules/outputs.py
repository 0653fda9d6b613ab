"""Rules of what is stored: nothing of one machine, nothing too large, nothing mute. That every cell was executed, in
order and in silence, the build sees to, and page_differences.py that it was the build.

NOTEBOOK: one that GitHub shows as a notebook, which it does not promise above 1 MB, and that JupyterLab opens at once;
what is stored and not seen, as a program or a second picture in each output, has no room in it.
COURSE: all of them, which everyone who clones the course fetches, once for each edition.
"""

import base64
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from course_kit import files
from course_kit.views import fragments, program

from .notebook import Found, Notebook

NOTEBOOK, COURSE = 0.74, 7.3  # megabytes; the last picture of a figure holds all its sentences
PICTURE = 60_000  # bytes of one picture: a page with thirty of them comes in a few seconds
REBUILD = "Fix the source and run `course notebooks {}`."

MACHINE = re.compile(r"/home/\w+|/root/|/Users/\w+|[A-Z]:\\\\?Users|/tmp/|ipykernel_\d+|file:///")
ADDRESS = re.compile(r"\bat 0x[0-9a-fA-F]+|<[^<>]*\b0x[0-9a-fA-F]{6,}")


def _outputs(notebook: Notebook) -> Iterator[tuple[int, Any]]:
    """(number, output) of every stored output."""
    for number, cell in enumerate(notebook.built.cells if notebook.built else (), 1):
        for output in cell.get("outputs", []):
            yield number, output


def _texts(output: Any) -> str:
    """The texts of an output as one string, pictures left out."""
    parts = [output.get("text", "")]
    parts += [value for kind, value in output.get("data", {}).items() if not kind.startswith("image/")]
    return "\n".join(part if isinstance(part, str) else json.dumps(part) for part in parts)


def _pictures(output: Any) -> list[int]:
    """The bytes of each picture of an output, beside its HTML or in it."""
    data = output.get("data", {})
    beside = ["".join(content) for kind, content in data.items() if kind.startswith("image/") and "svg" not in kind]
    inside = re.findall(r'src="data:image/\w+;base64,([^"]*)', "".join(data.get("text/html", "")))
    return [len(base64.b64decode(content)) for content in [*beside, *inside]]


def no_machine(notebook: Notebook) -> Found:
    """No path of the machine that built it, no memory address (each build would differ)."""
    ours = {str(Path.home()), str(files.course_folder()), sys.prefix} - {"/"}
    todo = REBUILD.format(notebook.name)
    for number, output in _outputs(notebook):
        text = _texts(output)
        found = MACHINE.search(text)
        path = found[0] if found else next((place for place in sorted(ours) if place in text), "")
        if path:
            yield number, f"its output shows a path of one machine ({path!r})", todo
        if found := ADDRESS.search(text):
            yield number, f"its output shows a memory address ({found[0]!r})", todo


def size(notebook: Notebook) -> Found:
    if notebook.built is None:
        return
    every = {path: path.stat().st_size / 1e6 for path in notebook.path.parent.glob("*.ipynb")}
    if every[notebook.path] > NOTEBOOK:
        largest = max(_outputs(notebook), key=lambda pair: len(json.dumps(pair[1])), default=(0, None))[0]
        todo = f"At most {NOTEBOOK}; the largest output is in cell {largest}."
        yield 0, f"the notebook has {every[notebook.path]:.2f} MB", todo
    if sum(every.values()) > COURSE and notebook.path == max(every, key=every.__getitem__):
        yield 0, f"all notebooks have {sum(every.values()):.2f} MB", f"At most {COURSE}; this is the largest."
    for number, output in _outputs(notebook):
        for weight in _pictures(output):
            if weight > PICTURE:
                todo = f"At most {PICTURE // 1000} kB: fewer dots, or a smaller figure."
                yield number, f"a picture of {weight // 1000} kB", todo


def data_alone(notebook: Notebook) -> Found:
    """A view is stored as its data and one picture: the program that draws all views is the page's."""
    todo = REBUILD.format(notebook.name)
    for number, output in _outputs(notebook):
        made = "".join(output.get("data", {}).get("text/html", ""))
        if program.UNPACK.partition("%s")[0] in made or program.source() in made:
            yield number, "the program of the views is stored, which the page brings along", todo
            continue
        try:
            view = fragments.read(made)
        except ValueError:
            yield number, "a view is stored as course_kit/views/view.py does not write it", todo
            continue
        if view and len(_pictures(output)) > 1:
            yield number, "a second picture of a view is stored", todo


def never_blank(notebook: Notebook) -> Found:
    """A picture has words beside it, and an <img> its alt text."""
    todo = "Show it through course_kit.views, which brings caption, alt text and table."
    for number, output in _outputs(notebook):
        data = output.get("data", {})
        plain = "".join(data.get("text/plain", ""))
        if "image/png" in data and (not plain or plain.startswith("<Figure")):
            yield number, "a bare matplotlib figure, mute for those who don't see it", todo
        for tag in re.findall(r"<img\b[^>]*", "".join(data.get("text/html", ""))):
            if not re.search(r"\balt\s*=\s*[\"'][^\"']", tag):
                yield number, "a picture without alt text", todo


def compared_cells(notebook: Notebook) -> Found:
    """A cell tagged nbval-check-output has a text to compare: strings and shapes, never floats."""
    for number, cell in enumerate(notebook.built.cells if notebook.built else (), 1):
        if cell.cell_type != "code" or "nbval-check-output" not in cell.metadata.get("tags", ()):
            continue
        text = "\n".join(
            "".join(output.get("text", "") or output.get("data", {}).get("text/plain", "")) for output in cell.outputs
        )
        if not text.strip():
            todo = "Without it nothing is compared: let the cell print something, or take the tag away."
            yield number, "its output is to be compared, but there is none", todo
        elif found := re.search(r"\d+\.\d+(e[-+]?\d+)?", text):
            todo = "The last digit differs between machines: assert the number in the cell, and print words or shapes."
            yield number, f"a float ({found[0]}) would be compared", todo


RULES = [no_machine, size, data_alone, never_blank, compared_cells]
