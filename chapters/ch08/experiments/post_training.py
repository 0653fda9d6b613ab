"""What SFT and DPO change: the form of answers, whether they are right, and what the model still knows of its novel.

    record_post_training()     # `llama-holmes`, three seeds: about three minutes of one core

The lesson's two loops. Judged on sentences of the test set of `sentiment` (data/stories): new templates, names, nouns.
"""

import copy
import random
import time
from collections import deque
from collections.abc import Iterable

import torch
from torch import Tensor

from chapters.ch08 import dialogues
from course_kit import data
from course_utils.post_training import answer_loss, preference_loss, talk_batch, training

SFT_STEPS, SFT_RATE, SFT_ROWS = 200, 2e-3, 32
DPO_STEPS, DPO_RATE, DPO_ROWS = 60, 1e-4, 16
HELD_OUT = 15_000  # characters of the novel's end


def imitated(start: dialogues.Start, dice: random.Random) -> None:
    """SFT: the model learns to answer like the examples."""
    examples = [dialogues.in_ids(start.encode, *one) for one in dialogues.texts()[0]]

    def loss() -> Tensor:
        return answer_loss(start.model, *talk_batch(dice.sample(examples, SFT_ROWS)))

    deque(training(start.model, loss, SFT_STEPS, SFT_RATE), maxlen=0)


def preferred(start: dialogues.Start, dice: random.Random) -> None:
    """DPO: the model learns to prefer the friendly answer."""
    pairs = [[dialogues.in_ids(start.encode, one[0], answer) for answer in one[1:]] for one in dialogues.texts()[1]]
    before = copy.deepcopy(start.model).eval()

    def loss() -> Tensor:
        liked, disliked = zip(*dice.sample(pairs, DPO_ROWS), strict=True)
        return preference_loss(start.model, before, talk_batch(liked), talk_batch(disliked))

    deque(training(start.model, loss, DPO_STEPS, DPO_RATE), maxlen=0)


def record_post_training(seeds: Iterable[int] = range(3)) -> dict:
    """The figures behind data/results/post_training.json."""
    book, found = data.book()[-HELD_OUT:], []
    for seed in seeds:
        torch.manual_seed(seed)
        dice, start, stages = random.Random(seed), dialogues.shipped(), {}
        for name, train in (("before", None), ("SFT", imitated), ("DPO", preferred)):
            started = time.process_time()
            if train:
                train(start, dice)
            took = time.process_time() - started
            stages[name] = {
                "test": dialogues.judged(start, "test", 400), "valid": dialogues.judged(start, "valid", 300),
                "bits": round(dialogues.novel(start, book), 3), "seconds": round(took, 1),
            }  # fmt: skip
            print(seed, name, stages[name], flush=True)
        found.append(stages)
    return {"seeds": found, "sentences": {"test": 400, "valid": 300}}
