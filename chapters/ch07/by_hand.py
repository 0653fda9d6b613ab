"""What the GPT from an empty file has besides those that the reader keeps: its optimiser, its rate, and what it costs.

Sources: Kingma and Ba 2015 (Adam); Loshchilov and Hutter 2017 (the cosine) and 2019 (AdamW).
"""

import math
from collections.abc import Iterable

import torch
from torch import Tensor


class AdamW:
    """Each step shrinks a parameter by the share lr · weight_decay, then moves it by lr · m / (√v + eps): m and v are
    running means of its gradients and of their squares, m ← β₁ m + (1 − β₁) g, which begin at 0 and are therefore
    divided by 1 − βᵗ at step t, counted from 1. `lr` may be changed between steps."""

    def __init__(
        self,
        parameters: Iterable[Tensor],
        lr: float,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.01,
    ):
        self.parameters, self.lr, self.betas, self.eps = list(parameters), lr, betas, eps
        self.weight_decay, self.steps = weight_decay, 0
        self.m = [torch.zeros_like(p) for p in self.parameters]
        self.v = [torch.zeros_like(p) for p in self.parameters]

    @torch.no_grad()
    def step(self) -> None:
        """A parameter without a gradient stays as it is."""
        self.steps += 1
        first, second = self.betas
        for p, m, v in zip(self.parameters, self.m, self.v, strict=True):
            if p.grad is None:
                continue
            m.lerp_(p.grad, 1 - first)
            v.lerp_(p.grad**2, 1 - second)
            slope = m / (1 - first**self.steps)
            size = (v / (1 - second**self.steps)).sqrt()
            p.mul_(1 - self.lr * self.weight_decay).sub_(self.lr * slope / (size + self.eps))


def rate_at(step: int, steps: int, highest: float, rising: int, lowest: float = 0.0) -> float:
    """The rate of a step, counted from 0: in `rising` steps it grows evenly to `highest`, highest / rising the first;
    then it falls along half a cosine, and would be `lowest` at step number `steps`."""
    if step < rising:
        return highest * (step + 1) / rising
    done = (step - rising) / (steps - rising)
    return lowest + (highest - lowest) * (1 + math.cos(math.pi * done)) / 2


def parameter_count(vocab: int, size: int, layers: int, context: int) -> int:
    """How many numbers the GPT of this file learns, biases and norms included; the table of the tokens once."""
    block = 12 * size**2 + 9 * size + 4 * size
    return (vocab + context) * size + layers * block + 2 * size


def multiply_adds(vocab: int, size: int, layers: int, tokens: int) -> int:
    """How many products its matrices take to read so many tokens at once: also of scores that the mask hides, and of
    the logits of all tokens; biases, norms, softmax and GELU are left out."""
    block = 12 * tokens * size**2 + 2 * tokens**2 * size
    return layers * block + tokens * size * vocab
