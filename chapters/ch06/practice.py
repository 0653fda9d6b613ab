"""Practice in looking up, for a model that answers questions from a text.

    look_up(model.bert, tokenizer)                         # one head learns to find equal words
    task = Practice("questions", tokenizer)                # an AnswerTask; only its training differs

Fine-tuned on our questions alone, a small model learns which *kind* of word is asked for, and guesses among those of
the text. So one head learns first, on random words: from each word of the text attend to the same word in the question,
or to [CLS] if there is none. In the training on questions it keeps at it, some words of a text become others, and half
of the questions are a sentence of the text with a gap (as in Splinter, Ram et al. 2021).
"""

import random
import re

import torch
from torch import Tensor

from course_kit.data.stories import Question
from course_kit.training import fit, warm_then_fall
from course_utils.bert import Bert

from .finetuning import BATCH, AnswerTask
from .pairs import Batch, Judged, draw

WORD, SENTENCE = re.compile(r"\w+"), re.compile(r"[^.]+\.")
OTHERS, MADE_UP, GAPS = 0.3, 0.5, 0.5  # shares: of words that become others, of these made up, of questions with a gap
SMALL = frozenset(
    WORD.findall("who what when where did do does is was the a an in at on to by with of and he she it his her")
)


class Practice(AnswerTask):
    """An AnswerTask whose training examples are others each time they are drawn."""

    def batch(self, generator: torch.Generator, size: int = BATCH, split: str = "train") -> Judged:
        """A batch of examples of similar length, drawn at random, each changed by `renamed` and perhaps `gap`."""
        if split != "train":
            return super().batch(generator, size, split)
        rng, examples = random.Random(int(torch.randint(2**31, (), generator=generator))), self.examples(split)
        drawn = [examples[i] for i in draw([len(i) for i in self.prepared(split)[0]], size, generator)]
        new = [renamed(gap(e, rng) if rng.random() < GAPS else e, rng, self.tokenizer.words) for e in drawn]
        inputs = self.inputs(new)
        return self.collate([(i, self.target(e, i)) for e, i in zip(new, inputs, strict=True)])

    def loss(self, model, batch: Judged) -> Tensor:
        """That of the answers, and that of the head that looks up."""
        return super().loss(model, batch) + not_looked_up(model.bert, batch.inputs, self.tokenizer.mask)


def not_looked_up(bert: Bert, batch: Batch, special: int) -> Tensor:
    """The cross-entropy of head 1.1: from each word of the text, segment 1, to the same word in the question, or to
    [CLS] if there is none. special: the last number that is no word."""
    attention, size = bert.blocks[0].attention, bert.config.size // bert.config.heads
    x = bert.embeddings(batch.ids, batch.segments)
    q, k = attention.query(x)[..., :size], attention.key(x)[..., :size]
    scores = (q @ k.mT / size**0.5).float().masked_fill(~batch.mask[:, None], -torch.inf)  # [B, T, T]
    words = batch.mask & (batch.ids > special)
    asked, told = words & (batch.segments == 0), words & (batch.segments == 1)
    equal = (batch.ids[:, :, None] == batch.ids[:, None]) & asked[:, None]
    equal[..., 0] = ~equal.any(-1)
    right = scores.masked_fill(~equal, -torch.inf)[told].logsumexp(-1)
    return (scores[told].logsumexp(-1) - right).mean()


def look_up(bert: Bert, tokenizer, steps: int = 300, seed: int = 0) -> None:
    """Train head 1.1 to find equal words, in place, on random words: no text and no label is needed."""
    words = torch.arange(tokenizer.mask + 1, len(tokenizer))
    learns = [bert.embeddings, bert.blocks[0].attention.query, bert.blocks[0].attention.key]

    def batch(generator):
        asked, told = (words[torch.randint(len(words), (64, n), generator=generator)] for n in (6, 26))
        copied = asked.gather(1, torch.randint(6, told.shape, generator=generator))
        told = torch.where(torch.rand(told.shape, generator=generator) < 0.15, copied, told)
        cls, sep = (torch.full((64, 1), n) for n in (tokenizer.cls, tokenizer.sep))
        ids = torch.cat([cls, asked, sep, told, sep], 1)
        return Batch(ids, (torch.arange(ids.shape[1]) > 7).long().expand_as(ids), torch.ones_like(ids).bool())

    fit(torch.nn.ModuleList(learns), batch, lambda _, given: not_looked_up(bert, given, tokenizer.mask), steps=steps,
        seed=seed, lr=3e-3, clip=1.0, schedule=warm_then_fall(steps, 50), show=False)  # fmt: skip


def renamed(example: Question, rng: random.Random, vocabulary: list[str]) -> Question:
    """Some words of the text become others, everywhere in text and question; the answer follows. An other word is one
    of the vocabulary, or made up of two pieces."""
    whole = [word for word in vocabulary if word.isalpha() and len(word) > 2]
    pieces = [word[2:] for word in vocabulary if word.startswith("##")]
    new = {}
    for word in sorted({word.lower() for word in WORD.findall(example.context)} - SMALL):
        if rng.random() < OTHERS:
            new[word] = "".join(rng.choices(pieces, k=2)) if rng.random() < MADE_UP else rng.choice(whole)

    def changed(text: str) -> str:
        return WORD.sub(lambda found: new.get(found[0].lower(), found[0]), text)

    before, after = example.context[: max(example.start, 0)], example.context[max(example.start, 0) :]
    start = example.start if example.start < 0 else len(changed(before))
    return Question(changed(before) + changed(after), changed(example.question), changed(example.answer), start)


def gap(example: Question, rng: random.Random) -> Question:
    """A question with a gap: a sentence of the text, in which one to three words, the answer, are [MASK]."""
    sentences = [list(WORD.finditer(example.context, *found.span())) for found in SENTENCE.finditer(example.context)]
    words = rng.choice([found for found in sentences if len(found) > 1])
    size = min(rng.choice((1, 1, 2, 3)), len(words) - 1)
    first = rng.randint(0, len(words) - size)
    start, end = words[first].start(), words[first + size - 1].end()
    asked = example.context[words[0].start() : start] + "[MASK]" + example.context[end : words[-1].end()] + "?"
    return Question(example.context, asked, example.context[start:end], start)
