"""Recipes of language models: a text in random windows, held-out loss. `recipes.train` does the rest."""

import math
from dataclasses import dataclass
from pathlib import Path

import torch

from chapters.ch07 import language
from course_utils import decoding
from course_utils.models.gpt import GPT, GPTConfig
from course_utils.text import Characters, Vocabulary
from course_utils.training import checkpoints

from .measuring import finish

SAMPLES, LENGTH = 10, 300  # unselected samples in the card, and how long


@dataclass(frozen=True)
class LanguageRecipe:
    """What a language model is made of and how.

    corpus      a text of `language.load_text`; every character is a token, of a large script the `most` frequent ones
    model       settings of GPTConfig
    rows        windows of max_length characters in a batch
    steps, lr, warm_up, decay, every   AdamW, its rate rising for warm_up steps, then falling in a line to 3 %
    """

    corpus: str
    model: dict
    steps: int
    rows: int = 32
    lr: float = 1e-3
    warm_up: int = 200
    decay: float = 0.0
    every: int = 250
    most: int | None = None
    seed: int = 0
    keep: str = "best"

    def measure(self, name: str) -> Path:
        """Measure the checkpoint on all of the held-out text, let it write samples -> the path of its JSON."""
        loaded, lesson = checkpoints.load_checkpoint(name), Writing(self, checkpoints.folder()).lesson
        loss = lesson.valid_loss(loaded.model)
        result = {
            "valid_loss": loss, "valid_bits_per_character": loss / math.log(2), "bigram_loss": lesson.bigram_loss(),
            "uniform_loss": lesson.uniform_loss,
        }  # fmt: skip
        result = {key: round(value, 4) for key, value in result.items()}
        samples = [decoding.generate(loaded, "\n", LENGTH, 0.8, seed=seed) for seed in range(SAMPLES)]
        return finish(loaded, name, result, samples_not_selected=samples)


class Writing:
    """Data, model, loss and score of a LanguageRecipe."""

    metric, key, sign, seen = "held-out loss", "valid_loss", -1, None

    def __init__(self, recipe: LanguageRecipe, folder: Path):
        self.recipe, self.text = recipe, language.load_text(recipe.corpus)
        if recipe.most is None:
            tokenizer = Characters.build(self.text.train)
        else:
            tokenizer = Vocabulary.build([self.text.train], "exact", max_size=recipe.most)
        self.model = GPT(GPTConfig(len(tokenizer), **recipe.model))
        self.lesson = language.TextLesson(self.text, tokenizer, self.model.config.max_length, recipe.rows)
        self.batches, self.vocabularies = self.lesson.batch, {"tokenizer": tokenizer}

    def __str__(self) -> str:
        return f"{len(self.text.train):,} characters, {len(self.lesson.tokenizer):,} different ones"

    def loss(self, model: GPT, batch: torch.Tensor) -> torch.Tensor:
        return model.loss(batch)

    def score(self, model: GPT) -> float:
        self.lesson.device = next(model.parameters()).device
        return self.lesson.valid_loss(model)

    @property
    def data(self) -> dict:
        """What the card says of the data."""
        return {
            "corpus": self.text.name, "train_characters": len(self.text.train), "split": "see chapters.ch07.language",
            "sha256": self.text.sha256, "licence": self.text.licence, "attribution": self.text.attribution,
        }  # fmt: skip
