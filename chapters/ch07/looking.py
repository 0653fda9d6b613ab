"""The attention of a Llama, to be looked at: it is computed once more from what each attention was given."""

import torch
from torch import Tensor, nn

from course_utils.attention import masked_softmax, split_heads
from course_utils.llama import share_heads
from course_utils.rotary import turn


@torch.no_grad()
def attention_weights(model: nn.Module, ids: Tensor) -> list[Tensor]:
    """ids [1, T] -> for each block the weights of its heads [H, T, T]."""
    found: list[Tensor] = []

    def look(attention: nn.Module, given: tuple) -> None:
        x, turns, mask = given[:3]
        q = turn(split_heads(attention.query(x), attention.heads), *turns)
        k = turn(split_heads(attention.key(x), attention.key_heads), *turns)
        scores = q @ share_heads(k, attention.heads).mT / q.shape[-1] ** 0.5
        found.append(masked_softmax(scores, mask)[0])

    hooks = [block.attention.register_forward_pre_hook(look) for block in model.blocks]
    try:
        model(ids)
    finally:
        for hook in hooks:
            hook.remove()
    return found
