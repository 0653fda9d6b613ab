"""The same attention by torch's fused kernels: faster, but the weights never exist.

    model = fuse(Llama(config))       # a training step takes about four fifths of the time

Within `heads.attention_weights` the weights are computed all the same, as they are asked for there.
"""

from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn

from course_kit.models.attending import attend_by
from course_utils.attention import MultiHeadAttention, join_heads, split_heads
from course_utils.cache import Cache
from course_utils.llama import GroupedAttention, share_heads
from course_utils.rotary import turn


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


class FusedGroupedAttention(GroupedAttention):
    """A Llama's attention in fused form; behind a cache as it was."""

    def forward(
        self, x: Float[Tensor, "B T D"], turns: Any, mask: Bool[Tensor, "T K"], cache: Cache | None = None
    ) -> Float[Tensor, "B T D"]:
        if cache is not None:
            return super().forward(x, turns, mask, cache)
        q = turn(split_heads(self.query(x), self.heads), *turns)  # [B, H, T, d]
        k = share_heads(turn(split_heads(self.key(x), self.key_heads), *turns), self.heads)
        v = share_heads(split_heads(self.value(x), self.key_heads), self.heads)
        return self.out(join_heads(F.scaled_dot_product_attention(q, k, v, is_causal=True)))


FUSED: dict[type[nn.Module], type[nn.Module]] = {GroupedAttention: FusedGroupedAttention}


def fuse(model: nn.Module) -> nn.Module:
    """Let all attention of a model that drops its weights compute in fused form."""
    for module in model.modules():
        if isinstance(module, MultiHeadAttention):
            attend_by(module, fused_multi_head)
        elif type(module) in FUSED:
            module.__class__ = FUSED[type(module)]
    return model
