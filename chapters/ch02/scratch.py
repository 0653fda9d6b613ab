"""Attention from an empty file: from a kernel to a layer that serves a room."""

from typing import Any

import torch

from course_kit.exercises.define import drawn, some_numbers
from course_kit.mine.scratch_parts import Either, Track

PARTS = """
gaussian_kernel
boxcar_kernel: 1 where |d / w| ≤ 1, else 0
epanechnikov_kernel: max(0, 1 − (d / w)²)
nadaraya_watson: Σ κ(q − kᵢ) vᵢ / Σ κ(q − kⱼ)
attention_pooling
masked_softmax
leave_one_out_mask: all but the diagonal
NadarayaWatson: attention_pooling with width exp(log_width); a masked_softmax where there is a mask
vector_pooling: softmax(−|q − k|² / (2 w²)) v
scaled_dot_product_attention
SelfAttention*: softmax(X Wq (X Wk)ᵀ / √d) X Wv
"""


def pool(c: Any) -> dict[str, Any]:
    """Inputs and sizes, by the names of parameters."""
    one, many = drawn(0, (4,), (6,), (6,)), drawn(3, (2, 4, 3), (2, 6, 3), (2, 6, 2))
    masks = Either([None, ~torch.eye(4, 6, dtype=torch.bool)])
    return {
        "distance": some_numbers(7, seed=3), "width": 0.8, "kernel": c.gaussian_kernel, "mask": masks,
        **dict(zip(("queries", "keys", "values"), one, strict=True)),
        **dict(zip(("vector_pooling.queries", "vector_pooling.keys", "vector_pooling.values"), many, strict=True)),
        "size": 6, "head_size": 4, "value_size": 3, "x": some_numbers(2, 6, 6, seed=4),
        "SelfAttention.mask": Either(
            [None, some_numbers(2, 1, 6, seed=5) > 0, torch.arange(6)[:, None] > torch.zeros(6)]
        ),
    }  # fmt: skip


HAVE = "a layer of self-attention, and all that it grew from"
TRACKS = {"attention": Track(2, "attention", PARTS, pool, 90, HAVE, bar=95, task="rooms")}
