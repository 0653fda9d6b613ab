"""The drawing where no script may run, with the boxes and lines of js/src/views/architecture_layout.js.

Lengths are pixels of the page, heights count from below.
"""

from typing import NamedTuple

from course_kit.views import picture
from course_kit.views.architecture_parts import Part, Parts

WORD, BOX, NORM, SUM, PLUS, GAP, FAN = 16.25, 25.0, 18.75, 21.25, 6.5, 6.2, 16.0  # heights, PLUS a radius
LANE, PAD, BETWEEN, WIDE = 22.0, 8.0, 64.0, 175.0  # widths
COLUMN = WIDE + LANE + 2 * PAD
WIDTH = BETWEEN + 2 * COLUMN
ASIDE = 169.0  # beside a column that stands alone
INK, QUIET, PAPER, GROUND = "#1b2430", "#8a96a3", "#fafbfc", "#eef0f2"
ROLES = [("q", "query"), ("k", "key"), ("v", "value")]
MASKS = {"full": (4, 4), "causal": (4, 4), "cross": (3, 6)}  # rows and columns of their signs
CELL = 3.2


class Box(NamedTuple):
    """A part. kind: "box", "norm", "sum" or "times"; mask: of an attention, or ""."""

    key: str
    kind: str
    mask: str
    x: float
    y: float
    wide: float
    high: float


class Tower:
    """One column, built from below: `up` is how high it is so far."""

    def __init__(self, column: dict, alone: bool, first: "Tower | None" = None):
        self.side = column["side"]
        between = 0 if alone else BETWEEN / 2
        middle = WIDTH / 2 if not alone else 0 if self.side > 0 else COLUMN
        self.fan = FAN * 1.3 if alone else FAN
        self.inner = middle + self.side * between
        self.x = self.inner + self.side * (PAD + WIDE / 2)  # where the data flow
        self.outer = self.x + self.side * (WIDE / 2 + LANE)
        self.up, self.end = 0.0, 0.0
        self.boxes: list[Box] = []
        self.blocks: list[Box] = []
        self.pluses: list[tuple[float, float]] = []
        self.lines: list[tuple[list, str, bool]] = []  # points, role, with an arrow
        self.texts: list[tuple[float, float, str, str]] = []  # x, y, text, role
        self.memory: Box | None = None
        self.readers: list[Box] = []
        if column["name"] or first is None:
            self.texts += [(self.x, WORD / 2, column["name"], "bold"), (self.x, 1.5 * WORD, column["reads"], "")]
            self.up = 2 * WORD
        else:
            self.up = first.end
            self.lines.append(([(first.x, self.up), (self.x, self.up)], "", False))
            self.texts.append((self.x, self.up - 0.7 * WORD, column["reads"], ""))
        for row in column["rows"]:
            getattr(self, f"add_{row['kind']}")(row)
        self.notes = [self.note(**note) for note in column.get("notes", ())]
        if column["gives"]:
            self.rise(GAP, True)
            self.texts.append((self.x, self.up + WORD / 2, column["gives"], "bold"))
            self.up += WORD

    def rise(self, by: float, arrow: bool = False) -> None:
        self.lines.append(([(self.x, self.up), (self.x, self.up + by)], "", arrow))
        self.up += by

    def put(self, key: str, kind: str, high: float, mask: str = "") -> Box:
        self.boxes.append(Box(key, kind, mask, self.x - WIDE / 2, self.up, WIDE, high))
        self.up += high
        return self.boxes[-1]

    def plus(self) -> float:
        self.pluses.append((self.x, self.up + PLUS))
        self.up += 2 * PLUS
        return self.up - PLUS

    def note(self, mark: str, key: str, at: str, text: str) -> tuple[float, float, str, str]:
        """Where it is said, beside a part or beside the way into it: x, y, mark, text."""
        box = next(one for one in self.boxes if one.key == key)
        below = (box.high + 2 * self.fan + NORM) / 4 if at == "way" else 0
        return self.outer + 1.6 * self.side * PAD, box.y + box.high / 2 - below, mark, text

    def add_box(self, row: dict) -> None:
        self.rise(GAP, True)
        self.put(row["key"], "box", BOX)

    def add_norm(self, row: dict) -> None:
        self.rise(GAP, True)
        self.put(row["key"], "norm", NORM)

    def add_memory(self, row: dict) -> None:
        self.add_norm(row)
        self.memory = self.boxes[-1]

    def add_sum(self, row: dict) -> None:
        self.rise(GAP + SUM / 2 - PLUS, True)
        start, y = self.x + self.side * (PLUS + 0.8 * LANE), self.up + PLUS
        wide = abs(self.outer - start)
        self.boxes.append(Box(row["key"], "sum", "", min(start, self.outer), y - SUM / 2, wide, SUM))
        self.lines.append(([(start, y), (self.x + self.side * PLUS, y)], "", True))
        self.plus()
        self.rise(SUM / 2 - PLUS)

    def add_block(self, row: dict) -> None:
        self.rise(GAP)
        start = self.up
        for one in row["rows"]:
            self.sublayer(**one)
        ends = sorted((self.x - self.side * (PLUS + 4), self.x - self.side * WIDE / 2))
        self.boxes.append(Box(row["key"], "times", "", ends[0], self.pluses[-1][1] - SUM / 2, ends[1] - ends[0], SUM))
        self.rise(GAP)
        edges = sorted((self.inner, self.outer + self.side * PAD))
        self.blocks.append(Box(row["key"], "block", "", edges[0], start, edges[1] - edges[0], self.up - start))
        self.end = self.up

    def sublayer(self, inside: str, around: str, mask: str, pre: bool) -> None:
        start, past = self.up + GAP, self.outer - 0.4 * self.side * LANE
        self.rise(2 * GAP, pre)
        if pre:
            self.put(around, "norm", NORM)
        self.enter(mask, pre)
        made = self.put(inside, "attention" if mask else "box", BOX, mask)
        self.readers += [made] * (mask == "cross")
        self.rise(0.6 * GAP)
        y = self.plus()
        self.lines.append(([(self.x, start), (past, start), (past, y), (self.x + self.side * PLUS, y)], "", True))
        if not pre:
            self.rise(GAP, True)
            self.put(around, "norm", NORM)

    def enter(self, mask: str, pre: bool) -> None:
        if not mask:
            self.rise((1.2 if pre else 0.5) * GAP, True)
            return
        apart, roles = 0.28 * WIDE, ROLES[: 1 if mask == "cross" else 3]
        if not pre:
            self.lines.append(([(self.x - apart, self.up), (self.x + apart, self.up)], "", False))
        for n, (letter, role) in enumerate(roles):
            x = self.x + (n - 1) * apart * (len(roles) > 1)
            self.lines.append(([(x, self.up), (x, self.up + self.fan)], role, True))
            self.texts.append((x + 0.62 * self.fan, self.up + self.fan / 2, letter, role))
        self.up += self.fan

    def read(self, memory: Box) -> None:
        """Keys and values come from the memory."""
        for box in self.readers:
            middle, y = WIDTH / 2, box.y + box.high / 2
            start, left = memory.y + memory.high / 2, memory.x + memory.wide
            self.lines.append(([(left, start), (middle, start), (middle, y)], "", False))
            for n, (letter, role) in enumerate(ROLES[1:]):
                turn = -1 if n else 1
                at = y + turn * 0.2 * box.high
                self.lines.append(([(middle, y), (middle, at), (box.x, at)], role, True))
                self.texts.append(((middle + box.x) / 2, at + turn * 0.56 * FAN, letter, role))


def is_alone(columns: list[dict]) -> bool:
    """Whether there is one column alone."""
    return len(columns) == 1


def towers(columns: list[dict]) -> list[Tower]:
    """The columns, built."""
    built: list[Tower] = []
    for column in columns:
        built.append(Tower(column, is_alone(columns), built[0] if built else None))
    if built[0].memory:
        for tower in built:
            tower.read(built[0].memory)
    return built


def draw(figure, parts: Parts, columns: list[dict], chosen: str) -> None:
    """Draws the columns into a matplotlib figure; the chosen part is dark."""
    axes, built = figure.subplots(), towers(columns)
    alone = is_alone(columns)
    axes.set(
        xlim=(-4, (COLUMN + ASIDE if alone else WIDTH) + 2),
        ylim=(0, max(tower.up for tower in built) + 2),
        aspect="equal",
    )
    axes.axis("off")
    for tower in built:
        for block in tower.blocks:
            _rectangle(axes, block, fc=GROUND, ec=INK, lw=1.5 if block.key == chosen else 0, zorder=0.2)
        for points, role, arrow in tower.lines:
            _line(axes, points, picture.COLOURS.get(role, INK), arrow, 1.6 if role else 1.2)  # a pixel of its colour
        for x, y in tower.pluses:
            axes.plot(x, y, "o", ms=9, mfc=PAPER, mec=INK, mew=1)
            axes.plot(x, y, "+", ms=5, mec=INK, mew=1)
        for box in tower.boxes:
            _part(axes, box, parts[box.key].label, box.key == chosen)
        for x, y, text, role in tower.texts:
            look = {"color": picture.COLOURS.get(role, INK), "fontweight": "bold" if role else "normal"}
            axes.text(x, y, text, ha="center", va="center", fontsize=9, **look)
        for x, y, mark, text in tower.notes:
            axes.plot(x + 8, y, "o", ms=11, color=INK)
            axes.text(x + 8, y, mark, ha="center", va="center_baseline", fontsize=8, color=PAPER, fontweight="bold")
            axes.text(x + 20, y, text, va="center", fontsize=9)
    name = parts["model"]
    if alone:
        axes.text(COLUMN + PAD, axes.get_ylim()[1] - 4, _named(name), va="top", fontsize=9)
        return
    there = columns[-1]["side"] > 0 and columns[-1]["name"]
    x, y = (0, axes.get_ylim()[1] - 10) if there else (WIDTH / 2 + BETWEEN / 2, 20)
    axes.text(x, y, _named(name), va="top" if there else "center", fontsize=9)


def _named(model: Part) -> str:
    return f"{model.label}\n{model.parameters} parameters"


def _part(axes, box: Box, label: str, chosen: bool) -> None:
    colour = PAPER if chosen else INK
    if box.kind != "times" or chosen:
        quiet = box.kind in ("norm", "sum") and not chosen
        _rectangle(axes, box, fc=INK if chosen else PAPER, ec=QUIET if quiet else INK, lw=1)
    middle = box.x + box.wide / 2, box.y + box.high / 2
    shift = 13 if box.mask else 0
    weight = "bold" if box.kind == "times" else "normal"
    axes.text(
        middle[0] + shift, middle[1], label, ha="center", va="center", fontsize=9, color=colour, fontweight=weight
    )
    if box.mask:
        _sign(axes, box.mask, middle[0] + shift - 3.6 * len(label) - 8, middle[1], colour)


def _sign(axes, mask: str, x: float, y: float, colour: str) -> None:
    """A mask, its right edge at x."""
    from matplotlib.patches import Rectangle

    rows, columns = MASKS[mask]
    for i in range(rows):
        for j in range(columns):
            place = x - (columns - j) * CELL, y + (rows / 2 - 1 - i) * CELL
            shown = mask != "causal" or j <= i
            axes.add_patch(Rectangle(place, 2.4, 2.4, fc=colour, lw=0, alpha=1 if shown else 0.2))


def _rectangle(axes, box: Box, **look) -> None:
    from matplotlib.patches import FancyBboxPatch

    style = "round,pad=0,rounding_size=4"
    axes.add_patch(FancyBboxPatch((box.x, box.y), box.wide, box.high, boxstyle=style, **look))


def _line(axes, points: list, colour: str, arrow: bool, wide: float) -> None:
    xs, ys = zip(*points, strict=True)
    axes.plot(xs, ys, color=colour, lw=wide, solid_capstyle="butt", zorder=0.5)
    if arrow:
        axes.annotate("", points[-1], points[-2], arrowprops={
            "arrowstyle": "-|>,head_width=0.14,head_length=0.24", "color": colour, "lw": 1, "shrinkA": 0, "shrinkB": 0,
        })  # fmt: skip
