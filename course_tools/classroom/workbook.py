"""`workbook/`: the student's own copies of the notebooks. The course comes in, and nothing is ever overwritten.

A notebook that is not there yet is copied. An untouched copy is replaced when the course brings a new edition.
One that the student changed stays, and the new edition is laid beside it as `NAME.new-edition.ipynb`.
One in an encoding that JupyterLab does not open is written as UTF-8, with the same text.
One that no program can read any more, cut off in a power failure, stays as well, and a fresh copy is laid beside it.
A copy shows pictures and results from its first moment, but no run numbers and nothing about the authors' machine.
`workbook/.course.json` remembers what was laid down: {"written": {file: sha256}, "editions": {notebook: sha256}}.
"""

import errno
import hashlib
import itertools
import json
import os
import platform
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from course_kit import files
from course_kit.exercises import record
from course_kit.files import STATE
from course_kit.i18n import mark, t

CHANGELOG = "CHANGELOG.md"


class WorkbookError(ValueError):
    """The workbook could not be filled. The message says what to do; nothing of the student's was touched."""


@dataclass(frozen=True)
class Change:
    """One thing that `sync` did. kind: a key of the words below; file: the file written; notebook: its original"""

    kind: str
    file: str
    notebook: str

    def __str__(self) -> str:
        told = {"file": self.file, "notebook": self.notebook}
        if self.kind == "new":
            return t("{file}: new", **told)
        if self.kind == "mended":
            return t("{file}: JupyterLab cannot open its encoding, so it is UTF-8 again; its text is as it was", **told)
        if self.kind == "replaced":
            return t("{file}: the new edition (your copy was as it came)", **told)
        if self.kind == "beside":
            return t("{notebook}: you have worked in it, so it stays as it is; the new edition is {file}", **told)
        return t(
            "{notebook}: damaged, so it cannot be opened. It stays as it is; a fresh copy is {file}, and what you "
            "saved before may be in .ipynb_checkpoints/",
            **told,
        )


def place(course: Path | None = None) -> Path:
    """Where the workbook is: workbook/ of the course, or the folder in COURSE_WORKBOOK, where the course is shared.
    Another language, in COURSE_LANGUAGE, has a folder of its name in it."""
    given, language = os.environ.get("COURSE_WORKBOOK"), os.environ.get("COURSE_LANGUAGE", "en")
    own = "" if language == "en" else language
    if not given:
        return (course or files.course_folder()) / "workbook" / own
    try:
        return Path(given).expanduser().resolve() / own
    except RuntimeError:  # the home folder of an unknown user
        why = mark("COURSE_WORKBOOK is {given}, and no user of that name exists here: give the full path of a folder.")
        raise WorkbookError(t(why, given=repr(given))) from None


def damaged(path: Path) -> bool:
    """Whether a notebook is there that no program can open: empty, cut off, or no notebook at all."""
    try:
        return not _is_notebook(files.content(path).decode("utf-8"))
    except (ValueError, RecursionError):
        return True
    except OSError:
        return False  # missing, not readable, or no file at all: reported elsewhere


def mend(path: Path) -> bool:
    """Write a notebook that an editor has saved with a mark in front (BOM), or as UTF-16, as UTF-8, which is all that
    JupyterLab opens -> whether there was one. Its text stays as it is."""
    try:
        content = files.content(path)
        encoding = json.detect_encoding(content)
        text = content.decode(encoding)
        if encoding == "utf-8" or not _is_notebook(text):
            return False
    except (OSError, ValueError, RecursionError):
        return False
    files.write_atomically(path, text)
    return True


def _is_notebook(text: str) -> bool:
    """Raises ValueError or RecursionError for what is no JSON."""
    notebook = json.loads(text)
    return isinstance(notebook, dict) and isinstance(notebook.get("cells"), list)


def sync(notebooks: str | Path, workbook: str | Path) -> list[Change]:
    """Bring the notebooks of the course into the student's folder -> list of Change.

    notebooks  folder with *.ipynb (may be read-only)
    workbook   folder of the student; made if it is not there
    Raises WorkbookError if the workbook cannot be written or the course has no notebooks.
    """
    notebooks, workbook = Path(notebooks), Path(workbook)
    editions = {path.name: path for path in sorted(notebooks.glob("*.ipynb"))}
    if not editions:
        why = t(
            "There are no notebooks in {folder}. If you have just cloned the course, `git checkout -- notebooks`; "
            "if you write it, `make notebooks` builds them.",
            folder=notebooks,
        )
        raise WorkbookError(why)
    try:
        workbook.mkdir(parents=True, exist_ok=True)
        ours = (record.FILE, STATE, "mine/*.py", "mine/.written.json", *_read_state(workbook)["written"])
        files.sweep((workbook / name for name in ours), files.A_MINUTE)
        return _sync(editions, workbook)
    except OSError as error:
        raise WorkbookError(_explain(error, workbook)) from error


def unrun(content: bytes) -> bytes:
    """The bytes of a notebook of the course -> those of a copy that nobody has run on this machine.

    The version of Python is this one's: JupyterLab would write it into a notebook as it opens, and call it unsaved.
    """
    try:
        notebook = json.loads(content)
    except ValueError:
        return content
    for cell in notebook["cells"]:
        if cell["cell_type"] != "code":
            continue
        cell["execution_count"] = None
        if "machine" in cell["metadata"].get("tags", ()):
            cell["outputs"] = []
        for output in cell["outputs"]:
            if "execution_count" in output:
                output["execution_count"] = None
    if "language_info" in notebook["metadata"]:
        notebook["metadata"]["language_info"]["version"] = platform.python_version()
    return (json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


def _sync(editions: dict[str, Path], workbook: Path) -> list[Change]:
    state = _read_state(workbook)
    before = json.dumps(state)
    changes = [Change("mended", name, name) for name in {**editions, **state["written"]} if mend(workbook / name)]
    for name, edition in editions.items():
        content, newest = unrun(edition.read_bytes()), files.sha256(edition)
        sha256 = hashlib.sha256(content).hexdigest()
        change = _decide(name, sha256, newest, workbook, state)
        changes += [change] if change else []
        if change and change.kind == "damaged" and _laid_down(change.file, sha256, workbook, state):
            change = None  # the fresh copy is there already: it is only named again
        if change:
            files.write_atomically(workbook / change.file, content)
            state["written"][change.file] = sha256
        state["editions"][name] = newest
        if json.dumps(state) != before:
            _write_state(workbook, state)
            before = json.dumps(state)
        if change:
            trust(workbook / change.file)
    return changes


def _decide(name: str, sha256: str, newest: str, workbook: Path, state: dict) -> Change | None:
    """What to do about one notebook of the course -> Change or None. sha256: of its copy; newest: of the edition."""
    found = _sha256(workbook / name)
    if found is None:
        return Change("new", name, name)
    if found == sha256:
        state["written"][name] = sha256
        return None
    known = state["editions"].get(name) == newest
    if found == state["written"].get(name):
        return None if known else Change("replaced", name, name)
    broken = damaged(workbook / name)
    if known and not broken:
        return None  # this edition has been offered
    for beside in _names_beside(name):
        there = _sha256(workbook / beside)
        if there == sha256 and not broken:
            return None
        if broken and _laid_down(beside, sha256, workbook, state):
            return Change("damaged", beside, name)
        if there is None or there == state["written"].get(beside):
            return Change("damaged" if broken else "beside", beside, name)
    return None


def _laid_down(name: str, sha256: str, workbook: Path, state: dict) -> bool:
    """Whether this edition was laid down under that name and is still there, untouched or worked in."""
    found = _sha256(workbook / name)
    return found == sha256 or found is not None and state["written"].get(name) == sha256


def news(changelog: Path) -> str:
    """What CHANGELOG.md tells readers of the newest edition, as plain lines; "" if there is no such file."""
    if not changelog.is_file():
        return ""
    parts = changelog.read_text(encoding="utf-8").split("\n## ")
    return parts[1].partition("\n### ")[0].strip() if len(parts) > 1 else ""


def _names_beside(name: str) -> Iterator[str]:
    stem = name.removesuffix(".ipynb")
    yield f"{stem}.new-edition.ipynb"
    yield from (f"{stem}.new-edition-{number}.ipynb" for number in itertools.count(2))


def trust(path: Path) -> bool:
    """Sign a notebook of the course as trusted, so that its views are interactive before anything is run.

    -> False if Jupyter's record of signatures cannot be written here; then running a cell does the same.
    """
    import nbformat
    from nbformat.sign import NotebookNotary

    try:
        NotebookNotary().sign(nbformat.read(path, as_version=4))
    except Exception:  # a record that is locked, damaged or read-only must not keep anyone from working
        return False
    return True


def _sha256(path: Path) -> str | None:
    """The checksum of a file, None if it is not there. A folder or link of that name counts as the student's work."""
    if path.is_file():
        return files.sha256(path)
    return "something else" if path.exists() or path.is_symlink() else None


def _read_state(workbook: Path) -> dict[str, dict[str, str]]:
    try:
        state = json.loads(files.content(workbook / STATE))
        parts = {key: dict(state[key]) for key in ("written", "editions")}
    except (FileNotFoundError, ValueError, KeyError, TypeError, RecursionError):
        return {"written": {}, "editions": {}}  # unknown: then every copy that differs counts as the student's
    return {
        key: {k: v for k, v in part.items() if isinstance(v, str) and re.fullmatch(r"[0-9a-f]{64}", v)}
        for key, part in parts.items()
    }


def _write_state(workbook: Path, state: dict) -> None:
    files.write_atomically(workbook / STATE, json.dumps(state, indent=1, sort_keys=True) + "\n")


def _explain(error: OSError, workbook: Path) -> str:
    told: dict = {"where": error.filename or workbook, "workbook": workbook, "why": error.strerror or error}
    if error.errno == errno.ENOSPC:
        return t(
            "The disk is full: {where} could not be written. Make room and start again; your notebooks are as before.",
            **told,
        )
    if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        return t(
            "{where} cannot be written ({why}). The course keeps your copies in {workbook}: give yourself the right "
            "to write there, copy the course's folder to a place of your own, or set COURSE_WORKBOOK to a folder of "
            "yours.",
            **told,
        )
    return t("{where} could not be written: {why}. Your notebooks are as before.", **told)
