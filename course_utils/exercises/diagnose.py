"""From "the numbers differ" to what a good teacher would say.

First the mistakes that people are known to make in this exercise; then an input that is never used, and what must hold
of any right answer; then what can be said of any wrong result: its shape, its kind, its sums, a factor, another order.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from .definition import Case, Exercise, Wrong
from .evidence import recognised
from .looks import alike, described, equal_but_for_kind, order_of, senseless, strong, where
from .properties import never_used, violated
from .values import same
from .verdict import Outcome, Verdict, example


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


def diagnose(seen: Evidence) -> Verdict:
    """The verdict on an answer that fails at least one case."""
    exercise, cases, wanted, outcomes = seen.exercise, seen.cases, seen.wanted, seen.outcomes
    failing = [i for i, o in enumerate(outcomes) if o.spoilt or not o.like(Outcome(wanted[i]))]

    def worth(i: int) -> tuple:
        """What is shown: a wrong signature before all, the input the student knows, a result, the smallest."""
        trouble = outcomes[i].trouble
        signature = bool(trouble) and trouble.error == "signature"
        return not signature, not cases[i].shown, bool(trouble), _size(cases[i], wanted[i])

    def shown(which: list[int] | tuple[int, ...], text: str, **more: Any) -> Verdict:
        here = min(which, key=worth)
        outcome = outcomes[here]
        lead = f"Right on {len(cases) - len(failing)} of {len(cases)} inputs"
        lead += "; this is the smallest that shows it." if len(which) == len(failing) else "."
        lead = lead if len(failing) < len(cases) else ""
        arrays = example(exercise, cases[here], wanted[here], None if outcome.trouble else outcome.value)
        return Verdict(exercise.name, "wrong", text, lead=lead, arrays=arrays, here=here, **more)

    failing.sort(key=worth)
    stuck = [i for i in failing if outcomes[i].trouble]
    pairs = [(outcomes[i].value, wanted[i]) for i in failing if i not in stuck]
    pairs = [(got, want) for got, want in pairs if not same(got, want)]
    stopped = bool(stuck) and stuck[0] == failing[0]
    near = bool(pairs) and (bool(strong(pairs)) or all(equal_but_for_kind(got, want) for got, want in pairs))
    whole, part = recognised(exercise.wrong, wanted, outcomes, failing, seen.attempt, near and not stopped)
    spoilt = next((o.spoilt for o in outcomes if o.spoilt), ())
    notes = tuple(f"It also changes its input `{name}`; leave that as it is." for name in spoilt[:1])
    if whole:
        return shown(failing, whole.says, known=whole.known, notes=notes)
    if stopped:
        trouble = outcomes[stuck[0]].trouble
        notes += (f"On another input it looks like this mistake: {part.known.hint}",) if part else ()
        verdict = shown(stuck[:1], trouble.sentence, code=trouble.line, known=part and part.known, notes=notes)
        useless = trouble.kind == "slow" or trouble.error == "signature"
        return replace(verdict, arrays={}, lead="") if useless else verdict
    if not pairs:
        more = tuple(f"On another input: {outcomes[i].trouble.sentence}" for i in stuck[:1])
        return Verdict(exercise.name, "wrong", _spoils(cases[failing[0]], spoilt[0], right=not stuck), notes=more)
    plain = describe(exercise.returns, pairs, everything=not stuck)
    if near:
        return shown(failing, plain, notes=notes)
    mine = [None if o.trouble else o.value for o in outcomes]
    value, right = seen.value(seen.answer), seen.value(exercise.reference)
    unused = None if any(map(senseless, mine)) else next(never_used(value, right, cases, mine, wanted), None)
    if unused:
        says = f"`{unused}` is never used: whatever it holds, the result is the same."
        if not alike(*pairs[0]):
            return shown(failing, plain, known=Wrong(seen.answer, says), notes=(says, *notes))
        also = (f"Besides, it looks like this mistake: {part.known.hint}",) if part else ()
        return shown(failing, says, known=Wrong(seen.answer, says), notes=also + notes)
    broken = next(violated(exercise.properties, value, cases, mine, wanted), None)
    if part:
        notes = ((broken[0].says,) if broken else ()) + notes
        return shown(part.cases, part.says, known=part.known, notes=notes)
    if broken:
        return shown([broken[1]], broken[0].says, known=Wrong(seen.answer, broken[0].says), notes=(plain, *notes))
    return shown(failing, plain, notes=notes)


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
    looked = _as_one(pairs)
    for answers in zip(*(described(g, w) for g, w in looked), strict=True):  # of one look, on each input
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


def _too(got: float, want: float) -> str:
    """By how much a number is off, where that can be said as a share."""
    if not want or got != got or got * want <= 0 or abs(got / want - 1) > 10:
        return ""
    return f": {abs(got / want - 1):.1%} too {'large' if abs(got) > abs(want) else 'small'}"


def _as_one(pairs: list[tuple[Any, Any]]) -> list[tuple[Tensor, Tensor]]:
    """The pairs to look at; none for words and truth values. Results that are single numbers, as one row: any number is
    some factor away from another one, so what is said of them has to hold for all together."""
    if all(type(one) in (int, float) for pair in pairs for one in pair):
        rows = torch.tensor(pairs, dtype=torch.float64).unbind(1)
        return [(rows[0], rows[1])]
    if not all(isinstance(one, Tensor) for pair in pairs for one in pair):
        return []
    if any(got.dim() or want.dim() or got.dtype != pairs[0][0].dtype for got, want in pairs):
        return pairs
    return [(torch.stack([got for got, _ in pairs]), torch.stack([want for _, want in pairs]))]
