"""What `make test` runs, in stages, with a report of times and costs; every stage runs even if an earlier one failed.

python tests/run.py                 all stages of a change
python tests/run.py lint unit       these stages
python tests/run.py quick           lint, drift, texts, each where something that it sees differs from main
python tests/run.py weekly          what takes long and seldom breaks: fifty runs of a cell, every notebook solved …
python tests/run.py -- -k width     all stages of pytest with these options
"""

import os
import platform
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Container
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any

import prepare
import psutil
from running import costs, find_browser, stages
from running.stages import CORES, PYTEST, ROOT, Paths

BUDGET = 640  # core-seconds of all stages of a change, the installation counted; who adds a test, pays by removing one
MACHINE = "2 × AMD EPYC"  # that took so many; a run there that takes a fifth more says so
WHY = "Did notebooks run whole? Else a test that was added costs too much: they are listed above."
LIGHT = ROOT / "tests" / "light"  # its sitecustomize.py
SHOWING = threading.Lock()


def main(arguments: list[str]) -> int:
    """Run the stages named, or all, two at a time -> exit status."""
    options = arguments[arguments.index("--") + 1 :] if "--" in arguments else []
    named = [name for name in arguments[: len(arguments) - len(options)] if name != "--"]
    paths = stages.changed() if "quick" in named else None
    chosen = [one for name in named for one in stages.meant_by(name, paths)]
    if named and not chosen:
        print("Nothing has changed that these stages look at.")
        return 0
    chosen = chosen or stages.ALWAYS
    unknown = [name for name in chosen if name not in stages.STAGES]
    if unknown:
        sys.exit(f"No stage is called {unknown[0]!r}; there are: {', '.join((*stages.STAGES, 'quick'))}")
    start = time.monotonic()
    missing = machine_lacks(chosen)
    report = [("installation", "", *installation()), ("set-up", "", time.monotonic() - start, used(psutil.Process()))]
    print(f"{', '.join(chosen)}: two at a time; each is shown when it has ended.", flush=True)
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(2) as pool:
        os.environ["COURSE_COSTS"] = folder
        running = [pool.submit(timed, name, options, missing, paths) for name in chosen]
        try:
            report += [one.result() for one in running]
        except KeyboardInterrupt:  # what runs has been told, too
            pool.shutdown(cancel_futures=True)
            sys.exit("Interrupted.")
        if tests := costs.dearest(folder):
            print("\nThe dearest tests, in core-seconds")
            print("\n".join(f"{cost:>7.1f}  {name}" for cost, name in tests))
    print("─" * 78)
    for name, outcome, seconds, core_seconds in report:
        print(f"{name:<14}{outcome:<34}{seconds:>7.0f} s{core_seconds:>7,.0f} core-seconds")
    together, core_seconds = report[0][2] + time.monotonic() - start, sum(row[3] for row in report)
    budget = f" of {BUDGET:,}" if not named and not options else ""
    print(f"{'together':<48}{together:>7.0f} s{core_seconds:>7,.0f} core-seconds{budget}")
    if budget and core_seconds > 1.2 * BUDGET and machine() == MACHINE:
        print(f"\033[1;31m{core_seconds / BUDGET - 1:.0%} above the budget. {WHY}\033[0m")
    return int(any(outcome.startswith("failed") for _, outcome, *_ in report))


def machine() -> str:
    """The cores of this machine, and what they are called."""
    try:
        told = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.M)
    except OSError:
        told = None
    return f"{CORES} × {told[1] if told else platform.machine()}"


def machine_lacks(chosen: list[str]) -> dict[str, str]:
    """Get what these stages need before any of them starts -> what is missing all the same; in CI that is the end."""
    try:
        missing = prepare.prepare({need for name in chosen for need in stages.STAGES[name].needs})
    except FileNotFoundError as error:  # CHROMIUM names no program
        sys.exit(str(error))
    for why in missing.values():
        print(why, flush=True)
    if missing and os.environ.get("CI") == "true":
        sys.exit("In CI nothing is skipped, so no stage was started.")
    return missing


def installation() -> tuple[float, float]:
    """What `make` did before it called this program -> (seconds, core-seconds)."""
    make = psutil.Process().parent()
    if make is None or "make" not in make.name():
        return 0.0, 0.0
    return psutil.Process().create_time() - make.create_time(), used(make)


def used(process: psutil.Process) -> float:
    """Core-seconds of its children that have ended, where the system says so."""
    times = process.cpu_times()
    return getattr(times, "children_user", 0.0) + getattr(times, "children_system", 0.0)


def timed(name: str, options: list[str], missing: Container[str], paths: Paths) -> tuple[str, str, float, float]:
    """Run one stage, show what it said -> (name, outcome, seconds, core-seconds)."""
    start = time.monotonic()
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as said:
        outcome, core_seconds = stage(name, options, said, missing, paths)
        said.seek(0)
        with SHOWING:
            print(f"\n── {name} " + "─" * (74 - len(name)) + "\n" + said.read(), flush=True)
    return name, outcome, time.monotonic() - start, core_seconds


def stage(name: str, options: list[str], said: IO[str], missing: Container[str], paths: Paths) -> tuple[str, float]:
    """Run one stage, its output into the file `said` -> ("passed", "failed …", "skipped: …" or "nothing there yet",
    core-seconds)."""
    chosen = stages.STAGES[name]
    environment = surroundings() | chosen.variables
    if "browser" in chosen.needs:
        if "browser" in missing:
            return "skipped: no browser", 0.0
        environment["CHROMIUM"] = find_browser.executable()
    commands, spent = chosen.commands(paths), 0.0
    for command in commands:
        if command[: len(PYTEST)] == PYTEST:
            command = [*command, *options]
        code, cost = run(command, environment, said)
        spent += cost
        if code and not (code == 5 and (options or name == "gpu")):  # 5: no test of this stage was chosen
            return f"failed ({code})", spent
    return ("passed" if commands else "nothing there yet"), spent


def run(command: list[str], environment: dict[str, str], said: IO[str]) -> tuple[int, float]:
    """Run a program to its end -> (exit status, core-seconds of it and of all that it started and waited for)."""
    told: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": said, "stderr": subprocess.STDOUT}
    process = subprocess.Popen(command, cwd=ROOT, env=environment, **told)
    if not hasattr(os, "wait4"):
        return process.wait(), 0.0
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, usage.ru_utime + usage.ru_stime


def surroundings() -> dict[str, str]:
    """The environment variables of a stage: steady on shared cores, nothing of the user's Jupyter."""
    environment = dict(os.environ)
    threads = str(max(1, CORES // 2))  # others run beside it
    steady = {"OMP_WAIT_POLICY": "PASSIVE", "OMP_NUM_THREADS": threads}
    for name, value in {**steady, "COURSE_PROFILE": "class", "PYTHONHASHSEED": "0"}.items():
        environment.setdefault(name, value)
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # what one process has compiled, the next hundred read
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(LIGHT), environment.get("PYTHONPATH")]))
    return environment


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
