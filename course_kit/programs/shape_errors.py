"""What is said of an argument with another shape than its signature, or with a size or an id that nothing can take."""

from __future__ import annotations

import math
import re
from typing import Any

from course_kit.i18n import t
from course_kit.programs.argument_types import dtype_of
from course_kit.programs.calls import Call, is_tensor


def wrong_shape(call: Call) -> str:
    """The first argument that has another number of axes than its signature, or another size than one before it."""
    sizes: dict[str, tuple[int, str]] = {}  # of each named axis, and which argument has it
    for name, x in call.tensors.items():
        if len(call.forms[name]) != 1:
            continue
        axes, shape = call.forms[name][0].dim_str.split(), list(x.shape)
        last = _behind_any_axes(axes)
        told: dict[str, Any] = {"name": name, "shape": shape, "axes": ", ".join(axes)}
        here = t("{name} has shape {shape}, needed [{axes}]", **told)
        if len(shape) < len(last) or (last == axes and len(shape) > len(axes)):
            lacks_batch = axes[:1] == ["B"] and len(shape) == len(axes) - 1
            if lacks_batch:
                return t("{name} has shape {shape}, needed [{axes}]: write {name}[None] for a batch of one", **told)
            return here
        ends = list(zip(last, shape[len(shape) - len(last) :], strict=True))
        for axis, size in ends:
            if axis.isdigit() and size != int(axis):
                return here
            if _differ(axis, size, sizes):
                needed, other = sizes[axis]
                told |= {"axis": axis, "size": needed, "other": other}
                return _advice(told, ends, axis, sizes)
        named = {axis: (size, name) for axis, size in ends if axis.isidentifier() and axis[0] != "_" and size != 1}
        sizes = named | sizes
    return ""


def _behind_any_axes(axes: list[str]) -> list[str]:
    """The axes behind `...` or `*name`; all of them where there is neither."""
    several = [i for i, axis in enumerate(axes) if axis == "..." or axis.startswith("*")]
    return axes[several[-1] + 1 :] if several else axes


def _differ(axis: str, size: int, sizes: dict[str, tuple[int, str]]) -> bool:
    """Whether an axis has another size than the one of its name. Torch repeats an axis of size 1."""
    return axis in sizes and size not in (1, sizes[axis][0])


def _advice(told: dict, ends: list[tuple[str, int]], axis: str, sizes: dict[str, tuple[int, str]]) -> str:
    """What is wrong with a size, and what to write, where that is clear: rows and columns have changed places, or the
    features are too few."""
    if len(ends) > 1:
        (row, rows), (column, columns) = ends[-2:]
        if rows != columns and not _differ(row, columns, sizes) and not _differ(column, rows, sizes):
            return t(
                "{name} has shape {shape}, needed [{axes}] with {axis} = {size}, as {other} has: write "
                "{name}.transpose(-2, -1)",
                **told,
            )
    if axis == ends[-1][0] and axis in sizes:
        return t(
            "{name} has shape {shape}, needed [{axes}] with {axis} = {size}, as {other} has: project {name} to {size} "
            "features first",
            **told,
        )
    return t("{name} has shape {shape}, needed [{axes}] with {axis} = {size}, as {other} has", **told)


def wrong_leading_axes(call: Call) -> str:
    """Two arguments whose leading axes cannot be repeated to be those of each other."""
    import torch

    first: dict[str, tuple[str, list[int]]] = {}  # of each name of leading axes
    for name, x in call.tensors.items():
        axes = call.forms[name][0].dim_str.split()
        is_named = axes[:1] != ["..."]
        if not axes or is_named and axes[0][0] != "*" or not is_named and (len(axes) == 1) != (len(call.forms) == 2):
            continue  # a mask of any axes can be compared only where the other has no axes of its own
        leading = list(x.shape[: x.dim() - len(axes) + 1])
        other, others = first.setdefault(axes[0], (name, leading))
        try:
            torch.broadcast_shapes(others, leading)
        except RuntimeError:
            where = t("shape") if len(axes) == 1 else t("leading axes")
            told: dict[str, Any] = dict(name=name, where=where, leading=leading, first=other, first2=others)
            return t("{name} has the {where} {leading}, {first} {first2}: they do not go together", **told)
    return ""


def wrong_for_a_layer(call: Call, below: list[dict[str, Any]]) -> str:
    """What a layer of torch could not take that was given an argument as it is. below: the names in inner frames."""
    for names in below:
        layer, x = names.get("self", names.get("weight")), names.get("input")  # F.embedding has a table and no layer
        name = next((name for name, argument in call.tensors.items() if argument is x), None)
        if name and (words := _unfit(layer, x, name)):
            return words
    return ""


def _unfit(layer: Any, x: Any, name: str) -> str:
    import torch

    table = layer.weight if isinstance(layer, torch.nn.Embedding) else layer
    if is_tensor(table) and table.dim() == 2:
        return _beyond(name, x, len(table))
    if not isinstance(layer, torch.nn.Linear | torch.nn.LayerNorm):
        return ""
    kind, weight = type(layer).__name__, layer.weight
    size = layer.in_features if isinstance(layer, torch.nn.Linear) else layer.normalized_shape[-1]
    if x.shape[-1] != size:
        return t(
            "{name} has shape {shape}, needed {size} in its last axis, which is what its {kind} takes",
            name=name,
            shape=list(x.shape),
            size=size,
            kind=kind,
        )
    if weight is not None and x.dtype != weight.dtype:
        told: dict[str, Any] = dict(
            name=name, dtype=dtype_of(x), kind=kind, dtype2=dtype_of(weight), dtype3=weight.dtype
        )
        return t("{name} is {dtype}, its {kind} {dtype2}: write {name}.to({dtype3})", **told)
    return ""


def beyond_the_table(call: Call, message: str) -> str:
    """Ids beyond the rows of the one embedding that the call's module has, where the error speaks of an index."""
    import torch

    if "out of range" not in message and "out of bounds" not in message:
        return ""
    parts = call.owner.children() if isinstance(call.owner, torch.nn.Module) else ()
    tables = [part for part in parts if isinstance(part, torch.nn.Embedding)]
    words = [_beyond(name, x, len(tables[0].weight)) for name, x in call.tensors.items() if len(tables) == 1]
    return next(filter(None, words), "")


def beyond_the_classes(message: str, below: list[dict[str, Any]]) -> str:
    """A target of a cross-entropy that is no class, as its error says."""
    wrong = re.search(r"^Target (-?\d+) is out of bounds", message)
    logits: Any = next((names["input"] for names in below if {"input", "target"} <= names.keys()), None)
    if not wrong or not is_tensor(logits):
        return ""
    classes = logits.shape[min(1, logits.dim() - 1)]
    return t(
        "a target is {target}, but the logits are of {classes} classes, 0 to {last}; −100 counts for nothing",
        target=wrong[1].replace("-", "−"),
        classes=classes,
        last=classes - 1,
    )


def _beyond(name: str, ids: Any, rows: int) -> str:
    if ids.is_floating_point() or ids.is_complex() or not ids.numel():
        return ""
    largest, least = int(ids.max()), int(ids.min())
    if least >= 0 and largest < rows:
        return ""
    wrong = (
        t("the largest id in {name} is {largest}", name=name, largest=largest)
        if largest >= rows
        else t("the smallest id in {name} is {least}", name=name, least=least)
    )
    return t(
        "{wrong}, but its embedding has {rows} rows, for the ids 0 to {rows2}", wrong=wrong, rows=rows, rows2=rows - 1
    )


def too_long_or_short(call: Call, message: str) -> str:
    """More tokens than the context has places, where the error speaks of an index or of sizes; fewer than are cut."""
    short = "expects 'from'" in message  # no place from which one could be cut
    few = re.search(r"maximum size for tensor at dimension 0 is (\d+) but size is (\d+)", message)
    for name, (given, _) in call.given.items():
        if few and is_tensor(given) and given.dim() == 1 and len(given) == int(few[1]):
            return t("{name} has the length {few}, needed: {few2} or more", name=name, few=few[1], few2=few[2])
    config = getattr(call.owner, "config", None)
    places = getattr(call.owner, "context", getattr(config, "context", None))
    table: Any = getattr(call.owner, "table", None)
    if places is None and is_tensor(table):
        places = len(table)
    for name, x in call.tensors.items():
        for length, n in call.whole.items() if short else ():
            if x.dim() == 1 and len(x) < n:
                return t(
                    "{name} has the length {count}, needed: {length} = {n} or more",
                    name=name,
                    count=len(x),
                    length=length,
                    n=n,
                )
        long = isinstance(places, int) and x.dim() > 1 and x.shape[1] > places
        if long and re.search("out of range|out of bounds|must match", message):
            return t(
                "{name} has {shape} tokens in a row, needed: {places} at most, which is its context",
                name=name,
                shape=x.shape[1],
                places=places,
            )
    return ""


def indivisible(call: Call, message: str) -> str:
    """A size that cannot be cut into parts, where the error speaks of that."""
    asked = re.search(r"hape '\[(.*)\]' is invalid for input of size (\d+)|sizes \[(.*)\] don't .*\((\d+)\)", message)
    if not asked:
        return ""
    shape, size = [part for part in asked.groups() if part is not None]
    part = math.prod(abs(int(n)) for n in shape.split(","))
    for name, n in call.whole.items():
        if n == int(size) and n % part:
            return t("{name} is {n}, needed: a multiple of {part}", name=name, n=n, part=part)
    for name, x in call.tensors.items():
        for parts, n in ({"": part} | call.whole if x.dim() and x.shape[-1] == int(size) else call.whole).items():
            if n > 0 and x.dim() and x.shape[-1] % n:
                into = f"{parts} = {n}" if parts else n
                return t(
                    "{name} has shape {shape}, needed: in its last axis a multiple of {into}",
                    name=name,
                    shape=list(x.shape),
                    into=into,
                )
    return ""


def too_small(call: Call, error: Exception) -> str:
    """A whole number below 0, or 0 by which something is divided."""
    least = int(isinstance(error, ZeroDivisionError) or "by zero" in str(error))
    for name, n in call.whole.items():
        if n < least and name not in ("dim", "offset"):
            return t("{name} is {n}, needed: {least} or more", name=name, n=n, least=least)
    return ""
