"""Trainings kept on disk, so that a kernel that was restarted need not train again.

In a workbook Keeping, which `setup()` gives to every training, leaves each in `workbook/.kept/`, also on its way, at
the first evaluation after each half minute: a kernel that is killed loses little. A file's name is a fingerprint of the
weights that a training began with, its data, loss, steps, seed, settings, and the editions of the course and of torch.
If one of them differs, or cannot be told, the model is trained again. When the folder is full, the trainings that were
not used for longest go first.

COURSE_KEPT=use takes trainings from there, COURSE_KEPT=anew does not; without it they are taken while presenting, and
by `resume_here()` always. One that was stopped by hand is taken once: run again, its cell begins at its top, as it
says, and the longest stays on disk. COURSE_KEPT_DIR names another folder, in a notebook or not.
"""

from __future__ import annotations

import contextlib
import contextvars
import datetime
import os
import time
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from course_kit import files
from course_kit.callbacks import Watcher
from course_kit.i18n import sentences, t
from course_kit.runs import state
from course_kit.runs.fingerprint import fingerprint
from course_kit.shell import in_notebook, presenting
from course_kit.training import Callback, Run, summary
from course_utils import __version__

FOLDER = ".kept"
LIMIT = 400_000_000  # bytes in all
LARGEST = 100_000_000  # bytes of one file
PERIOD = 30  # seconds between two times that a training is kept on its way

_resuming: contextvars.ContextVar[list | None] = contextvars.ContextVar("resuming", default=None)


def folder() -> Path | None:
    """Where trainings are kept; None outside of a workbook or of a notebook, where nothing is kept."""
    if given := os.environ.get("COURSE_KEPT_DIR"):
        return Path(given)
    workbook = files.workbook_folder() if in_notebook() else None
    return workbook / FOLDER if workbook else None


def wanted() -> bool:
    """Whether a training should be taken from what is kept."""
    setting = os.environ.get("COURSE_KEPT") or ("use" if presenting() else "")
    return resuming() or setting == "use"


def is_whole(run: Run) -> bool:
    """Whether it came to its end, or to one of its own."""
    return run.step == run.steps or run.stopped not in (None, "by hand")


def resuming() -> bool:
    """Whether the cells above are being run again by `resume_here()`."""
    return _resuming.get() is not None


@contextlib.contextmanager
def brought_back() -> Iterator[list[tuple[str, str]]]:
    """Within it trainings are taken as kept; the list gets ("kept" or "trained", title) for each."""
    trainings: list[tuple[str, str]] = []
    token = _resuming.set(trainings)
    try:
        yield trainings
    finally:
        _resuming.reset(token)


SETTINGS = ("batches", "loss", "evaluate", "seed", "lr", "schedule", "clip", "every", "higher_is_better")
_origins: weakref.WeakKeyDictionary[Run, tuple[str, str]] = weakref.WeakKeyDictionary()
_stopped: set[Path] = set()  # places of those that this kernel has shown as stopped


class Keeping(Callback):
    """Keeps a training on disk, and brings it back. It never costs one: what fails is trained.

    A run that was stopped and resumed with the same settings equals a run in one, so it has the same place; else that
    also depends on the earlier ones and where they ended; `_origins` has fingerprints of its beginning and settings.
    """

    path: Path | None = None  # of this training; None where nothing can be kept
    message, date = "", ""  # of one that was brought back, and is not trained: what it said, when it was kept

    def begin(self, run: Run, asked: dict[str, Any]) -> None:
        self.kept = time.monotonic()  # when it was, last
        with contextlib.suppress(Exception):
            self.path = self.place(run, asked)
        with contextlib.suppress(Exception):
            if where := folder():
                files.sweep([where / "*.safetensors"])
        is_back = False
        if self.path and wanted():
            with contextlib.suppress(Exception):  # none is there, or it is damaged
                is_back = self.bring_back(run, self.path)
        told = _resuming.get()
        if told is not None:
            told.append(("kept" if is_back else "trained", asked["title"]))

    def after_evaluation(self, run: Run) -> None:
        if self.path and time.monotonic() - self.kept >= PERIOD:
            self.keep(run, self.path)
            self.kept = time.monotonic()

    def end(self, run: Run) -> None:
        if resuming() and run.stopped == "by hand" and not self.date:
            raise KeyboardInterrupt  # ■ is for the cells that follow, too
        if self.path and not self.date:
            self.keep(run, self.path)
        if self.path and run.stopped == "by hand":
            _stopped.add(self.path)
            run.again = self.again(run, self.path)
            self.message = run.message = summary(run, run.step)
        if self.date:
            run.message = sentences(
                t("{message} (Kept from {more}.)", message=self.message, more=self.date),
                t("Shift T trains it now.") if presenting() and run.stopped != "by hand" else "",
            )

    def again(self, run: Run, path: Path) -> str:
        """What a second run of its cell does: where trainings are taken from disk, a whole one is shown."""
        with contextlib.suppress(OSError, ValueError):
            back, more = state.unpack(path, run.model)
            if is_whole(back) and (presenting() or wanted()):
                shows = t("Run the cell again: it shows the training kept from {date}.", date=more["date"])
                return sentences(shows, t("Shift T trains it now.") if presenting() else "")
        return ""

    def place(self, run: Run, asked: dict[str, Any]) -> Path | None:
        """Where this training is kept, if it can be."""
        where = folder()
        if where is None or (run.last and run not in _origins):
            return None
        active = [one for one in asked["callbacks"] if not isinstance(one, Watcher)]
        settings = [asked[name] for name in SETTINGS]
        same = fingerprint([*settings, asked["optimizer"], active, torch.get_default_dtype()])
        begun, before = _origins[run] if run.last else (fingerprint(run.model), same)
        if before != same:
            begun = fingerprint((begun, before, run.step))
        _origins[run] = begun, same
        return where / f"{fingerprint((begun, same, run.steps, __version__, torch.__version__))}.safetensors"

    def bring_back(self, run: Run, path: Path) -> bool:
        """The run as it ended, if it was further then; of one whose kernel was killed, what there was: it goes on."""
        back, more = state.unpack(path, run.model)
        further = run.last is None or back.step > run.step
        if not is_whole(back) and path in _stopped and not resuming():
            return False
        if not further or back.last is None or not back.last.fits(run.model):
            return False
        run.last, run.best, run.history, run.samples = back.last, back.best, back.history, back.samples
        run.step, run.stopped = back.step, back.stopped
        if back.stopped or back.step == back.steps:
            self.message, self.date = back.message, more["date"]
        os.utime(path)  # it was used just now
        return True

    def keep(self, run: Run, path: Path) -> None:
        """Writes this run down, unless a longer one is kept already: a stop in class costs nothing."""
        if run.stopped in ("diverged", "error"):
            return
        with contextlib.suppress(OSError, ValueError):
            if (run.stopped or run.step < run.steps) and state.unpack(path, run.model)[0].step > run.step:
                return
        with contextlib.suppress(Exception):  # a full disk, or something that cannot be written down
            now = datetime.datetime.now()
            content = state.pack(run, date=f"{now.day} {now:%B, %H:%M}")
            if len(content) <= LARGEST:
                path.parent.mkdir(exist_ok=True)
                files.write_atomically(path, content)
                trim(path.parent)


def trim(where: Path, limit: int = LIMIT) -> None:
    """Remove the trainings that were not used for longest, until all that is there fits."""
    kept = sorted(where.glob("*.safetensors"), key=lambda path: path.stat().st_mtime)
    size = sum(path.stat().st_size for path in kept)
    for path in kept:
        if size <= limit:
            return
        size -= path.stat().st_size
        path.unlink(missing_ok=True)
