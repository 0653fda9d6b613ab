"""A GPT in plain PyTorch: it copies digits after a few seconds, and learns any text.

    model = CachedGPT(GPTConfig(vocab=11, size=32, context=16))    # or GPT, which keeps nothing
    optimisers = optimisers_of(model, rate=3e-3)
    ids = padded([[1, 2, 3, 10, 1, 2, 3], [4, 5, 10, 4, 5]])    # [B, N], −100 behind the end of a text
    for _ in range(20):
        loss = training_step(model, optimisers, ids)             # nats per token; padding costs nothing
    write(model, ids[:1, :4], count=3, temperature=0)            # [1, 7]
    save(model, "small.pt")
    model = load("small.pt", device="cpu")

Sizes: B texts, T tokens, D features, H heads of d, V tokens known. Radford et al. 2019.

2 of 6 functions are yours: inputs_and_targets, with_temperature. What is not yours is from the attention course: MIT License.
"""

import contextlib
import errno
import glob
import io
import math
import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence


@contextlib.contextmanager
def evaluating(model):
    """Within it a model is in eval mode; afterwards in the mode that it was in."""
    training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(training)


def _mode(path):
    """Who may read and write a file: as it is, or as for a new one."""
    if path.exists():
        return path.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


A_DAY, A_MINUTE = 86_400, 60  # seconds: what is half written for longer will never be whole; and at a start


def is_stale(path, older=A_DAY):
    """Whether nobody can be writing a file or folder any more: it was last changed so many seconds ago."""
    with contextlib.suppress(OSError):
        return time.time() - path.stat().st_mtime > older
    return False


def sweep(paths, older=A_DAY):
    """Remove what processes that were killed while they wrote these files have left beside them: names, or patterns."""
    for path in paths:
        for half in path.parent.glob(f".{path.name}.????????"):
            if is_stale(half, older):
                with contextlib.suppress(OSError):
                    half.unlink()


def write_atomically(path, content):
    """Write, so that a file has either its old or its new content, whatever happens."""
    path = Path(os.path.realpath(path))
    if path.exists() and not path.is_file():  # a pipe or a device would be replaced
        raise OSError(errno.EINVAL, f"{path.name} is no file")
    data = content.encode("utf-8") if isinstance(content, str) else content
    sweep([path.with_name(glob.escape(path.name))])
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, _mode(path))
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def masked_softmax(scores, mask=None, dim=-1):
    """Weights that sum to 1 over the keys that may be attended; elsewhere they are 0.
    scores [...], mask [...] bool or None -> [...]"""
    if mask is None:
        return scores.softmax(dim)
    hidden = (~mask).expand_as(scores)  # refuses a mask with more axes than the scores
    weights = scores.masked_fill(hidden, float("-inf")).softmax(dim)
    return weights.masked_fill(hidden, 0.0)  # a row of −inf alone became NaN


def split_heads(x, heads):
    """Cut the features of each position into heads: D = H · d.
    x [B, T, D] -> [B, H, T, d]"""
    B, T, D = x.shape
    cut = x.reshape(B, T, heads, D // heads)  # [B, T, H, d]
    return cut.transpose(1, 2)  # [B, H, T, d]


def add_norm(x, f, norm):
    """A residual connection around a sub-layer f, which reads x normalised.
    x [B, T, D] -> [B, T, D]"""
    return x + f(norm(x))


def causal_mask(size, device=None):
    """Position t may attend to positions 0 … t, itself included.
    -> [T, T] bool"""
    return torch.ones(size, size, dtype=torch.bool, device=device).tril()


def join_heads(x):
    """The heads of each position side by side again.
    x [B, H, T, d] -> [B, T, D]"""
    return x.transpose(1, 2).flatten(2)  # [B, T, H, d] -> [B, T, D]


class CausalAttention(nn.Module):
    """Each token asks itself and the tokens before it, in H heads at once."""

    def __init__(self, size, heads):
        super().__init__()
        self.heads = heads
        self.query, self.key = nn.Linear(size, size), nn.Linear(size, size)
        self.value, self.out = nn.Linear(size, size), nn.Linear(size, size)

    def project(self, x):
        """Queries, keys and values, in heads.
        x [B, T, D] -> list of [B, H, T, d]"""
        return [split_heads(f(x), self.heads) for f in (self.query, self.key, self.value)]

    def forward(self, x):
        """x [B, T, D] -> [B, T, D]"""
        q, k, v = self.project(x)
        found = F.scaled_dot_product_attention(q, k, v, is_causal=True)  # [B, H, T, d]
        return self.out(join_heads(found))  # -> [B, T, D]

    def weights(self, x):
        """The attention weights, which `forward` does not return.
        x [B, T, D] -> [B, H, T, T]"""
        q, k, _ = self.project(x)
        scores = q @ k.mT / q.shape[-1] ** 0.5
        return masked_softmax(scores, causal_mask(x.shape[1], x.device))


class CausalBlock(nn.Module):
    """Attention moves information between tokens, the network works within each."""

    def __init__(self, size, heads, dropout=0.0):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(size), nn.LayerNorm(size)
        self.attention = CausalAttention(size, heads)
        widen, narrow = nn.Linear(size, 4 * size), nn.Linear(4 * size, size)
        self.ffn = nn.Sequential(widen, nn.GELU("tanh"), narrow)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x):
        """x [B, T, D] -> [B, T, D]"""
        x = add_norm(x, lambda y: self.dropout(self.attention(y)), self.norm1)
        return add_norm(x, lambda y: self.dropout(self.ffn(y)), self.norm2)


class GPT(nn.Module):
    """Token ids in; for each position, the logits of the token that comes next, out."""

    def __init__(self, config):
        super().__init__()
        self.config = c = config
        self.context = c.context
        self.tokens = nn.Embedding(c.vocab, c.size)
        self.positions = nn.Embedding(c.context, c.size)
        self.dropout = nn.Dropout(c.dropout)
        blocks = (CausalBlock(c.size, c.heads, c.dropout) for _ in range(c.layers))
        self.blocks = nn.ModuleList(blocks)
        self.norm = nn.LayerNorm(c.size)
        for parameter in self.parameters():
            if parameter.dim() > 1:  # small: at first all tokens are equally likely
                nn.init.normal_(parameter, std=0.02)

    def forward(self, ids):
        """ids [B, T] int -> [B, T, V]"""
        places = torch.arange(ids.shape[1], device=ids.device)
        x = self.dropout(self.tokens(ids) + self.positions(places))  # [B, T, D]
        for block in self.blocks:
            x = block(x)
        return self.norm(x) @ self.tokens.weight.T  # [B, T, D] -> [B, T, V]


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


def attend_behind(attention, x, cache):
    """T new tokens attend to all that were read, by the keys and values of the cache.
    x [B, T, D] -> [B, T, D]"""
    q, k, v = attention.project(x)  # only of the new tokens, [B, H, T, d]
    k, v = cache.extend(k, v)  # of all tokens, [B, H, K, d]
    mask = causal_mask(k.shape[2], x.device)[-x.shape[1] :]  # the last T of K rows
    found = F.scaled_dot_product_attention(q, k, v, mask)  # [B, H, T, d]
    return attention.out(join_heads(found))


class CachedGPT(GPT):
    """The same GPT. If it gets caches, one for each block, it reads only new tokens."""

    def caches(self):
        """One for each block, in which nothing was read."""
        return [Cache() for _ in self.blocks]

    def forward(self, ids, caches=None):
        """ids [B, T] int -> [B, T, V]"""
        if not caches:
            return super().forward(ids)
        first = caches[0].length  # so many were read before
        places = torch.arange(first, first + ids.shape[1], device=ids.device)
        x = self.tokens(ids) + self.positions(places)
        for block, cache in zip(self.blocks, caches, strict=True):
            attend = partial(attend_behind, block.attention, cache=cache)
            x = add_norm(x, attend, block.norm1)
            x = add_norm(x, block.ffn, block.norm2)
        return self.norm(x) @ self.tokens.weight.T


@dataclass(frozen=True)
class GPTConfig:
    """Sizes; those that are given here are of a small one."""

    vocab: int
    size: int = 128
    layers: int = 4
    heads: int = 4
    context: int = 64  # the longest text that is read at once
    dropout: float = 0.0


def copying(rows, length=6):
    """A task without data: random digits, 10 for "=", the same digits again.
    -> [B, N] int"""
    digits = torch.randint(10, (rows, length))
    return torch.cat([digits, torch.full((rows, 1), 10), digits], 1)


def nucleus(logits, top_p):
    """Probabilities of the smallest set of likeliest tokens that reaches top_p.
    logits [..., V] -> [..., V]"""
    p, order = logits.softmax(-1).sort(-1, descending=True)
    before = p.cumsum(-1) - p  # what the likelier ones have together
    p = p.masked_fill(before >= top_p, 0.0)
    return torch.zeros_like(p).scatter(-1, order, p / p.sum(-1, keepdim=True))


def with_temperature(logits, temperature):
    if temperature == 0:
        return F.one_hot(logits.argmax(-1), logits.shape[-1]).float()
    return (logits / temperature).softmax(-1)


def next_token(logits, temperature=1.0, top_p=1.0, generator=None):
    """Draw a token for each text; at temperature 0 it is the likeliest.
    logits [B, V] -> [B, 1] int"""
    if temperature == 0:
        return logits.argmax(-1, keepdim=True)
    p = with_temperature(logits, temperature)
    p = nucleus(p.log(), top_p) if top_p < 1 else p  # new: softmax(log p) is p
    return torch.multinomial(p, 1, generator=generator)


@torch.no_grad()
def generate(
    model, ids, count, temperature=1.0, top_p=1.0, stop=None, generator=None, cache=True
):
    """Give each token when it is drawn, until every text has its `stop`. Each is read
    once; those of a text longer than the context anew. After nanochat (Karpathy 2025).
    ids [B, T] int -> Iterator of [B, 1] int"""
    caches = model.caches() if cache and hasattr(model, "caches") else []
    new, context = ids, getattr(model, "context", ids.shape[1] + count)
    ended = torch.zeros_like(ids[:, :1], dtype=torch.bool)  # [B, 1]
    for _ in range(count):
        if caches and ids.shape[1] <= context:
            logits = model(new, caches)[:, -1]  # [B, V]; at first of all of the text
        else:
            logits = model(ids[:, -context:])[:, -1]
        new = next_token(logits, temperature, top_p, generator)  # [B, 1]
        yield new
        ids, ended = torch.cat([ids, new], 1), ended | (new == stop)
        if ended.all():
            break


def inputs_and_targets(ids):
    return ids[:, :-1], ids[:, 1:]


def windows(ids, rows, length):
    """Pieces of a long text, from random places.
    ids [N] int -> [B, L] int"""
    starts = torch.randint(len(ids) - length + 1, (rows, 1))
    return ids[starts + torch.arange(length)]


IGNORED = -100  # as in torch: what has this target costs nothing


def padded(texts: Sequence[Sequence[int]]) -> Tensor:
    """Texts of different lengths as one batch [B, N]; behind the end of a shorter one is IGNORED."""
    return pad_sequence([torch.tensor(text) for text in texts], batch_first=True, padding_value=IGNORED)


def next_token_loss(model: nn.Module, ids: Tensor) -> Tensor:
    """The mean of −ln p of each next token, in nats. ids [B, N], padded at the end: no token sees what is later.

    Raises ValueError for more than the context and a token."""
    inputs, targets = inputs_and_targets(ids)
    if inputs.shape[1] > model.context:
        raise ValueError(
            f"ids has {ids.shape[1]:,} tokens a row; the context is read, and one more: {model.context + 1:,}."
        )
    logits = model(inputs.clamp(min=0))  # [B, T, V]
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=IGNORED)


def optimisers_of(model: nn.Module, rate: float) -> list[torch.optim.Optimizer]:
    """AdamW for all parameters, in a list as `training_step` takes it: one, or several that share the work."""
    return [torch.optim.AdamW(model.parameters(), lr=rate)]


def training_step(model: nn.Module, optimisers: Sequence[torch.optim.Optimizer], ids: Tensor) -> float:
    """Predict each next token, improve; the loss before, in nats per token. ids [B, N], on the model's device."""
    loss = next_token_loss(model.train(), ids)
    model.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    for optimiser in optimisers:
        optimiser.step()
    return loss.item()


def write(
    model: nn.Module,
    ids: Tensor,
    count: int,
    temperature: float = 1.0,
    top_p: float = 1.0,
    stop: int | None = None,
    seed: int | None = None,
) -> Tensor:
    """Draw a token, append it, ask again: ids [B, T] -> [B, T + count], or fewer where all rows have drawn `stop`.

    The last `context` tokens count. seed: the same numbers, whatever was drawn before. Raises ValueError.
    """
    if not (math.isfinite(temperature) and temperature >= 0 and 0 < top_p <= 1):
        raise ValueError(f"temperature {temperature} and top_p {top_p}: at least 0, and between 0 and 1, are needed.")
    if not ids.shape[1]:
        raise ValueError("There is nothing to go on from: one token at least is needed.")
    source = None if seed is None else torch.Generator(ids.device).manual_seed(seed)
    chosen = temperature if temperature > 1e-4 else 0, max(top_p, 1e-6)
    with evaluating(model):
        return torch.cat([ids, *generate(model, ids, count, *chosen, stop, source)], 1)


def save(model: nn.Module, path: str | Path) -> None:
    """Sizes and parameters in a file, which is whole at each moment."""
    torch.save({"sizes": asdict(model.config), "model": model.state_dict()}, content := io.BytesIO())
    write_atomically(path, content.getvalue())


def load(path: str | Path, device: str = "cpu") -> nn.Module:
    """The model of a file, with its dtype, ready to write. Raises ValueError for a file that `save` did not write."""
    try:
        state = torch.load(path, weights_only=True, map_location=device)
        if state["sizes"]["layers"] > len(state["model"]):
            raise ValueError("there are fewer layers than sizes say")
        with torch.device("meta"):  # sizes alone take no memory
            model = CachedGPT(GPTConfig(**state["sizes"]))
        model.load_state_dict(state["model"], assign=True)
    except OSError:
        raise
    except Exception as error:  # a foreign file may hold anything
        raise ValueError(f"{path} holds no GPT that was saved here ({type(error).__name__}).") from None
    return model.eval()


def check() -> None:
    """The future changes nothing, nor does padding; all tokens are likely at first, and a step helps."""
    x = torch.randn(2, 3, 4)
    assert torch.allclose(add_norm(x, torch.sin, torch.tanh), x + x.tanh().sin(), atol=1e-5)
    seen = torch.tensor([[True, True, False], [True, True, True], [False, False, False]])
    shares = masked_softmax(torch.tensor([[200.0, 200.0, 300.0]]).expand(3, 3), seen)
    assert torch.allclose(shares, torch.tensor([[0.5, 0.5, 0], [0, 0, 1], [0, 0, 0]]), atol=1e-5)
    logits = torch.tensor([[2.0, 1.0, 0.0], [0.0, 4.0, 1.0]])
    assert torch.allclose(with_temperature(logits, 0.5), (2 * logits).softmax(-1), atol=1e-5)
    assert with_temperature(logits, 0).tolist() == [[1, 0, 0], [0, 1, 0]]
    two = torch.tensor([2.0, 1.0, -math.inf]).softmax(0)  # .67 alone is less than .7
    assert torch.allclose(nucleus(logits, 0.7), torch.stack([two, torch.eye(3)[1]]), atol=1e-5)
    model = GPT(GPTConfig(vocab=11, size=16, layers=2, heads=2, context=16))
    ids, other = copying(8), copying(8)
    other[:, :5] = ids[:, :5]
    assert torch.allclose(model(other)[:, :5], model(ids)[:, :5], atol=1e-5)
    alone, beside = padded([[1, 2, 3]]), padded([[1, 2, 3], [4]])
    assert torch.allclose(next_token_loss(model, beside), next_token_loss(model, alone), atol=1e-5)
    assert (write(model, ids, 3, seed=0) == write(model, ids, 3, seed=0)).all()
    optimisers = optimisers_of(model, rate=1e-3)
    losses = [training_step(model, optimisers, ids) for _ in range(3)]
    assert abs(losses[0] - math.log(11)) < 0.2 and losses[2] < losses[0]


def main(steps: int = 200) -> float:
    """Train on rows of digits that come twice, then copy rows that were never seen."""
    model = GPT(GPTConfig(vocab=11, size=64, layers=2, context=16))
    optimisers = optimisers_of(model, rate=3e-3)
    for _ in range(steps):
        loss = training_step(model, optimisers, copying(64))
    asked = copying(500)
    right = (write(model, asked[:, :7], 6, temperature=0) == asked).all(1)
    print(f"loss {loss:.2f} nats, {right.float().mean():.1%} of 500 new rows are copied.")
    return right.float().mean().item()


if __name__ == "__main__":
    check()
    main()
