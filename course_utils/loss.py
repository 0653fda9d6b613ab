"""The loss of every model of the course: cross-entropy of the right words, in nats."""

import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor

IGNORED = -100  # a target that counts for nothing, as in torch and transformers


def masked_loss(
    logits: Float[Tensor, "B T V"],
    target: Int[Tensor, "B T"],
    mask: Bool[Tensor, "B T"] | None = None,
    label_smoothing: float = 0.0,
) -> Float[Tensor, ""]:
    """Mean over the real tokens: padding counts neither in the sum nor in its divisor."""
    right = target if mask is None else target.masked_fill(~mask, IGNORED)
    real = right != IGNORED  # [B, T]
    return F.cross_entropy(logits[real], right[real], label_smoothing=label_smoothing)
