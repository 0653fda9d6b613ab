"""The attention of a Llama, to be looked at: it is computed once more from what each attention was given."""

import torch
from torch import Tensor, nn

from course_utils.attention import masked_softmax, split_heads
from course_utils.llama import GroupedAttention, share_heads
from course_utils.rotary import turn


def weights_of(attention: GroupedAttention, x: Tensor, turns: tuple[Tensor, Tensor], mask: Tensor) -> Tensor:
    """The attention weights of one layer, [B, H, T, T], computed again from what the layer was given."""
    q = turn(split_heads(attention.query(x), attention.heads), *turns)
    k = share_heads(turn(split_heads(attention.key(x), attention.key_heads), *turns), attention.heads)
    return masked_softmax(q @ k.mT / q.shape[-1] ** 0.5, mask)


@torch.no_grad()
def attention_weights(model: nn.Module, ids: Tensor) -> list[Tensor]:
    """ids [1, T] -> for each block the weights of its heads [H, T, T]."""
    found: list[Tensor] = []

    def look(attention: GroupedAttention, given: tuple) -> None:
        found.append(weights_of(attention, *given[:3])[0])

    hooks = [block.attention.register_forward_pre_hook(look) for block in model.blocks]
    try:
        model(ids)
    finally:
        for hook in hooks:
            hook.remove()
    return found
