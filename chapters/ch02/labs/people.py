"""A room of people: click, and somebody looks for somebody else."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_kit.views import heatmap
from course_kit.views.live import below

NAMES = ("Ada", "Ben", "Cleo", "Dan", "Eva", "Finn", "Gus", "Hana")
THINGS = ("apple", "bread", "cup", "drum", "egg", "fan", "glass", "hat")


def room_of(whom: list[int], things: list[int]) -> Tensor:
    """whom [T]: whose place each of the first T NAMES looks for; things [T] -> x [1, T, 24], as in tasks.rooms"""
    parts = torch.tensor([list(range(len(whom))), whom, things])  # [3, T]
    return F.one_hot(parts, len(NAMES)).permute(1, 0, 2).flatten(1).float()[None]


@torch.no_grad()
def answers(layer: nn.Module, whom: list[int], things: list[int]) -> tuple[Tensor, Tensor]:
    """What the layer gives for one room -> how much of each thing [T, 8], weights [T, T]."""
    output, weights = layer(room_of(whom, things), torch.ones(1, 1, len(whom), dtype=torch.bool))
    return output[0], weights[0]


def people(layer: nn.Module, whom=(2, 0, 3, 1, 2), things=(4, 1, 3, 6, 0), *, live=True, title="", caption=""):
    """The weights of a trained layer in one room, and a line below -> (view, line), to be displayed in this order.

    layer: as trained on tasks.rooms, (x [1, T, 24], mask) -> output [1, T, 8], weights [1, T, T]; whom, things: see
    room_of. live=True: a click on a cell lets the person of its row look for the person of its column.
    """
    whom, at = list(whom), [0]
    names = list(NAMES[: len(whom)])

    def drawn(live=False):
        chosen = at[0], whom[at[0]]
        look = {"axes": ("asks", "is asked"), "select": chosen, "title": title, "caption": caption}
        return heatmap(answers(layer, whom, things)[1], names, names, **look, live=live)

    def tell():
        who, friend = at[0], whom[at[0]]
        share = answers(layer, whom, things)[0][who]
        got = f"{names[who]} gets: <b>{THINGS[share.argmax()]}</b> ({100 * share.max():.0f} %)."
        return f"{names[who]} looks for {names[friend]}, who carries: {THINGS[things[friend]]}. {got}"

    def clicked(_):
        row, column = view.row, view.col
        if row >= 0 <= column and (at[0], whom[row]) != (row, column):
            at[0], whom[row] = row, column
            view.replace(drawn())

    view = drawn(live)
    if not live:
        return view, tell()
    view.observe(clicked, ["row", "col"])
    return view, below(view, tell, "row", "col")
