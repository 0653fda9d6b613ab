"""Rotary positions: queries and keys are turned, so products depend on their distance.

Sizes: B batch, H heads, T time, D features, d features of a head, turned in pairs: even.
Source: Su et al. 2021, RoFormer, section 3.4.
"""

import torch
from jaxtyping import Float, Num
from torch import Tensor

from .positions import frequencies


def rotation(
    positions: Num[Tensor, "T"], d: int, base: float = 10_000.0
) -> tuple[Float[Tensor, "T h"], Float[Tensor, "T h"]]:
    """Cosines and sines of the angles by which the h = d / 2 pairs are turned."""
    angles = positions.cpu()[:, None] * frequencies(d, base)  # [T, h], in float64
    return angles.cos().float(), angles.sin().float()


def turn(
    x: Float[Tensor, "*heads T d"], cos: Float[Tensor, "T h"], sin: Float[Tensor, "T h"]
) -> Float[Tensor, "*heads T d"]:
    """Turn each pair of neighbouring features by its angle."""
    first, second = x.unflatten(-1, (-1, 2)).unbind(-1)  # [..., T, h] twice
    turned = torch.stack([first * cos - second * sin, first * sin + second * cos], -1)
    return turned.flatten(-2)  # [..., T, h, 2] -> [..., T, d]


def rotary(
    x: Float[Tensor, "*heads T d"], positions: Num[Tensor, "T"], base: float = 10_000.0
) -> Float[Tensor, "*heads T d"]:
    """Turn each pair of neighbouring features by its position times its frequency."""
    if positions.shape != x.shape[-2:-1]:
        raise ValueError(f"positions {list(positions.shape)} for {x.shape[-2]} rows")
    cos, sin = rotation(positions, x.shape[-1], base)
    return turn(x, cos.to(x), sin.to(x))
