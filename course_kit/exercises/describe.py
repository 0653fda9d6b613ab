"""What is said of results that are wrong, and of which nothing else is known: one step that is missing (`right_but`),
NaN, their kind, their sums, their shape, or where they differ.

A remark is a sentence about a result that is not the expected one, None where it is not so, "" where this input cannot
tell. First those of numbers that are right but for one step.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from course_kit.exercises.compare import close, equal, number_kind, same
from course_kit.i18n import sentences, t, tn

FEW = 4  # numbers, one an input, that may be whole by chance: (first + last) / 2 often is
CLOSE = 0.03  # of the largest number: a difference that comes of a dtype or of an eps, and of little else


class Unexplained(str):
    """What is said of a result of which only that it differs is known, and not in which way."""


def _kind(got: Tensor, want: Tensor) -> str | None:
    mine, needed = number_kind(got), number_kind(want)
    if mine == needed or not equal(got, want):
        return None
    words = {
        "float": t("decimal numbers"), "bool": t("True and False"), "whole": t("whole numbers"),
        "complex": t("complex numbers"),
    }  # fmt: skip
    values: dict[str, Any] = {"mine": words[mine], "dtype": got.dtype, "needed": words[needed], "dtype2": want.dtype}
    text = t("The right entries, but {mine} (`{dtype}`) instead of {needed} (`{dtype2}`).", **values)
    return sentences(text, t("Compare with `==`, or use `.bool()`, to get a mask.") if needed == "bool" else "")


def _shapes(got: Tensor, want: Tensor) -> str:
    return t("Its shape is {shape}, needed: {shape2}.", shape=list(got.shape), shape2=list(want.shape))


def _axes(got: Tensor, want: Tensor) -> str | None:
    """Which axes have changed places, or are to be cut, joined, added or taken away."""
    if not want.dim() and got.dim() and got.numel() == 1 and equal(got.reshape(()), want):
        shape = list(got.shape)
        says = t(
            "The number is right, but it stands in a tensor of shape {shape}; needed: the number alone.", shape=shape
        )
        return sentences(says, t("Is there a `keepdim=True`, a `[:1]` or a pair of brackets too many?"))
    if got.numel() != want.numel() or not want.dim() or (got.shape == want.shape and got.unique().numel() < 2):
        return None
    shapes = "" if got.shape == want.shape else _shapes(got, want)
    if want.dim() > 1 and equal(got.mT if got.dim() > 1 else got, want):
        return sentences(shapes, t("Right, but transposed: rows and columns have changed places."))
    if got.dim() == want.dim() < 5:
        for axes in itertools.permutations(range(want.dim())):
            moved = [i for i, axis in enumerate(axes) if axis != i]
            if len(moved) == 2 and equal(got.permute(axes), want):
                first, second = moved
                says = t("The numbers are right, but axes {one} and {two} have changed places.", one=first, two=second)
                return sentences(shapes, says)
            if moved and equal(got.permute(axes), want):
                return sentences(shapes, t("The numbers are right, but its axes have changed places."))
    if got.shape == want.shape or not equal(got.reshape(want.shape), want):
        return None
    if got.dim() < want.dim():
        says = t(
            "The numbers are right, and in the right order: is an axis to be cut in two or put in (`[:, None]`), or "
            "does a sum or max run over all (`dim=`)?"
        )
    else:
        says = t(
            "The numbers are right, and in the right order: is an axis still to be cut, joined (`.flatten(…)`) or "
            "taken away (`[:, 0]`)?"
        )
    return sentences(shapes, says)


def _other_way(got: Tensor, want: Tensor) -> str | None:
    bools = number_kind(want) == number_kind(got) == "bool"
    return t("Exactly the other way round: True where False should be.") if bools and equal(~got, want) else None


def _factor(got: Tensor, want: Tensor) -> str | None:
    if got.shape != want.shape or {number_kind(got), number_kind(want)} & {"bool", "complex"} or not want.numel():
        return None
    mine, needed = got.double().flatten(), want.double().flatten()
    if not (mine.isfinite() & needed.isfinite()).all():
        return None
    if needed.unique().numel() < 2:  # any other number is some factor away
        return ""
    at = needed.abs().argmax()
    ratio = mine[at] / needed[at]
    if ratio == 0 or not close(mine, needed * ratio).all():
        return None
    return _by_a_factor(ratio)


def _by_a_factor(ratio: Any) -> str:
    """What is said of numbers that are right but for this factor."""
    if abs(ratio + 1) < 1e-3:
        return t("Right, but of the opposite sign: is a minus missing, or one too many?")
    says = t("Right, but {ratio} times what it should be: look for a factor.", ratio=f"{ratio:.3g}")
    bases = [base for base in (2, 10) if abs(ratio * math.log(base) - 1) < 3e-3]
    return sentences(says, t("Is the logarithm that of base {base}? Needed is ln.", base=bases[0]) if bases else "")


def _sums(x: Tensor) -> Tensor:
    return x.double().sum(-1, keepdim=True)


def _shares(got: Tensor, want: Tensor) -> str | None:
    """What is still to be done to get shares of 1, or was done once too often."""
    if got.shape != want.shape or not want.dim() or {number_kind(got), number_kind(want)} != {"float"}:
        return None
    if want.shape[-1] < 2 or not want.isfinite().all():
        return ""
    shares = ((_sums(want) - 1).abs() < 1e-3).logical_or(_sums(want).abs() < 1e-6).all() and want.min() >= 0
    if not shares:
        if equal(got, want.softmax(-1)):
            return t("This is the softmax of what is asked for: return the numbers from before it.")
        if equal(got, want.log_softmax(-1)):
            return t("This is the log-softmax of what is asked for: return the numbers from before it.")
        return None
    if ((want == 0) | (want == want.amax(-1, keepdim=True))).all():  # equal shares are the softmax of any such
        return ""
    if equal(got.exp(), want):
        return t("These are the logarithms of what is asked for.")
    if equal(got.masked_fill(want == 0, -torch.inf).softmax(-1).nan_to_num(), want):
        return t("These are the scores from before the softmax. It is still to come.")
    if got.min() >= 0 and equal((got / _sums(got)).nan_to_num(), want):
        after = t("(A mask after the softmax takes away from the sum; before it does not.)")
        says = t("Right, but for the sums of the rows: divide each row by its own sum.")
        return sentences(says, after if (want == 0).any() else "")
    return _hotter(got, want)


def _hotter(got: Tensor, want: Tensor) -> str | None:
    """Shares of the same scores times some number."""
    positive = want > 0
    if not torch.equal(got > 0, positive) or not close(_sums(got), _sums(want)).all():
        return None
    if positive.sum(-1).max() < 3:  # two shares are always those
        return ""
    mine, needed = (x.double().log().masked_fill(~positive, 0) for x in (got, want))
    mine, needed = (x - _sums(x) / _sums(positive) for x in (mine, needed))
    mine, needed = mine[positive], needed[positive]
    if needed.abs().max() < 1e-3:  # equal shares
        return ""
    times = (mine * needed).sum() / needed.square().sum()
    if times.abs() < 1e-3 or not torch.allclose(mine, times * needed, rtol=1e-2, atol=1e-3):
        return None
    return t(
        "These are shares of the same scores, but {times} times as large: look for a factor before the softmax.",
        times=f"{times:.3g}",
    )


def _rounded(got: Tensor, want: Tensor) -> str | None:
    if got.shape != want.shape or "bool" in (number_kind(got), number_kind(want)):
        return None
    if not any(torch.equal(got.double(), step(want.double())) for step in (torch.floor, torch.round, torch.trunc)):
        return _to_places(got, want)
    whole = torch.equal(want, want.round()) or bool(((got == 0) | (got == 1)).all())  # 0 and 1 come of other mistakes
    return "" if whole else t("Right, but rounded to whole numbers: is there an `int(…)`, a `round` or a `//`?")


def _to_places(got: Tensor, want: Tensor) -> str | None:
    if not (got.is_floating_point() and want.is_floating_point()):
        return None
    for decimals in (1, 2, 3, 4):
        if torch.allclose(got.double(), want.double().round(decimals=decimals), rtol=0, atol=1e-7):
            return tn("Right, but rounded to {n} place: return all of the number.",
                      "Right, but rounded to {n} places: return all of the number.", decimals)  # fmt: skip
    return None


REMARKS = (_kind, _axes, _other_way, _shares, _rounded)


def right_but(pairs: list[tuple[Any, Any]], factor: bool = True) -> str:
    """The one step that leads from all these results to the right ones, in words; "" for none. factor: whether one may
    be looked for."""
    if not all(isinstance(result, Tensor) for pair in pairs for result in pair):
        return ""
    fractions = sum(int((want != want.round()).sum()) for _, want in pairs if want.is_floating_point())
    for remark in REMARKS:
        by_chance = remark is _rounded and fractions < FEW and all(want.numel() == 1 for _, want in pairs)
        if not by_chance and (says := _on_all(remark, pairs)):
            return says
    if not factor:
        return ""
    if len(pairs) > 1 and all(want.numel() == 1 and got.shape == want.shape for got, want in pairs):
        ratios = {float(f"{got.item() / want.item():.3g}") if want.item() else math.nan for got, want in pairs}
        return _by_a_factor(ratios.pop()) if len(ratios) == 1 and not ratios & {math.nan, 0.0} else ""
    remarks = [_factor(*pair) for pair in pairs]
    factors = {factor for factor in remarks if factor}
    if None in remarks or not factors:
        return ""
    other = t("Right, but for a factor that is another one on each input: does it depend on a size, or should it?")
    return other if len(factors) > 1 else factors.pop()


def _on_all(remark: Callable, pairs: list[tuple[Any, Any]]) -> str:
    """A remark that holds on every input, as the first says it that can tell."""
    words = [remark(*pair) for pair in pairs]
    return "" if None in words else next(filter(None, words), "")


def order_of(pairs: list[tuple[Any, Any]], fit: Callable = same) -> tuple[int, ...] | None:
    """In which order the right parts are in results of several, where all that is wrong is their order. fit: what of
    a part must be right."""
    whole = isinstance(pairs[0][1], tuple)  # then so are the others
    for order in itertools.permutations(range(len(pairs[0][1]))) if whole else ():
        if all(fit(got[i], want[j]) for got, want in pairs for i, j in enumerate(order)):
            return order
    return None


# Then those of numbers that are wrong.


def _nan(got: Tensor, want: Tensor) -> str | None:
    bad = got.isnan() & ~want.isnan() if got.shape == want.shape else got.isnan()
    if not bad.any():
        return None
    amount = t("NaN, in {sum} of {numel} numbers.", sum=int(bad.sum()), numel=bad.numel())
    amount = t("NaN, in all of it.") if bad.all() and bad.dim() else amount
    comes = t("NaN comes from 0/0, inf − inf, inf/inf, and the log or root of a negative number: which step makes it?")
    return sentences(amount, comes)


def _infinite(got: Tensor, want: Tensor) -> str | None:
    if not got.isinf().any() or want.isinf().any():
        return None
    return t("Some numbers are infinite. Is there a division by 0, log of 0, or exp of something large?")


def _other_kind(got: Tensor, want: Tensor) -> str | None:
    if number_kind(got) == number_kind(want):
        return None
    return t("Its numbers are of the kind `{dtype}`, needed: `{dtype2}`.", dtype=got.dtype, dtype2=want.dtype)


def _rows(got: Tensor, want: Tensor) -> str | None:
    """Only where the rows should sum to 1 (or, empty, to 0) and do not."""
    if got.shape != want.shape or not (got.dim() and want.is_floating_point() and got.is_floating_point()):
        return None
    mine, needed = got.double().sum(-1).flatten(), want.double().sum(-1).flatten()
    off = (mine - needed).abs()
    if ((needed - 1).abs() > 1e-2).logical_and(needed.abs() > 1e-6).any() or needed.max() < 0.5 or off.max() < 1e-2:
        return None
    if got.dim() > 1 and ((got.double().sum(-2) - 1).abs() < 1e-2).all():
        return t("The rows don't sum to 1, but the columns do: along which axis is it normalised?")
    if mine[off.argmax()] == 0:
        return t(
            "A row that should sum to 1 is all 0. Is everything masked there, or is exp too large or too small "
            "for a float? (Then subtract the largest score that counts first; `nan_to_num` only hides it.)"
        )
    return t(
        "The rows should sum to 1; one sums to {mine}. Is each normalised?", mine=f"{mine[off.argmax()].item():.3g}"
    )


def _ranked(got: Tensor, want: Tensor) -> str | None:
    """Shares that are others, but larger and smaller at the same places."""
    if got.shape != want.shape or not want.dim() or {number_kind(got), number_kind(want)} != {"float"}:
        return None
    if not torch.equal(got > 0, want > 0) or not close(_sums(got), _sums(want)).all():
        return None
    if want.min() < 0 or (want > 0).sum(-1).min() < 3:  # two numbers are often in the same order
        return "" if want.min() >= 0 else None
    if not torch.equal(got.argsort(-1), want.argsort(-1)):
        return None
    return t(
        "The shares are others, but the larger ones are where they should be: it is another function of the same "
        "scores. Is each score what it should be before the softmax, its square, its root, its factor?"
    )


def nearly(pairs: list[tuple[Any, Any]]) -> str:
    """What is said of results all of which are a little off; "" where one is not, or where they are few."""
    if isinstance(pairs[0][1], tuple):
        parts = [i for i in range(len(pairs[0][1])) if not all(same(got[i], want[i]) for got, want in pairs)]
        pairs = [(got[i], want[i]) for got, want in pairs for i in parts]
    if not all(isinstance(x, Tensor) and x.is_floating_point() for pair in pairs for x in pair):
        return ""
    if any(got.shape != want.shape or not got.isfinite().all() for got, want in pairs):
        return ""
    off = max(float((got.double() - want.double()).abs().max() / want.double().abs().max()) for got, want in pairs
              if want.numel())  # fmt: skip
    if sum(want.numel() for _, want in pairs) < FEW or not 0 < off < CLOSE:
        return ""
    return t("All numbers are nearly right, none is off by more than {off} of the largest: is something computed in a "
             "coarser dtype or rounded on the way, or does a small number such as `eps` stand in another place, or is "
             "it another one?", off=f"{off:.2g}" if off < 1e-3 else f"{off:.1%}")  # fmt: skip


def _shape(got: Tensor, want: Tensor) -> str:
    """What to say of a shape that is wrong, with numbers that are."""
    if got.dim() == want.dim() > 0 and len(got) == 1 and equal(got, want[:1]):
        says = t(
            "It is right for the first of {count}. Does a `return` end a loop after its first round?", count=len(want)
        )
    elif got.dim() < want.dim():
        says = t(
            "An axis has gone: does a sum, mean or max run over too much (say which with `dim=`), or is an input not "
            "used yet?"
        )
    elif got.dim() > want.dim():
        says = t("There is an axis too many: does a sum over it still have to come?")
    else:
        says = t("Print the shape after each step, and see where it goes wrong.")
    return sentences(_shapes(got, want), says)


def _at_an_end(got: Tensor, want: Tensor) -> str | None:
    """The end of an axis of three places or more where all stands that differs."""
    if got.shape != want.shape:
        return None
    wrong = ~close(got, want)
    for axis in (axis for axis, size in enumerate(wrong.shape) if size > 2):
        first, last = (wrong.select(axis, i).sum() == wrong.sum() for i in (0, -1))
        if last:
            return t("All is right but the end of axis {axis}: what should happen at the last place there?", axis=axis)
        if first:
            return t("All is right but the beginning of axis {axis}: what should happen at place 0 there?", axis=axis)
    return None if max(wrong.shape) > 2 else ""


def first_difference(got: Tensor, want: Tensor) -> str:
    """The fallback: how much differs, and where first."""
    wrong = ~close(got, want)
    diagonal = wrong.diagonal() if want.dim() == 2 else torch.tensor([False])
    if number_kind(want) == "bool" and diagonal.all() and wrong.sum() == len(diagonal):
        return t("Right except on the diagonal.")
    mine, needed = (x.double().flatten().sort().values for x in (got, want))
    if number_kind(want) != "bool" and got.unique().numel() > 1 and equal(mine, needed):
        return t("The right numbers in another order.")
    index = [int(i) for i in wrong.nonzero()[0]]
    values: dict[str, Any] = {"sum": int(wrong.sum()), "numel": wrong.numel()}
    if len(index) == 2:
        values |= {"row": index[0], "column": index[1]}
        says = t("{sum} of {numel} numbers differ, the first in row {row}, column {column} (counted from 0).", **values)
    else:
        values["place"] = ", ".join(map(str, index))
        says = t("{sum} of {numel} numbers differ, the first at {place} (counted from 0).", **values)
    return Unexplained(says)


def describe(names: tuple[str, ...], pairs: list[tuple[Any, Any]], everything: bool) -> str:
    """What is wrong with results [(got, expected), …] that have the right number of parts; the first pair is the one
    that is shown. The last wrong part is named first: an output is wrong when its weights are. everything: whether
    these are all results that are wrong, so that one may say that the rest is right."""
    if not isinstance(pairs[0][1], tuple):
        return _say(pairs)
    if order := order_of(pairs):
        values = {"names": ", ".join(names), "yours": ", ".join(names[i] for i in order)}
        return t("Right, but in the wrong order: return `{names}`. It returns `{yours}`.", **values)
    parts = range(len(names))
    shapes = order_of(pairs, lambda got, want: getattr(got, "shape", ()) == getattr(want, "shape", ()))
    if shapes and shapes != tuple(parts):
        return t("By their shapes, they are in the wrong order: return `{names}`.", names=", ".join(names))
    i = next(i for i in reversed(parts) if not same(pairs[0][0][i], pairs[0][1][i]))
    part = [(got[i], want[i]) for got, want in pairs if not same(got[i], want[i])]
    rest = everything and len(names) > 1 and all(same(got[j], want[j]) for got, want in pairs for j in parts if j != i)
    say = _say(part)
    text = t("In `{name}`: {say}", name=names[i], say=say)
    return type(say)(sentences(text, t("The rest is right.") if rest else ""))


def _say(pairs: list[tuple[Any, Any]]) -> str:
    got, want = pairs[0]
    if isinstance(want, Tensor):
        if words := right_but(pairs):
            return words
        for remark in (_nan, _infinite):  # one is enough
            if words := next(filter(None, (remark(*pair) for pair in pairs)), ""):
                return words if remark(got, want) else t("On another input: {words}", words=words)
        if words := _on_all(_other_kind, pairs) or _on_all(_rows, pairs) or _on_all(_ranked, pairs):
            return words
        if got.shape != want.shape:
            return _shape(got, want)
        if want.numel() != 1:
            return _on_all(_at_an_end, pairs) or first_difference(got, want)
        got, want = got.item(), want.item()  # one number has no first place that differs
    if isinstance(want, float):
        return t("{got}, expected {want}.", got=f"{got:.6g}", want=f"{want:.6g}")
    return Unexplained(t("Expected {want}, got {got}.", want=f"{want!r}", got=f"{got!r}"))
