"""Nadaraya–Watson regression: kernels, and the mean of values that they weight.

Sizes: Q queries, K keys, one number each or d; widths and distances in the unit of keys.
Sources: Nadaraya 1964; Watson 1964.
"""

from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from .attention import masked_softmax


def gaussian_kernel(
    distance: Float[Tensor, "*n"], width: float | Tensor = 1.0
) -> Float[Tensor, "*n"]:
    """1 at distance 0, .607 at one width, .135 at two widths."""
    return torch.exp(-0.5 * (distance / width) ** 2)


def boxcar_kernel(
    distance: Float[Tensor, "*n"], width: float | Tensor = 1.0
) -> Float[Tensor, "*n"]:
    """1 up to one width away, 0 beyond."""
    return ((distance / width).abs() <= 1).to(distance.dtype)


def epanechnikov_kernel(
    distance: Float[Tensor, "*n"], width: float | Tensor = 1.0
) -> Float[Tensor, "*n"]:
    """An arch: 1 at distance 0, 0 from one width on. Epanechnikov 1969."""
    return (1 - (distance / width) ** 2).clamp(min=0)


KERNELS = {
    "gaussian": gaussian_kernel,
    "boxcar": boxcar_kernel,
    "epanechnikov": epanechnikov_kernel,
}


def leave_one_out_mask(size: int, device: Any = None) -> Bool[Tensor, "n n"]:
    """All True but the diagonal: an example that asks must not see its own key."""
    return ~torch.eye(size, dtype=torch.bool, device=device)


def nadaraya_watson(
    queries: Float[Tensor, "Q"],
    keys: Float[Tensor, "K"],
    values: Float[Tensor, "K"],
    kernel: Callable[[Tensor], Tensor] = gaussian_kernel,
) -> tuple[Float[Tensor, "Q"], Float[Tensor, "Q K"]]:
    """Σ κ(q − kᵢ) vᵢ / Σ κ(q − kⱼ), and the weights; 0 where κ is 0 for every key.
    Nadaraya 1964; Watson 1964."""
    if kernel is gaussian_kernel:  # it is never 0, but far away too small for a float
        return attention_pooling(queries, keys, values)
    closeness = kernel(queries[:, None] - keys)  # [Q, K]
    total = closeness.sum(-1, keepdim=True)  # [Q, 1]
    weights = closeness / total.where(total != 0, 1)  # [Q, K] / [Q, 1]
    return weights @ values, weights


def attention_pooling(
    queries: Float[Tensor, "Q"],
    keys: Float[Tensor, "K"],
    values: Float[Tensor, "K"],
    width: float | Tensor = 1.0,
) -> tuple[Float[Tensor, "Q"], Float[Tensor, "Q K"]]:
    """The same with the Gaussian kernel, as a softmax, and the weights."""
    distance = (queries[:, None] - keys) / width  # [Q, K]
    weights = torch.softmax(-0.5 * distance**2, dim=-1)
    return weights @ values, weights


class NadarayaWatson(nn.Module):
    """Attention pooling with a width that is learned; its exp is always above 0.

    A key is one number, [K], or d of them, [K, d]; a query is like a key."""

    def __init__(self, width: float):
        super().__init__()
        self.log_width = nn.Parameter(torch.tensor(width).log())

    def forward(
        self,
        queries: Float[Tensor, "Q ..."],
        keys: Float[Tensor, "K ..."],
        values: Float[Tensor, "K"],
        mask: Bool[Tensor, "..."] | None = None,
    ) -> tuple[Float[Tensor, "Q"], Float[Tensor, "Q K"]]:
        distance = (queries[:, None] - keys) / self.log_width.exp()  # [Q, K] or [Q, K, d]
        squared = distance**2 if distance.dim() == 2 else (distance**2).sum(-1)  # [Q, K]
        scores = -0.5 * squared
        weights = scores.softmax(-1) if mask is None else masked_softmax(scores, mask)
        return weights @ values, weights
