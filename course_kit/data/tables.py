"""Small tables in `data/`, always there, each with a card beside it that says what it is.

    co2 = load("co2_weekly")        # co2.year, co2.ppm
    words = load("word_features")   # words.words, words.features, words.columns

`data/tables.json` has their checksums; `course data` lists and checks them.
"""

import csv
import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float64

from course_kit import files
from course_kit.programs.arguments import one_of

INDEX = "tables.json"
BOOK = "sherlock_holmes.txt"
Rows = list[dict[str, str]]
Numbers = Float64[np.ndarray, " n"]


@dataclass(frozen=True)
class TimeSeries:
    """CO₂ in the air, week by week."""

    year: Numbers = field(repr=False)  # decimal years (1958.236), increasing
    ppm: Numbers = field(repr=False)  # parts per million in dry air, NaN: not measured
    date: np.ndarray = field(repr=False)  # datetime64[D], the Saturday of each week

    def __len__(self) -> int:
        return len(self.year)


@dataclass(frozen=True)
class WordFeatures:
    """Hand-made word vectors: words["tired"] is the vector [d] of a word."""

    words: list[str]  # n words, in the order of the sentence
    features: Float64[np.ndarray, "n d"] = field(repr=False)
    columns: list[str]  # d names: what each number stands for

    def __getitem__(self, word: str) -> Float64[np.ndarray, " d"]:
        if word not in self.words:
            raise KeyError(f"{word!r} is not in the table; it has {', '.join(self.words)}")
        return self.features[self.words.index(word)]


@dataclass(frozen=True)
class Systems:
    """Translation systems: what they reached on WMT 2014, and what training them cost."""

    name: list[str]
    ensemble: Bool[np.ndarray, " n"] = field(repr=False)  # several models that vote
    bleu_en_de: Numbers = field(repr=False)  # NaN where none was published
    bleu_en_fr: Numbers = field(repr=False)
    flops_en_de: Numbers = field(repr=False)  # operations of the training, likewise
    flops_en_fr: Numbers = field(repr=False)


@dataclass(frozen=True)
class History:
    """What was published when, in order."""

    year: list[int]  # of the first public version
    what: list[str] = field(repr=False)  # short sentences
    source: list[str] = field(repr=False)  # authors, title, where
    chapter: list[int] = field(repr=False)  # of this course that it belongs to, 0: none


def load(name: str) -> Any:
    """A table, freshly read: "co2_weekly" is a TimeSeries, "word_features" WordFeatures,
    "wmt14" Systems, "history" a History, "lesson_sentences" a list of them."""
    one_of("name", name, _MAKERS)
    checksum = json.loads(files.read(f"data/{INDEX}"))[f"{name}.csv"]
    text = files.read(f"data/{name}.csv", checksum).decode("utf-8")
    return _MAKERS[name](list(csv.DictReader(io.StringIO(text))))


def book() -> str:
    """*The Adventures of Sherlock Holmes*, 558,664 characters; `data/sherlock_holmes.md`."""
    checksum = json.loads(files.read(f"data/{INDEX}"))[BOOK]
    return files.read(f"data/{BOOK}", checksum).decode("utf-8")


def folder() -> Path:
    """The folder `data/` of the course."""
    return files.course_folder() / "data"


def _texts(rows: Rows, column: str) -> list[str]:
    return [row[column] for row in rows]


def _numbers(rows: Rows, column: str) -> Numbers:
    """A column as float64, NaN where nothing is written."""
    return np.array([float(text or "nan") for text in _texts(rows, column)])


def _time_series(rows: Rows) -> TimeSeries:
    date = np.array(_texts(rows, "date"), dtype="datetime64[D]")
    year = date.astype("datetime64[Y]")
    begin, end = year.astype("datetime64[D]"), (year + 1).astype("datetime64[D]")
    decimal = year.astype(int) + 1970 + (date - begin) / (end - begin)
    return TimeSeries(decimal, _numbers(rows, "ppm"), date)


def _word_features(rows: Rows) -> WordFeatures:
    word, *columns = rows[0]
    features = np.stack([_numbers(rows, column) for column in columns], 1)
    return WordFeatures(_texts(rows, word), features, columns)


def _systems(rows: Rows) -> Systems:
    name, ensemble, *columns = rows[0]
    votes = np.array(_texts(rows, ensemble)) == "1"
    numbers = [_numbers(rows, column) for column in columns]
    return Systems(_texts(rows, name), votes, *numbers)  # type: ignore


def _history(rows: Rows) -> History:
    year, chapter = ([int(x) for x in _texts(rows, column)] for column in ("year", "chapter"))
    return History(year, _texts(rows, "what"), _texts(rows, "source"), chapter)


_MAKERS: dict[str, Callable[[Rows], Any]] = {
    "co2_weekly": _time_series,
    "history": _history,
    "wmt14": _systems,
    "word_features": _word_features,
    "lesson_sentences": lambda rows: _texts(rows, "sentence"),
}
