"""Practice in looking up: questions with other words and with gaps, made from the training texts as they are drawn.

    task = Practice("questions", tokenizer)                # an AnswerTask whose training batches are never the same

A small model learns the kind of word that is asked for, and guesses among those of the text. What makes it look up:
in each example some words become made-up ones, in question and text alike, and half of the questions are a sentence of
the text with a gap (as in Splinter, Ram et al. 2021); and one head begins by looking for the same word in the other
segment, which no head of `bert-stories` does.
"""

import random
import re

import torch

from course_kit.data.stories import Question
from course_utils.bert import Bert

from .finetuning import BATCH, AnswerTask
from .pairs import Judged, draw

WORD, SENTENCE = re.compile(r"\w+"), re.compile(r"[^.]+\.")
RENAMED, GAPS = 0.15, 0.5  # the share of words that are made up; of questions that are gaps


class Practice(AnswerTask):
    """An AnswerTask that draws its training examples anew; valid and test stay as they are."""

    def batch(self, generator: torch.Generator, size: int = BATCH, split: str = "train") -> Judged:
        """A batch of examples of similar length, drawn at random, each changed by `renamed` and perhaps `gap`."""
        if split != "train":
            return super().batch(generator, size, split)
        rng, examples = random.Random(int(torch.randint(2**31, (), generator=generator))), self.examples(split)
        drawn = [examples[i] for i in draw([len(i) for i in self.prepared(split)[0]], size, generator)]
        pieces = [piece[2:] for piece in self.tokenizer.words if piece.startswith("##")]
        new = [renamed(gap(e, rng) if rng.random() < GAPS else e, rng, pieces) for e in drawn]
        inputs = self.inputs(new)
        return self.collate([(i, self.target(e, i)) for e, i in zip(new, inputs, strict=True)])


def renamed(example: Question, rng: random.Random, pieces: list[str], share: float = RENAMED) -> Question:
    """Each word of the text becomes, with probability `share`, a made-up one of two of these pieces, everywhere in text
    and question; the answer follows."""
    words = sorted({word.lower() for word in WORD.findall(example.context)})
    new = {word: "".join(rng.sample(pieces, 2)) for word in words if rng.random() < share}

    def changed(text: str) -> str:
        return WORD.sub(lambda found: new.get(found[0].lower(), found[0]), text)

    before, after = example.context[: max(example.start, 0)], example.context[max(example.start, 0) :]
    start = example.start if example.start < 0 else len(changed(before))
    return Question(changed(before) + changed(after), changed(example.question), changed(example.answer), start)


def gap(example: Question, rng: random.Random) -> Question:
    """A question with a gap instead: a sentence, or a stretch of it, in which one to three words are [MASK], the
    answer."""
    sentences = [list(WORD.finditer(example.context, *found.span())) for found in SENTENCE.finditer(example.context)]
    words = rng.choice([found for found in sentences if len(found) > 1])
    size = min(rng.choice((1, 1, 2, 3)), len(words) - 1)
    first = rng.randint(0, len(words) - size)
    last = first + size - 1
    left, right = 0, len(words) - 1
    if rng.random() < 0.5:
        left, right = rng.randint(0, first), rng.randint(last, len(words) - 1)
        if (left, right) == (first, last):  # nothing but the gap
            left, right = 0, len(words) - 1
    start, end = words[first].start(), words[last].end()
    asked = example.context[words[left].start() : start] + "[MASK]" + example.context[end : words[right].end()] + "?"
    return Question(example.context, asked, example.context[start:end], start)


@torch.no_grad()
def look_for_equals(bert: Bert, match: float = 1.5, other: float = 4.0) -> Bert:
    """Let the first head of the first layer begin by attending from each word to the same word in the other segment;
    in place. Its queries and keys become equal projections of the word (match: how sharp), but for one feature, the
    segment, in which they are opposite (other: how strongly a word looks into the other segment)."""
    parts, attention = bert.embeddings, bert.blocks[0].attention
    places, size = parts.positions.weight[:64], bert.config.size // bert.config.heads
    first, second = (parts.norm(parts.tokens.weight + segment + places.mean(0)) for segment in parts.segments.weight)
    middle, apart = (first + second).mean(0) / 2, (second - first).mean(0)
    words = (first + second) / 2 - middle
    # what is due to segment and position is taken out of the words
    for direction in (apart[None] / apart.norm(), torch.linalg.svd(places - places.mean(0))[2][:8]):
        words = words - words @ direction.T @ direction
    _, spread, axes = torch.linalg.svd(words, full_matrices=False)
    rows = match * axes[: size - 1] / spread[: size - 1, None] * len(words) ** 0.5
    segment = apart[None] * 2 * other / apart.norm() ** 2
    for projection, sign in ((attention.query, 1), (attention.key, -1)):
        weight = torch.cat([rows, sign * segment])
        projection.weight[:size], projection.bias[:size] = weight, -weight @ middle
    return bert
