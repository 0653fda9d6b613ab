"""Five people in a room, drawn: each has a name tag, a wish and a thing in hand, and attends to the others. And the
table that a layer has learned in such rooms: which wish goes with which name."""

import itertools
import math

import torch
import torch.nn.functional as F
from torch import nn

from course_kit.i18n import mark, t
from course_kit.views.figure import figure, one

NAMES = ("Ada", "Ben", "Cleo", "Dan", "Eva", "Finn", "Gus", "Hana")
THINGS = (mark("apple"), mark("bread"), mark("cup"), mark("drum"), mark("egg"), mark("fan"), mark("glass"), mark("hat"))
WHOM, CARRIED = (2, 0, 3, 1, 2), (4, 1, 3, 6, 0)  # of the first five: whom each looks for, and their thing
LEAST = 0.04  # a weight that is drawn
BELOW, ASIDE = 90, 56  # what hangs under a person, and half its width: an arrow ends outside of it


@torch.no_grad()
def room(trained: dict[int, nn.Module], *, title="", caption=""):
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
    turns = [2 * math.pi * i / count for i in range(count)]
    at = [(0.5 + 0.33 * math.sin(turn), 200 - 140 * math.cos(turn)) for turn in turns]
    shapes = [_look(i, j, at, frames) for i in range(count) for j in range(count)]
    for i, (x, y) in enumerate(at):
        wishes_of = [{"words": t("looks for {name}", name=NAMES[wish[i]])} for wish, _, _ in frames]
        gets = [{"words": t("gets {thing}", thing=t(THINGS[got[i]]))} for _, got, _ in frames]
        shapes += [
            one("disc", x, y, NAMES[i], "key", high=46, strong=True),
            one("text", x, y + 77, role="query", size=13, each=wishes_of),
            one("box", x, y + 36, t(THINGS[CARRIED[i]]), "value", wide=0.13, high=22, size=12.5),
            one("text", x, y + 59, role="output", size=13, each=gets),
        ]
    said = [_said(*frame, step) for frame, step in zip(frames, itertools.cycle(steps), strict=False)]
    tables = [_table(*frame) for frame in frames]
    axes = [("ada", t("Ada looks for"), NAMES[:count]), ("after", t("steps of training"), steps)]
    axes, play = (axes, t("▶ train")) if len(steps) > 1 else (axes[:1], t("▶ play"))
    start = {"ada": NAMES[WHOM[0]]}
    return figure(shapes, said, tables, axes=axes, height=422, start=start, play=play,
                  still=len(steps) == 1, title=title, caption=caption)  # fmt: skip


def _look(i, j, at, frames):
    """The arrow along which i takes from j, as thick as its weight; to oneself, a loop."""
    (x, y), (u, v) = at[i], at[j]
    each = [{"weight": round(5 * weights[i][j], 2) if weights[i][j] > LEAST else 0} for _, _, weights in frames]
    if i == j:
        return one("arrow", from_=[x - 0.03, y - 20], to=[x + 0.03, y - 20], bend=-70, each=each)
    near = [_edge(x, y, u, v), _edge(u, v, x, y)]
    return one("arrow", from_=near[1], to=near[0], bend=16, each=each)


def _edge(x, y, u, v):
    """Where the line from a person at (x, y) to one at (u, v) leaves what is drawn of the first."""
    across, down = (u - x) * 640, v - y
    far = math.hypot(across, down)
    part = 34 / far  # the disc alone
    if down > 0:
        part = max(part, min(ASIDE / max(abs(across), 1), BELOW / down))
    return [round(x + (u - x) * part, 3), round(y + down * part, 1)]


def _said(wish, got, weights, step):
    places = {
        "step": step,
        "name": NAMES[wish[0]],
        "share": f"{weights[0][wish[0]]:.0%}",
        "thing": t(THINGS[got[0]]),
        "needed": t(THINGS[CARRIED[wish[0]]]),
        "right": sum(CARRIED[whom] == thing for whom, thing in zip(wish, got, strict=True)),
    }
    if got[0] == CARRIED[wish[0]]:
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


def _table(wish, got, weights):
    rows = [[NAMES[i], NAMES[wish[i]], t(THINGS[CARRIED[i]]), *(f"{w:.2f}" for w in weights[i]), t(THINGS[got[i]])]
            for i in range(len(WHOM))]  # fmt: skip
    return [
        t("name"),
        t("looks for"),
        t("carries"),
        *(t("to {name}", name=name) for name in NAMES[: len(WHOM)]),
        t("gets"),
    ], rows


def goes(corners, *, title="", caption=""):
    """What goes with what: a line from each wish or name to each as thick as its entry of a table; none below 0.

    corners: [2, 8, 8]: rows are wishes and columns names, then rows are names and columns wishes
    """
    wishes = [t("looks for {name}", name=name) for name in NAMES]
    sides = [(wishes, NAMES), (NAMES, wishes)]
    high, most = 30, max(float(corners.max()), 1e-9)
    at = [high * (i + 0.7) for i in range(len(NAMES))]
    shapes = []
    for i, y in enumerate(at):
        for x, anchor, role, side in ((0.33, "end", "query", 0), (0.67, "start", "key", 1)):
            each = [{"words": both[side][i]} for both in sides]
            shapes.append(one("text", x, y, role=role, anchor=anchor, strong=True, each=each))
        for j, end in enumerate(at):
            each = [{"weight": round(7 * max(float(corner[i, j]), 0) / most, 2)} for corner in corners]
            shapes.append(one("arrow", role="query", from_=[0.35, y], to=[0.65, end], each=each))
    said, tables = [], []
    for corner, (rows, columns) in zip(corners, sides, strict=True):
        i, j = divmod(int(corner.argmax()), len(NAMES))
        entry = f"{float(corner[i, j]):.1f}"
        said.append(t("The largest entry is {entry}: “{one}” with “{other}”.", entry=entry, one=rows[i],
                      other=columns[j]))  # fmt: skip
        cells = [
            [row, *(f"{x:.1f}".replace("-", "−") for x in entries)]
            for row, entries in zip(rows, corner.tolist(), strict=True)
        ]
        tables.append((["", *columns], cells))
    axes = [("corner", t("corner"), [t("a wish meets a name"), t("a name meets a wish")])]
    return figure(shapes, said, tables, axes=axes, height=high * len(NAMES) + 8, still=True, title=title,
                  caption=caption, start={"corner": axes[0][2][0]})  # fmt: skip
