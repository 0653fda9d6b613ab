"""A translator, word by word: what `search` asks of any of them, with nothing computed twice.

    steps = steps_of(model)                             # a Transformer, or a Translator with GRUs
    state = steps.start(source, source_mask)            # [B, S] twice: reads the source, once
    logits, state, weights = steps.step(words, state)   # words [B], <bos> at first

A Transformer's step is its own `decode`, of one word. In it the attentions attend to the keys and values that they
have kept: no word attends to a later one, so those of a word never change. A step leaves the state that it was given
as it was. Sizes: B sentences, S source words, D features, V vocabulary.
"""

import copy
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from course_kit.models.attending import attend_by
from course_utils.attention import join_heads, scaled_dot_product_attention, split_heads
from course_utils.cache import Cache


class Step(NamedTuple):
    """One word further: logits [B, V] of the next; state: any nest of tuples of tensors and Caches, batch first;
    weights [B, S] on the source, or None."""

    logits: Tensor
    state: Any
    weights: Tensor | None


class CachedAttention:
    """The `attend` of an attention that keeps what it reads. cache: it grows with each call; weights: of the last."""

    weights: Tensor

    def __init__(self, cache: Cache):
        self.cache = cache

    def __call__(
        self,
        q: Float[Tensor, "B Q D"],
        k: Float[Tensor, "B N D"],
        v: Float[Tensor, "B N D"],
        heads: int,
        mask: Bool[Tensor, "..."] | None = None,
    ) -> tuple[Float[Tensor, "B Q D"], Float[Tensor, "B H Q K"]]:
        """What multi_head gives for one word, Q = 1, and all keys and values so far; k, v: the new ones, or none."""
        if k.shape[1]:
            self.cache.extend(split_heads(k, heads), split_heads(v, heads))  # [B, H, K, d] are kept
        mask = mask[:, None] if mask is not None and mask.dim() == 3 else None  # causal: one word may see all so far
        q = split_heads(q, heads)  # [B, H, Q, d]
        output, self.weights = scaled_dot_product_attention(q, self.cache.k, self.cache.v, mask)
        return join_heads(output), self.weights


class TransformerState(NamedTuple):
    """memory [B, S, D], after the first word [B, 0, D], as its keys and values are kept; mask [B, S] or None; a Cache
    of each layer's self-attention, and of its cross-attention."""

    memory: Tensor
    mask: Tensor | None
    own: tuple[Cache, ...]
    cross: tuple[Cache, ...]


class TransformerSteps:
    """A Transformer, word by word: the logits that its forward gives all at once."""

    def __init__(self, model: Any):
        self.model = model
        self.context = model.config.context

    def start(self, source: Int[Tensor, "B S"], source_mask: Bool[Tensor, "B S"] | None = None) -> TransformerState:
        """The state before the first word."""
        return self.begin(self.model.encode(source, source_mask), source_mask)

    def begin(self, memory: Float[Tensor, "B S D"], mask: Bool[Tensor, "B S"] | None = None) -> TransformerState:
        """The same, for a source that was read."""
        own, cross = ([Cache() for _ in self.model.decoder] for _ in range(2))
        return TransformerState(memory, mask, tuple(own), tuple(cross))

    def step(self, words: Int[Tensor, " B"], state: TransformerState) -> Step:
        """words: those written last. The weights [B, S] are of the last layer, the mean of its heads."""
        own, cross = ([CachedAttention(copy.copy(cache)) for cache in caches] for caches in state[2:])
        model = attending(self.model, own, cross)
        features = model.decode(words[:, None], state.memory, state.mask)  # [B, 1, D]
        caches = (tuple(attention.cache for attention in kept) for kept in (own, cross))
        new = TransformerState(state.memory[..., :0, :], state.mask, *caches)
        return Step(self.model.output(features)[:, 0], new, cross[-1].weights.mean(1)[:, 0])


def attending(model: Any, own: list[CachedAttention], cross: list[CachedAttention]) -> Any:
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


class Behind(nn.Module):
    """Positions of words that stand behind `first` others."""

    def __init__(self, positions: nn.Module, first: int):
        super().__init__()
        self.positions, self.first = positions, first

    def forward(self, x: Float[Tensor, "B T D"], *_: int) -> Float[Tensor, "B T D"]:
        """x with its positions."""
        return self.positions(F.pad(x, (0, 0, self.first, 0)))[:, self.first :]


def with_parts(module: nn.Module, **parts: nn.Module) -> Any:
    """A module with the same parameters, and other parts."""
    new = copy.copy(module)
    new._modules = {**module._modules, **parts}
    return new


class TranslatorState(NamedTuple):
    """The decoder's last state [B, D]; the encoder's states [B, S, D]; c [B, D]; mask [B, S]."""

    last: Tensor
    states: Tensor
    c: Tensor
    mask: Tensor


class TranslatorSteps:
    """A Translator of chapter 3, of the course or of the page, word by word."""

    def __init__(self, model: Any):
        self.model = model
        self.context = getattr(getattr(model, "config", None), "context", 64)

    def start(self, source: Int[Tensor, "B S"], source_mask: Bool[Tensor, "B S"] | None = None) -> TranslatorState:
        """The state before the first word."""
        mask = torch.ones_like(source, dtype=torch.bool) if source_mask is None else source_mask.expand_as(source)
        states, c = self.model.encoder(source, mask)
        return TranslatorState(self.model.decoder.begin(c)[0], states, c, mask)

    def step(self, words: Int[Tensor, " B"], state: TranslatorState) -> Step:
        """words: those written last."""
        last, *memory = state
        logits, weights, last = self.model.decoder(words[:, None], last[None], *memory)
        return Step(logits[:, 0], TranslatorState(last[0], *memory), None if weights is None else weights[:, 0])


def steps_of(model: nn.Module | Any) -> Any:
    """What writes with a model, by start and step: the model itself where it has them."""
    if hasattr(model, "step"):
        return model
    return TransformerSteps(model) if hasattr(model, "decode") else TranslatorSteps(model)
