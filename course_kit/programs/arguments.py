"""Checks of arguments: each looks at one thing and gives it back as it is to be used, or raises.

What Python and torch refuse by themselves is left to them. A message says what was given, then what is needed.
"""

import difflib
import math
import operator
import re
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor

from course_kit.i18n import t

INF = math.inf


class NothingYet(ValueError):
    """What cells above were to leave is not there, such as of a training that was stopped before its first step. The
    message says what to run."""


def left(steps: Any) -> Any:
    """What a training has left, one for each step. Raises NothingYet where it is empty."""
    if not len(steps):
        raise NothingYet(t("There is nothing to draw yet: run the training above, for a few steps at least."))
    return steps


def described(value: Any) -> str:
    """A value in a few words: kind and shape of a tensor or array, else itself."""
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        kind = str(value.dtype).removeprefix("torch.")
        name = type(value).__name__.lower()
        return f"a {name} of {kind} with shape {list(value.shape)}"
    text = repr(value)
    return f"{text if len(text) <= 60 else text[:57] + '...'} ({type(value).__name__})"


def whole_number(name: str, value: Any, least: float = -INF, most: float = INF) -> int:
    """A whole number, least ≤ value ≤ most. True, 2.0 and "2" are none."""
    number: float
    try:
        number = operator.index(value)
    except TypeError:
        number = math.nan
    if _is_flag(value) or not least <= number <= most:
        bounds = _bounds(**{"from": least, "to": most})
        raise ValueError(f"{name} is {described(value)}; needed: a whole number{bounds}")
    return int(number)


def real_number(name: str, value: Any, above: float = -INF) -> float:
    """A finite number, above < value. True is none."""
    try:
        number = math.nan if isinstance(value, str | bytes) else float(value)
    except (TypeError, ValueError, RuntimeError, OverflowError):
        number = math.nan
    if _is_flag(value) or not (math.isfinite(number) and above < number):
        raise ValueError(f"{name} is {described(value)}; needed: a number{_bounds(above=above)}")
    return number


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool) or getattr(value, "dtype", None) == torch.bool


def _bounds(**bounds: float) -> str:
    return "".join(f" {word} {x}" for word, x in bounds.items() if math.isfinite(x))


def one_of(name: str, value: Any, choices: Iterable[str]) -> str:
    """One of these names."""
    if not isinstance(value, str) or value not in choices:
        known = f"one of {', '.join(choices)}.{did_you_mean(value, choices)}"
        raise ValueError(f"{name} is {described(value)}; needed: {known}")
    return value


def did_you_mean(name: Any, known: Iterable[str]) -> str:
    """The nearest of the known names as a question, or nothing."""
    near = difflib.get_close_matches(str(name), list(known), n=1)
    return f" Did you mean {near[0]!r}?" if near else ""


def several(name: str, value: Any) -> list[Any]:
    """What is there as a list. One text is refused: its letters would count as texts."""
    if isinstance(value, str | bytes | dict | set | frozenset):
        raise TypeError(f"{name} is {described(value)}; needed: a list, of one: [{name}]")
    return list(value)


def list_of_texts(name: str, value: Any, each: str = "text in quotes") -> list[str]:
    """A list of texts. One text is refused, and so is whatever else a list may hold."""
    texts = several(name, value)
    for text in texts:
        if not isinstance(text, str):
            raise TypeError(f"{name} holds {described(text)}; needed: {each}")
    return texts


def whole_characters(text: str) -> str:
    """The text, if it can be written down: half a character (a lone surrogate) cannot."""
    if half := re.search("[\ud800-\udfff]", text):
        broken = f"{half[0]!r} at place {half.start()}, half a character"
        raise ValueError(f"text holds {broken}; needed: text that was read as UTF-8")
    return text


def finite(name: str, x: Tensor) -> Tensor:
    """The tensor, if no number in it is NaN or infinite: argmax would take one."""
    if not x.isfinite().all():
        given = f"{name} is {described(x)} with NaN or infinity"
        raise ValueError(f"{given}; needed: finite numbers")
    return x


def misfit(wanted: Mapping[str, Tensor], given: Mapping[str, Tensor]) -> str:
    """The first tensor of a state that has another shape than wanted, in words, or ""."""
    for name in sorted(wanted.keys() | given.keys()):
        here = tuple(given[name].shape) if name in given else "missing"
        there = tuple(wanted[name].shape) if name in wanted else "nothing of that name"
        if here != there:
            return f"{name} is {here}; needed: {there}"
    return ""


def flag(name: str, value: Any) -> bool:
    """True or False, and nothing that only counts as one of them."""
    if not isinstance(value, bool):
        raise ValueError(f"{name} is {described(value)}; needed: True or False")
    return value


def string(name: str, value: Any, most: int = 10_000) -> str:
    """A text of so many characters at most; anything that only has a text form is none."""
    if not isinstance(value, str):
        raise TypeError(f"{name} is {described(value)}; needed: text in quotes")
    if len(value) > most:
        raise ValueError(f"{name} has {len(value):,} characters; needed: {most:,} at most")
    return whole_characters(value)


def whole_numbers(name: str, values: Any, least: float = -INF, most: float = INF) -> list[int]:
    """A list of whole numbers within these bounds; tensors and arrays [n] hold them, too."""
    values = values.tolist() if hasattr(values, "tolist") else values
    if not isinstance(values, Iterable):
        raise TypeError(f"{name} is {described(values)}; needed: a list of whole numbers")
    return [whole_number(name, value, least, most) for value in several(name, values)]
