"""Chapter 1: the stable masked softmax, and the many ways it goes wrong."""

import torch

from course_utils.attention import masked_softmax
from course_utils.exercises.definition import Case, Exercise, variants, wrong_answers
from course_utils.exercises.inputs import some_numbers


def _softmax_cases() -> list[Case]:
    def case(scores, mask, shown=False) -> Case:
        return Case({"scores": torch.as_tensor(scores), "mask": torch.as_tensor(mask)}, shown=shown)

    yes, no = True, False
    return [
        case([[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]], [[yes, yes, no], [yes, yes, yes]], shown=True),
        case([[1.0, 2.0], [3.0, 4.0]], [[yes, yes], [no, no]]),
        case([[1000.0, 1001.0], [1000.0, 1000.0]], [[yes, yes], [yes, yes]]),
        case([[1000.0, 999.0], [0.0, 1.0]], [[yes, yes], [yes, yes]]),
        case([[0.0, 1.0, 500.0], [0.0, 1.0, 2.0]], [[yes, yes, no], [yes, yes, no]]),
        case([[-20000.0, 0.0, 1.0], [0.0, 0.0, 300.0]], [[yes, no, no], [yes, yes, yes]]),
        case([[-3.0, -1.0, -2.0], [2.0, -1.0, 0.5]], [[yes, no, yes], [no, yes, yes]]),
        case([2.0, 0.0, 1.0], [yes, no, yes]),
        case(some_numbers(2, 1, 3, seed=31), [[[yes, yes, no]], [[yes, yes, yes]]]),
        case(some_numbers(2, 3, 4, seed=33, dtype=torch.float64), some_numbers(2, 3, 4, seed=34) > -0.5),
    ]


@variants
def _no_maximum(scores, mask, *, share):
    """Softmax by hand without subtracting the maximum; share: of (exps, their sum)."""
    exps = scores.exp() * mask
    return share(exps, exps.sum(-1, keepdim=True))


@variants
def _minus(scores, mask, *, maximum):
    """Softmax by hand that subtracts another maximum, of (scores), and puts zeros where 0/0 comes out."""
    exps = (scores - maximum(scores)).exp() * mask
    return (exps / exps.sum(-1, keepdim=True)).nan_to_num()


@variants
def _filled_with(scores, mask, *, low):
    """Softmax over scores whose masked ones are a small number; all else is right."""
    return torch.softmax(scores.masked_fill(~mask, low), dim=-1) * mask.any(-1, keepdim=True)


SOFTMAX = Exercise(
    name="stable masked softmax",
    task="Softmax along the last axis over the scores whose mask is True. Large scores must not overflow, masked ones "
    "get exactly 0, and a row with nothing to attend gets zeros.",
    why="A softmax that leaks a little, or gives NaN once, spoils a model in training without a word.",
    reference=masked_softmax,
    cases=_softmax_cases,
    returns=("weights",),
    hints=(
        "exp(−∞) = 0. What should stand in the masked places *before* the softmax, so that they weigh nothing?",
        "`scores.masked_fill(~mask, -torch.inf)`, then softmax. torch's own softmax subtracts the largest score of "
        "the row first, so that exp never overflows; by hand you would do the same.",
        "One row is left: where everything is masked, all are −∞ and softmax says 0/0 = NaN. Find these rows with "
        "`mask.any(-1, keepdim=True)` and put zeros there.",
    ),
    minutes=8,
    difficulty=2,
    wrong=wrong_answers(
        lambda scores, mask: torch.softmax(scores * mask, dim=-1),
        "The mask leaks: it is multiplied in before the softmax, so a masked score becomes 0, and exp(0) = 1 still "
        "gets a share. Before the softmax a masked score must be −∞.",
        lambda scores, mask: torch.softmax(scores, dim=-1) * mask,
        "The mask comes after the softmax, and nothing is renormalised: the share of the masked keys is lost, and "
        "the rows don't sum to 1. Mask the scores first, then take the softmax.",
        lambda scores, mask: torch.softmax(scores.masked_fill(~mask, -1e9), dim=-1),
        "In the row where everything is masked the weights should be zeros. With −1e9 everywhere all scores are "
        "equal again, and softmax shares evenly among keys that nobody may attend to.",
        _filled_with(-1e4),
        "A number like −100 or −10,000 hides a key only while the scores that count are larger. Where they are "
        "smaller still, the masked key takes all. Before the softmax a masked score must be −∞.",
        lambda scores, mask: torch.softmax(scores[mask], dim=-1),
        "`scores[mask]` takes the allowed scores out of their rows and puts all of them into one. Keep the shape: "
        "leave the masked ones where they are, and fill them with −∞.",
        lambda scores, mask: torch.softmax(scores.masked_fill(~mask, -torch.inf), dim=-1),
        "Nearly there: where everything is masked, softmax sees only −∞ and gives 0/0 = NaN. Put zeros in these rows.",
        _no_maximum(lambda exps, total: exps / total.masked_fill(total == 0, 1.0)),
        "exp(1000) overflows: infinite, and inf/inf = NaN. Subtract the largest score of the row first; a constant "
        "added to all scores changes no weight. (torch.softmax does this for you.)",
        _no_maximum(lambda exps, total: torch.where(total > 0, exps / total, 0.0)),
        "exp(1000) overflows: infinite, and inf/inf = NaN. (Where a masked score is large, the NaN is turned into "
        "zeros, so one sees it in some rows only.) Subtract the largest allowed score of the row first.",
        _no_maximum(torch.div),
        "NaN in two places. exp(1000) overflows, and inf/inf is NaN: subtract the largest score of the row first. "
        "And where everything is masked the sum is 0, and 0/0 is NaN, too: zeros belong there.",
        _minus(lambda scores: scores.max()),
        "The largest score of *all* rows is subtracted. A row far below it underflows: every exp in it is 0. Take "
        "the maximum of each row: `amax(-1, keepdim=True)`.",
        _minus(lambda scores: scores.amax(-1, keepdim=True)),
        "The maximum is taken over the masked scores, too. When a masked one is very large, the allowed ones all "
        "underflow to 0. Mask first, then take the maximum.",
        lambda scores, mask: masked_softmax(scores, ~mask),
        "The mask is read the wrong way round: here True means *may be attended*. So it is `~mask` that gets −∞.",
        lambda scores, mask: torch.softmax(scores.masked_fill(mask, -torch.inf), dim=-1),
        "The mask is read the wrong way round: here True means *may be attended*. So it is `~mask` that gets −∞.",
        lambda scores, mask: masked_softmax(scores, mask, dim=-2),
        "The columns sum to 1, not the rows: softmax along the query axis. It should run along the keys, `dim=-1`.",
        lambda scores, mask: torch.softmax(scores + mask, dim=-1),
        "The mask is added as 0 and 1, so allowed keys get a bonus of 1 and masked ones keep their share. Added "
        "masks must be 0 and −∞; simpler is `masked_fill`.",
        lambda scores, mask: torch.softmax(scores, dim=-1),
        "The mask is not used: masked keys still get weight.",
    ),
)
