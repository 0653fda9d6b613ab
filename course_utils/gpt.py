"""GPT: a stack of causal blocks. Position t predicts token t + 1 from tokens 0 … t.

    model = GPT(GPTConfig(vocab_size=69))
    model(ids)          # [B, T] -> [B, T, V]: for each position, what comes next

Sizes: B batch, T time, D features (model_size), V vocabulary.
Sources: Radford et al. 2018 (GPT) and 2019 (GPT-2).
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from .attention import MultiHeadAttention, causal_mask
from .blocks import ACTIVATIONS, AddNorm, EncoderBlock, PositionwiseFFN, init_small
from .rotary import RotaryAttention

ATTENTIONS = {"learned": MultiHeadAttention, "rotary": RotaryAttention}


@dataclass(frozen=True)
class GPTConfig:
    """Sizes and choices of a GPT."""

    vocab_size: int
    model_size: int = 128
    num_layers: int = 4
    num_heads: int = 4
    ffn_size: int | None = None  # None: 4 · model_size
    max_length: int = 128  # the context: the longest text that is read at once
    dropout: float = 0.0
    positions: str = "learned"  # as GPT-2; or "rotary", as most later ones
    activation: str = "gelu_tanh"
    bias: bool = True  # of the attention's projections
    eps: float = 1e-5


class GPTBlock(EncoderBlock):
    """The encoder's block, with another activation and as many biases as is wanted."""

    def __init__(self, c: GPTConfig):
        nn.Module.__init__(self)
        ffn_size = c.ffn_size or 4 * c.model_size
        self.attention = ATTENTIONS[c.positions](c.model_size, c.num_heads, c.bias)
        self.ffn = PositionwiseFFN(c.model_size, ffn_size, ACTIVATIONS[c.activation])
        self.around_attention = AddNorm(c.model_size, c.dropout, c.eps)
        self.around_ffn = AddNorm(c.model_size, c.dropout, c.eps)


class GPT(nn.Module):
    """Token and position vectors, causal blocks, a norm, the token vectors once more."""

    def __init__(self, config: GPTConfig):
        super().__init__()
        self.config = c = config
        self.tokens = nn.Embedding(c.vocab_size, c.model_size)
        learned = c.positions == "learned"
        self.positions = nn.Embedding(c.max_length, c.model_size) if learned else None
        self.dropout = nn.Dropout(c.dropout)
        blocks = [GPTBlock(c) for _ in range(c.num_layers)]
        self.blocks = nn.ModuleList(blocks)
        self.norm = nn.LayerNorm(c.model_size, c.eps)
        self.output = nn.Linear(c.model_size, c.vocab_size, bias=False)
        self.output.weight = self.tokens.weight  # one table [V, D] for both
        self.apply(init_small)
        for block in blocks:  # the last layers before 2 additions: GPT-2, section 2.3
            for last in (block.attention.out, block.ffn.narrow):
                nn.init.normal_(last.weight, std=0.02 / (2 * c.num_layers) ** 0.5)

    def forward(self, ids: Int[Tensor, "B T"]) -> Float[Tensor, "B T V"]:
        T = ids.shape[1]
        x = self.tokens(ids)  # [B, T] -> [B, T, D]
        if self.positions is not None:
            x = x + self.positions(torch.arange(T, device=ids.device))  # [T, D]
        x = self.dropout(x)
        mask = causal_mask(T, ids.device)
        for block in self.blocks:
            x = block(x, mask)
        return self.output(self.norm(x))  # [B, T, D] -> [B, T, V]

    def loss(
        self, ids: Int[Tensor, "B N"], counted: Bool[Tensor, "B N"] | None = None
    ) -> Float[Tensor, ""]:
        """Mean cross-entropy, in nats, of tokens 1 … N − 1, or of those counted."""
        logits, target = self(ids[:, :-1]), ids[:, 1:]  # N = T + 1
        if counted is not None:
            target = target.masked_fill(~counted[:, 1:], -100)  # ignored
        return F.cross_entropy(logits.flatten(0, 1), target.flatten())
