"""Attention in plain PyTorch: pooling with a kernel, scaled dot products, and a layer of self-attention.

    python -m mine.attention          # checks itself, then learns a width

    keys = torch.linspace(0, 6, 30)                                                # [K]
    estimate, weights = attention_pooling(keys[:4] + 0.1, keys, keys.sin(), width=0.5)  # [Q], [Q, K]
    width = learn_width(keys, keys.sin())                                          # the best one for these readings
    model = NadarayaWatson(width=2.0)                                              # its width is learned
    estimate, weights = model(keys, keys, keys.sin(), leave_one_out_mask(30))
    x, mask = torch.randn(4, 9, 24), leave_one_out_mask(9)
    mean, weights = vector_pooling(x, x, x, mask, width=5.0)                       # [B, Q, dv], [B, Q, K]
    output, weights = scaled_dot_product_attention(x, x, x, mask.expand(4, 9, 9))  # the same
    layer = SelfAttention(size=24, head_size=8, value_size=8)
    output, weights = layer(x)                                                     # [B, T, dv], [B, T, T]

Sizes: B batch, Q queries, K keys, T words, D and d features. A mask is boolean, True = may be attended.
Sources: Nadaraya 1964; Watson 1964; Vaswani et al. 2017.
"""

import torch
import torch.nn.functional as F

from chapters.ch01.kept.attention import check_pooling, learn_width, vector_pooling
from course_utils.attention import (
    masked_softmax,  # exercise: stable masked softmax
    scaled_dot_product_attention,  # exercise: scaled dot-product attention
)
from course_utils.kernels import (
    NadarayaWatson,
    attention_pooling,  # exercise: attention pooling
    boxcar_kernel,
    epanechnikov_kernel,
    gaussian_kernel,  # exercise: gaussian kernel
    leave_one_out_mask,
    nadaraya_watson,
)
from course_utils.self_attention import SelfAttention  # exercise: a self-attention layer

__all__ = [
    "NadarayaWatson",
    "attention_pooling",
    "boxcar_kernel",
    "epanechnikov_kernel",
    "gaussian_kernel",
    "leave_one_out_mask",
    "masked_softmax",
    "nadaraya_watson",
    "scaled_dot_product_attention",
    "vector_pooling",
]


def check() -> None:
    """Padding has no weight, no mask means all words, no gradient is lost, and PyTorch computes the same."""
    check_pooling()
    x, there = torch.randn(4, 6, 24), torch.arange(6) < torch.tensor([6, 3, 1, 4])[:, None]  # [B, T, D], [B, T]
    layer, mask = SelfAttention(24, 8, 8), there[:, None]
    q, k, v = layer.query(x), layer.key(x), layer.value(x)
    output, weights = layer(x, mask)
    assert (weights[~mask.expand_as(weights)] == 0).all()
    assert torch.allclose(output, F.scaled_dot_product_attention(q, k, v, mask), atol=1e-5)
    assert torch.allclose(layer(x)[0], F.scaled_dot_product_attention(q, k, v), atol=1e-5)
    output.sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in layer.parameters())


if __name__ == "__main__":
    check()
    learn_width()
