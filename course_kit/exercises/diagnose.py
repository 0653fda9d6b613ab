"""From "the numbers differ" to what a good teacher would say.

First the mistakes that people are known to make in this exercise; then an input that is never used, and what must hold
of any right answer; then what can be said of any wrong result: its shape, its kind, its sums, a factor, another order.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from course_kit.exercises.definition import Case, Exercise, Property, Wrong, call
from course_kit.exercises.evidence import recognised
from course_kit.exercises.looks import REACHES, alike, described, equal_but_for_kind, order_of, senseless, strong, where
from course_kit.exercises.properties import never_used, violated
from course_kit.exercises.values import same
from course_kit.exercises.verdict import Outcome, Verdict, example


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


class Diagnosis:
    """What the looks at a wrong answer have in common. A look gives a verdict, or None where it has nothing to say."""

    def __init__(self, seen: Evidence):
        self.seen, self.exercise, wanted = seen, seen.exercise, seen.wanted
        outcomes = seen.outcomes
        failing = [i for i, o in enumerate(outcomes) if o.spoilt or not o.like(Outcome(wanted[i]))]
        self.failing = sorted(failing, key=self.worth)
        self.stuck = [i for i in self.failing if outcomes[i].trouble]
        pairs = [(outcomes[i].value, wanted[i]) for i in self.failing if i not in self.stuck]
        self.pairs = [(got, want) for got, want in pairs if not same(got, want)]
        self.stopped = self.stuck[:1] == self.failing[:1]
        kinds = all(equal_but_for_kind(got, want) for got, want in self.pairs)
        self.near = bool(self.pairs) and (kinds or bool(strong(self.pairs)))
        found = recognised(
            self.exercise.wrong, wanted, outcomes, self.failing, seen.attempt, self.near and not self.stopped
        )
        self.whole, self.part = found
        self.spoilt = next((o.spoilt for o in outcomes if o.spoilt), ())
        self.notes = tuple(f"It also changes its input `{name}`; leave that as it is." for name in self.spoilt[:1])

    def worth(self, i: int) -> tuple:
        """What is shown: a wrong signature before all, the input the student knows, a result, the smallest."""
        case, trouble = self.seen.cases[i], self.seen.outcomes[i].trouble
        signature = bool(trouble) and trouble.error == "signature"
        return not signature, not case.shown, bool(trouble), _size(case, self.seen.wanted[i])

    def shown(self, which: list[int] | tuple[int, ...], text: str, **more: Any) -> Verdict:
        """The verdict with this text, and the case of these that shows it best."""
        cases, failing, here = self.seen.cases, self.failing, min(which, key=self.worth)
        outcome = self.seen.outcomes[here]
        lead = f"Right on {len(cases) - len(failing)} of {len(cases)} inputs"
        lead += "; this is the smallest that shows it." if len(which) == len(failing) else "."
        lead = lead if len(failing) < len(cases) else ""
        got = None if outcome.trouble else outcome.value
        arrays = example(self.exercise, cases[here], self.seen.wanted[here], got)
        return Verdict(self.exercise.name, "wrong", text, lead=lead, arrays=arrays, here=here, **more)

    @functools.cached_property
    def plain(self) -> str:
        """What can be said of any wrong result."""
        said = describe(self.exercise.returns, self.pairs, everything=not self.stuck)
        some_are_right = len(self.failing) < len(self.seen.cases)  # then what comes in does reach the result
        return said.replace(REACHES, "") if some_are_right else said

    @functools.cached_property
    def results(self) -> tuple[Callable, Callable, list]:
        """The answer and the reference as functions of a case, and the answer's results, None where there is none."""
        mine = [None if o.trouble else o.value for o in self.seen.outcomes]
        return self.seen.value(self.seen.answer), self.seen.value(self.exercise.reference), mine

    @functools.cached_property
    def broken(self) -> tuple[Property, int] | None:
        """What must hold of any right answer and does not, with the number of the case that shows it."""
        value, _, mine = self.results
        return next(violated(self.exercise.properties, value, self.seen.cases, mine, self.seen.wanted), None)

    def a_known_mistake(self) -> Verdict | None:
        return self.whole and self.shown(self.failing, self.whole.says, known=self.whole.known, notes=self.notes)

    def an_error(self) -> Verdict | None:
        if not self.stopped:
            return None
        part, trouble = self.part, self.seen.outcomes[self.stuck[0]].trouble
        notes = self.notes + ((f"On another input it looks like this mistake: {part.known.hint}",) if part else ())
        known = part and part.known
        verdict = self.shown(self.stuck[:1], trouble.sentence, code=trouble.line, known=known, notes=notes)
        useless = trouble.kind == "slow" or trouble.error == "signature"
        return replace(verdict, arrays={}, lead="") if useless else verdict

    def a_spoilt_input(self) -> Verdict | None:
        if not self.spoilt:
            return None
        more = tuple(f"On another input: {self.seen.outcomes[i].trouble.sentence}" for i in self.stuck[:1])
        says = _spoils(self.seen.cases[self.failing[0]], self.spoilt[0], right=not self.stuck and not self.pairs)
        if not self.pairs:
            return Verdict(self.exercise.name, "wrong", says, known=Wrong(self.seen.answer, says), notes=more)
        if "differ" not in self.plain:  # that says more than which numbers are wrong
            return self.shown(self.failing, self.plain, notes=self.notes)
        return self.shown(self.failing, says, notes=(self.plain, *more))

    def one_step_away(self) -> Verdict | None:
        return self.shown(self.failing, self.plain, notes=self.notes) if self.near else None

    def an_unused_input(self) -> Verdict | None:
        value, right, mine = self.results
        unused = never_used(value, right, self.seen.cases, mine, self.seen.wanted)
        if self.exercise.run is not call:  # what it compares need not depend on every input
            return None
        if all(isinstance(one, int) for one in mine):  # a count is often the same by chance
            return None
        if any(map(senseless, mine)) or not (name := next(unused, None)):
            return None
        says = f"`{name}` has no effect: whatever it holds, the result is the same."
        known = Wrong(self.seen.answer, says)
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
        (one, case), notes = self.broken, (self.plain, *self.notes)
        return self.shown([case], one.says, known=Wrong(self.seen.answer, one.says), notes=notes)

    def the_result(self) -> Verdict:
        return self.shown(self.failing, self.plain, notes=self.notes)


LOOKS = (
    Diagnosis.a_known_mistake, Diagnosis.an_error, Diagnosis.one_step_away, Diagnosis.a_spoilt_input,
    Diagnosis.an_unused_input, Diagnosis.a_mistake_on_a_part, Diagnosis.a_broken_property, Diagnosis.the_result,
)  # fmt: skip


def diagnose(seen: Evidence) -> Verdict:
    """The verdict on an answer that fails at least one case: that of the first look that has something to say."""
    found = Diagnosis(seen)
    return next(verdict for look in LOOKS if (verdict := look(found)))


def _spoils(case: Case, name: str, right: bool) -> str:
    """What to say of a function that changes its input. right: all its results are right."""
    text = "The result is right, but it" if right else "It"
    text += f" changes its input `{name}`, which later lines may still need."
    if isinstance(case.args[name], Tensor):
        return text + " Make a new tensor instead: no `+=`, no `x[…] =`, no method that ends in `_`."
    return text + f" Make a new one instead, for example from a copy: `list({name})`."


def _size(case: Case, want: Any) -> int:
    everything = [*case.args.values(), *(want if isinstance(want, tuple) else (want,))]
    return sum(x.numel() if isinstance(x, Tensor) else 1 for x in everything)


def describe(names: tuple[str, ...], pairs: list[tuple[Any, Any]], everything: bool) -> str:
    """What is wrong with results [(got, wanted), …] that have the right number of parts; the first pair is the one
    that is shown. The last wrong part is named first: an output is wrong when its weights are. everything: whether
    these are all results that are wrong, so that one may say that the rest is right."""
    if not isinstance(pairs[0][1], tuple):
        return _say(pairs)
    if order := order_of(pairs):
        yours = ", ".join(names[i] for i in order)
        return f"Right, but in the wrong order: return `{', '.join(names)}`. It returns `{yours}`."
    parts = range(len(names))
    i = next(i for i in reversed(parts) if not same(pairs[0][0][i], pairs[0][1][i]))
    part = [(got[i], want[i]) for got, want in pairs if not same(got[i], want[i])]
    rest = everything and len(names) > 1 and all(same(got[j], want[j]) for got, want in pairs for j in parts if j != i)
    return f"In `{names[i]}`: {_say(part)}{' The rest is right.' if rest else ''}"


def _say(pairs: list[tuple[Any, Any]]) -> str:
    got, want = pairs[0]
    looked, apart = _as_one(pairs)
    if shapes := _shapes(looked):
        return shapes
    for answers in zip(*(described(g, w, apart) for g, w in looked), strict=True):  # of one look, on each input
        said = {words for words in answers if words}
        if None not in answers and (answers[0] or len(said) == 1):  # "": the shown one cannot tell, but the others do
            return answers[0] or said.pop()
    if isinstance(want, Tensor):
        if (said := next(described(got, want))) or want.numel() != 1:
            return said or where(got, want)
        got, want = got.item(), want.item()  # one number has no first place that differs
    if isinstance(want, float):
        return f"{got:.6g}, expected {want:.6g}{_too(got, want)}."
    return f"Expected {want!r}, got {got!r}."


def _shapes(pairs: list[tuple[Tensor, Tensor]]) -> str:
    """What the shapes are where the numbers are right on one input, and on another they are too many; else ""."""
    wrong = [(got, want) for got, want in pairs if got.shape != want.shape]
    more = [(got, want) for got, want in wrong if got.numel() != want.numel()]
    if not more or len(more) == len(wrong) or wrong[0][0].numel() != wrong[0][1].numel():
        return ""
    shapes = (f"{list(got.shape)}, needed: {list(want.shape)}." for got, want in (wrong[0], more[0]))
    return "Its shape is {} On another input it is {}".format(*shapes)


def _too(got: float, want: float) -> str:
    """By how much a number is off, where that can be said as a share."""
    if not want or got != got or got * want <= 0 or abs(got / want - 1) > 10:
        return ""
    return f": {abs(got / want - 1):.1%} too {'large' if abs(got) > abs(want) else 'small'}"


def _as_one(pairs: list[tuple[Any, Any]]) -> tuple[list[tuple[Tensor, Tensor]], bool]:
    """The pairs to look at; none for words and truth values. Results that are single numbers, as one row, and True: any
    number is some factor away from another one, so what is said of them has to hold for all together."""
    if all(type(one) in (int, float) for pair in pairs for one in pair):
        rows = torch.tensor(pairs, dtype=torch.float64).unbind(1)
        return [(rows[0], rows[1])], True
    if not all(isinstance(one, Tensor) for pair in pairs for one in pair):
        return [], False
    if any(got.dim() or want.dim() or got.dtype != pairs[0][0].dtype for got, want in pairs):
        return pairs, False
    return [(torch.stack([got for got, _ in pairs]), torch.stack([want for _, want in pairs]))], True
