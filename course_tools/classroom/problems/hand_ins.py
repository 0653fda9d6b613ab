"""A class's answers to a problem, each judged in a sandbox of its own: `course problem 05 --all FOLDER`.

Who has written a file is read as for exercises (grading/collecting.py), with the roster of the folder that this is
called in, if `course grade` works there.
"""

import csv
import os
import re
import shutil
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from course_kit.i18n import t

from ..grading import collecting, sandbox
from ..grading.collecting import File, plain
from .judging import GIVEN, RUNNER, judged, seconds_of

NAMED = re.compile(r"(^|[/_])problem( ?\(\d+\)|[-_ ]\d+)?\.py$", re.I)  # also as platforms and browsers call it


def judge_all(judge: Path, folder: Path, out: Path) -> int:
    """What a platform gives, a folder or a zip, with a file or a folder for each student -> exit status. Raises
    ValueError."""
    if not folder.exists():
        raise ValueError(t("{folder} is not there; needed: the folder or zip that the platform gives.", folder=folder))
    if why := sandbox.why_not():
        raise ValueError(why)
    course, students = _course(), dict[str, list[File]]()
    roster, due = (course.roster, course.due(f"problem_{judge.parent.parent.name[2:]}")) if course else ([], None)
    if folder.is_file() or any(folder.iterdir()):
        students = collecting.by_student(folder, roster)
    if not students:
        raise ValueError(t("{folder} holds no hand-ins: needed is a .py file or a folder for each.", folder=folder))

    with (
        tempfile.TemporaryDirectory() as place,
        out.open("w", newline="", encoding="utf-8") as file,
        ThreadPoolExecutor(os.cpu_count()) as pool,
    ):
        chosen = {student: _chosen(files) for student, files in students.items()}
        paths = {student: _copied(one, Path(place) / str(i)) for i, (student, one) in enumerate(chosen.items())}
        table = csv.writer(file)
        table.writerow(["student", "right", "of", "file", "said"])
        whole = pool.submit(lambda: len(judged(judge, judge.with_name(GIVEN))))  # of how many: a stop hides it
        results = pool.map(lambda student: _judged(judge, paths[student]), students)
        for (student, files), tests in zip(students.items(), results, strict=True):
            right = sum(x["state"] == "right" for x in tests)
            of = max(whole.result(), sum(bool(x["title"]) for x in tests))
            remarks, answer = collecting.late(files), chosen[student]
            if course and answer and (clock := collecting.clock(answer.when)):
                remarks += course.late(clock, due)
            if roster and student not in {one.id for one in roster}:
                remarks.append(t("not in the roster"))
            told = (x["said"] or (t("not written yet") if x["state"] == "open" else "") for x in tests)
            said = "; ".join(dict.fromkeys(plain(" ".join(x.split())) for x in (*remarks, *told) if x))
            row = (plain(student), right, of, plain(answer.name.split("/")[-1]) if answer else "", said[:500])
            table.writerow([f"'{x}" if str(x).startswith(("=", "+", "-", "@")) else x for x in row])
            print(f"{plain(student)}: {right}/{of} {said[:90]}".rstrip(), flush=True)
    print(t("{count} hand-ins judged: {path}", count=len(students), path=out))
    return 0


def _course() -> Any:
    """nbgrader's side, if the folder that this is called in is a class's and nbgrader is installed; else None."""
    if not Path("gradebook.db").exists():
        return None
    try:
        from ..grading.gradebook import Course
    except ImportError:
        return None
    return Course()


def _chosen(files: list[File]) -> File | None:
    """Of a student's files problem.py, the one that was handed in last; else another of Python."""
    programs = [one for one in files if one.name.lower().endswith(".py")]
    programs = [one for one in programs if not one.name.split("/")[-1].startswith("test_")]
    return max(programs, key=lambda one: (bool(NAMED.search(one.name)), one.order, one.when), default=None)


def _copied(file: File | None, folder: Path) -> Path | str:
    """The file in a folder of its own, or why there is none."""
    if file is None:
        return t("no file of Python")
    try:
        content = file.read()
        if len(content) > collecting.LARGEST:
            raise ValueError(t("larger than {n} MB", n=collecting.LARGEST >> 20))
        if not content.strip():
            return t("{file} is empty", file=plain(file.name))
        folder.mkdir()
        folder.joinpath(GIVEN).write_bytes(content)
        folder.joinpath(GIVEN).chmod(0o644)  # it is read by nobody in particular
    except Exception as error:  # of whatever kind: what is in a file is the student's
        return t("{file} is unreadable: {why}", file=plain(file.name), why=plain(str(error)))
    return folder / GIVEN


def _judged(judge: Path, path: Path | str) -> list[dict[str, Any]]:
    """The tests of one hand-in, or why there is none, as one without a title."""
    if isinstance(path, str):
        return [{"title": "", "state": "wrong", "said": path}]
    inside = f"/course/chapters/{judge.parent.parent.name}/problem/{judge.name}"
    program = [RUNNER.name, inside, "/hand_in.py", f"{2 * seconds_of(judge):.0f}"]
    bound: list[str | Path] = ["--ro-bind", RUNNER, f"/course/{RUNNER.name}", "--ro-bind", path, "/hand_in.py"]
    for held in judge.parent.glob("*.txt"):  # the judge empties its copy (held_back of course_kit.problems)
        copy = shutil.copyfile(held, path.with_name(held.name))
        bound += ["--bind", copy, f"{Path(inside).parent}/{held.name}"]
        if held.is_relative_to(sys.prefix):  # installed, not a clone
            bound += ["--ro-bind", os.devnull, held]
    return judged(judge, path, sandbox=sandbox.command(program=program, more=bound))
