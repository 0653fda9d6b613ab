"""A class's answers to a problem, each judged in a sandbox of its own: `course problem 05 --all FOLDER`."""

import csv
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from course_kit.i18n import t

from ..grading import sandbox
from ..grading.collecting import plain
from .judging import GIVEN, RUNNER, judged, seconds_of

HIDDEN = ".", "__MACOSX"  # of a hand-in: what its author does not see


def judge_all(judge: Path, folder: Path, out: Path) -> int:
    """A folder of hand-ins, a file or a folder for each student -> exit status. Raises ValueError."""
    if not folder.is_dir():
        raise ValueError(t("{folder} is no folder. Of a zip, unpack it and name the folder.", folder=folder))
    if why := sandbox.why_not():
        raise ValueError(why)
    if not (found := dict(_hand_ins(folder))):
        raise ValueError(t("{folder} holds no hand-ins: needed is a .py file or a folder for each.", folder=folder))

    def one(student: str) -> list[dict[str, Any]]:
        path = found[student]
        if path is None:
            return [{"title": "", "state": "wrong", "said": t("no file of Python")}]
        inside = f"/course/chapters/{judge.parent.parent.name}/problem/{judge.name}"
        program = [RUNNER.name, inside, "/hand_in.py", f"{2 * seconds_of(judge):.0f}"]
        bound: list[str | Path] = ["--ro-bind", RUNNER, f"/course/{RUNNER.name}", "--ro-bind", path, "/hand_in.py"]
        return judged(judge, path, sandbox=sandbox.command(program=program, more=bound))

    with out.open("w", newline="", encoding="utf-8") as file, ThreadPoolExecutor(os.cpu_count()) as pool:
        table = csv.writer(file)
        table.writerow(["student", "right", "of", "file", "said"])
        for (student, path), tests in zip(found.items(), pool.map(one, found), strict=True):
            right = sum(x["state"] == "right" for x in tests)
            told = (x["said"] or (t("not written yet") if x["state"] == "open" else "") for x in tests)
            said = "; ".join(dict.fromkeys(plain(" ".join(x.split())) for x in told if x))
            student = plain(student)
            row = (student, right, len(tests), plain(path.name) if path else "", said[:500])
            table.writerow([f"'{x}" if str(x).startswith(("=", "+", "-", "@")) else x for x in row])
            print(f"{student}: {right}/{len(tests)} {said[:90]}".rstrip(), flush=True)
    print(t("{count} hand-ins judged: {path}", count=len(found), path=out))
    return 0


def _hand_ins(folder: Path) -> Iterator[tuple[str, Path | None]]:
    """(student, file or None): problem.py, or the first file of Python; a link is never followed."""
    seen: set[str] = set()
    for path in sorted(folder.iterdir()):
        if path.is_symlink() or path.name.startswith(HIDDEN):
            continue
        inside = [path] if path.is_file() else sorted(path.rglob("*"), key=lambda x: (x.name != GIVEN, x))
        files = [x for x in inside if x.suffix.lower() == ".py" and x.is_file() and not x.is_symlink()]
        seen_by_all = (x for x in files if not any(one.startswith(HIDDEN) for one in x.relative_to(folder).parts))
        answer = next((x.resolve() for x in seen_by_all if not x.name.startswith("test_")), None)
        name = path.stem if path.is_file() and path.stem not in seen else path.name  # ann.py, beside ann.md
        seen.add(name)
        yield name, answer
