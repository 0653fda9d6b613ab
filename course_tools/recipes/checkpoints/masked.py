"""The recipe of `bert-prose`, an encoder that fills gaps in real text. `recipes.train` does the rest."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from chapters.ch06.lesson import BertLesson
from chapters.ch07 import language
from course_kit import checkpoints
from course_kit.contexts import evaluating
from course_kit.text import WordPiece
from course_utils.bert import Bert, BertForPreTraining, mask_tokens, pretraining_loss
from course_utils.positions import shift_matrix, sinusoidal_encoding

from .language import kept_tokenizer
from .measuring import finish

ASKED = 0.15  # the share of words that a measurement hides
BESIDE = (-1, 1, -2, 2)  # where the heads of the first layer begin to look,
SHARP = 2.0  # and how sharply


@dataclass(frozen=True)
class MaskedRecipe:
    """What an encoder of real text is made of and how. It learns to fill gaps and nothing else: BERT's successors
    dropped the next sentence (RoBERTa, Liu et al. 2019).

    corpus      a text of `language.load_text`; pieces: WordPiece's vocabulary, learned from it
    model       settings of BertConfig; a window fills the context, [CLS] and [SEP] included
    share       of the tokens hidden in training: more than BERT's 15 %, so that a short training learns from more gaps
                (Wettig et al. 2022)
    rows        windows in a batch
    optimizer, steps, lr, warm_up, decay   as of a LanguageRecipe
    every, valid  steps from one measurement to the next; held-out windows measured then
    sentences   with [MASK], for the unselected samples of the card
    """

    corpus: str
    pieces: int
    model: dict
    steps: int
    rows: int = 32
    share: float = 0.2
    lr: float = 4e-3
    warm_up: int = 200
    decay: float = 0.1
    every: int = 250
    valid: int = 256
    sentences: tuple[str, ...] = ()
    seed: int = 0
    keep: str = "best"
    optimizer: str = "muon"

    def measure(self, name: str) -> Path:
        """Hide 15 % of the words of the held-out books, then fill `sentences` -> the path of the card."""
        loaded = checkpoints.load_checkpoint(name)
        length = loaded.model.config.context
        found = Windows(language.load_text(self.corpus).valid, loaded.tokenizer, length).measure(loaded.model)
        lesson, samples = BertLesson(loaded.tokenizer, {"train": []}), []
        for sentence in self.sentences:
            filled = lesson.fill(loaded.model, sentence)
            samples.append([sentence, *(", ".join(word for word, _ in filled.top(place)) for place in filled.masks)])
        result = {f"valid_{key}": round(value, 4) for key, value in found.items()}
        return finish(loaded, name, result, samples_not_selected=samples)


class Hidden(NamedTuple):
    """A batch: inputs [B, T] with masks, labels [B, T]: the hidden token, −100 elsewhere."""

    inputs: Tensor
    labels: Tensor

    def to(self, device: torch.device) -> "Hidden":
        return Hidden(*(x.to(device) for x in self))


class Windows:
    """A text as numbers, in windows of `length` tokens, [CLS] first and [SEP] last."""

    def __init__(self, text: str, tokenizer: WordPiece, length: int):
        self.tokenizer, self.inside = tokenizer, length - 2
        paragraphs = tokenizer.tokenizer.encode_batch(text.split("\n\n"), add_special_tokens=False)
        self.ids = torch.tensor([number for paragraph in paragraphs for number in paragraph.ids])
        self.begins = torch.tensor([not piece.startswith("##") for piece in tokenizer.words])
        self.letters = torch.tensor([piece.isalpha() for piece in tokenizer.words])

    def at(self, starts: Tensor) -> Tensor:
        """The windows that begin there: starts [B] -> [B, T]."""
        ids = self.ids[starts[:, None] + torch.arange(self.inside)]
        ends = torch.tensor([self.tokenizer.cls, self.tokenizer.sep]).expand(len(starts), 2)
        return torch.cat([ends[:, :1], ids, ends[:, 1:]], dim=1)

    def batch(self, generator: torch.Generator, rows: int, share: float) -> Hidden:
        """Random windows, hidden as BERT hides."""
        ids = self.at(torch.randint(len(self.ids) - self.inside, (rows,), generator=generator))
        ends = torch.zeros_like(ids, dtype=torch.bool)
        ends[:, [0, -1]] = True
        return Hidden(*mask_tokens(ids, ends, len(self.tokenizer), self.tokenizer.mask, generator, share))

    def hide_words(self, ids: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Hide 15 % of the words of windows [B, T], each with all of its pieces -> (inputs [B, T], the number of the
        hidden word at each place [B, T], −1 where none is hidden). Words begin with a letter; one that began before its
        window is never hidden."""
        begins = self.begins[ids]
        begins[:, [0, 1, -1]] = True
        number = (begins.flatten().cumsum(0) - 1).view_as(ids)
        first = ids[begins]  # the first piece of each word
        chosen = self.letters[first] & (torch.rand(len(first), generator=generator) < ASKED)
        hidden = chosen[number]
        return ids.masked_fill(hidden, self.tokenizer.mask), number.masked_fill(~hidden, -1)

    @torch.no_grad()
    def measure(self, model: BertForPreTraining, count: int | None = None) -> dict[str, float]:
        """{"loss": nats for each hidden piece, "top_1", "top_10": the share of hidden words that the model puts first,
        or among its first ten} on all windows, or on `count` of them, spread over the text; the same words are hidden
        at each call. Of a word in several pieces each one must be."""
        starts = torch.arange(len(self.ids) // self.inside) * self.inside
        if count is not None and count < len(starts):
            starts = starts[torch.linspace(0, len(starts) - 1, count).long()]
        generator, device = torch.Generator().manual_seed(1), next(model.parameters()).device
        loss, pieces, ranks = 0.0, 0, []
        with evaluating(model):
            for some in starts.split(32):
                ids = self.at(some)
                inputs, number = self.hide_words(ids, generator)
                hidden = number >= 0
                true, number = ids[hidden], number[hidden].unique(return_inverse=True)[1]
                logits = model(inputs.to(device)).mlm_logits.cpu()[hidden].float()
                loss += float(torch.nn.functional.cross_entropy(logits, true, reduction="sum"))
                pieces += len(true)
                rank = (logits > logits.gather(1, true[:, None])).sum(-1)
                worst = torch.zeros(int(number.max()) + 1, dtype=rank.dtype).scatter_reduce(0, number, rank, "amax")
                ranks.append(worst)
        rank = torch.cat(ranks)
        return {"loss": loss / pieces} | {f"top_{n}": float((rank < n).float().mean()) for n in (1, 10)}


class Filling:
    """Data, model, loss and score of a MaskedRecipe. folder: where a stopped training has kept its pieces."""

    metric, key, sign, seen = "held-out loss", "valid_loss", -1, None

    def __init__(self, recipe: MaskedRecipe, folder: Path):
        self.recipe, self.text = recipe, language.load_text(recipe.corpus)
        tokenizer = kept_tokenizer(folder, lambda: WordPiece.build(self.text.train.split("\n\n"), recipe.pieces))
        self.model = BertLesson(tokenizer, {"train": []}).model(recipe.seed, **recipe.model)
        look_beside(self.model.bert)
        length = self.model.config.context
        self.train, self.valid = (Windows(part, tokenizer, length) for part in (self.text.train, self.text.valid))
        self.vocabularies = {"tokenizer": tokenizer}

    def __str__(self) -> str:
        return f"{len(self.train.ids):,} tokens, {len(self.train.tokenizer):,} different ones"

    def batches(self, generator: torch.Generator) -> Hidden:
        return self.train.batch(generator, self.recipe.rows, self.recipe.share)

    def loss(self, model: BertForPreTraining, batch: Hidden) -> Tensor:
        follows = torch.zeros(len(batch.inputs), dtype=torch.int64, device=batch.inputs.device)
        return pretraining_loss(model, *batch, follows).mlm

    def score(self, model: BertForPreTraining) -> float:
        return self.valid.measure(model, self.recipe.valid)["loss"]

    @property
    def data(self) -> dict:
        """What the card says of the data."""
        return {
            "corpus": self.text.name, "train_characters": len(self.text.train), "split": self.text.note,
            "sha256": self.text.sha256, "licence": self.text.licence, "attribution": self.text.attribution,
        }  # fmt: skip


@torch.no_grad()
def look_beside(bert: Bert) -> Bert:
    """Let the heads of the first layer begin by attending to the tokens beside each token, see BESIDE; in place.

    Otherwise a small model spends its first thousand steps on how common each word is. As many features as a head has
    begin as the position alone, sinusoids, and the others as the word; a head's query is the position moved on by
    `shift_matrix`; SHARP says how much of its attention falls there.
    """
    first: Any = bert.blocks[0]
    table, attention = bert.embeddings.positions.weight, first.attention
    features = table.shape[1]
    heads = bert.config.heads
    size = features // heads
    bert.embeddings.tokens.weight[:, :size] = 0
    table.zero_()[:, :size] = 0.07 * sinusoidal_encoding(*table.shape)[:, :size]
    for head in range(heads):
        rows = slice(head * size, (head + 1) * size)
        attention.query.weight[rows] = SHARP * shift_matrix(BESIDE[head % len(BESIDE)], features)[:size]
        attention.key.weight[rows] = SHARP * torch.eye(features)[:size]
    return bert
