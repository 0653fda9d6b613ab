"""BERT: the encoder alone, which sees the words on both sides, pre-trained on masked words and on pairs of sentences.

    model = BertForPreTraining(BertConfig(vocab_size=1000, model_size=128, num_layers=2, num_heads=4))
    inputs, labels = mask_tokens(ids, special_mask, 1000, mask_id, generator)
    model(inputs, segments, mask).mlm_logits          # [B, T, V]

`Bert` is the encoder; four classes put a head on it. All load Hugging Face's weights and give them back.
Source: Devlin et al. 2019, BERT. Sizes: B batch, T time, D model size, V vocabulary, C classes.
"""

from collections import Counter
from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_utils import convert
from course_utils.blocks import ACTIVATIONS, EncoderBlock, Widened, init_weights
from course_utils.checks import (
    check_ids,
    check_padding_mask,
    check_rng,
    check_sizes,
    described,
    real_number,
    whole_number,
)
from course_utils.heads import recorded
from course_utils.loss import IGNORED, output_loss
from course_utils.positions import LearnedPositions


@dataclass(frozen=True)
class BertConfig(Widened):
    """Sizes of a BERT, by default those of BERT-base. Raises ValueError for settings that cannot work."""

    vocab_size: int = 30522
    model_size: int = 768
    num_layers: int = 12
    num_heads: int = 12
    ffn_size: int | None = None  # 4 · model_size by default
    max_length: int = 512
    segments: int = 2  # kinds of sentence: A and B
    dropout: float = 0.1
    activation: str = "gelu"
    eps: float = 1e-12

    def __post_init__(self):
        needed = ("vocab_size", "model_size", "num_layers", "num_heads", "max_length", "segments")
        check_sizes(self, *needed, or_none=("ffn_size",))
        real_number("dropout", self.dropout, least=0, below=1)

    @classmethod
    def base(cls, vocab_size: int = 30522) -> "BertConfig":
        """BERT-base: 12 layers of 768 features and 12 heads, 109.5 M parameters with the pooler."""
        return cls(vocab_size)

    @classmethod
    def large(cls, vocab_size: int = 30522) -> "BertConfig":
        """BERT-large: 24 layers of 1,024 features and 16 heads, 335.1 M parameters with the pooler."""
        return cls(vocab_size, 1024, 24, 16)


class BertOutput(NamedTuple):
    """hidden [B, T, D]; pooled [B, D], made of [CLS]; on request weights, a list of [B, H, T, T] for each layer."""

    hidden: Tensor
    pooled: Tensor
    weights: list[Tensor] | None = None


class PreTrainingOutput(NamedTuple):
    """mlm_logits [B, T, V]; nsp_logits [B, 2], class 0: the second sentence follows the first; weights."""

    mlm_logits: Tensor
    nsp_logits: Tensor
    weights: list[Tensor] | None = None


class PreTrainingLoss(NamedTuple):
    """Scalars: the sum, and the two it is made of."""

    total: Tensor
    mlm: Tensor
    nsp: Tensor


class ClassificationOutput(NamedTuple):
    """logits: [B, C] of a text, or [B, T, C] of each token; weights."""

    logits: Tensor
    weights: list[Tensor] | None = None


class AnswerOutput(NamedTuple):
    """start_logits and end_logits [B, T]: two distributions over positions; −inf at padding; weights."""

    start_logits: Tensor
    end_logits: Tensor
    weights: list[Tensor] | None = None


class BertEmbeddings(nn.Module):
    """Token + segment + position, three learned vectors summed, then a norm."""

    def __init__(self, config: BertConfig):
        super().__init__()
        self.tokens = nn.Embedding(config.vocab_size, config.model_size)
        self.segments = nn.Embedding(config.segments, config.model_size)
        self.positions = LearnedPositions(config.max_length, config.model_size)
        self.norm, self.dropout = nn.LayerNorm(config.model_size, config.eps), nn.Dropout(config.dropout)

    def forward(self, ids: Tensor, segments: Tensor | None = None) -> Tensor:
        """ids and segments [B, T] (None: all 0) -> [B, T, D]. Raises ValueError for those that the model lacks."""
        return self.dropout(self.norm(sum(self.parts(ids, segments))))

    def parts(self, ids: Tensor, segments: Tensor | None = None) -> tuple[Tensor, Tensor, Tensor]:
        """The three vectors of each token, before they are summed: each [B, T, D]."""
        segments = torch.zeros_like(ids) if segments is None else segments
        check_ids(ids, len(self.tokens.weight))
        check_ids(segments, len(self.segments.weight), "segments")
        if segments.shape != ids.shape:
            raise ValueError(f"segments are {list(segments.shape)}; needed: as ids, {list(ids.shape)}")
        token, segment = self.tokens(ids), self.segments(segments)
        return token, segment, self.positions(torch.zeros_like(token))


class _WithHuggingFace(nn.Module):
    """Weights in and out of the class of the same name in `transformers`."""

    @classmethod
    def from_huggingface(cls, module: nn.Module):
        """The weights of transformers' class. Raises ValueError for another one, and names it."""
        return convert.bert_from(cls, BertConfig, module)

    def to_huggingface(self) -> nn.Module:
        """transformers' class with these weights."""
        return convert.bert_to(self)


class Bert(_WithHuggingFace):
    """The encoder: embeddings, post-norm blocks of chapter 5 without any causal mask, a pooler on [CLS]."""

    def __init__(self, config: BertConfig):
        super().__init__()
        self.config = c = config
        self.embeddings = BertEmbeddings(c)
        sizes, options = (c.model_size, c.num_heads, c.inner_size, c.dropout), (False, c.activation, c.eps)
        self.blocks = nn.ModuleList(EncoderBlock(*sizes, *options, ffn_dropout=0.0) for _ in range(c.num_layers))
        self.pooler = nn.Linear(c.model_size, c.model_size)
        self.apply(init_weights)

    def forward(self, ids: Tensor, segments=None, mask=None, need_weights: bool = False) -> BertOutput:
        """ids, segments [B, T], mask [B, T] bool, True = a real token -> BertOutput. Padding is never attended to."""
        real = check_padding_mask(mask, ids)
        x = self.embeddings(ids, segments)  # [B, T, D]
        seen_by_all = None if real is None or bool(real.all()) else real[:, None]  # [B, 1, T]
        with recorded(self, need_weights) as seen:
            for block in self.blocks:
                x = block(x, seen_by_all).features
        return BertOutput(x, self.pooler(x[:, 0]).tanh(), seen["encoder"])


class _BertWithHead(_WithHuggingFace):
    def __init__(self, config: BertConfig):
        super().__init__()
        self.config, self.bert = config, Bert(config)


class BertForPreTraining(_BertWithHead):
    """Two heads: which word is it (the embedding matrix once more), and does the second sentence follow?"""

    def __init__(self, config: BertConfig):
        super().__init__(config)
        self.transform = nn.Linear(config.model_size, config.model_size)
        self.norm = nn.LayerNorm(config.model_size, config.eps)
        self.output = nn.Linear(config.model_size, config.vocab_size)
        self.next_sentence = nn.Linear(config.model_size, 2)
        for layer in (self.transform, self.output, self.next_sentence):
            init_weights(layer)
        self.output.weight = self.bert.embeddings.tokens.weight

    def forward(self, ids: Tensor, segments=None, mask=None, need_weights: bool = False) -> PreTrainingOutput:
        """As Bert -> PreTrainingOutput."""
        hidden, pooled, weights = self.bert(ids, segments, mask, need_weights)
        return PreTrainingOutput(self.output(self._transformed(hidden)), self.next_sentence(pooled), weights)

    def loss(self, ids: Tensor, labels: Tensor, nsp_labels: Tensor, segments=None, mask=None) -> PreTrainingLoss:
        """ids [B, T] masked, labels [B, T] (−100: not asked), nsp_labels [B] (0: the second sentence follows) ->
        PreTrainingLoss. Only words that are asked are computed. Raises ValueError where none is."""
        if not isinstance(labels, Tensor) or labels.shape != ids.shape or labels.dtype != torch.int64:
            raise ValueError(f"labels is {described(labels)}; needed: {list(ids.shape)} of int64, −100 where not asked")
        if not isinstance(nsp_labels, Tensor) or nsp_labels.shape != ids.shape[:1] or nsp_labels.dtype != torch.int64:
            given = f"nsp_labels is {described(nsp_labels)}"
            raise ValueError(f"{given}; needed: [{len(ids)}] of int64, 0 or 1 for each pair")
        asked = labels != IGNORED
        if not asked.any():
            raise ValueError(f"labels {list(labels.shape)} are all {IGNORED}: no token is masked; mask at least one")
        hidden, pooled, _ = self.bert(ids, segments, mask)  # [B, T, D], [B, D]
        mlm = output_loss(self._transformed(hidden[asked]), self.output, labels[asked])
        nsp = F.cross_entropy(self.next_sentence(pooled).float(), nsp_labels)
        return PreTrainingLoss(mlm + nsp, mlm, nsp)

    def _transformed(self, hidden: Tensor) -> Tensor:
        return self.norm(ACTIVATIONS[self.config.activation](self.transform(hidden)))


class BertForSequenceClassification(_BertWithHead):
    """A class for each text, or pair of texts: one linear layer on the pooled [CLS]. Logits [B, C]."""

    reads = "pooled"

    def __init__(self, config: BertConfig, num_labels: int = 2):
        whole_number("num_labels", num_labels, 1)
        super().__init__(config)
        self.dropout, self.classifier = nn.Dropout(config.dropout), nn.Linear(config.model_size, num_labels)
        init_weights(self.classifier)

    def forward(self, ids: Tensor, segments=None, mask=None, need_weights: bool = False) -> ClassificationOutput:
        """As Bert -> ClassificationOutput."""
        output = self.bert(ids, segments, mask, need_weights)
        return ClassificationOutput(self.classifier(self.dropout(getattr(output, self.reads))), output.weights)


class BertForTokenClassification(BertForSequenceClassification):
    """A class for each token: the same layer on every position. Logits [B, T, C]."""

    reads = "hidden"


class BertForQuestionAnswering(_BertWithHead):
    """Where does the answer begin, and where does it end? Two softmaxes over positions."""

    def __init__(self, config: BertConfig):
        super().__init__(config)
        self.answer = nn.Linear(config.model_size, 2)
        init_weights(self.answer)

    def forward(self, ids, segments=None, mask=None, need_weights: bool = False) -> AnswerOutput:
        """As Bert -> AnswerOutput."""
        output = self.bert(ids, segments, mask, need_weights)
        logits = self.answer(output.hidden)
        if mask is not None:
            logits = logits.masked_fill(~mask[..., None], float("-inf"))
        return AnswerOutput(*logits.unbind(-1), output.weights)


def mask_tokens(
    ids: Tensor, special_mask: Tensor, vocab_size: int, mask_id: int, generator=None, share: float = 0.15
) -> tuple[Tensor, Tensor]:
    """Choose 15 % of the tokens: of these 80 % become [MASK], 10 % a random word, 10 % stay. New tensors.

    ids [B, T], special_mask [B, T] bool, True = never chosen ([CLS], [SEP], padding) -> (inputs [B, T], labels [B, T]):
    labels hold the token where it was chosen, −100 elsewhere. One draw for each token, on the generator's device.
    Raises ValueError for shapes that differ or a share outside [0, 1]. Source: Devlin et al. 2019, section 3.1.
    """
    whole_number("vocab_size", vocab_size, 1)
    check_ids(ids, vocab_size)
    if not isinstance(special_mask, Tensor) or special_mask.shape != ids.shape or special_mask.dtype != torch.bool:
        given = described(special_mask)
        raise ValueError(f"special_mask is {given}; needed: bool, {list(ids.shape)} as ids, True = never chosen")
    whole_number("mask_id", mask_id, 0, vocab_size - 1)
    real_number("share", share, least=0, most=1)
    device = "cpu" if check_rng(generator) is None else generator.device
    chance, fate = torch.rand(2, *ids.shape, generator=generator, device=device).to(ids.device)
    words = torch.randint(vocab_size, ids.shape, generator=generator, device=device).to(ids.device)
    chosen = (chance < share) & ~special_mask
    inputs = torch.where(chosen & (fate < 0.8), mask_id, torch.where(chosen & (fate >= 0.9), words, ids))
    return inputs, ids.masked_fill(~chosen, IGNORED)


def count_parameters(model: nn.Module) -> dict[str, int]:
    """How many parameters each part has; shared ones count once. On the "meta" device BERT-large takes no memory."""
    parts = {f"embeddings.{kind}s": f"{kind} embeddings" for kind in ("token", "segment", "position")}
    parts |= {"norm": "layer norms", ".attention.": "attention", ".ffn.": "feed-forward networks", "pooler": "pooler"}
    counts: Counter = Counter()
    for name, parameter in model.named_parameters():
        counts[next((part for key, part in parts.items() if key in name), "heads")] += parameter.numel()
    return dict(counts)
