"""The most expensive part of a small language model: from features to one number per word of the vocabulary, and loss.

`masked_loss` is the definition. `output_loss` computes the same from features and output matrix, without holding all
logits in memory: it takes the gradient of a slice of tokens at once, while the slice is still in the cache.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from course_utils.support.checks import described, real_number, real_numbers, vectors

IGNORED = -100  # a target that counts for nothing, as in torch and transformers
SLICE = {"cpu": 2**20, "cuda": 2**26}  # so many logits at a time


def masked_loss(logits: Tensor, target: Tensor, mask: Tensor | None = None, label_smoothing: float = 0.0) -> Tensor:
    """Mean cross-entropy over the real tokens only: logits [B, T, V], target [B, T], mask [B, T] bool -> scalar.

    Padding counts for nothing: neither in the sum nor in what it is divided by. A target of −100 is padding, too.
    Raises ValueError where shapes differ or no token is left, TypeError for a mask that is not boolean.
    """
    logits = vectors("logits", real_numbers("logits", logits))
    real_number("label_smoothing", label_smoothing, least=0, below=1)
    counted = tokens_that_count(logits, target, mask, logits.shape[-1])
    target = target.masked_fill(~counted, IGNORED)
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
    vectors("weight", weight, vectors("features", features).shape[-1], "[V, D]")
    vectors("bias", bias, len(weight), "[V]")
    if not isinstance(dtype, torch.dtype) or not dtype.is_floating_point:
        raise TypeError(f"dtype is {described(dtype)}; needed: a floating-point one, such as torch.float32")
    real_number("label_smoothing", label_smoothing, least=0, below=1)
    counted = tokens_that_count(features, target, mask, len(weight))
    if not counted.all():
        features, target = features[counted], target[counted]
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


def tokens_that_count(x: Tensor, target: Tensor, mask: Tensor | None, words: int) -> Tensor:
    """Which tokens count: those that are real and not −100, [B, T] bool; x [B, T, …] is what is said of each.

    Raises ValueError where shapes differ, no token is left, or a target is no word; TypeError for another mask.
    """
    if not isinstance(target, Tensor) or target.dtype != torch.int64 or x.shape[:-1] != target.shape:
        raise ValueError(
            f"predictions {list(x.shape)} for a target that is {described(target)}; needed: int64, one per token"
        )
    counted = target != IGNORED
    if mask is not None:
        if not isinstance(mask, Tensor) or mask.dtype != torch.bool:
            raise TypeError(f"mask is {described(mask)}; needed: a boolean tensor, True = a real token")
        if mask.shape != target.shape:
            raise ValueError(f"mask is {list(mask.shape)}; needed: {list(target.shape)}, True = a real token")
        counted = counted & mask
    if not counted.any():
        raise ValueError(f"no token is left in {list(target.shape)}; needed: at least one that is real and not −100")
    chosen = target[counted]
    if chosen.min() < 0 or chosen.max() >= words:
        raise ValueError(f"target holds {chosen.min()} to {chosen.max()}; the vocabulary has 0 … {words - 1}")
    return counted
