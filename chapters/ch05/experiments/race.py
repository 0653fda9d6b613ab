"""A fair race: chapter 3's GRU with attention against a Transformer.

`course results transformer_race` records it; `fair` says what is equal.
"""

import functools
from collections.abc import Sequence

from torch import nn

from chapters.ch03.lesson import Lesson
from course_kit.contexts import seeded
from course_utils.transformer import Transformer, TransformerConfig

from .fair import compete, conditions

GRU, TRANSFORMER, SMALLER = "GRU with attention", "Transformer", "smaller Transformer"
SIZES = {  # the smaller Transformer has about as many parameters as the GRU model
    GRU: {"size": 128},
    TRANSFORMER: {"size": 128},
    SMALLER: {"size": 100},
}
RATES = [{"lr": lr} for lr in (1e-3, 3e-3, 1e-2, 3e-2)]
CANDIDATES = {  # chapter 3's translator has no dropout
    GRU: RATES,
    TRANSFORMER: (both := [one | {"dropout": dropout} for one in RATES for dropout in (0.0, 0.1)]),
    SMALLER: both,
}


def racer(lesson: Lesson, name: str, seed: int = 0, dropout: float = 0.0) -> nn.Module:
    """A fresh model of SIZES: chapter 3's translator with attention, or chapter 5's Transformer, as their pages make
    them."""
    if name == GRU:
        return lesson.model(seed, **SIZES[name])
    with seeded(seed):
        config = TransformerConfig(len(lesson.source), len(lesson.target), **SIZES[name], dropout=dropout)
        return Transformer(config)


def record_race(steps: int = 1000, seeds: Sequence[int] = (0, 1, 2)) -> dict:
    """The figures behind data/results/transformer_race.json."""
    lesson, figures = Lesson("en-fr"), {}
    for name, sizes in SIZES.items():
        make = functools.partial(racer, lesson, name)
        figures[name] = sizes | compete(lesson, make, CANDIDATES[name], steps, seeds)
    return conditions(lesson, steps, seeds) | {"models": figures}
