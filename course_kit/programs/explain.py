"""One sentence under a traceback: which argument is not what its function asks for.

    RuntimeError: The size of tensor a (8) must match the size of tensor b (7) …
    scaled_dot_product_attention: k has shape [2, 5, 7], needed [..., K, d] with d = 8, as q has: project k to 8
    features first.

Signatures carry their shapes as types (`q: Float[Tensor, "... Q d"]`). After an error, the arguments of the innermost
function with such a signature are compared with it: one name is one size, `...` and `*name` are any leading axes; of
the course's own functions plain arguments, too (`size: int`). A definition on a page has the signature of the course's
of its name. What cannot be said for sure is not said, and nothing is looked at while all is well. A name that a cell
does not find gets a sentence alone; kernel_start.py has it there before `setup()`.
"""

from __future__ import annotations

import contextlib
import dataclasses
import dis
import functools
import inspect
import linecache
import math
import numbers
import operator
import re
import sys
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, get_args, get_origin

from course_kit.i18n import mark, sentences, t
from course_kit.programs import again, stopped

ROOMS = ("course_utils", "course_kit", "chapters")


def install(shell: Any) -> None:
    """From now on, an error in this IPython shell carries the sentence as a note, which IPython and Python show under
    a traceback; a cell that was stopped, or lacks a name, says so instead (stopped.py). A second call changes
    nothing."""
    if shell is None or hasattr(shell.showtraceback, "explains"):
        return
    show = shell.showtraceback
    stopped.Patience(shell)
    again.watch(shell)

    @functools.wraps(show)
    def showtraceback(exc_tuple: Any = None, *more: Any, **options: Any) -> Any:
        with contextlib.suppress(Exception):  # the error itself is what matters
            error = shell._get_exc_info(exc_tuple)[1]
            if isinstance(error, KeyboardInterrupt):
                return stopped.tell(shell, stopped.sentence(error, shell.user_ns))
            if words := missing(error):
                return stopped.tell(shell, words)
            annotate(error)
        return show(exc_tuple, *more, **options)

    showtraceback.explains = True  # type: ignore[attr-defined]
    shell.showtraceback = showtraceback


def annotate(error: BaseException) -> None:
    """Adds the sentence to an error as a note, if there is one and it is not there yet."""
    words = sentence(error)
    if words and words not in getattr(error, "__notes__", ()):
        error.add_note(words)


def sentence(error: BaseException) -> str:
    """Which argument of which function does not fit, and what to write; "" if that cannot be said. Never raises."""
    try:
        return _sentence(error)
    except Exception:
        return ""


def missing(error: BaseException) -> str:
    """Of a name or a key that a cell of the notebook has not made, or of a list that it left empty, as where one above
    was stopped: what to run; else ""."""
    if type(error).__name__ == "NothingYet":  # of arguments.py, which would import torch
        return str(error)
    found = stopped.frames(error.__traceback__)
    own = [one for one in found if one[0].f_globals.get("__name__") == "__main__"]
    is_early = isinstance(error, ImportError) and error.name == "mine"  # setup() makes it
    if type(error) not in (NameError, KeyError, IndexError) and not is_early or not own:
        return ""
    frame, line = own[-1]
    code = linecache.getline(frame.f_code.co_filename, line).strip()
    if isinstance(error, IndexError):
        there = frame.f_globals | frame.f_locals
        empty = [name for name in re.findall(r"\w+", code) if there.get(name) == []]
        said = t("`{name}` is empty: run the cells above to their end, or choose *Kernel → Resume here*.")
        words = said.format(name=empty[0]) if empty else ""
    elif own[-1] == found[-1]:
        words = t(
            "`{name}` is not there yet: run the cells above, or choose *Kernel → Resume here*. If no cell makes it, is "
            "it spelt right?",
            name=error.name if isinstance(error, NameError | ImportError) else str(error),
        )
    else:
        words = ""
    return sentences(words, t("Line {line}: `{code}`", line=line, code=code)) if words else ""


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
        return {name: x for name, x in self.arguments.items() if _is_tensor(x)}

    @property
    def whole(self) -> dict[str, int]:
        """The arguments that are whole numbers and may be nothing else."""
        return {name: x for name, (x, kinds) in self.given.items() if int in kinds and type(x) is int}


def _sentence(error: BaseException) -> str:
    if not isinstance(error, Exception) or hasattr(error, "_render_traceback_"):
        return ""
    frames = list(_frames(error.__traceback__))
    if not frames:
        return ""
    if raised_by_hand(error) and not frames[-1][0].f_globals.get("__name__", "").startswith("torch"):
        return ""  # its own words say what is needed
    found = ""
    for depth in reversed(range(len(frames))):
        call = _call(*frames[depth])
        if call is None:
            continue
        if found:  # what went in further out is what the reader wrote
            words = _wrong_type(call) or _too_small(call, error)
            found = t("{name}: {words}.", name=call.name, words=words) if words else found
            continue
        below = [frame.f_locals for frame, _ in frames[depth + 1 :]]
        words = (
            _wrong_type(call)
            or _wrong_kind(call)
            or _wrong_device(call, str(error))
            or _wrong_shape(call)
            or _wrong_for_a_layer(call, below)
            or _two_kinds(call, str(error))
            or _wrong_leading_axes(call)
            or _beyond_the_table(call, str(error))
            or _beyond_the_classes(str(error), below)
            or _too_long_or_short(call, str(error))
            or _indivisible(call, str(error))
            or _too_small(call, error)
            or _nothing_there(call, str(error))
        )
        found = t("{name}: {words}.", name=call.name, words=words) if words else ""
    return found


def _frames(trace: types.TracebackType | None) -> Iterator[tuple[types.FrameType, int]]:
    """The frames of a traceback, outermost first, each with the instruction at which it stopped."""
    while trace:
        yield trace.tb_frame, trace.tb_lasti
        trace = trace.tb_next


def raised_by_hand(error: BaseException) -> bool:
    """Whether an error comes from a `raise` in Python."""
    last = [*_frames(error.__traceback__)][-1:]
    return any(dis.opname[frame.f_code.co_code[at]] == "RAISE_VARARGS" for frame, at in last)


def _call(frame: types.FrameType, last: int) -> Call | None:
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
    names = [name for name in inspect.signature(function).parameters if name not in changed]
    values = {name: frame.f_locals[name] for name in names if name in frame.f_locals}
    arguments = {name: x for name, x in values.items() if forms.get(name)}
    given = _given({name: (x, annotations[name]) for name, x in values.items() if ours and name in annotations})
    return Call(function, values.get("self"), given, arguments, {name: forms[name] for name in arguments})


def _given(values: dict[str, tuple[Any, Any]]) -> dict[str, tuple[Any, tuple[Any, ...]]]:
    """The arguments with the types that each may have, those of a record's fields as `config.size`."""
    found = {}
    for name, (x, annotation) in values.items():
        found[name] = x, get_args(annotation) if isinstance(annotation, types.UnionType) else (annotation,)
        if dataclasses.is_dataclass(x) and not isinstance(x, type):
            kinds = inspect.get_annotations(type(x), eval_str=True)
            found |= _given({f"{name}.{field}": (value, kinds[field]) for field, value in vars(x).items()})
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


def _is_tensor(thing: Any) -> bool:
    import torch

    return isinstance(thing, torch.Tensor)


NEEDED = {int: mark("a whole number"), float: mark("a number"), bool: mark("True or False"),
          str: mark("a text"), types.NoneType: "None"}  # fmt: skip


def _wrong_type(call: Call) -> str:
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
        return x is not None  # _wrong_kind looks at what is there
    if kind is int:
        with contextlib.suppress(TypeError):
            operator.index(x)
            return True
        return False
    if kind is float:
        return isinstance(x, numbers.Real) or (_is_tensor(x) and not x.dim())
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


def _wrong_kind(call: Call) -> str:
    """An argument that is no tensor, or holds numbers of another kind."""
    for name, x in call.arguments.items():
        if x is None or len(call.forms[name]) != 1:
            continue
        if not _is_tensor(x):
            told: dict[str, Any] = {"name": name, "kind": type(x).__name__}
            if isinstance(x, list) or hasattr(x, "__array__"):
                return t("{name} is of the type {kind}, needed: a tensor: write torch.tensor({name})", **told)
            return t("{name} is of the type {kind}, needed: a tensor", **told)
        allowed, dtype = call.forms[name][0].dtypes, _dtype(x)
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


def _dtype(x: Any) -> str:
    return str(x.dtype).removeprefix("torch.")


def _two_kinds(call: Call, message: str) -> str:
    """Two arguments, or one and the parameters, of different float types, where the error speaks of types."""
    if not re.search("dtype|scalar type|Double|Half|BFloat16", message):
        return ""
    for name, x in call.tensors.items():
        if _dtype(x) in ("int8", "int16", "int32", "uint8"):
            return t("{name} is {dtype}, needed: int64: write {name}.long()", name=name, dtype=_dtype(x))
    floats = {name: _dtype(x) for name, x in call.tensors.items() if x.is_floating_point()}
    parameters = list(call.owner.parameters()) if hasattr(call.owner, "parameters") else []
    wanted = _dtype(parameters[0]) if parameters else "float32"
    odd = next((name for name, kind in floats.items() if kind != wanted), "")
    other = next((name for name, kind in floats.items() if odd and kind != floats[odd]), "")
    if not odd or not (other or parameters):
        return ""
    beside = f"{other} {floats[other]}" if other else t("its parameters {wanted}", wanted=wanted)
    wanted = floats[other] if other else wanted
    told: dict[str, Any] = {"odd": odd, "floats": floats[odd], "beside": beside, "wanted": wanted}
    return t("{odd} is {floats}, {beside}: write {odd}.to(torch.{wanted})", **told)


def _wrong_leading_axes(call: Call) -> str:
    """Two arguments whose leading axes cannot be repeated to be those of each other."""
    import torch

    first: tuple[str, list[int]] | None = None
    for name, x in call.tensors.items():
        axes = call.forms[name][0].dim_str.split()
        if not axes or not (axes[0] == "..." or axes[0].startswith("*")) or (len(axes) == 1) != (len(call.forms) == 2):
            continue  # a mask of any axes can be compared only where the other has no axes of its own
        leading = list(x.shape[: x.dim() - len(axes) + 1])
        if first is None:
            first = name, leading
            continue
        try:
            torch.broadcast_shapes(first[1], leading)
        except RuntimeError:
            where = t("shape") if len(axes) == 1 else t("leading axes")
            told: dict[str, Any] = dict(name=name, where=where, leading=leading, first=first[0], first2=first[1])
            return t("{name} has the {where} {leading}, {first} {first2}: they do not go together", **told)
    return ""


def _too_long_or_short(call: Call, message: str) -> str:
    """More tokens than the context has places, where the error speaks of an index or of sizes; fewer than are cut."""
    short = "expects 'from'" in message  # no place from which one could be cut
    few = re.search(r"maximum size for tensor at dimension 0 is (\d+) but size is (\d+)", message)
    for name, (given, _) in call.given.items():
        if few and _is_tensor(given) and given.dim() == 1 and len(given) == int(few[1]):
            return t("{name} has the length {few}, needed: {few2} or more", name=name, few=few[1], few2=few[2])
    config = getattr(call.owner, "config", None)
    places = getattr(call.owner, "context", getattr(config, "context", None))
    table: Any = getattr(call.owner, "table", None)
    if places is None and _is_tensor(table):
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


def _indivisible(call: Call, message: str) -> str:
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


def _too_small(call: Call, error: Exception) -> str:
    """A whole number below 0, or 0 by which something is divided."""
    least = int(isinstance(error, ZeroDivisionError) or "by zero" in str(error))
    for name, n in call.whole.items():
        if n < least and name not in ("dim", "offset"):
            return t("{name} is {n}, needed: {least} or more", name=name, n=n, least=least)
    return ""


def _nothing_there(call: Call, message: str) -> str:
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


def _wrong_device(call: Call, message: str) -> str:
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


def _wrong_shape(call: Call) -> str:
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


def _wrong_for_a_layer(call: Call, below: list[dict[str, Any]]) -> str:
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
    if _is_tensor(table) and table.dim() == 2:
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
        told: dict[str, Any] = dict(name=name, dtype=_dtype(x), kind=kind, dtype2=_dtype(weight), dtype3=weight.dtype)
        return t("{name} is {dtype}, its {kind} {dtype2}: write {name}.to({dtype3})", **told)
    return ""


def _beyond_the_table(call: Call, message: str) -> str:
    """Ids beyond the rows of the one embedding that the call's module has, where the error speaks of an index."""
    import torch

    if "out of range" not in message and "out of bounds" not in message:
        return ""
    parts = call.owner.children() if isinstance(call.owner, torch.nn.Module) else ()
    tables = [part for part in parts if isinstance(part, torch.nn.Embedding)]
    words = [_beyond(name, x, len(tables[0].weight)) for name, x in call.tensors.items() if len(tables) == 1]
    return next(filter(None, words), "")


def _beyond_the_classes(message: str, below: list[dict[str, Any]]) -> str:
    """A target of a cross-entropy that is no class, as its error says."""
    wrong = re.search(r"^Target (-?\d+) is out of bounds", message)
    logits: Any = next((names["input"] for names in below if {"input", "target"} <= names.keys()), None)
    if not wrong or not _is_tensor(logits):
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
