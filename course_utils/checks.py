"""What public functions ask of their arguments, and the words when they get something else.

Each function here looks at one thing, gives the value back as it is to be used, or raises: what was given, what is
needed, what to do. TypeError: a tensor or list of another kind; ValueError: a number or a shape that cannot be.
"""

import difflib
import math
import operator
from collections.abc import Iterable

import torch
from torch import Tensor


def described(value) -> str:
    """A value in a few words, for messages: what kind of thing it is, and its shape or the thing itself."""
    if isinstance(value, Tensor):
        return f"a tensor of {str(value.dtype).removeprefix('torch.')} with shape {list(value.shape)}"
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        return f"{type(value).__module__.split('.')[0]} {type(value).__name__} of {value.dtype}, {list(value.shape)}"
    text = repr(value)
    return f"{text if len(text) <= 60 else text[:57] + '...'} ({type(value).__name__})"


def whole_number(
    name: str, value, least: int | None = None, most: int | None = None
) -> int:
    """A whole number within these bounds. True, 2.0 and "2" are none."""
    try:
        number = None if isinstance(value, bool) else operator.index(value)
    except TypeError:
        number = None
    if number is None or isinstance(value, Tensor) and value.dtype == torch.bool:
        raise ValueError(
            f"{name} is {described(value)}; needed: {_range('a whole number', least, most)}"
        )
    if (least is not None and number < least) or (most is not None and number > most):
        raise ValueError(
            f"{name} is {number}; needed: {_range('a whole number', least, most)}"
        )
    return number


def whole_numbers(
    name: str, values, least: int | None = None, most: int | None = None
) -> list[int]:
    """A list of whole numbers within these bounds; tensors and arrays [n] hold them, too."""
    values = values.tolist() if hasattr(values, "tolist") else values
    if isinstance(values, str | bytes | dict | set) or not hasattr(values, "__iter__"):
        raise TypeError(
            f"{name} is {described(values)}; needed: a list, each {_range('a whole number', least, most)}"
        )
    return [whole_number(name, value, least, most) for value in values]


def real_number(
    name: str,
    value,
    least: float | None = None,
    most: float | None = None,
    above=None,
    below=None,
):
    """A finite number, as float: least ≤ value ≤ most, above < value < below, as far as they are given."""
    try:
        number = None if isinstance(value, bool | str | bytes) else float(value)
    except (TypeError, ValueError, RuntimeError, OverflowError):
        number = None
    wanted = _range("a number", least, most, above, below)
    if number is None or isinstance(value, Tensor) and value.dtype == torch.bool:
        raise ValueError(f"{name} is {described(value)}; needed: {wanted}")
    fits = (least is None or number >= least) and (most is None or number <= most)
    fits = (
        fits and (above is None or number > above) and (below is None or number < below)
    )
    if not (math.isfinite(number) and fits):
        raise ValueError(f"{name} is {value}; needed: {wanted}")
    return number


def one_of(name: str, value, choices) -> str:
    """One of these names."""
    if not isinstance(value, str) or value not in choices:
        raise ValueError(
            f"{name} is {described(value)}; needed: one of {', '.join(map(str, choices))}"
        )
    return value


def text(name: str, value, most: int = 10_000) -> str:
    """A text of so many characters at most; anything that only has a text form is none."""
    if not isinstance(value, str):
        raise TypeError(f"{name} is {described(value)}; needed: text in quotes")
    if len(value) > most:
        raise ValueError(
            f"{name} has {len(value):,} characters; needed: {most:,} at most"
        )
    return whole_characters(value)


def whole_characters(text: str) -> str:
    """The text, if it can be written down. Raises ValueError for half a character (a lone surrogate)."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise ValueError(
            f"the text holds {text[error.start]!r} at place {error.start}, half a character (a lone surrogate): leave "
            "it out, or read the file as UTF-8 again"
        ) from None
    return text


def did_you_mean(name, known: Iterable[str]) -> str:
    """ " Did you mean 'gpt-en'?", or "" where nothing known is near."""
    near = difflib.get_close_matches(str(name), list(known), n=1)
    return f" Did you mean {near[0]!r}?" if near else ""


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


def misfit(wanted: dict[str, Tensor], given: dict[str, Tensor]) -> str:
    """The first tensor of a state that has another shape than wanted, in words; "" if the states fit."""
    for name in sorted(wanted.keys() | given.keys()):
        here, there = (
            tuple(x[name].shape) if name in x else None for x in (given, wanted)
        )
        if here != there:
            return f"{name} is {here or 'missing'}; needed: {there or 'nothing of that name'}"
    return ""


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


def list_of_texts(name: str, value, what: str = "one text each") -> list[str]:
    """A list of texts. A single text is refused: its letters would count as texts."""
    if isinstance(value, str | bytes):
        raise TypeError(
            f"{name} is one text, {described(value)}; needed: a list, {what}: write [{name}]"
        )
    try:
        texts = None if isinstance(value, dict | set | frozenset) else list(value)
    except TypeError:
        texts = None
    if texts is None:
        raise TypeError(f"{name} is {described(value)}; needed: a list, {what}")
    for position, text in enumerate(texts):
        if not isinstance(text, str):
            raise TypeError(f"{name}[{position}] is {described(text)}; needed: {what}")
    return texts


def _range(kind: str, least=None, most=None, above=None, below=None) -> str:
    low = (
        [f"from {least}"]
        if least is not None
        else [f"above {above}"]
        if above is not None
        else []
    )
    high = (
        [f"to {most}"]
        if most is not None
        else [f"below {below}"]
        if below is not None
        else []
    )
    return " ".join([kind, *low, *high])


def check_rng(generator) -> torch.Generator | None:
    """The generator, as it was given. Raises TypeError for anything but one, or None."""
    if generator is not None and not isinstance(generator, torch.Generator):
        raise TypeError(
            f"generator is {described(generator)}; needed: torch.Generator().manual_seed(0), or None"
        )
    return generator


def check_ids(ids: Tensor, size: int, role: str = "ids") -> None:
    """Are these whole numbers [B, T] of a vocabulary of this size? Raises ValueError that says what they are."""
    if (
        not isinstance(ids, Tensor)
        or ids.dim() != 2
        or ids.dtype not in (torch.int64, torch.int32)
    ):
        raise ValueError(
            f"{role} is {described(ids)}; needed: [B, T] whole numbers, one per token (int64)"
        )
    if 0 in ids.shape:
        raise ValueError(
            f"{role} has shape {list(ids.shape)}: no tokens; needed: at least one sentence and word"
        )
    low, high = (end.item() for end in ids.aminmax())
    if low < 0 or high >= size:
        raise ValueError(
            f"{role} holds ids from {low} to {high}; the vocabulary has 0 … {size - 1}"
        )


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
