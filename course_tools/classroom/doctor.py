"""`course doctor`: does the course run here? One line for each question, with what to do if not."""

import json
import os
import platform
import shutil
import sys
import timeit
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from course_kit import files, runtime
from course_kit.i18n import mark, t, tn

from . import workbook

REPAIR = t(
    "close JupyterLab and run `make lab`, which repairs the environment (without make: pip install -e . -c "
    "requirements.lock)"
)
MISSING, DAMAGED = "is missing", "is damaged (its checksum differs)"
FREE_DISK, FREE_MEMORY = 1.0, 1.0  # gigabytes below which a lesson may stop half-way
CHAT_MEMORY = 1.3  # of a kernel that has loaded SmolLM2, as measured


@dataclass(frozen=True)
class Line:
    """One answer. todo: what to do, "" if all is well."""

    what: str
    finding: str
    todo: str = ""

    def __str__(self) -> str:
        mark = _pad(t("TO DO") if self.todo else t("OK"), 6)
        return f"{mark}{_pad(self.what, 13)}{self.finding}" + (f"\n      → {self.todo}" if self.todo else "")


def _pad(text: str, width: int) -> str:
    """A text with blanks behind it; a sign of Chinese takes the place of two letters."""
    return text + " " * (width - sum(1 + (unicodedata.east_asian_width(sign) in "WF") for sign in text))


def run(quick: bool = False, out: Callable[[str], object] = print) -> int:
    """The command `doctor` -> exit status: 0 if every line is OK, else 1.

    quick  leave out what takes more than a second: running a notebook
    """
    lines = []
    for check in [*CHECKS, *([] if quick else SLOW_CHECKS)]:
        try:
            line = check()
        except Exception as error:  # a check that cannot be made is an answer, and the others are still wanted
            name, problem = check.__name__.removeprefix("check_"), f"{type(error).__name__}: {error}"
            line = Line(t(name), t("could not be checked: {problem}", problem=problem), REPAIR)
        lines.append(line)
        out(str(line))
    wrong = sum(1 for line in lines if line.todo)
    counts: dict = {"wrong": wrong, "count": len(lines)}
    out(t("{wrong} of {count} need something done (→).", **counts) if wrong else t("Everything is in order."))
    return int(wrong > 0)


def check_python() -> Line:
    system = f"{platform.system()} {platform.machine()}"
    finding = t("{version} on {system}", version=platform.python_version(), system=system)
    return Line("Python", finding, "" if sys.version_info >= (3, 11) else t("the course needs Python 3.11 or newer"))


def check_packages() -> Line:
    problems = runtime.missing_packages()
    if problems:
        absent = t("not installed")
        return Line(t("packages"), "; ".join(f"{need}: {have or absent}" for need, have in problems), REPAIR)
    from importlib import metadata, util

    for name in ("torch", "numpy", "jupyterlab"):
        path = Path(util.find_spec(name).origin)  # type: ignore[union-attr, arg-type]
        if os.environ.get("PYTHONPATH") and not path.is_relative_to(sys.prefix):
            finding = t("{name} comes from {folder}", name=name, folder=path.parent)
            return Line(t("packages"), finding, t("unset PYTHONPATH, which points there"))
    shown = ("torch", "jupyterlab", "ipywidgets", "anywidget", "numpy", "matplotlib")
    return Line(t("packages"), " · ".join(f"{name} {metadata.version(name)}" for name in shown))


def check_device() -> Line:
    import torch

    try:
        device = runtime.pick_device(runtime.choice("COURSE_DEVICE", "auto", runtime.DEVICES))
    except (runtime.EnvironmentProblem, ValueError) as error:
        return Line(t("device"), os.environ.get("COURSE_DEVICE", ""), " ".join(str(error).split()))
    if device.type == "cuda":
        about = torch.cuda.get_device_properties(device)
        return Line(t("device"), f"{about.name}, {about.total_memory / 2**30:.0f} GiB")
    details = {"device": device.type, "cores": os.cpu_count(), "threads": torch.get_num_threads()}
    return Line(t("device"), t("{device}, {cores} cores, torch uses {threads} threads", **details))


def _existing(folder: Path) -> Path:
    """A folder, or the one above it where it will be made."""
    return next(parent for parent in (folder, *folder.parents) if parent.is_dir())


def check_disk() -> Line:
    free = shutil.disk_usage(_existing(workbook.place())).free / 1e9
    todo = t("make room: {size} GB should be free", size=f"{FREE_DISK:.0f}")
    return Line(t("disk"), t("{size} GB free", size=f"{free:.1f}"), todo if free < FREE_DISK else "")


def check_memory() -> Line:
    import psutil

    free = psutil.virtual_memory().available / 1e9
    todo = t("close other programs, or shut down kernels you no longer need (■ in the side bar)")
    name, finding = t("memory", context="of a computer"), t("{size} GB available", size=f"{free:.1f}")
    return Line(name, finding, todo if free < FREE_MEMORY else "")


def check_chat() -> Line:
    """The published language model of chapter 8, which may be absent."""
    from chapters.ch08 import published

    try:
        path = published.where()
    except FileNotFoundError as error:
        return Line("SmolLM2", t("its file is missing"), str(error))
    if path is None:
        finding = t("not installed; chapter 8 runs without it (`{command}` brings it)", command=published.INSTALL)
        return Line("SmolLM2", finding)
    size = f"{CHAT_MEMORY:.1f}"
    return Line("SmolLM2", t("installed; a kernel that has loaded it needs about {size} GB", size=size))


def check_jupyter() -> Line:
    """What the installation copies into JupyterLab's folders: settings, the hook for saving, the plugin."""
    source = Path(__file__).parent / "jupyter"
    targets = {
        "lab_overrides.json": "share/jupyter/lab/settings/overrides.d/attention-course.json",
        "server_config.json": "etc/jupyter/jupyter_server_config.d/attention-course.json",
        "labextension": "share/jupyter/labextensions/attention-course",
    }
    for name, target in targets.items():
        for path in filter(Path.is_file, [source / name, *(source / name).rglob("*")]):
            installed = Path(sys.prefix) / target / path.relative_to(source / name)
            if not installed.is_file() or installed.read_bytes() != path.read_bytes():
                finding = t("{file} is missing, or older than the course", file=installed)
                return Line("JupyterLab", finding, REPAIR)
    return Line("JupyterLab", t("the course's plugin, settings and hook for saving are in place"))


def check_home() -> Line:
    """Where Jupyter keeps its own files; `make lab` uses a folder of the workbook if it cannot write there."""
    from . import lab

    if not lab.folders(workbook.place()):
        return Line(t("home"), t("Jupyter's own folders can be written"))
    home = os.environ.get("HOME") or t("HOME is not set")
    return Line(t("home"), t("not writable ({home}); Jupyter's folders are in the workbook", home=home))


def check_data() -> Line:
    state_of_files = verify()
    lacks, differs = mark("data/{name} is missing"), mark("data/{name} is damaged (its checksum differs)")
    wrong = [
        t(lacks if problem == MISSING else differs, name=name) for name, problem in state_of_files.items() if problem
    ]
    if wrong:
        return Line(t("data"), "; ".join(wrong), files.RESTORE)
    return Line(t("data"), tn("{n} table, intact", "{n} tables, intact", len(state_of_files)))


def verify() -> dict[str, str]:
    """Compare each file that `tables.json` names with its checksum -> {file name: "" if intact, else what is wrong}."""
    from course_kit.data.tables import INDEX, folder  # and with it torch, which may be what is broken

    index = json.loads(files.read(f"data/{INDEX}"))
    existing = {name: folder() / name for name in index if (folder() / name).exists()}
    states = {name: "" if files.sha256(path) == index[name] else DAMAGED for name, path in existing.items()}
    return {name: states.get(name, MISSING) for name in index}


def check_checkpoints() -> Line:
    from course_kit.data import tables

    wrong, count = checkpoint_problems(tables.folder() / "checkpoints")
    if wrong:
        return Line(t("checkpoints"), "; ".join(wrong), files.RESTORE)
    return Line(t("checkpoints"), t("{count}, intact", count=count) if count else t("none in this edition"))


def checkpoint_problems(folder: Path) -> tuple[list[str], int]:
    """What is wrong with the checkpoints in a folder -> (list of sentences, number of checkpoints).

    A checkpoint is NAME.safetensors beside NAME.json, its card, which says the "sha256" of its "weights".
    """
    wrong = []
    names = sorted({path.stem for path in folder.glob("*") if path.suffix in (".safetensors", ".json")})
    for name in names:
        weights, card = folder / f"{name}.safetensors", folder / f"{name}.json"
        try:
            intact = files.sha256(weights) == json.loads(card.read_text("utf-8"))["weights"]["sha256"]
        except FileNotFoundError:
            lacks = t("{name} has no weights", name=name) if card.exists() else t("{name} has no card", name=name)
            wrong.append(lacks)
        except KeyError as missing:
            wrong.append(t("{name} is broken (its card does not say {missing})", name=name, missing=missing))
        except (OSError, ValueError, TypeError) as error:
            wrong.append(t("{name} is broken ({error})", name=name, error=error))
        else:
            if not intact:
                wrong.append(t("{name} is damaged (its checksum differs from its card's)", name=name))
    return wrong, len(names)


def check_workbook() -> Line:
    folder = workbook.place()
    existing = _existing(folder)
    if not os.access(existing, os.W_OK):
        todo = t("copy the course's folder to a place of your own, or set COURSE_WORKBOOK to a folder of yours")
        return Line(t("workbook"), t("{folder} cannot be written", folder=existing), todo)
    notebooks = sorted(folder.glob("*.ipynb"))
    if wrong := [path.name for path in notebooks if workbook.damaged(path)]:
        todo = t("`make lab` lays a fresh copy beside it; what you saved before may be in .ipynb_checkpoints/")
        return Line(t("workbook"), t("damaged, cannot be opened: {names}", names=", ".join(wrong)), todo)
    if not notebooks:
        return Line(t("workbook"), t("empty until the first `make lab`"))
    finding = tn("{n} notebook in {folder}/", "{n} notebooks in {folder}/", len(notebooks), folder=folder.name)
    return Line(t("workbook"), finding)


def check_notebook() -> Line:
    """Run a notebook of one cell, in a kernel of its own, and see that it is this environment that ran it."""
    import nbformat
    from nbclient import NotebookClient

    cell = nbformat.v4.new_code_cell("import sys, torch, course_utils; print(sys.prefix, float(torch.ones(3).sum()))")
    notebook = nbformat.v4.new_notebook(cells=[cell])
    client = NotebookClient(notebook, timeout=120, kernel_name="python3", extra_arguments=["--log-level=40"])
    seconds = timeit.timeit(client.execute, number=1)
    answer = cell.outputs[0].get("text", "").strip()
    if answer != f"{sys.prefix} 3.0":
        return Line(t("notebook"), t("the kernel is another Python: it answered {answer}", answer=repr(answer)), REPAIR)
    finding = t(
        "a cell was run in a kernel of this environment, in {seconds} s with its start", seconds=f"{seconds:.1f}"
    )
    return Line(t("notebook"), finding)


CHECKS = [check_python, check_packages, check_device, check_disk, check_memory, check_chat]
CHECKS += [check_jupyter, check_home, check_data, check_checkpoints, check_workbook]
SLOW_CHECKS = [check_notebook]
