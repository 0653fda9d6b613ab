"""An answer that did not return: what happened, and on which of the student's own lines."""

from __future__ import annotations

import ast
import dis
import inspect
import json
import linecache
import re
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from course_kit.exercises.definition import Case

ADVICE: dict[str, str] = json.loads(Path(__file__).with_name("advice.json").read_text(encoding="utf-8"))
# a pattern in an error's message -> what to try; the first that fits is said
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
            hint = "Is there a loop that never ends? A few numbers should take no time at all."
            return f"Still running after {self.message} s, so it was stopped. {hint}"
        if self.error == "signature":
            return f"It cannot be called as the notebook does: {self.message}. Keep the first line as it was given."
        if self.error in OUT_OF_MEMORY or re.search("alloc_cpu|can't allocate memory", self.message):
            return "It needs more memory than there is. Which of its tensors becomes so large? Print the shapes."
        if self.error == "SystemExit":
            return "It ends with `exit()`. A function hands on its result with `return`."
        advice = next((f" {words}" for pattern, words in ADVICE.items() if re.search(pattern, self.message)), "")
        return f"It stops with {self.error}" + (f": {self.message}." if self.message else ".") + advice


def trouble(answer: Callable, error: BaseException, case: Case) -> Trouble:
    """What kind of trouble an exception is."""
    last = error.__traceback__
    while last.tb_next:
        last = last.tb_next
    by_hand = dis.opname[last.tb_frame.f_code.co_code[last.tb_lasti]] == "RAISE_VARARGS"
    if isinstance(error, NotImplementedError) and by_hand:  # torch raises it, too, where a dtype does not suit it
        return Trouble("unsolved", "NotImplementedError")
    if isinstance(error, TypeError) and not _takes(answer, case):
        return Trouble("raised", "signature", _short(error))
    return Trouble("raised", type(error).__name__, _short(error), own_line(answer, error.__traceback__))


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


def own_line(answer: Callable, trace: TracebackType | None) -> str:
    """The innermost line of the student's own text that was running, without its indentation."""
    functions = [f for f in vars(answer).values() if inspect.isfunction(f)] if isinstance(answer, type) else [answer]
    codes = [getattr(_unwrapped(f), "__code__", None) for f in functions]
    files = {code.co_filename for code in codes if code}
    found = ""
    while trace:
        file = trace.tb_frame.f_code.co_filename
        if file in files:
            found = linecache.getline(file, trace.tb_lineno).strip() or f"(line {trace.tb_lineno})"
        trace = trace.tb_next
    return found


def _unwrapped(function: Callable):
    """What a decorator has wrapped; the function itself where that goes round in a circle."""
    try:
        return inspect.unwrap(function)
    except ValueError:
        return function


def begun(answer: Callable) -> bool:
    """Whether more stands in it than a description and `raise NotImplementedError`."""
    try:
        body = ast.parse(textwrap.dedent(inspect.getsource(answer))).body[0].body
    except (OSError, TypeError, SyntaxError, IndexError, AttributeError):
        return False
    written = [one for one in body if not (isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant))]
    return not isinstance(answer, type) and len(written) > 1


def clean(text: str, longest: int) -> str:
    """Without addresses and places on this machine, and not too long."""
    text = re.sub(r" at 0x[0-9a-f]+", "", text)
    text = re.sub(r"(?<![\w.])(?:[A-Za-z]:)?[\\/](?:[\w.@+-]+[\\/])+", "", text)
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _short(error: BaseException) -> str:
    try:
        said = str(error)
    except BaseException:  # an exception of the student's own may fail to say what it is
        said = ""
    first = (said.strip().splitlines() or [""])[0]
    return clean(re.sub(r"( - got .*)?, but expected one of:$", r"\1", first).rstrip("."), 200)
