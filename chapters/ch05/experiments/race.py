"""A fair race between the models of two pages: chapter 3's translator with attention, and chapter 5's Transformer.

`course results transformer_race` records it; `fair` says what is equal.
"""

import functools
from collections.abc import Sequence

from torch import nn

from chapters.ch03.lesson import Lesson
from course_kit.contexts import seeded
from course_utils.transformer import Transformer, TransformerConfig

from .fair import compete, conditions

GRU, TRANSFORMER = "GRU with attention", "Transformer"
RATES = (1e-3, 3e-3, 1e-2)  # of which each model gets its best


def racer(lesson: Lesson, name: str, seed: int = 0) -> nn.Module:
    """A fresh model, GRU or TRANSFORMER, as its page makes it for this corpus."""
    if name == GRU:
        return lesson.model(seed)
    with seeded(seed):
        return Transformer(TransformerConfig(len(lesson.source), len(lesson.target)))


def record_race(steps: int = 600, seeds: Sequence[int] = (0, 1, 2)) -> dict:
    """The figures behind data/results/transformer_race.json."""
    lesson, candidates = Lesson("en-fr"), [{"lr": rate} for rate in RATES]
    figures = {
        name: compete(lesson, functools.partial(racer, lesson, name), candidates, steps, seeds)
        for name in (GRU, TRANSFORMER)
    }
    return conditions(lesson, steps, seeds) | {"models": figures}
