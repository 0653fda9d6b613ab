"""The few checks of the core: each prevents a result that would be wrong in silence.

What Python and torch refuse by themselves is left to them. A message says what was
given, then what is needed.
"""

import difflib
import math
import operator
import re
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor

INF = math.inf


def described(value: Any) -> str:
    """A value in a few words: kind and shape of a tensor or array, else the thing itself."""
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        kind = str(value.dtype).removeprefix("torch.")
        return (
            f"a {type(value).__name__.lower()} of {kind} with shape {list(value.shape)}"
        )
    text = repr(value)
    return f"{text if len(text) <= 60 else text[:57] + '...'} ({type(value).__name__})"


def whole_number(name: str, value: Any, least: float = -INF, most: float = INF) -> int:
    """A whole number, least ≤ value ≤ most. True, 2.0 and "2" are none."""
    number: float
    try:
        number = operator.index(value)
    except TypeError:
        number = math.nan
    if _is_flag(value) or not least <= number <= most:
        bounds = _bounds(**{"from": least, "to": most})
        raise ValueError(f"{name} is {described(value)}; needed: a whole number{bounds}")
    return int(number)


def real_number(
    name: str,
    value: Any,
    least: float = -INF,
    most: float = INF,
    above: float = -INF,
    below: float = INF,
) -> float:
    """A finite number, least ≤ value ≤ most and above < value < below. True is none."""
    try:
        number = math.nan if isinstance(value, str | bytes) else float(value)
    except (TypeError, ValueError, RuntimeError, OverflowError):
        number = math.nan
    if _is_flag(value) or not (least <= number <= most and above < number < below):
        bounds = _bounds(**{"from": least, "above": above, "to": most, "below": below})
        raise ValueError(f"{name} is {described(value)}; needed: a number{bounds}")
    return number


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool) or getattr(value, "dtype", None) == torch.bool


def _bounds(**bounds: float) -> str:
    return "".join(f" {word} {x}" for word, x in bounds.items() if math.isfinite(x))


def one_of(name: str, value: Any, choices: Iterable[str]) -> str:
    """One of these names."""
    if not isinstance(value, str) or value not in choices:
        known = f"one of {', '.join(choices)}.{did_you_mean(value, choices)}"
        raise ValueError(f"{name} is {described(value)}; needed: {known}")
    return value


def did_you_mean(name: Any, known: Iterable[str]) -> str:
    """The nearest of the known names as a question, or nothing."""
    near = difflib.get_close_matches(str(name), list(known), n=1)
    return f" Did you mean {near[0]!r}?" if near else ""


def several(name: str, value: Any) -> list[Any]:
    """What is there as a list. One text is refused: its letters would count as texts."""
    if isinstance(value, str | bytes | dict | set | frozenset):
        raise TypeError(f"{name} is {described(value)}; needed: a list, of one: [{name}]")
    return list(value)


def list_of_texts(name: str, value: Any, each: str = "text in quotes") -> list[str]:
    """A list of texts. One text is refused, and so is whatever else a list may hold."""
    texts = several(name, value)
    for text in texts:
        if not isinstance(text, str):
            raise TypeError(f"{name} holds {described(text)}; needed: {each}")
    return texts


def whole_characters(text: str) -> str:
    """The text, if it can be written down: half a character (a lone surrogate) cannot."""
    if half := re.search("[\ud800-\udfff]", text):
        broken = f"{half[0]!r} at place {half.start()}, half a character"
        raise ValueError(f"text holds {broken}; needed: text that was read as UTF-8")
    return text


def check_ids(ids: Tensor, size: int, role: str = "ids") -> None:
    """Refuses what is no batch of token ids [B, T] of a vocabulary of this size."""
    shaped = isinstance(ids, Tensor) and ids.dim() == 2 and ids.numel() > 0
    if not shaped or ids.dtype not in (torch.int64, torch.int32):
        raise ValueError(
            f"{role} is {described(ids)}; needed: [B, T] whole numbers (int64)"
        )
    if ids.min() < 0 or ids.max() >= size:
        given = f"{role} holds ids from {ids.min()} to {ids.max()}"
        raise ValueError(f"{given}; needed: 0 to {size - 1}, the size of the vocabulary")


def finite(name: str, x: Tensor) -> Tensor:
    """The tensor, if no number in it is NaN or infinite: argmax would take one for the best."""
    if not x.isfinite().all():
        raise ValueError(
            f"{name} is {described(x)} with NaN or infinity; needed: finite numbers"
        )
    return x


def misfit(wanted: Mapping[str, Tensor], given: Mapping[str, Tensor]) -> str:
    """The first tensor of a state that has another shape than wanted, in words, or ""."""
    for name in sorted(wanted.keys() | given.keys()):
        here = tuple(given[name].shape) if name in given else "missing"
        there = tuple(wanted[name].shape) if name in wanted else "nothing of that name"
        if here != there:
            return f"{name} is {here}; needed: {there}"
    return ""


# ---- until the models are rewritten


def whole_numbers(name: str, values, least: float = -INF, most: float = INF) -> list[int]:
    """A list of whole numbers within these bounds; tensors and arrays [n] hold them, too."""
    values = values.tolist() if hasattr(values, "tolist") else values
    if isinstance(values, str | bytes | dict | set) or not hasattr(values, "__iter__"):
        raise TypeError(
            f"{name} is {described(values)}; needed: a list, each {'a whole number'}"
        )
    return [whole_number(name, value, least, most) for value in values]


def text(name: str, value, most: int = 10_000) -> str:
    """A text of so many characters at most; anything that only has a text form is none."""
    if not isinstance(value, str):
        raise TypeError(f"{name} is {described(value)}; needed: text in quotes")
    if len(value) > most:
        raise ValueError(
            f"{name} has {len(value):,} characters; needed: {most:,} at most"
        )
    return whole_characters(value)


def flag(name: str, value) -> bool:
    """True or False, and nothing that only counts as one of them."""
    if not isinstance(value, bool):
        raise ValueError(f"{name} is {described(value)}; needed: True or False")
    return value


def real_numbers(name: str, x) -> Tensor:
    """A tensor of floating-point numbers; whole numbers become floats, lists and arrays become tensors. NaN stays."""
    if not isinstance(x, Tensor):
        try:
            x = torch.as_tensor(x)
        except (TypeError, ValueError, RuntimeError, OverflowError):
            raise TypeError(
                f"{name} is {described(x)}; needed: a tensor of numbers, or a list of them"
            ) from None
    if (
        x.dtype == torch.bool
        or x.is_complex()
        or x.layout != torch.strided
        or x.is_quantized
    ):
        raise TypeError(
            f"{name} is {described(x)}; needed: real numbers (a mask of True and False goes to `mask`)"
        )
    return x if x.is_floating_point() else x.to(torch.get_default_dtype())


def vectors(name: str, x, size: int | None = None, axes: str = "[..., n, D]") -> Tensor:
    """A floating-point tensor with as many axes as are named, or more behind dots; the last of this size.

    Lists and arrays are not taken.
    """
    if not isinstance(x, Tensor):
        raise TypeError(
            f"{name} is {described(x)}; needed: a tensor {axes}: write torch.as_tensor({name})"
        )
    if not x.is_floating_point() or x.layout != torch.strided:
        raise TypeError(
            f"{name} is {described(x)}; needed: floating-point numbers: write {name}.float()"
        )
    least = axes.count(",") + 1 - axes.count("...")
    fits = x.ndim >= least if "..." in axes else x.ndim == least
    if not fits or size is not None and x.shape[-1] != size:
        raise ValueError(
            f"{name} has shape {list(x.shape)}; needed: {axes.replace('D', str(size)) if size else axes}"
        )
    return x


def alike(**tensors: Tensor) -> None:
    """Do these tensors hold the same kind of number on the same device? Under autocast torch sees to the kind."""
    (first, one), *others = tensors.items()
    for name, x in others:
        if x.device != one.device:
            raise ValueError(
                f"{first} is on {one.device}, {name} on {x.device}; move one with .to(device)"
            )
        if x.dtype != one.dtype and not torch.is_autocast_enabled(one.device.type):
            kinds = [str(t.dtype).removeprefix("torch.") for t in (one, x)]
            raise TypeError(
                f"{first} holds {kinds[0]}, {name} {kinds[1]}; needed: one kind: {name}.to({first}.dtype)"
            )


def queries_keys_values(queries, keys, values) -> None:
    """Are these three tensors of vectors, [..., n, D], that hold the same kind of number on the same device?"""
    for name, x in (("queries", queries), ("keys", keys), ("values", values)):
        vectors(name, x)
    alike(queries=queries, keys=keys, values=values)


def boolean_mask(mask, like: Tensor) -> Tensor:
    """A mask that broadcasts to the tensor `like`: bool, True = may be attended, on the same device."""
    if not isinstance(mask, Tensor) or mask.dtype != torch.bool:
        given = (
            f"a tensor of {str(mask.dtype).removeprefix('torch.')}"
            if isinstance(mask, Tensor)
            else described(mask)
        )
        raise TypeError(
            f"mask is {given}: it must be a boolean tensor, True = may be attended "
            "(for 0 and 1 write mask == 1; for 0 and −inf, mask == 0)"
        )
    pairs = zip(reversed(mask.shape), reversed(like.shape), strict=False)
    if mask.dim() > like.dim() or any(m not in (1, n) for m, n in pairs):
        raise ValueError(
            f"mask of shape {tuple(mask.shape)} does not broadcast to scores of {tuple(like.shape)}"
        )
    if mask.device != like.device:
        raise ValueError(
            f"mask is on {mask.device}, scores are on {like.device}: move one with .to(device)"
        )
    return mask


def check_sizes(config, *names: str, or_none: tuple[str, ...] = ()) -> None:
    """Are these entries of a model's config whole numbers from 1, of a size that can be built? or_none: or left out."""
    for name in (
        *names,
        *(name for name in or_none if getattr(config, name) is not None),
    ):
        most = {"num_layers": 1000}.get(
            name, 10_000_000 if name.endswith(("vocab_size", "length")) else 262_144
        )
        whole_number(name, getattr(config, name), 1, most)


def check_rng(generator) -> torch.Generator | None:
    """The generator, as it was given. Raises TypeError for anything but one, or None."""
    if generator is not None and not isinstance(generator, torch.Generator):
        raise TypeError(
            f"generator is {described(generator)}; needed: torch.Generator().manual_seed(0), or None"
        )
    return generator


def check_padding_mask(mask: Tensor | None, ids: Tensor) -> Tensor | None:
    """The mask of a whole model, [B, T] bool, True = a real token, as it was given. Raises ValueError for another."""
    if mask is None:
        return None
    if not isinstance(ids, Tensor) or ids.dim() < 2:
        raise ValueError(
            f"ids is {described(ids)}; needed: [B, T] whole numbers, one per token (int64)"
        )
    if (
        not isinstance(mask, Tensor)
        or mask.dtype != torch.bool
        or mask.shape != ids.shape[:2]
    ):
        raise ValueError(
            f"mask is {described(mask)}; needed: {list(ids.shape[:2])} bool, True = a real token"
        )
    return mask
