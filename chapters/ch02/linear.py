"""Attention that costs less.

Softmax attention needs every query with every key. A window looks at near keys only.
Where the weight of a pair is a product φ(q)·φ(k), the sum over the keys can be made once
for all queries: φ(Q) (φ(K)ᵀ V) instead of (φ(Q) φ(K)ᵀ) V. Sizes: B batch, Q queries, K
keys, D features, m features of φ.
"""

import functools
from collections.abc import Callable

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn


def local_mask(size: int, window: int, causal: bool = True) -> Bool[Tensor, "T T"]:
    """Position t may attend to itself and to the window − 1 before it; if the mask is not
    causal, to as many after it, too. Beltagy et al. 2020, section 3.1.
    """
    if window < 1:
        raise ValueError(f"window is {window}; needed: from 1, or nobody sees even itself")
    near = torch.ones(size, size, dtype=torch.bool).triu(1 - window)
    return near.tril(0 if causal else window - 1)


class PositiveFeatures(nn.Module):
    """φ with E[φ(q)·φ(k)] = exp(q·k / √d): exp(ω x̂ − ‖x̂‖² / 2) / √m, where x̂ = x /
    d^¼.

    The m rows ω are random and never trained: normal, orthogonal in blocks of d, the same
    for the same seed. Choromanski et al. 2021, sections 2.3 and 2.4.
    """

    rows: Tensor

    def __init__(self, size: int, count: int, seed: int = 0):
        super().__init__()
        source = torch.Generator().manual_seed(seed)
        normal = functools.partial(torch.randn, generator=source, dtype=torch.float64)
        blocks = normal(-(-count // size), size, size)
        rotation, upper = torch.linalg.qr(blocks)
        signs = upper.diagonal(dim1=-2, dim2=-1).sign()  # else some directions are favoured
        rows = (rotation * signs[:, None]).flatten(0, 1)[:count]
        lengths = normal(count, size).norm(dim=-1, keepdim=True)
        self.register_buffer("rows", (rows * lengths).float())

    def log(self, x: Float[Tensor, "... D"]) -> Float[Tensor, "... m"]:
        """log φ(x), finite however long x is."""
        x = x / x.shape[-1] ** 0.25
        half_square = x.square().sum(-1, keepdim=True) / 2
        return x @ self.rows.mT - half_square - 0.5 * torch.tensor(len(self.rows)).log()

    def forward(self, x: Float[Tensor, "... D"]) -> Float[Tensor, "... m"]:
        return self.log(x).exp()


def linear_attention(
    queries: Float[Tensor, "*B Q D"],
    keys: Float[Tensor, "*B K D"],
    values: Float[Tensor, "*B K Dv"],
    feature_map: Callable[[Tensor], Tensor],
    keys_first: bool = True,
) -> Float[Tensor, "*B Q Dv"]:
    """The mean of the values with weights φ(q)·φ(k) / Σⱼ φ(q)·φ(kⱼ).

    feature_map: φ, with entries from 0. keys_first: φ(Q) (φ(K)ᵀ V), m Dv (Q + K)
    multiply–adds; else Q K (m + Dv), for the same numbers. Katharopoulos et al. 2020,
    section 3.2.
    """
    phi_q, phi_k = feature_map(queries), feature_map(keys)  # [B, Q, m], [B, K, m]
    if (phi_q < 0).any() or (phi_k < 0).any():
        raise ValueError("feature_map gave negative numbers, which make negative weights")
    total = phi_q @ phi_k.sum(-2).unsqueeze(-1)  # [B, Q, 1]
    # [B, Q, m] times [B, m, Dv], or [B, Q, K] times [B, K, Dv]
    output = phi_q @ (phi_k.mT @ values) if keys_first else phi_q @ phi_k.mT @ values
    return output / total.masked_fill(total == 0, 1)
