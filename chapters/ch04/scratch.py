"""What one writes from an empty file in chapter 4: positions that are added, and positions that turn."""

import torch
import torch.nn.functional as F

from course_kit.exercises.define import integers, some_numbers
from course_kit.mine.scratch_parts import Track, batches, part, trial


def parts(c):
    x = some_numbers(2, 5, 6, seed=1)
    return [
        "sinusoidal_encoding",
        "shift_matrix",
        part(
            c,
            "SinusoidalPositions",
            {"x": x, "first": 0},
            {"x": x, "first": 6},
            init=(8, 6),
            formula="x + P[first … first + T]; where the table is too short, it is computed anew",
        ),
        part(c, "LearnedPositions", {"x": x, "first": 0}, {"x": x, "first": 3}, init=(8, 6), formula="x + table[places]"),
        "rotary",
        part(
            c,
            "LetterReader",
            {"ids": integers(10, 2, 9, seed=2)},
            init=("rotary", 8),
            formula="softmax(q kᵀ / √d) v with q and k turned, then the output's matrix",
            optional=False,
        ),
        trial("two letters back", "LetterReader", 60, read_back, "For T words, the target of word i is word i − 2."),
    ]


def read_back(mine):
    """Trained on 20 letters: which letter was there two places before?"""
    model = mine.build("LetterReader", "rotary") if hasattr(mine, "build") else mine.LetterReader("rotary")

    def loss():
        ids = torch.randint(10, (16, 20))
        return F.cross_entropy(model(ids)[:, 2:].transpose(1, 2), ids[:, :-2])

    batches(300, model, 6e-3, loss)
    shares = []
    for length, first in ((20, 2), (40, 20)):
        ids = torch.randint(10, (100, length))
        shares.append((model(ids)[:, first:].argmax(-1) == ids[:, first - 2 : -2]).float().mean().item())
    says = f"{shares[0]:.0%} right in 20 letters, {shares[1]:.0%} beyond; 95 % and 75 % are asked for."
    return shares[0] > 0.95 and shares[1] > 0.75, says


TRACKS = {"positions": Track(4, ("positions",), parts, (), 60, "three kinds of positions to put into any model")}
