"""The Transformer: an encoder reads a sentence, a decoder writes another, without
recurrence.

    model = Transformer(TransformerConfig(source_vocab=5000, target_vocab=6000, layers=3))
    model(source, target, source_mask)      # [B, S], [B, T], [B, S] -> logits [B, T, V]

In training all words are predicted at once, each from the words before it.
Sizes: B batch, S source, T target, D features (size), V vocabulary of the target.
Source: Vaswani et al. 2017, Attention is all you need; here each sub-layer is normalised
before it, and not after: Xiong et al. 2020.
"""

from dataclasses import dataclass
from typing import Any

from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from .attention import MultiHeadAttention, causal_mask
from .blocks import AddNorm, EncoderBlock, PositionwiseFFN
from .loss import masked_loss
from .positions import SinusoidalPositions


@dataclass(frozen=True)
class TransformerConfig:
    """The sizes of a Transformer."""

    source_vocab: int
    target_vocab: int
    size: int = 128
    layers: int = 2  # of the encoder, and of the decoder
    heads: int = 4
    hidden: int | None = None  # None: 4 · size
    context: int = 64  # positions computed beforehand; longer texts work, too
    dropout: float = 0.0


class DecoderBlock(nn.Module):
    """Self-attention, attention to the encoder's output (cross-attention), a network."""

    def __init__(self, size: int, heads: int, hidden: int, dropout: float = 0.0):
        super().__init__()
        self.attention = MultiHeadAttention(size, heads)
        self.cross_attention = MultiHeadAttention(size, heads)  # new
        self.ffn = PositionwiseFFN(size, hidden)
        self.around_attention = AddNorm(size, dropout)
        self.around_cross = AddNorm(size, dropout)  # new
        self.around_ffn = AddNorm(size, dropout)

    def forward(
        self,
        x: Float[Tensor, "B T D"],
        memory: Float[Tensor, "B S D"],
        mask: Bool[Tensor, "..."] | None = None,
        memory_mask: Bool[Tensor, "..."] | None = None,
    ) -> Float[Tensor, "B T D"]:
        def attend(h: Tensor) -> Tensor:  # h is x, normalised
            return self.attention(h, h, mask)[0]

        def look_back(h: Tensor) -> Tensor:  # new: keys and values from memory
            return self.cross_attention(h, memory, memory_mask)[0]

        x = self.around_attention(x, attend)
        x = self.around_cross(x, look_back)  # new
        return self.around_ffn(x, self.ffn)


class TransformerLayers(nn.Module):
    """The layers of a Transformer: two stacks between embeddings and an output matrix."""

    def __init__(self, config: TransformerConfig):
        super().__init__()
        self.config = c = config
        sizes = c.size, c.heads, c.hidden or 4 * c.size, c.dropout
        self.encoder = nn.ModuleList(EncoderBlock(*sizes) for _ in range(c.layers))
        self.decoder = nn.ModuleList(DecoderBlock(*sizes) for _ in range(c.layers))
        self.encoder_norm, self.decoder_norm = nn.LayerNorm(c.size), nn.LayerNorm(c.size)
        self.dropout = nn.Dropout(c.dropout)
        self.positions = SinusoidalPositions(c.context, c.size)
        self.target_positions = SinusoidalPositions(c.context, c.size)
        self.source_embedding = nn.Embedding(c.source_vocab, c.size)
        self.target_embedding = nn.Embedding(c.target_vocab, c.size)
        self.output = nn.Linear(c.size, c.target_vocab)
        self.output.weight = self.target_embedding.weight  # one table [V, D] for both
        for embedding in (self.source_embedding, self.target_embedding):
            nn.init.normal_(embedding.weight, std=c.size**-0.5)
        nn.init.zeros_(self.output.bias)


class Transformer(TransformerLayers):
    """The encoder reads the source, the decoder predicts each next word of the target."""

    def forward(
        self,
        source: Int[Tensor, "B S"],
        target: Int[Tensor, "B T"],
        source_mask: Bool[Tensor, "B S"] | None = None,
    ) -> Float[Tensor, "B T V"]:
        """target: from <bos> on; source_mask: True = a real token, False = padding"""
        memory = self.encode(source, source_mask)  # [B, S, D]
        return self.output(self.decode(target, memory, source_mask))  # [B, T, V]

    def encode(
        self, source: Int[Tensor, "B S"], source_mask: Bool[Tensor, "B S"] | None = None
    ) -> Float[Tensor, "B S D"]:
        """What the decoder attends to: the memory."""
        x = self.source_embedding(source) * self.config.size**0.5
        x = self.dropout(self.positions(x))  # [B, S, D]
        mask = None if source_mask is None else source_mask[:, None, :]  # [B, 1, S]
        for block in self.encoder:
            x = block(x, mask)
        return self.encoder_norm(x)

    def decode(
        self,
        target: Int[Tensor, "B T"],
        memory: Float[Tensor, "B S D"],
        source_mask: Bool[Tensor, "B S"] | None = None,
    ) -> Float[Tensor, "B T D"]:
        """Each position attends to the words up to itself, and to the memory."""
        x = self.target_embedding(target) * self.config.size**0.5
        x = self.dropout(self.target_positions(x))  # [B, T, D]
        mask = causal_mask(target.shape[1], target.device)
        if source_mask is not None:
            source_mask = source_mask[:, None, :]  # [B, 1, S]
        for block in self.decoder:
            x = block(x, memory, mask, source_mask)
        return self.decoder_norm(x)


def translation_loss(
    model: nn.Module, batch: Any, label_smoothing: float = 0.0
) -> Float[Tensor, ""]:
    """Mean cross-entropy of the right next words, in nats."""
    logits = model(batch.source, batch.target_in, batch.source_mask)  # [B, T, V]
    return masked_loss(logits, batch.target_out, batch.target_mask, label_smoothing)


ARCHITECTURES = {"Transformer": (Transformer, TransformerConfig)}
