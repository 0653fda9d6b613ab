"""What a draft is worth, and a reward that a program checks: sums of two numbers below 100, 200 of them taught.

    record_reasoning()     # three seeds

Every model is chapter 7's GPT with two blocks of 128. Shares are of 300 sums that no training saw, likeliest answers.
"""

import copy
import random
from collections import Counter
from collections.abc import Callable, Iterable

from torch import nn

from chapters.ch08 import sums
from chapters.ch08.kept.answering import imitate, practise, text_of

SFT_STEPS, SFT_RATE, ROWS = 300, 4e-3, 32
RL_STEPS, RL_RATE, TOO_FAST = 80, 3e-4, 2e-3


def taught(seed: int, answer: Callable, known: list, steps: int = SFT_STEPS) -> nn.Module:
    """SFT of a fresh model."""
    model = sums.fresh(seed)
    for _ in imitate(model, sums.in_ids(known, answer), steps, SFT_RATE, ROWS):
        pass
    return model


def practised(model: nn.Module, unsolved: list, kind: str = "sum", rate: float = RL_RATE) -> nn.Module:
    """GRPO of a copy. kind: the sum is right; the form alone (it ends with a number); or a coin, whatever it wrote."""
    model, dice = copy.deepcopy(model), random.Random(1)

    def reward(number: int, ids: list[int]) -> float:
        text = text_of(ids)
        if kind == "coin":
            return float(dice.random() < 0.5)
        return float(sums.is_right(unsolved[number], text) if kind == "sum" else sums.said(text).isdigit())

    questions = sums.rows_of(unsolved).tolist()
    for _ in practise(model, questions, reward, RL_STEPS, rate):
        pass
    return model


def of_eight(model: nn.Module, asked: list) -> dict[str, float]:
    """Eight answers drawn at temperature 1: how often one of them is right, and how often the most frequent one is."""
    every = list(zip(*(map(sums.said, sums.answers(model, asked, 1.0)) for _ in range(8)), strict=True))
    right = [str(a + b) for a, b in asked]
    most = [Counter(row).most_common(1)[0][0] for row in every]
    return {
        "best": sum(r in row for r, row in zip(right, every, strict=True)) / len(asked),
        "majority": sum(map(str.__eq__, right, most)) / len(asked),
    }


def record_reasoning(seeds: Iterable[int] = range(3)) -> dict:
    """The figures behind data/results/reasoning.json."""
    found = []
    for seed in seeds:
        known, unsolved, asked = sums.split(seed=seed)
        one = {}
        for name, answer in (("answer alone", sums.result), ("blanks", sums.blanks), ("draft", sums.draft)):
            model = taught(seed, answer, known)
            one[name] = sums.share_right(model, asked)
        one["draft, of the taught"] = sums.share_right(model, known)
        one["draft, twice the steps"] = sums.share_right(taught(seed, sums.draft, known, 2 * SFT_STEPS), asked)
        one |= {f"{how} of 8": share for how, share in of_eight(model, asked).items()}
        print(seed, one, flush=True)
        for name, kind, rate in (
            ("GRPO", "sum", RL_RATE), ("form alone", "form", RL_RATE), ("a coin", "coin", RL_RATE),
            ("GRPO, too fast", "sum", TOO_FAST),
        ):  # fmt: skip
            one[name] = sums.share_right(practised(model, unsolved, kind, rate), asked)
            print(seed, name, one[name], flush=True)
        found.append(one)
    steps = {"SFT": SFT_STEPS, "GRPO": RL_STEPS}
    return {"seeds": found, "taught": 200, "held out": sums.HELD_OUT, "steps": steps}
