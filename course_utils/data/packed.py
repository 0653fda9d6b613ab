"""The corpus as a file: columns of text, sorted, compressed. 1 MB holds 24,000 sentences in three languages."""

import gzip
import hashlib
import io
import json
import random

from course_utils.support import files

COLUMNS = ("split", "kind", "clauses", "en", "fr", "zh", "en-fr", "en-zh", "en-fr possible", "en-zh possible", "twin")
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
FIELD, MANIFEST = "\x1f", "manifest.json"  # what is between columns; checksums


def encode(links):
    """Source words of each target word -> one character each; "-" for none, "(ab)" for several."""
    parts = []
    for found in links:
        digits = "".join(DIGITS[i] for i in found)
        parts.append(digits if len(digits) == 1 else f"({digits})" if digits else "-")
    return "".join(parts)


def decode(text):
    """encode's text -> tuple of (target index, source index)."""
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


def to_text(splits):
    """{split: list of Said} -> the columns, one line a sentence, sorted so that they compress well."""
    lines = []
    for split, sentences in splits.items():
        for said in sentences:
            twin = "|".join(map(str, said.twin)) if said.twin else ""
            links = [encode(x) for x in (said.links_fr, said.links_zh, said.possible_fr, said.possible_zh)]
            lines.append((split, said.kind, str(said.clauses), *said.texts, *links, twin))
    lines.sort()
    return FIELD.join("\n".join(column) for column in zip(*lines, strict=True))


def from_text(text):
    """to_text's result -> {split: list of rows (dictionaries)}, in an order that is mixed and always the same."""
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


def read(folder, file, place):
    """The text in a file of a folder, as `compress` made it, if its checksum is the one in the manifest beside it.

    place: the folder in words, such as data/stories. Raises FileNotFoundError or OSError if it is missing or damaged.
    """
    for name in (file, MANIFEST):
        if not (folder / name).is_file():
            raise FileNotFoundError(f"{place}/{name} is missing. {files.RESTORE}")
    content, expected = (folder / file).read_bytes(), json.loads((folder / MANIFEST).read_text("utf-8"))["sha256"]
    if sha256(content) != (expected if isinstance(expected, str) else expected[file.removesuffix(".gz")]):
        raise OSError(f"{place}/{file} is damaged: its checksum differs from the one in {MANIFEST}. {files.RESTORE}")
    return gzip.decompress(content).decode("utf-8")


def compress(text):
    """gzip, without a date in it."""
    buffer = io.BytesIO()
    with gzip.GzipFile(filename="", fileobj=buffer, mode="wb", compresslevel=9, mtime=0) as file:
        file.write(text.encode("utf-8"))
    return buffer.getvalue()


def sha256(content):
    """The SHA-256 of text or bytes, in hexadecimal."""
    return hashlib.sha256(content.encode("utf-8") if isinstance(content, str) else content).hexdigest()
