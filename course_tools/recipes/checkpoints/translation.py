"""Recipes of models that translate: pairs of sentences, held-out BLEU. `recipes.train` does the rest."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from chapters.ch03 import tatoeba
from course_kit import checkpoints, decoding, files, text
from course_kit.models.fused import fuse
from course_utils.gpt import GPT, GPTConfig
from course_utils.loss import masked_loss

from . import measuring


@dataclass(frozen=True)
class Recipe:
    """What a checkpoint is made of and how.

    corpus        "tatoeba" or "grammar" (our own); pair: such as "en-fr"
    source, target  how each side is cut: "words", "characters" or "subwords", and the most of them
    model         settings of the architecture's config
    twins         our corpus: each frame of twins (too tired / too wide) comes at least about so many times in a pass
    keep          "best" by held-out BLEU, or the "last" state: our valid split holds no twins
    architecture  the model's class, one of checkpoints.architectures()
    steps, tokens, lr, warm_up, smoothing   so many updates on batches of so many tokens; Adam, its rate rising for
                  warm_up steps, then falling in a line to 3 %; label smoothing
    decay         weight decay
    optimizer     "adamw" or "muon", see `chapters.ch07.optimizers`
    every, valid  steps from one measurement to the next; held-out sentences measured then
    """

    corpus: str
    pair: str
    source: tuple[str, int]
    target: tuple[str, int]
    model: dict
    steps: int
    tokens: int = 3000
    lr: float = 2e-3
    warm_up: int = 200
    smoothing: float = 0.1
    every: int = 300
    valid: int = 800
    seed: int = 0
    architecture: str = "TiedTranslator"
    twins: int = 0
    keep: str = "best"
    decay: float = 0.0
    optimizer: str = "adamw"

    def measure(self, name: str) -> Path:
        """Measure the checkpoint on its test sentences -> the path of its JSON."""
        return measuring.measure(name, self)


class Translating:
    """Data, model, loss and score of a Recipe. folder: where a stopped training has kept its vocabularies."""

    metric, key, sign = "held-out BLEU", "valid_bleu_greedy", 1

    def __init__(self, recipe: Recipe, folder: Path):
        self.recipe, self.pairs = recipe, measuring.sentences(recipe, "train")
        self.source, self.target = _vocabularies(folder, recipe, self.pairs)
        self.model = _model(recipe, len(self.source), len(self.target))
        ids = [(self.source.encode(a), self.target.encode(b)) for a, b in self.pairs + measuring.more_twins(recipe)]
        self.batches = text.Batches([(a, b) for a, b in ids if 0 < len(a) <= self.model.config.context], recipe.tokens)
        self.vocabularies = {"source": self.source, "target": self.target}
        self.seen = checkpoints.sentence_hashes(a for a, _ in self.pairs)

    def __str__(self) -> str:
        return f"{len(self.pairs):,} pairs, {len(self.source):,} + {len(self.target):,} tokens"

    def loss(self, model: torch.nn.Module, batch: text.Batch) -> torch.Tensor:
        logits = model(batch.source, batch.target_in, batch.source_mask)
        logits = logits[0] if isinstance(logits, tuple) else logits  # of a TiedTranslator with its weights
        return masked_loss(logits, batch.target_out, batch.target_mask, self.recipe.smoothing)

    def score(self, model: torch.nn.Module) -> float:
        return measuring.held_out_bleu(model, self.source, self.target, self.recipe)

    @property
    def data(self) -> dict:
        """What the card says of the data."""
        content = "\n".join(map("\t".join, self.pairs))
        if self.recipe.corpus == "tatoeba":
            licence = {"licence": "CC BY 2.0 FR", "attribution": tatoeba.ATTRIBUTION}
        else:
            licence = {"licence": "as the course", "attribution": "the course's own corpus"}
        return {
            "corpus": self.recipe.corpus, "pair": self.recipe.pair, "train_pairs": len(self.pairs),
            "split": "by source sentence", "sha256": hashlib.sha256(content.encode()).hexdigest(), **licence,
        }  # fmt: skip


@dataclass(frozen=True)
class LinesRecipe(Recipe):
    """A GPT that translates: each pair is one line, source <to-fr> target, in one vocabulary (`source`, which `target`
    only repeats). model: settings of GPT; threads: so often come the course's own sentences in a pass."""

    threads: int = 1

    def measure(self, name: str) -> Path:
        """Let the checkpoint go on with each test sentence -> the path of its JSON."""
        loaded = checkpoints.load_checkpoint(name)
        asked = measuring.sentences(self, "test")
        written = [continued(loaded, a, self.pair) for a, _ in asked]
        result = {
            "test_sentences": len(asked),
            "test_bleu_beam_1": round(measuring.bleu(written, [[b] for _, b in asked], self), 2),
            "test_exact_match": sum(w == b for w, (_, b) in zip(written, asked, strict=True)) / len(asked),
        }
        every = max(1, len(asked) // 12)
        samples = [[a, w, b] for (a, b), w in list(zip(asked, written, strict=True))[::every]]
        return measuring.finish(loaded, name, result, samples_not_selected=samples)


class Continuing(Translating):
    """Data, model, loss and score of a LinesRecipe: the loss is that of any GPT, of each next token of a line."""

    def __init__(self, recipe: LinesRecipe, folder: Path):
        self.recipe, self.pairs = recipe, measuring.sentences(recipe, "train")
        more = measuring.more_twins(recipe) + (recipe.threads - 1) * measuring.threads(recipe)
        lines = [f"{a} {mark(recipe.pair)} {b}" for a, b in self.pairs + more]
        self.source = self.target = text.Vocabulary.build(lines[: len(self.pairs)], *recipe.source[:1])
        self.model = fuse(GPT(GPTConfig(len(self.source), **recipe.model)))
        self.batches = text.Batches([((), self.source.encode(line)) for line in lines], recipe.tokens)
        self.vocabularies = {"tokenizer": self.source}
        self.seen = checkpoints.sentence_hashes(a for a, _ in self.pairs)

    def loss(self, model: torch.nn.Module, batch: text.Batch) -> torch.Tensor:
        ids, following, mask = (x[:, 1:] for x in batch[2:])  # without <bos>: a line begins with its first word
        return masked_loss(model(ids), following, mask, self.recipe.smoothing)

    def score(self, model: torch.nn.Module) -> float:
        asked = measuring.sentences(self.recipe, "valid")[: self.recipe.valid]
        loaded = checkpoints.Loaded(model, {}, tokenizer=self.source)
        written = [continued(loaded, a, self.recipe.pair) for a, _ in asked]
        return measuring.bleu(written, [[b] for _, b in asked], self.recipe)


def mark(pair: str) -> str:
    """What stands between the two languages of a line: <to-fr>."""
    return f"<to-{pair.split('-')[1]}>"


def continued(loaded: checkpoints.Loaded, sentence: str, pair: str) -> str:
    """The likeliest continuation of a sentence and the mark behind it."""
    return decoding.generate(loaded, f"{sentence} {mark(pair)}", 40, temperature=0)


def _model(recipe: Recipe, source_size: int, target_size: int) -> Any:
    architecture, config = checkpoints.architecture(recipe.architecture)
    return fuse(architecture(config(source_size, target_size, **recipe.model)))


def _vocabulary(how: tuple[str, int], found: list[str], min_count: int) -> text.Vocabulary | text.Subwords:
    kind, size = how
    if kind == "subwords":
        return text.Subwords.build(found, size)
    return text.Vocabulary.build(found, kind, min_count, size)


def _vocabularies(where: Path, recipe: Recipe, pairs: list) -> list:
    """Source's and target's: those a stopped training began with, else new ones, kept beside its state."""
    path = where / "vocabularies.json"
    if path.is_file():
        return [text.from_json(one) for one in json.loads(path.read_text("utf-8"))]
    rare = 1 if recipe.corpus == "grammar" else 2
    sides = [list(side) for side in zip(*pairs, strict=True)]
    ways = (recipe.source, recipe.target)
    made = [_vocabulary(how, side, rare) for how, side in zip(ways, sides, strict=True)]
    where.mkdir(parents=True, exist_ok=True)
    files.write_atomically(path, json.dumps([one.to_json() for one in made], ensure_ascii=False))
    return made
