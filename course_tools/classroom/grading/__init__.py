"""Checks again what was handed in: `course grade FOLDER`.

    opening.py, hand_ins.py    read folders, zips, answer files as text
    sandbox.py      the sandbox (bubblewrap)                          inside/      what runs in it: it executes, and judges nothing
    remote.py       calls an answer in there                          judging.py   the exercises' own engine judges it, out here
    report.py       points, CSV and screen

A ✓ cannot be forged: outputs and records are not read, and an answer's process only gives results back for inputs that
it is sent, among them new ones that are drawn for this run. The reference is computed outside, where no answer runs.
What remains possible is to hand in code by another author, the course included; the report says so where it can tell.
"""  # noqa: E501

import multiprocessing
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

SECONDS = 5.0  # of computing, for one answer: as in the notebook
BUDGET = 90.0  # of computing, for all answers of a student; what comes after is not run
LONGEST = 900.0  # by the clock, for a student, whatever happens


def run(
    folder: str,
    out: str = "grades.csv",
    words: str | None = None,
    jobs: int | None = None,
    points: str | None = None,
    key: str | None = None,
) -> int:
    """The command -> exit status: 0, or 1 if a remark needs a look. Raises ValueError if nothing can be graded."""
    try:
        import cloudpickle  # noqa: F401
    except ImportError:
        raise ValueError(
            "`grade` needs one package more, cloudpickle: use `make grade ARGS=FOLDER`, which installs it; "
            "without make: python -m pip install -e .[grade] -c requirements.lock"
        ) from None
    from ..assignments import Key
    from . import hand_ins, report, sandbox

    found = hand_ins.entries(Path(folder))
    names, known = Key(Path(key)) if key else None, list(hand_ins.course().exercises)
    exercises = report.points(Path(points) if points else None, names.exercises if names else known, known)
    if problem := sandbox.problem():
        raise ValueError(problem)
    begun = time.monotonic()
    rows = report.finish(graded(found, jobs, key=names))
    report.write(rows, exercises, Path(out))
    if words:
        report.write_words(rows, Path(words))
    print(report.summary(rows, exercises, Path(out)))
    print(f"{time.monotonic() - begun:.0f} seconds.")
    return int(any(row.serious for row in rows))


def graded(found: list[Path], jobs: int | None = None, **limits: Any) -> list[Any]:
    """A row for each hand-in. Each is judged in a process of its own, `jobs` at a time (default: one for each core)."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([f"{__name__}.ready"])
    with ThreadPoolExecutor(jobs or len(os.sched_getaffinity(0))) as pool:
        return list(pool.map(lambda path: _alone(context, path, limits), found))


def _alone(context: Any, path: Path, limits: dict[str, Any]) -> Any:
    from .hand_ins import student
    from .judging import Row

    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_judge, args=(theirs, path, limits), daemon=True)
    process.start()
    theirs.close()
    try:
        if ours.poll(LONGEST):
            return ours.recv()
        why = f"not graded: it took more than {LONGEST:g} s"
    except (EOFError, OSError):
        why = "not graded: the grader's process for it ended (too large, or too deeply nested)"
    finally:
        process.kill()
        process.join()
        ours.close()
    return Row(student(path), path.name, remarks=[why], serious=True)


def _judge(pipe: Any, path: Path, limits: dict[str, Any]) -> None:
    from .judging import judge

    os.setpgid(0, 0)
    with pipe:
        pipe.send(judge(path, **{"seconds": SECONDS, "budget": BUDGET, **limits}))
