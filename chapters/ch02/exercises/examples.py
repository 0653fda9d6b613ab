"""Chapter 2, find-the-errors: worked examples of a lecture, and what it concludes from them."""

import torch
from torch import Tensor

from course_utils.attention import masked_softmax
from course_utils.attention.scores import SCORES
from course_utils.exercises.definition import Case, FindError, wrong_answers
from course_utils.exercises.inputs import normal

# ---- worked examples ------------------------------------------------------------------------------------------------


def three_digits(scores: Tensor) -> Tensor:
    """scores [K] -> softmax weights [K], rounded to three digits after the point."""
    return (masked_softmax(scores) * 1000).round() / 1000


ROUNDED = FindError(
    name="a rounded weight",
    task="write a function: scores [K] -> softmax weights [K], rounded to three digits after the point.",
    why="A lecture's worked example; the slip is small, and the weights no longer sum to 1.",
    claims=True,
    program=(
        "The query (.5, .5) scores .5, .5 and 1 with the keys (1, 0), (0, 1) and (1, 1).",
        "exp(.5) ≈ 1.649 and exp(1) ≈ 2.718, in all 6.016.",
        "So the weights are .27, .27 and .46.",
        "The context is the mean of the three vectors with these weights: its two coordinates are equal.",
    ),
    line=3,
    found="2.718 / 6.016 = .452, which rounds to .45, not .46. (.274 + .274 + .452 = 1.)",
    innocent={
        1: "½·1 + ½·0 = ½, and ½ + ½ = 1.",
        2: "1.649 + 1.649 + 2.718 = 6.016.",
        4: "the first two keys mirror each other and weigh the same.",
    },
    reference=three_digits,
    cases=lambda: [
        Case({"scores": torch.tensor([0.5, 0.5, 1.0])}, shown=True),
        Case({"scores": torch.tensor([0.0, 2.0])}),
        Case({"scores": torch.tensor([1.0, 1.0, 2.0])}),
        Case({"scores": torch.tensor([-1.0, 0.3, 0.2, 0.9])}),
    ],
    returns=("weights",),
    hints=(
        "Do the arithmetic of each claim again, with three digits.",
        "What do the three weights sum to?",
        "`torch.softmax(scores, -1)`, then `(… * 1000).round() / 1000`",
    ),
    minutes=3,
    difficulty=1,
    wrong=wrong_answers(
        lambda scores: torch.tensor([0.274, 0.274, 0.452]),
        "Right for the example, but for these scores only. Compute it from the scores.",
        lambda scores: (torch.softmax(scores, -1) * 100).round() / 100,
        "Rounded to two digits; three are asked for.",
        lambda scores: (scores / scores.sum() * 1000).round() / 1000,
        "The scores themselves are shared out. Softmax shares out their exponentials.",
        lambda scores: torch.softmax(scores, -1).round(),
        "Rounded to whole numbers: `round()` needs the digits moved first, × 1000.",
        lambda scores: (torch.softmax(scores, -1) * 1000).ceil() / 1000,
        "Rounded up always; that is how .452 becomes too much.",
    ),
)


def last_row(words: Tensor) -> Tensor:
    """words [T, D] -> weights [T] with which the last word attends to all: softmax of plain dot products."""
    score = SCORES["dot"](words.shape[-1], words.shape[-1])
    return masked_softmax(score(words[-1:], words))[0]


TIES = FindError(
    name="who is tied to whom",
    task="write a function: words [T, D] -> weights [T], with which the last word attends to all three (plain dot "
    "products, softmax). Look at the first two weights.",
    why="A lecture's worked example of self-attention, and the conclusion it draws.",
    claims=True,
    program=(
        "The words I, am, happy are the vectors (1, 0), (0, 1), (1, 1). The query is that of happy.",
        "The scores are 1, 1 and 2, the weights about .21, .21 and .58.",
        "happy attends most to itself: it has the largest product with itself.",
        "The new vector of happy is about (.79, .79).",
        "So self-attention has found that happy belongs to I.",
    ),
    line=5,
    found="I and am get the same weight, .212. What the numbers say is that happy looks the same way at both.",
    innocent={
        1: "these are the vectors of the example.",
        2: "(1, 1)·(1, 0) = 1, (1, 1)·(0, 1) = 1, (1, 1)·(1, 1) = 2; softmax of them is .212, .212, .576.",
        3: "its score with itself is 2, the others are 1.",
        4: ".212 + .576 = .788 for both coordinates.",
    },
    reference=last_row,
    cases=lambda: [
        Case({"words": torch.tensor([[1.0, 0], [0, 1], [1, 1]])}, shown=True),
        Case({"words": torch.tensor([[2.0, 0], [0, 1], [1, 1]])}),
        Case({"words": normal(4, 3, seed=141)}),
    ],
    returns=("weights",),
    hints=(
        "Which number would have to be larger than which, for the conclusion to follow?",
        "Write the weights of the last word down, in order.",
        "`torch.softmax(words @ words[-1], -1)`",
    ),
    minutes=4,
    difficulty=1,
    wrong=wrong_answers(
        lambda words: torch.softmax(words @ words[0], -1),
        "These are the weights of the first word. The query is the last one, `words[-1]`.",
        lambda words: words @ words[-1],
        "These are the scores; the softmax is missing.",
        lambda words: torch.softmax(words @ words[-1] / words.shape[-1] ** 0.5, -1),
        "Scaled by √d, which the example does not do.",
        lambda words: torch.softmax(words @ words.T, -1) @ words,
        "These are new vectors for all words; asked for are the weights of the last.",
        lambda words: torch.softmax(words @ words.T, 0)[-1],
        "The softmax runs down the columns: over the queries, not over the keys.",
    ),
)


def impossible(output: Tensor, values: Tensor) -> Tensor:
    """output [D], values [K, D] -> bool [D]: coordinates that no weighted average of the values can have."""
    return (output < values.amin(0)) | (output > values.amax(0))


IMPOSSIBLE = FindError(
    name="an impossible output",
    task="write a function that catches such slips: output [D], values [K, D] -> bool [D], True for each coordinate "
    "that no weighted average of the values can have.",
    why="A lecture prints an output that no attention can give. One look is enough to see it.",
    claims=True,
    program=(
        "The five words of “The weather is nice today” are (.6 .2 .8), (.2 .3 .1), (.9 .1 .8), (.4 .1 .4), (.4 .1 .6).",
        "With “The” as the query, the weights of the five are about .250, .114, .293, .158, .185.",
        "The weights sum to 1.",
        "The output is their weighted sum of the five vectors: (1.8, 2.3, .4).",
    ),
    line=4,
    found="the weights are ≥ 0 and sum to 1, so the output lies between the vectors: no coordinate can leave the range "
    "of the column, here .2–.9, .1–.3, .1–.8. It is (.574, .148, .620).",
    innocent={
        1: "these are the vectors of the example.",
        2: "the dot products are 1.04, .26, 1.20, .58, .74; their softmax is as it says.",
        3: ".250 + .114 + .293 + .158 + .185 = 1.",
    },
    reference=impossible,
    cases=lambda: [
        Case(
            {
                "output": torch.tensor([1.8, 2.3, 0.4]),
                "values": torch.tensor(
                    [[0.6, 0.2, 0.8], [0.2, 0.3, 0.1], [0.9, 0.1, 0.8], [0.4, 0.1, 0.4], [0.4, 0.1, 0.6]]
                ),
            },
            shown=True,
        ),
        Case({"output": torch.tensor([0.5, -0.5]), "values": torch.tensor([[0.0, 0.0], [1.0, 1.0]])}),
        Case({"output": torch.tensor([0.0, 2.0, 1.0]), "values": torch.tensor([[0.0, 1.0, -1.0], [3.0, 2.0, 0.0]])}),
        Case({"output": normal(6, seed=151), "values": 0.7 * normal(3, 6, seed=152)}),
    ],
    returns=("impossible",),
    hints=(
        "A weighted average of 3 and 5, weights ≥ 0 that sum to 1: which numbers can it be?",
        "Look at each column of the values by itself: its smallest and its largest number.",
        "`(output < values.amin(0)) | (output > values.amax(0))`",
    ),
    minutes=5,
    difficulty=2,
    wrong=wrong_answers(
        lambda output, values: output > values.amax(0),
        "It misses outputs that are too small: an average can't fall below the smallest value either.",
        lambda output, values: (output < values.min()) | (output > values.max()),
        "One range for the whole matrix. Each coordinate is averaged by itself: take the range of its own column.",
        lambda output, values: (output >= values.amin(0)) & (output <= values.amax(0)),
        "The other way round: True is asked for where it is *not* possible.",
        lambda output, values: (output <= values.amin(0)) | (output >= values.amax(0)),
        "The ends belong to it: all weight on one key gives exactly its value. Use `<` and `>`.",
        lambda output, values: output > values.sum(0),
        "Compared with the sum. The weights sum to 1, so the largest value is the limit already.",
        lambda output, values: output > 1,
        "Larger than 1 is no crime: values may be anything. The weights are what lies between 0 and 1.",
    ),
)


def favourite(query: Tensor, keys: Tensor) -> Tensor:
    """query [D], keys [K, D] -> the number of the key with the largest dot product, a tensor []."""
    return SCORES["dot"](len(query), len(query))(query[None], keys)[0].argmax()


DIRECTION = FindError(
    name="only the direction",
    task="write a function: query [D], keys [K, D] -> the number of the key with the largest *dot product* (argmax). "
    "Its example shows why the claim is wrong.",
    why="A lecture reads the dot product as likeness of direction. Lengths count, and that is no detail.",
    claims=True,
    program=(
        "a·b = ‖a‖ ‖b‖ cos θ, with θ the angle between them.",
        "If two vectors are at right angles, their dot product is 0.",
        "So the dot product of a query with a key tells how alike their directions are, and nothing else.",
        "If all keys have the same length, dot product and cosine order the keys alike.",
    ),
    line=3,
    found="the lengths are factors as well. A long key in a fair direction beats a short one in the best.",
    innocent={
        1: "this is the definition seen from geometry.",
        2: "cos 90° = 0.",
        4: "then the query's length and the keys' are the same factor for all.",
    },
    reference=favourite,
    cases=lambda: [
        Case({"query": torch.tensor([1.0, 0]), "keys": torch.tensor([[1.0, 0], [3, 3]])}, shown=True),
        Case({"query": torch.tensor([1.0, 1]), "keys": torch.tensor([[1.0, 1], [0, 3], [-9, 0]])}),
        Case({"query": torch.tensor([1.0, 0]), "keys": torch.tensor([[2.0, 0], [-3, 0], [0, 9]])}),
        Case({"query": torch.tensor([-1.0, 0, 0]), "keys": torch.tensor([[1.0, 0, 0], [2, 0, 0], [4, 0, 0]])}),
        Case({"query": normal(4, seed=161), "keys": normal(6, 4, seed=162)}),
    ],
    returns=("number of the key",),
    hints=(
        "Draw (1, 0), (1, 0) and (3, 3). Which key has the direction of the query? Which the larger product?",
        "All products at once: `keys @ query`.",
        "`(keys @ query).argmax()`",
    ),
    minutes=4,
    difficulty=1,
    wrong=wrong_answers(
        lambda query, keys: torch.cosine_similarity(query[None], keys, dim=-1).argmax(),
        "This finds the nearest direction (cosine). Asked for is the largest dot product, lengths and all.",
        lambda query, keys: keys.norm(dim=-1).argmax(),
        "This finds the longest key, whatever its direction.",
        lambda query, keys: (keys @ query).abs().argmax(),
        "The sign counts: a key that points away has a large product, but a negative one.",
        lambda query, keys: (keys @ query).argmin(),
        "The smallest product; asked for is the largest.",
        lambda query, keys: (keys @ query).max(),
        "The largest product itself; asked for is the number of its key.",
    ),
)
