"""What the course wrote into `mine/`, by checksum, so that what was changed there by hand is told from it.

    mine/.written.json      {"ch01.py": {"masked_softmax": {"sums": ["…"], "of": "stable masked softmax"}}}

sums: of every text that was written under this name; of: the exercise that it answers, or for a definition of the
course where it is from, as "course_utils.attention:causal_mask"; else "". A kept file is noted whole, under "".
"""

import contextlib
import hashlib
import json
from pathlib import Path
from typing import Any

from course_kit import files

from .text import blocks, checksum

FILE = ".written.json"
LONGEST = 100  # texts that are remembered of one name


class Record:
    """The record of a package, as it was when it was read."""

    def __init__(self, place: Path):
        self.place = place
        self.files = _read(place / FILE)
        self._as_read = json.dumps(self.files)

    def wrote(self, file: str, name: str, text: str) -> bool:
        """Whether this text is one that was written there."""
        return checksum(text) in self.files.get(file, {}).get(name, {}).get("sums", ())

    def of(self, file: str, name: str) -> str:
        """The exercise that a definition answers, or where it is from."""
        return self.files.get(file, {}).get(name, {}).get("of", "")

    def note(self, file: str, name: str, text: str, of: str = "") -> None:
        entry = self.files.setdefault(file, {}).setdefault(name, {"sums": [], "of": of})
        entry["of"] = of or entry["of"]
        if not self.wrote(file, name, text):
            entry["sums"] = [*entry["sums"], checksum(text)][-LONGEST:]

    def homes(self, of: str) -> list[tuple[str, str]]:
        """Where it is: (file, name), the first file first."""
        return [(file, name) for file in sorted(self.files) for name in self.files[file] if self.of(file, name) == of]

    def adopt(self, file: str, text: str) -> None:
        """A file that an earlier edition of the course has written, and nobody has changed, is the course's."""
        if file in self.files:
            return
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            written = json.loads((self.place.parent / files.STATE).read_bytes())["written"]
            if written.get(f"{self.place.name}/{file}") == hashlib.sha256(text.encode()).hexdigest():
                for name, block in blocks(text).items():
                    self.note(file, name, block)

    def save(self) -> None:
        """Write it, if anything was noted. Raises OSError."""
        if json.dumps(self.files) != self._as_read:
            files.write_atomically(self.place / FILE, json.dumps(self.files, indent=1, sort_keys=True) + "\n")


def _read(path: Path) -> dict[str, dict[str, dict[str, Any]]]:
    """What is written there; without what cannot be understood, which then counts as written by hand."""
    try:
        found = json.loads(files.plain_bytes(path))
    except (OSError, ValueError, RecursionError):
        return {}
    parts = found.items() if isinstance(found, dict) else ()
    return {file: {k: v for k, v in names.items() if _sound(v)} for file, names in parts if isinstance(names, dict)}


def _sound(entry: Any) -> bool:
    sums = entry.get("sums") if isinstance(entry, dict) else None
    return isinstance(sums, list) and all(isinstance(one, str) for one in sums) and isinstance(entry.get("of"), str)
