"""The parts of a model that a reader writes from an empty file, and how each is tried.

A chapter's `scratch.py` lists them: by name where an exercise has the function, else with `part`, which compares with
the course's definition, or with `trial`, which looks at what the whole does. All of them give verdicts of exercises.
Parameters are named; the reader's `state_map` renames the course's, and `build` makes the reader's module.
"""

from __future__ import annotations

import functools
import importlib
import random
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor, nn

from course_kit.exercises.compare import Misfit, same
from course_kit.exercises.define import Case, Exercise, Property, find
from course_kit.exercises.diagnose import Verdict
from course_kit.exercises.guard import TookTooLong, Trouble, own_line, plain_torch, quiet, time_limit, trouble
from course_kit.exercises.judge import judge
from course_kit.source_text import plain

from .composing import composed, marks, origins
from .source import course

OURS = "from_scratch"  # the reader's file as a module
COMMENT = re.compile(r"^\s*(?:return\b|([\w, .]+?) =)?.*?#\s*(.*\[.*)$")


@dataclass(frozen=True)
class Part:
    """title: as it is listed; name: of its definition in the file; parameters: the course's, by name, in the sizes of
    the check; seconds: that it may take; optional: may be missing where the rest is right; judged: by what."""

    title: str
    name: str
    judged: Exercise | Callable[[dict[str, Any]], tuple[bool, str]]
    hints: tuple[str, ...] = ()
    parameters: Mapping[str, Tensor] = field(default_factory=dict)
    seconds: float = 5.0
    optional: bool = True

    def verdict(self, space: dict[str, Any]) -> tuple[bool, Verdict]:
        """Whether it passes, and the verdict on what a file has under its name."""
        if isinstance(self.judged, Exercise):
            verdict = judge(self.judged, space[self.name], self.seconds)
            return verdict.right, verdict
        thing = space[self.name]
        try:
            with plain_torch(), quiet(), time_limit(self.seconds):
                random.seed(0)
                right, says = self.judged(space)
            return right, Verdict(self.title, "right" if right else "wrong", says)
        except (Exception, SystemExit, TookTooLong) as error:
            slow = Trouble("slow", "TookTooLong", f"{self.seconds:g}", own_line(thing, error.__traceback__))
            why = slow if isinstance(error, TookTooLong) else trouble(thing, error, Case({}))
            if why.kind == "unsolved":
                return False, Verdict(self.title, "unsolved", "Something that it uses is not written yet.")
            misfit = str(error) if isinstance(error, Misfit) else why.sentence
            return False, Verdict(self.title, "wrong", misfit, code=why.line)


@dataclass(frozen=True)
class Track:
    """files: the kept files that it is made from, the first one's docstring heads it; parts: from the course's names to
    Parts; given: definitions that are no part of the work; minutes: that it takes; have: what one has at the end."""

    chapter: int
    files: tuple[str, ...]
    parts: Callable[[Any], list[Part | str]]
    given: tuple[str, ...]
    minutes: int
    have: str

    @property
    def modules(self) -> list[str]:
        return [f"chapters.ch{self.chapter:02}.kept.{file}" for file in self.files]

    @functools.cached_property
    def course(self) -> SimpleNamespace:
        """The course's definitions by the names that they have in the kept files."""
        found = {}
        for module in self.modules:
            whole = importlib.import_module(module)
            found |= {name: getattr(importlib.import_module(home), at) for name, (home, at) in origins(module).items()}
            found |= {name: thing for name, thing in vars(whole).items() if not name.startswith("_")}
        return SimpleNamespace(**found)

    @functools.cached_property
    def all_parts(self) -> list[Part]:
        tasks = {}
        for module in self.modules:
            tasks |= {find(mark).function: find(mark) for mark in marks(course(module).text).values()}
        with plain_torch():
            parts = self.parts(self.course)
        return [_exercise(tasks[one]) if isinstance(one, str) else one for one in parts]

    def texts(self) -> list[str]:
        """The kept files as the course writes them."""
        return [composed(module, {}).text for module in self.modules]


def _exercise(task: Exercise) -> Part:
    name = task.function
    return Part(name, name, task, (task.task, " ".join(task.hints[:-1]), f"{_steps(task.reference)} {task.hints[-1]}"))


def part(
    c: SimpleNamespace,
    name: str,
    *cases: Mapping[str, Any],
    init: tuple | None = None,
    call: Callable[..., Any] | None = None,
    returns: tuple[str, ...] = ("output",),
    formula: str = "",
    title: str = "",
    properties: tuple[Property, ...] = (),
    optional: bool = True,
    drops: bool = False,
) -> Part:
    """A definition that gives what the course's gives.

    cases: inputs by name. init: of a class, which then gets parameters. call(thing, names, **inputs): how it is tried,
    where it is not just called; names: those beside it, the reader's or the course's. drops: in train mode it draws.
    """
    reference = getattr(c, name)
    parameters = _parameters(reference(*init)) if init is not None and issubclass(reference, nn.Module) else {}

    def run(answer: Any, case: Case) -> Any:
        names = names_beside(answer, c)
        thing = answer if init is None else made(names, name, init, parameters, answer)
        inputs = case.args
        result = call(thing, names, **inputs) if call else thing(*inputs.values())
        result = tuple(result) if isinstance(result, tuple) else result
        if parameters:
            _reached(thing, result)
        if drops and same(*(_numbers(thing.train()(*inputs.values())).detach() for _ in range(2))):
            raise Misfit("In train mode, with dropout 0.5, it gives the same twice. Does `dropout` get to where it acts?")
        return result

    about = (reference.__doc__ or "").strip()
    hints = about, formula, _steps(reference)
    made_of = [Case(dict(case)) for case in cases]
    exercise = Exercise(
        title or name, about, reference, lambda: made_of, returns, hints, 1, 2, run=run, properties=properties,
        function=name,
    )  # fmt: skip
    return Part(title or name, name, exercise, hints, parameters, optional=optional)


def trial(
    title: str, name: str, seconds: float, attempt: Callable[[SimpleNamespace], tuple[bool, str]], formula: str = ""
) -> Part:
    """What the whole does: attempt(the reader's names) -> whether that is enough, and a sentence that says what it is."""

    def judged(space: dict[str, Any]) -> tuple[bool, str]:
        started = time.process_time()
        right, says = attempt(SimpleNamespace(**space))
        return right, f"{says} {time.process_time() - started:.1f} s of computing, {seconds:g} s are given."

    about = "Nothing more is to be written: it must work together."
    return Part(title, name, judged, (about, formula, ""), seconds=seconds, optional=False)


def names_beside(answer: Any, c: SimpleNamespace) -> SimpleNamespace:
    """The names of the reader's file, where an answer is from it; else the course's."""
    space = getattr(answer, "__globals__", None) or vars(importlib.sys.modules.get(answer.__module__, c))
    return SimpleNamespace(**space) if space.get("__name__") == OURS else c


def made(
    names: SimpleNamespace, name: str, init: tuple, parameters: Mapping[str, Tensor], kind: Any = None
) -> Any:
    """A module, the reader's or the course's, in eval mode, with these parameters of the course's. Raises Misfit."""
    reader = getattr(names, "__name__", "") == OURS
    model = names.build(name, *init) if reader and hasattr(names, "build") else (kind or getattr(names, name))(*init)
    state = {name: value.clone() for name, value in parameters.items()}
    if reader and hasattr(names, "state_map"):
        state = names.state_map(name, state)
    if not isinstance(model, nn.Module):
        return model
    own, learned = model.state_dict(), dict(model.named_parameters())
    for wanted, value in state.items():
        if wanted not in own:
            raise Misfit(f"It has no parameter `{wanted}` {list(value.shape)}. If yours has another name or form, say "
                         f"so in `state_map`. Yours: {', '.join(own) or 'none'}.")  # fmt: skip
        if own[wanted].shape != value.shape:
            raise Misfit(f"Its `{wanted}` is {list(own[wanted].shape)}, needed: {list(value.shape)}.")
    if missing := [wanted for wanted in learned if wanted not in state]:
        raise Misfit(f"Its parameter `{missing[0]}` {list(learned[missing[0]].shape)} is none of the course's: one too "
                     "many, one that should be shared, or one for which `state_map` has to give a value.")  # fmt: skip
    model.load_state_dict(state, strict=False)
    return model.eval()


def _parameters(model: nn.Module) -> dict[str, Tensor]:
    """Its parameters by name, moved away from where they begin, so that no bias is 0 and no scale 1."""
    draw = torch.Generator().manual_seed(1)
    return {n: p.detach() + 0.2 * torch.randn(p.shape, generator=draw) for n, p in model.named_parameters()}


def _numbers(result: Any) -> Tensor:
    return next(part for part in result if isinstance(part, Tensor)) if isinstance(result, tuple) else result


def _reached(model: nn.Module, result: Any) -> None:
    """Raises Misfit where no gradient comes from a result to a parameter."""
    parts = [one for one in (result if isinstance(result, tuple) else (result,)) if isinstance(one, Tensor)]
    tracked = [one.pow(2).sum() for one in parts if one.requires_grad]
    if not tracked:
        raise Misfit("No gradient passes through it: numpy, `.detach()`, `.item()` and `no_grad` cut it off.")
    model.zero_grad()
    sum(tracked).backward()
    lost = [name for name, p in model.named_parameters() if p.requires_grad and p.grad is None]
    if lost:
        raise Misfit(f"No gradient reaches its parameter `{lost[0]}`. Is it used, and as it is?")


def _steps(thing: Any) -> str:
    """The shape of each step, as the comments of the course's text tell them."""
    try:
        found = (COMMENT.match(line) for line in plain(thing).split("\n"))
        steps = [f"{match[1] or 'result'}: {match[2].strip()}" for match in found if match]
    except (LookupError, OSError, AttributeError):
        steps = []
    return "; ".join(steps) + "." if steps else ""


def batches(steps: int, model: nn.Module, rate: float, loss: Callable[[], Tensor]) -> float:
    """Steps of Adam at a rate that falls to 0 -> the last loss."""
    optimiser = torch.optim.Adam(model.parameters(), lr=rate)
    for step in range(steps):
        optimiser.param_groups[0]["lr"] = rate * min(1, (step + 1) / 10) * (1 - step / steps)
        value = loss()
        optimiser.zero_grad()
        value.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
    return value.item()
