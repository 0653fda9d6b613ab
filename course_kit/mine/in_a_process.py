"""What `trying.py` has run in a process of its own. No module to import: what it needs stands in its command line."""

import contextlib
import importlib
import inspect
import json  # noqa: F401  as in a kernel, to see what becomes of it, and of the others that are not used here
import linecache  # noqa: F401
import logging  # noqa: F401
import os
import pathlib
import pkgutil
import signal  # noqa: F401
import subprocess  # noqa: F401
import sys
import tempfile  # noqa: F401
import threading
import time

folder, name, hidden, patience, slow, changes, *shared = sys.argv[1:]
sys.path.insert(0, folder)
sys.modules.update(dict.fromkeys(hidden.split(",") if hidden else ()))  # type: ignore[arg-type]  # so import fails
with contextlib.suppress(OSError):
    pathlib.Path("/proc/self/oom_score_adj").write_text("1000")  # where memory ends, this process does, and no kernel
own = "Storage", "manual_seed"  # torch itself changes these: with a default dtype, and with its first optimiser
places = [(place, pkgutil.resolve_name(place)) for place in shared]
known = sys.stdlib_module_names
parts: list[tuple] = [(one, module) for one, module in sys.modules.items() if one.partition(".")[0] in known]
parts += [
    (f"{one}.{key}", x)
    for one in ("torch.nn", "torch.optim")
    for key, x in vars(sys.modules.get(one) or contextlib).items()
    if isinstance(x, type)
]


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
    changed = [
        one
        for one, x in before.items()
        if (new := after.get(one)) is not x
        and new != x
        and one.rpartition(".")[2] not in own
        and not hasattr(new, "hooked")
    ]  # a step, at its first optimiser
    said = changes.format(name=changed[0]) if changed else ""
except BaseException as error:
    said = f"{type(error).__name__}: {error}".split("\n")[0].rstrip(": ")
say(said)
