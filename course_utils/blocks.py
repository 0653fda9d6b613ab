"""The block of a Transformer: attention, and a network at each position.

Sizes: B batch, T time, D features (size), F features inside the network (hidden).
Sources: Vaswani et al. 2017, sections 3.1, 3.3 and 5.4; norm first: Xiong et al. 2020.
"""

from collections.abc import Callable
from functools import partial

import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn

from .attention import MultiHeadAttention


def activation(name: str) -> Callable:
    """The non-linearity of a name: relu, gelu, or gelu_tanh, which is GPT-2's gelu."""
    if name == "gelu_tanh":
        return partial(F.gelu, approximate="tanh")
    return getattr(F, name)


class PositionwiseFFN(nn.Module):
    """Two linear layers with a non-linearity between, the same for each position."""

    def __init__(self, size: int, hidden: int, activation: Callable = F.relu):
        super().__init__()
        self.widen = nn.Linear(size, hidden)
        self.narrow = nn.Linear(hidden, size)
        self.activation = activation

    def forward(self, x: Float[Tensor, "... D"]) -> Float[Tensor, "... D"]:
        return self.narrow(self.activation(self.widen(x)))  # D -> F -> D


def add_norm(
    x: Float[Tensor, "B T D"], f: Callable, norm: Callable
) -> Float[Tensor, "B T D"]:
    """A residual connection around a sub-layer f, which reads x normalised."""
    return x + f(norm(x))


class AddNorm(nn.Module):
    """A residual connection and a layer norm around a sub-layer. Dropout acts on what
    the sub-layer adds.
    """

    def __init__(self, size: int, dropout: float = 0.0, eps: float = 1e-5):
        super().__init__()
        self.norm = nn.LayerNorm(size, eps)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Float[Tensor, "B T D"], f: Callable) -> Float[Tensor, "B T D"]:
        def dropped(h: Tensor) -> Tensor:  # what f gives, some of it set to 0
            return self.dropout(f(h))

        return add_norm(x, dropped, self.norm)


class PostNorm(nn.Module):
    """The norm after the sum, as in 2017: norm(x + f(x))."""

    def __init__(self, size: int, dropout: float = 0.0, eps: float = 1e-5):
        super().__init__()
        self.norm = nn.LayerNorm(size, eps)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Float[Tensor, "B T D"], f: Callable) -> Float[Tensor, "B T D"]:
        return self.norm(x + self.dropout(f(x)))  # new: the norm comes last


class EncoderBlock(nn.Module):
    """Self-attention, then a network at each position; with a causal mask a GPT's."""

    def __init__(self, size: int, heads: int, hidden: int, dropout: float = 0.0):
        super().__init__()
        self.attention = MultiHeadAttention(size, heads)
        self.ffn = PositionwiseFFN(size, hidden)
        self.around_attention = AddNorm(size, dropout)
        self.around_ffn = AddNorm(size, dropout)

    def forward(
        self, x: Float[Tensor, "B T D"], mask: Bool[Tensor, "..."] | None = None
    ) -> Float[Tensor, "B T D"]:
        def attend(h: Tensor) -> Tensor:  # h is x, normalised
            return self.attention(h, h, mask)[0]

        x = self.around_attention(x, attend)
        return self.around_ffn(x, self.ffn)


def init_small(layer: nn.Module) -> None:
    """Initial weights as in BERT and GPT-2: normal, standard deviation 0.02; biases 0."""
    if isinstance(layer, nn.Linear | nn.Embedding):
        nn.init.normal_(layer.weight, std=0.02)
    if isinstance(layer, nn.Linear) and layer.bias is not None:
        nn.init.zeros_(layer.bias)
