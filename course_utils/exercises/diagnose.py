"""From "the numbers differ" to what a good teacher would say.

First the mistakes that people are known to make in this exercise, recognised by their output on all inputs; then
what can be said of any wrong result: its shape, its kind, its sums, a factor, an offset, another order.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from .definition import Case, Exercise, Wrong
from .looks import described, equal, where
from .values import same
from .verdict import Outcome, Verdict, example


def diagnose(
    exercise: Exercise,
    cases: list[Case],
    wanted: list,
    outcomes: list[Outcome],
    known: list[tuple[Wrong, list[Outcome]]],
) -> Verdict:
    """The verdict on an answer that fails at least one case."""
    failing = [i for i, o in enumerate(outcomes) if o.spoilt or not o.like(Outcome(wanted[i]))]

    def worth(i: int) -> tuple:
        """What is shown: a wrong signature before all, the input the student knows, a result, the smallest."""
        trouble = outcomes[i].trouble
        signature = bool(trouble) and trouble.error == "signature"
        return not signature, not cases[i].shown, bool(trouble), _size(cases[i], wanted[i])

    here = min(failing, key=worth)
    case, want, outcome = cases[here], wanted[here], outcomes[here]
    lead = f"Right on {len(cases) - len(failing)} of {len(cases)} inputs; this is the smallest that shows it."
    arrays = example(exercise, case, want, None if outcome.trouble else outcome.value)
    verdict = Verdict(exercise.name, "wrong", "", lead=lead if len(failing) < len(cases) else "", arrays=arrays)
    for wrong, theirs in known:
        if all(mine.like(its) for mine, its in zip(outcomes, theirs, strict=True)):
            return replace(verdict, text=wrong.hint, known=wrong)
    if trouble := outcome.trouble:
        useless = trouble.kind == "slow" or trouble.error == "signature"
        verdict = replace(verdict, text=trouble.sentence, code=trouble.line)
        return replace(verdict, arrays={}, lead="") if useless else verdict
    if outcome.like(Outcome(want)):
        text = f"The result is right, but it changes its input `{outcome.spoilt[0]}`, which later lines may still need."
        why = " Make a new tensor instead: no `+=`, no `x[…] =`, no method that ends in `_`."
        return Verdict(exercise.name, "wrong", text + why)
    spoilt = tuple(f"It also changes its input `{name}`; leave that as it is." for name in outcome.spoilt[:1])
    pairs = [(o.value, wanted[i]) for i, o in enumerate(outcomes) if i in failing and not o.trouble]
    pairs = [(got, w) for got, w in pairs if not same(got, w)]
    pairs.sort(key=lambda pair: pair[1] is not want)
    return replace(verdict, text=describe(exercise.returns, pairs), notes=spoilt)


def _size(case: Case, want: Any) -> int:
    everything = [*case.args.values(), *(want if isinstance(want, tuple) else (want,))]
    return sum(x.numel() if isinstance(x, Tensor) else 1 for x in everything)


def describe(names: tuple[str, ...], pairs: list[tuple[Any, Any]]) -> str:
    """What is wrong with results [(got, wanted), …] that have the right number of parts; the first pair is the one
    that is shown. The last wrong part is named first: an output is wrong when its weights are."""
    if not isinstance(pairs[0][1], tuple):
        return _say(pairs)
    for i in reversed(range(len(names))):
        part = [(got[i], want[i]) for got, want in pairs if not same(got[i], want[i])]
        if not same(pairs[0][0][i], pairs[0][1][i]):
            swapped = len(names) == 2 and all(equal(g[0], w[1]) and equal(g[1], w[0]) for g, w in pairs)
            if swapped:
                return f"Right, but the wrong way round: return `{names[0]}` first, then `{names[1]}`."
            others = " The rest is right." if all(same(g[j], w[j]) for g, w in pairs for j in range(i)) else ""
            return f"In `{names[i]}`: {_say(part)}{others if len(names) > 1 else ''}"
    raise AssertionError("described a right result")


def _say(pairs: list[tuple[Any, Any]]) -> str:
    got, want = pairs[0]
    looked = _as_one(pairs)
    for answers in zip(*(described(g, w) for g, w in looked), strict=True):  # of one look, on each input
        said = {words for words in answers if words}
        if None not in answers and (answers[0] or len(said) == 1):  # "": the shown one cannot tell, but the others do
            return answers[0] or said.pop()
    if isinstance(want, Tensor):
        return next(described(got, want)) or where(got, want)
    if isinstance(want, float):
        return f"Expected {want:.6g}, got {got:.6g}."
    return f"Expected {want!r}, got {got!r}."


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
