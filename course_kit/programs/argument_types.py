"""What is said of an argument of another type, with numbers of another kind or elsewhere, or of one that is empty."""

from __future__ import annotations

import contextlib
import math
import numbers
import operator
import re
import types
from collections.abc import Callable
from typing import Any, get_origin

from course_kit.i18n import mark, t
from course_kit.programs.calls import Call, is_tensor

NEEDED = {int: mark("a whole number"), float: mark("a number"), bool: mark("True or False"),
          str: mark("a text"), types.NoneType: "None"}  # fmt: skip


def wrong_type(call: Call) -> str:
    """A plain argument that is of another type than its signature says."""
    for name, (x, kinds) in call.given.items():
        if not any(_may_be(x, kind) for kind in kinds):
            needed = t(" or ").join(dict.fromkeys(_in_words(kind) for kind in kinds))
            if isinstance(x, type):
                what = t("the class {name}", name=x.__name__)
            elif isinstance(x, str | int | float) and len(repr(x)) < 40:
                what = t("{value}, of the type {name}", value=repr(x), name=type(x).__name__)
            else:
                what = t("of the type {name}", name=type(x).__name__)
            return t("{name} is {what}, needed: {needed}", name=name, what=what, needed=needed)
    return ""


def _may_be(x: Any, kind: Any) -> bool:
    """Whether an argument may be of a type, where that can be told."""
    kind = get_origin(kind) or kind
    if hasattr(kind, "dim_str"):
        return x is not None  # wrong_kind looks at what is there
    if kind is int:
        if isinstance(x, bool):
            return False
        with contextlib.suppress(TypeError):
            operator.index(x)
            return True
        return False
    if kind is float:
        return isinstance(x, numbers.Real) or (is_tensor(x) and not x.dim())
    if kind is Any or not isinstance(kind, type) or isinstance(x, kind):
        return True
    is_simple = type(x).__module__ == "builtins" and not callable(x)
    return not (is_simple or isinstance(x, type) or kind in NEEDED or kind is Callable)


def _in_words(kind: Any) -> str:
    name = "Tensor" if hasattr(kind, "dim_str") else getattr(get_origin(kind) or kind, "__name__", str(kind))
    if kind in NEEDED:
        return t(NEEDED[kind])
    return {"Tensor": t("a tensor"), "Module": t("a model")}.get(name, t("a {name}", name=name))


KINDS = {"bool": ("bool", ".bool()"), "int64": (mark("whole numbers"), ".long()"),
         "float32": (mark("decimal numbers"), ".float()")}  # by a dtype that each allows; how it is made  # fmt: skip


def wrong_kind(call: Call) -> str:
    """An argument that is no tensor, or holds numbers of another kind."""
    for name, x in call.arguments.items():
        if x is None or len(call.forms[name]) != 1:
            continue
        if not is_tensor(x):
            told: dict[str, Any] = {"name": name, "kind": type(x).__name__}
            if isinstance(x, list) or hasattr(x, "__array__"):
                return t("{name} is of the type {kind}, needed: a tensor: write torch.tensor({name})", **told)
            return t("{name} is of the type {kind}, needed: a tensor", **told)
        allowed, dtype = call.forms[name][0].dtypes, dtype_of(x)
        kinds = [kind for example, kind in KINDS.items() if example in allowed] if isinstance(allowed, tuple) else []
        if kinds and dtype not in allowed:
            is_bool = kinds == [KINDS["bool"]]
            meaning = t(", True = may be attended") if is_bool and "mask" in name else ""
            cast = " == 1" if is_bool and "int" in dtype else kinds[-1][1]
            return t(
                "{name} is {dtype}, needed: {kinds}{meaning}: write {name}{cast}",
                name=name,
                dtype=dtype,
                kinds=t(" or ").join(t(kind) for kind, _ in kinds),
                meaning=meaning,
                cast=cast,
            )
    return ""


def wrong_layout(call: Call) -> str:
    """A tensor that keeps its numbers in another way, which torch has no layer for."""
    for name, x in call.tensors.items():
        if x.is_nested:
            return t(
                "{name} is nested, needed: an ordinary tensor: write torch.nested.to_padded_tensor({name}, 0.0)",
                name=name,
            )
        if "sparse" in str(x.layout):
            return t("{name} is sparse, needed: an ordinary tensor: write {name}.to_dense()", name=name)
    return ""


def dtype_of(x: Any) -> str:
    return str(x.dtype).removeprefix("torch.")


def two_kinds(call: Call, message: str) -> str:
    """Two arguments, or one and the parameters, of different float types, where the error speaks of types."""
    if not re.search("dtype|scalar type|Double|Half|BFloat16", message):
        return ""
    for name, x in call.tensors.items():
        if dtype_of(x) in ("int8", "int16", "int32", "uint8"):
            return t("{name} is {dtype}, needed: int64: write {name}.long()", name=name, dtype=dtype_of(x))
    floats = {name: dtype_of(x) for name, x in call.tensors.items() if x.is_floating_point()}
    parameters = list(call.owner.parameters()) if hasattr(call.owner, "parameters") else []
    wanted = dtype_of(parameters[0]) if parameters else "float32"
    odd = next((name for name, kind in floats.items() if kind != wanted), "")
    other = next((name for name, kind in floats.items() if odd and kind != floats[odd]), "")
    if not odd or not (other or parameters):
        return ""
    beside = f"{other} {floats[other]}" if other else t("its parameters {wanted}", wanted=wanted)
    wanted = floats[other] if other else wanted
    told: dict[str, Any] = {"odd": odd, "floats": floats[odd], "beside": beside, "wanted": wanted}
    return t("{odd} is {floats}, {beside}: write {odd}.to(torch.{wanted})", **told)


def wrong_device(call: Call, message: str) -> str:
    """Tensors on several devices, where the error speaks of that."""
    if "device" not in message or not call.tensors:
        return ""
    places = {name: x.device for name, x in call.tensors.items()}
    parameters = list(call.owner.parameters()) if hasattr(call.owner, "parameters") else []
    if parameters:
        places = {t("the model"): parameters[0].device} | places
    (first, home), *others = places.items()
    for name, place in others:
        if place != home:
            told: dict[str, Any] = {"name": name, "place": place, "first": first, "home": home}
            return t('{name} is on {place}, {first} on {home}: write {name}.to("{home}")', **told)
    return ""


def nothing_there(call: Call, message: str) -> str:
    """An argument that is empty, or no finite number."""
    for name, (x, _) in call.given.items():
        if isinstance(x, float) and not math.isfinite(x):
            return t("{name} is {x}, needed: a finite number", name=name, x=x)
        if isinstance(x, str | list | tuple | dict) and not x:
            return t("{name} is empty", name=name)
    for name, x in call.tensors.items():
        if not x.numel():
            return t("{name} is empty: its shape is {shape}", name=name, shape=list(x.shape))
        if "nan" in message and not x.isfinite().all():
            return t("{name} holds NaN or infinity", name=name)
    return ""
