"""Two translators that differ in one method: does the decoder look back at the source?

    translator = Translator(Encoder(5000, 128), AttentiveDecoder(6000, 128))
    logits, weights = translator(source, target, mask)  # [B, T, V], [B, T, S]

Sizes: B batch, S source words, T target words, D features, h of the score, V words of the
target's vocabulary. Sources: Cho et al. 2014; Bahdanau et al. 2015; Luong et al. 2015.
"""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from .attention import masked_softmax


def look_back(
    query: Float[Tensor, "B D"],
    keys: Float[Tensor, "B S Dk"],
    mask: Bool[Tensor, "B S"],
    W1: Float[Tensor, "D h"],
    W2: Float[Tensor, "Dk h"],
    w: Float[Tensor, "h"],
) -> tuple[Float[Tensor, "B Dk"], Float[Tensor, "B S"]]:
    """Additive attention for one word; the keys are the values, too."""
    scores = torch.tanh((query @ W1)[:, None] + keys @ W2) @ w  # [B, S]
    weights = masked_softmax(scores, mask)
    return (weights[:, None] @ keys)[:, 0], weights


def run_packed(
    gru: nn.GRU, x: Float[Tensor, "B S E"], mask: Bool[Tensor, "B S"]
) -> tuple[Float[Tensor, "B S D"], Float[Tensor, "directions B size"]]:
    """The states of a GRU that reads no padding, and the last of each direction."""
    lengths = mask.sum(1).cpu()
    packed = pack_padded_sequence(x, lengths, True, enforce_sorted=False)
    states, last = gru(packed)
    return pad_packed_sequence(states, True, total_length=x.shape[1])[0], last


class Encoder(nn.Module):
    """One state for each word, read from both ends, and c, one vector for all."""

    def __init__(self, vocab: int, size: int):
        super().__init__()
        self.embedding = nn.Embedding(vocab, size)
        self.gru = nn.GRU(size, size // 2, bidirectional=True, batch_first=True)

    def forward(
        self, source: Int[Tensor, "B S"], mask: Bool[Tensor, "B S"]
    ) -> tuple[Float[Tensor, "B S D"], Float[Tensor, "B D"]]:
        x = self.embedding(source)  # [B, S, D]
        states, last = run_packed(self.gru, x, mask)  # last [2, B, D / 2]
        c = torch.cat([last[0], last[1]], dim=-1)  # the ends of both directions
        return states, c


class Decoder(nn.Module):
    """Word after word, and all that it knows of the source is c."""

    def __init__(self, vocab: int, size: int):
        super().__init__()
        self.embedding = nn.Embedding(vocab, size)
        self.first = nn.Linear(size, size)
        self.gru = nn.GRU(size, size, batch_first=True)
        self.output = nn.Linear(2 * size, vocab)

    def begin(self, c: Float[Tensor, "B D"]) -> Float[Tensor, "1 B D"]:
        return torch.tanh(self.first(c)).unsqueeze(0)  # one layer: [1, B, D]

    def context(
        self, s: Float[Tensor, "B T D"], states: Tensor, c: Tensor, mask: Tensor
    ) -> tuple[Float[Tensor, "B T D"], Float[Tensor, "B T S"] | None]:
        context, weights = c[:, None].expand_as(s), None  # the same for every word
        return context, weights

    def forward(
        self,
        target: Int[Tensor, "B T"],
        last: Float[Tensor, "1 B D"],
        states: Float[Tensor, "B S D"],
        c: Float[Tensor, "B D"],
        mask: Bool[Tensor, "B S"],
    ) -> tuple[
        Float[Tensor, "B T V"], Float[Tensor, "B T S"] | None, Float[Tensor, "1 B D"]
    ]:
        """target: the words so far; the logits say which word follows each of them."""
        s, last = self.gru(self.embedding(target), last)  # [B, T, D], [1, B, D]
        context, weights = self.context(s, states, c, mask)
        logits = self.output(torch.cat([s, context], dim=-1))  # [B, T, V]
        return logits, weights, last


class AttentiveDecoder(Decoder):
    """The same, but each word brings a query, and gets a context of its own."""

    def __init__(self, vocab: int, size: int):
        super().__init__(vocab, size)
        self.W1 = nn.Parameter(torch.randn(size, size // 2) / size**0.5)  # new
        self.W2 = nn.Parameter(torch.randn(size, size // 2) / size**0.5)  # new
        self.w = nn.Parameter(torch.randn(size // 2) / size**0.5)  # new

    def context(
        self, s: Float[Tensor, "B T D"], states: Tensor, c: Tensor, mask: Tensor
    ) -> tuple[Float[Tensor, "B T D"], Float[Tensor, "B T S"]]:
        contexts, weights = [], []
        for t in range(s.shape[1]):  # new: each word's state s[:, t] looks back
            look = look_back(s[:, t], states, mask, self.W1, self.W2, self.w)
            contexts.append(look[0])
            weights.append(look[1])
        return torch.stack(contexts, 1), torch.stack(weights, 1)


class Translator(nn.Module):
    """Reads a source and says, after each word of a target, what comes next."""

    def __init__(self, encoder: Encoder, decoder: Decoder):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def forward(
        self,
        source: Int[Tensor, "B S"],
        target: Int[Tensor, "B T"],
        mask: Bool[Tensor, "B S"],
    ) -> tuple[Float[Tensor, "B T V"], Float[Tensor, "B T S"] | None]:
        states, c = self.encoder(source, mask)
        begun = self.decoder.begin(c)
        logits, weights, _ = self.decoder(target, begun, states, c, mask)
        return logits, weights
