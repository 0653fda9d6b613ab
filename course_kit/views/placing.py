"""Where the parts of a layout stand: how wide and high they are, what holds them, and the ends of their arrows."""

import itertools
import math
from collections.abc import Iterator, Sequence

from course_kit.views.layout import BY_FRAME, COMES, GAP, LINE, PAD, SIZE, WIDTH, Arrow, Part

MOST = 1.5  # how much wider than its words a box gets where there is room
ROUND = 0.8  # how much of its width a ring takes
CELL, BAR = 40, 96  # how wide a number's cell and a bar are
HIGH = {"disc": 44, "bar": 12, "cells": 22, "space": 0, "ring": 0, "web": 0, "spot": 0}  # if nothing is said
Room = tuple[Part, float, float, float, float]  # of a part: left, top, width, height
TAKES = ("text", "box", "disc", "cells", "bar", "web")  # what is drawn


def ems(text: str) -> float:
    return sum(1 if letter > "\u2e80" else 0.56 for letter in text)


def lines(text: str, room: float, size: float = SIZE) -> int:
    """How many lines words take in so much room; Chinese breaks anywhere."""
    count, used = 1, 0.0
    for word in "".join(f" {c} " if c > "\u2e80" else c for c in text).split():
        need = ems(word) * size
        if used and used + need > room:
            count, used = count + 1, 0
        used += need + 0.28 * size * (word < "\u2e80")
    return count


def natural_width(part: Part) -> float:
    """How wide a part is if there is room."""
    if "wide" in part.look:
        return part.look["wide"]
    size, gap = part.look.get("size", SIZE), part.look.get("gap", GAP)
    text_width = max(ems(text) for text in part.in_frames("words")) * size
    inner = [natural_width(inside) for inside in part.parts]
    needs = {
        "text": text_width + 4,
        "box": max([text_width, *inner]) + 2 * PAD,
        "disc": max(text_width + PAD, *(high or HIGH["disc"] for high in part.in_frames("high"))),
        "cells": CELL * len(part.look.get("numbers", ())),
        "bar": BAR,
        "row": sum(inner) + gap * (len(inner) - 1),
    }
    return needs.get(part.shape, max(inner, default=0))


def height_in(part: Part, wide: float) -> float:
    """How high a part is in so much width."""
    gap, high = part.look.get("gap", GAP), part.in_frames("high")
    if part.shape in HIGH:
        return max(one or HIGH[part.shape] for one in high)
    if part.shape in ("text", "box"):
        return high[0] or titled(part, wide) + (stacked(part.parts, wide - 2 * PAD, gap) + PAD if part.parts else 0)
    if part.shape == "row":
        return max(height_in(inside, room) for inside, room in zip(part.parts, slots(part, wide), strict=True))
    if part.shape == "layers":
        return max(height_in(inside, wide) for inside in part.parts)
    return high[0] or stacked(part.parts, wide, gap)


def titled(part: Part, wide: float) -> float:
    """How high the words of a box or a text are."""
    size, around = part.look.get("size", SIZE), PAD if part.shape == "box" else 0
    count = max(lines(text, wide - around, size) if text else 0 for text in part.in_frames("words"))
    return count * LINE * size / SIZE + (around if count or not part.parts else 0)


def stacked(parts: Sequence[Part], wide: float, gap: float) -> float:
    return sum(height_in(part, wide) for part in parts) + gap * max(0, len(parts) - 1)


def slots(line: Part, wide: float) -> list[float]:
    """The widths of what stands in a row."""
    count = len(line.parts)
    room = wide - line.look.get("gap", GAP) * (count - 1)
    if line.look.get("tight"):
        return [natural_width(part) for part in line.parts]
    if line.look.get("even"):
        return [room / count] * count
    needs = line.look.get("of") or line.columns[:count] or [natural_width(part) for part in line.parts]
    return [room * need / (sum(needs) or 1) for need in needs]


def place(part: Part, left: float, top: float, wide: float, high: float, seen: dict) -> list[dict]:
    """The shapes of a part in so much room, of which left and top are given; arrows come later."""
    part.seen = seen | {name: part.look[name] for name in COMES if name in part.look}
    if part.shape in TAKES:
        part.room = wide if part.shape == "text" else 0
        wide, left = fitted(part, left, wide)
        deep = high if part.look.get("fill") or part.parts or part.shape == "web" else height_in(part, wide)
        stands = isinstance(part.look.get("high"), list)  # on the ground, however high it becomes
        top, high = top + (high - deep) / (1 if stands else 2), deep
    part.left, part.top, part.wide, part.high = left, top, wide, high
    shapes = [shape_of(part)] if part.shape in TAKES else []
    inside = INSIDE.get(part.shape, below_each_other)(part, left, top, wide, high)
    return shapes + [shape for one in inside for shape in place(*one, part.seen)]


def one_over_the_other(part: Part, left: float, top: float, wide: float, high: float) -> Iterator[Room]:
    yield from ((one, left, top, wide, high) for one in part.parts)


def side_by_side(part: Part, left: float, top: float, wide: float, high: float) -> Iterator[Room]:
    for child, room in zip(part.parts, slots(part, wide), strict=True):
        yield child, left, top, room, high
        left += room + part.look.get("gap", GAP)


def at_a_point(part: Part, left: float, top: float, wide: float, high: float) -> Iterator[Room]:
    (child,), (x, y) = part.parts, part.look["point"]
    deep, across = height_in(child, wide), natural_width(child)
    yield child, left + x * wide - across / 2, top + (1 - y) * high - deep / 2, across, deep


def in_a_ring(part: Part, left: float, top: float, wide: float, high: float) -> Iterator[Room]:
    count = len(part.parts)
    for n, child in enumerate(part.parts):
        turn, deep, across = 2 * math.pi * n / count, height_in(child, wide), natural_width(child)
        x = left + (wide - across) * (1 + ROUND * math.sin(turn)) / 2
        down = (1 - math.cos(turn)) / (1 - math.cos(2 * math.pi * (count // 2) / count))
        yield child, x, top + (high - deep) * down, across, deep


def below_each_other(part: Part, left: float, top: float, wide: float, high: float) -> Iterator[Room]:
    """In a column, or in a box below its words; boxes without parts become equally wide."""
    gap = part.look.get("gap", GAP)
    if part.shape == "box":
        title_height = titled(part, wide) or PAD / 2
        left, top, wide, high = left + PAD, top + title_height, wide - 2 * PAD, high - title_height - PAD / 2
    boxes = [child for child in part.parts if child.shape == "box" and not child.parts]
    common_width = max(map(natural_width, boxes), default=0)
    top += (high - stacked(part.parts, wide, gap)) / 2
    for child in part.parts:
        if child in boxes:
            child.min_width = common_width
        deep = height_in(child, wide)
        yield child, left, top, wide, deep
        top += deep + gap


INSIDE = {"layers": one_over_the_other, "row": side_by_side, "spot": at_a_point, "ring": in_a_ring}  # else a column


def fitted(part: Part, left: float, wide: float) -> tuple[float, float]:
    """How wide a shape becomes in so much room, and where it begins."""
    if part.look.get("fill") or part.shape in ("bar", "web") or part.look.get("anchor"):
        return wide, left
    need = max(part.min_width, natural_width(part))
    fits = min(wide, need * (MOST if part.shape == "box" and "wide" not in part.look else 1))
    return fits, left + (wide - fits) / 2


def shape_of(part: Part) -> dict:
    """As a view draws it: x and widths of 0 to 1, its middle."""
    look = {name: value for name, value in part.look.items() if name not in (*COMES, "wide", "high", "gap", "fill")}
    if part.shape == "web":
        return {"shape": "web", **part.seen, **woven(part, look)}
    x = part.left + part.wide * {"start": 0, "end": 1}.get(look.get("anchor", ""), 0.5)
    shape = {"shape": part.shape, "x": round(x / WIDTH, 4), "y": round(part.top + part.high / 2, 1),
            "wide": round(max(part.wide, part.room) / WIDTH, 4), **part.seen}  # fmt: skip
    if isinstance(part.look.get("high"), list):
        look["high"] = part.look["high"]
        look["y"] = [round(part.top + part.high - high / 2, 1) for high in look["high"]]  # all stand on one ground
    elif part.shape != "text":
        shape["high"] = round(part.high, 1)
    if part.shape == "box" and part.parts and look.get("words"):
        shape["up"] = round((part.high - titled(part, part.wide)) / 2, 1)  # they stand above what it holds
    return shape | varied(look)


def woven(part: Part, look: dict) -> dict:
    """Dots and lines of a web, in each frame if there are frames."""
    points, role = look["points"], {"role": look["role"]} if "role" in look else {}
    several = isinstance(points[0], list)
    each = []
    for dots, lines, lit in zip(points, look["lines"], look["lit"], strict=True) if several else \
            [(points, look["lines"], list(look["lit"]))]:  # fmt: skip
        flat = [end for x, y in dots for end in (round((part.left + x * part.wide) / WIDTH, 4),
                                                 round(part.top + (1 - y) * part.high, 1))]  # fmt: skip
        each.append({"dots": flat, "lines": lines, "lit": lit})
    return role | ({"each": each} if several else each[0])


def line_of(arrow: Arrow) -> list[dict]:
    begin, end, look = arrow.begin, arrow.end, dict(arrow.look)
    seen = {name: look.pop(name) for name in COMES if name in look}
    seen = begin.seen | seen if end is None else when_both(begin.seen, end.seen) | seen
    start, stop = (anchor(begin, "middle"), None) if end is None else borders(begin, end, look.pop("side", None))
    shapes = []
    if words := look.pop("words", None):
        x, y = ((a + b) / 2 for a, b in zip(start, stop or start, strict=True))
        aside = "middle" if isinstance(words, list) or x == 0.5 else "start" if x > 0.5 else "end"
        if not isinstance(words, list):  # beside the arrow, where there is most room
            x, y = x + {"start": 1, "end": -1}.get(aside, 0) * PAD / WIDTH, y + LINE * (aside == "middle") * 0.7
        label = {"x": round(x, 4), "y": round(y, 1), "anchor": aside, "strong": True, "role": look.get("role", "")}
        shapes = [{"shape": "text", **varied(label | {"words": words}), **seen}]
    ends = {"from": start} if stop is None else {"from": start, "to": stop}
    return [{"shape": "arrow", **seen, **ends, **varied(look)}, *shapes]


def varied(look: dict) -> dict:
    """What is a list goes into the frames; what is empty is left out."""
    names = [name for name in BY_FRAME if name != "numbers" and isinstance(look.get(name), list)]
    each = [dict(zip(names, of, strict=True)) for of in zip(*(look[name] for name in names), strict=True)]
    constant = {name: value for name, value in look.items() if name not in names and value != ""}
    return constant | ({"each": each} if each else {})


def when_both(first: dict, second: dict) -> dict:
    """When both can be seen."""
    since = max(first.get("since", 0), second.get("since", 0))
    return first | second | ({"since": since} if since else {})


def anchor(part: Part | Arrow, side: str) -> list[float]:
    assert isinstance(part, Part)
    x, y, air = part.left + part.wide / 2, part.top + part.high / 2, 3
    x += {"left": -part.wide / 2 - air, "right": part.wide / 2 + air}.get(side, 0)
    y += {"above": -part.high / 2 - air, "below": part.high / 2 + air}.get(side, 0)
    return [round(x / WIDTH, 4), round(y, 1)]


def borders(begin: Part | Arrow, end: Part | Arrow, side: str | None = None) -> tuple[list[float], list[float]]:
    """Where an arrow begins and ends: below and above if one stands higher than the other, straight where one spans
    the other; else at the sides."""
    if isinstance(begin, Arrow) and isinstance(end, Arrow):
        return tip(begin), tip(end)
    assert isinstance(begin, Part) and isinstance(end, Part)  # no arrow leads from a hand to a part
    sides = ("right", "left") if begin.left < end.left else ("left", "right")
    if end.top >= begin.top + begin.high:
        sides = "below", "above"
    elif begin.top >= end.top + end.high:
        sides = "above", "below"
    if side:
        sides_of = {"across": ("right", "left"), "back": ("left", "right")}
        sides = sides_of.get(side, (side, side))
    if side == "round":
        return around(begin, end)
    if side == "loop":
        (x, y), aside = anchor(begin, "above"), begin.wide / 4 / WIDTH
        return [round(x - aside, 4), y], [round(x + aside, 4), y]
    start, stop = anchor(begin, sides[0]), anchor(end, sides[1])
    if side == "level":
        start, stop = anchor(begin, "right"), [anchor(end, "left")[0], anchor(begin, "right")[1]]
    if not side and "above" in sides:
        (low, narrow), (high, wide) = sorted(((begin.wide, begin), (end.wide, end)), key=lambda one: one[0])
        middle = narrow.left + low / 2
        if wide.left < middle < wide.left + high:
            start[0] = stop[0] = round(middle / WIDTH, 4)
    return start, stop


def tip(of: Arrow) -> list[float]:
    """Where a hand ends: its middle, and how far across and down from there."""
    turn, reach = of.look["turn"], of.look["reach"]
    return [*anchor(of.begin, "middle"), round(reach * math.sin(turn), 1), round(-reach * math.cos(turn), 1)]


def around(begin: Part, end: Part) -> tuple[list[float], list[float]]:
    """From border to border, straight from one middle to the other."""
    (x, y), (u, v) = anchor(begin, "middle"), anchor(end, "middle")
    across, down = abs(u - x) * WIDTH, abs(v - y)
    points = []
    for part, (a, b, c, d) in ((begin, (x, y, u, v)), (end, (u, v, x, y))):
        share = min(part.wide / 2 / max(across, 1), part.high / 2 / max(down, 1))
        points.append((a + (c - a) * share, b + (d - b) * share))
    start, stop = ([round(a, 4), round(b, 1)] for a, b in points)
    return start, stop


def laid_out(scene: Part) -> tuple[list[dict], float]:
    """All shapes of a scene, arrows in front, and how high it is. Raises ValueError for an arrow's end that stands in
    two places, or in none: a part knows its last one."""
    parts = within(scene)
    for part in parts:
        if part.shape == "grid":
            wide = ([natural_width(one) for one in line.parts] for line in part.parts)
            columns = [max(needs) for needs in itertools.zip_longest(*wide, fillvalue=0)]
            for line in part.parts:
                line.columns = columns
    high = height_in(scene, WIDTH - 2)
    shapes = place(scene, 1, GAP / 2, WIDTH - 2, high, {})
    arrows = [one for part in parts for one in part.arrows]
    for end in {end for one in arrows for end in (one.begin, one.end) if isinstance(end, Part)}:
        if (count := parts.count(end)) != 1:
            raise ValueError(f"an arrow's end, {end.shape} {end.look}, stands in {count} places; needed: in one")
    background, foreground = (
        [shape for one in arrows if one.behind is back for shape in line_of(one)] for back in (True, False)
    )
    return [*background, *shapes, *foreground], round(high + GAP)


def within(part: Part) -> list[Part]:
    """A part, after all that it holds."""
    return [*(one for inside in part.parts for one in within(inside)), part]
