"""What `make test` runs, in stages, with a report of times and costs; every stage runs even if an earlier one failed.

python tests/run.py                 all stages of a change
python tests/run.py lint unit       these stages
python tests/run.py quick           lint, drift, texts, each where something that it sees differs from main
python tests/run.py weekly          what takes long and seldom breaks: fifty runs of a cell, every notebook solved …
python tests/run.py -- -k width     all stages of pytest with these options
"""

import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import costs
import find_browser
import prepare
import psutil

ROOT = Path(__file__).resolve().parents[1]
BUDGET = 640  # core-seconds of all stages of a change, the installation counted; who adds a test, pays by removing one
MACHINE = "2 × AMD EPYC"  # that took so many; a run there that takes a fifth more says so
WHY = "Did notebooks run whole? Else a test that was added costs too much: they are listed above."
CORES = os.cpu_count() or 1
PYTEST = [sys.executable, "-m", "pytest", "-q", "-p", "tests.costs", "-m", "not weekly"]
UNUSED = ("nbval", "hypothesispytest", "jaxtyping", "anyio")  # plugins that each process of tests would load, and one
UNUSED += ("unraisableexception",)  # that only warns, and collects garbage five times at the end
LIGHT = ROOT / "tests" / "light"  # its sitecustomize.py
SEVERAL = ["-n", str(max(2, CORES)), "--dist", "loadfile"]  # as many processes; the tests of a file in one of them
WAITING = ["-n", str(max(2, CORES) + 1), "--dist", "loadfile"]  # one more, as a page often waits

RUFF = [sys.executable, "-m", "ruff"]
MYPY = [sys.executable, "-m", "mypy"]
SCRIPTS = ["course_kit", "course_tools", "chapters", "tests/in_node.mjs", "tests/unit"]
OXFMT = [str(Path(sys.executable).with_name("oxfmt")), "--check", *SCRIPTS]  # as Prettier lays out JavaScript and CSS
VIEWS = ROOT / "course_kit" / "views" / "js"
OXLINT = [str(Path(sys.executable).with_name("oxlint")), "-c", str(VIEWS / ".oxlintrc.json"), *SCRIPTS]
OXLINT += ["--ignore-pattern", "**/reveal/**", "--ignore-pattern", "**/dist/**"]  # others', and what is built
JAVASCRIPT = [sys.executable, "course.py", "views", "--check"]  # what is built, types, and the tests that need no page
SANITISE = str(ROOT / "tests" / "notebooks" / "sanitise.cfg")
NBVAL_OPTIONS = ["--nbval-lax", "--nbval-sanitize-with", SANITISE, "--nbval-cell-timeout", "600"]
NBVAL_OPTIONS += ["-o", "xfail_strict=true"]  # a training that nbval interrupts keeps its best, and nothing would fail


def pytest_on(*patterns, without=(), options=SEVERAL):
    """A pytest command for the test files that these patterns find, as a list; empty if there are none."""
    found = {path for pattern in patterns for path in (ROOT / "tests").glob(pattern)}
    found -= {path for pattern in without for path in (ROOT / "tests").glob(pattern)}
    light = [word for name in UNUSED for word in ("-p", f"no:{name}")]
    return [[*PYTEST, *light, *options, *map(str, sorted(found))]] if found else []


def nbval(whole=False):
    """The notebooks that have a source, run again with what their sources assert, marked outputs compared; those that
    take longest first. Trainings run short where nothing has changed (tests/nbval_notebooks.py), unless all is to run
    whole."""
    seconds = json.loads((ROOT / "data" / "results" / "notebook_times.json").read_text(encoding="utf-8"))["seconds"]
    names = [path.stem for path in (ROOT / "notebooks" / "source").glob("*.py")]
    names.sort(key=lambda name: (-seconds.get(name, 60), name))
    notebooks = [str(ROOT / "build" / "nbval" / f"{name}.ipynb") for name in names]
    return [
        [sys.executable, "tests/nbval_notebooks.py", *(["--whole"] if whole else []), *names],
        [*PYTEST, *SEVERAL, *NBVAL_OPTIONS, "--no-loadscope-reorder", *notebooks],
        [sys.executable, "tests/nbval_notebooks.py", "--stamp", *names],
    ]


SHAPES = ["unit/course_utils/test_*.py"]  # each call checked: tests/conftest.py
SHAPES += ["parity/test_*.py"]
TEXTS = ("readme", "teaching", "workflows")
STAGES = {  # name: which commands it runs, of the paths that `quick` has found; None: whatever there is
    "browser": lambda paths: pytest_on("browser/test_*.py", options=WAITING),
    "nbval": lambda paths: nbval(),
    "unit": lambda paths: pytest_on("unit/**/test_*.py", "notebooks/test_*.py", without=SHAPES),
    "shapes": lambda paths: pytest_on(*SHAPES),
    "lint": lambda paths: lint(paths),
    "weekly": lambda paths: pytest_on("**/test_*.py", options=[*SEVERAL, "-m", "weekly"]),
    "whole": lambda paths: nbval(whole=True),  # for other packages, for a GPU, and part of weekly
    "gpu": lambda paths: pytest_on("**/test_*.py", options=["-m", "gpu"]),
    "drift": lambda paths: drift(paths),
    "texts": lambda paths: pytest_on(*(f"unit/test_{name}.py" for name in TEXTS), options=[]),
}
ALWAYS = ["browser", "nbval", "unit", "shapes", "lint"]  # two at a time: pages wait, notebooks compute
QUICK = ["lint", "drift", "texts"]
IN_BROWSER = ("browser", "weekly")
NEEDS = dict.fromkeys(IN_BROWSER, ("browser", "chinese", "sandbox"))
NEEDS |= {"browser": ("browser", "chinese"), "unit": ("chinese", "sandbox"), "drift": ("chinese",)}
SHOWING = threading.Lock()


def main(arguments):
    """Run the stages named, or all, two at a time -> exit status."""
    options = arguments[arguments.index("--") + 1 :] if "--" in arguments else []
    named = [name for name in arguments[: len(arguments) - len(options)] if name != "--"]
    paths = changed() if "quick" in named else None
    chosen = [one for name in named for one in meant_by(name, paths)]
    if named and not chosen:
        print("Nothing has changed that these stages look at.")
        return 0
    chosen = chosen or ALWAYS
    unknown = [name for name in chosen if name not in STAGES]
    if unknown:
        sys.exit(f"No stage is called {unknown[0]!r}; there are: {', '.join((*STAGES, 'quick'))}")
    start = time.monotonic()
    missing = machine_lacks(chosen)
    report = [("installation", "", *installation()), ("set-up", "", time.monotonic() - start, spent_so_far())]
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


def machine():
    """The cores of this machine, and what they are called."""
    try:
        told = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.M)
    except OSError:
        told = None
    return f"{CORES} × {told[1] if told else platform.machine()}"


def meant_by(name, paths):
    """The stages that a name on the command line stands for."""
    if name == "quick":
        return quick(paths)
    return ["whole", "weekly"] if name == "weekly" else [name]


def lint(paths):
    """Of `quick`, the tools that read something that has changed."""
    script = r".*\.(m?js|css|json)$"
    reads = {r".*\.(py|toml)$": [[*RUFF, "check", "."], [*RUFF, "format", "--check", "."]]}
    reads |= {r"(course|chapters/|pyproject).*\.(py|toml)$": [MYPY], script: [OXFMT, OXLINT, JAVASCRIPT]}
    return [command for path, commands in reads.items() if has_changed(path, paths) for command in commands]


def drift(paths):
    """A part of unit. Of `quick`, the notebooks that have changed, if nothing else has that a notebook is made of."""
    options = SEVERAL
    if paths and not has_changed(r"course_|chapters/|data/|locale/|tests/", paths):
        names = {Path(path).stem for path in paths if path.startswith("notebooks/")}
        options = ["-k", " or ".join([*sorted(names), "a_chapter"])]
    return pytest_on("notebooks/test_*.py", without=["notebooks/test_exercises*.py"], options=options)


def has_changed(pattern, paths):
    """Whether a path that `quick` has found fits; without `quick` all does."""
    return not paths or any(re.match(pattern, path) for path in paths)


def changed():
    """What differs from main, committed or not; None where git does not say."""
    found = []
    for command in (["diff", "--name-only", "main"], ["ls-files", "--others", "--exclude-standard"]):
        done = subprocess.run(["git", *command], cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode:
            return None
        found += done.stdout.splitlines()
    return found


def quick(paths):
    """The stages of QUICK that see a change of these paths; all where none are known."""
    sees = {
        "drift": r"notebooks/|course_|chapters/|data/|locale/|tests/",
        "texts": r".*\.(md|yml|py|ipynb|po)$|Makefile",
    }
    sees["lint"] = r".*\.(py|m?js|css|toml|json)$"
    return QUICK if paths is None else [name for name in QUICK if any(re.match(sees[name], path) for path in paths)]


def machine_lacks(chosen):
    """Get what these stages need before any of them starts -> what is missing all the same; in CI that is the end."""
    try:
        missing = prepare.prepare({need for name in chosen for need in NEEDS.get(name, ())})
    except FileNotFoundError as error:  # CHROMIUM names no program
        sys.exit(str(error))
    for why in missing.values():
        print(why, flush=True)
    if missing and os.environ.get("CI") == "true":
        sys.exit("In CI nothing is skipped, so no stage was started.")
    return missing


def installation():
    """What `make` did before it called this program -> (seconds, core-seconds)."""
    make = psutil.Process().parent()
    if make is None or "make" not in make.name():
        return 0.0, 0.0
    times = make.cpu_times()
    return psutil.Process().create_time() - make.create_time(), spent_by_children(times)


def spent_so_far():
    return spent_by_children(psutil.Process().cpu_times())


def spent_by_children(times):
    """Core-seconds of the children that have ended, where the system says so."""
    return getattr(times, "children_user", 0.0) + getattr(times, "children_system", 0.0)


def timed(name, options, missing, paths):
    """Run one stage, show what it said -> (name, outcome, seconds, core-seconds)."""
    start = time.monotonic()
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as said:
        outcome, core_seconds = stage(name, options, said, missing, paths)
        said.seek(0)
        with SHOWING:
            print(f"\n── {name} " + "─" * (74 - len(name)) + "\n" + said.read(), flush=True)
    return name, outcome, time.monotonic() - start, core_seconds


def stage(name, options, said, missing, paths):
    """Run one stage, its output into the file `said` -> ("passed", "failed …", "skipped: …" or "nothing there yet",
    core-seconds)."""
    environment = surroundings()
    if name == "shapes":
        environment["COURSE_SHAPES"] = "1"
    if name in IN_BROWSER:
        if "browser" in missing:
            return "skipped: no browser", 0.0
        environment["CHROMIUM"] = find_browser.executable()
    commands, spent = STAGES[name](paths), 0.0
    for command in commands:
        if command[: len(PYTEST)] == PYTEST:
            command = [*command, *options]
        code, cost = run(command, environment, said)
        spent += cost
        if code and not (code == 5 and (options or name == "gpu")):  # 5: no test of this stage was chosen
            return f"failed ({code})", spent
    return ("passed" if commands else "nothing there yet"), spent


def run(command, environment, said):
    """Run a program to its end -> (exit status, core-seconds of it and of all that it started and waited for)."""
    streams = {"stdin": subprocess.DEVNULL, "stdout": said, "stderr": subprocess.STDOUT}
    process = subprocess.Popen(command, cwd=ROOT, env=environment, **streams)
    if not hasattr(os, "wait4"):
        return process.wait(), 0.0
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, usage.ru_utime + usage.ru_stime


def surroundings():
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
