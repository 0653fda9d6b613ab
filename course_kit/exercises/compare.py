"""Two results compared: brought to one form, and the same or not; describe.py has the words for the difference.

Forms: a torch tensor, a word, a truth value or number, or a tuple of these. Loops, einsum, numpy, lists and any
float dtype are all welcome.
"""

from __future__ import annotations

import copy
from typing import Any

import numpy
import torch
from torch import Tensor

from course_kit.i18n import t

# how close is equal, by the coarser dtype of the two: (relative, absolute)
TOLERANCE = {torch.float16: (5e-3, 2e-3), torch.bfloat16: (3e-2, 1e-2)}
MOST = 10_000_000  # numbers in one result
FINE = (2e-4, 1e-5)  # float32 and float64: another order of summation must not matter


class Misfit(Exception):
    """The result has no form that could be compared; the message says what it is instead."""


class NothingReturned(Misfit):
    """The result is None."""


def converted(result: Any, wanted: Any, names: tuple[str, ...]) -> Any:
    """The result in the form of `wanted`. Raises Misfit, in a teacher's words, where that is impossible."""
    if result is None:
        raise NothingReturned(t("It returns None. Is a `return` missing?"))
    if isinstance(wanted, tuple):
        return _parts(result, wanted, names)
    if isinstance(wanted, Tensor):
        if isinstance(result, list) and not wanted.dim():
            raise Misfit(t("It returns a list; needed: one number."))
        if isinstance(result, torch.Size):
            raise Misfit(t("It returns {kind}.", kind=kind(result)))
        if type(result) is tuple and len(result) > 1:
            raise Misfit(t("It returns {count} things; one is asked for: {names}.", count=len(result), names=names[0]))
        if type(result) is tuple and len(result) == 1 and isinstance(result[0], Tensor):
            raise Misfit(t("It returns a tuple with one tensor in it. Is there a comma too many after `return`?"))
        return _tensor(result, names[0])
    if isinstance(wanted, str):
        if not isinstance(result, str):
            raise Misfit(t('It returns {kind}; needed: a word, such as "{wanted}".', kind=kind(result), wanted=wanted))
        return result
    if isinstance(result, Tensor | numpy.generic | numpy.ndarray) and getattr(result, "ndim", 1) == 0:
        result = result.item()
    if not isinstance(result, bool | int | float):
        raise Misfit(t("It returns {kind}; needed: {kind2}.", kind=kind(result), kind2=kind(wanted)))
    return result


def _parts(result: Any, wanted: tuple, names: tuple[str, ...]) -> tuple:
    asked = t("{count} are asked for: `{names}`", count=len(wanted), names=", ".join(names))
    if isinstance(result, dict):
        raise Misfit(t("It returns a dict; {asked}, in this order.", asked=asked))
    if not isinstance(result, tuple | list):
        raise Misfit(t("It returns one thing, {kind}; {asked}.", kind=kind(result), asked=asked))
    if len(result) != len(wanted):
        raise Misfit(t("It returns {count} things; {asked}.", count=len(result), asked=asked))
    for part, name in zip(result, names, strict=True):
        if part is None:
            raise Misfit(t("Its `{name}` is None.", name=name))
    return tuple(converted(part, want, (name,)) for part, want, name in zip(result, wanted, names, strict=True))


def _tensor(result: Any, name: str) -> Tensor:
    if isinstance(result, Tensor):
        if result.numel() > MOST:
            told: dict[str, Any] = {"numel": f"{result.numel():,}", "shape": list(result.shape)}
            raise Misfit(t("It returns {numel} numbers, a tensor of {shape}: far too many.", **told))
        return result.detach().cpu()
    try:
        if isinstance(result, list | tuple) and any(isinstance(part, Tensor | list | tuple) for part in result):
            return torch.stack([_tensor(part, name) for part in result])
        array = numpy.asarray(result)
        if array.dtype.kind in "biuf":
            return torch.from_numpy(numpy.array(array, dtype=None if array.dtype.itemsize <= 8 else float))
    except (ValueError, TypeError, RuntimeError):
        pass
    raise Misfit(t("It returns {kind}; needed: `{name}`, a tensor.", kind=kind(result), name=name))


def kind(thing: Any) -> str:
    """What a thing is, in words, without addresses: "a tensor of shape [2, 3]", "a generator"."""
    if isinstance(thing, Tensor):
        return t("a tensor of shape {shape}", shape=list(thing.shape))
    if isinstance(thing, type):
        return t("the class `{name}`", name=thing.__name__)
    names = {
        "str": t("a text"), "bool": t("True or False"), "int": t("a whole number"), "float": t("a number"),
        "ndarray": t("a numpy array"),
        "function": t("a function"), "dict": t("a dict"),
        "generator": t("a generator (is it `yield` instead of `return`?)"),
        "list": t("a list that makes no regular array"), "ellipsis": "`...`", "Size": t("a shape, not numbers"),
    }  # fmt: skip
    return names.get(type(thing).__name__, t("something of the type `{name}`", name=type(thing).__name__))


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


def equal(a: Any, b: Any) -> bool:
    return isinstance(a, Tensor) and isinstance(b, Tensor) and a.shape == b.shape and bool(close(a, b).all())


def alike(got: Any, want: Any) -> bool:
    """Whether the shapes are right, of all parts."""
    if isinstance(want, tuple):
        return all(map(alike, got, want))
    return getattr(got, "shape", None) == getattr(want, "shape", None)


def senseless(result: Any) -> bool:
    """Whether a result is NaN or the same number throughout, or has a part that is."""
    if isinstance(result, tuple):
        return any(map(senseless, result))
    if not isinstance(result, Tensor) or result.numel() < 2:
        return False
    return bool((result == result.flatten()[0]).all() or result.isnan().any())
