"""A call that ended in an error: its function, what it was given, and what the signature says of that."""

from __future__ import annotations

import dataclasses
import dis
import inspect
import sys
import types
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, get_args

ROOMS = ("course_utils", "course_kit", "chapters")


@dataclass(frozen=True)
class Call:
    """A call of a function whose signature carries types, ended by an error. owner: its `self`, if it has one;
    given: what still is as it was given, by name, and the types that each may have; arguments: of these those with a
    shape; forms: by name, the types with a shape."""

    function: Any
    owner: Any
    given: dict[str, tuple[Any, tuple[Any, ...]]]
    arguments: dict[str, Any]
    forms: dict[str, tuple[Any, ...]]

    @property
    def name(self) -> str:
        """`scaled_dot_product_attention`; of a module's `forward`, its class."""
        method = self.function.__name__
        if self.owner is None:
            return method
        return type(self.owner).__name__ + ("" if method in ("forward", "__init__") else f".{method}")

    @property
    def tensors(self) -> dict[str, Any]:
        return {name: x for name, x in self.arguments.items() if is_tensor(x)}

    @property
    def whole(self) -> dict[str, int]:
        """The arguments that are whole numbers and may be nothing else."""
        return {name: x for name, (x, kinds) in self.given.items() if int in kinds and type(x) is int}


def stack(trace: types.TracebackType | None) -> Iterator[tuple[types.FrameType, int]]:
    """The frames of a traceback, outermost first, each with the instruction at which it stopped."""
    while trace:
        yield trace.tb_frame, trace.tb_lasti
        trace = trace.tb_next


def raised_by_hand(error: BaseException) -> bool:
    """Whether an error comes from a `raise` in Python."""
    last = [*stack(error.__traceback__)][-1:]
    return any(dis.opname[frame.f_code.co_code[at]] == "RAISE_VARARGS" for frame, at in last)


def call_in(frame: types.FrameType, last: int) -> Call | None:
    """The call in a frame, if the signature of its function carries shapes, or types and it is the course's."""
    function = _function_of(frame)
    typed = _of_the_course(function) or function if function else None
    if typed is None:
        return None
    try:
        annotations = inspect.get_annotations(typed, eval_str=True)
    except Exception:  # names that are there for type checkers only, as torch has them
        return None
    annotations.pop("return", None)
    forms = {name: _forms(annotation) for name, annotation in annotations.items()}
    ours = typed.__module__.partition(".")[0] in ROOMS
    if not any(forms.values()) and not ours:
        return None
    changed = _changed_before(frame.f_code, last)
    names = [name for name in inspect.signature(function).parameters if name in frame.f_locals]
    changed -= {name for name in names if ours and forms.get(name) and not is_tensor(frame.f_locals[name])}  # as given
    values = {name: frame.f_locals[name] for name in names if name not in changed}
    arguments = {name: x for name, x in values.items() if forms.get(name)}
    given = _typed_arguments(
        {name: (x, annotations[name]) for name, x in values.items() if ours and name in annotations}
    )
    return Call(function, values.get("self"), given, arguments, {name: forms[name] for name in arguments})


def _typed_arguments(values: dict[str, tuple[Any, Any]]) -> dict[str, tuple[Any, tuple[Any, ...]]]:
    """The arguments with the types that each may have, those of a record's fields as `config.size`."""
    found = {}
    for name, (x, annotation) in values.items():
        found[name] = x, get_args(annotation) if isinstance(annotation, types.UnionType) else (annotation,)
        if dataclasses.is_dataclass(x) and not isinstance(x, type):
            kinds = inspect.get_annotations(type(x), eval_str=True)
            found |= _typed_arguments({f"{name}.{field}": (value, kinds[field]) for field, value in vars(x).items()})
    return found


def _of_the_course(function: Any) -> Any:
    """The course's function of this name, of which one on a page has only the text."""
    if function.__module__ != "__main__":
        return None
    for name, module in list(sys.modules.items()):
        thing: Any = module if name.startswith("course_utils.") else None
        for part in function.__qualname__.split("."):
            thing = getattr(thing, part, None)
        if getattr(thing, "__module__", "") == name and [*inspect.signature(thing).parameters] == [
            *inspect.signature(function).parameters
        ]:
            return thing
    return None


def _function_of(frame: types.FrameType) -> Any:
    """The function or method that runs in a frame, found by its name where it was defined."""
    first, *rest = frame.f_code.co_qualname.split(".")
    thing = frame.f_globals.get(first)
    for name in rest:
        thing = inspect.getattr_static(thing, name, None)
    thing = inspect.unwrap(getattr(thing, "__func__", thing)) if thing is not None else None
    return thing if getattr(thing, "__code__", None) is frame.f_code else None


def _changed_before(code: types.CodeType, last: int) -> set[str]:
    """The names that may have got another value before the instruction `last`: by then they are no argument any more.
    Where there is a loop, whatever is set at all."""
    steps = list(dis.get_instructions(code))
    loops = any(step.opname.startswith("JUMP_BACKWARD") for step in steps)
    sets = [step for step in steps if step.opname in ("STORE_FAST", "STORE_DEREF", "DELETE_FAST")]
    return {step.argval for step in sets if loops or step.offset < last}


def _forms(annotation: Any) -> tuple[Any, ...]:
    """The types with a shape in an annotation: `Float[Tensor, "B T"]`, also where it may be None."""
    members = annotation.__args__ if isinstance(annotation, types.UnionType) else (annotation,)
    return tuple(member for member in members if hasattr(member, "dim_str") and hasattr(member, "dtypes"))


def is_tensor(thing: Any) -> bool:
    import torch

    return isinstance(thing, torch.Tensor)
