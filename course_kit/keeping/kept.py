"""Trainings kept on disk, so that a kernel that was restarted need not train again.

In a workbook `fit` leaves each finished training in `workbook/.kept/`, under a fingerprint of the weights it began
with, its data, loss, steps, seed, settings, and the edition of the course. If one of them differs, or cannot be told,
the model is trained again. When the folder is full, the trainings that were not used for longest go first.

COURSE_KEPT=use takes trainings from there, COURSE_KEPT=anew does not; without it they are taken while presenting, and
by `resume_here()` always. COURSE_KEPT_DIR names another folder, in a notebook or not.
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

from course_kit.keeping import state
from course_kit.keeping.fingerprint import fingerprint
from course_kit.shell import in_notebook
from course_utils import __version__, files
from course_utils.training.run import Run

FOLDER = ".kept"
LIMIT = 400_000_000  # bytes in all
LARGEST = 100_000_000  # bytes of one file

_resuming: contextvars.ContextVar[list | None] = contextvars.ContextVar("resuming", default=None)


def folder() -> Path | None:
    """Where trainings are kept; None outside of a workbook or of a notebook, where nothing is kept."""
    if given := os.environ.get("COURSE_KEPT_DIR"):
        return Path(given)
    workbook = files.workbook_folder() if in_notebook() else None
    return workbook / FOLDER if workbook else None


def wanted() -> bool:
    """Whether a training should be taken from what is kept."""
    setting = os.environ.get("COURSE_KEPT") or ("use" if os.environ.get("COURSE_PRESENTING") else "")
    return resuming() or setting == "use"


def resuming() -> bool:
    """Whether the cells above are being run again by `resume_here()`."""
    return _resuming.get() is not None


@contextlib.contextmanager
def brought_back() -> Iterator[list[tuple[str, str]]]:
    """Within it trainings are taken as kept; the list gets ("kept" or "trained", title) for each."""
    token = _resuming.set([])
    try:
        yield _resuming.get()
    finally:
        _resuming.reset(token)


class Training:
    """The place of one training among those that are kept. A run that was stopped and resumed with the same settings
    equals a run in one, so it has the same place; else that also depends on the earlier ones and where they ended."""

    def __init__(self, where: Path, model: nn.Module, resume: Run | None, title: str, steps: int, settings: dict):
        self.title, self.resume, same = title, resume, fingerprint(settings)
        self.make = settings.get("optimizer") or (resume._last.get("make") if resume else None)
        begun, before = resume.origin if resume else (fingerprint(model), same)
        if before != same:
            begun = fingerprint((begun, before, resume.step))
        self.origin = begun, same
        self.path = where / f"{fingerprint((begun, same, steps, __version__))}.safetensors"

    def bring_back(self, model: nn.Module) -> Run | None:
        """The Run as it ended, its weights in the model; None if none is kept or wanted, or `resume` is as far."""
        if not wanted():
            return None
        try:
            run, more = state.unpack(self.path, model, self.make)
            if self.resume is not None and run.step <= self.resume.step:
                return _said("trained", self.title)
            model.load_state_dict((run._judged and run._judged[1] or run._last)["model"])
            os.utime(self.path)  # it was used just now
        except (OSError, ValueError, RuntimeError):
            return _said("trained", self.title)
        run.message += f" (Kept from {more['date']}.)"
        run.origin = self.origin
        _said("kept", self.title)
        return run

    def keep(self, run: Run) -> None:
        """Write this run down, unless a longer one is kept already: a stop in class costs nothing. Never raises."""
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


def training(model: nn.Module, resume: Run | None, title: str, steps: int, **settings: Any) -> Training | None:
    """The place of a training with these settings; None where nothing can be kept. Never raises."""
    with contextlib.suppress(Exception):  # keeping is a courtesy: it must not cost a training
        where = folder()
        if where is not None and (resume is None or resume.origin):
            return Training(where, model, resume, title, steps, settings)
    return _said("trained", title)


def _said(how: str, title: str) -> None:
    """Tells `resume_here()` what became of a training."""
    if resuming():
        _resuming.get().append((how, title))


def trim(where: Path, limit: int = LIMIT) -> None:
    """Remove the trainings that were not used for longest, until the rest fits."""
    found = sorted(where.glob("*.safetensors"), key=lambda path: path.stat().st_mtime)
    size = sum(path.stat().st_size for path in found)
    for path in found:
        if size <= limit:
            return
        size -= path.stat().st_size
        path.unlink(missing_ok=True)
