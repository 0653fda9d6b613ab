"""Opens what was handed in, within limits: no link is followed, nothing is unpacked."""

import os
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

LARGEST = 24 << 20  # bytes of one file
TOGETHER = 128 << 20  # bytes of one hand-in
MANY = 2000  # files in one hand-in
SUFFIXES = (".ipynb", ".json", ".zip")


def contents(path: Path, remarks: list[str]) -> Iterator[tuple[str, float, bytes]]:
    """(name, time, content) of each notebook and JSON file, within the limits."""
    budget, count = TOGETHER, 0
    for name, when, read in _listed(path, remarks):
        if not name.lower().endswith((".ipynb", ".json")) or "__MACOSX" in name or ".ipynb_checkpoints" in name:
            continue
        count += 1
        content = read(min(LARGEST, budget) + 1)
        budget -= len(content)
        if len(content) > LARGEST or budget < 0 or count > MANY:
            raise ValueError(f"{name} is too large, or there is too much in all: at most {LARGEST >> 20} MB a file")
        yield plain(name), when, content


def _listed(path: Path, remarks: list[str]) -> Iterator[tuple[str, float, Any]]:
    if path.is_symlink():
        remarks.append("it is a link: not followed")
    elif path.is_dir():
        for place, folders, names in os.walk(path, followlinks=False):
            folders.sort()
            links = [x for x in (*folders, *names) if os.path.islink(os.path.join(place, x))]
            remarks += [f"{plain(x)} is a link: not followed" for x in links[:3]]
            for name in sorted(set(names) - set(links)):
                file = Path(place, name)
                about = file.lstat()
                if not stat.S_ISREG(about.st_mode):
                    remarks.append(f"{plain(name)} is no file: not read")
                    continue
                yield str(file.relative_to(path)), about.st_mtime, _opened(file)
    elif not stat.S_ISREG(path.lstat().st_mode):
        remarks.append("it is no file: not read")
    elif path.suffix.lower() == ".zip":
        with zipfile.ZipFile(path) as packed:
            members = packed.infolist()
            if len(members) > MANY:
                raise ValueError(f"{len(members)} files in the zip; at most {MANY}")
            for one in members:
                if not one.is_dir():
                    yield one.filename, path.stat().st_mtime, lambda most, one=one: packed.open(one).read(most)
    elif path.suffix.lower() in SUFFIXES:
        yield path.name, path.stat().st_mtime, _opened(path)
    else:
        raise ValueError(f"{path.name} is neither a folder nor a zip, an .ipynb or a .json file")


def _opened(file: Path) -> Any:
    def read(most: int) -> bytes:
        with open(os.open(file, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0)), "rb") as opened:
            return opened.read(most)

    return read


def plain(text: str) -> str:
    """Names and messages that come from outside, fit for a terminal and a table."""
    return "".join(x if x.isprintable() else "�" for x in text)[:200]
