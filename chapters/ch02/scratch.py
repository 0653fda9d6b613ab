"""Attention from an empty file: from a kernel to a layer that serves a room."""

import inspect
from typing import Any

import torch

from course_kit.exercises.define import drawn, some_numbers
from course_kit.i18n import mark
from course_kit.mine.scratch_parts import Track, TrackPart


def along(softmax, names, scores, mask, dim):
    """The weights along an axis; where `dim` is none of its arguments, that axis is put last."""
    if "dim" in inspect.signature(softmax).parameters:
        return softmax(scores, mask, dim=dim)
    return softmax(scores.transpose(dim, -1), mask.transpose(dim, -1)).transpose(dim, -1)


ALONG = TrackPart(
    "masked_softmax", "`dim` says along which axis the weights sum to 1",
    *((some_numbers(2, 3, 4, seed=6), some_numbers(2, 3, 4, seed=7) > -0.5, dim) for dim in (-2, 0)),
    look="along another axis", needed=False, call=along,
)  # fmt: skip


def parts(c: Any) -> list[TrackPart]:
    one, many, distance = drawn(0, (4,), (6,), (6,)), drawn(3, (2, 4, 3), (2, 6, 3), (2, 6, 2)), some_numbers(7, seed=3)
    others, some = ~torch.eye(4, 6, dtype=torch.bool), some_numbers(2, 1, 6, seed=5) > 0
    kernels = c.gaussian_kernel, c.boxcar_kernel
    x, some_rows = some_numbers(2, 6, 6, seed=4), torch.arange(6)[:, None] > torch.zeros(6)
    return [
        TrackPart("gaussian_kernel"),
        TrackPart("boxcar_kernel", "1 where |d / w| ≤ 1, else 0", (distance, 0.8)),
        TrackPart("epanechnikov_kernel", "max(0, 1 − (d / w)²)", (distance, 0.7)),
        TrackPart("nadaraya_watson", "Σ κ(q − kᵢ) vᵢ / Σ κ(q − kⱼ)", *((*one, kernel) for kernel in kernels)),
        TrackPart("attention_pooling"),
        TrackPart("masked_softmax"), ALONG,
        TrackPart("leave_one_out_mask", "all but the diagonal", (6,)),
        TrackPart("NadarayaWatson",
            "attention_pooling with width exp(log_width); a masked_softmax where there is a mask", (*one, None),
            (*one, others), init=(0.8,)),
        TrackPart("vector_pooling", "softmax(−|q − k|² / (2 w²)) v", (*many, None, 0.8), (*many, others, 0.8)),
        TrackPart("scaled_dot_product_attention"),
        TrackPart("SelfAttention", "softmax(X Wq (X Wk)ᵀ / √d) X Wv", (x, None), (x, some), (x, some_rows), needed=True,
            init=(6, 4, 3)),
    ]  # fmt: skip


HAVE = mark("a layer of self-attention, and all that it grew from")
TRACKS = {"attention": Track(2, "attention", parts, 90, HAVE, bar=95, task="rooms")}
