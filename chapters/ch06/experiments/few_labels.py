"""Sixteen labelled sentences with *bank*, and sixteen new ones: does the new layer learn alone, or everything?

`course results bert_banks` records it.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F

from chapters.ch06.experiments.contextual import TOLD_AFTERWARDS, TOLD_LATER, in_order
from chapters.ch06.pairs import collate, encode_all
from course_kit.checkpoints import load_checkpoint
from course_kit.contexts import seeded
from course_utils.bert_heads import BertForSequenceClassification

RATES = {"new layer": (1e-2,), "everything": (1e-3, 3e-4)}


def right(way: str, rate: float, seed: int, steps: int = 60) -> int:
    """bert-prose learns the first sixteen sentences -> how many of the new ones it then gets right."""
    read, batches = load_checkpoint("bert-prose"), []
    with seeded(seed):
        model = BertForSequenceClassification(read.model.config)
    model.bert.load_state_dict(read.model.bert.state_dict())
    model.eval()  # without dropout
    for told in (TOLD_LATER, TOLD_AFTERWARDS):
        sentences, money = in_order(told)
        batches.append((collate(encode_all(read.tokenizer, sentences, read.model.config.context)), money.long()))
    (known, labels), (new, kinds) = batches
    optimiser = torch.optim.Adam((model.classifier if way == "new layer" else model).parameters(), lr=rate)
    for _ in range(steps):
        loss = F.cross_entropy(model(known.ids, known.segments, known.mask), labels)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    with torch.no_grad():
        return int((model(new.ids, new.segments, new.mask).argmax(-1) == kinds).sum())


def record_banks(seeds: Sequence[int] = range(5), steps: int = 60) -> dict:
    """The figures behind data/results/bert_banks.json: for each way and rate how many of 16, one for each seed."""
    found = {
        way: {f"{rate:g}": [right(way, rate, seed, steps) for seed in seeds] for rate in rates}
        for way, rates in RATES.items()
    }
    return {"steps": steps, "seeds": list(seeds), "right of 16": found}
