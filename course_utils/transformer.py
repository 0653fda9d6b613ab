"""The Transformer: an encoder and a decoder made of attention, without recurrence.

    model = Transformer(TransformerConfig(source_vocab_size=5000, target_vocab_size=6000))
    output = model(source, target, source_mask, need_weights=True)   # output.logits, output.weights, …

In training all words are predicted at once, each seeing those up to itself; `start` and `step` are what
`course_utils.decoding` writes with, keeping keys and values of what was written (the KV cache).
Source: Vaswani et al. 2017, Attention is all you need.
"""

from dataclasses import dataclass
from typing import NamedTuple

from torch import Tensor, nn

from course_utils import convert
from course_utils.attention import KeyValues, causal_mask, local_mask, recording
from course_utils.blocks import DecoderBlock, EncoderBlock, Widened
from course_utils.checks import check_ids, check_padding_mask, check_sizes, flag, one_of, real_number
from course_utils.decoding.search import Step
from course_utils.heads import recorded
from course_utils.loss import output_loss
from course_utils.positions import LearnedPositions, SinusoidalPositions

POSITIONS = ("sinusoidal", "learned", "rotary", "none")


@dataclass(frozen=True)
class TransformerConfig(Widened):
    """Sizes and choices of a Transformer. Raises ValueError for settings that cannot work."""

    source_vocab_size: int | None  # None for both: the model reads and gives features [B, T, D], not ids and logits
    target_vocab_size: int | None
    model_size: int = 128
    num_layers: int = 2  # of the encoder, and of the decoder
    num_heads: int = 4
    ffn_size: int | None = None  # 4 · model_size by default
    max_length: int = 64  # of a text, where positions are learned; sinusoidal and rotary ones go on beyond
    dropout: float = 0.1
    norm_first: bool = True  # pre-norm; False: post-norm, as in 2017. Both stacks end with a norm, as torch's do
    tie_embeddings: bool = True  # the output matrix is the target's embedding
    positions: str = "sinusoidal"  # or "learned", "rotary" (self-attention only), "none"
    activation: str = "relu"
    key_heads: int | None = None  # fewer heads for keys and values (grouped- or multi-query)
    window: int | None = None  # words see this far back only
    memory_layers: tuple[int, ...] | None = None  # the encoder layer that each decoder layer reads, from 1

    def __post_init__(self):
        optional = ("ffn_size", "key_heads", "window")
        check_sizes(self, "model_size", "num_layers", "num_heads", "max_length", or_none=optional)
        words = (self.source_vocab_size, self.target_vocab_size)
        if words != (None, None) and not all(isinstance(n, int) and not isinstance(n, bool) and n > 0 for n in words):
            raise ValueError(f"vocabulary sizes are {words}; needed: two whole numbers from 1, or None for both")
        one_of("positions", self.positions, POSITIONS)
        flag("tie_embeddings", self.tie_embeddings)
        real_number("dropout", self.dropout, least=0, below=1)
        layers, possible = self.reads, range(1, self.num_layers + 1)
        fits = isinstance(layers, tuple | list) and all(isinstance(n, int) and n in possible for n in layers)
        if not fits or len(layers) != self.num_layers:
            raise ValueError(f"memory_layers is {layers}; needed: {self.num_layers} numbers from 1 to it")

    @property
    def reads(self) -> tuple[int, ...]:
        """The encoder layer that each decoder layer reads: memory_layers, or the last for all."""
        return self.memory_layers or (self.num_layers,) * self.num_layers


class TransformerOutput(NamedTuple):
    """logits [B, T, V] of the next word after each target word, and on request lists of one tensor per layer:

    weights [B, H, T, S] of the decoder's attention to the source, encoder_weights [B, H, S, S] and decoder_weights
    [B, H, T, T] of self-attention. S source, T target.
    """

    logits: Tensor
    weights: list[Tensor] | None = None
    encoder_weights: list[Tensor] | None = None
    decoder_weights: list[Tensor] | None = None


class Memory(NamedTuple):
    """What the encoder hands over: states, the output of each layer [B, S, D], the last one normed; mask
    [B, 1, S], True = a real token, or None where there is no padding."""

    states: tuple[Tensor, ...]
    mask: Tensor | None


class DecoderState(NamedTuple):
    """The KV cache. memory: keys and values of the source for each layer, computed once; mask [B, 1, S] or None; past:
    keys and values of the words written so far, for each layer (empty before the first)."""

    memory: tuple[KeyValues, ...]
    mask: Tensor | None
    past: tuple[KeyValues, ...]


class Transformer(nn.Module):
    """Encoder and decoder stacks between embeddings and an output matrix."""

    def __init__(self, config: TransformerConfig):
        super().__init__()
        self.config = c = config
        options = {"dropout": c.dropout, "norm_first": c.norm_first, "activation": c.activation}
        options |= {"rotary": c.positions == "rotary", "key_heads": c.key_heads}
        sizes = (c.model_size, c.num_heads, c.inner_size)
        self.encoder = nn.ModuleList(EncoderBlock(*sizes, **options) for _ in range(c.num_layers))
        self.decoder = nn.ModuleList(DecoderBlock(*sizes, **options) for _ in range(c.num_layers))
        self.encoder_norm, self.decoder_norm = nn.LayerNorm(c.model_size), nn.LayerNorm(c.model_size)
        self.dropout = nn.Dropout(c.dropout)
        self.positions = self.target_positions = None
        if c.positions == "sinusoidal":
            self.positions = self.target_positions = SinusoidalPositions(c.max_length, c.model_size)
        elif c.positions == "learned":
            self.positions, self.target_positions = (LearnedPositions(c.max_length, c.model_size) for _ in range(2))
        if c.source_vocab_size is not None:
            self.source_embedding = nn.Embedding(c.source_vocab_size, c.model_size)
            self.target_embedding = nn.Embedding(c.target_vocab_size, c.model_size)
            self.output = nn.Linear(c.model_size, c.target_vocab_size)
            if c.tie_embeddings:
                self.output.weight = self.target_embedding.weight
            for embedding in (self.source_embedding, self.target_embedding):
                nn.init.normal_(embedding.weight, std=c.model_size**-0.5)
            nn.init.zeros_(self.output.bias)

    def forward(
        self, source: Tensor, target: Tensor, source_mask=None, target_mask=None, need_weights: bool = False
    ) -> TransformerOutput:
        """source [B, S] and target [B, T] (from <bos> on) ids, masks of the same shapes, bool, True = a real token
        -> TransformerOutput. Each target word sees the words up to itself, in training and in use alike."""
        with recorded(self, need_weights) as seen:
            features = self.decode(target, self.encode(source, source_mask), target_mask)  # [B, T, D]
        logits = features if self.config.target_vocab_size is None else self.output(features)  # [B, T, V]
        return TransformerOutput(logits, seen["cross"], seen["encoder"], seen["decoder"])

    def loss(self, batch, label_smoothing: float = 0.0) -> Tensor:
        """masked_loss of what the model predicts for a text.Batch -> scalar."""
        features = self.decode(batch.target_in, self.encode(batch.source, batch.source_mask))  # [B, T, D]
        return output_loss(features, self.output, batch.target_out, batch.target_mask, label_smoothing)

    def encode(self, source: Tensor, source_mask: Tensor | None = None) -> Memory:
        """source [B, S], source_mask [B, S] bool, True = a real token -> Memory."""
        x = self._embed(source, "source")  # [B, S, D]
        mask = self._mask(x, check_padding_mask(source_mask, source), causal=False)
        states = []
        for block in self.encoder:
            x = block(x, mask).features
            states.append(x)
        states[-1] = self.encoder_norm(x)
        return Memory(tuple(states), _keys(source_mask))

    def decode(self, target: Tensor, memory: Memory, target_mask: Tensor | None = None) -> Tensor:
        """target [B, T] (from <bos> on), memory as `encode` gives it -> features [B, T, D]."""
        x = self._embed(target, "target")  # [B, T, D]
        mask = self._mask(x, check_padding_mask(target_mask, target), causal=True)
        for block, layer in zip(self.decoder, self.config.reads, strict=True):
            x = block(x, memory.states[layer - 1], mask, memory.mask).features
        return self.decoder_norm(x)

    def start(self, source: Tensor, source_mask: Tensor | None = None) -> DecoderState:
        """The state before the first word: source [B, S], source_mask [B, S] -> DecoderState."""
        memory = self.encode(source, source_mask)
        layers = zip(self.decoder, self.config.reads, strict=True)
        read = tuple(block.cross_attention.project(memory.states[n - 1]) for block, n in layers)
        return DecoderState(read, memory.mask, ())

    def step(self, words: Tensor, state: DecoderState) -> Step:
        """One word further: words [B], the ones written last (<bos> at first) -> Step. Its weights [B, S]: of the last
        layer, mean of its heads."""
        first = state.past[0].keys.shape[2] if state.past else 0
        x = self._embed(words[:, None], "target", first)  # [B, 1, D]
        past, window = [], self.config.window
        mask = None if window is None else local_mask(first + 1, window, device=x.device)[-1:]
        last = self.decoder[-1].cross_attention
        with recording([last]) as seen:
            for n, (block, memory) in enumerate(zip(self.decoder, state.memory, strict=True)):
                x, keys_and_values = block(x, memory, mask, state.mask, state.past[n] if state.past else None)
                past.append(keys_and_values)
        logits = self.output(self.decoder_norm(x))[:, 0]  # [B, 1, D] -> [B, V]
        return Step(logits, state._replace(past=tuple(past)), seen[last][-1].mean(1)[:, 0])  # [B, H, 1, S] -> [B, S]

    @classmethod
    def from_torch(cls, module: nn.Transformer) -> "Transformer":
        """The same weights in our classes: reads and gives features, as nn.Transformer does. Needs batch_first."""
        return convert.transformer_from(cls, TransformerConfig, module)

    def _embed(self, ids: Tensor, role: str, first: int = 0) -> Tensor:
        """Token vectors and positions [B, T, D]; features are taken as they are by a model without vocabulary."""
        if self.config.source_vocab_size is None:
            return ids
        embedding = self.source_embedding if role == "source" else self.target_embedding
        check_ids(ids, len(embedding.weight), role)
        x = embedding(ids) * self.config.model_size**0.5
        positions = self.positions if role == "source" else self.target_positions
        return self.dropout(x if positions is None else positions(x, first))

    def _mask(self, x: Tensor, real: Tensor | None, causal: bool) -> Tensor | None:
        """Which positions of x [B, T, D] may be attended to, real [B, T]: a mask [T, T], [B, 1, T] or [B, T, T], or
        None for all."""
        mask, real = None, _keys(real)
        if self.config.window is not None:
            mask = local_mask(x.shape[1], self.config.window, causal, x.device)
        elif causal:
            mask = causal_mask(x.shape[1], x.device)
        if mask is None or real is None:
            return real if mask is None else mask
        return mask & real


def _keys(mask: Tensor | None) -> Tensor | None:
    """[B, S] -> [B, 1, S]; None where there is no padding."""
    return None if mask is None or bool(mask.all()) else mask[:, None]
