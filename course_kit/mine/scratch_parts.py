"""The parts of a model that a reader writes from an empty file, and how each is tried.

A chapter's `scratch.py` lists them. Where an exercise has the function, that judges; the others are compared with the
course's definition by an exercise that is made here: inputs and sizes come from a pool, by the names of parameters, and
a module gets the course's numbers, which the reader's `state_map` renames. Dropout is no chance here but a fixed
pattern (`marked`), so that results in train mode can be compared, too. Last comes the task of the kept file.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import random
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import FunctionType, SimpleNamespace
from typing import Any

import torch
from torch import Tensor, nn

from course_kit.exercises.compare import Misfit, same
from course_kit.exercises.define import Case, Exercise, Wrong, find
from course_kit.exercises.diagnose import Verdict
from course_kit.exercises.guard import plain_torch, quiet
from course_kit.exercises.judge import attempt, judge
from course_kit.exercises.properties import blind_to_later, rows_are_independent
from course_kit.i18n import t
from course_kit.programs.source_text import plain

from .composing import composed, marks, origins
from .scratch_models import build, lost, made, made_of, mapping, marked, names_beside, parameters_of, slopes
from .source import course

COMMENT = re.compile(r"^\s*(?:return\b|([\w, .]+?) =)?.*?#\s*(.*\[.*)$")
NOTHING = "None"  # in a tuple
STEPS = 3  # of a training, which are compared


class Either(tuple):
    """Values of a pool, one for each case; a shorter one goes on with its last."""


class Model(str):
    """In a pool, the name of a module, the reader's or the course's, that a function or a constructor gets."""


class Sizes(tuple):
    """What the constructor of a case gets. number: of the case."""

    number: int


@dataclass(frozen=True)
class Part:
    """title: as it is listed; name: of its definition; judged: by what; made_of: the course's parameters with their
    shapes, or the part that has them; seconds: that it may take; optional: another structure may do without it."""

    title: str
    name: str
    judged: Exercise | Callable[[SimpleNamespace], tuple[bool, str]]
    hints: tuple[str, ...] = ()
    made_of: tuple[str, ...] = ()
    seconds: float = 5.0
    optional: bool = True
    formula: str = ""

    def verdict(self, space: dict[str, Any]) -> Verdict:
        """What is said of the reader's file."""
        thing = space[self.name] if self.name in space else space["build"]  # which knows another name
        if isinstance(self.judged, Exercise):
            verdict = judge(self.judged, thing, self.seconds)
            misfits = (one.trouble.message for one in verdict.outcomes if one.trouble and one.trouble.kind == "misfit")
            if verdict.known not in self.judged.wrong and (says := next(misfits, "")):
                return replace(verdict, text=says, lead="", arrays={})  # it names what is, and what is needed
            vague = verdict.look == "the_result" and self.formula
            return replace(verdict, text=f"{verdict.text} It should be: {self.formula}.") if vague else verdict
        said: list[str] = []

        def run(_: Any, case: Case) -> bool:
            random.seed(0)
            right, says = self.judged(SimpleNamespace(**space))  # type: ignore[operator]
            said.append(says)
            return right

        task = Exercise(self.title, "", thing, lambda: [Case({})], ("right",), self.hints, 1, 2, run=run)
        with plain_torch():
            (found,) = attempt(task, thing, [Case({})], [True], self.seconds, again=False)
        if why := found.trouble:
            return Verdict(self.title, "unsolved" if why.kind == "unsolved" else "wrong", why.sentence, code=why.line)
        return Verdict(self.title, "right" if found.value else "wrong", said[0])


@dataclass(frozen=True)
class Track:
    """One file from its beginning to its end.

    name: of the kept file; parts: a line for each, "name: formula", with a * where another structure needs it, too;
    pool: from the course's names to inputs and sizes, by the names of parameters; bar: what the figure of the task must
    reach; calls: how a part is tried that is not just called, (thing, names, **inputs) -> result; causal: inputs of
    which no earlier output may see the later ones; given: definitions that are no work; more: other kept files, or
    modules of the course; told: what is judged and no docstring says, by the names of parts; wrong: known mistakes,
    likewise; task: the file whose `main` is the task; last: what comes after it; note: to be said above.
    """

    chapter: int
    name: str
    parts: str
    pool: Callable[[Any], dict[str, Any]]
    minutes: int
    have: str
    bar: float
    seconds: float = 120.0
    calls: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    causal: tuple[str, ...] = ()
    given: tuple[str, ...] = ()
    more: tuple[str, ...] = ()
    told: Mapping[str, str] = field(default_factory=dict)
    wrong: Mapping[str, tuple[Wrong, ...]] = field(default_factory=dict)
    task: str = ""
    last: tuple[Part, ...] = ()
    note: str = ""

    @property
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
        found: dict[str, Any] = {}
        for module in self.modules:
            found |= vars(importlib.import_module(module))
            found |= {name: getattr(importlib.import_module(home), at) for name, (home, at) in origins(module).items()}
        return SimpleNamespace(**found)

    @functools.cached_property
    def inputs(self) -> dict[str, Any]:
        with plain_torch():
            return self.pool(self.course)

    @functools.cached_property
    def known(self) -> dict[str, dict[str, Tensor]]:
        """The parameters of each module that is a part."""
        return {}

    def model(self, name: str, names: SimpleNamespace) -> Any:
        """A module by its name, with the course's parameters."""
        ours = getattr(self.course, name)
        init = self.with_models(_nth(arguments(ours, self.inputs, name), 0), names)
        torch.manual_seed(0)
        return made(names, name, init, self.known.get(name) or parameters_of(ours(*init.values())))

    def with_models(self, inputs: Mapping[str, Any], names: SimpleNamespace) -> dict[str, Any]:
        """The inputs of a case, with modules for their names."""
        return {k: self.model(x, names) if isinstance(x, Model) else x for k, x in inputs.items()}

    @functools.cached_property
    def all_parts(self) -> list[Part]:
        tasks = [find(mark) for module in self.modules for mark in marks(course(module).text).values()]
        judges = {task.function: task for task in tasks}
        parts = []
        for line in self.parts.strip().split("\n"):
            name, _, formula = line.strip().partition(": ")
            needed, title = name.endswith("*"), name.rstrip("*")
            name = title.partition(",")[0]
            judge = judges.get(name) if title not in self.calls else None
            if judge and not isinstance(judge.reference, type):
                if more := self.inputs.get(name):  # of parameters that the notebook does not use
                    judge = replace(judge, cases=functools.partial(_all_cases, judge, more))
                hints = judge.task, " ".join(judge.hints[:-1]), f"{_steps(judge.reference)} {judge.hints[-1]}"
                parts.append(Part(title, name, judge, hints, optional=not needed))
            else:
                parts.append(self.part(title, name, formula, not needed))
        about = t(
            "Nothing more is to be written: together, the parts must learn a task. If they do not: how large are "
            "parameters at the beginning (embeddings of 1 are far too large), what does the loss count, and who "
            "switches dropout off?"
        )
        task = Part(t("the task"), parts[-1].name, self.learned, (about,), seconds=self.seconds, optional=False)
        return [*parts, task, *self.last]

    def part(self, title: str, name: str, formula: str, optional: bool) -> Part:
        """A definition that gives what the course's gives."""
        trials = Trials(self, title, name, formula)
        reference, cases, is_module = trials.reference, trials.cases, trials.is_module
        self.known[name] = trials.parameters[0]
        apart = [k for k, x in cases[-1].args.items() if isinstance(x, Tensor) and x.dim() > 1 and len(x) == 2]
        holds = [rows_are_independent(*apart)] if apart and is_module else []
        holds += [
            blind_to_later(k, dim=-1 if k != "x" else -2) for k in self.causal if k in cases[0].args and is_module
        ]
        about = (reference.__doc__ or "").strip()
        hints = about, formula, _steps(reference)
        returns = _returns(trials.call or reference, trials.wanted[0].result)
        exercise = Exercise(title, about, reference, lambda: cases, returns, hints, 1, 2, run=trials.run,
                            properties=tuple(holds), function=name, wrong=tuple(self.wrong.get(title, ())))  # fmt: skip
        of = tuple(dict.fromkeys(made_of(trials.fresh[0], self.course))) if trials.fresh[0] else ()
        return Part(title, name, exercise, hints, of, optional=optional, formula=formula)

    def learned(self, mine: SimpleNamespace) -> tuple[bool, str]:
        """The task of the kept file, with the reader's definitions for ours."""
        module = importlib.import_module(f"chapters.ch{self.chapter:02}.kept.{self.task or self.name}")
        readers = {k: x for k, x in vars(mine).items() if k != "main" and not k.startswith("__")}
        space = vars(self.course) | vars(module) | readers
        for name, thing in list(space.items()):
            if isinstance(thing, FunctionType) and thing.__module__ == module.__name__ and name not in readers:
                bare = inspect.unwrap(thing)  # with the reader's names for ours
                space[name] = FunctionType(bare.__code__, space, name, bare.__defaults__, bare.__closure__)
            elif name in self.known and isinstance(thing, type) and issubclass(thing, nn.Module):
                space[name] = functools.update_wrapper(functools.partial(build, mine, name), thing, updated=())
        started = time.process_time()
        torch.manual_seed(0)
        with quiet() as printed:
            space["main"]()
        line = printed.text.strip().split("\n")[-1]
        figures = re.findall(r"([\d.]+)%", line) or [str(100 * float(re.findall(r"[\d.]+", line)[-1]))]
        took = time.process_time() - started
        says = t(
            "“{line}” Needed: {bar} %. {took} s of computing, {seconds} s are given.",
            line=line,
            bar=f"{self.bar:g}",
            took=f"{took:.0f}",
            seconds=f"{self.seconds:g}",
        )
        return min(map(float, figures)) >= self.bar, says


@dataclass(frozen=True)
class Trial:
    """What came of a case. mode: `training` of the model that was given, and whether it is kept; trained: the result in
    train mode, and the shares of those dropouts that acted; learned: the gradients of parameters."""

    result: Any
    mode: bool | None
    kept: bool
    learned: Mapping[str, Tensor] = field(default_factory=dict)
    trained: Any = None
    drops: tuple[float, ...] = ()


class Trials:
    """How a part is tried: the cases, what the course's definition gives on each, and how another one is compared."""

    def __init__(self, track: Track, title: str, name: str, formula: str):
        self.track, self.name, self.formula, self.call = track, name, formula, track.calls.get(title)
        self.reference = reference = getattr(track.course, name)
        self.is_class = isinstance(reference, type)
        self.is_module = self.is_class and issubclass(reference, nn.Module)
        self.sizes = arguments(reference, track.inputs, title) if self.is_class else {}
        called = self.call or (reference.forward if self.is_module else reference)
        given = arguments(called, track.inputs, title)
        count = max((len(x) for x in (*self.sizes.values(), *given.values()) if isinstance(x, Either)), default=1)
        made_from = [Sizes(track.with_models(_nth(self.sizes, i), track.course).values()) for i in range(count)]
        self.cases = [Case(_nth(given, i), init=init) for i, init in enumerate(made_from)]
        for i, init in enumerate(made_from):
            init.number = i
        self.may_miss = "or None" in _told(reference).partition('"""')[2].partition('"""')[0].rpartition("->")[2]
        with plain_torch():
            self.fresh = [reference(*case.init) if self.is_module else None for case in self.cases]
            self.parameters = [parameters_of(model) if model else {} for model in self.fresh]
            self.wanted = [self.trial(reference, case) for case in self.cases]

    def trial(self, answer: Any, case: Case) -> Trial:
        """What a definition, the reader's or the course's, gives on a case."""
        i, names, thing = _number(case), names_beside(answer, self.track.course), answer
        if self.is_class:
            sizes = self.track.with_models(_nth(self.sizes, i), names)
            thing = made(names, self.name, sizes, self.parameters[i], answer, self.fresh[i])
        given = self.track.with_models(case.args, names)
        model = given.get("model")
        if isinstance(model, nn.Module):  # in each mode; a training step, in the one that it has to change
            model.train("optimiser" in given or i % 2 == 0 and "optimisers" not in given)
        mode = getattr(model, "training", None)
        with marked():
            result = self.call(thing, names, **given) if self.call else _called(thing, given)
        kept = getattr(model, "training", None) == mode
        learned = slopes(thing if self.is_module else model, result)
        if not self.is_module or self.call:
            return Trial(_plain(result), mode, kept, learned)
        with marked() as drops:
            trained = _plain(_called(thing.train(), given))
        return Trial(_plain(result), mode, kept, learned, trained, tuple(drops))

    def run(self, answer: Any, case: Case) -> Any:
        """The result, to be compared; where it is right, a Misfit for what else is not."""
        mine, ours = self.trial(answer, case), self.wanted[_number(case)]
        of = self.name if self.is_module else str(case.args.get("model"))
        wanted = mapping(names_beside(answer, self.track.course), of)(ours.learned)
        if says := lost(mine.learned, wanted, same(mine.result, ours.result)):
            raise Misfit(says)
        result = _filled(mine.result, ours.result) if self.may_miss else mine.result
        if not same(result, ours.result):
            return result
        trained = _filled(mine.trained, ours.trained)
        if ours.drops and (mine.drops or same(trained, result)) and not same(trained, ours.trained):
            acts = t("in another place")
            if sorted(mine.drops) != sorted(ours.drops):
                told = {"yours": _times(mine.drops), "ours": _times(ours.drops)}
                acts = t("{yours} in yours and {ours} in the course's", **told)
            raise Misfit(
                t("In train mode dropout acts {acts}. It should be: {formula}.", acts=acts, formula=self.formula)
            )
        if ours.kept and not mine.kept:
            told = {"mode": str(mine.mode), "mode2": str(not mine.mode)}
            raise Misfit(t("`model.training` was {mode} and is {mode2} after it. Needed: as before.", **told))
        return result


def _nth(given: Mapping[str, Any], i: int) -> dict[str, Any]:
    """The values of a case."""
    return {k: x[min(i, len(x) - 1)] if isinstance(x, Either) else x for k, x in given.items()}


def _number(case: Case) -> int:
    """Which of its part's cases it is."""
    assert isinstance(case.init, Sizes)
    return case.init.number


def _all_cases(task: Exercise, more: tuple[Case, ...]) -> list[Case]:
    return [*task.cases(), *more]


def _filled(mine: Any, ours: Any) -> Any:
    """A result with the course's in those places where None is allowed, and is."""
    if not isinstance(mine, tuple | list) or not isinstance(ours, tuple) or len(mine) != len(ours):
        return mine
    return tuple(want if NOTHING in (one for one in (got, want) if isinstance(one, str)) else got
                 for got, want in zip(mine, ours, strict=True))  # fmt: skip


def _times(drops: tuple[float, ...]) -> str:
    """How often, and with which shares."""
    shares = ", ".join(f"{p:g}" for p in dict.fromkeys(drops))
    told: dict[str, Any] = {"count": len(drops), "shares": shares}
    return t("{count} times (p = {shares})", **told) if drops else t("{count} times", **told)


def arguments(thing: Any, pool: Mapping[str, Any], title: str) -> dict[str, Any]:
    """What a pool has for the parameters of a function, in their order: under "title.name", or for all parts."""
    found = {name: pool.get(f"{title}.{name}", pool.get(name, ...)) for name in inspect.signature(thing).parameters}
    return {name: value for name, value in found.items() if value is not ...}


def _called(thing: Callable, given: dict[str, Any]) -> Any:
    """A result; of a training, the losses of its first steps."""
    rates = [name for name in ("optimiser", "optimisers") if name in given]
    if not rates:
        return thing(*given.values())
    learned = list(given["model"].parameters())
    parts = [learned] if rates == ["optimiser"] else [[p for p in learned if p.dim() == n] for n in (2, 1)]
    found = [torch.optim.SGD(part, lr=0.1) for part in parts if part]
    given = given | {rates[0]: found if rates == ["optimisers"] else found[0]}
    return torch.tensor([float(thing(*given.values())) for _ in range(STEPS)])


def _plain(result: Any) -> Any:
    """A tensor, a number or a text, or a tuple of these."""
    if isinstance(result, tuple) and not all(isinstance(part, str) for part in result):
        return tuple(NOTHING if part is None else _plain(part) for part in result)
    return result if isinstance(result, Tensor | bool | int | float | str) or result is None else str(list(result))


def _told(thing: Any) -> str:
    """Its text, of a class from `forward` on; "" where there is none."""
    try:
        text = plain(thing)
    except (LookupError, OSError):
        return ""
    return text[text.find("def forward") :] if "def forward" in text else text


def _returns(thing: Any, result: Any) -> tuple[str, ...]:
    """What the course's text calls the things that come back; of a way to try it, what its name says."""
    names = re.findall(r"(\w+)\s+\[", _told(thing).partition("->")[2].partition('"""')[0])
    count = len(result) if isinstance(result, tuple) else 1
    one = thing.__name__.replace("_", " ") if thing.__module__.endswith(".scratch") else "result"
    return tuple(names) if len(names) == count else (one, *(f"{one} {i}" for i in range(2, count + 1)))


def _steps(thing: Any) -> str:
    """The shape of each step, as the comments of the course's text tell them."""
    try:
        found = (COMMENT.match(line) for line in plain(thing).split("\n"))
    except (LookupError, OSError):
        return ""
    return "; ".join(f"{match[1] or 'result'}: {match[2].strip()}" for match in found if match)
