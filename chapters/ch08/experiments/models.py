"""What open models chose: data/models.csv, and what follows from it for a cache."""

import csv
import io
from typing import Any

from course_kit.data import tables

BYTES = 2  # of a number in 16 bits


def models() -> list[dict[str, Any]]:
    """The rows of data/models.csv, numbers as numbers, None where a model does not have it."""
    text = (tables.folder() / "models.csv").read_text(encoding="utf-8")
    return [{name: _value(entry) for name, entry in row.items()} for row in csv.DictReader(io.StringIO(text))]


def _value(entry: str) -> int | float | str | None:
    for kind in (int, float):
        try:
            return kind(entry)
        except ValueError:
            continue
    return entry or None


def cache_bytes(model: dict[str, Any]) -> int:
    """Bytes that one token adds to the cache in 16 bits, windows left aside: a key and a value for each head of keys
    in each layer, or what MLA keeps instead."""
    per_layer = model["latent"] or 2 * model["key_heads"] * model["head_size"]
    return BYTES * model["layers"] * per_layer
