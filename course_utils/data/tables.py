"""Small tables in `data/`, always there, each with a card that says what it is.

    co2 = load("co2_weekly")        # co2.year, co2.ppm, co2.card
    words = load("word_features")   # words.words, words.features, words.columns

`data/tables.json` lists the files with their checksums; `course data` lists, checks and rebuilds them.
"""

import csv
import hashlib
import io
import json
from dataclasses import dataclass, field
from pathlib import Path

from course_utils.support import files
from course_utils.support.checks import did_you_mean

INDEX = "tables.json"


class Card(str):
    """A data card: what the data are, how they were made, their limits and licence (Markdown)."""

    def _repr_markdown_(self):
        return str(self)


@dataclass(frozen=True)
class TimeSeries:
    """CO₂ in the air, week by week: .year .ppm .date, and the data .card."""

    year: object = field(repr=False)  # [n] float64, decimal years (1958.236 = 86 days into 1958), increasing
    ppm: object = field(repr=False)  # [n] float64, parts per million (mole fraction in dry air), NaN: not measured
    date: object = field(repr=False)  # [n] datetime64[D], the Saturday that stands for each week
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
            raise KeyError(f"{word!r} is not in the table; it has {', '.join(self.words)}")
        return self.features[self.words.index(word)]


@dataclass(frozen=True)
class Systems:
    """Translation systems side by side: what they reached on WMT 2014, and what training them cost."""

    name: list
    ensemble: object = field(repr=False)  # [n] bool: several models that vote
    bleu_en_de: object = field(repr=False)  # [n] float64, BLEU, NaN where none was published
    bleu_en_fr: object = field(repr=False)
    flops_en_de: object = field(repr=False)  # [n] float64, floating-point operations of the training, likewise
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

    def __len__(self):
        return len(self.year)


def load(name):
    """One of the course's tables, freshly read: "co2_weekly" -> TimeSeries, "word_features" -> WordFeatures,
    "wmt14" -> Systems, "history" -> History.

    Raises ValueError for an unknown name (and lists the known ones), OSError if a file is missing or damaged.
    """
    known = _LOADERS
    if not isinstance(name, str) or name not in known:
        meant = did_you_mean(name, known)
        raise ValueError(f"There are no data called {name!r}.{meant} There are: {', '.join(sorted(known))}.")
    return known[name](_read(f"{name}.csv"), Card(_read(f"{name}.md")))


def folder():
    """The folder `data/` of the course. Raises FileNotFoundError when the package was installed without it."""
    return files.course_folder() / "data"


def verify(where=None):
    """Compare each file that `tables.json` names with its checksum -> {file name: "" if intact, else what is wrong}."""
    where, damaged = Path(where) if where else folder(), "is damaged (its checksum differs)"
    index = json.loads((where / INDEX).read_text(encoding="utf-8"))
    there = {name: where / name for name in index if (where / name).exists()}
    found = {name: "" if files.sha256(path) == index[name] else damaged for name, path in there.items()}
    return {name: found.get(name, "is missing") for name in index}


def _read(name):
    """The text of a file in `data/`, checked against its checksum if it is a table."""
    path = folder() / name
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise FileNotFoundError(f"data/{name} is missing. {files.RESTORE}") from None
    if path.suffix == ".csv":
        expected = json.loads((folder() / INDEX).read_text(encoding="utf-8")).get(name)
        if hashlib.sha256(content).hexdigest() != expected:
            raise OSError(f"data/{name} is damaged: its checksum differs from the one in data/{INDEX}. {files.RESTORE}")
    return content.decode("utf-8")


def _load_co2_weekly(text, card):
    import numpy as np

    rows = list(csv.DictReader(io.StringIO(text)))
    date = np.array([row["date"] for row in rows], dtype="datetime64[D]")
    ppm = np.array([float(row["ppm"] or "nan") for row in rows])
    start = date.astype("datetime64[Y]")
    days = (date - start.astype("datetime64[D]")).astype(float)
    length = ((start + 1).astype("datetime64[D]") - start.astype("datetime64[D]")).astype(float)
    return TimeSeries(start.astype(int) + 1970 + days / length, ppm, date, card)


def _load_word_features(text, card):
    import numpy as np

    rows = list(csv.reader(io.StringIO(text)))
    columns = rows[0][1:]
    words = [row[0] for row in rows[1:]]
    return WordFeatures(words, np.array([[float(x) for x in row[1:]] for row in rows[1:]]), columns, card)


def _load_wmt14(text, card):
    import numpy as np

    rows = list(csv.DictReader(io.StringIO(text)))
    numbers = [np.array([float(row[c] or "nan") for row in rows]) for c in list(rows[0])[2:]]
    return Systems([row["system"] for row in rows], np.array([row["ensemble"] == "1" for row in rows]), *numbers, card)


def _load_history(text, card):
    rows = list(csv.DictReader(io.StringIO(text)))
    year, chapter = ([int(row[c]) for row in rows] for c in ("year", "chapter"))
    return History(year, [row["what"] for row in rows], [row["source"] for row in rows], chapter, card)


_LOADERS = dict(co2_weekly=_load_co2_weekly, history=_load_history, wmt14=_load_wmt14)
_LOADERS["word_features"] = _load_word_features
