"""Sequence to sequence: a recurrent encoder reads, a recurrent decoder writes, attention
looks back in between.

    model = Seq2Seq(Seq2SeqConfig(source_vocab_size=5000, target_vocab_size=6000))
    logits, weights = model(source, target, source_mask)    # [B, T, V], [B, T, K]

attention=None leaves one vector between the two, the same for each word: the bottleneck.
In training the decoder is given the right words (teacher forcing); in writing, `start`
and `step` give it its own. Sizes: B batch, K source, T target, D features, E of a word, L
layers. Sources: Sutskever, Vinyals & Le 2014; Bahdanau, Cho & Bengio 2015; Luong et al.
2015.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from course_kit.text import Batch
from course_utils.attention import masked_softmax
from course_utils.loss import masked_loss
from course_utils.scores import SCORES


class Step(NamedTuple):
    """One word further: what writing needs of a model, whichever it is.

    logits [B, V] of the next word; weights [B, K] on the source, or None; state: any nest
    of tuples of tensors, batch first
    """

    logits: Tensor
    state: Any
    weights: Tensor | None


@dataclass(frozen=True)
class Seq2SeqConfig:
    """Sizes and choices of a Seq2Seq."""

    source_vocab_size: int
    target_vocab_size: int
    model_size: int = 128  # D, even: half of an encoder state is read from each end
    embedding_size: int | None = None  # E; model_size
    num_layers: int = 1  # of encoder and decoder
    attention: str | None = "additive"  # one of the twelve SCORES, or None
    query: str = "previous"  # state: before the word (Bahdanau), "current": after (Luong)
    score_size: int | None = None  # hidden features of the score; model_size / 2
    reverse_source: bool = False  # read the source from its end
    dropout: float = 0.0
    max_length: int = 64  # of the source, where a score counts positions


class Memory(NamedTuple):
    """What the encoder hands over: states [B, K, D]; keys [B, K, …], the states as the
    score reads them; summary [B, D], the last state of each direction; mask [B, K].
    """

    states: Tensor
    keys: Tensor
    summary: Tensor
    mask: Tensor


class DecoderState(NamedTuple):
    """Between two words: hidden [B, L, D], and the memory to look back at."""

    hidden: Tensor
    memory: Memory


class Seq2Seq(nn.Module):
    """Bidirectional GRU encoder, GRU decoder, attention by any of the twelve scores or
    none.
    """

    def __init__(self, config: Seq2SeqConfig):
        super().__init__()
        self.config = c = config
        if c.query not in ("previous", "current"):
            raise ValueError(f"query is {c.query!r}; needed: 'previous' or 'current'")
        E = c.embedding_size or c.model_size
        self.source_embedding = nn.Embedding(c.source_vocab_size, E)
        self.target_embedding = nn.Embedding(c.target_vocab_size, E)
        gru: dict[str, Any] = {"num_layers": c.num_layers, "batch_first": True}
        if c.num_layers > 1:
            gru["dropout"] = c.dropout
        self.encoder = nn.GRU(E, c.model_size // 2, bidirectional=True, **gru)
        self.bridge = nn.Linear(c.model_size, c.num_layers * c.model_size)
        # Does the context enter the recurrence, beside the word?
        self.feeds = c.attention is None or c.query == "previous"
        self.decoder = nn.GRU(E + self.feeds * c.model_size, c.model_size, **gru)
        self.score: Any = None  # one of the SCORES, if the model attends
        if c.attention is not None:
            score_size = c.score_size or c.model_size // 2
            sizes = c.model_size, c.model_size, score_size, c.max_length
            self.score = SCORES[c.attention](*sizes)
        self.readout = nn.Linear(2 * c.model_size, E)
        self.bias = nn.Parameter(torch.zeros(c.target_vocab_size))
        self.dropout = nn.Dropout(c.dropout)
        for embedding in (self.source_embedding, self.target_embedding):
            nn.init.normal_(embedding.weight, std=E**-0.5)

    def forward(
        self,
        source: Int[Tensor, "B K"],
        target: Int[Tensor, "B T"],
        source_mask: Bool[Tensor, "B K"] | None = None,
    ) -> tuple[Float[Tensor, "B T V"], Float[Tensor, "B T K"] | None]:
        """Teacher forcing. target: from <bos> on -> logits, and weights if it attends"""
        memory = self.encode(source, source_mask)
        words = self.dropout(self.target_embedding(target))  # [B, T, E]
        hidden = self.first_hidden(memory)  # [L, B, D]
        if self.score is None:
            context, weights = (
                memory.summary[:, None].expand(-1, words.shape[1], -1),
                None,
            )
            states, _ = self.decoder(torch.cat([words, context], -1), hidden)
        elif self.feeds:
            states, context, weights = self.attend_then_move(words, hidden, memory)
        else:
            states, _ = self.decoder(words, hidden)
            context, weights = self.look_back(states, memory)
        return self.predict(states, context), weights

    def loss(self, batch: Batch, label_smoothing: float = 0.0) -> Float[Tensor, ""]:
        """Mean cross-entropy of the right next words, in nats."""
        logits, _ = self(batch.source, batch.target_in, batch.source_mask)
        return masked_loss(logits, batch.target_out, batch.target_mask, label_smoothing)

    def encode(self, source: Int[Tensor, "B K"], source_mask: Bool[Tensor, "B K"] | None = None) -> Memory:
        """Read the whole source."""
        if source_mask is None:
            source_mask = torch.ones_like(source, dtype=torch.bool)
        source_mask = source_mask.expand_as(source)
        lengths = lengths_of(source_mask)
        if self.config.reverse_source:
            source = reversed_texts(source, lengths)
        words = self.dropout(self.source_embedding(source))  # [B, K, E]
        packed = pack_padded_sequence(words, lengths.cpu(), True, enforce_sorted=False)
        states, last = self.encoder(packed)
        states, _ = pad_packed_sequence(states, True, total_length=source.shape[1])
        if self.config.reverse_source:  # each state beside its own word again
            states = reversed_texts(states, lengths)
        keys = states if self.score is None else self.score.project(states)
        summary = torch.cat([last[-2], last[-1]], -1)  # [B, D / 2] twice -> [B, D]
        return Memory(states, keys, summary, source_mask)

    def look_back(
        self, queries: Float[Tensor, "B Q D"], memory: Memory
    ) -> tuple[Float[Tensor, "B Q D"], Float[Tensor, "B Q K"]]:
        """Attention: the context of each query, and its weights on the source."""
        scores = self.score.meet(queries, memory.keys)  # [B, Q, K]
        weights = masked_softmax(scores, memory.mask[:, None])
        return weights @ memory.states, weights

    def attend_then_move(
        self,
        words: Float[Tensor, "B T E"],
        hidden: Float[Tensor, "L B D"],
        memory: Memory,
    ) -> tuple[Float[Tensor, "B T D"], Float[Tensor, "B T D"], Float[Tensor, "B T K"]]:
        """Bahdanau's loop: look back with the state before a word, then read both."""
        states, contexts, weights = [], [], []
        for word in words.split(1, dim=1):  # [B, 1, E]
            context, row = self.look_back(hidden[-1][:, None], memory)  # [B, 1, D], [B, 1, K]
            state, hidden = self.decoder(torch.cat([word, context], -1), hidden)
            states.append(state)
            contexts.append(context)
            weights.append(row)
        return torch.cat(states, 1), torch.cat(contexts, 1), torch.cat(weights, 1)

    def predict(self, states: Float[Tensor, "B T D"], context: Float[Tensor, "B T D"]) -> Float[Tensor, "B T V"]:
        """The next word's logits; the output matrix is the target's embedding."""
        features = self.readout(torch.cat([states, context], -1)).tanh()  # [B, T, E]
        return F.linear(self.dropout(features), self.target_embedding.weight, self.bias)

    def first_hidden(self, memory: Memory) -> Float[Tensor, "L B D"]:
        """What the decoder begins with."""
        hidden = self.bridge(memory.summary).tanh()  # [B, L · D]
        return hidden.unflatten(-1, (self.config.num_layers, -1)).transpose(0, 1).contiguous()

    def start(self, source: Int[Tensor, "B K"], source_mask: Bool[Tensor, "B K"] | None = None) -> DecoderState:
        """The state before the first word."""
        memory = self.encode(source, source_mask)
        return DecoderState(self.first_hidden(memory).transpose(0, 1), memory)

    def step(self, words: Int[Tensor, "B"], state: DecoderState) -> Step:
        """One word further. words: those written last, <bos> at first"""
        memory, weights = state.memory, None
        hidden = state.hidden.transpose(0, 1).contiguous()  # [L, B, D]
        inputs = self.target_embedding(words)[:, None]  # [B, 1, E]
        context = memory.summary[:, None]  # [B, 1, D]
        if self.feeds:
            if self.score is not None:
                context, weights = self.look_back(hidden[-1][:, None], memory)
            inputs = torch.cat([inputs, context], -1)
        states, hidden = self.decoder(inputs, hidden)
        if not self.feeds:
            context, weights = self.look_back(states, memory)
        logits = self.predict(states, context)[:, 0]  # [B, 1, V] -> [B, V]
        if weights is not None:
            weights = weights[:, 0]  # [B, 1, K] -> [B, K]
        return Step(logits, DecoderState(hidden.transpose(0, 1), memory), weights)


def lengths_of(mask: Bool[Tensor, "B K"]) -> Int[Tensor, "B"]:
    """How many real tokens each sentence has. Raises ValueError for a mask with gaps."""
    lengths = mask.sum(1)
    if not torch.equal(mask, torch.arange(mask.shape[1], device=mask.device) < lengths[:, None]):
        raise ValueError("source_mask has gaps; needed: real tokens first, padding after them")
    return lengths


def reversed_texts(x: Tensor, lengths: Int[Tensor, "B"]) -> Tensor:
    """Each text from its last token to its first; the padding stays. x [B, K, …]"""
    places = torch.arange(x.shape[1], device=x.device).expand(len(x), -1)  # [B, K]
    turned = lengths[:, None] - 1 - places
    turned = torch.where(turned >= 0, turned, places)
    return x[torch.arange(len(x), device=x.device)[:, None], turned]
