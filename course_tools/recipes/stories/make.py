"""Makes the five sets from the tables in data/stories: `python -m course_tools.recipes.stories`."""

import json
import random
import re

from course_kit import files
from course_kit.data import packed, stories

from ..packing import compress, sha256
from .templates import Draw, read_words, sections, unmark

SEED = 6
SIZES = {
    "stories": {"train": 9000, "valid": 500, "test": 500},
    "sentiment": {"train": 2000, "valid": 300, "test": 400},
    "pairs": {"train": 4000, "valid": 300, "test": 450},
    "entities": {"train": 3000, "valid": 300, "test": 400},
    "questions": {"train": 6000, "valid": 300, "test": 400},
}
SAMPLE = {"train": 60, "valid": 12, "test": 12}
MAX_WORDS, UNANSWERABLE = 12, 0.2
LABELLED_GROUPS = {"train": (0,), "valid": (0,), "test": (1, 2)}
STORY_GROUPS = {"train": (0, 1), "valid": (0, 1), "test": (0, 1, 2)}
NAMES = ("man", "woman", "person", "surname", "both", "city", "country", "organisation")


class Maker:
    """Makes the examples of one set and split."""

    def __init__(self, name, split):
        self.random, self.words = random.Random(f"{SEED} {name} {split}"), read_words()
        if name == "stories" and split == "test":  # new names, known nouns: only so can the next sentence be predicted
            self.words = {c: [w for w in found if (w.group == 2) == (c in NAMES)] for c, found in self.words.items()}
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
        return stories.Story(tuple(sentences)) if 4 <= len(sentences) <= 6 and short else None

    def sentiment(self, wanted):
        label, lines, _ = self.sections[wanted % len(self.sections)]
        return stories.Labelled(self.draw().fill(self.line(lines)), label)

    def pairs(self, wanted):
        """Two sentences about a matter with two sides (data/stories/pairs.txt says how)."""
        label, draw = stories.LABELS["pairs"][wanted % 3], self.draw()
        matter = other = self.pick(self.sections)
        side, said = self.pick("ab"), self.pick("ab")
        if label == "unrelated":
            while other is matter:
                other = self.pick(self.sections)
        else:
            said = side if label == "follows" else {"a": "b", "b": "a"}[side]
        first, second = ([line for line in m[1] if line.lstrip("* ")[:2] == k]
                         for m, k in ((matter, side + ":"), (other, said + "+")))  # fmt: skip
        return stories.SentencePair(draw.fill(self.line(first)[3:]), draw.fill(self.line(second)[3:]), label)

    def entities(self, _):
        text, marks = unmark(self.draw().fill(self.line([line for section in self.sections for line in section[1]])))
        words, tags = [], []
        for found in re.finditer(r"\w+(?:[-']\w+)*|[^\w\s]", text):
            kind, start = next(((kind, a) for kind, a, b in marks if a <= found.start() < b), (None, 0))
            words.append(found[0])
            tags.append("O" if kind is None else ("B-" if found.start() == start else "I-") + kind)
        return stories.Tagged(tuple(words), tuple(tags))

    def questions(self, _):
        """Two or three facts of different people, and a question about one of them."""
        usable, used = [section for section in self.sections if section[2] == self.test], set()
        chosen = [self.pick(usable)]
        for _ in range(1 + self.chance(0.4)):
            chosen.append(chosen[0] if self.chance(0.5) else self.pick(usable))
        draws = [self.draw(used) for _ in chosen]
        told = [[line for line in lines if "?" not in line] for _, lines, _ in chosen]
        facts = [draw.fill(self.pick(lines)) for draw, lines in zip(draws, told, strict=True)]
        kind, question = self.pick([line for line in chosen[0][1] if "?" in line]).split(": ", 1)
        answer = re.search(rf"<{kind} ([^<>]*)>", facts[0])
        if answer is None:
            return None
        if self.chance(UNANSWERABLE):  # another person of the context, for whom the fact is not given
            other = next((d for d, c in zip(draws, chosen, strict=True) if c is not chosen[0]), None)
            if other is None or "{A}" not in question:
                return None
            draws[0].bound["A"], answer = other.bound["A"], None
        asked = facts[0]
        packed.shuffle(facts, self.random)
        context, before = unmark(" ".join(facts))[0], " ".join(facts[: facts.index(asked)])
        if answer is None:
            return stories.Question(context, draws[0].fill(question), "", -1)
        start = next(start for name, start, _ in unmark(asked)[1] if name == kind)
        start += len(unmark(before)[0]) + bool(before)
        return stories.Question(context, draws[0].fill(question), answer[1], start)


def build(sizes=SIZES):
    """{set: {split: list of records}}; no example occurs twice, in one split or in two."""
    result = {}
    for name in stories.KINDS:
        seen, result[name] = set(), {}
        for split in reversed(stories.SPLITS):
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


def pack(splits):
    """{split: list of records} -> the lines that `stories.unpack` reads, sorted so that they compress well."""
    rows = []
    for split, records in splits.items():
        for record in records:
            rows.append([split, *(" ".join(f) if isinstance(f, tuple) else str(f) for f in record)])
            if isinstance(record, stories.Story):
                rows[-1] = [split, *record.sentences]
    return "\n".join(sorted("\t".join(row) for row in rows)) + "\n"


def sample():
    """A small version of all sets by the same rules, as text: quick to make, so that tests can."""
    built = build({name: SAMPLE for name in stories.KINDS})
    return "\n".join(pack(built[name]) for name in stories.KINDS)


def make():
    """Make all sets again and write them with their manifest -> the manifest."""
    built, folder = build(), files.course_folder() / stories.FOLDER
    written = {"seed": SEED, "sha256": {}, "sha256_text": {}, "examples": SIZES}
    for name, splits in built.items():
        text = pack(splits)
        content = compress(text)
        written["sha256"][name], written["sha256_text"][name] = sha256(content), sha256(text)
        files.write_atomically(folder / f"{name}.gz", content)
    written["sha256_sample"] = sha256(sample())
    files.write_atomically(folder / packed.MANIFEST, json.dumps(written, indent=2) + "\n")
    return written
