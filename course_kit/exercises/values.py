"""What came back from an answer, brought to one form, and when two of them are the same.

Forms: a torch tensor, a word, a truth value or number, or a tuple of these. Loops, einsum, numpy, lists and any
float dtype are all welcome.
"""

from __future__ import annotations

import copy
from typing import Any

import numpy
import torch
from torch import Tensor

# how close is equal, by the coarser dtype of the two: (relative, absolute)
TOLERANCE = {torch.float16: (5e-3, 2e-3), torch.bfloat16: (3e-2, 1e-2)}
MOST = 10_000_000  # numbers in one result
FINE = (2e-4, 1e-5)  # float32 and float64: another order of summation must not matter


class Misfit(Exception):
    """The result has no form that could be compared; the message says what it is instead."""


def converted(result: Any, wanted: Any, names: tuple[str, ...], words: bool = False) -> Any:
    """The result in the form of `wanted`. Raises Misfit, in a teacher's words, where that is impossible."""
    if result is None:
        raise Misfit("It returns None. Is a `return` missing?")
    if isinstance(wanted, tuple):
        return _parts(result, wanted, names)
    if isinstance(wanted, Tensor):
        if isinstance(result, torch.Size):
            raise Misfit(f"It returns {kind(result)}.")
        if type(result) is tuple and len(result) > 1:
            raise Misfit(f"It returns {len(result)} things; one is asked for: {names[0]}.")
        if type(result) is tuple and len(result) == 1 and isinstance(result[0], Tensor):
            raise Misfit("It returns a tuple with one tensor in it. Is there a comma too many after `return`?")
        return _tensor(result, names[0])
    if isinstance(wanted, str):
        if not isinstance(result, str):
            raise Misfit(f'It returns {kind(result)}; needed: a word, such as "{wanted}".')
        return Word(result) if words else result
    if isinstance(result, Tensor | numpy.generic | numpy.ndarray) and getattr(result, "ndim", 1) == 0:
        result = result.item()
    if not isinstance(result, bool | int | float):
        raise Misfit(f"It returns {kind(result)}; needed: {kind(wanted)}.")
    return result


def _parts(result: Any, wanted: tuple, names: tuple[str, ...]) -> tuple:
    asked = f"{len(wanted)} are asked for: `{', '.join(names)}`"
    if isinstance(result, dict):
        raise Misfit(f"It returns a dict; {asked}, in this order.")
    if not isinstance(result, tuple | list):
        raise Misfit(f"It returns one thing, {kind(result)}; {asked}.")
    if len(result) != len(wanted):
        raise Misfit(f"It returns {len(result)} things; {asked}.")
    if missing := [name for one, name in zip(result, names, strict=True) if one is None]:
        raise Misfit(f"Its `{missing[0]}` is None.")
    return tuple(converted(r, w, (n,)) for r, w, n in zip(result, wanted, names, strict=True))


def _tensor(result: Any, name: str) -> Tensor:
    if isinstance(result, Tensor):
        if result.is_nested or result.device.type == "meta":
            raise Misfit(f"It returns a tensor without numbers that could be read; needed: `{name}`, a plain tensor.")
        if result.numel() > MOST:
            raise Misfit(f"It returns {result.numel():,} numbers, a tensor of {list(result.shape)}: far too many.")
        if result.is_sparse or result.is_quantized:
            result = result.to_dense() if result.is_sparse else result.dequantize()
        return result.detach().cpu()
    try:
        if isinstance(result, list | tuple) and any(isinstance(one, Tensor | list | tuple) for one in result):
            return torch.stack([_tensor(one, name) for one in result])
        array = numpy.asarray(result)
        if array.dtype.kind in "biuf":
            return torch.from_numpy(numpy.array(array, dtype=None if array.dtype.itemsize <= 8 else float))
    except (ValueError, TypeError, RuntimeError):
        pass
    raise Misfit(f"It returns {kind(result)}; needed: `{name}`, a tensor.")


def kind(thing: Any) -> str:
    """What a thing is, in words, without addresses: "a tensor of shape [2, 3]", "a generator"."""
    if isinstance(thing, Tensor):
        return f"a tensor of shape {list(thing.shape)}"
    if isinstance(thing, type):
        return f"the class `{thing.__name__}`"
    names = {
        "str": "a text", "bool": "True or False", "int": "a whole number", "float": "a number",
        "ndarray": "a numpy array",
        "function": "a function", "generator": "a generator (is it `yield` instead of `return`?)", "dict": "a dict",
        "list": "a list that makes no regular array", "ellipsis": "`...`", "Size": "a shape, not numbers",
    }  # fmt: skip
    return names.get(type(thing).__name__, f"something of the type `{type(thing).__name__}`")


class Word(str):
    """A text that equals `Non Parametric` where it is `non-parametric`: capitals, spaces and hyphens don't count."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and _letters(self) == _letters(other)

    def __hash__(self) -> int:
        return hash(_letters(self))


def _letters(word: str) -> str:
    return "".join(letter for letter in word.lower() if letter.isalnum())


def number_kind(x: Tensor) -> str:
    """ "bool", "float", "whole" or "complex": what a dtype is, its size apart."""
    if x.dtype == torch.bool:
        return "bool"
    return "float" if x.is_floating_point() else "complex" if x.is_complex() else "whole"


def close(a: Tensor, b: Tensor) -> Tensor:
    """Where two tensors of one shape agree: NaN agrees with NaN, the coarser dtype sets the tolerance."""
    if a.is_complex() or b.is_complex():
        a, b = a.to(torch.complex128), b.to(torch.complex128)
        return close(a.real, b.real) & close(a.imag, b.imag)
    rtol, atol = max(TOLERANCE.get(a.dtype, FINE), TOLERANCE.get(b.dtype, FINE))
    return torch.isclose(a.double(), b.double(), rtol=rtol, atol=atol, equal_nan=True)


def same(a: Any, b: Any) -> bool:
    """Equal in shape, in kind (bool, whole, float) and, within the tolerance, in value."""
    if isinstance(a, tuple) or isinstance(b, tuple):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, Tensor) and isinstance(b, Tensor):
        return a.shape == b.shape and number_kind(a) == number_kind(b) and bool(close(a, b).all())
    if isinstance(a, Tensor) or isinstance(b, Tensor):
        return False
    if isinstance(a, str | bool) or isinstance(b, str | bool):
        return type(a) is type(b) and a == b
    return abs(a - b) <= 1e-5 + 2e-4 * abs(b) or (a != a and b != b)


def cloned(inputs: dict[str, Any]) -> dict[str, Any]:
    """Inputs that may be spoilt."""
    return {name: x.clone() if isinstance(x, Tensor) else copy.deepcopy(x) for name, x in inputs.items()}


def untouched(before: Any, after: Any) -> bool:
    """Whether an input still is what it was, to the last bit."""
    if isinstance(before, Tensor):
        if before.shape != after.shape or before.dtype != after.dtype:
            return False
        return torch.equal(before, after) or bool(((before == after) | before.isnan() & after.isnan()).all())
    if isinstance(before, torch.nn.Module):
        old, new = before.state_dict(), after.state_dict()
        return old.keys() == new.keys() and all(untouched(old[key], new[key]) for key in old)
    if isinstance(before, list | tuple):
        return len(before) == len(after) and all(map(untouched, before, after))
    return type(before) is type(after) and before == after
