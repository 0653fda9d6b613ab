"""Gradients through an answer: whether any passes, and whether they are those of the course's definition."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from types import FunctionType
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from course_kit.exercises.compare import cloned, same
from course_kit.exercises.define import Case, Exercise, call, models_made
from course_kit.exercises.guard import LOOKING, TookTooLong, quiet, time_limit
from course_kit.i18n import sentences, t

GRADED = 5  # inputs at which gradients are compared
FAINT = 1e-4  # a gradient that is smaller is mostly rounding
MOVED = 0.05  # how far from an input gradients are compared, in means of its numbers: at it a function may have a kink
IN_PLACE = t(
    "The numbers are right, but no gradient can be computed through it, and a training needs one: something that is "
    "still needed is changed in place, by `+=`, `x[…] =` or a method that ends in `_`. Make a new tensor of it, with "
    "`masked_fill` or `torch.where`."
)
NONE_OF_A_LOSS = t(
    "The number is right, but no gradient passes through it, and a loss is there to train with. Leave out "
    "`.item()`, `.detach()`, `float(…)` and `torch.tensor(…)`: return the tensor."
)


class Slope(NamedTuple):
    """What a gradient belongs to: the name of a result, and that of an input or of a parameter."""

    returned: str
    of: str
    of_model: bool


def cut_off(exercise: Exercise, answer: Callable, case: Case) -> bool:
    """Whether a gradient that reaches the inputs through the reference would end in this function."""
    if not isinstance(answer, FunctionType) or exercise.run is not call:
        return False
    return _pass(exercise.reference, case) and not _pass(answer, case)


def _pass(function: Callable, case: Case) -> bool:
    grown = {name: x.requires_grad_() * 1 if _is_real(x) else x for name, x in cloned(case.args).items()}
    with quiet(), torch.enable_grad(), contextlib.suppress(Exception, TookTooLong), time_limit(LOOKING, LOOKING):
        return is_wanted(function(*grown.values(), **cloned(case.keywords)))
    return False


def is_wanted(thing: Any) -> bool:
    """Whether a gradient is wanted of a tensor, or of one in this tuple or list."""
    if isinstance(thing, tuple | list):
        return any(map(is_wanted, thing))
    return isinstance(thing, Tensor) and thing.requires_grad


def wrong(exercise: Exercise, answer: Callable, cases: list[Case]) -> str:
    """What is wrong with the gradients of an answer whose results are right: "" if nothing, or if there are none to
    compare. They are compared a little beside each input, where no function has a kink and no matrix is all zeros. Two
    inputs are enough: another may hide what is cut off, as a single key does, and at one a right answer may be inexact.
    """
    if not isinstance(answer, FunctionType | type):
        return ""
    compared: Counter[Slope] = Counter()
    off: dict[Slope, list[bool]] = {}  # whether any gradient was left, each time
    with quiet(), contextlib.suppress(TookTooLong), time_limit(LOOKING, LOOKING):
        for case in _beside(exercise, cases):
            wanted, right = _of_results(exercise, exercise.reference, case)
            if not wanted:
                continue
            try:
                mine, results = _of_results(exercise, answer, case)
            except RuntimeError as error:
                return IN_PLACE if "modified by an inplace operation" in str(error) else ""
            if len(results) != len(right) or not all(map(same, results, right)):
                continue
            for slope, want in wanted.items():
                found = mine.get(slope)
                if found is not None and found.shape == want.shape and want.abs().max() > FAINT:
                    compared[slope] += 1
                    if not _alike(found, want):
                        off.setdefault(slope, []).append(bool(found.any()))
    return _missing({slope: any(left) for slope, left in off.items() if len(left) >= min(2, compared[slope])})


def _missing(off: dict[Slope, bool]) -> str:
    """What is to be said of gradients that are not the course's, and whether anything is left of each."""
    if not off:
        return ""
    slope = min(off, key=lambda slope: (off[slope] or not slope.of_model, list(off).index(slope)))
    name, returned = slope.of, slope.returned
    if slope.of_model and not off[slope]:
        told = t("The numbers are right, but no gradient reaches its parameter `{name}`, so it would never learn:",
                 name=name)  # fmt: skip
    elif not off[slope]:
        told = t("The numbers are right, but no gradient passes from `{returned}` back to `{name}`, and a training "
                 "would go astray:", returned=returned, name=name)  # fmt: skip
    else:
        told = t("The numbers are right, but of the gradient of `{name}` something is missing, and a training would go "
                 "astray:", name=name)  # fmt: skip
    asks = t("is a part of it computed under `no_grad`, or cut off by `.detach()`, `.item()`, `float(…)` or "
             "`torch.tensor(…)`?")  # fmt: skip
    return sentences(told, asks)


def _beside(exercise: Exercise, cases: list[Case]) -> Iterator[Case]:
    """The cases that have fractions, each moved a little, and with the numbers that may be learned as tensors."""
    draws = torch.Generator().manual_seed(0)

    def moved(name: str, x: Any) -> Any:
        if name in exercise.learned and isinstance(x, float):
            return torch.tensor(x)
        if not _is_real(x):
            return x
        step = MOVED * x[x.isfinite()].abs().mean().nan_to_num().clamp(min=0.1) * torch.randn(x.shape, generator=draws)
        other = x + step.to(x.dtype)
        return other.abs() if x.numel() and x.min() >= 0 else other  # what is positive stays so: a feature, a weight

    for case in cases[-GRADED:]:  # the larger ones
        if not any(map(_is_real, (*case.args.values(), *case.keywords.values()))):
            continue
        args, keywords = ({name: moved(name, x) for name, x in each.items()} for each in (case.args, case.keywords))
        yield replace(case, args=args, keywords=keywords)


def _of_results(exercise: Exercise, function: Callable, case: Case) -> tuple[dict[Slope, Tensor], list]:
    """The gradients of each result, zeros where none passes, and the results; ({}, []) where nothing can be told.
    Raises RuntimeError where it stops on its way back. Parameters are those that a class has, and those of a layer
    among the inputs."""
    leaves: dict[tuple[str, bool], Tensor] = {}

    def wanting(name: str, x: Any) -> Any:
        if isinstance(x, nn.Module):
            leaves.update({(f"{name}.{part}", True): value for part, value in x.named_parameters()})
        if not _is_real(x) or not x.numel() or name in exercise.untrained:
            return x
        leaves[name, False] = x.requires_grad_()
        return x * 1  # to be changed

    args, keywords = (
        {name: wanting(name, x) for name, x in cloned(inputs).items()} for inputs in (case.args, case.keywords)
    )
    parts: list[Any] = []
    with torch.enable_grad(), contextlib.suppress(Exception), models_made() as models:
        result = exercise.run(function, replace(case, args=args, keywords=keywords))
        several = list(result) if len(exercise.returns) > 1 else [result]
        parts = [torch.stack(list(part)) if isinstance(part, list) else part for part in several]
        leaves.update({(name, True): x for model in models[:1] for name, x in model.named_parameters()})
    trained = {of: leaf for of, leaf in leaves.items() if leaf.requires_grad}
    found: dict[Slope, Tensor] = {}
    for returned, part in zip(exercise.returns, parts, strict=False):
        slopes = _back([part] if _is_real(part) else [], trained)
        for (name, of_model), leaf in trained.items():
            slope = slopes.get((name, of_model))
            found[Slope(returned, name, of_model)] = torch.zeros_like(leaf) if slope is None else slope
    return found, [part.detach() if isinstance(part, Tensor) else part for part in parts]


def of_parameters(models: list, result: Any) -> dict[str, Tensor]:
    """The gradient of each parameter of the first model, of what is computed with it; none where none comes back."""
    parts = [one for one in (result if isinstance(result, tuple | list) else (result,)) if isinstance(one, Tensor)]
    found = _back(parts, dict(models[0].named_parameters()) if models else {})
    return {name: x for name, x in found.items() if x is not None}


def _back(parts: list[Tensor], leaves: Mapping[Any, Tensor]) -> dict[Any, Tensor | None]:
    """The gradients of a sum of all numbers in these results; {} where there is none."""
    tracked = [one for one in parts if one.requires_grad]
    if not tracked or not leaves:
        return {}
    sums = [(x * torch.arange(x.numel(), dtype=x.dtype).cos().view_as(x)).sum() for x in tracked]  # a softmax's is flat
    found = torch.autograd.grad(sums, list(leaves.values()), retain_graph=True, allow_unused=True)
    return dict(zip(leaves, found, strict=True))


def lost(mine: Mapping[str, Tensor], wanted: Mapping[str, Tensor], right: bool) -> str:
    """What is to be said where gradients of the reader's parameters are not those of the course's, by its names.
    right: whether the results are."""
    if wanted and not mine:
        return t("No gradient passes through it: numpy, `.detach()`, `.item()` and `no_grad` cut it off.")
    if none := [name for name in wanted if name not in mine]:
        return t("No gradient reaches its parameter `{lost}`. Is it used, and as it is?", lost=none[0])
    if other := [name for name, x in wanted.items() if right and not _alike(mine[name], x)]:
        return t("Results are right, but of the gradient of its parameter `{name}` something is missing: is a part cut "
                 "off, by `.detach()` or `no_grad`?", name=other[0])  # fmt: skip
    return ""


def _alike(found: Tensor, wanted: Tensor) -> bool:
    """Whether two gradients may be the same, computed in other ways; also where one is no number."""
    off = (found.double() - wanted.double()).abs().max()
    return not off > 0.03 * wanted.abs().max().double() + 1e-5


def _is_real(x: Any) -> bool:
    return isinstance(x, Tensor) and x.is_floating_point()
