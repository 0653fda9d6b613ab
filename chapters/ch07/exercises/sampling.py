"""Chapter 7: two knobs between a model's logits and the token that is drawn."""

import torch
import torch.nn.functional as F
from torch import Tensor

from course_kit.exercises.compare import same
from course_kit.exercises.define import Case, Exercise, Property, named, normal, variants, wrong_answers
from course_kit.exercises.properties import rows_sum_to_one, shift_changes_nothing
from course_kit.i18n import mark, t
from course_utils.gpt import nucleus, with_temperature

_heated = named("logits", "temperature")


def _largest(logits):
    return F.one_hot(logits.argmax(-1), logits.shape[-1]).float()


def _warm(logits, temperature):
    return (logits / temperature).softmax(-1)


def _scaled(p: Tensor) -> Tensor:
    return p / p.sum(-1, keepdim=True)


@variants
def _knob(logits, temperature, *, warm=_warm, cold=_largest):
    """The knob with one thing done differently. cold: what is done at 0; None: the same as above 0."""
    return cold(logits) if cold and temperature == 0 else warm(logits, temperature)


def _cold(run, case, mine, want):
    return not case.args["temperature"] and not same(mine, want)


def _warmer(run, case, mine, want):
    """Whether the distance of the two largest belongs to another temperature, and so do all others."""
    logits, given = case.args.values()
    best, second = mine.double().topk(2).values.log().unbind(-1)
    first, next_ = logits.double().topk(2).values.unbind(-1)
    found = ((first - next_) / (best - second))[..., None]
    other = bool(given) and bool(found.isfinite().all()) and not same(mine, want)
    return other and same((logits / found).softmax(-1), mine.double())


TEMPERATURE = Exercise(
    name=mark("temperature"),
    task=t(
        "Divide the logits by the temperature, then take the softmax: logits [..., V], temperature -> probabilities "
        "[..., V]. At temperature 0 all weight is on the largest logit."
    ),
    reference=with_temperature,
    cases=lambda: [
        _heated(torch.tensor([2.0, 1, 0]), 0.5, shown=True),
        _heated(torch.tensor([[0.0, 2, 1], [3, 0, 1]]), 0),
        _heated(2 * normal(2, 5, seed=1740), 1.7),
        _heated(torch.tensor([[12.0, 11.9, 3, -4]]), 0.1),
        _heated(torch.tensor([[1.0, 1.02, 0.5]]), 0.004),
        _heated(torch.tensor([[1.0, 1.02, 0.5]]), 0),
    ],
    returns=("probabilities",),
    properties=(
        Property(t("At temperature 0 all weight should be on the largest logit, and here it is not."), _cold),
        Property(
            t(
                "This is a softmax at another temperature than was given. Divide by the temperature itself, without a "
                "small number that saves it from 0: treat 0 separately."
            ),
            _warmer,
        ),
        rows_sum_to_one(what="probabilities"),
        shift_changes_nothing("logits"),
    ),
    used=t("Your knob lets your model write in [Five: a book](#Five:-a-book)."),
    hints=(
        t("Half the temperature makes the logits twice as large. What does softmax do with that?"),
        t(
            "At 0 nothing can be divided. `torch.nn.functional.one_hot(logits.argmax(-1), …)` has a 1 at the largest, "
            "in whole numbers."
        ),
        t("Above 0 there is a division and a softmax over the last axis. Which of the two comes first?"),
    ),
    minutes=8,
    difficulty=1,
    wrong=wrong_answers(
        _knob(cold=None),
        t("At 0 it divides by 0, and NaN comes out: treat 0 separately, and put all weight on the largest."),
        _knob(warm=lambda logits, t: (logits * t).softmax(-1)),
        t("You multiply by the temperature. A low temperature should sharpen the distribution, so divide."),
        _knob(warm=lambda logits, t: (logits.softmax(-1) / t).softmax(-1)),
        t(
            "There are two softmaxes, and the second takes probabilities for logits. Divide the logits, and take one "
            "softmax."
        ),
        _knob(warm=lambda logits, t: _warm(logits, max(t, 0.01)), cold=None),
        t(
            "`max(temperature, …)` takes a small temperature, and 0, for a larger one: tokens that are nearly as "
            "likely as the first keep a share at 0. Treat 0 separately, and divide by the temperature itself."
        ),
        _knob(cold=lambda logits: logits.softmax(-1)),
        t("At 0 the logits are taken as they are, which is temperature 1. Towards 0 the largest takes all."),
        _knob(cold=lambda logits: logits.argmax(-1)),
        t("At 0 this is the index of the largest. It should be probabilities: a 1 there, and 0 elsewhere."),
    ),
)


def nucleus_cases() -> list[Case]:
    case = named("logits", "top_p")
    return [
        case(
            torch.tensor([0.1, 0.5, 0.15, 0.25]).log(),
            0.7,
            given={"logits": t("the logarithms of 0.1, 0.5, 0.15 and 0.25")},
            shown=True,
        ),
        case(2 * normal(2, 7, seed=1760), 0.8),
        case(torch.tensor([[0.0, 5, 1, 2, 3], [0, 1, 0.5, 0.8, 0.2]]), 0.6),
        case(1.5 * normal(2, 3, 6, seed=1764), 0.35),
        case(1.2 * normal(2, 5, seed=1769), 1.0),  # all are needed
        case(torch.tensor([0.5, 0.25, 0.25]).log(), 0.5),  # the first reaches it exactly
    ]


def before(p, sums, top_p):
    """What stays: those before which the sum has not reached top_p."""
    return sums - p < top_p


@variants
def kept(logits, top_p, *, which=before, descending=True, back=None):
    """Top-p with one thing done differently. which(p, sums, top_p): True for what stays, in sorted order; descending:
    None for the order of the vocabulary; again: what is done with what is left."""
    p = logits.softmax(-1)
    if descending is None:
        order = torch.arange(p.shape[-1]).expand_as(p)
    else:
        p, order = p.sort(-1, descending=descending)
    p = _scaled(p * which(p, p.cumsum(-1), top_p))
    return torch.zeros_like(p).scatter(-1, order, p) if back is None else back(p, order)


def _not_the_nucleus(run, case, mine, want):
    p, stays = case.args["logits"].softmax(-1), mine > 0
    if mine.isnan().any() or same(mine, want):
        return False
    if (p.masked_fill(~stays, 1.0).amin(-1) < p.masked_fill(stays, 0.0).amax(-1)).any():
        return t("A token has gone that is likelier than one that stays. The largest stay, each at its own place.")
    more = stays.sum(-1) - (want > 0).sum(-1)
    if (more > 0).any():
        return (
            "More tokens stay than are needed: stop as soon as their sum has reached top_p. And a second softmax would "
            "give those that went a share again."
        )
    if (more < 0).any():
        return t("The tokens that stay do not reach top_p together: the one that crosses it stays, too.")
    return t("The right tokens stay, with other probabilities. Divide them by their sum, and take no second softmax.")


TOP_P = Exercise(
    name=mark("top-p"),
    task=t(
        "Keep the smallest set of most likely tokens whose probabilities together reach top_p (the one that crosses "
        "it stays), and divide by their sum: logits [..., V] -> probabilities [..., V], each at its own place."
    ),
    reference=nucleus,
    cases=nucleus_cases,
    returns=("probabilities",),
    properties=(Property(t("What stays is the smallest set of most likely tokens."), _not_the_nucleus),),
    used=t("Your nucleus lets your model write in [Five: a book](#Five:-a-book)."),
    hints=(
        t("Sort the probabilities, the largest first, and add them up as you go: `cumsum`."),
        t(
            "A token stays if those *before* it have not reached p, so the first always stays. How do you get the sum "
            "before each token from `p.cumsum(-1)`?"
        ),
        t(
            "`p * (p.cumsum(-1) - p < top_p)` keeps those numbers, still sorted. What must be done with them before "
            "`scatter` brings them back to their places?"
        ),
    ),
    minutes=10,
    difficulty=2,
    wrong=wrong_answers(
        kept(which=lambda p, sums, top_p: sums <= top_p),
        t(
            "The token that crosses p is dropped. If it is the first one, nothing is left, and 0/0 is NaN. It stays: "
            "look at the sum *before* each token."
        ),
        kept(descending=None),
        t("The sum runs in the order of the vocabulary, which says nothing. Sort first, with the largest in front."),
        kept(which=lambda p, sums, top_p: p >= top_p),
        t("Each token is compared with p separately. It is their *sum*, from the largest on, that should reach p."),
        kept(back=lambda p, order: p),
        t("The probabilities are in sorted order. Bring them back to their places: `scatter` with the order."),
        kept(which=lambda p, sums, top_p: sums - p - F.pad(p, (1, 0))[..., :-1] < top_p),
        t("One token too many stays. Compare p with the sum of the tokens *before* each one."),
    ),
)
