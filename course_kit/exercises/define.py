"""What an exercise is: plain data, written down in `chapters/chNN/exercises/`, which lists its EXERCISES.

Nothing in them runs until an exercise is asked for by its name. To write one: `Exercise` or `FindError`, their
inputs with `named`, `drawn` and `tensors`, their mistakes with `wrong_answers`, and `variants` where those are alike.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from course_kit.i18n import t, tn

if TYPE_CHECKING:  # it is loaded when the first inputs are made
    from torch import Tensor

MODELS: list[list] = []  # where models are noted that `construct` makes


@dataclass(frozen=True)
class Case:
    """One set of inputs.

    args: by position, in this order; their names are only for the reader. keywords: passed by name.
    init: for a class, what its constructor gets. shown: used as the example while the exercise is unsolved.
    given: how to show an input that is no array, by name ("a model that learns its width"), and what else one needs to
    compute the result, such as the parameters of a layer.
    """

    args: dict[str, Any]
    keywords: dict[str, Any] = field(default_factory=dict)
    init: tuple = ()
    shown: bool = False
    given: dict[str, Any] = field(default_factory=dict)


def named(*names: str, **says: str) -> Callable[..., Case]:
    """What makes the cases of an exercise out of their values: `case = named("x", "heads")`, then `case(x, 2)`.

    says: how to show an input that is no array. `case` also takes `shown`, `given`, and keywords, as in `Case`.
    """

    def case(*values: Any, shown: bool = False, given: dict[str, str] | None = None, **keywords: Any) -> Case:
        args = dict(zip(names, values, strict=True))
        return Case(args, keywords, shown=shown, given=says | (given or {}))

    return case


def some_numbers(*shape: int, seed: int, dtype: Any = None) -> Tensor:
    """Numbers one can read: one decimal. dtype: a torch.dtype, float32 by default."""
    import torch

    numbers = torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype or torch.float32)
    return numbers.mul(10).round().div(10)


def normal(*shape: int, seed: int) -> Tensor:
    """Standard normal numbers."""
    import torch

    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def integers(below: int, *shape: int, seed: int) -> Tensor:
    """Whole numbers from 0 on."""
    import torch

    return torch.randint(below, shape, generator=torch.Generator().manual_seed(seed))


def drawn(seed: int, *shapes: tuple[int, ...], of: Callable[..., Tensor] = some_numbers) -> list[Tensor]:
    """A tensor for each shape, drawn with seed, seed + 1, …"""
    return [of(*shape, seed=seed + i) for i, shape in enumerate(shapes)]


def tensors(*numbers: list) -> list[Tensor]:
    """A tensor for each list of numbers."""
    import torch

    return [torch.tensor(values) for values in numbers]


@dataclass(frozen=True)
class Wrong:
    """A mistake people really make: a short function, and what a teacher says on seeing it."""

    answer: Callable
    hint: str


def wrong_answers(*answers_and_hints: Any) -> tuple[Wrong, ...]:
    """The mistakes of an exercise as one list: an answer, what a teacher says on seeing it, the next answer, …

    Each is a mistake people make, or code that circulates.
    """
    answers, hints = answers_and_hints[::2], answers_and_hints[1::2]
    if len(answers) != len(hints) or not all(map(callable, answers)) or any(map(callable, hints)):
        raise TypeError("an answer and its hint do not alternate; needed: a function, a text, a function, a text, …")
    return tuple(Wrong(answer, hint) for answer, hint in zip(answers, hints, strict=True))


def variants(answer: Callable) -> Callable[..., Callable]:
    """A decorator for an answer with options behind a `*`, with which one thing in it can be done differently:

    @variants
    def _attend(q, k, v, *, scale=True): ...

    _attend(scale=False)    # a wrong answer, a function of q, k, v; options may be given in their order, too
    """
    parameters = inspect.signature(answer).parameters.values()
    names = [parameter.name for parameter in parameters if parameter.kind is parameter.KEYWORD_ONLY]

    def other(*values: Any, **options: Any) -> Callable:
        return functools.partial(answer, **dict(zip(names[: len(values)], values, strict=True)), **options)

    return other


@dataclass(frozen=True)
class Property:
    """What holds of any right answer (properties.py has those that many exercises share). says: the sentence for a
    student. violation(run, case, mine, want): whether it is violated there, or a better sentence; None or False if this
    case cannot tell. run is the answer as a function of a case, mine its result, want the right one; `_mirrored` in
    chapters/ch01/exercises/pooling.py is a short one. any_shape: it can tell of a result of another shape, too."""

    says: str
    violation: Callable[[Callable[[Case], Any], Case, Any, Any], bool | str | None]
    any_shape: bool = False


def is_class(answer: Callable) -> bool:
    """Whether an answer is a class, here or in the grader's sandbox."""
    return isinstance(answer, type) or getattr(answer, "is_class", False) is True


def construct(
    answer: Any, case: Case, parameters: dict[str, Any] | None = None, unlike: Callable[[], str] | None = None
) -> Callable:
    """A class as a check makes it: from `case.init`, with these parameters (a state_dict). A function as it is.
    unlike: what is said, as a Misfit, of a class that has other parameters."""
    if not is_class(answer):
        return answer
    try:
        if not isinstance(answer, type):
            return answer.construct(case.init, parameters)
        module = answer(*case.init)
        for models in MODELS:
            models.append(module)
        if parameters is not None:
            module.load_state_dict(parameters)
        return module
    except RuntimeError as error:
        if unlike is None or "state_dict" not in str(error):
            raise
        from course_kit.exercises.compare import Misfit  # torch is loaded when the first answer comes

        raise Misfit(unlike()) from None


@contextlib.contextmanager
def models_made() -> Iterator[list]:
    """A list of the models that checks make of classes meanwhile."""
    models: list = []
    MODELS.append(models)
    try:
        yield models
    finally:
        MODELS.pop()


def call(answer: Callable, case: Case) -> Any:
    """How an answer is run on a case, unless the exercise says otherwise (`Exercise.run`)."""
    return construct(answer, case)(*case.args.values(), **case.keywords)


def where_the_answer_is(run: Callable[[Callable, Case], Any]) -> Callable[[Callable, Case], Any]:
    """A decorator for an exercise's `run` that looks at more than what comes back, at a model that is trained, say: in
    the grader's sandbox it goes to where the answer is."""

    @functools.wraps(run)
    def there(answer: Any, case: Case) -> Any:
        return answer.within(run, case) if hasattr(answer, "within") else run(answer, case)

    return there


@dataclass(frozen=True)
class Exercise:
    """name: what `@exercise("…")` is given. task: what the function should do, with its shapes, said while unsolved.
    reference: the right answer, a public function, or one of the chapter's exercise file.
    cases: a function that builds the inputs from generators of its own, small ones first.
    returns: a name for each thing that comes back ("estimate", "weights").
    hints: one after another on `hint(…)`, each says more. minutes and difficulty (1 to 3): as the heading above says.
    wrong: mistakes, each with what a teacher says (`wrong_answers`); tests run all of them.
    run: `(answer, case) -> result`, for classes whose weights must be copied first.
    properties: what holds of any right answer (properties.py). shown: an answer of one to six lines in the exercise's
    own words, for `solution`; without it the reference is shown. used: where the notebook goes on to use a right
    answer, said after ✓, with a link to the section ("… in [The book](#The-book)."). function: its name on the page,
    where that is not the reference's. learned: numbers among the inputs that a training may learn, given as tensors to
    see whether gradients reach them. untrained: inputs of whose gradients nothing is asked.
    """

    name: str
    task: str
    reference: Callable
    cases: Callable[[], Sequence[Case]]
    returns: tuple[str, ...]
    hints: tuple[str, ...]
    minutes: int
    difficulty: int
    wrong: tuple[Wrong, ...] = ()
    run: Callable[[Callable, Case], Any] = call
    properties: tuple[Property, ...] = ()
    shown: Callable | None = None
    used: str = ""
    function: str = ""
    learned: tuple[str, ...] = ()
    untrained: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not 1 <= self.difficulty <= 3:
            raise ValueError(f"{self.name!r}: difficulty {self.difficulty} given; needed: 1, 2 or 3")
        if not self.function:
            object.__setattr__(self, "function", getattr(self.reference, "__name__", self.name))

    @property
    def effort(self) -> str:
        """`●●○ · 5 minutes`"""
        minutes = tn("{n} minute", "{n} minutes", self.minutes)
        return "●" * self.difficulty + "○" * (3 - self.difficulty) + f" · {minutes}"


@dataclass(frozen=True)
class FindError(Exercise):
    """A short wrong program, which the notebook has in the cell of the answer. `line` (from 1) is where it goes wrong,
    or the lines, where several do. `innocent` says of other lines why they are right: not of those where a repair does
    as well, and of a `def` in line 1 it need not. `found` is said when all is right. The name is neutral
    ("program 5.3"); `title` tells the error, and is shown at the end."""

    program: tuple[str, ...] = ()
    line: int | tuple[int, ...] = 0
    found: str = ""
    innocent: dict[int, str] = field(default_factory=dict)
    title: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        if 1 not in self.lines and self.program[:1] and self.program[0].startswith("def "):
            self.innocent.setdefault(1, t("it only names what comes in."))

    @property
    def lines(self) -> tuple[int, ...]:
        return self.line if isinstance(self.line, tuple) else (self.line,)

    @property
    def misnamed(self) -> bool:
        """Whether the name in its first line is one of several errors."""
        return len(self.lines) > 1 and 1 in self.lines

    @property
    def asks(self) -> str:
        """What is to be done."""
        wrong = t("One line is wrong. Fix it")
        if len(self.lines) > 1:
            wrong = t("{count} lines are wrong. Fix them", count=len(self.lines))
        told = {"wrong": wrong, "task": self.task, "partition": self.program[0].partition(" ")[0]}
        return t("{wrong}: {task} Lines are counted from the `{partition}`.", **told)
