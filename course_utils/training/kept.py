"""Trainings kept on disk, so that a kernel that was restarted need not train again.

In a workbook `fit` leaves what it has come to in `workbook/.kept/`, found by a fingerprint of all that it came from:
weights, data, loss, steps, seed, settings. Whatever differs is trained again. The folder is bounded; what was not used
longest goes.

COURSE_KEPT=use takes trainings from there, "anew" never does; without it they are used while presenting.
COURSE_KEPT_DIR names another folder, in a notebook or not.
"""

from __future__ import annotations

import contextlib
import contextvars
import datetime
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from torch import nn

from course_utils.support import files

from . import state
from .display import in_notebook
from .fingerprint import fingerprint
from .run import Run

FOLDER = ".kept"
LIMIT = 400_000_000  # bytes in all
LARGEST = 100_000_000  # bytes of one file

_resuming: contextvars.ContextVar[list | None] = contextvars.ContextVar("resuming", default=None)


def folder() -> Path | None:
    """Where trainings are kept; None outside of a workbook or of a notebook: there nothing is."""
    if given := os.environ.get("COURSE_KEPT_DIR"):
        return Path(given)
    workbook = files.workbook_folder() if in_notebook() else None
    return workbook / FOLDER if workbook else None


def wanted() -> bool:
    """Whether a training should be taken from what is kept."""
    setting = os.environ.get("COURSE_KEPT", "")
    return _resuming.get() is not None or setting == "use" or (setting != "anew" and "COURSE_PRESENTING" in os.environ)


@contextlib.contextmanager
def brought_back() -> Iterator[list[tuple[str, str]]]:
    """Within it trainings are taken as kept; the list gets ("kept" or "trained", title) for each."""
    token = _resuming.set([])
    try:
        yield _resuming.get()
    finally:
        _resuming.reset(token)


class Training:
    """The place of one training among what is kept."""

    def __init__(self, where: Path, model: nn.Module, resume: Run | None, title: str, settings: dict[str, Any]):
        self.title = title
        self.make = settings.get("optimizer") or (resume._last.get("make") if resume else None)
        self.origin = resume.origin if resume else fingerprint(model)
        self.path = where / f"{fingerprint(('training', self.origin, title, settings))}.safetensors"

    def bring_back(self, model: nn.Module) -> Run | None:
        """The Run as it ended, its weights in the model; None if none is kept, or none is wanted."""
        if not wanted():
            return None
        run = None
        with contextlib.suppress(OSError, ValueError, RuntimeError):
            run, more = state.unpack(self.path, model, self.make)
            model.load_state_dict((run._judged and run._judged[1] or run._last)["model"])
            run.message += f" (Kept from {more['date']}.)"
            run.origin = self.origin
            os.utime(self.path)  # used just now
        if (heard := _resuming.get()) is not None:
            heard.append(("kept" if run else "trained", self.title))
        return run

    def keep(self, run: Run) -> None:
        """Remember what this run has come to. A stop in class does not cost what was prepared. Never raises."""
        run.origin = self.origin
        if run.stopped in ("diverged", "error") or not run._last:
            return
        with contextlib.suppress(OSError, ValueError, RuntimeError):
            if run.stopped and state.unpack(self.path, run.model)[0].step > run._last["step"]:
                return
        with contextlib.suppress(Exception):  # a full disk, or something that cannot be written down
            now = datetime.datetime.now()
            content = state.pack(run, date=f"{now.day} {now:%B, %H:%M}")
            if len(content) <= LARGEST:
                self.path.parent.mkdir(exist_ok=True)
                files.write_atomically(self.path, content)
                trim(self.path.parent)


def training(model: nn.Module, resume: Run | None, title: str, **settings: Any) -> Training | None:
    """The place of a training with these settings; None where nothing can be kept. Never raises."""
    try:
        where = folder()
        if where is None or (resume is not None and not resume.origin):
            return None
        return Training(where, model, resume, title, settings)
    except Exception:  # to keep is a courtesy: it must not cost a training
        return None


def trim(where: Path, limit: int = LIMIT) -> None:
    """Remove what was not used longest, until the rest fits."""
    found = sorted(where.glob("*.safetensors"), key=lambda path: path.stat().st_mtime)
    size = sum(path.stat().st_size for path in found)
    for path in found:
        if size <= limit:
            return
        size -= path.stat().st_size
        path.unlink(missing_ok=True)
