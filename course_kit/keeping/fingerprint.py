"""A fingerprint of what a computation depends on: values, tensors, models, and functions with all that they use.

Things with one fingerprint have the same content, so the same computation gives the same result. Content is what
`pickle` would keep of an object, looked into down to numbers and texts; of a model, its weights and the settings of
each of its parts; of a function that a cell defines, its code and what it refers to. What cannot be identified so (an
open file, a generator that is running) raises `Unidentified`, and nothing is kept for it: better computed again.
"""

from __future__ import annotations

import functools
import hashlib
import inspect
import types
from collections.abc import Iterable, Mapping
from typing import Any

SIMPLE = {type(None), bool, int, float, complex, str, bytes, range, slice}
NOT_CONTENT = {"last_run", "__dict__", "__weakref__", "__doc__", "__module__", "__annotations__", "__firstlineno__"}


class Unidentified(TypeError):
    """Something whose content cannot be told."""


def fingerprint(value: Any) -> str:
    """32 hexadecimal digits. Raises Unidentified for what has no content that can be told."""
    digest = hashlib.blake2b(digest_size=16)
    try:
        _Reader(digest).add(value)
    except RecursionError:
        raise Unidentified(f"a {type(value).__name__} that is nested too deep") from None
    return digest.hexdigest()


class _Reader:
    """Walks through a value and gives all that it meets to the digest."""

    def __init__(self, digest: Any):
        self.digest = digest
        self.seen: dict[int, tuple[int, Any]] = {}  # held here, so that no other object gets an id meanwhile

    def say(self, *words: Any) -> None:
        self.digest.update(("\x1f".join(map(str, words)) + "\x1e").encode("utf-8", "surrogatepass"))

    def each(self, values: Iterable) -> None:
        for one in values:
            self.add(one)

    def add(self, value: Any) -> None:
        kind = type(value)
        if kind in SIMPLE:
            return self.say(kind.__name__, repr(value))
        if id(value) in self.seen:
            return self.say("again", self.seen[id(value)][0])
        self.seen[id(value)] = len(self.seen), value
        for fits, look in (
            (isinstance(value, type), self.add_class),
            (hasattr(value, "state_dict") and hasattr(value, "named_modules"), self.add_model),
            (hasattr(value, "untyped_storage") and hasattr(value, "detach"), self.add_tensor),
            (kind.__module__ == "numpy" and hasattr(value, "tobytes") and not value.dtype.hasobject, self.add_array),
            (kind in (list, tuple), self.add_sequence),
            (kind is dict, self.add_mapping),
            (kind in (set, frozenset), self.add_set),
            (isinstance(value, functools.partial), lambda v: self.each([v.func, v.args, v.keywords])),
            (isinstance(value, types.MethodType), lambda v: self.each([v.__func__, v.__self__])),
            (isinstance(value, types.ModuleType), lambda v: self.say("module", v.__name__)),
            (isinstance(value, types.FunctionType), self.add_function),
            (isinstance(value, types.BuiltinFunctionType), self.add_builtin),
            (kind.__module__.startswith("torch") and hasattr(value, "get_state"), self.add_generator),
        ):
            if fits:
                return look(value)
        self.add_object(value)

    def add_sequence(self, value: Any) -> None:
        self.say(type(value).__name__, len(value))
        if set(map(type, value)) <= SIMPLE:  # long lists of numbers, at once
            return self.say(repr(value))
        self.each(value)

    def add_mapping(self, value: Mapping) -> None:
        self.say("mapping", len(value))
        self.each(item for pair in value.items() for item in pair)

    def add_set(self, value: Any) -> None:
        if set(map(type, value)) <= SIMPLE:
            return self.say(type(value).__name__, *sorted(map(repr, value)))
        if not set(map(type, value)) <= SIMPLE | {tuple, frozenset}:
            raise Unidentified("a set of things that have no order")
        self.say(type(value).__name__, *sorted(map(fingerprint, value)))  # each by itself

    def add_array(self, value: Any) -> None:
        self.say("array", value.dtype, value.shape)
        self.digest.update(value.tobytes())

    def add_tensor(self, value: Any) -> None:
        import torch

        if value.layout is not torch.strided or value.device.type == "meta":
            raise Unidentified(f"a tensor that is {value.layout} on {value.device}")
        self.say("tensor", type(value).__qualname__, value.dtype, tuple(value.shape), value.requires_grad)
        plain = value.detach().cpu().contiguous().reshape(-1)
        self.digest.update(plain.view(torch.uint8).numpy() if plain.numel() else b"")

    def add_model(self, value: Any) -> None:
        """Weights, which of them are trained, and the settings of each part, in the order of the parts."""
        import torch

        own = set(vars(torch.nn.Module())) | NOT_CONTENT
        for name, part in value.named_modules():
            self.say("part", name, type(part).__module__, type(part).__qualname__)
            if type(part).__module__ == "__main__":
                self.add(type(part))
            torchs = type(part).__module__.startswith("torch.")  # whose private attributes are no settings
            settings = {key: x for key, x in vars(part).items() if key not in own and not (torchs and key[0] == "_")}
            self.add_mapping(settings)
            self.each([dict(part._forward_hooks), dict(part._forward_pre_hooks)])
        for name, x in [*value.named_parameters(), *value.named_buffers()]:
            self.say("weights", name)
            self.add_tensor(x)

    def add_generator(self, value: Any) -> None:
        self.say("generator", getattr(value, "device", ""))
        self.add(value.get_state())

    def add_class(self, value: type) -> None:
        self.say("class", value.__module__, value.__qualname__)
        if value.__module__ != "__main__":
            return
        self.each(value.__bases__)
        for name, x in vars(value).items():
            if name not in NOT_CONTENT and not isinstance(x, types.MemberDescriptorType | types.GetSetDescriptorType):
                self.say("member", name)
                members = [x.fget, x.fset] if isinstance(x, property) else [getattr(x, "__func__", x)]
                self.each(members)

    def add_function(self, value: Any) -> None:
        try:
            function = inspect.unwrap(value)
        except ValueError:
            raise Unidentified("a function that wraps itself") from None
        self.say("function", function.__module__, function.__qualname__)
        closure = [cell.cell_contents for cell in function.__closure__ or () if _filled(cell)]
        self.each([function.__defaults__, function.__kwdefaults__, *closure])
        if function.__module__ != "__main__":
            return
        for code in codes(function.__code__):
            self.say(code.co_code.hex(), *code.co_names)
            self.each(c for c in code.co_consts if not isinstance(c, types.CodeType))
            self.each(function.__globals__[name] for name in code.co_names if name in function.__globals__)

    def add_builtin(self, value: Any) -> None:
        self.say("builtin", value.__module__, value.__qualname__)
        if not isinstance(value.__self__, types.ModuleType | type(None)):
            self.add(value.__self__)

    def add_object(self, value: Any) -> None:
        """Anything else: what pickle would keep of it."""
        kind = type(value)
        self.say("object", kind.__module__, kind.__qualname__)
        if kind.__module__ == "__main__":
            self.add(kind)
        try:
            kept = value.__reduce_ex__(4)
        except Exception as error:  # whatever an object says about itself
            raise Unidentified(f"{kind.__name__}: {error}") from None
        if isinstance(kept, str):
            return self.say("name", kept)
        if "weakref" in kind.__name__.lower() or not isinstance(kept, tuple):
            raise Unidentified(f"{kind.__name__} has no content of its own")
        state = [list(part) if position > 2 and part is not None else part for position, part in enumerate(kept[1:], 1)]
        self.each(state)


def codes(code: types.CodeType) -> list[types.CodeType]:
    """A piece of code and those of the functions and comprehensions in it."""
    return [code, *(inner for c in code.co_consts if isinstance(c, types.CodeType) for inner in codes(c))]


def _filled(cell: Any) -> bool:
    try:
        cell.cell_contents  # noqa: B018 - raises where nothing is in it yet
    except ValueError:
        return False
    return True
