"""A room of people: choose whom the first of them looks for, and see whom all attend to and what they get."""

import torch
import torch.nn.functional as F
from torch import nn

from course_kit.i18n import t
from course_kit.views import plot

NAMES = ("Ada", "Ben", "Cleo", "Dan", "Eva", "Finn", "Gus", "Hana")
THINGS = ("apple", "bread", "cup", "drum", "egg", "fan", "glass", "hat")
WHOM, CARRIED = (2, 0, 3, 1, 2), (4, 1, 3, 6, 0)  # of the first five: whom each looks for, and their thing


@torch.no_grad()
def people(layer: nn.Module, *, title="", caption=""):
    """The weights and outputs of a trained layer in a room where Ada looks for each person in turn, as a view.

    layer: as trained on rooms, (x [B, T, 24], mask [B, 1, T]) -> output [B, T, 8], weights [B, T, T].
    """
    names, things = list(NAMES[: len(WHOM)]), [THINGS[thing] for thing in CARRIED]
    parts = torch.tensor([[list(range(len(WHOM))), [ada, *WHOM[1:]], CARRIED] for ada in range(len(WHOM))])
    x = F.one_hot(parts, len(NAMES)).permute(0, 2, 1, 3).flatten(2).float()  # [5, 3, 5, 8] -> [5, 5, 24]
    gets, attends_to = layer(x, torch.ones(len(x), 1, len(WHOM), dtype=torch.bool))
    looking = [
        t("{name} looks for {names}", name=name, names=names[other]) for name, other in zip(names, WHOM, strict=True)
    ]
    weights, output = t("attends to"), "gets"
    return plot.maps(
        {weights: attends_to, output: gets},
        {weights: [t("{names}: you choose", names=names[0]), *looking[1:]], output: names},
        {weights: [f"{name}: {thing}" for name, thing in zip(names, things, strict=True)], output: list(THINGS)},
        along=(t("{names} looks for", names=names[0]), names, names[WHOM[0]]),
        title=title,
        caption=caption,
    )
