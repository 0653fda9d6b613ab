"""A fair race: chapter 3's GRU with attention against a Transformer.

`course results transformer_race` records it; `fair` says what is equal.
"""

import functools
import itertools
from collections.abc import Sequence

from torch import nn

from chapters.ch03.lesson import Lesson

from .fair import compete, conditions
from .in_class import small_model

GRU, TRANSFORMER, SMALLER = "GRU with attention", "Transformer", "smaller Transformer"
SIZES = {  # the smaller Transformer has about as many parameters as the GRU model
    GRU: {"model_size": 128},
    TRANSFORMER: {"model_size": 128, "ffn_size": 256},
    SMALLER: {"model_size": 88, "ffn_size": 176},
}
CANDIDATES = [{"lr": lr, "dropout": dropout} for lr, dropout in itertools.product((1e-3, 3e-3, 1e-2, 3e-2), (0.0, 0.1))]


def racer(lesson: Lesson, name: str, seed: int = 0, dropout: float = 0.0) -> nn.Module:
    """A fresh model of SIZES: a GRU with additive attention, or two layers of encoder and decoder with four heads."""
    if name == GRU:
        return lesson.model(seed, attention="additive", dropout=dropout, **SIZES[name])
    return small_model(lesson, seed, dropout=dropout, **SIZES[name])


def record_race(steps: int = 1000, seeds: Sequence[int] = (0, 1, 2)) -> dict:
    """The figures behind data/results/transformer_race.json."""
    lesson, figures = Lesson("en-fr"), {}
    for name, sizes in SIZES.items():
        make = functools.partial(racer, lesson, name)
        figures[name] = sizes | compete(lesson, make, CANDIDATES, steps, seeds)
    return conditions(lesson, steps, seeds) | {"models": figures}
