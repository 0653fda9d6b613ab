"""Positions from an empty file: those that are added, and those that turn."""

from typing import Any

from course_kit.exercises.define import integers, some_numbers
from course_kit.mine.scratch_parts import Either, Track

PARTS = """
sinusoidal_encoding
SinusoidalPositions: x + P[first … first + T]; where the table is too short, it is computed anew
LearnedPositions: x + table[first … first + T]
rotary
LetterReader*: positions added, or q and k turned; softmax(q kᵀ / √d) v; the output's matrix
"""


def pool(c: Any) -> dict[str, Any]:
    """Inputs and sizes, by the names of parameters."""
    return {
        "x": some_numbers(2, 5, 8, seed=1), "first": Either([0, 3]), "context": 8, "size": 8, "kind": "rotary",
        "ids": integers(10, 2, 9, seed=2), "SinusoidalPositions.first": Either([0, 6]),
    }  # fmt: skip


HAVE = "three kinds of positions to put into a model"
TRACKS = {"positions": Track(4, "positions", PARTS, pool, 60, HAVE, bar=75)}
