"""Where a token is: positions that are added to its vector, sinusoidal or learned.

Attention alone does not know the order. Rotary positions, which turn queries and keys
instead, are in rotary.py. Sizes: B batch, T time, D features.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn


def frequencies(size: int, base: float = 10_000.0) -> Float[Tensor, "pairs"]:
    """How far each pair of columns turns per position, in radians: ωⱼ = base^(−2j / D).

    In float64, so that position 100,000 keeps its digits. Vaswani et al., section 3.5.
    """
    columns = torch.arange(size, dtype=torch.float64).view(-1, 2)  # in pairs
    return base ** (-columns[:, 0] / size)  # [D / 2]


def sinusoidal_encoding(length: int, size: int) -> Float[Tensor, "T D"]:
    """P[i, 2j] = sin(i ωⱼ), P[i, 2j + 1] = cos(i ωⱼ). Vaswani et al., section 3.5."""
    angles = torch.arange(length)[:, None] * frequencies(size)  # [T, D / 2]
    pairs = torch.stack([angles.sin(), angles.cos()], -1)  # [T, D / 2, 2]
    return pairs.flatten(1).to(torch.get_default_dtype())  # [T, D]


def shift_matrix(offset: float, size: int) -> Float[Tensor, "D D"]:
    """R with P[i + offset] = R P[i] for every i: each pair of columns is turned."""
    angles = offset * frequencies(size)
    sin, cos = angles.sin(), angles.cos()
    upper, lower = torch.stack([cos, sin], -1), torch.stack([-sin, cos], -1)
    turns = torch.stack([upper, lower], -2)  # [D / 2, 2, 2]
    return torch.block_diag(*turns).to(torch.get_default_dtype())


class SinusoidalPositions(nn.Module):
    """Adds the sinusoidal encoding; nothing is learned, a longer text gets more rows."""

    table: Tensor

    def __init__(self, context: int, size: int):
        super().__init__()
        table = sinusoidal_encoding(context, size)
        self.register_buffer("table", table, persistent=False)

    def forward(
        self, x: Float[Tensor, "B T D"], first: int = 0
    ) -> Float[Tensor, "B T D"]:
        """first: the position of the first token of x"""
        places = torch.arange(first, first + x.shape[1], device=x.device)
        table = self.table
        if first + x.shape[1] > len(table):
            table = sinusoidal_encoding(first + x.shape[1], x.shape[2]).to(x)
        return x + F.embedding(places, table)


class LearnedPositions(nn.Module):
    """Adds a learned vector for each position up to context. Gehring et al. 2017."""

    def __init__(self, context: int, size: int):
        super().__init__()
        self.table = nn.Parameter(torch.empty(context, size).normal_(std=0.02))

    def forward(
        self, x: Float[Tensor, "B T D"], first: int = 0
    ) -> Float[Tensor, "B T D"]:
        """first: the position of the first token of x"""
        places = torch.arange(first, first + x.shape[1], device=x.device)
        return x + F.embedding(places, self.table)
