"""Chapter 2, find-the-errors: slips in a widely used table of scores."""

import torch
from torch import Tensor

from course_utils.attention.scores import SCORES
from course_utils.exercises.definition import FindError, wrong_answers
from course_utils.exercises.inputs import drawn, named, normal, tensors

# ---- the table of scores --------------------------------------------------------------------------------------------


def scaled_score(queries: Tensor, keys: Tensor) -> Tensor:
    """queries [Q, D], keys [K, D] -> q·k / √D [Q, K]."""
    return SCORES["scaled_dot"](keys.shape[-1], keys.shape[-1])(queries, keys)


_pair = named("queries", "keys")

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
    innocent={2: "these are the dot products of all pairs.", 4: "dividing by the root is right, if d is."},
    reference=scaled_score,
    cases=lambda: [
        _pair(*tensors([[1.0, 1]], [[1.0, 0], [0, 1], [1, 1]]), shown=True),
        _pair(*drawn(100, (2, 3), (4, 3), of=normal)),
        _pair(*drawn(102, (2, 5), (2, 5), of=normal)),
    ],
    returns=("scores",),
    hints=(
        "A dot product of two vectors is a sum. Of how many terms?",
        "Make the input twice as long: should the score of the first pair change?",
        "`d = keys.shape[-1]`",
    ),
    minutes=3,
    difficulty=1,
    wrong=wrong_answers(
        lambda queries, keys: queries @ keys.T / len(keys) ** 0.5,
        "Still divided by the number of keys: a longer input would change the score of one and the same pair.",
        lambda queries, keys: queries @ keys.T / 512**0.5,
        "512 is the size of that model, all its heads together. d is the size of the keys that come in.",
        lambda queries, keys: queries @ keys.T / 64**0.5,
        "64 is right for that one model's heads. Take the size from the keys.",
        lambda queries, keys: queries @ keys.T,
        "Now nothing is divided, and the spread grows with √d.",
        lambda queries, keys: queries @ keys.T / keys.shape[-1],
        "Divided by d; the spread of the sum grows like √d.",
    ),
)


def location_score(queries: Tensor, keys: Tensor, W: Tensor) -> Tensor:
    """queries [Q, D], keys [K, D], W [P, D], one row per position, P ≥ K -> scores [Q, K]."""
    score = SCORES["location_based"](W.shape[1], W.shape[1], max_keys=len(W))
    return torch.func.functional_call(score, {"W.weight": W}, (queries, keys))


_location = named("queries", "keys", "W")

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
    innocent={3: "the result has the shape [Q, K], as it should."},
    reference=location_score,
    cases=lambda: [
        _location(torch.tensor([[1.0, 2]]), torch.zeros(2, 2), torch.tensor([[1.0, 0], [0, 1], [1, 1]]), shown=True),
        _location(*drawn(111, (2, 3), (4, 3), (6, 3), of=normal)),
        _location(*drawn(114, (3, 3), (3, 3), (3, 3), of=normal)),
    ],
    returns=("scores",),
    hints=(
        "What does softmax make of a row in which all numbers are equal?",
        "Each position has a row in W. Which rows are needed for K keys?",
        "`queries @ W[:len(keys)].T`",
    ),
    minutes=4,
    difficulty=2,
    wrong=wrong_answers(
        lambda queries, keys, W: (queries @ W[0])[:, None].expand(-1, len(keys)),
        "Still one number per query, the same for all positions.",
        lambda queries, keys, W: queries @ W.T,
        "One score for each of the P positions that W knows; there are only K keys. Cut W to the first K rows.",
        lambda queries, keys, W: queries @ keys.T,
        "These are dot products with the keys. A location-based score does not read the keys, only counts them.",
        lambda queries, keys, W: queries @ W[-len(keys) :].T,
        "The last K rows of W: position 0 belongs to the first row.",
        lambda queries, keys, W: torch.softmax(queries @ W[: len(keys)].T, -1),
        "These are weights already: asked for are scores.",
    ),
)


def biased_score(queries: Tensor, keys: Tensor, W: Tensor, b: Tensor) -> Tensor:
    """queries [Q, D], keys [K, D], W [D, D], b [D] -> kᵀ(W q + b) [Q, K]."""
    score = SCORES["biased_general"](W.shape[1], W.shape[0])
    return torch.func.functional_call(score, {"W.weight": W, "W.bias": b}, (queries, keys))


_biased = named("queries", "keys", "W", "b")

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
    innocent={2: "W q + b for each query, as a row: q Wᵀ + b.", 4: "it returns what was computed."},
    reference=biased_score,
    cases=lambda: [
        _biased(*tensors([[1.0, 2]], [[3.0, 0], [1, 1]], [[0.0, 1], [0, 0]], [0.0, 1]), shown=True),
        _biased(*drawn(121, (2, 3), (4, 3), (3, 3), (3,), of=normal)),
    ],
    returns=("scores",),
    hints=(
        "Print the shape of `products`. Which axis should not be there?",
        "kᵀx is a sum of products over the features.",
        "`(queries @ W.T + b) @ keys.T`",
    ),
    minutes=3,
    difficulty=1,
    wrong=wrong_answers(
        lambda queries, keys, W, b: keys[None] * (queries @ W.T + b)[:, None],
        "Still a vector for each pair: [Q, K, D]. Sum over the features.",
        lambda queries, keys, W, b: (keys[None] * (queries @ W.T + b)[:, None]).mean(-1),
        "Averaged over the features; kᵀ(Wq + b) is their sum.",
        lambda queries, keys, W, b: queries @ W.T @ keys.T,
        "The bias b is forgotten.",
        lambda queries, keys, W, b: (queries @ W + b) @ keys.T,
        "W is turned round: W q as a row is `q @ W.T`.",
        lambda queries, keys, W, b: keys @ (queries @ W.T + b).T,
        "Right numbers, turned round: queries go down, keys across.",
    ),
)


def deep_hidden(queries: Tensor, keys: Tensor, W0: Tensor, W1: Tensor, b1: Tensor) -> Tensor:
    """First layer of the deep score: queries [Q, D], keys [K, D], W0, W1 [H, D], b1 [H] -> relu(…) [Q, K, H]."""
    return torch.relu((queries @ W0.T)[:, None] + (keys @ W1.T)[None] + b1)


_deep = named("queries", "keys", "W0", "W1", "b1")

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
    innocent={2: "each query is projected once.", 3: "each key is projected once.", 4: "every query meets every key."},
    reference=deep_hidden,
    cases=lambda: [
        _deep(*tensors([[1.0]], [[0.0], [2.0]], [[1.0], [-1.0]], [[1.0], [1.0]], [-2.0, 0.5]), shown=True),
        _deep(*drawn(131, (2, 3), (3, 3), (4, 3), (4, 3), (4,), of=normal)),
    ],
    returns=("hidden",),
    hints=(
        "Which values can the program give, if b₁ is negative? Which can a relu give?",
        "A bias moves the point at which the activation bends. Where must it stand for that?",
        "`torch.relu(pairs + b1)`",
    ),
    minutes=3,
    difficulty=1,
    wrong=wrong_answers(
        lambda queries, keys, W0, W1, b1: torch.relu((queries @ W0.T)[:, None] + keys @ W1.T) + b1,
        "Still outside: some of your values are negative, which a relu never gives.",
        lambda queries, keys, W0, W1, b1: torch.relu((queries @ W0.T)[:, None] + keys @ W1.T),
        "Now the bias is gone.",
        lambda queries, keys, W0, W1, b1: torch.relu((queries @ W0.T + b1)[:, None] + keys @ W1.T + b1),
        "The bias is in twice: once with the query, once with the key.",
        lambda queries, keys, W0, W1, b1: torch.tanh((queries @ W0.T)[:, None] + keys @ W1.T + b1),
        "The bias is where it belongs. The activation of this program is relu, though.",
    ),
)
