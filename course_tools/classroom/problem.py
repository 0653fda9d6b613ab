"""A problem: half an hour to an hour, from what a lesson built, judged by a file of pytest: `course problem 05`.

`chapters/chNN/problem/` holds problem.py, which the reader fills in, and test_problem.py, which judges it. A solution
is in neither. A judge may set SECONDS, of computing, for all its tests.
"""

import ast
import contextlib
import csv
import json
import os
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
HIDDEN = ".", "__MACOSX"  # of a hand-in: what its author does not see
SECONDS = 60.0  # of computing, for a whole judge
PATIENCE = 10  # times as long by the clock: one that waits does not compute


def run(name, hand_ins=None, out="problem.csv"):
    """Lay a problem down in the workbook, or judge what is there -> exit status, 1 if something is not right.

    hand_ins: a folder of many people's, judged in a sandbox instead; out: their table. Raises ValueError.
    """
    ours = _home(name)
    if hand_ins is not None:
        return _all(ours / JUDGE, Path(hand_ins), Path(out))
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


def _all(judge, folder, out):
    """Judges a folder of hand-ins, a file or a folder for each student, each in a sandbox of its own."""
    from .grading import sandbox
    from .grading.collecting import plain

    if not folder.is_dir():
        raise ValueError(t("{folder} is no folder. Of a zip, unpack it and name the folder.", folder=folder))
    if why := sandbox.problem():
        raise ValueError(why)
    if not (found := dict(_hand_ins(folder))):
        raise ValueError(t("{folder} holds no hand-ins: needed is a .py file or a folder for each.", folder=folder))

    def one(student):
        path = found[student]
        if path is None:
            return [{"title": "", "state": "wrong", "said": t("no file of Python")}]
        seconds = _seconds(judge)
        inside = f"/course/chapters/{judge.parent.parent.name}/problem/{JUDGE}"
        program = ["problem.py", inside, "/hand_in.py", f"{2 * seconds:.0f}"]
        return judged(judge, path, seconds, sandbox.command(program=program, more=["--ro-bind", path, "/hand_in.py"]))

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


def _hand_ins(folder):
    """(student, file or None): problem.py, or the first file of Python; a link is never followed."""
    seen = set()
    for path in sorted(folder.iterdir()):
        if path.is_symlink() or path.name.startswith(HIDDEN):
            continue
        inside = [path] if path.is_file() else sorted(path.rglob("*"), key=lambda x: (x.name != GIVEN, x))
        files_of = [
            x
            for x in inside
            if x.suffix.lower() == ".py"
            and x.is_file()
            and not x.is_symlink()
            and not any(one.startswith(HIDDEN) for one in x.relative_to(folder).parts)
            and not x.name.startswith("test_")
        ]
        name = path.stem if path.is_file() and path.stem not in seen else path.name  # ann.py, beside ann.md
        seen.add(name)
        yield name, files_of[0].resolve() if files_of else None
