"""Chapter 6's experiments: what pre-training is worth, what few parameters can do, what each head does.

    loaded = load_checkpoint("bert-stories")
    with silenced(loaded.model.bert, [(2, 1)]): ...                         # layer 2, head 1, both counted from 1

`course results bert` records what takes longer than a lesson in data/results/.
Source of the ablation: Michel, Levy & Neubig 2019, Are sixteen heads really better than one?
"""

import functools
import re
import statistics
from collections.abc import Iterable

import torch

from chapters.ch06 import adapters
from chapters.ch06.finetuning import KINDS, Task, task_of
from chapters.ch06.lesson import BertLesson
from course_kit.checkpoints import load_checkpoint
from course_kit.data import stories
from course_kit.heads import heads_of, silenced
from course_kit.runtime import DEVICES, choice, pick_device
from course_kit.views.table import Table
from course_utils.bert import Bert

NAME = "bert-stories"
STEPS = {"sentiment": 150, "pairs": 400, "entities": 100, "questions": 400}
STARTS = {"from scratch": 1e-3, "pre-trained": 1e-3}  # learning rates in class
RATES_TRIED = (5e-4, 1e-3, 2e-3)
SPLITS = {"valid": "known words and patterns", "test": "new words and patterns"}
COUNTING_WORDS = {  # what counting words reaches, without order: data/stories/README.md
    "sentiment": {"valid": 0.69, "test": 0.56},
    "pairs": {"valid": 0.61, "test": 0.44},
    "entities": {"valid": 0.77, "test": 0.00},
    "questions": {"valid": 0.44, "test": 0.36},
}


def begin(task: Task, encoder: Bert, start: str, seed: int = 0) -> torch.nn.Module:
    """A model for a task, "from scratch" (of the encoder's sizes) or "pre-trained" (a copy of it)."""
    model = task.model(encoder.config if start == "from scratch" else encoder, seed)
    return model.to(next(encoder.parameters()).device)


def pretraining_loss_of_heads(lesson: BertLesson, model, count: int = 512, split: str = "valid") -> Table:
    """What both pre-training tasks lose without each head: accuracies, and how much lower they are."""
    whole, rows = lesson.measure(model, split, count), []
    for head in heads_of(model.bert):
        with silenced(model.bert, [head]):
            found = lesson.measure(model, split, count)
        lost = {
            f"{name} lost": round(whole[f"{name} accuracy"] - found[f"{name} accuracy"], 4) for name in ("MLM", "NSP")
        }
        rows.append({"head": f"{head.layer}.{head.head}"} | lost)
    return Table(rows, f"All heads: MLM {whole['MLM accuracy']:.3f}, NSP {whole['NSP accuracy']:.3f}")


def gap_without(lesson: BertLesson, model, pair: tuple[str, str], heads: Iterable[tuple[int, int]]) -> str:
    """The five likeliest words for the gap in a pair, and whether B follows, with heads silent (both from 0, as a view
    names them); HTML."""
    with silenced(model.bert, [(layer + 1, head + 1) for layer, head in heads]):
        filled = lesson.fill(model, *pair)
        follows = lesson.follows(model, [pair])[0]
    words = ", ".join(f"<b>{word}</b> {p:.2f}" for word, p in filled.top(filled.masks[0]))
    return f"{words} · B follows: {follows:.2f}"


def task_loss_of_heads(task: Task, model, count: int | None = None, split: str = "test") -> Table:
    """What a fine-tuned model loses without each head, in the task's main figure."""
    whole, rows = task.measure(model, split, count)[task.main], []
    for head in heads_of(model.bert):
        with silenced(model.bert, [head]):
            lost = whole - task.measure(model, split, count)[task.main]
        rows.append({"head": f"{head.layer}.{head.head}", f"{task.main} lost": round(lost, 4)})
    return Table(rows, f"{task.name}, all heads: {task.main} {whole:.3f}")


def record_tasks(seeds: int = 3) -> dict:
    """Four tasks from scratch and pre-trained, several seeds; the figures behind data/results/bert_tasks.json.

    The learning rate of either start is the best of RATES_TRIED on valid, with a seed that is not recorded.
    """
    encoder, loaded, about = _pretrained()
    figures = {**about, "seeds": seeds, "rates tried": list(RATES_TRIED), "splits": SPLITS, "tasks": {}}
    for name in KINDS:
        task, steps, found = task_of(name, loaded.tokenizer), STEPS[name], {}
        for start in STARTS:

            def tuned(seed, lr, task=task, steps=steps, start=start):
                model = begin(task, encoder, start, seed)
                task.train(model, steps, seed, lr=lr)
                return {split: task.measure(model, split)[task.main] for split in SPLITS}

            found[start] = _best(tuned, RATES_TRIED, seeds)
        figures["tasks"][name] = {"steps": steps, "main": task.main, **found}
    return figures


def record_adapters(steps: int = 300, seeds: int = 3, tasks=("sentiment", "entities")) -> dict:
    """Ways of fine-tuning, several seeds, rates chosen as in record_tasks; for data/results/bert_adapters.json.

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


def record_labels(counts=(20, 100, 500, 2000), steps: int = 150, seeds: int = 3) -> dict:
    """One task with few labels and with many, from scratch and pre-trained; for data/results/bert_labels.json."""
    encoder, loaded, about = _pretrained()
    whole, found = task_of("sentiment", loaded.tokenizer), {}
    for start in STARTS:
        found[start] = {}
        for count in counts:
            task = task_of("sentiment", loaded.tokenizer)
            task.given = {"train": whole.examples("train")[:count]}
            runs = []
            for seed in range(seeds):
                model = begin(task, encoder, start, seed)
                task.train(model, steps, seed)
                runs.append({split: task.measure(model, split)[task.main] for split in SPLITS})
            found[start][str(count)] = {split: over_seeds([run[split] for run in runs]) for split in SPLITS}
    return {**about, "task": "sentiment", "steps": steps, "seeds": seeds, "splits": SPLITS, "starts": found}


def _adapted(task: Task, encoder: Bert, way: str, steps: int, seed: int, lr: float) -> dict[str, float]:
    model = adapters.ways(task, encoder, steps, seed)[way]
    reader = adapters.learn(task, model.to(next(encoder.parameters()).device), way, steps, seed, lr)
    return {split: reader.measure(model, split)[task.main] for split in SPLITS}


def _best(tuned, rates, seeds: int) -> dict:
    """tuned(seed, lr) -> figures of each split; at the rate that is best on valid with another seed: all seeds."""
    lr = max(rates, key=lambda rate: tuned(99, rate)["valid"])
    runs = [tuned(seed, lr) for seed in range(seeds)]
    return {"lr": lr} | {split: over_seeds([run[split] for run in runs]) for split in SPLITS}


def record_heads(count: int = 1024) -> dict:
    """Each head ablated, of the pre-trained and the fine-tuned checkpoints; for data/results/bert_heads.json.

    The fine-tuned ones are those that are shipped: `bert-sentiment` and the other three.
    """
    loaded = load_checkpoint(NAME)
    lesson, figures = BertLesson(loaded.tokenizer), {"checkpoint": NAME, "pairs": count, "tasks": {}}
    whole = lesson.measure(loaded.model, "valid", count)
    figures["all heads"] = {name: round(whole[f"{name} accuracy"], 4) for name in ("MLM", "NSP")}
    figures["pre-training"] = list(pretraining_loss_of_heads(lesson, loaded.model, count))
    for name in KINDS:
        tuned = load_checkpoint(f"bert-{name}")
        task = task_of(name, tuned.tokenizer)
        figures["tasks"][name] = {
            "main": task.main, "all heads": round(task.measure(tuned.model, "test")[task.main], 4),
            "heads": list(task_loss_of_heads(task, tuned.model)),
        }  # fmt: skip
    return figures


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


def words_in(texts: Iterable[str]) -> set[str]:
    """All words of some texts, in lower case."""
    return {word for text in texts for word in re.findall("[a-z]+", text.lower())}


def new_words(task: Task) -> set[str]:
    """The words of a task's test sentences that none of its training sentences has."""
    fields = ("text", "first", "second", "context", "question")
    texts = {
        split: [
            text
            for e in task.examples(split)
            for text in [*getattr(e, "words", ()), *(getattr(e, f, "") for f in fields)]
        ]
        for split in ("train", "test")
    }
    return words_in(texts["test"]) - words_in(texts["train"])


def told_before(tasks: Iterable[Task]) -> float:
    """The share of the words that are new to a task which the training stories have."""
    told = words_in(sentence for story in stories.load("stories", "train") for sentence in story.sentences)
    new = [word for task in tasks for word in new_words(task)]
    return sum(word in told for word in new) / len(new)
