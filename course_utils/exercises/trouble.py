"""An answer that did not return: what happened, and on which of the student's own lines."""

from __future__ import annotations

import dis
import inspect
import linecache
import re
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType

from .definition import Case

ADVICE = (  # what an error message says -> what to try
    (r"^name '", "Is it spelt right, and imported?"),
    (r"not associated with a value|referenced before assign",
     "It needs a value before that: `total = 0` before a loop, for example."),
    (r"builtin_function_or_method|'method'", "Are the brackets missing after a method's name, `x.sum()`?"),
    (r"'Tensor' object is not callable", "A tensor stands before round brackets: is a `*` missing, or should they be "
     "square?"),
    (r"invalid combination of arguments", "It is given something that it does not take: `help(…)` says what it takes."),
    (r"has no len\(\)", "Make a list of it first: `list(…)`."),
    (r"operator.invert", "Make a mask of True and False first, with `== 0` or `.bool()`."),
    (r'arguments?: "dim"', "Along which axis? `dim=-1` is the last one."),
    (r"must match the size", "Print the shapes just before this line. After a sum or a max, `keepdim=True` keeps the "
     "axis."),
    (r"has no attribute", "Is it spelt right?"),
    (r"only one element|single-element|can be converted to Python", "`math` takes one number, `torch` whole tensors."),
    (r"must match|mat1 and mat2|broadcast|inconsistent tensor size|shape .* is invalid|size mismatch",
     "Print the shapes just before this line."),
    (r"same dtype|expected m1 and m2|to have the same|result type .* can't be cast", "Two dtypes meet here: "
     "bring both to one, with `.float()` for example."),
    (r"bitwise_xor|for \^", "`^` is no power in Python: write `**`."),
    (r"^Boolean value of Tensor",
     "`not`, `and`, `or` and `if` want one truth value; for tensors there are `~`, `&`, `|`."),
    (r"dimensions of batch", "Print the shapes just before this line. Is a transpose missing? In a batch it is `.mT`."),
    (r"return_types", "With a `dim`, `max` and `min` return two things; the numbers are in `.values`."),
    (r"Dimension out of range", "The tensor has fewer axes than that; count from the end, with `dim=-1`."),
    (r"out of (bounds|range)", "Places are counted from 0, so the last of n is n − 1."),
)  # fmt: skip


@dataclass(frozen=True)
class Trouble:
    """kind: "unsolved", "raised" or "slow"; error: the exception's name; line: the student's own."""

    kind: str
    error: str = ""
    message: str = ""
    line: str = ""

    @property
    def sentence(self) -> str:
        if self.kind == "slow":
            hint = "Is there a loop that never ends? A few numbers should take no time at all."
            return f"Still running after {self.message} s, so it was stopped. {hint}"
        if self.error == "signature":
            return f"It cannot be called as the notebook does: {self.message}. Keep the first line as it was given."
        advice = next((f" {words}" for pattern, words in ADVICE if re.search(pattern, self.message)), "")
        return f"It stops with {self.error}" + (f": {self.message}." if self.message else ".") + advice


def trouble(answer: Callable, error: BaseException, case: Case) -> Trouble:
    """What kind of trouble an exception is."""
    last = error.__traceback__
    while last.tb_next:
        last = last.tb_next
    if isinstance(error, NotImplementedError) and _raised_by_hand(last):
        return Trouble("unsolved", "NotImplementedError")
    if isinstance(error, TypeError) and not _takes(answer, case):
        return Trouble("raised", "signature", _short(error))
    return Trouble("raised", type(error).__name__, _short(error), own_line(answer, error.__traceback__))


def _raised_by_hand(last: TracebackType) -> bool:
    """By a `raise` statement: torch, too, says NotImplementedError when a dtype does not suit it."""
    code = last.tb_frame.f_code.co_code
    return dis.opname[code[last.tb_lasti]] == "RAISE_VARARGS"


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
