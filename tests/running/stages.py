"""The stages of `make test`: what each one runs, what it needs of a machine, and what `quick` runs it for."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
CORES = os.cpu_count() or 1
PYTEST = [sys.executable, "-m", "pytest", "-q", "-p", "tests.running.costs", "-m", "not weekly"]
# Plugins that each process of tests would load, and one that only warns, and collects garbage five times at the end.
UNUSED = ["nbval", "hypothesispytest", "jaxtyping", "anyio", "unraisableexception"]
SEVERAL = ["-n", str(max(2, CORES)), "--dist", "loadfile"]  # as many processes; the tests of a file in one of them
WAITING = ["-n", str(max(2, CORES) + 1), "--dist", "loadfile"]  # one more, as a page often waits

RUFF = [sys.executable, "-m", "ruff"]
MYPY = [sys.executable, "-m", "mypy"]
SCRIPTS = ["course_kit", "course_tools", "chapters", "tests/helpers/in_node.mjs", "tests/unit"]
OXFMT = [str(Path(sys.executable).with_name("oxfmt")), "--check", *SCRIPTS]  # as Prettier lays out JavaScript and CSS
VIEWS = ROOT / "course_kit" / "views" / "js"
OXLINT = [str(Path(sys.executable).with_name("oxlint")), "-c", str(VIEWS / ".oxlintrc.json"), *SCRIPTS]
OXLINT += ["--ignore-pattern", "**/dist/**"]  # what is built
JAVASCRIPT = [sys.executable, "course.py", "views", "--check"]  # what is built, types, and the tests that need no page
SANITISE = str(ROOT / "tests" / "notebooks" / "sanitise.cfg")
NBVAL_OPTIONS = ["--nbval-lax", "--nbval-sanitize-with", SANITISE, "--nbval-cell-timeout", "600"]
NBVAL_OPTIONS += ["-o", "xfail_strict=true"]  # a training that nbval interrupts keeps its best, and nothing would fail
SHAPES = ["unit/course_utils/test_*.py", "parity/test_*.py"]  # each call checked: tests/conftest.py
UNIT = ["unit/**/test_*.py", "notebooks/test_*.py"]
TEXTS = ["unit/test_readme.py", "unit/test_teaching.py", "unit/test_workflows.py"]
BUILT_FROM = r"course_|chapters/|data/|locale/|tests/"  # what a notebook is made of, beside its source
WEEKLY = [*SEVERAL, "-m", "weekly"]

Commands = list[list[str]]
Paths = list[str] | None  # what differs from main, of which `quick` runs as much as it must; None: everything


class Stage(NamedTuple):
    """commands: what it runs; needs: as in prepare.py; sees: the paths, as a pattern, whose change `quick` runs it for;
    variables: of its environment."""

    commands: Callable[[Paths], Commands]
    needs: tuple[str, ...] = ()
    sees: str = ""
    variables: dict[str, str] = {}


def pytest_on(*patterns: str, without: Sequence[str] = (), options: list[str] = SEVERAL) -> Commands:
    """A pytest command for the test files that these patterns find, as a list; empty if there are none."""
    found = {path for pattern in patterns for path in (ROOT / "tests").glob(pattern)}
    found -= {path for pattern in without for path in (ROOT / "tests").glob(pattern)}
    light = [word for name in UNUSED for word in ("-p", f"no:{name}")]
    return [[*PYTEST, *light, *options, *map(str, sorted(found))]] if found else []


def nbval(whole: bool = False) -> Commands:
    """The notebooks that have a source, run again with what their sources assert, marked outputs compared; those that
    take longest first. Trainings run short where nothing has changed (nbval_notebooks.py), unless all is to run
    whole."""
    seconds = json.loads((ROOT / "data" / "results" / "notebook_times.json").read_text(encoding="utf-8"))["seconds"]
    names = [path.stem for path in (ROOT / "notebooks" / "source").glob("*.py")]
    names.sort(key=lambda name: (-seconds.get(name, 60), name))
    notebooks = [str(ROOT / "build" / "nbval" / f"{name}.ipynb") for name in names]
    return [
        [sys.executable, "tests/notebooks/nbval_notebooks.py", *(["--whole"] if whole else []), *names],
        [*PYTEST, *SEVERAL, *NBVAL_OPTIONS, "--no-loadscope-reorder", *notebooks],
        [sys.executable, "tests/notebooks/nbval_notebooks.py", "--stamp", *names],
    ]


def lint(paths: Paths) -> Commands:
    """Of `quick`, the tools that read something that has changed."""
    script = r".*\.(m?js|css|json)$"
    reads = {r".*\.(py|toml)$": [[*RUFF, "check", "."], [*RUFF, "format", "--check", "."]]}
    reads[r"((course|chapters/).*|tests/(running/)?\w+)\.py$|pyproject"] = [MYPY]
    reads[script] = [OXFMT, OXLINT, JAVASCRIPT]
    return [command for path, commands in reads.items() if has_changed(path, paths) for command in commands]


def drift(paths: Paths) -> Commands:
    """A part of unit. Of `quick`, the notebooks that have changed, if nothing else has that a notebook is made of."""
    options = SEVERAL
    if paths and not has_changed(BUILT_FROM, paths):
        names = {Path(path).stem for path in paths if path.startswith("notebooks/")}
        options = ["-k", " or ".join([*sorted(names), "a_chapter"])]
    return pytest_on("notebooks/test_*.py", without=["notebooks/test_exercises*.py"], options=options)


def has_changed(pattern: str, paths: Paths) -> bool:
    """Whether a path that `quick` has found fits; without `quick` all does."""
    return not paths or any(re.match(pattern, path) for path in paths)


def changed() -> Paths:
    """What differs from main, committed or not; None where git does not say."""
    found: list[str] = []
    for command in (["diff", "--name-only", "main"], ["ls-files", "--others", "--exclude-standard"]):
        done = subprocess.run(["git", *command], cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode:
            return None
        found += done.stdout.splitlines()
    return found


STAGES = {
    "browser": Stage(lambda _: pytest_on("browser/test_*.py", options=WAITING), needs=("browser", "chinese")),
    "nbval": Stage(lambda _: nbval()),
    "unit": Stage(lambda _: pytest_on(*UNIT, without=SHAPES), needs=("chinese", "sandbox")),
    "shapes": Stage(lambda _: pytest_on(*SHAPES), variables={"COURSE_SHAPES": "1"}),
    "lint": Stage(lint, sees=r".*\.(py|m?js|css|toml|json)$"),
    "weekly": Stage(lambda _: pytest_on("**/test_*.py", options=WEEKLY), needs=("browser", "chinese", "sandbox")),
    "whole": Stage(lambda _: nbval(whole=True)),  # for other packages, for a GPU, and part of weekly
    "gpu": Stage(lambda _: pytest_on("**/test_*.py", options=["-m", "gpu"])),
    "drift": Stage(drift, needs=("chinese",), sees=f"notebooks/|{BUILT_FROM}"),
    "texts": Stage(lambda _: pytest_on(*TEXTS, options=[]), sees=r".*\.(md|yml|py|ipynb|po)$|Makefile"),
}
ALWAYS = ["browser", "nbval", "unit", "shapes", "lint"]  # two at a time: pages wait, notebooks compute
QUICK = [name for name, one in STAGES.items() if one.sees]


def meant_by(name: str, paths: Paths) -> list[str]:
    """The stages that a name on the command line stands for."""
    if name == "quick":
        return quick(paths)
    return ["whole", "weekly"] if name == "weekly" else [name]


def quick(paths: Paths) -> list[str]:
    """The stages of QUICK that see a change of these paths; all where none are known."""
    return QUICK if paths is None else [name for name in QUICK if any(re.match(STAGES[name].sees, x) for x in paths)]
