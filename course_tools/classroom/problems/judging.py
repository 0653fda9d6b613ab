"""Judges one file by a judge of pytest, in a process of its own, and stops one that never ends.

A judge may set SECONDS, of computing, for all its tests.
"""

import ast
import contextlib
import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil

from course_kit.i18n import t

GIVEN = "problem.py"  # what a reader's file is called
RUNNER = Path(__file__).with_name("runner.py")
SECONDS = 60.0  # of computing, for a whole judge
PATIENCE = 10  # times as long by the clock: one that waits does not compute


def judged(
    judge: Path, file: Path, seconds: float | None = None, sandbox: list[str] | None = None
) -> list[dict[str, Any]]:
    """One file -> its tests: {"title", "state": right, wrong, open, "said"}.

    seconds: of computing, without: the judge's own; sandbox: the command line of one, without: none.
    """
    seconds = seconds or seconds_of(judge)
    line = sandbox or [sys.executable, "-I", "-B", str(RUNNER), str(judge), str(file)]
    process = subprocess.Popen(
        line, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=file.parent
    )
    assert process.stdout
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


def _read(line: bytes) -> dict[str, str] | None:
    try:
        one = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return one if isinstance(one, dict) and all(isinstance(x, str) for x in one.values()) else None


def _watch(process: subprocess.Popen, seconds: float) -> bool:
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


def seconds_of(judge: Path) -> float:
    """What a judge has set, for all its tests, or as much as is enough for most."""
    for node in ast.parse(judge.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "SECONDS":
            return float(ast.literal_eval(node.value))
    return SECONDS
