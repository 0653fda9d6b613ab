"""What `solution` shows in chapter 4: short answers in the exercises' own words.

Sizes: T words, D features of a word, d of a query.
"""

import torch

from course_utils.positions import frequencies


def convolution(kernel, length):
    """kernel [k] with odd k -> C [length, length], so that C @ x slides the kernel over x, zeros beyond the ends."""
    C = torch.zeros(length, length)
    for i in range(length):
        for n in range(len(kernel)):
            if 0 <= (j := i + n - len(kernel) // 2) < length:
                C[i, j] = kernel[n]
    return C


def sinusoidal_encoding(length, size):
    """length, size D (even) -> P [length, D]."""
    omega = 10000 ** (-torch.arange(0, size, 2) / size)  # [D / 2]
    angles = torch.arange(length)[:, None] * omega  # [length, D / 2]
    P = torch.zeros(length, size)
    P[:, 0::2], P[:, 1::2] = angles.cos(), angles.sin()
    return P


def turn(x, positions):
    """x [..., T, d], positions [T] -> x with each pair of features turned, [..., T, d]."""
    angles = (positions[:, None] * frequencies(x.shape[-1])).float()  # [T, d / 2]
    a, b = x[..., 0::2], x[..., 1::2]  # [..., T, d / 2]
    turned = torch.zeros_like(x)
    turned[..., 0::2] = a * angles.cos() - b * angles.sin()
    turned[..., 1::2] = a * angles.sin() + b * angles.cos()
    return turned
