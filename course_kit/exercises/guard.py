"""Runs a first attempt safely: for a few seconds, with its prints caught and global settings restored afterwards.

What Python cannot do: stop a loop that catches every exception (`except:`), or a long call inside torch before it
returns. The first needs a kernel restart.
"""

from __future__ import annotations

import _thread
import contextlib
import ctypes
import functools
import io
import os
import random
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

from course_kit.i18n import mark
from course_kit.shell import ipython

SECONDS = 5.0  # of computing
LOOKING = 5.0  # seconds of computing, or of waiting, for finding out what is wrong with an answer
PATIENCE = 6  # times as long an answer may wait, and compute nothing
IDLE = 0.02  # of a second's time: who computes less does nothing but wait
KEPT = 3000  # characters of printed text that are kept


class TookTooLong(BaseException):
    """Raised inside an answer that computes too long. A BaseException, since `except Exception` would swallow it.
    printed: what it had printed."""

    printed = ""


class WaitedTooLong(TookTooLong):
    """Raised inside an answer that computes nothing and does not end: it sleeps, or waits for something."""


class _Watch:
    """How much a thread has computed and how long it has waited, looked at every `tick` seconds. Where a machine is
    busy or asleep, time goes by and is not counted: a thread that waits for a processor computes a little in each tick,
    and of the ticks in which the whole process stood still only one is seen."""

    def __init__(self, seconds: float, waiting: float, computed: Callable[[], float]):
        self.waiting, self.computed, self.tick = waiting, computed, min(0.25, seconds / 4)
        self.last, self.end, self.waited = computed(), computed() + seconds, 0.0

    def over(self) -> type[TookTooLong] | None:
        """What there is to raise, if anything."""
        before, self.last = self.last, self.computed()
        self.waited += self.tick * (self.last - before < IDLE * self.tick)
        if self.last >= self.end:
            return TookTooLong
        return WaitedTooLong if self.waited >= self.waiting else None


@contextlib.contextmanager
def time_limit(seconds: float = SECONDS, waiting: float | None = None) -> Iterator[None]:
    """Raises TookTooLong in this thread once it has computed for `seconds`, or WaitedTooLong once it has computed
    nothing for `waiting` seconds in all, PATIENCE times as many by default."""
    waiting = PATIENCE * seconds if waiting is None else waiting
    main = threading.current_thread() is threading.main_thread()
    if main and hasattr(signal, "setitimer"):
        with _alarm(_Watch(seconds, waiting, time.thread_time)):
            yield
    else:
        computed: Callable[[], float] = time.process_time
        if hasattr(time, "pthread_getcpuclockid"):
            computed = functools.partial(time.clock_gettime, time.pthread_getcpuclockid(threading.get_ident()))
        with _looked_at(_Watch(seconds, waiting, computed), main):
            yield


@contextlib.contextmanager
def _alarm(watch: _Watch) -> Iterator[None]:
    running = True

    def ring(number: int, frame: FrameType | None) -> None:
        if running and (error := watch.over()):
            raise error

    before = signal.signal(signal.SIGALRM, ring)
    left, interval = signal.setitimer(signal.ITIMER_REAL, watch.tick, watch.tick)  # what it raises may be swallowed
    try:
        yield
    finally:
        running = False
        signal.setitimer(signal.ITIMER_REAL, left, interval)
        signal.signal(signal.SIGALRM, before)


@contextlib.contextmanager
def _looked_at(watch: _Watch, main: bool) -> Iterator[None]:
    rung: list[type[TookTooLong]] = []
    done, thread = threading.Event(), threading.get_ident()

    def look() -> None:
        while not rung and not done.wait(watch.tick):
            if error := watch.over():
                rung.append(error)
                if main:
                    _thread.interrupt_main()
                else:
                    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(error))

    threading.Thread(target=look, daemon=True).start()
    try:
        yield
    except KeyboardInterrupt:
        if main and rung:
            raise rung[0] from None
        raise
    finally:
        done.set()


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
    """Puts back the random states and the settings of the process; lists what had been changed that a student should
    know of. Puts back where prints and displays go, too: `quiet` does it, but a time limit may strike while it does,
    and then the notebook would never print again."""
    import numpy
    import torch
    from torch._tensor_str import get_printoptions

    seeds = torch.get_rng_state(), random.getstate(), numpy.random.get_state()  # noqa: NPY002
    settings: dict[str, tuple[Callable[[], Any], Callable[[Any], Any]]] = {
        mark("Python's recursion limit"): (sys.getrecursionlimit, sys.setrecursionlimit),  # first: the others call
        mark("torch's default dtype"): (torch.get_default_dtype, torch.set_default_dtype),
        mark("torch's default device"): (torch.get_default_device, _set_default_device),
        mark("torch's gradient mode"): (torch.is_grad_enabled, torch.set_grad_enabled),
        mark("torch's print options"): (get_printoptions, lambda options: torch.set_printoptions(**options)),
        mark("numpy's print options"): (numpy.get_printoptions, lambda options: numpy.set_printoptions(**options)),
        mark("how many threads torch computes with"): (torch.get_num_threads, torch.set_num_threads),
        mark("what numpy says of errors"): (numpy.geterr, lambda errors: numpy.seterr(**errors)),
        mark("the environment variables"): (lambda: dict(os.environ), _set_environment),
        mark("the working folder"): (_folder, os.chdir),
        mark("what ■ does"): (lambda: signal.getsignal(signal.SIGINT), _interrupted_by),
    }
    before = {name: get() for name, (get, _) in settings.items()}
    stdout, stderr, shell, modules = sys.stdout, sys.stderr, ipython(), dict(sys.modules)
    publisher = shell.display_pub if shell else None
    changed: list[str] = []
    try:
        with warnings.catch_warnings():
            yield changed
    finally:
        sys.stdout, sys.stderr = stdout, stderr
        if shell:
            shell.display_pub = publisher
        gone = {name: module for name, module in modules.items() if module and not sys.modules.get(name)}
        if gone := {name: module for name, module in gone.items() if name.partition(".")[0] != "mine"}:
            changed.append(mark("which modules are loaded"))
            sys.modules.update(gone)  # many cannot be loaded a second time
        for name, (get, put) in settings.items():
            if get() != before[name]:
                changed.append(name)
                put(before[name])
        torch.set_rng_state(seeds[0])
        random.setstate(seeds[1])
        numpy.random.set_state(seeds[2])  # noqa: NPY002


def _folder() -> str:
    try:
        return os.getcwd()
    except OSError:  # it was deleted
        return os.curdir


def _set_environment(variables: dict[str, str]) -> None:
    """Sets those that differ, and takes the others away."""
    for name in os.environ.keys() - variables.keys():
        del os.environ[name]
    os.environ.update({name: value for name, value in variables.items() if os.environ.get(name) != value})


def _interrupted_by(handler: Any) -> None:
    """Sets what an interrupt does, which only the main thread may."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, handler)


def _set_default_device(device: Any) -> None:
    """Sets the CPU as no device at all: where tensors are made there anyway, torch need not look at each call."""
    import torch

    torch.set_default_device(None if device.type == "cpu" else device)


@contextlib.contextmanager
def plain_torch() -> Iterator[None]:
    """The torch in which exercises were written, whatever the notebook has set: seeded, float32, on the CPU, without
    autocast, with gradients. Afterwards all is as it was."""
    import torch

    with world_unchanged(), torch.autocast("cpu", enabled=False), torch.inference_mode(False), torch.enable_grad():
        torch.set_default_dtype(torch.float32)
        if torch.get_default_device().type != "cpu":
            torch.set_default_device(None)
        torch.manual_seed(0)  # for a case that is a module with fresh weights
        yield
