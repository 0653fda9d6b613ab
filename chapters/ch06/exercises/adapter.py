"""Chapter 6: a bottleneck adapter."""

import torch
import torch.nn.functional as F
from torch import Tensor

from course_kit.exercises.compare import same
from course_kit.exercises.define import Case, Exercise, Property, drawn, named, tensors, variants, wrong_answers
from course_kit.exercises.properties import blind_to_later, changed
from course_kit.i18n import mark, t


def bottleneck(x: Tensor, W_down: Tensor, b_down: Tensor, W_up: Tensor, b_up: Tensor) -> Tensor:
    """x [B, T, D], W_down [D, R], b_down [R], W_up [R, D], b_up [D] -> [B, T, D]."""
    small = F.gelu(x @ W_down + b_down)  # [B, T, R]
    return x + small @ W_up + b_up  # [B, T, D]


def _cases() -> list[Case]:
    case = named("x", "W_down", "b_down", "W_up", "b_up")
    small = tensors([[[1.0, 2, -1], [0, 1, 3]]], [[1.0], [0], [1]], [-1.0], [[1.0, 0, 2]], [0.0, 0, 1])
    *fresh, _, _ = drawn(1580, (1, 2, 4), (4, 2), (2,), (2, 4), (4,))
    return [
        case(*small, shown=True),
        case(*drawn(1570, (2, 3, 6), (6, 2), (2,), (2, 6), (6,))),
        case(*fresh, torch.zeros(2, 4), torch.zeros(4)),
    ]


@variants
def _other(*inputs, read=lambda x: x, act=F.gelu, end=lambda y: y, add=lambda x, y: x + y):
    """An adapter with one thing done differently."""
    x, W_down, b_down, W_up, b_up = inputs
    return add(x, end(act(read(x) @ W_down + b_down) @ W_up + b_up))


def _figures(run, case: Case) -> list[float]:
    """What is added to the first number of x where W_down is 0 and W_up hands one hidden number on, −1 or 1."""
    zeros = {name: torch.zeros_like(case.args[name]) for name in ("W_down", "W_up", "b_up")}
    zeros["W_up"][0, 0] = 1
    others = [changed(case, **zeros, b_down=torch.full_like(case.args["b_down"], x)) for x in (-1.0, 1.0)]
    return [float((run(other) - case.args["x"])[0, 0, 0]) for other in others]


def _fresh_changes(run, case, mine, want):
    zeros = {name: torch.zeros_like(case.args[name]) for name in ("W_up", "b_up")}
    return not same(run(changed(case, **zeros)), case.args["x"])


def _other_bend(run, case, mine, want):
    found = torch.tensor(_figures(run, case))
    return not same(found, F.gelu(torch.tensor([-1.0, 1.0]))) and t(
        "The bend between down and up is another one: for −1 and 1 a GELU gives −0.159 and 0.841, and yours {found}.",
        found=", ".join(f"{x:.3g}" for x in found.tolist()),
    )


def _else(run, case, mine, want):
    return not same(mine, want)


ADAPTER = Exercise(
    name=mark("bottleneck adapter"),
    function="adapter",
    task=t(
        "Go down to R features, apply a GELU, go up again, and add the result to x: x [B, T, D], W_down [D, R], "
        "b_down [R], W_up [R, D], b_up [D] -> [B, T, D]."
    ),
    reference=bottleneck,
    cases=_cases,
    returns=("output",),
    used=t("It is put behind BERT in [What is a bottleneck adapter?](#What-is-a-bottleneck-adapter?)"),
    hints=(
        t("What should come out before anything is learned, when W_up and b_up are 0? Exactly x."),
        t("`torch.nn.functional.gelu(x @ W_down + b_down)` is [B, T, R]: a few features for what is new."),
        t(
            "Call this `small`. Its way up is another product and another bias, without a GELU. What is still missing "
            "then?"
        ),
    ),
    minutes=3,
    difficulty=1,
    properties=(
        blind_to_later("x", asks=t("An adapter changes each word by itself: is there a mean or a sum over words?")),
        Property(
            t("With W_up and b_up of 0, x should come out as it went in: it is added once, and nothing comes after."),
            _fresh_changes,
        ),
        Property(t("Between down and up there is a GELU."), _other_bend),
        Property(
            t(
                "x is added rightly and the bend is a GELU, but something else comes out: the way down reads x as it "
                "came in, `x @ W_down + b_down`, and the way up adds `b_up` once."
            ),
            _else,
        ),
    ),
    wrong=wrong_answers(
        _other(add=lambda x, y: y),
        "x is not added. A fresh adapter, with W_up = 0, would wipe out all that the model knows.",
        _other(act=lambda y: y),
        t(
            "There is no GELU. Without it, down and up are a single matrix, as in LoRA. An adapter has a "
            "non-linearity between them."
        ),
        _other(end=F.gelu),
        t("There are two GELUs, and the second takes away almost all that is negative. The way up has none behind it."),
        _other(act=lambda y: F.gelu(y, approximate="tanh")),
        t("This is the approximation by tanh that GPT-2 uses. BERT's GELU is the exact one: leave `approximate` out."),
        _other(act=lambda y: y, end=F.gelu),
        t("The GELU comes at the end, so hardly anything could be taken away from x. It belongs between down and up."),
        _other(act=lambda y: y, read=F.gelu),
        t("The GELU comes before the way down. It belongs between down and up."),
    ),
)
