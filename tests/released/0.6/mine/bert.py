"""A BERT in plain PyTorch: to pre-train, to fine-tune whole or by LoRA, to keep. Its tokenizer needs only its words.

    python -m mine.bert                                  # checks itself, then learns palindromes for some seconds
    python -m mine.bert bert.pt "It was a [MASK] man."   # fills holes with the model that the lesson pre-trained

    tokenizer = WordPiece(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ".", "the", "soup", "was", "cold", "##er"])
    ids, _, _ = tokenizer.batch(["The soup was colder.", "Soup."], length=8)      # [B, T], segments and mask likewise
    pairs = tokenizer.batch([("Was the soup cold?", "It was."), ("Soup?", "Cold soup.")], length=128)
    config = BertConfig(vocab=len(tokenizer.words), size=64, layers=2, heads=4, context=128)
    model = BertForPreTraining(config)
    loss = masked_word_loss(model, ids, mask_id=4, special=(0, 2, 3))  # covers 15 %, never padding or [CLS]
    tuned = BertForSequenceClassification(config, num_labels=3)
    tuned.bert.load_state_dict(model.bert.state_dict())
    add_low_rank(tuned.bert, rank=4)                                   # now only thin matrices and the head learn
    classes = tuned(*pairs)                                            # [B, 3]
    asks = BertForQuestionAnswering(config).eval()
    first, last = spans(asks, ids, mask=ids != 0)[0]                   # where the answer is, in each text
    save(tuned, "tuned.pt", tokenizer.words)
    tuned, words = load("tuned.pt")

Sizes: B batch, T tokens, D features, V vocabulary. A mask is boolean, True = a real token. Sources: Devlin et al.
2019; Hu et al. 2022; Nie et al. 2025 (writing by a masked model).

3 of 9 functions are yours: multi_head, embed, mask_tokens. What is not yours is from the attention course: MIT License.
"""

import math
import re
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import parametrize


def best_span(start_logits, end_logits, allowed=None, longest=None):
    """The most probable first and last token with first <= last: start_logits, end_logits [T] -> (first, last)."""
    if allowed is not None and not allowed.any():
        raise ValueError("no token is allowed: was the question given without a context?")
    scores = start_logits.log_softmax(-1)[:, None] + end_logits.log_softmax(-1)
    fits = torch.ones_like(scores, dtype=torch.bool).triu()
    if longest is not None:
        fits &= ~torch.ones_like(fits).triu(longest)
    if allowed is not None:
        fits &= allowed[:, None] & allowed
    best = int(scores.masked_fill(~fits, -torch.inf).argmax())
    return best // len(end_logits), best % len(end_logits)


def masked_softmax(scores, mask=None, dim=-1):
    """Weights that sum to 1 over the keys that may be attended; elsewhere they are 0.
    scores [...], mask [...] bool or None -> [...]"""
    if mask is None:
        return scores.softmax(dim)
    hidden = (~mask).expand_as(scores)  # refuses a mask with more axes than the scores
    weights = scores.masked_fill(hidden, float("-inf")).softmax(dim)
    return weights.masked_fill(hidden, 0.0)  # a row of −inf alone became NaN


def join_heads(x):
    """The heads of each position side by side again.
    x [B, H, T, d] -> [B, T, D]"""
    return x.transpose(1, 2).flatten(2)  # [B, T, H, d] -> [B, T, D]


def scaled_dot_product_attention(q, k, v, mask=None):
    """softmax(q kᵀ / √d) v, and the weights: equation 1 of Vaswani et al. 2017.
    q [..., Q, d], k [..., K, d], v [..., K, dv], mask [...] bool or None
    -> output [..., Q, dv], weights [..., Q, K]"""
    scores = q @ k.transpose(-2, -1) / q.shape[-1] ** 0.5  # [..., Q, K]
    weights = scores.softmax(-1) if mask is None else masked_softmax(scores, mask)
    return weights @ v, weights


def split_heads(x, heads):
    """Cut the features of each position into heads: D = H · d.
    x [B, T, D] -> [B, H, T, d]"""
    B, T, D = x.shape
    cut = x.reshape(B, T, heads, D // heads)  # [B, T, H, d]
    return cut.transpose(1, 2)  # [B, H, T, d]


def multi_head(q, k, v, heads, mask=None):
    q, k, v = (split_heads(x, heads) for x in (q, k, v))
    if mask is not None and mask.ndim == 3:
        mask = mask.unsqueeze(1)  # the same for all heads
    out, weights = scaled_dot_product_attention(q, k, v, mask)
    return join_heads(out), weights


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
    def large(cls, vocab=30_522):
        """BERT-large: 335.1 M parameters."""
        return cls(vocab, size=1024, layers=24, heads=16)


class MultiHeadAttention(nn.Module):
    """Project, attend in several heads, project. Vaswani et al. 2017, section 3.2.2."""

    def __init__(self, size, heads, bias=True):
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(size, size, bias)
        self.key = nn.Linear(size, size, bias)
        self.value = nn.Linear(size, size, bias)
        self.out = nn.Linear(size, size, bias)
        for projection in (self.query, self.key, self.value, self.out):
            nn.init.xavier_uniform_(projection.weight)
            if bias:
                nn.init.zeros_(projection.bias)

    def forward(self, x, memory, mask=None):
        """Queries from x; keys and values from memory, in self-attention x itself.
        x [B, Q, D], memory [B, K, D], mask [...] bool or None
        -> output [B, Q, D], weights [B, H, Q, K] or None"""
        q, k, v = self.query(x), self.key(memory), self.value(memory)
        output, weights = multi_head(q, k, v, self.heads, mask)  # [B, Q, D]
        return self.out(output), weights


class PositionwiseFFN(nn.Module):
    """Two linear layers with a non-linearity between, the same for each position."""

    def __init__(self, size, hidden, activation=F.relu):
        super().__init__()
        self.widen = nn.Linear(size, hidden)
        self.narrow = nn.Linear(hidden, size)
        self.activation = activation

    def forward(self, x):
        """x [..., D] -> [..., D]"""
        return self.narrow(self.activation(self.widen(x)))  # D -> F -> D


class PostNorm(nn.Module):
    """The norm after the sum, as in 2017: norm(x + f(x))."""

    def __init__(self, size, dropout=0.0, eps=1e-5):
        super().__init__()
        self.norm = nn.LayerNorm(size, eps)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x, f):
        """x [B, T, D] -> [B, T, D]"""
        return self.norm(x + self.dropout(f(x)))  # new: the norm comes last


def activation(name):
    """The non-linearity of a name: relu, gelu, or gelu_tanh, which is GPT-2's gelu."""
    if name == "gelu_tanh":
        return partial(F.gelu, approximate="tanh")
    return getattr(F, name)


class BertBlock(nn.Module):
    """Attention, then a network at each position; each norm after its sum, as in 2017."""

    def __init__(self, c):
        super().__init__()
        hidden = c.hidden or 4 * c.size
        self.attention = MultiHeadAttention(c.size, c.heads)
        self.ffn = PositionwiseFFN(c.size, hidden, activation(c.activation))  # new: GELU
        self.around_attention = PostNorm(c.size, c.dropout, c.eps)  # new
        self.around_ffn = PostNorm(c.size, c.dropout, c.eps)

    def forward(self, x, mask=None):
        """x [B, T, D], mask [...] bool or None -> [B, T, D]"""
        x = self.around_attention(x, lambda h: self.attention(h, h, mask)[0])
        return self.around_ffn(x, self.ffn)


def embed(ids, segments, words, kinds, places):
    return words[ids] + kinds[segments] + places[: ids.shape[1]]


class BertEmbeddings(nn.Module):
    """Token, segment and position: three learned vectors summed, then a norm."""

    def __init__(self, config):
        super().__init__()
        self.tokens = nn.Embedding(config.vocab, config.size)
        self.segments = nn.Embedding(config.segments, config.size)
        self.positions = nn.Embedding(config.context, config.size)
        self.norm = nn.LayerNorm(config.size, config.eps)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, ids, segments=None):
        """segments: 0 or 1 for each token, None for all 0
        ids [B, T] int, segments [B, T] int or None -> [B, T, D]"""
        if segments is None:
            segments = torch.zeros_like(ids)
        tables = self.tokens.weight, self.segments.weight, self.positions.weight
        return self.dropout(self.norm(embed(ids, segments, *tables)))


class BertOutput(NamedTuple):
    """hidden [B, T, D]: one vector a token; pooled [B, D]: one a text, made of [CLS]."""

    hidden: torch.Tensor
    pooled: torch.Tensor


def init_small(layer):
    """Initial weights as in BERT and GPT-2: normal, standard deviation 0.02; biases 0."""
    if isinstance(layer, nn.Linear | nn.Embedding):
        nn.init.normal_(layer.weight, std=0.02)
    if isinstance(layer, nn.Linear) and layer.bias is not None:
        nn.init.zeros_(layer.bias)


class Bert(nn.Module):
    """The encoder: embeddings, blocks (norms last), a pooler on the first token."""

    def __init__(self, config):
        super().__init__()
        self.config = c = config
        self.embeddings = BertEmbeddings(c)
        blocks = [BertBlock(c) for _ in range(c.layers)]
        self.blocks = nn.ModuleList(blocks)
        self.pooler = nn.Linear(c.size, c.size)
        self.apply(init_small)

    def forward(self, ids, segments=None, mask=None):
        """mask: True = a real token, False = padding, which nothing attends to
        ids [B, T] int, segments [B, T] int or None, mask [B, T] bool or None"""
        if (length := ids.shape[1]) > (most := self.config.context):
            raise ValueError(f"Texts of {length} tokens; the model reads {most} at most.")
        x = self.embeddings(ids, segments)  # [B, T, D]
        real = None if mask is None else mask[:, None, :]  # [B, T] -> [B, 1, T]
        for block in self.blocks:
            x = block(x, real)
        return BertOutput(x, self.pooler(x[:, 0]).tanh())


class PreTrainingOutput(NamedTuple):
    """mlm_logits [B, T, V]: which word is it; nsp_logits [B, 2]: class 0, it follows."""

    mlm_logits: torch.Tensor
    nsp_logits: torch.Tensor


class BertForPreTraining(nn.Module):
    """Two heads: which word is hidden, and does the second sentence follow the first?"""

    def __init__(self, config):
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

    def forward(self, ids, segments=None, mask=None):
        """ids [B, T] int, segments [B, T] int or None, mask [B, T] bool or None"""
        hidden, pooled = self.bert(ids, segments, mask)
        return PreTrainingOutput(self.words(hidden), self.next_sentence(pooled))

    def words(self, hidden):
        """Scores of all words, for each hidden vector.
        hidden [..., D] -> [..., V]"""
        return self.output(self.norm(self.activation(self.transform(hidden))))


@torch.no_grad()
def fill(model, ids, mask_id, generator=None):
    """Fill each [MASK], the surest first, by a word that is drawn; [MASK] and what comes
    before it in the vocabulary never is. Nie et al. 2025 (LLaDA), section 2.4.
    ids [T] int -> [T] int"""
    ids = ids.clone()
    while (holes := ids == mask_id).any():
        p = model(ids[None]).mlm_logits[0].softmax(-1)  # [T, V]
        p[:, : mask_id + 1] = 0  # the special tokens
        place = p.amax(-1).masked_fill(~holes, -1).argmax()
        ids[place] = p[place].multinomial(1, generator=generator)
    return ids


def make_bert(vocab, size=128, layers=2, heads=4, context=64, dropout=0.0):
    """A small BERT from numbers. Its first weights are larger than the ±0.02 of the large
    ones, with which a small model takes long to learn where to attend."""
    sizes = size, layers, heads, 2 * size, context
    model = BertForPreTraining(BertConfig(vocab, *sizes, dropout=dropout))
    for name, weight in model.named_parameters():
        if weight.dim() == 2:
            std = 0.05 if "embeddings" in name else weight.shape[1] ** -0.5
            nn.init.normal_(weight, std=std)
    return model


def mask_tokens(ids, special_mask, vocab, mask_id, generator=None):
    dice = torch.rand(ids.shape, generator=generator)
    chosen = (dice < 0.15) & ~special_mask
    second = torch.rand(ids.shape, generator=generator)
    other = torch.randint(vocab, ids.shape, generator=generator)
    labels = ids.clone()
    labels[~chosen] = -100
    read = ids.clone()
    read[chosen & (second < 0.8)] = mask_id
    random = chosen & (second >= 0.9)
    read[random] = other[random]
    return read, labels


def mlm_loss(logits, labels):
    """The mean of −log p(right word), where there is a label: not at −100.
    logits [..., V], labels [...] int -> scalar"""
    asked = labels != -100
    return F.cross_entropy(logits[asked], labels[asked])


class AnswerOutput(NamedTuple):
    """Where the answer begins and ends: logits [B, T]; −inf: padding."""

    start_logits: torch.Tensor
    end_logits: torch.Tensor


class BertForQuestionAnswering(nn.Module):
    """Where does the answer begin and end? Two softmaxes over positions."""

    def __init__(self, config):
        super().__init__()
        self.config = config
        self.bert = Bert(config)
        self.answer = nn.Linear(config.size, 2)  # the new layer: a start, an end
        init_small(self.answer)

    def forward(self, ids, segments=None, mask=None):
        """ids [B, T] int, segments [B, T] int or None, mask [B, T] bool or None"""
        logits = self.answer(self.bert(ids, segments, mask).hidden)  # [B, T, 2]
        if mask is not None:
            logits = logits.masked_fill(~mask[..., None], float("-inf"))
        start, end = logits.unbind(-1)  # [B, T] twice
        return AnswerOutput(start, end)


def classify(hidden, pooler, classifier):
    """One row of logits a text: the pooler, a tanh and the new layer on [CLS].
    hidden [B, T, D] -> [B, C]"""
    return classifier(pooler(hidden[:, 0]).tanh())


class BertForSequenceClassification(nn.Module):
    """A class for each text, or pair of texts: one new layer on the vector of [CLS]."""

    def __init__(self, config, num_labels=2):
        super().__init__()
        self.config = config
        self.bert = Bert(config)
        self.classifier = nn.Linear(config.size, num_labels)  # the new layer: D -> C
        init_small(self.classifier)

    def forward(self, ids, segments=None, mask=None):
        """ids [B, T] int, segments [B, T] int or None, mask [B, T] bool or None
        -> [B, C]"""
        hidden = self.bert(ids, segments, mask).hidden  # [B, T, D]
        return classify(hidden, self.bert.pooler, self.classifier)


class BertForTokenClassification(nn.Module):
    """A class for each token: the new layer reads every hidden vector."""

    def __init__(self, config, num_labels=2):
        super().__init__()
        self.config = config
        self.bert = Bert(config)
        self.classifier = nn.Linear(config.size, num_labels)
        init_small(self.classifier)

    def forward(self, ids, segments=None, mask=None):
        """ids [B, T] int, segments [B, T] int or None, mask [B, T] bool or None
        -> [B, T, C]"""
        return self.classifier(self.bert(ids, segments, mask).hidden)


def low_rank(W, B, A, alpha):
    """W, and a change of rank r on top: W + (α / r) B A.
    W [O, I], B [O, r], A [r, I] -> [O, I]"""
    return W + alpha / len(A) * (B @ A)


class LowRank(nn.Module):
    """A change of rank r on top of a matrix W [O, I]: a parametrization."""

    def __init__(self, W, rank, alpha):
        super().__init__()
        self.alpha = alpha
        self.B = nn.Parameter(W.new_zeros(len(W), rank))  # 0: at first, nothing changes
        self.A = nn.Parameter(W.new_empty(rank, len(W[0])).normal_(0, len(W[0]) ** -0.5))

    def forward(self, W):
        """W [O, I] -> [O, I]"""
        return low_rank(W, self.B, self.A, self.alpha)


def add_low_rank(bert, rank, alpha=8):
    """Freeze the encoder except its pooler, and add a change of this rank to each query
    and value matrix. Raises ValueError for a second one."""
    if any(isinstance(module, LowRank) for module in bert.modules()):
        raise ValueError("This BERT has a low-rank change: load one without, and add it.")
    bert.requires_grad_(False)
    bert.pooler.requires_grad_(True)
    for name, layer in list(bert.blocks.named_modules()):
        if isinstance(layer, nn.Linear) and name.endswith(("query", "value")):
            change = LowRank(layer.weight, rank, alpha)
            parametrize.register_parametrization(layer, "weight", change)


def palindromes(rows, length=10):
    """Rows of digits that read the same from both ends.
    -> [B, T] int"""
    half = torch.randint(10, (rows, length // 2))
    return torch.cat([half, half.flip(1)], 1)


HEADS = BertForPreTraining, BertForSequenceClassification, BertForTokenClassification, BertForQuestionAnswering
MASK = 10  # of the palindromes: the token that says "guess here"; 0 to 9 are the digits


def masked_word_loss(
    model: BertForPreTraining, ids: Tensor, mask_id: int, special: Sequence[int] = (), padding: int | None = 0
) -> Tensor:
    """Cover some tokens, guess them: the mean of −log p of the covered ones, in nats; 0 where none was covered.

    ids [B, T]; special: ids that are never covered; padding: not read either, None for texts of one length
    """
    real = torch.ones_like(ids, dtype=torch.bool) if padding is None else ids != padding
    never = ~real | torch.isin(ids, torch.tensor(special, dtype=ids.dtype, device=ids.device))
    inputs, labels = mask_tokens(ids, never, model.config.vocab, mask_id, None)
    logits = model(inputs, None, real).mlm_logits
    return mlm_loss(logits, labels) if (labels != -100).any() else 0.0 * logits.sum()


@torch.no_grad()
def spans(
    model: BertForQuestionAnswering,
    ids: Tensor,
    segments: Tensor | None = None,
    mask: Tensor | None = None,
    allowed: Tensor | None = None,
    padding: int | None = 0,
) -> list[tuple[int, int]]:
    """First and last token of the answer in each text, by a model in eval mode. mask [B, T]: by default all that is no
    `padding`, all if that is None; allowed [B, T]: where an answer may be, by default segment 1, or the mask."""
    real = mask if mask is not None else torch.ones_like(ids, dtype=torch.bool) if padding is None else ids != padding
    allowed = allowed if allowed is not None else real if segments is None else segments == 1
    starts, ends = model(ids, segments, real)
    found = (best_span(*row) for row in zip(starts, ends, allowed & real, strict=True))
    return [(int(first), int(last)) for first, last in found]


class WordPiece:
    """Text as numbers: of each word the longest known piece from the left, then the next, which is marked by ##.

    words: all pieces, [PAD], [UNK], [CLS], [SEP] and [MASK] among them; a piece's number is its place
    """

    def __init__(self, words: Sequence[str]):
        self.words = list(words)
        self.numbers = {word: n for n, word in enumerate(self.words)}

    def cut(self, text: str) -> list[str]:
        """The pieces of a text, lower-cased; a word that cannot be cut is [UNK]."""
        found: list[str] = []
        for word in re.findall(r"\[MASK\]|\w+|[^\w\s]", text):
            pieces, at, word = [], 0, word if word == "[MASK]" else word.lower()
            while at < len(word):
                tries = ("##" * (at > 0) + word[at:end] for end in range(len(word), at, -1))
                piece = next((piece for piece in tries if piece in self.numbers), None)
                if piece is None:
                    pieces = ["[UNK]"]
                    break
                pieces.append(piece)
                at += len(piece) - 2 * (at > 0)
            found += pieces
        return found

    def encode(self, text: str, other: str | None = None, length: int = 0, ends: bool = True) -> list[int]:
        """[CLS] text [SEP], or [CLS] text [SEP] other [SEP], as numbers, padded or cut to a length, the longer text
        first; ends=False: the text alone, as the lesson's book was. Raises ValueError for a length without room."""
        first, second = self.cut(text), [] if other is None else self.cut(other)
        marks = ends * (2 + (other is not None))
        if 0 < length <= marks:
            raise ValueError(f"{length} tokens leave no room for a text: {marks + 1} are needed at the least.")
        while length and len(first) + len(second) + marks > length:
            (first if len(first) >= len(second) else second).pop()
        closed = [*second, "[SEP]"] if other is not None else []
        pieces = ["[CLS]", *first, "[SEP]", *closed] if ends else first + second
        return [self.numbers[piece] for piece in pieces + ["[PAD]"] * (length - len(pieces))]

    def batch(self, texts: Sequence[str | tuple[str, str]], length: int) -> tuple[Tensor, Tensor, Tensor]:
        """Texts, or pairs of them, cut to `length` tokens -> ids, segments (1: of the second text), mask, [B, T] each,
        with T of the longest: what the models read."""
        pairs = [(text, None) if isinstance(text, str) else text for text in texts]
        ids = torch.tensor([self.encode(*pair, length=length) for pair in pairs])
        mask, ends = ids != self.numbers["[PAD]"], ids == self.numbers["[SEP]"]
        segments = ((ends.cumsum(1) - ends.long() > 0) & mask).long()
        longest = int(mask.sum(1).max())
        return ids[:, :longest], segments[:, :longest], mask[:, :longest]

    def decode(self, ids: Sequence[int]) -> str:
        """Pieces joined to words, with a space between words."""
        return " ".join(self.words[n] for n in ids).replace(" ##", "")


def save(model: nn.Module, path: str, tokenizer: Any = None) -> None:
    """Head, sizes, parameters, and what a tokenizer needs: its words. ValueError for a class that is not in HEADS."""
    if type(model).__name__ not in (known := [kind.__name__ for kind in HEADS]):
        raise ValueError(f"`load` would not know {type(model).__name__}; it knows {', '.join(known)}.")
    layers = [m for m in model.modules() if isinstance(m, LowRank)]
    torch.save(
        {
            "head": type(model).__name__,
            "sizes": asdict(model.config),
            "labels": getattr(getattr(model, "classifier", None), "out_features", None),
            "low_rank": (len(layers[0].A), layers[0].alpha) if layers else None,
            "parameters": model.state_dict(),
            "tokenizer": tokenizer,
        },
        path,
    )


def load(path: str) -> tuple[nn.Module, Any]:
    """The model as it was saved, with its dtype, on the CPU with dropout off; and the tokenizer's part."""
    saved = torch.load(path, map_location="cpu", weights_only=True)
    kind = next(kind for kind in HEADS if kind.__name__ == saved["head"])
    labels = () if saved["labels"] is None else (saved["labels"],)
    model = kind(BertConfig(**saved["sizes"]), *labels)
    if saved["low_rank"]:
        add_low_rank(model.bert, *saved["low_rank"])
    model.to(saved["parameters"]["bert.pooler.weight"].dtype).load_state_dict(saved["parameters"])
    return model.eval(), saved["tokenizer"]


def check() -> None:
    """Padding never matters, both sides do, a text without a hole has no loss, LoRA begins where the model is, training
    improves the loss, what was saved comes back."""
    torch.manual_seed(0)
    model, ids = make_bert(MASK + 1, 16, 2, 2, context=12), palindromes(32)
    real, padded = (torch.arange(12) < 10).expand(32, 12), F.pad(ids, (0, 2), value=3)
    logits = model(ids).mlm_logits
    assert torch.allclose(model(padded, None, real).mlm_logits[:, :10], logits, atol=1e-4)
    other = ids.clone()
    other[:, -1] = MASK
    assert not torch.allclose(model(other).mlm_logits[:, 0], logits[:, 0], atol=1e-4)
    assert masked_word_loss(model, ids, MASK, special=range(MASK), padding=None) == 0
    known = torch.tensor([[[9.0, 0.0], [0.0, 0.0]]])  # [1, 2, V]: only the second has a label
    assert abs(mlm_loss(known, torch.tensor([[-100, 1]])).item() - math.log(2)) < 1e-5
    many = palindromes(1000)
    read, labels = mask_tokens(many, many == 0, MASK + 1, MASK, None)
    covered = labels != -100
    assert (labels == many)[covered].all() and not covered[many == 0].any() and (read == many)[~covered].all()
    assert 0.13 < covered[many != 0].float().mean() < 0.17 and 0.75 < (read == MASK)[covered].float().mean() < 0.87
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-2)
    losses = [step(model, optimiser, ids) for _ in range(30)]
    assert sum(losses[-5:]) < sum(losses[:5])
    before = model(ids).mlm_logits
    assert (low_rank(torch.zeros(3, 2), torch.ones(3, 2), torch.ones(2, 2), 3.0) == 3).all()
    add_low_rank(model.bert, rank=2)
    assert torch.allclose(model(ids).mlm_logits, before, atol=1e-5)
    with TemporaryDirectory() as folder:
        save(model, f"{folder}/model.pt", ["some", "words"])
        again, words = load(f"{folder}/model.pt")
    assert torch.allclose(again(ids).mlm_logits, before, atol=1e-5) and words == ["some", "words"]
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "cold", "##er", "soup", "!"]
    tokenizer = WordPiece(words)
    assert tokenizer.cut("Colder [MASK] soup, cold!") == ["cold", "##er", "[MASK]", "soup", "[UNK]", "cold", "!"]
    assert tokenizer.decode(tokenizer.encode("Colder soup", length=6)) == "[CLS] colder soup [SEP] [PAD]"
    ids, segments, mask = tokenizer.batch([("soup", "cold soup cold"), "cold"], length=7)  # the longer one is cut
    assert ids.tolist() == [[2, 7, 3, 5, 7, 5, 3], [2, 5, 3, 0, 0, 0, 0]] and mask.sum(1).tolist() == [7, 3]
    assert segments.tolist() == [[0, 0, 0, 1, 1, 1, 1], [0] * 7] and len(tokenizer.encode("soup " * 9, length=5)) == 5
    reader = BertForSequenceClassification(BertConfig(9, 8, 1, 2, context=8), num_labels=3).eval()
    some = torch.tensor([tokenizer.encode("cold soup"), tokenizer.encode("soup!")])
    hidden = reader.bert(some).hidden
    assert torch.allclose(reader(some), reader.classifier(reader.bert.pooler(hidden[:, 0]).tanh()), atol=1e-5)
    small = make_bert(9, 8, 1, 2, context=8).eval()
    assert (fill(small, torch.tensor([2, 4, 7, 4, 3]), 4)[[1, 3]] > 4).all()
    asks = BertForQuestionAnswering(model.config).eval()
    assert all(0 <= first <= last < 10 for first, last in spans(asks, padded, mask=real))


def step(model: BertForPreTraining, optimiser: torch.optim.Optimizer, ids: Tensor) -> float:
    """One step of pre-training on palindromes; the loss before."""
    loss = masked_word_loss(model, ids, MASK, padding=None)
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    return loss.item()


def main(steps: int = 400) -> float:
    """Train on palindromes with holes, then fill one hole in each of 500 new ones."""
    torch.manual_seed(0)
    model = make_bert(MASK + 1, size=64, context=10)
    optimiser = torch.optim.Adam(model.parameters(), lr=2e-3)
    for n in range(steps):
        loss = step(model, optimiser, palindromes(64))
        if n % 50 == 0:
            print(f"step {n:3}  loss {loss:.3f}")
    ids, hole = palindromes(500), torch.randint(10, (500, 1))
    with torch.no_grad():
        guess = model.eval()(ids.scatter(1, hole, MASK)).mlm_logits.argmax(-1)
    right = guess.gather(1, hole) == ids.gather(1, hole)
    print(f"{right.float().mean():.1%} of 500 holes are filled rightly.")
    return right.float().mean().item()


def fill_text(path: str, text: str) -> str:
    """The text with its holes filled by a model that was saved with the words of its tokenizer."""
    model, words = load(path)
    tokenizer = WordPiece(words)
    ids = torch.tensor(tokenizer.encode(text, ends=False))
    if not 0 < len(ids) <= model.config.context:
        raise SystemExit(f"The text has {len(ids)} pieces; the model reads 1 to {model.config.context}.")
    return tokenizer.decode(fill(model, ids, tokenizer.numbers["[MASK]"]).tolist())


if __name__ == "__main__":
    if len(sys.argv) == 3:
        print(fill_text(*sys.argv[1:]))
    else:
        check()
        main()
