"""Chapter 1, Nadaraya–Watson: four exercises and two find-the-errors.

Each wrong answer below is a mistake people make or code that circulates.
"""

import torch
from torch import Tensor, nn

from ..attention import NadarayaWatson, gaussian_kernel, leave_one_out_mask, masked_softmax
from .definition import Case, Exercise, FindError, Wrong

INF = float("inf")


def _random(*shape: int, seed: int, dtype: torch.dtype = torch.float32) -> Tensor:
    """Numbers one can read: one decimal."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype).mul(10).round().div(10)


# ---- gaussian kernel ------------------------------------------------------------------------------------------------


def _kernel_cases() -> list[Case]:
    return [
        Case({"distance": torch.tensor([0.0, 1.0, 2.0])}, shown=True),
        Case({"distance": torch.tensor([0.0, 1.0, 2.0])}, {"width": 2.0}),
        Case({"distance": torch.tensor([-1.0, 0.0, 1.0])}, {"width": 0.5}),
        Case({"distance": torch.tensor([0, 1, 3])}, {"width": 1.0}),
        Case({"distance": _random(2, 3, seed=11)}, {"width": 0.8}),
        Case({"distance": _random(3, 2, seed=12, dtype=torch.float64), "width": 3.0}),
    ]


KERNEL = Exercise(
    name="gaussian kernel",
    task="From a distance of any shape, the closeness exp(−(distance / width)² / 2), element by element.",
    why="Everything in this chapter weighs examples by closeness; this is the closeness.",
    reference=gaussian_kernel,
    cases=_kernel_cases,
    returns=("weights",),
    hints=(
        "Three steps: measure the distance in widths, square it, and let exp make a closeness of it.",
        "At distance 0 the result is 1. At a distance of one width it is exp(−½) ≈ 0.607, for every width.",
        "`torch.exp(…)` works element by element. Inside: minus, then `(distance / width) ** 2`, then half of it.",
    ),
    minutes=3,
    difficulty=1,
    wrong=(
        Wrong(
            lambda distance, width=1.0: torch.exp(-((distance / width) ** 2)),
            "The ½ is missing. At a distance of one width the closeness should be exp(−½) ≈ 0.607; yours is "
            "exp(−1) ≈ 0.368, as if the kernel were narrower.",
        ),
        Wrong(
            lambda distance, width=1.0: torch.exp(-((distance * width) ** 2) / 2),
            "The distance is multiplied by the width. Divide: the larger the width, the less a distance should matter.",
        ),
        Wrong(
            lambda distance, width=1.0: torch.exp(-(distance / width) / 2),
            "The square is missing. Without it a key to the left (a negative distance) counts more the further away it "
            "is; only the size of a distance should matter.",
        ),
        Wrong(
            lambda distance, width=1.0: torch.exp(-distance.abs() / width / 2),
            "This is a Laplace kernel, with a sharp tip at 0: the absolute value stands where the square should be.",
        ),
        Wrong(
            lambda distance, width=1.0: torch.exp((distance / width) ** 2 / 2),
            "It grows with the distance: the far ones would count most. Is the minus missing, or was it squared away? "
            "`(-x) ** 2` is positive; `-(x ** 2)` is not.",
        ),
        Wrong(
            lambda distance, width=1.0: torch.exp(-(distance**2) / (2 * width)),
            "The width must be squared together with the distance: (distance / width)², not distance² / width.",
        ),
        Wrong(
            lambda distance, width=1.0: torch.exp(-(distance**2) / 2),
            "The width makes no difference in it. Measure the distance in widths: distance / width.",
        ),
        Wrong(
            lambda distance, width=1.0: masked_softmax(-((distance / width) ** 2) / 2),
            "Normalised inside the kernel. A kernel says how close one key is, and knows nothing of the others; "
            "dividing by the sum comes later, in the pooling.",
        ),
        Wrong(
            lambda distance, width=1.0: torch.exp(-((distance / width) ** 2) / 2) / (width * (2 * torch.pi) ** 0.5),
            "This is the normal density, with 1 / (width · √(2π)) in front. A right formula elsewhere; here closeness "
            "is 1 at distance 0, and the factor would cancel in the pooling anyway.",
        ),
    ),
)


# ---- attention pooling ----------------------------------------------------------------------------------------------


def attention_pooling(queries: Tensor, keys: Tensor, values: Tensor, width: float = 1.0) -> tuple[Tensor, Tensor]:
    """Nadaraya–Watson with the Gaussian kernel in two lines; the softmax form, equal to `nadaraya_watson`.

    queries [Q], keys [K], values [K], width > 0 -> (estimate [Q], weights [Q, K]).
    """
    weights = torch.softmax(-(((queries[:, None] - keys) / width) ** 2) / 2, dim=-1)
    return weights @ values, weights


def _pooling_cases() -> list[Case]:
    def case(queries, keys, values, *, shown=False, **width) -> Case:
        return Case({"queries": queries, "keys": keys, "values": values}, width, shown=shown)

    numbers = torch.tensor
    return [
        case(numbers([0.0, 1.0]), numbers([0.0, 1.0, 2.0]), numbers([1.0, 2.0, 4.0]), shown=True),
        case(numbers([0.0, 1.0]), numbers([0.0, 1.0, 2.0]), numbers([1.0, 2.0, 4.0]), width=0.5),
        case(numbers([0.5, 2.0]), numbers([0.0, 2.0]), numbers([3.0, -1.0]), width=2.0),
        case(numbers([-1.0, 0.0, 1.0, 2.0, 3.0]), numbers([1.0]), numbers([5.0]), width=1.0),
        case(numbers([0.0, 1.0, 2.0]), numbers([0.0, 0.0, 1.0]), numbers([1.0, 3.0, 0.0]), width=1.5),
        case(_random(4, seed=21), _random(6, seed=22), _random(6, seed=23), width=0.7),
    ]


def _scores(queries, keys, width):
    return -(((queries[:, None] - keys) / width) ** 2) / 2


def _wrong_scores(score):
    """Attention pooling with other scores, made of (distance [Q, K], width)."""

    def pooling(queries, keys, values, width=1.0):
        weights = torch.softmax(score(queries[:, None] - keys, width), dim=-1)
        return weights @ values, weights

    return pooling


def _wrong_weights(weigh):
    """Attention pooling with other weights, made of the right scores."""

    def pooling(queries, keys, values, width=1.0):
        weights = weigh(_scores(queries, keys, width))
        return weights @ values, weights

    return pooling


def _wrong_estimate(estimate):
    """Attention pooling with the right weights and another estimate, made of (weights, values)."""

    def pooling(queries, keys, values, width=1.0):
        weights = torch.softmax(_scores(queries, keys, width), dim=-1)
        return estimate(weights, values), weights

    return pooling


def _no_pairs(queries, keys, values, width=1.0):
    weights = torch.softmax(-(((queries - keys) / width) ** 2) / 2, dim=-1)
    return weights @ values, weights


POOLING = Exercise(
    name="attention pooling",
    task="For each query, the weight of every key (softmax of −((q − k) / width)² / 2) and the average of the values "
    "with these weights: `(estimate [Q], weights [Q, K])`.",
    why="Query, key, weight, value: these two lines come back in every chapter.",
    reference=attention_pooling,
    cases=_pooling_cases,
    returns=("estimate", "weights"),
    hints=(
        "All distances at once: `queries[:, None] - keys` has the shape [Q, K], one row for each query.",
        "Line one: the scores −(distance / width)² / 2, and their softmax along each row, `dim=-1`.",
        "Line two: `weights @ values` is the average of the values for each query. Return it, then the weights.",
    ),
    minutes=5,
    difficulty=2,
    wrong=(
        Wrong(
            _no_pairs,
            "`queries - keys` pairs the first query with the first key, the second with the second. You want every "
            "query with every key: `queries[:, None] - keys` has the shape [Q, K].",
        ),
        Wrong(
            _wrong_weights(lambda scores: torch.softmax(scores, dim=0)),
            "The rows don't sum to 1, the columns do: the softmax runs along the query axis. Each *query* shares one "
            "unit of attention among the keys, so it must run along the keys: `dim=-1`.",
        ),
        Wrong(
            _wrong_weights(torch.exp),
            "The weights are not normalised: they are the kernel's values, and a row sums to anything. Divide each row "
            "by its sum (or take the softmax of the scores), else an estimate grows with the number of neighbours.",
        ),
        Wrong(
            _wrong_weights(lambda scores: torch.softmax(scores.exp(), dim=-1)),
            "Exp twice: softmax has an exp in it already. Give it the scores −(distance / width)² / 2, not the "
            "kernel's values; as it is, even the farthest key keeps a good share.",
        ),
        Wrong(
            _wrong_weights(lambda scores: scores.exp() / scores.exp().sum()),
            "All weights together sum to 1; each row should. Sum along the keys only: `sum(-1, keepdim=True)`.",
        ),
        Wrong(
            _wrong_estimate(lambda weights, values: (weights * values.mean()).sum(-1)),
            "The values are averaged before they are weighted, so each query gets the same mean. Weight each value "
            "first, then sum.",
        ),
        Wrong(
            _wrong_estimate(lambda weights, values: (weights * values).mean(-1)),
            "The weights are right. Their products with the values should be summed, not averaged: the weights already "
            "sum to 1, and `mean` divides by the number of keys once more.",
        ),
        Wrong(
            _wrong_scores(lambda distance, width: -((distance / width) ** 2)),
            "The ½ is missing in the scores: −((q − k) / width)² / 2. Without it the kernel is narrower than it says.",
        ),
        Wrong(
            _wrong_scores(lambda distance, width: -((distance * width) ** 2) / 2),
            "The distance is multiplied by the width; divide. A wide kernel should listen to more keys, not to fewer.",
        ),
        Wrong(
            _wrong_scores(lambda distance, width: -(distance / width) / 2),
            "The distance is not squared: its sign decides, and the largest key always gets the most weight.",
        ),
        Wrong(
            _wrong_scores(lambda distance, width: -distance.abs() / width / 2),
            "The distance is not squared: with its absolute value this is a Laplace kernel, sharp at 0.",
        ),
        Wrong(
            _wrong_scores(lambda distance, width: (distance / width) ** 2 / 2),
            "The farthest key gets the most weight: a minus is missing in the scores, or was squared away.",
        ),
    ),
)


# ---- stable masked softmax ------------------------------------------------------------------------------------------


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
        case([[-3.0, -1.0, -2.0], [2.0, -1.0, 0.5]], [[yes, no, yes], [no, yes, yes]]),
        case([2.0, 0.0, 1.0], [yes, no, yes]),
        case(_random(2, 1, 3, seed=31), [[[yes, yes, no]], [[yes, yes, yes]]]),
        case(_random(2, 3, 4, seed=33, dtype=torch.float64), _random(2, 3, 4, seed=34) > -0.5),
    ]


def _no_maximum(scores, mask):
    exps = scores.exp() * mask
    total = exps.sum(-1, keepdim=True)
    return exps / total.masked_fill(total == 0, 1.0)


def _no_maximum_no_care(scores, mask):
    exps = scores.exp() * mask
    return exps / exps.sum(-1, keepdim=True)


def _minus(maximum):
    """Softmax by hand that subtracts another maximum, of (scores), and puts zeros where 0/0 comes out."""

    def softmax(scores, mask):
        exps = (scores - maximum(scores)).exp() * mask
        return (exps / exps.sum(-1, keepdim=True)).nan_to_num()

    return softmax


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
    wrong=(
        Wrong(
            lambda scores, mask: torch.softmax(scores * mask, dim=-1),
            "The mask leaks: it is multiplied in before the softmax, so a masked score becomes 0, and exp(0) = 1 still "
            "gets a share. Before the softmax a masked score must be −∞.",
        ),
        Wrong(
            lambda scores, mask: torch.softmax(scores, dim=-1) * mask,
            "The mask comes after the softmax, and nothing is renormalised: the share of the masked keys is lost, and "
            "the rows don't sum to 1. Mask the scores first, then take the softmax.",
        ),
        Wrong(
            lambda scores, mask: torch.softmax(scores.masked_fill(~mask, -1e9), dim=-1),
            "In the row where everything is masked the weights should be zeros. With −1e9 everywhere all scores are "
            "equal again, and softmax shares evenly among keys that nobody may attend to.",
        ),
        Wrong(
            lambda scores, mask: torch.softmax(scores.masked_fill(~mask, -INF), dim=-1),
            "Nearly there: where everything is masked, softmax sees only −∞ and gives 0/0 = NaN. "
            "Put zeros in these rows.",
        ),
        Wrong(
            _no_maximum,
            "exp(1000) overflows: infinite, and inf/inf = NaN. Subtract the largest score of the row first; a constant "
            "added to all scores changes no weight. (torch.softmax does this for you.)",
        ),
        Wrong(
            _no_maximum_no_care,
            "NaN in two places. exp(1000) overflows, and inf/inf is NaN: subtract the largest score of the row first. "
            "And where everything is masked the sum is 0, and 0/0 is NaN, too: zeros belong there.",
        ),
        Wrong(
            _minus(lambda scores: scores.max()),
            "The largest score of *all* rows is subtracted. A row far below it underflows: every exp in it is 0. Take "
            "the maximum of each row: `amax(-1, keepdim=True)`.",
        ),
        Wrong(
            _minus(lambda scores: scores.amax(-1, keepdim=True)),
            "The maximum is taken over the masked scores, too. When a masked one is very large, the allowed ones all "
            "underflow to 0. Mask first, then take the maximum.",
        ),
        Wrong(
            lambda scores, mask: masked_softmax(scores, ~mask),
            "The mask is read the wrong way round: here True means *may be attended*. So it is `~mask` that gets −∞.",
        ),
        Wrong(
            lambda scores, mask: torch.softmax(scores.masked_fill(mask, -INF), dim=-1),
            "The mask is read the wrong way round: here True means *may be attended*. So it is `~mask` that gets −∞.",
        ),
        Wrong(
            lambda scores, mask: masked_softmax(scores, mask, dim=-2),
            "The columns sum to 1, not the rows: softmax along the query axis. It should run along the keys, `dim=-1`.",
        ),
        Wrong(
            lambda scores, mask: torch.softmax(scores + mask, dim=-1),
            "The mask is added as 0 and 1, so allowed keys get a bonus of 1 and masked ones keep their share. Added "
            "masks must be 0 and −∞; simpler is `masked_fill`.",
        ),
        Wrong(
            lambda scores, mask: torch.softmax(scores, dim=-1),
            "The mask is not used: masked keys still get weight.",
        ),
    ),
)


# ---- leave-one-out mask ---------------------------------------------------------------------------------------------

LEAVE_ONE_OUT = Exercise(
    name="leave-one-out mask",
    task="A boolean mask [n, n], True = may be attended: each example may ask all others, but not itself.",
    why="A training query that sees its own key copies the answer, and the best width seems to be 0.",
    reference=leave_one_out_mask,
    cases=lambda: [Case({"size": n}, shown=n == 3) for n in (3, 2, 1, 5)],
    returns=("mask",),
    hints=(
        "Row i is query i, column j is key j. Which single entry of row i must be False?",
        "`torch.eye(n)` has ones on the diagonal: the very entries that are not allowed.",
        "Make it boolean, and turn it round: `~` makes False of True.",
    ),
    minutes=2,
    difficulty=1,
    wrong=(
        Wrong(
            lambda size: torch.eye(size, dtype=torch.bool),
            "This is the opposite: each example may ask only itself. You want everything but the diagonal: `~`.",
        ),
        Wrong(
            lambda size: torch.ones(size, size, dtype=torch.bool).tril(),
            "This is a causal mask: each may ask itself and those before it. Leave-one-out forbids the diagonal and "
            "nothing else.",
        ),
        Wrong(
            lambda size: torch.ones(size, size, dtype=torch.bool).tril(-1),
            "This is a strictly causal mask: only those before. Leave-one-out allows those after as well.",
        ),
        Wrong(
            lambda size: 1 - torch.eye(size),
            "The right pattern, but as decimal numbers. A mask is boolean: compare with `== 1`, or use `.bool()`.",
        ),
        Wrong(
            lambda size: 1 - torch.eye(size, dtype=torch.long),
            "The right pattern, but as whole numbers: `~` of a 1 would be −2. A mask is boolean: use `.bool()`.",
        ),
        Wrong(
            lambda size: torch.zeros(size, size).fill_diagonal_(-INF),
            "This is a mask to be *added* to the scores (0 and −∞). In this course a mask is boolean, True = may be "
            "attended.",
        ),
        Wrong(
            lambda size: torch.ones(size, size, dtype=torch.bool),
            "Everything is allowed, so each example still sees itself. The diagonal must be False.",
        ),
    ),
)


# ---- find the error: softmax denominator ----------------------------------------------------------------------------


def weights_of(scores: Tensor) -> Tensor:
    """scores [Q, K] -> weights [Q, K]: each row sums to 1."""
    return masked_softmax(scores)


def _with_sum(total):
    """The program with another denominator, of (exps): broadcast to [Q, K]."""

    def weights(scores):
        exps = scores.exp()
        return exps / total(exps)

    return weights


DENOMINATOR = FindError(
    name="softmax denominator",
    task="write the function again, so that each query's weights sum to 1.",
    why="A widely used article prints this formula; its index slips through because nothing crashes.",
    program=(
        "def weights(scores):  # [Q, K]: query i, key j",
        "    queries, keys = scores.shape",
        "    result = torch.zeros(queries, keys)",
        "    for i in range(queries):",
        "        for j in range(keys):",
        "            top = scores[i, j].exp()",
        "            bottom = sum(scores[i, j].exp() for k in range(queries))",
        "            result[i, j] = top / bottom",
        "    return result",
    ),
    line=7,
    found="it sums over `k`, but what is summed has no `k` in it. The sum must run over the inputs attended to, "
    "the keys.",
    innocent={
        1: "the first line only names what comes in.",
        2: "the shape is [queries, keys], one row for each query.",
        3: "it only makes room for the result.",
        4: "each query gets its own weights, so the loop over queries is right.",
        5: "each key gets a weight, so the loop over keys is right.",
        6: "the numerator is exp of the score of query i and key j.",
        8: "a weight is its share of the whole, so this division is right, if the whole is.",
        9: "the result goes back as it should.",
    },
    reference=weights_of,
    cases=lambda: [
        Case({"scores": torch.tensor([[0.0, 1.0, 2.0], [1.0, 1.0, 1.0]])}, shown=True),
        Case({"scores": torch.tensor([[0.0, 1.0]])}),
        Case({"scores": torch.tensor([[0.0], [2.0]])}),
        Case({"scores": _random(3, 3, seed=41)}),
        Case({"scores": _random(4, 2, seed=42)}),
    ],
    returns=("weights",),
    hints=(
        "Run it on two queries and three keys. What do the rows sum to? What does each single weight look like?",
        "Read the denominator aloud: the sum over k of … Where is k?",
        "Which of the two indices should k replace: that of the asking query, or that of the keys it chooses from? "
        "The range has to fit.",
    ),
    minutes=5,
    difficulty=2,
    wrong=(
        Wrong(
            _with_sum(lambda exps: exps * len(exps)),
            "This is still the program as it was: it adds the same number up, so each weight is 1 / (number of "
            "queries), whatever the scores.",
        ),
        Wrong(
            _with_sum(lambda exps: exps * exps.shape[1]),
            "The range is right now, but `k` still doesn't appear in what is summed: each weight is 1 / (number of "
            "keys), whatever the scores.",
        ),
        Wrong(
            _with_sum(lambda exps: exps.sum(0, keepdim=True)),
            "Now k appears, but in the query's place: the columns sum to 1, so the queries compete for each key. The "
            "sum must run over the inputs attended to, the keys of this one query.",
        ),
        Wrong(
            _with_sum(lambda exps: exps.sum()),
            "Now everything is summed, over queries and keys: all weights together make 1. Each query needs its own 1.",
        ),
    ),
)


# ---- find the error: non-parametric ---------------------------------------------------------------------------------


def kind_of(model: nn.Module) -> str:
    """ "parametric" if training can change something in the model, else "non-parametric"."""
    return "parametric" if any(p.requires_grad for p in model.parameters()) else "non-parametric"


def _model_cases() -> list[Case]:
    def case(model: nn.Module, text: str, shown: bool = False) -> Case:
        return Case({"model": model}, given={"model": text}, shown=shown)

    return [
        case(NadarayaWatson(1.0, learnable=True), "NadarayaWatson(1.0, learnable=True)", shown=True),
        case(NadarayaWatson(1.0), "NadarayaWatson(1.0)"),
        case(NadarayaWatson(0.2), "NadarayaWatson(0.2), its width chosen by hand"),
        case(nn.Linear(1, 1), "nn.Linear(1, 1), a straight line"),
        case(nn.Softmax(dim=-1), "nn.Softmax(dim=-1)"),
    ]


NON_PARAMETRIC = FindError(
    name="non-parametric",
    task='write a function that looks at a model and says "parametric" or "non-parametric", rightly for all of them.',
    why="What is learned and what is merely kept: the words of every later chapter hang on it.",
    claims=True,
    program=(
        "Average pooling, f(q) = (v₁ + … + vₙ) / n, gives each query the same answer.",
        "Nadaraya–Watson, f(q) = Σ softmax(−½ (q − kᵢ)²) vᵢ, is non-parametric: it keeps the examples, learns nothing.",
        "With a learned w, f(q) = Σ softmax(−½ ((q − kᵢ) w)²) vᵢ, it is non-parametric as well, for it still keeps the "
        "examples.",
        "w can be found by gradient descent on the squared error; a larger w means a narrower kernel.",
    ),
    line=3,
    found="w is a parameter, and training changes it. Keeping the examples does not take that back.",
    innocent={
        1: "the query does not appear in the formula, so the answer is the mean, always.",
        2: "there is nothing in it that training could change. A width that is chosen by hand is not learned.",
        4: "the estimate is differentiable in w, and w = 1 / width.",
    },
    reference=kind_of,
    cases=_model_cases,
    returns=("answer",),
    words=True,
    hints=(
        "Go through the claims and ask of each: is there a number in it that training would change?",
        "In torch such numbers are the model's parameters: `list(model.parameters())`. A number that is merely kept is "
        "a buffer, and no parameter.",
        '`"parametric" if any(True for _ in model.parameters()) else "non-parametric"`: now in your own words.',
    ),
    minutes=4,
    difficulty=1,
    wrong=(
        Wrong(
            lambda model: "non-parametric",
            "This repeats the slide: a model with a learned width is called non-parametric. Look whether it has "
            "parameters.",
        ),
        Wrong(
            lambda model: "parametric",
            "Now every model is parametric, also one whose width was chosen by hand and never changes. Look whether "
            "there is anything to learn.",
        ),
        Wrong(
            lambda model: "parametric" if model.state_dict() else "non-parametric",
            "A width set by hand is kept in the state, too, as a buffer: saved, but not learned. Look at "
            "`model.parameters()`.",
        ),
        Wrong(
            lambda model: "non-parametric" if any(True for _ in model.parameters()) else "parametric",
            "The two words are the wrong way round: parametric is the one with something to learn.",
        ),
    ),
)


EXERCISES = (KERNEL, POOLING, SOFTMAX, LEAVE_ONE_OUT, DENOMINATOR, NON_PARAMETRIC)
