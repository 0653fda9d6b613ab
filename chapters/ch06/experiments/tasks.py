"""Chapter 6's experiments: what few parameters can do.

`course results bert_adapters` records it in data/results/.
"""

import functools
import statistics

import torch

from chapters.ch06 import adapters
from chapters.ch06.finetuning import Task, task_of
from course_kit.checkpoints import load_checkpoint
from course_kit.runtime import DEVICES, choice, pick_device
from course_utils.bert import Bert

NAME = "bert-stories"
STEPS = {"sentiment": 150, "pairs": 400, "entities": 100, "questions": 400}
SPLITS = {"valid": "known words and patterns", "test": "new words and patterns"}
COUNTING_WORDS = {  # what counting words reaches, without order: data/stories/README.md
    "sentiment": {"valid": 0.69, "test": 0.56},
    "pairs": {"valid": 0.61, "test": 0.44},
    "entities": {"valid": 0.77, "test": 0.00},
    "questions": {"valid": 0.44, "test": 0.36},
}


def record_adapters(steps: int = 300, seeds: int = 3, tasks=("sentiment", "entities")) -> dict:
    """Ways of fine-tuning, several seeds, each at its best rate on valid; for data/results/bert_adapters.json.

    AdaLoRA is for classification only.
    """
    encoder, loaded, about = _pretrained()
    figures = {**about, "steps": steps, "seeds": seeds, "splits": SPLITS, "tasks": {}}
    for name in tasks:
        task, rows = task_of(name, loaded.tokenizer), []
        for way, model in adapters.ways(task, encoder, steps).items():
            learn, every = adapters.trainable(model)
            found = _best(functools.partial(_adapted, task, encoder, way, steps), adapters.TRIED[way], seeds)
            rows.append(
                {"what learns": way, "parameters": learn, "of all, in %": round(100 * learn / every, 2), **found}
            )
        figures["tasks"][name] = {"main": task.main, "rows": rows}
    return figures


def _adapted(task: Task, encoder: Bert, way: str, steps: int, seed: int, lr: float) -> dict[str, float]:
    model = adapters.ways(task, encoder, steps, seed)[way]
    reader = adapters.learn(task, model.to(next(encoder.parameters()).device), way, steps, seed, lr)
    return {split: reader.measure(model, split)[task.main] for split in SPLITS}


def _best(tuned, rates, seeds: int) -> dict:
    """tuned(seed, lr) -> figures of each split; at the rate that is best on valid with another seed: all seeds."""
    lr = max(rates, key=lambda rate: tuned(99, rate)["valid"])
    runs = [tuned(seed, lr) for seed in range(seeds)]
    return {"lr": lr} | {split: over_seeds([run[split] for run in runs]) for split in SPLITS}


def _pretrained():
    """The encoder on the device asked for, what was loaded, and what a record says of both."""
    loaded = load_checkpoint(NAME)
    device = pick_device(choice("COURSE_DEVICE", "auto", DEVICES))
    about = {"checkpoint": NAME, "pre-training steps": loaded.card["training"]["step"]}
    if device.type == "cuda":
        about["device"] = torch.cuda.get_device_name()
    return loaded.model.bert.to(device), loaded, about


def spread(found: dict) -> str:
    """A recorded mean with the lowest and the highest of its seeds, in %."""
    return f"{100 * found['mean']:.1f} ({100 * found['lowest']:.1f} to {100 * found['highest']:.1f})"


def over_seeds(values: list[float]) -> dict:
    """Mean, lowest and highest, and each."""
    return {"mean": round(statistics.fmean(values), 4), "lowest": round(min(values), 4),
            "highest": round(max(values), 4), "each": [round(x, 4) for x in values]}  # fmt: skip
