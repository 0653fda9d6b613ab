"""Chapter 5, find-the-errors: the MultiHeadAttention of an article with code, slip by slip."""

import math

import torch
from torch import Tensor

from course_utils.attention import causal_mask, masked_softmax, padding_mask
from course_utils.exercises.definition import Case, FindError, variants, wrong_answers
from course_utils.exercises.inputs import drawn, named, some_numbers, tensors
from course_utils.exercises.properties import blind_to_later, rows_sum_to_one

from .heads import split_heads


def head_scores(q: Tensor, k: Tensor) -> Tensor:
    """q [B, H, Q, d], k [B, H, K, d] -> scores [B, H, Q, K], divided by √d."""
    return q @ k.mT / math.sqrt(q.shape[-1])


@variants
def _scores(q, k, *, turned=lambda k: k.mT, root=lambda q, k: math.sqrt(q.shape[-1]), after=lambda scores: scores):
    return after(q @ turned(k) / root(q, k))


_pair = named("q", "k")

NOT_TRANSPOSED = FindError(
    name="program 5.8",
    title="keys not transposed",
    task="write the scores again: q [B, H, Q, d], k [B, H, K, d] -> [B, H, Q, K].",
    why="It runs without a warning when there happen to be as many keys as a head has features.",
    program=(
        "def scores(q, k):                          # [B, H, Q, d], [B, H, K, d]",
        "    d = q.shape[-1]",
        "    products = torch.matmul(q, k)",
        "    return products / math.sqrt(d)",
    ),
    line=3,
    found="`torch.matmul` sums over the *last* axis of q and the *last but one* of k, which is the words. The keys "
    "must be transposed: `k.transpose(-2, -1)`.",
    innocent={2: "it is the size of a head.", 4: "it scales once, by √d."},
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
        "`torch.matmul(q, …)` stays; in what comes after it the last two axes of k are swapped: `.transpose(-2, -1)`.",
    ),
    minutes=3,
    difficulty=1,
    wrong=wrong_answers(
        _scores(turned=lambda k: k),
        "The keys are still not transposed: where K = d it runs, mixing features with words; elsewhere it stops.",
        _scores(root=lambda q, k: 1),
        "Transposed now, but the scale is missing: divide by √d.",
        _scores(after=lambda scores: scores.mT),
        "All of it is transposed: [B, H, K, Q]. Rows belong to the queries.",
        _scores(turned=lambda k: k.reshape(*k.shape[:2], k.shape[3], k.shape[2])),
        "A reshape is not a transpose: it only cuts the same numbers into rows of another length.",
        _scores(root=lambda q, k: math.sqrt(k.shape[-2])),
        "Scaled by the root of the number of keys. d is the size of one key.",
        _scores(root=lambda q, k: q.shape[-1]),
        "Transposed now, but scaled twice: by d, not √d.",
    ),
)


def scaled_weights(q: Tensor, k: Tensor) -> Tensor:
    """q [..., Q, d], k [..., K, d] -> weights [..., Q, K]."""
    return torch.softmax(q @ k.mT / math.sqrt(q.shape[-1]), dim=-1)


@variants
def _scaled(q, k, *, power=0.5, weigh=lambda scores: torch.softmax(scores, -1)):
    return weigh(q @ k.mT / q.shape[-1] ** power)


TWICE = FindError(
    name="program 5.9",
    title="scaled twice",
    task="write the weights again: q [..., Q, d], k [..., K, d] -> [..., Q, K].",
    why="Nothing crashes, and the rows sum to 1. But the weights are too even, and the model has to learn larger "
    "queries and keys to make up for it.",
    program=(
        "def weights(q, k):                          # [..., Q, d], [..., K, d]",
        "    d = q.shape[-1]",
        "    scores = q @ k.transpose(-2, -1) / math.sqrt(d)",
        "    return torch.softmax(scores / math.sqrt(d), dim=-1)",
    ),
    line=4,
    found="the scores are scaled already; here they are scaled once more, so that they are divided by d in all.",
    innocent={
        2: "it is the size of a head.",
        3: "the scores are scaled by √d, as they should be. Where is it done again?",
    },
    reference=scaled_weights,
    cases=lambda: [
        _pair(*tensors([[4.0, 0, 0, 0]], [[1.0, 0, 0, 0], [0, 1, 0, 0]]), shown=True),
        _pair(*drawn(870, (2, 3, 3), (2, 4, 3))),
        _pair(*drawn(872, (1, 2, 3, 2), (1, 2, 2, 2))),
    ],
    returns=("weights",),
    properties=(rows_sum_to_one(),),
    hints=(
        "By what are the scores divided in all, from the product to the softmax?",
        "√d · √d is d. The standard deviation of a dot product is √d.",
        "Leave one of the two divisions out.",
    ),
    minutes=2,
    difficulty=1,
    wrong=wrong_answers(
        _scaled(power=1),
        "Still divided by d in all: scaled twice.",
        _scaled(power=0),
        "Now nothing is scaled: both divisions are missing. One must stay.",
        _scaled(power=0.25),
        "Divided by the fourth root of d. Divide by √d, once.",
        _scaled(weigh=lambda scores: torch.softmax(scores, -2)),
        "The scale is right now, but the softmax runs over the queries.",
        _scaled(weigh=lambda scores: scores),
        "These are scores: the softmax is missing.",
    ),
)


def divided_by_root(scores: Tensor, d: int) -> Tensor:
    """scores [..., Q, K], head size d -> scores / √d."""
    return scores / math.sqrt(d)


def _no_root(scores, d):
    raise NameError("name 'sqrt' is not defined")


ROOT = FindError(
    name="program 5.10",
    title="a root from nowhere",
    task="write the function again, scores [..., Q, K], head size d -> scores / √d.",
    why="An article's code that was never run as it was printed.",
    program=(
        "import math",
        "import torch",
        "def scaled(scores, d):",
        "    return scores / sqrt(d)",
    ),
    line=4,
    found="nothing here is called `sqrt`: it is `math.sqrt(d)`, or `d ** 0.5`. Of this article's five slips it is the "
    "only one that Python always reports.",
    innocent={
        1: "it is needed. How is what is in it called?",
        2: "it is needed elsewhere.",
        3: "it only names what comes in.",
    },
    reference=divided_by_root,
    cases=lambda: [
        Case({"scores": torch.tensor([[2.0, 4.0], [0.0, -8.0]]), "d": 4}, shown=True),
        Case({"scores": some_numbers(2, 2, 3, seed=874), "d": 2}),
    ],
    returns=("scores",),
    hints=(
        "Run it. What does the last line of the message say?",
        "`d` is a Python number, so torch's own `torch.sqrt` does not take it.",
        "The function is in the module `math`, and is called by the module's name, a dot and its own.",
    ),
    minutes=1,
    difficulty=1,
    wrong=wrong_answers(
        _no_root,
        "The name `sqrt` is still unknown. `math.sqrt`, or `d ** 0.5`.",
        lambda scores, d: scores / d,
        "Divided by d: the root is missing.",
        lambda scores, d: scores / torch.sqrt(d),
        "`torch.sqrt` takes tensors, and d is a number: `math.sqrt`.",
        lambda scores, d: scores * math.sqrt(d),
        "Multiplied instead of divided.",
        lambda scores, d: scores,
        "The scale is missing.",
    ),
)


def split_both(query: Tensor, key: Tensor, heads: int) -> tuple[Tensor, Tensor]:
    """query [B, Q, D], key [B, K, D] -> [B, H, Q, d], [B, H, K, d]."""
    return split_heads(query, heads), split_heads(key, heads)


def _cut(x, length, heads):
    return x.view(len(x), length, heads, x.shape[-1] // heads).transpose(1, 2)


_two = named("query", "key", "heads")

KEY_LENGTH = FindError(
    name="program 5.11",
    title="as many keys as queries",
    task="write it again: query [B, Q, D], key [B, K, D] -> q [B, H, Q, d], k [B, H, K, d].",
    why="It was tested with self-attention only, where both are equally long.",
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
        2: "these are the sizes of the query. Are they the key's as well?",
        3: "the query is cut with its own length, and swapped.",
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
        "Let three French words attend to four English ones. Where does it stop?",
        "Whose length is `length`?",
        "The key has a length of its own, `key.shape[1]`. Where in line 4 does it belong?",
    ),
    minutes=3,
    difficulty=1,
    wrong=wrong_answers(
        lambda query, key, heads: (_cut(query, query.shape[1], heads), _cut(key, query.shape[1], heads)),
        "The keys are still cut with the query's length.",
        lambda query, key, heads: tuple(split_heads(x[:, : query.shape[1]], heads) for x in (query, key)),
        "The keys are cut off at the length of the query: it no longer crashes, but the end of the source is lost.",
        lambda query, key, heads: tuple(x.reshape(len(x), heads, x.shape[1], -1) for x in (query, key)),
        "Each has its own length now, but the reshape goes straight to [B, H, T, d] and mixes words with heads: "
        "[B, T, H, d] first, then swap.",
        lambda query, key, heads: tuple(x.unflatten(-1, (heads, -1)) for x in (query, key)),
        "Each has its own length now, but the swap is missing: [B, T, H, d].",
    ),
)


def decoder_weights(q: Tensor, k: Tensor, lengths: Tensor) -> Tensor:
    """q, k [B, T, d], lengths [B] -> weights [B, T, T], causal and without padding."""
    mask = padding_mask(lengths, q.shape[1]) & causal_mask(q.shape[1])
    scores = q @ k.mT / math.sqrt(q.shape[-1])
    return torch.softmax(scores.masked_fill(~mask, -torch.inf), dim=-1)


def _causal(lengths, size):
    return torch.ones(len(lengths), size, size, dtype=torch.bool).tril()


def _padding(lengths, size):
    return (torch.arange(size) < lengths[:, None])[:, None].expand(-1, size, -1)


@variants
def _weighed(
    q, k, lengths, *, causal=_causal, padding=_padding, joined=torch.logical_and, weigh=masked_softmax, root=0.5
):
    """Weights of a decoder."""
    mask = joined(padding(lengths, q.shape[1]), causal(lengths, q.shape[1]))
    return weigh(q @ k.mT / q.shape[-1] ** root, mask)


_padded = named("q", "k", "lengths")

NOBODY = FindError(
    name="program 5.12",
    title="a mask that nobody builds",
    task="write the function again, q, k [B, T, d], lengths [B] -> weights [B, T, T], causal and without padding.",
    why="The layer can be masked, says the article. Its model never builds a mask.",
    program=(
        "def decoder_weights(q, k, lengths):                # [B, T, d], [B, T, d], [B]",
        "    mask = None                                    # optional",
        "    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])",
        "    if mask is not None:",
        '        scores = scores.masked_fill(mask == 0, float("-inf"))',
        "    return torch.softmax(scores, dim=-1)",
    ),
    line=2,
    found="in a decoder the masks are not optional: the causal one and the one for padding have to be built.",
    innocent={
        1: "it only names what comes in. Are all of them used?",
        3: "these are scaled dot products.",
        4: "it would be fine, if there ever were a mask.",
        5: "it puts −∞ where the mask says no.",
        6: "it is a softmax along the keys.",
    },
    reference=decoder_weights,
    cases=lambda: [
        _padded(*drawn(890, (1, 3, 2), (1, 3, 2)), torch.tensor([2]), shown=True),
        _padded(*drawn(892, (2, 3, 2), (2, 3, 2)), torch.tensor([3, 1])),
        _padded(*drawn(894, (2, 4, 3), (2, 4, 3)), torch.tensor([2, 4])),
    ],
    returns=("weights",),
    properties=(blind_to_later("k"), rows_sum_to_one()),
    hints=(
        "Which of the three things that come in is never used?",
        "Two masks, both of which must say yes. You wrote them in *decoder masks*.",
        "`torch.arange(T) < lengths[:, None]` is [B, T], True = a real word, and needs an axis for the queries. The "
        "other one is a lower triangle. `&` joins them.",
    ),
    minutes=4,
    difficulty=2,
    wrong=wrong_answers(
        _weighed(joined=lambda padding, causal: torch.ones_like(causal)),
        "There is still no mask: every word sees every other one, and padding, too.",
        _weighed(joined=lambda padding, causal: causal),
        "Causal now, but the words behind the end still attend to padding.",
        _weighed(joined=lambda padding, causal: padding),
        "Without padding now, but each word still sees the ones that come after it.",
        _weighed(joined=torch.logical_or),
        "Joined by *or*: a key may be seen as soon as one of the two says yes.",
        _weighed(causal=lambda n, T: _causal(n, T).mT),
        "The wrong triangle: each word sees itself and the future.",
        _weighed(causal=lambda n, T: _causal(n, T).tril(-1)),
        "Strictly before: the first word sees nothing, not even itself.",
        _weighed(weigh=lambda s, m: torch.softmax(s, -1) * m),
        "The mask comes after the softmax: the hidden keys' share is lost, and the rows sum to less than 1.",
        _weighed(weigh=lambda s, m: torch.softmax(s * m, -1)),
        "The mask is multiplied in before the softmax, and exp(0) = 1 still leaks.",
        _weighed(padding=lambda n, T: _padding(n, T) & _padding(n, T).mT),
        "Nearly. The rows of padded *queries* are empty, too. That does no harm here, but a plain softmax would make "
        "NaN of them. Hide only padded keys.",
        _weighed(root=0),
        "The scale is missing now: divide by √d, as before.",
    ),
)

ARTICLE = (NOT_TRANSPOSED, TWICE, ROOT, KEY_LENGTH, NOBODY)
