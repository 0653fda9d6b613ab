"""What a draft is worth, and a reward that a program checks: sums of two numbers below 100, 200 of them taught.

    record_reasoning()     # three seeds

Every model is chapter 7's GPT with two blocks of 128. Shares are of 300 sums that no training saw, likeliest answers.
"""

import copy
import random
from collections import Counter
from collections.abc import Callable, Iterable

from torch import nn

from chapters.ch09 import sums
from chapters.ch09.kept.answering import imitate, practise, text_of
from course_kit.i18n import mark

SFT_STEPS, SFT_RATE, ROWS = 400, 2e-3, 32
RL_STEPS, RL_RATE, TOO_FAST = 50, 3e-4, 2e-3


def imitating(model: nn.Module, answer: Callable, known: list) -> nn.Module:
    """SFT of a copy."""
    model = copy.deepcopy(model)
    for _ in imitate(model, sums.in_ids(known, answer), SFT_STEPS, SFT_RATE, ROWS):
        pass
    return model


def practised(model: nn.Module, unsolved: list, rate: float = RL_RATE, coin: bool = False) -> nn.Module:
    """GRPO of a copy: 1 for a right sum; or, coin: for one answer in two, whatever it says."""
    model, dice = copy.deepcopy(model), random.Random(1)

    def reward(number: int, ids: list[int]) -> float:
        return float(dice.random() < 0.5 if coin else sums.is_right(unsolved[number], text_of(ids)))

    for _ in practise(model, sums.rows_of(unsolved).tolist(), reward, RL_STEPS, rate):
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
        models = {}
        for name, answer in ((mark("answer alone"), sums.result), ("blanks", sums.blanks), ("draft", sums.draft)):
            models[name] = imitating(sums.fresh(seed), answer, known)
        start = models["draft"]
        models["draft + GRPO"] = practised(start, unsolved)
        models["draft + as many steps of SFT again"] = imitating(start, sums.draft, known)
        again = models["draft + as many steps of SFT again"]
        models["draft + SFT again + GRPO"] = practised(again, unsolved)
        models["draft + SFT again + SFT again"] = imitating(again, sums.draft, known)
        models["draft + GRPO, paid by a coin"] = practised(start, unsolved, coin=True)
        if not found:
            models["draft + GRPO, too fast"] = practised(start, unsolved, TOO_FAST)
        one = {name: sums.share_right(model, asked) for name, model in models.items()}
        form = sum(sums.said(text).isdigit() for text in sums.answers(start, asked)) / len(asked)
        found.append(
            {
                "right": one,
                mark("of the taught"): sums.share_right(start, known),
                "form": form,
                **of_eight(start, asked),
            }
        )
        print(seed, found[-1], flush=True)
    return {
        "seeds": found,
        "taught": 200,
        mark("held out"): sums.HELD_OUT,
        "steps": {"SFT": SFT_STEPS, "GRPO": RL_STEPS},
    }


FILTER_STEPS, FILTER_RATE, FILTER_ROUNDS = 200, 1e-3, 2


def record_filter(seeds: Iterable[int] = range(3)) -> dict:
    """The figures behind data/results/filter.json: a model imitates what it has written, if a check lets it pass.

    In each of two rounds the draft model writes its likeliest answers to all unsolved sums, and imitates some of them:
    those that pass the check, or all; or, as many steps, the taught drafts again. kept: how many passed in each round.
    """
    found = []
    for seed in seeds:
        known, unsolved, asked = sums.split(seed=seed)
        start = imitating(sums.fresh(seed), sums.draft, known)
        right, kept = {mark("before"): [sums.share_right(start, asked)]}, []
        for name in (mark("checked"), mark("unchecked"), mark("taught again")):
            model, right[name] = copy.deepcopy(start), []
            for turn in range(FILTER_ROUNDS):
                talks = sums.in_ids(known, sums.draft)
                if name != "taught again":
                    texts = sums.answers(model, unsolved)
                    passed = [name == "unchecked" or sums.is_right(*one) for one in zip(unsolved, texts, strict=True)]
                    pairs = [one for one, good in zip(zip(unsolved, texts, strict=True), passed, strict=True) if good]
                    talks = sums.talks(*zip(*pairs, strict=True))
                if name == "checked":
                    kept.append(len(talks))
                for _ in imitate(model, talks, FILTER_STEPS, FILTER_RATE, ROWS, seed=turn):
                    pass
                right[name].append(sums.share_right(model, asked))
        found.append({"right": right, "kept": kept})
        print(seed, found[-1], flush=True)
    return {
        "seeds": found,
        "unsolved": len(unsolved),
        "taught": 200,
        mark("held out"): sums.HELD_OUT,
        "steps": FILTER_STEPS,
    }
