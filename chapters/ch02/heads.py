"""Several heads of self-attention, one after the other, as the lesson builds them before it asks all at once.

Sizes: B batch, H heads, T people or words, D features of each.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from course_utils.self_attention import SelfAttention


class Heads(nn.Module):
    """Several heads beside each other; a last matrix mixes what they bring back."""

    def __init__(self, size: int, heads: int, head_size: int, value_size: int):
        super().__init__()
        layers = (SelfAttention(size, head_size, value_size) for _ in range(heads))
        self.heads = nn.ModuleList(layers)
        self.out = nn.Linear(heads * value_size, size, bias=False)

    def forward(
        self, x: Float[Tensor, "B T D"], mask: Bool[Tensor, "..."] | None = None
    ) -> tuple[Float[Tensor, "B T D"], Float[Tensor, "B H T T"]]:
        pairs = [head(x, mask) for head in self.heads]
        outputs = torch.cat([output for output, _ in pairs], -1)  # side by side
        weights = torch.stack([weights for _, weights in pairs], 1)
        return self.out(outputs), weights
