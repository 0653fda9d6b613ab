"""What views, exercises and labs ask of their arguments, beside the few checks of the core.

Each function looks at one thing, gives the value back as it is to be used, or raises: what was given, what is needed.
"""

from collections.abc import Iterable
from typing import Any

from course_utils.checks import (
    INF,
    described,
    did_you_mean,
    finite,
    list_of_texts,
    misfit,
    one_of,
    real_number,
    several,
    whole_characters,
    whole_number,
)

__all__ = ["described", "did_you_mean", "finite", "flag", "list_of_texts", "misfit", "one_of", "real_number"]
__all__ += ["several", "string", "whole_characters", "whole_number", "whole_numbers"]


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
