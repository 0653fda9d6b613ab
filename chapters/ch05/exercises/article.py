"""Chapter 5, find-the-errors: the MultiHeadAttention of an article with code, slip by slip."""

import math

import torch
from torch import Tensor

from chapters.ch02.exercises.attention import scaled_dot_score
from chapters.ch02.exercises.masks import decoder_mask
from course_utils.attention import masked_softmax, scaled_dot_product_attention
from course_utils.exercises.definition import Case, FindError, wrong_answers
from course_utils.exercises.inputs import drawn, named, some_numbers, tensors

from .heads import split_heads

# ---- keys not transposed --------------------------------------------------------------------------------------------


def head_scores(q: Tensor, k: Tensor) -> Tensor:
    """q [B, H, Q, d], k [B, H, K, d] -> scores [B, H, Q, K], divided by √d."""
    return scaled_dot_score(q.flatten(0, 1), k.flatten(0, 1)).unflatten(0, q.shape[:2])


_pair = named("q", "k")

NOT_TRANSPOSED = FindError(
    name="keys not transposed",
    task="write the scores again: q [B, H, Q, d], k [B, H, K, d] -> [B, H, Q, K].",
    why="It runs without a word of warning when there are as many keys as a head has features.",
    program=(
        "def scores(q, k):                          # [B, H, Q, d], [B, H, K, d]",
        "    d = q.shape[-1]",
        "    products = torch.matmul(q, k)",
        "    return products / math.sqrt(d)",
    ),
    line=3,
    found="`torch.matmul` sums over the *last* axis of q and the *last but one* of k, which is the words. The keys "
    "must be turned round: `k.transpose(-2, -1)`.",
    innocent={2: "the size of a head.", 4: "scaled once, by √d."},
    reference=head_scores,
    cases=lambda: [
        _pair(*tensors([[[[1.0, 0], [0, 1]]]], [[[[1.0, 2], [3, 4]]]]), shown=True),
        _pair(*drawn(860, (1, 2, 3, 3), (1, 2, 3, 3))),
        _pair(*drawn(862, (2, 2, 2, 4), (2, 2, 3, 4))),
    ],
    returns=("scores",),
    hints=(
        "In the example q is a unit matrix. What should row 1 of the scores hold, and what does it?",
        "Which axes does a matrix product sum over?",
        "`torch.matmul(q, k.transpose(-2, -1))`, or `q @ k.mT`",
    ),
    minutes=3,
    difficulty=1,
    wrong=wrong_answers(
        lambda q, k: torch.matmul(q, k) / math.sqrt(q.shape[-1]),
        "The keys are not transposed still: where K = d it runs, mixing features with words; elsewhere it stops.",
        lambda q, k: q @ k.mT,
        "Transposed now, but the scale is gone: divide by √d.",
        lambda q, k: k @ q.mT / math.sqrt(q.shape[-1]),
        "Turned round altogether: [B, H, K, Q]. Rows belong to the queries.",
        lambda q, k: q @ k.reshape(*k.shape[:2], k.shape[3], k.shape[2]) / math.sqrt(q.shape[-1]),
        "A reshape is no transpose: it only cuts the same numbers into rows of another length.",
        lambda q, k: q @ k.mT / math.sqrt(k.shape[-2]),
        "Scaled by the number of keys. d is the size of one.",
        lambda q, k: q @ k.mT / q.shape[-1],
        "Transposed now, but scaled twice: by d, not √d.",
    ),
)

# ---- scaled twice ---------------------------------------------------------------------------------------------------


def scaled_weights(q: Tensor, k: Tensor) -> Tensor:
    """q [..., Q, d], k [..., K, d] -> weights [..., Q, K]."""
    return scaled_dot_product_attention(q, k, k)[1]


def _weights_scaled(power: float, dim: int = -1):
    return lambda q, k: torch.softmax(q @ k.mT / q.shape[-1] ** power, dim)


TWICE = FindError(
    name="scaled twice",
    task="write the weights again: q [..., Q, d], k [..., K, d] -> [..., Q, K].",
    why="Nothing crashes, and the rows sum to 1. The weights are too even, and the model learns to shout.",
    program=(
        "def weights(q, k):                          # [..., Q, d], [..., K, d]",
        "    d = q.shape[-1]",
        "    scores = q @ k.transpose(-2, -1) / math.sqrt(d)",
        "    return torch.softmax(scores / math.sqrt(d), dim=-1)",
    ),
    line=4,
    found="the scores are scaled already; here they are scaled once more, by d in all.",
    innocent={2: "the size of a head.", 3: "scores, scaled by √d, as they should be. Who does it again?"},
    reference=scaled_weights,
    cases=lambda: [
        _pair(*tensors([[4.0, 0, 0, 0]], [[1.0, 0, 0, 0], [0, 1, 0, 0]]), shown=True),
        _pair(*drawn(870, (2, 3, 3), (2, 4, 3))),
        _pair(*drawn(872, (1, 2, 3, 2), (1, 2, 2, 2))),
    ],
    returns=("weights",),
    hints=(
        "By what are the scores divided in all, from the product to the softmax?",
        "√d · √d is d. The spread of a dot product is √d.",
        "`torch.softmax(scores, dim=-1)`",
    ),
    minutes=2,
    difficulty=1,
    wrong=wrong_answers(
        _weights_scaled(1),
        "Divided by d in all still: scaled twice.",
        _weights_scaled(0),
        "Now nothing is scaled: both divisions are gone. One must stay.",
        _weights_scaled(0.25),
        "Divided by the fourth root of d: √d once, whole.",
        _weights_scaled(0.5, -2),
        "Scaled rightly now, but the softmax runs over the queries.",
        lambda q, k: q @ k.mT / q.shape[-1] ** 0.5,
        "These are scores: the softmax is gone.",
    ),
)

# ---- a root from nowhere --------------------------------------------------------------------------------------------


def divided_by_root(scores: Tensor, d: int) -> Tensor:
    """scores [..., Q, K], head size d -> scores / √d."""
    return scores / math.sqrt(d)


def _no_root(scores, d):
    raise NameError("name 'sqrt' is not defined")


ROOT = FindError(
    name="a root from nowhere",
    task="write the function again: scores [..., Q, K], head size d -> scores / √d.",
    why="An article's code that was never run as it is printed.",
    program=(
        "import math",
        "import torch",
        "def scaled(scores, d):",
        "    return scores / sqrt(d)",
    ),
    line=4,
    found="`sqrt` is no name here: `math.sqrt(d)`, or `d ** 0.5`. Of all five slips of this article it is the one that "
    "always says so itself.",
    innocent={1: "there it is: what is in it?", 2: "needed elsewhere.", 3: "it only names what comes in."},
    reference=divided_by_root,
    cases=lambda: [
        Case({"scores": torch.tensor([[2.0, 4.0], [0.0, -8.0]]), "d": 4}, shown=True),
        Case({"scores": some_numbers(2, 2, 3, seed=874), "d": 2}),
    ],
    returns=("scores",),
    hints=(
        "Run it. What does the last line of the message say?",
        "`d` is a Python number, so torch's own `torch.sqrt` does not take it.",
        "`scores / math.sqrt(d)`",
    ),
    minutes=1,
    difficulty=1,
    wrong=wrong_answers(
        _no_root,
        "The name `sqrt` is unknown still. `math.sqrt`, or `d ** 0.5`.",
        lambda scores, d: scores / d,
        "Divided by d: the root is gone.",
        lambda scores, d: scores / torch.sqrt(d),
        "`torch.sqrt` takes tensors, and d is a number: `math.sqrt`.",
        lambda scores, d: scores * math.sqrt(d),
        "Multiplied, where it should be divided.",
        lambda scores, d: scores,
        "The scale is gone.",
    ),
)

# ---- as many keys as queries ----------------------------------------------------------------------------------------


def split_both(query: Tensor, key: Tensor, heads: int) -> tuple[Tensor, Tensor]:
    """query [B, Q, D], key [B, K, D] -> [B, H, Q, d], [B, H, K, d]."""
    return split_heads(query, heads), split_heads(key, heads)


def _cut(x, length, heads):
    return x.view(len(x), length, heads, x.shape[-1] // heads).transpose(1, 2)


_two = named("query", "key", "heads")

KEY_LENGTH = FindError(
    name="as many keys as queries",
    task="write it again: query [B, Q, D], key [B, K, D] -> q [B, H, Q, d], k [B, H, K, d].",
    why="All its tests were self-attention, where both are equally long.",
    program=(
        "def split_both(query, key, heads):                # [B, Q, D], [B, K, D]",
        "    B, length, D = query.shape",
        "    q = query.view(B, length, heads, D // heads).transpose(1, 2)",
        "    k = key.view(B, length, heads, D // heads).transpose(1, 2)",
        "    return q, k",
    ),
    line=4,
    found="the keys are cut with the length of the query. In cross-attention the source has a length of its own.",
    innocent={
        2: "the sizes of the query: right. Are they the key's as well?",
        3: "the query, cut with its own length, and swapped.",
        5: "both are returned.",
    },
    reference=split_both,
    cases=lambda: [
        _two(*tensors([[[1.0, 2]]], [[[1.0, 2], [3, 4], [5, 6]]]), 2, shown=True),
        _two(*drawn(880, (2, 3, 4), (2, 3, 4)), 2),
        _two(*drawn(882, (2, 2, 6), (2, 4, 6)), 3),
        _two(*drawn(884, (1, 4, 4), (1, 2, 4)), 2),
    ],
    returns=("q", "k"),
    hints=(
        "Let three French words ask four English ones. Where does it stop?",
        "Whose length is `length`?",
        "`key.view(B, key.shape[1], heads, D // heads)`, or −1 in that place",
    ),
    minutes=3,
    difficulty=1,
    wrong=wrong_answers(
        lambda query, key, heads: (_cut(query, query.shape[1], heads), _cut(key, query.shape[1], heads)),
        "The keys are cut with the query's length still.",
        lambda query, key, heads: tuple(split_heads(x[:, : query.shape[1]], heads) for x in (query, key)),
        "The keys are cut off to the length of the query: no crash any more, and the end of the source is lost.",
        lambda query, key, heads: tuple(x.reshape(len(x), heads, x.shape[1], -1) for x in (query, key)),
        "Each has its own length now, but the reshape goes straight to [B, H, T, d] and mixes words with heads: "
        "[B, T, H, d] first, then swap.",
        lambda query, key, heads: tuple(x.unflatten(-1, (heads, -1)) for x in (query, key)),
        "Each has its own length now, but the swap is gone: [B, T, H, d].",
    ),
)

# ---- a mask that nobody builds --------------------------------------------------------------------------------------


def decoder_weights(q: Tensor, k: Tensor, lengths: Tensor) -> Tensor:
    """q, k [B, T, d], lengths [B] -> weights [B, T, T], causal and without padding."""
    return scaled_dot_product_attention(q, k, k, decoder_mask(lengths, q.shape[1]))[1]


def _weighed(mask, weigh=masked_softmax):
    """Weights under another mask, made of (lengths, T)."""
    return lambda q, k, lengths: weigh(q @ k.mT / math.sqrt(q.shape[-1]), mask(lengths, q.shape[1]))


def _causal(lengths, size):
    return torch.ones(len(lengths), size, size, dtype=torch.bool).tril()


def _padding(lengths, size):
    return (torch.arange(size) < lengths[:, None])[:, None].expand(-1, size, -1)


_padded = named("q", "k", "lengths")

NOBODY = FindError(
    name="a mask that nobody builds",
    task="write the function again: q, k [B, T, d], lengths [B] -> weights [B, T, T], causal and without padding.",
    why="The layer can be masked, says the article. Its model never does it.",
    program=(
        "def decoder_weights(q, k, lengths):                # [B, T, d], [B, T, d], [B]",
        "    mask = None                                    # optional",
        "    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])",
        "    if mask is not None:",
        '        scores = scores.masked_fill(mask == 0, float("-inf"))',
        "    return torch.softmax(scores, dim=-1)",
    ),
    line=2,
    found="in a decoder no mask is optional: the causal one, and the one for padding, must be built by somebody.",
    innocent={
        1: "it only names what comes in. Are all of them used?",
        3: "scaled dot products.",
        4: "fine, if there ever were one.",
        5: "−∞ where the mask says no.",
        6: "a softmax along the keys.",
    },
    reference=decoder_weights,
    cases=lambda: [
        _padded(*drawn(890, (1, 3, 2), (1, 3, 2)), torch.tensor([2]), shown=True),
        _padded(*drawn(892, (2, 3, 2), (2, 3, 2)), torch.tensor([3, 1])),
        _padded(*drawn(894, (2, 4, 3), (2, 4, 3)), torch.tensor([2, 4])),
    ],
    returns=("weights",),
    hints=(
        "Which of the three things that come in is never used?",
        "Two masks, both of which must say yes. You have written them above.",
        "`mask = (torch.arange(T) < lengths[:, None])[:, None] & torch.ones(T, T, dtype=torch.bool).tril()`",
    ),
    minutes=4,
    difficulty=2,
    wrong=wrong_answers(
        _weighed(lambda n, T: None),
        "There is no mask still: all words see all, and padding, too.",
        _weighed(_causal),
        "Causal now; but the words behind the end still look at padding.",
        _weighed(_padding),
        "Without padding now; but each word still sees the ones that come after it.",
        _weighed(lambda n, T: _causal(n, T) | _padding(n, T)),
        "Joined by *or*: a key may be seen as soon as one of the two says yes.",
        _weighed(lambda n, T: _padding(n, T) & _causal(n, T).mT),
        "The wrong triangle: each word sees itself and the future.",
        _weighed(lambda n, T: _padding(n, T) & _causal(n, T).tril(-1)),
        "Strictly before: the first word sees nothing, not even itself.",
        _weighed(lambda n, T: _padding(n, T) & _causal(n, T), lambda s, m: torch.softmax(s, -1) * m),
        "The mask comes after the softmax: the hidden keys' share is lost, and the rows sum to less than 1.",
        _weighed(lambda n, T: _padding(n, T) & _causal(n, T), lambda s, m: torch.softmax(s * m, -1)),
        "The mask is multiplied in before the softmax, and exp(0) = 1 still leaks.",
        _weighed(lambda n, T: _padding(n, T) & _padding(n, T).mT & _causal(n, T)),
        "Nearly. What padding *asks* is silenced as well: harmless, but such rows are empty, and a plain softmax "
        "would make NaN of them. Hide padded keys alone.",
    ),
)

ARTICLE = (NOT_TRANSPOSED, TWICE, ROOT, KEY_LENGTH, NOBODY)
