"""Runs a first attempt safely: for a few seconds, with its prints caught and global settings restored afterwards.

What Python cannot do: stop a loop that catches every exception (`except:`), or a long call inside torch before it
returns. The first needs a kernel restart.
"""

from __future__ import annotations

import _thread
import contextlib
import ctypes
import io
import random
import signal
import sys
import threading
import warnings
from collections.abc import Iterator
from typing import Any

from course_kit.shell import ipython

SECONDS = 5.0
KEPT = 3000  # characters of printed text that are kept


class TookTooLong(BaseException):
    """Raised inside an answer that runs too long. A BaseException, since `except Exception` would swallow it."""


@contextlib.contextmanager
def time_limit(seconds: float = SECONDS) -> Iterator[None]:
    """Raises TookTooLong in this thread once `seconds` have passed."""
    main = threading.current_thread() is threading.main_thread()
    if main and hasattr(signal, "setitimer"):
        with _alarm(seconds):
            yield
    else:
        with _timer(seconds, main):
            yield


@contextlib.contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    running = True

    def ring(number, frame):
        if running:
            raise TookTooLong

    before = signal.signal(signal.SIGALRM, ring)
    left, interval = signal.setitimer(signal.ITIMER_REAL, seconds, 0.5)  # again and again: one may be swallowed
    try:
        yield
    finally:
        running = False
        signal.setitimer(signal.ITIMER_REAL, left, interval)
        signal.signal(signal.SIGALRM, before)


@contextlib.contextmanager
def _timer(seconds: float, main: bool) -> Iterator[None]:
    rung, thread = threading.Event(), threading.get_ident()

    def ring() -> None:
        rung.set()
        if main:
            _thread.interrupt_main()
        else:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(TookTooLong))

    timer = threading.Timer(seconds, ring)
    timer.daemon = True
    timer.start()
    try:
        yield
    except KeyboardInterrupt:
        if main and rung.is_set():
            raise TookTooLong from None
        raise
    finally:
        timer.cancel()


class Printed(io.TextIOBase):
    """What is printed: keeps the beginning, counts the characters of the rest."""

    text, lost = "", 0

    def write(self, text: str) -> int:
        room = max(KEPT - len(self.text), 0)
        self.text += text[:room]
        self.lost += len(text[room:])
        return len(text)

    @property
    def whole_lines(self) -> str:
        return (self.text.rpartition("\n")[0] if self.lost else self.text).strip("\n")


@contextlib.contextmanager
def quiet() -> Iterator[Printed]:
    """Catches prints, warnings and (inside IPython) displays."""
    printed = Printed()
    with contextlib.ExitStack() as stack:
        stack.enter_context(warnings.catch_warnings(action="ignore"))
        if shell := ipython():
            from IPython.core.displaypub import CapturingDisplayPublisher

            stack.callback(setattr, shell, "display_pub", shell.display_pub)
            shell.display_pub = CapturingDisplayPublisher()
        stack.enter_context(contextlib.redirect_stdout(printed))
        stack.enter_context(contextlib.redirect_stderr(printed))
        yield printed


@contextlib.contextmanager
def its_own_name(answer: Any) -> Iterator[None]:
    """While it is judged, the answer's own name means the answer (it may call itself; before, the name may have been
    the course's function), and `exit` and `quit` end the answer and not the kernel."""
    parts = vars(answer).values() if isinstance(answer, type) else (answer,)
    spaces = [part.__globals__ for part in parts if hasattr(part, "__globals__")]
    names = {"exit": sys.exit, "quit": sys.exit, getattr(answer, "__name__", "answer"): answer}
    before = [(space, {name: space[name] for name in names if name in space}) for space in spaces]
    try:
        for space in spaces:
            space.update(names)
        yield
    finally:
        for space, kept in before:
            for name in names.keys() - kept.keys():
                space.pop(name, None)
            space.update(kept)


@contextlib.contextmanager
def world_unchanged() -> Iterator[list[str]]:
    """Puts back the random states, default dtype, default device and gradient mode; lists what had been changed
    that a student should know of."""
    import numpy
    import torch

    seeds = torch.get_rng_state(), random.getstate(), numpy.random.get_state()  # noqa: NPY002
    settings = {
        "torch's default dtype": (torch.get_default_dtype, torch.set_default_dtype),
        "torch's default device": (
            torch.get_default_device,
            lambda device: torch.set_default_device(None if device.type == "cpu" else device),
        ),
        "torch's gradient mode": (torch.is_grad_enabled, torch.set_grad_enabled),
    }
    before = {name: get() for name, (get, _) in settings.items()}
    changed: list[str] = []
    try:
        yield changed
    finally:
        for name, (get, put) in settings.items():
            if get() != before[name]:
                changed.append(name)
                put(before[name])
        torch.set_rng_state(seeds[0])
        random.setstate(seeds[1])
        numpy.random.set_state(seeds[2])  # noqa: NPY002
