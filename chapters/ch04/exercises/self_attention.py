"""Chapter 4: two layers as matrices, self-attention and convolution."""

from dataclasses import replace

import torch
from torch import Tensor

from chapters.ch04.experiments import convolution_matrix
from course_kit.exercises.define import Exercise, drawn, named, tensors, variants, wrong_answers
from course_kit.exercises.properties import linear_in, queries_are_independent, rows_sum_to_one
from course_utils.attention import scaled_dot_product_attention

from . import answers


def self_attention(X: Tensor, WQ: Tensor, WK: Tensor, WV: Tensor) -> tuple[Tensor, Tensor]:
    """X [T, D], WQ and WK [D, d], WV [D, e] -> output [T, e], weights [T, T]."""
    return scaled_dot_product_attention(X @ WQ, X @ WK, X @ WV)


_self = named("X", "WQ", "WK", "WV")


@variants
def _wrong_self(
    X,
    WQ,
    WK,
    WV,
    *,
    query=lambda X, WQ, WK: X @ WQ,
    pair=lambda Q, K: Q @ K.T,
    scale=lambda X, Q: Q.shape[-1] ** 0.5,
    mix=torch.matmul,
):
    """Self-attention with one thing done differently."""
    Q, K, V = query(X, WQ, WK), X @ WK, X @ WV
    A = (pair(Q, K) / scale(X, Q)).softmax(-1)
    return mix(A, V), A


SELF = Exercise(
    name="self-attention",
    task="Q = X WQ, K = X WK, V = X WV; weights A = softmax(Q Kᵀ / √d) by rows, d the size of a query; output A V: "
    "X [T, D], WQ and WK [D, d], WV [D, e] -> (output [T, e], weights [T, T]).",
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
        "`Q, K, V = X @ WQ, X @ WK, X @ WV`. Row i of the scores has the products of query i with all keys, divided by "
        "√d. Where does d stand in the shape of Q?",
        "A transpose is `K.T`, a root is `** 0.5`, and `.softmax(-1)` works along each row. Return the output first, "
        "then the weights.",
    ),
    minutes=5,
    difficulty=1,
    wrong=wrong_answers(
        _wrong_self(query=lambda X, WQ, WK: X),
        "The queries are X itself: WQ is not used.",
        _wrong_self(pair=lambda Q, K: K @ Q.T),
        "You compute K Qᵀ instead of Q Kᵀ. Row i of the scores belongs to *query* i.",
        _wrong_self(scale=lambda X, Q: 1),
        "The division by √d is missing.",
        _wrong_self(scale=lambda X, Q: X.shape[-1] ** 0.5),
        "You divide by √D, with the size of a word vector. It is the products of query and key that grow, with their "
        "own size: √d.",
        _wrong_self(scale=lambda X, Q: Q.shape[-1]),
        "You divide by d itself: the root is missing.",
        _wrong_self(mix=lambda A, V: A.T @ V),
        "The mean uses the transpose of A. Row i of A holds the weights of word i: `A @ V`.",
    ),
    properties=(
        rows_sum_to_one(part=1),
        replace(
            queries_are_independent("X"),
            says="Another order of the words should give the same outputs in that order. Here they change: is there a "
            "mask, or is an axis exchanged?",
        ),
    ),
    shown=answers.attend,
)

_convolved = named("kernel", "length")


@variants
def _wrong_convolution(kernel, length, *, shift=lambda half: 0, flip=False, circular=False, ends=True):
    """A convolution as a matrix with one thing done differently."""
    half, C = len(kernel) // 2, torch.zeros(length, length)
    for i in range(length):
        if not ends and not half <= i < length - half:
            continue
        for n, w in enumerate(kernel.flip(0) if flip else kernel):
            j = i + n - half + shift(half)
            if circular or 0 <= j < length:
                C[i, j % length] = w
    return C


CONVOLUTION = Exercise(
    name="convolution as a matrix",
    function="convolution",
    task="Write the convolution as a matrix C, so that C @ x slides the kernel over x, with zeros beyond both ends: "
    "kernel [k] with odd k, length -> [length, length]. As in torch, kernel[0] meets the leftmost neighbour.",
    reference=convolution_matrix,
    cases=lambda: [
        _convolved(torch.tensor([1.0, 2, 3]), 4, shown=True),
        _convolved(torch.tensor([1.0, 0, -2]), 3),
        _convolved(torch.tensor([1.0, 2, 3, 4, 5]), 6),
        _convolved(torch.tensor([0.5]), 3),
        _convolved(torch.tensor([1.0, 2, 3, 4, 5, 6, 7]), 2),
    ],
    returns=("C",),
    hints=(
        "Row i says what output i takes from each word. With k = 3 these words are i − 1, i, and i + 1.",
        "The middle of the kernel, `kernel[len(kernel) // 2]`, is on the diagonal.",
        "Begin with `torch.zeros(length, length)`, and loop over i and over n, the places of the kernel. To which word "
        "j does kernel[n] belong, if the middle n belongs to i? Leave out every j beyond the ends.",
    ),
    minutes=6,
    difficulty=2,
    wrong=wrong_answers(
        _wrong_convolution(flip=True),
        "The kernel is reversed (or rows and columns are exchanged). Mathematicians reverse it; torch does not: "
        "kernel[0] meets the left neighbour.",
        _wrong_convolution(shift=lambda half: -1),
        "The kernel is one position too far to the left: the *middle* of the kernel belongs on the diagonal.",
        _wrong_convolution(shift=lambda half: 1),
        "The kernel is one position too far to the right: the *middle* of the kernel belongs on the diagonal.",
        _wrong_convolution(shift=lambda half: half),
        "kernel[0] is on the diagonal, so output i reads word i and words *behind* it. The *middle* belongs there.",
        _wrong_convolution(circular=True),
        "The kernel goes round in a ring: the first word sees the last word on its left. Beyond the ends are zeros.",
        _wrong_convolution(ends=False),
        "The rows at both ends are empty. There a part of the kernel still meets words; only the rest meets zeros.",
    ),
    properties=(
        replace(
            linear_in("kernel"),
            says="Twice the kernel should give twice the matrix: each cell holds one number of the kernel, or 0.",
        ),
    ),
    shown=answers.convolution,
    used="The first map of [Which layers are matrices?](#Which-layers-are-matrices?) is yours.",
)
