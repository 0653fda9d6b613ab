"""A Transformer in plain PyTorch: it translates rows of ids, and here learns to copy and reverse digits.

    python -m mine.transformer          # checks itself, then trains for half a minute

    model = Transformer(TransformerConfig(5000, 6000, size=64, layers=2, heads=4))
    source, target = torch.randint(3, 5000, (2, 9)), torch.randint(3, 6000, (2, 7))
    source[1, 6:] = target[1, 4:] = 0                               # padding, in both
    target[0, 6] = target[1, 3] = 2                                 # <eos> ends each row: so it learns to stop
    loss = translation_loss(model, source, target, begin=1)         # counts no padding
    rows = translate(model, source, begin=1, end=2)                 # lists of ids, without <bos> and <eos>
    save(model, "transformer.pt")
    model = load("transformer.pt")                                  # ready to translate; model.train() goes on

Sizes: B batch, S source, T target, D features, H heads of d = D / H, V vocabulary. A mask is boolean,
True = may be attended. Source: Vaswani et al. 2017, with the norms first.

1 of 8 functions are yours: multi_head. What is not yours is from the attention course: MIT License.
"""

import contextlib
import copy
import functools
from dataclasses import asdict, dataclass
from tempfile import TemporaryDirectory
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn


@contextlib.contextmanager
def evaluating(model):
    """Within it a model is in eval mode; afterwards in the mode that it was in."""
    training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(training)


class Cache:
    """The keys and values of all that one layer has read."""

    def __init__(self):
        self.k = self.v = torch.empty(0)
        self.length = 0

    def extend(self, k, v):
        """Keep new ones behind the old -> all of them.
        k [B, G, T, d], v [B, G, T, d] -> k [B, G, K, d], v [B, G, K, d]"""
        if self.length:
            k, v = torch.cat([self.k, k], 2), torch.cat([self.v, v], 2)
        self.k, self.v, self.length = k, v, k.shape[2]
        return k, v


def join_heads(x):
    """The heads of each position side by side again.
    x [B, H, T, d] -> [B, T, D]"""
    return x.transpose(1, 2).flatten(2)  # [B, T, H, d] -> [B, T, D]


def masked_softmax(scores, mask=None, dim=-1):
    """Weights that sum to 1 over the keys that may be attended; elsewhere they are 0.
    scores [...], mask [...] bool or None -> [...]"""
    if mask is None:
        return scores.softmax(dim)
    hidden = (~mask).expand_as(scores)  # refuses a mask with more axes than the scores
    weights = scores.masked_fill(hidden, float("-inf")).softmax(dim)
    return weights.masked_fill(hidden, 0.0)  # a row of −inf alone became NaN


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


class CachedAttention:
    """The `attend` of an attention that keeps what it reads. cache: it grows with each call; weights: of the last."""

    def __init__(self, cache):
        self.cache = cache

    def __call__(self, q, k, v, heads, mask=None):
        """What multi_head gives for one word, Q = 1, and all keys and values so far; k, v: the new ones, or none.
        q [B, Q, D], k [B, N, D], v [B, N, D], mask [...] bool or None
        -> output [B, Q, D], [B, H, Q, K]"""
        if k.shape[1]:
            self.cache.extend(split_heads(k, heads), split_heads(v, heads))  # [B, H, K, d] are kept
        mask = mask[:, None] if mask is not None and mask.dim() == 3 else None  # causal: one word may see all so far
        q = split_heads(q, heads)  # [B, H, Q, d]
        output, self.weights = scaled_dot_product_attention(q, self.cache.k, self.cache.v, mask)
        return join_heads(output), self.weights


class Step(NamedTuple):
    """One word further: logits [B, V] of the next; state: any nest of tuples of tensors and Caches, batch first;
    weights [B, S] on the source, or None."""

    logits: torch.Tensor
    state: object
    weights: torch.Tensor


class TransformerState(NamedTuple):
    """memory [B, S, D], after the first word [B, 0, D], as its keys and values are kept; mask [B, S] or None; a Cache
    of each layer's self-attention, and of its cross-attention."""

    memory: torch.Tensor
    mask: torch.Tensor
    own: object
    cross: object


class Behind(nn.Module):
    """Positions of words that stand behind `first` others."""

    def __init__(self, positions, first):
        super().__init__()
        self.positions, self.first = positions, first

    def forward(self, x, *_):
        """x with its positions.
        x [B, T, D] -> [B, T, D]"""
        return self.positions(F.pad(x, (0, 0, self.first, 0)))[:, self.first :]


class Attending:
    """A part of a class of multi-head attention: `attend` takes the place of `multi_head`."""

    def forward(self, x, memory, mask=None):
        """As the page's: queries from x [B, Q, D], keys and values from memory [B, K, D]."""
        output, weights = self.attend(self.query(x), self.key(memory), self.value(memory), self.heads, mask)
        return self.out(output), weights


@functools.cache
def _attending(kind):
    return kind if issubclass(kind, Attending) else type(kind.__name__, (Attending, kind), {})


def attend_by(attention, way):
    """Let a multi-head attention, of the course or of a page, attend in this way from now on."""
    kind = type(attention)
    attention.__class__, attention.attend = _attending(kind), way


def with_parts(module, **parts):
    """A module with the same parameters, and other parts."""
    new = copy.copy(module)
    new._modules = {**module._modules, **parts}
    return new


def attending(model, own, cross):
    """The model with a decoder that attends in other ways; the parameters are the same, and the model is as it was, so
    that others may use it at the same time."""
    blocks = {}
    for n, (block, one, other) in enumerate(zip(model.decoder, own, cross, strict=True)):
        attention, cross_attention = with_parts(block.attention), with_parts(block.cross_attention)
        attend_by(attention, one)
        attend_by(cross_attention, other)
        blocks[str(n)] = with_parts(block, attention=attention, cross_attention=cross_attention)
    positions = Behind(model.target_positions, own[0].cache.length)
    return with_parts(model, decoder=with_parts(model.decoder, **blocks), target_positions=positions)


class TransformerSteps:
    """A Transformer, word by word: the logits that its forward gives all at once."""

    def __init__(self, model):
        self.model = model
        self.context = model.config.context

    def start(self, source, source_mask=None):
        """The state before the first word.
        source [B, S] int, source_mask [B, S] bool or None"""
        return self.begin(self.model.encode(source, source_mask), source_mask)

    def begin(self, memory, mask=None):
        """The same, for a source that was read.
        memory [B, S, D], mask [B, S] bool or None"""
        own, cross = ([Cache() for _ in self.model.decoder] for _ in range(2))
        return TransformerState(memory, mask, tuple(own), tuple(cross))

    def step(self, words, state):
        """words: those written last. The weights [B, S] are of the last layer, the mean of its heads.
        words [B] int"""
        own, cross = ([CachedAttention(copy.copy(cache)) for cache in caches] for caches in state[2:])
        model = attending(self.model, own, cross)
        features = model.decode(words[:, None], state.memory, state.mask)  # [B, 1, D]
        caches = (tuple(attention.cache for attention in kept) for kept in (own, cross))
        new = TransformerState(state.memory[..., :0, :], state.mask, *caches)
        return Step(self.model.output(features)[:, 0], new, cross[-1].weights.mean(1)[:, 0])


def multi_head(q, k, v, heads, mask=None):
    q, k, v = (split_heads(x, heads) for x in (q, k, v))
    if mask is not None and mask.ndim == 3:
        mask = mask.unsqueeze(1)  # the same for all heads
    out, weights = scaled_dot_product_attention(q, k, v, mask)
    return join_heads(out), weights


def add_norm(x, f, norm):
    """A residual connection around a sub-layer f, which reads x normalised.
    x [B, T, D] -> [B, T, D]"""
    return x + f(norm(x))


IGNORED = -100  # a target that counts for nothing, as in torch and transformers


def masked_loss(logits, target, mask=None, label_smoothing=0.0):
    """Mean over the real tokens: padding counts neither in the sum nor in its divisor.
    logits [B, T, V], target [B, T] int, mask [B, T] bool or None -> scalar"""
    if mask is not None:
        target = target.masked_fill(~mask, IGNORED)
    counted = target != IGNORED  # [B, T]
    logits, target = logits[counted], target[counted]  # [N, V], [N]
    return F.cross_entropy(logits, target, label_smoothing=label_smoothing)


def frequencies(size, base=10_000.0):
    """How far each pair of columns turns per position, in radians: ωⱼ = base^(−2j / D).
    -> [pairs]"""
    columns = torch.arange(size, dtype=torch.float64).view(-1, 2)  # in pairs
    return base ** (-columns[:, 0] / size)  # [D / 2]


def sinusoidal_encoding(length, size):
    """P[i, 2j] = sin(i ωⱼ), P[i, 2j + 1] = cos(i ωⱼ). Vaswani et al., section 3.5.
    -> [T, D]"""
    angles = torch.arange(length)[:, None] * frequencies(size)  # [T, D / 2]
    pairs = torch.stack([angles.sin(), angles.cos()], -1)  # [T, D / 2, 2]
    return pairs.flatten(1).to(torch.get_default_dtype())  # [T, D]


BEGIN, COPY, REVERSE, TOKENS = 10, 11, 12, 13


def copy_or_reverse(rows, length=10):
    """Rows of random digits, what to do in front of them; and what is right.
    -> source [B, S] int, [B, T] int"""
    digits = torch.randint(10, (rows, length))
    order = torch.randint(COPY, REVERSE + 1, (rows, 1))
    source = torch.cat([order, digits], 1)  # [B, 1 + T]
    return source, torch.where(order == COPY, digits, digits.flip(1))


def train_step(model, optimiser, source, target):
    """Predict each word of the target from those before it, improve; the loss before.
    source [B, S] int, target [B, T] int"""
    begin = torch.full_like(target[:, :1], BEGIN)
    logits = model(source, torch.cat([begin, target[:, :-1]], 1))  # [B, T, V]
    loss = F.cross_entropy(logits.flatten(0, 1), target.flatten())
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    return loss.item()


class AddNorm(nn.Module):
    """A residual connection and a layer norm around a sub-layer. Dropout acts on what
    the sub-layer adds."""

    def __init__(self, size, dropout=0.0, eps=1e-5):
        super().__init__()
        self.norm = nn.LayerNorm(size, eps)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x, f):
        """x [B, T, D] -> [B, T, D]"""
        def dropped(h):  # what f gives, some of it set to 0
            return self.dropout(f(h))

        return add_norm(x, dropped, self.norm)


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


class DecoderBlock(nn.Module):
    """Self-attention, attention to the encoder's output (cross-attention), a network."""

    def __init__(self, size, heads, hidden, dropout=0.0):
        super().__init__()
        self.attention = MultiHeadAttention(size, heads)
        self.cross_attention = MultiHeadAttention(size, heads)  # new
        self.ffn = PositionwiseFFN(size, hidden)
        self.around_attention = AddNorm(size, dropout)
        self.around_cross = AddNorm(size, dropout)  # new
        self.around_ffn = AddNorm(size, dropout)

    def forward(self, x, memory, mask=None, memory_mask=None):
        """x [B, T, D], memory [B, S, D], mask [...] bool or None,
        memory_mask [...] bool or None -> [B, T, D]"""
        x = self.around_attention(x, lambda h: self.attention(h, h, mask)[0])
        x = self.around_cross(  # new
            x, lambda h: self.cross_attention(h, memory, memory_mask)[0]
        )
        return self.around_ffn(x, self.ffn)


class EncoderBlock(nn.Module):
    """Self-attention, then a network at each position; with a causal mask a GPT's."""

    def __init__(self, size, heads, hidden, dropout=0.0):
        super().__init__()
        self.attention = MultiHeadAttention(size, heads)
        self.ffn = PositionwiseFFN(size, hidden)
        self.around_attention = AddNorm(size, dropout)
        self.around_ffn = AddNorm(size, dropout)

    def forward(self, x, mask=None):
        """x [B, T, D], mask [...] bool or None -> [B, T, D]"""
        x = self.around_attention(x, lambda h: self.attention(h, h, mask)[0])
        return self.around_ffn(x, self.ffn)


class SinusoidalPositions(nn.Module):
    """Adds the sinusoidal encoding; nothing is learned, a longer text gets more rows."""

    def __init__(self, context, size):
        super().__init__()
        table = sinusoidal_encoding(context, size)
        self.register_buffer("table", table, persistent=False)

    def forward(self, x, first=0):
        """first: the position of the first token of x
        x [B, T, D] -> [B, T, D]"""
        places = torch.arange(first, first + x.shape[1], device=x.device)
        table = self.table
        if first + x.shape[1] > len(table):
            table = sinusoidal_encoding(first + x.shape[1], x.shape[2]).to(x)
        return x + F.embedding(places, table)


class TransformerLayers(nn.Module):
    """The layers of a Transformer: two stacks between embeddings and an output matrix."""

    def __init__(self, config):
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


def causal_mask(size, device=None):
    """Position t may attend to positions 0 … t, itself included.
    -> [T, T] bool"""
    return torch.ones(size, size, dtype=torch.bool, device=device).tril()


class Transformer(TransformerLayers):
    """The encoder reads the source, the decoder predicts each next word of the target."""

    def forward(self, source, target, source_mask=None):
        """target: from <bos> on; source_mask: True = a real token, False = padding
        source [B, S] int, target [B, T] int, source_mask [B, S] bool or None
        -> [B, T, V]"""
        memory = self.encode(source, source_mask)  # [B, S, D]
        return self.output(self.decode(target, memory, source_mask))  # [B, T, V]

    def encode(self, source, source_mask=None):
        """What the decoder attends to: the memory.
        source [B, S] int, source_mask [B, S] bool or None -> [B, S, D]"""
        x = self.source_embedding(source) * self.config.size**0.5
        x = self.dropout(self.positions(x))  # [B, S, D]
        mask = None if source_mask is None else source_mask[:, None, :]  # [B, 1, S]
        for block in self.encoder:
            x = block(x, mask)
        return self.encoder_norm(x)

    def decode(self, target, memory, source_mask=None):
        """Each position attends to the words up to itself, and to the memory.
        target [B, T] int, memory [B, S, D], source_mask [B, S] bool or None
        -> [B, T, D]"""
        x = self.target_embedding(target) * self.config.size**0.5
        x = self.dropout(self.target_positions(x))  # [B, T, D]
        mask = causal_mask(target.shape[1], target.device)
        if source_mask is not None:
            source_mask = source_mask[:, None, :]  # [B, 1, S]
        for block in self.decoder:
            x = block(x, memory, mask, source_mask)
        return self.decoder_norm(x)


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


def real_words(rows: Tensor, padding: int) -> Tensor:
    """Mask of the ids [B, T] that are no padding. Raises ValueError for a row without one."""
    if not (some := (real := rows != padding).any(1)).all():
        raise ValueError(f"Row {int((~some).nonzero()[0])} has only padding.")
    return real


def translation_loss(model: Transformer, source: Tensor, target: Tensor, begin: int, padding: int = 0) -> Tensor:
    """Mean cross-entropy of the right next words, in nats; padding and −100 do not count; 0 where nothing does.

    source [B, S]; target [B, T], rows end in <eos>, then `padding`; begin: what the decoder reads first -> scalar
    """
    real, counted = real_words(source, padding), (target != padding) & (target != -100)
    target = target.masked_fill(~counted, begin)  # since −100 has no embedding
    read = torch.cat([torch.full_like(target[:, :1], begin), target[:, :-1]], 1)  # [B, T]
    logits = model(source, read, real)
    return masked_loss(logits, target, counted) if counted.any() else 0.0 * logits.sum()


@torch.no_grad()
def translate(
    model: Transformer, source: Tensor, begin: int, end: int, padding: int = 0, longest: int = 100
) -> list[list[int]]:
    """Word by word the likeliest next one, until <eos>: for each row its ids, at most `longest`. Without dropout."""
    real, steps, written = real_words(source, padding), TransformerSteps(model), source[:, :0]
    with evaluating(model):
        state, words = steps.start(source, real), torch.full_like(source[:, 0], begin)  # the source, once
        while written.shape[1] < longest and not (written == end).any(1).all():
            logits, state, _ = steps.step(words, state)  # [B, V]; keys and values of the words before are kept
            words = logits.argmax(-1)  # [B]
            written = torch.cat([written, words[:, None]], 1)
    rows = written.tolist()
    return [row[: row.index(end)] if end in row else row for row in rows]


def save(model: Transformer, path: str) -> None:
    """The sizes and the parameters."""
    torch.save({"sizes": asdict(model.config), "parameters": model.state_dict()}, path)


def load(path: str) -> Transformer:
    """A model as it was saved, with its dtype, on the CPU, with dropout off."""
    saved = torch.load(path, map_location="cpu", weights_only=True)
    model = Transformer(TransformerConfig(**saved["sizes"]))
    model.to(saved["parameters"]["output.weight"].dtype).load_state_dict(saved["parameters"])
    return model.eval()


def check() -> None:
    """The future is hidden, padding never matters, a step helps, <eos> ends a row, what was saved comes back."""
    torch.manual_seed(0)
    model = Transformer(TransformerConfig(TOKENS, TOKENS, 16, 2, 2))
    source, target = copy_or_reverse(4)
    logits, other = model(source, target), target.clone()
    other[:, 5:] = 0
    assert torch.allclose(model(source, other)[:, :5], logits[:, :5], atol=1e-5)
    x, P = torch.randn(2, 3, 4), sinusoidal_encoding(2, 4).float()  # the basis of all blocks, and of the positions
    assert torch.allclose(add_norm(x, torch.sin, torch.tanh), x + x.tanh().sin(), atol=1e-5)
    angles = torch.tensor([1.0, 0.01])
    assert torch.allclose(P[1], torch.stack([angles.sin(), angles.cos()], 1).flatten(), atol=1e-5)
    source, target = source + 1, target + 1  # 0 is padding now
    model = Transformer(TransformerConfig(TOKENS + 1, TOKENS + 1, 16, 2, 2))
    longer = [torch.cat([rows, torch.zeros(4, 3, dtype=torch.long)], 1) for rows in (source, target)]
    loss, padded = translation_loss(model, source, target, BEGIN + 1), translation_loss(model, *longer, BEGIN + 1)
    assert torch.allclose(loss, padded, atol=1e-5)
    rows = translate(model, longer[0], BEGIN + 1, end=-1, longest=4)
    assert rows == translate(model, source, BEGIN + 1, end=-1, longest=4) and all(len(row) == 4 for row in rows)
    assert translate(model, source, BEGIN + 1, end := rows[0][-1], longest=4)[0] == rows[0][: rows[0].index(end)]
    with TemporaryDirectory() as folder:
        save(model, f"{folder}/model.pt")
        again = load(f"{folder}/model.pt")
    assert torch.equal(again(source, target), model(source, target))
    optimiser = torch.optim.SGD(model.parameters(), lr=0.1)
    steps = [train_step(model, optimiser, source, target) for _ in range(3)]
    assert steps[2] < steps[0]


def main(steps: int = 400) -> float:
    """Train on rows of ten digits, then copy and reverse rows that were never seen."""
    torch.manual_seed(0)
    model = Transformer(TransformerConfig(TOKENS, TOKENS, size=64))
    optimiser = torch.optim.Adam(model.parameters(), lr=2e-3)
    falling = torch.optim.lr_scheduler.LinearLR(optimiser, 1, 0, total_iters=steps)
    for step in range(steps):
        loss = train_step(model, optimiser, *copy_or_reverse(rows=64))
        falling.step()
        if step % 50 == 0:
            print(f"step {step:3}  loss {loss:.3f}")
    source, target = copy_or_reverse(500)
    written = translate(model, source, BEGIN, end=-1, padding=-1, longest=10)
    right = (torch.tensor(written) == target).all(1)
    print(f"{right.float().mean():.1%} of 500 new rows are right to the last digit.")
    return right.float().mean().item()


if __name__ == "__main__":
    check()
    main()
