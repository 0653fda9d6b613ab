"""Chapter 6: LoRA, a change of low rank."""

import torch
from torch import Tensor

from course_kit.exercises.compare import same
from course_kit.exercises.define import Case, Exercise, Property, drawn, named, tensors, variants, wrong_answers
from course_kit.exercises.properties import changed
from course_kit.i18n import mark, t
from course_utils.low_rank import low_rank


def _by_hand(W, B, A, alpha):
    rank = A.shape[0]
    return W + alpha / rank * (B @ A)


def _cases() -> list[Case]:
    case = named("W", "B", "A", "alpha")
    small = tensors([[1.0, 0, 0], [0, 1, 0]], [[1.0, 0], [2, 1]], [[1.0, 2, 3], [0, 0, 4]])
    W, B, A = drawn(1590, (6, 4), (6, 3), (3, 4))
    return [
        case(*small, 4.0, shown=True),
        case(W, B, A, 5.0),
        case(*drawn(1594, (5, 5), (5, 1), (1, 5)), 2.0),
        case(W, torch.zeros(6, 3), A, 8.0),
    ]


@variants
def _other(
    W: Tensor,
    B: Tensor,
    A: Tensor,
    alpha: float,
    *,
    factor=lambda alpha, B, A: alpha / len(A),
):
    """W + (α / r) B A with one thing done differently."""
    return W + factor(alpha, B, A) * (B @ A)


def _changed_by_nothing(run, case: Case, mine, wanted) -> bool:
    """With B = 0, the result should be W."""
    found = run(changed(case, B=torch.zeros_like(case.args["B"])))
    return not same(found, case.args["W"])


def _another_factor(run, case: Case, mine, wanted) -> bool:
    """The product is right, and scaled otherwise."""
    found, needed = (x - case.args["W"] for x in (mine, wanted))
    at = needed.abs().argmax()
    ratio = found.flatten()[at] / needed.flatten()[at]
    return bool(ratio.isfinite()) and abs(ratio - 1) > 1e-3 and same(found, needed * ratio)


def _depends_on_W(run, case: Case, mine, wanted) -> bool:
    zeros = torch.zeros_like(case.args["W"])
    return not same(run(changed(case, W=zeros)), mine - case.args["W"])


LORA = Exercise(
    name=mark("low-rank change"),
    task=t(
        "Add LoRA's change to a frozen matrix, W + (α / r) B A: W [O, I], B [O, r], A [r, I], a number alpha -> [O, "
        "I]. The rank r is the thin side of A and B."
    ),
    reference=low_rank,
    shown=_by_hand,
    cases=_cases,
    returns=("matrix",),
    properties=(
        Property("With B = 0 the result is not W. A fresh LoRA leaves the model as it is.", _changed_by_nothing),
        Property(
            t("`B @ A` is right, and its factor is another one. It is α / r, where r is the thin side, `A.shape[0]`."),
            _another_factor,
        ),
        Property(t("What is added to W depends on W. It is the same for every W: (α / r) B A."), _depends_on_W),
    ),
    used=t("Your `low_rank` fine-tunes the model of [A thin change: LoRA](#A-thin-change:-LoRA)."),
    hints=(
        t("B is [O, r] and A is [r, I]. Which product of the two has the shape of W?"),
        t("`B @ A` is [O, I]. How large is the rank r? Read it from a shape: `A.shape[0]`."),
        t("Scale the product by `alpha / r`, and add it to W. Nothing else changes."),
    ),
    minutes=4,
    difficulty=1,
    wrong=wrong_answers(
        _other(factor=lambda alpha, B, A: alpha),
        t("The product is scaled by α alone. It should be α / r, so that α means the same for every rank."),
        _other(factor=lambda alpha, B, A: alpha / len(B)),
        t("It is divided by the number of outputs, the long side of B. The rank r is its short side, `B.shape[1]`."),
        lambda W, B, A, alpha: W + alpha / len(A) * (A.T @ B.T),
        t("The change is transposed: `A.T @ B.T` is [I, O]. `B @ A` is [O, I], as W is."),
    ),
)
