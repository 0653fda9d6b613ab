"""Recipes of chapter 6's checkpoints: `bert-stories`, pre-trained, and one for each task, fine-tuned from it.

`recipes.train` does the rest: `course train bert-stories`, then `… train bert-sentiment` and others.
"""

import copy
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from chapters.ch06 import adapters
from chapters.ch06.finetuning import Classify, task_of
from chapters.ch06.lesson import BertLesson, loss
from chapters.ch06.pairs import Judged, Masked
from chapters.ch06.practice import Practice, look_up
from course_kit import checkpoints
from course_kit.data.stories import Story
from course_kit.runs import checkpoint_writer

from .measuring import finish

FROM = "bert-stories"
LONGEST = 2  # sentences in each half of a pair: questions need places far from the first
PAIRS = 2048  # that a pre-trained model is measured on


@dataclass(frozen=True)
class StoriesRecipe:
    """A BERT pre-trained on our stories: settings of BertConfig; `rows` pairs in a batch; AdamW, its rate rising for
    warm_up steps, then falling in a line to 3 %."""

    model: dict
    steps: int
    corpus: str = "stories"
    rows: int = 64
    lr: float = 1e-3
    warm_up: int = 200
    decay: float = 0.01
    every: int = 1000
    seed: int = 0
    keep: str = "best"

    def measure(self, name: str) -> Path:
        """Both tasks on valid and test -> the path of the card."""
        loaded = checkpoints.load_checkpoint(name)
        lesson, result = BertLesson(loaded.tokenizer, longest=LONGEST), dict[str, float]()
        for split in ("valid", "test"):
            found = lesson.measure(loaded.model, split, PAIRS)
            result |= {f"{split}_{_key(what)}": round(x, 4) for what, x in found.items() if what != "loss, both"}
        return finish(loaded, name, result)


class PreTraining:
    """Data, model, loss and score of a StoriesRecipe."""

    metric, key, sign, seen = "held-out loss, both", "valid_loss", -1, None

    def __init__(self, recipe: StoriesRecipe, folder: Path):
        self.recipe, self.lesson = recipe, BertLesson(longest=LONGEST)
        self.model = self.lesson.model(recipe.seed, **recipe.model)
        self.vocabularies = {"tokenizer": self.lesson.tokenizer}

    def __str__(self) -> str:
        return f"{len(self.lesson.examples('train')):,} stories, {len(self.lesson.tokenizer):,} tokens"

    def batches(self, generator: torch.Generator) -> Masked:
        return self.lesson.batch(generator, self.recipe.rows)

    def loss(self, model: Any, batch: Masked) -> torch.Tensor:
        return loss(model, batch)

    def score(self, model: Any) -> float:
        return self.lesson.measure(model, "valid")["loss, both"]

    @property
    def data(self) -> dict:
        return _data("stories", self.lesson.examples("train"))


@dataclass(frozen=True)
class FineTuningRecipe:
    """The pre-trained model of `start`, fine-tuned for the task `corpus` of `finetuning`; the rest as StoriesRecipe.

    rank      LoRA of this rank in all its matrices, so that only a small file is added to it; 0: everything learns
    practice  for questions: practice in looking up (chapters/ch06/practice.py), and no dropout
    """

    corpus: str
    steps: int = 300
    rank: int = 3
    practice: bool = False
    rows: int = 32
    lr: float = 5e-3
    warm_up: int = 30
    decay: float = 0.01
    every: int = 100
    seed: int = 0
    keep: str = "best"
    start: str = FROM

    def measure(self, name: str) -> Path:
        """The figures of the task on its test split, which decides nothing -> the path of the card."""
        loaded = checkpoints.load_checkpoint(name)
        work = task_of(self.corpus, loaded.tokenizer)
        work.max_length = loaded.model.config.context
        found = work.measure(loaded.model, "test")
        result = {f"test_{_key(what)}": round(x, 4) for what, x in found.items()}
        base = {"base": self.start, "rank": self.rank} if self.rank else None
        return finish(loaded, name, result, base, chosen_on="valid")


class FineTuning:
    """Data, model, loss and score of a FineTuningRecipe."""

    sign, seen = 1, None

    def __init__(self, recipe: FineTuningRecipe, folder: Path):
        loaded: Any = checkpoints.load_checkpoint(recipe.start)
        self.recipe, self.tokenizer = recipe, loaded.tokenizer
        self.work = task_of(recipe.corpus, loaded.tokenizer)
        if recipe.practice:
            self.work = Practice(recipe.corpus, loaded.tokenizer)
            self.work.max_length = loaded.model.config.context
        self.metric, self.key = f"held-out {self.work.main}", f"valid_{_key(self.work.main)}"
        self.model: Any = self.work.model(loaded.model.bert, recipe.seed)
        if recipe.practice:
            look_up(self.model.bert, self.tokenizer, seed=recipe.seed)  # type: ignore[arg-type]
            for part in self.model.modules():
                if isinstance(part, torch.nn.Dropout):
                    part.p = 0.0
        if recipe.rank:
            targets = [*adapters.EVERYWHERE, *["pooler"] * isinstance(self.work, Classify)]
            self.model = adapters.lora(self.model, recipe.rank, recipe.seed, targets)

    def __str__(self) -> str:
        return f"{len(self.work.examples('train')):,} examples of {self.recipe.corpus}, from {self.recipe.start}"

    def batches(self, generator: torch.Generator) -> Judged:
        return self.work.batch(generator, self.recipe.rows)

    def loss(self, model: Any, batch: Judged) -> torch.Tensor:
        return self.work.loss(model, batch)

    def score(self, model: Any) -> float:
        return self.work.measure(model, "valid")[self.work.main]

    def save(self, model: Any, name: str, card: dict) -> Path:
        """What was added to the pre-trained model, or all of it."""
        if not self.recipe.rank:
            return checkpoint_writer.save_checkpoint(model, name, card, tokenizer=self.tokenizer)
        plain = copy.deepcopy(model).merge_and_unload()
        return checkpoint_writer.save_checkpoint(plain, name, card, base=self.recipe.start, rank=self.recipe.rank)

    @property
    def data(self) -> dict:
        return _data(self.recipe.corpus, self.work.examples("train")) | {"labels": list(self.work.labels)}


def _key(name: str) -> str:
    return name.lower().replace(" ", "_")


def _data(name: str, examples: list) -> dict:
    """What a card says of a set. The checksum is that of its training rows, as data/stories has them, sorted."""
    records = (e.sentences if isinstance(e, Story) else e for e in examples)
    rows = ("\t".join(["train", *(" ".join(f) if isinstance(f, tuple) else str(f) for f in r)]) for r in records)
    content = "\n".join(sorted(rows)) + "\n"
    return {
        "corpus": f"data/stories/{name}.gz", "train_examples": len(examples), "split": "by template and word",
        "sha256": hashlib.sha256(content.encode()).hexdigest(), "licence": "as the course",
        "attribution": "the course's own corpus",
    }  # fmt: skip
