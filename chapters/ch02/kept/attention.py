"""Attention in plain PyTorch: pooling with a kernel, scaled dot products, self-attention, heads.

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
    two = Heads(size=24, heads=2, head_size=8, value_size=8)                       # one head after the other
    output, weights = two(x)                                                       # [B, T, D], [B, H, T, T]
    heads = MultiHeadSelfAttention(embed_dim=24, num_heads=3, dropout=0.1)
    output, weights = heads(x, torch.ones(9, 9).tril().bool())                     # [B, T, D], [B, H, T, T]

Sizes: B batch, H heads, Q queries, K keys, T words, D and d features. A mask is boolean, True = may be attended.
Sources: Nadaraya 1964; Watson 1964; Vaswani et al. 2017.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from chapters.ch01.kept.attention import check_pooling, learn_width, vector_pooling
from chapters.ch02.heads import Heads  # exercise: heads
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


class MultiHeadSelfAttention(nn.Module):
    """x [B, T, D], mask [T, T] or [B, 1 or T, T] bool, True = may be attended to,
    one True or more in each row
    -> output [B, T, D], weights [B, H, T, T]"""

    def __init__(self, embed_dim: int, num_heads: int, dropout: float = 0.0):
        super().__init__()
        self.query = nn.Linear(embed_dim, embed_dim, bias=False)
        self.key = nn.Linear(embed_dim, embed_dim, bias=False)
        self.value = nn.Linear(embed_dim, embed_dim, bias=False)
        self.out = nn.Linear(embed_dim, embed_dim, bias=False)
        self.num_heads, self.dropout = num_heads, nn.Dropout(dropout)  # new

    def cut(self, x: Tensor) -> Tensor:  # new: for 2 heads, [64, 8, 32] -> [64, 2, 8, 16]
        x = x.unflatten(2, (self.num_heads, -1))  # [B, T, H, d], here [64, 8, 2, 16]
        return x.transpose(1, 2)  # [B, H, T, d]

    def forward(self, x: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        q, k, v = self.query(x), self.key(x), self.value(x)  # [B, T, D]
        q, k, v = self.cut(q), self.cut(k), self.cut(v)  # new: [B, H, T, d]
        scores = q @ k.mT / q.shape[-1] ** 0.5  # [B, H, T, T]
        if mask is not None:
            mask = mask[:, None] if mask.dim() == 3 else mask  # new: for all heads
            scores = scores.masked_fill(~mask, -torch.inf)
        weights = torch.softmax(scores, -1)
        output = self.dropout(weights) @ v  # new: dropout
        output = output.transpose(1, 2).flatten(2)  # new: [B, T, D], side by side
        return self.out(output), weights


def check() -> None:
    """Padding and later words have no weight, no gradient is lost, and PyTorch computes the same, heads too."""
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
    two, heads = Heads(24, 3, 8, 8), MultiHeadSelfAttention(24, 3, dropout=0.5).eval()
    for name in ("query", "key", "value"):
        getattr(heads, name).weight.data = torch.cat([getattr(head, name).weight for head in two.heads])
    heads.out.weight.data = two.out.weight
    assert all(torch.allclose(slow, fast, atol=1e-5) for slow, fast in zip(two(x, mask), heads(x, mask), strict=True))
    causal = torch.ones(6, 6).tril().bool()
    output, weights = heads(x, causal & mask)  # [B, T, D], [B, H, T, T]
    assert (weights.triu(1) == 0).all() and (weights[1, ..., 3:] == 0).all()
    q, k, v = (y.view(4, 6, 3, 8).transpose(1, 2) for y in (heads.query(x), heads.key(x), heads.value(x)))
    attended = F.scaled_dot_product_attention(q, k, v, causal & mask[:, None])
    assert torch.allclose(output, heads.out(attended.transpose(1, 2).reshape(4, 6, 24)), atol=1e-5)


if __name__ == "__main__":
    check()
    learn_width()
