"""Starts JupyterLab on the course: `make lab` for students (workbook/), `make author` for authors (notebooks/)."""

import argparse
import contextlib
import errno
import importlib.util
import os
import socket
import subprocess
import sys
import tempfile

from course_kit import files

from . import workbook

FIRST = "00_start_here.ipynb"
PORT = 8888


def run(arguments=(), author=False, fill_only=False):
    """The commands `lab` and `author` -> exit status (on Linux and macOS JupyterLab takes over this process).

    arguments  options for JupyterLab, such as ["--no-browser", "--port", "8890"]
    author     open notebooks/ itself instead of the student's copies
    fill_only  fill workbook/, and do not start JupyterLab
    """
    root = files.course_folder()
    if absent := [name for name in ("jupyterlab", "nbformat", "torch") if importlib.util.find_spec(name) is None]:
        print(
            f"{sys.executable} has no {absent[0]}: it is not the Python that the course was installed for.\n"
            "In the course's folder, `make lab` sets everything up and starts the right one.",
            file=sys.stderr,
        )
        return 1
    if not author:
        if not (where := filled(root)):
            return 1
        if fill_only:
            print(f"Your notebooks are in {where}")
            return 0
    problem = port_problem(arguments)
    if problem:
        print(problem, file=sys.stderr)
        return 1
    if elsewhere := already_open(root if author else where.parent):
        print(f"This folder is open in a JupyterLab already, at {elsewhere}\nOf a notebook that is open in both, "
              "the one that is saved last keeps its changes: use one of them.")  # fmt: skip
    chosen = options(root, arguments, author)
    if elsewhere := folders(root if author else where):
        home, folder = os.environ.get("HOME", "not set"), elsewhere["JUPYTER_CONFIG_DIR"]
        print(f"Jupyter's own folders cannot be written (HOME is {home!r}); it uses {folder} instead.")
        os.environ.update(elsewhere)
    os.environ.setdefault("PYTHONSTARTUP", str(root / "course_kit" / "kernel_start.py"))
    print(f"JupyterLab starts at {_address(chosen)} and stops with Ctrl-C.", flush=True)
    return launch(root, chosen)


def launch(root, chosen):
    """JupyterLab with these options -> its exit status; on Linux and macOS it takes over this process."""
    command = [sys.executable, "-m", "jupyterlab", *chosen]
    if os.name == "nt":
        return subprocess.call(command, cwd=root)
    os.chdir(root)
    return os.execv(command[0], command)


def filled(root):
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
        print(f"\nWhat is new ({where.name}/{workbook.CHANGELOG} has all of it):\n{news}")
    return where


def folders(where):
    """Environment variables that put what Jupyter and others keep below `where`, if its usual folders are closed.

    {} if they can be written. Without HOME, or with one that is read-only, JupyterLab would not start.
    """
    from jupyter_core import paths

    if all(map(_writable, (paths.jupyter_config_dir(), paths.jupyter_data_dir(), paths.jupyter_runtime_dir()))):
        return {}
    own = where / ".jupyter"
    names = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR", "MPLCONFIGDIR")
    names += ("JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR")
    return {name: str(own / name.lower()) for name in names}


def _writable(folder):
    """Whether something can be written there; the folder is made if need be."""
    try:
        os.makedirs(folder, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def options(root, arguments=(), author=False):
    """JupyterLab's options: those of the user, and ours that the user has not given (of two it would take neither)."""
    where = workbook.place(root)
    page = "notebooks" if author else f"{where.name}/{FIRST}"
    ours = [
        f"--ServerApp.root_dir={root if author else where.parent}",
        f"--LabApp.default_url=/lab/tree/{page}",
        "--ServerApp.port_retries=0",
        "--Application.log_level=WARN",
    ]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        ours.append("--allow-root")
    if _wanted(arguments)[1] is None:
        ours.append(f"--port={free_port()}")
    if _headless() and not {"--no-browser", "--browser"} & {x.split("=")[0] for x in arguments}:
        ours.append("--no-browser")
    given = {option.split("=")[0] for option in arguments}
    return [*(option for option in ours if option.split("=")[0] not in given), *arguments]


def port_problem(arguments):
    """Why JupyterLab cannot have the port it was told to take, and what to do; "" if it can."""
    address, port = _wanted(arguments)
    if 0 not in _bind(address, 0):
        return (
            f"{address} is no address of this machine. Leave --ip out, or take 127.0.0.1, or 0.0.0.0 for all of them."
        )
    if port is None:
        return ""
    if not port.isdigit() or int(port) > 65535:
        return f'Port {port!r} is none: it must be a number from 1 to 65535, such as make lab ARGS="--port 8890"'
    if is_free(port := int(port), address):
        return ""
    return (
        f"Port {port} is in use{_by_whom(port)}. Close what uses it, or take another one:\n"
        f'  make lab ARGS="--port {free_port(port + 1, address)}"'
    )


def already_open(folder):
    """Where a JupyterLab of this user shows this folder; "" if none does."""
    for server in _running():
        if server.get("root_dir") and os.path.realpath(server["root_dir"]) == os.path.realpath(folder):
            return _page(server)
    return ""


def free_port(first=PORT, address="localhost"):
    """The first free port from `first` on. Raises ValueError if none of fifty is free."""
    for port in range(first, min(first + 50, 65536)):
        if is_free(port, address):
            return port
    raise ValueError(f"No port from {first} to {first + 49} is free. Name one: make lab ARGS='--port 9999'")


def is_free(port, address="localhost"):
    """Whether a server may listen at that port of this machine, on every address the name stands for."""
    return set(_bind(address, port)) <= {0, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}  # as IPv6 where there is none


def _bind(address, port):
    """Try to listen there -> for each address that the name stands for, 0 if it worked, else the error's number."""
    results = []
    with contextlib.suppress(OSError, OverflowError):  # a name or port that means nothing here
        places = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, kind, protocol, _, place in places:
            try:
                with socket.socket(family, kind, protocol) as probe:
                    if os.name != "nt":
                        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    probe.bind(place)
                results.append(0)
            except OSError as error:
                results.append(error.errno)
    return results


def _wanted(arguments):
    """The address and port among JupyterLab's options -> (address or None for all, port as text or None)."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--ip", "--ServerApp.ip", dest="ip", default="localhost")
    parser.add_argument("--port", "--ServerApp.port", dest="port")
    chosen, _ = parser.parse_known_args(list(arguments))
    return chosen.ip.strip("*") or None, chosen.port


def _address(chosen):
    """The page that JupyterLab will open with these options, without the token, which it makes and prints itself."""
    address, port = _wanted(chosen)
    page = next(option for option in chosen if option.startswith("--LabApp.default_url=")).partition("=")[2]
    return f"http://{address if address not in (None, '0.0.0.0', '::') else 'localhost'}:{port}{page}"


def _by_whom(port):
    """ " by JupyterLab in FOLDER (ADDRESS)" if a Jupyter server of this user says so."""
    for server in _running():
        if server.get("port") == port:
            return f", by a JupyterLab in {server.get('root_dir')}, which is open at {_page(server)}"
    return ""


def _running():
    """The Jupyter servers of this user, as they have noted themselves."""
    try:
        from jupyter_server.serverapp import list_running_servers

        return list(list_running_servers())
    except Exception:  # only a courtesy: without it all else is still right
        return []


def _page(server):
    """The address of a server's JupyterLab, with its token if it has one."""
    return f"{server['url']}lab" + (f"?token={server['token']}" if server.get("token") else "")


def _headless():
    """Whether there is no screen to show a browser on."""
    return sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
