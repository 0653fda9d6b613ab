"""The parts of a model, each with its class, its shapes and its parameters, all of them read off the model itself."""

import inspect
import re
from collections import Counter
from typing import Any, NamedTuple

from torch import nn

from course_kit.checkpoints import config_of
from course_kit.i18n import current, t, tn

SIZES = {"source_vocab": "Vₛ", "target_vocab": "V", "vocab": "V", "context": "L", "key_heads": "G"}
STACKS = ("blocks", "encoder", "decoder")
COUNTS = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]


class Part(NamedTuple):
    """One part. label: what is written on it; about: what it is for; made, call: its class and how it is called, as
    code; shapes: (what, in letters, in numbers, or "" where none is known); count: its parameters in all layers,
    without those of parts before it; parameters: the same in words."""

    label: str
    name: str
    about: str
    made: str
    call: str
    shapes: list[tuple[str, str, str]]
    count: int  # type: ignore[assignment]
    parameters: str


class Parts(dict):
    """path -> Part, in the order in which they are added. A path leads to an attribute of the model."""

    def __init__(self, model: nn.Module):
        super().__init__()
        self.model = model
        sizes = config_of(model)
        D, H, self.layers = sizes["size"], sizes["heads"], sizes["layers"]
        self.sizes = {"D": D, "F": sizes.get("hidden") or 4 * D, "H": H, "d": D // H}
        self.sizes |= {letter: sizes[name] for name, letter in SIZES.items() if name in sizes}
        self.counted: set[int] = set()  # ids of tensors

    def modules(self, path: str) -> list[nn.Module]:
        """What is at a path: one module, or one in each layer where it goes through a stack of them."""
        found: list[Any] = [self.model]
        for name in path.split("."):
            found = [getattr(module, name) for module in found]
            found = [one for module in found for one in (module if name in STACKS else [module])]
        return found

    def add(self, path: str, label: str, name: str, about: str, table: str = "", **shapes: str) -> str:
        """A module of the model, or one in each of its blocks. table: the part whose matrix it uses; shapes: what ->
        letters -> its path."""
        modules = self.modules(path)
        new = [[p for p in module.parameters() if id(p) not in self.counted] for module in modules]
        self.counted |= {id(p) for tensors in new for p in tensors}
        count = sum(p.numel() for tensors in new for p in tensors)
        told: dict[str, str] = {"blocks": self.blocks, "table": table}
        if count:
            told["count"] = f"{self.formula(modules[0], new[0])} = {count // len(modules):,}"
        if not count:
            words = t("none of its own; the matrix is that of {table}", **told) if table else t("none")
        elif len(modules) > 1:
            words = t("{count} in each of {blocks}", **told)
        else:
            words = t("{count}; the matrix is that of {table}", **told) if table else told["count"]
        kind = type(modules[0])
        self[path] = Part(label, name, about, made(modules[0]), call(kind), self.measured(shapes), count, words)
        return path

    def call(self, path, label, about, code, parameters=t("none of its own"), **shapes: str) -> str:
        """A part without a module: a method or a function, as code -> its path."""
        self[path] = Part(label, label, about, code, "", self.measured(shapes), 0, parameters)
        return path

    def stack(self, path: str, about: str, **shapes: str) -> str:
        """A block of a stack, which holds other parts -> its path."""
        block, *_ = self.modules(path)
        count = sum(p.numel() for p in block.parameters())
        words = t("{count} in each of {blocks}", count=f"{count:,}", blocks=self.blocks)
        label = f"× {self.layers}"
        name = {"encoder": t("one encoder block"), "decoder": t("one decoder block")}.get(path, t("one block"))
        self[path] = Part(label, name, about, made(block), call(type(block)), self.measured(shapes), 0, words)
        return path

    def whole(self, name: str, about: str, code: str = "", **shapes: str) -> None:
        """What all parts make together, called as in `code`, or as its class is; it becomes the first."""
        words = f"{self.total:,}"
        kind, others = type(self.model), dict(self)
        self.clear()
        self["model"] = Part(name, name, about, made(self.model), code or call(kind), self.measured(shapes), 0, words)
        self.update(others)

    @property
    def total(self) -> int:
        """The parameters of all parts."""
        return sum(part.count for part in self.values())

    @property
    def blocks(self) -> str:
        """How many blocks there are, in words."""
        return tn("{count} block", "{count} blocks", self.layers, count=in_words(self.layers))

    def measured(self, shapes: dict[str, str]) -> list[tuple[str, str, str]]:
        """Shapes with the numbers that are known: ("in", "[B, T, D]", "[B, T, 128]")."""
        rows = []
        for what, letters in shapes.items():
            digits = re.sub(r"\[[^\]]*\]", lambda shape: self.put(shape[0]), letters)
            rows.append(("in" if what == "given" else what, letters, digits if digits != letters else ""))
        return rows

    def put(self, shape: str) -> str:
        """One shape, numbers instead of the letters that are known."""
        return re.sub(r"Vₛ|[A-Zd]", lambda letter: str(self.sizes.get(letter[0], letter[0])), shape)

    def formula(self, module: nn.Module, tensors: list) -> str:
        """How many numbers there are in tensors of a module, in letters: "4 D² + 4 D"."""
        terms = Counter(" ".join(self.letters(p.shape, isinstance(module, nn.Embedding))) for p in tensors)
        return " + ".join((f"{n} " if n > 1 else "") + term.replace("D D", "D²") for term, n in terms.items())

    def letters(self, shape, table: bool) -> list[str]:
        """The sizes of a tensor as letters where they have one; the rows of a table are not features."""
        rows = {self.sizes.get(letter): letter for letter in ("L", "Vₛ", "V")}
        shared = {self.sizes["G"] * self.sizes["d"]: "G d"} if "G" in self.sizes else {}
        features = rows | shared | {self.sizes[letter]: letter for letter in "FD"}
        found = [(rows if table and axis == 0 else features).get(size, str(size)) for axis, size in enumerate(shape)]
        return sorted((one for one in found if one != "1"), key="VₛLFD".find)


def in_words(count: int) -> str:
    """A number, in English in words where it is a small one."""
    return COUNTS[count] if current() == "en" and count < len(COUNTS) else str(count)


def made(module: nn.Module) -> str:
    """What makes a module, as code: its class, and the arguments that it cannot do without."""
    kind = type(module)
    if isinstance(module, nn.Sequential):
        return f"nn.Sequential({', '.join(f'nn.{type(one).__name__}' for one in module)})"
    given = list(inspect.signature(kind.__init__).parameters.values())[1:]
    names = [one.name for one in given if one.default is one.empty and one.kind is one.POSITIONAL_OR_KEYWORD]
    return f"{'nn.' if kind.__module__.startswith('torch.nn') else ''}{kind.__name__}({', '.join(names)})"


def call(kind: Any) -> str:
    """How a module of a class is called, as code."""
    given = list(inspect.signature(kind.forward).parameters.values())[1:]
    return f"forward({', '.join('*' * (one.kind is one.VAR_POSITIONAL) + one.name for one in given)})"
