"""Chapter 7: three knobs between a model's logits and the token that is drawn."""

import torch
import torch.nn.functional as F
from torch import Tensor

from course_utils.decoding.sampling import next_probabilities
from course_utils.exercises.definition import Case, Exercise, variants, wrong_answers
from course_utils.exercises.inputs import named, normal

# ---- temperature ----------------------------------------------------------------------------------------------------


def with_temperature(logits: Tensor, temperature: float) -> Tensor:
    """logits [..., V], temperature from 0 -> probabilities [..., V]; at 0 all weight is on the largest logit."""
    return next_probabilities(logits, temperature)


_heated = named("logits", "temperature")


def _at_zero(warm, cold=lambda logits: F.one_hot(logits.argmax(-1), logits.shape[-1]).float()):
    return lambda logits, temperature: cold(logits) if temperature == 0 else warm(logits, temperature)


def _raised(logits, temperature):
    """The definition, without taking the largest off first."""
    raised = (logits / temperature).exp()
    return raised / raised.sum(-1, keepdim=True)


def _scaled(p: Tensor) -> Tensor:
    return p / p.sum(-1, keepdim=True)


def _warm(logits, temperature):
    return (logits / temperature).softmax(-1)


TEMPERATURE = Exercise(
    name="temperature",
    task="Divide the logits by the temperature, then softmax: logits [..., V], temperature -> probabilities [..., V]. "
    "At temperature 0 all weight lies on the largest logit.",
    why="One number between a bore and a babbler, and no weight of the model is touched.",
    reference=with_temperature,
    cases=lambda: [
        _heated(torch.tensor([2.0, 1, 0]), 0.5, shown=True),
        _heated(torch.tensor([[0.0, 2, 1], [3, 0, 1]]), 0),
        _heated(2 * normal(2, 5, seed=1740), 1.7),
        _heated(torch.tensor([[12.0, 11.9, 3, -4]]), 0.1),
    ],
    returns=("probabilities",),
    hints=(
        "Half the temperature makes the logits twice as large: what does softmax do with that?",
        "At 0 nothing is divided: `torch.nn.functional.one_hot(logits.argmax(-1), V).float()`.",
        "Else `(logits / temperature).softmax(-1)`.",
    ),
    minutes=3,
    difficulty=1,
    wrong=wrong_answers(
        _warm,
        "Right above 0. At 0 it divides by 0, and NaN comes out: there, put all weight on the largest by hand.",
        _at_zero(lambda logits, t: (logits * t).softmax(-1)),
        "Multiplied: then cold is hot. Low temperatures make sure, so divide.",
        _at_zero(lambda logits, t: _scaled(logits.softmax(-1) / t)),
        "Each temperature above 0 gives the same. Does it divide the *probabilities*? Then dividing by their sum "
        "takes it out again. It belongs to the logits, before the softmax.",
        _at_zero(lambda logits, t: logits.softmax(-1) / t),
        "The probabilities are divided, and no longer sum to 1. Divide the logits, before the softmax.",
        _at_zero(lambda logits, t: (logits.softmax(-1) / t).softmax(-1)),
        "Softmax twice: the second gets probabilities for logits. Divide the logits, and raise once.",
        _at_zero(_raised),
        "Right where the logits are small. exp(120) is too large for float32: inf/inf is NaN. `softmax` takes the "
        "largest off first.",
        _raised,
        "Two things: at 0 it divides by 0, and exp of a large logit becomes infinite. Treat 0 by itself, and let "
        "`softmax` do the rest.",
        _at_zero(_warm, lambda logits: logits.softmax(-1)),
        "At 0 the logits are taken as they are: that is temperature 1. Cold is the other end.",
        _at_zero(_warm, lambda logits: torch.full_like(logits, 1 / logits.shape[-1])),
        "At 0 all tokens are equally likely here. That is what endless heat does; cold puts all on the largest.",
        _at_zero(_warm, lambda logits: logits.argmax(-1)),
        "At 0 this is the number of the largest. Asked for are probabilities: a 1 there, and 0 elsewhere.",
        _at_zero(_warm, lambda logits: F.one_hot(logits.argmax(-1), logits.shape[-1])),
        "Right, but at 0 `one_hot` gives whole numbers, and probabilities are decimal ones: `.float()`.",
        _at_zero(_warm, lambda logits: F.one_hot(logits.argmax(), logits.numel()).float().view_as(logits)),
        "At 0 one largest is sought in the whole batch; each row has its own: `argmax(-1)`.",
        _at_zero(lambda logits, t: (logits / t).softmax(0)),
        "The softmax runs over the first axis: texts of a batch compete. Tokens do: `softmax(-1)`.",
        _at_zero(lambda logits, t: logits / t),
        "These are logits still: a softmax is missing.",
    ),
)

# ---- top-k ----------------------------------------------------------------------------------------------------------


def only_the_largest(logits: Tensor, top_k: int) -> Tensor:
    """logits [..., V] -> probabilities [..., V], 0 for all but the top_k largest; all stay where there are fewer."""
    return next_probabilities(logits, top_k=top_k)


_cut = named("logits", "top_k")


def _places(logits: Tensor, top_k: int, largest=True) -> Tensor:
    """True at the top_k largest (or smallest) of each row."""
    best = logits.topk(min(top_k, logits.shape[-1]), -1, largest).indices
    return torch.zeros_like(logits, dtype=torch.bool).scatter(-1, best, True)


def _only(logits: Tensor, kept: Tensor) -> Tensor:
    return logits.masked_fill(~kept, -torch.inf).softmax(-1)


TOP_K = Exercise(
    name="top-k",
    task="Keep the top_k largest logits of each row, give the others no chance, then softmax: logits [..., V] -> "
    "probabilities [..., V], each at its place. Where there are fewer than top_k, keep all.",
    why="Tens of thousands of unlikely tokens are likely together: sooner or later one is drawn, and the text derails.",
    reference=only_the_largest,
    cases=lambda: [
        _cut(torch.tensor([1.0, 3, 0, 2]), 2, shown=True),
        _cut(2 * normal(3, 7, seed=1750), 3),
        _cut(normal(2, 4, seed=1752), 1),
        _cut(normal(2, 4, seed=1754), 9),
    ],
    returns=("probabilities",),
    hints=(
        "Set a logit so that softmax gives 0 for it. Which number is that?",
        "`logits.topk(k, -1).values[..., -1:]` is the smallest one that stays. topk stops if k is larger than V.",
        "`logits.masked_fill(logits < smallest, -torch.inf).softmax(-1)`, with `k = min(top_k, logits.shape[-1])`",
    ),
    minutes=4,
    difficulty=2,
    wrong=wrong_answers(
        lambda logits, top_k: logits.softmax(-1) * _places(logits, top_k),
        "The others are 0, but the rest no longer sums to 1: divide by what is left.",
        lambda logits, top_k: (logits * _places(logits, top_k)).softmax(-1),
        "A logit of 0 is not a chance of 0: exp(0) = 1. Put −∞ there.",
        lambda logits, top_k: _only(logits, logits >= logits.topk(top_k, -1).values[..., -1:]),
        "Right where k tokens are there. `topk` stops if k is larger than V: `min(top_k, logits.shape[-1])`.",
        lambda logits, top_k: logits.topk(top_k),
        "`topk` gives two things, `.values` and `.indices`. Use them to say which logits stay, then softmax.",
        lambda logits, top_k: logits.topk(min(top_k, logits.shape[-1]), -1).values.softmax(-1),
        "The right probabilities, sorted and short. Who is who? Each belongs at its own place in the vocabulary.",
        lambda logits, top_k: _only(logits, logits > logits.topk(min(top_k, logits.shape[-1])).values[..., -1:]),
        "The k-th largest is dropped, too: with k = 1 nothing is left, and NaN comes out. It stays: `<`, not `<=`.",
        lambda logits, top_k: _only(logits, _places(logits, top_k + 1)),
        "One token too many stays.",
        lambda logits, top_k: _only(logits, _places(logits, top_k, False)),
        "The *smallest* k stay.",
        lambda logits, top_k: _only(logits, ~_places(logits, top_k)),
        "The k largest are dropped, and all others stay: turn the mask round.",
        lambda logits, top_k: _only(logits, logits >= logits.flatten().topk(min(top_k, logits.shape[-1])).values[-1]),
        "The k largest of the whole batch: some rows keep none. Each row has its own: `topk(k, -1)`.",
        lambda logits, top_k: _scaled(_places(logits, top_k).float()),
        "The right tokens stay, all with the same chance. Among them the model's preferences still hold.",
        lambda logits, top_k: logits.softmax(-1),
        "Nothing is cut: `top_k` is never used.",
    ),
)

# ---- top-p ----------------------------------------------------------------------------------------------------------


def nucleus(logits: Tensor, top_p: float) -> Tensor:
    """logits [..., V] -> probabilities [..., V] of the smallest set of largest ones that reaches top_p, 0 elsewhere."""
    return next_probabilities(logits, top_p=top_p)


def nucleus_cases() -> list[Case]:
    case = named("logits", "top_p")
    return [
        case(
            torch.tensor([0.1, 0.5, 0.15, 0.25]).log(),
            0.7,
            given={"logits": "the logarithms of 0.1, 0.5, 0.15 and 0.25"},
            shown=True,
        ),
        case(2 * normal(2, 7, seed=1760), 0.8),
        case(torch.tensor([[0.0, 5, 1, 2, 3], [0, 1, 0.5, 0.8, 0.2]]), 0.6),
        case(1.5 * normal(2, 3, 6, seed=1764), 0.35),
    ]


@variants
def kept(logits, top_p, *, which, descending=True, back=None, again=True):
    """Top-p with one thing done differently. which(p, sums, top_p): True for what stays, in sorted order."""
    p, order = logits.softmax(-1).sort(-1, descending=descending)
    p = p * which(p, p.cumsum(-1), top_p)
    p = _scaled(p) if again else p
    return torch.zeros_like(p).scatter(-1, order, p) if back is None else back(p, order)


TOP_P = Exercise(
    name="top-p",
    task="Keep the smallest set of most likely tokens whose probabilities together reach top_p (the one that crosses "
    "it stays), divide by their sum: logits [..., V] -> probabilities [..., V], each at its place.",
    why="Where the model is sure, one token is enough; where it wavers, a hundred are. k is the same everywhere, p is "
    "not.",
    reference=nucleus,
    cases=nucleus_cases,
    returns=("probabilities",),
    hints=(
        "Sort the probabilities, the largest first, and add them up as you go: `cumsum`.",
        "A token stays if those *before* it have not reached p: `p.cumsum(-1) - p < top_p`. The first always stays.",
        "`sort` gives the order as well; back to their places: `torch.zeros_like(p).scatter(-1, order, p)`",
    ),
    minutes=7,
    difficulty=3,
    wrong=wrong_answers(
        kept(lambda p, sums, top_p: sums <= top_p),
        "The token that crosses p is dropped. If it is the first one, nothing is left, and 0/0 is NaN. It stays: "
        "look at the sum *before* each token.",
        kept(lambda p, sums, top_p: (sums <= top_p) | (torch.arange(p.shape[-1]) == 0)),
        "The first always stays: good. But in other rows the token that crosses p is dropped, so that the set does "
        "not reach p.",
        lambda logits, top_p: _scaled((p := logits.softmax(-1)) * (p.cumsum(-1) - p < top_p)),
        "Summed in the order of the vocabulary, which says nothing. Sort first, the largest in front.",
        kept(lambda p, sums, top_p: p >= top_p),
        "Each token is compared with p by itself. It is their *sum*, from the largest on, that shall reach p.",
        kept(lambda p, sums, top_p: p >= (1 - top_p) * p[..., :1]),
        "Compared with a share of the largest: this is another method (it is called min-p). Here sums count.",
        kept(lambda p, sums, top_p: sums - p < top_p, descending=False),
        "Sorted with the *smallest* first: the unlikely ones stay until they reach p. `descending=True`.",
        kept(lambda p, sums, top_p: sums - p < top_p, again=False),
        "The right tokens stay, but they no longer sum to 1: divide by what is left.",
        kept(lambda p, sums, top_p: sums - p < top_p, back=lambda p, order: p),
        "The right probabilities, in sorted order. Who is who? Bring them back to their places: `scatter` with the "
        "order.",
        kept(lambda p, sums, top_p: sums - p < top_p, back=lambda p, order: p.gather(-1, order)),
        "`gather` with the order sorts once more. `scatter` brings back: place order[i] gets p[i].",
        kept(lambda p, sums, top_p: (sums - p < top_p).roll(1, -1)),
        "Moved by one in the wrong direction: the most likely token is out.",
        kept(lambda p, sums, top_p: sums - p - F.pad(p, (1, 0))[..., :-1] < top_p),
        "One token too many stays: the sum *before* a token lacks itself, and no other.",
        kept(lambda p, sums, top_p: sums - p >= top_p),
        "What should go stays: the tail is kept, and the likely ones are dropped.",
        kept(lambda p, sums, top_p: sums - p < 1 - top_p),
        "1 − p instead of p: p is the share that stays.",
        lambda logits, top_p: logits.softmax(-1),
        "Nothing is cut: `top_p` is never used.",
    ),
)
