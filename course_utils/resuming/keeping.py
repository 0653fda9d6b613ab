"""What a lesson has computed, kept on disk, so that a kernel that was restarted need not compute it again.

Two things are kept in `workbook/.kept/`, each in a file of its own (plain.py):
- trainings: what `fit` has come to, with optimizer and random states, so that one can also go on with it;
- cells that took long and changed nothing but names of their own: the values of these names (cells.py).
Each is found by a fingerprint of all that it came from: the cell's text, the weights, tensors and functions that it
used, steps, seed, settings. Whatever differs is computed again. The folder is bounded; what was not used longest goes.

COURSE_KEPT=use takes trainings from there, "anew" never does. Without it they are used while presenting.
"""

from __future__ import annotations

import contextlib
import contextvars
import datetime
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .. import files
from ..exercises import record
from . import plain
from .fingerprint import fingerprint

FOLDER = ".kept"
LIMIT = 400_000_000  # bytes in all
LARGEST = 100_000_000  # bytes of one file
UNREADABLE = (OSError, KeyError, TypeError, ValueError, AttributeError, RuntimeError)

_text: contextvars.ContextVar[str | None] = contextvars.ContextVar("text", default=None)
_heard: contextvars.ContextVar[list | None] = contextvars.ContextVar("heard", default=None)


def shell() -> Any:
    """IPython's shell if this is a notebook's kernel, else None."""
    ipython = sys.modules.get("IPython")
    found = ipython.get_ipython() if ipython else None
    return found if found is not None and hasattr(found, "kernel") else None


def folder() -> Path | None:
    """Where things are kept; None outside of a workbook or of a notebook: there nothing is."""
    workbook = record.folder() if shell() else None
    return workbook / FOLDER if workbook else None


def wanted() -> bool:
    """Whether a training should be taken from what is kept."""
    setting = os.environ.get("COURSE_KEPT", "")
    return setting == "use" or (setting != "anew" and bool(os.environ.get("COURSE_PRESENTING")))


@contextlib.contextmanager
def replaying(text: str, heard: list) -> Iterator[None]:
    """While another cell's text runs inside the present one: it is that text that counts. heard: what became of each
    training, as ("kept" or "trained", title)."""
    tokens, before = (_text.set(text), _heard.set(heard)), os.environ.get("COURSE_KEPT")
    os.environ["COURSE_KEPT"] = "use"
    try:
        yield
    finally:
        _text.reset(tokens[0]), _heard.reset(tokens[1])
        if before is None:
            del os.environ["COURSE_KEPT"]
        else:
            os.environ["COURSE_KEPT"] = before


def text_of_cell() -> str:
    """The text of the cell that is running."""
    if (text := _text.get()) is not None:
        return text
    with contextlib.suppress(AttributeError, KeyError, TypeError):
        return shell().get_parent()["content"]["code"]
    return ""


class Training:
    """The place of one training among what is kept."""

    def __init__(self, where: Path, model: Any, resume: Any, title: str, settings: dict[str, Any]):
        self.where, self.title = where, title
        self.make = settings.get("optimizer") or (resume._last.get("make") if resume is not None else None)
        self.origin = resume.origin if resume is not None else fingerprint(model)
        self.key = fingerprint(("training", self.origin, text_of_cell(), title, settings))

    def bring_back(self, model: Any) -> Any:
        """The Run as it ended, its weights in the model; None if none is kept, or none is wanted."""
        if not wanted():
            return None
        run = self._read(model)
        if (heard := _heard.get()) is not None:
            heard.append(("kept" if run else "trained", self.title))
        return run

    def _read(self, model: Any) -> Any:
        import torch

        from ..trainer import Best
        from ..training import Run

        try:
            found = read(self.where, self.key)
            last, best, judged = found["last"], found["best"], None
            last["make"] = self.make or torch.optim.Adam
            if found["judged"]:
                judged = Best(*found["judged"]), (last if found["shared"] else best and {**best, "make": last["make"]})
            run = Run(model, found["steps"], last["step"], found["history"], found["stopped"], found["samples"])
            run.message, run._last, run._judged, run.origin = found["message"], last, judged, self.origin
            run.message += f" (Kept from {found['date']}.)"
            model.load_state_dict((judged and judged[1] or last)["model"])
        except UNREADABLE:
            return None
        return run

    def keep(self, run: Any) -> None:
        """Remember what this run has come to; never raises."""
        run.origin = self.origin
        if run.stopped in ("diverged", "error") or not run._last:
            return
        with contextlib.suppress(*UNREADABLE):  # a stop in class does not cost what was prepared
            if run.stopped and read(self.where, self.key)["last"]["step"] > run._last["step"]:
                return
        judged, best = run._judged or (None, None)
        shared = best is not None and best["step"] == run._last["step"]
        write(self.where, self.key, {
            "last": _without_make(run._last), "best": None if shared else _without_make(best), "shared": shared,
            "judged": judged and list(judged), "steps": run.steps, "history": run.history, "stopped": run.stopped,
            "message": run.message, "samples": run.samples if plain.is_plain(run.samples) else None, "date": today(),
        })  # fmt: skip


def _without_make(state: dict | None) -> dict | None:
    return state and {name: value for name, value in state.items() if name != "make"}


def training(model: Any, resume: Any, title: str, **settings: Any) -> Training | None:
    """The place of a training with these settings; None where nothing is kept. Never raises."""
    try:
        where = folder()
        if where is None or (resume is not None and not resume.origin):
            return None
        return Training(where, model, resume, title, settings)
    except Exception:  # to keep is a courtesy: it must not cost a training
        return None


def write(where: Path, key: str, content: Any) -> bool:
    """Write a tree of plain values and tensors -> whether it is kept. Never raises."""
    try:
        data = plain.pack(content)
        if len(data) > LARGEST:
            return False
        where.mkdir(exist_ok=True)
        files.write_atomically(where / f"{key}.safetensors", data)
        trim(where)
    except Exception:  # a full disk, or something that is not plain
        return False
    return True


def read(where: Path, key: str) -> Any:
    """What `write` wrote. Raises one of UNREADABLE if it is not there or cannot be read."""
    path = where / f"{key}.safetensors"
    content = plain.unpack(path)
    os.utime(path)  # used just now
    return content


def trim(where: Path, limit: int = LIMIT) -> None:
    """Remove what was not used longest, until the rest fits."""
    found = sorted(where.glob("*.safetensors"), key=lambda path: path.stat().st_mtime)
    size = sum(path.stat().st_size for path in found)
    for path in found:
        if size <= limit:
            return
        size -= path.stat().st_size
        path.unlink(missing_ok=True)


def today() -> str:
    """As "20 November, 17:20"."""
    now = datetime.datetime.now()
    return f"{now.day} {now:%B, %H:%M}"
