"""Small tables in `data/`, always there, each with a card that says what it is.

    co2 = load("co2_weekly")        # co2.year, co2.ppm, co2.card
    words = load("word_features")   # words.words, words.features, words.columns

`data/tables.json` lists the files with their checksums; `course data` lists, checks and rebuilds them.
"""

import csv
import io
import json
from dataclasses import dataclass, field

import numpy as np

from course_utils import files
from course_utils.checks import did_you_mean

INDEX = "tables.json"


class Card(str):
    """A data card: what the data are, how they were made, their limits and licence (Markdown)."""

    def _repr_markdown_(self):
        return str(self)


@dataclass(frozen=True)
class TimeSeries:
    """CO₂ in the air, week by week: .year .ppm .date, and the data .card."""

    year: object = field(
        repr=False
    )  # [n] float64, decimal years (1958.236 = 86 days into 1958), increasing
    ppm: object = field(
        repr=False
    )  # [n] float64, parts per million (mole fraction in dry air), NaN: not measured
    date: object = field(
        repr=False
    )  # [n] datetime64[D], the Saturday that stands for each week
    card: Card = field(repr=False)

    def __len__(self):
        return len(self.year)


@dataclass(frozen=True)
class WordFeatures:
    """Hand-made word vectors: words["tired"] is the vector of a word."""

    words: list  # n words, in the order of the sentence
    features: object = field(repr=False)  # [n, d] float64
    columns: list  # d names: what each number stands for
    card: Card = field(repr=False)

    def __getitem__(self, word):
        """The vector [d] of a word. Raises KeyError if the word is not in the table."""
        if word not in self.words:
            raise KeyError(
                f"{word!r} is not in the table; it has {', '.join(self.words)}"
            )
        return self.features[self.words.index(word)]


@dataclass(frozen=True)
class Systems:
    """Translation systems side by side: what they reached on WMT 2014, and what training them cost."""

    name: list
    ensemble: object = field(repr=False)  # [n] bool: several models that vote
    bleu_en_de: object = field(
        repr=False
    )  # [n] float64, BLEU, NaN where none was published
    bleu_en_fr: object = field(repr=False)
    flops_en_de: object = field(
        repr=False
    )  # [n] float64, floating-point operations of the training, likewise
    flops_en_fr: object = field(repr=False)
    card: Card = field(repr=False)


@dataclass(frozen=True)
class History:
    """What was published when, in order."""

    year: list  # of the first public version
    what: list = field(repr=False)  # short sentences
    source: list = field(repr=False)  # authors, title, where
    chapter: list = field(repr=False)  # of this course that it belongs to, 0 for none
    card: Card = field(repr=False)


def load(name):
    """One of the course's tables, freshly read: "co2_weekly" -> TimeSeries, "word_features" -> WordFeatures,
    "wmt14" -> Systems, "history" -> History.

    Raises ValueError for an unknown name (and lists the known ones), OSError if a file is missing or damaged.
    """
    if not isinstance(name, str) or name not in _MAKERS:
        meant = did_you_mean(name, _MAKERS)
        raise ValueError(
            f"There are no data called {name!r}.{meant} There are: {', '.join(sorted(_MAKERS))}."
        )
    checksum = json.loads(files.read(f"data/{INDEX}"))[f"{name}.csv"]
    rows = csv.DictReader(
        io.StringIO(files.read(f"data/{name}.csv", checksum).decode("utf-8"))
    )
    return _MAKERS[name](list(rows), Card(files.read(f"data/{name}.md").decode("utf-8")))


def folder():
    """The folder `data/` of the course. Raises FileNotFoundError when the package was installed without it."""
    return files.course_folder() / "data"


def _numbers(rows, column):
    """A column as float64, NaN where nothing is written."""
    return np.array([float(row[column] or "nan") for row in rows])


def _time_series(rows, card):
    date = np.array([row["date"] for row in rows], dtype="datetime64[D]")
    year = date.astype("datetime64[Y]")
    begin, end = year.astype("datetime64[D]"), (year + 1).astype("datetime64[D]")
    return TimeSeries(
        year.astype(int) + 1970 + (date - begin) / (end - begin),
        _numbers(rows, "ppm"),
        date,
        card,
    )


def _word_features(rows, card):
    first, *columns = rows[0]
    features = np.stack([_numbers(rows, column) for column in columns], 1)
    return WordFeatures([row[first] for row in rows], features, columns, card)


def _systems(rows, card):
    numbers = (_numbers(rows, column) for column in list(rows[0])[2:])
    return Systems(
        [row["system"] for row in rows],
        np.array([row["ensemble"] == "1" for row in rows]),
        *numbers,
        card,
    )


def _history(rows, card):
    year, chapter = ([int(row[column]) for row in rows] for column in ("year", "chapter"))
    return History(
        year,
        [row["what"] for row in rows],
        [row["source"] for row in rows],
        chapter,
        card,
    )


_MAKERS = dict(
    co2_weekly=_time_series,
    history=_history,
    wmt14=_systems,
    word_features=_word_features,
)
