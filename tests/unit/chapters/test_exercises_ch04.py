"""Chapter 4's exercises: right answers in other styles, any right repair, and particular mistakes."""

import math

import torch
import torch.nn.functional as F
from small_exercises import not_right, not_told


def scores_by_one_matrix(X, WQ, WK, WV):
    A = (X @ (WQ @ WK.T) @ X.T * WQ.shape[-1] ** -0.5).softmax(-1)
    return A @ X @ WV, A


def in_loops(length, size):
    P = torch.zeros(length, size)
    for i in range(length):
        for c in range(size):
            angle = i / 10000 ** (2 * (c // 2) / size)
            P[i, c] = math.cos(angle) if c % 2 else math.sin(angle)
    return P


def by_complex_numbers(length, size):
    w = 10000.0 ** (-torch.arange(0, size, 2, dtype=torch.float64) / size)
    turned = torch.polar(torch.ones(()).double(), torch.arange(length)[:, None] * w)
    return torch.view_as_real(turned).flip(-1).flatten(1)


def entry_by_entry(offset, size):
    R = torch.zeros(size, size)
    for j in range(size // 2):
        b = offset * 10000 ** (-2 * j / size)
        R[2 * j, 2 * j] = R[2 * j + 1, 2 * j + 1] = math.cos(b)
        R[2 * j, 2 * j + 1], R[2 * j + 1, 2 * j] = math.sin(b), -math.sin(b)
    return R


def turned(x, positions):
    omega = 10000 ** (-torch.arange(0, x.shape[-1], 2) / x.shape[-1])
    turn = torch.polar(torch.ones(x.shape[-2], len(omega)), positions[:, None] * omega)
    return torch.view_as_real(torch.view_as_complex(x.unflatten(-1, (-1, 2)).contiguous()) * turn).flatten(-2)


def waves(number, D):
    omega = 10000 ** (-torch.arange(0, D, 2) / D)
    return torch.stack([torch.sin(number * omega), torch.cos(number * omega)], -1).flatten()


def nothing_first(layer, x, order):
    a, b = layer(x), layer(x[order])
    if (a - b).abs().max() < 1e-5:
        return "Invariant"
    return "equivariant" if (a[order] - b).abs().max() < 1e-5 else "neither"


def of_unit_vectors(kernel, length):
    return F.conv1d(torch.eye(length)[:, None], kernel[None, None], padding=len(kernel) // 2)[:, 0].T


RIGHT = [
    ("self-attention", scores_by_one_matrix),
    ("convolution as a matrix", of_unit_vectors),
    ("sinusoidal encoding", in_loops),
    ("sinusoidal encoding", by_complex_numbers),
    ("shift matrix", entry_by_entry),
    ("rotary", turned),
    ("program 4.7", lambda i, j, D: waves(i - j, D)),
    ("program 4.7", lambda i, j, D: waves(j - i, D).tolist()),
    ("program 4.7", lambda i, j, D: torch.full((D,), float(i - j))),
    ("claims 4.4", nothing_first),
]


def test_right_answers_pass():
    assert [said for name, answer in RIGHT if (said := not_right(name, answer))] == []


def by_diagonals(kernel, length):
    half = range(-(len(kernel) // 2), len(kernel) // 2 + 1)
    return sum(torch.diag(w.repeat(length - abs(o)), o) for o, w in zip(half, kernel, strict=True))


def test_a_missing_return_and_a_kernel_longer_than_the_sentence_are_described():
    assert not_told("program 4.7", lambda *given: None, "`return`") == ""
    assert not_told("convolution as a matrix", by_diagonals, "negative dimension") == ""
