"""Tries modules in a process of its own, where only Python and torch are: what stops, or never ends, stops there."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from course_kit.i18n import t

PATIENCE = 60  # seconds of computing, or of doing nothing at all, for a process, which has to load torch first
LONGEST = 900  # seconds by the clock, where it cannot count its own
OURS = ("course_utils", "course_kit", "course_tools", "chapters", "jaxtyping")
SHARED = ("builtins", "math", "os", "random", "sys")  # of what all code of a kernel has in common, each value
TORCHES = ("torch", "torch.nn", "torch.nn.functional", "torch.Tensor", "torch.nn.Module")
PROGRAM = """
import contextlib, importlib, inspect, os, pathlib, pkgutil, sys, threading, time
import json, linecache, logging, signal, subprocess, tempfile  # as in a kernel, to see what becomes of them
folder, name, hidden, patience, slow, changes, *shared = sys.argv[1:]
sys.path.insert(0, folder)
sys.modules.update(dict.fromkeys(hidden.split(",") if hidden else ()))  # importing one of them is an error
with contextlib.suppress(OSError):
    pathlib.Path("/proc/self/oom_score_adj").write_text("1000")  # where memory ends, this process does, and no kernel
own = "Storage", "manual_seed"  # torch itself changes these: with a default dtype, and with its first optimiser
places = [(place, pkgutil.resolve_name(place)) for place in shared]
parts = [(one, module) for one, module in sys.modules.items() if one.partition(".")[0] in sys.stdlib_module_names]
parts += [(f"{one}.{key}", x) for one in ("torch.nn", "torch.optim") for key, x in vars(sys.modules.get(one)
          or contextlib).items() if isinstance(x, type)]

def state(path=tuple(sys.path)):
    names = [(place, thing, key) for place, thing in places for key in dir(thing)]
    found = {f"{place}.{key}": inspect.getattr_static(thing, key, None) for place, thing, key in names}
    found |= {f"{place}.{key}": x for place, thing in parts for key, x in vars(thing).items() if callable(x)}
    found |= {"sys.settrace": sys.gettrace(), "sys.setprofile": sys.getprofile(), "sys.path": {*path} <= {*sys.path}}
    with contextlib.suppress(ImportError):
        import resource
        limits = [key for key in dir(resource) if key.startswith("RLIMIT")]
        found |= {key: str(resource.getrlimit(getattr(resource, key))) for key in limits}
    return found

def say(said, open=open):
    with open(f"{folder}/said", "w", encoding="utf-8", errors="replace") as file:
        file.write(said)

def watch(clock=time.process_time, sleep=time.sleep, end=os._exit):
    idle = 0
    while clock() < float(patience) and idle < float(patience):  # a busy machine takes longer, and that is no fault
        spent = clock()
        sleep(1)
        idle = idle + 1 if clock() - spent < 0.01 else 0
    say(slow)
    end(0)

threading.Thread(target=watch, daemon=True).start()
before = state()
try:
    for one in name.split():
        module = importlib.import_module(f"mine.{one}")
        if hidden:
            getattr(module, "check", bool)()
    after = state()
    changed = [one for one, x in before.items() if (new := after.get(one)) is not x and new != x
               and one.rpartition(".")[2] not in own and not hasattr(new, "hooked")]  # a step, at its first optimiser
    said = changes.format(name=changed[0]) if changed else ""
except BaseException as error:
    said = f"{type(error).__name__}: {error}".split("\\n")[0].rstrip(": ")
say(said)
"""


def why_it_fails(name: str, texts: Mapping[str, str], alone: bool = True) -> str:
    """What goes wrong when the module `mine.NAME` is loaded, or several, with blanks between them; "" for nothing.

    texts: the modules of the package, by their names; alone: nothing of the course may be imported, and its `check()`
    is run, if it has one
    """
    with tempfile.TemporaryDirectory() as folder:
        package = Path(folder) / "mine"
        package.mkdir()
        for module, text in {"__init__": "", **texts}.items():
            (package / f"{module}.py").write_text(text, encoding="utf-8", newline="")
        shared = SHARED + TORCHES * any("torch" in text for text in texts.values())
        command = [sys.executable, "-I" if alone else "-P", "-X", "utf8", "-c", PROGRAM]
        patience = str(PATIENCE if alone else PATIENCE // 3)
        said = t("it takes more than {seconds} s", seconds=patience), t("it changes {name}")
        command += [folder, name, ",".join(OURS * alone), patience, *said, *shared]
        options: Any = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)  # a child would hold a pipe
        where = [] if alone else [os.getcwd()]
        env = {"PYTHONPATH": os.pathsep.join([*filter(None, sys.path), *where]), "OMP_NUM_THREADS": "1"}
        options |= {"cwd": folder if alone else None, "env": os.environ | env}
        try:
            done = subprocess.run(command, timeout=LONGEST, check=False, **options)
        except subprocess.TimeoutExpired:
            return t("it never ends")
        heard = Path(folder) / "said"
        if done.returncode or not heard.exists():
            return t("it ends with exit status {returncode}", returncode=done.returncode)
        return heard.read_text("utf-8")
