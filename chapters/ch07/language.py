"""A text to learn from, cut into two parts, and the lesson that trains a language model on it.

    text = load_text("stories")                        # "shakespeare", "books"
    lesson = TextLesson(text, block=64)                # characters, unless another tokenizer is given
    lesson.valid_loss(model)                           # nats per token, of text that was not trained on

A model is anything that gives logits [B, T, V] for ids [B, T], such as `gpt.GPT`.
"""

import hashlib
import json
import math
import random
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from course_kit import fetching
from course_kit import text as texts
from course_kit.contexts import evaluating
from course_kit.data import book, parallel, stories
from course_kit.i18n import mark, t
from course_kit.programs.arguments import described, whole_number
from course_utils.gpt import next_token_loss

VALID = 0.1  # the share that is held out
REAL = {"shakespeare": "tiny-shakespeare", "books": "books"}
OURS = ("stories", "sentences")
BETWEEN_BOOKS = "\n\n\n"


@dataclass(frozen=True)
class Text:
    """A text in two parts.

    train, valid   to learn from, and held out; note: "", or which books are held out
    licence, attribution   of the text, for the card of a model trained on it
    """

    name: str
    train: str = field(repr=False)
    valid: str = field(repr=False)
    note: str = ""
    licence: str = mark("as the course")
    attribution: str = mark("the course's own text")

    @property
    def sha256(self) -> str:
        """Of both parts, in UTF-8."""
        return hashlib.sha256((self.train + self.valid).encode()).hexdigest()


def load_text(name) -> Text:
    """A text by its name.

    name      "stories" or "sentences": the course's own; "holmes": the book that ships with it; "shakespeare"
              or "books": real, see data/sources.toml
    The last tenth is held out; of books a tenth of them, whole, which `.note` names.
    Raises ValueError for an unknown name, and what `fetching.fetch` raises.
    """
    if name in OURS:
        return Text(name, *_ours(name))
    if name == "holmes":
        return Text(
            name, *_cut(book()), licence=t("public domain"), attribution="A. Conan Doyle, Project Gutenberg 1661"
        )
    if name not in REAL:
        known = ", ".join([*OURS, "holmes", *REAL])
        raise ValueError(f"No text is called {str(name)!r}; there are {known}.")
    source = fetching.sources()[REAL[name]]
    content = fetching.read(REAL[name])
    train, valid, note = _books(content) if name == "books" else (*_cut(content), "")
    return Text(name, train, valid, note, source["licence"], source["attribution"])


def _cut(content: str) -> tuple[str, str]:
    """The first nine tenths and the last one, as nanoGPT cuts Shakespeare."""
    at = int((1 - VALID) * len(content))
    return content[:at], content[at:]


def _books(content: str) -> tuple[str, str, str]:
    """Lines of JSON, {"title": …, "text": …} -> the books to learn from, those held out, and a note that names these.

    Raises ValueError for a line that is no such book, and for fewer than two of them.
    """
    books = {}
    for number, line in enumerate(content.split("\n"), 1):
        try:
            if line.strip():
                book = json.loads(line)
                books[book["title"]] = book["text"].strip() + BETWEEN_BOOKS
        except (ValueError, TypeError, KeyError, AttributeError):
            needed = 'a book as JSON, {"title": "…", "text": "…"}'
            raise ValueError(f"line {number} of the books is {described(line)}; needed: {needed}") from None
    if len(books) < 2:
        raise ValueError(f"there is {len(books)} book; needed: at least two, one to learn from and one to hold out")
    held_out = random.Random(0).sample(sorted(books), max(1, int(VALID * len(books))))
    train = "".join(text for title, text in books.items() if title not in held_out)
    return train, "".join(books[title] for title in held_out), t("held out: {held_out}", held_out="; ".join(held_out))


def _ours(name: str) -> tuple[str, str]:
    if name == "stories":
        parts = [[" ".join(s.sentences) for s in stories.load(name, part)] for part in ("train", "valid")]
    else:
        parts = [dict.fromkeys(parallel.detokenize(p.source, "en") for p in parallel.load_parallel("en-fr", part))
                 for part in ("train", "valid")]  # fmt: skip
    return tuple("".join(line + "\n" for line in part) for part in parts)


class TextLesson:
    """A text as numbers, in windows: random ones to learn from, all of them in turn to measure.

    text       what `load_text` gives; tokenizer: by default each character of the training part is a token
    block      tokens that a model sees at once; rows: windows in a batch
    device     where batches are put
    Raises ValueError for a text that is shorter than one window.
    """

    def __init__(self, text: Text, tokenizer=None, block: int = 64, rows: int = 12, device="cpu"):
        for name, value in (("block", block), ("rows", rows)):
            whole_number(name, value, 1)
        self.text, self.block, self.rows, self.device = text, block, rows, device
        self.tokenizer = tokenizer or texts.Characters.build(text.train)
        self.train_ids, self.valid_ids = (torch.tensor(self.tokenizer.encode(t)) for t in (text.train, text.valid))
        if len(self.train_ids) <= block or len(self.valid_ids) < 2:
            raise ValueError(
                f"{text.name} has {len(self.train_ids):,} tokens to learn from and {len(self.valid_ids):,} held out; "
                f"needed: more than block={block}, and at least 2. Take a longer text, or a smaller block."
            )

    @property
    def uniform_loss(self) -> float:
        """ln V: the loss of a model that finds every token equally likely."""
        return math.log(len(self.tokenizer))

    def batch(self, generator: torch.Generator) -> Tensor:
        """Random windows of the training part, each with the token that follows: [rows, block + 1]."""
        at = torch.randint(len(self.train_ids) - self.block, (self.rows,), generator=generator)
        return self.train_ids[at[:, None] + torch.arange(self.block + 1)].to(self.device)

    def windows(self, count: int | None = None) -> list[Tensor]:
        """The held-out windows in their order, side by side, as batches [B, T+1]; the last may be shorter.

        Each token but the first is predicted once. count: only so many windows, spread over the text.
        """
        ids = self.valid_ids
        whole = (len(ids) - 1) // self.block
        starts = torch.arange(whole) * self.block
        if count is not None and count < whole:
            starts = starts[torch.linspace(0, whole - 1, count).long()]
            rest = []
        else:
            rest = [ids[None, whole * self.block :]] if whole * self.block < len(ids) - 1 else []
        batches = [ids[s[:, None] + torch.arange(self.block + 1)] for s in starts.split(64)] if len(starts) else []
        return [batch.to(self.device) for batch in batches + rest]

    @torch.no_grad()
    def valid_loss(self, model: nn.Module, count: int | None = None) -> float:
        """Mean loss in nats per token of the held-out part; count as `windows`."""
        with evaluating(model):
            total = tokens = 0.0
            for ids in self.windows(count):
                predicted = ids[:, 1:].numel()
                total, tokens = total + float(next_token_loss(model, ids)) * predicted, tokens + predicted
        return total / tokens

    def bits_per_character(self, loss: float) -> float:
        """A loss in nats per token as bits per character: what models with other tokenizers can share."""
        return loss / math.log(2) * len(self.valid_ids) / len(self.text.valid)

    def bigram_loss(self) -> float:
        """Held-out loss of counting alone: how often each token followed another in the training part, plus how common
        it is there, as if one more token had been read."""
        size, ids = len(self.tokenizer), self.train_ids
        common = ids.bincount(minlength=size) + 1.0
        counts = (common / common.sum()).repeat(size, 1)
        counts.index_put_((ids[:-1], ids[1:]), torch.tensor(1.0), accumulate=True)
        shares = counts / counts.sum(-1, keepdim=True)
        return float(-shares[self.valid_ids[:-1], self.valid_ids[1:]].log().mean())
