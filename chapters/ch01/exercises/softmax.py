"""Chapter 1: the stable masked softmax, and the many ways it goes wrong."""

from dataclasses import replace

import torch

from course_kit.exercises import properties
from course_kit.exercises.define import Case, Exercise, some_numbers, variants, wrong_answers
from course_kit.i18n import mark, t
from course_utils.attention import masked_softmax


def _softmax_cases() -> list[Case]:
    def case(scores, mask, shown=False) -> Case:
        return Case({"scores": torch.as_tensor(scores), "mask": torch.as_tensor(mask)}, shown=shown)

    yes, no = True, False
    return [
        case([[1000.0, 1001.0, 3.0], [0.0, 0.0, 0.0]], [[yes, yes, no], [no, no, no]], shown=True),
        case([[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]], [[yes, yes, no], [yes, yes, yes]]),
        case([[1.0, 2.0], [3.0, 4.0]], [[yes, yes], [no, no]]),
        case([[1000.0, 1001.0], [1000.0, 1000.0]], [[yes, yes], [yes, yes]]),
        case([[1000.0, 999.0], [0.0, 1.0]], [[yes, yes], [yes, yes]]),
        case([[0.0, 1.0, 500.0], [0.0, 1.0, 2.0]], [[yes, yes, no], [yes, yes, no]]),
        case([[-20000.0, 0.0, 1.0], [0.0, 0.0, 300.0]], [[yes, no, no], [yes, yes, yes]]),
        case([[-3.0, -1.0, -2.0], [2.0, -1.0, 0.5]], [[yes, no, yes], [no, yes, yes]]),
        case([2.0, 0.0, 1.0], [yes, no, yes]),
        case(some_numbers(2, 1, 3, seed=31), [[[yes, yes, no]], [[yes, yes, yes]]]),
        case(some_numbers(2, 3, 4, seed=33, dtype=torch.float64), some_numbers(2, 3, 4, seed=34) > -0.5),
        case([[1.0, 2.0, 3.0], [0.0, 3.0, 1.0]], [no, yes, yes]),
    ]


def stable_softmax(scores, mask):
    hidden = scores.masked_fill(~mask, -torch.inf)
    weights = torch.softmax(hidden, dim=-1)
    return weights.masked_fill(~mask.any(-1, keepdim=True), 0.0)


@variants
def _wrong(scores, mask, *, hidden=-torch.inf, by_hand=False, zeros=True):
    """Scores hidden, shares of them, zeros in empty rows: one of the three done in another way."""
    scores = scores.masked_fill(~mask, hidden)
    weights = scores.exp() / scores.exp().sum(-1, keepdim=True) if by_hand else torch.softmax(scores, -1)
    return weights.masked_fill(~mask.any(-1, keepdim=True), 0.0) if zeros else weights


def _by_hand(scores, mask):
    """Softmax by hand, the masked ones multiplied by 0, without subtracting the maximum."""
    exps = scores.exp() * mask
    return exps / exps.sum(-1, keepdim=True)


OVERFLOW = t(
    "exp(1000) overflows: it is infinite, and inf/inf = NaN. Subtract the largest score of the row first; a "
    "constant added to all scores changes no weight. (`torch.softmax` does this for you.)"
)
EVEN_SHARES = t(
    "In the row where everything is masked, the weights should be zeros. With −1e9 everywhere all scores are "
    "equal again, and softmax shares evenly among keys that must not be attended to."
)

SOFTMAX = Exercise(
    name=mark("stable masked softmax"),
    task=t(
        "Softmax along the last axis over the scores whose mask is True. Large scores must not overflow, masked keys "
        "get exactly 0, and a row with nothing to attend to gets zeros. The mask may have to be broadcast to the "
        "scores."
    ),
    reference=masked_softmax,
    shown=stable_softmax,
    cases=_softmax_cases,
    returns=("weights",),
    used=t("Training calls yours at every step in [Five: learn the width](#Five:-learn-the-width)."),
    hints=(
        t("exp(−∞) = 0. Which score must a masked key have *before* the softmax, so that it gets no weight?"),
        t(
            "`scores.masked_fill(~mask, -torch.inf)` puts −∞ there; then comes the softmax. PyTorch's softmax "
            "subtracts the largest score of the row first, so that exp never overflows. By hand you would do the same."
        ),
        t(
            "One problem is left: where everything is masked, all scores are −∞, and the softmax is 0/0 = NaN. "
            "`mask.any(-1, keepdim=True)` is False in these rows. Use it to put zeros there."
        ),
    ),
    minutes=12,
    difficulty=2,
    properties=(
        replace(
            properties.blind_to_padding(
                "scores", padded=lambda case: ~case.args["mask"].expand_as(case.args["scores"])
            ),
            says=t(
                "The score of a masked key changes the weights. Is the mask used before the softmax, and is the "
                "largest score that of the allowed keys only?"
            ),
        ),
        properties.shift_changes_nothing("scores"),
        properties.rows_sum_to_one(),
    ),
    wrong=wrong_answers(
        _wrong(hidden=-1e9, zeros=False),
        EVEN_SHARES,
        _wrong(zeros=False),
        t(
            "Where everything is masked, softmax sees only −∞ and gives 0/0 = NaN. Put zeros in these rows, with "
            "`masked_fill` or `torch.where`. A product does not help: NaN · 0 is still NaN."
        ),
        _wrong(by_hand=True),
        OVERFLOW,
        _by_hand,
        t(
            "There is NaN in two places. exp(1000) overflows, and inf/inf is NaN: subtract the largest score of the "
            "row first. And where everything is masked the sum is 0, and 0/0 is NaN as well: put zeros there."
        ),
        _wrong(hidden=0.0, zeros=False),
        t("Before the softmax a masked score is 0 here, and exp(0) = 1 still gets a share. Masked scores must be −∞."),
        lambda scores, mask: torch.softmax(scores, -1) * mask,
        t(
            "The mask comes after the softmax: what went to masked keys is lost, and the rows sum to less than 1. "
            "Mask the scores, then take the softmax."
        ),
    ),
)
