"""What a text costs a GPT, and a table that counts; the vectors of a model before they become logits.

    bits(model, tokenizer.encode(text), len(text))      # per character
    features(model, model.norm, ids)                    # [B, T, D]

What `python -m mine train` has left beside the notebook is read by `chapters.ch07.kept.training`.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_kit.contexts import evaluating

SMOOTHING = (0.3, 1.0, 3.0, 10.0, 30.0)  # how many extra successors each token gets


def features(forward: Callable, norm: nn.Module, *given: Any) -> Tensor:
    """What the last norm of a model gives, [B, T, D], before it meets the table of tokens."""
    found: list[Tensor] = []
    hook = norm.register_forward_hook(lambda _, __, x: found.append(x))
    try:
        forward(*given)
    finally:
        hook.remove()
    return found[0]


@torch.no_grad()
def bits(model: nn.Module, ids: Sequence[int], characters: int) -> float:
    """What a text costs, in bits for each of its characters. Each token but the first is predicted once, from at least
    half a context."""
    whole, half, nats = torch.as_tensor(ids), model.context // 2, 0.0
    with evaluating(model):
        for start in range(0, len(whole) - 1, half):
            begin = max(0, start - half)
            window = whole[begin : start + half + 1]
            logits = model(window[None, :-1])[0, start - begin :]
            nats += F.cross_entropy(logits, window[1 + start - begin :], reduction="sum").item()
    return nats / math.log(2) / characters


def bigram_bits(train: Sequence[int], valid: Sequence[int], vocabulary: int, characters: int) -> float:
    """The same of a table that counts which token follows which, at the best of five amounts of smoothing.

    A token's row is its counts, and so many extra successors, shared out by how frequent each token is.
    """
    train, valid = torch.as_tensor(train), torch.as_tensor(valid)
    table = torch.zeros(vocabulary, vocabulary)
    table.index_put_((train[:-1], train[1:]), torch.ones(len(train) - 1), accumulate=True)
    frequency = (torch.bincount(train, minlength=vocabulary) + 1.0) / (len(train) + vocabulary)
    found = []
    for extra in SMOOTHING:
        p = (table + extra * frequency) / (table.sum(1, keepdim=True) + extra)
        found.append(-p[valid[:-1], valid[1:]].log2().sum().item() / characters)
    return min(found)
