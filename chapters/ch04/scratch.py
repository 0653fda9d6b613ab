"""Positions from an empty file: those that are added, and those that turn."""

from typing import Any

from course_kit.exercises.define import some_numbers
from course_kit.i18n import mark
from course_kit.mine.scratch_parts import Track, TrackPart


def parts(c: Any) -> list[TrackPart]:
    x = some_numbers(2, 5, 8, seed=1)
    return [
        TrackPart("sinusoidal_encoding"),
        TrackPart("SinusoidalPositions", "x + P[first … first + T]; where the table is too short, it is computed anew",
            (x, 0), (x, 6), init=(8, 8)),
        TrackPart("LearnedPositions", "x + table[first … first + T]", (x, 0), (x, 3), init=(8, 8)),
        TrackPart("rotary"),
    ]  # fmt: skip


HAVE = mark("three kinds of positions to put into a model")
TRACKS = {"positions": Track(4, "positions", parts, 60, HAVE, bar=75)}
