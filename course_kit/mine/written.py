"""What the course wrote into `mine/`, by checksum, so that what was changed there by hand is told from it.

    mine/.written.json      {"ch01.py": {"masked_softmax": {"sums": ["…"]}}, "transformer.py": {"": {"sums": ["…"]}}}

sums: of every text that was written under this name; a kept file is noted whole, under "". A file that can be loaded,
whoever wrote it, is noted whole under "(loads)".
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from course_kit import files
from course_kit.exercises.registry import current
from course_kit.i18n import t
from course_kit.programs.source_text import checksum

if TYPE_CHECKING:
    from .composing import Composed

FILE = ".written.json"
LOADS = "(loads)"
LONGEST = 100  # texts that are remembered of one name
WHOLE = t('"""What I wrote myself in the course, and the files that I kept."""\n')


class Record:
    """The record of a package, as it was when it was read."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.files = _read(folder / FILE)
        self._as_read = json.dumps(self.files)

    def wrote(self, file: str, name: str, text: str) -> bool:
        """Whether this text is one that was written there."""
        return checksum(text) in self.files.get(file, {}).get(name, {}).get("sums", ())

    def answers(self, file: str, exercise: str) -> list[str]:
        """The names that an earlier edition has noted for the answers to an exercise."""
        return [name for name, entry in self.files.get(file, {}).items() if current(entry.get("of") or "") == exercise]

    def note(self, file: str, name: str, text: str) -> None:
        entry = self.files.setdefault(file, {}).setdefault(name, {"sums": []})
        entry["sums"] = [*(one for one in entry["sums"] if one != checksum(text)), checksum(text)][-LONGEST:]

    def forget(self, file: str, name: str, text: str) -> None:
        sums = self.files.get(file, {}).get(name, {}).get("sums", [])
        sums[:] = [one for one in sums if one != checksum(text)]

    def save(self) -> None:
        """Write it, if anything was noted; first, the folder. Raises OSError."""
        self.folder.mkdir(exist_ok=True)
        if not (self.folder / "__init__.py").exists():
            files.write_atomically(self.folder / "__init__.py", WHOLE)
        if json.dumps(self.files) != self._as_read:
            files.write_atomically(self.folder / FILE, json.dumps(self.files, indent=1, sort_keys=True) + "\n")


def lay(folder: Path, composed: Composed) -> tuple[str, str]:
    """Write a file, with a number behind its name where the reader has changed that -> its name, and the one that
    stays. Raises OSError."""
    record, number, file = Record(folder), 1, f"{composed.name}.py"
    while (existing := _text_on_disk(folder / file)) not in (None, composed.text) and not record.wrote(
        file, "", existing
    ):
        number += 1
        file = f"{composed.name}_{number}.py"
    record.note(file, "", composed.text)
    record.save()  # first: a file of which it does not know would count as changed by hand
    if existing != composed.text:
        files.write_atomically(folder / file, composed.text)
    return file, f"{composed.name}.py" if number > 1 else ""


def _text_on_disk(path: Path) -> str | None:
    """The text of a file; None if there is none. A folder or pipe of that name is something of the reader's."""
    if path.is_file():
        return files.content(path).decode("utf-8", "replace")
    return "" if path.exists() or path.is_symlink() else None


def _read(path: Path) -> dict[str, dict[str, dict[str, Any]]]:
    """What is written there; without what cannot be understood, which then counts as written by hand."""
    try:
        content = json.loads(files.content(path))
    except (OSError, ValueError, RecursionError):
        return {}
    parts = content.items() if isinstance(content, dict) else ()
    return {file: {k: v for k, v in names.items() if _sound(v)} for file, names in parts if isinstance(names, dict)}


def _sound(entry: Any) -> bool:
    sums = entry.get("sums") if isinstance(entry, dict) else None
    return isinstance(sums, list) and all(isinstance(one, str) for one in sums)
