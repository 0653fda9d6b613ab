"""What a learning platform hands over, sorted by student: `submitted/STUDENT/03/`, as nbgrader has it.

    dev_LATE_1234_56789_03_Dev.ipynb, dev_1234_56790_03_Dev-1.ipynb     Canvas: one student, the later file last
    Gus Meyer_331_assignsubmission_file_/03.ipynb                       Moodle
    03_gmeyer_attempt_2026-11-27-18-05-00_03.ipynb                      Blackboard, which alone says when
    anna/03.ipynb, anna.ipynb                                           any other

nbgrader's own `zip_collect` stops at a second file of one student, does not see `x.IPYNB`, and unpacks zips in zips
without a limit. Here nothing is unpacked onto the disk, a zip in a zip is read where it lies, no link is followed, and
what cannot be read is a remark.
"""

import functools
import io
import os
import re
import unicodedata
import zipfile
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any, NamedTuple

from course_kit.i18n import t

Reader = Callable[[], bytes]
LARGEST = 24 << 20  # bytes of one file
MANY = 20  # notebooks of one student
MEMBERS = 10_000  # names in a zip of a student's
DEEP = 3  # zips in one another
PLATFORMS = (
    re.compile(r"(?P<name>[^/]+?)_(?P<late>LATE_)?(?P<user>\d+)_(?P<order>\d{1,18})_"),
    re.compile(r"(?P<name>[^/]+)_(?P<number>\d+)_assignsubmission_"),
    re.compile(r"[^/]*?_(?P<name>[^_/]+)_attempt_(?P<when>(\d+-){5}\d+)"),
    re.compile(r"(?P<name>[^/]*?)(\.ipynb(\.txt|\.json)?|\.zip|\.py)?(/|$)", re.I),  # fits any name
)
NOTEBOOK = re.compile(r"\.ipynb(\.txt|\.json)?$", re.I)  # as some browsers save it
OTHERS = re.compile(  # what a system puts beside a hand-in, a table of marks, and Blackboard's receipt
    r"(^|/)(\.|~\$|__MACOSX(/|$)|__pycache__(/|$)|desktop\.ini$|thumbs\.db$)|\.csv$"
    r"|_attempt_(\d+-){5}\d+\.txt$",
    re.I,
)


class Person(NamedTuple):
    """A name as the platform writes it, and its number: of the person (user), or of a place in a list (number)."""

    name: str
    user: str = ""
    number: str = ""


class File(NamedTuple):
    """One file of a student: the number and the time that the platform gave, whether it says late; its name there."""

    order: int
    when: str
    name: str
    late: bool
    read: Reader


class Collected(NamedTuple):
    """What became of a student's files: remarks, and when the last one came by the platform's own clock, if it says."""

    remarks: list[str]
    when: datetime | None


def by_student(source: Path, roster: list[Any]) -> dict[str, list[File]]:
    """Everybody's files in a folder or zip, by the student's id, the last one last. Raises ValueError if there is
    nothing."""
    people: dict[Person, list[File]] = defaultdict(list)
    for name, read in _list_files(source, roster):
        fields = next(x.groupdict() for pattern in PLATFORMS if (x := pattern.match(name)))
        person = Person(
            unicodedata.normalize("NFC", fields["name"]), fields.get("user") or "", fields.get("number") or ""
        )
        file = File(int(fields.get("order") or 0), fields.get("when") or "", name, bool(fields.get("late")), read)
        people[person].append(file)
    if not people:
        raise ValueError(t("{place} is empty: name the folder or zip that the platform gives.", place=source))
    names = identities(list(people), roster)
    return {names[person]: sorted(files, key=lambda x: x[:3]) for person, files in people.items()}


def collect(
    source: Path, folder_of: Callable[[str], Path], roster: list[Any], zone: tzinfo | None = None
) -> dict[str, Collected]:
    """Copies each student's notebooks into folder_of(student), the last one last. roster: nbgrader's students; zone: of
    the platform's clock. Raises ValueError if there is nothing."""
    return {student: _write(folder_of(student), files, zone) for student, files in by_student(source, roster).items()}


def _write(folder: Path, files: list[File], zone: tzinfo | None) -> Collected:
    """The notebooks of one student, numbered; those of an earlier call go. Functions in a file of Python are taken
    where there is no notebook."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in (*folder.glob("[0-9][0-9]-*.ipynb"), *folder.glob("[0-9][0-9]-*.py")):
        old.unlink()
    remarks = late(files)
    notebooks = [file for file in files if NOTEBOOK.search(file.name)]
    programs = [file for file in files if file.name.lower().endswith(".py")]
    others = [file for file in files if file not in notebooks and file not in programs][:3]
    for file in [] if notebooks else programs[:3]:
        remarks.append(t("{file} is no notebook: its functions were read as those of one cell", file=plain(file.name)))
    for file in others:
        ask = t("{file} is no notebook: ask for the file whose name ends in .ipynb", file=plain(file.name))
        remarks.append(t("{file} is no notebook", file=plain(file.name)) if notebooks or programs else ask)
    chosen, when = (notebooks or programs)[-MANY:], ""
    for number, file in enumerate(chosen):
        try:
            content = file.read()
            if len(content) > LARGEST:
                raise ValueError(t("larger than {n} MB", n=LARGEST >> 20))
        except Exception as error:  # of whatever kind: what is in a file is the student's
            remarks.append(t("{file} is unreadable: {why}", file=plain(file.name), why=plain(str(error))))
            continue
        stem, ending = NOTEBOOK.sub("", file.name.split("/")[-1]), ".ipynb" if notebooks else ".py"
        (folder / f"{number:02}-{_safe(stem.removesuffix('.py'))}{ending}").write_bytes(content)
        when = file.when
    local = clock(when)
    if local and zone:
        moment = local.replace(tzinfo=zone).astimezone(UTC)
        (folder / "timestamp.txt").write_text(f"{moment:%Y-%m-%d %H:%M:%S} UTC")
    elif local:
        (folder / "timestamp.txt").unlink(missing_ok=True)
    if len(notebooks) > 1:
        last = plain(notebooks[-1].name)
        remarks.append(t("{n} notebooks, the last answer counts: {file}", n=len(notebooks), file=last))
    return Collected(remarks, local)


def clock(when: str) -> datetime | None:
    """A time as Blackboard writes it, 2026-11-27-18-05-00, of no zone."""
    try:
        return datetime(*map(int, when.split("-")))  # type: ignore[arg-type]
    except (ValueError, TypeError, OverflowError):
        return None


def late(files: list[File]) -> list[str]:
    """A remark for each file of a student that the platform itself calls late."""
    return [t("{file}: late, says Canvas", file=plain(one.name)) for one in files if one.late]


def identities(people: list[Person], roster: list[Any]) -> dict[Person, str]:
    """Person -> the student's id: that of the one in the roster who has this number, id, e-mail or name; else the name,
    with the number where two have the same."""
    known: dict[str, set[str]] = defaultdict(set)
    for student in roster:
        for name in _names(student):
            known[_fold(name)].add(student.id)
        known[f"user {student.lms_user_id}"].add(student.id)
    candidates = {x: (x.user and known[f"user {x.user}"]) or known[_fold(x.name)] for x in people}
    ids = {x: next(iter(fits)) if len(fits) == 1 else _safe(x.name) for x, fits in candidates.items()}
    count, assigned = Counter(_fold(identity) for identity in ids.values()), dict[Person, str]()
    for x, identity in ids.items():
        identity = identity if count[_fold(identity)] == 1 else f"{_safe(x.name)}_{x.user or x.number}".rstrip("_")
        while identity in assigned.values():  # never two in one folder
            identity += "_"
        assigned[x] = identity
    return assigned


def _names(student: Any) -> tuple[str, ...]:
    """What a platform may call somebody of the roster."""
    first, last = student.first_name or "", student.last_name or ""
    return tuple(x for x in (student.id, student.email or "", first + last, last + first) if x)


def _fold(name: str) -> str:
    return re.sub(r"\W", "", unicodedata.normalize("NFKC", name).casefold())


def _safe(name: str) -> str:
    """A name for folders and tables: in one spelling of its accents, and no formula of a spreadsheet."""
    name = unicodedata.normalize("NFC", whole(name))
    return re.sub(r"[^\w@.' -]", "_", name)[:80].strip(" .-@'") or "_"


def _list_files(source: Path, roster: list[Any]) -> list[tuple[str, Reader]]:
    """(name, how to read it) of each file; a zip among them as a folder. Raises ValueError if it is no folder and no
    zip."""
    entries = [entry for entry in source.iterdir() if not OTHERS.search(entry.name)] if source.is_dir() else []
    source = entries[0] if len(entries) == 1 and entries[0].suffix.lower() == ".zip" else source
    pairs: list[tuple[str, Reader]]
    if source.is_dir():
        files = (Path(parent, name) for parent, _, names in os.walk(source, followlinks=False) for name in names)
        pairs = [(file.relative_to(source).as_posix(), functools.partial(read_file, file)) for file in sorted(files)]
    else:
        try:
            pairs = _members(lambda: zipfile.ZipFile(source))
        except Exception:
            raise ValueError(
                t("{file} is no folder and no zip; needed: what the platform gives.", file=source)
            ) from None
    pairs = [(name.replace("\\", "/").lstrip("/"), read) for name, read in pairs]
    pairs = [pair for entry in pairs if not OTHERS.search(entry[0]) for pair in _unpack(*entry, depth=1)]
    unwrapped = [(name.partition("/")[2], read) for name, read in pairs]
    return unwrapped if _is_wrapped([name for name, _ in pairs], roster) else pairs


def _is_wrapped(names: list[str], roster: list[Any]) -> bool:
    """Whether all hand-ins lie in one folder, which is no student: the class was packed once more."""
    tops = {name.partition("/")[0] for name in names}
    inner_names = [name.partition("/")[2] for name in names]
    if len(tops) != 1 or not all(inner_names):
        return False
    if all(any(pattern.match(name) for pattern in PLATFORMS[:3]) for name in inner_names):
        return True
    if any(pattern.match(names[0]) for pattern in PLATFORMS[:3]):
        return False
    known = {_fold(x) for student in roster for x in _names(student)}
    inner = {_fold(re.sub(r"(?i)(\.ipynb|\.zip|\.py)$", "", name.partition("/")[0])) for name in inner_names}
    if known:
        return _fold(*tops) not in known and bool(inner & known)
    return len(inner) > 1 and all("/" in name for name in inner_names)


def _members(open_zip: Callable[[], zipfile.ZipFile]) -> list[tuple[str, Reader]]:
    """(name, how to read it) of each file in a zip, which is opened again for each: none of them stays in memory."""

    def read(member: zipfile.ZipInfo) -> bytes:
        with open_zip() as packed, packed.open(member) as file:
            return file.read(LARGEST + 1)

    with open_zip() as packed:
        members = [member for member in packed.infolist() if not member.is_dir()]
    return [(_name(member), functools.partial(read, member)) for member in members]


def _name(member: zipfile.ZipInfo) -> str:
    """A name in a zip. macOS writes UTF-8 and does not say so; then it is read as if it were of 1981."""
    if not member.flag_bits & 0x800:
        try:
            return member.filename.encode("cp437").decode("utf-8")
        except UnicodeError:
            pass
    return member.filename


def _unpack(name: str, read: Reader, depth: int) -> list[tuple[str, Reader]]:
    """A file, or the files in it if it is a zip; one that is too large, or none, stays as it is."""
    if not name.lower().endswith(".zip") or depth == DEEP:
        return [(name, read)]
    try:
        if len(read()) > LARGEST:
            return [(name, read)]
        members = _members(lambda: zipfile.ZipFile(io.BytesIO(read())))
    except Exception:  # of whatever kind: what is in a file is the student's
        return [(name, read)]
    pairs = [(f"{name}/{inner}".replace("\\", "/"), open_member) for inner, open_member in members[:MEMBERS]]
    pairs = [pair for pair in pairs if not OTHERS.search(pair[0])]
    inner_pairs = (_unpack(*pair, depth=depth + 1 if i < MANY else DEEP) for i, pair in enumerate(pairs))
    return [pair for group in inner_pairs for pair in group] or [(name, read)]


def read_file(file: Path) -> bytes:
    """A byte more than is allowed, at most. Raises OSError for a link, and for what is no file."""
    if not file.is_file():
        raise OSError("no file")
    with open(os.open(file, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0)), "rb") as stream:
        return stream.read(LARGEST + 1)


def whole(text: str) -> str:
    """A text without halves of letters, which no file can hold."""
    return text.encode("utf-8", "replace").decode()


def plain(text: str) -> str:
    """Names and messages that come from outside, fit for a terminal and a table."""
    return "".join(x if x.isprintable() else "�" for x in text)[:200]
