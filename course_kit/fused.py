"""The same attention by torch's fused kernels: faster, but the weights never exist.

    model = fuse(GPT(config))       # a training step takes about nine tenths of the time

Within `heads.attention_weights` the definition computes, as weights are asked for there.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn

from course_utils.attention import MultiHeadAttention, join_heads, split_heads


def fused_multi_head(
    q: Float[Tensor, "B Q D"],
    k: Float[Tensor, "B K D"],
    v: Float[Tensor, "B K D"],
    heads: int,
    mask: Bool[Tensor, "..."] | None = None,
) -> tuple[Float[Tensor, "B Q D"], None]:
    """The output of multi_head, without the weights."""
    if mask is not None and mask.dtype != torch.bool:  # torch would add it to the scores
        raise TypeError(f"mask holds {mask.dtype}; needed: bool, True = may be attended")
    q, k, v = split_heads(q, heads), split_heads(k, heads), split_heads(v, heads)
    if mask is not None and mask.dim() == 3:
        mask = mask[:, None]  # [B, Q, K] -> [B, 1, Q, K]
    output = F.scaled_dot_product_attention(q, k, v, mask)  # [B, H, Q, d]
    if mask is not None and output.is_cuda:  # there a query without keys gets a mean
        output = output.masked_fill(~mask.any(-1, keepdim=True), 0.0)
    return join_heads(output), None


def fuse(model: nn.Module) -> nn.Module:
    """Let all attention of a model that drops its weights compute in fused form."""
    for module in model.modules():
        if isinstance(module, MultiHeadAttention):
            module.attend = fused_multi_head
    return model
