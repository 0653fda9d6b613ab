"""Inputs for exercises, always the same."""

from collections.abc import Callable

import torch
from torch import Tensor

from course_kit.exercises.definition import Case


def some_numbers(*shape: int, seed: int, dtype: torch.dtype = torch.float32) -> Tensor:
    """Numbers one can read: one decimal."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype).mul(10).round().div(10)


def normal(*shape: int, seed: int) -> Tensor:
    """Standard normal numbers."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def integers(below: int, *shape: int, seed: int) -> Tensor:
    """Whole numbers from 0 on."""
    return torch.randint(below, shape, generator=torch.Generator().manual_seed(seed))


def drawn(seed: int, *shapes: tuple[int, ...], of: Callable[..., Tensor] = some_numbers) -> list[Tensor]:
    """A tensor for each shape, drawn with seed, seed + 1, …"""
    return [of(*shape, seed=seed + i) for i, shape in enumerate(shapes)]


def tensors(*numbers: list) -> list[Tensor]:
    """A tensor for each list of numbers."""
    return [torch.tensor(one) for one in numbers]


def named(*names: str, **says: str) -> Callable[..., Case]:
    """What makes the cases of an exercise out of their values: `case = named("x", "heads")`, then `case(x, 2)`.

    says: how to show an input that is no array. `case` also takes `shown`, `given`, and keywords, as in `Case`.
    """

    def case(*values, shown: bool = False, given: dict[str, str] | None = None, **keywords) -> Case:
        args = dict(zip(names, values, strict=True))
        return Case(args, keywords, shown=shown, given=says | (given or {}))

    return case
