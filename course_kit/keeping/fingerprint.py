"""A fingerprint of what a computation depends on: values, tensors, models, and functions with all that they use.

Things with one fingerprint have the same content, so the same computation gives the same result. Content is what
`pickle` would keep of an object, looked into down to numbers and texts; of a model, its weights and the settings of
each of its parts; of a function or class of one's own, its code and all that it refers to; of a text or path that
names a file, the file's bytes, too. One's own is what a cell defines, and every module that is neither Python's, nor
installed, nor the course's (of which the edition counts): such as helpers.py or mine/ in the workbook, as it was
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
import random
import sys
import types
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePath
from typing import Any

SIMPLE = {type(None), bool, int, float, complex, str, bytes, range, slice}
NOT_CONTENT = {
    "last_run", "__dict__", "__weakref__", "__doc__", "__module__", "__annotations__", "__firstlineno__",
    "__slotnames__", "__static_attributes__", "__abstractmethods__", "_abc_impl",
}  # fmt: skip
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
RANDOM = {"random", "numpy.random"}  # modules that draw from a state of the whole process
HIDING = {"__reduce__", "__reduce_ex__", "__getstate__", "__getnewargs__", "__getnewargs_ex__"}
HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")


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
            self.say(kind.__name__, repr(value))
            return self.add_files([value])
        if id(value) in self.seen:
            return self.say("again", self.seen[id(value)][0])
        self.seen[id(value)] = len(self.seen), value
        if isinstance(value, types.ModuleType):  # asked for an attribute, it may look one up
            return self.add_module(value)
        for fits, look in (
            (isinstance(value, type), self.add_class),
            (hasattr(value, "state_dict") and hasattr(value, "named_modules"), self.add_model),
            (hasattr(value, "untyped_storage") and hasattr(value, "detach"), self.add_tensor),
            (kind.__module__ == "numpy" and hasattr(value, "tobytes") and not value.dtype.hasobject, self.add_array),
            (kind in (list, tuple), self.add_sequence),
            (kind in (dict, types.MappingProxyType), self.add_mapping),
            (kind in (set, frozenset), self.add_set),
            (isinstance(value, PurePath), lambda v: self.each([kind.__name__, str(v)])),
            (isinstance(value, functools.partial), lambda v: self.each([v.func, v.args, v.keywords])),
            (isinstance(value, types.MethodType), lambda v: self.each([v.__func__, v.__self__])),
            (isinstance(value, types.FunctionType), self.add_function),
            (isinstance(value, types.BuiltinFunctionType), self.add_builtin),
            (isinstance(value, functools._lru_cache_wrapper), self.add_remembering),
            (kind.__module__.startswith("torch") and hasattr(value, "get_state"), self.add_generator),
        ):
            if fits:
                return look(value)
        self.add_object(value)

    def add_sequence(self, value: Any) -> None:
        self.say(type(value).__name__, len(value))
        if set(map(type, value)) <= SIMPLE:  # long lists of numbers, at once
            self.say(repr(value))
            return self.add_files(value)
        self.each(value)

    def add_mapping(self, value: Mapping) -> None:
        self.say("mapping", len(value))
        self.each(item for pair in value.items() for item in pair)

    def add_set(self, value: Any) -> None:
        if set(map(type, value)) <= SIMPLE:
            self.say(type(value).__name__, *sorted(map(repr, value)))
            return self.add_files(sorted(x for x in value if type(x) is str))
        if not set(map(type, value)) <= SIMPLE | {tuple, frozenset}:
            raise Unidentified("a set of things that have no order")
        self.say(type(value).__name__, *sorted(map(fingerprint, value)))  # each by itself

    def add_files(self, values: Iterable) -> None:
        """The bytes of each file that one of these names, if any does: a reader may read it."""
        for name in values:
            if type(name) is str and ("." in name or os.sep in name) and os.path.isfile(name):
                try:
                    with open(name, "rb") as file:
                        self.say("file", hashlib.file_digest(file, "sha256").hexdigest())
                except OSError:
                    raise Unidentified(f"the file {name}, which cannot be read") from None

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
            if ones_own(type(part).__module__):
                self.add(type(part))
            torchs = type(part).__module__.startswith("torch.")  # whose private attributes are no settings
            settings = {key: x for key, x in vars(part).items() if key not in own and not (torchs and key[0] == "_")}
            self.add_mapping(settings)
            self.each(list(getattr(part, hooks, {}).values()) for hooks in HOOKS)
        for name, x in [*value.named_parameters(), *value.named_buffers()]:
            self.say("weights", name)
            self.add_tensor(x)
            self.each((x._backward_hooks or {}).values())

    def add_generator(self, value: Any) -> None:
        self.say("generator", getattr(value, "device", ""))
        self.add(value.get_state())

    def add_class(self, value: type) -> None:
        self.say("class", value.__module__, value.__qualname__)
        if not ones_own(value.__module__):
            return
        self.each(value.__bases__)
        for name, x in vars(value).items():
            if name not in NOT_CONTENT and not isinstance(x, types.MemberDescriptorType | types.GetSetDescriptorType):
                self.say("member", name)
                members = [x.fget, x.fset] if isinstance(x, property) else [getattr(x, "__func__", x)]
                self.each(members)

    def add_module(self, value: types.ModuleType) -> None:
        """A module of one's own is all that it holds, as it was loaded: its file may have changed since."""
        self.say("module", value.__name__)
        if value.__name__ in RANDOM:
            self.add_global_random()
        if value.__name__ != "__main__" and ones_own(value.__name__):
            if hasattr(type(value), "__getattr__") or "__getattr__" in vars(value):
                raise Unidentified(f"the module {value.__name__}, which gives names on demand")
            names = sorted(name for name in vars(value) if not name.startswith("__"))
            self.each(item for name in names for item in (name, vars(value)[name]))

    def add_global_random(self) -> None:
        """What comes next from Python's and numpy's generators of the whole process."""
        self.each([random.getstate(), *(x.random.get_state() for x in [sys.modules.get("numpy")] if x)])

    def add_function(self, value: Any) -> None:
        module = value.__globals__.get("__name__", "")  # where its code is; a decorator may change its __module__
        self.say("function", module, value.__qualname__)
        closure = [cell.cell_contents for cell in value.__closure__ or () if _filled(cell)]
        self.each([value.__defaults__, value.__kwdefaults__, *closure])
        if not ones_own(module):
            return
        self.add({name: x for name, x in vars(value).items() if name != "__wrapped__"})
        for code in codes(value.__code__):
            names = global_names(code)
            if outside := (names & BY_NAME) | (set(code.co_names) & OUTSIDE):
                raise Unidentified(f"{value.__qualname__} uses {min(outside)}")
            self.say(code.co_code.hex(), *code.co_names)
            self.each(c for c in code.co_consts if not isinstance(c, types.CodeType))
            used = [value.__globals__[name] for name in code.co_names if name in names & value.__globals__.keys()]
            if sys in used:
                raise Unidentified(f"{value.__qualname__} uses sys")
            self.each([*used, *_imported(code)])
            if "random" in code.co_names:
                self.add_global_random()

    def add_remembering(self, value: Any) -> None:
        """A function behind functools.cache: what it remembers may be of another time."""
        inner = value.__wrapped__
        if ones_own(getattr(inner, "__globals__", {}).get("__name__", "")):
            raise Unidentified(f"{inner.__qualname__} remembers what it once gave")
        self.say("remembering", inner.__module__, inner.__qualname__)

    def add_builtin(self, value: Any) -> None:
        self.say("builtin", value.__module__, value.__qualname__)
        if not isinstance(value.__self__, types.ModuleType | type(None)):
            self.add(value.__self__)

    def add_object(self, value: Any) -> None:
        """Anything else: what pickle would keep of it."""
        kind = type(value)
        self.say("object", kind.__module__, kind.__qualname__)
        if ones_own(kind.__module__):
            self.add(kind)
            self.add_hidden(value)
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

    def add_hidden(self, value: Any) -> None:
        """All attributes of an object of a class of one's own that says itself what pickle is to keep."""
        own = [one for one in type(value).__mro__ if ones_own(one.__module__)]
        if any(HIDING & set(vars(one)) for one in own):
            slots = [name for one in own for name in _names(vars(one).get("__slots__", ()))]
            self.add({name: getattr(value, name) for name in slots if hasattr(value, name)})
            self.add(getattr(value, "__dict__", None))


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


def _imported(code: types.CodeType) -> list[types.ModuleType]:
    """The modules that a function imports when it runs. Raises Unidentified for one of one's own not loaded yet."""
    names = [step.argval for step in dis.get_instructions(code) if step.opname == "IMPORT_NAME"]
    missing = [name for name in names if name not in sys.modules and ones_own(name)]
    if missing:
        raise Unidentified(f"{code.co_name} imports {missing[0]}, which is not loaded")
    return [sys.modules[name] for name in names if name in sys.modules]


def global_names(code: types.CodeType) -> set[str]:
    """The names that code looks up outside of itself; attributes do not count."""
    return {step.argval for step in dis.get_instructions(code) if step.opname in LOOK_UP}


def _names(slots: Any) -> list[str]:
    return [slots] if isinstance(slots, str) else list(slots)


def codes(code: types.CodeType) -> list[types.CodeType]:
    """A piece of code and those of the functions and comprehensions in it."""
    return [code, *(inner for c in code.co_consts if isinstance(c, types.CodeType) for inner in codes(c))]


def _filled(cell: Any) -> bool:
    try:
        cell.cell_contents  # noqa: B018 - raises where nothing is in it yet
    except ValueError:
        return False
    return True
