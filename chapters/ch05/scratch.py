"""A Transformer from an empty file."""

from typing import Any

import torch

from chapters.ch02.scratch import ALONG
from chapters.ch03.scratch import SMOOTHED
from course_kit.exercises.define import integers, some_numbers
from course_kit.i18n import mark
from course_kit.mine.scratch_parts import ModelArgument, Track, TrackPart
from course_utils.loss import IGNORED

JOINED = TrackPart("join_heads", "the way back from split_heads", (some_numbers(2, 2, 3, 4, seed=0),))
CAUSAL = TrackPart("causal_mask", "True where the key is not later than the query", (4,))


def output_of(layer, names, x, memory, mask):
    """What it gives first: the weights may be None."""
    return layer(x, memory, mask)[0]


def heads(x: Any, memory: Any, mask: Any) -> list[TrackPart]:
    """What chapters 5 and 6 begin with."""
    formula = "concat(heads) Wo, each head softmax(Q Kᵀ / √d) V of its own features: section 3.2.2"
    return [
        TrackPart("masked_softmax"), ALONG, *map(TrackPart, ("scaled_dot_product_attention", "split_heads")), JOINED,
        TrackPart("multi_head"),
        TrackPart("MultiHeadAttention", formula, (x, memory, None), (x, memory, mask), call=output_of,
            init=[(8, 2, True), (8, 2, False)], note="Weights may be None."),
        TrackPart("PositionwiseFFN", "activation(x W₁ + b₁) W₂ + b₂: equation 2", (x,), (x,),
            init=[(8, 12, torch.relu), (8, 12, torch.tanh)], note="`activation` is a function."),
    ]  # fmt: skip


def losses(step, names, model, source, target):
    """The losses of three steps."""
    optimiser = torch.optim.SGD(model.parameters(), lr=0.1)
    return torch.tensor([float(step(model, optimiser, source, target)) for _ in range(3)])


def number_of_parameters(layers, names):
    """It computes nothing yet: its parameters are compared by name and shape when it is made."""
    return sum(p.numel() for p in layers.parameters())


def parts(c: Any) -> list[TrackPart]:
    source, target = integers(8, 2, 5, seed=2) + 3, integers(10, 2, 4, seed=3) + 3
    source[1, 3:] = target[1, 3:] = 0
    mask, causal = (source != 0)[:, None], torch.ones(4, 4, dtype=torch.bool).tril()
    x, memory, nothing = some_numbers(2, 4, 8, seed=0), some_numbers(2, 5, 8, seed=1), torch.full_like(target, IGNORED)
    padded = torch.cat([integers(8, 6, 3, seed=5) + 3, torch.zeros(6, 9, dtype=torch.long)], 1)
    two, three, padded_two = (torch.where(rows == 0, 2, rows) for rows in (source, target, padded))
    sizes = c.TransformerConfig(11, 13, 8, 2, 2, 12, 4, 0.5), c.TransformerConfig(11, 13, 8, 1, 4, None, 9, 0.2)
    configs, model, block = [(one,) for one in sizes], ModelArgument("Transformer", sizes[0]), (8, 2, 12, 0.5)
    whole = "two embeddings that begin at std 1/√D, positions, blocks, norms; output = target table"
    return [
        *heads(x, memory, mask),
        TrackPart("add_norm"),
        TrackPart("AddNorm", "x + dropout(f(norm(x)))", (x, torch.tanh), (x, torch.tanh),
            init=[(8, 0.5), (8, 0.5, 0.1)], note="`eps` goes to the norm."),
        TrackPart("EncoderBlock", "x + attention(norm(x)), then x + ffn(norm(x)): two AddNorms", (x, None), (x, causal),
            init=block),
        CAUSAL,
        TrackPart("DecoderBlock",
            "self-attention; cross-attention: keys and values are the memory; ffn: three AddNorms",
            (x, memory, None, None), (x, memory, causal, mask), init=block),
        TrackPart("sinusoidal_encoding"),
        TrackPart("SinusoidalPositions", "x + P[first … first + T]; where the table is too short, it is computed anew",
            (x, 0), (x, 6), init=(8, 8)),
        TrackPart("TransformerLayers", whole, (), (), init=configs, call=number_of_parameters,
            note="The embeddings begin at a standard deviation of 1/√D. `output.weight` is the table of "
            "`target_embedding`, not of the source. Dropout acts behind the positions, too, in both stacks. "
            "`hidden=None`: 4 · size."),
        TrackPart("Transformer",
            "embeddings times √D; positions; dropout; the blocks, a norm behind each stack; output",
            (source, target, None), (source, target, source != 0), needed=True, init=configs),
        TrackPart("masked_loss"),
        SMOOTHED,
        TrackPart("translation_loss",
            "the mean of −ln p of each word of the target; `begin` and the words before are read",
            (model, source, target, 1, 0), (model, source, nothing, 1, 0), (model, two, three, 5, 2), needed=True),
        TrackPart("translate", "the likeliest word, append it, ask again, until `end`",
            *((model, rows, begin, end, padding, 6) for end in (-1, 6, 12)
            for rows, begin, padding in ((padded, 1, 0), (source, 1, 0), (padded_two, 5, 2))), needed=True,
            note="The model is read without dropout, and its `training` is as before afterwards."),
        TrackPart("train_step", "predict, zero_grad, backward, a step; the loss before", (model, source, target),
            (model, two, three), needed=True, call=losses, note="The model stays in the mode that it has."),
    ]  # fmt: skip


HAVE = mark("a Transformer that trains and translates")
GIVEN = "TransformerConfig", "TOKENS", "copy_or_reverse"
TRACKS = {"transformer": Track(5, "transformer", parts, 240, HAVE, bar=90, given=GIVEN)}
