"""Gradients through an answer: whether any passes, and whether they are those of the course's definition."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import FunctionType
from typing import Any

import torch
from torch import Tensor

from course_kit.exercises.compare import cloned
from course_kit.exercises.define import Case, Exercise, call
from course_kit.exercises.guard import LOOKING, TookTooLong, quiet, time_limit
from course_kit.i18n import t

GRADED = 3  # inputs at which gradients are compared: at one of them a function may have a kink
IN_PLACE = t(
    "The numbers are right, but no gradient can be computed through it, and a training needs one: something that is "
    "still needed is changed in place, by `+=`, `x[…] =` or a method that ends in `_`. Make a new tensor of it, with "
    "`masked_fill` or `torch.where`."
)
NONE_OF_A_LOSS = t(
    "The number is right, but no gradient passes through it, and a loss is there to train with. Leave out "
    "`.item()`, `.detach()`, `float(…)` and `torch.tensor(…)`: return the tensor."
)


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
    """What is wrong with the gradients of an answer whose results are right, on one input after another: "" if nothing,
    or if there are none to compare."""
    names: set[str] | None = None
    for case in cases[:GRADED] if isinstance(answer, FunctionType | type) else ():
        if not (wanted := _of_inputs(exercise, exercise.reference, case)):
            continue
        try:
            found = _of_inputs(exercise, answer, case)
        except RuntimeError as error:
            return IN_PLACE if "modified by an inplace operation" in str(error) else ""
        other = {name for name, want in wanted.items() if not _alike(found.get(name, torch.zeros(())), want)}
        names = other if names is None else names & other
    if not names:
        return ""
    return t(
        "The numbers are right, but of the gradient of `{name}` something is missing, and a training would go astray: "
        "is a part of it computed under `no_grad`, or cut off by `.detach()`, `.item()` or `torch.tensor(…)`?",
        name=min(names),
    )


def _of_inputs(exercise: Exercise, function: Callable, case: Case) -> dict[str, Tensor]:
    """Of what a function gives first, by the inputs that have fractions: zeros where none passes, {} where nothing can
    be told. Raises RuntimeError where it stops on its way back."""
    leaves = {name: x.requires_grad_() for name, x in cloned(case.args).items() if _is_real(x) and x.numel()}
    given = {name: leaves[name] * 1 if name in leaves else x for name, x in cloned(case.args).items()}  # to be changed
    first: Any = None
    with quiet(), torch.enable_grad(), contextlib.suppress(Exception, TookTooLong), time_limit(LOOKING, LOOKING):
        first = exercise.run(function, replace(case, args=given, keywords=cloned(case.keywords)))
        first = first[0] if len(exercise.returns) > 1 else first
        first = torch.stack(list(first)) if isinstance(first, list) else first
    found = _back([first] if _is_real(first) else [], leaves)
    return {name: torch.zeros(()) if x is None else x for name, x in found.items()}


def of_parameters(models: list, result: Any) -> dict[str, Tensor]:
    """The gradient of each parameter of the first model, of what is computed with it; none where none comes back."""
    parts = [one for one in (result if isinstance(result, tuple | list) else (result,)) if isinstance(one, Tensor)]
    found = _back(parts, dict(models[0].named_parameters()) if models else {})
    return {name: x for name, x in found.items() if x is not None}


def _back(parts: list[Tensor], leaves: Mapping[str, Tensor]) -> dict[str, Tensor | None]:
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
