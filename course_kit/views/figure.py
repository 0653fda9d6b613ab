"""A figure that tells: a story of boxes, vectors, bars and arrows, drawn from numbers, one step after the other."""

import math

from course_kit.i18n import t
from course_kit.views.layout import Part, laid_out
from course_kit.views.table import TextTable
from course_kit.views.view import View

SHAPES = ("text", "box", "cells", "bar", "arrow", "disc", "web")


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


def figure(shapes, said, tables=None, *, axes=None, height=0, start=None, play=t("▶ play"), title="", caption="",
           still=False):  # fmt: skip
    """A scene of `course_kit.views.layout` that comes step by step, with a sentence for each step.

    shapes: the scene; said: a sentence for each frame; tables: (header, rows), or a list of one for each frame;
    without it the steps and their sentences. axes: (name, label, values) or (name, label, words) each; there is a
    frame for each choice, the last axis changes fastest, and ▶ goes along it; without it the steps; values of None:
    1, 2, 3 … start: name -> what is seen first; without it the end of the last axis. still: it does not play by itself.
    Raises ValueError for frames without a sentence, and for shapes that it does not know.
    """
    if isinstance(shapes, Part):
        shapes, height = laid_out(shapes)
    axes = axes or [("step", t("step"), range(1, len(said) + 1))]
    if tables is None:
        tables = [t("step"), t("what")], [[n, sentence] for n, sentence in enumerate(said, 1)]
    tables = [tables] if isinstance(tables, tuple) else tables
    axes = [(name, label, range(1, len(said) + 1) if values is None else values) for name, label, values in axes]
    frames = math.prod(len(values) for _, _, values in axes)
    if len(said) != frames or len(tables) not in (1, frames):
        raise ValueError(f"{len(said)} sentences and {len(tables)} tables for {frames} frames: one for each of them")
    for shape in shapes:
        if shape["shape"] not in SHAPES or len(shape.get("each", said)) != frames:
            raise ValueError(f"{shape['shape']!r} has {len(shape.get('each', said))} frames; needed: {frames}, and one "
                             f"of {', '.join(SHAPES)}")  # fmt: skip
    controls, state = [], {}
    for i, (name, label, values) in enumerate(axes):
        values = list(values)
        state[name] = (start or {}).get(name, values[-1] if i == len(axes) - 1 else values[0])
        kind = "choice" if isinstance(values[0], str) else "range"
        if kind == "range" and len(values) == 2 and i == len(axes) - 1:
            continue  # of two steps ▶ is enough: it shows the other one
        of = {"options": values} if kind == "choice" else {"values": values, "digits": 0}
        controls.append({"kind": kind, "name": name, "label": label, **of})
    if kind == "range" or len(values) > 2:  # else two buttons are enough
        controls.append({"kind": "button", "name": "play", "label": play})
    options = {
        "shapes": list(shapes),
        "said": list(said),
        "tables": [{"header": list(header), "rows": [list(map(str, row)) for row in rows]} for header, rows in tables],
        "axes": [{"name": name, "values": list(values)} for name, _, values in axes],
        "height": height,
        "still": still,
    }
    return Figure(title, caption, {}, state, controls, options)


def one(shape: str, x=0.0, y=0.0, words="", role="", **more) -> dict:
    """A shape: text, box, cells (numbers), bar (share), arrow (from_, to, weight, bend), disc or web (dots,
    lines, lit: flat lists).

    An arrow with turn and reach, and without to, is a hand of a clock. x: its middle, 0 to 1 of the width; y: its
    middle in lengths of 1. since: the step with which it comes; until: the step after which it fades; each: what is
    different in each frame. data: its words stay as they are in any language.
    """
    made = {"shape": shape, "x": round(x, 4), "y": round(y, 1), "words": words, "role": role, **more}
    if "from_" in made:
        made["from"] = made.pop("from_")
    return {name: value for name, value in made.items() if value not in ("", None)}


def in_frames(frames, count, shape, x, y, words="", role="", **more):
    """A shape that is to be seen in some of the frames only."""
    without: dict[str, dict] = {"arrow": {"weight": 0}, "text": {"words": ""}}
    hidden = without.get(shape, {"wide": 0, "high": 0, "words": ""})
    seen = {"words": words, **more} if shape != "arrow" else {"weight": more.pop("weight", 1.5), **more}
    return one(shape, x, y, role=role, each=[seen if i in frames else seen | hidden for i in range(count)])
