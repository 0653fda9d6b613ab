"""What `make test` runs, in stages, with a report of times; every stage runs even if an earlier one failed.

python tests/run.py                 all stages of a change
python tests/run.py lint unit       these stages; nbval: both of its halves
python tests/run.py quick           what sees a changed sentence, in two minutes: lint, drift, texts
python tests/run.py weekly          what takes long and seldom breaks: a class at the hub, fifty runs of a cell …
python tests/run.py -- -k width     all stages of pytest with these options
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import find_browser
import prepare

ROOT = Path(__file__).resolve().parents[1]
PYTEST = [sys.executable, "-m", "pytest", "-q", "--durations=3", "--durations-min=5", "-m", "not weekly"]

RUFF = [sys.executable, "-m", "ruff"]
MYPY = [sys.executable, "-m", "mypy", "course_utils"]
SCRIPTS = ["course_kit", "course_tools", "tests/in_node.mjs"]
OXFMT = [str(Path(sys.executable).with_name("oxfmt")), "--check", *SCRIPTS]  # as Prettier lays out JavaScript and CSS
VIEWS = ROOT / "course_kit" / "views" / "js"
OXLINT = [str(Path(sys.executable).with_name("oxlint")), "-c", str(VIEWS / ".oxlintrc.json"), str(VIEWS), SCRIPTS[-1]]
JAVASCRIPT = [sys.executable, "course.py", "views", "--check"]  # what is built, types, and the tests that need no page
SANITISE = str(ROOT / "tests" / "notebooks" / "sanitise.cfg")
NBVAL_OPTIONS = ["--nbval-lax", "--nbval-sanitize-with", SANITISE, "--nbval-cell-timeout", "600"]
NBVAL_OPTIONS += ["-o", "xfail_strict=true"]  # a training that nbval interrupts keeps its best, and nothing would fail


def pytest_on(*patterns, without=(), options=()):
    """A pytest command for the test files that these patterns find, as a list; empty if there are none."""
    found = {path for pattern in patterns for path in (ROOT / "tests").glob(pattern)}
    found -= {path for pattern in without for path in (ROOT / "tests").glob(pattern)}
    return [[*PYTEST, *options, *map(str, sorted(found))]] if found else []


def nbval(half):
    """The notebooks that have a source, run again with what their sources assert, marked outputs compared; in halves
    (0, 1) that take equally long."""
    seconds = json.loads((ROOT / "data" / "results" / "notebook_times.json").read_text(encoding="utf-8"))["seconds"]
    names = [path.stem for path in (ROOT / "notebooks" / "source").glob("*.py")]
    halves = [[], []]
    for name in sorted(names, key=lambda name: (-seconds.get(name, 60), name)):
        min(halves, key=lambda chosen: sum(seconds.get(one, 60) for one in chosen)).append(name)
    notebooks = [str(ROOT / "build" / "nbval" / f"{name}.ipynb") for name in halves[half]]
    write = [sys.executable, str(ROOT / "tests" / "nbval_notebooks.py"), *halves[half]]
    return [write, [*PYTEST, *NBVAL_OPTIONS, *notebooks]] if notebooks else []


CLASSROOM = [f"browser/test_{name}.py" for name in ("jupyterlab", "hub", "presenting", "slides", "paper", "site")]
CORE = "attention multihead positions scores linear heads fused caching transformer gpt bert seq2seq translator"
CORE += " llama answering"
SHAPES = [f"unit/course_utils/test_{name}.py" for name in CORE.split()]  # each call checked: tests/conftest.py
SHAPES += ["parity/test_*.py"]
TOOLS = ["unit/course_tools/**/test_*.py"]
STAGES = {  # name: a function that says which commands it runs
    "lint": lambda: [[*RUFF, "check", "."], [*RUFF, "format", "--check", "."], MYPY, OXFMT, OXLINT, JAVASCRIPT],
    "unit": lambda: pytest_on("unit/**/test_*.py", without=["unit/**/test_exercises*.py", *TOOLS, *SHAPES]),
    "tools": lambda: pytest_on(*TOOLS),
    "exercises": lambda: pytest_on("unit/**/test_exercises*.py", "notebooks/test_exercises*.py"),
    "shapes": lambda: pytest_on(*SHAPES),
    "drift": lambda: pytest_on("notebooks/test_*.py", without=["notebooks/test_exercises*.py"]),
    "nbval-1": lambda: nbval(0),
    "nbval-2": lambda: nbval(1),
    "browser": lambda: pytest_on("browser/test_*.py", without=["browser/test_chapters.py", *CLASSROOM]),
    "classroom": lambda: pytest_on(*CLASSROOM),
    "chapters": lambda: pytest_on("browser/test_chapters.py"),
    "weekly": lambda: pytest_on("**/test_*.py", options=["-m", "weekly"]),
    "gpu": lambda: pytest_on("**/test_*.py", options=["-m", "gpu"]),
    "texts": lambda: pytest_on(*(f"unit/test_{name}.py" for name in ("readme", "teaching", "deploy", "workflows"))),
}
NBVAL = ["nbval-1", "nbval-2"]
ALWAYS = ["lint", *NBVAL, "unit", "browser", "tools", "classroom", "exercises", "chapters", "drift", "shapes"]
AFTER = {"chapters": NBVAL}  # it takes nbval's trainings: COURSE_KEPT_DIR
IN_BROWSER = ("browser", "classroom", "chapters", "weekly")
NEEDS = dict.fromkeys(IN_BROWSER, ("browser", "chinese")) | {"drift": ("chinese",), "tools": ("sandbox",)}
SEVERAL = {"nbval": NBVAL, "quick": ["lint", "drift", "texts"]}
SHOWING = threading.Lock()


def main(arguments):
    """Run the stages named, or all, two more at a time than there are cores, at most four -> exit status."""
    options = arguments[arguments.index("--") + 1 :] if "--" in arguments else []
    named = [name for name in arguments[: len(arguments) - len(options)] if name != "--"]
    chosen = [one for name in named for one in SEVERAL.get(name, [name])] or ALWAYS
    unknown = [name for name in chosen if name not in STAGES]
    if unknown:
        sys.exit(f"No stage is called {unknown[0]!r}; there are: {', '.join((*STAGES, *SEVERAL))}")
    start = time.monotonic()
    missing = machine_lacks(chosen)
    workers = min(4, (os.cpu_count() or 1) + 2, len(chosen))  # a stage often waits for a page or a kernel
    print(f"{', '.join(chosen)}: {workers} at a time; each is shown when it has ended.", flush=True)
    with tempfile.TemporaryDirectory() as memory, ThreadPoolExecutor(workers) as pool:
        os.environ["COURSE_KEPT_DIR"] = memory  # as in a workbook: course_kit/keeping/kept.py
        running = {}
        for name in chosen:
            before = [running[one] for one in AFTER.get(name, ()) if one in running]
            running[name] = pool.submit(timed, name, options, before, missing)
        report = [one.result() for one in running.values()]
    print("─" * 74)
    for name, outcome, seconds in sorted(report, key=lambda row: list(STAGES).index(row[0])):
        print(f"{name:<12}{outcome:<46}{seconds:>7.0f} s")
    print(f"{'together':<58}{time.monotonic() - start:>7.0f} s")
    return int(any(outcome.startswith("failed") for _, outcome, _ in report))


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


def timed(name, options, before=(), missing=()):
    """Run one stage when those before it have ended, show what it said -> (name, outcome, seconds)."""
    for stage_before in before:
        stage_before.result()
    start = time.monotonic()
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as said:
        outcome = stage(name, options, said, missing)
        said.seek(0)
        with SHOWING:
            print(f"\n── {name} " + "─" * (70 - len(name)) + "\n" + said.read(), flush=True)
    return name, outcome, time.monotonic() - start


def stage(name, options, said, missing=()):
    """Run one stage, its output into the file `said` -> "passed", "failed …", "skipped: …" or "nothing there"."""
    environment = surroundings()
    if name == "shapes":
        environment["COURSE_SHAPES"] = "1"
    if name not in (*NBVAL, *AFTER):
        environment.pop("COURSE_KEPT_DIR", None)
    else:
        environment["COURSE_KEPT"] = "anew" if name in NBVAL else "use"
    if name in IN_BROWSER:
        if "browser" in missing:
            return "skipped: no browser"
        environment["CHROMIUM"] = find_browser.executable()
    commands = STAGES[name]()
    for command in commands:
        if command[:3] == PYTEST[:3]:
            command = [*command, *options]
        streams = {"stdin": subprocess.DEVNULL, "stdout": said, "stderr": subprocess.STDOUT}
        code = subprocess.run(command, cwd=ROOT, env=environment, check=False, **streams).returncode
        if code and not (code == 5 and (options or name == "gpu")):  # 5: no test of this stage was chosen
            return f"failed ({code})"
    return "passed" if commands else "nothing there yet"


def surroundings():
    """The environment variables of a stage: steady on shared cores, nothing of the user's Jupyter."""
    environment = dict(os.environ)
    threads = str(max(1, (os.cpu_count() or 1) // 2))  # others run beside it
    steady = {"OMP_WAIT_POLICY": "PASSIVE", "OMP_NUM_THREADS": threads}
    for name, value in {**steady, "COURSE_PROFILE": "class", "PYTHONHASHSEED": "0"}.items():
        environment.setdefault(name, value)
    return environment


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
