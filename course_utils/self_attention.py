"""One head of self-attention, whole: three matrices and a softmax.

Sizes: B batch, T words, D features of a word, d of a query or key, dv of a value.
"""

from jaxtyping import Bool, Float
from torch import Tensor, nn

from .attention import scaled_dot_product_attention


class SelfAttention(nn.Module):
    """Each word asks all words: q, k and v are made of the same x, each by its matrix."""

    def __init__(self, size: int, head_size: int, value_size: int):
        super().__init__()
        self.query = nn.Linear(size, head_size, bias=False)
        self.key = nn.Linear(size, head_size, bias=False)
        self.value = nn.Linear(size, value_size, bias=False)

    def forward(
        self, x: Float[Tensor, "B T D"], mask: Bool[Tensor, "..."] | None = None
    ) -> tuple[Float[Tensor, "B T dv"], Float[Tensor, "B T T"]]:
        q, k, v = self.query(x), self.key(x), self.value(x)
        output, weights = scaled_dot_product_attention(q, k, v, mask)
        return output, weights
