"""Five people in a room, drawn: each has a name tag, a wish and a thing in hand, and attends to the others."""

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from course_kit.i18n import mark, sentences, t
from course_kit.programs import further_training
from course_kit.views.figure import Figure, Listing, figure
from course_kit.views.layout import (
    GAP,
    Arrow,
    Part,
    arrow,
    box,
    column,
    plot,
    spot,
    words,
)

Frame = tuple[tuple[int, ...], list[int], list[list[float]]]  # wishes, things got, weights
NAMES = ("Ada", "Ben", "Cleo", "Dan", "Eva", "Finn", "Gus", "Hana")
THINGS = (mark("apple"), mark("bread"), mark("cup"), mark("drum"), mark("egg"), mark("fan"), mark("glass"), mark("hat"))
WHOM, CARRIED = (2, 0, 3, 1, 2), (4, 1, 3, 6, 0)  # of the first five: whom each looks for, and their thing
LEAST, THICK = 0.04, 5  # a weight that is drawn; how thick a weight of 1 is
CARD, HIGH, LOOP, SAYS = 138, 370, 32, 120  # how high: a person, the room, a loop above the first; how wide: a wish
FLAT, APART = 28, 9  # how high what a person carries is; between the lines of a person, which do not touch on a slide
ASIDE = 0.36  # of the room: how far the ring of people reaches to each side
FLATTER = 1.5  # than a ring: those at the sides stand higher, and the room fits a low window


@torch.no_grad()
def room(trained: dict[int, nn.Module], *, title: str = "", caption: str = "") -> Figure:
    """The weights and outputs of a layer in a room, after so many steps, for each person that Ada may look for.

    trained: steps -> layer as trained on rooms, (x [B, T, 24], mask [B, 1, T]) -> output [B, T, 8], weights [B, T, T].
    """
    count, steps = len(WHOM), sorted(trained)
    wishes = [(ada, *WHOM[1:]) for ada in range(count)]
    parts = torch.tensor([[list(range(count)), list(wish), CARRIED] for wish in wishes])
    x = F.one_hot(parts, len(NAMES)).permute(0, 2, 1, 3).flatten(2).float()  # [5, 3, 5, 8] -> [5, 5, 24]
    mask = torch.ones(count, 1, count, dtype=torch.bool)
    made = [trained[step](x, mask) for step in steps]
    frames = [(wish, gets[a].argmax(-1).tolist(), weights[a].tolist())
              for a, wish in enumerate(wishes) for gets, weights in made]  # fmt: skip
    wishes_of = ([t("looks for {name}", name=NAMES[wish[i]]) for wish, _, _ in frames] for i in range(count))
    gets = ([t("gets {thing}", thing=t(THINGS[got[i]])) for _, got, _ in frames] for i in range(count))
    people = [
        box(NAMES[i], "key", box(t(THINGS[CARRIED[i]]), "value", wide=SAYS, high=FLAT),
            words(got, "output", wide=SAYS), words(wish, "query", wide=SAYS), strong=True, high=CARD, gap=APART)
        for i, (wish, got) in enumerate(zip(wishes_of, gets, strict=True))
    ]  # fmt: skip
    looks = [_look(i, j, people, frames) for i in range(count) for j in range(count)]
    scene = column(plot(*map(spot, people, _places(count)), high=HIGH), *looks)
    later = t("The layer had trained before: these steps are those of a later run.")
    first = [later * further_training.by_later_run(trained[step]) for step in steps]
    said = [sentences(before, _said(*frame, step)) for frame, (step, before)
            in zip(frames, itertools.cycle(zip(steps, first, strict=True)), strict=False)]  # fmt: skip
    tables = [_table(*frame) for frame in frames]
    axes = [("ada", t("Ada looks for"), NAMES[:count]), ("after", t("steps of training"), steps)]
    axes, play = (axes, t("▶ train")) if len(steps) > 1 else (axes[:1], "")
    start = {"ada": NAMES[WHOM[0]]}
    return figure(scene, said, tables, axes=axes, start=start, title=title, caption=caption,
                  play=play, still=len(steps) == 1)  # fmt: skip


def _places(count: int) -> Iterator[tuple[float, float]]:
    """The middles of so many people in a ring, clockwise from the top."""
    first, last = 1 - (LOOP + CARD / 2) / HIGH, CARD / 2 / HIGH
    for i in range(count):
        turn, far = (2 * math.pi * n / count for n in (i, count // 2))
        down = ((1 - math.cos(turn)) / (1 - math.cos(far))) ** FLATTER
        yield 0.5 + ASIDE * math.sin(turn), first - (first - last) * down


def _look(i: int, j: int, parts: list[Part], frames: Sequence[Frame]) -> Arrow:
    """The arrow along which i takes from j, as thick as its weight; to oneself, a loop."""
    weight = [THICK * weights[i][j] if weights[i][j] > LEAST else 0 for _, _, weights in frames]
    bend, side = (-1.5 * LOOP, "loop") if i == j else (2 * GAP, "round")
    return arrow(parts[j], parts[i], weight=weight, bend=bend, behind=True, side=side)


def _said(wish: Sequence[int], got: list[int], weights: list[list[float]], step: int) -> str:
    (whom, *_), (thing, *_), (shares, *_) = wish, got, weights  # Ada's
    places: dict[str, Any] = {
        "step": step,
        "name": NAMES[whom],
        "share": f"{shares[whom]:.0%}",
        "thing": t(THINGS[thing]),
        "needed": t(THINGS[CARRIED[whom]]),
        "right": sum(CARRIED[other] == given for other, given in zip(wish, got, strict=True)),
    }
    if thing == CARRIED[whom]:
        return t(
            "After {step} steps Ada looks for {name}, gives {share} of her weight there, and gets {thing}, what she "
            "needs. {right} of 5 are served.",
            **places,
        )
    return t(
        "After {step} steps Ada looks for {name}, gives {share} of her weight there, and gets {thing}, but she needs "
        "{needed}. {right} of 5 are served.",
        **places,
    )


def _table(wish: Sequence[int], got: list[int], weights: list[list[float]]) -> Listing:
    rows = [[NAMES[i], NAMES[wish[i]], t(THINGS[CARRIED[i]]), *(f"{w:.2f}" for w in weights[i]), t(THINGS[got[i]])]
            for i in range(len(WHOM))]  # fmt: skip
    return [
        t("name"),
        t("looks for"),
        t("carries"),
        *(t("to {name}", name=name) for name in NAMES[: len(WHOM)]),
        t("gets"),
    ], rows
