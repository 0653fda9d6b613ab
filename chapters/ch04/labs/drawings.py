"""Drawings: clocks with a hand each, query and key that turn together, and paths."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from course_kit.i18n import t
from course_kit.views.figure import Figure, figure
from course_kit.views.layout import (
    AIR,
    GAP,
    cells,
    column,
    curve,
    disc,
    grid,
    hand,
    label,
    plot,
    row,
    space,
    web,
    words,
)

from .waves import SIZE, waves

CLOCK, LONG, SHORT, SLOW = 88, 40, 25, 10000.0  # lengths: across, of two hands; the base of the waves


def clocks(
    pairs: Sequence[int] = range(0, 50, 10), length: int = 50, start: int = 20, *, title: str = "", caption: str = ""
) -> Figure:
    """Pairs of columns of the sinusoidal encoding as clocks: the hand of each at a position, its two numbers, and the
    two as waves over all positions."""
    P = waves(range(length))
    omegas = [SLOW ** (-2 * j / SIZE) for j in pairs]
    columns = [(2 * j, 2 * j + 1) for j in pairs]
    names, lines, hands = [f"{cosine}, {sine}" for cosine, sine in columns], [], []
    at = [i / (length - 1) for i in range(length)]
    none: list[list[int]] = [[]] * length
    for name, both, omega in zip(names, columns, omegas, strict=True):
        clock, pair = disc(high=2 * SHORT + GAP), P[:, both].tolist()
        hands.append(hand(clock, [i * omega for i in range(length)], SHORT, "output"))
        cosine, sine = (curve(list(zip(at, (P[:, c] + 1) / 2, strict=True)), role)
                        for c, role in zip(both, ("key", "output"), strict=True))  # fmt: skip
        now = web([[(x, 0), (x, 1)] for x in at], [[0, 1]] * length, none)
        lines.append(row(clock, cells(pair), plot(cosine, sine, now, high=SHORT + AIR), words(name, "quiet")))
    head = row(
        space(), words(t("cosine, sine"), "quiet"), words(t("all positions"), "quiet"), words(t("columns"), "quiet")
    )
    scene = grid(head, *lines, *hands, gap=2 * GAP)
    said = [
        t("Position {i}: the fastest hand has made {fast} turns, the slowest {slow}.", i=i,
          fast=f"{i * omegas[0] / math.tau:.2f}", slow=f"{i * omegas[-1] / math.tau:.2f}")
        for i in range(length)
    ]  # fmt: skip
    table = (
        [t("columns"), t("one turn takes")],
        [[name, t("{count} positions", count=f"{math.tau / w:,.0f}")] for name, w in zip(names, omegas, strict=True)],
    )  # fmt: skip
    return figure(scene, said, table, axes=[("position", t("position"), range(length))], start={"position": start},
                  still=True, title=title, caption=caption)  # fmt: skip


def meet(
    places: Sequence[int] = (7, 20, 47),
    most: int = 6,
    angle: float = 30,
    start: int = 2,
    *,
    title: str = "",
    caption: str = "",
) -> Figure:
    """A query (2, 0) and a key (1, 0), some distance before it, turned at several places; their score, and what it
    would be if sine and cosine of the same angles were added."""
    step, q, k = math.radians(angle), np.array([2.0, 0]), np.array([1.0, 0])

    def added(i: int, m: int) -> float:
        at_query, at_key = (np.array([math.cos(n * step), math.sin(n * step)]) for n in (i, m))
        return (q + at_query) @ (k + at_key)

    distances, columns, hands = range(most + 1), [], []
    rows: list[list[tuple[int, int, float, float]]] = [[] for _ in distances]
    turned = [2 * math.cos(d * step) for d in distances]
    for i in places:
        plus = [added(i, i - d) for d in distances]
        for d in distances:
            rows[d].append((i, i - d, turned[d], plus[d]))
        clock = disc(high=CLOCK)
        hands += [hand(clock, i * step, LONG, "query"),
                  hand(clock, [(i - d) * step for d in distances], SHORT, "key")]  # fmt: skip
        at_key = [t("position {i}", i=i - d) for d in distances]
        columns.append([
            words(t("position {i}", i=i), "query"), clock, words(at_key, "key"),
            words([_written(v) for v in turned], strong=True), words([_written(v) for v in plus]),
        ])  # fmt: skip
    names = [(t("query"), "query"), (" ", ""), (t("key"), "key"), (t("score"), ""), (t("if added"), "")]
    lines = (row(label(*name), *line) for name, line in zip(names, zip(*columns, strict=True), strict=True))
    scene = grid(*lines, *hands)
    said = [
        t("{d} positions apart, {angle}° between the hands: turned, the score is {score} everywhere.", d=d,
          angle=d * angle, score=_written(score))
        for d, score in enumerate(turned)
    ]  # fmt: skip
    header = [t("query at"), t("key at"), t("turned: score"), t("added: score")]
    tables = [(header, [[i, m, _written(a), _written(b)] for i, m, a, b in row]) for row in rows]
    return figure(scene, said, tables, axes=[("distance", t("positions apart"), distances)], start={"distance": start},
                  still=True, title=title, caption=caption)  # fmt: skip


def _written(x: float) -> str:
    return f"{round(x, 2) + 0.0:.2f}".replace("-", "−")


def spreads(kind: str, count: int, kernel: int) -> list[int]:
    """How far apart the words lie that each layer reads, for as many layers as it takes from the last word to the
    first: a convolution's are neighbours, a dilated one's are kernel, kernel², … apart."""
    found: list[int] = []
    while sum(found) * (kernel - 1) < count - 1:
        found.append(kernel ** len(found) if kind == "dilated" else 1)
    return found


def walk(count: int, kernel: int, leaps: list[int]) -> tuple[list[list[int]], list[list[int]]]:
    """All edges that lead to the last word's place above, and one path among them from the first word: rows of layer,
    from, to."""
    at, path = {count - 1}, []
    edges: list[list[int]] = []
    for layer, spread in reversed(list(enumerate(leaps))):
        made = [[layer, i - m * spread, i] for i in sorted(at) for m in range(kernel) if i - m * spread >= 0]
        edges, at = made + edges, {edge[1] for edge in made}
    place = 0
    for layer, _ in enumerate(leaps):
        path.append(max((edge for edge in edges if edge[:2] == [layer, place]), key=lambda edge: edge[2]))
        place = path[-1][2]
    return edges, path


def paths(
    lengths: Sequence[int] = range(3, 10, 2),
    kernels: Sequence[int] = range(2, 5),
    *,
    title: str = "",
    caption: str = "",
) -> Figure:
    """Four layers over the same words: all connections, and the path from the first word to the last one lit."""
    names = (t("recurrent"), t("convolution"), t("dilated convolution"), t("attention"))
    seen: list[list[dict]] = [[] for _ in names]
    tables, said = [], []
    for k, n in ((k, n) for k in kernels for n in lengths):
        ends, flat = [[0, 0, n - 1]], (spreads(kind, n, k) for kind in ("plain", "dilated"))
        in_line = [[0, i, i + 1] for i in range(n - 1)]
        kinds = [  # edges, those of the path, how many layers, how many steps
            (in_line, in_line, 0, n - 1),
            *((*walk(n, k, spread), len(spread), len(spread)) for spread in flat),
            ([[0, i, j] for i in range(n) for j in range(n)], ends, 1, 1),
        ]
        counts = [count for *_, count in kinds]
        for drawn, name, (edges, lit, levels, count) in zip(seen, names, kinds, strict=True):
            spots = [(layer, i) for layer in range(levels + 1) for i in range(n)]
            up = min(levels, 1)
            joins, path = (
                [spots.index(spot) for a, i, j in rows for spot in ((a, i), (a + up, j))] for rows in (edges, lit)
            )
            drawn.append({
                "words": t("{name}: {count}", name=name, count=count), "lines": joins, "lit": path,
                "points": [((i + 0.5) / n, layer / levels if levels else 0.5) for layer, i in spots],
            })  # fmt: skip
        tables.append(([t("layer"), t("steps from the first word to the last")], list(zip(names, counts, strict=True))))
        steps_of: dict[str, Any] = dict(zip("abcd", counts, strict=True))
        said.append(t(
            "{n} words, kernel {k}. From the first word to the last: recurrent {a} steps, convolution {b}, "
            "dilated {c}, attention {d}.", n=n, k=k, **steps_of
        ))  # fmt: skip
    drawings = []
    for drawn in seen:
        said_of, points, lines, lit = ([frame[part] for frame in drawn] for part in ("words", "points", "lines", "lit"))
        drawings.append(column(words(said_of, strong=True), plot(web(points, lines, lit, "key"), high=CLOCK)))
    scene = column(row(*drawings[:2], even=True, gap=AIR), row(*drawings[2:], even=True, gap=AIR), gap=AIR)
    axes = [("kernel", t("kernel k"), kernels), ("words", t("words n"), lengths)]
    return figure(scene, said, tables, axes=axes, start={"kernel": 3}, title=title, caption=caption)
