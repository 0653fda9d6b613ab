"""The judge's end: a file in a process of its own, whose functions are called from here."""

import functools
import os
import subprocess
import sys
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import psutil
import torch
from torch import Tensor, nn

from course_kit.i18n import t

from .messages import Ended, Messages

_START = "import sys; sys.path.insert(0, sys.argv[2]); from course_kit.problems.inside import main; main(*sys.argv[1:])"


class Given:
    """A function of the judge, which the file may call as often as the judge lets it.

    module: it is met as an nn.Module, whose `training` comes first and whose random draws are the file's own.
    """

    def __init__(self, function: Callable[..., Any], module: bool = False) -> None:
        self.function, self.module = function, module


class Checkpoint:
    """A model of the course, which the file gets as a copy of its own."""

    def __init__(self, name: str) -> None:
        self.name = name


class NotWritten(NotImplementedError):
    """The file says so itself: whatever else raises a NotImplementedError is wrong."""


class Far:
    """What the file has made and is no plain value: a function, an object. kind: the name of its class."""

    def __init__(self, apart: "Apart", number: int, kind: str) -> None:
        self._apart, self.number, self.kind = apart, number, kind

    def __call__(self, *given: Any) -> Any:
        return self._apart.ask("call", self.number, "", given)

    def call(self, name: str, *given: Any) -> Any:
        """Its method of this name."""
        return self._apart.ask("call", self.number, name, given)

    def get(self, name: str) -> Any:
        """Its attribute of this name."""
        return self._apart.ask("get", self.number, name)

    def has(self, name: str) -> bool:
        return bool(self._apart.ask("has", self.number, name))

    def shapes(self) -> list[list[int]]:
        """Of each tensor in it, however deep, and of the numbers in a list, as one row."""
        return self._apart.ask("shapes", self.number)

    def __repr__(self) -> str:
        return f"<{self.kind}>"


class Apart:
    """A file of Python in another process: apart.name(…) calls its function or makes an object of its class.

    file: its path; environment: of its process; fail: ends a test with a sentence. NotWritten is raised
    where it says so itself; any other error of the file, its end and a name that is missing fail. Values come back as
    plain ones.
    """

    def __init__(self, file: Path, environment: dict[str, str], fail: Callable[..., None]) -> None:
        self._fail, self._given = fail, list[Callable[..., Any]]()
        self._stopped: BaseException | None = None
        self.ended = False
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-B", "-c", _START, str(file), str(Path(__file__).resolve().parents[2])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            cwd=file.parent if os.access(file.parent, os.X_OK) else None,
        )
        assert self._process.stdin and self._process.stdout
        self._messages = Messages(self._process.stdout, self._process.stdin, self._keep, self._meet)
        weakref.finalize(self, _end, self._process)
        self._reply()  # it has been read, or cannot be

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("_"):
            raise AttributeError(name)
        return functools.partial(self._call, name)

    def _call(self, name: str, *given: Any) -> Any:
        return self.ask("call", 0, name, given)

    def after(self, name: str, *given: Any) -> tuple[Any, tuple[Any, ...]]:
        """What the file's function gives, and its arguments as they are then."""
        return self.ask("after", name, given)

    def seconds(self, others: bool = False) -> float:
        """Of computing, so far, of the file's process and those that have come back to it; others: and still run."""
        try:
            whole = psutil.Process(self._process.pid)
            them = whole.children(recursive=True) if others else []
            return sum(sum(one.cpu_times()[:4]) for one in (whole, *them))
        except psutil.Error:
            return 0.0

    def ask(self, *question: Any) -> Any:
        """One question, and the answer; what the file asks meanwhile is answered."""
        try:
            self._messages.send(question)
        except Ended:
            self._lost()
        return self._reply()

    def _reply(self) -> Any:
        while True:
            try:
                kind, *found = self._messages.receive()
            except (Ended, ValueError, TypeError):
                self._lost()
            if kind == "ask":
                self._answer(*found)
                continue
            stopped, self._stopped = self._stopped, None
            if stopped is not None:
                raise stopped
            if kind == "value":
                return found[0]
            self._failed(*found)

    def _answer(self, number: Any, given: Any) -> None:
        reply: tuple[Any, ...]
        try:
            reply = "value", self._given[int(number)](*given)
        except Exception as error:
            reply = "error", type(error).__name__, str(error), None
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # the judge has failed the test: said when the file comes back
            self._stopped = self._stopped or error
            reply = "error", "RuntimeError", str(error), None
        try:
            self._messages.send(reply)
        except Ended:
            self._lost()

    def _failed(self, kind: str, words: str, line: int | None) -> None:
        if kind == "open":
            raise NotWritten
        if kind == "missing":
            self._fail(t("the file does not define {name}", name=words), again=False)
        where = t("line {line}: ", line=line) if line else ""
        self._fail(f"{where}{kind}: {words}"[:600], again=self._given or kind != "SyntaxError")

    def _lost(self) -> NoReturn:
        self.ended = True
        if self._stopped is not None:
            raise self._stopped
        self._fail(t("The program ended before it was judged: does it call exit?"), again=False)
        raise AssertionError("fail has come back")

    def _keep(self, value: Any) -> Any:
        if isinstance(value, Far):
            return ["yours", value.number]
        if isinstance(value, Checkpoint):
            return ["checkpoint", value.name]
        given = value if isinstance(value, Given) else Given(value)
        self._given.append(given.function)
        return ["module" if given.module else "function", len(self._given) - 1]

    def _meet(self, found: Any) -> Far:
        number, kind = found
        return Far(self, int(number), str(kind))


class Module(nn.Module):
    """An nn.Module that the file has made: its parameters are learned here, its methods run there.

    x = module.run("add", x)    floating-point tensors in, one out; gradients pass through it
    """

    def __init__(self, far: Far) -> None:
        super().__init__()
        self.far = far
        self.learned = nn.ParameterList(
            [nn.Parameter(one, one.is_floating_point()) for one in far._apart.ask("parameters", far.number)]
        )

    def run(self, name: str, *given: Tensor) -> Any:
        if not torch.is_grad_enabled():
            values = [one.detach() for one in self.learned]
            return self.far._apart.ask("forward", self.far.number, name, values, given, False)[1]
        return _There.apply(self.far, name, len(given), *given, *self.learned)


class _There(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, far: Far, name: str, count: int, *tensors: Tensor) -> Any:
        values, given = list(tensors[count:]), list(tensors[:count])
        ctx.far = far
        ctx.number, output = far._apart.ask("forward", far.number, name, values, given, True)
        return output

    @staticmethod
    def backward(ctx: Any, *slopes: Any) -> Any:
        found = ctx.far._apart.ask("backward", ctx.number, slopes[0])
        return None, None, None, *found


def _end(process: subprocess.Popen) -> None:
    process.kill()
    process.wait()
