"""Attention: masks, the softmax that obeys them, scaled dot products, many heads.

Sizes: B batch, H heads, Q queries, K keys, T time, D features (d a head, dv a value).
A mask is boolean, True = may be attended, and broadcasts to the scores. A query that may
attend to nothing gets zeros, never NaN. Source: Vaswani et al. 2017, section 3.2.
"""

from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn


def causal_mask(size: int, device: Any = None) -> Bool[Tensor, "T T"]:
    """Position t may attend to positions 0 … t, itself included."""
    return torch.ones(size, size, dtype=torch.bool, device=device).tril()


def padding_mask(lengths: Any, max_len: int | None = None) -> Bool[Tensor, "B 1 K"]:
    """Sequence b may attend to its first lengths[b] keys, of max_len or the longest."""
    lengths = torch.as_tensor(lengths)
    longest = int(lengths.max()) if max_len is None else max_len
    well_formed = lengths.dtype == torch.int64 and lengths.dim() == 1
    if not well_formed or (lengths < 0).any() or (lengths > longest).any():
        raise ValueError(f"lengths: {lengths}; needed: B whole numbers, 0 to {longest}")
    return (torch.arange(longest, device=lengths.device) < lengths[:, None])[:, None]


def masked_softmax(
    scores: Float[Tensor, "..."], mask: Bool[Tensor, "..."] | None = None, dim: int = -1
) -> Float[Tensor, "..."]:
    """Weights that sum to 1 over the keys that may be attended; elsewhere they are 0."""
    if mask is None:
        return scores.softmax(dim)
    hidden = (~mask).expand_as(scores)  # refuses a mask with more axes than the scores
    weights = scores.masked_fill(hidden, float("-inf")).softmax(dim)
    return weights.masked_fill(hidden, 0.0)  # a row of −inf alone became NaN


def scaled_dot_product_attention(
    q: Float[Tensor, "... Q d"],
    k: Float[Tensor, "... K d"],
    v: Float[Tensor, "... K dv"],
    mask: Bool[Tensor, "..."] | None = None,
) -> tuple[Float[Tensor, "... Q dv"], Float[Tensor, "... Q K"]]:
    """softmax(q kᵀ / √d) v, and the weights: equation 1 of Vaswani et al. 2017."""
    scores = q @ k.transpose(-2, -1) / q.shape[-1] ** 0.5  # [..., Q, K]
    weights = scores.softmax(-1) if mask is None else masked_softmax(scores, mask)
    return weights @ v, weights


def split_heads(x: Float[Tensor, "B T D"], heads: int) -> Float[Tensor, "B H T d"]:
    """Cut the features of each position into heads: D = H · d."""
    B, T, D = x.shape
    cut = x.reshape(B, T, heads, D // heads)  # [B, T, H, d]
    return cut.transpose(1, 2)  # [B, H, T, d]


def join_heads(x: Float[Tensor, "B H T d"]) -> Float[Tensor, "B T D"]:
    """The heads of each position side by side again."""
    return x.transpose(1, 2).flatten(2)  # [B, T, H, d] -> [B, T, D]


def multi_head(
    q: Float[Tensor, "B Q D"],
    k: Float[Tensor, "B K D"],
    v: Float[Tensor, "B K D"],
    heads: int,
    mask: Bool[Tensor, "..."] | None = None,
) -> tuple[Float[Tensor, "B Q D"], Float[Tensor, "B H Q K"]]:
    """Attend in each head on its own, all heads under one mask: [Q, K], or [B, Q, K]."""
    q, k, v = split_heads(q, heads), split_heads(k, heads), split_heads(v, heads)
    if mask is not None and mask.dim() == 3:
        mask = mask[:, None]  # [B, Q, K] -> [B, 1, Q, K]
    output, weights = scaled_dot_product_attention(q, k, v, mask)
    return join_heads(output), weights


class MultiHeadAttention(nn.Module):
    """Project, attend in several heads, project. Vaswani et al. 2017, section 3.2.2."""

    def __init__(self, size: int, heads: int, bias: bool = True):
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(size, size, bias)
        self.key = nn.Linear(size, size, bias)
        self.value = nn.Linear(size, size, bias)
        self.out = nn.Linear(size, size, bias)
        for projection in (self.query, self.key, self.value, self.out):
            nn.init.xavier_uniform_(projection.weight)
            if bias:
                nn.init.zeros_(projection.bias)

    def forward(
        self,
        x: Float[Tensor, "B Q D"],
        memory: Float[Tensor, "B K D"],
        mask: Bool[Tensor, "..."] | None = None,
    ) -> tuple[Float[Tensor, "B Q D"], Float[Tensor, "B H Q K"] | None]:
        """Queries from x; keys and values from memory, in self-attention x itself."""
        q, k, v = self.query(x), self.key(memory), self.value(memory)
        output, weights = multi_head(q, k, v, self.heads, mask)  # [B, Q, D]
        return self.out(output), weights
