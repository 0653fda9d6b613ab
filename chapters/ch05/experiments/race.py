"""A fair race between the models of two pages: chapter 3's translator with attention, and chapter 5's Transformer.

Both see the same batches in the same order, with the same steps and optimiser, and each gets the learning rate that
serves it best on validation sentences, out of the same ones. `course results transformer_race` records it.
"""

import itertools
from collections.abc import Sequence

import torch
from torch import nn

from chapters.ch03.lesson import Lesson, loss
from course_kit.contexts import seeded
from course_kit.i18n import mark
from course_kit.training import Callback, Run, fit, warm_then_fall
from course_utils.transformer import Transformer, TransformerConfig

GRU, TRANSFORMER = mark("GRU with attention"), "Transformer"
RATES = (1e-3, 3e-3, 1e-2)  # of which each model gets its best
WARM_UP = 100  # steps
SENTENCES = {"valid": 200, "test": 500}  # on which BLEU is measured
SEED_OF_CHOICE = 99  # the rate is chosen with a seed that does not compete


def racer(lesson: Lesson, name: str, seed: int = 0) -> nn.Module:
    """A fresh model, GRU or TRANSFORMER, as its page makes it for this corpus."""
    if name == GRU:
        return lesson.model(seed)
    with seeded(seed):
        return Transformer(TransformerConfig(len(lesson.source), len(lesson.target)))


class Curve(Callback):
    """BLEU on validation sentences, after each `every` steps."""

    def __init__(self, lesson: Lesson, every: int):
        self.lesson, self.every, self.values = lesson, every, []

    def after_step(self, run: Run) -> None:
        if run.step % self.every == 0:
            self.values.append(round(self.lesson.bleu(run.model, "valid", SENTENCES["valid"]), 1))


def train(lesson: Lesson, model: nn.Module, steps: int, seed: int, lr: float) -> list[float]:
    """Train a model, in place -> BLEU on validation sentences after each tenth of the steps. The order of the batches
    depends on the seed alone."""
    curve = Curve(lesson, steps // 10)
    with seeded(seed):
        passes = itertools.chain.from_iterable(itertools.repeat(lesson.batches))
        batches = list(itertools.islice(passes, steps))
    fit(
        model, batches, loss, steps=steps, seed=seed, lr=lr, clip=1.0, show=False,
        optimizer=torch.optim.AdamW, schedule=warm_then_fall(steps, WARM_UP), callbacks=[curve],
    )  # fmt: skip
    return curve.values


def trained(lesson: Lesson, name: str, steps: int, seeds: Sequence[int]) -> dict:
    """One model's part: "tried", each rate with its last "valid", the best "lr", and for each seed the curve "valid"
    and BLEU on "test" sentences."""
    tried = []
    for lr in RATES:
        curve = train(lesson, racer(lesson, name, SEED_OF_CHOICE), steps, SEED_OF_CHOICE, lr)
        tried.append({"lr": lr, "valid": curve[-1]})
    lr = max(tried, key=lambda one: one["valid"])["lr"]
    figures: dict = {"parameters": 0, "tried": tried, "lr": lr, "valid": [], "test": []}
    for seed in seeds:
        model = racer(lesson, name, seed)
        figures["valid"].append(train(lesson, model, steps, seed, lr))
        figures["parameters"] = sum(p.numel() for p in model.parameters())
        figures["test"].append(round(lesson.bleu(model, count=SENTENCES["test"]), 1))
    return figures


def record_race(steps: int = 600, seeds: Sequence[int] = (0, 1, 2)) -> dict:
    """The figures behind data/results/transformer_race.json, and what was equal."""
    lesson = Lesson("en-fr")
    equal = {
        "steps": steps, "every": steps // 10, "tokens": lesson.batches.tokens, "seeds": list(seeds),
        "optimizer": "AdamW", "warm_up": WARM_UP, "sentences": SENTENCES,
    }  # fmt: skip
    return equal | {"models": {name: trained(lesson, name, steps, seeds) for name in (GRU, TRANSFORMER)}}
