"""Heads of any model, recorded and silenced; afterwards nothing is left of either.

    with recorded(transformer) as seen:                      # weights [B, H, Q, K] of each layer
        transformer(source, target)
    seen["cross"][-1], seen["encoder"]                       # a Transformer has three places: see `attentions`

    with silenced(gpt, [(2, 1)]): ...                        # layer 2, head 1, both counted from 1
    with silenced(transformer, [Head("cross", 1, 3)]): ...   # it writes zeros into the output projection W_O

In training, in writing and with a cache alike; the model itself is not changed.
Sources: Michel, Levy & Neubig 2019, Are sixteen heads really better than one?
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import torch
from torch import nn

from course_utils.attention import MultiHeadAttention, recording
from course_utils.checks import described


class Head(NamedTuple):
    """place: "encoder" (its self-attention), "decoder" (its own), "cross" (decoder to encoder); layer, head: from 1."""

    place: str
    layer: int
    head: int

    def __str__(self) -> str:
        return f"{self.place} {self.layer}.{self.head}"


def attentions(model: nn.Module) -> dict[str, list[MultiHeadAttention]]:
    """The attention modules of a model, by place, one per layer: "encoder", "cross" and "decoder" of a Transformer;
    "encoder" of a BERT, "decoder" of a GPT. Raises TypeError for another model."""
    if hasattr(model, "encoder") and hasattr(model, "decoder") and isinstance(model.encoder, nn.ModuleList):
        cross = [block.cross_attention for block in model.decoder]
        encoder, decoder = ([block.attention for block in stack] for stack in (model.encoder, model.decoder))
        return {"encoder": encoder, "cross": cross, "decoder": decoder}
    blocks = getattr(model, "blocks", None) or getattr(getattr(model, "bert", None), "blocks", None)
    if blocks is None:
        raise TypeError(f"{type(model).__name__} has no heads to look at; needed: a Transformer, a BERT or a GPT")
    place = "encoder" if hasattr(model, "pooler") or hasattr(model, "bert") else "decoder"
    return {place: [block.attention for block in blocks]}


def heads_of(model: nn.Module, place: str | None = None) -> list[Head]:
    """All heads of a model, or those of one place."""
    layers = [(name, i, a) for name, modules in attentions(model).items() for i, a in enumerate(modules, 1)]
    return [Head(name, i, n) for name, i, a in layers if place in (None, name) for n in range(1, a.num_heads + 1)]


class Weights:
    """place -> the weights of each layer [B, H, Q, K] when the model was last called; None if it was not."""

    def __init__(self, places: dict[str, list[MultiHeadAttention]], seen: dict[nn.Module, list[torch.Tensor]]):
        self._places, self._seen = places, seen

    def __getitem__(self, place: str) -> list[torch.Tensor] | None:
        weights = [self._seen[module] for module in self._places[place]]
        return [calls[-1] for calls in weights] if all(weights) else None


@contextlib.contextmanager
def recorded(model: nn.Module, wanted: bool = True) -> Iterator[Weights]:
    """Within it all attention weights of a model are written down: see Weights. wanted=False: none are."""
    places = attentions(model)
    every = [one for modules in places.values() for one in modules]
    with recording(every if wanted else ()) as seen:
        yield Weights(places, seen if wanted else {one: [] for one in every})


@contextlib.contextmanager
def silenced(model: nn.Module, heads: Iterable[Head | tuple]) -> Iterator[nn.Module]:
    """Within it these heads of a Transformer, BERT or GPT write zeros.

    heads: Head or (place, layer, head); (layer, head) where a model has one place only. Layers and heads from 1.
    Raises ValueError for a head that the model does not have.
    """
    places, wanted = attentions(model), {}
    for head in heads if isinstance(heads, Iterable) else [heads]:
        if not isinstance(head, tuple | list) or len(head) not in (2, 3):
            raise TypeError(f"heads hold {described(head)}; needed: a list of Head(place, layer, head)")
        place, layer, number = head if len(head) == 3 else (next(iter(places)), *head)
        if (place, layer, number) not in heads_of(model) or (len(head) == 2 and len(places) > 1):
            modules = next(iter(places.values()))
            has = f"layers 1 to {len(modules)} and heads 1 to {modules[0].num_heads}"
            has = ", ".join([*places, has] if len(places) > 1 else [has])
            raise ValueError(f"the model has no head {tuple(head)}; it has {has}")
        wanted.setdefault(places[place][layer - 1], []).append(number - 1)
    with contextlib.ExitStack() as stack:
        for attention, numbers in wanted.items():
            keep = torch.ones(attention.num_heads, 1)
            keep[numbers] = 0.0
            hook = attention.out.register_forward_pre_hook(lambda _, args, keep=keep: (_kept(args[0], keep),))
            stack.callback(hook.remove)
        yield model


def _kept(x: torch.Tensor, keep: torch.Tensor) -> torch.Tensor:
    """x [B, Q, H · d], keep [H, 1] -> x with the heads that are not kept at 0."""
    return (x.unflatten(-1, (len(keep), -1)) * keep.to(x)).flatten(-2)
