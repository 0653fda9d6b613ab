"""What one writes from an empty file in chapters 1 and 2: attention, from a kernel to a layer that serves a room."""

import torch.nn.functional as F

from course_kit.exercises.define import drawn, normal, some_numbers
from course_kit.exercises.properties import rows_are_independent
from course_kit.mine.scratch_parts import Track, batches, part, trial
from course_utils.toy_tasks import rooms


def parts(c):
    there = normal(2, 5, 5, seed=9) > -0.5
    there[1, 2] = False  # this word may attend to nothing
    (q, k, v), column = drawn(0, (4,), (6,), (6,)), drawn(3, (2, 3, 4), (2, 5, 4), (2, 5, 2))
    x = some_numbers(2, 5, 6, seed=7)
    vectors = {"queries": column[0], "keys": column[1], "values": column[2]}
    return [
        "gaussian_kernel",
        part(c, "boxcar_kernel", {"distance": some_numbers(7, seed=1), "width": 0.8}, formula="1 where |d / w| ≤ 1"),
        part(c, "epanechnikov_kernel", {"distance": some_numbers(7, seed=1), "width": 0.8}, formula="max(0, 1 − d²/w²)"),
        part(
            c,
            "nadaraya_watson",
            {"queries": q, "keys": k, "values": v, "kernel": c.gaussian_kernel},
            returns=("estimate", "weights"),
            formula="Σ κ(q − kᵢ) vᵢ / Σ κ(q − kⱼ)",
        ),
        "attention_pooling",
        "masked_softmax",
        part(c, "leave_one_out_mask", {"size": 4}, formula="not the diagonal"),
        part(
            c,
            "NadarayaWatson",
            {"queries": q, "keys": k, "values": v, "mask": None},
            {"queries": k, "keys": k, "values": v, "mask": c.leave_one_out_mask(6)},
            init=(1.5,),
            returns=("estimate", "weights"),
            formula="attention_pooling with width exp(log_width), and masked_softmax where there is a mask",
        ),
        part(
            c,
            "vector_pooling",
            vectors | {"mask": None, "width": 1.0},
            vectors | {"mask": there[:, :3], "width": 2.0},
            returns=("estimate", "weights"),
            formula="softmax(−|q − k|² / (2 w²))",
        ),
        "scaled_dot_product_attention",
        part(
            c,
            "SelfAttention",
            {"x": x, "mask": None},
            {"x": x, "mask": there},
            {"x": x, "mask": there[:1, :1]},
            init=(6, 4, 3),
            returns=("output", "weights"),
            formula="softmax(X Wq (X Wk)ᵀ / √d) X Wv",
            properties=(rows_are_independent("x", masks=("mask",)),),
            optional=False,
        ),
        trial("the rooms", "SelfAttention", 60, serve, "Adam, the mean square between output and one_hot(needed, 8)."),
    ]


def serve(mine):
    """Everybody in a room finds who carries what they need."""
    layer = mine.build("SelfAttention", 24, 8, 8) if hasattr(mine, "build") else mine.SelfAttention(24, 8, 8)

    def loss():
        x, there, needed = rooms(64)
        return (layer(x, there[:, None])[0] - F.one_hot(needed, 8))[there].pow(2).mean()

    batches(400, layer, 0.03, loss)
    x, there, needed = rooms(500)
    share = (layer(x, there[:, None])[0].argmax(-1) == needed)[there].float().mean().item()
    return share > 0.95, f"{share:.1%} of the people in 500 rooms get what they need; 95 % are asked for."


TRACKS = {
    "attention": Track(2, ("attention",), parts, (), 90, "a layer of self-attention, and all that it grew from"),
}
