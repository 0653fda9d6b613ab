"""Start here: one exercise, to see how exercises work."""

from dataclasses import replace

import torch
from torch import Tensor

from course_kit.exercises.define import Exercise, named, variants, wrong_answers
from course_kit.exercises.properties import any_order, averages
from course_kit.i18n import mark, t


def weighted_average(weights: Tensor, values: Tensor) -> Tensor:
    """Σ wᵢ vᵢ / Σ wᵢ: the average in which some values count more. weights [K] ≥ 0, not all 0, values [K] -> scalar."""
    return (weights * values).sum() / weights.sum()


_average = named("weights", "values")


def _cases() -> list:
    pairs = [([1, 3], [11, 17]), ([1, 1, 2], [0, 3, 6]), ([2], [5]), ([0.5, 0, 1.5], [1, 9, -2])]
    pairs.append(([0.25, 0.75], [4, 8]))
    numbers = [(torch.tensor(w, dtype=torch.float32), torch.tensor(v, dtype=torch.float32)) for w, v in pairs]
    return [_average(w, v, shown=i == 0) for i, (w, v) in enumerate(numbers)]


def _sum_of_weights(weights, values):
    return weights.sum()


@variants
def _wrong(weights, values, *, add=torch.sum, below=_sum_of_weights):
    """A weighted average with something else below the line, or above it: other pairs, or not all of them added."""
    return add(torch.mul(weights, values)) / below(weights, values)


AVERAGE = Exercise(
    name=mark("weighted average"),
    untrained=("weights",),
    task=t("Multiply each value by its weight, add up the products, and divide by the sum of the weights."),
    reference=weighted_average,
    cases=_cases,
    returns=("average",),
    used=t("It goes on with yours: [How an exercise works](#How-an-exercise-works)."),
    hints=(
        t(
            "With weights 1 and 3, the average of 11 and 17 is (1 · 11 + 3 · 17) / (1 + 3). Which sum is above the "
            "line, and which is below it?"
        ),
        t("`weights * values` multiplies pair by pair, and `.sum()` adds up all the numbers of a tensor."),
        t(
            "Above the line is the sum of the products, `(weights * values).sum()`. Below it is a sum of the weights "
            "alone."
        ),
    ),
    minutes=4,
    difficulty=1,
    properties=(
        replace(
            averages("values"),
            says=t(
                "If all values are 3, their average is 3 whatever the weights are, and yours is not. Do you multiply "
                "each value by its weight, and divide by the sum of the weights?"
            ),
        ),
        replace(
            any_order("weights", "values", dim=-1),
            says=t(
                "If two values change places, together with their weights, your result changes. Does each pair count, "
                "and in the same way?"
            ),
        ),
    ),
    wrong=wrong_answers(
        _wrong(below=lambda weights, values: 1),
        t(
            "The division is missing. Without it, larger weights give a larger result even if all values are the "
            "same. Divide by the sum of the weights."
        ),
        _wrong(below=lambda weights, values: len(values)),
        t(
            "You divide by the number of values. Divide by the sum of the weights: a value with weight 3 counts as "
            "three."
        ),
        _wrong(below=lambda weights, values: values.sum()),
        t("You divide by the sum of the values. Divide by the sum of the weights."),
        _wrong(add=lambda products: products),
        t("These are the products, one for each value. Add them up, and you have one number."),
        _wrong(add=lambda products: products[0]),
        t(
            "Only the first value is counted. Is `return` inside the loop? Then the first round is also the last. "
            "Move `return` to the left."
        ),
        lambda weights, values: torch.softmax(weights, -1) @ values,
        t("The weights go through a softmax first. They are weights already, so dividing by their sum is enough."),
    ),
)
