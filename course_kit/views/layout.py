"""A layout: rows, columns and flows of words, boxes and numbers, with arrows between them.

A length is a pixel of a page; a row has WIDTH of them and shrinks or grows with the page. Boxes grow with their words.
`placing.py` gives each shape its place.
"""

from collections.abc import Sequence
from typing import Any

WIDTH, SIZE, LINE, BIG = 580, 15, 20, 36  # what a row has; of words: their size, from line to line, of a sign
GAP, AIR, PAD = 8, 28, 12  # between parts; between those that an arrow joins; around what a box holds
CLOSE, NEAR, FAR = 1, 4, 50  # other gaps
THIN = 1  # of an arrow
COMES = ("since", "until", "only")  # when it is seen: what holds it says so for all
LOOKS = {  # what this file, or figure.js, can show; data: its words are not translated
    *COMES, "anchor", "bend", "data", "each", "even", "fill", "gap", "head", "high", "lines", "lit", "numbers",
    "of", "point", "points", "reach", "role", "share", "side", "size", "strong", "tight", "turn", "weight", "wide",
    "words", "y",
}  # fmt: skip
CHOSEN = {  # what there is of these
    "role": ("query", "key", "value", "output", "quiet", "cool", "warm"),
    "side": ("left", "right", "above", "across", "level", "back", "round", "loop"),
}
BY_FRAME = ("words", "share", "numbers", "weight", "turn", "high", "y")  # a list of them: another in each frame


class Part:
    """A shape, or several in a row, a column, or one over the other. `left`, `top`, `wide`, `high`: once placed."""

    left = top = wide = high = min_width = room = 0.0

    def __init__(self, shape: str, parts: "Sequence[Piece]" = (), **look: Any) -> None:
        self.shape = shape
        parts = [words(part) if isinstance(part, str) else part for part in parts]
        self.parts = [part for part in parts if isinstance(part, Part)]
        self.arrows = [part for part in parts if isinstance(part, Arrow)]
        self.look = {name: value for name, value in known(look).items() if value not in (None, "")}
        self.seen: dict = {}
        self.columns: list[float] = []  # the widths of a grid that it is a row of, once placed

    def in_frames(self, name: str) -> list:
        """What a shape has in its frames."""
        given = self.look.get(name)
        return given if name in BY_FRAME and isinstance(given, list) and name != "numbers" else [given or ""]


class Arrow:
    """From one part to another, or a hand of a clock; see `arrow` and `hand`."""

    def __init__(self, begin: "Part | Arrow", end: "Part | Arrow | None", behind: bool = False, **look: Any) -> None:
        self.begin, self.end, self.behind, self.look = begin, end, behind, known(look)

    @property
    def seen(self) -> dict:
        return self.begin.seen


Piece = Part | Arrow | str
Words = str | list[str]
Point = tuple[float, float] | list[float]


def known(look: dict) -> dict:
    """Raises TypeError for a name, a role or a side that neither this file nor figure.js knows."""
    if unknown := look.keys() - LOOKS:
        raise TypeError(f"{unknown.pop()!r} is nothing that a part can show; there are: {', '.join(sorted(LOOKS))}")
    for name, there in CHOSEN.items():
        if (given := look.get(name)) and given not in there:
            raise TypeError(f"{given!r} is no {name}; there are: {', '.join(there)}")
    return look


def words(said: Words, role: str = "", **look: Any) -> Part:
    """Words in their place; a list: other ones in each frame."""
    return Part("text", words=said, role=role, **look)


def label(said: Words, role: str = "", **look: Any) -> Part:
    """Words that begin on the left."""
    return words(said, role, anchor="start", **look)


def box(said: Words = "", role: str = "", *inside: Piece, **look: Any) -> Part:
    """Words with a border, and what it holds below them. fill: as wide as there is room; even: its sides grow alike."""
    return Part("box", inside, words=said, role=role, **look)


def disc(said: Words = "", role: str = "", **look: Any) -> Part:
    return Part("disc", words=said, role=role, **look)


def cells(numbers: Sequence[float] | Sequence[Sequence[float]], role: str = "", **look: Any) -> Part:
    """Numbers side by side; a list of lists: others in each frame."""
    given: Any = numbers if isinstance(numbers[0], list) else [numbers]
    rows = [[round(float(x), 2) for x in row] for row in given]
    rows = [[int(x) if x == int(x) else x for x in row] for row in rows]
    more: dict[str, Any] = {"each": [{"numbers": row} for row in rows]} if len(rows) > 1 else {}
    return Part("cells", numbers=rows[0], role=role, **more, **look)


def bar(share: float | list[float], role: str = "", **look: Any) -> Part:
    """A share of 0 to 1; a list: another one in each frame."""
    return Part("bar", share=[round(x, 4) for x in share] if isinstance(share, list) else round(share, 4),
                role=role, **look)  # fmt: skip


def space(wide: float = 0, high: float = 0, **look: Any) -> Part:
    return Part("space", wide=wide, high=high, **look)


def row(*parts: Piece, **look: Any) -> Part:
    """Side by side, in all the room there is. even: all of one width; of: so wide beside each other;
    tight: no wider than they need; gap: between them."""
    return Part("row", parts, **look)


def column(*parts: Piece, **look: Any) -> Part:
    """One below the other."""
    return Part("column", parts, **look)


def grid(*rows: Piece, **look: Any) -> Part:
    """Rows whose parts stand one below the other."""
    return Part("grid", rows, **look)


def layers(*parts: Piece, **look: Any) -> Part:
    """One over the other, such as what is to be seen in one frame each (`only`)."""
    return Part("layers", parts, **look)


def ring(*parts: Piece, high: float, **look: Any) -> Part:
    """In a circle, clockwise from the top."""
    return Part("ring", parts, high=high, **look)


def flow(*parts: Part, role: str = "", weight: float = 2, up: bool = False, across: bool = False, **look: Any) -> Part:
    """An arrow from each part to the next: downwards, upwards, or to the right."""
    ways = [arrow(a, b, role, weight=weight) for a, b in zip(parts, parts[1:], strict=False)]
    kind, order = (row, parts) if across else (column, parts[::-1] if up else parts)
    return kind(*order, *ways, **{"gap": AIR} | look)


def plot(*parts: Piece, high: float, **look: Any) -> Part:
    """Curves and spots on a field."""
    return Part("layers", [space(WIDTH, high), *parts], **look)


def curve(points: Sequence[Point], role: str = "", **look: Any) -> Part:
    """A line through points (x, y), 0 to 1 each, y upwards."""
    joins = [end for i in range(len(points) - 1) for end in (i, i + 1)]
    return web(points, [], joins, role, **look) if role == "value" else web(points, joins, [], role, **look)


def web(
    points: Sequence[Point] | Sequence[Sequence[Point]],
    joins: Sequence[Any],
    lit: Sequence[Any] = (),
    role: str = "",
    **look: Any,
) -> Part:
    """Dots (x, y), 0 to 1 each, y upwards; lines between them and those that stand out: from, to, from, to, … Lists
    of them for each frame."""
    return Part("web", points=points, lines=joins, lit=lit, role=role, **look)


def spot(part: Part, point: Point) -> Part:
    """A part with its middle at a point (x, y) of a plot."""
    return Part("spot", [part], point=point)


def frames(*parts: Part) -> Part:
    """One of them in each frame."""
    for n, part in enumerate(parts):
        part.look["only"] = [n]
    return layers(*parts)


def steps(*parts: Part | str, first: int = 0) -> list[Part]:
    """Parts that come one after the other."""
    come = [words(part) if isinstance(part, str) else part for part in parts]
    for n, part in enumerate(come, first):
        part.look.setdefault("since", n)
    return come


def since(part: Part, frame: int) -> Part:
    """The part, which is there from a frame on."""
    part.look["since"] = frame
    return part


def arrow(
    begin: Part | Arrow, end: Part | Arrow, role: str = "", weight: float | list[float] = 2, **look: Any
) -> Arrow:
    """From border to border, or from the tip of a hand to another; it comes with the later of the two. weight: its
    thickness, in each frame if it is a list.

    bend: how far its middle is from the straight line; side: "left", "right" or "above", where it leaves and arrives,
    "across", from the right of one to the left of the other, "level", so, but at the height of the first, "back", the
    other way, "round", along the line between their middles, "loop" for one with itself;
    words: beside its middle, of a list on it; head: False for a line; behind: the parts.
    """
    return Arrow(begin, end, role=role, weight=weight, **look)


def hand(clock: Part, turn: float | list[float], reach: float, role: str = "", weight: float = 3, **look: Any) -> Arrow:
    """A hand of a disc: radians from the top, clockwise (a list: in each frame), and its length."""
    return Arrow(clock, None, turn=turn, reach=reach, role=role, weight=weight, **look)
