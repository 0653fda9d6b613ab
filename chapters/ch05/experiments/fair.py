"""Equal conditions: models that see the same batches in the same order, with the same steps and optimiser.

    compete(lesson, make, [{"lr": 1e-3}, {"lr": 3e-3}], steps=1000, seeds=(0, 1, 2))

Each model gets the settings that serve it best on validation sentences, out of the same candidates.
"""

import itertools
from collections.abc import Callable, Sequence

import torch
from torch import nn

from chapters.ch03.lesson import Lesson, loss
from course_kit.contexts import seeded
from course_kit.text import Batch
from course_kit.training import Callback, Run, fit, warm_then_fall

WARM_UP = 100  # steps
SENTENCES = {"valid": 200, "test": 500}  # on which BLEU is measured
SEED_OF_CHOICE = 99  # the settings are chosen with a seed that does not compete


def same_batches(lesson: Lesson, steps: int, seed: int = 0) -> list[Batch]:
    """The batches of so many steps, pass after pass, in an order that depends on the seed alone."""
    with seeded(seed):
        passes = itertools.chain.from_iterable(itertools.repeat(lesson.batches))
        return list(itertools.islice(passes, steps))


class Curve(Callback):
    """BLEU on validation sentences, after each `every` steps."""

    def __init__(self, lesson: Lesson, every: int):
        self.lesson, self.every, self.values = lesson, every, []

    def after_step(self, run: Run) -> None:
        if run.step % self.every == 0:
            self.values.append(round(self.lesson.bleu(run.model, "valid", SENTENCES["valid"]), 1))


def train(lesson: Lesson, model: nn.Module, steps: int, seed: int, lr: float) -> list[float]:
    """Train a model, in place -> BLEU on validation sentences after each tenth of the steps."""
    curve = Curve(lesson, steps // 10)
    fit(
        model, same_batches(lesson, steps, seed), loss, steps=steps, seed=seed, lr=lr, clip=1.0, show=False,
        optimizer=torch.optim.AdamW, schedule=warm_then_fall(steps, WARM_UP), callbacks=[curve],
    )  # fmt: skip
    return curve.values


def compete(
    lesson: Lesson, make: Callable[..., nn.Module], candidates: Sequence[dict], steps: int, seeds: Sequence[int]
) -> dict:
    """One model's part: its settings are chosen, then it is trained with each seed.

    make: make(seed, **settings without "lr") -> a fresh model; candidates: settings, "lr" among them. The answer has
    "parameters", "tried" (each candidate, with its last "valid"), the chosen settings, and for each seed the curve
    "valid" and BLEU on "test" sentences.
    """

    def trained(seed: int, lr: float, **settings) -> tuple[nn.Module, list[float]]:
        model = make(seed, **settings)
        return model, train(lesson, model, steps, seed, lr)

    tried = [one | {"valid": trained(SEED_OF_CHOICE, **one)[1][-1]} for one in candidates]
    print(tried, flush=True)
    chosen = candidates[max(range(len(tried)), key=lambda n: tried[n]["valid"])]
    figures: dict = {"parameters": 0, "tried": tried, **chosen, "valid": [], "test": []}
    for seed in seeds:
        model, curve = trained(seed, **chosen)
        figures["parameters"] = sum(p.numel() for p in model.parameters())
        figures["valid"].append(curve)
        figures["test"].append(round(lesson.bleu(model, count=SENTENCES["test"]), 1))
        print(seed, curve, figures["test"][-1], flush=True)
    return figures


def conditions(lesson: Lesson, steps: int, seeds: Sequence[int]) -> dict:
    """What was equal, for the record."""
    return {
        "steps": steps, "every": steps // 10, "tokens": lesson.batches.tokens, "seeds": list(seeds),
        "optimizer": "AdamW", "warm_up": WARM_UP, "sentences": SENTENCES,
    }  # fmt: skip
