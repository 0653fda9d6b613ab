"""A corpus as a file: columns of text, sorted, compressed.

1 MB holds 24,000 sentences in three languages.
"""

import gzip
import json
import random
from collections.abc import MutableSequence
from typing import Any

from course_kit import files

COLUMNS = ["split", "kind", "clauses", "en", "fr", "zh", "en-fr", "en-zh"]
COLUMNS += ["en-fr possible", "en-zh possible", "twin"]
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
FIELD, MANIFEST = "\x1f", "manifest.json"  # what is between columns; checksums

Row = dict[str, str]
Links = tuple[tuple[int, int], ...]  # (target index, source index)


def decode(text: str) -> Links:
    """The source words of each target word, one letter each: "-" for none, "(ab)" for two."""
    links = []
    target, inside = 0, False
    for character in text:
        if character in "()":
            inside = character == "("
        elif character != "-":
            links.append((target, DIGITS.index(character)))
        target += not inside
    return tuple(links)


def from_text(text: str) -> dict[str, list[Row]]:
    """The columns -> the rows of each split, in a mixed order, always the same."""
    columns = [column.split("\n") for column in text.split(FIELD)]
    splits: dict[str, list[Row]] = {}
    for row in zip(*columns, strict=True):
        splits.setdefault(row[0], []).append(dict(zip(COLUMNS, row, strict=True)))
    for rows in splits.values():
        shuffle(rows, random.Random(0))
    return splits


def shuffle(items: MutableSequence[Any], generator: random.Random) -> None:
    """Mix a list in place, the same way in every version of Python."""
    for i in range(len(items) - 1, 0, -1):
        j = int(generator.random() * (i + 1))
        items[i], items[j] = items[j], items[i]


def read(folder: str, file: str) -> str:
    """The text in a compressed file, such as "data/stories", "pairs.gz", verified."""
    known = json.loads(files.read(f"{folder}/{MANIFEST}"))["sha256"]
    checksum = known if isinstance(known, str) else known[file.removesuffix(".gz")]
    return gzip.decompress(files.read(f"{folder}/{file}", checksum)).decode("utf-8")
