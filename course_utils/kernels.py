"""Attention pooling: the Nadaraya–Watson estimate, its kernels, and the same as a softmax of scores.

Sizes: Q queries, K keys, one number each. A query without any neighbour gets weights 0 and the estimate NaN.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from course_utils.attention.scaled_dot_product import LONGEST, broadcast, masked_softmax
from course_utils.checks import boolean_mask, flag, real_number, real_numbers, whole_number


def leave_one_out_mask(size: int, device: torch.device | str | None = None) -> Tensor:
    """[n, n] bool, all True but the diagonal: an example, used as a query, must not see its own key.

    Source: leave-one-out cross-validation; Hastie, Tibshirani, Friedman, The Elements of Statistical Learning, 7.10.
    """
    return ~torch.eye(whole_number("size", size, 0, LONGEST), dtype=torch.bool, device=device)


def gaussian_kernel(distance: Tensor, width: float | Tensor = 1.0) -> Tensor:
    """exp(−(distance / width)² / 2), element by element: 1 at distance 0, .607 at one width, .135 at two.

    distance: any shape, in the unit of the keys, sign ignored; width > 0 in the same unit.
    Source: Nadaraya 1964; Watson 1964. The curriculum's parameter w is 1 / width.
    """
    return torch.exp(-0.5 * _in_widths(distance, width) ** 2)


def boxcar_kernel(distance: Tensor, width: float | Tensor = 1.0) -> Tensor:
    """1 up to one width away, 0 beyond: every key inside the window counts the same. Shapes as gaussian_kernel."""
    away = _in_widths(distance, width).abs()
    return torch.where(away.isnan(), away, (away <= 1).to(away.dtype))


def epanechnikov_kernel(distance: Tensor, width: float | Tensor = 1.0) -> Tensor:
    """1 − (distance / width)², and 0 beyond one width. Shapes as gaussian_kernel.

    Source: Epanechnikov 1969. The usual factor ¾ is left out: it cancels when the weights are normalised.
    """
    return torch.clamp(1 - _in_widths(distance, width) ** 2, min=0)


KERNELS = dict(gaussian=gaussian_kernel, boxcar=boxcar_kernel, epanechnikov=epanechnikov_kernel)


def nadaraya_watson(
    queries: Tensor, keys: Tensor, values: Tensor, kernel: Callable = gaussian_kernel, mask: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Nadaraya–Watson estimate: for each query, the average of the values, weighted by the kernel of the distance.

    queries [Q], keys [K], values [K], kernel: distances [Q, K] -> non-negative weights [Q, K] before normalising,
    mask [Q, K] bool or None -> (estimate [Q], weights [Q, K]). Each row of weights sums to 1; a query without any
    neighbour gets weights 0 and the estimate NaN (drawn as a gap).

    Raises ValueError for an empty set of keys, unequal numbers of keys and values, numbers that are not finite, and a
    kernel that gives negative weights or another shape.
    Source: Nadaraya 1964; Watson 1964, equation f(q) = Σ K(q − kᵢ) vᵢ / Σ K(q − kⱼ).
    """
    queries, keys, values = _check_examples(queries, keys, values)
    closeness = _check_closeness(kernel, queries[:, None] - keys[None, :])
    if mask is not None:
        closeness = closeness.masked_fill(~boolean_mask(mask, closeness), 0.0)
    total = closeness.sum(-1, keepdim=True)
    weights = closeness / total.masked_fill(total == 0, 1.0)
    return (weights @ values).masked_fill(total[:, 0] == 0, float("nan")), weights


class NadarayaWatson(nn.Module):
    """Attention pooling with a Gaussian kernel, written as a softmax of scores s = −((q − kᵢ) / width)² / 2.

    width: how far a query listens, in the unit of the keys, > 0. learnable=True makes it the one parameter (kept as
    its logarithm, so that no gradient step can make it negative): the parametric form with w = 1 / width.
    Source: Nadaraya 1964; Watson 1964; the softmax form as in Zhang et al., Dive into Deep Learning, section 11.2.
    """

    def __init__(self, width: float = 1.0, learnable: bool = False):
        super().__init__()
        log_width = torch.tensor(real_number("width", _check_width(width))).log()
        if flag("learnable", learnable):
            self.log_width = nn.Parameter(log_width)
        else:
            self.register_buffer("log_width", log_width)

    @property
    def width(self) -> Tensor:
        """The bandwidth, a scalar tensor > 0."""
        return self.log_width.exp()

    def forward(self, queries: Tensor, keys: Tensor, values: Tensor, mask: Tensor | None = None):
        """queries [Q], keys [K], values [K], mask [Q, K] -> (estimate [Q], weights [Q, K])."""
        queries, keys, values = _check_examples(queries, keys, values)
        scores = -0.5 * ((queries[:, None] - keys[None, :]) / self.width) ** 2
        weights = masked_softmax(scores, mask)
        empty = weights.detach().sum(-1) == 0
        return (weights @ values).masked_fill(empty, float("nan")), weights

    def extra_repr(self) -> str:
        return f"width={self.width.item():.3g}, learnable={isinstance(self.log_width, nn.Parameter)}"


def _in_widths(distance, width) -> Tensor:
    """The distance, measured in widths."""
    distance, widths = real_numbers("distance", distance), real_numbers("width", _check_width(width))
    if not broadcast(distance.shape, widths.shape):
        raise ValueError(f"width has shape {list(widths.shape)}, distance {list(distance.shape)}: give one width")
    return distance / (width if isinstance(width, int | float) else widths)


def _check_width(width):
    """A width as it was given. Raises ValueError for one that is not finite and above 0."""
    widths = real_numbers("width", width)
    if not widths.isfinite().all() or (widths <= 0).any():
        raise ValueError(f"width is {width}: a kernel needs a finite width above 0, in the unit of the keys")
    return width


def _check_closeness(kernel, distances: Tensor) -> Tensor:
    """What a kernel says of these distances: as many numbers, none negative."""
    if not callable(kernel):
        raise TypeError(f"kernel is {kernel!r}; needed: a function of distances, such as gaussian_kernel")
    closeness = kernel(distances)
    if not isinstance(closeness, Tensor) or closeness.shape != distances.shape or not closeness.is_floating_point():
        given = list(closeness.shape) if isinstance(closeness, Tensor) else type(closeness).__name__
        raise ValueError(f"the kernel gave {given} for distances {list(distances.shape)}; needed: a number for each")
    if (closeness < 0).any():
        raise ValueError(f"the kernel gave {closeness.min():.3g}; needed: no negative weights, and 0 far away")
    return closeness


def _check_examples(queries, keys, values) -> tuple[Tensor, Tensor, Tensor]:
    queries, keys, values = map(real_numbers, ("queries", "keys", "values"), (queries, keys, values))
    dtype = torch.promote_types(torch.promote_types(queries.dtype, keys.dtype), values.dtype)
    queries, keys, values = queries.to(dtype), keys.to(dtype), values.to(dtype)
    for name, x in (("queries", queries), ("keys", keys), ("values", values)):
        if x.dim() != 1:
            raise ValueError(f"{name} has shape {tuple(x.shape)}: it must be one number each, shape [n]")
        if bad := int((~x.isfinite()).sum()):
            missing = f"{bad} of {x.numel()} {name} are NaN or infinite"
            raise ValueError(f"{missing}: leave missing ones out (keep = {name}.isfinite())")
    if keys.numel() == 0:
        raise ValueError("there are no examples to ask: keys is empty, give at least one key with its value")
    if keys.shape != values.shape:
        raise ValueError(f"{keys.numel()} keys but {values.numel()} values: each key needs its own value")
    return queries, keys, values
