"""The loss of every model of the course: cross-entropy of the right words, the mean over the real ones."""

import torch
import torch.nn.functional as F
from torch import Tensor

from course_utils.checks import described, real_number, real_numbers, vectors

IGNORED = -100  # a target that counts for nothing, as in torch and transformers


def masked_loss(logits: Tensor, target: Tensor, mask: Tensor | None = None, label_smoothing: float = 0.0) -> Tensor:
    """Mean cross-entropy over the real tokens only: logits [B, T, V], target [B, T], mask [B, T] bool -> scalar.

    Padding counts for nothing: neither in the sum nor in what it is divided by. A target of −100 is padding, too.
    Raises ValueError where shapes differ or no token is left, TypeError for a mask that is not boolean.
    """
    logits = vectors("logits", real_numbers("logits", logits))
    real_number("label_smoothing", label_smoothing, least=0, below=1)
    counted = tokens_that_count(logits, target, mask, logits.shape[-1])  # [B, T]
    logits, target = logits[counted], target[counted]  # [N, V], [N]
    precise = torch.promote_types(logits.dtype, torch.float32)  # at least float32
    return F.cross_entropy(logits.to(precise), target, label_smoothing=label_smoothing)


def output_loss(features: Tensor, output, target: Tensor, mask=None, label_smoothing: float = 0.0) -> Tensor:
    """masked_loss of the logits that an output matrix makes of features, made for the real tokens only.

    features [B, T, D], output: an nn.Linear, or weight [V, D] and bias [V], target [B, T], mask [B, T] -> scalar.
    """
    weight, bias = output if isinstance(output, tuple) else (output.weight, output.bias)
    vectors("weight", weight, vectors("features", features).shape[-1], "[V, D]")
    counted = tokens_that_count(features, target, mask, len(weight))  # [B, T]
    logits = F.linear(features[counted], weight, bias)  # [N, D] -> [N, V]
    return masked_loss(logits, target[counted], label_smoothing=label_smoothing)


def tokens_that_count(x: Tensor, target: Tensor, mask: Tensor | None, words: int) -> Tensor:
    """Which tokens count: those that are real and not −100, [B, T] bool; x [B, T, …] is what is said of each.

    Raises ValueError where shapes differ, no token is left, or a target is no word; TypeError for another mask.
    """
    if not isinstance(target, Tensor) or target.dtype != torch.int64 or x.shape[:-1] != target.shape:
        given = f"predictions {list(x.shape)} for a target that is {described(target)}"
        raise ValueError(f"{given}; needed: int64, one per token")
    counted = target != IGNORED
    if mask is not None:
        if not isinstance(mask, Tensor) or mask.dtype != torch.bool:
            raise TypeError(f"mask is {described(mask)}; needed: a boolean tensor, True = a real token")
        if mask.shape != target.shape:
            raise ValueError(f"mask is {list(mask.shape)}; needed: {list(target.shape)}, True = a real token")
        counted &= mask
    if not counted.any():
        raise ValueError(f"no token is left in {list(target.shape)}; needed: at least one that is real and not −100")
    chosen = target[counted]
    if chosen.min() < 0 or chosen.max() >= words:
        raise ValueError(f"target holds {chosen.min()} to {chosen.max()}; the vocabulary has 0 … {words - 1}")
    return counted
