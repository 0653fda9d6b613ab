"""Changes to files of `workbook/mine/`, put together first and then written; what is the reader's is kept."""

from __future__ import annotations

from pathlib import Path

from course_kit import files
from course_kit.dependencies import parsed
from course_kit.exercises.define import current

from .needs import CannotTake
from .record import Record
from .text import blocks, imports, with_block, with_import, without_import

WHOLE = '"""What I wrote myself in the course, and the files that I kept. It needs only torch."""\n'
GIVEN = "given"
HEADS = {GIVEN: "What my functions call, and the course wrote."}


class Draft:
    """The package as it will be. Read it under `files.alone`, so that no other kernel writes meanwhile."""

    def __init__(self, place: Path):
        self.place, self.record = place, Record(place)
        self.texts: dict[str, str] = {}  # file -> its text, of those that were asked for
        self.before: dict[str, str] = {}
        self.files: dict[str, str] = {}  # "ch01" -> "ch01.py", or "ch01_2.py" where that one is no Python

    def file(self, stem: str) -> str:
        """The file that takes the definitions of "ch01": ch01.py, or ch01_2.py where that does not parse."""
        number = 1
        while stem not in self.files:
            file = f"{stem}.py" if number == 1 else f"{stem}_{number}.py"
            try:
                text = self._read(file, stem)
                parsed(text)
            except (SyntaxError, ValueError):  # half written: it stays as it is
                number += 1
                continue
            self.record.adopt(file, text)
            self.files[stem], self.texts[file], self.before[file] = file, text, text
        return self.files[stem]

    def _read(self, file: str, stem: str) -> str:
        if (self.place / file).exists():
            return files.plain_bytes(self.place / file).decode("utf-8")
        return f'"""{HEADS.get(stem) or f"What I wrote in chapter {int(stem[2:])}."}"""\n'

    def changed_by_hand(self, file: str, name: str, new: str) -> bool:
        """Whether the definition of this name is there, and neither the new one nor one that was written there."""
        there = blocks(self.texts[file]).get(name)
        return there not in (None, new) and not self.record.wrote(file, name, there)

    def put(self, file: str, name: str, text: str, of: str = "", user: str = "") -> None:
        """A definition. user: the one that it is for, above which it goes. One that was changed by hand stays.

        Raises CannotTake if the name means something else to another definition in the file.
        """
        there = blocks(self.texts[file]).get(name)
        if there != text and name in imports(self.texts[file]):
            self._make_way(file, name)
        if there not in (None, text):
            if self.changed_by_hand(file, name, text):
                return
            known = current(self.record.of(file, name))
            if known not in ("", of) or not of and self._users(file, name) - {user, name}:
                raise _clash(name)
        if there != text:
            self.texts[file] = with_block(self.texts[file], name, text, before=user)
        self.record.note(file, name, text, of)

    def bring(self, file: str, name: str, line: str) -> None:
        """An import. Raises CannotTake if the name means something else in the file."""
        there = imports(self.texts[file]).get(name)
        if name in blocks(self.texts[file]):
            if " ." in line:
                return  # the reader's own, in this file
            raise _clash(name)
        if there not in (None, line):
            self._make_way(file, name)
        self.texts[file] = with_import(self.texts[file], name, line)

    def _make_way(self, file: str, name: str) -> None:
        if " ." not in imports(self.texts[file])[name]:
            raise _clash(name)
        self.texts[file] = without_import(self.texts[file], name)

    def _users(self, file: str, name: str) -> set[str]:
        """The definitions that use a name."""
        found = blocks(self.texts[file]).items()
        return {user for user, text in found if any(name in uses for uses in parsed(text).uses)}

    def save(self, only: str = "") -> bool:
        """Write what has changed -> whether anything has. only: "given", for the files of that stem. Raises OSError."""
        chosen = [file for stem, file in self.files.items() if stem.startswith(only)]
        changed = [file for file in chosen if self.texts[file] != self.before[file]]
        if changed:
            self.place.mkdir(exist_ok=True)
            if not (self.place / "__init__.py").exists():
                files.write_atomically(self.place / "__init__.py", WHOLE)
            self.record.save()  # first: a file of which it does not know would count as changed by hand
        for file in changed:
            files.write_atomically(self.place / file, self.texts[file])
            self.before[file] = self.texts[file]
        return bool(changed)


def _clash(name: str) -> CannotTake:
    return CannotTake(f"`{name}` is something else in another function. Give one of the two another name.")
