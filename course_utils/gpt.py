"""A GPT on one page: its model, one step of training, and how it writes.

    model = CachedGPT(GPTConfig(vocab=1000))
    optimiser = torch.optim.AdamW(model.parameters(), lr=2e-3)
    training_step(model, optimiser, windows(ids, rows=32, length=65))    # nats per token
    write(model, ids[None, :10], count=100)     # [1, 110]
    for token in generate(model, ids[None, :10], count=100):    # [1, 1], one by one

Sizes: B texts, T tokens, K with those in a cache, D features (size), H heads of
d = D / H, V tokens known (vocab). Sources: Radford et al. 2018 and 2019 (GPT, GPT-2);
Holtzman et al. 2020 (top-p).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from .attention import causal_mask, join_heads, masked_softmax, split_heads
from .blocks import add_norm
from .cache import Cache


class CausalAttention(nn.Module):
    """Each token asks itself and the tokens before it, in H heads at once."""

    def __init__(self, size: int, heads: int):
        super().__init__()
        self.heads = heads
        self.query, self.key = nn.Linear(size, size), nn.Linear(size, size)
        self.value, self.out = nn.Linear(size, size), nn.Linear(size, size)

    def project(self, x: Float[Tensor, "B T D"]) -> list[Float[Tensor, "B H T d"]]:
        """Queries, keys and values, in heads."""
        return [split_heads(f(x), self.heads) for f in (self.query, self.key, self.value)]

    def forward(self, x: Float[Tensor, "B T D"]) -> Float[Tensor, "B T D"]:
        q, k, v = self.project(x)
        found = F.scaled_dot_product_attention(q, k, v, is_causal=True)  # [B, H, T, d]
        return self.out(join_heads(found))  # -> [B, T, D]

    def weights(self, x: Float[Tensor, "B T D"]) -> Float[Tensor, "B H T T"]:
        """The attention weights, which `forward` does not return."""
        q, k, _ = self.project(x)
        scores = q @ k.mT / q.shape[-1] ** 0.5
        return masked_softmax(scores, causal_mask(x.shape[1], x.device))


class CausalBlock(nn.Module):
    """Attention moves information between tokens, the network works within each."""

    def __init__(self, size: int, heads: int, dropout: float = 0.0):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(size), nn.LayerNorm(size)
        self.attention = CausalAttention(size, heads)
        widen, narrow = nn.Linear(size, 4 * size), nn.Linear(4 * size, size)
        self.ffn = nn.Sequential(widen, nn.GELU("tanh"), narrow)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Float[Tensor, "B T D"]) -> Float[Tensor, "B T D"]:
        x = add_norm(x, lambda y: self.dropout(self.attention(y)), self.norm1)
        return add_norm(x, lambda y: self.dropout(self.ffn(y)), self.norm2)


@dataclass(frozen=True)
class GPTConfig:
    """Sizes; those that are given here are of a small one."""

    vocab: int
    size: int = 128
    layers: int = 4
    heads: int = 4
    context: int = 64  # the longest text that is read at once
    dropout: float = 0.0


class GPT(nn.Module):
    """Token ids in; for each position, the logits of the token that comes next, out."""

    def __init__(self, config: GPTConfig):
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

    def forward(self, ids: Int[Tensor, "B T"]) -> Float[Tensor, "B T V"]:
        places = torch.arange(ids.shape[1], device=ids.device)
        x = self.dropout(self.tokens(ids) + self.positions(places))  # [B, T, D]
        for block in self.blocks:
            x = block(x)
        return self.norm(x) @ self.tokens.weight.T  # [B, T, D] -> [B, T, V]


def inputs_and_targets(
    ids: Int[Tensor, "B N"],
) -> tuple[Int[Tensor, "B T"], Int[Tensor, "B T"]]:
    """Of N = T + 1 tokens: T that are read, and for each of them the one that follows."""
    return ids[:, :-1], ids[:, 1:]


def windows(ids: Int[Tensor, "N"], rows: int, length: int) -> Int[Tensor, "B L"]:
    """Pieces of a long text, from random places."""
    starts = torch.randint(len(ids) - length + 1, (rows, 1))
    return ids[starts + torch.arange(length)]


def next_token_loss(model: nn.Module, ids: Int[Tensor, "B N"]) -> Float[Tensor, ""]:
    """The mean of −ln p of each next token, in nats."""
    inputs, targets = inputs_and_targets(ids)
    logits = model(inputs)  # [B, T, V]
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten())


def training_step(model: nn.Module, optimiser: Any, ids: Int[Tensor, "B N"]) -> float:
    """Predict each next token, improve; the loss before, in nats per token."""
    loss = next_token_loss(model, ids)
    model.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimiser.step()
    return loss.item()


def with_temperature(
    logits: Float[Tensor, "*B V"], temperature: float
) -> Float[Tensor, "*B V"]:
    """Probabilities; below 1 sharper, above 1 flatter, at 0 all on the largest."""
    if temperature == 0:
        return F.one_hot(logits.argmax(-1), logits.shape[-1]).float()
    return (logits / temperature).softmax(-1)


def nucleus(logits: Float[Tensor, "*B V"], top_p: float) -> Float[Tensor, "*B V"]:
    """Probabilities of the smallest set of likeliest tokens that reaches top_p."""
    p, order = logits.float().softmax(-1).sort(-1, descending=True)
    before = p.cumsum(-1) - p  # what the likelier ones have together
    p = p.masked_fill(before >= top_p, 0.0)
    return torch.zeros_like(p).scatter(-1, order, p / p.sum(-1, keepdim=True))


def next_token(
    logits: Float[Tensor, "B V"],
    temperature: float = 1.0,
    top_p: float = 1.0,
    generator: torch.Generator | None = None,
) -> Int[Tensor, "B 1"]:
    """Draw a token for each text; at temperature 0 it is the likeliest."""
    if temperature == 0:
        return logits.argmax(-1, keepdim=True)
    p = with_temperature(logits, temperature)
    p = nucleus(p.log(), top_p) if top_p < 1 else p  # new: softmax(log p) is p
    return torch.multinomial(p, 1, generator=generator)


@torch.no_grad()
def write(
    model: Any,
    ids: Int[Tensor, "B T"],
    count: int,
    temperature: float = 1.0,
    top_p: float = 1.0,
) -> Int[Tensor, "B N"]:
    """Draw a token, append it, read the longer text: N = T + count."""
    for _ in range(count):
        logits = model(ids[:, -model.context :])[:, -1]  # [B, V]: what follows?
        ids = torch.cat([ids, next_token(logits, temperature, top_p)], 1)
    return ids


def attend_behind(
    attention: CausalAttention, x: Float[Tensor, "B T D"], cache: Cache
) -> Float[Tensor, "B T D"]:
    """T new tokens attend to all that were read, by the keys and values of the cache."""
    q, k, v = attention.project(x)  # only of the new tokens, [B, H, T, d]
    k, v = cache.extend(k, v)  # of all tokens, [B, H, K, d]
    mask = causal_mask(k.shape[2], x.device)[-x.shape[1] :]  # the last T of K rows
    found = F.scaled_dot_product_attention(q, k, v, mask)  # [B, H, T, d]
    return attention.out(join_heads(found))


class CachedGPT(GPT):
    """The same GPT. If it gets caches, one for each block, it reads only new tokens."""

    def caches(self) -> list[Cache]:
        """One for each block, in which nothing was read."""
        return [Cache() for _ in self.blocks]

    def forward(
        self, ids: Int[Tensor, "B T"], caches: list[Cache] | None = None
    ) -> Float[Tensor, "B T V"]:
        if not caches:
            return super().forward(ids)
        first = caches[0].length  # so many were read before
        places = torch.arange(first, first + ids.shape[1], device=ids.device)
        x = self.tokens(ids) + self.positions(places)
        block: Any
        for block, cache in zip(self.blocks, caches, strict=True):
            attend = partial(attend_behind, block.attention, cache=cache)
            x = add_norm(x, attend, block.norm1)
            x = add_norm(x, block.ffn, block.norm2)
        return self.norm(x) @ self.tokens.weight.T


@torch.no_grad()
def generate(
    model: Any,
    ids: Int[Tensor, "B T"],
    count: int,
    temperature: float = 1.0,
    top_p: float = 1.0,
    stop: int | None = None,
    generator: torch.Generator | None = None,
    cache: bool = True,
) -> Iterator[Int[Tensor, "B 1"]]:
    """Give each token when it is drawn, until every text has its `stop`. Each is read
    once; those of a text longer than the context anew. After nanochat (Karpathy 2025)."""
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


def copying(rows: int, length: int = 6) -> Int[Tensor, "B N"]:
    """A task without data: random digits, 10 for "=", the same digits again."""
    digits = torch.randint(10, (rows, length))
    return torch.cat([digits, torch.full((rows, 1), 10), digits], 1)


ARCHITECTURES = {"GPT": (CachedGPT, GPTConfig)}
