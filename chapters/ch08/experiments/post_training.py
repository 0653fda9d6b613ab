"""What SFT and DPO change: the form of answers, whether they are right, and what the model still knows of its novel.

    record_post_training()     # `llama-holmes`, three seeds: about three minutes of one core

The lesson's two loops. Judged on sentences of the test set of `sentiment` (data/stories): new templates, names, nouns.
"""

import copy
import random
import time
from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn

from chapters.ch08 import talks
from course_kit import data
from course_utils.answering import answer_loss, preference_loss, talk_batch

SFT_STEPS, SFT_RATE, SFT_ROWS = 200, 2e-3, 32
DPO_STEPS, DPO_RATE, DPO_ROWS = 60, 1e-4, 16
HELD_OUT = 15_000  # characters of the novel's end


def steps(model: nn.Module, count: int, rate: float, loss: Callable[[], Tensor]) -> None:
    """`count` steps of AdamW on a loss that draws its own batch, at a rate that falls to 0."""
    optimiser = torch.optim.AdamW(model.parameters(), lr=rate)
    for step in range(count):
        optimiser.param_groups[0]["lr"] = rate * (1 - step / count)
        optimiser.zero_grad()
        loss().backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()


def imitated(start: talks.Start, dice: random.Random) -> None:
    """SFT: the model learns to answer like the examples."""
    examples, _ = talks.taught(start.encode)

    def loss() -> Tensor:
        return answer_loss(start.model, *talk_batch(dice.sample(examples, SFT_ROWS)))

    steps(start.model, SFT_STEPS, SFT_RATE, loss)


def preferred(start: talks.Start, dice: random.Random) -> None:
    """DPO: the model learns to prefer the friendly answer."""
    _, pairs = talks.taught(start.encode)
    before = copy.deepcopy(start.model).eval()

    def loss() -> Tensor:
        liked, disliked = zip(*dice.sample(pairs, DPO_ROWS), strict=True)
        return preference_loss(start.model, before, talk_batch(liked), talk_batch(disliked))

    steps(start.model, DPO_STEPS, DPO_RATE, loss)


def record_post_training(seeds: Iterable[int] = range(3)) -> dict:
    """The figures behind data/results/post_training.json."""
    book, found = data.book()[-HELD_OUT:], []
    for seed in seeds:
        torch.manual_seed(seed)
        dice, start, stages = random.Random(seed), talks.shipped(), {}
        for name, train in (("before", None), ("SFT", imitated), ("DPO", preferred)):
            started = time.process_time()
            if train:
                train(start, dice)
            took = time.process_time() - started
            stages[name] = {
                "test": talks.judged(start, "test", 400), "valid": talks.judged(start, "valid", 300),
                "bits": round(talks.novel(start, book), 3), "seconds": round(took, 1),
            }  # fmt: skip
            print(seed, name, stages[name], flush=True)
        found.append(stages)
    return {"seeds": found, "sentences": {"test": 400, "valid": 300}}
