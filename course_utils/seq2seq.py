"""Sequence to sequence: a recurrent encoder reads, a recurrent decoder writes, attention looks back in between.

    model = Seq2Seq(Seq2SeqConfig(source_vocab_size=5000, target_vocab_size=6000, attention="additive"))
    output = model(source, target, source_mask, need_weights=True)   # output.logits, output.weights

`attention=None` leaves one vector between the two, the same at each step: the bottleneck. In training the decoder is
given the right words (teacher forcing); `start` and `step` are what `course_utils.decoding` writes with.
Sources: Sutskever, Vinyals & Le 2014; Bahdanau, Cho & Bengio 2015; Luong, Pham & Manning 2015.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from course_utils.attention import masked_softmax
from course_utils.checks import check_ids, check_sizes, described, flag, one_of, real_number, text
from course_utils.decoding.search import Step
from course_utils.loss import output_loss
from course_utils.scores import SCORES

QUERIES = ("previous", "current")


@dataclass(frozen=True)
class Seq2SeqConfig:
    """Sizes and choices of a Seq2Seq. Raises ValueError for settings that cannot work.

    query: "previous", the decoder's state before this word (Bahdanau's sₜ₋₁, whose context feeds the new state), or
    "current", the state after it (Luong's hₜ, whose context feeds the prediction only).
    """

    source_vocab_size: int
    target_vocab_size: int
    model_size: int = 128  # features of a decoder or encoder state; even: half of the latter are read from each end
    embedding_size: int | None = None  # features of a word; model_size by default
    num_layers: int = 1  # of encoder and decoder
    attention: str | None = "additive"  # None, or the name of one of the twelve SCORES
    query: str = "previous"
    score_size: int | None = None  # hidden features of the score, where it has any; model_size / 2 by default
    reverse_source: bool = False  # read the source from its end
    dropout: float = 0.0
    max_length: int = 64  # of the source, in tokens

    def __post_init__(self):
        needed = ("source_vocab_size", "target_vocab_size", "model_size", "num_layers", "max_length")
        check_sizes(self, *needed, or_none=("embedding_size", "score_size"))
        if self.model_size % 2:
            raise ValueError(f"model_size is {self.model_size}; needed: an even number, one half for each direction")
        one_of("query", self.query, QUERIES)
        flag("reverse_source", self.reverse_source)
        real_number("dropout", self.dropout, least=0, below=1)
        if self.attention is not None:
            SCORES[text("attention", self.attention)]  # an unknown name is answered with the twelve


class Seq2SeqOutput(NamedTuple):
    """logits [B, T, V] of the next word after each target word; weights: None, or a list with one [B, 1, T, K]."""

    logits: Tensor
    weights: list[Tensor] | None


class Memory(NamedTuple):
    """What the encoder hands over. All batch first.

    states [B, K, D]; projected [B, K, …]: the keys as the score wants them, computed once a sentence;
    summary [B, D]: the last state of each direction; mask [B, K]; order [B, K]: where each read token stood
    """

    states: Tensor
    projected: Tensor
    summary: Tensor
    mask: Tensor
    order: Tensor


class DecoderState(NamedTuple):
    """What the decoder carries from word to word: hidden [B, L, D], and the memory it looks back at."""

    hidden: Tensor
    memory: Memory


class Seq2Seq(nn.Module):
    """Bidirectional GRU encoder, GRU decoder, attention by any of the twelve scores or none."""

    def __init__(self, config: Seq2SeqConfig):
        super().__init__()
        self.config = c = config
        embedding_size, score_size = c.embedding_size or c.model_size, c.score_size or c.model_size // 2
        self.source_embedding = nn.Embedding(c.source_vocab_size, embedding_size)
        self.target_embedding = nn.Embedding(c.target_vocab_size, embedding_size)
        gru = {"num_layers": c.num_layers, "batch_first": True, "dropout": c.dropout if c.num_layers > 1 else 0.0}
        self.encoder = nn.GRU(embedding_size, c.model_size // 2, bidirectional=True, **gru)
        self.bridge = nn.Linear(c.model_size, c.num_layers * c.model_size)
        self.feeds = c.attention is None or c.query == "previous"  # does the context enter the recurrent part?
        self.decoder = nn.GRU(embedding_size + self.feeds * c.model_size, c.model_size, **gru)
        self.score = None
        if c.attention is not None:
            self.score = SCORES[c.attention](c.model_size, c.model_size, score_size, c.max_length)
        self.readout = nn.Linear(2 * c.model_size, embedding_size)
        self.bias = nn.Parameter(torch.zeros(c.target_vocab_size))
        self.dropout = nn.Dropout(c.dropout)
        for embedding in (self.source_embedding, self.target_embedding):
            nn.init.normal_(embedding.weight, std=embedding_size**-0.5)

    def forward(self, source: Tensor, target: Tensor, source_mask: Tensor | None = None, need_weights: bool = False):
        """Teacher forcing: source [B, K], target [B, T] (from <bos> on), source_mask [B, K] -> Seq2SeqOutput."""
        features, weights = self._features(source, target, source_mask)
        if weights is not None:
            weights = [weights[:, None]] if need_weights else None
        return Seq2SeqOutput(F.linear(features, self.target_embedding.weight, self.bias), weights)

    def loss(self, batch, label_smoothing: float = 0.0) -> Tensor:
        """masked_loss of what the model predicts for a text.Batch -> scalar."""
        features, _ = self._features(batch.source, batch.target_in, batch.source_mask)  # [B, T, E]
        output = (self.target_embedding.weight, self.bias)
        return output_loss(features, output, batch.target_out, batch.target_mask, label_smoothing)

    def _features(self, source, target, source_mask) -> tuple[Tensor, Tensor | None]:
        """What the output matrix is applied to [B, T, E], and the weights [B, T, K]."""
        memory = self.encode(source, source_mask)
        hidden = self._first_hidden(memory)
        check_ids(target, self.config.target_vocab_size, "target")
        words = self.dropout(self.target_embedding(target))  # [B, T, E]
        weights = None
        if self.score is None:
            context = memory.summary[:, None].expand(-1, words.shape[1], -1)
            states, _ = self.decoder(torch.cat([words, context], -1), hidden.transpose(0, 1).contiguous())
        elif self.feeds:
            states, context, weights = self._attend_then_move(words, hidden, memory)
        else:
            states, _ = self.decoder(words, hidden.transpose(0, 1).contiguous())
            context, weights = self._attend(states, memory)
        return self._read_out(states, context), None if weights is None else self._in_source_order(weights, memory)

    def encode(self, source: Tensor, source_mask: Tensor | None = None) -> Memory:
        """Read the whole source: source [B, K], source_mask [B, K] bool, True = a real token -> Memory."""
        check_ids(source, self.config.source_vocab_size, "source")
        if source.shape[1] > self.config.max_length:
            given, limit = source.shape[1], self.config.max_length
            raise ValueError(f"source has {given} tokens; the model is made for {limit}: cut it, or raise max_length")
        mask = torch.ones_like(source, dtype=torch.bool) if source_mask is None else source_mask
        lengths = _lengths(mask, source)
        order = torch.arange(source.shape[1], device=source.device).expand_as(source)
        if self.config.reverse_source:  # the words turn round, the padding stays at the end
            order = torch.where(mask, lengths[:, None] - 1 - order, order)
            source = source.gather(1, order)
        words = self.dropout(self.source_embedding(source))
        if mask.all():
            states, last = self.encoder(words)
        else:
            packed = pack_padded_sequence(words, lengths.cpu(), batch_first=True, enforce_sorted=False)
            states, last = self.encoder(packed)
            states, _ = pad_packed_sequence(states, batch_first=True, total_length=source.shape[1])
        projected = states if self.score is None else self.score.project(states)
        return Memory(states, projected, torch.cat([last[-2], last[-1]], -1), mask, order)

    def start(self, source: Tensor, source_mask: Tensor | None = None) -> DecoderState:
        """The state before the first word: source [B, K], source_mask [B, K] -> DecoderState."""
        memory = self.encode(source, source_mask)
        return DecoderState(self._first_hidden(memory), memory)

    def step(self, words: Tensor, state: DecoderState) -> Step:
        """One word further: words [B], the ones written last (<bos> at first) -> Step."""
        memory, weights = state.memory, None
        inputs = self.target_embedding(words)[:, None]
        context = memory.summary[:, None]
        if self.feeds and self.score is not None:
            context, weights = self._attend(state.hidden[:, -1:], memory)
        if self.feeds:
            inputs = torch.cat([inputs, context.to(inputs)], -1)
        states, hidden = self.decoder(inputs, state.hidden.transpose(0, 1).contiguous())
        if not self.feeds:
            context, weights = self._attend(states, memory)
        if weights is not None:
            weights = self._in_source_order(weights, memory)[:, 0]
        logits = F.linear(self._read_out(states, context)[:, 0], self.target_embedding.weight, self.bias)
        return Step(logits, DecoderState(hidden.transpose(0, 1), memory), weights)

    def _first_hidden(self, memory: Memory) -> Tensor:
        """[B, L, D]: what the decoder begins with."""
        return self.bridge(memory.summary).tanh().unflatten(-1, (self.config.num_layers, -1))

    def _attend(self, queries: Tensor, memory: Memory) -> tuple[Tensor, Tensor]:
        """queries [B, Q, D] -> context [B, Q, D], weights [B, Q, K] in the order of reading."""
        weights = masked_softmax(self.score.meet(queries, memory.projected), memory.mask[:, None])
        return weights.to(memory.states.dtype) @ memory.states, weights

    def _attend_then_move(self, words: Tensor, hidden: Tensor, memory: Memory) -> tuple[Tensor, Tensor, Tensor]:
        """Bahdanau's loop: ask with the state before a word, then read the word together with the answer."""
        hidden, states, contexts, weights = hidden.transpose(0, 1).contiguous(), [], [], []  # hidden [L, B, D]
        for word in words.split(1, dim=1):  # [B, 1, E]
            context, row = self._attend(hidden[-1][:, None], memory)  # [B, 1, D], [B, 1, K]
            state, hidden = self.decoder(torch.cat([word, context.to(word)], -1), hidden)  # [B, 1, D]
            states.append(state), contexts.append(context), weights.append(row)
        return torch.cat(states, 1), torch.cat(contexts, 1), torch.cat(weights, 1)  # [B, T, D] twice, [B, T, K]

    def _read_out(self, states: Tensor, context: Tensor) -> Tensor:
        """States and context [B, T, D] -> features [B, T, E]; the output matrix is the target's embedding."""
        return self.dropout(self.readout(torch.cat([states, context.to(states.dtype)], -1)).tanh())

    def _in_source_order(self, weights: Tensor, memory: Memory) -> Tensor:
        """Weights [B, Q, K] over the source as it was given. Reversing twice changes nothing, so the order in which the
        encoder read leads back as well."""
        if not self.config.reverse_source:
            return weights
        return weights.gather(2, memory.order[:, None].expand_as(weights))


def _lengths(mask: Tensor, source: Tensor) -> Tensor:
    """How many real tokens each sentence has: [B]. Raises ValueError for gaps, empty rows or a wrong mask."""
    if not isinstance(mask, Tensor) or mask.shape != source.shape or mask.dtype != torch.bool:
        raise ValueError(f"source_mask is {described(mask)}; needed: {list(source.shape)} bool, True = a real token")
    lengths = mask.sum(1)
    if (lengths == 0).any():
        raise ValueError("source_mask hides a whole sentence: a sentence needs at least one token")
    if not torch.equal(mask, torch.arange(mask.shape[1], device=mask.device) < lengths[:, None]):
        raise ValueError("source_mask has gaps: real tokens come first, padding after them")
    return lengths
