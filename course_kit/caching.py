"""Writing with keys and values kept, so that each new token costs one position, not all.

    writer = writer_of(gpt)
    state = writer.start(ids)               # reads ids [B, T] once
    logits, state, weights = writer.step(words, state)      # words [B]: one token more

A token's key and value never change, as no token attends to what comes after it. So they
are computed once and kept: the KV cache. A state is never changed in place, so that a
beam may go on from it twice. Beside it: heads that share keys and values, which keeps
less. Sizes: B batch, H heads, T time, P past tokens, K keys, D features, d features of a
head.
"""

from typing import Any, NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from course_kit.text import order_of, padding_first
from course_utils.attention import (
    MultiHeadAttention,
    causal_mask,
    join_heads,
    scaled_dot_product_attention,
    split_heads,
)
from course_utils.gpt import GPT
from course_utils.rotary import RotaryAttention, rotary


class Step(NamedTuple):
    logits: Tensor
    state: Any
    weights: Tensor | None


class KeyValues(NamedTuple):
    """Keys and values of what can be attended to, cut into heads."""

    keys: Float[Tensor, "B H K d"]
    values: Float[Tensor, "B H K d"]

    def append(self, new: "KeyValues") -> "KeyValues":
        """These, and the new ones behind them."""
        keys = torch.cat([self.keys, new.keys], 2)
        return KeyValues(keys, torch.cat([self.values, new.values], 2))


def project(attention: MultiHeadAttention, x: Float[Tensor, "B T D"], first: int = 0) -> KeyValues:
    """The keys and values of x, whose first token has the position `first`."""
    head_size = x.shape[-1] // attention.heads
    keys = attention.key(x).unflatten(-1, (-1, head_size)).transpose(1, 2)  # [B, H, T, d]
    values = attention.value(x).unflatten(-1, (-1, head_size)).transpose(1, 2)
    if isinstance(attention, RotaryAttention):
        keys = rotary(keys, torch.arange(first, first + x.shape[1]))
    return KeyValues(keys, values)


def attend(
    attention: MultiHeadAttention,
    x: Float[Tensor, "B Q D"],
    kept: KeyValues,
    mask: Bool[Tensor, "..."] | None = None,
    first: int = 0,
) -> tuple[Float[Tensor, "B Q D"], Float[Tensor, "B H Q K"]]:
    """What attention(x, …, mask) gives, with keys and values projected before."""
    q = split_heads(attention.query(x), attention.heads)  # [B, Q, D] -> [B, H, Q, d]
    if isinstance(attention, RotaryAttention):
        q = rotary(q, torch.arange(first, first + x.shape[1]))
    keys, values = kept
    queries_per_key = attention.heads // keys.shape[1]
    if queries_per_key > 1:  # each key head serves several heads of queries
        keys = keys.repeat_interleave(queries_per_key, 1)  # [B, G, K, d] -> [B, H, K, d]
        values = values.repeat_interleave(queries_per_key, 1)
    if mask is not None and mask.dim() == 3:
        mask = mask[:, None]  # one mask for all heads
    output, weights = scaled_dot_product_attention(q, keys, values, mask)
    return attention.out(join_heads(output)), weights


class CachedSelfAttention:
    """Self-attention behind what is past: a sub-layer for AddNorm that keeps what it
    read.
    """

    def __init__(self, attention: MultiHeadAttention, past: KeyValues | None, mask: Tensor | None):
        self.attention = attention
        self.past = past
        self.mask = mask

    def __call__(self, x: Float[Tensor, "B T D"]) -> Float[Tensor, "B T D"]:
        first = 0 if self.past is None else self.past.keys.shape[2]
        new = project(self.attention, x, first)
        self.kept = new if self.past is None else self.past.append(new)
        output, self.weights = attend(self.attention, x, self.kept, self.mask, first)
        return output


class GPTState(NamedTuple):
    """Between two tokens: for each layer the keys and values of all so far; real [B, P],
    True = a token, False = padding before a shorter text, None where there is none;
    source [B, S]: the mask of the text that it began with.
    """

    past: tuple[KeyValues, ...]
    real: Tensor | None
    source: Tensor


class GPTWriter:
    """A GPT, token by token: the logits that its forward gives all at once."""

    shares_context = True  # what is read and what is written are in one context

    def __init__(self, model: GPT):
        self.model: Any = model
        self.config = model.config

    def start(self, source: Int[Tensor, "B S"], source_mask: Bool[Tensor, "B S"] | None = None) -> GPTState:
        """The state after a text, which may be empty. Padding of shorter texts is moved
        before them, so that what is written follows each at once.
        """
        if source_mask is None:
            source_mask = torch.ones_like(source, dtype=torch.bool)
        ids, real = padding_first(source, source_mask)
        padding = None if real.all() else real
        past = self.read(ids, padding, ())[1] if ids.shape[1] else ()
        return GPTState(past, padding, source_mask)

    def step(self, words: Int[Tensor, "B"], state: GPTState) -> Step:
        """words: the newest token of each text, read neither by start nor by a step
        before. The weights [B, S] on the text it began with are of
        the last layer, the mean of its heads; the rest of them is on what was written
        since.
        """
        real = state.real
        if real is not None:
            real = torch.cat([real, real.new_ones(len(words), 1)], 1)
        logits, past, weights = self.read(words[:, None], real, state.past)
        seen = weights.mean(1)[:, 0, : state.source.shape[1]]  # [B, H, 1, K] -> [B, S]
        if real is not None:  # each weight to where its token was before the padding moved
            places = order_of(state.source)
            seen = torch.zeros_like(seen).scatter(1, places, seen)
        return Step(logits[:, 0], GPTState(past, real, state.source), seen)

    def read(
        self,
        ids: Int[Tensor, "B T"],
        real: Bool[Tensor, "B K"] | None,
        past: tuple[KeyValues, ...],
    ) -> tuple[Float[Tensor, "B T V"], tuple[KeyValues, ...], Float[Tensor, "B H T K"]]:
        """ids behind the past, K = P + T: logits, keys and values of both, the weights of
        the last layer.
        """
        model, T = self.model, ids.shape[1]
        first = past[0].keys.shape[2] if past else 0
        places = torch.arange(first, first + T, device=ids.device)
        mask = None
        if T > 1:
            mask = causal_mask(first + T, ids.device)[first:]  # [T, K]
        if real is not None:  # padding is hidden, and positions begin behind it
            mask = real[:, None] if mask is None else mask & real[:, None]  # [B, T, K]
            places = (real.cumsum(1) - 1).clamp_min(0)[:, first:]  # F F T T -> 0 0 0 1
        x = model.tokens(ids)  # [B, T, D]
        if model.positions is not None:
            x = x + model.positions(places)
        x = model.dropout(x)
        kept = []
        for n, block in enumerate(model.blocks):
            own = CachedSelfAttention(block.attention, past[n] if past else None, mask)
            x = block.around_attention(x, own)
            x = block.around_ffn(x, block.ffn)
            kept.append(own.kept)
        return model.output(model.norm(x)), tuple(kept), own.weights


def writer_of(model: Any) -> Any:
    """What writes with a language model, by start and step: the model itself where it has them."""
    return model if hasattr(model, "step") else GPTWriter(model)
