"""Judges what was handed in, between nbgrader's collecting and its feedback: `course grade 03 DOWNLOAD`.

    collecting.py   what a platform gives, by student     hand_in.py      the answers in it, read as text
    sandbox.py      the sandbox (bubblewrap)              inside/         runs in it: executes, and judges nothing
    remote.py       calls an answer in there              judging.py      the course's engine judges it, out here
    gradebook.py    points, words, late ones: nbgrader's

A ✓ cannot be forged: outputs are not read, and an answer's process only gives results back for inputs that it is sent,
among them new ones that are drawn for this run. The reference is computed outside, where no answer runs. Who wrote an
answer, no program can tell, and this one does not try.
"""

import multiprocessing
import os
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from course_kit.i18n import t

SECONDS = 5.0  # of computing, for one answer: as in the notebook
BUDGET = 90.0  # of computing, for all answers of a student; what comes after is not run
LONGEST = 900.0  # by the clock, for a student, whatever happens


def run(name: str, folder: str | None = None) -> int:
    """The command -> exit status. Raises ValueError if nothing can be graded."""
    try:
        import cloudpickle  # noqa: F401

        from .gradebook import Class
    except ImportError:
        raise ValueError(t("`grade` needs two packages more, nbgrader and cloudpickle: `make environment EXTRA=grade` "
                           "installs them; without make: python -m pip install -e .[grade] -c requirements.lock"
                           )) from None  # fmt: skip
    from . import collecting, hand_in, sandbox

    room = Class(name)
    wanted = room.wanted(list(hand_in.course()))
    if why := sandbox.why_not():
        raise ValueError(why)
    begun, collected = time.monotonic(), dict[str, collecting.Collected]()
    if folder:
        place = lambda student: room.folder("submitted", student)  # noqa: E731
        collected = collecting.collect(Path(folder), place, room.roster, room.zone)
    if not (students := room.handed_in()):
        told = room.folder("submitted", "*")
        raise ValueError(t("{place} is empty: name the folder or zip that the platform gives.", place=told))
    rows = graded({one: room.folder("submitted", one) for one in students}, wanted)
    for row in rows:
        remarks, clock = collected.get(row.student, ([], None))
        row.remarks[:0] = remarks
        try:
            room.keep(row, clock)
        except Exception as error:  # one that nbgrader does not take must not stop the others
            why = f"{type(error).__name__}: {str(error)[:80]}"
            row.remarks.append(t("not written into the gradebook ({why})", why=why))
        if room.roster and row.student not in {one.id for one in room.roster}:
            row.remarks.append(t("not in the roster"))
    print(summary(rows))
    then = f"nbgrader generate_feedback {name} --force; nbgrader export"
    print(t("{n} seconds. Then: {then}", n=f"{time.monotonic() - begun:.0f}", then=then))
    return 0


def graded(found: dict[str, Path], wanted: list[str], **limits: float) -> list[Any]:
    """A row for each student. Each is judged in a process of its own, one for each core at a time."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([f"{__name__}.ready"])
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        return list(pool.map(lambda one: _alone(context, one, found[one], wanted, limits), found))


def _alone(context: Any, student: str, folder: Path, wanted: list[str], limits: dict[str, float]) -> Any:
    from .judging import Row

    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_judge, args=(theirs, student, folder, wanted, limits), daemon=True)
    process.start()
    theirs.close()
    try:
        if ours.poll(LONGEST):
            return ours.recv()
        why = t("not graded: it took more than {n} s", n=f"{LONGEST:g}")
    except (EOFError, OSError):
        why = t("not graded: the grader's process for it ended (too large, or too deeply nested)")
    finally:
        process.kill()
        process.join()
        ours.close()
    return Row(student, dict.fromkeys(wanted, "not run"), remarks=[why])


def _judge(pipe: Any, student: str, folder: Path, wanted: list[str], limits: dict[str, float]) -> None:
    from .judging import judge

    os.setpgid(0, 0)
    with pipe:
        pipe.send(judge(student, folder, wanted, **{"seconds": SECONDS, "budget": BUDGET, **limits}))


def summary(rows: list[Any]) -> str:
    """For the screen: who has solved how many, and what was noticed."""
    lines = ["  " + t("right  wrong  open  student: remarks")]
    for row in rows:
        count = Counter(row.states.values())
        unfinished = count["open"] + count["missing"]
        wrong = count.total() - count["right"] - unfinished
        who = t("{name}: {text}", name=row.student, text=t("; ").join(row.remarks)) if row.remarks else row.student
        lines.append(f"{count['right']:7}  {wrong:5}  {unfinished:4}  {who}"[:160])
    return "\n".join(lines)
