"""Chapter 4: two layers as matrices, self-attention and convolution."""

import torch
from torch import Tensor

from chapters.ch04.experiments import convolution_matrix
from course_utils.attention import scaled_dot_product_attention
from course_utils.exercises.definition import Exercise, variants, wrong_answers
from course_utils.exercises.inputs import drawn, named, tensors

# ---- self-attention -------------------------------------------------------------------------------------------------


def self_attention(X: Tensor, WQ: Tensor, WK: Tensor, WV: Tensor) -> tuple[Tensor, Tensor]:
    """X [T, D], WQ and WK [D, d], WV [D, e] -> output [T, e], weights [T, T]."""
    return scaled_dot_product_attention(X @ WQ, X @ WK, X @ WV)


_self = named("X", "WQ", "WK", "WV")


@variants
def _wrong_self(X, WQ, WK, WV, *, key=lambda X, WQ, WK: X @ WK, value=torch.matmul, scale=None, weigh=None, mix=None):
    """Self-attention with one thing done differently."""
    Q, K, V = X @ WQ, key(X, WQ, WK), value(X, WV)
    scores = Q @ K.T / (scale(X, Q) if scale else Q.shape[-1] ** 0.5)
    A = weigh(scores) if weigh else scores.softmax(-1)
    return (mix(A, V) if mix else A @ V), A


SELF = Exercise(
    name="self-attention",
    task="Q = X WQ, K = X WK, V = X WV; weights A = softmax(Q Kᵀ / √d) by rows, d the size of a query; output A V: "
    "X [T, D], WQ and WK [D, d], WV [D, e] -> (output [T, e], weights [T, T]).",
    why="One sentence, three roles. Everything in BERT and GPT is stacked from these four lines.",
    reference=self_attention,
    cases=lambda: [
        _self(*tensors([[1.0, 0], [0, 1], [1, 1]], [[1.0], [2]], [[2.0], [0]], [[1.0, 0], [0, 3]]), shown=True),
        _self(*drawn(500, (3, 2), (2, 2), (2, 2), (2, 2))),
        _self(*drawn(510, (5, 3), (3, 3), (3, 3), (3, 3))),
        _self(*drawn(520, (4, 3), (3, 2), (3, 2), (3, 3))),
    ],
    returns=("output", "weights"),
    hints=(
        "All three come from the same X. Which of them meet in the scores, and which one is averaged?",
        "`Q, K, V = X @ WQ, X @ WK, X @ WV`, then the scores `Q @ K.T / Q.shape[-1] ** 0.5`.",
        "`A = scores.softmax(-1)`, and return `A @ V, A`.",
    ),
    minutes=5,
    difficulty=1,
    wrong=wrong_answers(
        _wrong_self(value=lambda X, W: X),
        "The inputs X are averaged: WV is not used. What goes home are the values.",
        _wrong_self(weigh=lambda s: s.softmax(0)),
        "The softmax runs down the columns. Each *query* has a weight of 1 to give away: `softmax(-1)`.",
        _wrong_self(scale=lambda X, Q: 1),
        "The division by √d is missing.",
        _wrong_self(scale=lambda X, Q: X.shape[-1] ** 0.5),
        "Divided by √D, the size of a word vector. What grows is the product of query and key: √d, their size.",
        _wrong_self(scale=lambda X, Q: len(X) ** 0.5),
        "Divided by the root of the number of words. The products add up over features: √d.",
        _wrong_self(scale=lambda X, Q: Q.shape[-1]),
        "Divided by d: its root is missing.",
        _wrong_self(key=lambda X, WQ, WK: X @ WQ),
        "Keys made with WQ: then “it” asks just what it says of itself.",
        _wrong_self(mix=lambda A, V: A.T @ V),
        "The weights are right, but turned round in the mean: row i of A weighs what word i takes home, `A @ V`.",
        _wrong_self(weigh=lambda s: s),
        "There is no softmax: these are scores still.",
    ),
)

# ---- convolution as a matrix ----------------------------------------------------------------------------------------


_convolved = named("kernel", "length")


@variants
def _wrong_convolution(kernel, length, *, shift=0, flip=False, circular=False):
    half, C = len(kernel) // 2, torch.zeros(length, length)
    for i in range(length):
        for n, weight in enumerate(kernel.flip(0) if flip else kernel):
            j = i + n - half + shift
            if circular:
                C[i, j % length] += weight
            elif 0 <= j < length:
                C[i, j] += weight
    return C


CONVOLUTION = Exercise(
    name="convolution as a matrix",
    task="Write the convolution as a matrix C, so that C @ x slides the kernel over x, with zeros beyond both ends: "
    "kernel [k] with odd k, length -> [length, length]. As in torch, kernel[0] meets the leftmost neighbour.",
    why="Put beside attention's matrix, it shows what the two have in common, and the one thing they have not.",
    reference=convolution_matrix,
    cases=lambda: [
        _convolved(torch.tensor([1.0, 2, 3]), 4, shown=True),
        _convolved(torch.tensor([1.0, 0, -2]), 3),
        _convolved(torch.tensor([1.0, 2, 3, 4, 5]), 6),
        _convolved(torch.tensor([0.5]), 3),
    ],
    returns=("C",),
    hints=(
        "Row i says what output i takes from each word. With k = 3: something of i − 1, of i, and of i + 1.",
        "The middle of the kernel, `kernel[len(kernel) // 2]`, stands on the diagonal.",
        "Two loops: for each i and n, with j = i + n − k // 2: if 0 ≤ j < length, then C[i, j] = kernel[n].",
    ),
    minutes=6,
    difficulty=2,
    wrong=wrong_answers(
        _wrong_convolution(flip=True),
        "The kernel is turned round (or rows and columns are). Mathematicians flip it; torch does not: kernel[0] "
        "meets the left neighbour.",
        _wrong_convolution(shift=-1),
        "One place too far to the left: the *middle* of the kernel belongs on the diagonal.",
        _wrong_convolution(shift=1),
        "One place too far to the right: the *middle* of the kernel belongs on the diagonal.",
        _wrong_convolution(circular=True),
        "It goes round in a ring: the first word sees the last one on its left. Beyond the ends are zeros.",
        lambda kernel, length: convolution_matrix(kernel, length)[len(kernel) // 2 : length - len(kernel) // 2],
        "The ends are missing: with zeros beyond them there are as many outputs as words.",
        lambda kernel, length: convolution_matrix(torch.ones_like(kernel), length),
        "The right cells, but with ones in them: each holds a weight of the kernel.",
    ),
)
