"""Chapter 3's translator as our checkpoints have it: with less to store, and more against overfitting.

    model = TiedTranslator(TiedConfig(source_vocab=5000, target_vocab=6000))
    logits, weights = model(source, target, mask)       # as a Translator: [B, T, V], [B, T, S]

The words that are read and those that are written have one table, E features wide, behind a hidden layer; the score has
a bias; dropout acts on words and on the hidden layer. Without attention c enters each step of the decoder's GRU, too.
Sizes: B batch, S source, T target, D features, E of a word, h of the score, V vocabulary of the target.
Sources: Press & Wolf 2017 (one table); Cho et al. 2014 (c in each step).
"""

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from course_utils.attention import masked_softmax
from course_utils.seq2seq import AttentiveDecoder, Decoder, Encoder, Translator


@dataclass(frozen=True)
class TiedConfig:
    """Sizes of a TiedTranslator."""

    source_vocab: int
    target_vocab: int
    size: int = 128  # D, even: half of an encoder state is read from each end
    words: int | None = None  # E; size
    hidden: int | None = None  # h; size / 2
    attention: bool = True
    dropout: float = 0.0
    context: int = 64  # of a source, so many words are read


class DroppedEmbedding(nn.Embedding):
    """An embedding with dropout on its vectors."""

    def __init__(self, vocab: int, size: int, dropout: float):
        super().__init__(vocab, size)
        nn.init.normal_(self.weight, std=size**-0.5)
        self.dropout = nn.Dropout(dropout)

    def forward(self, ids: Int[Tensor, "B T"]) -> Float[Tensor, "B T E"]:
        return self.dropout(super().forward(ids))


class TiedOutput(nn.Module):
    """From state and context to logits, by the table of the words that are read."""

    def __init__(self, embedding: DroppedEmbedding, size: int):
        super().__init__()
        vocab, words = embedding.weight.shape
        self.readout = nn.Linear(2 * size, words)
        self.bias = nn.Parameter(torch.zeros(vocab))
        self.weight, self.dropout = embedding.weight, embedding.dropout

    def forward(self, x: Float[Tensor, "B T 2D"]) -> Float[Tensor, "B T V"]:
        features = self.dropout(self.readout(x).tanh())  # [B, T, E]
        return F.linear(features, self.weight, self.bias)


class FedDecoder(Decoder):
    """A decoder whose GRU reads c beside each word."""

    def forward(
        self, target: Int[Tensor, "B T"], last: Tensor, states: Tensor, c: Float[Tensor, "B D"], mask: Tensor
    ) -> tuple[Float[Tensor, "B T V"], Any, Float[Tensor, "1 B D"]]:
        x = self.embedding(target)
        context = c[:, None].expand(-1, target.shape[1], -1)  # [B, T, D]
        s, last = self.gru(torch.cat([x, context], -1), last)
        return self.output(torch.cat([s, context], -1)), None, last


class BiasedDecoder(AttentiveDecoder):
    """An attentive decoder whose score has a bias; all words look back at once."""

    def __init__(self, vocab: int, size: int, hidden: int):
        super().__init__(vocab, size)
        self.W1 = nn.Parameter(torch.randn(size, hidden) / size**0.5)
        self.W2 = nn.Parameter(torch.randn(size, hidden) / size**0.5)
        self.w = nn.Parameter(torch.randn(hidden) / size**0.5)
        self.b = nn.Parameter(torch.zeros(hidden))

    def context(
        self, s: Float[Tensor, "B T D"], states: Float[Tensor, "B S D"], c: Tensor, mask: Tensor
    ) -> tuple[Float[Tensor, "B T D"], Float[Tensor, "B T S"]]:
        queries, keys = F.linear(s, self.W1.T, self.b), states @ self.W2  # [B, T, h], [B, S, h]
        scores = torch.tanh(queries[:, :, None] + keys[:, None]) @ self.w  # [B, T, S]
        weights = masked_softmax(scores, mask[:, None])
        return weights @ states, weights


class TiedTranslator(Translator):
    """A Translator, with attention or without, whose words share a table."""

    def __init__(self, config: TiedConfig):
        self.config = c = config
        size, words = c.size, c.words or c.size
        encoder = Encoder(c.source_vocab, size)
        encoder.embedding = DroppedEmbedding(c.source_vocab, words, c.dropout)
        encoder.gru = nn.GRU(words, size // 2, bidirectional=True, batch_first=True)
        decoder: Decoder = FedDecoder(c.target_vocab, size)
        if c.attention:
            decoder = BiasedDecoder(c.target_vocab, size, c.hidden or size // 2)
        decoder.embedding = DroppedEmbedding(c.target_vocab, words, c.dropout)
        decoder.gru = nn.GRU(words + (0 if c.attention else size), size, batch_first=True)
        decoder.output = TiedOutput(decoder.embedding, size)  # type: ignore[assignment]
        super().__init__(encoder, decoder)


# what a checkpoint may hold: its name there -> class, and that of its config
ARCHITECTURES = {"TiedTranslator": (TiedTranslator, TiedConfig)}
