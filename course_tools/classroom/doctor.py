"""`course doctor`: does the course run here? One line for each question, with what to do if not."""

import json
import os
import platform
import shutil
import sys
import timeit
from dataclasses import dataclass
from pathlib import Path

from course_kit import files, runtime

from . import workbook

REPAIR = (
    "close JupyterLab and run `make lab`, which repairs the environment "
    "(without make: pip install -e . -c requirements.lock)"
)
FREE_DISK, FREE_MEMORY = 1.0, 1.0  # gigabytes below which a lesson may stop half-way
CHAT_MEMORY = 1.3  # of a kernel that has loaded SmolLM2, as measured


@dataclass(frozen=True)
class Line:
    """One answer. todo: what to do, "" if all is well."""

    what: str
    found: str
    todo: str = ""

    def __str__(self):
        mark = "TO DO" if self.todo else "OK"
        return f"{mark:<6}{self.what:<13}{self.found}" + (f"\n      → {self.todo}" if self.todo else "")


def run(quick=False, out=print):
    """The command `doctor` -> exit status: 0 if every line is OK, else 1.

    quick  leave out what takes more than a second: running a notebook
    """
    lines = []
    for check in [*CHECKS, *([] if quick else SLOW_CHECKS)]:
        try:
            line = check()
        except Exception as error:  # a check that cannot be made is an answer, and the others are still wanted
            name = check.__name__.removeprefix("check_").replace("_", " ")
            line = Line(name, f"could not be checked: {type(error).__name__}: {error}", REPAIR)
        lines.append(line)
        out(str(line))
    wrong = sum(1 for line in lines if line.todo)
    out("Everything is in order." if not wrong else f"{wrong} of {len(lines)} need something done (→).")
    return int(wrong > 0)


def check_python():
    found = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    return Line("Python", found, "" if sys.version_info >= (3, 11) else "the course needs Python 3.11 or newer")


def check_packages():
    problems = runtime.missing_packages()
    if problems:
        return Line("packages", "; ".join(f"{need}: {have or 'not installed'}" for need, have in problems), REPAIR)
    from importlib import metadata, util

    for name in ("torch", "numpy", "jupyterlab"):
        place = Path(util.find_spec(name).origin)
        if os.environ.get("PYTHONPATH") and not place.is_relative_to(sys.prefix):
            return Line("packages", f"{name} comes from {place.parent}", "unset PYTHONPATH, which points there")
    shown = ("torch", "jupyterlab", "ipywidgets", "anywidget", "numpy", "matplotlib")
    return Line("packages", " · ".join(f"{name} {metadata.version(name)}" for name in shown))


def check_device():
    import torch

    try:
        device = runtime.pick_device(runtime.choice("COURSE_DEVICE", "auto", runtime.DEVICES))
    except (runtime.EnvironmentProblem, ValueError) as error:
        return Line("device", os.environ.get("COURSE_DEVICE", ""), " ".join(str(error).split()))
    if device.type == "cuda":
        about = torch.cuda.get_device_properties(device)
        return Line("device", f"{about.name}, {about.total_memory / 2**30:.0f} GiB")
    return Line("device", f"{device.type}, {os.cpu_count()} cores, torch uses {torch.get_num_threads()} threads")


def check_disk():
    where = workbook.place()
    free = shutil.disk_usage(where if where.is_dir() else where.parent).free / 1e9
    todo = f"make room: {FREE_DISK:.0f} GB should be free"
    return Line("disk", f"{free:.1f} GB free", todo if free < FREE_DISK else "")


def check_memory():
    import psutil

    free = psutil.virtual_memory().available / 1e9
    todo = "close other programs, or shut down kernels you no longer need (■ in the side bar)"
    return Line("memory", f"{free:.1f} GB available", todo if free < FREE_MEMORY else "")


def check_chat():
    """The published language model of chapter 8, which may be absent."""
    from chapters.ch08 import published

    try:
        there = published.where()
    except FileNotFoundError as error:
        return Line("SmolLM2", "its file is missing", str(error))
    if there is None:
        return Line("SmolLM2", f"not installed; chapter 8 runs without it (`{published.INSTALL}` brings it)")
    return Line("SmolLM2", f"installed; a kernel that has loaded it needs about {CHAT_MEMORY:.1f} GB")


def check_jupyter():
    """What the installation copies into JupyterLab's folders: settings, the hook for saving, the plugin."""
    ours = Path(__file__).parent / "jupyter"
    places = {
        "lab_overrides.json": "share/jupyter/lab/settings/overrides.d/attention-course.json",
        "server_config.json": "etc/jupyter/jupyter_server_config.d/attention-course.json",
        "labextension": "share/jupyter/labextensions/attention-course",
    }
    for name, place in places.items():
        for path in filter(Path.is_file, [ours / name, *(ours / name).rglob("*")]):
            there = Path(sys.prefix) / place / path.relative_to(ours / name)
            if not there.is_file() or there.read_bytes() != path.read_bytes():
                return Line("JupyterLab", f"{there} is missing, or older than the course", REPAIR)
    return Line("JupyterLab", "the course's plugin, settings and hook for saving are in place")


def check_home():
    """Where Jupyter keeps its own files; `make lab` uses a folder of the workbook if it cannot write there."""
    from . import lab

    if not lab.folders(workbook.place()):
        return Line("home", "Jupyter's own folders can be written")
    home = os.environ.get("HOME", "HOME is not set")
    return Line("home", f"not writable ({home}); Jupyter's folders are in the workbook")


def check_data():
    found = verify()
    wrong = "; ".join(f"data/{name} {problem}" for name, problem in found.items() if problem)
    return Line("data", wrong, files.RESTORE) if wrong else Line("data", f"{len(found)} tables, intact")


def verify():
    """Compare each file that `tables.json` names with its checksum -> {file name: "" if intact, else what is wrong}."""
    from course_kit.data.tables import INDEX, folder  # and with it torch, which may be what is broken

    index, damaged = json.loads(files.read(f"data/{INDEX}")), "is damaged (its checksum differs)"
    there = {name: folder() / name for name in index if (folder() / name).exists()}
    found = {name: "" if files.sha256(path) == index[name] else damaged for name, path in there.items()}
    return {name: found.get(name, "is missing") for name in index}


def check_checkpoints():
    from course_kit.data import tables

    wrong, count = checkpoint_problems(tables.folder() / "checkpoints")
    if wrong:
        return Line("checkpoints", "; ".join(wrong), files.RESTORE)
    return Line("checkpoints", f"{count}, intact" if count else "none in this edition")


def checkpoint_problems(folder):
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
            wrong.append(f"{name} has no {'weights' if card.exists() else 'card'}")
        except KeyError as missing:
            wrong.append(f"{name} is broken (its card does not say {missing})")
        except (OSError, ValueError, TypeError) as error:
            wrong.append(f"{name} is broken ({error})")
        else:
            if not intact:
                wrong.append(f"{name} is damaged (its checksum differs from its card's)")
    return wrong, len(names)


def check_workbook():
    folder = workbook.place()
    place = folder if folder.is_dir() else folder.parent
    if not os.access(place, os.W_OK):
        todo = "copy the course's folder to a place of your own, or set COURSE_WORKBOOK to a folder of yours"
        return Line("workbook", f"{place} cannot be written", todo)
    notebooks = sorted(folder.glob("*.ipynb"))
    if wrong := [path.name for path in notebooks if workbook.damaged(path)]:
        todo = "`make lab` lays a fresh copy beside it; what you saved before may be in .ipynb_checkpoints/"
        return Line("workbook", f"damaged, cannot be opened: {', '.join(wrong)}", todo)
    count = len(notebooks)
    return Line("workbook", f"{count} notebooks in {folder.name}/" if count else "empty until the first `make lab`")


def check_notebook():
    """Run a notebook of one cell, in a kernel of its own, and see that it is this environment that ran it."""
    import nbformat
    from nbclient import NotebookClient

    cell = nbformat.v4.new_code_cell("import sys, torch, course_utils; print(sys.prefix, float(torch.ones(3).sum()))")
    notebook = nbformat.v4.new_notebook(cells=[cell])
    client = NotebookClient(notebook, timeout=120, kernel_name="python3", extra_arguments=["--log-level=40"])
    seconds = timeit.timeit(client.execute, number=1)
    answer = cell.outputs[0].get("text", "").strip()
    if answer != f"{sys.prefix} 3.0":
        return Line("notebook", f"the kernel is another Python: it answered {answer!r}", REPAIR)
    return Line("notebook", f"a cell was run in a kernel of this environment, in {seconds:.1f} s with its start")


CHECKS = [check_python, check_packages, check_device, check_disk, check_memory, check_chat]
CHECKS += [check_jupyter, check_home, check_data, check_checkpoints, check_workbook]
SLOW_CHECKS = [check_notebook]
