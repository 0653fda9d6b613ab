"""Two results compared: brought to one form, the same or not, and what can be said of the difference.

Forms: a torch tensor, a word, a truth value or number, or a tuple of these. Loops, einsum, numpy, lists and any
float dtype are all welcome. `describe` says what is wrong with results of which nothing else is known: their shape,
NaN, their kind, their sums, a factor, an offset, another order.
"""

from __future__ import annotations

import copy
import itertools
from collections.abc import Iterator
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
        if isinstance(result, list) and not wanted.dim():
            raise Misfit("It returns a list; needed: one number.")
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
    for part, name in zip(result, names, strict=True):
        if part is None:
            raise Misfit(f"Its `{name}` is None.")
    return tuple(converted(part, want, (name,)) for part, want, name in zip(result, wanted, names, strict=True))


def _tensor(result: Any, name: str) -> Tensor:
    if isinstance(result, Tensor):
        if result.is_nested or result.device.type == "meta":
            raise Misfit(f"It returns a tensor without numbers that could be read; needed: `{name}`, a plain tensor.")
        result = _plain(result)
        if result.numel() > MOST:
            raise Misfit(f"It returns {result.numel():,} numbers, a tensor of {list(result.shape)}: far too many.")
        if result.is_sparse or result.is_quantized:
            result = result.to_dense() if result.is_sparse else result.dequantize()
        return result.detach().cpu()
    try:
        if isinstance(result, list | tuple) and any(isinstance(part, Tensor | list | tuple) for part in result):
            return torch.stack([_tensor(part, name) for part in result])
        array = numpy.asarray(result)
        if array.dtype.kind in "biuf":
            return torch.from_numpy(numpy.array(array, dtype=None if array.dtype.itemsize <= 8 else float))
    except (ValueError, TypeError, RuntimeError):
        pass
    raise Misfit(f"It returns {kind(result)}; needed: `{name}`, a tensor.")


def _plain(x: Tensor) -> Tensor:
    """The same numbers in torch's own class: a class made from it can say anything of itself."""
    if type(x) is Tensor:
        return x
    with torch._C.DisableTorchFunctionSubclass():
        return x.as_subclass(Tensor).clone()


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


REACHES = " Does what comes in reach its result?"


def equal(a: Any, b: Any) -> bool:
    return isinstance(a, Tensor) and isinstance(b, Tensor) and a.shape == b.shape and bool(close(a, b).all())


def _flip(x: Tensor) -> Tensor:
    return x.transpose(-1, -2) if x.dim() > 1 else x


def _shape(got: Tensor, want: Tensor) -> str | None:
    if got.shape == want.shape:
        return None
    shapes = f"Its shape is {list(got.shape)}, needed: {list(want.shape)}."
    if equal(_flip(got), want):
        return f"{shapes} It is right but transposed: rows and columns have changed places."
    if axes := _axes(got, want):
        return f"{shapes} The numbers are right, but {axes}."
    if shared := _shared(got, want):
        return f"{shapes} {shared}"
    if want.dim() > 1 and _flip(got).shape == want.shape:
        return f"{shapes} Rows and columns seem to have changed places."
    if recut := _recut(got, want):
        return f"{shapes} {recut}"
    if got.numel() == want.numel() and equal(got.reshape(want.shape), want):
        more = "an axis of size 1 too many: is it `keepdim=True`, or a `None` in the brackets?"
        fewer = "an axis of size 1 is missing: was it lost in a `.squeeze()`, or in a sum without `keepdim=True`?"
        return f"{shapes} The numbers are right, {more if got.dim() > want.dim() else fewer}"
    if got.dim() != want.dim() and got.numel() == want.numel() > 2:
        still = "an axis is still to be cut in two" if got.dim() < want.dim() else "two axes are still to be joined"
        return f"{shapes} It has as many numbers as needed: {still}, and perhaps others to be moved."
    if got.dim() < want.dim():
        lost = "does a sum, mean or max run over too much (say which with `dim=`), or is an input not used yet?"
        return f"{shapes} An axis has gone: {lost}"
    if got.dim() > want.dim():
        return f"{shapes} There is an axis too many: does a sum over it still have to come?"
    return f"{shapes} Print the shape after each step, and see where it goes wrong."


def _recut(got: Tensor, want: Tensor) -> str | None:
    """The right numbers in the right order, cut into other axes than those of size 1."""
    without_ones = [[n for n in x.shape if n > 1] for x in (got, want)]
    if got.numel() != want.numel() or without_ones[0] == without_ones[1] or not equal(got.reshape(want.shape), want):
        return None
    if got.dim() == want.dim():
        return "The numbers are right, and in the right order, but cut into other rows."
    if got.dim() > want.dim():
        return "The numbers are right, and in the right order: two axes are still to be joined, with `.flatten(…)`."
    if got.dim() == 1:
        return (
            "The numbers are right, and in the right order, but all in a row: `torch.cat` and `.flatten()` join axes."
        )
    return "The numbers are right, and in the right order: an axis is still to be cut in two."


def recut_on_all(pairs: list[tuple[Tensor, Tensor]]) -> str:
    """What `_recut` says of these inputs, some of which may be too small to tell; "" where it is not so on all."""
    fits = _all(Tensor, pairs) and all(
        got.numel() == want.numel() and equal(got.reshape(want.shape), want) for got, want in pairs
    )
    return next(filter(None, (_recut(got, want) for got, want in pairs)), "") if fits else ""


def _shared(got: Tensor, want: Tensor) -> str | None:
    """Right, but for an axis of size 1, or none, where each should have its own."""
    missing = got.dim() == want.dim() - 1
    got = got[None] if missing else got
    if got.dim() != want.dim() or not got.numel():
        return None
    axes = [axis for axis in range(got.dim()) if got.shape[axis] != want.shape[axis]]
    if len(axes) != 1 or got.shape[axes[0]] != 1:
        return None
    axis, size = axes[0], want.shape[axes[0]]
    has = "is missing" if missing else f"has size 1 instead of {size}"
    if equal(got.expand_as(want), want):
        return f"The numbers are right, but axis {axis} {has}: the same for all, with `.expand`."
    if equal(got, want.narrow(axis, 0, 1)):
        says = f"It is right for the first of {size} along axis {axis}, and the others are missing."
        return says + (" Does a `return` end a loop after its first round?" if axis == 0 else "")
    return None


def _nan(got: Tensor, want: Tensor) -> str | None:
    bad = got.isnan() & ~want.isnan()
    if not bad.any():
        return None
    amount = "all of it" if bad.all() else f"{int(bad.sum())} of {bad.numel()} numbers"
    comes = "NaN comes from 0/0, inf − inf, inf/inf, and the log or root of a negative number"
    return f"NaN, in {amount}. {comes}: which step makes it?"


def _infinite(got: Tensor, want: Tensor) -> str | None:
    if not (got.isinf() & ~want.isinf()).any():
        return None
    return "Some numbers are infinite. Is there a division by 0, or exp of something large?"


def _kind(got: Tensor, want: Tensor) -> str | None:
    mine, needed = number_kind(got), number_kind(want)
    if mine == needed:
        return None
    words = {"float": "decimal numbers", "bool": "True and False"}
    mine, needed = (words.get(kind, f"{kind} numbers") for kind in (mine, needed))
    right = "The right entries, but " if equal(got, want) else ""
    text = f"{right}{mine} (`{str(got.dtype)}`) instead of {needed} (`{str(want.dtype)}`)."
    text = text[0].upper() + text[1:]
    return text + (" Compare with `==`, or use `.bool()`, to get a mask." if number_kind(want) == "bool" else "")


def _function(got: Tensor, want: Tensor) -> str | None:
    """A step too few or too many at the end."""
    if not (got.is_floating_point() and want.is_floating_point()):
        return None
    if want.unique().numel() < 2:
        return ""
    results = ((words, function(want.double())) for words, function in FUNCTIONS.items())
    return next((words for words, x in results if not x.isnan().any() and equal(got.double(), x)), None)


FUNCTIONS = {
    "It is the logarithm of what it should be: is an exp missing, or a log too many?": torch.log,
    "It is e to the power of what it should be: is there an exp too many, or is a log missing?": torch.exp,
    "It is the square of what it should be: is there a square too many, or is a root missing?": torch.square,
    "It is the square root of what it should be: is there a root too many, or is a square missing?": torch.sqrt,
}


def _sums_to_one(x: Tensor, dim: int, empty: bool = True) -> bool:
    """Whether all sums are 1, or, where some may be `empty`, 0."""
    total = x.double().sum(dim)
    return bool(((total - 1).abs() < 1e-2).logical_or((total.abs() < 1e-6) & empty).all() and (total > 0.5).any())


def _rows(got: Tensor, want: Tensor) -> str | None:
    """Only where the rows should sum to 1 and do not."""
    if not (got.dim() and want.is_floating_point() and got.is_floating_point() and _sums_to_one(want, -1)):
        return None
    if _sums_to_one(got, -1):  # rows and columns both: this input cannot tell
        return "" if got.dim() > 1 and _sums_to_one(got, -2) else None
    if got.dim() > 1 and _sums_to_one(got, -2, empty=False):
        return "The rows don't sum to 1, but the columns do: along which axis is it normalised?"
    if got.dim() > 1 and _sums_to_one(got.flatten(), -1):
        return "All of it together sums to 1; each row should: normalise along the last axis, `dim=-1`."
    sums = got.double().sum(-1).flatten()
    return f"The rows should sum to 1; the first sums to {sums[0].item():.3g}. Is each normalised?"


def _factor(got: Tensor, want: Tensor) -> str | None:
    mine, needed = _finite(got, want)
    if mine is None:
        return None
    if needed.unique().numel() < 2:  # any other number is some factor away
        return ""
    at = needed.abs().argmax()
    if needed[at] == 0 or mine[at] == 0:
        return None
    ratio = mine[at] / needed[at]
    if not close(mine, needed * ratio).all():
        return None
    if torch.isclose(ratio, torch.tensor(-1.0, dtype=ratio.dtype), rtol=1e-3):
        return "Right, but of the opposite sign: is a minus missing, or one too many?"
    return f"Right, but {_ratio(ratio.item())}{FACTOR}"


FACTOR = ": look for a factor."


def _ratio(ratio: float) -> str:
    known = {"twice": 2, "half": 0.5, "three times": 3, "four times": 4, "a quarter of": 0.25}
    near = (words for words, number in known.items() if abs(ratio - number) < 1e-3 * number)
    return f"{next(near, f'{ratio:.3g} times')} what it should be"


def scaled(pairs: list[tuple[Any, Any]]) -> bool:
    """Whether all these results are a factor away from the right ones, each of them perhaps another one."""
    fits = all(got.shape == want.shape for got, want in pairs) if _all(Tensor, pairs) else False
    return fits and all(_factor(got, want) for got, want in pairs)


def _offset(got: Tensor, want: Tensor) -> str | None:
    mine, needed = _finite(got, want)
    if mine is None:
        return None
    if needed.unique().numel() < 2:
        return ""
    shift = (mine - needed).median()
    if close(mine, needed + shift).all() and shift.abs() > 1e-4:
        return f"Right, but {abs(shift.item()):.3g} too {'large' if shift > 0 else 'small'} everywhere."
    return None


def _finite(got: Tensor, want: Tensor):
    if not want.numel() or {number_kind(got), number_kind(want)} & {"bool", "complex"}:
        return None, None
    mine, needed = got.double().flatten(), want.double().flatten()
    fine = mine.isfinite() & needed.isfinite()
    return (mine, needed) if fine.all() else (None, None)


def _complement(got: Tensor, want: Tensor) -> str | None:
    if number_kind(want) == number_kind(got) == "bool" and equal(~got, want):
        return "Exactly the other way round: True where False should be."
    if want.is_floating_point() and got.is_floating_point() and equal(1 - got, want):
        return "Exactly 1 minus what it should be."
    return None


def _transposed(got: Tensor, want: Tensor) -> str | None:
    if want.dim() > 1 and equal(_flip(got), want):
        return "Right, but transposed: rows should be queries, columns keys."
    return f"Right, but {axes}." if (axes := _axes(got, want)) else None


def _axes(got: Tensor, want: Tensor) -> str | None:
    """Which of three or more axes have changed places, where that is all that is wrong."""
    if not 2 < got.dim() == want.dim() < 5:
        return None
    others = itertools.islice(itertools.permutations(range(want.dim())), 1, None)
    moved = next(([i for i, a in enumerate(axes) if a != i] for axes in others if equal(got.permute(axes), want)), None)
    if moved and len(moved) == 2:
        return "axes {} and {} have changed places".format(*moved)
    return "its axes are in another order" if moved else None


def _shifted(got: Tensor, want: Tensor) -> str | None:
    """One place too far, or not far enough; of a mask, one speaks of its diagonal."""
    for axis in range(want.dim() if number_kind(want) != "bool" else 0):
        n = want.shape[axis] - 1
        first, rest = want.narrow(axis, 0, n), want.narrow(axis, min(n, 1), n)
        if n < 2 or equal(first, rest):
            continue
        if equal(got.narrow(axis, 1, n), first):
            return f"One place too far along axis {axis}: what should be at 0 is at 1, and so on."
        if equal(got.narrow(axis, 0, n), rest):
            return f"One place short along axis {axis}: what should be at 1 is at 0, and so on."
    return None


def _reordered(got: Tensor, want: Tensor) -> str | None:
    if want.numel() > 1 and number_kind(want) != "bool" and got.unique().numel() > 1:
        mine, needed = (x.double().flatten().sort().values for x in (got, want))
        return "The right numbers in another order." if equal(mine, needed) else None
    return None


def _constant(got: Tensor, want: Tensor) -> str | None:
    if got.numel() > 1 and got.unique().numel() == 1 and want.unique().numel() > 1:
        return f"It gives {got.flatten()[0].item():.3g} everywhere.{REACHES}"
    return None


def _one_row(got: Tensor, want: Tensor) -> str | None:
    if got.dim() < 2 or got.shape[-2] < 2 or not equal(got, got[..., :1, :].expand_as(got)):
        return None
    if equal(want, want[..., :1, :].expand_as(want)):
        return ""
    return "All rows are the same. Is one tensor changed again and again, or does each row get the same input?"


def equal_but_for_kind(got: Any, want: Any) -> bool:
    """Whether the values are right, and only True stands for 1, or 1.0."""
    if isinstance(want, tuple):
        return all(map(equal_but_for_kind, got, want))
    return equal(got, want)


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


def where(got: Tensor, want: Tensor) -> str:
    """The fallback: how much differs, and where first."""
    wrong = ~close(got, want)
    place = [int(i) for i in wrong.nonzero()[0]]
    axes = {1: "at {}", 2: "in row {}, column {}"}.get(len(place), "at {}" + ", {}" * (len(place) - 1))
    text = "The number differs" if wrong.numel() == 1 else f"{int(wrong.sum())} of {wrong.numel()} numbers differ"
    if nearly := _nearly(got, want):
        return f"{text}, {nearly}"
    diagonal = wrong.diagonal() if want.dim() == 2 and number_kind(want) == "bool" else torch.tensor([False])
    if diagonal.all() and wrong.sum() == len(diagonal):
        return "Right except on the diagonal."
    if alike := _all_in(wrong):
        return f"{text}, all of them {alike} (counted from 0).{_unfilled(got, wrong)}"
    return text + (f", the first {axes.format(*place)} (counted from 0)." if place else ".") + _unfilled(got, wrong)


def _all_in(wrong: Tensor) -> str:
    """The one row or column, every second column, or the diagonal that holds all that differs; "" for none of these."""
    if wrong.dim() != 2 or min(wrong.shape) < 2 or int(wrong.sum()) < 2:
        return ""
    rows, columns = (wrong.any(dim).nonzero().flatten().tolist() for dim in (1, 0))
    if len(rows) == 1:
        return f"in row {rows[0]}"
    if len(columns) == 1:
        return f"in column {columns[0]}"
    if wrong.shape[0] == wrong.shape[1] and not (wrong & ~torch.eye(len(wrong), dtype=torch.bool)).any():
        return "on the diagonal"
    odd = {column % 2 for column in columns}
    if len(odd) == 1 and wrong.shape[1] > 3 and len(columns) == len(range(min(odd), wrong.shape[1], 2)):
        return f"in the {'odd' if odd == {1} else 'even'} columns"
    return ""


def _unfilled(got: Tensor, wrong: Tensor) -> str:
    """What to say where all that differs is still 0."""
    if number_kind(got) == "bool" or int(wrong.sum()) < 2 or wrong.all() or got[wrong].any():
        return ""
    return " There you have 0: is that part never filled in?"


def _nearly(got: Tensor, want: Tensor) -> str:
    """What to say of numbers that are nearly right."""
    mine, needed = _finite(got, want)
    if mine is None or not want.is_floating_point():
        return ""
    most = (mine - needed).abs().max().item()
    if most > 0.01 * needed.abs().max().item():
        return ""
    return (
        f"but by no more than {most:.1g}. Is a small number (ε) missing, or in another place? Or are two large numbers "
        "subtracted that are nearly equal, as in E[x²] − m²?"
    )


def _all(kind: type, pairs: list[tuple[Any, Any]]) -> bool:
    return all(isinstance(result, kind) for pair in pairs for result in pair)


def strong(pairs: list[tuple[Any, Any]]) -> str:
    """One step that leads from a result to what it is compared with on *all* these inputs, in words; "" for none, or
    where no step is needed.

    Only what cannot be chance: a factor of three numbers means nothing, of thirty it does.
    """
    if all(same(got, want) for got, want in pairs):
        return ""
    if not _all(Tensor, pairs):
        parts = [part for pair in pairs for result in pair if isinstance(result, tuple) for part in result]
        telling = all(isinstance(part, Tensor) for part in parts)  # truth values are equal by chance
        return "The results are in the wrong order." if telling and order_of(pairs) else ""
    if any(got.numel() < 3 or want.unique().numel() < 3 for got, want in pairs):
        return ""
    for remark in (_transposed_shape, _function, _complement, _transposed, _factor, _offset):
        fits = [remark is _transposed_shape or got.shape == want.shape for got, want in pairs]
        words = [remark(*pair) if fit else None for pair, fit in zip(pairs, fits, strict=True)]
        if words[0] and len(set(words)) == 1:
            return words[0].replace("Right, but ", "The result is ")
    return ""


def order_of(pairs: list[tuple[Any, Any]]) -> tuple[int, ...] | None:
    """In which order the right parts are in results of several, where all that is wrong is their order."""
    if not _all(tuple, pairs) or {len(result) for pair in pairs for result in pair} != {len(pairs[0][1])}:
        return None
    for order in itertools.permutations(range(len(pairs[0][1]))):
        if all(same(got[i], want[j]) for got, want in pairs for i, j in enumerate(order)):
            return order
    return None


def _transposed_shape(got: Tensor, want: Tensor) -> str | None:
    if got.shape != want.shape and equal(_flip(got), want):
        return "The result is transposed: rows and columns have changed places."
    return None


REMARKS = _function, _nan, _infinite, _kind, _complement, _transposed, _constant, _one_row, _rows, _factor, _offset
OF_ORDER = _shifted, _reordered


def _remarks(got: Tensor, want: Tensor, apart: bool = False) -> Iterator[str | None]:
    """What each remark says of a result: a sentence, None if it is not so, or "" if this input cannot tell. What is
    said must hold for every input that fails. apart: its numbers come from several inputs, so they have neither a sum
    nor an order."""
    shape = _shape(got, want)
    yield shape
    remarks = [remark for remark in REMARKS if remark is not _rows] if apart else REMARKS + OF_ORDER
    yield from (None if shape else remark(got, want) for remark in remarks)


def describe(names: tuple[str, ...], pairs: list[tuple[Any, Any]], everything: bool) -> str:
    """What is wrong with results [(got, wanted), …] that have the right number of parts; the first pair is the one
    that is shown. The last wrong part is named first: an output is wrong when its weights are. everything: whether
    these are all results that are wrong, so that one may say that the rest is right."""
    if not isinstance(pairs[0][1], tuple):
        return _say(pairs)
    if order := order_of(pairs):
        yours = ", ".join(names[i] for i in order)
        return f"Right, but in the wrong order: return `{', '.join(names)}`. It returns `{yours}`."
    parts = range(len(names))
    i = next(i for i in reversed(parts) if not same(pairs[0][0][i], pairs[0][1][i]))
    part = [(got[i], want[i]) for got, want in pairs if not same(got[i], want[i])]
    rest = everything and len(names) > 1 and all(same(got[j], want[j]) for got, want in pairs for j in parts if j != i)
    return f"In `{names[i]}`: {_say(part)}{' The rest is right.' if rest else ''}"


def _say(pairs: list[tuple[Any, Any]]) -> str:
    got, want = pairs[0]
    rows, apart = _as_one(pairs)
    if shapes := _shapes(rows):
        return shapes
    if recut := "" if apart else recut_on_all(rows):
        return f"Its shape is {list(got.shape)}, needed: {list(want.shape)}. {recut}"
    for remarks in zip(*(_remarks(*row, apart) for row in rows), strict=True):  # one remark, on each input
        words = {remark for remark in remarks if remark}
        if None not in remarks and (remarks[0] or len(words) == 1):  # "": the shown one cannot tell, the others do
            return _by_size(remarks) or remarks[0] or words.pop()
    if isinstance(want, Tensor):
        words = next(_remarks(got, want))
        if words or want.numel() != 1:
            return words or where(got, want)
        got, want = got.item(), want.item()  # one number has no first place that differs
    if isinstance(want, float):
        return f"{got:.6g}, expected {want:.6g}{_too(got, want)}."
    return f"Expected {want!r}, got {got!r}."


def _by_size(remarks: tuple[str, ...]) -> str:
    """What to say of factors that are different on different inputs; "" where there are none."""
    factors = [remark.removeprefix("Right, but ").removesuffix(FACTOR) for remark in remarks if remark.endswith(FACTOR)]
    other = next((factor for factor in factors if factor != factors[0]), "")
    where = f"Right, but {factors[0]} here, and {other} on another input" if other else ""
    return where and f"{where}: does the factor depend on a size, or should it?"


def _shapes(pairs: list[tuple[Tensor, Tensor]]) -> str:
    """What the shapes are where the numbers are right on one input, and on another they are too many; else ""."""
    wrong = [(got, want) for got, want in pairs if got.shape != want.shape]
    more = [(got, want) for got, want in wrong if got.numel() != want.numel()]
    if not more or len(more) == len(wrong) or wrong[0][0].numel() != wrong[0][1].numel():
        return ""
    shapes = (f"{list(got.shape)}, needed: {list(want.shape)}." for got, want in (wrong[0], more[0]))
    return "Its shape is {} On another input it is {}".format(*shapes)


def _too(got: float, want: float) -> str:
    """By how much a number is off, where that can be said as a share."""
    if not want or got != got or got * want <= 0 or abs(got / want - 1) > 10:
        return ""
    return f": {abs(got / want - 1):.1%} too {'large' if abs(got) > abs(want) else 'small'}"


def _as_one(pairs: list[tuple[Any, Any]]) -> tuple[list[tuple[Tensor, Tensor]], bool]:
    """The pairs to look at; none for words and truth values. Results that are single numbers, as one row, and True: any
    number is some factor away from another one, so what is said of them has to hold for all together."""
    if {type(result) for pair in pairs for result in pair} <= {int, float}:
        rows = torch.tensor(pairs, dtype=torch.float64).unbind(1)
        return [(rows[0], rows[1])], True
    if not _all(Tensor, pairs):
        return [], False
    if any(got.dim() or want.dim() or got.dtype != pairs[0][0].dtype for got, want in pairs):
        return pairs, False
    return [(torch.stack([got for got, _ in pairs]), torch.stack([want for _, want in pairs]))], True
