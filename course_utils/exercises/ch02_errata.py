"""Chapter 2, the errata of widely used slides and articles, as find-the-errors."""

import torch
from torch import Tensor

from ..attention import masked_softmax, scaled_dot_product_attention
from ..scores import SCORES
from .definition import Case, FindError, Wrong


def _random(*shape: int, seed: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def _pairs(seed: int) -> list[Case]:
    """Queries [Q, D] and keys [K, D], the smallest first."""
    return [
        Case({"queries": torch.tensor([[1.0, 1]]), "keys": torch.tensor([[1.0, 0], [0, 1], [1, 1]])}, shown=True),
        Case({"queries": _random(2, 3, seed=seed), "keys": _random(4, 3, seed=seed + 1)}),
        Case({"queries": _random(2, 5, seed=seed + 2), "keys": _random(2, 5, seed=seed + 3)}),
    ]


# ---- the table of scores --------------------------------------------------------------------------------------------


def scaled_score(queries: Tensor, keys: Tensor) -> Tensor:
    """queries [Q, D], keys [K, D] -> q·k / √D [Q, K]."""
    return SCORES["scaled_dot"](keys.shape[-1], keys.shape[-1])(queries, keys)


SIZE_OR_LENGTH = FindError(
    name="size or length",
    task="write the function again, so that the spread of the scores does not depend on the size of the vectors.",
    why="A widely used table calls d “the length of the input (64 or 512)”. It is neither.",
    program=(
        "def score(queries, keys):              # queries [Q, D], keys [K, D]",
        "    products = queries @ keys.T        # [Q, K]",
        "    d = len(keys)                      # d: the length of the input",
        "    return products / d ** 0.5",
    ),
    line=3,
    found="d is the size of one key, `keys.shape[-1]`: 64 in each head of the first Transformer. 512 was the size of "
    "its model, all heads together.",
    innocent={
        1: "it only names what comes in.",
        2: "these are the dot products of all pairs.",
        4: "dividing by the root is right, if d is.",
    },
    reference=scaled_score,
    cases=lambda: _pairs(100),
    returns=("scores",),
    hints=(
        "A dot product of two vectors is a sum. Of how many terms?",
        "Make the input twice as long: should the score of the first pair change?",
        "`d = keys.shape[-1]`",
    ),
    minutes=3,
    difficulty=1,
    wrong=(
        Wrong(
            lambda queries, keys: queries @ keys.T / len(keys) ** 0.5,
            "Still divided by the number of keys: a longer input would change the score of one and the same pair.",
        ),
        Wrong(
            lambda queries, keys: queries @ keys.T / 512**0.5,
            "512 is the size of that model, all its heads together. d is the size of the keys that come in.",
        ),
        Wrong(
            lambda queries, keys: queries @ keys.T / 64**0.5,
            "64 is right for that one model's heads. Take the size from the keys.",
        ),
        Wrong(lambda queries, keys: queries @ keys.T, "Now nothing is divided, and the spread grows with √d."),
        Wrong(
            lambda queries, keys: queries @ keys.T / keys.shape[-1],
            "Divided by d; the spread of the sum grows like √d.",
        ),
    ),
)


def location_score(queries: Tensor, keys: Tensor, W: Tensor) -> Tensor:
    """queries [Q, D], keys [K, D], W [P, D], one row per position, P ≥ K -> scores [Q, K]."""
    score = SCORES["location_based"](W.shape[1], W.shape[1], max_keys=len(W))
    return torch.func.functional_call(score, {"W.weight": W}, (queries, keys))


LOCATION = FindError(
    name="one number for all keys",
    task="write it again, so that each position gets its own score: row i of W [P, D] belongs to position i.",
    why="A widely used table writes the location-based score as a(q): one number. Its weights would always be uniform.",
    program=(
        "def score(queries, keys, W):           # queries [Q, D], keys [K, D], W [P, D], P ≥ K",
        "    a = queries @ W[0]                 # [Q]: a(q)",
        "    return a[:, None].expand(-1, len(keys))",
    ),
    line=2,
    found="a(q) is one number for all keys, so softmax gives each 1/K. Luong's score is a vector with one number for "
    "each position.",
    innocent={1: "it only names what comes in.", 3: "the result has the shape [Q, K], as it should."},
    reference=location_score,
    cases=lambda: [
        Case(
            {
                "queries": torch.tensor([[1.0, 2]]),
                "keys": torch.zeros(2, 2),
                "W": torch.tensor([[1.0, 0], [0, 1], [1, 1]]),
            },
            shown=True,
        ),
        Case({"queries": _random(2, 3, seed=111), "keys": _random(4, 3, seed=112), "W": _random(6, 3, seed=113)}),
        Case({"queries": _random(3, 3, seed=114), "keys": _random(3, 3, seed=115), "W": _random(3, 3, seed=116)}),
    ],  # fmt: skip
    returns=("scores",),
    hints=(
        "What does softmax make of a row in which all numbers are equal?",
        "Each position has a row in W. Which rows are needed for K keys?",
        "`queries @ W[:len(keys)].T`",
    ),
    minutes=4,
    difficulty=2,
    wrong=(
        Wrong(
            lambda queries, keys, W: (queries @ W[0])[:, None].expand(-1, len(keys)),
            "Still one number per query, the same for all positions.",
        ),
        Wrong(
            lambda queries, keys, W: queries @ W.T,
            "One score for each of the P positions that W knows; there are only K keys. Cut W to the first K rows.",
        ),
        Wrong(
            lambda queries, keys, W: queries @ keys.T,
            "These are dot products with the keys. A location-based score does not read the keys, only counts them.",
        ),
        Wrong(
            lambda queries, keys, W: queries @ W[-len(keys) :].T,
            "The last K rows of W: position 0 belongs to the first row.",
        ),
        Wrong(
            lambda queries, keys, W: torch.softmax(queries @ W[: len(keys)].T, -1),
            "These are weights already: asked for are scores.",
        ),
    ),
)


def biased_score(queries: Tensor, keys: Tensor, W: Tensor, b: Tensor) -> Tensor:
    """queries [Q, D], keys [K, D], W [D, D], b [D] -> kᵀ(W q + b) [Q, K]."""
    score = SCORES["biased_general"](W.shape[1], W.shape[0])
    return torch.func.functional_call(score, {"W.weight": W, "W.bias": b}, (queries, keys))


BIASED = FindError(
    name="a missing transpose",
    task="write it again: one number for each query with each key.",
    why="A widely used table prints the biased general score as k(Wq + b). A vector beside a vector is no number.",
    program=(
        "def score(queries, keys, W, b):                     # queries [Q, D], keys [K, D], W [D, D], b [D]",
        "    asked = queries @ W.T + b                       # [Q, D]: W q + b",
        "    products = keys[None, :] * asked[:, None]       # k (W q + b)",
        "    return products",
    ),
    line=3,
    found="`*` multiplies feature by feature and leaves vectors. kᵀ(Wq + b), with the transpose, is the sum: a number.",
    innocent={
        1: "it only names what comes in.",
        2: "W q + b for each query, as a row: q Wᵀ + b.",
        4: "it returns what was computed.",
    },
    reference=biased_score,
    cases=lambda: [
        Case(
            {
                "queries": torch.tensor([[1.0, 2]]),
                "keys": torch.tensor([[3.0, 0], [1, 1]]),
                "W": torch.tensor([[0.0, 1], [0, 0]]),
                "b": torch.tensor([0.0, 1]),
            },
            shown=True,
        ),
        Case(
            {
                "queries": _random(2, 3, seed=121),
                "keys": _random(4, 3, seed=122),
                "W": _random(3, 3, seed=123),
                "b": _random(3, seed=124),
            }
        ),
    ],  # fmt: skip
    returns=("scores",),
    hints=(
        "Print the shape of `products`. Which axis should not be there?",
        "kᵀx is a sum of products over the features.",
        "`(queries @ W.T + b) @ keys.T`",
    ),
    minutes=3,
    difficulty=1,
    wrong=(
        Wrong(
            lambda queries, keys, W, b: keys[None] * (queries @ W.T + b)[:, None],
            "Still a vector for each pair: [Q, K, D]. Sum over the features.",
        ),
        Wrong(
            lambda queries, keys, W, b: (keys[None] * (queries @ W.T + b)[:, None]).mean(-1),
            "Averaged over the features; kᵀ(Wq + b) is their sum.",
        ),
        Wrong(lambda queries, keys, W, b: queries @ W.T @ keys.T, "The bias b is forgotten."),
        Wrong(
            lambda queries, keys, W, b: (queries @ W + b) @ keys.T,
            "W is turned round: W q as a row is `q @ W.T`.",
        ),
        Wrong(
            lambda queries, keys, W, b: keys @ (queries @ W.T + b).T,
            "Right numbers, turned round: queries go down, keys across.",
        ),
    ),
)


def deep_hidden(queries: Tensor, keys: Tensor, W0: Tensor, W1: Tensor, b1: Tensor) -> Tensor:
    """First layer of the deep score: queries [Q, D], keys [K, D], W0, W1 [H, D], b1 [H] -> relu(…) [Q, K, H]."""
    return torch.relu((queries @ W0.T)[:, None] + (keys @ W1.T)[None] + b1)


DEEP = FindError(
    name="the bias outside",
    task="write the first layer again: relu(W₀q + W₁k + b₁) for each pair.",
    why="A widely used table adds the first bias of the deep score after the activation, the others before.",
    program=(
        "def hidden(queries, keys, W0, W1, b1):   # queries [Q, D], keys [K, D], W0, W1 [H, D], b1 [H]",
        "    q = queries @ W0.T                   # [Q, H]",
        "    k = keys @ W1.T                      # [K, H]",
        "    pairs = q[:, None] + k[None, :]      # [Q, K, H]",
        "    return torch.relu(pairs) + b1",
    ),
    line=5,
    found="outside the activation b₁ moves no threshold: it only shifts what the next layer's bias could shift too. "
    "Inside, it decides when a unit wakes up.",
    innocent={
        1: "it only names what comes in.",
        2: "each query is projected once.",
        3: "each key is projected once.",
        4: "every query meets every key.",
    },
    reference=deep_hidden,
    cases=lambda: [
        Case(
            {
                "queries": torch.tensor([[1.0]]),
                "keys": torch.tensor([[0.0], [2.0]]),
                "W0": torch.tensor([[1.0], [-1.0]]),
                "W1": torch.tensor([[1.0], [1.0]]),
                "b1": torch.tensor([-2.0, 0.5]),
            },
            shown=True,
        ),
        Case(
            {
                "queries": _random(2, 3, seed=131),
                "keys": _random(3, 3, seed=132),
                "W0": _random(4, 3, seed=133),
                "W1": _random(4, 3, seed=134),
                "b1": _random(4, seed=135),
            }
        ),
    ],  # fmt: skip
    returns=("hidden",),
    hints=(
        "Which values can the program give, if b₁ is negative? Which can a relu give?",
        "A bias moves the point at which the activation bends. Where must it stand for that?",
        "`torch.relu(pairs + b1)`",
    ),
    minutes=3,
    difficulty=1,
    wrong=(
        Wrong(
            lambda queries, keys, W0, W1, b1: torch.relu((queries @ W0.T)[:, None] + keys @ W1.T) + b1,
            "Still outside: some of your values are negative, which a relu never gives.",
        ),
        Wrong(
            lambda queries, keys, W0, W1, b1: torch.relu((queries @ W0.T)[:, None] + keys @ W1.T),
            "Now the bias is gone.",
        ),
        Wrong(
            lambda queries, keys, W0, W1, b1: torch.relu((queries @ W0.T + b1)[:, None] + keys @ W1.T + b1),
            "The bias is in twice: once with the query, once with the key.",
        ),
        Wrong(
            lambda queries, keys, W0, W1, b1: torch.tanh((queries @ W0.T)[:, None] + keys @ W1.T + b1),
            "The bias is where it belongs. The activation of this program is relu, though.",
        ),
    ),
)

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
    wrong=(
        Wrong(
            lambda scores: torch.tensor([0.274, 0.274, 0.452]),
            "Right for the example, but for these scores only. Compute it from the scores.",
        ),
        Wrong(
            lambda scores: (torch.softmax(scores, -1) * 100).round() / 100,
            "Rounded to two digits; three are asked for.",
        ),
        Wrong(
            lambda scores: (scores / scores.sum() * 1000).round() / 1000,
            "The scores themselves are shared out. Softmax shares out their exponentials.",
        ),
        Wrong(
            lambda scores: torch.softmax(scores, -1).round(),
            "Rounded to whole numbers: `round()` needs the digits moved first, × 1000.",
        ),
        Wrong(
            lambda scores: (torch.softmax(scores, -1) * 1000).ceil() / 1000,
            "Rounded up always; that is how .452 becomes too much.",
        ),
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
        Case({"words": _random(4, 3, seed=141)}),
    ],
    returns=("weights",),
    hints=(
        "Which number would have to be larger than which, for the conclusion to follow?",
        "Write the weights of the last word down, in order.",
        "`torch.softmax(words @ words[-1], -1)`",
    ),
    minutes=4,
    difficulty=1,
    wrong=(
        Wrong(
            lambda words: torch.softmax(words @ words[0], -1),
            "These are the weights of the first word. The query is the last one, `words[-1]`.",
        ),
        Wrong(lambda words: words @ words[-1], "These are the scores; the softmax is missing."),
        Wrong(
            lambda words: torch.softmax(words @ words[-1] / words.shape[-1] ** 0.5, -1),
            "Scaled by √d, which the example does not do.",
        ),
        Wrong(
            lambda words: torch.softmax(words @ words.T, -1) @ words,
            "These are new vectors for all words; asked for are the weights of the last.",
        ),
        Wrong(
            lambda words: torch.softmax(words @ words.T, 0)[-1],
            "The softmax runs down the columns: over the queries, not over the keys.",
        ),
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
        Case({"output": _random(6, seed=151), "values": 0.7 * _random(3, 6, seed=152)}),
    ],  # fmt: skip
    returns=("impossible",),
    hints=(
        "A weighted average of 3 and 5, weights ≥ 0 that sum to 1: which numbers can it be?",
        "Look at each column of the values by itself: its smallest and its largest number.",
        "`(output < values.amin(0)) | (output > values.amax(0))`",
    ),
    minutes=5,
    difficulty=2,
    wrong=(
        Wrong(
            lambda output, values: output > values.amax(0),
            "It misses outputs that are too small: an average can't fall below the smallest value either.",
        ),
        Wrong(
            lambda output, values: (output < values.min()) | (output > values.max()),
            "One range for the whole matrix. Each coordinate is averaged by itself: take the range of its own column.",
        ),
        Wrong(
            lambda output, values: (output >= values.amin(0)) & (output <= values.amax(0)),
            "The other way round: True is asked for where it is *not* possible.",
        ),
        Wrong(
            lambda output, values: (output <= values.amin(0)) | (output >= values.amax(0)),
            "The ends belong to it: all weight on one key gives exactly its value. Use `<` and `>`.",
        ),
        Wrong(
            lambda output, values: output > values.sum(0),
            "Compared with the sum. The weights sum to 1, so the largest value is the limit already.",
        ),
        Wrong(
            lambda output, values: output > 1,
            "Larger than 1 is no crime: values may be anything. The weights are what lies between 0 and 1.",
        ),
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
        Case({"query": _random(4, seed=161), "keys": _random(6, 4, seed=162)}),
    ],
    returns=("number of the key",),
    hints=(
        "Draw (1, 0), (1, 0) and (3, 3). Which key has the direction of the query? Which the larger product?",
        "All products at once: `keys @ query`.",
        "`(keys @ query).argmax()`",
    ),
    minutes=4,
    difficulty=1,
    wrong=(
        Wrong(
            lambda query, keys: torch.cosine_similarity(query[None], keys, dim=-1).argmax(),
            "This finds the nearest direction (cosine). Asked for is the largest dot product, lengths and all.",
        ),
        Wrong(
            lambda query, keys: keys.norm(dim=-1).argmax(),
            "This finds the longest key, whatever its direction.",
        ),
        Wrong(
            lambda query, keys: (keys @ query).abs().argmax(),
            "The sign counts: a key that points away has a large product, but a negative one.",
        ),
        Wrong(lambda query, keys: (keys @ query).argmin(), "The smallest product; asked for is the largest."),
        Wrong(
            lambda query, keys: (keys @ query).max(), "The largest product itself; asked for is the number of its key."
        ),
    ),
)

# ---- the article's own attention ------------------------------------------------------------------------------------


def dot_table(queries: Tensor, keys: Tensor) -> Tensor:
    """queries [Q, D], keys [K, D] -> plain dot products [Q, K]."""
    return SCORES["dot"](queries.shape[-1], queries.shape[-1])(queries, keys)


INDICES = FindError(
    name="mixed-up indices",
    task="write it again: S[i, j] says how well query i meets key j.",
    why="An article with code writes S₁₂ = q₂·k₂. Nothing crashes, and every row of weights comes out the same.",
    program=(
        "def scores(queries, keys):                     # queries [Q, D], keys [K, D], Q = K here",
        "    S = torch.zeros(len(queries), len(keys))",
        "    for i in range(len(queries)):",
        "        for j in range(len(keys)):",
        "            S[i, j] = queries[j] @ keys[j]     # S₁₂ = q₂ · k₂",
        "    return S",
    ),
    line=5,
    found="the query must be the one that asks, i: S₁₂ = q₁ · k₂. Here each token is only compared with itself.",
    innocent={
        1: "it only names what comes in.",
        2: "room for one score per pair.",
        3: "i runs over the queries, down the rows.",
        4: "j runs over the keys, across.",
        6: "it returns the table.",
    },
    reference=dot_table,
    cases=lambda: [
        Case(
            {"queries": torch.tensor([[1.0, 1], [0, 1], [1, 2]]), "keys": torch.tensor([[0.0, 1], [1, 0], [1, 1]])},
            shown=True,
        ),
        Case({"queries": _random(2, 3, seed=171), "keys": _random(2, 3, seed=172)}),
        Case({"queries": _random(3, 2, seed=173), "keys": _random(3, 2, seed=174)}),
    ],  # fmt: skip
    returns=("S",),
    hints=(
        "Run it on the example. What do you notice about its rows?",
        "In S[i, j], who asks and who is asked?",
        "`queries @ keys.T`",
    ),
    minutes=4,
    difficulty=1,
    wrong=(
        Wrong(
            lambda queries, keys: (queries * keys).sum(-1).expand(len(queries), -1),
            "All rows are equal still: each key is met by its own query, whoever asks.",
        ),
        Wrong(
            lambda queries, keys: (queries * keys).sum(-1)[:, None].expand(-1, len(keys)),
            "Now the key is wrong: query i meets key i in every column. It should meet key j.",
        ),
        Wrong(lambda queries, keys: keys @ queries.T, "Turned round: query j with key i. Rows belong to queries."),
        Wrong(
            lambda queries, keys: queries @ keys.T / queries.shape[-1] ** 0.5,
            "Right pairs, and scaled by √d as well, which this program does not do.",
        ),
        Wrong(
            lambda queries, keys: queries @ queries.T,
            "Queries with queries. The other side of the product is the keys.",
        ),
    ),
)


def own_attention(x: Tensor, Wq: Tensor, Wk: Tensor, Wv: Tensor) -> Tensor:
    """x [T, D], Wq, Wk, Wv [D, D] -> self-attention's output [T, D]."""
    return scaled_dot_product_attention(x @ Wq, x @ Wk, x @ Wv)[0]


def _own_cases() -> list[Case]:
    def case(x, Wq, Wk, Wv, shown=False) -> Case:
        return Case({"x": x, "Wq": Wq, "Wk": Wk, "Wv": Wv}, shown=shown)

    numbers = torch.tensor
    tokens, swap = numbers([[1.0, 0], [0, 1], [1, 1]]), numbers([[0.0, 1], [1, 0]])
    return [
        case(tokens, numbers([[1.0, 1], [0, 1]]), swap, numbers([[2.0, 0], [0, 1]]), shown=True),
        case(tokens, numbers([[1.0, -1], [-2, 1]]), swap, numbers([[2.0, 0], [0, 1]])),
        case(*(_random(3, 3, seed=180 + i) for i in range(4))),
        case(_random(4, 2, seed=190), *(_random(2, 2, seed=191 + i) for i in range(3))),
    ]


def _wrong_own(query=lambda q: q, averaged=lambda x, v: v, scale=True):
    def attention(x, Wq, Wk, Wv):
        q, k, v = query(x @ Wq), x @ Wk, x @ Wv
        return torch.softmax(q @ k.T / (q.shape[-1] ** 0.5 if scale else 1), -1) @ averaged(x, v)

    return attention


_OWN_WRONG = (
    Wrong(
        _wrong_own(averaged=lambda x, v: x),
        "The inputs x are averaged, and the values, which were computed for this, are not used.",
    ),
    Wrong(
        _wrong_own(query=torch.relu),
        "A ReLU on the queries: every negative coordinate is cut to 0, and a query can no longer ask *against* a "
        "feature.",
    ),
    Wrong(
        _wrong_own(query=torch.relu, averaged=lambda x, v: x),
        "Two slips are in it: the ReLU on the queries, and the inputs averaged in place of the values.",
    ),
    Wrong(_wrong_own(averaged=lambda x, v: x, scale=False), "The inputs are averaged, and the scale √d is missing."),
    Wrong(_wrong_own(scale=False), "Right but for the scale: divide the scores by √d."),
)

AVERAGED = FindError(
    name="what is averaged",
    task="write the function again.",
    why="From the same article: it computes values, and then never uses them.",
    program=(
        "def attention(x, Wq, Wk, Wv):               # x [T, D]",
        "    q, k, v = x @ Wq, x @ Wk, x @ Wv",
        "    weights = torch.softmax(q @ k.T / q.shape[-1] ** 0.5, dim=-1)",
        "    return weights @ x",
    ),
    line=4,
    found="the weights average the values v. Without them the output can only be a mixture of what came in.",
    innocent={
        1: "it only names what comes in.",
        2: "each token is projected three times.",
        3: "softmax along the keys, scaled by √d.",
    },
    reference=own_attention,
    cases=_own_cases,
    returns=("output",),
    hints=("Which of the three projections is never used?", "What do the weights weigh?", "`weights @ v`"),
    minutes=3,
    difficulty=1,
    wrong=_OWN_WRONG,
)

RELU = FindError(
    name="a relu on the queries",
    task="write the function again.",
    why="From the same article. Nothing crashes; the queries lose half of what they can ask.",
    program=(
        "def attention(x, Wq, Wk, Wv):               # x [T, D]",
        "    q = torch.relu(x @ Wq)",
        "    k, v = x @ Wk, x @ Wv",
        "    weights = torch.softmax(q @ k.T / q.shape[-1] ** 0.5, dim=-1)",
        "    return weights @ v",
    ),
    line=2,
    found="queries, keys and values are plain projections. A ReLU cuts the negative coordinates off.",
    innocent={
        1: "it only names what comes in.",
        3: "keys and values are plain projections.",
        4: "softmax along the keys, scaled by √d.",
        5: "the values are averaged.",
    },
    reference=own_attention,
    cases=_own_cases,
    returns=("output",),
    hints=(
        "Try a query that should say: I want keys *without* this feature.",
        "How are k and v made? How is q?",
        "`q = x @ Wq`",
    ),
    minutes=3,
    difficulty=1,
    wrong=_OWN_WRONG,
)


def distinct_heads(heads: Tensor) -> int:
    """heads [H, T, D], the outputs of H heads -> how many of them are different."""
    return len(torch.unique(heads, dim=0))


SAME_HEAD = FindError(
    name="the same head again",
    task="write a function: outputs of the heads [H, T, D] -> how many different heads there are.",
    why="The same article makes “multi-head” attention by calling one head H times.",
    claims=True,
    program=(
        "Multi-head attention lets each head look for something else.",
        "To get H heads, take one head with its Wq, Wk, Wv, run it H times, and put the outputs side by side.",
        "The heads' outputs stand side by side, H · D numbers for each token.",
        "A last matrix W_O mixes the heads and brings them back to the size of the model.",
    ),
    line=2,
    found="the same weights give the same output H times. Each head needs projections of its own, and then W_O.",
    innocent={
        1: "that is what they are for.",
        3: "concatenated, yes.",
        4: "the article leaves it out; without it the heads would never meet.",
    },
    reference=distinct_heads,
    cases=lambda: [
        Case({"heads": torch.tensor([[[1.0, 2]], [[1.0, 2]], [[1.0, 2]]])}, shown=True),
        Case({"heads": torch.tensor([[[1.0, 2]], [[2.0, 1]], [[1.0, 2]]])}),
        Case({"heads": torch.tensor([[[1.0], [2.0]]])}),
        Case({"heads": _random(4, 2, 3, seed=201)}),
    ],
    returns=("count",),
    hints=(
        "What is different between the first and the second call of one function on one input?",
        "Compare whole outputs, [T, D], with each other.",
        "`torch.unique(heads, dim=0)` keeps each once; `len` counts them.",
    ),
    minutes=3,
    difficulty=1,
    wrong=(
        Wrong(lambda heads: len(heads), "This counts all heads, also those that say the same."),
        Wrong(
            lambda heads: len(torch.unique(heads)),
            "This counts different *numbers*. A head is its whole output [T, D]: `dim=0`.",
        ),
        Wrong(lambda heads: 1, "Right for the article's heads, but not all heads are equal."),
        Wrong(
            lambda heads: int((heads[1:] != heads[:-1]).flatten(1).any(1).sum()) + 1,
            "Only neighbours are compared: a head that comes back later is counted again.",
        ),
    ),
)


ERRATA = (
    SIZE_OR_LENGTH, LOCATION, BIASED, DEEP, ROUNDED, TIES, IMPOSSIBLE, DIRECTION, INDICES, AVERAGED, RELU, SAME_HEAD,
)  # fmt: skip
