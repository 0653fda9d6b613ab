"""Chapter 4: sinusoidal positions, and rotary positions."""

import contextlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from course_kit.exercises.compare import same
from course_kit.exercises.define import (
    Case,
    Exercise,
    Property,
    call,
    named,
    some_numbers,
    tensors,
    variants,
    wrong_answers,
)
from course_kit.exercises.properties import changed, linear_in
from course_kit.i18n import mark, t
from course_utils.positions import frequencies
from course_utils.rotary import rotary

from . import solutions


@variants
def _table(
    length: int, size: int, *, exponents=lambda c, D: (c / D, c / D), first=0, halves=False, sine_first=False
) -> Tensor:
    """A sinusoidal table with one thing done differently. exponents(columns 0, 2, 4 … [D / 2], D) -> those of the
    cosines and of the sines, [D / 2] each; a frequency is base to the power of minus that."""
    places = torch.arange(first, first + length)[:, None]
    columns = torch.arange(0, size, 2)
    cosines, sines = (places * 10000.0**-exponent for exponent in exponents(columns, size))
    pair = [sines.sin(), cosines.cos()] if sine_first else [cosines.cos(), sines.sin()]
    return (torch.cat(pair, -1) if halves else torch.stack(pair, -1).flatten(1)).float()


def _in_our_order(answer: Callable, case: Case) -> Any:
    """Its table; where the sine of a pair comes first, as in the paper and in earlier editions, both change places."""
    table = call(answer, case)
    with contextlib.suppress(TypeError, ValueError, RuntimeError):
        if (given := torch.as_tensor(table)).dim() == 2 and given.shape[1] % 2 == 0:
            slowest = given[0, -2:]
            return given.unflatten(1, (-1, 2)).flip(-1).flatten(1) if slowest[0] < slowest[1] else table
    return table


def _first_rows(run, case, mine, want):
    """Rows 0 and 1 of the table with two columns."""
    rows = run(changed(case, length=2, size=2))
    told = {"row": ", ".join(f"{x:.3f}" for x in rows[1].tolist())}
    if not same(rows[0], torch.tensor([1.0, 0.0])):
        told["row"] = ", ".join(f"{x:.3f}" for x in rows[0].tolist())
        return t("With D = 2 the first row should be 1, 0: cos 0 and sin 0. Yours is {row}.", **told)
    return not same(rows[1], torch.tensor([0.54030, 0.84147])) and t(
        "With D = 2 there is one frequency, 1, so the second row should be cos 1 = 0.540 and sin 1 = 0.841, in "
        "radians. Yours is {row}: is the angle multiplied by something?",
        **told,
    )


SINUSOIDAL = Exercise(
    name=mark("sinusoidal encoding"),
    task=t(
        "P[i, 2j] = cos(i ω) and P[i, 2j + 1] = sin(i ω) with ω = 10000^(−2j / D), for the positions i = 0, 1, …: "
        "length, size D (even) -> [length, D]. (The sine first, as in the paper, is right as well.)"
    ),
    reference=solutions.sinusoidal_encoding,
    run=_in_our_order,
    cases=lambda: [
        Case({"length": 3, "size": 4}, shown=True),
        Case({"length": 5, "size": 2}),
        Case({"length": 4, "size": 6}),
        Case({"length": 12, "size": 8}),
    ],
    returns=("P",),
    hints=(
        t("First the angles: positions down [T, 1] times frequencies across [D / 2] is [T, D / 2]."),
        t("`torch.arange(0, D, 2)` is 0, 2, 4 …, which is 2j already. So what is the exponent of 10000?"),
        t(
            "`P[:, 0::2]` are the even columns of a table `P` of zeros, `P[:, 1::2]` the odd ones: both have the "
            "shape of the angles. Which of them gets the cosines?"
        ),
    ),
    minutes=8,
    difficulty=2,
    wrong=wrong_answers(
        _table(exponents=lambda c, D: (2 * (c + 1) / D, 2 * c / D)),
        t(
            "The number of the column is doubled once more, and sine and cosine differ in frequency. The exponent is "
            "2j / D with j the number of the *pair*; this mistake is in a program that has been copied many times."
        ),
        _table(exponents=lambda c, D: (c / 2 / D, c / 2 / D)),
        t("The exponent is j / D: the 2 is missing, and the slowest waves are not slow enough."),
        _table(exponents=lambda c, D: (c / D, (c + 1) / D)),
        t(
            "Each column has a frequency of its own. The sine and the cosine of a pair have the same one: j counts "
            "pairs."
        ),
        _table(halves=True),
        t(
            "All cosines come first, then all sines. A model can learn from that just as well, but here each cosine is "
            "beside its sine: columns 2j and 2j + 1."
        ),
        _table(halves=True, sine_first=True),
        t(
            "All sines come first, then all cosines. A model can learn from that just as well, but here each cosine is "
            "beside its sine: columns 2j and 2j + 1."
        ),
        _table(first=1),
        t("The positions are counted from 1; the first word is at position 0."),
    ),
    properties=(
        Property(
            t(
                "The first pair of columns is right, and a later one has another frequency. The exponent is 2j / D: "
                "with D = 4 it is 0 and ½, so no pair gets as far as 1."
            ),
            lambda run, case, mine, want: same(mine[:, :2], want[:, :2]) and not same(mine, want),
        ),
        Property(t("The first pair of columns is that of the frequency 1."), _first_rows),
    ),
    used=t(
        "Your table is what a reader adds to the words in [Two: a clock with many "
        "hands](#Two:-a-clock-with-many-hands)."
    ),
)


def _neighbours(x: Tensor) -> list[Tensor]:
    return [x[..., 0::2], x[..., 1::2]]


def _half_and_half(x: Tensor) -> list[Tensor]:
    return list(x.chunk(2, -1))


@variants
def _turned(
    x,
    positions,
    *,
    angles=lambda p, w: p * w,
    pairs=_neighbours,
    turn=lambda a, b, c, s: (a * c - b * s, a * s + b * c),
    halves=False,
):
    """Rotary positions with one thing done differently; halves: what comes out is in two halves, not in pairs."""
    p, w = positions[:, None].double(), frequencies(x.shape[-1])
    angle = angles(p, w).expand(x.shape[-2], len(w))
    turned = turn(*pairs(x.double()), angle.cos(), angle.sin())
    return (torch.cat(turned, -1) if halves else torch.stack(turned, -1).flatten(-2)).to(x.dtype)


def _overwritten(a, b, c, s):
    first = a * c - b * s
    return first, first * s + b * c


_rotated = named("x", "positions")


def _nearly(run, case, mine, want):
    """Whether digits have been lost on the way: each pair is off by a small part of its turn."""
    off, turn = ((x - want).double().unflatten(-1, (-1, 2)).norm(dim=-1) for x in (mine, case.args["x"]))
    return not same(mine, want) and bool((off <= 0.02 * turn + 1e-6).all())


def _angles_at_1(run, case, mine, want):
    """What becomes of the pairs (1, 0), (1, 0) at position 1."""
    found = run(changed(case, x=torch.tensor([[1.0, 0, 1, 0]]), positions=torch.tensor([1])))[0]
    return not same(found, torch.tensor([0.540302, 0.841471, 0.99995, 0.0099998])) and t(
        "At position 1 the pairs 1, 0 and 1, 0 should become 0.540, 0.841 and 1.000, 0.010: turned by 1 and by 0.01, "
        "in radians. Yours are {found}.",
        found=", ".join(f"{x:.3f}" for x in found.tolist()),
    )


def _turned_at_0(run, case, mine, want):
    return not same(run(changed(case, positions=torch.zeros_like(case.args["positions"]))), case.args["x"])


def _which_pair(run, case, mine, want):
    """Whether the first pair is turned rightly, and a later one is not; None where there is one pair."""
    if mine.shape[-1] < 4:
        return None
    return same(mine[..., :2], want[..., :2]) and not same(mine, want)


def _lengths_change(run, case, mine, want):
    return not same(*(x.unflatten(-1, (-1, 2)).pow(2).sum(-1) for x in (mine, case.args["x"])))


def _tied_to_its_row(run, case, mine, want):
    other = changed(case, x=case.args["x"].flip(-2), positions=case.args["positions"].flip(0))
    return not same(mine.flip(-2), run(other))


ROTARY = Exercise(
    name=mark("rotary"),
    task=t(
        "Turn each pair of features, (x₀, x₁), (x₂, x₃) …, by R, the matrix of section Three, with the angle position "
        "· ω of its frequency: x [..., T, d], with a batch or heads in front or without, positions [T] -> the same "
        "shape. `frequencies(d)` is given, in float64."
    ),
    reference=rotary,
    cases=lambda: [
        _rotated(*tensors([[1.0, 2, 3, 4], [1, 2, 3, 4]], [1, 5]), shown=True),
        _rotated(some_numbers(3, 4, seed=530), torch.tensor([0, 1, 2])),
        _rotated(some_numbers(2, 6, seed=531), torch.tensor([5, 3])),
        _rotated(some_numbers(2, 3, 4, seed=532), torch.tensor([0, 1, 2])),
        _rotated(some_numbers(2, 1, 3, 4, seed=533), torch.tensor([4, 0, 2])),
    ],
    returns=("turned",),
    hints=(
        t("The angles have the shape [T, d / 2]: one for each position and pair."),
        t(
            "`a, b = x[..., 0::2], x[..., 1::2]` takes every second feature, with or without a batch in front. For "
            "one sentence both have the shape of the angles."
        ),
        t(
            "Make a new tensor, `torch.zeros_like(x)`, and fill its even and its odd columns, each with one row of "
            "R. Don't write into x: a and b are views of it, and would change."
        ),
    ),
    minutes=8,
    difficulty=2,
    wrong=wrong_answers(
        _turned(pairs=_half_and_half, halves=True),
        t(
            "This is another layout: feature j is turned together with feature j + d / 2, as `transformers` has it "
            "for Llama. Here neighbours are a pair. Parameters trained with one layout are useless with the other."
        ),
        _turned(halves=True),
        t(
            "The turned pairs are in two halves, all first features and then all second ones. Put each feature beside "
            "its partner, in even and odd columns."
        ),
        _turned(turn=lambda a, b, c, s: (a * c + b * s, b * c - a * s)),
        t("Your pairs turn the other way: the minus belongs to the first of a pair, a cos − b sin."),
        _turned(turn=_overwritten),
        t("The first of each pair is overwritten before the second is computed from it. Put both into a new tensor."),
        _turned(angles=lambda p, w: p * w[:1]),
        t("All pairs turn by the same angle. Each has a frequency of its own."),
    ),
    properties=(
        Property(
            t(
                "Nearly right, but digits get lost on the way. Which dtype have the angles? `float32` is enough, half "
                "of it is not: the larger a position is, the more of its angle goes."
            ),
            _nearly,
        ),
        replace(linear_in("x"), says=t("Twice the x should give twice the result: a turn adds nothing.")),
        Property(
            t(
                "A row at position 0 should come out as it went in, because its angle is 0, with cos 0 = 1 and sin 0 = "
                "0; yours is turned. Are the positions taken as they come, and do cos and sin stand where they should?"
            ),
            _turned_at_0,
        ),
        Property(
            t("A turn leaves the length of each pair as it is, and here a² + b² changes: are both sums complete?"),
            _lengths_change,
        ),
        Property(
            t(
                "The first pair is turned as it should be, a later one is not. Each pair has an angle of its own: the "
                "position times `frequencies(d)[j]` for pair j."
            ),
            _which_pair,
        ),
        Property(t("A pair is turned by its position times its frequency."), _angles_at_1),
        Property(
            t(
                "Rows in another order, together with their positions, should give the same rows in that order. Are "
                "the positions those that were given?"
            ),
            _tied_to_its_row,
        ),
    ),
    shown=solutions.turn,
    used=t("Yours turns a query and a key in [Four: turn instead of add](#Four:-turn-instead-of-add)."),
)
