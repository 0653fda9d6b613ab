"""Real text with labels, verified and read: film reviews, questions about Wikipedia.

    load("sst2", "valid")[0]              # Labelled(text="one long string of cliches", label="negative")
    load("squad", "test")                 # list of Question, about articles that "train" has not

The records are those of course_kit/data/stories.py. Files come from data/sources.toml: set COURSE_DATA_DIR, or let
them be fetched. Nothing of them is part of the course.
"""

import functools
import json

from chapters.ch03.tatoeba import split_by
from course_kit import arguments, fetching
from course_kit.data.stories import Labelled, Question

SPLITS = ("train", "valid", "test")
FILES = {
    "sst2": {"train": "sst2-train", "valid": "sst2-dev", "test": "sst2-dev"},
    "squad": dict.fromkeys(SPLITS, "squad-dev"),
}
SHARE = {"test": 0.2, "valid": 0.1}  # of SQuAD's articles


def load(name, split="train"):
    """One split of a real corpus -> list.

    "sst2"    Labelled; SST-2's own test has no labels, so "valid" and "test" are the same 872 sentences
    "squad"   Question: SQuAD's development set, split by article; the first of its answers
    Raises ValueError for another name or split, FetchError where the file cannot be had.
    """
    text = fetching.read(FILES[arguments.one_of("name", name, FILES)][arguments.one_of("split", split, SPLITS)])
    return list(_READERS[name](text, split))


def split_of(title):
    """The split of an article, by its title: the same whatever else the corpus holds."""
    return split_by(title, SHARE)


@functools.lru_cache(maxsize=3)
def articles(split):
    """The titles of SQuAD's articles in a split."""
    return tuple(a["title"] for a in json.loads(fetching.read("squad-dev"))["data"] if split_of(a["title"]) == split)


def answers(split):
    """SQuAD's official measure takes the best of several answers: (context, question) -> tuple of the right ones."""
    content = json.loads(fetching.read("squad-dev"))
    return {
        (context, q["question"]): tuple(a["text"] for a in q["answers"]) for context, q in _squad_of(content, split)
    }


def read_sst2(text, split="train"):
    """Lines `sentence ⇥ 0 or 1` -> list of Labelled. Raises ValueError with the number of a line that is not so."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        sentence, _, label = line.rpartition("\t")
        if label not in ("0", "1") or not sentence.strip():
            raise ValueError(f"line {number} is {line[:60]!r}; needed: a sentence, a tab, 0 or 1")
        found.append(Labelled(sentence.strip(), ("negative", "positive")[int(label)]))
    return found


def read_squad(text, split="train"):
    """SQuAD 1.1 -> list of Question, those of the split's articles. Raises ValueError where an offset is wrong."""
    found = []
    for context, question in _squad_of(json.loads(text), split):
        answer = question["answers"][0]
        start = answer["answer_start"]
        if context[start : start + len(answer["text"])] != answer["text"]:
            raise ValueError(f"the answer to {question['question']!r} does not stand at {start} of its context")
        found.append(Question(context, question["question"], answer["text"], start))
    return found


def _squad_of(content, split):
    """(context, question as in the file) of each question about an article of the split."""
    for article in content["data"]:
        if split_of(article["title"]) == split:
            for paragraph in article["paragraphs"]:
                for question in paragraph["qas"]:
                    yield paragraph["context"], question


_READERS = {"sst2": read_sst2, "squad": read_squad}
