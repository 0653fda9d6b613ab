"""A figure that tells: a story of boxes, vectors, bars and arrows, drawn from numbers, one step after the other."""

import math

from course_kit.i18n import from_cell, mark, t
from course_kit.views.layout import Part
from course_kit.views.placing import laid_out
from course_kit.views.table import TextTable
from course_kit.views.view import View


class Figure(View):
    """See `figure`."""

    kind = "figure"

    @property
    def frame(self) -> int:
        """Which frame the state has chosen: the last axis changes fastest."""
        place = 0
        for axis in self.options["axes"]:
            place = place * len(axis["values"]) + axis["values"].index(self.state[axis["name"]])
        return place

    def describe(self) -> str:
        return self.options["said"][self.frame]

    def table(self) -> TextTable:
        tables = self.options["tables"]
        made = tables[min(self.frame, len(tables) - 1)]
        return TextTable(made["header"], made["rows"])


def figure(scene: Part, said, tables=None, *, axes=None, start=None, play=mark("▶ play"), title="", caption="",
           still=False):  # fmt: skip
    """A scene of `course_kit.views.layout` that comes step by step, with a sentence for each step.

    said: a sentence for each frame; tables: (header, rows), or a list of one for each frame;
    without it the steps and their sentences. axes: (name, label, values) or (name, label, words) each; there is a
    frame for each choice, the last axis changes fastest, and ▶ goes along it; without it the steps; values of None:
    1, 2, 3 … start: name -> what is seen first; without it the end of the last axis. play: of the button; "": it has
    none. still: it does not play by itself.
    Raises ValueError for frames without a sentence.
    """
    shapes, height = laid_out(scene)
    axes = axes or [("step", t("step"), range(1, len(said) + 1))]
    if tables is None:
        tables = [t("step"), t("what")], [[n, sentence] for n, sentence in enumerate(said, 1)]
    tables = [tables] if isinstance(tables, tuple) else tables
    axes = [(name, label, range(1, len(said) + 1) if values is None else values) for name, label, values in axes]
    frames = math.prod(len(values) for _, _, values in axes)
    if len(said) != frames or len(tables) not in (1, frames):
        raise ValueError(f"{len(said)} sentences and {len(tables)} tables for {frames} frames: one for each of them")
    for shape in shapes:
        if len(shape.get("each", said)) != frames:
            raise ValueError(f"{shape['shape']!r} has {len(shape['each'])} frames; needed: {frames}")
    controls, state = [], {}
    for i, (name, label, values) in enumerate(axes):
        values = list(values)
        state[name] = (start or {}).get(name, values[-1] if i == len(axes) - 1 else values[0])
        kind = "choice" if isinstance(values[0], str) else "range"
        if kind == "range" and len(values) == 2 and i == len(axes) - 1:
            continue  # of two steps ▶ is enough: it shows the other one
        of = {"options": values} if kind == "choice" else {"values": values, "digits": 0}
        controls.append({"kind": kind, "name": name, "label": label, **of})
    if play and (kind == "range" or len(values) > 2):  # else two buttons are enough
        controls.append({"kind": "button", "name": "play", "label": from_cell(play)})
    options = {
        "shapes": list(shapes),
        "said": list(said),
        "tables": [{"header": list(header), "rows": [list(map(str, row)) for row in rows]} for header, rows in tables],
        "axes": [{"name": name, "values": list(values)} for name, _, values in axes],
        "height": height,
        "still": still,
    }
    return Figure(title, caption, {}, state, controls, options)
