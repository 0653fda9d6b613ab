"""Chapter 7, find-the-errors: temperature in the wrong place, temperature 0, and a nucleus that can be empty."""

import torch
import torch.nn.functional as F
from torch import Tensor

from course_utils.exercises.definition import Case, FindError, wrong_answers
from course_utils.exercises.inputs import named, normal

from .sampling import kept, nucleus, nucleus_cases

# ---- temperature on probabilities -----------------------------------------------------------------------------------


def heated(logits: Tensor, temperature: float) -> Tensor:
    """logits [..., V], temperature above 0 -> probabilities [..., V]."""
    return (logits / temperature).softmax(-1)


_hot = named("logits", "temperature")

ON_PROBABILITIES = FindError(
    name="temperature on probabilities",
    task="write it again: logits [..., V], temperature above 0 -> probabilities [..., V].",
    why="No error, no warning, every row sums to 1, and the knob is connected to nothing.",
    program=(
        "def heated(logits, temperature):           # [..., V]",
        "    p = logits.softmax(dim=-1)",
        "    p = p / temperature",
        "    return p / p.sum(dim=-1, keepdim=True)",
    ),
    line=3,
    found="every probability is divided by the same number, and line 4 takes it out again. Before the softmax it is "
    "another thing: exp(z/τ) = exp(z)^(1/τ), so there the *ratios* of the tokens change.",
    innocent={
        2: "a softmax over the vocabulary. What has happened to the logits before it?",
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
        "Put 1 and then 100 in for the temperature. What changes, and why not?",
        "What is the ratio of two tokens' probabilities before line 3, and after it?",
        "`p = (logits / temperature).softmax(dim=-1)`",
    ),
    minutes=3,
    difficulty=1,
    wrong=wrong_answers(
        lambda logits, t: (logits.softmax(-1) / t) / (logits.softmax(-1) / t).sum(-1, keepdim=True),
        "The same for each temperature still: what divides all of them divides their sum.",
        lambda logits, t: logits.softmax(-1) / t,
        "Now the rows sum to one over the temperature. Divide the logits instead, before the softmax.",
        lambda logits, t: (logits.softmax(-1) / t).softmax(-1),
        "Softmax twice: the second gets probabilities for logits, and flattens them.",
        lambda logits, t: (logits * t).softmax(-1),
        "Multiplied, or the probabilities to the power of τ, which is the same: then cold is hot. Divide the "
        "logits (or take the power 1/τ).",
        lambda logits, t: logits.softmax(-1) ** (1 / t),
        "The right power; now divide by the sum, or divide the logits before the softmax.",
        lambda logits, t: logits / t,
        "The logits are divided: right. The softmax is gone.",
    ),
)

# ---- temperature zero -----------------------------------------------------------------------------------------------


def limit(logits: Tensor) -> Tensor:
    """logits [..., V] -> probabilities [..., V] as the temperature falls to 0: the largest share all weight."""
    largest = (logits == logits.amax(-1, keepdim=True)).float()
    return largest / largest.sum(-1, keepdim=True)


ZERO = FindError(
    name="temperature zero",
    task="write what becomes of softmax(logits / τ) as τ falls to 0: logits [..., V] -> probabilities [..., V]. Logits "
    "that are equal have equal shares at every temperature.",
    why="`transformers` refuses a temperature of 0 when it samples; other programs take it. What would it be?",
    claims=True,
    program=(
        "At temperature 1 the probabilities are those that the model was trained for.",
        "No temperature above 0 changes which token is more likely than another.",
        "At temperature 0 one would divide by 0, so it cannot exist: 0.01 is as cold as one can get.",
        "The higher the temperature, the nearer all tokens come to the same probability.",
    ),
    line=3,
    found="nothing needs to be divided. Whoever is largest wins more and more as the temperature falls, and the limit "
    "is plain: all weight on the largest. Programs take argmax there: greedy search. (Of two equal ones it takes the "
    "first, where the limit gives each a half.)",
    innocent={
        1: "right: dividing by 1 changes nothing.",
        2: "right: dividing by a positive number keeps the order, and so does exp.",
        4: "right: the logits come near 0, all of them.",
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
        "Compute softmax([1, 3, 2] / τ) for τ = 1, .5, .1. Where does it go?",
        "And [2, 2, 0]? No temperature can tell the first two apart.",
        "`largest = (logits == logits.amax(-1, keepdim=True)).float()`, then divide by its sum.",
    ),
    minutes=3,
    difficulty=2,
    wrong=wrong_answers(
        lambda logits: F.one_hot(logits.argmax(-1), logits.shape[-1]).float(),
        "Right where one is largest, and it is what programs do. But two equal logits have equal chances at each "
        "temperature above 0, and so in the limit.",
        lambda logits: (logits / 0.01).softmax(-1),
        "Cold, but not 0: between 1.00 and .99 it still wavers. In the limit any lead takes all.",
        lambda logits: (logits / 0).softmax(-1),
        "This divides by 0, and NaN comes out, as the claim says. Ask for the limit instead: who is the largest?",
        lambda logits: torch.full_like(logits, 1 / logits.shape[-1]),
        "All alike: that is the other end, endless heat.",
        lambda logits: (logits == logits.amax(-1, keepdim=True)).float(),
        "The largest are found. Where there are two, the row sums to 2: share the weight among them.",
        lambda logits: (logits == logits.amax()).float() / (logits == logits.amax()).float().sum(-1, keepdim=True),
        "One largest is sought in all rows together; each row has its own: `amax(-1, keepdim=True)`.",
        lambda logits: logits.argmax(-1),
        "The number of the largest; asked for are probabilities.",
        lambda logits: logits.softmax(-1),
        "This is temperature 1.",
    ),
)

# ---- a nucleus without its core -------------------------------------------------------------------------------------


NUCLEUS = FindError(
    name="a nucleus without its core",
    task="write it again: logits [..., V], top_p -> probabilities [..., V] of the smallest set of most likely tokens "
    "that reaches top_p, 0 elsewhere.",
    why="Where the model wavers, hardly anybody sees it. Where one token alone is above p, that token is thrown out.",
    program=(
        "def nucleus(logits, top_p):                # [..., V]",
        "    p, order = logits.softmax(dim=-1).sort(dim=-1, descending=True)",
        "    keep = p.cumsum(dim=-1) <= top_p",
        "    p = p * keep",
        "    p = p / p.sum(dim=-1, keepdim=True)",
        "    return torch.zeros_like(p).scatter(-1, order, p)",
    ),
    line=3,
    found="the sum includes the token itself, so the one that crosses p goes. If this is the first, nothing is left, "
    "and 0/0 is NaN. What counts is the sum *before* each token: `p.cumsum(-1) - p < top_p`.",
    innocent={
        2: "the largest first, with the places they come from.",
        4: "0 for all that go.",
        5: "what is left sums to 1 again. If anything is left.",
        6: "back to their places in the vocabulary: right.",
    },
    reference=nucleus,
    cases=nucleus_cases,
    returns=("probabilities",),
    hints=(
        "Take probabilities .9, .06, .04 and top_p = .5. Which tokens stay?",
        "“The smallest set that *reaches* p”: what does the set sum to here, p at least or p at most?",
        "`keep = p.cumsum(dim=-1) - p < top_p`",
    ),
    minutes=4,
    difficulty=2,
    wrong=wrong_answers(
        kept(lambda p, sums, top_p: sums <= top_p),
        "The token that crosses p is dropped still, and with it all, where the first one crosses.",
        kept(lambda p, sums, top_p: (sums <= top_p) | (torch.arange(p.shape[-1]) == 0)),
        "The first always stays: no NaN any more. But in other rows the one that crosses is still missing.",
        lambda logits, top_p: kept(lambda p, sums, top_p: sums <= top_p)(logits, top_p).nan_to_num(),
        "The NaN is painted over: a row of zeros is no distribution, and the crossing token is missing still.",
        kept(lambda p, sums, top_p: sums >= top_p),
        "Turned round: now the tail stays, with the crossing token.",
        kept(lambda p, sums, top_p: (sums - p < top_p).roll(1, -1)),
        "Moved by one in the wrong direction: the most likely token is out.",
        kept(lambda p, sums, top_p: p <= top_p),
        "Each token by itself: this throws out exactly the one that is above p. Sums count, and the first stays.",
    ),
)
