"""From "the numbers differ" to what a good teacher would say.

First the mistakes that people are known to make in this exercise, a change of its solution in one place (mutants.py),
or two mistakes at once; then an input that is never used, and what must hold of any right answer; then what can be said
of any wrong result (describe.py). The last lines of this file say in which order.
"""

from __future__ import annotations

import functools
import itertools
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from torch import Tensor

from course_kit.exercises.compare import alike, same, senseless
from course_kit.exercises.define import Case, Exercise, Property, Wrong, call
from course_kit.exercises.definitions import lines_of
from course_kit.exercises.describe import Unexplained, describe, nearly, order_of, right_but
from course_kit.exercises.guard import LOOKING
from course_kit.exercises.mutants import mutants
from course_kit.exercises.mutations import Gone, Instead
from course_kit.exercises.properties import never_used, part_of, violated
from course_kit.exercises.show import EXPECTED, MINE
from course_kit.exercises.trouble import Trouble
from course_kit.i18n import sentences, t


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
            return mine is not None and its is not None and (mine.error, mine.message) == (its.error, its.message)
        return same(self.value, other.value)


@dataclass(frozen=True)
class Verdict:
    """state: "right", "wrong", "unsolved", or "unchecked" where the check itself failed. text: what a teacher says.
    code: the student's own line. lead: said above the arrays, which are name -> array or text. notes: what else was
    seen. known: the wrong answer that gives the same, with the sentence about it; also one of an input
    that is never used, or of a property that does not hold. converts: it gives no tensors; listed: it gives
    whole numbers in a list, which the notebook makes a tensor; cuts: it lets no gradient through.
    here: the number of the case that is shown. look: the look at a wrong answer that found the words, one of those
    below. vague: it says only that results differ. outcomes: what came of each case, and expected: what should."""

    name: str
    state: str
    text: str
    code: str = ""
    lead: str = ""
    arrays: dict[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    known: Wrong | None = None
    converts: bool = False
    listed: bool = False
    cuts: bool = False
    here: int | None = None
    look: Callable[[Diagnosis], Verdict | None] | None = None
    vague: bool = False
    outcomes: tuple[Outcome, ...] = field(default=(), repr=False)
    expected: tuple = field(default=(), repr=False)

    @property
    def right(self) -> bool:
        return self.state == "right"


def example(exercise: Exercise, case: Case, want: Any, got: Any = None, label: str = EXPECTED) -> dict[str, Any]:
    """The arrays of a case in the order one reads them: inputs, what is expected, what came."""
    inputs = case.args | case.keywords
    arrays = {name: case.given.get(name, x) for name, x in inputs.items()}
    arrays |= {name: x for name, x in case.given.items() if name not in inputs}
    expected_parts = want if isinstance(want, tuple) else (want,)
    answer_parts = got if isinstance(got, tuple) else (got,) * len(expected_parts)
    for name, expected, mine in zip(exercise.returns, expected_parts, answer_parts, strict=True):
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
    expected: list
    outcomes: list[Outcome]
    run: Callable[[Callable, Case, Any], Outcome]

    def attempt(self, answer: Callable, i: int) -> Outcome:
        """What an answer does on the case with this number."""
        return self.run(answer, self.cases[i], self.expected[i])

    def value(self, answer: Callable) -> Callable[[Case], Any]:
        """An answer as a function of a case that gives its result, or raises."""

        def of(case: Case) -> Any:
            outcome = self.run(answer, case, self.expected[0])
            if outcome.trouble:
                raise ValueError(outcome.trouble.sentence)
            return outcome.value

        return of

    @functools.cached_property
    def failing(self) -> list[int]:
        """The cases that fail, the one that shows it best in front."""
        pairs = zip(self.outcomes, self.expected, strict=True)
        fails = [outcome.spoilt or not outcome.like(Outcome(want)) for outcome, want in pairs]
        return sorted(itertools.compress(range(len(fails)), fails), key=self.shown_before)

    def shown_before(self, i: int) -> tuple:
        """What is shown: a wrong signature before all, the input the student knows, a result, the smallest."""
        case, trouble = self.cases[i], self.outcomes[i].trouble
        signature = trouble is not None and trouble.error == "signature"
        return not signature, not case.shown, bool(trouble), _size(case, self.expected[i])


def _size(case: Case, want: Any) -> int:
    numbers = [*case.args.values(), *(want if isinstance(want, tuple) else (want,))]
    return sum(x.numel() if isinstance(x, Tensor) else 1 for x in numbers)


# Which known mistakes a wrong answer shows: one alone, or two at once. Where neither explains all that fails, none is
# named: a mistake that only looks like it on some inputs would lead astray.


@dataclass(frozen=True)
class Match:
    """What was recognised. says: the words for it; known: the mistake; listed: the exercise knows it, and it is no
    mutant of its solution."""

    says: str
    known: Wrong
    listed: bool = True


def recognised(evidence: Evidence) -> Match | None:
    """The Match that explains all that fails, or None."""
    outcomes, failing, expected = evidence.outcomes, evidence.failing, evidence.expected
    for wrong in evidence.exercise.wrong:
        if _explains(_outcomes_of(evidence, wrong.answer), evidence):
            return Match(wrong.hint, wrong)
    if any((trouble := outcomes[i].trouble) and trouble.kind == "slow" for i in failing):
        return None
    if not any(outcomes[i].trouble or not same(outcomes[i].value, expected[i]) for i in failing):
        return None  # all is right, but an input was changed
    return _mutated(evidence) or _two_at_once(evidence)


def _outcomes_of(evidence: Evidence, answer: Callable) -> Callable[[int], Outcome]:
    return functools.cache(functools.partial(evidence.attempt, answer))


def _explains(its: Callable[[int], Outcome], evidence: Evidence) -> bool:
    """Whether a mistake does what the answer does, on all cases; most are told apart by the first that fails."""
    fine = [i for i in range(len(evidence.cases)) if i not in evidence.failing]
    return all(evidence.outcomes[i].like(its(i)) for i in evidence.failing + fine)


def _mutated(evidence: Evidence) -> Match | None:
    """A change of the solution in one place that gives the same results."""
    troubles = [trouble for i in evidence.failing if (trouble := evidence.outcomes[i].trouble)]
    if len(troubles) == len(evidence.failing) and not any(
        re.search(r"(?<!element )\d", trouble.message) for trouble in troubles
    ):
        return None  # an error that tells of no size is the same for many mistakes
    figures = not isinstance(part_of(evidence.expected[0]), str | int)  # words and counts are more often so by chance
    until = time.thread_time() + LOOKING / 2  # the rest is for properties
    for wrong in mutants(evidence.exercise, fine=figures):
        if time.thread_time() > until:
            return None
        if _explains(_outcomes_of(evidence, wrong.answer), evidence):
            return Match(wrong.hint, wrong, listed=False)
    return None


def _two_at_once(evidence: Evidence) -> Match | None:
    """Two mistakes that are options of the same program (`variants`), made together."""
    for first, second in itertools.combinations(evidence.exercise.wrong, 2):
        both = _combined(first.answer, second.answer)
        if both and _explains(_outcomes_of(evidence, both), evidence):
            says = t(  # one may hide what the other does
                "Two mistakes at once, each described as if it were alone. First: {hint} Second: {hint2}",
                hint=first.hint,
                hint2=second.hint,
            )
            return Match(says, first)
    return None


def _combined(first: Callable, second: Callable) -> Callable | None:
    if not (isinstance(first, functools.partial) and isinstance(second, functools.partial)):
        return None
    if first.func is not second.func or first.args or second.args or first.keywords.keys() & second.keywords.keys():
        return None
    return functools.partial(first.func, **first.keywords, **second.keywords)


class Diagnosis:
    """What the looks at a wrong answer have in common. A look gives a verdict, or None where it has nothing to say."""

    def __init__(self, evidence: Evidence):
        self.evidence, self.exercise, self.failing = evidence, evidence.exercise, evidence.failing
        self.cases, self.expected, self.outcomes = evidence.cases, evidence.expected, evidence.outcomes
        self.stuck = [i for i in self.failing if self.outcomes[i].trouble]
        pairs = [(self.outcomes[i].value, self.expected[i]) for i in self.failing if i not in self.stuck]
        self.pairs = [(got, want) for got, want in pairs if not same(got, want)]
        self.stopped = self.stuck[:1] == self.failing[:1]
        self.near = bool(self.pairs and not self.stuck and (right_but(self.pairs) or order_of(self.pairs)))
        self.whole = recognised(evidence)
        self.spoilt = next((outcome.spoilt for outcome in self.outcomes if outcome.spoilt), ())
        troubles = [trouble for i in self.stuck[:1] if (trouble := self.outcomes[i].trouble)]
        self.elsewhere = tuple(t("On another input: {sentence}", sentence=trouble.sentence) for trouble in troubles)
        self.notes = tuple(
            t("It also changes its input `{name}`; leave that as it is.", name=name) for name in self.spoilt[:1]
        )

    def shown(self, which: list[int] | tuple[int, ...], text: str, **fields: Any) -> Verdict:
        """The verdict with this text, and the case of these that shows it best."""
        cases, failing, number = self.cases, self.failing, min(which, key=self.evidence.shown_before)
        values: dict[str, Any] = {"count": len(cases) - len(failing), "count2": len(cases)}
        lead = ""
        if len(which) == len(failing) < len(cases):
            lead = t("Right on {count} of {count2} inputs; this is the smallest that shows it.", **values)
        elif len(failing) < len(cases):
            lead = t("Right on {count} of {count2} inputs.", **values)
        got = None if self.outcomes[number].trouble else self.outcomes[number].value
        arrays = example(self.exercise, cases[number], self.expected[number], got)
        return Verdict(self.exercise.name, "wrong", text, lead=lead, arrays=arrays, here=number, **fields)

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
    def violation(self) -> tuple[Property, int] | None:
        """What must hold of any right answer and does not, with the number of the case that shows it."""
        value, _, mine = self.results
        return next(violated(self.exercise.properties, value, self.cases, mine, self.expected), None)

    def a_known_mistake(self) -> Verdict | None:
        if self.whole and not self.whole.listed and (unused := self.pairs and self.an_unused_input()):
            return unused
        exact = self.whole and not isinstance(self.whole.says, Instead)
        if self.near and not exact and right_but(self.pairs, factor=False):
            return None
        if not self.whole:
            return None
        says = self.whole.says
        if isinstance(says, Gone) and says.line in lines_of(self.evidence.answer):
            says = t("The line `{line}` is there, but where it stands it has no effect: does it come too late, or does "
                     "another line undo it before it counts?", line=says.line)  # fmt: skip
        return self.shown(self.failing, says, known=self.whole.known, notes=self.notes)

    def an_error(self) -> Verdict | None:
        trouble = self.outcomes[self.stuck[0]].trouble if self.stopped else None
        if not trouble:
            return None
        verdict = self.shown(self.stuck[:1], trouble.sentence, code=trouble.line, notes=self.notes)
        useless = trouble.kind == "slow" or trouble.error == "signature"
        return replace(verdict, arrays={}, lead="") if useless else verdict

    def a_spoilt_input(self) -> Verdict | None:
        if not self.spoilt:
            return None
        says = _spoils(self.cases[self.failing[0]], self.spoilt[0], right=not self.stuck and not self.pairs)
        if not self.pairs:
            return Verdict(
                self.exercise.name, "wrong", says, known=Wrong(self.evidence.answer, says), notes=self.elsewhere
            )
        if not isinstance(self.plain, Unexplained):
            return self.shown(self.failing, self.plain, notes=self.notes)
        return self.shown(self.failing, says, notes=(self.plain, *self.elsewhere))

    def one_step_away(self) -> Verdict | None:
        return self.shown(self.failing, self.plain, notes=self.notes) if self.near else None

    def an_unused_input(self) -> Verdict | None:
        value, right, mine = self.results
        counts = all(isinstance(result, int) for result in mine)  # a count is often the same by chance
        if (
            self.exercise.run is not call
            or counts
            or any(senseless(m) and not senseless(w) for m, w in zip(mine, self.expected, strict=True))
        ):  # its own `run` need not compare all
            return None
        name = next(never_used(value, right, self.cases, mine, self.expected), None)
        if name is None:
            return None
        says = t("`{name}` has no effect: whatever it holds, the result is the same.", name=name)
        known = Wrong(self.evidence.answer, says)
        if not alike(*self.pairs[0]):
            return self.shown(self.failing, self.plain, known=known, notes=(says, *self.notes))
        return self.shown(self.failing, says, known=known, notes=self.notes)

    def all_nearly_right(self) -> Verdict | None:
        says = nearly(self.pairs) if self.pairs and not self.stuck else ""
        return self.shown(self.failing, says, notes=self.notes) if says else None

    def a_broken_property(self) -> Verdict | None:
        if not self.violation:
            return None
        (property_, case), notes = self.violation, (self.plain, *self.notes)
        known = Wrong(self.evidence.answer, property_.says)
        return self.shown([case], property_.says, known=known, notes=notes)

    def the_result(self) -> Verdict:
        return replace(self.shown(self.failing, self.plain, notes=(*self.elsewhere, *self.notes)), vague=True)


def _spoils(case: Case, name: str, right: bool) -> str:
    """What to say of a function that changes its input. right: all its results are right."""
    if right:
        text = t("The result is right, but it changes its input `{name}`, which later lines may still need.", name=name)
    else:
        text = t("It changes its input `{name}`, which later lines may still need.", name=name)
    if isinstance(case.args[name], Tensor):
        advice = t("Make a new tensor instead: no `+=`, no `x[…] =`, no method that ends in `_`.")
    else:
        advice = t("Make a new one instead, for example from a copy: `list({name})`.", name=name)
    return sentences(text, advice)


LOOKS = (
    Diagnosis.a_known_mistake, Diagnosis.an_error, Diagnosis.one_step_away, Diagnosis.a_spoilt_input,
    Diagnosis.an_unused_input, Diagnosis.all_nearly_right, Diagnosis.a_broken_property, Diagnosis.the_result,
)  # fmt: skip


def diagnose(evidence: Evidence) -> Verdict:
    """The verdict on an answer that fails at least one case: that of the first look that has something to say."""
    diagnosis = Diagnosis(evidence)
    verdicts = ((look, look(diagnosis)) for look in LOOKS)
    return next(replace(verdict, look=look) for look, verdict in verdicts if verdict)
