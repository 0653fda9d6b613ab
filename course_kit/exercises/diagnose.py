"""From "the numbers differ" to what a good teacher would say.

First the mistakes that people are known to make in this exercise, a change of its solution in one place (mutants.py),
or two mistakes at once; then an input that is never used, and what must hold of any right answer; then what can be said
of any wrong result (compare.py). The last lines of this file say in which order.
"""

from __future__ import annotations

import functools
import itertools
import math
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from torch import Tensor

from course_kit.exercises.compare import alike, close, describe, number_kind, order_of, right_but, same, senseless
from course_kit.exercises.define import Case, Exercise, Property, Wrong, call
from course_kit.exercises.guard import Trouble
from course_kit.exercises.mutants import mutants
from course_kit.exercises.properties import never_used, violated
from course_kit.exercises.show import EXPECTED, MINE

TWO = "Two mistakes at once, each described as if it were alone."  # one may hide what the other does
SEARCH = 1.0  # seconds of computing for mutants of the solution
NUMBER, WEAK = 0.5, 0.3  # what the same result is worth where it is one number; where many a mistake gives it: a mask


@dataclass(frozen=True)
class Outcome:
    """What an answer did with one case. trouble: why there is no result to compare; spoilt: inputs it changed;
    printed: what it printed."""

    value: Any = None
    trouble: Trouble | None = None
    spoilt: tuple[str, ...] = ()
    raw: Any = None
    printed: str = ""

    def like(self, other: Outcome) -> bool:
        """The same result, or the same failure."""
        mine, its = self.trouble, other.trouble
        if mine or its:
            return bool(mine and its) and (mine.error, mine.message) == (its.error, its.message)
        return same(self.value, other.value)


@dataclass(frozen=True)
class Verdict:
    """state: "right", "wrong" or "unsolved". text: what a teacher says. code: the student's own line. lead: said above
    the arrays, which are name -> array or text. notes: what else was seen. known: the mistake that was recognised.
    converts: it gives no tensors; cuts: it lets no gradient through. here: the number of the case that is shown.
    look: the look at a wrong answer that found the words, by its name below. outcomes: what came of each case."""

    name: str
    state: str
    text: str
    code: str = ""
    lead: str = ""
    arrays: dict[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    known: Wrong | None = None
    converts: bool = False
    cuts: bool = False
    here: int | None = None
    look: str = ""
    outcomes: tuple[Outcome, ...] = field(default=(), repr=False)

    @property
    def right(self) -> bool:
        return self.state == "right"


def example(exercise: Exercise, case: Case, want: Any, got: Any = None, label: str = EXPECTED) -> dict[str, Any]:
    """The arrays of a case in the order one reads them: inputs, what is expected, what came."""
    inputs = case.args | case.keywords
    arrays = {name: case.given.get(name, x) for name, x in inputs.items()}
    arrays |= {name: x for name, x in case.given.items() if name not in inputs}
    wanted = want if isinstance(want, tuple) else (want,)
    came = got if isinstance(got, tuple) else (got,) * len(wanted)
    for name, expected, mine in zip(exercise.returns, wanted, came, strict=True):
        arrays[name + label] = expected
        if got is not None:
            arrays[name + MINE] = mine
    return arrays


@dataclass(frozen=True)
class Evidence:
    """All that is known of a wrong answer. run: (answer, case, what has the form) -> Outcome; raises nothing."""

    exercise: Exercise
    answer: Callable
    cases: list[Case]
    wanted: list
    outcomes: list[Outcome]
    run: Callable[[Callable, Case, Any], Outcome]

    def attempt(self, answer: Callable, i: int) -> Outcome:
        """What an answer does on the case with this number."""
        return self.run(answer, self.cases[i], self.wanted[i])

    def value(self, answer: Callable) -> Callable[[Case], Any]:
        """An answer as a function of a case that gives its result, or raises."""

        def of(case: Case) -> Any:
            outcome = self.run(answer, case, self.wanted[0])
            if outcome.trouble:
                raise ValueError(outcome.trouble.sentence)
            return outcome.value

        return of

    @functools.cached_property
    def failing(self) -> list[int]:
        """The cases that fail, the one that shows it best in front."""
        pairs = zip(self.outcomes, self.wanted, strict=True)
        fails = [outcome.spoilt or not outcome.like(Outcome(want)) for outcome, want in pairs]
        return sorted(itertools.compress(range(len(fails)), fails), key=self.worth)

    def worth(self, i: int) -> tuple:
        """What is shown: a wrong signature before all, the input the student knows, a result, the smallest."""
        case, trouble = self.cases[i], self.outcomes[i].trouble
        signature = bool(trouble) and trouble.error == "signature"
        return not signature, not case.shown, bool(trouble), _size(case, self.wanted[i])


def _size(case: Case, want: Any) -> int:
    numbers = [*case.args.values(), *(want if isinstance(want, tuple) else (want,))]
    return sum(x.numel() if isinstance(x, Tensor) else 1 for x in numbers)


# Which known mistakes a wrong answer shows: all alone, two at once, or on a part of the evidence. A first attempt often
# has two, and then no known one gives the same result everywhere. What remains is an input on which only one of them
# matters, a part of the result, the numbers that one mistake touches.


@dataclass(frozen=True)
class Match:
    """What was recognised. says: the words for it; known: the mistake; cases: the numbers of the cases that show it;
    listed: the exercise knows it, and it is no mutant of its solution."""

    says: str
    known: Wrong
    cases: tuple[int, ...]
    listed: bool = True


Suspect = tuple[Wrong, Callable[[int], Outcome]]  # a known mistake, and its outcome on the case with this number


def recognised(evidence: Evidence, near: bool) -> tuple[Match | None, Match | None]:
    """The best Match that explains all that fails, and the best one that explains a part of it; each may be None.
    near: the answer is one step away from the right one, which says more than a known mistake and a step, or a part."""
    outcomes, failing, wanted = evidence.outcomes, evidence.failing, evidence.wanted
    suspects = [(wrong, _outcomes_of(evidence, wrong.answer)) for wrong in evidence.exercise.wrong]
    for wrong, its in suspects:
        if _explains(its, evidence):
            return Match(wrong.hint, wrong, tuple(failing)), None
    if any(outcomes[i].trouble and outcomes[i].trouble.kind == "slow" for i in failing):
        return None, None
    if not any(outcomes[i].trouble or not same(outcomes[i].value, wanted[i]) for i in failing):
        return None, None  # all is right, but an input was changed
    whole = _mutated(evidence) or _two_at_once(evidence)
    spoilt = any(outcome.spoilt for outcome in outcomes)  # a changed input explains part of what is wrong
    part = None if whole or near or spoilt else _on_a_part(evidence, suspects)
    return whole, part


def _outcomes_of(evidence: Evidence, answer: Callable) -> Callable[[int], Outcome]:
    return functools.cache(functools.partial(evidence.attempt, answer))


def _explains(its: Callable[[int], Outcome], evidence: Evidence) -> bool:
    """Whether a mistake does what the answer does, on all cases; most are told apart by the first that fails."""
    fine = [i for i in range(len(evidence.cases)) if i not in evidence.failing]
    return all(evidence.outcomes[i].like(its(i)) for i in evidence.failing + fine)


def _mutated(evidence: Evidence) -> Match | None:
    """A change of the solution in one place that gives the same results."""
    end = time.thread_time() + SEARCH
    troubles = [evidence.outcomes[i].trouble for i in evidence.failing]
    if all(troubles) and not any(re.search(r"\d", trouble.message) for trouble in troubles):
        return None  # an error that tells of no size is the same for many mistakes
    for wrong in mutants(evidence.exercise):
        if time.thread_time() > end:
            break
        if _explains(_outcomes_of(evidence, wrong.answer), evidence):
            return Match(wrong.hint, wrong, tuple(evidence.failing), listed=False)
    return None


def _two_at_once(evidence: Evidence) -> Match | None:
    """Two mistakes that are options of the same program (`variants`), made together."""
    for first, second in itertools.combinations(evidence.exercise.wrong, 2):
        both = _combined(first.answer, second.answer)
        if both and _explains(_outcomes_of(evidence, both), evidence):
            return Match(f"{TWO} First: {first.hint} Second: {second.hint}", first, tuple(evidence.failing))
    return None


def _combined(first: Callable, second: Callable) -> Callable | None:
    if not (isinstance(first, functools.partial) and isinstance(second, functools.partial)):
        return None
    if first.func is not second.func or first.args or second.args or first.keywords.keys() & second.keywords.keys():
        return None
    return functools.partial(first.func, **first.keywords, **second.keywords)


def _on_a_part(evidence: Evidence, suspects: list[Suspect]) -> Match | None:
    """The known mistake that explains most. One that shows where the answer is right is not in it."""
    outcomes, wanted, failing = evidence.outcomes, evidence.wanted, evidence.failing
    best, most = None, 0.0
    fine = set(range(len(wanted))).difference(failing)
    for wrong, its in suspects:
        shares = [_share(outcomes[i], its(i), wanted[i]) for i in failing]
        needed = 1 + (max(shares) <= NUMBER) + (max(shares) <= WEAK)  # inputs; on fewer it could be chance
        score = sum(shares) / len(shares)
        if sum(map(bool, shares)) >= needed and score > most and all(its(i).like(Outcome(wanted[i])) for i in fine):
            most, cases = score, tuple(itertools.compress(failing, shares))
            best = Match(f"On this input it looks like this mistake: {wrong.hint}", wrong, cases)
    return best


def _share(mine: Outcome, its: Outcome, want: Any) -> float:
    """How much of what is wrong on one input a known mistake explains, 0 to 1; 0 where it could be chance."""
    if mine.trouble or its.trouble:
        return 0.5 * (bool(mine.trouble) and mine.like(its) and mine.trouble.kind == "raised")
    if not isinstance(want, tuple):
        return _share_of(mine.value, its.value, want)
    parts = list(zip(mine.value, its.value, want, strict=True))
    if any(same(m, w) and not same(i, w) for m, i, w in parts):
        return 0.0
    shares = [_share_of(m, i, w) for m, i, w in parts if not same(m, w)]
    return max(shares) - 0.1 * shares.count(0.0) if any(shares) else 0.0


def _share_of(mine: Any, its: Any, want: Any) -> float:
    if same(its, want):
        return 0.0
    if same(mine, its):
        few = isinstance(its, str | int)  # there are only a few words or counts to give
        whole = NUMBER if isinstance(its, int | float) or (isinstance(its, Tensor) and not its.dim()) else 1.0
        return whole if _telling(its) else 0.0 if few else WEAK
    results = mine, its, want
    if not all(isinstance(x, Tensor) and number_kind(x) == "float" and x.shape == want.shape for x in results):
        return 0.0
    touched = ~close(its, want)  # what this mistake changes must be so in the answer, all of it
    explained = close(mine, its) & touched
    if not bool((explained == touched).all()) or its[touched].unique().numel() < 2:
        return 0.0
    share = float(explained.sum() / (~close(mine, want)).sum())
    return share if share > 0.5 else 0.0


def _telling(result: Any) -> bool:
    """Whether two different mistakes would hardly give this same result by chance."""
    if isinstance(result, Tensor) and result.is_floating_point() and not result.dim():
        result = result.item()
    if isinstance(result, float):
        share = abs(result) <= 1 and abs(result * 840 - round(result * 840)) < 1e-3  # of up to 8 things
        return math.isfinite(result) and not share
    if isinstance(result, int) and not isinstance(result, bool):
        return abs(result) > 100
    if isinstance(result, Tensor):
        numbers = result[result.isfinite()].unique() if result.is_floating_point() else result.unique()
        others = numbers[(numbers != 0) & (numbers != 1)]
        return len(numbers) > 2 or (result.is_floating_point() and len(numbers) > 1 and len(others) > 0)
    return isinstance(result, str) and " " in result


class Diagnosis:
    """What the looks at a wrong answer have in common. A look gives a verdict, or None where it has nothing to say."""

    def __init__(self, evidence: Evidence):
        self.evidence, self.exercise, self.failing = evidence, evidence.exercise, evidence.failing
        self.cases, self.wanted, self.outcomes = evidence.cases, evidence.wanted, evidence.outcomes
        self.stuck = [i for i in self.failing if self.outcomes[i].trouble]
        pairs = [(self.outcomes[i].value, self.wanted[i]) for i in self.failing if i not in self.stuck]
        self.pairs = [(got, want) for got, want in pairs if not same(got, want)]
        self.stopped = self.stuck[:1] == self.failing[:1]
        self.near = bool(self.pairs and not self.stuck and (right_but(self.pairs) or order_of(self.pairs)))
        self.whole, self.part = recognised(evidence, self.near and not self.stopped)
        self.spoilt = next((outcome.spoilt for outcome in self.outcomes if outcome.spoilt), ())
        self.notes = tuple(f"It also changes its input `{name}`; leave that as it is." for name in self.spoilt[:1])

    def shown(self, which: list[int] | tuple[int, ...], text: str, **more: Any) -> Verdict:
        """The verdict with this text, and the case of these that shows it best."""
        cases, failing, here = self.cases, self.failing, min(which, key=self.evidence.worth)
        lead = f"Right on {len(cases) - len(failing)} of {len(cases)} inputs"
        lead += "; this is the smallest that shows it." if len(which) == len(failing) else "."
        lead = lead if len(failing) < len(cases) else ""
        got = None if self.outcomes[here].trouble else self.outcomes[here].value
        arrays = example(self.exercise, cases[here], self.wanted[here], got)
        return Verdict(self.exercise.name, "wrong", text, lead=lead, arrays=arrays, here=here, **more)

    @functools.cached_property
    def plain(self) -> str:
        """What can be said of any wrong result."""
        return describe(self.exercise.returns, self.pairs, everything=not self.stuck)

    @functools.cached_property
    def results(self) -> tuple[Callable, Callable, list]:
        """The answer and the reference as functions of a case, and the answer's results, None where there is none."""
        mine = [None if outcome.trouble else outcome.value for outcome in self.outcomes]
        return self.evidence.value(self.evidence.answer), self.evidence.value(self.exercise.reference), mine

    @functools.cached_property
    def broken(self) -> tuple[Property, int] | None:
        """What must hold of any right answer and does not, with the number of the case that shows it."""
        value, _, mine = self.results
        return next(violated(self.exercise.properties, value, self.cases, mine, self.wanted), None)

    def a_known_mistake(self) -> Verdict | None:
        if self.whole and not self.whole.listed and (unused := self.pairs and self.an_unused_input()):
            return unused
        return self.whole and self.shown(self.failing, self.whole.says, known=self.whole.known, notes=self.notes)

    def an_error(self) -> Verdict | None:
        if not self.stopped:
            return None
        trouble = self.outcomes[self.stuck[0]].trouble
        verdict = self.shown(self.stuck[:1], trouble.sentence, code=trouble.line, notes=self.notes)
        useless = trouble.kind == "slow" or trouble.error == "signature"
        return replace(verdict, arrays={}, lead="") if useless else verdict

    def a_spoilt_input(self) -> Verdict | None:
        if not self.spoilt:
            return None
        more = tuple(f"On another input: {self.outcomes[i].trouble.sentence}" for i in self.stuck[:1])
        says = _spoils(self.cases[self.failing[0]], self.spoilt[0], right=not self.stuck and not self.pairs)
        if not self.pairs:
            return Verdict(self.exercise.name, "wrong", says, known=Wrong(self.evidence.answer, says), notes=more)
        only_where = "differ" in self.plain or "Expected" in self.plain  # and not in which way
        if not only_where:
            return self.shown(self.failing, self.plain, notes=self.notes)
        return self.shown(self.failing, says, notes=(self.plain, *more))

    def one_step_away(self) -> Verdict | None:
        return self.shown(self.failing, self.plain, notes=self.notes) if self.near else None

    def an_unused_input(self) -> Verdict | None:
        value, right, mine = self.results
        counts = all(isinstance(result, int) for result in mine)  # a count is often the same by chance
        if (
            self.exercise.run is not call
            or counts
            or any(senseless(m) and not senseless(w) for m, w in zip(mine, self.wanted, strict=True))
        ):  # its own `run` need not compare all
            return None
        name = next(never_used(value, right, self.cases, mine, self.wanted), None)
        if name is None:
            return None
        says = f"`{name}` has no effect: whatever it holds, the result is the same."
        known = Wrong(self.evidence.answer, says)
        if not alike(*self.pairs[0]):
            return self.shown(self.failing, self.plain, known=known, notes=(says, *self.notes))
        also = (f"Besides, it looks like this mistake: {self.part.known.hint}",) if self.part else ()
        return self.shown(self.failing, says, known=known, notes=also + self.notes)

    def a_mistake_on_a_part(self) -> Verdict | None:
        if not self.part:
            return None
        notes = ((self.broken[0].says,) if self.broken else ()) + self.notes
        return self.shown(self.part.cases, self.part.says, known=self.part.known, notes=notes)

    def a_broken_property(self) -> Verdict | None:
        if not self.broken:
            return None
        (property_, case), notes = self.broken, (self.plain, *self.notes)
        known = Wrong(self.evidence.answer, property_.says)
        return self.shown([case], property_.says, known=known, notes=notes)

    def the_result(self) -> Verdict:
        return self.shown(self.failing, self.plain, notes=self.notes)


def _spoils(case: Case, name: str, right: bool) -> str:
    """What to say of a function that changes its input. right: all its results are right."""
    text = "The result is right, but it" if right else "It"
    text += f" changes its input `{name}`, which later lines may still need."
    if isinstance(case.args[name], Tensor):
        return text + " Make a new tensor instead: no `+=`, no `x[…] =`, no method that ends in `_`."
    return text + f" Make a new one instead, for example from a copy: `list({name})`."


LOOKS = (
    Diagnosis.a_known_mistake, Diagnosis.an_error, Diagnosis.one_step_away, Diagnosis.a_spoilt_input,
    Diagnosis.an_unused_input, Diagnosis.a_mistake_on_a_part, Diagnosis.a_broken_property, Diagnosis.the_result,
)  # fmt: skip


def diagnose(evidence: Evidence) -> Verdict:
    """The verdict on an answer that fails at least one case: that of the first look that has something to say."""
    diagnosis = Diagnosis(evidence)
    verdicts = ((look.__name__, look(diagnosis)) for look in LOOKS)
    return next(replace(verdict, look=name) for name, verdict in verdicts if verdict)
