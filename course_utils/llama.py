"""The decoder of today: a GPT that was changed in five places.

    model = Llama(LlamaConfig(vocab=4096))
    model(ids)                  # [B, T] -> logits [B, T, V]; `generate` (gpt.py) writes

RMSNorm instead of layer norm, rotary positions instead of a table, SwiGLU instead of the
two layers with a GELU, keys and values shared by several heads of queries, and no biases.
With published parameters it is SmolLM2. It has no second table for the output (Llama 2),
no window (Mistral), no bias of queries and keys (Qwen2).
Sizes: B texts, T tokens, K keys, D features, H heads of queries, G heads of keys and
values, d features of a head, V vocabulary. Sources: Zhang and Sennrich 2019, Su et al.
2021, Shazeer 2020, Ainslie et al. 2023 (grouped queries), Touvron et al. 2023 (Llama).
"""

from dataclasses import dataclass
from itertools import takewhile
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from .attention import join_heads, masked_softmax, split_heads
from .cache import Cache
from .gpt import generate
from .rotary import rotation, turn


@dataclass(frozen=True)
class LlamaConfig:
    """Sizes; those that are given here are of a small one."""

    vocab: int
    size: int = 256
    layers: int = 4
    heads: int = 8
    key_heads: int = 2  # each serves heads / key_heads query heads
    hidden: int = 704  # features inside the network
    context: int = 256  # tokens that it was trained with
    base: float = 10_000.0  # of the rotary frequencies
    eps: float = 1e-5


def rms_norm(
    x: Float[Tensor, "... D"], weight: Float[Tensor, "D"], eps: float = 1e-5
) -> Float[Tensor, "... D"]:
    """Divide by the root of the mean square, then scale each feature."""
    mean_square = x.pow(2).mean(-1, keepdim=True)  # [..., 1]
    return x / (mean_square + eps).sqrt() * weight


class RMSNorm(nn.Module):
    """A layer norm that subtracts no mean and adds no bias."""

    def __init__(self, size: int, eps: float = 1e-5):
        super().__init__()
        self.weight, self.eps = nn.Parameter(torch.ones(size)), eps

    def forward(self, x: Float[Tensor, "... D"]) -> Float[Tensor, "... D"]:
        return rms_norm(x, self.weight, self.eps)


class SwiGLU(nn.Module):
    """A feed-forward network whose hidden features are multiplied by gates."""

    def __init__(self, size: int, hidden: int):
        super().__init__()
        self.gate = nn.Linear(size, hidden, bias=False)
        self.up = nn.Linear(size, hidden, bias=False)
        self.down = nn.Linear(hidden, size, bias=False)

    def forward(self, x: Float[Tensor, "... D"]) -> Float[Tensor, "... D"]:
        return self.down(F.silu(self.gate(x)) * self.up(x))


def share_heads(x: Float[Tensor, "B G K d"], heads: int) -> Float[Tensor, "B H K d"]:
    """Each head of keys or of values, as often as heads of queries use it."""
    return x.repeat_interleave(heads // x.shape[1], 1)


class GroupedAttention(nn.Module):
    """Causal self-attention with turned queries and keys, and fewer heads of keys."""

    def __init__(self, c: LlamaConfig):
        super().__init__()
        self.heads, self.key_heads = c.heads, c.key_heads
        shared = c.size // c.heads * c.key_heads  # new: G · d features
        self.query = nn.Linear(c.size, c.size, bias=False)
        self.key = nn.Linear(c.size, shared, bias=False)
        self.value = nn.Linear(c.size, shared, bias=False)
        self.out = nn.Linear(c.size, c.size, bias=False)

    def forward(
        self,
        x: Float[Tensor, "B T D"],
        turns: tuple[Tensor, Tensor],
        mask: Bool[Tensor, "T K"],
        cache: Cache | None = None,
    ) -> Float[Tensor, "B T D"]:
        q = turn(split_heads(self.query(x), self.heads), *turns)  # new [B, H, T, d]
        k = turn(split_heads(self.key(x), self.key_heads), *turns)  # new [B, G, T, d]
        v = split_heads(self.value(x), self.key_heads)
        if cache is not None:
            k, v = cache.extend(k, v)  # [B, G, K, d]: what was read before, too
        k, v = share_heads(k, self.heads), share_heads(v, self.heads)  # new [B, H, K, d]
        scores = q @ k.mT / q.shape[-1] ** 0.5  # [B, H, T, K]
        weights = masked_softmax(scores, mask)
        return self.out(join_heads(weights @ v))  # [B, H, T, d] -> [B, T, D]


class LlamaBlock(nn.Module):
    """Norm, attention, +; norm, feed-forward, +: the same as in a GPT."""

    def __init__(self, c: LlamaConfig):
        super().__init__()
        self.norm1 = RMSNorm(c.size, c.eps)  # new
        self.norm2 = RMSNorm(c.size, c.eps)  # new
        self.attention = GroupedAttention(c)
        self.ffn = SwiGLU(c.size, c.hidden)  # new

    def forward(self, x: Float[Tensor, "B T D"], *context: Any) -> Float[Tensor, "B T D"]:
        x = x + self.attention(self.norm1(x), *context)  # turns, mask, cache
        return x + self.ffn(self.norm2(x))


class Llama(nn.Module):
    """Token ids in; for each position, the logits of the token that comes next, out."""

    def __init__(self, config: LlamaConfig):
        super().__init__()
        self.config = c = config
        self.context = c.context
        self.tokens = nn.Embedding(c.vocab, c.size)
        self.blocks = nn.ModuleList(LlamaBlock(c) for _ in range(c.layers))
        self.norm = RMSNorm(c.size, c.eps)
        for parameter in self.parameters():
            if parameter.dim() > 1:
                nn.init.normal_(parameter, std=0.02)

    def caches(self) -> list[Cache]:
        """One for each block, in which nothing was read."""
        return [Cache() for _ in self.blocks]

    def forward(
        self, ids: Int[Tensor, "B T"], caches: list[Cache] | None = None
    ) -> Float[Tensor, "B T V"]:
        c, T = self.config, ids.shape[1]
        past = caches[0].length if caches else 0
        places = torch.arange(past, past + T)
        cos, sin = rotation(places, c.size // c.heads, c.base)  # new
        mask = torch.ones(T, past + T, dtype=torch.bool, device=ids.device)
        mask = mask.tril(past)  # [T, K]: causal, behind what was read before
        x = self.tokens(ids)  # new [B, T, D]: no positions here, they turn q and k
        turns = cos.to(x), sin.to(x)  # [T, d / 2] each, also in bfloat16
        for n, block in enumerate(self.blocks):
            x = block(x, turns, mask, caches[n] if caches else None)
        return self.norm(x) @ self.tokens.weight.T  # [B, T, D] -> [B, T, V]


def speak(model: Any, ids: Tensor, stop: int, count: int = 200, **how: Any) -> Any:
    """`generate` for one text, as numbers before `stop`; the likeliest ones."""
    tokens = generate(model, ids, count, **{"temperature": 0.0, "stop": stop} | how)
    return takewhile(lambda number: number != stop, map(int, tokens))


ARCHITECTURES = {"Llama": (Llama, LlamaConfig)}
