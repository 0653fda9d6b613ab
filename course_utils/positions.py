"""Where a token stands: sinusoidal, learned and rotary positions.

Attention alone does not know the order. A position is either added to a token's vector (sinusoidal, learned), or turned
into its query and its key (rotary), so that their dot product depends on the distance.
Sizes: T time, D features, B batch, H heads. Positions vary along time only.
"""

import torch
from torch import Tensor, nn

from course_utils.checks import described, real_number, vectors, whole_number

BASE = 10_000.0  # wavelengths grow from 2π to 2π · BASE


def frequencies(model_size: int) -> Tensor:
    """How far each pair of columns turns from one position to the next, in radians: [D / 2], float64, from 1 downwards.

    Raises ValueError for an odd model_size: the columns go in pairs, a sine with its cosine.
    Source: Vaswani et al. 2017, section 3.5: ωⱼ = 10000^(−2j / D).
    """
    if whole_number("model_size", model_size, 2) % 2:
        raise ValueError(f"model_size is {model_size}; needed: an even number, for pairs of sine and cosine")
    return BASE ** (-torch.arange(0, model_size, 2, dtype=torch.float64) / model_size)


def sinusoidal_encoding(length: int, model_size: int) -> Tensor:
    """[T, D]: P[i, 2j] = sin(i ωⱼ), P[i, 2j + 1] = cos(i ωⱼ). Nothing is learned, any length will do.

    Raises ValueError for an odd model_size or a negative length. Source: Vaswani et al. 2017, section 3.5.
    """
    angles = torch.arange(whole_number("length", length, 0), dtype=torch.float64)[:, None] * frequencies(model_size)
    return torch.stack([angles.sin(), angles.cos()], -1).flatten(1).to(torch.get_default_dtype())


def shift_matrix(offset: float, model_size: int) -> Tensor:
    """R [D, D] with P[i + offset] = R P[i] for all i: one 2 × 2 rotation for each pair of columns.

    offset: positions to move on, may be negative. The same matrix carries every position, wherever it stands.
    Raises ValueError for an odd model_size. Source: Vaswani et al. 2017, section 3.5.
    """
    angles = real_number("offset", offset) * frequencies(model_size)
    sin, cos = angles.sin(), angles.cos()
    pairs = torch.stack([torch.stack([cos, sin], -1), torch.stack([-sin, cos], -1)], -2)
    return torch.block_diag(*pairs).to(torch.get_default_dtype())


def rotary(x: Tensor, positions: Tensor) -> Tensor:
    """Turn each pair of features by its position's angle: x [..., T, D], positions [T] -> the same shape.

    Queries and keys that were turned so have dot products that depend on the distance of their positions only.
    Raises ValueError for an odd D, or another number of positions than T. Source: Su et al. 2021, equation 34.
    """
    vectors("x", x, axes="[..., T, D]")
    if not isinstance(positions, Tensor) or positions.dtype == torch.bool or positions.is_complex():
        raise TypeError(f"positions is {described(positions)}; needed: a tensor [T] of numbers: torch.arange(T)")
    if positions.shape != x.shape[-2:-1]:
        raise ValueError(f"positions {list(positions.shape)} for x {list(x.shape)}; needed: one for each of its rows")
    device = "cpu" if x.device.type == "mps" else x.device  # MPS has no float64
    angles = positions.to(device, torch.float64)[:, None] * frequencies(x.shape[-1]).to(device)  # [T, D / 2]
    sin, cos = angles.sin().to(x), angles.cos().to(x)
    first, second = x.unflatten(-1, (-1, 2)).unbind(-1)
    return torch.stack([first * cos - second * sin, first * sin + second * cos], -1).flatten(-2)


class SinusoidalPositions(nn.Module):
    """Adds the sinusoidal encoding. Has no parameter; max_length is what is kept ready, a longer text is computed."""

    def __init__(self, max_length: int, model_size: int):
        super().__init__()
        self.register_buffer("table", sinusoidal_encoding(max_length, model_size), persistent=False)

    def forward(self, x: Tensor, first: int = 0) -> Tensor:
        """x [B, T, D] -> the same; first: the position of its first token."""
        end = whole_number("first", first, 0) + _steps(x, self.table)
        table = self.table if end <= len(self.table) else sinusoidal_encoding(end, x.shape[2]).to(x)
        return x + table[first:end]


class LearnedPositions(nn.Module):
    """Adds one learned vector for each position up to max_length, and knows none beyond.

    Source: Gehring et al. 2017; Devlin et al. 2019 (BERT).
    """

    def __init__(self, max_length: int, model_size: int):
        super().__init__()
        shape = whole_number("max_length", max_length, 1), whole_number("model_size", model_size, 1)
        self.table = nn.Parameter(torch.empty(*shape).normal_(std=0.02))

    def forward(self, x: Tensor, first: int | Tensor = 0) -> Tensor:
        """x [B, T, D] -> the same; first: the position of its first token, or [B, T] that of each.

        Raises ValueError beyond max_length.
        """
        length, places = _steps(x, self.table), isinstance(first, Tensor)
        if places and (first.shape != x.shape[:2] or first.dtype != torch.int64 or first.min() < 0):
            needed = f"{list(x.shape[:2])}, a whole number from 0 for each"
            raise ValueError(f"first is {described(first)}; needed: {needed}")
        end = int(first.max()) + 1 if places else whole_number("first", first, 0) + length
        if end > len(self.table):
            asked = f"position {end - 1} was asked for, learned were 0 … {len(self.table) - 1}"
            raise ValueError(f"{asked}: shorten the text, or build the model with a larger max_length")
        return x + (self.table[first] if places else self.table[first:end])


def _steps(x: Tensor, table: Tensor) -> int:
    """The number of positions T of x [B, T, D], whose D must be that of the table."""
    if vectors("x", x, table.shape[1], "[B, T, D]").dim() != 3:
        raise ValueError(f"x has shape {list(x.shape)}; needed: [B, T, D]")
    return x.shape[1]
