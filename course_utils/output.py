"""The most expensive part of a small language model: from features to one number per word of the vocabulary, and loss.

`masked_loss` is the definition. `output_loss` computes the same from features and output matrix, without holding all
logits in memory: it takes the gradient of a slice of tokens at once, while the slice is still in the cache.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

SLICE = {"cpu": 2**20, "cuda": 2**26}  # so many logits at a time


def masked_loss(logits: Tensor, target: Tensor, mask: Tensor | None = None, label_smoothing: float = 0.0) -> Tensor:
    """Mean cross-entropy over the real tokens only: logits [B, T, V], target [B, T], mask [B, T] bool -> scalar.

    Padding counts for nothing: neither in the sum nor in what it is divided by.
    Raises ValueError where shapes differ or no token is left, TypeError for a mask that is not boolean.
    """
    _check(logits, target, mask)
    if mask is not None:
        target = target.masked_fill(~mask, -100)
    return F.cross_entropy(
        logits.flatten(0, -2).to(_precise(logits.dtype)), target.flatten(), label_smoothing=label_smoothing
    )


def output_loss(
    features: Tensor,
    weight: Tensor,
    bias: Tensor,
    target: Tensor,
    mask: Tensor | None = None,
    label_smoothing: float = 0.0,
    dtype: torch.dtype = torch.float32,
) -> Tensor:
    """masked_loss(F.linear(features, weight, bias), target, mask, …), with less memory and time.

    features [B, T, D], weight [V, D], bias [V], target [B, T], mask [B, T] -> scalar; products in `dtype`.
    """
    _check(features, target, mask)
    if mask is not None:
        features, target = features[mask], target[mask]
    return _OutputLoss.apply(features.flatten(0, -2), weight, bias, target.flatten(), label_smoothing, dtype)


class _OutputLoss(torch.autograd.Function):
    """Loss and gradients in one pass over slices of tokens; d loss / d logits = softmax − target distribution."""

    @staticmethod
    def forward(ctx, features, weight, bias, target, smoothing, dtype):
        with torch.autocast(features.device.type, enabled=False):
            inputs, matrix, count = features.detach().to(dtype), weight.detach().to(dtype), len(target)
            by_features, by_weight, by_bias = torch.empty_like(inputs), torch.zeros_like(weight), torch.zeros_like(bias)
            total = torch.zeros((), dtype=_precise(dtype), device=features.device)
            uniform, size = smoothing / len(weight), max(256, SLICE.get(features.device.type, 0) // len(weight))
            for at in range(0, count, size):
                rows, right = inputs[at : at + size], target[at : at + size, None]
                logits = F.linear(rows, matrix).to(_precise(dtype)).add_(bias.detach())
                p = logits.log_softmax(-1)
                total -= (1 - smoothing) * p.gather(1, right).sum() + uniform * p.sum()
                p = p.exp_().sub_(uniform)
                p.scatter_add_(1, right, torch.full_like(right, smoothing - 1, dtype=p.dtype))
                by_bias += p.sum(0)
                p = p.to(dtype)
                by_features[at : at + size] = p @ matrix
                by_weight += p.mT @ rows
        ctx.save_for_backward(by_features.to(features.dtype) / count, by_weight / count, by_bias / count)
        return total / count

    @staticmethod
    def backward(ctx, gradient):
        return *(gradient * x for x in ctx.saved_tensors), None, None, None


def _precise(dtype: torch.dtype) -> torch.dtype:
    """At least float32."""
    return torch.promote_types(dtype, torch.float32)


def _check(x: Tensor, target: Tensor, mask: Tensor | None) -> None:
    if x.shape[:-1] != target.shape:
        raise ValueError(f"predictions {list(x.shape)} for a target of {list(target.shape)}; needed: one per token")
    if mask is None:
        return
    if mask.dtype != torch.bool:
        raise TypeError(f"mask is {mask.dtype}; needed: a boolean tensor, True = a real token")
    if mask.shape != target.shape or not mask.any():
        raise ValueError(
            f"mask is {list(mask.shape)} with {int(mask.sum())} real tokens; needed: {list(target.shape)}, at least one"
        )
