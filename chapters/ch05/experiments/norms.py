"""Layer norm and batch norm over padded sentences, and what pre-norm and warm-up do to a training.

    x, real = padded_batch(lengths=(5, 3, 2))              # [B, T, D] and which words are real
    training_curves(lesson)                                # pre- or post-norm, with and without warm-up

Sources: Ba, Kiros & Hinton 2016, Layer normalization; Ioffe & Szegedy 2015, Batch normalization; Xiong et al. 2020, On
layer normalization in the Transformer architecture.
"""

import itertools
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from chapters.ch03.lesson import Lesson
from course_kit import arguments
from course_kit.contexts import seeded
from course_kit.fused import fuse
from course_kit.training import fit, warm_then_fall
from course_utils.transformer import Transformer, TransformerConfig, translation_loss

from ..variants import with_norms_last
from .in_class import learn, small_model

NORMS = ("layer", "batch")
DEEP = {"size": 64, "layers": 6, "heads": 4, "hidden": 128}  # of the models whose training is compared
SETTINGS = {  # name of a curve: norm_first, steps of warm-up
    "pre-norm, warm-up": (True, 100),
    "pre-norm, none": (True, 0),
    "post-norm, warm-up": (False, 100),
    "post-norm, none": (False, 0),
}


def padded_batch(
    lengths: Sequence[int] = (5, 3, 2), length: int | None = None, size: int = 4, seed: int = 0
) -> tuple[Tensor, Tensor]:
    """Sentences of random features, filled up with zeros to `length` words (default: the longest).

    -> x [B, T, D], real [B, T] bool. The real words are the same whatever the length.
    """
    longest = max(lengths) if length is None else length
    if min(lengths) < 1 or longest < max(lengths):
        raise ValueError(f"lengths are {list(lengths)}, length is {longest}; needed: from 1 to at most the length")
    words = torch.randn(len(lengths), max(lengths), size, generator=torch.Generator().manual_seed(seed))
    x, real = torch.zeros(len(lengths), longest, size), torch.arange(longest) < torch.tensor(lengths)[:, None]
    x[real] = words[real[:, : max(lengths)]]
    return x, real


def normed(x: Tensor, kind: str) -> Tensor:
    """x [B, T, D] with mean 0 and variance 1: "layer", over the features of each word; "batch", over all words of the
    batch for each feature, as a batch norm in training does. Without scale and shift."""
    if arguments.one_of("kind", kind, NORMS) == "layer":
        return F.layer_norm(x, x.shape[-1:])
    return F.batch_norm(x.flatten(0, 1), None, None, training=True).view_as(x)


def training_curves(
    lesson: Lesson, steps: int = 200, lr: float = 3e-3, seeds: Sequence[int] = (0,), every: int = 10
) -> dict[str, list[list[float]]]:
    """Loss while training a deep, narrow Transformer, for each of SETTINGS and seed: means of `every` steps."""
    curves: dict[str, list[list[float]]] = {}
    for name, (norm_first, warm_up) in SETTINGS.items():
        for seed in seeds:
            model = small_model(lesson, seed, **DEEP)
            model = model if norm_first else with_norms_last(model)
            run = learn(lesson, model, steps, seed, lr=lr, schedule=warmed(warm_up))
            losses = torch.tensor(run.history["loss"][1])
            means = losses[: len(losses) // every * every].view(-1, every).mean(1)
            curves.setdefault(name, []).append([round(x, 3) for x in means.tolist()])
    return curves


def warmed(steps: int):
    """step -> factor of the learning rate: up in a line for so many steps, then 1."""
    return lambda step: min((step + 1) / max(steps, 1), 1.0)


def record_norms(steps: int = 200, lr: float = 3e-3, lower: float = 1e-3, seeds: Sequence[int] = (0, 1)) -> dict:
    """Pre- and post-norm with and without warm-up, at two rates; the figures behind
    data/results/transformer_norms.json."""
    lesson = Lesson("en-fr", 500)
    figures = {"steps": steps, "lr": lr, "seeds": list(seeds), "every": 10, "model": DEEP}
    figures["curves"] = training_curves(lesson, steps, lr, seeds)
    return figures | {"lower rate": {"lr": lower, "curves": training_curves(lesson, steps, lower, seeds)}}


def record_warm_up(steps: int = 600, seeds: Sequence[int] = (0, 1, 2), count: int = 200) -> dict:
    """The lesson's translator, trained as on its page with the warm-up of 40 steps, and with the full rate in these
    steps: BLEU on the first `count` test sentences; the figures behind data/results/transformer_warm_up.json."""
    lesson, rate = Lesson("en-fr"), warm_then_fall(steps)
    schedules = {"with": rate, "without": lambda step: rate(max(step, 40))}
    bleu: dict[str, list[float]] = {name: [] for name in schedules}
    for seed, (name, schedule) in itertools.product(seeds, schedules.items()):
        with seeded(seed):
            model = fuse(Transformer(TransformerConfig(len(lesson.source), len(lesson.target))))
        settings = {"steps": steps, "lr": 3e-3, "clip": 1.0, "schedule": schedule, "seed": seed, "show": False}
        fit(model, lesson.batches, translation_loss, **settings)
        bleu[name].append(round(lesson.bleu(model, count=count), 1))
    return {"steps": steps, "lr": 3e-3, "seeds": list(seeds), "sentences": count, "BLEU": bleu}
