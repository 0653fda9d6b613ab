"""The corpus as a file: columns of text, sorted, compressed. 1 MB holds 24,000 sentences in three languages."""

import gzip
import json
import random

from course_utils import files

COLUMNS = (
    "split",
    "kind",
    "clauses",
    "en",
    "fr",
    "zh",
    "en-fr",
    "en-zh",
    "en-fr possible",
    "en-zh possible",
    "twin",
)
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
FIELD, MANIFEST = "\x1f", "manifest.json"  # what is between columns; checksums


def decode(text):
    """The source words of each target word, one character each, "-" for none, "(ab)" for several -> tuple of
    (target index, source index)."""
    links, target, inside = [], 0, False
    for character in text:
        if character in "()":
            inside = character == "("
            target += not inside
        else:
            if character != "-":
                links.append((target, DIGITS.index(character)))
            target += not inside
    return tuple(links)


def from_text(text):
    """The columns -> {split: list of rows (dictionaries)}, in an order that is mixed and always the same."""
    columns = [column.split("\n") for column in text.split(FIELD)]
    splits = {}
    for row in zip(*columns, strict=True):
        splits.setdefault(row[0], []).append(dict(zip(COLUMNS, row, strict=True)))
    for rows in splits.values():
        shuffle(rows, random.Random(0))
    return splits


def shuffle(items, generator):
    """Mix a list in place, the same way in every version of Python."""
    for i in range(len(items) - 1, 0, -1):
        j = int(generator.random() * (i + 1))
        items[i], items[j] = items[j], items[i]


def read(folder, file):
    """The text in a compressed file, such as "data/stories", "pairs.gz", checked against the manifest.

    Raises FileNotFoundError or OSError if it is missing or damaged.
    """
    known = json.loads(files.read(f"{folder}/{MANIFEST}"))["sha256"]
    checksum = known if isinstance(known, str) else known[file.removesuffix(".gz")]
    return gzip.decompress(files.read(f"{folder}/{file}", checksum)).decode("utf-8")
