"""The text of a file that the reader keeps, from the course's module and the reader's functions. Nothing runs here.

`chapters/ch05/kept/transformer.py` becomes `mine/transformer.py`:
- Its docstring gets a line that says whose the functions are.
- What it imports from the course is put in as plain text, with all that this uses. Other imports stay.
- An import from another kept file becomes relative, since that file lies beside it: `from .gpt import GPT`. Only a file
  of the same name, in an earlier chapter, is what this one grew from, and is put in like the rest of the course. What
  is imported from the course stands at the top; further down, and in functions, only kept files are.
- Below the imports everything stays byte by byte, except for what is marked.

A mark names an exercise: `# exercise: split heads`, on the line that imports its function, or above its `def`. There
the reader's function goes in if it is solved, with the helpers that it uses.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from course_kit.exercises.dependencies import parsed
from course_kit.exercises.registry import find
from course_kit.i18n import remarks, sentences, t

from .source import COURSE, Import, Source, course, is_installed, is_kept, uses
from .text import BETWEEN, blocks, lines

MARK = re.compile(r"# exercise: (.+?)\s*$")
KEPT = re.compile(r"from chapters\.ch\d\d\.kept\.(\w+) import")  # also inside a function
LICENCE = t("What is not yours is from the attention course: MIT License.")
WIDTH = 100


class CannotTake(ValueError):
    """A function that cannot stand in a file of its own. The message says why, and what to do."""


@dataclass(frozen=True)
class Composed:
    """The text of a file. yours, course: its marked functions, by whose they are; notes: why one of the reader's is
    not in it; beside: the kept modules that it imports, which lie beside it."""

    module: str
    text: str
    yours: tuple[str, ...]
    course: tuple[str, ...]
    notes: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.module.rpartition(".")[2]

    @property
    def whose(self) -> str:
        count = len(self.yours) + len(self.course)
        if not self.yours:
            return t(
                "So far its functions are ours, and {count} of them can be yours: solve an exercise, keep the file "
                "again, and your lines are in it.",
                count=count,
            )
        return t(
            "{count} of {count2} functions are yours{names}.",
            count=len(self.yours),
            count2=count,
            names=f": {', '.join(self.yours)}",
        )


Answers = Mapping[str, Source]  # the name of an exercise's function -> the reader's file that has it


def composed(module: str, answers: Answers, read: Callable[[str], Source] = course) -> Composed:
    """What is to be written. answers: by function, those to put in; read: gives the source of a module, also of one of
    the reader's, such as "mine.ch01"."""
    answers = dict(answers)
    notes: list[str] = []
    while True:
        file = _File(read(module), answers, read)
        try:
            made = file.composed(tuple(notes))
            return replace(made, text=remarks.spoken(made.text))
        except CannotTake as why:
            if file.at not in answers:
                raise
            notes.append(t("Your `{at}` is not in this file: {why}", at=file.at, why=why))
            del answers[file.at]


def package(module: str, answers: Answers, read: Callable[[str], Source] = course) -> dict[str, str]:
    """A file and all those that lie beside it: name -> text."""
    texts, waiting = {}, [module]
    while waiting:
        made = composed(waiting.pop(), answers, read)
        texts[made.name] = made.text
        waiting += [other for other in made.beside if other.rpartition(".")[2] not in texts]
    return texts


def marks(text: str) -> dict[int, str]:
    """Line, from 1 -> the exercise that it marks."""
    found = ((number, MARK.search(line)) for number, line in enumerate(lines(text), 1))
    return {number: match[1] for number, match in found if match}


@dataclass
class _File:
    """A file as it grows. at: the reader's function that is put in now."""

    source: Source
    answers: Answers
    read: Callable[[str], Source]
    at: str = ""
    imports: dict[str, Import] = field(default_factory=dict)
    pieces: dict[str, str] = field(default_factory=dict)  # name -> text, what a piece uses above it
    homes: dict[str, tuple[str, str]] = field(default_factory=dict)  # name -> the module it is from, and its name there
    brought: dict[str, str] = field(default_factory=dict)  # name -> the reader's function that brought it first, or ""

    def __post_init__(self) -> None:
        self.marked = {find(name).function: name for name in marks(self.source.text).values()}
        self.own = set(blocks(self.source.text))
        self.nodes = parsed(self.source.text).statements
        described = isinstance(self.nodes[0], ast.Expr)
        self.described = self.nodes[0] if described else None
        count = int(described)
        while count < len(self.nodes) and isinstance(self.nodes[count], ast.Import | ast.ImportFrom):
            count += 1
        self.top, self.below = self.nodes[described:count], self.nodes[count:]

    def composed(self, notes: tuple[str, ...]) -> Composed:
        beside = []
        for name, what in self.source.imports.items():
            if what.module.partition(".")[0] not in COURSE:
                continue
            if is_kept(what.module) and what.module.rpartition(".")[2] != self.source.module.rpartition(".")[2]:
                beside.append(what.module)
                self.bring(name, Import(f".{what.module.rpartition('.')[2]}", what.name))
            else:
                self.take(name, self.source)
        for node in self.top:
            for name in parsed(ast.unparse(node)).binds[0]:
                if self.source.imports[name].module.partition(".")[0] not in COURSE:
                    self.bring(name, self.source.imports[name])
        body = self.body()
        yours = tuple(name for name in self.marked if name in self.answers)
        others = tuple(name for name in self.marked if name not in self.answers)
        made = Composed(self.source.module, "", yours, others, notes, tuple(dict.fromkeys(beside)))
        head = "\n\n".join([self.docstring(made.whose if self.marked else ""), *_written(self.imports)])
        pieces = dict.fromkeys(self.pieces.values())  # one line may bind several names
        return replace(made, text=BETWEEN.join(filter(None, [head, *pieces, body])) + "\n")

    def docstring(self, whose: str) -> str:
        text = ast.get_source_segment(self.source.text, self.described) if self.described else None
        about = text[3:-3].rstrip() if text else ""
        said = sentences(whose, LICENCE)
        return f'"""{about}\n\n{said}\n"""'

    def body(self) -> str:
        """What stands below the imports, with the reader's functions at the marks."""
        all_lines = lines(self.source.text)
        first = max((node.end_lineno or 0 for node in (self.described, *self.top) if node), default=0)
        for node in reversed(self.below):  # from the end, so that places stay true
            begin = min([node.lineno, *(one.lineno for one in getattr(node, "decorator_list", ()))])
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":  # for our linter
                del all_lines[begin - 1 : node.end_lineno]
                continue
            marked = MARK.match(all_lines[begin - 2]) if begin > 1 else None
            if marked and (name := getattr(node, "name", "")) in self.answers:
                self.at = name
                all_lines[begin - 1 : node.end_lineno] = [self.answer(name) + "\n"]
                self.at = ""
            if marked:
                del all_lines[begin - 2]
        return KEPT.sub(r"from .\1 import", "".join(all_lines[first:]).strip("\n"))

    def answer(self, name: str) -> str:
        """The text of the reader's function; what it uses is put in above."""
        source = self.answers[name]
        text = source.definition(name)
        assert text is not None, f"{source.module} has no {name}"
        self.add_used(text, source, {name})
        return text

    def take(self, name: str, source: Source) -> None:
        """Put in what a name means in a source, and what that uses. Raises CannotTake.

        What is marked in this file means the same in all of it, the reader's or the course's: one does as well.
        """
        if name in self.marked and name not in self.answers and source is not self.source:
            source = self.source if source.module.startswith("mine.") else source
        if name in self.answers and name in self.marked:
            source, outside = self.answers[name], self.at
            self.at = name
            self.define(name, source)
            self.at = outside
        elif source.definition(name) is not None:
            self.define(name, source)
        elif what := source.imports.get(name):
            if what.module.partition(".")[0] in (*COURSE, "mine"):
                if what.name != name:
                    raise CannotTake(t("it uses `{name}`, another name of `{other}`. Use one name for it.",
                                       name=name, other=what.name))  # fmt: skip
                self.take(name, self.read(what.module))
            else:
                self.bring(name, what)
        elif name == "torch":  # where plain text says torch.Tensor
            self.bring(name, Import("torch"))

    def define(self, name: str, source: Source) -> None:
        if name in self.own and source is not self.source:
            if name not in self.marked:
                raise CannotTake(t("its `{name}` means something else in this file.", name=name))
            return
        home = source.module, name
        if self.homes.setdefault(name, home) != home or name in self.imports:
            self.clash(name)
        self.brought.setdefault(name, self.at)
        if name not in self.pieces:
            self.pieces[name] = ""  # under way
            text = source.definition(name) or ""
            self.add_used(text, source, {name})
            del self.pieces[name]
            self.pieces[name] = text

    def add_used(self, text: str, source: Source, known: Iterable[str]) -> None:
        for used in uses(text):
            if used not in known:
                self.take(used, source)

    def bring(self, name: str, what: Import) -> None:
        if self.imports.setdefault(name, what) != what or name in self.pieces:
            self.clash(name)
        self.brought.setdefault(name, self.at)
        if not (what.module.startswith(".") or is_installed(what.module)) and self.at:
            raise CannotTake(t("it uses `{name}` ({module}), and the file needs only torch. Write it with torch.",
                               name=name, module=what.module))  # fmt: skip

    def clash(self, name: str) -> None:
        """Raises CannotTake for the reader's function that came now, or else for the one that came before."""
        self.at = self.at or self.brought.get(name, "")
        raise CannotTake(t("its `{name}` means something else in this file.", name=name))


def _written(imports: Mapping[str, Import]) -> list[str]:
    """The imports in groups: of Python, of torch and other packages, of the files beside; one line a module."""
    groups: dict[int, dict[tuple[bool, str], list[str]]] = {}
    for name, what in imports.items():
        root = what.module.partition(".")[0]
        group = 2 if not root else int(root not in sys.stdlib_module_names)
        head, _, names = what.line(name).partition(" import ")
        line = (bool(names), head) if names else (False, what.line(name))
        groups.setdefault(group, {}).setdefault(line, []).append(names)
    return [
        "\n".join(_line(head, sorted(filter(None, names))) for (_, head), names in sorted(groups[group].items()))
        for group in sorted(groups)
    ]


def _line(head: str, names: list[str]) -> str:
    line = f"{head} import {', '.join(names)}" if names else head
    return line if len(line) <= WIDTH else f"{head} import (\n" + "".join(f"    {name},\n" for name in names) + ")"


def origins(module: str) -> dict[str, tuple[str, str]]:
    """Where what a kept file is made of comes from: name -> the module of the course, and the name there."""
    file = _File(course(module), {}, course)
    file.composed(())
    return dict(file.homes)
