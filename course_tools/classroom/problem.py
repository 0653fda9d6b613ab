"""A problem: half an hour to an hour, from what a lesson built, judged by a file of pytest: `course problem 05`.

`chapters/chNN/problem/` holds problem.py, which the reader fills in, and test_problem.py, which judges it. A solution
is in neither. A judge may set SECONDS, of computing, for all its tests.
"""

import ast
import contextlib
import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil

from course_kit import files
from course_kit.i18n import t

from . import workbook

CHAPTERS = Path(__file__).resolve().parents[2] / "chapters"
RUNNER = Path(__file__).parent / "grading" / "inside" / "problem.py"
GIVEN, JUDGE = "problem.py", "test_problem.py"
SECONDS = 60.0  # of computing, for a whole judge
PATIENCE = 10  # times as long by the clock: one that waits does not compute


def run(name, hand_ins=None, out="problem.csv"):
    """Lay a problem down in the workbook, or judge what is there -> exit status, 1 if something is not right.

    hand_ins: a folder of many people's, judged in a sandbox instead; out: their table. Raises ValueError.
    """
    ours = _home(name)
    if hand_ins is not None:
        from .grading import problem_hand_ins

        return problem_hand_ins.run(ours / JUDGE, _seconds(ours / JUDGE), judged, Path(hand_ins), Path(out))
    where = (files.workbook_folder() or workbook.place()) / f"problem_{ours.parent.name[2:]}"
    new = not (where / GIVEN).exists()
    where.mkdir(parents=True, exist_ok=True)
    for one in (GIVEN, JUDGE):
        if not (where / one).exists():
            files.write_atomically(where / one, (ours / one).read_bytes())
    if new:
        print(t("Written: {path}. It says what is asked; the same command judges it.", path=where / GIVEN))
        return 0
    tests = judged(ours / JUDGE, where / GIVEN)
    print(in_words(tests))
    return 0 if all(one["state"] == "right" for one in tests) else 1


def _home(name):
    found = {path.parent.parent.name[2:]: path.parent for path in sorted(CHAPTERS.glob(f"ch??/problem/{GIVEN}"))}
    if (number := name.zfill(2)) not in found:
        raise ValueError(
            t("There is no problem {name}; needed: one of {names}.", name=name, names=", ".join(sorted(found)))
        )
    return found[number]


def in_words(tests):
    """What a judge found, for the screen."""
    if all(one["state"] == "open" for one in tests):
        return t("Not written yet: each test needs a function that is still a stub.")
    lines = []
    for one in tests:
        said = one["said"] or (t("not written yet") if one["state"] == "open" else "")
        lines.append(f"{'✓' if one['state'] == 'right' else '✗'} {one['title']}".rstrip())
        lines += [f"    {line}" for line in said.splitlines()]
    return "\n".join(lines)


def judged(judge, file, seconds=None, sandbox=None):
    """One file -> its tests: {"title", "state": right, wrong, open, "said"}.

    seconds: of computing, without: the judge's own; sandbox: the command line of one, without: none.
    """
    seconds = seconds or _seconds(judge)
    line = sandbox or [sys.executable, "-I", "-B", str(RUNNER), str(judge), str(file)]
    process = subprocess.Popen(
        line, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=file.parent
    )
    with ThreadPoolExecutor(1) as reader:
        output = reader.submit(process.stdout.read, 1 << 20)
        late = _watch(process, seconds)
        lines = [one for one in map(_read, output.result().splitlines()) if one]
    process.stdout.close()
    tests = [one for one in lines if "state" in one]
    if late:
        said = t(
            "Stopped after {seconds} seconds of computing. Is there a loop that never ends?", seconds=f"{seconds:g}"
        )
        tests.append({"title": next((x["begun"] for x in lines[::-1] if "begun" in x), ""), "said": said})
    elif not tests or "begun" in lines[-1]:
        tests.append({"title": "", "said": t("The program ended before it was judged: does it call exit?")})
    return [{"state": "wrong", **one} for one in tests]


def _read(line):
    try:
        one = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return one if isinstance(one, dict) and all(isinstance(x, str) for x in one.values()) else None


def _watch(process, seconds):
    """Waits for the end of a program, or brings it about -> whether it took too long."""
    begun, late = time.monotonic(), False
    while process.poll() is None and not late:
        time.sleep(0.05)
        try:
            whole = psutil.Process(process.pid)
            spent = sum(sum(one.cpu_times()[:2]) for one in (whole, *whole.children(recursive=True)))
        except psutil.Error:
            continue
        late = spent > seconds or time.monotonic() - begun > PATIENCE * seconds
    if late:
        for one in (*whole.children(recursive=True), whole):
            with contextlib.suppress(psutil.Error):
                one.kill()
    process.wait()
    return late


def _seconds(judge):
    for node in ast.parse(judge.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "SECONDS":
            return float(ast.literal_eval(node.value))
    return SECONDS
