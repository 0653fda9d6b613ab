"""The course's own English for chapter 6: connected stories, and four sets with labels, all from sentences with holes.

    load("stories", "train")[0].sentences     # ("Anna went to the bank to deposit some money.", …)
    load("sentiment", "test")[0]              # Labelled(text="The soup was not bad.", label="positive")

`test` uses templates and words that `train` has not. `python -m course_tools.recipes.stories` makes all of it again.
The card is data/stories/README.md.
"""

import functools
import random
from typing import NamedTuple

from course_utils.checks import one_of
from course_utils.data import packed

FOLDER = "data/stories"
SPLITS = ("train", "valid", "test")


class Story(NamedTuple):
    """sentences: tuple of 4 to 6 sentences; each belongs after the one before it."""

    sentences: tuple


class Labelled(NamedTuple):
    """A sentence and its label, "negative" or "positive"."""

    text: str
    label: str


class SentencePair(NamedTuple):
    """If `first` is true, `second` is too ("follows"), cannot be ("contradicts"), or may be ("unrelated")."""

    first: str
    second: str
    label: str


class Tagged(NamedTuple):
    """words, tags: tuples of the same length; tags as "B-person", "I-person", "O" (person, place, organisation)."""

    words: tuple
    tags: tuple


class Question(NamedTuple):
    """context[start : start + len(answer)] == answer; start is -1 and answer "" where the context does not say."""

    context: str
    question: str
    answer: str
    start: int


KINDS = {
    "stories": Story,
    "sentiment": Labelled,
    "pairs": SentencePair,
    "entities": Tagged,
    "questions": Question,
}
LABELS = {
    "sentiment": ("negative", "positive"),
    "pairs": ("follows", "contradicts", "unrelated"),
    "entities": (
        "O",
        "B-person",
        "I-person",
        "B-place",
        "I-place",
        "B-organisation",
        "I-organisation",
    ),
}


def load(name, split="train"):
    """One split of a set -> list of Story, Labelled, SentencePair, Tagged or Question, in a mixed, fixed order.

    name   "stories", "sentiment", "pairs", "entities" or "questions"
    split  "train"; "valid": the same templates and words, other sentences; "test": other templates, other words
    Raises ValueError for another name or split, OSError if the file is missing or damaged.
    """
    return list(_all(one_of("name", name, KINDS))[one_of("split", split, SPLITS)])


@functools.cache
def _all(name):
    """{split: tuple of records} of a file, checked against the manifest."""
    return unpack(name, packed.read(FOLDER, f"{name}.gz"))


def unpack(name, text):
    """A file's lines -> {split: tuple of records}, in an order that is mixed and always the same."""
    splits = {split: [] for split in SPLITS}
    for line in text.splitlines():
        split, *cells = line.split("\t")
        splits[split].append(_record(name, cells))
    for records in splits.values():
        packed.shuffle(records, random.Random(0))
    return {split: tuple(records) for split, records in splits.items()}


def _record(name, cells):
    if name == "stories":
        return Story(tuple(cells))
    if name == "entities":
        return Tagged(*(tuple(cell.split(" ")) for cell in cells))
    if name == "questions":
        return Question(*cells[:3], int(cells[3]))
    return KINDS[name](*cells)
