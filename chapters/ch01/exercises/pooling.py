"""Chapter 1, Nadaraya–Watson: the kernel, the pooling, and the mask that leaves one out."""

import torch
from torch import Tensor

from course_utils.attention import gaussian_kernel, leave_one_out_mask, masked_softmax
from course_utils.exercises.definition import Case, Exercise, variants, wrong_answers
from course_utils.exercises.inputs import drawn, named, some_numbers, tensors

# ---- gaussian kernel ------------------------------------------------------------------------------------------------


KERNEL = Exercise(
    name="gaussian kernel",
    task="From a distance of any shape, the closeness exp(−(distance / width)² / 2), element by element.",
    why="Everything in this chapter weighs examples by closeness; this is the closeness.",
    reference=gaussian_kernel,
    cases=lambda: [
        Case({"distance": torch.tensor([0.0, 1.0, 2.0])}, shown=True),
        Case({"distance": torch.tensor([0.0, 1.0, 2.0])}, {"width": 2.0}),
        Case({"distance": torch.tensor([-1.0, 0.0, 1.0])}, {"width": 0.5}),
        Case({"distance": torch.tensor([0, 1, 3])}, {"width": 1.0}),
        Case({"distance": some_numbers(2, 3, seed=11)}, {"width": 0.8}),
        Case({"distance": some_numbers(3, 2, seed=12, dtype=torch.float64), "width": 3.0}),
    ],
    returns=("closeness",),
    hints=(
        "Three steps: measure the distance in widths, square it, and let exp make a closeness of it.",
        "At distance 0 the result is 1. At a distance of one width it is exp(−½) ≈ 0.607, for every width.",
        "`torch.exp(…)` works element by element. Inside: minus, then `(distance / width) ** 2`, then half of it.",
    ),
    minutes=3,
    difficulty=1,
    wrong=wrong_answers(
        lambda distance, width=1.0: torch.exp(-((distance / width) ** 2)),
        "The ½ is missing. At a distance of one width the closeness should be exp(−½) ≈ 0.607; yours is "
        "exp(−1) ≈ 0.368, as if the kernel were narrower.",
        lambda distance, width=1.0: torch.exp(-((distance * width) ** 2) / 2),
        "The distance is multiplied by the width. Divide: the larger the width, the less a distance should matter. "
        "(`/ 2 * width ** 2` multiplies, too: what is below the line needs brackets.)",
        lambda distance, width=1.0: torch.exp(-((distance / width / 2) ** 2)),
        "The ½ stands inside the square, where it becomes ¼. Square the distance in widths first, then take half.",
        lambda distance, width=1.0: torch.exp(-(distance / width) / 2),
        "The square is missing. Without it a key to the left (a negative distance) counts more the further away it "
        "is; only the size of a distance should matter.",
        lambda distance, width=1.0: torch.exp(-distance.abs() / width / 2),
        "This is a Laplace kernel, with a sharp tip at 0: the absolute value stands where the square should be.",
        lambda distance, width=1.0: torch.exp((distance / width) ** 2 / 2),
        "It grows with the distance: the far ones would count most. Is the minus missing, or was it squared away? "
        "`(-x) ** 2` is positive; `-(x ** 2)` is not.",
        lambda distance, width=1.0: torch.exp(-(distance**2) / (2 * width)),
        "The width must be squared together with the distance: (distance / width)², not distance² / width.",
        lambda distance, width=1.0: torch.exp(-distance / width**2 / 2),
        "The square reaches the width only: `distance / width ** 2` divides by width². Brackets first: "
        "`(distance / width) ** 2`.",
        lambda distance, width=1.0: torch.exp(-(distance**2) / 2),
        "The width makes no difference in it. Measure the distance in widths: distance / width.",
        lambda distance, width=1.0: masked_softmax(-((distance / width) ** 2) / 2),
        "Normalised inside the kernel. A kernel says how close one key is, and knows nothing of the others; "
        "dividing by the sum comes later, in the pooling.",
        lambda distance, width=1.0: torch.exp(-((distance / width) ** 2) / 2) / (width * (2 * torch.pi) ** 0.5),
        "This is the normal density, with 1 / (width · √(2π)) in front. A right formula elsewhere; here closeness "
        "is 1 at distance 0, and the factor would cancel in the pooling anyway.",
    ),
)


# ---- attention pooling ----------------------------------------------------------------------------------------------


def attention_pooling(queries: Tensor, keys: Tensor, values: Tensor, width: float = 1.0) -> tuple[Tensor, Tensor]:
    """Nadaraya–Watson with the Gaussian kernel in two lines; the softmax form, equal to `nadaraya_watson`.

    queries [Q], keys [K], values [K], width > 0 -> (estimate [Q], weights [Q, K]).
    """
    weights = torch.softmax(-(((queries[:, None] - keys) / width) ** 2) / 2, dim=-1)
    return weights @ values, weights


_pooling = named("queries", "keys", "values")


def _right(distance, width):
    return -((distance / width) ** 2) / 2


def _softmax(scores):
    return torch.softmax(scores, dim=-1)


@variants
def _other(queries, keys, values, width=1.0, *, score=_right, weigh=_softmax, estimate=torch.matmul):
    """Attention pooling with other scores of (distance [Q, K], width), weights of them, or a mean with these."""
    weights = weigh(score(queries[:, None] - keys, width))
    return estimate(weights, values), weights


def _no_pairs(queries, keys, values, width=1.0):
    weights = torch.softmax(_right(queries - keys, width), dim=-1)
    return weights @ values, weights


POOLING = Exercise(
    name="attention pooling",
    task="For each query, the weight of every key (its Gaussian closeness, divided by the sum of the row) and the "
    "average of the values with these weights: `(estimate [Q], weights [Q, K])`.",
    why="Query, key, weight, value: these two lines come back in every chapter.",
    reference=attention_pooling,
    cases=lambda: [
        _pooling(*tensors([0.0, 1.0], [0.0, 1.0, 2.0], [1.0, 2.0, 4.0]), shown=True),
        _pooling(*tensors([0.0, 1.0], [0.0, 1.0, 2.0], [1.0, 2.0, 4.0]), width=0.5),
        _pooling(*tensors([0.5, 2.0], [0.0, 2.0], [3.0, -1.0]), width=2.0),
        _pooling(*tensors([-1.0, 0.0, 1.0, 2.0, 3.0], [1.0], [5.0]), width=1.0),
        _pooling(*tensors([0.0, 1.0, 2.0], [0.0, 0.0, 1.0], [1.0, 3.0, 0.0]), width=1.5),
        _pooling(*drawn(21, (4,), (6,), (6,)), width=0.7),
    ],
    returns=("estimate", "weights"),
    hints=(
        "All distances at once: `queries[:, None] - keys` has the shape [Q, K], one row for each query.",
        "Line one: closeness of all distances, divided by its sum along each row, `sum(-1, keepdim=True)`. (Or the "
        "softmax of −(distance / width)² / 2, with `dim=-1`: the same.)",
        "Line two: `weights @ values` is the average of the values for each query. Return it, then the weights.",
    ),
    minutes=5,
    difficulty=2,
    wrong=wrong_answers(
        _no_pairs,
        "`queries - keys` pairs the first query with the first key, the second with the second. You want every "
        "query with every key: `queries[:, None] - keys` has the shape [Q, K].",
        _other(weigh=lambda scores: torch.softmax(scores, dim=0)),
        "The rows don't sum to 1, the columns do: the softmax runs along the query axis. Each *query* shares one "
        "unit of attention among the keys, so it must run along the keys: `dim=-1`.",
        _other(weigh=torch.exp),
        "The weights are not normalised: they are the kernel's values, and a row sums to anything. Divide each row "
        "by its sum (or take the softmax of the scores), else an estimate grows with the number of neighbours.",
        _other(weigh=lambda scores: torch.softmax(scores.exp(), dim=-1)),
        "Exp twice: softmax has an exp in it already. Give it the scores −(distance / width)² / 2, not the "
        "kernel's values; as it is, even the farthest key keeps a good share.",
        _other(weigh=lambda scores: scores.exp() / scores.exp().sum()),
        "All weights together sum to 1; each row should. Sum along the keys only: `sum(-1, keepdim=True)`.",
        _other(estimate=lambda weights, values: (weights * values.mean()).sum(-1)),
        "The values are averaged before they are weighted, so each query gets the same mean. Weight each value "
        "first, then sum.",
        _other(estimate=lambda weights, values: (weights * values).mean(-1)),
        "The weights are right. Their products with the values should be summed, not averaged: the weights already "
        "sum to 1, and `mean` divides by the number of keys once more.",
        lambda queries, keys, values, width=1.0: attention_pooling(queries, keys, keys, width),
        "The weights are right, but the keys are averaged. A key says how well it fits; what is averaged are the "
        "values.",
        _other(lambda distance, width: -((distance / width) ** 2)),
        "The ½ is missing in the scores: −((q − k) / width)² / 2. Without it the kernel is narrower than it says.",
        _other(lambda distance, width: -(distance**2) / 2),
        "The width makes no difference in it: pass it on to your kernel, or measure the distances in widths.",
        _other(lambda distance, width: -((distance * width) ** 2) / 2),
        "The distance is multiplied by the width; divide. A wide kernel should listen to more keys, not to fewer.",
        _other(lambda distance, width: -(distance / width) / 2),
        "The distance is not squared: its sign decides, and the largest key always gets the most weight.",
        _other(lambda distance, width: -distance.abs() / width / 2),
        "The distance is not squared: with its absolute value this is a Laplace kernel, sharp at 0.",
        _other(lambda distance, width: (distance / width) ** 2 / 2),
        "The farthest key gets the most weight: a minus is missing in the scores, or was squared away.",
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
    wrong=wrong_answers(
        lambda size: torch.eye(size, dtype=torch.bool),
        "This is the opposite: each example may ask only itself. You want everything but the diagonal: `~`.",
        lambda size: torch.ones(size, size, dtype=torch.bool).tril(),
        "This is a causal mask: each may ask itself and those before it. Leave-one-out forbids the diagonal and "
        "nothing else.",
        lambda size: torch.ones(size, size, dtype=torch.bool).tril(-1),
        "This is a strictly causal mask: only those before. Leave-one-out allows those after as well.",
        lambda size: 1 - torch.eye(size),
        "The right pattern, but as decimal numbers. A mask is boolean: compare with `== 1`, or use `.bool()`.",
        lambda size: 1 - torch.eye(size, dtype=torch.long),
        "The right pattern, but as whole numbers: `~` of a 1 would be −2. A mask is boolean: use `.bool()`.",
        lambda size: torch.zeros(size, size).fill_diagonal_(-torch.inf),
        "This is a mask to be *added* to the scores (0 and −∞). In this course a mask is boolean, True = may be "
        "attended.",
        lambda size: torch.ones(size, size, dtype=torch.bool),
        "Everything is allowed, so each example still sees itself. The diagonal must be False.",
    ),
)
