"""Which known mistakes a wrong answer shows: all alone, two at once, or on a part of the evidence.

A first attempt often has two mistakes, and then no known one gives the same result everywhere. What remains is
evidence: an input on which only one of them matters, a part of the result, the numbers that one mistake touches.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from course_kit.exercises.definition import Wrong
from course_kit.exercises.looks import strong
from course_kit.exercises.values import close, number_kind, same
from course_kit.exercises.verdict import Outcome

TWO = "Two mistakes at once, each described as if it were alone."  # one may hide what the other does
NUMBER, WEAK = 0.5, 0.3  # what the same result is worth where it is one number; where many a mistake gives it: a mask
Run = Callable[[Callable, int], Outcome]  # an answer, on the case with this number


@dataclass(frozen=True)
class Match:
    """What was recognised. says: the words for it; known: the mistake; cases: the numbers of the cases that show it."""

    says: str
    known: Wrong
    cases: tuple[int, ...]


def recognised(
    wrongs: tuple[Wrong, ...], wanted: list, outcomes: list[Outcome], failing: list[int], run: Run, near: bool
) -> tuple[Match | None, Match | None]:
    """The best Match that explains all that fails, and the best one that explains a part of it; each may be None.
    near: the answer is one step away from the right one, which says more than a known mistake and a step, or a part."""
    theirs = [(wrong, functools.cache(functools.partial(run, wrong.answer))) for wrong in wrongs]
    order = [*failing, *(i for i in range(len(wanted)) if i not in failing)]  # most are told apart by the first
    for wrong, its in theirs:
        if _alike(outcomes, its, order):
            return Match(wrong.hint, wrong, tuple(failing)), None
    if any(outcomes[i].trouble and outcomes[i].trouble.kind == "slow" for i in failing):
        return None, None
    if not any(outcomes[i].trouble or not same(outcomes[i].value, wanted[i]) for i in failing):
        return None, None  # all is right, but an input was changed
    whole = _two_at_once(wrongs, outcomes, order, run) or (None if near else _one_step_more(theirs, outcomes, failing))
    spoilt = any(o.spoilt for o in outcomes)  # a changed input explains part of what is wrong
    part = None if whole or near or spoilt else _on_a_part(theirs, wanted, outcomes, failing)
    return whole and Match(*whole, tuple(failing)), part


def _alike(outcomes: list[Outcome], its: Callable[[int], Outcome], which: Iterable[int]) -> bool:
    return all(outcomes[i].like(its(i)) for i in which)


def _two_at_once(wrongs, outcomes, order, run) -> tuple[str, Wrong] | None:
    """Two mistakes that are options of the same program (`variants`), made together."""
    for one, other in itertools.combinations(wrongs, 2):
        both = _combined(one.answer, other.answer)
        if both and _alike(outcomes, functools.partial(run, both), order):
            return f"{TWO} First: {one.hint} Second: {other.hint}", one
    return None


def _combined(one: Callable, other: Callable) -> Callable | None:
    if not (isinstance(one, functools.partial) and isinstance(other, functools.partial)):
        return None
    if one.func is not other.func or one.args or other.args or one.keywords.keys() & other.keywords.keys():
        return None
    return functools.partial(one.func, **one.keywords, **other.keywords)


def _one_step_more(theirs, outcomes, failing) -> tuple[str, Wrong] | None:
    """A known mistake, and its result transposed, negated, with a factor, … on all that fails."""
    if any(outcomes[i].trouble for i in failing):
        return None
    for wrong, its in theirs:
        pairs = [(outcomes[i].value, its(i).value) for i in failing if not its(i).trouble]
        if len(pairs) == len(failing) and (says := strong(pairs)):
            return f"{TWO} First: {wrong.hint} Second: {says}", wrong
    return None


def _on_a_part(theirs, wanted, outcomes, failing) -> Match | None:
    """The known mistake that explains most. One that shows where the answer is right is not in it."""
    best, most = None, 0.0
    fine = set(range(len(wanted))).difference(failing)
    for wrong, its in theirs:
        shares = [_share(outcomes[i], its(i), wanted[i]) for i in failing]
        needed = 1 + (max(shares) <= NUMBER) + (max(shares) <= WEAK)  # inputs; on fewer it could be chance
        score = sum(shares) / len(shares)
        if sum(map(bool, shares)) >= needed and score > most and all(its(i).like(Outcome(wanted[i])) for i in fine):
            most, shown = score, tuple(i for i, share in zip(failing, shares, strict=True) if share)
            best = Match(f"On this input it looks like this mistake: {wrong.hint}", wrong, shown)
    return best


def _share(mine: Outcome, its: Outcome, want: Any) -> float:
    """How much of what is wrong on one input a known mistake explains, 0 to 1; 0 where it could be chance."""
    if mine.trouble or its.trouble:
        return 0.5 * (bool(mine.trouble) and mine.like(its) and mine.trouble.kind == "raised")
    if isinstance(want, tuple):
        if any(same(a, w) and not same(b, w) for a, b, w in zip(mine.value, its.value, want, strict=True)):
            return 0.0
        parts = [_share_of(a, b, w) for a, b, w in zip(mine.value, its.value, want, strict=True) if not same(a, w)]
        return max(parts) - 0.1 * parts.count(0.0) if any(parts) else 0.0
    return _share_of(mine.value, its.value, want)


def _share_of(mine: Any, its: Any, want: Any) -> float:
    if same(its, want):
        return 0.0
    if same(mine, its):
        few = isinstance(its, str | int)  # there are only a few words or counts to give
        whole = NUMBER if isinstance(its, int | float) or (isinstance(its, Tensor) and not its.dim()) else 1.0
        return whole if _telling(its) else 0.0 if few else WEAK
    if not all(isinstance(one, Tensor) for one in (mine, its, want)) or not mine.shape == its.shape == want.shape:
        return 0.0
    if {number_kind(one) for one in (mine, its, want)} != {"float"}:
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
