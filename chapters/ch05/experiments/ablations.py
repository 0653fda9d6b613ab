"""A Transformer trained without one of its kinds of parts: no feed-forward network, no ReLU, no residual, no norm.

    model = ablated(lesson, "no residual connections")         # fresh
    record_ablations()                                         # `course results transformer_ablations`

Nothing is taken from a trained model: each is trained from its own start, under the conditions of `fair`. Without
feed-forward networks the model gets more layers instead, so that it has as many parameters in its matrices: a layer has
12 D² in attention (4 in the encoder, 8 in the decoder), and two networks with 1.5 D hidden features have 6 D²;
6 · (12 + 6) = 9 · 12.
"""

import functools
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from chapters.ch03.lesson import Lesson
from course_kit.checks import one_of
from course_utils.transformer import Transformer

from .fair import compete, conditions
from .in_class import small_model

SIZES = {"model_size": 64, "num_layers": 6, "num_heads": 4, "ffn_size": 96}
DEEPER = 9  # layers, of the model without feed-forward networks
VARIANTS = {  # name: what is taken away
    "the whole model": "",
    f"attention alone, {DEEPER} layers": "ffn",
    "no ReLU": "relu",
    "no residual connections": "residual",
    "no norms": "norm",
}
CANDIDATES = [{"lr": 1e-3}, {"lr": 3e-3}, {"lr": 1e-2}]


class _Nothing(nn.Module):
    """A sub-layer that adds nothing."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.zeros_like(x)


class _Around(nn.Module):
    """What is left around a sub-layer of a pre-norm model, without the norm or without the residual connection."""

    def __init__(self, norm: nn.Module, residual: bool):
        super().__init__()
        self.norm, self.residual = norm, residual

    def forward(self, x: Tensor, f: Callable) -> Tensor:
        y = f(self.norm(x))
        return x + y if self.residual else y


def ablated(lesson: Lesson, name: str, seed: int = 0) -> Transformer:
    """A fresh pre-norm Transformer of SIZES, without what VARIANTS names."""
    gone = VARIANTS[one_of("name", name, tuple(VARIANTS))]
    model = small_model(lesson, seed, **SIZES | ({"num_layers": DEEPER} if gone == "ffn" else {}))
    for block in [*model.encoder, *model.decoder]:
        if gone == "ffn":
            block.ffn, block.around_ffn = _Nothing(), _Around(nn.Identity(), True)
        elif gone == "relu":
            block.ffn = nn.Sequential(block.ffn.widen, block.ffn.narrow)
        elif gone:
            for place in [one for one in ("around_attention", "around_cross", "around_ffn") if hasattr(block, one)]:
                norm = nn.Identity() if gone == "norm" else getattr(block, place).norm
                setattr(block, place, _Around(norm, gone != "residual"))
    if gone == "norm":
        model.encoder_norm, model.decoder_norm = nn.Identity(), nn.Identity()
    return model


def record_ablations(steps: int = 1000, seeds: Sequence[int] = (0, 1, 2)) -> dict:
    """The figures behind data/results/transformer_ablations.json."""
    lesson, figures = Lesson("en-fr"), {}
    for name in VARIANTS:
        make = functools.partial(ablated, lesson, name)
        figures[name] = compete(lesson, make, CANDIDATES, steps, seeds)
    return conditions(lesson, steps, seeds) | {"sizes": SIZES, "models": figures}
