"""The parts of a model that a reader writes from an empty file, and how each is tried.

A chapter's `scratch.py` lists them. Where an exercise has the function, that judges; the others are compared with the
course's definition by an exercise that is made here: inputs and sizes come from a pool, by the names of parameters, and
a module gets the course's numbers, which the reader's `state_map` renames. Dropout is no chance here but a fixed
pattern (`marked`), so that results in train mode can be compared, too. Last comes the task of the kept file.
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
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import FunctionType, SimpleNamespace
from typing import Any

import torch
from torch import Tensor, nn

from course_kit.exercises.compare import Misfit, same
from course_kit.exercises.define import Case, Exercise, Wrong, find
from course_kit.exercises.diagnose import Verdict
from course_kit.exercises.guard import TookTooLong, Trouble, own_line, plain_torch, quiet, time_limit, trouble
from course_kit.exercises.judge import judge
from course_kit.exercises.properties import blind_to_later, rows_are_independent
from course_kit.i18n import t
from course_kit.programs.source_text import plain

from .composing import composed, marks, origins
from .source import course

OURS = "from_scratch"  # the reader's file as a module
STANDING_IN = "__course__"  # in it, the names of those parts that are the course's there
COMMENT = re.compile(r"^\s*(?:return\b|([\w, .]+?) =)?.*?#\s*(.*\[.*)$")
NOTHING = "None"  # in a tuple
SMALL = 0.05  # the standard deviation of a layer that is told to begin small
STEPS = 3  # of a training, which are compared


class Either(tuple):
    """Values of a pool, one for each case; a shorter one goes on with its last."""


class Model(str):
    """In a pool, the name of a module, the reader's or the course's, that a function or a constructor gets."""


class Sizes(tuple):
    """What the constructor of a case gets. number: of the case."""

    number: int


@dataclass(frozen=True)
class Trial:
    """What came of a case. mode: `training` of the model that was given, and whether it is kept; trained: the result in
    train mode, and the shares of those dropouts that acted; lost: what is to be said of parameters without gradient."""

    result: Any
    mode: bool | None
    kept: bool
    trained: Any = None
    drops: tuple[float, ...] = ()
    lost: str = ""


@contextlib.contextmanager
def marked() -> Iterator[list[float]]:
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


@dataclass(frozen=True)
class Part:
    """title: as it is listed; name: of its definition; judged: by what; parameters: the course's, by name; made_of: the
    same with their shapes, or the part that has them; seconds: that it may take; optional: another structure may do
    without it."""

    title: str
    name: str
    judged: Exercise | Callable[[SimpleNamespace], tuple[bool, str]]
    hints: tuple[str, ...] = ()
    parameters: Mapping[str, Tensor] = field(default_factory=dict)
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
        try:
            with plain_torch(), quiet(), time_limit(self.seconds):
                random.seed(0)
                right, says = self.judged(SimpleNamespace(**space))
            return Verdict(self.title, "right" if right else "wrong", says)
        except (Exception, SystemExit, TookTooLong) as error:
            slow = Trouble("slow", "TookTooLong", f"{self.seconds:g}", own_line(thing, error.__traceback__))
            why = slow if isinstance(error, TookTooLong) else trouble(thing, error, Case({}))
            why = replace(why, error=type(error).__name__)
            says = str(error) if isinstance(error, Misfit) else why.sentence
            return Verdict(self.title, "unsolved" if why.kind == "unsolved" else "wrong", says, code=why.line)


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
        return made(names, name, init, self.known.get(name) or _parameters(ours(*init.values())))

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
        reference, call = getattr(self.course, name), self.calls.get(title)
        is_class = isinstance(reference, type)
        is_module = is_class and issubclass(reference, nn.Module)
        sizes = arguments(reference, self.inputs, title) if is_class else {}
        names_in = arguments(call or (reference.forward if is_module else reference), self.inputs, title)
        count = max((len(x) for x in (*sizes.values(), *names_in.values()) if isinstance(x, Either)), default=1)
        made_from = [Sizes(self.with_models(_nth(sizes, i), self.course).values()) for i in range(count)]
        cases = [Case(_nth(names_in, i), init=init) for i, init in enumerate(made_from)]
        for i, init in enumerate(made_from):
            init.number = i
        with plain_torch():
            fresh = [reference(*case.init) if is_module else None for case in cases]
        parameters = [_parameters(model) if model else {} for model in fresh]
        self.known[name] = parameters[0]

        def trial(answer: Any, case: Case) -> Trial:
            i, names, args = _number(case), names_beside(answer, self.course), case.args
            thing = answer
            if is_class:
                thing = made(names, name, self.with_models(_nth(sizes, i), names), parameters[i], answer, fresh[i])
            given = self.with_models(args, names)
            model = given.get("model")
            if isinstance(model, nn.Module):  # in each mode; a training step, in the one that it has to change
                model.train("optimiser" in given or i % 2 == 0 and "optimisers" not in given)
            mode = getattr(model, "training", None)
            with marked():
                result = call(thing, names, **given) if call else _called(thing, given)
            kept = getattr(model, "training", None) == mode
            if not is_module or call:
                return Trial(_plain(result), mode, kept)
            with marked() as drops:
                trained = _plain(_called(thing.train(), given))
            return Trial(_plain(result), mode, kept, trained, tuple(drops), _lost(thing, result))

        with plain_torch():
            wanted = [trial(reference, case) for case in cases]
        may_miss = "or None" in _told(reference).partition('"""')[2].partition('"""')[0].rpartition("->")[2]

        def run(answer: Any, case: Case) -> Any:
            mine, ours = trial(answer, case), wanted[_number(case)]
            if mine.lost and not ours.lost:
                raise Misfit(mine.lost)
            result = _filled(mine.result, ours.result) if may_miss else mine.result
            if not same(result, ours.result):
                return result
            trained = _filled(mine.trained, ours.trained)
            if ours.drops and (mine.drops or same(trained, result)) and not same(trained, ours.trained):
                if sorted(mine.drops) == sorted(ours.drops):
                    says = t("In train mode dropout acts in another place. It should be: {formula}.", formula=formula)
                    raise Misfit(says)
                acts = " and ".join(
                    t("{times} in {whose}", times=_times(one.drops), whose=whose)
                    for one, whose in ((mine, "yours"), (ours, t("the course's")))
                )
                raise Misfit(
                    t(
                        "In train mode dropout acts {acts}. It should be: {formula}.",
                        acts=acts,
                        formula=formula,
                    )
                )
            if ours.kept and not mine.kept:
                raise Misfit(
                    t(
                        "`model.training` was {mode} and is {mode2} after it. Needed: as before.",
                        mode=mine.mode,
                        mode2=not mine.mode,
                    )
                )
            return result

        example = wanted[0].result
        apart = [k for k, x in cases[-1].args.items() if isinstance(x, Tensor) and x.dim() > 1 and len(x) == 2]
        holds = [rows_are_independent(*apart)] if apart and is_module else []
        holds += [blind_to_later(k, dim=-1 if k != "x" else -2) for k in self.causal if k in names_in and is_module]
        about = (reference.__doc__ or "").strip()
        hints = about, formula, _steps(reference)
        returns = _returns(call or reference, example)
        exercise = Exercise(title, about, reference, lambda: cases, returns, hints, 1, 2, run=run,
                            properties=tuple(holds), function=name, wrong=tuple(self.wrong.get(title, ())))  # fmt: skip
        of = tuple(dict.fromkeys(_made_of(fresh[0], self.course))) if fresh[0] else ()
        return Part(title, name, exercise, hints, parameters[0], of, optional=optional, formula=formula)

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


def names_beside(answer: Any, ours: SimpleNamespace) -> SimpleNamespace:
    """The names of the file that an answer is from: the reader's, else the course's."""
    module = sys.modules.get(getattr(answer, "__module__", ""))
    return SimpleNamespace(**vars(module)) if module and module.__name__ == OURS else ours


def build(names: SimpleNamespace, name: str, *sizes: Any, **more: Any) -> Any:
    """A module of the reader's, made as the file says at its end."""
    return (names.build if hasattr(names, "build") else lambda _, *x, **y: getattr(names, name)(*x, **y))(
        name, *sizes, **more
    )


def made(
    names: SimpleNamespace,
    name: str,
    init: Mapping,
    parameters: Mapping[str, Tensor],
    kind: Any = None,
    fresh: nn.Module | None = None,
) -> Any:
    """A module, the reader's or the course's, in eval mode, with these parameters of the course's. fresh: the course's
    as it begins, where the reader's is to begin like that. Raises Misfit."""
    reader = getattr(names, "__name__", "") == OURS and name not in getattr(names, STANDING_IN, ())
    torch.manual_seed(0)
    model = build(names, name, *init.values()) if reader else (kind or getattr(names, name))(*init.values())
    state = {name: value.clone() for name, value in parameters.items()}
    if not isinstance(model, nn.Module):
        return model
    state_map = functools.partial(names.state_map, name) if reader and hasattr(names, "state_map") else dict
    state = state_map(state)
    own, learned = model.state_dict(), dict(model.named_parameters())
    for wanted, value in state.items():
        if wanted not in own:
            raise Misfit(
                t(
                    "It has no parameter `{wanted}` {shape}; it has {value}. "
                    "If yours is another, say so in `state_map`.",
                    wanted=wanted,
                    shape=list(value.shape),
                    value=", ".join(own) or "none",
                )
            )
        if own[wanted].shape != value.shape:
            raise Misfit(
                t(
                    "Its `{wanted}` is {shape}, needed: {shape2}.",
                    wanted=wanted,
                    shape=list(own[wanted].shape),
                    shape2=list(value.shape),
                )
            )
    if missing := [wanted for wanted in learned if wanted not in state]:
        raise Misfit(
            t(
                "The course has nothing like its parameter `{missing}` {shape}: is it one too many, should it be "
                "shared, or does `state_map` forget it?",
                missing=missing[0],
                shape=list(learned[missing[0]].shape),
            )
        )
    if fresh and reader:
        _begins_like(fresh, own, state_map)
    model.load_state_dict(state, strict=False)
    return model.eval()


def _begins_like(fresh: nn.Module, own: Mapping[str, Tensor], state_map: Callable) -> None:
    """Raises Misfit where tables of embeddings, or small layers of its own, begin much larger or smaller, or norms
    with other weights."""
    begins = {name: p.detach() for name, p in fresh.named_parameters()}
    tables = {f"{name}.weight" for name, part in fresh.named_modules() if isinstance(part, nn.Embedding)}
    tables |= {f"{name}.weight" for name, part in fresh.named_children()
               if isinstance(part, nn.Linear) and part.weight.std() < SMALL}  # fmt: skip
    ours = state_map({name: p.clone() for name, p in begins.items()})
    counted = state_map(
        {name: torch.full_like(p, name in tables and bool(p.std() < 0.9)) for name, p in begins.items()}
    )
    for name, value in ours.items():
        mine = own[name]
        if value.numel() > 1 and (value == 1).all() and not (mine == 1).all():
            raise Misfit(
                t(
                    "Its `{name}` begins at {mean} on average; needed: 1 everywhere.",
                    name=name,
                    mean=f"{mine.mean():.2g}",
                )
            )
        far = 1.6 if value.numel() > 50 else 3.0  # of few numbers, chance makes more
        if counted[name].all() and not 1 / far < (mine.std() / value.std()) < far:
            raise Misfit(
                t(
                    "The standard deviation of its `{name}` is {std} at the beginning; needed: about {std2}.",
                    name=name,
                    std=f"{mine.std():.2g}",
                    std2=f"{value.std():.2g}",
                )
            )


def _parameters(model: nn.Module) -> dict[str, Tensor]:
    """Its parameters by name, moved away from where they begin, so that no bias is 0 and no scale 1."""
    draw = torch.Generator().manual_seed(1)
    return {n: p.detach() + 0.2 * torch.randn(p.shape, generator=draw) for n, p in model.named_parameters()}


def _made_of(model: nn.Module, c: SimpleNamespace, at: str = "") -> Iterator[str]:
    """Its parameters with their shapes; of what is a part itself, only its name."""
    yield from (f"{at}{name} {list(p.shape)}" for name, p in model.named_parameters(recurse=False))
    for name, child in model.named_children():
        name = "N" if isinstance(model, nn.ModuleList) else name
        if getattr(c, type(child).__name__, None) is type(child):
            yield f"{at}{name}: {type(child).__name__}"
        else:
            yield from _made_of(child, c, f"{at}{name}.")


def _lost(model: nn.Module, result: Any) -> str:
    """What is to be said where no gradient comes from a result to a parameter."""
    parts = [one for one in (result if isinstance(result, tuple | list) else (result,)) if isinstance(one, Tensor)]
    tracked, learned = [one.pow(2).sum() for one in parts if one.requires_grad], dict(model.named_parameters())
    if learned and not tracked:
        return t("No gradient passes through it: numpy, `.detach()`, `.item()` and `no_grad` cut it off.")
    found = (
        torch.autograd.grad(torch.stack(tracked).sum(), list(learned.values()), None, True, allow_unused=True)
        if tracked
        else ()
    )
    lost = [name for name, gradient in zip(learned, found, strict=False) if gradient is None]
    return t("No gradient reaches its parameter `{lost}`. Is it used, and as it is?", lost=lost[0]) if lost else ""


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
