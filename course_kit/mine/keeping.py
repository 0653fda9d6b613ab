"""A chapter's whole file: `workbook/mine/transformer.py`, complete, tested in a process of its own.

    FILE = KeptFile("transformer", "A Transformer in plain PyTorch.", parts=(
        Part("masked_softmax", "course_utils.attention", exercise="stable masked softmax"),
        Part("causal_mask", "course_utils.attention"), …
    ), values=("BEGIN, COPY = 10, 11",), main=MAIN)
    keep(FILE)

Each part is the reader's where it is an exercise that is solved; else the cell's, where the reader has changed it; else
the course's, as plain text. A file that was changed by hand is never overwritten: the new one gets a number.
"""

import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course_kit import files, shell
from course_kit.plain import plain

from . import writing
from .lookup import kept_text
from .needs import CannotTake, source_of
from .solved import folder

IMPORTS = "from dataclasses import dataclass\n\nimport torch\nimport torch.nn.functional as F\nfrom torch import nn"
PATIENCE = 60  # seconds for a file's own test


@dataclass(frozen=True)
class Part:
    """A function or class of the file. module: where the course has it; exercise: its name, if readers write it."""

    name: str
    module: str
    exercise: str = ""


@dataclass(frozen=True)
class KeptFile:
    """name: of the file, without .py; about: its docstring; parts: in order; values: lines between imports and parts;
    main: the text of its last functions, among them `check()`, a test of a few seconds that raises, and `main()`."""

    name: str
    about: str
    parts: tuple[Part, ...]
    values: tuple[str, ...] = ()
    main: str = ""


@dataclass(frozen=True)
class Written:
    """The text of a file, and whose each part is: "yours", "changed", or "the course's"."""

    text: str
    whose: dict[str, str]


def written(file: KeptFile, space: dict[str, Any], without: frozenset[str] = frozenset()) -> Written:
    """What the file is to hold. space: the notebook's names; without: parts whose changed cells are left out."""
    texts, whose = [], {}
    for part in file.parts:
        course = plain(f"{part.module}:{part.name}")
        own = kept_text(part.name, part.exercise) if part.exercise else None
        changed = None if part.exercise or part.name in without else _changed(space.get(part.name), course)
        whose[part.name] = "yours" if own else "changed" if changed else "the course's"
        texts.append(own or changed or course)
    about = f'"""{file.about}\n\n{owners(file, whose)}\n"""'
    values = ["\n".join(file.values)] if file.values else []
    start = ['if __name__ == "__main__":\n    main()'] if file.main else []
    return Written("\n\n\n".join([f"{about}\n\n{IMPORTS}", *values, *texts, file.main, *start]).rstrip() + "\n", whose)


def owners(file: KeptFile, whose: dict[str, str]) -> str:
    """One sentence: which functions are the reader's."""
    asked = [part.name for part in file.parts if part.exercise]
    mine = [name for name in asked if whose[name] == "yours"]
    said = f"{len(mine)} of {len(asked)} functions are yours" + (f": {', '.join(mine)}." if mine else ".")
    changed = [name for name, of in whose.items() if of == "changed"]
    return said + (f" You have changed {', '.join(changed)}." if changed else "")


def _changed(thing: Any, course: str) -> str | None:
    """The reader's own text of a class of the page, if it is another one."""
    if thing is None or getattr(thing, "__module__", "") != "__main__":
        return None
    try:
        text = source_of(thing)
    except CannotTake:
        return None
    return None if writing.checksum(text) == writing.checksum(_bare(course)) else text


def _bare(text: str) -> str:
    """A definition without its decorators, as `source_of` gives it."""
    return "\n".join(text.splitlines()[[line.startswith("@") for line in text.splitlines()].index(False) :])


def keep(file: KeptFile, space: dict[str, Any] | None = None) -> None:
    """Write the file into the workbook, test it in a fresh process, and say what it is."""
    ipython = shell.ipython()
    space = (ipython.user_ns if ipython else {}) if space is None else space
    place = folder()
    with tempfile.TemporaryDirectory() as apart:
        found = written(file, space)
        trouble = _tested(found.text, Path(apart), file.name)
        if trouble and "changed" in found.whose.values():
            names = [name for name, whose in found.whose.items() if whose == "changed"]
            print(
                f"With your {', '.join(names)} the file fails its test ({trouble}), so the course's is in it instead."
            )
            found = written(file, space, frozenset(names))
            trouble = _tested(found.text, Path(apart), file.name)
    if trouble:
        print(f"The file fails its own test: {trouble}")
    lines = len(found.text.splitlines())
    if place is None:
        print(f"{file.name}.py would have {lines} lines. {owners(file, found.whose)}")
        print("Outside of a workbook nothing is written: start the course with `make lab`.")
        return
    try:
        print(_laid(place, file.name, found.text))
    except OSError as error:
        print(f"It could not be written: {error.strerror or error}. Your notebook is as it was.")
        return
    print(f"{lines} lines, only torch is needed. {owners(file, found.whose)}")
    print(f"In the folder of your notebooks, run it: python -m mine.{file.name}")


def _laid(place: Path, name: str, text: str) -> str:
    """Write the text as NAME.py, or beside it where the reader has changed that -> one line."""
    place.mkdir(exist_ok=True)
    if not (place / "__init__.py").exists():
        files.write_atomically(place / "__init__.py", writing.WHOLE)
    known, number = writing.record(place), 1
    while True:
        file = f"{name}.py" if number == 1 else f"{name}_{number}.py"
        there = (place / file).read_text("utf-8", "replace") if (place / file).is_file() else None
        as_written = known.get(file, {}).get("", {}).get("sum")
        if there is None or there == text or writing.checksum(there) == as_written:
            break
        number += 1
    files.write_atomically(place / file, text)
    writing.remember(place, file, "", text)
    stays = f" (mine/{name}.py stays as you have changed it.)" if number > 1 else ""
    return f"Written: mine/{file}.{stays}"


def _tested(text: str, apart: Path, name: str) -> str:
    """Run the file's `check()` in a process of its own, where only torch is -> "" or the last line of its error."""
    (apart / f"{name}.py").write_text(text, encoding="utf-8")
    command = [
        sys.executable,
        "-I",
        "-c",
        f"import sys; sys.path[:0] = [{str(apart)!r}]; import {name}; {name}.check()",
    ]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    except subprocess.TimeoutExpired:
        return f"it took more than {PATIENCE} s"
    return "" if done.returncode == 0 else (done.stderr.strip().splitlines() or ["it stopped"])[-1]
