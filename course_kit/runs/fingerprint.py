"""A fingerprint of what a computation depends on: values, tensors, models, and functions with all that they use.

Things with one fingerprint have the same content, so the same computation gives the same result. Content is what
`pickle` would keep of an object, with these differences: of a model, its weights and the settings of each part, but not
whether it is in training; of a function or class of one's own, its code and all that it refers to; of a text or path
that names a file, the file's bytes, too. One's own is what a cell defines, and every module that is neither Python's,
nor installed, nor the course's (of which the edition counts): such as helpers.py or mine/ in the workbook, as it was
loaded. A module that code refers to counts whole, as it may be handed on. What cannot be identified so (an open file,
a function that reads one, that remembers results, or that looks things up by their names) raises `Unidentified`, and
nothing is kept for it: better computed again.

Not seen: what an installed package reads of folders; the clock; the network.
"""

from __future__ import annotations

import dis
import functools
import hashlib
import os
import pickle
import random
import sys
import types
from collections.abc import Iterable
from pathlib import Path, PurePath
from typing import Any

import torch

SIMPLE = {type(None), bool, int, float, complex, str, bytes, range, slice}
COURSE = {"course", "course_utils", "course_kit", "course_tools", "chapters"}
INSTALLED = {"site-packages", "dist-packages"}
BY_NAME = {"globals", "locals", "vars", "eval", "exec", "__import__"}  # Python's own; model.eval() is another matter
OUTSIDE = {
    "environ", "environb", "getenv", "getenvb", "import_module", "urlopen", "open", "open_memmap", "safe_open",
    "read_text", "read_bytes", "read_csv", "read_json", "read_table", "read_parquet", "read_excel", "read_pickle",
    "load", "load_file", "loadtxt", "genfromtxt", "fromfile", "imread", "listdir", "scandir", "iterdir", "glob",
    "rglob", "memmap", "stat", "getmtime",
}  # fmt: skip
LOOK_UP = {"LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS"}
HIDING = {"__reduce__", "__reduce_ex__", "__getstate__", "__getnewargs__", "__getnewargs_ex__"}
NO_SETTING = {"training", "last_run", "_flat_weight_refs"}  # of a model


class Unidentified(TypeError):
    """Something whose content cannot be told."""


def fingerprint(value: Any) -> str:
    """32 hexadecimal digits. Raises Unidentified for what has no content that can be told."""
    digest = hashlib.blake2b(digest_size=16)
    try:
        _Pickler(types.SimpleNamespace(write=digest.update), 4).dump(value)
    except Unidentified:
        raise
    except Exception as error:  # whatever an object says about itself, or one that is nested too deep
        raise Unidentified(f"a {type(value).__name__}: {error}") from None
    return digest.hexdigest()


def content(*_: Any) -> None:
    """Stands in the pickle before what is told of a thing."""


PythonPickler: Any = pickle._Pickler  # type: ignore[attr-defined]  # the one written in Python


class _Pickler(PythonPickler):
    """Python's pickler, without what depends on the process: the order of sets, which texts are one object."""

    def memoize(self, obj: Any) -> None:
        if not isinstance(obj, str | bytes):
            super().memoize(obj)

    def save_global(self, obj: Any, name: str | None = None) -> None:
        self.save(f"{getattr(obj, '__module__', '')} {name}")

    def reducer_override(self, obj: Any) -> Any:
        """(content, (), what is in it) for what pickle would keep otherwise, or not at all."""
        kind = type(obj)
        if obj is content:
            return "content"
        if kind is str:
            return _told(obj, files) if (files := _files([obj])) else NotImplemented
        if kind in SIMPLE or kind is dict:
            return NotImplemented
        if kind in (list, tuple, set, frozenset):
            return _several(obj) if obj else NotImplemented
        for kinds, told in TOLD:
            if isinstance(obj, kinds):
                return told(obj)
        own = [one for one in kind.__mro__ if ones_own(one.__module__)]
        if any(HIDING & set(vars(one)) for one in own):  # it says itself what pickle is to keep: that is not all
            slots = {name: getattr(obj, name, None) for one in own for name in _names(vars(one).get("__slots__", ()))}
            return content, (), (kind, slots, getattr(obj, "__dict__", None), obj.__reduce_ex__(4))
        return NotImplemented


def _told(*words: str) -> Any:
    return content, (), "\x1f".join(words).encode("utf-8", "surrogatepass")


def _several(values: Any) -> Any:
    """Lists of numbers and texts all at once, as they are long; of a set only these, in an order of its own."""
    leaves, ordered = list(_leaves(values)), isinstance(values, list | tuple)
    if set(map(type, leaves)) <= SIMPLE:
        texts = [repr(values)] if ordered else sorted(map(repr, values))
        return _told(type(values).__name__, *texts, _files(leaves if ordered else sorted(leaves, key=repr)))
    if not ordered:
        raise Unidentified("a set of things that have no order")
    return NotImplemented


def _leaves(values: Iterable, depth: int = 3) -> Iterable:
    """What is in a list of lists."""
    for x in values:
        if depth and type(x) in (list, tuple):
            yield from _leaves(x, depth - 1)
        else:
            yield x


def _files(values: Iterable) -> str:
    """The bytes of each file that one of these names, if any does: a reader may read it."""
    names = [x for x in values if type(x) is str and ("." in x or os.sep in x) and os.path.isfile(x)]
    return " ".join(hashlib.sha256(Path(name).read_bytes()).hexdigest() for name in names)


def _tensor(value: torch.Tensor) -> Any:
    if value.layout is not torch.strided or value.device.type == "meta":
        raise Unidentified(f"a tensor that is {value.layout} on {value.device}")
    plain = value.detach().cpu().contiguous().reshape(-1)
    numbers = hashlib.sha256(plain.view(torch.uint8).numpy().data if plain.numel() else b"").hexdigest()
    about = f"{type(value).__qualname__} {value.dtype} {value.shape} {value.requires_grad} {numbers}"
    return content, (), (about, list((value._backward_hooks or {}).values()))


def _model(value: torch.nn.Module) -> Any:
    """A hook is kept under a number that depends on how many there were before."""
    settings = {name: x for name, x in vars(value).items() if name not in NO_SETTING}
    kept = {name: list(x.values()) if x and name.endswith("_hooks") else x for name, x in settings.items()}
    return content, (), (type(value), kept)


def _class(value: type) -> Any:
    module = str(value.__module__)
    if not ones_own(module):
        return content, (), (module, value.__qualname__)
    members = {name: x for name, x in vars(value).items() if _is_content(name, x)}
    return content, (), (module, value.__qualname__, type(value), value.__bases__, members)


def _is_content(name: str, x: Any) -> bool:
    """Of the members with names of Python's, those that run; no places of slots."""
    if isinstance(x, types.MemberDescriptorType | types.GetSetDescriptorType) or name == "_abc_impl":
        return False
    return not name.startswith("__") or callable(x) or isinstance(x, classmethod | property)


def _module(value: types.ModuleType) -> Any:
    """A module of one's own is all that it holds, as it was loaded: its file may have changed since."""
    name, held = value.__name__, {}
    if name != "__main__" and ones_own(name):
        if hasattr(type(value), "__getattr__") or "__getattr__" in vars(value):
            raise Unidentified(f"the module {name}, which gives names on demand")
        held = {name: x for name, x in sorted(vars(value).items()) if not name.startswith("__")}
    return content, (), (name, held, _random() if name in ("random", "numpy.random") else ())


def _random() -> list:
    """What comes next from Python's and numpy's generators of the whole process."""
    return [random.getstate(), *(x.random.get_state() for x in [sys.modules.get("numpy")] if x)]


def _function(value: types.FunctionType) -> Any:
    module = value.__globals__.get("__name__", "")  # where its code is; a decorator may change its __module__
    closure = [cell.cell_contents for cell in value.__closure__ or () if cell != types.CellType()]
    held = [module, value.__qualname__, value.__defaults__, value.__kwdefaults__, closure]
    if ones_own(module):
        held += [vars(value), *(_code(code, value) for code in _codes(value.__code__))]
    return content, (), held


def _code(code: types.CodeType, function: types.FunctionType) -> list:
    """A piece of code, with the things that it looks up outside of itself; attributes do not count."""
    steps, known = list(dis.get_instructions(code)), function.__globals__
    names = {step.argval for step in steps if step.opname in LOOK_UP}
    imported = [step.argval for step in steps if step.opname == "IMPORT_NAME"]
    used = [known[name] for name in code.co_names if name in names and name in known]
    outside = (names & BY_NAME) | (set(code.co_names) & OUTSIDE) | ({"sys"} if any(x is sys for x in used) else set())
    outside |= {name for name in imported if name not in sys.modules and ones_own(name)}
    if outside:
        raise Unidentified(f"{function.__qualname__} uses {min(outside)}")
    used += [sys.modules[name] for name in imported if name in sys.modules]
    constants = [c for c in code.co_consts if not isinstance(c, types.CodeType)]
    return [code.co_code, list(code.co_names), constants, used, _random() if "random" in code.co_names else ()]


def _codes(code: types.CodeType) -> list[types.CodeType]:
    """A piece of code and those of the functions and comprehensions in it."""
    return [code, *(inner for c in code.co_consts if isinstance(c, types.CodeType) for inner in _codes(c))]


def _remembering(value: Any) -> Any:
    """A function behind functools.cache: what it remembers may be of another time."""
    if ones_own(getattr(value.__wrapped__, "__globals__", {}).get("__name__", "")):
        raise Unidentified(f"{value.__wrapped__.__qualname__} remembers what it once gave")
    return NotImplemented


TOLD: list[tuple[Any, Any]] = [
    (types.ModuleType, _module),  # first: asked for an attribute, one may look it up
    (type, _class),
    (torch.nn.Module, _model),
    (torch.Tensor, _tensor),
    (types.FunctionType, _function),
    (types.MethodType, lambda x: (content, (), (x.__func__, x.__self__))),
    (types.BuiltinFunctionType, lambda x: (content, (), (str(x.__module__), x.__qualname__, x.__self__))),
    (functools._lru_cache_wrapper, _remembering),
    (PurePath, lambda x: (content, (), (type(x).__name__, str(x)))),
    (types.MappingProxyType, lambda x: (content, (), dict(x))),
    (property, lambda x: (content, (), (x.fget, x.fset))),
    (classmethod | staticmethod, lambda x: (content, (), x.__func__)),
]


def ones_own(module: str) -> bool:
    """Is a module a notebook, or a file that is neither Python's, nor installed, nor the course's?"""
    top = str(module).partition(".")[0]
    if top == "__main__":
        return True
    if top in sys.stdlib_module_names or top in COURSE:
        return False
    package = sys.modules.get(top)
    places = [getattr(package, "__file__", None), *getattr(package, "__path__", ())]
    return not any(INSTALLED & set(Path(place).parts) for place in places if place)


def _names(slots: Any) -> list[str]:
    return [slots] if isinstance(slots, str) else list(slots)
