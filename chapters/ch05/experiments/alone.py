"""What a Transformer can do without its networks: the same classes, steps and sentences, but every feed-forward network
gives 0, in training and after it. The norms stay.

`course results transformer_alone` records it.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from chapters.ch03.lesson import Lesson, loss
from chapters.ch05.experiments.twins import odds, pairs
from course_kit.contexts import seeded
from course_kit.training import fit, warm_then_fall
from course_utils.toy_tasks import TOKENS, copy_or_reverse, train_step, write
from course_utils.transformer import Transformer, TransformerConfig

SENTENCES = 200  # on which BLEU is measured


class Nothing(nn.Module):
    """In the place of a network: it gives 0, so the residual stream passes by."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.zeros_like(x)


def without_networks(model: Transformer) -> Transformer:
    """The same model, and each of its feed-forward networks gives 0."""
    for block in [*model.encoder, *model.decoder]:
        block.ffn = Nothing()
    return model


def fresh(config: TransformerConfig, networks: bool, seed: int) -> Transformer:
    """A model that has learned nothing."""
    with seeded(seed):
        model = Transformer(config)
    return model if networks else without_networks(model)


def translates(lesson: Lesson, networks: bool, seed: int, steps: int, lr: float = 3e-3) -> dict[str, float]:
    """Trained on chapter 3's batches -> BLEU on new sentences, and right pronouns of held-out twins, in %."""
    model = fresh(TransformerConfig(len(lesson.source), len(lesson.target)), networks, seed)
    settings = {"lr": lr, "clip": 1.0, "schedule": warm_then_fall(steps), "seed": seed, "show": False}
    fit(model, lesson.batches, loss, steps=steps, **settings)
    right = (odds(lesson.loaded(model), pairs()) > 0).float().mean().item()
    return {"BLEU": round(lesson.bleu(model, count=SENTENCES), 1), "pronouns": round(100 * right, 1)}


def copies(networks: bool, seed: int, steps: int = 400) -> float:
    """Trained on ten digits, as by `python -m mine.transformer` -> new rows that are right to the last digit, in %."""
    model = fresh(TransformerConfig(TOKENS, TOKENS, size=64), networks, seed)
    with seeded(seed):
        optimiser = torch.optim.Adam(model.parameters(), lr=2e-3)
        falling = torch.optim.lr_scheduler.LinearLR(optimiser, 1, 0, total_iters=steps)
        for _ in range(steps):
            train_step(model, optimiser, *copy_or_reverse(rows=64))
            falling.step()
        source, target = copy_or_reverse(500)
    return round(100 * (write(model, source, target.shape[1]) == target).all(1).float().mean().item(), 1)


def record_alone(steps: int = 600, digits: int = 400, seeds: Sequence[int] = (0, 1, 2)) -> dict:
    """The figures behind data/results/transformer_alone.json."""
    lesson, figures = Lesson("en-fr"), {}
    for name, networks in (("with networks", True), ("networks 0", False)):
        trained = [translates(lesson, networks, seed, steps) for seed in seeds]
        figures[name] = {key: [one[key] for one in trained] for key in trained[0]}
        figures[name]["rows of digits"] = [copies(networks, seed, digits) for seed in seeds]
    return {"steps": steps, "steps of digits": digits, "seeds": list(seeds), "sentences": SENTENCES, "models": figures}
