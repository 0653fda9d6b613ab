"""One file to hand in: the answers in a workbook, and what its record says of them.

    course progress --export my-answers.json

    {"format": "attention-course hand-in 1", "course": "0.1.0", "made": …, "problems": [],
     "exercises": [{"name", "notebook", "kind": "exercise" or "find_error", "state", "attempts", "hints", "solution",
                    "first", "solved", "file", "answer", "cell", "as_checked"}, …]}

answer: the source from the decorator to the end of the function or class; cell: the whole cell, with imports and helper
functions; both null while the stub is as it came. as_checked: whether this is the text that was checked last.
Stored outputs are not read: a ✓ in a notebook can be typed by hand. Nor does the record
prove anything: to give marks, run the answers again (in a sandbox: they are programs). So every answer that was written
is included, solved or not.
"""

import datetime
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from course_kit import cells, files, progress
from course_kit.exercises import record
from course_utils import __version__

from . import workbook

FORMAT = "attention-course hand-in 1"


def write(where: Path, file: Path, notebooks: Path | None = None) -> str:
    """Write what a workbook holds into a file -> a few sentences that say what is in it.

    Raises ValueError if the file cannot be written, or is there and no earlier hand-in: nothing is overwritten.
    """
    if file.name == record.FILE or file.exists() and not _is_ours(file):
        raise ValueError(
            f"{file} is given, which is not for handing in; needed: a new file, or one that was exported before. "
            "Take another name: course progress --export my-answers.json"
        )
    content = collect(where, notebooks)
    text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
    write_for_user(file, text, "course progress --export my-answers.json")
    return _summary(file, content)


def write_for_user(file: Path, text: str, example: str) -> None:
    """Write a file that the user has named. Raises ValueError if that cannot be done, with an example that can."""
    try:
        files.write_atomically(file, text)
    except OSError as error:
        raise ValueError(
            f"{file} cannot be written ({error.strerror or error}); needed: a file in a folder that exists and is "
            f"yours. Name another one: {example}"
        ) from None


def run(folder: str | None = None, export: str | None = None) -> int:
    """The command `course progress` -> exit status."""
    where = place(folder)
    print(write(where, Path(export)) if export else progress.in_words(where))
    return 0


def place(folder: str | None = None) -> Path:
    """The workbook that the command `course progress` reads: the one named, the one here, or the course's own.

    Raises ValueError if there is none.
    """
    where = Path(folder) if folder else files.workbook_folder() or workbook.place()
    if not any(where.glob("*.ipynb")) and not any((where / name).exists() for name in (files.STATE, record.FILE)):
        raise ValueError(
            f"{where} is no workbook; needed: one, with your copies of the notebooks. `make lab` makes one; "
            "for another, name its folder behind the command."
        )
    return where


def collect(where: Path, notebooks: Path | None = None) -> dict[str, Any]:
    """What is handed in, as plain data."""
    notebooks = notebooks or files.course_folder() / "notebooks"
    there = progress.notebooks(notebooks)
    entries, problems = progress.recorded(where)
    stubs = [one for path in notebooks.glob("*.ipynb") for one in _found(path, [])]
    untouched, kinds = {one["checksum"] for one in stubs}, {one["name"]: one["kind"] for one in stubs}
    written: dict[str, list[dict[str, Any]]] = {}
    unfolded = set()
    for path in sorted(where.glob("*.ipynb")):
        unfolded |= {stub.name for source in _unfolded(path) for stub in cells.answers(source)}
        for one in _found(path, problems):
            state = entries.get(one["name"], {}).get("state", "open")
            old = state == "open" and "raise NotImplementedError" in one["answer"]  # a stub of an earlier edition
            if one["checksum"] not in untouched and not old:
                written.setdefault(one["name"], []).append(one)
    listed = []
    for notebook in there:
        for name in notebook.exercises:
            entry = entries.get(name, {})
            one = _best(written.get(name, []), entry, notebook.file)
            states = {"state": "open", "attempts": 0, "hints": 0, "solution": False, "first": None, "solved": None}
            listed.append(
                {"name": name, "notebook": notebook.file, "kind": kinds[name]}
                | {key: entry.get(key, usual) for key, usual in states.items()}
                | {key: one.get(key) for key in ("file", "answer", "cell")}
                | {"solution": entry.get("solution", False) or name in unfolded}
                | {"as_checked": bool(one) and one["checksum"] == entry.get("answer")}
            )
    made = datetime.datetime.now().astimezone().isoformat(timespec="seconds")
    return {"format": FORMAT, "course": __version__, "made": made, "problems": problems, "exercises": listed}


def _found(path: Path, problems: list[str]) -> Iterator[dict[str, Any]]:
    """Every answer or stub in a notebook."""
    try:
        sources = cells.sources(path.read_bytes())
    except (ValueError, OSError):
        problems.append(f"{path.name} cannot be read as a notebook.")
        return
    for source in sources:
        for stub in cells.answers(source):
            text = cells.text_of(stub, source)
            yield {
                "name": stub.name,
                "kind": "find_error" if stub.puzzle else "exercise",
                "file": path.name,
                "answer": text,
                "cell": source,
                "checksum": record.of_source(text),
            }


def _unfolded(path: Path) -> list[str]:
    """The cells below which the course's answer was unfolded; none where the notebook cannot be read."""
    try:
        return cells.unfolded(path.read_bytes())
    except (ValueError, OSError):
        return []


def _best(found: list[dict[str, Any]], entry: dict[str, Any], file: str) -> dict[str, Any]:
    """Of several answers to one exercise: the one that was checked, else the one in the exercise's own notebook."""
    order = lambda one: (one["checksum"] == entry.get("answer"), one["file"] == file)  # noqa: E731
    return max(found, key=order, default={})


def _is_ours(file: Path) -> bool:
    try:
        return file.is_file() and json.loads(file.read_bytes())["format"] == FORMAT
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return False


def _summary(file: Path, content: dict[str, Any]) -> str:
    listed = content["exercises"]
    solved = [one for one in listed if one["state"] == "solved"]
    lines = [
        f"{file} written: {sum(one['answer'] is not None for one in listed)} answers, "
        f"{len(solved)} of {len(listed)} exercises solved."
    ]
    lost = [one["name"] for one in solved if one["answer"] is None]
    if lost:
        lines.append(f"Solved, but the answer is no longer in the workbook: {', '.join(lost)}.")
    changed = [one["name"] for one in solved if one["answer"] is not None and not one["as_checked"]]
    if changed:
        lines.append(f"Changed (or not saved) since it was checked; run it again, and save: {', '.join(changed)}.")
    return "\n".join(lines + content["problems"])
