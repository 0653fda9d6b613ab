"""What the assembly at the end of the chapter needs besides the student's own parts.

The step of the exercise has four matrices and no biases; a checkpoint has biases. A 1 behind x turns a bias into one
more row of a matrix, and one more feature in each head keeps its place. Sizes: B batch, D model size, H heads, d = D/H.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from course_utils.gpt import CausalAttention


def biases_inside(attention: CausalAttention) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The matrices for queries, keys, values and the output, each [D + H, D + H], with the biases in them:
    `attention_step(one_behind(x, H), keys, values, *matrices)` gives what `attention` gives, and H zeros behind it.

    Keys and values have d + 1 features then."""
    heads = attention.heads
    size = len(attention.query.weight) // heads
    query, key, value = (_widened(part, heads) for part in (attention.query, attention.key, attention.value))
    query = query * ((size + 1) / size) ** 0.5  # the step divides by the root of d + 1, not of d
    value[heads * size, size] = 1.0  # in the new feature of head 1: the 1 behind x, whose mean is 1
    out = attention.out.weight.detach().T.unflatten(0, (heads, size))  # [H, d, D]
    out = F.pad(out, (0, heads, 0, 1)).flatten(0, 1)  # [D + H, D + H]
    if attention.out.bias is not None:
        out[size, : heads * size] = attention.out.bias.detach()
    return query, key, value, out


def one_behind(x: Tensor, heads: int) -> Tensor:
    """x [B, D] -> [B, D + H]: x, a 1, and zeros."""
    return torch.cat([x, torch.ones_like(x[:, :1]), x.new_zeros(len(x), heads - 1)], 1)


def _widened(layer: torch.nn.Linear, heads: int) -> Tensor:
    """A linear layer as a matrix [D + H, D + H]: its bias is row D, and each head has one more feature, 0."""
    weight = layer.weight.detach().T  # [D, D]
    bias = weight.new_zeros(1, weight.shape[1]) if layer.bias is None else layer.bias.detach()[None]
    rows = torch.cat([weight, bias, weight.new_zeros(heads - 1, weight.shape[1])])
    return F.pad(rows.unflatten(1, (heads, -1)), (0, 1)).flatten(1)
