"""What a training can have beside `fit`: a display, a log, half precision.

    fit(model, batches, loss, steps=200, callbacks=[TensorBoard("log")])
    fit(model, batches, in_bfloat16(loss), steps=200)

`setup()` gives every training of a notebook two more: Display, and Keeping (runs/store.py).
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from course_kit.i18n import t
from course_kit.programs import interrupted
from course_kit.shell import in_notebook
from course_kit.training import Callback, Lines, Run
from course_kit.views import learning

PERIOD = 0.25  # seconds between two updates of a display


class Watcher(Callback):
    """A callback that changes nothing of what is learned: with it and without it, a training is the same."""


class TensorBoard(Watcher):
    """Writes a log of all curves to a folder. Raises ModuleNotFoundError where TensorBoard is not installed."""

    def __init__(self, folder: str):
        self.folder = str(folder)

    def begin(self, run: Run, asked: dict[str, Any]) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            raise ModuleNotFoundError(
                "TensorBoard is not installed. Run `pip install tensorboard`, or leave it out: the curve is shown here."
            ) from None
        self.writer = SummaryWriter(self.folder)

    def after_evaluation(self, run: Run) -> None:
        for name, (steps, values) in run.history.items():
            if values:
                self.writer.add_scalar(name, values[-1], steps[-1])

    def end(self, run: Run) -> None:
        self.writer.close()


class Samples(Watcher):
    """What the model says soon after the start, after a quarter and at the end, at its place on the curve."""

    def __init__(self, say: Callable[[nn.Module], str]):
        self.say = say

    def after_evaluation(self, run: Run) -> None:
        if run.step in (run.steps // 20, run.steps // 4, run.steps):
            run.samples[run.step] = str(self.say(run.model))


def in_bfloat16(loss: Callable[[nn.Module, Any], Tensor]) -> Callable[[nn.Module, Any], Tensor]:
    """The same loss, with products in half precision: faster where `has_bfloat16(device)`."""

    def half(model: nn.Module, batch: Any) -> Tensor:
        with torch.autocast(next(model.parameters()).device.type, torch.bfloat16):
            return loss(model, batch)

    return half


def courtesy(method: Callable[..., None]) -> Callable[..., None]:
    """A method whose failure costs nothing but itself."""

    @functools.wraps(method)
    def careful(self: Any, *arguments: Any) -> None:
        try:
            method(self, *arguments)
        except Exception as error:  # a picture that cannot be drawn must not cost a training
            self.failure = error

    return careful


class Display(Watcher):
    """One display in a notebook, updated at most four times a second; a picture with alt text stays, which needs no
    kernel. Elsewhere a few lines."""

    @courtesy
    def begin(self, run: Run, asked: dict[str, Any]) -> None:
        self.title, self.show = asked["title"] or t("Training"), asked["show"]
        self.how = asked["higher_is_better"], asked["compare"]
        self.handle, self.shown = None, time.monotonic()
        self.lines = None if in_notebook() else Lines()
        if self.lines:
            self.lines.begin(run, asked)
        elif self.show and (said := run.beginning()):
            print(said)

    @courtesy
    def after_step(self, run: Run) -> None:
        if self.show and not self.lines and time.monotonic() - self.shown >= PERIOD:
            page = learning.running(run, self.title, *self.how)
            self.put({"text/html": page, "text/plain": run.status()})
            self.shown = time.monotonic()

    @courtesy
    def after_evaluation(self, run: Run) -> None:
        if self.lines:
            self.lines.after_evaluation(run)

    @courtesy
    def end(self, run: Run) -> None:
        if self.lines:
            self.lines.end(run)
        elif self.show:
            try:
                bundle = learning.final(run, self.title, *self.how)
            except Exception as error:
                bundle = {"text/plain": t("{message} (No picture: {error})", message=run.message, error=error)}
            self.put(bundle, interrupted.TOLD if run.stopped else {})

    def put(self, bundle: dict[str, Any], told: dict[str, Any] | None = None) -> None:
        """Shows it in place of what was shown before. told: metadata of its output."""
        from IPython.display import display

        if self.handle is None:
            self.handle = display(bundle, raw=True, display_id=True, metadata=told)
        else:
            self.handle.update(bundle, raw=True, metadata=told)
