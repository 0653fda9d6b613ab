"""A Transformer from an empty file."""

from typing import Any

import torch

from course_kit.exercises.define import integers, some_numbers
from course_kit.mine.scratch_parts import Either, Model, Track

HEADS = """
masked_softmax
scaled_dot_product_attention
split_heads
join_heads: the way back from split_heads
multi_head
MultiHeadAttention: concat(heads) Wo, each head softmax(Q Kᵀ / √d) V of its own features: section 3.2.2
"""
PARTS = f"""{HEADS}PositionwiseFFN: max(0, x W₁ + b₁) W₂ + b₂: equation 2
add_norm
AddNorm: x + dropout(f(norm(x)))
EncoderBlock: x + attention(norm(x)), then x + ffn(norm(x)): two AddNorms
causal_mask: True where the key is not later than the query
DecoderBlock: self-attention; cross-attention, whose keys and values are the memory; ffn: three AddNorms
sinusoidal_encoding
SinusoidalPositions: x + P[first … first + T]; where the table is too short, it is computed anew
TransformerLayers: two embeddings that begin at std 1/√D, positions, blocks, norms; output = target table
Transformer*: embeddings times √D, and positions; the blocks, a norm behind each stack; output
masked_loss
translation_loss*: the mean of −ln p of each word of the target, which reads `begin` and the words before it
translate*: the likeliest word, append it, ask again, until `end`
train_step*
"""


def pool(c: Any) -> dict[str, Any]:
    """Inputs and sizes, by the names of parameters."""
    source, target = integers(9, 2, 5, seed=2) + 2, integers(11, 2, 4, seed=3) + 2
    source[1, 3:] = target[1, 3:] = 0
    there, causal = Either([None, (source != 0)[:, None]]), torch.ones(4, 4, dtype=torch.bool).tril()
    return {
        **{"x": some_numbers(2, 4, 8, seed=0), "memory": some_numbers(2, 5, 8, seed=1), "memory_mask": there},
        **{"mask": Either([None, causal]), "MultiHeadAttention.mask": there, "f": torch.tanh, "first": Either([0, 6])},
        **{"size": 8, "heads": 2, "hidden": 12, "dropout": 0.5, "context": 8, "causal_mask.size": 4},
        **{
            "config": c.TransformerConfig(11, 13, 8, 2, 2, 12, context=4, dropout=0.5),
            "join_heads.x": some_numbers(2, 2, 3, 4, seed=0),
        },
        **{"source": source, "target": target, "source_mask": Either([None, source != 0]), "begin": 1, "padding": 0},
        **{"model": Model("Transformer"), "end": Either([-1, *range(2, 13)]), "longest": 6},
        "translation_loss.target": Either([target, torch.full_like(target, -100)]),
    }


def sizes(layers, names):
    """It computes nothing yet: its parameters, which are compared by name and shape when it is made."""
    return sum(p.numel() for p in layers.parameters())


HAVE = "a Transformer that trains and translates"
TRACKS = {
    "transformer": Track(
        *(5, "transformer", PARTS, pool, 240, HAVE),
        **{
            "bar": 90,
            "calls": {"TransformerLayers": sizes},
            "causal": ("target",),
            "given": ("TransformerConfig", "TOKENS", "copy_or_reverse"),
        },
    )
}
