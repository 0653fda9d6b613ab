"""The text of a chapter's whole file, part by part: the reader's where there is one, else the course's."""

from __future__ import annotations

import dataclasses
import importlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from course_kit.dependencies import parsed
from course_kit.exercises.define import current, find

from .collecting import own_or_collected
from .loading import folder
from .needs import CannotTake, Definition, Need, course_definition, definition_of, needs
from .record import Record
from .text import BETWEEN, with_import

GRADIENTS = '''def with_gradients(mine, course):
    """Mine, its results as tensors; the course's where a gradient is needed: mine lets none through."""

    def either(*given, **named):
        if torch.is_grad_enabled():
            return course(*given, **named)
        found = mine(*given, **named)
        tensors = [torch.as_tensor(one) for one in (found if isinstance(found, tuple) else (found,))]
        tensors = tuple(one.float() if one.is_floating_point() else one for one in tensors)
        return tensors if isinstance(found, tuple) else tensors[0]

    return either'''


@dataclass(frozen=True)
class Part:
    """A function or class of the file. module: where the course has it; exercise: its name, if readers write it."""

    name: str
    module: str
    exercise: str = ""

    @property
    def course(self) -> Definition:
        return course_definition(getattr(importlib.import_module(self.module), self.name))


@dataclass(frozen=True)
class KeptFile:
    """name: of the file, without .py; about: its docstring; parts: in order; values: lines between imports and parts;
    main: the text of its last functions, `check()` and `main()`."""

    name: str
    about: str
    parts: tuple[Part, ...]
    values: tuple[str, ...] = ()
    main: str = ""


@dataclass(frozen=True)
class Written:
    """The text of a file. whose: by part, "yours", "changed" or "the course's"; notes: sentences about single parts."""

    text: str
    whose: dict[str, str]
    notes: tuple[str, ...] = ()

    def of(self, *whose: str) -> list[str]:
        return [name for name, one in self.whose.items() if one in whose]


def written(file: KeptFile, space: Mapping[str, Any], without: frozenset[str] = frozenset()) -> Written:
    """What the file is to hold. space: the notebook's names; without: parts that are the course's in any case."""
    made, whose, notes = _Made(file, space), {}, []
    for part in file.parts:
        whose[part.name], one, verdict = _readers(part, space, part.name in without)
        try:
            made.add(part, one, verdict)
        except CannotTake as why:
            notes.append(f"Your `{part.name}` is not in this file: {why}")
            whose[part.name] = "the course's"
            made.add(part, part.course)
    return Written(made.text(owners(file, whose)), whose, tuple(notes))


def owners(file: KeptFile, whose: dict[str, str]) -> str:
    """One or two sentences: which functions are the reader's."""
    asked = [part.name for part in file.parts if part.exercise]
    own = [name for name in asked if whose[name] == "yours"]
    changed = [name for name, one in whose.items() if one == "changed"]
    said = f"{len(own)} of {len(asked)} functions are yours" + (f": {', '.join(own)}." if own else ".")
    return said + (f" You have changed {', '.join(changed)}." if changed else "")


def _readers(part: Part, space: Mapping[str, Any], without: bool) -> tuple[str, Definition, Any]:
    """Whose a part is, its definition, and the verdict on an answer."""
    course = part.course
    try:
        if part.exercise and not without:
            found, _ = own_or_collected(find(part.exercise))
            if found:
                return "yours", definition_of(found.thing), found.verdict
        elif not without and getattr(space.get(part.name), "__module__", "") == "__main__":
            one = definition_of(space[part.name])
            if not _same(one.text, course.text):
                return "changed", one, None
    except CannotTake:  # its text is not known
        pass
    return "the course's", course, None


def _same(one: str, other: str) -> bool:
    return [line.rstrip() for line in one.split("\n")] == [line.rstrip() for line in other.split("\n")]


@dataclass
class _Made:
    """A file as it grows: its imports, and the definitions in their order. space: the notebook's names."""

    file: KeptFile
    space: Mapping[str, Any]
    imports: dict[str, str] = field(default_factory=dict)  # name -> line
    pieces: dict[str, str] = field(default_factory=dict)  # name -> text
    under_way: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.parts = {part.name: part for part in self.file.parts}
        self.values: dict[str, Any] = {}
        exec("\n".join(self.file.values), _usual(), self.values)

    def add(self, part: Part, one: Definition, verdict: Any = None) -> None:
        """A part, with what it needs. Raises CannotTake, and then nothing has changed."""
        before = dict(self.imports), dict(self.pieces)
        try:
            self.add_needs(one)
            if one.name != part.name and (one.name in self.parts or one.name in self.pieces):
                raise CannotTake(f"its name is `{one.name}`, which is something else in this file.")
            if verdict and (verdict.cuts or verdict.converts) and not isinstance(part.course, type):
                self.add_with_gradients(part, one)
            else:
                renamed = "" if one.name == part.name else f"{BETWEEN}{part.name} = {one.name}"
                self.pieces[part.name] = one.text + renamed
        except CannotTake:
            self.imports, self.pieces = before
            raise

    def add_with_gradients(self, part: Part, one: Definition) -> None:
        """The reader's function, and the course's for where a gradient is needed."""
        self.add_needs(part.course)
        self.imports["torch"] = "import torch"
        self.pieces["with_gradients"] = GRADIENTS
        name = f"{part.name}_of_the_course"
        course = part.course.text.replace(f"def {part.course.name}(", f"def {name}(", 1)
        chosen = f"{part.name} = with_gradients({one.name}, {name})"
        self.pieces[part.name] = BETWEEN.join([course, one.text, chosen])

    def add_needs(self, one: Definition) -> None:
        for name, need in needs(one).items():
            if name in self.parts or name in self.values:
                self.see_that_it_is(name, need)
            elif need.kind == "import":
                self.put(self.imports, name, need.text)
            elif need.kind == "value":
                self.put(self.pieces, name, need.text)
            else:
                course = need.kind == "course"
                self.add_used(name, course_definition(need.thing) if course else definition_of(need.thing))

    def add_used(self, name: str, one: Definition) -> None:
        """Something that a part uses, above it."""
        if name != one.name:
            raise CannotTake(f"it uses `{name}`, which is another name of `{one.name}`. Use one name for it.")
        if name not in self.under_way:
            self.under_way.add(name)
            self.add_needs(one)
            self.under_way.remove(name)
            self.put(self.pieces, name, one.text)

    def put(self, where: dict[str, str], name: str, text: str) -> None:
        if {**self.imports, **self.pieces}.get(name, text) != text:
            raise CannotTake(f"its `{name}` means something else elsewhere in this file.")
        where[name] = text

    def see_that_it_is(self, name: str, need: Need) -> None:
        """Whether a name that the file has means there what it means to a definition. Raises CannotTake if not."""
        if name in self.values:
            same = need.kind == "value" and need.thing == self.values[name]
        else:
            part, of = self.parts[name], _source_of(need)
            same = need.kind == "course" or need.thing is self.space.get(name, self)
            same = same or bool(of) and of in (part.exercise, f"{part.module}:{name}")
        if not same:
            raise CannotTake(f"its `{name}` means something else in this file.")

    def text(self, whose: str) -> str:
        """The whole file, which says in its docstring whose it is."""
        usual, texts = _usual(), (*self.file.values, self.file.main)
        used = frozenset().union(*(uses for text in texts for uses in parsed(text).uses))
        main = Definition("", "\n".join(sorted(used & usual.keys())), usual)
        imports = ""
        for name, line in (self.imports | {name: need.text for name, need in needs(main).items()}).items():
            imports = with_import(imports, name, line)
        start = 'if __name__ == "__main__":\n    main()' if self.file.main else ""
        head = f'"""{self.file.about}\n\n{whose}\n"""\n\n{imports.rstrip()}'
        pieces = [head, "\n".join(self.file.values), *self.pieces.values(), self.file.main, start]
        return BETWEEN.join(filter(None, pieces)) + "\n"


def _source_of(need: Need) -> str:
    """The exercise that something in the reader's package answers, or where in the course it is from; "" if neither."""
    if need.definition:
        return current(need.definition.exercise)
    place, module = folder(), need.thing.__module__.partition(".")[2]
    return current(Record(place).of(f"{module}.py", need.thing.__name__)) if place and need.kind == "mine" else ""


def _usual() -> dict[str, Any]:
    """The names that `values` and `main` may use without saying so."""
    import torch

    modules = {"torch": torch, "nn": torch.nn, "F": torch.nn.functional, "math": math}
    return modules | {"dataclass": dataclasses.dataclass}
