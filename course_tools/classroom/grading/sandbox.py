"""A sandbox for programs that nobody has read: bubblewrap, which gives a process its own view of the system.

    with Sandbox() as sandbox:
        sandbox.send({...}); sandbox.receive()

Inside: no network, no other process to see, Python with its packages and the course without its exercises (all
read-only), an empty home in memory. `why_not()` tries all of this out before anything is graded: what is not kept off
is a reason to refuse. What a single answer may use is limited by `inside/worker.py`.
"""

from __future__ import annotations

import ast
import contextlib
import functools
import json
import os
import pickle
import select
import shutil
import struct
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import psutil

import chapters
import course_kit
import course_utils
from course_kit import files
from course_kit.i18n import mark, t

HOW = mark(
    "Answers are programs of other people, so they run in a sandbox, and there is none here: {why}\n"
    "Needed: bubblewrap, on Linux.\n"
    "  Debian, Ubuntu:  sudo apt-get install bubblewrap\n"
    "  Fedora:          sudo dnf install bubblewrap\n"
    "macOS and Windows have none: grade in a Linux machine, in WSL 2 or in a virtual machine."
)
HOME = 32 << 20  # bytes of files that an answer may keep, all together
MOST = 4 << 20  # bytes of one reply
PACKAGE = Path(course_utils.__file__).resolve().parent
KIT = Path(course_kit.__file__).resolve().parent
CHAPTERS = Path(chapters.__file__).resolve().parent
INSIDE = Path(__file__).resolve().parent / "inside"
START = 60.0  # seconds until Python and torch are there


class NoSandbox(ValueError):
    """There is none here, or it leaks. The message says how to get one."""


class Broken(Exception):
    """The program inside has ended, or what it says is no reply."""


class Silent(Broken):
    """The time is up, and nothing was said."""


def command(
    root: bool | None = None, program: Sequence[str] = ("worker.py",), more: Sequence[str | Path] = ()
) -> list[str]:
    """The command line that starts a program of /course, with its arguments. root: started by root, so no user
    namespace is needed (and none is wanted: limits don't hold for root in any namespace; what is inside leaves root by
    itself); more: options of bubblewrap, such as a file to bind, or the program."""
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        raise NoSandbox(t(HOW, why=t("bwrap is not installed.")))
    root = os.geteuid() == 0 if root is None else root
    line = [bwrap, "--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"]
    line += ["--die-with-parent", "--new-session", "--hostname", "sandbox", "--clearenv", "--cap-drop", "ALL"]
    if root:
        line += ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    else:
        line += ["--unshare-user", "--disable-userns", "--uid", "1000", "--gid", "1000"]
    for name, value in _environment().items():
        line += ["--setenv", name, value]
    line += [*_system(), "--proc", "/proc", "--dev", "/dev", "--remount-ro", "/dev"]
    line += ["--perms", "1777", "--size", str(HOME), "--tmpfs", "/student", "--perms", "1777", "--size", "1048576"]
    line += ["--tmpfs", "/dev/shm", *map(str, more), "--chdir", "/student", "--remount-ro", "/"]
    return [*line, sys.executable, "-I", "-B", f"/course/{program[0]}", *program[1:]]


def _environment() -> dict[str, str]:
    alone = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    home = dict.fromkeys(("HOME", "TMPDIR"), "/student")
    return alone | home | {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "MPLBACKEND": "agg", "COURSE_DEVICE": "cpu"}


def _system() -> Iterable[str]:
    """What can be seen, read-only: libraries, this Python, the course."""
    for place in ("/bin", "/sbin", "/lib", "/lib32", "/lib64"):
        if os.path.islink(place):
            yield from ("--symlink", os.readlink(place), place)
        elif os.path.isdir(place):
            yield from ("--ro-bind", place, place)
    wanted = {"/usr": "/usr", "/etc/ld.so.cache": "/etc/ld.so.cache"}
    python = (sys.base_prefix, sys.prefix, str(Path(os.path.realpath(sys.executable)).parent.parent))
    wanted |= {prefix: prefix for prefix in python}
    wanted |= {str(PACKAGE): "/course/course_utils", str(KIT): "/course/course_kit"}
    wanted |= {str(INSIDE / "exercises"): "/course/course_kit/exercises"}
    wanted |= {str(CHAPTERS): "/course/chapters"}
    wanted |= {str(INSIDE / name): f"/course/{name}" for name in ("worker.py", "limits.py", "mine.py")}
    wanted |= {str(files.course_folder() / "data"): "/course/data"}
    made: set[Path] = {Path("/")}
    for source, place in wanted.items():
        if not os.path.exists(source) or source != "/usr" and source == place and source.startswith("/usr/"):
            continue
        for parent in reversed(Path(place).parents):
            if parent not in made and not any(str(parent).startswith(x) for x in ("/usr", "/course/")):
                yield from ("--perms", "0755", "--dir", str(parent))
                made.add(parent)
        yield from ("--ro-bind", source, place)
    for folder in _solutions():
        yield from ("--ro-bind", str(INSIDE / "chapter"), f"/course/chapters/{folder.parent.name}/exercises")
        if folder.is_relative_to(sys.prefix):  # installed, not a clone: the exercises must not be seen there either
            yield from ("--tmpfs", str(folder))


def _solutions() -> list[Path]:
    """The folders with the references and known mistakes of each chapter."""
    return sorted(CHAPTERS.glob("ch[0-9][0-9]/exercises"))


class Sandbox:
    """A sandbox with a worker in it. Raises NoSandbox if it cannot be had. After Broken or a time limit: `close`."""

    def __init__(self) -> None:
        pipe = subprocess.PIPE
        told: Any = {"stdin": pipe, "stdout": pipe, "stderr": subprocess.DEVNULL, "bufsize": 0, "env": {}}
        self.process: Any = subprocess.Popen(command(), **told)
        try:
            if self.receive(START).get("ready") is not True:
                raise Broken(mark("it is still root"))
        except Broken as error:
            self.close()
            raise NoSandbox(t(HOW, why=t("bwrap does not start ({error}).", error=t(str(error))))) from None

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def close(self) -> None:
        """Ends the worker and everything that it has started: they cannot outlive the room."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            pipe.close()

    def computed(self) -> float:
        """Seconds of computing so far, of all that has run in here, as the system counts them."""
        try:
            inside = psutil.Process(self.process.pid).children(recursive=True)
            return sum(sum(one.cpu_times()[:4]) for one in inside)
        except psutil.Error:
            return 0.0

    def send(self, request: dict[str, Any]) -> None:
        body = pickle.dumps(request)
        try:
            self.process.stdin.write(struct.pack(">I", len(body)) + body)
        except OSError:
            raise Broken(mark("it has ended")) from None

    def receive(self, seconds: float) -> dict[str, Any]:
        """The next reply: a dict, of which nothing else is certain. Raises Broken, also when the time is up."""
        size = struct.unpack(">I", self._read(4, seconds))[0]
        if size > MOST:
            raise Broken(mark("its reply is too long"))
        try:
            reply = json.loads(self._read(size, seconds))
        except (ValueError, RecursionError):
            raise Broken(mark("its reply cannot be read")) from None
        if not isinstance(reply, dict):
            raise Broken(mark("its reply cannot be read"))
        return reply

    def _read(self, size: int, seconds: float) -> bytes:
        data = b""
        while len(data) < size:
            if not select.select([self.process.stdout], [], [], seconds)[0]:
                raise Silent(mark("it says nothing"))
            part = os.read(self.process.stdout.fileno(), size - len(data))
            if not part:
                raise Broken(mark("it has ended"))
            data += part
        return data


@functools.cache
def why_not() -> str:
    """Why nothing can be graded here; "" if all is well. Tries from inside what must not work."""
    try:
        with Sandbox() as sandbox:
            sandbox.send({"id": "0", "name": "probe", "statements": ast.parse(PROBE).body, "seconds": 9})
            reply = sandbox.receive(START)
            if reply.get("opened") is not True:
                return t(HOW, why=f"bwrap starts, but {reply.get('error', 'what is inside does not')}.")
            sandbox.send({"id": "1", "call": pickle.dumps(((_private(),), {}, ((), None)))})
            reply = sandbox.receive(START)
    except NoSandbox as error:
        return str(error)
    except (Broken, OSError) as error:
        return t(HOW, why=t("bwrap does not start ({error}).", error=t(str(error))))
    leaks = reply.get("result")
    return "" if leaks == "" else t(HOW, why=f"bwrap is there but lets through: {leaks or reply.get('error')}.")


def _private() -> list[str]:
    """Files that must not be seen from inside: the contents of the home folder, and the solutions."""
    kept = [Path(x).resolve() for x in (sys.prefix, sys.base_prefix)]
    seen = [Path("/course/chapters", *folder.parts[-2:]) for folder in _solutions()]
    solutions = [str(place / "pooling.py") for place in [*_solutions(), *seen]]
    with contextlib.suppress(OSError):
        there = [x for x in Path.home().iterdir() if not any(p.is_relative_to(x.resolve()) for p in kept)]
        return [*map(str, there[:100]), *solutions]
    return solutions


PROBE = """
from course_kit.exercises import exercise
@exercise("probe")
def probe(private):
    import ctypes, os, socket
    def works(do):
        try:
            do()
        except Exception:
            return False
        return True
    tried = {
        "sockets": lambda: socket.socketpair(),
        "the machine's host": lambda: socket.socket(40, 1),  # AF_VSOCK, which no name space holds
        "the network": lambda: open("/proc/net/dev").read().split(":")[2],  # beyond the loop that each machine has
        "other processes": lambda: os.fork() or os._exit(0),
        "writing into the course": lambda: open("/course/data/probe", "w"),
        "writing into the system": lambda: open("/usr/probe", "w"),
        "being root": lambda: os.setuid(0),
        "memory of its own kind": lambda: ctypes.CDLL(None).shmget(0, 4096, 0o600) != -1 or 1 / 0,
        "memory that is secret": lambda: ctypes.CDLL(None).syscall(447, 0) != -1 or 1 / 0,  # memfd_secret
        "files without end": lambda: open("/student/probe", "wb").write(bytes(1 << 25)),
    }
    found = [what for what, do in tried.items() if works(do)]
    found += [path for path in private if os.path.lexists(path)]
    if sum(x.isdigit() for x in os.listdir("/proc")) > 4:
        found.append("a view of other processes")
    return ", ".join(found)
"""
