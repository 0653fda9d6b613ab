"""Rotary positions: queries and keys are turned, so products depend on their distance.

Sizes: B batch, H heads, T time, D features, d features of a head, turned in pairs: even.
Source: Su et al. 2021, RoFormer, section 3.4.
"""

import torch
from jaxtyping import Bool, Float, Num
from torch import Tensor

from .attention import MultiHeadAttention, join_heads, split_heads
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


class RotaryAttention(MultiHeadAttention):
    """Multi-head self-attention whose queries and keys are turned by their positions."""

    def forward(
        self,
        x: Float[Tensor, "B T D"],
        memory: Float[Tensor, "B T D"],
        mask: Bool[Tensor, "..."] | None = None,
    ) -> tuple[Float[Tensor, "B T D"], Float[Tensor, "B H T T"] | None]:
        q, k = self.turned(self.query(x)), self.turned(self.key(memory))
        output, weights = self.attend(q, k, self.value(memory), self.heads, mask)
        return self.out(output), weights

    def turned(self, x: Float[Tensor, "B T D"]) -> Float[Tensor, "B T D"]:
        """Each head's features turned by their position."""
        positions = torch.arange(x.shape[1])
        return join_heads(rotary(split_heads(x, self.heads), positions))
