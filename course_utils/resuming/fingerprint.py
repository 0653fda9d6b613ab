"""A fingerprint of what a computation depends on: values, tensors, weights, and functions with all that they use.

Two things with one fingerprint would give the same result; a function that was written again, or that uses another
one that was, has another. Objects of libraries count by their class and simple attributes: what they are is fixed by
how a cell makes them, and the cell's text counts, too.
"""

from __future__ import annotations

import functools
import hashlib
import inspect
import types
from collections.abc import Mapping
from typing import Any

MANY = 2000  # longer sequences are sampled
DEEP = 12


def fingerprint(value: Any) -> str:
    """32 hexadecimal digits."""
    digest = hashlib.blake2b(digest_size=16)
    _add(value, digest, 0, {})
    return digest.hexdigest()


def _add(value: Any, digest: Any, depth: int, seen: dict[int, Any]) -> None:
    def say(*words: Any) -> None:
        digest.update(("\x1f".join(map(str, words)) + "\x1e").encode("utf-8", "surrogatepass"))

    def each(values: Any) -> None:
        for one in values:
            _add(one, digest, depth + 1, seen)

    kind = type(value)
    if value is None or kind in (bool, int, float, complex, str, bytes, range, slice):
        return say(kind.__name__, repr(value))
    if depth > DEEP or id(value) in seen:
        return say("again", kind.__qualname__, seen.get(id(value), "too deep")[0])
    seen[id(value)] = len(seen), value  # each is looked at once; held here, so that no other gets its id meanwhile
    if isinstance(value, type):
        say("class", value.__module__, value.__qualname__)
        return each(v for v in vars(value).values() if callable(v)) if value.__module__ == "__main__" else None
    if hasattr(value, "state_dict") and hasattr(value, "named_parameters"):
        say("weights", kind.__module__, kind.__qualname__)
        return each(item for pair in value.state_dict().items() for item in pair)
    if hasattr(value, "get_state") and kind.__name__ == "Generator":
        return each([value.get_state()])
    if hasattr(value, "detach") and hasattr(value, "untyped_storage"):
        return _add_tensor(value.detach().cpu(), digest, say)
    if kind.__module__ == "numpy" and hasattr(value, "tobytes"):
        say("array", value.dtype, value.shape)
        return digest.update(value.tobytes())
    if kind in (list, tuple) or isinstance(value, list | tuple):
        say(kind.__name__, len(value))
        return each(value if len(value) <= MANY else value[:: len(value) // MANY])
    if isinstance(value, set | frozenset):
        return say(kind.__name__, *sorted(map(repr, value))[:MANY])
    if isinstance(value, Mapping):
        say("mapping", len(value))
        items = list(value.items())
        return each(item for pair in items[:: max(1, len(items) // MANY)] for item in pair)
    if isinstance(value, functools.partial):
        return each([value.func, value.args, value.keywords])
    if isinstance(value, types.MethodType):
        return each([value.__func__, value.__self__])
    if isinstance(value, types.ModuleType):
        return say("module", value.__name__)
    if isinstance(value, types.FunctionType):
        return _add_function(inspect.unwrap(value), say, each)
    say("object", kind.__module__, kind.__qualname__)
    attributes = getattr(value, "__dict__", {})
    simple = (bool, int, float, str)
    each((n, x) for n, x in attributes.items() if type(x) in simple or hasattr(x, "named_parameters"))


def _add_tensor(tensor: Any, digest: Any, say: Any) -> None:
    import torch

    say("tensor", tensor.dtype, tuple(tensor.shape))
    digest.update(tensor.contiguous().reshape(-1).view(torch.uint8).numpy() if tensor.numel() else b"")


def _add_function(function: Any, say: Any, each: Any) -> None:
    say("function", function.__module__, function.__qualname__)
    if function.__module__ != "__main__":
        return
    each([function.__defaults__, function.__kwdefaults__])
    each(cell.cell_contents for cell in function.__closure__ or () if _filled(cell))
    for code in codes(function.__code__):
        say(code.co_code.hex(), *code.co_names)
        each(c for c in code.co_consts if not isinstance(c, types.CodeType))
        each(function.__globals__[name] for name in code.co_names if name in function.__globals__)


def codes(code: types.CodeType) -> list[types.CodeType]:
    """A piece of code and those of the functions and comprehensions in it."""
    return [code, *(inner for c in code.co_consts if isinstance(c, types.CodeType) for inner in codes(c))]


def _filled(cell: Any) -> bool:
    try:
        cell.cell_contents  # noqa: B018 - raises where nothing is in it yet
    except ValueError:
        return False
    return True
