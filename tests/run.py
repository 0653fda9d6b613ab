"""What `make test` runs, in stages, with a report of times; every stage runs even if an earlier one failed.

python tests/run.py                 all stages
python tests/run.py lint unit       these stages
python tests/run.py -- -k width     all stages of pytest with these options
"""

import os
import subprocess
import sys
import time
from pathlib import Path

import find_browser

ROOT = Path(__file__).resolve().parents[1]
PYTEST = [sys.executable, "-m", "pytest", "-q", "--durations=3", "--durations-min=5"]

RUFF = [sys.executable, "-m", "ruff"]


def pytest_on(*patterns, without="", options=()):
    """A pytest command for the test files that these patterns find, as a list; empty if there are none."""
    found = {path for pattern in patterns for path in (ROOT / "tests").glob(pattern)}
    found -= set((ROOT / "tests").glob(without)) if without else set()
    return [[*PYTEST, *options, *map(str, sorted(found))]] if found else []


def nbval():
    """The notebooks that have a source, run again, marked outputs compared."""
    sources = sorted((ROOT / "notebooks" / "source").glob("*.py"))
    notebooks = [str(path.parents[1] / f"{path.stem}.ipynb") for path in sources]
    sanitise = str(ROOT / "tests" / "notebooks" / "sanitise.cfg")
    options = ["--nbval-lax", "--nbval-sanitize-with", sanitise, "--nbval-cell-timeout", "300"]
    return [[*PYTEST, *options, *notebooks]] if notebooks else []


STAGES = {  # name: a function that says which commands it runs
    "lint": lambda: [[*RUFF, "check", "."], [*RUFF, "format", "--check", "."]],
    "unit": lambda: pytest_on("unit/test_*.py", without="unit/test_exercises*.py"),
    "exercises": lambda: pytest_on("unit/test_exercises*.py", "notebooks/test_exercises*.py"),
    "parity": lambda: pytest_on("parity/test_*.py"),
    "drift": lambda: pytest_on("notebooks/test_*.py", without="notebooks/test_exercises*.py"),
    "nbval": nbval,
    "browser": lambda: pytest_on("browser/test_*.py"),
    "gpu": lambda: pytest_on("**/test_*.py", options=["-m", "gpu"]),
}
ALWAYS = [name for name in STAGES if name != "gpu"]


def main(arguments):
    """Run the stages named, or all -> exit status."""
    options = arguments[arguments.index("--") + 1 :] if "--" in arguments else []
    chosen = [name for name in arguments[: len(arguments) - len(options)] if name != "--"] or ALWAYS
    unknown = [name for name in chosen if name not in STAGES]
    if unknown:
        sys.exit(f"No stage is called {unknown[0]!r}; there are: {', '.join(STAGES)}")
    report = []
    for name in chosen:
        print(f"\n── {name} " + "─" * (70 - len(name)), flush=True)
        start = time.monotonic()
        outcome = stage(name, options)
        report.append((name, outcome, time.monotonic() - start))
    print("\n" + "─" * 74)
    for name, outcome, seconds in report:
        print(f"{name:<12}{outcome:<28}{seconds:>7.0f} s")
    print(f"{'together':<40}{sum(row[2] for row in report):>7.0f} s")
    return int(any(outcome.startswith("failed") for _, outcome, _ in report))


def stage(name, options=()):
    """Run one stage -> "passed", "failed …", "skipped: …" or "nothing there"."""
    environment = surroundings()
    if name == "browser":
        path = find_browser.obtain(lambda text: print(text, flush=True))
        if not path:
            print(find_browser.HOW)
            return "failed: no browser" if os.environ.get("CI") == "true" else "skipped: no browser"
        environment["CHROMIUM"] = path
    commands = STAGES[name]()
    for command in commands:
        if command[:3] == PYTEST[:3]:
            command = [*command, *options]
        code = subprocess.run(command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, check=False).returncode
        if code and not (code == 5 and (options or name == "gpu")):  # 5: no test of this stage was chosen
            return f"failed ({code})"
    return "passed" if commands else "nothing there yet"


def surroundings():
    """The environment variables of a stage: steady on shared cores, nothing of the user's Jupyter."""
    environment = dict(os.environ)
    for name, value in {"OMP_WAIT_POLICY": "PASSIVE", "COURSE_PROFILE": "class", "PYTHONHASHSEED": "0"}.items():
        environment.setdefault(name, value)
    return environment


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
