"""The heads of a Transformer, a BERT, a GPT or a Llama: their weights seen, or the heads silenced.

    with attention_weights(transformer) as weights:          # [B, H, Q, K] of each layer
        transformer(source, target)
    weights["cross"][-1], weights["encoder"]

    with silenced(gpt, [Head("decoder", 2, 1)]): ...         # layer 2, head 1, from 1
    with silenced(gpt, [(2, 1)]): ...                        # the same

By forward hooks: the model is not changed, and afterwards nothing is left of them.
"""

import contextlib
import functools
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from course_kit.models.attending import attend_by
from course_utils.attention import causal_mask, masked_softmax, multi_head, split_heads
from course_utils.llama import share_heads
from course_utils.rotary import turn


class Head(NamedTuple):
    """place: self-attention of "encoder" or "decoder", or "cross"; others: from 1."""

    place: str
    layer: int
    head: int

    def __str__(self) -> str:
        return f"{self.place} {self.layer}.{self.head}"


def attentions(model: nn.Module) -> dict[str, list[Any]]:
    """The attention of each layer, by place: "encoder", "cross" and "decoder" of a
    Transformer, "encoder" of a BERT, "decoder" of a GPT or a Llama.
    """
    stacks: list[Any] = [getattr(model, name, None) for name in ("encoder", "decoder")]
    if all(isinstance(stack, nn.ModuleList) for stack in stacks):
        encoder, decoder = stacks
        return {
            "encoder": [block.attention for block in encoder],
            "cross": [block.cross_attention for block in decoder],
            "decoder": [block.attention for block in decoder],
        }
    bert = model if hasattr(model, "pooler") else getattr(model, "bert", None)
    blocks: Any = (model if bert is None else bert).blocks
    place = "decoder" if bert is None else "encoder"
    return {place: [block.attention for block in blocks]}


def heads_of(model: nn.Module, place: str | None = None) -> list[Head]:
    """All heads of a model, or those of one place."""
    return [
        Head(name, layer, head)
        for name, layers in attentions(model).items()
        for layer, attention in enumerate(layers, 1)
        for head in range(1, attention.heads + 1)
        if place in (None, name)
    ]


@torch.no_grad()
def causal_weights(
    attention: Any,
    x: Float[Tensor, "B T D"],
    turns: tuple[Tensor, Tensor] | None = None,
    mask: Bool[Tensor, "T T"] | None = None,
) -> Float[Tensor, "B H T T"]:
    """What the attention of a GPT or a Llama computed on the way, from what it was given; its
    output alone does not say it.
    """
    heads = attention.heads
    q = split_heads(attention.query(x), heads)
    k = split_heads(attention.key(x), getattr(attention, "key_heads", heads))
    if turns is not None:
        q, k = turn(q, *turns), turn(k, *turns)
    scores = q @ share_heads(k, heads).mT / q.shape[-1] ** 0.5
    return masked_softmax(scores, causal_mask(x.shape[1], x.device) if mask is None else mask)


class Weights:
    """weights[place]: a list with the weights [B, H, Q, K] of each layer, when the model
    was last called; None where it was not.
    """

    def __init__(self, places: dict[str, list[Any]]):
        self._places = places
        self.last: dict[nn.Module, Tensor] = {}

    def __getitem__(self, place: str) -> list[Tensor] | None:
        layers = self._places[place]
        if not all(attention in self.last for attention in layers):
            return None
        return [self.last[attention] for attention in layers]


@contextlib.contextmanager
def attention_weights(model: nn.Module) -> Iterator[Weights]:
    """Within it the model's attention weights can be read: see Weights. Of a GPT or a Llama
    those of a call without caches.
    """
    places = attentions(model)
    weights = Weights(places)

    def see(attention: Any, given: tuple, output: Any) -> None:
        gives_weights = isinstance(output, tuple)
        weights.last[attention] = output[1] if gives_weights else causal_weights(attention, *given[:3])

    with contextlib.ExitStack() as stack:
        for attention in (one for layers in places.values() for one in layers):
            if hasattr(attention, "attend"):  # the fused form has no weights
                stack.callback(setattr, attention, "attend", attention.attend)
                attend_by(attention, multi_head)
            stack.callback(attention.register_forward_hook(see).remove)
        yield weights


@contextlib.contextmanager
def silenced(model: nn.Module, heads: Iterable[Head | tuple]) -> Iterator[nn.Module]:
    """Within it these heads write zeros into the output projection: Michel et al. 2019.

    heads: Head(place, layer, head), or (layer, head) where a model has one place.
    Raises ValueError for a head that the model does not have.
    """
    places, known = attentions(model), heads_of(model)
    silent: dict[Any, list[int]] = {}
    for head in heads:
        named = tuple(head)
        if len(named) == 2 and len(places) == 1:
            named = (*places, *named)
        if named not in known:
            raise ValueError(f"no head {named}; there are {known[0]} … {known[-1]}")
        place, layer, number = named
        silent.setdefault(places[place][layer - 1], []).append(number - 1)
    with contextlib.ExitStack() as stack:
        for attention, numbers in silent.items():
            keep = torch.ones(attention.heads, 1)
            keep[numbers] = 0.0
            out = attention.out
            hook = functools.partial(_keep, keep)
            stack.callback(out.register_forward_pre_hook(hook).remove)
        yield model


def _keep(keep: Tensor, out: nn.Module, args: tuple[Tensor]) -> Tensor:
    """What the output projection reads, [B, Q, H · d], times keep [H, 1]."""
    heads = args[0].unflatten(-1, (len(keep), -1))  # [B, Q, H, d]
    return (heads * keep.to(heads)).flatten(-2)
