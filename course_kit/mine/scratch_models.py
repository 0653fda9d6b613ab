"""A model of the reader's beside the course's: made with the same numbers, whatever its parameters are called."""

from __future__ import annotations

import contextlib
import functools
import sys
from collections.abc import Callable, Iterator, Mapping
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor, nn

from course_kit.exercises.compare import Misfit
from course_kit.exercises.judge import gradients_alike
from course_kit.i18n import t

OURS = "from_scratch"  # the reader's file as a module
STANDING_IN = "__course__"  # in it, the names of those parts that are the course's there
SMALL = 0.05  # the standard deviation of a layer that is told to begin small


@contextlib.contextmanager
def marked() -> Iterator[list[float]]:
    """Dropout as a fixed pattern, so that where it acts can be compared. Gives the shares of those that acted."""
    drops: list[float] = []

    def pattern(x: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
        if not (training and p):
            return x
        drops.append(p)
        return x * (1 + p * torch.linspace(-1, 1, x.shape[-1]))

    before, nn.functional.dropout = nn.functional.dropout, pattern  # type: ignore[assignment]
    try:
        yield drops
    finally:
        nn.functional.dropout = before


def names_beside(answer: Any, ours: SimpleNamespace) -> SimpleNamespace:
    """The names of the file that an answer is from: the reader's, else the course's."""
    module = sys.modules.get(getattr(answer, "__module__", ""))
    return SimpleNamespace(**vars(module)) if module and module.__name__ == OURS else ours


def build(names: SimpleNamespace, name: str, *sizes: Any, **more: Any) -> Any:
    """A module of the reader's, made as the file says at its end."""
    return (names.build if hasattr(names, "build") else lambda _, *x, **y: getattr(names, name)(*x, **y))(
        name, *sizes, **more
    )


def mapping(names: SimpleNamespace, name: str) -> Callable[[Mapping], dict]:
    """Parameters of the course's -> the same by the names of the file that a module is from."""
    reader = getattr(names, "__name__", "") == OURS and name not in getattr(names, STANDING_IN, ())
    return functools.partial(names.state_map, name) if reader and hasattr(names, "state_map") else dict


def made(
    names: SimpleNamespace,
    name: str,
    init: Mapping,
    parameters: Mapping[str, Tensor],
    kind: Any = None,
    fresh: nn.Module | None = None,
) -> Any:
    """A module, the reader's or the course's, in eval mode, with these parameters of the course's. fresh: the course's
    as it begins, where the reader's is to begin like that. Raises Misfit."""
    reader = getattr(names, "__name__", "") == OURS and name not in getattr(names, STANDING_IN, ())
    torch.manual_seed(0)
    model = build(names, name, *init.values()) if reader else (kind or getattr(names, name))(*init.values())
    state = {name: value.clone() for name, value in parameters.items()}
    if not isinstance(model, nn.Module):
        return model
    state_map = mapping(names, name)
    state = state_map(state)
    own, learned = model.state_dict(), dict(model.named_parameters())
    told: dict[str, Any]
    for wanted, value in state.items():
        if wanted not in own:
            told = {"wanted": wanted, "shape": list(value.shape), "value": ", ".join(own) or "none"}
            says = t("It has no parameter `{wanted}` {shape}; it has {value}. "
                     "If yours is another, say so in `state_map`.", **told)  # fmt: skip
            raise Misfit(says)
        if own[wanted].shape != value.shape:
            told = {"wanted": wanted, "shape": list(own[wanted].shape), "shape2": list(value.shape)}
            raise Misfit(t("Its `{wanted}` is {shape}, needed: {shape2}.", **told))
    if missing := [wanted for wanted in learned if wanted not in state]:
        told = {"missing": missing[0], "shape": list(learned[missing[0]].shape)}
        says = t("The course has nothing like its parameter `{missing}` {shape}: is it one too many, should it be "
                 "shared, or does `state_map` forget it?", **told)  # fmt: skip
        raise Misfit(says)
    if fresh and reader:
        _begins_like(fresh, own, state_map)
    model.load_state_dict(state, strict=False)
    return model.eval()


def _begins_like(fresh: nn.Module, own: Mapping[str, Tensor], state_map: Callable) -> None:
    """Raises Misfit where tables of embeddings, or small layers of its own, begin much larger or smaller, or norms
    with other weights."""
    begins = {name: p.detach() for name, p in fresh.named_parameters()}
    tables = {f"{name}.weight" for name, part in fresh.named_modules() if isinstance(part, nn.Embedding)}
    tables |= {f"{name}.weight" for name, part in fresh.named_children()
               if isinstance(part, nn.Linear) and part.weight.std() < SMALL}  # fmt: skip
    ours, all_names = state_map({name: p.clone() for name, p in begins.items()}), fresh.state_dict(keep_vars=True)
    for other in (other for other in all_names if other in own and other not in begins):  # two names of one table
        table = next((name for name in begins if all_names[name] is all_names[other]), other)
        if table in own and own[table].data_ptr() != own[other].data_ptr():
            raise Misfit(t("Its `{other}` is a table of its own; needed: that of `{table}`.", other=other, table=table))
    counted = state_map(
        {name: torch.full_like(p, name in tables and bool(p.std() < 0.9)) for name, p in begins.items()}
    )
    for name, value in ours.items():
        mine = own[name]
        told = {"name": name, "mean": f"{mine.mean():.2g}"}
        if value.numel() > 1 and (value == 1).all() and not (mine == 1).all():
            raise Misfit(t("Its `{name}` begins at {mean} on average; needed: 1 everywhere.", **told))
        if value.numel() == 1 and not value.allclose(mine):
            raise Misfit(t("Its `{name}` begins at {mean}; needed: {needed}.", **told, needed=f"{value.item():.2g}"))
        far = 1.6 if value.numel() > 50 else 3.0  # of few numbers, chance makes more
        if counted[name].all() and not 1 / far < (mine.std() / value.std()) < far:
            told |= {"std": f"{mine.std():.2g}", "std2": f"{value.std():.2g}"}
            raise Misfit(
                t("The standard deviation of its `{name}` is {std} at the beginning; needed: about {std2}.", **told)
            )


def parameters_of(model: nn.Module) -> dict[str, Tensor]:
    """Its parameters by name, moved away from where they begin, so that no bias is 0 and no scale 1."""
    draw = torch.Generator().manual_seed(1)
    return {n: p.detach() + 0.2 * torch.randn(p.shape, generator=draw) for n, p in model.named_parameters()}


def made_of(model: nn.Module, c: SimpleNamespace, at: str = "") -> Iterator[str]:
    """Its parameters with their shapes; of what is a part itself, only its name."""
    yield from (f"{at}{name} {list(p.shape)}" for name, p in model.named_parameters(recurse=False))
    for name, child in model.named_children():
        name = "N" if isinstance(model, nn.ModuleList) else name
        if getattr(c, type(child).__name__, None) is type(child):
            yield f"{at}{name}: {type(child).__name__}"
        else:
            yield from made_of(child, c, f"{at}{name}.")


def slopes(model: Any, result: Any) -> dict[str, Tensor]:
    """The gradient of each of a model's parameters, of what is computed with it; none where none comes back."""
    parts = [one for one in (result if isinstance(result, tuple | list) else (result,)) if isinstance(one, Tensor)]
    tracked = [(one * torch.arange(one.numel()).cos().view_as(one)).sum() for one in parts if one.requires_grad]
    learned = dict(model.named_parameters()) if tracked and isinstance(model, nn.Module) else {}
    if not learned:
        return {}
    found = torch.autograd.grad(torch.stack(tracked).sum(), list(learned.values()), None, True, allow_unused=True)
    return {name: x for name, x in zip(learned, found, strict=True) if x is not None}


def lost(mine: Mapping[str, Tensor], wanted: Mapping[str, Tensor], right: bool) -> str:
    """What is to be said where gradients of the reader's parameters are not those of the course's, by its names.
    right: whether the results are."""
    if wanted and not mine:
        return t("No gradient passes through it: numpy, `.detach()`, `.item()` and `no_grad` cut it off.")
    if none := [name for name in wanted if name not in mine]:
        return t("No gradient reaches its parameter `{lost}`. Is it used, and as it is?", lost=none[0])
    if other := [name for name, x in wanted.items() if right and not gradients_alike(mine[name], x)]:
        return t("Results are right, but of the gradient of its parameter `{name}` something is missing: is a part cut "
                 "off, by `.detach()` or `no_grad`?", name=other[0])  # fmt: skip
    return ""
