"""Recipes of language models: a text in random windows, held-out loss. `recipes.train` does the rest."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from chapters.ch07 import language
from course_kit import checkpoints, decoding, files
from course_kit.models.fused import fuse
from course_kit.models.rotary_gpt import RotaryGPT, gpt_sizes
from course_kit.text import BytePairs, Characters, WordPiece, from_json
from course_utils.gpt import GPT, GPTConfig, next_token_loss
from course_utils.llama import Llama, LlamaConfig

from .measuring import finish


@dataclass(frozen=True)
class LanguageRecipe:
    """What a language model is made of and how.

    corpus      a text of `language.load_text`; every character is a token;
                or, where `subwords` is given, so many byte pairs, learned from the text
    model       settings of GPTConfig, of LlamaConfig where the architecture is "Llama", or of gpt_sizes ("RotaryGPT")
    rows        windows of `context` tokens in a batch
    optimizer   "adamw" or "muon", see `chapters.ch07.optimizers`
    steps, lr, warm_up, decay   of the optimizer, its rate rising for warm_up steps, then falling in a line to 3 %
    every, valid  steps from one measurement to the next; held-out windows measured then (all of them without it)
    openings, sampling   what the unselected samples in the card go on from, and how: options of `decoding.generate`
    """

    corpus: str
    model: dict
    steps: int
    rows: int = 32
    lr: float = 1e-3
    warm_up: int = 200
    decay: float = 0.0
    every: int = 250
    subwords: int | None = None
    valid: int | None = None
    openings: tuple[str, ...] = ("\n",) * 10
    sampling: dict = field(default_factory=lambda: {"max_new_tokens": 300, "temperature": 0.8})
    seed: int = 0
    keep: str = "best"
    optimizer: str = "adamw"
    architecture: str = "GPT"

    def measure(self, name: str) -> Path:
        """Measure the checkpoint on all of the held-out text, let it write samples -> the path of its JSON."""
        loaded = checkpoints.load_checkpoint(name)
        lesson = language.TextLesson(language.load_text(self.corpus), loaded.tokenizer, loaded.model.context)
        loss = lesson.valid_loss(loaded.model)
        result = {
            "valid_loss": loss, "valid_bits_per_character": lesson.bits_per_character(loss),
            "bigram_loss": lesson.bigram_loss(), "uniform_loss": lesson.uniform_loss,
        }  # fmt: skip
        result = {key: round(value, 4) for key, value in result.items()}
        written = [decoding.generate(loaded, x, seed=seed, **self.sampling) for seed, x in enumerate(self.openings)]
        samples = [(x + text).removeprefix("\n") for x, text in zip(self.openings, written, strict=True)]
        return finish(loaded, name, result, samples_not_selected=samples)


class Writing:
    """Data, model, loss and score of a LanguageRecipe. folder: where a stopped training has kept its byte pairs."""

    metric, key, sign, seen = "held-out loss", "valid_loss", -1, None

    def __init__(self, recipe: LanguageRecipe, folder: Path):
        self.recipe, self.text = recipe, language.load_text(recipe.corpus)
        tokenizer = _tokenizer(recipe, self.text.train, folder)
        self.model = new_model(recipe, len(tokenizer))
        self.lesson = language.TextLesson(self.text, tokenizer, self.model.context, recipe.rows)
        self.batches, self.vocabularies = self.lesson.batch, {"tokenizer": tokenizer}

    def __str__(self) -> str:
        return f"{len(self.text.train):,} characters, {len(self.lesson.tokenizer):,} different tokens"

    def loss(self, model: GPT | Llama, batch: torch.Tensor) -> torch.Tensor:
        return next_token_loss(model, batch)

    def score(self, model: GPT | Llama) -> float:
        self.lesson.device = next(model.parameters()).device
        return self.lesson.valid_loss(model, self.recipe.valid)

    @property
    def data(self) -> dict:
        """What the card says of the data."""
        return {
            "corpus": self.text.name, "train_characters": len(self.text.train),
            "split": self.text.note or "see chapters.ch07.language",
            "sha256": self.text.sha256, "licence": self.text.licence, "attribution": self.text.attribution,
        }  # fmt: skip


def new_model(recipe: LanguageRecipe, vocabulary: int) -> Any:
    """What is trained, with random parameters."""
    if recipe.architecture == "Llama":
        return fuse(Llama(LlamaConfig(vocabulary, **recipe.model)))
    if recipe.architecture == "RotaryGPT":
        return fuse(RotaryGPT(gpt_sizes(vocabulary, **recipe.model)))
    return fuse(GPT(GPTConfig(vocabulary, **recipe.model)))


def _tokenizer(recipe: LanguageRecipe, content: str, folder: Path) -> Any:
    """Characters or byte pairs."""
    if (pieces := recipe.subwords) is None:
        return Characters.build(content)
    return kept_tokenizer(folder, lambda: BytePairs.build([content], pieces))


def kept_tokenizer(folder: Path, build: Callable[[], BytePairs | WordPiece]) -> Any:
    """The tokenizer that a stopped training began with, kept beside its state; else the one that `build` makes."""
    path = folder / "tokenizer.json"
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        files.write_atomically(path, json.dumps(build().to_json()))
    return from_json(json.loads(path.read_text("utf-8")))
