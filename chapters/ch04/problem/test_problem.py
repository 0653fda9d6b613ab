"""Judges problem.py beside it: `course problem 04`, or pytest. Places back and rows are drawn anew in each run."""

import functools
import random

import pytest
import torch

from chapters.ch04.problem import problem as given
from course_kit.i18n import t
from course_kit.problems import Far, Module, beside, fail, kind, seed

SEED = seed()
BACKS = random.Random(SEED).sample(range(1, 5), 2)  # two: one that is fixed fails
MOST, NEEDED = 8, 0.9  # parameters; right answers
TRIES = 4  # trainings: of right positions, too, one in thirteen ends in a state that answers one question only
torch.set_num_threads(1)  # the reader is tiny
problem = beside(__file__)
again = functools.cache(lambda: beside(__file__))  # a second process, in which nothing has been trained


class Positions(Module):
    """The reader's, as the course's Reader sees them: both methods, and what is learned."""

    def __init__(self, made=None):
        made = made or problem.Positions()
        if not isinstance(made, Far) or not made.has("parameters"):
            fail(t("given: Positions makes {what}; needed: an nn.Module", what=kind(made)))
        for name in ("add", "scores"):
            if not made.has(name):
                fail(
                    t(
                        "Positions has no {name}; needed: both methods. One that is not needed may stay as it was in "
                        "problem.py: add gives back x, scores gives q @ k.mT / q.shape[-1] ** 0.5",
                        name=name,
                    )
                )
        super().__init__(made)

    def add(self, x):
        if torch.is_grad_enabled():
            return self.shaped("add", list(x.shape), x)
        return self.place_by_place(x)

    def scores(self, q, k):
        return self.shaped("scores", [*q.shape[:3], q.shape[2]], q, k)

    def shaped(self, name, wanted, *given):
        found = self.run(name, *given)
        numbers = isinstance(found, torch.Tensor) and found.is_floating_point()
        if not numbers or list(found.shape) != wanted or not found.isfinite().all():
            fail(
                t(
                    "a row of {length}: {name} gave the shape {shape}; needed: {wanted}, without inf or nan",
                    **{"length": given[0].shape[-2], "name": name, "wanted": wanted},
                    shape=list(found.shape) if numbers else getattr(found, "dtype", kind(found)),
                )
            )
        return found

    def place_by_place(self, x):
        """What add gives, asked twice, each time with other words at half of the places: it may not matter."""
        length, wanted = x.shape[1], list(x.shape)
        here = torch.rand(length, 1) < 0.5
        others = x.roll(1, 0) + 0.1
        halves = [self.shaped("add", wanted, torch.where(one, x, others)) for one in (here, ~here)]
        added, found = torch.where(here, *halves), self.shaped("add", wanted, x)
        apart = (added - found).abs().amax((0, 2))
        if apart.max() > 1e-4 * max(1, found.abs().max()):
            fail(
                t(
                    "a row of {length}: what add gives at place {place} changes with the words at other places; "
                    "needed: with its own alone",
                    length=length,
                    place=int(apart.argmax()),
                )
            )
        return added


@functools.cache
def reader(back):
    """The first of a few trainings that answers both questions in rows as long as those it learned from, or the last;
    its positions are made anew, of what they have learned, and nothing else is left of them."""
    for number in range(TRIES):
        made = given.trained(Positions(), back, seed=SEED + number)
        if min(given.right(made, back, 16, SEED + 1)) >= NEEDED:
            break
    trained, fresh = made.positions, Positions(again().Positions())
    with torch.no_grad():
        for one, learned in zip(fresh.learned, trained.learned, strict=True):
            one.copy_(learned)
        q, k = torch.randn(2, 4, 2, 32, 32, generator=torch.Generator().manual_seed(SEED))
        apart = [
            (a - b).abs().max() / b.abs().max().clamp(min=1)
            for a, b in ((fresh.add(q[:, 0]), trained.add(q[:, 0])), (fresh.scores(q, k), trained.scores(q, k)))
        ]
    if max(apart) > 1e-3:
        fail(
            t(
                "given: Positions made anew, with the parameters that were learned, does not do what the trained one "
                "does; needed: what it learns are its parameters alone, and it draws nothing at random"
            )
        )
    made.positions = fresh
    return made


def test_positions():
    """At most 8 parameters; what is added at a place comes from this place; scores of both heads"""
    positions = Positions()
    count = sum(one.numel() for one in positions.parameters())
    if count > MOST:
        fail(t("given: {count} parameters; needed: at most {most}", count=count, most=MOST))
    for length in (1, 16, 64):
        draw = torch.Generator().manual_seed(SEED + length)
        x = torch.randn(2, length, 32, generator=draw)
        q, k = torch.randn(2, 2, 2, length, 32, generator=draw)
        with torch.no_grad():
            positions.scores(q, k)
            positions.add(x)


@pytest.mark.parametrize("length", [16, 20, 32, 64])
def test_length(length):
    """Trained on rows of 16, for two numbers of places back: 90 % of both questions, in rows of"""
    for back in BACKS:
        model = reader(back)
        found = given.right(model, back, length, SEED + 1)
        if not min(found) >= NEEDED:
            too_low(model, back, length, found)


def too_low(model, back, length, found):
    with torch.no_grad():
        letters, digits, answers = given.draw(200, length, back, torch.Generator().manual_seed(SEED + 1))
        which = int(found[1] < NEEDED)
        said, answers = model(letters, digits).argmax(-1)[..., which], answers[..., which]  # [B, T]
    asked, ok = answers != given.NONE, said == answers
    row, place = min((asked & ~ok).nonzero().tolist(), key=lambda pair: pair[1])
    text = " ".join(f"{'abcdef'[a]}{b}" for a, b in zip(letters[row, : place + 1], digits[row], strict=False))

    def share(places):
        return f"{float(ok[:, places].sum() / asked[:, places].sum()):.0%}" if length > (places.start or 0) else "–"

    fail(
        t(
            "rows of {length}: right are {far} ({back} back) and {again} (last time); needed: {needed} of each\n"
            "{name}: of the first 16 places {early}, of the later ones {late}\n"
            "smallest: {text}: needed {answer}, given {said}",
            **{"length": length, "far": f"{found[0]:.0%}", "back": back, "again": f"{found[1]:.0%}"},
            **{"needed": f"{NEEDED:.0%}", "name": t("last time") if which else t("so far back"), "text": text},
            **{"early": share(slice(16)), "late": share(slice(16, None)), "answer": int(answers[row, place])},
            said=int(said[row, place]),
        )
    )
