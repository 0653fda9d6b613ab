"""What a learning platform hands over, sorted by student: `submitted/STUDENT/03/`, as nbgrader has it.

    dev_LATE_1234_56789_03_Dev.ipynb, dev_1234_56790_03_Dev-1.ipynb     Canvas: one student, the later file last
    Gus Meyer_331_assignsubmission_file_/03.ipynb                       Moodle
    03_gmeyer_attempt_2026-11-27-18-05-00_03.ipynb                      Blackboard, which alone says when
    anna/03.ipynb, anna.ipynb                                           any other

nbgrader's own `zip_collect` stops at a second file of one student, does not see `x.IPYNB`, and unpacks zips in zips
without a limit. Here nothing is unpacked, no link is followed, and what cannot be read is a remark.
"""

import os
import re
import unicodedata
import zipfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from course_kit.i18n import t

LARGEST = 24 << 20  # bytes of one file
MANY = 20  # notebooks of one student
PLATFORMS = (
    re.compile(r"(?P<name>[^/]+?)_(?P<late>LATE_)?(?P<user>\d+)_(?P<order>\d{1,18})_"),
    re.compile(r"(?P<name>[^/]+)_(?P<number>\d+)_assignsubmission_"),
    re.compile(r"[^/]*?_(?P<name>[^_/]+)_attempt_(?P<when>(\d+-){5}\d+)"),
    re.compile(r"(?P<name>[^/]*?)(\.ipynb|\.zip)?(/|$)", re.I),  # fits any name
)


class Person(NamedTuple):
    """A name as the platform writes it, and its number: of the person (user), or of a place in a list (number)."""

    name: str
    user: str = ""
    number: str = ""


def collect(source: Path, place: Callable[[str], Path], roster: list[Any]) -> dict[str, list[str]]:
    """Copies each student's notebooks into place(student), the last one last -> student: remarks. roster: nbgrader's
    students. Raises ValueError if there is nothing."""
    found: dict[Person, list[tuple[int, str, str, Callable[[], bytes]]]] = defaultdict(list)
    for name, read in _listed(source):
        told = next(x.groupdict() for one in PLATFORMS if (x := one.match(name)))
        person = Person(unicodedata.normalize("NFC", told["name"]), told.get("user") or "", told.get("number") or "")
        found[person].append((int(told.get("order") or 0), told.get("when") or "", name, read))
    if not found:
        raise ValueError(t("{place} is empty: name the folder or zip that the platform gives.", place=source))
    names = identities(list(found), roster)
    return {
        names[person]: _write(place(names[person]), sorted(of, key=lambda x: x[:3])) for person, of in found.items()
    }


def _write(folder: Path, files: list[tuple[int, str, str, Callable[[], bytes]]]) -> list[str]:
    """The notebooks of one student, numbered -> remarks; those of an earlier call go."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("[0-9][0-9]-*.ipynb"):
        old.unlink()
    remarks = [t("{file}: late, says Canvas", file=plain(name)) for *_, name, _ in files if "_LATE_" in name]
    notebooks = [one for one in files if one[2].lower().endswith(".ipynb")]
    others = [name for *_, name, _ in files if not name.lower().endswith(".ipynb")][:3]
    remarks += [t("{file} is no notebook", file=plain(name)) for name in others]
    for number, (_, when, name, read) in enumerate(notebooks[-MANY:]):
        try:
            content = read()
            if len(content) > LARGEST:
                raise ValueError(t("larger than {n} MB", n=LARGEST >> 20))
        except Exception as error:  # of whatever kind: what is in a file is the student's
            remarks.append(t("{file} is unreadable: {why}", file=plain(name), why=plain(str(error))))
            continue
        (folder / f"{number:02}-{_safe(name.split('/')[-1][:-6])}.ipynb").write_bytes(content)
        if when:
            (folder / "timestamp.txt").write_text(f"{when[:10]} {when[11:].replace('-', ':')}")
    if len(notebooks) > 1:
        last = plain(notebooks[-1][2])
        remarks.append(t("{n} notebooks, the last answer counts: {file}", n=len(notebooks), file=last))
    return remarks


def identities(people: list[Person], roster: list[Any]) -> dict[Person, str]:
    """Person -> the student's id: that of the one in the roster who has this number, id, e-mail or name; else the name,
    with the number where two have the same."""
    known: dict[str, set[str]] = defaultdict(set)
    for one in roster:
        first, last = one.first_name or "", one.last_name or ""
        for x in (one.id, one.email or "", first + last, last + first):
            known[_folded(x)].add(one.id)
        known[f"user {one.lms_user_id}"].add(one.id)
    fitting = {x: (x.user and known[f"user {x.user}"]) or known[_folded(x.name)] for x in people}
    ids = {x: next(iter(fits)) if len(fits) == 1 else _safe(x.name) for x, fits in fitting.items()}
    count, given = Counter(_folded(one) for one in ids.values()), dict[Person, str]()
    for x, one in ids.items():
        one = one if count[_folded(one)] == 1 else f"{_safe(x.name)}_{x.user or x.number}".rstrip("_")
        while one in given.values():  # never two in one folder
            one += "_"
        given[x] = one
    return given


def _folded(name: str) -> str:
    return re.sub(r"\W", "", unicodedata.normalize("NFKC", name).casefold())


def _safe(name: str) -> str:
    """A name for folders and tables: in one spelling of its accents, and no formula of a spreadsheet."""
    name = unicodedata.normalize("NFC", whole(name))
    return re.sub(r"[^\w@.' -]", "_", name)[:80].strip(" .-@'") or "_"


def _listed(source: Path) -> Iterator[tuple[str, Callable[[], bytes]]]:
    """(name, how to read it) of each file. Raises ValueError if it is no folder and no zip."""
    inside = list(source.iterdir()) if source.is_dir() else []
    source = inside[0] if len(inside) == 1 and inside[0].suffix.lower() == ".zip" else source
    if source.is_dir():
        files = (Path(place, name) for place, _, names in os.walk(source, followlinks=False) for name in names)
        pairs = [(file.relative_to(source).as_posix(), lambda file=file: read_file(file)) for file in files]
    else:
        try:
            packed = zipfile.ZipFile(source)
        except Exception:
            raise ValueError(
                t("{file} is no folder and no zip; needed: what the platform gives.", file=source)
            ) from None
        members = [one for one in packed.infolist() if not one.is_dir()]
        pairs = [(one.filename.lstrip("/"), lambda one=one: packed.open(one).read(LARGEST + 1)) for one in members]
    below = [(name.partition("/")[2], read) for name, read in pairs]
    if pairs and all(any(one.match(name) for one in PLATFORMS[:3]) for name, _ in below):
        pairs = below  # packed again, in a folder
    skipped = re.compile(r"(^|/)[._~]|(^|/)__MACOSX/|\.csv$", re.I)
    return ((name, read) for name, read in pairs if not skipped.search(name))


def read_file(file: Path) -> bytes:
    """A byte more than is allowed, at most. Raises OSError for a link, and for what is no file."""
    if not file.is_file():
        raise OSError("no file")
    with open(os.open(file, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0)), "rb") as opened:
        return opened.read(LARGEST + 1)


def whole(text: str) -> str:
    """A text without halves of letters, which no file can hold."""
    return text.encode("utf-8", "replace").decode()


def plain(text: str) -> str:
    """Names and messages that come from outside, fit for a terminal and a table."""
    return "".join(x if x.isprintable() else "�" for x in text)[:200]
