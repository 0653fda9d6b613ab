"""Chapter 7, find-the-errors: temperature in the wrong place, temperature 0, and a nucleus that can be empty."""

import torch
import torch.nn.functional as F
from torch import Tensor

from course_kit.exercises.define import Case, FindError, named, normal, wrong_answers

from .sampling import before, kept, nucleus, nucleus_cases, sorted_and_summed


def heated(logits: Tensor, temperature: float) -> Tensor:
    """logits [..., V], temperature above 0 -> probabilities [..., V]."""
    return (logits / temperature).softmax(-1)


_hot = named("logits", "temperature")

ON_PROBABILITIES = FindError(
    name="program 7.1",
    title="temperature on probabilities",
    task="logits [..., V], temperature above 0 -> probabilities [..., V].",
    program=(
        "def heated(logits, temperature):           # [..., V]",
        "    p = logits.softmax(dim=-1)",
        "    p = p / temperature",
        "    return p / p.sum(dim=-1, keepdim=True)",
    ),
    line=3,
    found="in line 3 every probability is divided by the same number, and line 4 undoes that. Before the softmax it is "
    "different: exp(z/τ) = exp(z)^(1/τ), so there the *ratios* of the tokens change.",
    innocent={
        4: "it only makes each row sum to 1.",
    },
    reference=heated,
    cases=lambda: [
        _hot(torch.tensor([2.0, 1, 0]), 0.5, shown=True),
        _hot(2 * normal(2, 5, seed=1770), 3.0),
        _hot(normal(3, 4, seed=1772), 0.8),
    ],
    returns=("probabilities",),
    hints=(
        "Try the temperature 1 and then 100. What changes?",
        "What is the ratio of the probabilities of two tokens before line 3, and after it?",
        "The softmax turns differences of logits into ratios. So what should be divided by the temperature?",
    ),
    minutes=3,
    difficulty=1,
    wrong=wrong_answers(
        lambda logits, t: (logits.softmax(-1) / t) / (logits.softmax(-1) / t).sum(-1, keepdim=True),
        "It is still the same for each temperature: what divides all of them divides their sum, too.",
        lambda logits, t: logits.softmax(-1) / t,
        "Now the rows sum to 1 / τ. Divide the logits instead, before the softmax.",
        lambda logits, t: (logits.softmax(-1) / t).softmax(-1),
        "There are two softmaxes: the second takes probabilities for logits, and flattens them.",
        lambda logits, t: (logits * t).softmax(-1),
        "You multiply the logits by τ (or take the probabilities to the power of τ, which is the same). A low "
        "temperature should sharpen the distribution, so divide the logits.",
        lambda logits, t: logits.softmax(-1) ** (1 / t),
        "This is the right power. Now divide by the sum, or divide the logits before the softmax.",
        lambda logits, t: logits / t,
        "The logits are divided, which is right. But the softmax is missing.",
    ),
)


def limit(logits: Tensor) -> Tensor:
    """logits [..., V] -> probabilities [..., V] as the temperature falls to 0: the largest share all weight."""
    largest = (logits == logits.amax(-1, keepdim=True)).float()
    return largest / largest.sum(-1, keepdim=True)


ZERO = FindError(
    name="claims 7.8",
    title="temperature zero",
    task="logits [..., V] -> the probabilities [..., V] to which softmax(logits / τ) tends as τ falls to 0. Logits "
    "that are equal have equal shares at every temperature.",
    claims=True,
    program=(
        "At temperature 1 the probabilities are those that the model was trained for.",
        "No temperature above 0 changes which token is more likely than another.",
        "At temperature 0 you would divide by 0, so it cannot exist: 0.01 is as cold as you can get.",
        "The higher the temperature, the smaller the gap between the largest and the smallest probability.",
    ),
    line=3,
    found="nothing needs to be divided. As the temperature falls, the largest gets more and more, and the limit is "
    "plain: all weight on the largest. Programs take argmax there, which is greedy search. (Of two equal ones argmax "
    "takes the first; the limit gives each a half.)",
    innocent={
        1: "dividing by 1 changes nothing.",
        2: "dividing by a positive number keeps the order, and so does exp.",
        4: "the logits all come near 0.",
    },
    reference=limit,
    cases=lambda: [
        Case({"logits": torch.tensor([1.0, 3, 2])}, shown=True),
        Case({"logits": torch.tensor([[2.0, 2, 0], [0, 1, 1]])}),
        Case({"logits": torch.tensor([[1.0, 0.99, 0.98], [-4, -3, -5]])}),
        Case({"logits": torch.tensor([[0.0, 0, 0, 0]])}),
    ],
    returns=("probabilities",),
    hints=(
        "Compute softmax([1, 3, 2] / τ) for τ = 1, 0.5 and 0.1. Where does it lead?",
        "And [2, 2, 0]? No temperature can tell the first two apart.",
        "`(logits == logits.amax(-1, keepdim=True)).float()` is 1 at each of the largest. What should a row sum to?",
    ),
    minutes=3,
    difficulty=2,
    wrong=wrong_answers(
        lambda logits: F.one_hot(logits.argmax(-1), logits.shape[-1]).float(),
        "Right where one is the largest, and it is what programs do. But two equal logits have equal chances at each "
        "temperature above 0, and so in the limit, too.",
        lambda logits: (logits / 0.01).softmax(-1),
        "This is cold, but not 0: between 1.00 and 0.99 it still hesitates. In the limit the largest takes all, "
        "however small its lead.",
        lambda logits: (logits / 0).softmax(-1),
        "This divides by 0, and NaN comes out, as the claim says. Think of the limit instead: which is the largest?",
        lambda logits: torch.full_like(logits, 1 / logits.shape[-1]),
        "All are equally likely here. That is the other end, the limit of high temperatures.",
        lambda logits: (logits == logits.amax(-1, keepdim=True)).float(),
        "The largest are found. Where there are two, the row sums to 2: share the weight among them.",
        lambda logits: (logits == logits.amax()).float() / (logits == logits.amax()).float().sum(-1, keepdim=True),
        "This finds one largest in all rows together. Each row has its own: `logits.amax(-1, keepdim=True)`.",
        lambda logits: logits.argmax(-1),
        "This is the index of the largest; it should be probabilities.",
        lambda logits: logits.softmax(-1),
        "This is temperature 1.",
    ),
)

NUCLEUS = FindError(
    name="program 7.9",
    title="a nucleus without its core",
    task="logits [..., V], top_p -> probabilities [..., V] of the smallest set of most likely tokens that reaches "
    "top_p, 0 elsewhere.",
    program=(
        "def top_p_again(logits, top_p):            # [..., V]",
        "    p, order = logits.softmax(dim=-1).sort(dim=-1, descending=True)",
        "    keep = p.cumsum(dim=-1) <= top_p",
        "    p = p * keep",
        "    p = p / p.sum(dim=-1, keepdim=True)",
        "    return torch.zeros_like(p).scatter(-1, order, p)",
    ),
    line=3,
    found="the sum includes the token itself, so the one that crosses p is dropped. If this is the first, nothing is "
    "left, and 0/0 is NaN. What counts is the sum *before* each token: `p.cumsum(-1) - p < top_p`.",
    innocent={
        2: "it puts the largest first, and remembers where they come from.",
        4: "it sets all to 0 that are cut off.",
        5: "it makes what is left sum to 1 again, if anything is left.",
        6: "it brings them back to their places in the vocabulary.",
    },
    reference=nucleus,
    shown=sorted_and_summed,
    cases=nucleus_cases,
    returns=("probabilities",),
    hints=(
        "Take the probabilities 0.9, 0.06, 0.04 and top_p = 0.5. Which tokens stay?",
        "“The smallest set that *reaches* p”: what does the set sum to here, at least p or at most p?",
        "`p.cumsum(dim=-1)` includes the token itself. What must be subtracted to get the sum before it?",
    ),
    minutes=4,
    difficulty=2,
    wrong=wrong_answers(
        kept(which=lambda p, sums, top_p: sums <= top_p),
        "The token that crosses p is still dropped, and where the first one crosses, all are.",
        kept(which=lambda p, sums, top_p: (sums <= top_p) | (torch.arange(p.shape[-1]) == 0)),
        "The first always stays, so there is no NaN any more. But in other rows the one that crosses is still missing.",
        kept(which=lambda p, sums, top_p: sums <= top_p, again=lambda p: (p / p.sum(-1, keepdim=True)).nan_to_num()),
        "The NaN is painted over: a row of zeros is no distribution, and the crossing token is still missing.",
        kept(again=lambda p: p),
        "What stays no longer sums to 1: divide by its sum, as in line 5.",
        kept(which=lambda p, sums, top_p: sums >= top_p),
        "It is turned round: now the tail stays, with the crossing token.",
        kept(which=lambda p, sums, top_p: before(p, sums, top_p).roll(1, -1)),
        "The mask is moved by one in the wrong direction: the most likely token is out.",
        kept(which=lambda p, sums, top_p: p <= top_p),
        "Each token is judged separately, which throws out the very one that is above p. Sums count, and the first "
        "stays.",
    ),
)
