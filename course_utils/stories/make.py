"""Makes the five sets from the tables in data/stories: `python -m course_utils.stories`."""

import json
import random
import re

from .. import files
from ..grammar import store
from . import KINDS, MANIFEST, SPLITS, Labelled, Question, SentencePair, Story, Tagged, _all, pack
from .templates import Draw, folder, read_words, sections, unmark

SEED = 6
SIZES = {
    "stories": {"train": 9000, "valid": 500, "test": 500},
    "sentiment": {"train": 2000, "valid": 300, "test": 400},
    "pairs": {"train": 3000, "valid": 300, "test": 450},
    "entities": {"train": 2000, "valid": 300, "test": 400},
    "questions": {"train": 3000, "valid": 300, "test": 400},
}
SAMPLE = {"train": 60, "valid": 12, "test": 12}
MAX_WORDS, UNANSWERABLE = 12, 0.1
LABELLED_GROUPS = {"train": (0,), "valid": (0,), "test": (1, 2)}
STORY_GROUPS = {"train": (0, 1), "valid": (0, 1), "test": (2,)}


class Maker:
    """Makes the examples of one set and split."""

    def __init__(self, name, split):
        self.random, self.words = random.Random(f"{SEED} {name} {split}"), read_words()
        self.name, self.test = name, split == "test"
        self.groups = (STORY_GROUPS if name == "stories" else LABELLED_GROUPS)[split]
        self.sections = sections(name)

    def pick(self, items):
        return items[int(self.random.random() * len(items))]

    def chance(self, probability):
        return self.random.random() < probability

    def draw(self, used=None):
        return Draw(self.random, self.words, self.groups, used)

    def line(self, lines):
        """One of the lines of this split: those marked with * are for the test."""
        return self.pick([line.lstrip("* ") for line in lines if line.startswith("*") == self.test])

    def make(self, wanted):
        """The next example; `wanted` is its number, for sets that are balanced."""
        return getattr(self, self.name)(wanted)

    def stories(self, _):
        _, lines, _ = self.pick([section for section in self.sections if section[2] == self.test])
        draw, sentences = self.draw(), []
        for line in lines:
            if line.startswith("?") and self.chance(0.5):
                continue
            sentences.append(draw.fill(self.pick(line.lstrip("? ").split(" / "))))
        short = all(len(sentence.split()) <= MAX_WORDS for sentence in sentences)
        return Story(tuple(sentences)) if 4 <= len(sentences) <= 6 and short else None

    def sentiment(self, wanted):
        label, lines, _ = self.sections[wanted % len(self.sections)]
        return Labelled(self.draw().fill(self.line(lines)), label)

    def pairs(self, wanted):
        label, lines, _ = self.sections[wanted % len(self.sections)]
        draw = self.draw()
        return SentencePair(*(draw.fill(part) for part in self.line(lines).split(" => ")), label)

    def entities(self, _):
        text, marks = unmark(self.draw().fill(self.line([line for section in self.sections for line in section[1]])))
        words, tags = [], []
        for found in re.finditer(r"\w+(?:[-']\w+)*|[^\w\s]", text):
            kind, start = next(((kind, a) for kind, a, b in marks if a <= found.start() < b), (None, 0))
            words.append(found[0])
            tags.append("O" if kind is None else ("B-" if found.start() == start else "I-") + kind)
        return Tagged(tuple(words), tuple(tags))

    def questions(self, _):
        """Two or three facts of different people, one of them asked for."""
        usable = [section for section in self.sections if section[2] == self.test]
        section = self.pick(usable)
        count, used = 2 + self.chance(0.4), set()
        chosen = [section] + [section if self.chance(0.5) else self.pick(usable) for _ in range(count - 1)]
        draws = [self.draw(used=used) for _ in chosen]
        told = [draw.fill(self.pick([x for x in s[1] if "?" not in x])) for draw, s in zip(draws, chosen, strict=True)]
        kind, question = self.pick([x for x in section[1] if "?" in x]).split(":", 1)
        question = draws[0].fill(question)
        wanted = next((text[1] for text in [re.search(rf"<{kind} ([^<>]*)>", told[0])] if text), None)
        if wanted is None:
            return None
        if self.chance(UNANSWERABLE):
            told = told[1:] if len(told) > 2 else told[1:] + [self._other(used, usable)]
            return Question(unmark(" ".join(told))[0], question, "", -1)
        first = told[0]
        order = list(told)
        for i in range(len(order) - 1, 0, -1):
            j = int(self.random.random() * (i + 1))
            order[i], order[j] = order[j], order[i]
        before = " ".join(order[: order.index(first)])
        plain, marks = unmark(first)
        start = len(unmark(before)[0]) + bool(before) + next(a for name, a, _ in marks if name == kind)
        return Question(unmark(" ".join(order))[0], question, wanted, start)

    def _other(self, used, usable):
        return self.draw(used=used).fill(self.pick([x for x in self.pick(usable)[1] if "?" not in x]))


def build(sizes=SIZES):
    """{set: {split: list of records}}; no example stands in two splits, or twice."""
    result = {}
    for name in KINDS:
        seen, result[name] = set(), {}
        for split in reversed(SPLITS):
            maker, found, tries = Maker(name, split), [], 0
            while len(found) < sizes[name][split]:
                made, tries = maker.make(len(found)), tries + 1
                if tries > 200 * sizes[name][split]:
                    raise ValueError(f"{name}, {split}: the templates give {len(found)} examples, not more.")
                if made is not None and made[:2] not in seen:
                    seen.add(made[:2])
                    found.append(made)
            result[name][split] = found
    return result


def sample():
    """A small version of all sets by the same rules, as text: quick to make, so that tests can."""
    built = build({name: SAMPLE for name in KINDS})
    return "\n".join(pack(built[name]) for name in KINDS)


def make():
    """Make all sets again and write them with their manifest -> the manifest."""
    built = build()
    written = {"seed": SEED, "sha256": {}, "sha256_text": {}, "examples": SIZES}
    for name, splits in built.items():
        text = pack(splits)
        packed = store.compress(text)
        written["sha256"][name], written["sha256_text"][name] = store.sha256(packed), store.sha256(text)
        files.write_atomically(folder() / f"{name}.gz", packed)
    written["sha256_sample"] = store.sha256(sample())
    files.write_atomically(folder() / MANIFEST, json.dumps(written, indent=2) + "\n")
    _all.cache_clear()
    return written
