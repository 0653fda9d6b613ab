"""What happened to an answer that did not return, and what to try (advice.py)."""

from __future__ import annotations

import ast
import inspect
import linecache
import re
import textwrap
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from types import CodeType, TracebackType

from course_kit.exercises.advice import ADVICE
from course_kit.exercises.define import Case
from course_kit.exercises.guard import WaitedTooLong
from course_kit.i18n import sentences, t
from course_kit.programs.calls import raised_by_hand

OUT_OF_MEMORY = ("MemoryError", "OutOfMemoryError")


@dataclass(frozen=True)
class Trouble:
    """kind: "unsolved", "raised", "slow", or "misfit" for a result that cannot be compared, as the message says.
    error: the exception's name; line: the student's own."""

    kind: str
    error: str = ""
    message: str = ""
    line: str = ""

    @property
    def sentence(self) -> str:
        if self.kind == "misfit":
            return self.message
        if self.kind == "slow":
            if self.error == WaitedTooLong.__name__:
                return t("It waits and computes nothing, so it was stopped. Does it sleep, or ask for an input?")
            return t(
                "Still running after {message} s of computing, so it was stopped. Is there a loop that never ends? A "
                "few numbers should take no time at all.",
                message=self.message,
            )
        if self.error == "signature":
            return t(
                "It cannot be called as the check does: {message}. Keep the first line as it was given.",
                message=self.message,
            )
        if self.error in OUT_OF_MEMORY or re.search("alloc_cpu|can't allocate memory", self.message):
            return t("It needs more memory than there is. Which of its tensors becomes so large? Print the shapes.")
        if self.error == "SystemExit":
            return t("It ends with `exit()`. A function hands on its result with `return`.")
        told = f"{self.message} | {self.line}"
        advice = next((words for pattern, words in ADVICE.items() if re.search(pattern, told)), "")
        what = f"{self.error}: {self.message}" if self.message else self.error
        return sentences(t("It stops with {error}.", error=what), advice)


def trouble(answer: Callable, error: BaseException, case: Case) -> Trouble:
    """What kind of trouble an exception is."""
    if isinstance(error, NotImplementedError) and raised_by_hand(error):  # not one of torch's, for a dtype, say
        inner = (one for code in _codes(answer) for one in code.co_consts if isinstance(one, CodeType))
        if isinstance(answer, type) and "forward" not in vars(answer) and "forward" in (one.co_name for one in inner):
            return Trouble("misfit", message=t("There is no `forward`: does it stand inside `__init__`?"))
        return Trouble("unsolved", "NotImplementedError")
    if isinstance(error, TypeError) and not _entered(answer, error.__traceback__) and not _takes(answer, case):
        return Trouble("raised", "signature", _short(error))
    return Trouble("raised", type(error).__name__, _short(error), own_line(answer, error.__traceback__))


def _entered(answer: Callable, trace: TracebackType | None) -> bool:
    """Whether the answer's own code was running: then it could be called."""
    codes = _codes(answer)
    return any(frame.f_code in codes for frame, _ in traceback.walk_tb(trace))


def _takes(answer: Callable, case: Case) -> bool:
    try:
        if isinstance(answer, type):
            inspect.signature(answer).bind(*case.init)
        else:
            inspect.signature(answer).bind(*case.args.values(), **case.keywords)
    except TypeError:
        return False
    except Exception:  # a signature that cannot be told
        pass
    return True


def _codes(answer: Callable) -> list[CodeType]:
    """The code of a function, or of the methods of a class."""
    functions = [f for f in vars(answer).values() if inspect.isfunction(f)] if isinstance(answer, type) else [answer]
    codes = (getattr(_unwrapped(getattr(f, "func", f)), "__code__", None) for f in functions)
    return [code for code in codes if code]


def own_line(answer: Callable, trace: TracebackType | None) -> str:
    """The innermost line of the student's own text that was running, without its indentation."""
    files = {code.co_filename for code in _codes(answer)}
    line = ""
    for frame, number in traceback.walk_tb(trace):
        if (file := frame.f_code.co_filename) in files:
            line = linecache.getline(file, number).strip() or t("(line {tb_lineno})", tb_lineno=number)
    return line


def _unwrapped(function: Callable) -> Callable:
    """What a decorator has wrapped; the function itself where that goes round in a circle."""
    try:
        return inspect.unwrap(function)
    except ValueError:
        return function


def begun(answer: Callable) -> bool:
    """Whether more stands in it than a description and `raise NotImplementedError`."""
    try:
        body: list[ast.stmt] = getattr(ast.parse(textwrap.dedent(inspect.getsource(answer))).body[0], "body", [])
    except (OSError, TypeError, SyntaxError, IndexError):
        return False
    described = [isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant) for line in body]
    return not isinstance(answer, type) and described.count(False) > 1


def clean(text: str, longest: int) -> str:
    """Without addresses and places on this machine, and not too long."""
    text = re.sub(r" at 0x[0-9a-f]+", "", text)
    text = re.sub(r"(?<![\w.])(?:[A-Za-z]:)?[\\/](?:[\w.@+-]+[\\/])+", "", text)
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _short(error: BaseException) -> str:
    try:
        message = str(error)
    except BaseException:  # an exception of the student's own may fail to say what it is
        message = ""
    first = (message.strip().splitlines() or [""])[0]
    return clean(re.sub(r"( - got .*)?, but expected one of:$", r"\1", first).rstrip("."), 200)
