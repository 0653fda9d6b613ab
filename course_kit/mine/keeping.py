"""A chapter's whole file: `workbook/mine/transformer.py`, complete, tried in a process of its own.

    FILE = KeptFile(
        name="transformer",
        about="A Transformer in plain PyTorch.",
        parts=(
            Part("causal_mask", "course_utils.attention"),
            Part("masked_softmax", "course_utils.attention", exercise="stable masked softmax"),
            Part("Transformer", "course_utils.transformer"), …
        ),
        values=("BEGIN, COPY = 10, 11",),
        main=MAIN,
    )
    keep(FILE)

Each part is the reader's where it is an exercise that is solved; else the cell's, where the reader has changed it; else
the course's, as plain text. What else a part uses comes along: the reader's helpers, and what they call of the course.
Imports are worked out; in `values` and `main` torch, nn, F, math and dataclass may be used. `main` holds `check()`, a
test of a few seconds that raises if something is wrong, and `main()`, which is called when the file is run.

What fails the test gives way to the course's: an answer stays where it is, in chNN.py, and a changed cell goes into
NAME_changed.py. A file that was changed by hand is never overwritten: the new one gets a number.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from course_kit import files, shell
from course_kit.exercises.show import Note, Piece, code, display, note_of, sentence

from .composing import KeptFile, Part, Written, owners, written
from .draft import WHOLE
from .loading import folder
from .record import FILE as RECORD
from .record import Record
from .solved import PATIENCE
from .trying import tried

__all__ = ["KeptFile", "Part", "Written", "keep", "keep_beside", "written"]


def keep(file: KeptFile, space: Mapping[str, Any] | None = None) -> None:
    """Write the file into the workbook, try it, and say what it is. space: the names, by default the notebook's."""
    ipython = shell.ipython()
    space = (ipython.user_ns if ipython else {}) if space is None else space
    made, whole, troubles = _working(file, space)
    said, where = [*_about(file, made), *made.notes, *troubles], folder()
    if where is None:
        said.append("Outside of a workbook nothing is written (`make lab` makes you one). This is what it would be:")
        return display(note_of([*map(sentence, said), _to_read(file, made)], "dotted"))
    try:
        with files.alone(where.parent / f"mine{RECORD}", PATIENCE):
            name, stays = _laid(where, file.name, made.text)
            if made.of("changed") != whole.of("changed"):
                beside, _ = _laid(where, f"{file.name}_changed", whole.text)
                said.append(f"With what you changed it is mine/{beside}.")
    except OSError as error:
        said.append(f"It could not be written: {error.strerror or error}. Your notebook is as it was.")
        return display(note_of(map(sentence, said), "dotted"))
    said.insert(0, f"Written: mine/{name}." + (f" mine/{stays} stays as you have changed it." if stays else ""))
    return display(_note(said, name.removesuffix(".py")))


def keep_beside(name: str, text: str, said: str, given: Mapping[str, str] | None = None) -> None:
    """Write a module of the course's into `mine/`, and files that are not there yet beside the notebooks; say what for.

    name: without .py; given: file name -> its text
    """
    if (where := folder()) is None:
        about = ast.get_docstring(ast.parse(text)) or ""
        return display(note_of([sentence("Beside it would be:"), _folded(name, text, about)], "dotted"))
    try:
        with files.alone(where.parent / f"mine{RECORD}", PATIENCE):
            file, stays = _laid(where, name, text)
            for beside, content in (given or {}).items():
                if not (where.parent / beside).exists():
                    files.write_atomically(where.parent / beside, content)
    except OSError as error:
        wrong = f"It could not be written: {error.strerror or error}. Your notebook is as it was."
        return display(note_of([sentence(wrong)], "dotted"))
    kept = f" mine/{stays} stays as you have changed it." if stays else ""
    display(note_of([sentence(f"Written: mine/{file}.{kept}"), sentence(said)]))


def _working(file: KeptFile, space: Mapping[str, Any]) -> tuple[Written, Written, list[str]]:
    """The file without what fails its test; the file with it; and sentences that say what failed."""
    whole = written(file, space)
    trouble = _trouble(whole)
    own = frozenset(whole.of("yours", "changed"))
    if not trouble:
        return whole, whole, []
    if not own:
        return whole, whole, [f"It fails its own test ({trouble}). That is our fault: please tell us."]
    alone = {name: written(file, space, own - {name}).text for name in own}
    failing = {name: why for name, why in tried(alone).items() if why}
    said = [f"With your `{name}` the file fails its test ({why})." for name, why in failing.items()]
    made = written(file, space, frozenset(failing))
    if together := _trouble(made) if failing else trouble:
        made, said = written(file, space, own), [f"With what is yours the file fails its test ({together})."]
    return made, whole, [*said, "So the course's is in it; what you wrote stays where it is."]


def _trouble(made: Written) -> str:
    return tried({"": made.text})[""]


def _about(file: KeptFile, made: Written) -> list[str]:
    asked = [part.name for part in file.parts if part.exercise and made.whose[part.name] == "the course's"]
    course = f" The course's: {', '.join(asked)}." if asked and made.of("yours") else ""
    return [f"{len(made.text.splitlines())} lines, which need only torch. {owners(file, made.whose)}{course}"]


def _to_read(file: KeptFile, made: Written) -> Piece:
    """The whole file, folded; as plain text what its docstring says, and the names of its parts."""
    parts = ", ".join(part.name for part in file.parts)
    return _folded(file.name, made.text, f"{file.about}\n\nIn it: {parts}.")


def _folded(name: str, text: str, about: str) -> Piece:
    """A file to unfold; as plain text what it is."""
    return f"<details><summary>mine/{name}.py</summary>{code(text)}</details>", f"mine/{name}.py\n\n{about}"


def _note(said: list[str], name: str) -> Note:
    """What is said of a file, and how to run it."""
    commands = f"%run -m mine.{name}", f"python -m mine.{name}"
    ways = sentence("Run it in a cell; or in the folder of your notebooks, with a Python that has torch:")
    return note_of([*map(sentence, said), ways, (code("\n".join(commands)), "    " + "\n    ".join(commands))])


def _laid(place: Path, name: str, text: str) -> tuple[str, str]:
    """Write the text as NAME.py, or beside it where the reader has changed that -> its file, and the one that stays."""
    place.mkdir(exist_ok=True)
    if not (place / "__init__.py").exists():
        files.write_atomically(place / "__init__.py", WHOLE)
    record, number, file = Record(place), 1, f"{name}.py"
    while (there := _there(place / file)) not in (None, text) and not record.wrote(file, "", there):
        number += 1
        file = f"{name}_{number}.py"
    record.note(file, "", text)
    record.save()
    if there != text:
        files.write_atomically(place / file, text)
    return file, f"{name}.py" if number > 1 else ""


def _there(path: Path) -> str | None:
    """The text of a file; None if there is none. A folder or pipe of that name is something of the reader's."""
    if path.is_file():
        return path.read_bytes().decode("utf-8", "replace")
    return "" if path.exists() or path.is_symlink() else None
