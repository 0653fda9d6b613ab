"""The Transformer: an encoder reads a sentence, a decoder writes another, without
recurrence.

    model = Transformer(TransformerConfig(source_vocab_size=5000, target_vocab_size=6000))
    model(source, target, source_mask)      # [B, S], [B, T], [B, S] -> logits [B, T, V]

In training all words are predicted at once, each from the words before it.
Sizes: B batch, S source, T target, D features (model_size), V vocabulary of the target.
Source: Vaswani et al. 2017, Attention is all you need.
"""

from dataclasses import dataclass

from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from .attention import MultiHeadAttention, causal_mask
from .blocks import AddNorm, EncoderBlock, PositionwiseFFN
from .loss import masked_loss
from .positions import LearnedPositions, NoPositions, SinusoidalPositions
from .rotary import RotaryAttention
from .text import Batch

POSITIONS = ("sinusoidal", "learned", "rotary", "none")


@dataclass(frozen=True)
class TransformerConfig:
    """Sizes and choices of a Transformer."""

    source_vocab_size: int
    target_vocab_size: int
    model_size: int = 128
    num_layers: int = 2  # of the encoder, and of the decoder
    num_heads: int = 4
    ffn_size: int | None = None  # None: 4 · model_size
    max_length: int = 64  # the last position is learned; sinusoids go on
    dropout: float = 0.1
    norm_first: bool = True  # False: as in 2017
    tie_embeddings: bool = True  # the output matrix is the target's embedding
    positions: str = "sinusoidal"  # or "learned", "rotary" (self-attention only), "none"
    activation: str = "relu"


class DecoderBlock(nn.Module):
    """Self-attention, attention to the encoder's output (cross-attention), a network."""

    def __init__(
        self,
        model_size: int,
        num_heads: int,
        ffn_size: int,
        dropout: float = 0.0,
        norm_first: bool = True,
        activation: str = "relu",
        attention: type[MultiHeadAttention] = MultiHeadAttention,
    ):
        super().__init__()
        self.attention = attention(model_size, num_heads)
        self.cross_attention = MultiHeadAttention(model_size, num_heads)
        self.ffn = PositionwiseFFN(model_size, ffn_size, activation)
        self.around_attention = AddNorm(model_size, dropout, norm_first)
        self.around_cross = AddNorm(model_size, dropout, norm_first)
        self.around_ffn = AddNorm(model_size, dropout, norm_first)

    def forward(
        self,
        x: Float[Tensor, "B T D"],
        memory: Float[Tensor, "B S D"],
        mask: Bool[Tensor, "..."] | None = None,
        memory_mask: Bool[Tensor, "..."] | None = None,
    ) -> Float[Tensor, "B T D"]:
        def attend_to_memory(h: Tensor) -> Tensor:
            return self.cross_attention(h, memory, memory, memory_mask)[0]

        x = self.around_attention(x, lambda h: self.attention(h, h, h, mask)[0])
        x = self.around_cross(x, attend_to_memory)
        return self.around_ffn(x, self.ffn)


class Transformer(nn.Module):
    """Encoder and decoder stacks between embeddings and an output matrix."""

    def __init__(self, config: TransformerConfig):
        super().__init__()
        self.config = c = config
        sizes = c.model_size, c.num_heads, c.ffn_size or 4 * c.model_size
        choices = c.dropout, c.norm_first, c.activation
        layers = range(c.num_layers)
        attention = RotaryAttention if c.positions == "rotary" else MultiHeadAttention
        self.encoder = nn.ModuleList(
            EncoderBlock(*sizes, *choices, attention=attention) for _ in layers
        )
        self.decoder = nn.ModuleList(
            DecoderBlock(*sizes, *choices, attention=attention) for _ in layers
        )
        self.encoder_norm = nn.LayerNorm(c.model_size)
        self.decoder_norm = nn.LayerNorm(c.model_size)
        self.dropout = nn.Dropout(c.dropout)
        self.positions = positions_of(c)
        self.target_positions = positions_of(c)
        self.source_embedding = nn.Embedding(c.source_vocab_size, c.model_size)
        self.target_embedding = nn.Embedding(c.target_vocab_size, c.model_size)
        self.output = nn.Linear(c.model_size, c.target_vocab_size)
        if c.tie_embeddings:
            self.output.weight = self.target_embedding.weight  # both [V, D]
        for embedding in (self.source_embedding, self.target_embedding):
            nn.init.normal_(embedding.weight, std=c.model_size**-0.5)
        nn.init.zeros_(self.output.bias)

    def forward(
        self,
        source: Int[Tensor, "B S"],
        target: Int[Tensor, "B T"],
        source_mask: Bool[Tensor, "B S"] | None = None,
    ) -> Float[Tensor, "B T V"]:
        """target: from <bos> on; source_mask: True = a real token, False = padding"""
        memory = self.encode(source, source_mask)  # [B, S, D]
        return self.output(
            self.decode(target, memory, source_mask)
        )  # [B, T, D] -> [B, T, V]

    def encode(
        self, source: Int[Tensor, "B S"], source_mask: Bool[Tensor, "B S"] | None = None
    ) -> Float[Tensor, "B S D"]:
        """What the decoder attends to: the memory."""
        x = self.source_embedding(source) * self.config.model_size**0.5
        x = self.dropout(self.positions(x))  # [B, S, D]
        mask = None if source_mask is None else source_mask[:, None]  # [B, 1, S]
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
        x = self.target_embedding(target) * self.config.model_size**0.5
        x = self.dropout(self.target_positions(x))  # [B, T, D]
        mask = causal_mask(target.shape[1], target.device)
        memory_mask = None if source_mask is None else source_mask[:, None]  # [B, 1, S]
        for block in self.decoder:
            x = block(x, memory, mask, memory_mask)
        return self.decoder_norm(x)

    def loss(self, batch: Batch, label_smoothing: float = 0.0) -> Float[Tensor, ""]:
        """Mean cross-entropy of the right next words, in nats."""
        logits = self(batch.source, batch.target_in, batch.source_mask)  # [B, T, V]
        return masked_loss(logits, batch.target_out, batch.target_mask, label_smoothing)


def positions_of(config: TransformerConfig) -> nn.Module:
    """What adds positions to the word vectors of one side, if anything does."""
    if config.positions == "sinusoidal":
        return SinusoidalPositions(config.max_length, config.model_size)
    if config.positions == "learned":
        return LearnedPositions(config.max_length, config.model_size)
    if config.positions in (
        "rotary",
        "none",
    ):  # rotary attention turns queries and keys by them
        return NoPositions()
    raise ValueError(f"positions is {config.positions!r}; needed: one of {POSITIONS}")
