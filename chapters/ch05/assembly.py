"""A Transformer that computes with the functions of this chapter's exercises: a student's own, and the course's where
one is not solved.

    parts, whose = chosen(model, lesson, multi_head=multi_head, …)   # whose: a Table of which are the student's
    yours = Assembled(**parts)
    yours(model, source, target, real)           # logits [B, T, V], with the parameters of a model of the course
    fit(model, batches, yours.loss, …)
"""

import math
import time
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from chapters.ch03.lesson import Lesson
from course_kit.exercises.define import find
from course_kit.views.table import Table
from course_utils.positions import sinusoidal_encoding
from course_utils.restored import seeded
from course_utils.transformer import Transformer

EXERCISES = {
    "multi_head": "multi-head attention",
    "ffn": "position-wise ffn",
    "add_norm": "add and norm",
    "encoder_block": "encoder block",
    "decoder_block": "decoder block",
    "transformer": "the whole model",
    "smoothed_loss": "label smoothing",
}
SLOW = 4  # times as long as the course's: such an answer is right, but a class cannot wait for it


class Assembled:
    """A Transformer made of six functions, and a seventh for its loss (by the names in EXERCISES, the course's where
    one is left out). It computes with the parameters of a pre-norm model, without dropout. smoothing: ε of the loss."""

    def __init__(self, smoothing: float = 0.0, **parts: Callable):
        self.smoothing = smoothing
        self.parts = {name: find(exercise).reference for name, exercise in EXERCISES.items()} | parts

    def attention(self, layer):
        """(q, k, v, mask) -> (output, weights). `multi_head` has no biases. The query's moves q, by the c with c W = b
        (W is invertible). Softmax ignores the key's. The value's comes out as it went in: weights sum to 1."""
        W = [part.weight.T for part in (layer.query, layer.key, layer.value, layer.out)]
        moved = torch.linalg.solve(layer.query.weight, layer.query.bias)

        def attend(q: Tensor, k: Tensor, v: Tensor, mask: Tensor):
            mask = mask.expand(len(q), q.shape[1], k.shape[1])  # [B, Q, K]
            output, weights = self.parts["multi_head"](q + moved, k, *W, layer.num_heads, mask)
            return output + layer.out(layer.value.bias), weights

        return attend

    def network(self, layer):
        wide, narrow = layer.widen, layer.narrow
        return lambda x: self.parts["ffn"](x, wide.weight.T, wide.bias, narrow.weight.T, narrow.bias)

    def norm(self, layer):
        """`add_norm` around a part that adds nothing is a norm."""
        return lambda x: self.parts["add_norm"](x, torch.zeros_like, layer.weight, layer.bias, False)

    def encoder_block(self, block):
        norms = map(self.norm, (block.around_attention.norm, block.around_ffn.norm))
        parts = self.attention(block.attention), self.network(block.ffn), *norms
        return lambda x, mask: self.parts["encoder_block"](x, mask, *parts)

    def decoder_block(self, block):
        around = block.around_attention, block.around_cross, block.around_ffn
        attentions = self.attention(block.attention), self.attention(block.cross_attention)
        parts = *attentions, self.network(block.ffn), *(self.norm(one.norm) for one in around)
        return lambda y, memory, mask, memory_mask: self.parts["decoder_block"](y, memory, mask, memory_mask, *parts)

    def __call__(self, model: Transformer, source: Tensor, target: Tensor, real: Tensor | None = None) -> Tensor:
        """source [B, S], target [B, T] ids, real [B, S] bool, True = a real source word -> logits [B, T, V]."""
        real = torch.ones_like(source, dtype=torch.bool) if real is None else real
        x, y = with_positions(model.source_embedding, source), with_positions(model.target_embedding, target)
        encoder, decoder = map(self.encoder_block, model.encoder), map(self.decoder_block, model.decoder)
        stacks = list(encoder), self.norm(model.encoder_norm), list(decoder), self.norm(model.decoder_norm)
        return self.parts["transformer"](x, y, real, *stacks, model.output)

    def loss(self, model: Transformer, batch) -> Tensor:
        """The loss of a text.Batch, as `fit` takes it."""
        logits = self(model, batch.source, batch.target_in, batch.source_mask)
        return self.parts["smoothed_loss"](logits, batch.target_out, batch.target_mask, self.smoothing)


def with_positions(embedding, ids: Tensor) -> Tensor:
    """ids [B, T] -> [B, T, D]: the words' vectors times √D, and their positions."""
    size = embedding.embedding_dim
    return embedding(ids) * math.sqrt(size) + sinusoidal_encoding(ids.shape[1], size).to(ids.device)


def chosen(model: Transformer, lesson: Lesson, **functions: Callable) -> tuple[dict[str, Callable], Table]:
    """The functions that can train this model, and a Table that says of each part whose it is. A right answer may still
    give no gradient (through numpy or lists) or take far too long (through loops): then the course's stands in."""
    with seeded(0):
        batch = next(iter(lesson.batches))
    tried = partial(_tried, model, batch)
    own = {name: f for name, f in functions.items() if f is not find(EXERCISES[name]).reference}
    course, whose, parts = tried() if own else None, {}, {}
    for name, function in own.items():
        trouble = _trouble(partial(tried, **{name: function}), course)
        whose[name] = f"the course's: yours {trouble}" if trouble else "yours"
        parts |= {} if trouble else {name: function}
    rows = [{"part": EXERCISES[name], "whose": whose.get(name, "the course's: still open")} for name in functions]
    return parts, Table(rows, f"{len(parts)} of {len(rows)} parts are yours.")


def _tried(model: Transformer, batch, **parts: Callable) -> tuple[list[Tensor], float]:
    """All gradients, and the seconds that they took: the better of two runs."""
    yours, weights, took = Assembled(**parts), list(model.parameters()), []
    for _ in range(2):
        started = time.perf_counter()
        found = torch.autograd.grad(yours.loss(model, batch), weights, allow_unused=True)
        took.append(time.perf_counter() - started)
    return [torch.zeros_like(w) if x is None else x for w, x in zip(weights, found, strict=True)], min(took)


def _trouble(attempt: Callable, course: tuple[list[Tensor], float]) -> str:
    """Why an answer cannot train, in words; "" if it can."""
    try:
        gradients, seconds = attempt()
    except Exception as error:
        return "gives no gradient" if "grad" in str(error) else f"stops here with {type(error).__name__}"
    if not all(torch.allclose(a, b, rtol=1e-2, atol=1e-3) for a, b in zip(gradients, course[0], strict=True)):
        return "gives no gradient, or another one"
    return f"takes {seconds / course[1]:.0f} times as long" if seconds > SLOW * course[1] else ""
