"""Chapter 1, Nadaraya–Watson: the kernel, the pooling, and the mask that leaves one out."""

from dataclasses import replace

import torch

from course_kit.exercises import properties
from course_kit.exercises.compare import same
from course_kit.exercises.define import Case, Exercise, drawn, named, some_numbers, tensors, variants, wrong_answers
from course_kit.i18n import mark, t
from course_utils.kernels import attention_pooling, gaussian_kernel, leave_one_out_mask


@variants
def _wrong_kernel(distance, width=1.0, *, measured=torch.div, raised=torch.square, half=2, sign=-1):
    """The Gaussian kernel, with one of its steps done in another way."""
    return torch.exp(sign * raised(measured(distance, width)) / half)


def _other_figures(run, case, mine, want):
    width = case.args.get("width", case.keywords.get("width", 1.0))
    found = run(properties.changed(case, distance=width * torch.arange(3.0))).double()
    figures = torch.exp(-0.5 * torch.arange(3.0).double() ** 2)
    if same(found, figures):
        return False
    if digits := next((n for n in range(1, 5) if torch.allclose(found, figures.round(decimals=n))), None):
        return t("Your numbers are rounded to {digits} decimals. Leave them as they come.", digits=digits)
    return t(
        "At distances of 0, 1 and 2 widths the closeness should be 1, 0.607 and 0.135; yours is {found}.",
        found=", ".join(f"{x:.3g}" for x in found.tolist()),
    )


def _gone_far_away(run, case, mine, want):
    width = case.args.get("width", case.keywords.get("width", 1.0))
    return (run(properties.changed(case, distance=width * torch.tensor([2.5, 3.5, 4.2]))) == 0).any()


def _mirrored(run, case, mine, want):
    return not same(run(properties.changed(case, distance=-case.args["distance"])), mine)


KERNEL = Exercise(
    name=mark("gaussian kernel"),
    learned=("width",),
    task=t("From a distance of any shape, its closeness: 1 at distance 0, exp(−½) ≈ 0.607 at a distance of one width."),
    reference=gaussian_kernel,
    cases=lambda: [
        Case({"distance": torch.tensor([0.0, 1.0, 2.0]), "width": 2.0}, shown=True),
        Case({"distance": torch.tensor([0.0, 1.0, 2.0])}),
        Case({"distance": torch.tensor([0.0, 1.0, 2.0]), "width": torch.tensor(2.0)}),  # a width may be learned
        Case({"distance": torch.tensor([-1.0, 0.0, 1.0])}, {"width": 0.4}),
        Case({"distance": torch.tensor([0.5, 3.5, -4.2])}, {"width": 1.0}),
        Case({"distance": some_numbers(2, 3, seed=11)}, {"width": 0.8}),
        Case({"distance": some_numbers(3, 2, seed=12, dtype=torch.float64), "width": 3.0}),
    ],
    returns=("closeness",),
    used=t("[One: closer counts more](#One:-closer-counts-more) weights the readings around 15:00 with yours."),
    hints=(
        t("Do it in three steps: measure the distance in widths, square it, and let exp turn it into a closeness."),
        t(
            "Two values to check yours with: at distance 0 the closeness is 1, and at a distance of one width it is "
            "exp(−½) ≈ 0.607, for every width."
        ),
        t(
            "`torch.exp(…)` works element by element. Its exponent is minus one half of the square of `distance / "
            "width`; in Python `** 2` is done before the minus and before the division."
        ),
    ),
    minutes=3,
    difficulty=1,
    properties=(
        replace(
            properties.rows_are_independent("distance"),
            says=t(
                "The closeness of one distance depends on the other distances. A kernel treats each number "
                "separately: is there a sum, a softmax or a maximum in it?"
            ),
        ),
        properties.Property(
            "Distances of −1 and 1 should be equally close, and yours are not. Is the distance squared, and not "
            "rounded (`//`) before?",
            _mirrored,
        ),
        properties.Property(t("The closeness falls as a bell does."), _other_figures),
        properties.Property(
            t(
                "Beyond some distance your closeness is 0. A Gaussian only comes near it: at 3½ widths it is still "
                "0.0022, and a key far away may be the nearest that there is."
            ),
            _gone_far_away,
        ),
    ),
    wrong=wrong_answers(
        _wrong_kernel(half=1),
        t(
            "The ½ is missing. At a distance of one width the closeness should be exp(−½) ≈ 0.607; yours is exp(−1) ≈ "
            "0.368, as if the kernel were narrower."
        ),
        _wrong_kernel(measured=torch.mul),
        t(
            "You multiply the distance by the width. Divide: the larger the width, the less a distance should matter. "
            "(`/ 2 * width ** 2` multiplies as well: what is below the fraction line needs brackets.)"
        ),
        _wrong_kernel(half=4),
        t("The ½ is inside the square, where it becomes ¼. Square the distance in widths first, then take half."),
        _wrong_kernel(raised=torch.abs),
        t("You take the absolute value instead of the square. That is a Laplace kernel, with a sharp tip at 0."),
        _wrong_kernel(sign=1),
        t(
            "The closeness grows with the distance, so the keys far away would count most. Is the minus missing, or "
            "was it squared away? `(-x) ** 2` is positive; `-(x ** 2)` is not."
        ),
        _wrong_kernel(measured=lambda distance, width: distance / width**0.5),
        t("The width must be squared together with the distance: (distance / width)², not distance² / width."),
    ),
)


_pooling = named("queries", "keys", "values")
_pooling_by = named("queries", "keys", "values", "width")


def _doubles(*numbers):
    return [torch.tensor(row, dtype=torch.float64) for row in numbers]


@variants
def _wrong_pooling(queries, keys, values, width=1.0, *, pairs=True, half=2, dim=-1, twice=False, turned=False):
    """Attention pooling with one of its steps done in another way."""
    scores = -torch.square(((queries[:, None] if pairs else queries) - keys) / width) / half
    weights = torch.softmax(scores.exp() if twice else scores, dim)
    return weights @ values, weights.T if turned else weights


def _less_far_away(run, case, mine, want):
    """Whether weights that sum to 1 near the keys do not, a few widths away from all."""
    keys, width = case.args["keys"], case.args.get("width", case.keywords.get("width", 1.0))
    near, far = (keys.max() + width * torch.tensor(steps) for steps in ([0.0, 1.0], [5.0, 6.0, 8.0]))
    near, far = (run(properties.changed(case, queries=queries))[1].sum(-1) for queries in (near, far))
    return bool(((near - 1).abs() < 1e-3).all() and (far < 0.99).any())


POOLING = Exercise(
    name=mark("attention pooling"),
    learned=("width",),
    task=t(
        "For each query, the weight of every key (its Gaussian closeness, divided by the sum of its row) and the "
        "average of the values with these weights: `(estimate [Q], weights [Q, K])`."
    ),
    reference=attention_pooling,
    cases=lambda: [
        _pooling(*tensors([0.0, 1.0], [0.0, 1.0, 2.0], [1.0, 2.0, 4.0]), width=2.0, shown=True),
        _pooling(*tensors([0.0, 1.0], [0.0, 1.0, 2.0], [1.0, 2.0, 4.0])),
        _pooling_by(*tensors([0.0, 1.0], [0.0, 1.0, 2.0], [1.0, 2.0, 4.0]), torch.tensor(0.5)),  # learned, say
        _pooling(*tensors([0.5, 1.5], [0.0, 2.0], [3.0, -1.0]), width=1.5),
        _pooling(*tensors([-1.0, 0.0, 1.0, 2.0, 3.0], [1.0], [5.0]), width=1.0),
        _pooling(*tensors([0.4], [0.0, 1.0, 3.0], [2.0, 0.0, 1.0])),
        _pooling(*tensors([0.0, 1.0, 2.0], [0.0, 0.0, 1.0], [1.0, 3.0, 0.0]), width=1.5),
        _pooling(*drawn(21, (4,), (6,), (6,)), width=0.7),
        _pooling(*tensors([6.0, 10.0], [0.0, -0.2], [2.0, 5.0])),  # far from all: each closeness is small
        _pooling(*(100_000 + x for x in _doubles([0.0, 1.7], [0.3, 1.1, 2.0])), *_doubles([1.0, 2.0, 4.0])),
    ],
    returns=("estimate", "weights"),
    used=t("Yours guesses the whole day in [Three: too narrow, too wide](#Three:-too-narrow,-too-wide)."),
    hints=(
        t("You need all distances at once. `queries[:, None] - keys` has the shape [Q, K], one row for each query."),
        t(
            "Then come the weights: the closeness of all distances, divided by the sum of its row. `sum(-1, "
            "keepdim=True)` keeps these sums as a column, [Q, 1]. (The softmax of −(distance / width)² / 2 along "
            "`dim=-1` gives the same.)"
        ),
        t(
            "Last come the averages: a matrix product, `@`, of the weights [Q, K] and the values [K] is [Q], one "
            "average for each query. Return the estimate first, then the weights."
        ),
    ),
    minutes=4,
    difficulty=2,
    properties=(
        properties.Property(
            t(
                "A few widths away from all keys, the weights no longer sum to 1. There each closeness is tiny, and so "
                "is their sum: a small number that is added to it, or a `clamp`, takes part of the weight away. "
                "Divide by the sum as it is."
            ),
            _less_far_away,
        ),
        properties.rows_sum_to_one(part=1),
        properties.weighs("values"),
        properties.any_order("keys", "values", dim=-1),
        properties.averages("values"),
    ),
    wrong=wrong_answers(
        _wrong_pooling(pairs=False),
        t(
            "`queries - keys` pairs the first query with the first key, and the second with the second. You need "
            "every query with every key: `queries[:, None] - keys` has the shape [Q, K]."
        ),
        _wrong_pooling(dim=0),
        t(
            "The rows don't sum to 1, the columns do: it is normalised along the query axis. Each *query* shares one "
            "unit of attention among the keys, so it must run along the keys: `dim=-1`."
        ),
        _wrong_pooling(twice=True),
        t(
            "The exp is taken twice: softmax has one of its own. Give it the scores −(distance / width)² / 2 and not "
            "the kernel's values; as it is, even the farthest key keeps a good share."
        ),
        _wrong_pooling(half=1),
        t(
            "The ½ is missing in the scores: −((q − k) / width)² / 2. Without it the kernel is narrower than its "
            "width says."
        ),
        _wrong_pooling(turned=True),
        t("You return the weights transposed, [K, Q]. Queries go down, keys across: [Q, K]."),
    ),
)


@variants
def _wrong_mask(size, *, allowed=lambda query, key: query != key):
    """A mask of the pairs that are allowed."""
    return allowed(torch.arange(size)[:, None], torch.arange(size)).expand(size, size)


def others_only(size):
    """size n -> [n, n] bool: all True but the diagonal."""
    return ~torch.eye(size, dtype=torch.bool)


def _sees_itself(run, case, mine, want):
    return mine.shape == want.shape and bool((mine == 1).diagonal().any())


def _misses_another(run, case, mine, want):
    return mine.shape == want.shape and not bool(mine.bool()[want].all())


LEAVE_ONE_OUT = Exercise(
    name=mark("leave-one-out mask"),
    function="others_only",
    task=t("A boolean mask [n, n], True = may be attended: each example may attend to all others, but not to itself."),
    reference=leave_one_out_mask,
    shown=others_only,
    cases=lambda: [Case({"size": n}, shown=n == 3) for n in (3, 2, 1, 5)],
    returns=("mask",),
    hints=(
        t("Row i is query i, and column j is key j. Which single entry of row i must be False?"),
        t("`torch.eye(size)` has ones on the diagonal, which are exactly the entries that must be False."),
        t(
            "A mask is boolean, so ask `torch.eye` for `dtype=torch.bool`. Then every True must become False, and "
            "every False True: the sign for that is `~`."
        ),
    ),
    minutes=3,
    difficulty=1,
    properties=(
        properties.Property(
            t("An example may still attend to itself. Row i, column i is its own key, so the diagonal must be False."),
            _sees_itself,
        ),
        properties.Property(
            t("Not every example may attend to all the others. Only the diagonal must be False."), _misses_another
        ),
    ),
    wrong=wrong_answers(
        _wrong_mask(allowed=torch.eq),
        t("This is the opposite: each example may attend only to itself. You need everything but the diagonal: `~`."),
        _wrong_mask(allowed=torch.ge),
        t(
            "This is a causal mask: each example may attend to itself and to those before it. Leave-one-out forbids "
            "the diagonal and nothing else."
        ),
        _wrong_mask(allowed=torch.gt),
        t(
            "This is a strictly causal mask: each example may attend only to those before it. Leave-one-out allows "
            "those after it as well."
        ),
        lambda size: torch.zeros(size, size).fill_diagonal_(-torch.inf),
        t(
            "This is a mask to be *added* to the scores (0 and −∞). In this course a mask is boolean, True = may be "
            "attended."
        ),
        _wrong_mask(allowed=lambda query, key: query == query),
        t("Everything is allowed, so each example still sees itself. The diagonal must be False."),
        lambda size: others_only(size) if size > 1 else torch.ones(1, 1, dtype=torch.bool),
        t(
            "This is right except for a single example, which may attend to itself in your mask. It has no others, so "
            "its row is empty: False."
        ),
    ),
)
