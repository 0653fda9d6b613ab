"""The parts of a model that a reader writes from an empty file, and how each is tried: by the judge of exercises.

A chapter's `scratch.py` lists them. Where an exercise has the function, that judges; the others are compared with the
course's definition by an exercise that is made here, on the inputs that the list has. A module gets the course's
numbers, under the names that the file's `state_map` gives them. Last comes the task of the kept file.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import inspect
import random
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import FunctionType, SimpleNamespace
from typing import Any

import torch
from torch import Tensor, nn

from course_kit.exercises import gradients
from course_kit.exercises.compare import Misfit, same
from course_kit.exercises.define import Case, Exercise
from course_kit.exercises.diagnose import Verdict
from course_kit.exercises.guard import plain_torch, quiet
from course_kit.exercises.judge import judge, outcomes_of
from course_kit.exercises.registry import find
from course_kit.i18n import sentences, t
from course_kit.programs.source_text import plain

from .composing import composed, marks, origins
from .source import course

COMMENT = re.compile(r"^\s*(?:return\b|([\w, .]+?) =)?.*?#\s*(.*\[.*)$")
OURS = "from_scratch"  # the reader's file as a module


class ModelArgument(str):
    """In a case, the name of a module, the reader's or the course's, and what its constructor gets."""

    init: tuple

    def __new__(cls, name: str, *init: Any) -> ModelArgument:
        argument = super().__new__(cls, name)
        argument.init = init
        return argument


class TrackPart:
    """One definition, or one more look at it, such as "by chance" at `write`.

    formula: what it should be, in words; cases: the arguments of each, none where an exercise has them; look: what is
    tried beside; needed: another structure needs it, too, by default what has a further look; earlier: its name in
    files of earlier editions; init: what its constructor gets, for all cases or a list for each; note: what is judged
    and no docstring says, also where there is no formula; call: how it is tried that is not just called, (thing, names,
    *arguments) -> result, or a dict of results; last: what is asked of the whole file, (names) -> (right, sentence)."""

    def __init__(
        self, name: str, formula: str = "", *cases: tuple, look: str = "", needed: bool | None = None,
        earlier: str = "", init: tuple | list[tuple] = (), note: str = "", call: Callable | None = None,
        last: Callable[[Any], tuple[bool, str]] | None = None, seconds: float = 5.0,
    ):  # fmt: skip
        self.name, self.title = name, f"{name}, {look}" if look else name
        self.optional = not (bool(look or last) if needed is None else needed)
        self.note, self.call, self.last, self.earlier = note, call, last, earlier
        self.formula = formula or note.rstrip(".")
        self.cases, self.seconds = cases, seconds
        self.init = init if isinstance(init, list) else [init] * len(cases)


@dataclass(frozen=True)
class Track:
    """One file from its beginning to its end.

    name: of the kept file; parts: from the course's names to all parts; bar: what the task must reach, in %; given:
    definitions that are no work; more: other kept files, or modules of the course; task: the file whose `main` is the
    task, and returns its share; note: to be said above.
    """

    chapter: int
    name: str
    parts: Callable[[Any], list[TrackPart]]
    minutes: int
    have: str
    bar: float
    seconds: float = 120.0
    given: tuple[str, ...] = ()
    more: tuple[str, ...] = ()
    task: str = ""
    note: str = ""

    @functools.cached_property
    def modules(self) -> list[str]:
        files = (self.name, *self.more)
        return [file if "." in file else f"chapters.ch{self.chapter:02}.kept.{file}" for file in files]

    @functools.cached_property
    def texts(self) -> list[str]:
        """The kept files as the course writes them."""
        for module in self.modules:
            importlib.import_module(module)
        return [composed(module, {}).text for module in self.modules]

    @functools.cached_property
    def course(self) -> SimpleNamespace:
        """The course's definitions by the names that they have in the kept files."""
        definitions: dict[str, Any] = {}
        for module in self.modules:
            definitions |= vars(importlib.import_module(module))
            definitions |= {
                name: getattr(importlib.import_module(home), at) for name, (home, at) in origins(module).items()
            }
        return SimpleNamespace(**definitions)

    @functools.cached_property
    def all_parts(self) -> list[TrackPart]:
        with plain_torch():
            parts = self.parts(self.course)
        at = next((i for i, part in enumerate(parts) if part.last), len(parts))
        task = TrackPart(t("the task"), last=self.learned, seconds=self.seconds)
        return [*parts[:at], task, *parts[at:]]

    @functools.cached_property
    def judges(self) -> dict[str, Exercise]:
        """What judges each part, by its title: an exercise of the notebook, or one with the course's definition."""
        exercises = [find(mark) for module in self.modules for mark in marks(course(module).text).values()]
        tasks = {task.function: task for task in exercises if not isinstance(task.reference, type)}
        parts = [part for part in self.all_parts if not part.last]
        return {part.title: Trial(self, part).exercise() if part.cases else tasks[part.name] for part in parts}

    def hints(self, part: TrackPart) -> tuple[str, str, str]:
        """What it is, its formula, the shapes of its steps."""
        if part.last:
            return part.formula or t(
                "Nothing more is to be written: together, the parts must learn a task. If they do not: how large are "
                "parameters at the beginning (embeddings of 1 are far too large), what does the loss count, and who "
                "switches dropout off?"
            ), "", ""  # fmt: skip
        task = self.judges[part.title]
        if part.cases:
            return task.task, part.formula, _steps(task.reference)
        return task.task, " ".join(task.hints[:-1]), f"{_steps(task.reference)} {task.hints[-1]}"

    def made_of(self, part: TrackPart) -> list[str]:
        """The parameters of a module with their shapes, or the part that has them."""
        kind: Any = getattr(self.course, part.name, None)
        if not (part.cases and _is_module(kind)):
            return []
        return list(dict.fromkeys(_made_of(kind(*_arguments(part.init[0], self.course, self)), self.course)))

    def verdict(self, part: TrackPart, mine: Mapping[str, Any]) -> Verdict:
        """What is said of the reader's file."""
        if part.last:
            return self.whole(part, part.last, mine)
        verdict = judge(exercise := self.judges[part.title], mine[part.name], part.seconds)
        misfits = (
            outcome.trouble.message
            for outcome in verdict.outcomes
            if outcome.trouble and outcome.trouble.kind == "misfit"
        )
        if verdict.known not in exercise.wrong and (says := next(misfits, "")):
            return replace(verdict, text=says, lead="", arrays={})  # it names what is, and what is needed
        needed = t("It should be: {formula}.", formula=part.formula) if verdict.vague and part.formula else ""
        return replace(verdict, text=sentences(verdict.text, needed))

    def whole(self, part: TrackPart, last: Callable, mine: Mapping[str, Any]) -> Verdict:
        """What is said of all parts together."""
        messages: list[str] = []

        def run(_: Any, case: Case) -> bool:
            random.seed(0)
            right, says = last(SimpleNamespace(**mine))
            messages.append(says)
            return right

        task = Exercise(part.title, "", run, lambda: [Case({})], ("right",), ("",), 1, 2, run=run)
        with plain_torch():
            (outcome,) = outcomes_of(task, run, [Case({})], [True], part.seconds, again=False)
        if trouble := outcome.trouble:
            return Verdict(
                part.title, "unsolved" if trouble.kind == "unsolved" else "wrong", trouble.sentence, code=trouble.line
            )
        return Verdict(part.title, "right" if outcome.value else "wrong", messages[0])

    def learned(self, mine: SimpleNamespace) -> tuple[bool, str]:
        """The task of the kept file, with the reader's definitions for ours."""
        module = importlib.import_module(f"chapters.ch{self.chapter:02}.kept.{self.task or self.name}")
        readers = {k: x for k, x in vars(mine).items() if k != "main" and not k.startswith("__")}
        space = vars(self.course) | vars(module) | readers
        for name, thing in list(space.items()):
            if isinstance(thing, FunctionType) and thing.__module__ == module.__name__ and name not in readers:
                bare = inspect.unwrap(thing)  # with the reader's names for ours
                space[name] = FunctionType(bare.__code__, space, name, bare.__defaults__, bare.__closure__)
        started = time.process_time()
        torch.manual_seed(0)
        with quiet() as printed:
            share = 100 * space["main"]()
        line = printed.text.strip().split("\n")[-1]
        took, needed = f"{time.process_time() - started:.0f}", f"{self.bar:g}"
        says = t("“{line}” Needed: {bar} %. {took} s of computing, {seconds} s are given.",
                 line=line, bar=needed, took=took, seconds=f"{self.seconds:g}")  # fmt: skip
        return share >= self.bar, says


class Trial:
    """How a part is tried: its cases, what the course's definition gives on each, and how another one is compared."""

    def __init__(self, track: Track, part: TrackPart):
        self.track, self.part, self.reference = track, part, getattr(track.course, part.name)
        is_module = _is_module(self.reference)
        called = part.call or (self.reference.forward if is_module else self.reference)
        names = list(inspect.signature(called).parameters)[2 if part.call else int(is_module) :]
        if counts := [len(values) for values in part.cases if len(values) > len(names)]:
            raise ValueError(t("{title}: a case gives {count} inputs; needed: at most {needed}.",
                               title=part.title, count=counts[0], needed=len(names)))  # fmt: skip
        inputs = [dict(zip(names, values, strict=False)) for values in part.cases]
        self.cases = [Case(one, init=(i, False)) for i, one in enumerate(inputs)]
        mode = {"mode": t("train; dropout is a fixed pattern")}
        trained = [Case(one, init=(i, True), given=mode) for i, one in enumerate(inputs) if is_module and not part.call]
        with plain_torch():
            self.cases += [case for case in trained if self.of(self.reference, case).drops]
            self.expected = {case.init: self.of(self.reference, case) for case in self.cases}
        first = self.expected[0, False]
        self.returns = first.names or self.named(len(first.result) if isinstance(first.result, tuple) else 1)

    def exercise(self) -> Exercise:
        """One whose answer is the course's definition."""
        about = (self.reference.__doc__ or "").strip()
        return Exercise(self.part.title, about, self.reference, lambda: self.cases, self.returns, (about,), 1, 2,
                        run=self.run, function=self.part.name)  # fmt: skip

    def of(self, answer: Any, case: Case) -> TrialResult:
        """What a definition, the reader's or the course's, gives on a case."""
        (i, train), part, names = case.init, self.part, names_beside(answer, self.track.course)
        is_class = isinstance(self.reference, type)
        thing = with_course_numbers(self.track, part.name, part.init[i], names, answer) if is_class else answer
        arguments = _arguments(case.args.values(), names, self.track)
        models = [argument for argument in (thing, *arguments) if isinstance(argument, nn.Module)]
        for model in models:
            model.train(train if model is thing else i % 2 == 0)  # one that is given, in each mode
        call = functools.partial(part.call, thing, names) if part.call else thing
        with fixed_dropout() as drops:
            result = call(*arguments)
        names_of_results = tuple(result) if isinstance(result, dict) else ()
        result = tuple(map(_plain, result.values())) if names_of_results else result
        value = result if names_of_results else _plain(result)
        slopes = gradients.of_parameters(models[:1], result)
        return TrialResult(value, slopes, [model.training for model in models], drops, names_of_results)

    def named(self, count: int) -> tuple[str, ...]:
        """What the course's text calls the things that come back."""
        names = re.findall(r"(\w+)\s+\[", _source_text(self.reference).partition("->")[2].partition('"""')[0])
        return tuple(names) if len(names) == count else ("result", *(f"result {n}" for n in range(2, count + 1)))

    def run(self, answer: Any, case: Case) -> Any:
        """The results, to be compared. Raises Misfit for what is wrong beside them."""
        (i, train), mine, ours = case.init, self.of(answer, case), self.expected[case.init]
        if train and not mine.drops and not same(mine.result, self.of(answer, replace(case, init=(i, False))).result):
            return ours.result  # by a dropout of its own, which is left to chance
        of = next((x for x in self.part.cases[i] if isinstance(x, ModelArgument)), self.part.name)
        expected_slopes, right = (
            mapped(names_beside(answer, self.track.course), of, ours.slopes),
            same(mine.result, ours.result),
        )
        if says := gradients.lost(mine.slopes, expected_slopes, right):
            raise Misfit(says)
        if right and mine.modes != ours.modes:
            values = {"mode": str(mine.modes[0]), "mode2": str(ours.modes[0])}
            raise Misfit(t("After it, `model.training` is {mode}; needed: {mode2}.", **values))
        return mine.result


@dataclass(frozen=True)
class TrialResult:
    """What came of a case; slopes: the gradients of parameters; modes: those that models are left in; drops: the shares
    of those dropouts that acted; names: of several results, where a dict has them."""

    result: Any
    slopes: Mapping[str, Tensor]
    modes: list[bool]
    drops: list[float]
    names: tuple[str, ...] = ()


def _is_module(thing: Any) -> bool:
    return isinstance(thing, type) and issubclass(thing, nn.Module)


@contextlib.contextmanager
def fixed_dropout() -> Iterator[list[float]]:
    """Dropout as a fixed pattern, so that where it acts can be compared. Gives the shares of those that acted."""
    drops: list[float] = []

    def pattern(x: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
        if not (training and p):
            return x
        drops.append(p)
        return x * (1 + p * torch.linspace(-1, 1, x.shape[-1]))

    before, nn.functional.dropout = nn.functional.dropout, pattern  # type: ignore[assignment]
    try:
        yield drops
    finally:
        nn.functional.dropout = before


def _begins_like(ours: Mapping[str, Tensor], model: nn.Module) -> None:
    """Raises Misfit where parameters begin much larger than the course's, or scales not at 1."""
    for name, p in model.named_parameters():
        begins = ours.get(name, p)
        if (begins == 1).all() and not (p == 1).all():
            values = {"name": name, "mean": f"{p.mean():.2g}"}
            raise Misfit(t("Its `{name}` begins at {mean} on average; needed: 1 everywhere.", **values))
        if p.numel() > 15 and p.std() > 2.5 * begins.std() > 0:
            values = {"name": name, "std": f"{p.std():.2g}", "std2": f"{begins.std():.2g}"}
            says = t(
                "The standard deviation of its `{name}` is {std} at the beginning; needed: about {std2}.", **values
            )
            raise Misfit(says)


def names_beside(answer: Any, ours: Any) -> Any:
    """The names of the file that an answer is from: the reader's, else the course's."""
    return sys.modules[OURS] if getattr(answer, "__module__", "") == OURS else ours


def mapped(names: Any, name: str, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Numbers of the course's parameters under the names of the file that a module is from."""
    theirs = getattr(getattr(names, name, None), "__module__", "") == OURS and hasattr(names, "state_map")
    return names.state_map(name, dict(state)) if theirs and state else dict(state)


def with_course_numbers(track: Track, name: str, init: tuple, names: Any, kind: Any = None, state: Any = None) -> Any:
    """A module in eval mode, the reader's or the course's, with the course's numbers. Raises Misfit."""
    torch.manual_seed(0)
    model = (kind or getattr(names, name))(*_arguments(init, names, track))
    if not isinstance(model, nn.Module):
        return model
    if state is None:  # moved away from where they begin, so that no bias is 0 and no scale 1
        torch.manual_seed(0)
        ours, draw = (
            getattr(track.course, name)(*_arguments(init, track.course, track)),
            torch.Generator().manual_seed(1),
        )
        state = {n: p.detach() + 0.2 * torch.randn(p.shape, generator=draw) for n, p in ours.named_parameters()}
        if kind is not None:  # it is judged itself, not given to another part, which is not to hear of it
            _begins_like(mapped(names, name, dict(ours.named_parameters())), model)
    state = mapped(names, name, state)
    own, needed = ({f"`{n}` {list(p.shape)}" for n, p in one} for one in (model.named_parameters(), state.items()))
    if own != needed:
        values = {"own": ", ".join(sorted(own - needed)) or "none", "needed": ", ".join(sorted(needed - own)) or "none"}
        raise Misfit(t("Its parameters are others: it has {own}; needed: {needed}. If yours is built otherwise, say so "
                       "in `state_map`.", **values))  # fmt: skip
    model.load_state_dict(state, strict=False)
    return model.eval()


def _arguments(values: Iterable, names: Any, track: Track) -> list[Any]:
    """Arguments, with modules for their names."""
    return [with_course_numbers(track, x, x.init, names) if isinstance(x, ModelArgument) else x for x in values]


def _plain(result: Any) -> Any:
    """A tensor, a number or a text, or a tuple of these."""
    if isinstance(result, tuple) and not all(isinstance(part, str) for part in result):
        return tuple(map(_plain, result))
    return result if isinstance(result, Tensor | bool | int | float | str) or result is None else str(list(result))


def _source_text(thing: Any) -> str:
    """Its text, of a class from `forward` on; "" where there is none."""
    try:
        text = plain(thing)
    except (LookupError, OSError):
        return ""
    return text[text.find("def forward") :] if "def forward" in text else text


def _steps(thing: Any) -> str:
    """The shape of each step, as the comments of the course's text tell them."""
    try:
        comments = (COMMENT.match(line) for line in plain(thing).split("\n"))
    except (LookupError, OSError):
        return ""
    return "; ".join(f"{match[1] or 'result'}: {match[2].strip()}" for match in comments if match)


def _made_of(model: nn.Module, c: SimpleNamespace, at: str = "") -> Iterator[str]:
    yield from (f"{at}{name} {list(p.shape)}" for name, p in model.named_parameters(recurse=False))
    for name, child in model.named_children():
        name = "N" if isinstance(model, nn.ModuleList) else name
        if getattr(c, type(child).__name__, None) is type(child):
            yield f"{at}{name}: {type(child).__name__}"
        else:
            yield from _made_of(child, c, f"{at}{name}.")
