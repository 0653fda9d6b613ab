"""A Transformer from an empty file."""

from typing import Any

import torch

from chapters.ch03.scratch import SMOOTHED
from course_kit.exercises.define import integers, some_numbers
from course_kit.mine.scratch_parts import Either, Model, Track
from course_utils.loss import IGNORED

HEADS = """
masked_softmax
scaled_dot_product_attention
split_heads
join_heads: the way back from split_heads
multi_head
MultiHeadAttention: concat(heads) Wo, each head softmax(Q Kᵀ / √d) V of its own features: section 3.2.2
"""
TOLD = {
    "MultiHeadAttention": "Weights may be None.",
    "PositionwiseFFN": "`activation` is a function.",
    "AddNorm": "`eps` goes to the norm.",
    "TransformerLayers": "The embeddings begin at a standard deviation of 1/√D. `output.weight` is the table of "
    "`target_embedding`, not of the source. Dropout acts behind the positions, too, in both stacks. "
    "`hidden=None`: 4 · size.",
    "translate": "The model is read without dropout, and its `training` is as before afterwards.",
    "train_step": "The model stays in the mode that it has.",
}
PARTS = f"""{HEADS}PositionwiseFFN: max(0, x W₁ + b₁) W₂ + b₂: equation 2
add_norm
AddNorm: x + dropout(f(norm(x)))
EncoderBlock: x + attention(norm(x)), then x + ffn(norm(x)): two AddNorms
causal_mask: True where the key is not later than the query
DecoderBlock: self-attention; cross-attention, whose keys and values are the memory; ffn: three AddNorms
sinusoidal_encoding
SinusoidalPositions: x + P[first … first + T]; where the table is too short, it is computed anew
TransformerLayers: two embeddings that begin at std 1/√D, positions, blocks, norms; output = target table
Transformer*: embeddings times √D, and positions; dropout; the blocks, a norm behind each stack; output
masked_loss
translation_loss*: the mean of −ln p of each word of the target, which reads `begin` and the words before it
translate*: the likeliest word, append it, ask again, until `end`
train_step*
"""


def pool(c: Any) -> dict[str, Any]:
    """Inputs and sizes, by the names of parameters."""
    source, target = integers(8, 2, 5, seed=2) + 3, integers(10, 2, 4, seed=3) + 3
    source[1, 3:] = target[1, 3:] = 0
    there, causal = Either([None, (source != 0)[:, None]]), torch.ones(4, 4, dtype=torch.bool).tril()
    large = c.TransformerConfig(11, 13, 8, 2, 2, 12, context=4, dropout=0.5)
    padded = torch.cat([integers(8, 6, 3, seed=5) + 3, torch.zeros(6, 9, dtype=torch.long)], 1)
    two, three = (torch.where(rows == 0, 2, rows) for rows in (source, target))
    return {
        "x": some_numbers(2, 4, 8, seed=0), "memory": some_numbers(2, 5, 8, seed=1), "memory_mask": there,
        "mask": Either([None, causal]), "MultiHeadAttention.mask": there, "f": torch.tanh, "first": Either([0, 6]),
        "size": 8, "heads": 2, "hidden": 12, "dropout": 0.5, "context": 8, "causal_mask.size": 4,
        "bias": Either([True, False]), "activation": Either([torch.relu, torch.tanh]), "eps": Either([1e-5, 0.1]),
        "masked_loss": SMOOTHED, "join_heads.x": some_numbers(2, 2, 3, 4, seed=0),
        "config": Either([large, c.TransformerConfig(11, 13, 8, layers=1, heads=4, context=9, dropout=0.2)]),
        "source": source, "target": target, "source_mask": Either([None, source != 0]), "begin": 1, "padding": 0,
        "model": Model("Transformer"), "optimiser": None, "end": Either([-1, *range(13), 12, -1]), "longest": 6,
        **dict.fromkeys(("translation_loss.begin", "translate.begin"), Either([1, 1, 5])),
        "translation_loss.source": Either([source, source, two]), "translation_loss.padding": Either([0, 0, 2]),
        "translation_loss.target": Either([target, torch.full_like(target, IGNORED), three]),
        "translate.source": Either([padded, source, torch.where(padded == 0, 2, padded)] * 5),
        "translate.padding": Either([0, 0, 2] * 5),
    }  # fmt: skip


def numbers_of_parameters(layers, names):
    """It computes nothing yet: its parameters, which are compared by name and shape when it is made."""
    return sum(p.numel() for p in layers.parameters())


HAVE = "a Transformer that trains and translates"
TRACKS = {
    "transformer": Track(
        5, "transformer", PARTS, pool, 240, HAVE, bar=90, causal=("target",), told=TOLD,
        calls={"TransformerLayers": numbers_of_parameters},
        given=("TransformerConfig", "TOKENS", "copy_or_reverse"),
    )
}  # fmt: skip
