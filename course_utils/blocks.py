"""The block that Transformers are stacked from: attention, and a network at each
position.

Sizes: B batch, T time, D features (model_size), F features inside the network (ffn_size).
Sources: Vaswani et al. 2017, sections 3.1, 3.3 and 5.4; norm first: Xiong et al. 2020.
"""

from collections.abc import Callable

from jaxtyping import Bool, Float
from torch import Tensor, nn

from .attention import MultiHeadAttention

ACTIVATIONS = {"relu": nn.ReLU(), "gelu": nn.GELU(), "gelu_tanh": nn.GELU("tanh")}


class PositionwiseFFN(nn.Module):
    """Two linear layers with a non-linearity between, the same for each position."""

    def __init__(self, model_size: int, ffn_size: int, activation: str = "relu"):
        super().__init__()
        self.widen = nn.Linear(model_size, ffn_size)
        self.activation = ACTIVATIONS[activation]
        self.narrow = nn.Linear(ffn_size, model_size)

    def forward(self, x: Float[Tensor, "... D"]) -> Float[Tensor, "... D"]:
        return self.narrow(self.activation(self.widen(x)))  # D -> F -> D


class AddNorm(nn.Module):
    """A residual connection and a layer norm around a sub-layer: x + f(norm(x)).

    norm_first=False: norm(x + f(x)), as in 2017. Dropout acts on what f gives.
    """

    def __init__(
        self,
        model_size: int,
        dropout: float = 0.0,
        norm_first: bool = True,
        eps: float = 1e-5,
    ):
        super().__init__()
        self.norm = nn.LayerNorm(model_size, eps)
        self.dropout = nn.Dropout(dropout)
        self.norm_first = norm_first

    def forward(self, x: Float[Tensor, "B T D"], f: Callable) -> Float[Tensor, "B T D"]:
        if self.norm_first:
            return x + self.dropout(f(self.norm(x)))
        return self.norm(x + self.dropout(f(x)))


class EncoderBlock(nn.Module):
    """Self-attention, then a network at each position; with a causal mask a GPT's."""

    def __init__(
        self,
        model_size: int,
        num_heads: int,
        ffn_size: int,
        dropout: float = 0.0,
        norm_first: bool = True,
        activation: str = "relu",
        eps: float = 1e-5,
        attention: type[MultiHeadAttention] = MultiHeadAttention,
        bias: bool = True,
    ):
        super().__init__()
        self.attention = attention(model_size, num_heads, bias)
        self.ffn = PositionwiseFFN(model_size, ffn_size, activation)
        self.around_attention = AddNorm(model_size, dropout, norm_first, eps)
        self.around_ffn = AddNorm(model_size, dropout, norm_first, eps)

    def forward(
        self, x: Float[Tensor, "B T D"], mask: Bool[Tensor, "..."] | None = None
    ) -> Float[Tensor, "B T D"]:
        x = self.around_attention(x, lambda h: self.attention(h, h, h, mask)[0])
        return self.around_ffn(x, self.ffn)


def init_small(layer: nn.Module) -> None:
    """Initial weights as in BERT and GPT-2: normal, standard deviation 0.02; biases 0."""
    if isinstance(layer, nn.Linear | nn.Embedding):
        nn.init.normal_(layer.weight, std=0.02)
    if isinstance(layer, nn.Linear) and layer.bias is not None:
        nn.init.zeros_(layer.bias)
