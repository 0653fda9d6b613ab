"""Chapter 2, find-the-errors: slips in a widely used table of scores."""

from dataclasses import replace

import torch
from torch import Tensor

from course_kit.exercises import properties
from course_kit.exercises.define import FindError, drawn, named, normal, tensors, variants, wrong_answers
from course_utils.scores import SCORES


def scaled_score(queries: Tensor, keys: Tensor) -> Tensor:
    """queries [Q, D], keys [K, D] -> q·k / √D [Q, K]."""
    return SCORES["scaled_dot"](keys.shape[-1], keys.shape[-1])(queries, keys)


def by_the_size_of_a_key(queries, keys):
    products = queries @ keys.T
    d = keys.shape[-1]
    return products / d**0.5


_pair = named("queries", "keys")


@variants
def _divided(queries, keys, *, by, of=lambda queries, keys: keys):
    return queries @ keys.T / by(of(queries, keys))


SIZE_OR_LENGTH = FindError(
    name="program 2.5",
    title="size or length",
    task="the variance of the scores should not depend on the size of the vectors.",
    program=(
        "def score(queries, keys):              # queries [Q, D], keys [K, D]",
        "    products = queries @ keys.T        # [Q, K]",
        "    d = len(keys)",
        "    return products / d ** 0.5",
    ),
    line=3,
    found="d is the size of one key, `keys.shape[-1]`. In each head of the first Transformer it is 64; 512 was the "
    "size of its model, all heads together.",
    innocent={
        2: "these are the dot products of all pairs.",
        4: "dividing by the root of d is right, provided that d is.",
    },
    reference=scaled_score,
    shown=by_the_size_of_a_key,
    cases=lambda: [
        _pair(*tensors([[1.0, 1]], [[1.0, 0], [0, 1], [1, 1]]), shown=True),
        _pair(*drawn(100, (2, 3), (4, 3), of=normal)),
        _pair(*drawn(102, (3, 5), (2, 5), of=normal)),
    ],
    returns=("scores",),
    hints=(
        "A dot product of two vectors is a sum. How many terms does it have?",
        "Make the input twice as long by adding more keys. Should the score of the first pair change?",
        "`len(keys)` is the first number of the shape [K, D]. Which number of `keys.shape` should d be?",
    ),
    minutes=3,
    difficulty=1,
    wrong=wrong_answers(
        _divided(by=lambda keys: len(keys) ** 0.5),
        "You still divide by the root of the number of keys, so a longer input changes the score of one and the same "
        "pair.",
        _divided(by=lambda queries: len(queries) ** 0.5, of=lambda queries, keys: queries),
        "You divide by the root of the number of queries. d is the size of one vector.",
        _divided(by=lambda keys: 512**0.5),
        "512 is the size of that model, all its heads together. d is the size of the keys that come in.",
        _divided(by=lambda keys: 64**0.5),
        "64 is right for the heads of that one model. Take the size from the keys.",
        _divided(by=lambda keys: keys.shape[-1] ** -0.5),
        "You multiply by √d where you should divide.",
        _divided(by=lambda keys: 1),
        "Now nothing is divided, and the standard deviation of the scores grows like √d.",
        _divided(by=lambda keys: keys.shape[-1]),
        "You divide by d, but the standard deviation of the sum grows like √d.",
    ),
)


def location_score(queries: Tensor, keys: Tensor, W: Tensor) -> Tensor:
    """queries [Q, D], keys [K, D], W [P, D], one row per position, P ≥ K -> scores [Q, K]."""
    score = SCORES["location_based"](W.shape[1], W.shape[1], max_keys=len(W))
    return torch.func.functional_call(score, {"W.weight": W}, (queries, keys))


def by_position(queries, keys, W):
    rows = W[: len(keys)]  # one for each position that has a key
    return queries @ rows.T


_location = named("queries", "keys", "W")

LOCATION = FindError(
    name="program 2.1",
    title="one number for all keys",
    task="each position should get its own score. Row i of W [P, D] belongs to position i.",
    program=(
        "def score(queries, keys, W):           # queries [Q, D], keys [K, D], W [P, D], P ≥ K",
        "    a = queries @ W[0]                 # [Q]: a(q)",
        "    return a[:, None].expand(-1, len(keys))",
    ),
    line=2,
    found="a(q) is one number for all keys, so softmax gives each of them 1/K. Luong's score is a vector, with one "
    "number for each position.",
    innocent={3: "the result has the shape [Q, K], as it should."},
    reference=location_score,
    shown=by_position,
    cases=lambda: [
        _location(torch.tensor([[1.0, 2]]), torch.zeros(2, 2), torch.tensor([[1.0, 0], [0, 1], [1, 1]]), shown=True),
        _location(*drawn(111, (2, 3), (4, 3), (6, 3), of=normal)),
        _location(*drawn(114, (3, 3), (3, 3), (3, 3), of=normal)),
    ],
    returns=("scores",),
    hints=(
        "What does softmax make of a row in which all numbers are equal?",
        "Each position has a row in W. Which rows do you need for K keys?",
        "`queries @ W.T` has one score for each of the P positions. Only the first `len(keys)` of them have a key.",
    ),
    minutes=4,
    difficulty=2,
    properties=(
        replace(
            properties.linear_in("W"),
            says="Twice W should give twice the scores, but with yours it does not. Each score is a dot product of "
            "the query with a row of W, and nothing else.",
        ),
    ),
    wrong=wrong_answers(
        lambda queries, keys, W: (queries @ W[0])[:, None].expand(-1, len(keys)),
        "This is still one number per query, the same for all positions.",
        lambda queries, keys, W: queries @ W.T,
        "This is one score for each of the P positions that W knows, but there are only K keys. Take the first K rows "
        "of W.",
        lambda queries, keys, W: queries @ keys.T,
        "These are dot products with the keys. A location-based score does not read the keys; it only counts them.",
        lambda queries, keys, W: queries @ W[-len(keys) :].T,
        "You take the last K rows of W, but position 0 belongs to the first row.",
        lambda queries, keys, W: torch.softmax(queries @ W[: len(keys)].T, -1),
        "These are already the weights. Return the scores from before the softmax.",
    ),
)


def biased_score(queries: Tensor, keys: Tensor, W: Tensor, b: Tensor) -> Tensor:
    """queries [Q, D], keys [K, D], W [D, D], b [D] -> kᵀ(W q + b) [Q, K]."""
    score = SCORES["biased_general"](W.shape[1], W.shape[0])
    return torch.func.functional_call(score, {"W.weight": W, "W.bias": b}, (queries, keys))


def with_transpose(queries, keys, W, b):
    asked = queries @ W.T + b
    return asked @ keys.T


_biased = named("queries", "keys", "W", "b")


def _as_it_is(x):
    return x


@variants
def _wrong_biased(
    queries, keys, W, b, *, matrix=Tensor.t, bias=1, join=lambda asked, keys: asked @ keys.T, axes=_as_it_is
):
    """kᵀ(W q + b) with another matrix, without the bias, or with something else than the sums of the products."""
    return axes(join(queries @ matrix(W) + bias * b, keys))


BIASED = FindError(
    name="program 2.2",
    title="a missing transpose",
    task="there should be one number for each query with each key.",
    program=(
        "def score(queries, keys, W, b):                     # queries [Q, D], keys [K, D], W [D, D], b [D]",
        "    asked = queries @ W.T + b                       # [Q, D]: W q + b",
        "    products = keys[None, :] * asked[:, None]       # k (W q + b)",
        "    return products",
    ),
    line=3,
    found="`*` multiplies feature by feature and leaves vectors. With the transpose, kᵀ(Wq + b) is their sum: one "
    "number for each pair.",
    innocent={2: "this is W q + b for each query, which as a row is q Wᵀ + b.", 4: "it returns what was computed."},
    reference=biased_score,
    shown=with_transpose,
    cases=lambda: [
        _biased(*tensors([[1.0, 2]], [[3.0, 0], [1, 1]], [[0.0, 1], [0, 0]], [0.0, 1]), shown=True),
        _biased(*drawn(121, (2, 3), (4, 3), (3, 3), (3,), of=normal)),
    ],
    returns=("scores",),
    hints=(
        "Print the shape of `products`. Which axis should not be there?",
        "kᵀx is a sum of products over the features.",
        "You can sum `products` over its last axis. Or make all sums at once, as a matrix product of `asked`, [Q, D], "
        "with the transposed keys.",
    ),
    minutes=3,
    difficulty=1,
    properties=(
        replace(
            properties.linear_in("keys"),
            says="Twice the key should give twice the score, but with yours it does not. kᵀ(Wq + b) is a plain "
            "product with the key.",
        ),
    ),
    wrong=wrong_answers(
        _wrong_biased(join=lambda asked, keys: keys[None] * asked[:, None]),
        "This is still a vector for each pair, [Q, K, D]. Sum over the features.",
        _wrong_biased(join=lambda asked, keys: (keys[None] * asked[:, None]).mean(-1)),
        "You average over the features; kᵀ(Wq + b) is their sum.",
        _wrong_biased(bias=0),
        "The bias b is missing.",
        _wrong_biased(matrix=_as_it_is),
        "W is transposed: W q, written as a row, is `q @ W.T`.",
        _wrong_biased(axes=Tensor.t),
        "The scores are transposed, [K, Q]. Queries go down, keys across.",
        lambda queries, keys, W, b: torch.softmax(biased_score(queries, keys, W, b), -1),
        "These are already the weights. Return the scores from before the softmax.",
    ),
)


def deep_hidden(queries: Tensor, keys: Tensor, W0: Tensor, W1: Tensor, b1: Tensor) -> Tensor:
    """First layer of the deep score: queries [Q, D], keys [K, D], W0, W1 [H, D], b1 [H] -> relu(…) [Q, K, H]."""
    return torch.relu((queries @ W0.T)[:, None] + (keys @ W1.T)[None] + b1)


_deep = named("queries", "keys", "W0", "W1", "b1")


@variants
def _wrong_deep(queries, keys, W0, W1, b1, *, inside=1, outside=0, bend=torch.relu):
    """The first layer with its bias inside or outside (so many times), and another activation."""
    pairs = (queries @ W0.T)[:, None] + (keys @ W1.T)[None]
    return bend(pairs + inside * b1) + outside * b1


DEEP = FindError(
    name="program 2.3",
    title="the bias outside",
    task="the first layer should be relu(W₀q + W₁k + b₁) for each pair.",
    program=(
        "def hidden(queries, keys, W0, W1, b1):   # queries [Q, D], keys [K, D], W0, W1 [H, D], b1 [H]",
        "    q = queries @ W0.T                   # [Q, H]",
        "    k = keys @ W1.T                      # [K, H]",
        "    pairs = q[:, None] + k[None, :]      # [Q, K, H]",
        "    return torch.relu(pairs) + b1",
    ),
    line=5,
    found="after the activation, b₁ only shifts the result, and the next layer's bias could do that too. Inside, it "
    "decides from which sum on a hidden unit is active.",
    innocent={2: "each query is projected once.", 3: "each key is projected once.", 4: "every query meets every key."},
    reference=deep_hidden,
    cases=lambda: [
        _deep(*tensors([[1.0]], [[0.0], [2.0]], [[1.0], [-1.0]], [[1.0], [1.0]], [-2.0, 0.5]), shown=True),
        _deep(*drawn(131, (2, 3), (3, 3), (4, 3), (4, 3), (4,), of=normal)),
    ],
    returns=("hidden",),
    hints=(
        "Which numbers can the program return if b₁ is negative? Which numbers can a relu return?",
        "A bias should move the point at which the activation bends. Where must it be added for that?",
        "Add `b1` to `pairs` first, and take `torch.relu` of everything.",
    ),
    minutes=3,
    difficulty=1,
    properties=(
        properties.Property(
            "A relu is never negative, and some of your numbers are. Is something added after it, or is it missing?",
            lambda run, case, mine, want: bool((mine < -1e-4).any()),
        ),
    ),
    wrong=wrong_answers(
        _wrong_deep(inside=0, outside=1),
        "The bias is still outside: some of your numbers are negative, which those of a relu never are.",
        _wrong_deep(inside=0),
        "Now the bias is missing.",
        _wrong_deep(inside=2),
        "The bias is added twice: once with the query, and once with the key.",
        _wrong_deep(outside=1),
        "The bias is added twice: once inside the relu, and once after it.",
        _wrong_deep(bend=torch.tanh),
        "This is a tanh; the activation of this program is relu.",
        _wrong_deep(bend=_as_it_is),
        "The relu is missing.",
    ),
)
