"""What the annex's tables of the four tasks share, and how figures of several seeds are told."""

import re
import statistics
from itertools import combinations

import torch

from course_kit.data import stories
from course_kit.i18n import mark, t

SPLITS = {"valid": mark("known words and patterns"), "test": mark("new words and patterns")}
COUNTING_WORDS = {  # what counting words reaches, without order: data/stories/README.md
    "sentiment": {"valid": 0.69, "test": 0.56},
    "pairs": {"valid": 0.61, "test": 0.44},
    "entities": {"valid": 0.77, "test": 0.00},
    "questions": {"valid": 0.44, "test": 0.36},
}


def spread(found: dict) -> str:
    """A recorded mean with the lowest and the highest of its seeds, in %."""
    return t(
        "{mean} ({lowest} to {highest})",
        mean=f"{100 * found['mean']:.1f}",
        lowest=f"{100 * found['lowest']:.1f}",
        highest=f"{100 * found['highest']:.1f}",
    )


def over_seeds(values: list[float]) -> dict:
    """Mean, lowest and highest, and each."""
    return {"mean": round(statistics.fmean(values), 4), "lowest": round(min(values), 4),
            "highest": round(max(values), 4), "each": [round(x, 4) for x in values]}  # fmt: skip


def by_word_pairs(penalty: float = 0.1) -> dict[str, float]:
    """Good or bad by a linear model of words and of ordered pairs of words: {"valid": …, "test": …}, the shares right.

    Ridge regression; of penalties from 0.01 to 30 those up to 0.3 are best on "valid".
    """
    found = {split: stories.load("sentiment", split) for split in ("train", "valid", "test")}
    words = {split: [re.findall("[a-z']+", one.text.lower()) for one in rows] for split, rows in found.items()}
    counted = {split: [{*text, *combinations(text, 2)} for text in texts] for split, texts in words.items()}
    known: dict = {}
    for name in (name for text in counted["train"] for name in text):
        known.setdefault(name, len(known))
    x, y = {}, {}
    for split, texts in counted.items():
        x[split] = torch.zeros(len(texts), len(known))
        for row, text in zip(x[split], texts, strict=True):
            row[[known[name] for name in text if name in known]] = 1
        y[split] = torch.tensor([2.0 * (one.label == "positive") - 1 for one in found[split]])
    alike = x["train"] @ x["train"].T
    score = x["train"].T @ torch.linalg.solve(alike + penalty * torch.eye(len(alike)), y["train"])
    return {split: (x[split] @ score * y[split] > 0).float().mean().item() for split in ("valid", "test")}
