"""Chapter 2, find-the-errors: worked examples of a lecture, and what it concludes from them."""

import torch
from torch import Tensor

from course_kit.exercises.define import Case, FindError, normal, variants, wrong_answers
from course_utils.attention import masked_softmax
from course_utils.scores import SCORES


def three_digits(scores: Tensor) -> Tensor:
    """scores [K] -> softmax weights [K], rounded to three digits after the point."""
    return (masked_softmax(scores) * 1000).round() / 1000


def rounded(scores):
    weights = torch.softmax(scores, dim=-1)
    return (1000 * weights).round() / 1000


@variants
def _wrong_rounding(scores, *, weights=lambda scores: torch.softmax(scores, -1), digits=3, rounding=torch.round):
    """Weights, rounded to some digits in some way."""
    return rounding(weights(scores) * 10**digits) / 10**digits


ROUNDED = FindError(
    name="claims 2.7",
    title="a rounded weight",
    task="write a function of scores [K] that returns their softmax weights [K], rounded to three digits after the "
    "point.",
    claims=True,
    program=(
        "The query (0.5, 0.5) scores 0.5, 0.5 and 1 with the keys (1, 0), (0, 1) and (1, 1).",
        "exp(0.5) ≈ 1.649 and exp(1) ≈ 2.718, so the three add up to 6.016.",
        "So the weights are 0.27, 0.27 and 0.46.",
        "The context is the average of the three vectors with these weights: its two coordinates are equal.",
    ),
    line=3,
    found="2.718 / 6.016 = 0.452, which rounds to 0.45, not 0.46. (0.274 + 0.274 + 0.452 = 1.)",
    innocent={
        1: "½·1 + ½·0 = ½, and ½ + ½ = 1.",
        2: "1.649 + 1.649 + 2.718 = 6.016.",
        4: "the first two keys mirror each other and have the same weight.",
    },
    reference=three_digits,
    shown=rounded,
    cases=lambda: [
        Case({"scores": torch.tensor([0.5, 0.5, 1.0])}, shown=True),
        Case({"scores": torch.tensor([0.0, 2.0])}),
        Case({"scores": torch.tensor([1.0, 1.0, 2.0])}),
        Case({"scores": torch.tensor([-1.0, 0.3, 0.2, 0.9])}),
    ],
    returns=("weights",),
    hints=(
        "What do the three weights of claim 3 sum to? Do the arithmetic again, with three digits.",
        "The weights are a softmax of the scores: `torch.softmax(scores, -1)`.",
        "`.round()` rounds to whole numbers. To keep three digits, move them in front of the point first, × 1000, and "
        "move them back afterwards.",
    ),
    minutes=3,
    difficulty=1,
    wrong=wrong_answers(
        lambda scores: torch.tensor([0.274, 0.274, 0.452]),
        "These are the weights of the example, whatever the scores are. Compute them from the scores.",
        _wrong_rounding(digits=2),
        "You round to two digits; three are needed.",
        _wrong_rounding(digits=0),
        "You round to whole numbers. `.round()` needs the digits moved first: × 1000.",
        _wrong_rounding(weights=lambda scores: scores / scores.sum()),
        "You divide the scores by their sum. Softmax divides their exponentials by the sum of these.",
        _wrong_rounding(rounding=torch.ceil),
        "You always round up. That is how 0.452 becomes too large.",
        _wrong_rounding(rounding=torch.floor),
        "You always round down, or cut the digits off. 0.2741 is nearer to 0.274, but 0.2746 is nearer to 0.275.",
        lambda scores: torch.softmax(scores, -1),
        "The weights are not rounded.",
    ),
)


def last_row(words: Tensor) -> Tensor:
    """words [T, D] -> weights [T] with which the last word attends to all: softmax of plain dot products."""
    score = SCORES["dot"](words.shape[-1], words.shape[-1])
    return masked_softmax(score(words[-1:], words))[0]


def of_the_last_word(words):
    scores = words @ words[-1]
    return torch.softmax(scores, dim=-1)


@variants
def _wrong_row(words, *, query=lambda words: words[-1], scale=lambda words: 1, finish=lambda x: torch.softmax(x, -1)):
    """The weights of another query, of scaled scores, or no weights yet."""
    return finish(words @ query(words) / scale(words))


TIES = FindError(
    name="claims 2.8",
    title="who is tied to whom",
    task="write a function of words [T, D] that returns the weights [T] of the last word, from plain dot products and "
    "a softmax. In the example, look at the first two weights.",
    claims=True,
    program=(
        "The words I, am, happy are the vectors (1, 0), (0, 1), (1, 1). The query is that of happy.",
        "The scores are 1, 1 and 2, the weights about 0.21, 0.21 and 0.58.",
        "happy attends most to itself, because it has the largest dot product with itself.",
        "The new vector of happy is about (0.79, 0.79).",
        "So self-attention has found that happy belongs to I.",
    ),
    line=5,
    found="I and am get the same weight, 0.212. The numbers only say that happy attends to both of them equally.",
    innocent={
        1: "these are the vectors of the example.",
        2: "(1, 1)·(1, 0) = 1, (1, 1)·(0, 1) = 1, (1, 1)·(1, 1) = 2; softmax of them is 0.212, 0.212, 0.576.",
        3: "its score with itself is 2, the others are 1.",
        4: "0.212 + 0.576 = 0.788 for both coordinates.",
    },
    reference=last_row,
    shown=of_the_last_word,
    cases=lambda: [
        Case({"words": torch.tensor([[1.0, 0], [0, 1], [1, 1]])}, shown=True),
        Case({"words": torch.tensor([[2.0, 0], [0, 1], [1, 1]])}),
        Case({"words": normal(4, 3, seed=141)}),
    ],
    returns=("weights",),
    hints=(
        "Which weight would have to be larger than which other one, for the conclusion to follow?",
        "The query is the last word, `words[-1]`, and the keys are all words. Compute its weights and compare them.",
        "`words @ words[-1]` has the dot products of all words with the last one. One step is left to make weights of "
        "them.",
    ),
    minutes=4,
    difficulty=1,
    wrong=wrong_answers(
        _wrong_row(query=lambda words: words[0]),
        "These are the weights of the first word. The query is the last one, `words[-1]`.",
        _wrong_row(finish=lambda scores: scores),
        "These are the scores; the softmax is missing.",
        _wrong_row(scale=lambda words: words.shape[-1] ** 0.5),
        "You divide by √D, which the example does not do.",
        lambda words: torch.softmax(words @ words.T, -1),
        "These are the weights of all words, one row for each. Return the last row.",
        lambda words: torch.softmax(words @ words.T, -1) @ words,
        "These are new vectors for all words. Return the weights of the last word.",
        lambda words: torch.softmax(words @ words.T, 0)[-1],
        "The softmax runs down the columns: over the queries, not over the keys.",
    ),
)


def impossible(output: Tensor, values: Tensor) -> Tensor:
    """output [D], values [K, D] -> bool [D]: coordinates that no weighted average of the values can have."""
    return (output < values.amin(0)) | (output > values.amax(0))


IMPOSSIBLE = FindError(
    name="claims 2.6",
    title="an impossible output",
    task="write a function of output [D] and values [K, D] that catches such slips. It returns bool [D], True for each "
    "coordinate that no weighted average of the values can have.",
    claims=True,
    program=(
        "“The weather is nice today” is (0.6 0.2 0.8) (0.2 0.3 0.1) (0.9 0.1 0.8) (0.4 0.1 0.4) (0.4 0.1 0.6).",
        "With “The” as the query, the weights of the five are about 0.250, 0.114, 0.293, 0.158, 0.185.",
        "The weights sum to 1.",
        "The output is their weighted sum of the five vectors: (1.8, 2.3, 0.4).",
    ),
    line=4,
    found="the weights are ≥ 0 and sum to 1, so no coordinate of the output can leave the range of its column, which "
    "is 0.2–0.9, 0.1–0.3 and 0.1–0.8 here. The output is (0.574, 0.148, 0.620).",
    innocent={
        1: "these are the vectors of the example.",
        2: "the dot products are 1.04, 0.26, 1.20, 0.58 and 0.74, and this is their softmax.",
        3: "0.250 + 0.114 + 0.293 + 0.158 + 0.185 = 1.",
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
        "Take a weighted average of 3 and 5, with weights ≥ 0 that sum to 1. Which numbers can it be?",
        "Look at each column of the values separately: `values.amin(0)` has its smallest number, `values.amax(0)` its "
        "largest.",
        "A coordinate is impossible if it is below the smallest *or* above the largest. Between two masks, *or* is "
        "`|`, and each comparison needs brackets.",
    ),
    minutes=5,
    difficulty=2,
    wrong=wrong_answers(
        lambda output, values: output > values.amax(0),
        "It misses outputs that are too small: an average can't be below the smallest value either.",
        lambda output, values: output < values.amin(0),
        "It misses outputs that are too large: an average can't be above the largest value either.",
        lambda output, values: (output < values.min()) | (output > values.max()),
        "You use one range for the whole matrix. Each coordinate is averaged separately: take the range of its column.",
        lambda output, values: (output >= values.amin(0)) & (output <= values.amax(0)),
        "This is the other way round: it should be True where the output is *not* possible.",
        lambda output, values: (output < values.amin(0)) & (output > values.amax(0)),
        "No number is below the smallest *and* above the largest. Join the two with *or*: `|`.",
        lambda output, values: (output <= values.amin(0)) | (output >= values.amax(0)),
        "The ends of the range are possible: with all the weight on one key, the output is exactly its value. Use `<` "
        "and `>`.",
        lambda output, values: output > values.sum(0),
        "You compare with the sum. The weights sum to 1, so the largest value is already the limit.",
        lambda output, values: output > 1,
        "A value may be larger than 1. It is the weights that lie between 0 and 1.",
    ),
)


def favourite(query: Tensor, keys: Tensor) -> Tensor:
    """query [D], keys [K, D] -> the number of the key with the largest dot product, a tensor []."""
    return SCORES["dot"](len(query), len(query))(query[None], keys)[0].argmax()


def largest_product(query, keys):
    products = keys @ query
    return products.argmax()


@variants
def _wrong_favourite(query, keys, *, products=lambda query, keys: keys @ query, choose=torch.argmax):
    """The number chosen from other products, or something else chosen."""
    return choose(products(query, keys))


DIRECTION = FindError(
    name="claims 2.4",
    title="only the direction",
    task="write a function of query [D] and keys [K, D] that returns the number of the key with the largest *dot "
    "product* (argmax). In the example, compare the directions of the two keys.",
    claims=True,
    program=(
        "a·b = ‖a‖ ‖b‖ cos θ, with θ the angle between them.",
        "If two vectors are at right angles, their dot product is 0.",
        "So the dot product of a query and a key says how similar their directions are, and nothing else.",
        "If all keys have the same length, dot product and cosine put the keys in the same order.",
    ),
    line=3,
    found="the lengths are factors as well. A long key in a fairly good direction can have a larger dot product than a "
    "short key in the best one.",
    innocent={
        1: "this is how geometry defines it.",
        2: "cos 90° = 0.",
        4: "the two lengths are then the same factor for all keys.",
    },
    reference=favourite,
    shown=largest_product,
    cases=lambda: [
        Case({"query": torch.tensor([1.0, 0]), "keys": torch.tensor([[1.0, 0], [3, 3]])}, shown=True),
        Case({"query": torch.tensor([1.0, 1]), "keys": torch.tensor([[1.0, 1], [0, 3], [-9, 0]])}),
        Case({"query": torch.tensor([1.0, 0]), "keys": torch.tensor([[2.0, 0], [-3, 0], [0, 9]])}),
        Case({"query": torch.tensor([1.0, 0]), "keys": torch.tensor([[5.0, 0], [0.8, 0.5]])}),
        Case({"query": torch.tensor([-1.0, 0, 0]), "keys": torch.tensor([[1.0, 0, 0], [2, 0, 0], [4, 0, 0]])}),
        Case({"query": normal(4, seed=161), "keys": normal(6, 4, seed=162)}),
    ],
    returns=("number of the key",),
    hints=(
        "Draw the query (1, 0) and the keys (1, 0) and (3, 3). Which key points where the query points, and which has "
        "the larger dot product?",
        "`keys @ query` computes all dot products at once: [K, D] @ [D] is [K].",
        "`.max()` of the products is the largest product. You need its number: `.argmax()`.",
    ),
    minutes=4,
    difficulty=1,
    wrong=wrong_answers(
        _wrong_favourite(products=lambda query, keys: torch.cosine_similarity(query[None], keys, dim=-1)),
        "This finds the nearest direction (cosine). Find the largest dot product, in which the lengths count.",
        _wrong_favourite(products=lambda query, keys: keys.norm(dim=-1)),
        "This finds the longest key, whatever its direction is.",
        _wrong_favourite(products=lambda query, keys: (keys @ query).abs()),
        "The sign counts: a key that points away from the query has a negative product, however large.",
        _wrong_favourite(products=lambda query, keys: -(keys - query).norm(dim=-1)),
        "This finds the key closest to the query. Find the largest dot product.",
        _wrong_favourite(choose=torch.argmin),
        "This finds the smallest product. Find the largest.",
        _wrong_favourite(choose=torch.max),
        "This is the largest product itself. Return the number of its key: `.argmax()`.",
    ),
)
