"""What `solution` shows in chapter 4: short answers in the exercises' own words.

Sizes: T words, D features of a word, d of a query, e of a value.
"""

import torch

from course_utils.positions import frequencies


def attend(X, WQ, WK, WV):
    """X [T, D], WQ and WK [D, d], WV [D, e] -> output [T, e], weights [T, T]."""
    Q, K, V = X @ WQ, X @ WK, X @ WV
    A = (Q @ K.T / Q.shape[-1] ** 0.5).softmax(-1)  # [T, T]
    return A @ V, A


def convolution(kernel, length):
    """kernel [k] with odd k -> C [length, length], so that C @ x slides the kernel over x, zeros beyond the ends."""
    C = torch.zeros(length, length)
    for i in range(length):
        for n in range(len(kernel)):
            if 0 <= (j := i + n - len(kernel) // 2) < length:
                C[i, j] = kernel[n]
    return C


def sinusoidal(length, size):
    """length, size D (even) -> P [length, D]."""
    omega = 10000 ** (-torch.arange(0, size, 2) / size)  # [D / 2]
    angles = torch.arange(length)[:, None] * omega  # [length, D / 2]
    P = torch.zeros(length, size)
    P[:, 0::2], P[:, 1::2] = angles.sin(), angles.cos()
    return P


def shift(offset, size):
    """offset, size D -> R [D, D] with P[i + offset] = R @ P[i] for all i."""
    angles = (offset * frequencies(size)).float()  # [D / 2]
    blocks = [torch.tensor([[b.cos(), b.sin()], [-b.sin(), b.cos()]]) for b in angles]
    return torch.block_diag(*blocks)


def turn(x, positions):
    """x [..., T, D], positions [T] -> x with each pair of features turned, [..., T, D]."""
    angles = (positions[:, None] * frequencies(x.shape[-1])).float()  # [T, D / 2]
    a, b = x[..., 0::2], x[..., 1::2]  # [..., T, D / 2]
    turned = torch.zeros_like(x)
    turned[..., 0::2] = a * angles.cos() - b * angles.sin()
    turned[..., 1::2] = a * angles.sin() + b * angles.cos()
    return turned
