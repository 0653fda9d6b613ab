"""Chapter 4's errors in programs: what is averaged, and positions that come too late, not at all, or misnamed."""

import torch
from torch import Tensor

from course_utils.attention import scaled_dot_product_attention
from course_utils.exercises.definition import Case, FindError, variants, wrong_answers
from course_utils.exercises.inputs import drawn, named, some_numbers
from course_utils.positions import frequencies

# ---- Z or V ---------------------------------------------------------------------------------------------------------


def stacked_attention(Z: Tensor, W: Tensor) -> Tensor:
    """Self-attention, layer over layer: Z [T, D], W [L, 3, D, D] (for queries, keys, values) -> [T, D]."""
    for WQ, WK, WV in W:
        Z = scaled_dot_product_attention(Z @ WQ, Z @ WK, Z @ WV)[0]
    return Z


@variants
def _stack(Z, W, *, mix):
    """A stack whose layers end with mix(A, Z, Q, K, V)."""
    for WQ, WK, WV in W:
        Q, K, V = Z @ WQ, Z @ WK, Z @ WV
        Z = mix(torch.softmax(Q @ K.T / Q.shape[-1] ** 0.5, -1), Z, Q, K, V)
    return Z


MIXED = FindError(
    name="a times what",
    task="write the stack again: Z [T, D], W [L, 3, D, D] -> [T, D].",
    why="A lecture writes Z_out = A · Z_in on one slide and A · V_in on the next.",
    program=(
        "def layers(Z, W):                   # Z [T, D], W [L, 3, D, D]",
        "    for WQ, WK, WV in W:",
        "        Q, K, V = Z @ WQ, Z @ WK, Z @ WV",
        "        A = torch.softmax(Q @ K.T / Q.shape[-1] ** 0.5, dim=-1)",
        "        Z = A @ Z                   # Z_out = A · Z_in",
        "    return Z",
    ),
    line=5,
    found="the values are computed and never used. Z_out = A · V_in; both slides agree only where WV is the identity.",
    innocent={
        2: "layer over layer, each with its own three matrices.",
        3: "three roles of the same words.",
        4: "scaled scores, a softmax in each row.",
        6: "what the last layer gives.",
    },
    reference=stacked_attention,
    cases=lambda: [
        Case({"Z": some_numbers(2, 2, seed=540), "W": some_numbers(1, 3, 2, 2, seed=541)}, shown=True),
        Case({"Z": some_numbers(3, 2, seed=542), "W": some_numbers(2, 3, 2, 2, seed=543)}),
        Case({"Z": some_numbers(4, 3, seed=544), "W": some_numbers(3, 3, 3, 3, seed=545)}),
    ],
    returns=("Z",),
    hints=(
        "Which of Q, K, V is never used again?",
        "With A · Z every output is a mean of the inputs, in every layer: nothing new can ever come out.",
        "`Z = A @ V`",
    ),
    minutes=3,
    difficulty=1,
    wrong=wrong_answers(
        _stack(lambda A, Z, Q, K, V: A @ Z),
        "The inputs are averaged still; WV does nothing, and no layer can make anything but means of its inputs.",
        _stack(lambda A, Z, Q, K, V: A @ K),
        "The keys are averaged: they are what is found, not what is taken.",
        _stack(lambda A, Z, Q, K, V: A @ Q),
        "The queries are averaged: they are what is asked.",
        _stack(lambda A, Z, Q, K, V: A.T @ V),
        "Values, yes; but A is turned round.",
        _stack(lambda A, Z, Q, K, V: Z + A @ V),
        "That adds the input again: a residual connection, which comes in chapter 5. Here it is A · V alone.",
    ),
)

# ---- positions after the softmax ------------------------------------------------------------------------------------


def with_positions(x: Tensor, P: Tensor, WQ: Tensor, WK: Tensor, WV: Tensor) -> Tensor:
    """Self-attention of words that know their places: x and P [T, D] -> [T, D]."""
    x = x + P
    return scaled_dot_product_attention(x @ WQ, x @ WK, x @ WV)[0]


def _tried(answer, case: Case) -> tuple:
    """What an answer does with positions, however it does it: any right repair passes.

    The output where all P are 0; does P change anything; does the first word feel that two others have changed
    places; is P in the weights (else the output is linear in P).
    """
    x, P, *W = case.args.values()
    swapped = x[[0, 2, 1, *range(3, len(x))]]
    plain, once, twice = (torch.as_tensor(answer(x.clone(), factor * P, *W)).double() for factor in (0, 1, 2))
    there = torch.as_tensor(answer(swapped, P.clone(), *W)).double()
    return (
        plain.float(),
        not torch.allclose(plain, once, atol=1e-5),
        not torch.allclose(there[0], once[0], atol=1e-5),
        not torch.allclose(twice - once, once - plain, atol=1e-4),
    )


_placed = named("x", "P", "WQ", "WK", "WV")


def _attend(x, q, k, v, WQ, WK, WV):
    return scaled_dot_product_attention(q @ WQ, k @ WK, v @ WV)[0]


AFTER = FindError(
    name="positions after the softmax",
    task="write it so that the order can matter *to the weights*: x [T, D], P [T, D], WQ, WK, WV [D, D] -> [T, D].",
    why="An article's flow chart: scores, scaling, softmax, and then “add positional encoding”.",
    program=(
        "def attend(x, P, WQ, WK, WV):       # words x, positions P [T, D]",
        "    Q, K, V = x @ WQ, x @ WK, x @ WV",
        "    A = torch.softmax(Q @ K.T / Q.shape[-1] ** 0.5, dim=-1)",
        "    return A @ V + P                # add positional encoding",
    ),
    line=4,
    found="too late: who looks at whom is decided by then, and the first word cannot feel that two others have changed "
    "places. Positions belong into the words before they ask.",
    innocent={
        2: "three roles. They would know the places if x did; look where P comes in.",
        3: "right, for what has come in so far.",
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
        "the first word feels that others have changed places",
        "P is in the weights",
    ),
    hints=(
        "At which moment is it decided who looks at whom?",
        "Let two other words change places. Can the first word's output change?",
        "`x = x + P` before the first line, and no P at the end.",
    ),
    minutes=4,
    difficulty=2,
    wrong=wrong_answers(
        lambda x, P, *W: _attend(x, x, x, x, *W) + P,
        "The positions come after the weights are decided: swap two other words, and the first one feels nothing.",
        lambda x, P, *W: _attend(x, x, x, x, *W),
        "Now there are no positions at all.",
        lambda x, P, *W: _attend(x, x, x, x + P, *W),
        "The values know their places, and the weights still don't: nobody can *ask* for the word before.",
        lambda x, P, *W: with_positions(x, P, *W).softmax(-1),
        "A softmax over the features has slipped in at the end: what comes out are no means of values any more.",
        lambda x, P, *W: _attend(x, x + P, x + P, x, *W).mean(0).expand_as(x),
        "All rows are the same: the mean over words throws away again what each has found.",
    ),
)

# ---- an encoder that is not there -----------------------------------------------------------------------------------


def reads(ids: Tensor, E: Tensor, P: Tensor, W: Tensor) -> Tensor:
    """Self-attention of embedded words with positions: ids [T], E [V, D], P [max, D], W [3, D, D] -> [T, D]."""
    return with_positions(E[ids], P[: len(ids)], *W)


@variants
def _read(ids, E, P, W, *, embed):
    x = embed(ids, E, P)
    return _attend(x, x, x, x, *W)


_embedded = named("ids", "E", "P", "W")

MISSING = FindError(
    name="an encoder that is not there",
    task="write it as its comment promises: ids [T], E [V, D], P [max, D] with one row for each place from 0, "
    "W [3, D, D] -> [T, D].",
    why="An article's program: the comment says it, the drawing shows it, the code does not do it.",
    program=(
        "def read(ids, E, P, W):             # E embeddings, P positions",
        "    x = E[ids]                      # embedding, positional encoder",
        "    Q, K, V = (x @ M for M in W)",
        "    A = torch.softmax(Q @ K.T / Q.shape[-1] ** 0.5, dim=-1)",
        "    return A @ V",
    ),
    line=2,
    found="it embeds, and that is all: P is never used. `E[ids] + P[:len(ids)]`.",
    innocent={
        1: "all it needs comes in. Is all of it used?",
        3: "three roles of the same words.",
        4: "scaled scores, a softmax in each row.",
        5: "means of the values.",
    },
    reference=reads,
    cases=lambda: [
        _embedded(torch.tensor([3, 1, 3]), *drawn(580, (5, 2), (6, 2), (3, 2, 2)), shown=True),
        _embedded(torch.tensor([0, 4]), *drawn(590, (5, 3), (6, 3), (3, 3, 3))),
        _embedded(torch.tensor([2, 2, 1, 0]), *drawn(600, (5, 2), (6, 2), (3, 2, 2))),
    ],
    returns=("output",),
    hints=(
        "Which of the four things that come in is never used?",
        "The first word takes the first row of P, whatever word it is.",
        "`x = E[ids] + P[: len(ids)]`",
    ),
    minutes=3,
    difficulty=1,
    wrong=wrong_answers(
        _read(lambda ids, E, P: E[ids]),
        "P is not used still: the comment promises, the code does not keep it.",
        _read(lambda ids, E, P: E[ids] + P[ids]),
        "P[ids] takes the row of the *word*: equal words get equal positions, wherever they stand.",
        _read(lambda ids, E, P: E[ids] + P[1 : len(ids) + 1]),
        "It counts from 1; the first word takes row 0.",
        _read(lambda ids, E, P: E[ids] + P[len(ids) - 1]),
        "One row for all words: `P[: len(ids)]` has one for each.",
        _read(lambda ids, E, P: E[ids] * P[: len(ids)]),
        "Multiplied; the encoding is added.",
        lambda ids, E, P, W: _read(lambda ids, E, P: E[ids])(ids, E, P, W) + P[: len(ids)],
        "Too late: the weights are decided without it.",
    ),
)

# ---- absolute under relative ----------------------------------------------------------------------------------------


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
    at = lambda i, j: torch.as_tensor(answer(i, j, size)).double().flatten()  # noqa: E731
    same = [torch.allclose(at(i, j), at(i + n, j + n), atol=1e-4) for n in (1, 4)]
    return (
        len(at(i, j)),
        all(same),
        not torch.allclose(at(i, j), at(i, j - 1)),
        not torch.allclose(at(i, j), at(i + 1, j)),
    )


RELATIVE = FindError(
    name="absolute under the name relative",
    task="write a vector of the *distance*: query at i, key at j, size D -> [D], the same wherever the pair stands.",
    why="A lecture prints this formula under the heading “relative position”.",
    program=(
        "def relative(i, j, D):              # query at i, key at j",
        "    place = torch.tensor(float(i))",
        "    omega = 10000 ** (-torch.arange(0, D, 2) / D)",
        "    sin, cos = torch.sin(place * omega), torch.cos(place * omega)",
        "    return torch.stack([sin, cos], dim=-1).flatten()",
    ),
    line=2,
    found="it knows where the query stands and nothing of the key: the absolute encoding, under another name. Put "
    "i − j in its place.",
    innocent={
        1: "both places come in. Are both used?",
        3: "the frequencies, as ever.",
        4: "a sine and its cosine for each of them.",
        5: "side by side.",
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
        "`place = torch.tensor(float(i - j))`",
    ),
    minutes=3,
    difficulty=1,
    wrong=wrong_answers(
        _place(lambda i, j: i),
        "It knows where the query stands, and nothing of the key: absolute still.",
        _place(lambda i, j: j),
        "Now it knows the key's place, and nothing of the query's: absolute still.",
        _place(lambda i, j: i + j),
        "The sum changes when both move on together; the *difference* does not.",
        _place(lambda i, j: 0),
        "The same vector for every pair: it tells no distances apart.",
        lambda i, j, D: torch.cat([_place(lambda i, j: i)(i, j, D), _place(lambda i, j: j)(i, j, D)]),
        "Both places side by side: it knows everything, and still (5, 3) and (6, 4) get different vectors.",
    ),
)

BUGS = (MIXED, AFTER, MISSING, RELATIVE)
