"""What must hold of a right answer whatever else is wrong with it: "what is in the padding changes nothing".

An exercise names two or three of these (`Exercise.properties`). Each looks at the answer alone, on changed inputs, so
it finds its mistake among any number of others, and its sentence says what the thing *is*.

    properties=(rows_sum_to_one(part=1), blind_to_later("x"))
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from course_kit.exercises.compare import alike, same
from course_kit.exercises.define import Case, Property
from course_kit.i18n import t

Run = Callable[[Case], Any]  # the answer on a case -> its result in the form of the reference's


def part_of(result: Any, part: int = 0) -> Any:
    """A part of a result, the output by default; the whole where there is only one."""
    return result[part] if isinstance(result, tuple) else result


def changed(case: Case, **inputs: Any) -> Case:
    """The case with other values for some inputs."""
    keywords = {name: inputs.pop(name) for name in case.keywords if name in inputs}
    return replace(case, args=case.args | inputs, keywords=case.keywords | keywords)


def _moved(x: Tensor) -> Tensor:
    """Other contents of the same kind: numbers moved, truth values flipped, ids taken from their neighbours."""
    if x.dtype == torch.bool:
        return ~x
    if x.is_floating_point():
        steps = torch.arange(x.numel()).square().remainder(7)  # no two rows by the same: a softmax would not feel it
        return x + 1.5 - steps.reshape(x.shape) / 2
    return x.flatten().roll(1).reshape(x.shape)


def rows_sum_to_one(part: int = 0, what: str = "weights") -> Property:
    """Where the right weights of a row sum to 1, so do these. Of a row of zeros, another property may say more."""

    def violation(run: Run, case: Case, mine: Any, want: Any) -> bool | None:
        mine, want = part_of(mine, part), part_of(want, part)
        if mine.shape != want.shape:
            return None
        ones = (want.double().sum(-1) - 1).abs() < 1e-3
        sums = mine.double().sum(-1)[ones]
        return bool((((sums - 1).abs() > 1e-2) & (sums.abs() > 1e-6)).any())

    return Property(
        t("The {what} of a row do not sum to 1. Are they normalised, and along the right axis?", what=what), violation
    )


def weighs(values: str) -> Property:
    """What comes out first is the sum of `values`, weighted by what comes out second."""

    def violation(run: Run, case: Case, mine: Any, want: Any) -> bool | None:
        return same(mine[1], want[1]) and not same(mine[0], want[0])

    says = t(
        "The weights are right, and what they give is not: it is `weights @ {values}`, and no more.", values=values
    )
    return Property(says, violation)


def sees_only() -> Property:
    """A key that `mask` hides gets no weight: [B, Q, K], [B, K] or [Q, K] for weights [B, H, Q, K] and less."""

    def violation(run: Run, case: Case, mine: Any, want: Any) -> bool | None:
        seen, weights = case.args.get("mask"), part_of(mine, 1)
        if seen is None or weights.shape != part_of(want, 1).shape:
            return None
        seen = seen[:, None] if weights.dim() == 4 and seen.dim() == 3 else seen
        if weights.min() < 0 or (weights.sum(-1) > 1.01).any():  # these are no weights
            return None
        return bool((weights * ~seen).abs().sum() > 1e-6)

    says = t("A masked key gets weight. Is the mask used, before the softmax, and is True what may be attended to?")
    return Property(says, violation)


def blind_to_later(*names: str, asks: str = t("Does the mask hide what comes later?")) -> Property:
    """Changing the last position of the inputs `names` leaves all earlier outputs. asks: what to look at
    where that is not so."""

    def violation(run: Run, case: Case, mine: Any, want: Any) -> bool | None:
        last = {}
        for name in names:
            x = case.args[name]
            if x.shape[-2] < 2:
                return None
            head, tail = x.split([x.shape[-2] - 1, 1], -2)
            last[name] = torch.cat([head, _moved(tail) if tail.is_floating_point() else head.narrow(-2, 0, 1)], -2)
        before, after = part_of(mine), part_of(run(changed(case, **last)))
        if before.isnan().any():  # NaN is not even equal to itself
            return None
        earlier = before.shape[-2] - 1
        if earlier and same(before.narrow(-2, 0, 1), before.narrow(-2, earlier, 1)):  # all are the last one
            return None
        return not same(before.narrow(-2, 0, earlier), after.narrow(-2, 0, earlier))

    return Property(t("Changing a later token changes an earlier output. {asks}", asks=asks), violation)


def blind_to_padding(*names: str, padded: Callable[[Case], Tensor], part: int = 0) -> Property:
    """Changing padding changes nothing. padded: case -> [B, K] bool, True where `names` [B, K, …] hold it."""

    def violation(run: Run, case: Case, mine: Any, want: Any) -> bool | None:
        where = padded(case)
        if not where.any():
            return None
        for others in zip(*(_others(case.args[name]) for name in names), strict=True):
            other = {}
            for name, x in zip(names, others, strict=True):
                here = where.reshape(*where.shape, *[1] * (x.dim() - where.dim()))
                other[name] = torch.where(here, x, case.args[name])
            if not same(part_of(mine, part), part_of(run(changed(case, **other)), part)):
                return True
        return False

    return Property(
        t("What is in the padding changes the result. Is the mask used, and before the softmax?"), violation
    )


def any_order(*names: str, dim: int = -2, masks: tuple[str, ...] = ()) -> Property:
    """Keys in another order, with their values (`names`, along `dim`) and the columns of the masks: the same output."""

    def violation(run: Run, case: Case, mine: Any, want: Any) -> bool | None:
        other = {name: case.args[name].flip(dim) for name in names}
        other |= {name: case.args[name].flip(-1) for name in masks if case.args[name] is not None}
        return not same(part_of(mine), part_of(run(changed(case, **other))))

    says = t("Two keys that change places, with their values, change the output. It should be a sum over the keys.")
    return Property(says, violation)


def shift_changes_nothing(name: str) -> Property:
    """Adding 1 to all scores leaves the weights as they are."""

    def violation(run: Run, case: Case, mine: Any, want: Any) -> bool | None:
        return not same(part_of(mine), part_of(run(changed(case, **{name: case.args[name] + 1}))))

    return Property(t("Adding 1 to every score changes the weights. In a softmax only differences count."), violation)


def rows_are_independent(*names: str, masks: tuple[str, ...] = ()) -> Property:
    """The last sentence alone gives the last row of the batch (`names` have the batch in front; `masks` too, where they
    have three axes)."""

    def violation(run: Run, case: Case, mine: Any, want: Any) -> bool | None:
        if len(case.args[names[0]]) < 2 or not alike(part_of(mine), part_of(want)):
            return None
        apart = *names, *(x for x in masks if case.args.get(x) is not None and case.args[x].dim() > 2)
        alone = run(changed(case, **{name: case.args[name][-1:] for name in apart}))
        return not same(part_of(mine)[-1:], part_of(alone))

    says = t("A sentence gives another result when it is alone in its batch. Do the others reach into its row?")
    return Property(says, violation)


def mean_of_rows(*names: str, says: str) -> Property:
    """What comes out is the mean of what each row of the inputs `names` gives by itself."""

    def violation(run: Run, case: Case, mine: Any, want: Any) -> bool | None:
        rows = range(len(case.args[names[0]]))
        alone = [run(changed(case, **{name: case.args[name][i : i + 1] for name in names})) for i in rows]
        return not same(mine, torch.stack(alone).mean(0)) if len(rows) > 1 else None

    return Property(says, violation)


def linear_in(name: str) -> Property:
    """Twice the values, twice the output."""

    def violation(run: Run, case: Case, mine: Any, want: Any) -> bool | None:
        return not same(part_of(mine) * 2, part_of(run(changed(case, **{name: case.args[name] * 2}))))

    return Property(
        t("Twice the `{name}` do not give twice the output. It should be a weighted sum of them.", name=name), violation
    )


def averages(name: str) -> Property:
    """If all values are the same number, so is the output. Not where a row may be empty: that gives 0."""

    def violation(run: Run, case: Case, mine: Any, want: Any) -> bool | None:
        threes = torch.full_like(case.args[name], 3.0)
        output = part_of(run(changed(case, **{name: threes})))
        return not same(output, torch.full_like(output, 3.0))

    return Property(
        t("If all `{name}` are 3, their average is 3; yours is not. Do the weights sum to 1?", name=name), violation
    )


def queries_are_independent(name: str) -> Property:
    """Queries in another order give the same outputs in that order."""

    def violation(run: Run, case: Case, mine: Any, want: Any) -> bool | None:
        if not alike(part_of(mine), part_of(want)):  # transposed, it is something else
            return None
        return not same(part_of(mine).flip(-2), part_of(run(changed(case, **{name: case.args[name].flip(-2)}))))

    return Property(t("One query's output depends on the other queries. Each attends on its own."), violation)


def violated(properties: tuple[Property, ...], run: Run, cases: list[Case], mine: list, wanted: list) -> Iterator:
    """(property, number of the first case that shows it) for each that the answer violates. A result that is None (it
    raised, say) tells nothing, nor does one that is another at the next call, nor a changed input that raises."""
    for property_ in properties:
        for i, case in enumerate(cases):
            try:
                told = mine[i] is not None and (property_.any_shape or alike(mine[i], wanted[i]))  # else it may mislead
                violation = told and property_.violation(run, case, mine[i], wanted[i])
                if violation and same(run(case), mine[i]):
                    yield replace(property_, says=violation) if isinstance(violation, str) else property_, i
                    break
            except Exception:
                continue


def never_used(run: Run, reference: Run, cases: list[Case], mine: list, wanted: list) -> Iterator[str]:
    """The inputs that the answer does not depend on, though the reference does: whatever they hold, the same comes out.
    Texts tell nothing: they may be about something else in the result."""
    readable = [i for i, value in enumerate(mine) if value is not None and not isinstance(value, str)]
    for name in dict.fromkeys(name for case in cases for name in (*case.args, *case.keywords)):
        others = [(i, changed(cases[i], **{name: x})) for i in readable for x in _others(_argument(cases[i], name))]
        moves = any(_moves(run, other, mine[i], raised=True) for i, other in others)  # it looks at what it cannot take
        if not moves and any(_moves(reference, other, wanted[i], raised=False) for i, other in others):
            yield name


def _argument(case: Case, name: str) -> Any:
    return case.args.get(name, case.keywords.get(name))


def _moves(run: Run, case: Case, before: Any, raised: bool) -> bool:
    """Whether another result comes out than before. raised: what to say where there is none."""
    try:
        return not same(run(case), before)
    except Exception:
        return raised


def _others(x: Any) -> list:
    """Other values of the same kind; none where it is not clear what they are. Numbers are so unlike the first ones
    that an argmax, a max and a min move, too."""
    if isinstance(x, Tensor) and x.numel():
        far = [20 - 3 * x, -20 - 3 * x] if x.is_floating_point() else [x.flip(-1)] if x.dim() else []
        return [_moved(x), *far]
    if isinstance(x, bool):
        return [not x]
    if isinstance(x, int):
        return [x + 1, 3 * x + 7, 2 * x, 1]  # a whole-number division hides a small step; a size must divide another
    if isinstance(x, float):
        return [x * 1.5 + 0.25, x * 0.4]
    if callable(x):
        return [lambda *inputs: x(*inputs) * 2 + 1]
    return [x[1:], x[::-1]] if isinstance(x, list | tuple) and len(x) > 1 else []
