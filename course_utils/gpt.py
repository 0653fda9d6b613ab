"""A GPT on one page: its model, one step of training, and how it writes.

    model = GPT(vocab=1000, size=128, layers=4)
    optimisers = optimisers_of(model, rate=1e-2)
    training_step(model, optimisers, windows(ids, rows=32, length=65))    # nats per token
    for token in generate(model, ids[None, :10], count=100):    # [1, 1], one by one

Sizes: B texts, T tokens, K with those in a cache, D features (size), H heads of
d = D / H, V tokens known (vocab). Sources: Radford et al. 2018 and 2019 (GPT, GPT-2);
Holtzman et al. 2020 (top-p); Jordan et al. 2024 (Muon).
"""

import math
from collections.abc import Iterator
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

    def forward(
        self, x: Float[Tensor, "B T D"], cache: Cache | None = None
    ) -> Float[Tensor, "B T D"]:
        q = split_heads(self.query(x), self.heads)  # [B, T, D] -> [B, H, T, d]
        k = split_heads(self.key(x), self.heads)
        v = split_heads(self.value(x), self.heads)
        if cache is not None:
            k, v = cache.extend(k, v)  # [B, H, K, d]: what was read before, too
        scores = q @ k.mT / q.shape[-1] ** 0.5  # [B, H, T, K]
        mask = causal_mask(k.shape[2], x.device)[-x.shape[1] :]  # the last T of K rows
        weights = masked_softmax(scores, mask)
        return self.out(join_heads(weights @ v))  # [B, H, T, d] -> [B, T, D]


class CausalBlock(nn.Module):
    """Attention moves information between tokens, the network works within each."""

    def __init__(self, size: int, heads: int, dropout: float = 0.0):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(size), nn.LayerNorm(size)
        self.attention = CausalAttention(size, heads)
        widen, narrow = nn.Linear(size, 4 * size), nn.Linear(4 * size, size)
        self.ffn = nn.Sequential(widen, nn.GELU("tanh"), narrow)
        self.dropout = nn.Dropout(dropout)

    def forward(
        self, x: Float[Tensor, "B T D"], cache: Cache | None = None
    ) -> Float[Tensor, "B T D"]:
        x = add_norm(x, lambda y: self.dropout(self.attention(y, cache)), self.norm1)
        return add_norm(x, lambda y: self.dropout(self.ffn(y)), self.norm2)


class GPT(nn.Module):
    """Token ids in; for each position, the logits of the token that comes next, out."""

    def __init__(
        self,
        vocab: int,
        size: int = 128,
        layers: int = 4,
        heads: int = 4,
        context: int = 64,
        dropout: float = 0.0,
    ):
        super().__init__()
        self.context = context  # the longest text that is read at once
        self.tokens = nn.Embedding(vocab, size)
        self.positions = nn.Embedding(context, size)
        self.dropout = nn.Dropout(dropout)
        self.blocks = nn.ModuleList(
            CausalBlock(size, heads, dropout) for _ in range(layers)
        )
        self.norm = nn.LayerNorm(size)
        for parameter in self.parameters():
            if parameter.dim() > 1:  # small: at first all tokens are equally likely
                nn.init.normal_(parameter, std=0.02)

    def forward(
        self, ids: Int[Tensor, "B T"], caches: list[Cache] | None = None
    ) -> Float[Tensor, "B T V"]:
        past = caches[0].length if caches else 0
        places = torch.arange(past, past + ids.shape[1], device=ids.device)
        x = self.dropout(self.tokens(ids) + self.positions(places))  # [B, T, D]
        for n, block in enumerate(self.blocks):
            x = block(x, caches[n] if caches else None)
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


def optimisers_of(model: GPT, rate: float) -> list[torch.optim.Optimizer]:
    """Muon for the matrices of the blocks, AdamW for all else, with one learning rate."""
    matrices = [p for p in model.blocks.parameters() if p.dim() == 2]
    vectors = [p for p in model.parameters() if p.dim() == 1]
    tables = [model.tokens.weight, model.positions.weight]
    muon = torch.optim.Muon(matrices, lr=rate, adjust_lr_fn="match_rms_adamw")
    return [muon, torch.optim.AdamW(vectors + tables, lr=rate)]


def next_token_loss(model: nn.Module, ids: Int[Tensor, "B N"]) -> Float[Tensor, ""]:
    """The mean of −ln p of each next token, in nats."""
    inputs, targets = inputs_and_targets(ids)
    logits = model(inputs)  # [B, T, V]
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten())


def training_step(
    model: nn.Module, optimisers: list[torch.optim.Optimizer], ids: Int[Tensor, "B N"]
) -> float:
    """Predict each next token, improve; the loss before, in nats per token."""
    loss = next_token_loss(model, ids)
    model.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    for optimiser in optimisers:
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
    p, order = logits.softmax(-1).sort(-1, descending=True)
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
    p = nucleus(p.log(), top_p) if top_p < 1 else p
    return torch.multinomial(p, 1, generator=generator)


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
    caches = [Cache() for _ in getattr(model, "blocks", ())]
    new, context = ids, getattr(model, "context", math.inf)
    ended = torch.zeros_like(ids[:, :1], dtype=torch.bool)  # [B, 1]
    for _ in range(count):
        if cache and ids.shape[1] <= context:
            logits = model(new, caches)[:, -1]  # [B, V]; at first of all of the text
        else:
            logits = model(ids[:, -context:])[:, -1]
        new = next_token(logits, temperature, top_p, generator)  # [B, 1]
        yield new
        ids, ended = torch.cat([ids, new], 1), ended | (new == stop)
        if ended.all():
            break


def write(model: Any, ids: Int[Tensor, "B T"], *how: Any, **more: Any) -> Tensor:
    """A text and what `generate` gives behind it, [B, N]."""
    return torch.cat([ids, *generate(model, ids, *how, **more)], 1)


def copying(rows: int, length: int = 6) -> Int[Tensor, "B N"]:
    """A task without data: random digits, 10 for "=", the same digits again."""
    digits = torch.randint(10, (rows, length))
    return torch.cat([digits, torch.full((rows, 1), 10), digits], 1)
