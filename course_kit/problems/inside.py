"""The reader's end: the program of a process that holds one file and calls its functions when the judge asks."""

import builtins
import copy
import importlib.util
import os
import sys
import traceback
from collections import deque
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from .messages import Ended, Messages

LIMITED = "COURSE_LIMITED"  # in a sandbox: how many seconds of computing this process may take
LIMITS = "/course"  # the folder there that has the module `limits`


class Inside:
    """Answers the judge's questions until there is nobody to ask."""

    def __init__(self, file: str, messages: Messages) -> None:
        self.file, self.messages = file, messages
        messages.keep, messages.meet = self.keep, self.meet
        self.objects: list[Any] = [None]  # the first: the file's module
        self.graphs: dict[int, tuple[Any, list[Tensor]]] = {}
        self.models: dict[str, Any] = {}
        self.count = 0

    def read(self) -> None:
        """Runs the file. Ends this process where it cannot be run."""
        name = "problem"
        try:
            spec = importlib.util.spec_from_file_location(name, self.file)
            if spec is None or spec.loader is None:
                raise ValueError(f"{self.file} is no file of Python")
            self.objects[0] = module = sys.modules[name] = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
        except Exception as error:
            self.messages.send(self.words(error))
            raise Ended from error
        self.messages.send(("value", None))

    def serve(self) -> None:
        while True:
            kind, *arguments = self.messages.receive()
            try:
                reply: Any = ("value", getattr(self, f"on_{kind}")(*arguments))
                self.messages.send(reply)
            except Ended:
                raise
            except Exception as error:  # whatever a reader's file raises, or makes that cannot be sent
                traceback.print_exc()
                self.messages.send(self.words(error))

    def words(self, error: BaseException) -> tuple[Any, ...]:
        """An error, with the last line of the file that led to it."""
        frames = traceback.extract_tb(error.__traceback__)
        if (
            isinstance(error, NotImplementedError)
            and frames[-1].filename == self.file
            and "raise" in (frames[-1].line or "")
        ):
            return "error", "open", "", None  # not one of torch
        if isinstance(error, AttributeError) and self.objects[0] is not None and error.obj is self.objects[0]:
            return "error", "missing", str(error.name), None
        lines = [frame.lineno for frame in frames if frame.filename == self.file]
        if isinstance(error, SyntaxError):
            lines = [error.lineno]
        try:
            text = str(error)
        except Exception:
            text = "?"
        return "error", type(error).__name__, text.encode("utf-8", "replace").decode(), lines[-1] if lines else None

    def ask(self, number: int, arguments: tuple[Any, ...]) -> Any:
        """A function of the judge."""
        self.messages.send(("ask", number, arguments))
        kind, *values = self.messages.receive()
        if kind == "value":
            return values[0]
        name, words, _ = values
        known = getattr(builtins, name, None)
        raise (known if isinstance(known, type) and issubclass(known, Exception) else RuntimeError)(words)

    def keep(self, value: Any) -> Any:
        self.objects.append(value)
        return [len(self.objects) - 1, type(value).__name__]

    def meet(self, reference: Any) -> Any:
        kind, target = reference
        if kind == "yours":
            return self.objects[target]
        if kind == "module":
            return Asked(self, target)
        if kind == "checkpoint":
            from course_kit.checkpoints import load_checkpoint

            if target not in self.models:
                self.models[target] = load_checkpoint(target).model
            return copy.deepcopy(self.models[target]).eval()
        return lambda *arguments: self.ask(target, arguments)

    def on_call(self, number: int, name: str, arguments: tuple[Any, ...]) -> Any:
        return (getattr(self.objects[number], name) if name else self.objects[number])(*arguments)

    def on_after(self, name: str, arguments: tuple[Any, ...]) -> tuple[Any, tuple[Any, ...]]:
        return self.on_call(0, name, arguments), arguments

    def on_get(self, number: int, name: str) -> Any:
        return getattr(self.objects[number], name)

    def on_has(self, number: int, name: str) -> bool:
        return hasattr(self.objects[number], name)

    def on_shapes(self, number: int) -> list[list[int]]:
        return list(_shapes(self.objects[number], set()))

    def on_parameters(self, number: int) -> list[Tensor]:
        return [one.detach() for one in self.objects[number].parameters()]

    def on_forward(self, number: int, name: str, values: list[Tensor], inputs: Any, learning: bool) -> tuple[int, Any]:
        module = self.objects[number]
        parameters = list(module.parameters())
        with torch.no_grad():
            for parameter, value in zip(parameters, values, strict=True):
                parameter.copy_(value)
        with torch.set_grad_enabled(learning):
            inputs = [one.requires_grad_(learning) for one in inputs]
            output = getattr(module, name)(*inputs)
        self.count += 1
        if learning:
            self.graphs[self.count] = output, [*inputs, *parameters]
        return self.count, output

    def on_backward(self, number: int, slope: Tensor) -> list[Tensor | None]:
        output, inputs = self.graphs.pop(number)
        if not output.requires_grad:
            return [None] * len(inputs)
        learned = [x for x in inputs if x.requires_grad]
        slopes = iter(torch.autograd.grad(output, learned, slope, allow_unused=True))
        return [next(slopes) if x.requires_grad else None for x in inputs]


def _shapes(value: Any, seen: set[int]) -> Iterator[list[int]]:
    """Of what holds numbers in an object, however deep: tensors, arrays, and the numbers of a list as one row."""
    if id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, Tensor | np.ndarray):
        yield list(value.shape)
        return
    values = list(value.values()) if isinstance(value, dict) else value
    if not isinstance(values, list | tuple | set | deque):
        values = list(getattr(value, "__dict__", {}).values()) if not isinstance(value, type | ModuleType) else []
    if numbers := sum(isinstance(one, int | float) for one in values):
        yield [numbers]
    for one in values:
        yield from _shapes(one, seen)


class Asked(nn.Module):
    """A model of the judge: it is called, and has eval() and train(). What it draws at random is drawn as if here."""

    def __init__(self, inside: Inside, number: int) -> None:
        super().__init__()
        self._ask = lambda *arguments: inside.ask(number, arguments)

    def forward(self, *arguments: Any) -> Any:
        result, state = self._ask(self.training, torch.get_rng_state(), *arguments)
        torch.set_rng_state(state)
        return result


def main(file: str, _course: str) -> None:
    receiving, sending = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)  # what a file prints
    torch.set_num_threads(1)
    if seconds := os.environ.pop(LIMITED, ""):
        sys.path.insert(0, LIMITS)
        import limits

        os.chdir(os.environ["HOME"])
        limits.leave_root()
        limits.limit(int(seconds))
    inside = Inside(file, Messages(receiving, sending, repr, repr))
    try:
        inside.read()
        inside.serve()
    except Ended:
        pass
    os._exit(0)  # nothing is left to do, and threads of the file may go on
