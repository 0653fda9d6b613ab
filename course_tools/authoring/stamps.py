"""What a notebook read when it last ran whole, and what of that has changed since.

`notebooks/stamps/NAME.json` has a sha256 for each file of the course that its kernel imported or opened, for its code,
and for the lock. The build writes it, and `make test` for a notebook that it ran whole and found true. While it agrees
with the tree, the tests run that notebook's trainings short: tests/notebooks/nbval_notebooks.py.

An IPython extension, too: a kernel that loads it lists what it has read, after each cell, in the file COURSE_READ.
"""

import contextlib
import functools
import hashlib
import importlib.util
import json
import os
import sys
from pathlib import Path
from typing import Any

from course_kit import files

from . import sources, structure

ROOMS = ("course_utils", "course_kit", "chapters", "data")  # English is in none but these
SHOWN = "dist"  # the program of the views, in which no kernel computes
LOCK = "requirements.lock"
CODE = "code"


def write(name: str, read: Path, where: Path | None = None) -> None:
    """Write the stamp of a notebook that has run whole. read: the file that its kernel left, see below."""
    where = where or sources.folder()
    paths = {path for path in read.read_text(encoding="utf-8").splitlines() if (files.course_folder() / path).exists()}
    stamp = {CODE: _code(name, where)} | {path: _of_file(path) for path in sorted({LOCK, *paths})}
    (where / "stamps").mkdir(exist_ok=True)
    files.write_atomically(where / "stamps" / f"{name}.json", json.dumps(stamp, indent=1) + "\n")


def changed(name: str, where: Path | None = None) -> list[str]:
    """What differs from the stamp of a notebook: its "code", paths of files, or the stamp itself; [] if nothing."""
    where = where or sources.folder()
    path = where / "stamps" / f"{name}.json"
    if not path.exists():
        return [f"notebooks/stamps/{path.name}"]
    stamp = json.loads(path.read_text(encoding="utf-8"))
    now = {one: _code(name, where) if one == CODE else _of_file(one) for one in stamp}
    return [one for one, digest in stamp.items() if digest != now[one]]


def _code(name: str, where: Path | None) -> str:
    """What is executed, asserts included, and what of it the tests run short; no text."""
    from .filling import read_source  # here, since a kernel has no use for it

    cells = [cell for cell in read_source(name, where).cells if cell.cell_type == "code"]
    executed = [(cell.source, _own(sources.tags(cell)), cell.metadata.get("steps")) for cell in cells]
    return _digest(json.dumps(executed).encode())


def _own(tags: list[str]) -> list[str]:
    """Those of its author: the others are read off its code."""
    return [tag for tag in tags if tag not in structure.TAGS]


@functools.cache
def _of_file(path: str) -> str:
    file = files.course_folder() / path
    return _digest(file.read_bytes()) if file.is_file() else ""


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def load_ipython_extension(shell: Any) -> None:
    """What `%load_ext` calls, or the kernel's option `--ext`: list what is read from now on, and what is loaded."""
    root, to, read = files.course_folder(), os.environ.get("COURSE_READ", ""), set()

    def note(file: Any) -> None:
        with_source = str(file)
        if with_source.endswith(".pyc"):
            with_source = importlib.util.source_from_cache(with_source)
        path = Path(os.path.abspath(with_source))  # not resolved: this is called for each file that is opened
        if path.is_relative_to(root):
            place = path.relative_to(root)
            if place.parts[0] in ROOMS and SHOWN not in place.parts:
                read.add(place.as_posix())

    def hear(event: str, arguments: tuple) -> None:
        if event == "open" and isinstance(arguments[0], str | os.PathLike):
            with contextlib.suppress(ValueError, OSError):  # a name that no file has
                note(arguments[0])

    def leave(*_: Any) -> None:
        for module in list(sys.modules.values()):
            if file := getattr(module, "__file__", None):
                note(file)
        Path(to).write_text("\n".join(sorted(read)), encoding="utf-8")

    if to:
        sys.addaudithook(hear)
        shell.events.register("post_run_cell", leave)
