"""Start here: one exercise, to see how exercises work."""

import torch
from torch import Tensor

from course_utils.exercises.definition import Case, Exercise, wrong_answers


def weighted_average(weights: Tensor, values: Tensor) -> Tensor:
    """Σ wᵢ vᵢ / Σ wᵢ: the average in which some values count more. weights [K] ≥ 0, not all 0, values [K] -> scalar."""
    return (weights * values).sum() / weights.sum()


def _cases() -> list[Case]:
    pairs = [([1, 3], [2, 4]), ([1, 1, 2], [0, 3, 6]), ([2], [5]), ([0.5, 0, 1.5], [1, 9, -2]), ([0.25, 0.75], [4, 8])]
    numbers = [(torch.tensor(w, dtype=torch.float32), torch.tensor(v, dtype=torch.float32)) for w, v in pairs]
    return [Case({"weights": w, "values": v}, shown=i == 0) for i, (w, v) in enumerate(numbers)]


AVERAGE = Exercise(
    name="weighted average",
    task="Multiply each value by its weight, add up, and divide by the sum of the weights.",
    why="Attention is a weighted average; all that is new is where the weights come from.",
    reference=weighted_average,
    cases=_cases,
    returns=("average",),
    hints=(
        "With weights 1 and 3, 2 and 4 average to (1 · 2 + 3 · 4) / (1 + 3). What is above the line, what below?",
        "`weights * values` multiplies in pairs; `.sum()` adds up.",
        "Above the line `(weights * values).sum()`, below it `weights.sum()`. Return the quotient.",
    ),
    minutes=3,
    difficulty=1,
    wrong=wrong_answers(
        lambda weights, values: (weights * values).sum(),
        "The division is missing. Without it, larger weights give a larger result, even if all values are the "
        "same. Divide by the sum of the weights.",
        lambda weights, values: (weights * values).mean(),
        "It is divided by the number of values. Divide by the sum of the weights: a value of weight 3 counts as three.",
        lambda weights, values: values.mean(),
        "This is the plain mean: the weights make no difference in it.",
        lambda weights, values: weights * values / weights.sum(),
        "Nearly there: these are the single contributions. Add them up.",
        lambda weights, values: weights * values.sum() / weights.sum(),
        "`values.sum()` comes first here: without brackets, `.sum()` belongs to `values` alone. Multiply in "
        "pairs, and then add up: `(weights * values).sum()`.",
        lambda weights, values: (weights * values).sum() / values.sum(),
        "It is divided by the sum of the values. Divide by the sum of the weights.",
        lambda weights, values: weights[0] * values[0] / weights.sum(),
        "Only the first value is counted. Does `return` stand inside the loop? Then the first round is the "
        "last; move it to the left.",
        lambda weights, values: torch.softmax(weights, -1) @ values,
        "The weights go through a softmax first. They are weights already: dividing by their sum is enough.",
    ),
)
