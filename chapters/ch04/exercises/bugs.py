"""Chapter 4's errors in programs: what is averaged; positions that come too late, not at all, or misnamed."""

import torch
from torch import Tensor

from course_kit.exercises.compare import converted
from course_kit.exercises.define import Case, FindError, drawn, named, some_numbers, variants, wrong_answers
from course_utils.attention import scaled_dot_product_attention
from course_utils.positions import frequencies


def stacked_attention(Z: Tensor, W: Tensor) -> Tensor:
    """Self-attention, layer over layer: Z [T, D], W [L, 3, D, D] (for queries, keys, values) -> [T, D]."""
    for WQ, WK, WV in W:
        Z = scaled_dot_product_attention(Z @ WQ, Z @ WK, Z @ WV)[0]
    return Z


@variants
def _stack(Z, W, *, mix=lambda A, Z, Q, K, V: A @ V, scale=0.5, dim=-1, layers=None):
    """A stack with one thing done differently; its layers end with mix(A, Z, Q, K, V)."""
    for WQ, WK, WV in W[:layers]:
        Q, K, V = Z @ WQ, Z @ WK, Z @ WV
        Z = mix(torch.softmax(Q @ K.T / Q.shape[-1] ** scale, dim), Z, Q, K, V)
    return Z


MIXED = FindError(
    name="program 4.1",
    title="a times what",
    task="write the stack again: Z [T, D], W [L, 3, D, D] -> [T, D].",
    program=(
        "def layers(Z, W):                   # Z [T, D], W [L, 3, D, D]",
        "    for WQ, WK, WV in W:",
        "        Q, K, V = Z @ WQ, Z @ WK, Z @ WV",
        "        A = torch.softmax(Q @ K.T / Q.shape[-1] ** 0.5, dim=-1)",
        "        Z = A @ Z                   # Z_out = A · Z_in",
        "    return Z",
    ),
    line=5,
    found="the values V are computed and never used. The correct formula is Z_out = A · V_in, which "
    "equals A · Z_in only where WV is the identity.",
    innocent={
        2: "layer over layer, each with its own three matrices.",
        3: "three roles of the same words.",
        4: "scaled scores, a softmax in each row.",
        6: "what the last layer gives.",
    },
    reference=stacked_attention,
    cases=lambda: [
        Case({"Z": some_numbers(2, 2, seed=540), "W": some_numbers(1, 3, 2, 2, seed=559)}, shown=True),
        Case({"Z": some_numbers(3, 2, seed=542), "W": some_numbers(2, 3, 2, 2, seed=543)}),
        Case({"Z": some_numbers(4, 3, seed=544), "W": some_numbers(3, 3, 3, 3, seed=545)}),
    ],
    returns=("output",),
    hints=(
        "Which of Q, K, V is never used again?",
        "With A · Z every output is a mean of the inputs, in every layer: nothing new can ever come out.",
        "One letter of line 5 is wrong. Which of the three roles is averaged?",
    ),
    minutes=3,
    difficulty=1,
    wrong=wrong_answers(
        _stack(lambda A, Z, Q, K, V: A @ Z),
        "The inputs are still averaged: WV does nothing, and no layer can make anything but means of its inputs.",
        _stack(lambda A, Z, Q, K, V: A @ K),
        "The keys are averaged. Keys serve only to compute scores; the values are averaged.",
        _stack(lambda A, Z, Q, K, V: A @ Q),
        "The queries are averaged. Queries serve only to compute scores; the values are averaged.",
        _stack(lambda A, Z, Q, K, V: A.T @ V),
        "The values are averaged now, but with the transpose of A. Row i of A holds the weights of word i.",
        _stack(lambda A, Z, Q, K, V: Z + A @ V),
        "That adds the input again: a residual connection, which comes in chapter 5. Here it is A · V alone.",
        _stack(scale=1),
        "You divide by d; it was √d in the program.",
        _stack(scale=0),
        "The division by √d is missing; it was right in the program.",
        _stack(dim=0),
        "The softmax runs down the columns. It was right in the program: the weights of each row sum to 1.",
        _stack(layers=1),
        "Only the first layer is run: is the `return` inside the loop?",
    ),
)


def with_positions(x: Tensor, P: Tensor, WQ: Tensor, WK: Tensor, WV: Tensor) -> Tensor:
    """Self-attention of words with their positions: x and P [T, D] -> [T, D]."""
    x = x + P
    return scaled_dot_product_attention(x @ WQ, x @ WK, x @ WV)[0]


def _tried(answer, case: Case) -> tuple:
    """What an answer does with positions, however it does it: any right repair passes.

    The output where all P are 0; does P change anything; does the first output change when two other words change
    places; is P in the weights (else the output is linear in P).
    """
    x, P, *W = case.args.values()
    at = lambda x, P: converted(answer(x.clone(), P.clone(), *W), x, ("output",)).double()  # noqa: E731
    plain, once, twice = (at(x, factor * P) for factor in (0, 1, 2))
    there = at(x[[0, 2, 1, *range(3, len(x))]], P)
    return (
        plain.float(),
        not torch.allclose(plain, once, atol=1e-5),
        not torch.allclose(there[0], once[0], atol=1e-5),
        not torch.allclose(twice - once, once - plain, atol=1e-4),
    )


_placed = named("x", "P", "WQ", "WK", "WV")


@variants
def _positioned(x, P, *W, asks=0, values=0, scores=0, at_end=0, last=lambda z: z):
    """Attention with positions in queries and keys, in values, in the scores (a number for each row) or at the end."""
    q, k, v = (x + share * P for share in (asks, asks, values))
    Q, K, V = (x @ M for x, M in zip((q, k, v), W, strict=True))
    A = (Q @ K.T / Q.shape[-1] ** 0.5 + scores * P.sum(-1, keepdim=True)).softmax(-1)
    return last(A @ V + at_end * P)


AFTER = FindError(
    name="program 4.5",
    title="positions after the softmax",
    task="write it so that the order can matter *to the weights*: x [T, D], P [T, D], WQ, WK, WV [D, D] -> [T, D].",
    program=(
        "def attend(x, P, WQ, WK, WV):       # words x, positions P [T, D]",
        "    Q, K, V = x @ WQ, x @ WK, x @ WV",
        "    A = torch.softmax(Q @ K.T / Q.shape[-1] ** 0.5, dim=-1)",
        "    return A @ V + P                # add positional encoding",
    ),
    line=4,
    found="that is too late. The weights are decided by then, so the first output cannot change when two other words "
    "change places. Positions are added to the words before queries and keys are made of them.",
    innocent={
        2: "this line is right once x holds the positions. Where is P now? The line with P puts it in the wrong place.",
        3: "this line is right for the queries and keys that it gets.",
    },
    reference=with_positions,
    cases=lambda: [
        _placed(*drawn(550, (3, 2), (3, 2), (2, 2), (2, 2), (2, 2)), shown=True),
        _placed(*drawn(560, (4, 3), (4, 3), (3, 3), (3, 3), (3, 3))),
        _placed(*drawn(570, (5, 2), (5, 2), (2, 2), (2, 2), (2, 2))),
    ],
    run=_tried,
    returns=(
        "output without positions",
        "P changes something",
        "other words change places: the first output changes",
        "P is in the weights",
    ),
    hints=(
        "In which line are the weights decided?",
        "Let two other words change places. Can the first word's output change?",
        "Queries and keys have to know the positions. So x has to know them before line 2, and line 4 needs no P.",
    ),
    minutes=4,
    difficulty=2,
    wrong=wrong_answers(
        _positioned(at_end=1),
        "The positions come after the weights are decided: swap two other words, and the first output does not change.",
        _positioned(scores=1),
        "The positions have no effect: they are missing, or they add one number to a whole row of scores, which the "
        "softmax ignores. Add them to the words, before queries and keys are made.",
        _positioned(values=1),
        "The values know their positions, but the weights still don't: no query can look for “the word before”.",
        _positioned(asks=1, values=1, last=lambda z: z.softmax(-1)),
        "There is a softmax over the features at the end, so the outputs are no means of values any more.",
        _positioned(asks=1, last=lambda z: z.mean(0).expand_as(z)),
        "All rows are the same: the mean over words throws away what each has found.",
    ),
)


def relative_encoding(i: int, j: int, model_size: int) -> Tensor:
    """A vector of the distance from key j to query i, [D]: sinusoids of i − j."""
    angles = (i - j) * frequencies(model_size)
    return torch.stack([angles.sin(), angles.cos()], -1).flatten().float()


@variants
def _place(i, j, D, *, number):
    return relative_encoding(number(i, j), 0, D)


def _told(answer, case: Case) -> tuple:
    """What a vector for the pair (i, j) knows; any function of the distance alone passes."""
    i, j, size = case.args.values()
    at = lambda i, j: converted(answer(i, j, size), torch.zeros(size), ("vector",)).double().flatten()  # noqa: E731
    same = [torch.allclose(at(i, j), at(i + n, j + n), atol=1e-4) for n in (1, 4)]
    return (
        len(at(i, j)),
        all(same),
        not torch.allclose(at(i, j), at(i, j - 1)),
        not torch.allclose(at(i, j), at(i + 1, j)),
    )


RELATIVE = FindError(
    name="program 4.7",
    title="absolute under the name relative",
    task="write a vector of the *distance*: query at i, key at j, size D -> [D], the same wherever the pair is.",
    program=(
        "def relative(i, j, D):              # query at i, key at j",
        "    place = torch.tensor(float(i))",
        "    omega = 10000 ** (-torch.arange(0, D, 2) / D)",
        "    sin, cos = torch.sin(place * omega), torch.cos(place * omega)",
        "    return torch.stack([sin, cos], dim=-1).flatten()",
    ),
    line=2,
    found="the vector knows where the query is and nothing of the key: this is the absolute encoding, misnamed. "
    "Replace i by i − j.",
    innocent={
        1: "both positions come in. Are both used?",
        3: "these are the usual frequencies.",
        4: "a sine and its cosine for each of them.",
        5: "each sine is beside its cosine.",
    },
    reference=relative_encoding,
    cases=lambda: [
        Case({"i": 5, "j": 3, "D": 4}, shown=True),
        Case({"i": 9, "j": 1, "D": 2}),
        Case({"i": 3, "j": 3, "D": 6}),
    ],
    run=_told,
    returns=("size", "equal distance, equal vector", "another key is told apart", "another query is told apart"),
    hints=(
        "Which of the arguments is never used?",
        "(5, 3) and (6, 4) are the same distance apart: they must get the same vector.",
        "Line 2 takes the position of the query. What has (5, 3) in common with (6, 4)?",
    ),
    minutes=3,
    difficulty=1,
    wrong=wrong_answers(
        _place(lambda i, j: i),
        "The vector knows where the query is, and nothing of the key: it is still absolute.",
        _place(lambda i, j: j),
        "Now the vector knows where the key is, and nothing of the query: it is still absolute.",
        _place(lambda i, j: i + j),
        "This is the sum, which changes when both move on together. The *difference* does not.",
        _place(lambda i, j: 0),
        "Every pair gets the same vector, which does not tell distances apart.",
        lambda i, j, D: torch.cat([_place(lambda i, j: i)(i, j, D), _place(lambda i, j: j)(i, j, D)]),
        "The vector holds both positions, so (5, 3) and (6, 4) still get different vectors.",
    ),
)

BUGS = (MIXED, AFTER, RELATIVE)
