"""Starts JupyterLab on the course: `make lab` for students (workbook/), `make author` for authors (notebooks/)."""

import importlib.util
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from course_kit import files
from course_kit.i18n import t

from . import workbook

FIRST = "00_start_here.ipynb"


def run(arguments: Sequence[str] = (), author: bool = False) -> int:
    """The commands `lab` and `author` -> exit status (on Linux and macOS JupyterLab takes over this process).

    arguments  options for JupyterLab, such as ["--no-browser", "--port", "8890"]
    author     open notebooks/ itself instead of the student's copies
    """
    root = files.course_folder()
    if absent := [name for name in ("jupyterlab", "nbformat", "torch") if importlib.util.find_spec(name) is None]:
        said = t(
            "{python} has no {package}: it is not the Python that the course was installed for.\nIn the course's "
            "folder, `make lab` sets everything up and starts the right one.",
            python=sys.executable,
            package=absent[0],
        )
        print(said, file=sys.stderr)
        return 1
    if not (where := root if author else filled(root)):
        return 1
    if elsewhere := already_open(root if author else where.parent):
        said = t(
            "This folder is open in a JupyterLab already, at {address}\nOf a notebook that is open in both, the "
            "one that is saved last keeps its changes: use one of them.",
            address=elsewhere,
        )
        print(said)
    chosen = options(root, arguments, author)
    if closed := folders(where):
        told = {"home": repr(os.environ.get("HOME", "")), "folder": closed["JUPYTER_CONFIG_DIR"]}
        print(t("Jupyter's own folders cannot be written (HOME is {home}); it uses {folder} instead.", **told))
        os.environ.update(closed)
    os.environ.setdefault("PYTHONSTARTUP", str(root / "course_kit" / "kernel_start.py"))
    # in its terminals, `course problem 02` is found
    os.environ["PATH"] = os.pathsep.join([os.path.dirname(sys.executable), os.environ.get("PATH", os.defpath)])
    print(t("JupyterLab starts, and stops with Ctrl-C."), flush=True)
    return launch(root, chosen)


def launch(root: Path, chosen: Sequence[str]) -> int:
    """JupyterLab with these options -> its exit status; on Linux and macOS it takes over this process."""
    command = [sys.executable, "-m", "jupyterlab", *chosen]
    if os.name == "nt":
        return subprocess.call(command, cwd=root)
    os.chdir(root)
    return os.execv(command[0], command)


def filled(root: Path) -> Path | None:
    """Bring the course into the workbook and say what came -> its folder; None if it cannot be written (says why)."""
    try:
        where = workbook.place(root)
        language = os.environ.get("COURSE_LANGUAGE", "en")
        changes = workbook.sync(root / "notebooks" / ("" if language == "en" else language), where)
    except workbook.WorkbookError as error:
        print(error, file=sys.stderr)
        return None
    for change in changes:
        print(f"{where.name}/ {change}")
    if any(change.kind in ("replaced", "beside") for change in changes):
        news = workbook.news(root / workbook.CHANGELOG)
        head = t("What is new ({file} of the course has all of it):", file=workbook.CHANGELOG)
        print(f"\n{head}\n{news}")
    return where


def folders(where: Path) -> dict[str, str]:
    """Environment variables that put what Jupyter and others keep below `where`, if its usual folders are closed.

    {} if they can be written. Without HOME, or with one that is read-only, JupyterLab would not start.
    """
    from jupyter_core import paths

    if all(map(_writable, (paths.jupyter_config_dir(), paths.jupyter_data_dir(), paths.jupyter_runtime_dir()))):
        return {}
    own = where / ".jupyter"
    names = ["JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR", "MPLCONFIGDIR"]
    names += ["JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR"]
    return {name: str(own / name.lower()) for name in names}


def _writable(folder: str) -> bool:
    """Whether something can be written there, also on a disk that is full or behind a quota; the folder is made if
    need be."""
    try:
        os.makedirs(folder, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(1 << 16))
            file.flush()
        return True
    except OSError:
        return False


def options(root: Path, arguments: Sequence[str] = (), author: bool = False) -> list[str]:
    """JupyterLab's options: those of the user, and ours that the user has not given (of two it would take neither)."""
    where = workbook.place(root)
    page = "notebooks" if author else f"{where.name}/{FIRST}"
    ours = [
        f"--ServerApp.root_dir={root if author else where.parent}",
        f"--LabApp.default_url=/lab/tree/{page}",
        "--Application.log_level=WARN",
    ]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        ours.append("--allow-root")
    if _headless() and not {"--no-browser", "--browser"} & {x.split("=")[0] for x in arguments}:
        ours.append("--no-browser")
    given = {option.split("=")[0] for option in arguments}
    return [*(option for option in ours if option.split("=")[0] not in given), *arguments]


def already_open(folder: Path) -> str:
    """Where a JupyterLab of this user shows this folder, with its token if it has one; "" if none does."""
    try:
        from jupyter_server.serverapp import list_running_servers

        there = [one for one in list_running_servers() if one.get("root_dir")]
        found = [one for one in there if os.path.realpath(one["root_dir"]) == os.path.realpath(folder)]
    except Exception:  # only a courtesy: without it all else is still right
        return ""
    return next((f"{one['url']}lab" + (f"?token={one['token']}" if one.get("token") else "") for one in found), "")


def _headless() -> bool:
    """Whether there is no screen to show a browser on."""
    return sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
