"""Nadaraya–Watson regression: kernels, and the mean of values that they weight.

Sizes: Q queries, K keys, one number each. Widths and distances have the unit of the keys.
Sources: Nadaraya 1964; Watson 1964.
"""

from collections.abc import Callable

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from .attention import masked_softmax


def gaussian_kernel(
    distance: Float[Tensor, "*n"], width: float | Tensor = 1.0
) -> Float[Tensor, "*n"]:
    """exp(−(distance / width)² / 2): 1 at distance 0, .607 at one width, .135 at two."""
    return torch.exp(-0.5 * (distance / width) ** 2)


def boxcar_kernel(
    distance: Float[Tensor, "*n"], width: float | Tensor = 1.0
) -> Float[Tensor, "*n"]:
    """1 up to one width away, 0 beyond: every key in the window counts the same."""
    return ((distance / width).abs() <= 1).to(distance.dtype)


def epanechnikov_kernel(
    distance: Float[Tensor, "*n"], width: float | Tensor = 1.0
) -> Float[Tensor, "*n"]:
    """1 − (distance / width)², and 0 beyond one width. Epanechnikov 1969.

    The usual factor ¾ is left out: it cancels when the weights are normalised.
    """
    return (1 - (distance / width) ** 2).clamp(min=0)


KERNELS = {
    "gaussian": gaussian_kernel,
    "boxcar": boxcar_kernel,
    "epanechnikov": epanechnikov_kernel,
}


def leave_one_out_mask(
    size: int, device: torch.device | str | None = None
) -> Bool[Tensor, "n n"]:
    """All True but the diagonal: an example that asks must not see its own key."""
    return ~torch.eye(size, dtype=torch.bool, device=device)


def nadaraya_watson(
    queries: Float[Tensor, "Q"],
    keys: Float[Tensor, "K"],
    values: Float[Tensor, "K"],
    kernel: Callable[[Tensor], Tensor] = gaussian_kernel,
    mask: Bool[Tensor, "..."] | None = None,
) -> tuple[Float[Tensor, "Q"], Float[Tensor, "Q K"]]:
    """f(q) = Σ K(q − kᵢ) vᵢ / Σ K(q − kⱼ), and the weights. Nadaraya 1964; Watson 1964.

    A query without any neighbour gets weights 0 and the estimate NaN, drawn as a gap.
    """
    if not (keys + values).isfinite().all():  # a boxcar would leave them out in silence
        raise ValueError("keys or values are NaN or infinite: leave those out")
    closeness = kernel(queries[:, None] - keys)  # [Q, K]
    if (closeness < 0).any():
        raise ValueError("kernel gave negative numbers, which make negative weights")
    if mask is not None:
        closeness = closeness.masked_fill(~mask, 0.0)
    total = closeness.sum(-1, keepdim=True)  # [Q, 1]
    weights = closeness / total.masked_fill(total == 0, 1.0)
    return (weights @ values).masked_fill(total[:, 0] == 0, float("nan")), weights


class NadarayaWatson(nn.Module):
    """Attention pooling with a Gaussian kernel, as a softmax of −((q − kᵢ) / width)² / 2.

    learnable: the width is the one parameter, kept as its logarithm, so that no step of
    gradient descent can make it negative.
    """

    def __init__(self, width: float = 1.0, learnable: bool = False):
        super().__init__()
        log_width = torch.tensor(float(width)).log()
        if learnable:
            self.log_width = nn.Parameter(log_width)
        else:
            self.register_buffer("log_width", log_width)

    @property
    def width(self) -> Float[Tensor, ""]:
        return self.log_width.exp()

    def forward(
        self,
        queries: Float[Tensor, "Q"],
        keys: Float[Tensor, "K"],
        values: Float[Tensor, "K"],
        mask: Bool[Tensor, "..."] | None = None,
    ) -> tuple[Float[Tensor, "Q"], Float[Tensor, "Q K"]]:
        """-> estimate, weights; NaN and zeros for a query that may see no key"""
        scores = -0.5 * ((queries[:, None] - keys) / self.width) ** 2  # [Q, K]
        weights = masked_softmax(scores, mask)
        nothing = weights.sum(-1) == 0
        return (weights @ values).masked_fill(nothing, float("nan")), weights

    def extra_repr(self) -> str:
        return f"width={self.width.item():.3g}"
