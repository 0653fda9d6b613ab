"""Layer norm and batch norm over padded sentences, and what warm-up does to a training.

    x, real = padded_batch((5, 3, 2), length=5, size=4)    # [B, T, D] and which words are real

Sources: Ba, Kiros & Hinton 2016, Layer normalization; Ioffe & Szegedy 2015, Batch normalization.
"""

import itertools
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from chapters.ch03.lesson import Lesson
from course_kit.contexts import seeded
from course_kit.i18n import mark
from course_kit.models.fused import fuse
from course_kit.programs import arguments
from course_kit.training import fit, warm_then_fall
from course_utils.transformer import Transformer, TransformerConfig, translation_loss

NORMS = (mark("layer"), mark("batch"))


def padded_batch(lengths: Sequence[int], length: int, size: int) -> tuple[Tensor, Tensor]:
    """Sentences of random features, filled up with zeros to `length` words -> x [B, T, D], real [B, T] bool.

    The real words are the same whatever the length.
    """
    words = torch.randn(len(lengths), max(lengths), size, generator=torch.Generator().manual_seed(0))
    x, real = torch.zeros(len(lengths), length, size), torch.arange(length) < torch.tensor(lengths)[:, None]
    x[real] = words[real[:, : max(lengths)]]
    return x, real


def normed(x: Tensor, kind: str) -> Tensor:
    """x [B, T, D] with mean 0 and variance 1: "layer", over the features of each word; "batch", over all words of the
    batch for each feature, as a batch norm in training does. Without scale and shift."""
    if arguments.one_of("kind", kind, NORMS) == "layer":
        return F.layer_norm(x, x.shape[-1:])
    return F.batch_norm(x.flatten(0, 1), None, None, training=True).view_as(x)


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
