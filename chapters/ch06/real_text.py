"""Film reviews with labels, verified and read: SST-2, for what chapter 6 records.

    load("valid")[0]              # Labelled(text="one long string of cliches", label="negative")

Its files come from data/sources.toml: set COURSE_DATA_DIR, or let them be fetched. They are no part of the course.
"""

from course_kit import arguments, fetching
from course_kit.data.stories import Labelled

FILES = {"train": "sst2-train", "valid": "sst2-dev", "test": "sst2-dev"}


def load(split: str = "train") -> list[Labelled]:
    """One split; SST-2's own test has no labels, so "valid" and "test" are the same 872 sentences.

    Raises ValueError for another split, FetchError where the file cannot be had.
    """
    return read_sst2(fetching.read(FILES[arguments.one_of("split", split, FILES)]))


def read_sst2(text: str) -> list[Labelled]:
    """Lines `sentence ⇥ 0 or 1` -> list of Labelled. Raises ValueError with the number of a line that is not so."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        sentence, _, label = line.rpartition("\t")
        if label not in ("0", "1") or not sentence.strip():
            raise ValueError(f"line {number} is {line[:60]!r}; needed: a sentence, a tab, 0 or 1")
        found.append(Labelled(sentence.strip(), ("negative", "positive")[int(label)]))
    return found
