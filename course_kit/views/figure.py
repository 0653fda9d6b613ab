"""A figure that tells: a story of boxes, vectors, bars and arrows, drawn from numbers, one step after the other."""

import math
from collections.abc import Sequence
from typing import Any

from course_kit.i18n import from_cell, mark, t
from course_kit.views.layout import Part
from course_kit.views.placing import laid_out
from course_kit.views.table import TextTable
from course_kit.views.view import Control, View

Listing = tuple[Sequence[str], Sequence[Sequence[object]]]  # header, rows
Axis = tuple[str, str, Sequence[object] | None]  # name, label, values


class Figure(View):
    """See `figure`."""

    kind = "figure"
    gap: float  # of two sides that compute the same: how far they are apart

    @property
    def frame(self) -> int:
        """Which frame the state has chosen: the last axis changes fastest."""
        place = 0
        for axis in self.options["axes"]:
            place = place * len(axis["values"]) + axis["values"].index(self.state[axis["name"]])
        return place

    def first(self) -> dict[str, Any]:
        axis = self.options["axes"][-1]
        return {axis["name"]: axis["values"][0]}

    def describe(self) -> str:
        return self.options["said"][self.frame]

    def table(self) -> TextTable:
        tables = self.options["tables"]
        made = tables[min(self.frame, len(tables) - 1)]
        return TextTable(made["header"], made["rows"])


def figure(
    scene: Part,
    said: Sequence[str],
    tables: Listing | Sequence[Listing] | None = None,
    *,
    axes: Sequence[Axis] = (),
    start: dict[str, Any] | None = None,
    play: str = mark("▶ play"),
    title: str = "",
    caption: str = "",
    still: bool = False,
) -> Figure:
    """A scene of `course_kit.views.layout` that comes step by step, with a sentence for each step.

    said: a sentence for each frame; tables: (header, rows), or a list of one for each frame;
    without it the steps and their sentences. axes: (name, label, values) or (name, label, words) each; there is a
    frame for each choice, the last axis changes fastest, and ▶ goes along it; without it the steps; values of None:
    1, 2, 3 … start: name -> what is seen first; without it the end of the last axis. play: of the button; "": it has
    none. still: it does not play by itself. A choice that opens on its first option goes on at → in front of a class.
    It plays once when it is seen, and at ▶, each step as long as its new words take to read, 15 s at most, and ends as
    its poster: where it opened, or at the last step if it opened on the first. `asking` of it waits for the hand.
    Raises ValueError for frames without a sentence.
    """
    shapes, height = laid_out(scene)
    steps = [t("step"), t("what")], [[n, sentence] for n, sentence in enumerate(said, 1)]
    told: Any = steps if tables is None else tables
    told = [told] if isinstance(told, tuple) else told
    along = [(name, label, range(1, len(said) + 1) if values is None else list(values))
             for name, label, values in axes or [("step", t("step"), None)]]  # fmt: skip
    frames = math.prod(len(values) for _, _, values in along)
    if len(said) != frames or len(told) not in (1, frames):
        raise ValueError(f"{len(said)} sentences and {len(told)} tables for {frames} frames: one for each of them")
    for shape in shapes:
        if len(shape.get("each", said)) != frames:
            raise ValueError(f"{shape['shape']!r} has {len(shape['each'])} frames; needed: {frames}")
    controls: list[Control] = []
    state: dict[str, Any] = {}
    for i, (name, label, values) in enumerate(along):
        state[name] = (start or {}).get(name, values[-1] if i == len(along) - 1 else values[0])
        kind = "choice" if isinstance(values[0], str) else "range"
        if kind == "range" and len(values) == 2 and i == len(along) - 1:
            continue  # of two steps ▶ is enough: it shows the other one
        of = {"options": [*values]} if kind == "choice" else {"values": [*values], "digits": 0}
        controls.append({"kind": kind, "name": name, "label": label, **of})
    if play and (kind == "range" or len(values) > 2):  # else two buttons are enough
        controls.append({"kind": "button", "name": "play", "label": from_cell(play)})
    options = {
        "shapes": list(shapes),
        "said": list(said),
        "tables": [{"header": list(header), "rows": [list(map(str, row)) for row in rows]} for header, rows in told],
        "axes": [{"name": name, "values": list(values)} for name, _, values in along],
        "height": height,
        "still": still,
    }
    if start and kind == "choice" and len(along) == 1 and state[name] == values[0]:  # opened press by press
        options["in_class"] = [name] * (len(values) - 1)
    return Figure(title, caption, {}, state, controls, options)
