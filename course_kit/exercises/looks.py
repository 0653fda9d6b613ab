"""What can be said of any wrong array: its shape, NaN, its kind, its sums, a factor, an offset, another order.

Each look takes (got, wanted), after the first one of equal shape. It answers with a sentence, with None if it is not
so, or with "" if this input cannot tell. What is said must hold for every input that fails.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from course_kit.exercises.values import close, number_kind, same

REACHES = " Does what comes in reach its result?"


def equal(a: Any, b: Any) -> bool:
    return isinstance(a, Tensor) and isinstance(b, Tensor) and a.shape == b.shape and bool(close(a, b).all())


def _flip(x: Tensor) -> Tensor:
    return x.transpose(-1, -2) if x.dim() > 1 else x


def _shape(got: Tensor, want: Tensor) -> str | None:
    if got.shape == want.shape:
        return None
    given = f"Its shape is {list(got.shape)}, needed: {list(want.shape)}."
    if equal(_flip(got), want):
        return f"{given} It is right but transposed: rows and columns have changed places."
    if axes := _axes(got, want):
        return f"{given} The numbers are right, but {axes}."
    if want.dim() > 1 and _flip(got).shape == want.shape:
        return f"{given} Rows and columns seem to have changed places."
    if got.numel() == want.numel() and equal(got.reshape(want.shape), want):
        more = "an axis of size 1 too many: is it `keepdim=True`, or a `None` in the brackets?"
        fewer = "an axis of size 1 is missing: was it lost in a `.squeeze()`, or in a sum without `keepdim=True`?"
        return f"{given} The numbers are right, {more if got.dim() > want.dim() else fewer}"
    if got.dim() < want.dim():
        lost = "does a sum, mean or max run over too much (say which with `dim=`), or is an input not used yet?"
        return f"{given} An axis has gone: {lost}"
    if got.dim() > want.dim():
        return f"{given} There is an axis too many: does a sum over it still have to come?"
    return f"{given} Print the shape after each step, and see where it goes wrong."


def _nan(got: Tensor, want: Tensor) -> str | None:
    bad = got.isnan() & ~want.isnan()
    if not bad.any():
        return None
    where = "all of it" if bad.all() else f"{int(bad.sum())} of {bad.numel()} numbers"
    return f"NaN, in {where}. NaN comes from 0/0, inf − inf or inf/inf: which step makes it?"


def _infinite(got: Tensor, want: Tensor) -> str | None:
    found = (got.isinf() & ~want.isinf()).any()
    return "Some numbers are infinite. Is there a division by 0, or exp of something large?" if found else None


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
        return "The rows don't sum to 1, but the columns do: along which axis is the softmax?"
    if got.dim() > 1 and _sums_to_one(got.flatten(), -1):
        return "All of it together sums to 1; each row should: a softmax along the last axis, `dim=-1`."
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
    return f"Right, but {_ratio(ratio.item())}: look for a factor."


def _ratio(ratio: float) -> str:
    known = {"twice": 2, "half": 0.5, "three times": 3, "four times": 4, "a quarter of": 0.25}
    near = (words for words, number in known.items() if abs(ratio - number) < 1e-3 * number)
    return f"{next(near, f'{ratio:.3g} times')} what it should be"


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
    diagonal = wrong.diagonal() if want.dim() == 2 and number_kind(want) == "bool" else torch.tensor([False])
    if diagonal.all() and wrong.sum() == len(diagonal):
        return "Right except on the diagonal."
    return text + (f", the first {axes.format(*place)} (counted from 0)." if place else ".")


def strong(pairs: list[tuple[Any, Any]]) -> str:
    """One step that leads from a result to what it is compared with on *all* these inputs, in words; "" for none, or
    where no step is needed.

    Only what cannot be chance: a factor of three numbers means nothing, of thirty it does.
    """
    if all(same(got, want) for got, want in pairs):
        return ""
    if not all(isinstance(one, Tensor) for pair in pairs for one in pair):
        parts = [part for pair in pairs for one in pair if isinstance(one, tuple) for part in one]
        fit = all(isinstance(part, Tensor) for part in parts)  # truth values are equal by chance
        return "The results are in the wrong order." if fit and order_of(pairs) else ""
    if any(got.numel() < 3 or want.unique().numel() < 3 for got, want in pairs):
        return ""
    for look in (_transposed_shape, _function, _complement, _transposed, _factor, _offset):
        fits = [look is _transposed_shape or got.shape == want.shape for got, want in pairs]
        said = [look(*pair) if fit else None for pair, fit in zip(pairs, fits, strict=True)]
        if said[0] and all(said) and len(set(said)) == 1:
            return said[0].replace("Right, but ", "The result is ")
    return ""


def order_of(pairs: list[tuple[Any, Any]]) -> tuple[int, ...] | None:
    """In which order the right parts are in results of several, where all that is wrong is their order."""
    if not all(isinstance(one, tuple) and len(one) == len(pairs[0][1]) for pair in pairs for one in pair):
        return None
    for order in itertools.permutations(range(len(pairs[0][1]))):
        if all(same(got[i], want[j]) for got, want in pairs for i, j in enumerate(order)):
            return order
    return None


def _transposed_shape(got: Tensor, want: Tensor) -> str | None:
    if got.shape != want.shape and equal(_flip(got), want):
        return "The result is transposed: rows and columns have changed places."
    return None


LOOKS = _function, _nan, _infinite, _kind, _complement, _transposed, _constant, _one_row, _rows, _factor, _offset
NEIGHBOURS = _shifted, _reordered


def described(got: Tensor, want: Tensor, apart: bool = False) -> Iterator[str | None]:
    """What each look says of a result. apart: its numbers come from several inputs, so they have neither a sum nor
    an order."""
    yield (shape := _shape(got, want))
    looks = [look for look in LOOKS if look is not _rows] if apart else LOOKS + NEIGHBOURS
    yield from (None if shape else look(got, want) for look in looks)
