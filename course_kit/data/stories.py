"""The course's own English for chapter 6: stories, and four sets with labels.

    load("stories", "train")[0].sentences     # ("Anna went to the bank to …", …)
    load("sentiment", "test")[0]            # Labelled("The soup was not bad.", "positive")

`test` uses templates and words that `train` has not; all are sentences with holes.
data/stories/README.md says how to make them again.
"""

import functools
import random
from collections.abc import Sequence
from typing import Any, NamedTuple

from course_kit.i18n import mark
from course_kit.programs.arguments import one_of

from . import packed

FOLDER = "data/stories"
SPLITS = ("train", "valid", "test")


class Story(NamedTuple):
    """4 to 6 sentences; each belongs after the one before it."""

    sentences: tuple[str, ...]


class Labelled(NamedTuple):
    """A sentence and its label, "negative" or "positive"."""

    text: str
    label: str


class SentencePair(NamedTuple):
    """If `first` is true, `second` "follows", "contradicts", or is "unrelated"."""

    first: str
    second: str
    label: str


class Tagged(NamedTuple):
    """Words with a tag each: "B-person", "I-person", "O", …"""

    words: tuple[str, ...]
    tags: tuple[str, ...]


class Question(NamedTuple):
    """context[start : start + len(answer)] == answer; −1 and "" where there is none."""

    context: str
    question: str
    answer: str
    start: int


KINDS: dict[str, Any] = {
    "stories": Story,
    "sentiment": Labelled,
    "pairs": SentencePair,
    "entities": Tagged,
    "questions": Question,
}
LABELS: dict[str, tuple[str, ...]] = {
    "sentiment": ("negative", "positive"),
    "pairs": (mark("follows"), mark("contradicts"), mark("unrelated")),
    "entities": ("O", "B-person", "I-person", "B-place", "I-place", "B-organisation", "I-organisation"),
}


def load(name: str, split: str = "train") -> list[Any]:
    """One split of a set, in a mixed, fixed order.

    name   "stories", "sentiment", "pairs", "entities" or "questions"
    split  "train"; "valid": the same templates and words; "test": others
    """
    one_of("name", name, KINDS)
    return list(_all(name)[one_of("split", split, SPLITS)])


@functools.cache
def _all(name: str) -> dict[str, tuple[Any, ...]]:
    """The records of each split of a file, checked against the manifest."""
    return unpack(name, packed.read(FOLDER, f"{name}.gz"))


def unpack(name: str, text: str) -> dict[str, tuple[Any, ...]]:
    """A file's lines -> the records of each split, in a mixed order, always the same."""
    splits: dict[str, list[Any]] = {split: [] for split in SPLITS}
    for line in text.splitlines():
        split, *cells = line.split("\t")
        splits[split].append(_record(name, cells))
    for records in splits.values():
        packed.shuffle(records, random.Random(0))
    return {split: tuple(records) for split, records in splits.items()}


def _record(name: str, cells: Sequence[str]) -> Any:
    if name == "stories":
        return Story(tuple(cells))
    if name == "entities":
        return Tagged(*(tuple(cell.split(" ")) for cell in cells))
    if name == "questions":
        context, question, answer, start = cells
        return Question(context, question, answer, int(start))
    return KINDS[name](*cells)
