"""An answer that runs in the sandbox, to be called as if it were here: the engine of the exercises judges it unchanged.

The inputs go in, results come out as JSON, and are believed only as far as their form: a result is a claim, which the
engine compares with the reference out here. Pickles go one way only, from here to there.
"""

import ast
import base64
import functools
import math
import random
import re
import secrets
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import cloudpickle
import numpy
import torch

from course_kit.exercises import compare, define, judge, registry
from course_kit.exercises.guard import TookTooLong, time_limit
from course_kit.i18n import mark

from .sandbox import Broken, Sandbox, Silent

DTYPES = {str(x)[6:]: x for x in vars(torch).values() if isinstance(x, torch.dtype) and "q" not in str(x)}
ARRAYS = {"bool", *(f"{kind}{size}" for kind in ("int", "uint") for size in (8, 16, 32, 64)),
          "float16", "float32", "float64", "complex64", "complex128"}  # fmt: skip
IDS = re.compile("bos|eos|pad|sep|cls|unk|ids?$|start|end|first|last|index|step|layer|head$|position")  # no sizes
HIDDEN = re.compile(r"chapters\.ch\d\d\.exercises\b")
TIME = mark("the time is up")
LEAVING = 10  # seconds that an answer's process has to end
PATIENCE = 6  # a machine that does other things, too, takes so many times as long
NUMBERS = 1 << 20  # in one tensor


class Room:
    """A sandbox that is started when it is needed, and again when an answer has broken it."""

    def __init__(self) -> None:
        self.sandbox: Sandbox | None = None
        self.before = 0.0

    def get(self) -> Sandbox:
        if self.sandbox is None:
            self.sandbox = Sandbox()
        return self.sandbox

    def computed(self) -> float:
        """Seconds of computing so far, also in rooms that were left."""
        return self.before + (self.sandbox.computed() if self.sandbox else 0.0)

    def close(self) -> None:
        if self.sandbox is not None:
            self.before = self.computed()
            self.sandbox.close()
            self.sandbox = None


class Remote:
    """One answer. Call it; `ended`: why it can be called no more; `borrowed`: functions of the course that it calls.

    seconds: of computing, for all calls together. Where it only waits, `PATIENCE` times as many have to pass. lent:
    functions of the course that it finds under these names.
    """

    def __init__(
        self, room: Room, name: str, statements: list[ast.stmt], seconds: float, lent: dict[str, Any] | None = None
    ):
        self.room, self.patience = room, PATIENCE * seconds
        self.ended, self.borrowed = "", set[str]()
        request = {
            "name": name,
            "statements": statements,
            "seconds": round(seconds),
            "lent": cloudpickle.dumps(lent or {}),
        }
        reply = self._ask(request)
        self.callable, self.is_class = reply.get("opened") is True, reply.get("class") is True
        self.error = reply.get("error")

    def construct(self, init: tuple, parameters: dict[str, Any] | None) -> Callable[..., Any]:
        """A class as `define.construct` makes it, there."""
        return functools.partial(self._run, (init, parameters))

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        return self._run(((), None), *arguments, **keywords)

    def within(self, run: Callable[[Any, Any], Any], case: Any) -> Any:
        """What an exercise's own way to run an answer gives, there (`where_the_answer_is`)."""
        return self._result({"within": cloudpickle.dumps((run, case))}, list(case.args.values()))

    def _run(self, making: tuple, *arguments: Any, **keywords: Any) -> Any:
        return self._result({"call": cloudpickle.dumps((arguments, keywords, making))}, arguments)

    def _result(self, request: dict[str, Any], arguments: Any) -> Any:
        reply = self._ask(request)
        if "error" in reply:
            raise_error(reply["error"])
        try:
            for i in reply["changed"]:
                _spoil(arguments[i])
            self.borrowed |= {str(name)[:100] for name in reply["borrowed"][:9]}
            return decode(reply["result"])
        except (KeyError, TypeError, IndexError, ValueError, AttributeError, RuntimeError, OverflowError):
            return self._broken(mark("its reply is none"))

    def close(self) -> None:
        """The next answer gets a process of its own, in the same room if it is still whole."""
        if self.room.sandbox is None or self.ended:
            return
        try:
            with time_limit(LEAVING, waiting=LEAVING):
                self._ask({"end": True}, ending=True)
        except (Ended, TookTooLong):
            self.room.close()

    def _ask(self, request: dict[str, Any], ending: bool = False) -> dict[str, Any]:
        if self.ended:
            raise Ended(self.ended)
        number = secrets.token_hex(8)
        try:
            sandbox = self.room.get()
            sandbox.send({"id": number} | request)
            reply = sandbox.receive(self.patience)
            if "ended" in reply and not ending:
                self.ended = TIME if reply["ended"] in (-9, -24) else _why(reply["ended"])
                raise Ended(self.ended)
            if "ended" in reply or reply.get("id") == number and not ending:
                return reply
            return self._broken(mark("it wrote into the grader's channel"))
        except Silent:
            return self._broken(TIME)
        except Broken as error:
            return self._broken(str(error))
        except Ended:
            raise
        except BaseException:  # the time is up: the worker may still be at it
            self.room.close()
            self.ended = self.ended or TIME
            raise

    def _broken(self, why: str) -> Any:
        self.room.close()
        self.ended = why
        raise Ended(why) from None


class Ended(Exception):
    """The answer's process has ended."""


def _why(status: Any) -> str:
    known = {-6: mark("its process ended (aborted)"), -11: mark("its process ended (it crashed)")}
    return known.get(status if isinstance(status, int) else 0, mark("its process ended"))


def raise_error(told: Any) -> None:
    """Raise what an answer is said to have raised, under its own name, as a class that is nothing else."""
    name, text, unsolved = told if isinstance(told, list) and len(told) == 3 else ("Exception", "", False)
    if unsolved is True:
        raise NotImplementedError
    if name == compare.Misfit.__name__:
        raise compare.Misfit(str(text)[:500])
    name = name if isinstance(name, str) and name.isidentifier() and len(name) <= 60 else "Exception"
    raise type(name, (Exception,), {})(str(text)[:500])


def decode(x: Any) -> Any:
    """A result from JSON. Raises ValueError, KeyError or TypeError where it has no form that `worker.encode` writes."""
    if x is None or isinstance(x, bool | int | float | str):
        return x
    ((kind, body),) = x.items()
    if kind in ("list", "tuple"):
        return (tuple if kind == "tuple" else list)(map(decode, body))
    if kind == "dict":
        return {decode(key): decode(value) for key, value in body}
    if kind == "size":
        return torch.Size(body)
    if kind == "other":
        return type(str(body)[:60], (), {})()
    dtype, shape, data = body
    if not all(type(n) is int and 0 <= n <= NUMBERS for n in shape) or len(shape) > 16 or math.prod(shape) > NUMBERS:
        raise ValueError("a shape that is none")
    data = bytearray(base64.b64decode(data, validate=True))
    if kind == "array" and dtype in ARRAYS:
        return numpy.frombuffer(data, dtype).reshape(shape)
    if kind == "tensor" and math.prod(shape) == 0:
        return torch.empty(shape, dtype=DTYPES[dtype])
    if kind == "tensor":
        return torch.frombuffer(data, dtype=DTYPES[dtype]).reshape(shape)
    raise ValueError("a form that is none")


def _spoil(argument: Any) -> None:
    """Change our copy of an input, as the answer did with its own: then the engine sees it, too."""
    if isinstance(argument, torch.nn.Module):
        argument = next(argument.parameters(), torch.empty(0))
    if isinstance(argument, torch.Tensor):
        with torch.no_grad():
            argument.copy_(~argument if argument.dtype == torch.bool else argument.nan_to_num() + 1)
    elif isinstance(argument, list):
        argument.append(None)
    elif isinstance(argument, dict):
        argument[None] = None


def by_value() -> None:
    """Let layers and functions that an exercise hands in travel whole: their module is not in the sandbox."""
    for chapter in registry.chapters():
        registry.exercises(chapter)
    for name, module in list(sys.modules.items()):
        if name.startswith(define.__package__ + ".") or HIDDEN.match(name):
            cloudpickle.register_pickle_by_value(module)


def varied(exercise: Any) -> Callable[[], Any]:
    """The cases of an exercise with other numbers in them, which no student has seen: random inputs are drawn anew;
    where all are written down, they come again, scaled, if the reference takes that and says something else."""
    seed = secrets.randbelow(1 << 30)
    cases, dice = shifted(exercise.cases, seed), random.Random(seed)

    def fresh() -> Any:
        drawn = list(cases())
        if str(drawn) != str(list(exercise.cases())):
            return drawn
        return [*drawn, *(one for case in drawn if (one := _scaled(exercise, case, dice)) is not None)]

    return fresh


def _scaled(exercise: Any, case: Any, dice: random.Random) -> Any:
    """A case with its numbers scaled; None where it has none, or the reference cannot tell the two apart."""
    factor = 0.8 + 0.4 * dice.random()
    given = {name: x if IDS.search(name) else _times(x, factor) for name, x in case.args.items()}
    if all(x is case.args[name] for name, x in given.items()):
        return None
    try:
        one = replace(case, args=given, shown=False)
        before, after = judge.expected(exercise, case), judge.expected(exercise, one)
        return None if compare.same(before, after) or not _finite(after) else one
    except Exception:  # numbers that the reference does not take
        return None


def _times(x: Any, factor: float) -> Any:
    """Numbers scaled; sizes twice or three times as large, so that what divided them still does. Zeros, ones, masks,
    ids of words and rows that sum to 1 stay as they are."""
    if type(x) is int:
        return x * (2 + (factor > 1)) if x >= 2 else x
    if type(x) is float:
        return x if x in (0.0, 1.0) else x * factor
    if not isinstance(x, torch.Tensor) or not x.is_floating_point() or x.numel() == 0 or not _finite(x):
        return x
    plain = bool(((x == 0) | (x == 1)).all()) or x.dim() and bool(torch.isclose(x.sum(-1), x.new_tensor(1.0)).all())
    return x if plain else x * factor


def _finite(x: Any) -> bool:
    if isinstance(x, tuple):
        return all(map(_finite, x))
    return bool(x.isfinite().all()) if isinstance(x, torch.Tensor) else not isinstance(x, float) or math.isfinite(x)


def shifted(cases: Callable[[], Any], seed: int) -> Callable[[], Any]:
    """The cases of an exercise with other random numbers in them: inputs that no student has seen."""
    offset = 1 + seed

    class Shifted(torch.Generator):
        def manual_seed(self, seed: int) -> torch.Generator:
            return super().manual_seed(seed + offset)

    def fresh() -> Any:
        usual, torch.Generator = torch.Generator, Shifted  # type: ignore[misc]
        try:
            return cases()
        finally:
            torch.Generator = usual  # type: ignore[misc]

    return fresh
