"""A room of people: choose whom the first of them looks for, and see whom all attend to and what they get."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_kit.views import plot

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


def people(layer: nn.Module, whom=(2, 0, 3, 1, 2), things=(4, 1, 3, 6, 0), *, title="", caption=""):
    """The weights and outputs of a trained layer in a room where the first person looks for each in turn, as a view.

    layer: as trained on tasks.rooms, (x [1, T, 24], mask) -> output [1, T, 8], weights [1, T, T]; whom, things: see
    room_of.
    """
    names = list(NAMES[: len(whom)])
    rooms = [answers(layer, [person, *whom[1:]], things) for person in range(len(whom))]
    looking = [f"{name} looks for {names[other]}" for name, other in zip(names, whom, strict=True)]
    weights, output = "attends to", "gets"
    return plot.maps(
        {weights: torch.stack([room[1] for room in rooms]), output: torch.stack([room[0] for room in rooms])},
        {weights: [f"{names[0]}: you choose", *looking[1:]], output: names},
        {
            weights: [f"{name}: {THINGS[thing]}" for name, thing in zip(names, things, strict=True)],
            output: list(THINGS),
        },
        along=(f"{names[0]} looks for", names, names[whom[0]]),
        title=title,
        caption=caption,
    )
