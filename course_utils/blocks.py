"""The blocks that a Transformer is stacked from: attention and a feed-forward network, each with residual and norm.

EncoderBlock is what BERT and GPT are made of, too. Sizes: B batch, H heads, T time, K keys, D model size, F ffn size.
Source: Vaswani et al. 2017, section 3.1 and 3.3; pre-norm: Xiong et al. 2020.
"""

import functools
from typing import NamedTuple

import torch.nn.functional as F
from torch import Tensor, nn

from course_utils.attention import KeyValues, MultiHeadAttention
from course_utils.checks import alike, described, flag, one_of, real_number, vectors, whole_number

ACTIVATIONS = {"relu": F.relu, "gelu": F.gelu, "gelu_tanh": functools.partial(F.gelu, approximate="tanh")}


class Widened:
    """A config whose feed-forward networks have ffn_size features inside, by default four times model_size."""

    @property
    def inner_size(self) -> int:
        return self.ffn_size or 4 * self.model_size


class PositionwiseFFN(nn.Module):
    """Two linear layers with a non-linearity between, the same for each position: D -> F -> D."""

    def __init__(self, model_size: int, ffn_size: int, dropout: float = 0.0, activation: str = "relu"):
        super().__init__()
        whole_number("model_size", model_size, 1, 65_536), whole_number("ffn_size", ffn_size, 1, 262_144)
        one_of("activation", activation, ACTIVATIONS)
        real_number("dropout", dropout, least=0, below=1)
        self.widen, self.narrow = nn.Linear(model_size, ffn_size), nn.Linear(ffn_size, model_size)
        self.dropout, self.activation = nn.Dropout(dropout), activation

    def forward(self, x: Tensor) -> Tensor:
        """x [..., D] -> [..., D]."""
        try:
            return self.narrow(self.dropout(ACTIVATIONS[self.activation](self.widen(x))))
        except (RuntimeError, TypeError):  # what torch refuses is said in our words
            vectors("x", x, getattr(self.widen, "in_features", None), "[..., D]")
            alike(parameters=getattr(self.widen, "weight", x), x=x)  # an adapter may have taken its place
            raise


class AddNorm(nn.Module):
    """Residual connection and layer norm around a sub-layer f: x + f(norm(x)), or with norm_first=False norm(x + f(x)).

    y = f(around.before(x)); x = around.after(x, y)
    """

    def __init__(self, model_size: int, dropout: float = 0.0, norm_first: bool = True, eps: float = 1e-5):
        super().__init__()
        real_number("dropout", dropout, least=0, below=1), real_number("eps", eps, above=0)
        flag("norm_first", norm_first), whole_number("model_size", model_size, 1)
        self.norm, self.dropout, self.norm_first = nn.LayerNorm(model_size, eps), nn.Dropout(dropout), norm_first

    def before(self, x: Tensor) -> Tensor:
        """What the sub-layer reads."""
        try:
            return self.norm(x) if self.norm_first else x
        except (RuntimeError, TypeError):
            vectors("x", x, self.norm.normalized_shape[0], "[..., D]")
            alike(parameters=self.norm.weight, x=x)
            raise

    def after(self, x: Tensor, y: Tensor) -> Tensor:
        """What goes on: y is what the sub-layer gave."""
        return x + self.dropout(y) if self.norm_first else self.norm(x + self.dropout(y))


class BlockOutput(NamedTuple):
    """features [B, T, D]; past: keys and values of the block's own side so far, which the next tokens attend to."""

    features: Tensor
    past: KeyValues


class EncoderBlock(nn.Module):
    """Self-attention, then the feed-forward network. With a causal mask it is a block of a GPT.

    dropout: of attention weights, of the network's inside and of what each sub-layer adds; ffn_dropout: another one for
    the network's inside (BERT and GPT have none); norm_first: pre-norm (else post-norm, as in 2017 and in BERT);
    rotary: in self-attention; further options: of MultiHeadAttention.
    """

    cross = False  # does it attend to an encoder, too?

    def __init__(
        self,
        model_size: int,
        num_heads: int,
        ffn_size: int,
        dropout: float = 0.0,
        norm_first: bool = True,
        activation: str = "relu",
        eps: float = 1e-5,
        ffn_dropout: float | None = None,
        rotary: bool = False,
        **attention,
    ):
        super().__init__()
        self.attention = MultiHeadAttention(model_size, num_heads, dropout=dropout, rotary=rotary, **attention)
        if self.cross:
            self.cross_attention = MultiHeadAttention(model_size, num_heads, dropout=dropout, **attention)
        self.ffn = PositionwiseFFN(model_size, ffn_size, dropout if ffn_dropout is None else ffn_dropout, activation)
        self.around_attention = AddNorm(model_size, dropout, norm_first, eps)
        if self.cross:
            self.around_cross = AddNorm(model_size, dropout, norm_first, eps)
        self.around_ffn = AddNorm(model_size, dropout, norm_first, eps)

    def forward(self, x: Tensor, mask: Tensor | None = None, past: KeyValues | None = None) -> BlockOutput:
        """x [B, T, D], mask as MultiHeadAttention's -> BlockOutput. past: keys and values of what stands before x."""
        query = self.around_attention.before(x)  # [B, T, D]
        past, first = _keys_and_values(self.attention, query, past)  # keys and values [B, H, P + T, d]
        x = self.around_attention.after(x, self.attention.attend(query, past, mask, first=first)[0])
        return BlockOutput(self.around_ffn.after(x, self.ffn(self.around_ffn.before(x))), past)


class DecoderBlock(EncoderBlock):
    """Self-attention, attention to the encoder's output, the feed-forward network. Options as EncoderBlock."""

    cross = True

    def forward(
        self, x: Tensor, memory: Tensor | KeyValues, mask=None, memory_mask=None, past: KeyValues | None = None
    ) -> BlockOutput:
        """x [B, T, D], memory [B, S, D] (or `cross_attention.project` of it), mask over the block's own side,
        memory_mask over the source, such as [B, 1, S] -> BlockOutput. past: keys and values of what stands before x."""
        query = self.around_attention.before(x)  # [B, T, D]
        past, first = _keys_and_values(self.attention, query, past)  # keys and values [B, H, P + T, d]
        x = self.around_attention.after(x, self.attention.attend(query, past, mask, first=first)[0])
        if not isinstance(memory, KeyValues):
            memory = self.cross_attention.project(memory)  # [B, S, D] -> [B, H, S, d] twice
        x = self.around_cross.after(x, self.cross_attention.attend(self.around_cross.before(x), memory, memory_mask)[0])
        return BlockOutput(self.around_ffn.after(x, self.ffn(self.around_ffn.before(x))), past)


def init_weights(module: nn.Module) -> None:
    """The initial weights of BERT and GPT-2, for `model.apply`: normal with standard deviation 0.02, biases 0."""
    if isinstance(module, nn.Linear | nn.Embedding):
        nn.init.normal_(module.weight, std=0.02)
    if isinstance(module, nn.Linear) and module.bias is not None:
        nn.init.zeros_(module.bias)


def _keys_and_values(attention: MultiHeadAttention, x: Tensor, past: KeyValues | None) -> tuple[KeyValues, int]:
    """Keys and values of x, behind those of the past if there is one, and the position of x's first token."""
    if past is None:
        return attention.project(x), 0
    if not isinstance(past, KeyValues):
        raise TypeError(f"past is {described(past)}; needed: the KeyValues that this block gave before (`.past`)")
    first = past.keys.shape[2]
    return past.append(attention.project(x, first=first)), first
