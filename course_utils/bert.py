"""BERT: the encoder alone, which sees the words on both sides of each position.

    model = BertForPreTraining(BertConfig(vocab=1000, size=128, layers=2))
    inputs, labels = mask_tokens(ids, special_mask, 1000, mask_id, generator)
    model(inputs, segments, mask).mlm_logits          # [B, T, V]

`Bert` is the encoder. Parameters are named as in transformers' classes of these names.
Source: Devlin et al. 2019. Sizes: B batch, T time, D features (size), V vocabulary.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from .attention import MultiHeadAttention
from .blocks import PositionwiseFFN, PostNorm, activation, init_small
from .loss import IGNORED


@dataclass(frozen=True)
class BertConfig:
    """Sizes of a BERT, by default those of BERT-base: 109.5 M parameters."""

    vocab: int = 30_522
    size: int = 768
    layers: int = 12
    heads: int = 12
    hidden: int | None = None  # features inside the network: 4 · size
    context: int = 512
    segments: int = 2  # kinds of sentence: A and B
    dropout: float = 0.0
    activation: str = "gelu"
    eps: float = 1e-12

    @classmethod
    def large(cls, vocab: int = 30_522) -> "BertConfig":
        """BERT-large: 335.1 M parameters."""
        return cls(vocab, size=1024, layers=24, heads=16)


def embed(
    ids: Int[Tensor, "B T"],
    segments: Int[Tensor, "B T"],
    words: Float[Tensor, "V D"],
    kinds: Float[Tensor, "S D"],
    places: Float[Tensor, "L D"],
) -> Float[Tensor, "B T D"]:
    """For each token three rows, added: of its word, its segment, its place."""
    x = F.embedding(ids, words) + F.embedding(segments, kinds)
    return x + places[: ids.shape[1]]


class BertEmbeddings(nn.Module):
    """Token, segment and position: three learned vectors summed, then a norm."""

    def __init__(self, config: BertConfig):
        super().__init__()
        self.tokens = nn.Embedding(config.vocab, config.size)
        self.segments = nn.Embedding(config.segments, config.size)
        self.positions = nn.Embedding(config.context, config.size)
        self.norm = nn.LayerNorm(config.size, config.eps)
        self.dropout = nn.Dropout(config.dropout)

    def forward(
        self, ids: Int[Tensor, "B T"], segments: Int[Tensor, "B T"] | None = None
    ) -> Float[Tensor, "B T D"]:
        """segments: 0 or 1 for each token, None for all 0"""
        if segments is None:
            segments = torch.zeros_like(ids)
        tables = self.tokens.weight, self.segments.weight, self.positions.weight
        return self.dropout(self.norm(embed(ids, segments, *tables)))


class BertBlock(nn.Module):
    """Attention, then a network at each position; each norm after its sum, as in 2017."""

    def __init__(self, c: BertConfig):
        super().__init__()
        hidden = c.hidden or 4 * c.size
        self.attention = MultiHeadAttention(c.size, c.heads)
        self.ffn = PositionwiseFFN(c.size, hidden, activation(c.activation))  # new: GELU
        self.around_attention = PostNorm(c.size, c.dropout, c.eps)  # new
        self.around_ffn = PostNorm(c.size, c.dropout, c.eps)

    def forward(
        self, x: Float[Tensor, "B T D"], mask: Bool[Tensor, "..."] | None = None
    ) -> Float[Tensor, "B T D"]:
        x = self.around_attention(x, lambda h: self.attention(h, h, mask)[0])
        return self.around_ffn(x, self.ffn)


class BertOutput(NamedTuple):
    """hidden [B, T, D]: one vector a token; pooled [B, D]: one a text, made of [CLS]."""

    hidden: Tensor
    pooled: Tensor


class Bert(nn.Module):
    """The encoder: embeddings, blocks (norms last), a pooler on the first token."""

    def __init__(self, config: BertConfig):
        super().__init__()
        self.config = c = config
        self.embeddings = BertEmbeddings(c)
        blocks = [BertBlock(c) for _ in range(c.layers)]
        self.blocks = nn.ModuleList(blocks)
        self.pooler = nn.Linear(c.size, c.size)
        self.apply(init_small)

    def forward(
        self,
        ids: Int[Tensor, "B T"],
        segments: Int[Tensor, "B T"] | None = None,
        mask: Bool[Tensor, "B T"] | None = None,
    ) -> BertOutput:
        """mask: True = a real token, False = padding, which nothing attends to"""
        if (length := ids.shape[1]) > (most := self.config.context):
            raise ValueError(f"Texts of {length} tokens; the model reads {most} at most.")
        x = self.embeddings(ids, segments)  # [B, T, D]
        real = None if mask is None else mask[:, None, :]  # [B, T] -> [B, 1, T]
        for block in self.blocks:
            x = block(x, real)
        return BertOutput(x, self.pooler(x[:, 0]).tanh())


class PreTrainingOutput(NamedTuple):
    """mlm_logits [B, T, V]: which word is it; nsp_logits [B, 2]: class 0, it follows."""

    mlm_logits: Tensor
    nsp_logits: Tensor


class BertForPreTraining(nn.Module):
    """Two heads: which word is hidden, and does the second sentence follow the first?"""

    def __init__(self, config: BertConfig):
        super().__init__()
        self.config = config
        self.bert = Bert(config)
        self.transform = nn.Linear(config.size, config.size)
        self.activation = activation(config.activation)
        self.norm = nn.LayerNorm(config.size, config.eps)
        self.output = nn.Linear(config.size, config.vocab)
        self.next_sentence = nn.Linear(config.size, 2)
        for layer in (self.transform, self.output, self.next_sentence):
            init_small(layer)
        self.output.weight = self.bert.embeddings.tokens.weight  # one table for both

    def forward(
        self,
        ids: Int[Tensor, "B T"],
        segments: Int[Tensor, "B T"] | None = None,
        mask: Bool[Tensor, "B T"] | None = None,
    ) -> PreTrainingOutput:
        hidden, pooled = self.bert(ids, segments, mask)
        return PreTrainingOutput(self.words(hidden), self.next_sentence(pooled))

    def words(self, hidden: Float[Tensor, "*tokens D"]) -> Float[Tensor, "*tokens V"]:
        """Scores of all words, for each hidden vector."""
        return self.output(self.norm(self.activation(self.transform(hidden))))


def make_bert(
    vocab: int,
    size: int = 128,
    layers: int = 2,
    heads: int = 4,
    context: int = 64,
    dropout: float = 0.0,
) -> BertForPreTraining:
    """A small BERT from numbers. Its first weights are larger than the ±0.02 of the large
    ones, with which a small model takes long to learn where to attend."""
    sizes = size, layers, heads, 2 * size, context
    model = BertForPreTraining(BertConfig(vocab, *sizes, dropout=dropout))
    for name, weight in model.named_parameters():
        if weight.dim() == 2:
            std = 0.05 if "embeddings" in name else weight.shape[1] ** -0.5
            nn.init.normal_(weight, std=std)
    return model


class PreTrainingLoss(NamedTuple):
    """Scalars: the sum, and the two it is made of."""

    total: Tensor
    mlm: Tensor
    nsp: Tensor


def mlm_loss(
    logits: Float[Tensor, "*tokens V"], labels: Int[Tensor, "*tokens"]
) -> Float[Tensor, ""]:
    """The mean of −log p(right word), where there is a label: not at −100."""
    asked = labels != -100
    return F.cross_entropy(logits[asked], labels[asked])


def pretraining_loss(
    model: BertForPreTraining,
    ids: Int[Tensor, "B T"],
    labels: Int[Tensor, "B T"],
    nsp_labels: Int[Tensor, "B"],
    segments: Int[Tensor, "B T"] | None = None,
    mask: Bool[Tensor, "B T"] | None = None,
) -> PreTrainingLoss:
    """labels: the hidden words, −100 elsewhere; nsp_labels: 0 = it follows"""
    hidden, pooled = model.bert(ids, segments, mask)  # [B, T, D], [B, D]
    asked = labels != IGNORED  # a seventh: only these words meet the large matrix
    mlm = mlm_loss(model.words(hidden[asked]), labels[asked])
    nsp = F.cross_entropy(model.next_sentence(pooled), nsp_labels)
    return PreTrainingLoss(mlm + nsp, mlm, nsp)


def mask_tokens(
    ids: Int[Tensor, "B T"],
    special_mask: Bool[Tensor, "B T"],
    vocab: int,
    mask_id: int,
    generator: torch.Generator | None = None,
    share: float = 0.15,
) -> tuple[Int[Tensor, "B T"], Int[Tensor, "B T"]]:
    """Hide 15 % of the tokens: 80 % of them become [MASK], 10 % a random word, 10 % stay.

    special_mask: True = never hidden ([CLS], [SEP], padding) -> what the model reads, and
    labels: the token where one is hidden, −100 elsewhere. Devlin et al. 2019, section 3.1
    """
    if not 0 <= share <= 1:
        raise ValueError(f"share is {share}; needed: from 0 to 1")
    device = "cpu" if generator is None else generator.device
    drawn = torch.rand(2, *ids.shape, generator=generator, device=device)
    chance, fate = drawn.to(ids.device)
    words = torch.randint(vocab, ids.shape, generator=generator, device=device)
    hidden = (chance < share) & ~special_mask
    inputs = torch.where(hidden & (fate < 0.8), mask_id, ids)
    inputs = torch.where(hidden & (fate >= 0.9), words.to(ids.device), inputs)
    return inputs, ids.masked_fill(~hidden, -100)


@torch.no_grad()
def fill(
    model: BertForPreTraining,
    ids: Int[Tensor, "T"],
    mask_id: int,
    generator: torch.Generator | None = None,
) -> Int[Tensor, "T"]:
    """Fill each [MASK], the surest first, by a word that is drawn; [MASK] and what comes
    before it in the vocabulary never is. Nie et al. 2025 (LLaDA), section 2.4."""
    ids = ids.clone()
    while (holes := ids == mask_id).any():
        p = model(ids[None]).mlm_logits[0].softmax(-1)  # [T, V]
        p[:, : mask_id + 1] = 0  # the special tokens
        place = p.amax(-1).masked_fill(~holes, -1).argmax()
        ids[place] = p[place].multinomial(1, generator=generator)
    return ids


ARCHITECTURES = {one.__name__: (one, BertConfig) for one in (Bert, BertForPreTraining)}
