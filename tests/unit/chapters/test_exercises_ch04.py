"""Chapter 4's exercises: right answers in other styles, and any right repair of what was wrong."""

import math

import torch
import torch.nn.functional as F
from right_answers import Written

from course_kit.exercises import check

written = Written()


@written("self-attention")
def word_by_word(X, WQ, WK, WV):
    rows = []
    for x in X:
        scores = torch.stack([(x @ WQ) @ (other @ WK) / WQ.shape[1] ** 0.5 for other in X])
        rows.append(scores.softmax(0))
    A = torch.stack(rows)
    return torch.einsum("ij,jd->id", A, X @ WV), A


@written("convolution as a matrix")
def of_unit_vectors(kernel, length):
    return F.conv1d(torch.eye(length)[:, None], kernel[None, None], padding=len(kernel) // 2)[:, 0].T


@written("sinusoidal encoding")
def in_loops(length, model_size):
    P = torch.zeros(length, model_size)
    for i in range(length):
        for c in range(model_size):
            angle = i / 10000 ** (2 * (c // 2) / model_size)
            P[i, c] = math.cos(angle) if c % 2 else math.sin(angle)
    return P


@written("shift matrix")
def entry_by_entry(offset, model_size):
    R = torch.zeros(model_size, model_size)
    for j in range(model_size // 2):
        b = offset * 10000 ** (-2 * j / model_size)
        R[2 * j, 2 * j] = R[2 * j + 1, 2 * j + 1] = math.cos(b)
        R[2 * j, 2 * j + 1], R[2 * j + 1, 2 * j] = math.sin(b), -math.sin(b)
    return R


@written("rotary")
def complex_numbers(x, positions):
    omega = 10000 ** (-torch.arange(0, x.shape[-1], 2) / x.shape[-1])
    turn = torch.polar(torch.ones(len(x), len(omega)), positions[:, None] * omega)
    return torch.view_as_real(torch.view_as_complex(x.unflatten(-1, (-1, 2)).contiguous()) * turn).flatten(1)


def waves(number, D):
    omega = 10000 ** (-torch.arange(0, D, 2) / D)
    return torch.stack([torch.sin(number * omega), torch.cos(number * omega)], -1).flatten()


@written("program 4.7")
def query_minus_key(i, j, D):
    return waves(i - j, D)


@written("program 4.7")
def numbers_in_a_list(i, j, D):
    return waves(i - j, D).tolist()


@written("program 4.7")
def key_minus_query(i, j, D):
    return waves(j - i, D)


@written("program 4.7")
def a_vector_for_each_distance(i, j, D):
    return torch.full((D,), float(i - j))


@written("claims 4.4")
def nothing_first(layer, x, order):
    a, b = layer(x), layer(x[order])
    if (a - b).abs().max() < 1e-5:
        return "Invariant"
    return "equivariant" if (a[order] - b).abs().max() < 1e-5 else "neither"


test_right_answers_pass = written.test()


def said_of(name, answer):
    verdict = check(name, answer)
    assert verdict.state == "wrong"
    return verdict.text


def test_a_missing_return_is_said_in_words():
    said = said_of("program 4.7", lambda *inputs: None)
    assert "It returns None. Is a `return` missing?" in said and "stops" not in said


def test_no_scale_and_x_for_the_values_are_both_named_and_nothing_else_is_called_right():
    def two_mistakes(X, WQ, WK, WV):
        A = (X @ WQ @ (X @ WK).T).softmax(-1)
        return A @ X, A

    said = said_of("self-attention", two_mistakes)
    assert "WV is not used" in said and "√d is missing" in said and "The rest is right" not in said


def test_a_kernel_longer_than_the_sentence_is_judged():
    def by_diagonals(kernel, length):
        half = len(kernel) // 2
        return sum(
            torch.diag(w.repeat(length - abs(o)), o) for o, w in zip(range(-half, half + 1), kernel, strict=True)
        )

    assert "negative dimension" in said_of("convolution as a matrix", by_diagonals)


def test_columns_doubled_twice_are_named():
    def doubled(length, model_size):
        angles = torch.arange(length)[:, None] / 10000 ** (2 * torch.arange(0, model_size, 2) / model_size)
        return torch.stack([angles.sin(), angles.cos()], -1).flatten(1)

    assert "is doubled again" in said_of("sinusoidal encoding", doubled)
