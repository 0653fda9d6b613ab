"""Chapter 5: the residual connection with its norm."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_kit.exercises.compare import same
from course_kit.exercises.define import (
    Case,
    Exercise,
    Property,
    drawn,
    named,
    some_numbers,
    wrong_answers,
)
from course_kit.exercises.properties import changed
from course_kit.i18n import mark, t
from course_utils.blocks import add_norm


class Part(nn.Module):
    """A layer to put a residual around, [B, T, D] -> [B, T, D]: each feature moves one position on."""

    def forward(self, x: Tensor) -> Tensor:
        return x.roll(1, -1)


class Bent(nn.Module):
    """Another one, with a bend: relu(x W)."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(x @ some_numbers(x.shape[-1], x.shape[-1], seed=570).to(x.dtype))


def norm_with(size: int, seed: int):
    """A layer norm: x -> x."""
    gain, bias = drawn(seed, (size,), (size,))
    return lambda x: F.layer_norm(x, gain.shape, gain, bias)


_added = named("x", "f", "norm", f=t("a sub-layer: x -> x"), norm=t("a layer norm: x -> x"))


_PLAIN = {
    "f": t("moves each feature one place on, the last to the front"),
    "norm": t("a layer norm: mean 0, variance 1"),
}


def _added_case(part, *shape: int, seed: int) -> Case:
    return _added(some_numbers(*shape, seed=seed), part, norm_with(shape[-1], seed + 1))


RESIDUAL = Exercise(
    name=mark("residual and norm"),
    task=t(
        "Put a residual connection and a norm around a sub-layer f, with the norm first: f reads the normalised x, "
        "and what it gives is added to x: x [B, T, D] -> [B, T, D]."
    ),
    reference=add_norm,
    cases=lambda: [
        _added(
            some_numbers(1, 2, 3, seed=610), Part(), lambda x: F.layer_norm(x, x.shape[-1:]), given=_PLAIN, shown=True
        ),
        _added_case(Bent(), 2, 3, 4, seed=620),
        _added_case(Part(), 1, 3, 5, seed=630),
    ],
    returns=("output",),
    hints=(
        t(
            "Two things are added. Which of them has been through the norm and the sub-layer, and which through "
            "neither?"
        ),
        t("The sub-layer reads `norm(x)`: that is `f(norm(x))`."),
        t("x itself goes round both, untouched, and what f gives is added to it."),
    ),
    minutes=6,
    difficulty=2,
    properties=(
        Property(
            t("With an f that gives 0, x should come out: it goes round both, is added once, and nothing comes after."),
            lambda run, case, mine, want: not same(run(changed(case, f=torch.zeros_like)), case.args["x"]),
        ),
        Property(
            t("With an f that hands on what it gets, x + norm(x) should come out: f reads norm(x), and is taken once."),
            lambda run, case, mine, want: (
                not same(run(changed(case, f=lambda h: h)), case.args["x"] + case.args["norm"](case.args["x"]))
            ),
        ),
    ),
    used=t("Your `add_norm` is in each block of [Five: two blocks](#Five:-two-blocks)."),
    wrong=wrong_answers(
        lambda x, f, norm: norm(x + f(x)),
        t("This is post-norm, the order of 2017. Here the norm comes before the sub-layer, and nothing after the sum."),
        lambda x, f, norm: norm(x) + f(norm(x)),
        t("What is added is the normalised x. Add x itself, so that the residual stream is untouched."),
        lambda x, f, norm: x + norm(f(x)),
        t("The norm comes after the sub-layer: f reads x as it is. Normalise what f reads."),
        lambda x, f, norm: norm(x) + f(x),
        t("Norm and sub-layer stand side by side. The sub-layer reads what the norm gives, and is added to x."),
    ),
)
