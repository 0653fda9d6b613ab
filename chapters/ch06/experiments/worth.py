"""What reading was worth on a new task, and how thin a change may be. Behind bert_reading.json, bert_sentiment.json and
bert_labels.json.

The task is good or bad, in short sentences; the network that of bert-stories, three blocks of 128. Four ways to it:
from first parameters, from bert-stories, from there with LoRA, where only thin matrices and the head learn, and from
there with the head alone, that is, the pooler and the new layer.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import nn

from chapters.ch06.experiments.tasks import by_word_pairs, over_seeds
from chapters.ch06.finetuning import task_of
from course_kit.checkpoints import load_checkpoint
from course_kit.contexts import seeded
from course_kit.i18n import mark
from course_kit.models.fused import fuse
from course_kit.training import fit, warm_then_fall
from course_utils.bert_heads import BertForSequenceClassification
from course_utils.low_rank import add_low_rank

STEPS, WARM_UP, SEEDS, RANK = 200, 20, 3, 4
LONGER, MORE = 400, 6  # steps and seeds of what the lesson says in one line
LABELS = 100, 500  # and all 2,000, which bert_sentiment.json has
WAYS = {  # each with the rates that are tried
    mark("pre-trained"): (1e-3,),
    mark("LoRA"): (1e-2,),
    mark("pooler and new layer"): (1e-2, 1e-3),
    mark("from scratch"): (1e-3, 3e-4),
}


def started(way: str, seed: int) -> nn.Module:
    """A classifier before its training; from scratch its first parameters are drawn as in `make_bert`."""
    read = load_checkpoint("bert-stories").model
    with seeded(seed):
        model = BertForSequenceClassification(read.config)
        if way == "from scratch":
            for name, weight in model.bert.named_parameters():
                if weight.dim() == 2:
                    nn.init.normal_(weight, std=0.05 if "embeddings" in name else weight.shape[1] ** -0.5)
            return fuse(model)
        model.bert.load_state_dict(read.bert.state_dict())
        if way == "LoRA":
            add_low_rank(model.bert, RANK)
            return model
        if way == "pooler and new layer":
            model.bert.requires_grad_(False)
            model.bert.pooler.requires_grad_(True)
        return fuse(model)


def trained(way: str, rate: float, seed: int, labels: int | None = None, steps: int = STEPS) -> dict[str, float]:
    """The shares right after training on the first so many labels, or on all: {"valid": …, "test": …}."""
    task = task_of("sentiment", load_checkpoint("bert-stories").tokenizer)
    model = started(way, seed)
    inputs, targets = (part[:labels] for part in task.prepared("train"))

    def batch(generator):
        chosen = torch.randint(len(inputs), (32,), generator=generator).tolist()
        return task.collate([(inputs[n], targets[n]) for n in chosen])

    def loss(model, given):
        return F.cross_entropy(task.read(model, given.inputs), given.labels)

    fit(model, batch, loss, steps=steps, seed=seed, lr=rate, clip=1.0, schedule=warm_then_fall(steps, WARM_UP),
        show=False)  # fmt: skip
    return {split: task.measure(model, split)["accuracy"] for split in ("valid", "test")}


def record_sentiment(ways: Sequence[str] = tuple(WAYS), seeds: int = SEEDS) -> dict:
    """Each way with several seeds, at the rate that is best on known words and patterns."""
    figures: dict = {"steps": STEPS, "seeds": seeds, "rank": RANK}
    for way in ways:
        tried = [{"lr": rate} | runs_of(way, rate, seeds) for rate in WAYS[way]]
        figures[way] = max(tried, key=lambda row: row["valid"]["mean"]) | {"rates tried": list(WAYS[way])}
    return figures


def record_reading(seeds: int = MORE, steps: int = LONGER) -> dict:
    """With reading and from scratch, as many steps, and counting words and pairs of words. Of two rates from scratch
    the better one on new names and patterns is taken."""
    figures: dict = {"steps": steps, "seeds": seeds, "counting pairs": by_word_pairs()}
    for way in ("pre-trained", "from scratch"):
        tried = [{"lr": rate} | runs_of(way, rate, seeds, steps=steps) for rate in WAYS[way]]
        figures[way] = max(tried, key=lambda row: row["test"]["mean"]) | {"rates tried": list(WAYS[way])}
    return figures


def runs_of(way: str, rate: float, seeds: int, labels: int | None = None, steps: int = STEPS) -> dict:
    """What several seeds reach, {"valid": …, "test": …}."""
    runs = [trained(way, rate, seed, labels, steps) for seed in range(seeds)]
    print(way, rate, labels, runs, flush=True)
    return {split: over_seeds([run[split] for run in runs]) for split in runs[0]}


def record_labels(seeds: int = SEEDS) -> dict:
    """With how many labels reading pays: the same steps on fewer labels, each way at its first rate."""
    figures: dict = {"steps": STEPS, "seeds": seeds, "labels": list(LABELS)}
    for way in ("from scratch", "pre-trained"):
        figures[way] = [runs_of(way, WAYS[way][0], seeds, labels) for labels in LABELS]
    return figures
