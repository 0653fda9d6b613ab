"""Drawings: two ways of telling a place, clocks with a hand each, query and key that turn together, and paths."""

import math

import numpy as np

from course_kit.i18n import t
from course_kit.views.figure import figure, one

from .waves import SIZE, waves


def ways(*, title="", caption=""):
    """Where a word's position comes in: a vector is added to the word, or its query and its key are turned."""
    left, right, place = 0.25, 0.75, 3
    word = np.array([0.5, -1.0])
    wave = np.array([math.sin(place), math.cos(place)])
    cells = [(48, word, "", 0), (98, wave, "value", 1), (148, word + wave, "output", 1)]
    shapes = [one("text", x, 14, name, strong=True, size=15) for x, name in ((left, t("add")), (right, t("turn")))]
    for y, numbers, role, since in cells:
        shapes.append(one("cells", left + 0.08, y, role=role, wide=0.22, since=since,
                          numbers=[round(float(n), 2) for n in numbers]))  # fmt: skip
    for y, words, role, since in (
        (48, t("word"), "", 0),
        (98, t("position"), "value", 1),
        (148, t("sum"), "output", 1),
    ):
        shapes.append(one("text", 0, y, words, role, anchor="start", size=12.5, since=since))
    hand = dict(from_=[right, 126], weight=3)
    shapes += [
        *(one("text", left + 0.08, y, sign, since=1) for y, sign in ((74, "+"), (124, "="))),
        one("arrow", from_=[left, 164], to=[left, 188], since=2),
        one("box", left, 205, t("query and key"), wide=0.44, high=30, since=2),
        one("cells", right, 48, wide=0.22, numbers=word.tolist()),
        one("arrow", from_=[right, 62], to=[right, 76], since=2),
        one("disc", right, 126, high=92, since=2),
        one("arrow", role="query", reach=40, turn=0.5, since=2, until=2, **hand),
        one("arrow", role="key", reach=28, turn=-0.3, since=2, until=2, **hand),
        one("arrow", role="output", reach=40, turn=0.5 + 1.2, since=3, **hand),
        one("arrow", role="output", reach=28, turn=-0.3 + 1.2, since=3, **hand),
        one("text", right, 188, t("query and key, turned"), "output", size=12.5, since=3),
        one("arrow", from_=[left, 221], to=[left, 240], since=3),
        one("arrow", from_=[right, 198], to=[right, 240], since=3),
        *(one("box", x, 257, t("score"), wide=0.44, high=30, since=3) for x in (left, right)),
    ]
    said = [
        t("Both ways begin with words that do not know their positions."),
        t("Add: each word gets the vector of its position. Turn: the words stay as they are."),
        t("Both make queries and keys. On the right, two of their numbers are an arrow."),
        t("Turn: each query and each key is turned, by an angle that belongs to its position."),
    ]
    table = (
        [t("way"), t("where the position comes in")],
        [
            [t("add"), t("word + position")],
            [t("turn"), t("query and key, turned")],
        ],
    )
    return figure(shapes, said, [table], axes=[("step", t("step"), range(1, 5))], height=276, title=title,
                  caption=caption)  # fmt: skip


def clocks(pairs=(0, 10, 20, 30, 40), length=50, start=20, *, title="", caption=""):
    """Pairs of columns of the sinusoidal encoding as clocks: the hand of each at a position, and its two numbers."""
    P = waves(range(length))
    omegas = [10000.0 ** (-2 * j / SIZE) for j in pairs]
    shapes = []
    for n, (j, omega) in enumerate(zip(pairs, omegas, strict=True)):
        x, pair = (n + 0.5) / len(pairs), P[:, 2 * j : 2 * j + 2]
        shapes += [
            one("disc", x, 40, wide=0.18, high=66),
            one("arrow", role="output", from_=[round(x, 4), 40], reach=27, weight=3,
                each=[{"turn": round(i * omega, 3)} for i in range(length)]),
            one("cells", x, 92, role="output", wide=0.17, numbers=[0, 0],
                each=[{"numbers": [round(v, 2) for v in row]} for row in pair.tolist()]),
            one("text", x, 114, f"{2 * j}, {2 * j + 1}", "quiet", size=12),
        ]  # fmt: skip
    shapes.append(one("text", 0.5, 134, t("columns of the table"), "quiet", size=12))
    said = [
        t("Position {i}: the fastest hand has made {fast} turns, the slowest {slow}.", i=i,
          fast=f"{i * omegas[0] / math.tau:.2f}", slow=f"{i * omegas[-1] / math.tau:.2f}")
        for i in range(length)
    ]  # fmt: skip
    table = (
        [t("columns"), t("one turn takes")],
        [[f"{2 * j}, {2 * j + 1}", t("{count} positions", count=f"{math.tau / w:,.0f}")]
         for j, w in zip(pairs, omegas, strict=True)],
    )  # fmt: skip
    return figure(shapes, said, [table], axes=[("position", t("position"), range(length))], height=144,
                  start={"position": start}, still=True, title=title, caption=caption)  # fmt: skip


def meet(places=(7, 20, 47), most=6, angle=30, start=2, *, title="", caption=""):
    """A query (2, 0) and a key (1, 0), some distance before it, turned at several places; their score, and what it
    would be if sine and cosine of the same angles were added."""
    step, q, k = math.radians(angle), np.array([2.0, 0]), np.array([1.0, 0])

    def added(i, m):
        at = [np.array([math.sin(n * step), math.cos(n * step)]) for n in (i, m)]
        return (q + at[0]) @ (k + at[1])

    shapes, rows = [], [[] for _ in range(most + 1)]
    for n, i in enumerate(places):
        x = 0.16 + 0.84 * (n + 0.5) / len(places)
        turned = [2 * math.cos(d * step) for d in range(most + 1)]
        plus = [added(i, i - d) for d in range(most + 1)]
        for d in range(most + 1):
            rows[d].append((i, i - d, turned[d], plus[d]))
        hand = dict(from_=[round(x, 4), 72], weight=3)
        shapes += [
            one("text", x, 12, t("position {i}", i=i), "query", size=12.5),
            one("disc", x, 72, wide=0.27, high=92),
            one("arrow", role="query", reach=42, turn=round(math.pi / 2 - i * step, 3), **hand),
            one("arrow", role="key", reach=24,
                each=[{"turn": round(math.pi / 2 - (i - d) * step, 3)} for d in range(most + 1)], **hand),
            one("text", x, 132, role="key", size=12.5,
                each=[{"words": t("position {i}", i=i - d)} for d in range(most + 1)]),
            one("text", x, 164, strong=True, each=[{"words": _written(v)} for v in turned]),
            one("text", x, 190, each=[{"words": _written(v)} for v in plus]),
        ]  # fmt: skip
    names = [(12, t("query"), "query"), (132, t("key"), "key"), (164, t("score"), ""), (190, t("if added"), "")]
    shapes += [one("text", 0, y, name, role, anchor="start", size=12.5) for y, name, role in names]
    said = [
        t("{d} positions apart, {angle}° between the hands: turned, the score is {score} everywhere.", d=d,
          angle=d * angle, score=_written(2 * math.cos(d * step)))
        for d in range(most + 1)
    ]  # fmt: skip
    header = [t("query at"), t("key at"), t("turned: score"), t("added: score")]
    tables = [(header, [[i, m, _written(a), _written(b)] for i, m, a, b in row]) for row in rows]
    return figure(shapes, said, tables, axes=[("distance", t("positions apart"), range(most + 1))], height=204,
                  start={"distance": start}, still=True, title=title, caption=caption)  # fmt: skip


def _written(x: float) -> str:
    return f"{round(x, 2) + 0.0:.2f}".replace("-", "−")


def task(letters="f b h c a d", *, title="", caption=""):
    """What is to be said of a row of letters: at each position, the letter two positions back."""
    letters = letters.split()
    at = [0.2 + 0.78 * (i + 0.5) / len(letters) for i in range(len(letters))]
    shapes = [one("text", 0, y, words, anchor="start", size=12.5)
              for y, words in ((14, t("position")), (44, t("it reads")), (126, t("it should say")))]  # fmt: skip
    for i, (x, letter) in enumerate(zip(at, letters, strict=True)):
        shapes += [
            one("text", x, 14, str(i), "quiet", size=12.5),
            one("box", x, 44, letter, "key", wide=0.09, high=28, strong=True),
        ]
        if i > 1:
            shapes += [
                one("arrow", role="value", from_=[at[i - 2], 60], to=[x, 110], since=i - 2),
                one("box", x, 126, letters[i - 2], "output", wide=0.09, high=28, strong=True, since=i - 2),
            ]
    said = [t("At position {i} it should say “{letter}”, which stands at position {m}.", i=i, letter=letters[i - 2],
              m=i - 2) for i in range(2, len(letters))]  # fmt: skip
    rows = [[t("it reads"), *letters], [t("it should say"), "", "", *letters[:-2]]]
    table = [t("position"), *map(str, range(len(letters)))], rows
    axes = [("position", t("position"), range(2, len(letters)))]
    return figure(shapes, said, [table], axes=axes, height=146, title=title, caption=caption)


def spreads(kind: str, words: int, kernel: int) -> list[int]:
    """How far apart the words lie that each layer reads, for as many layers as it takes from the last word to the
    first: a convolution's are neighbours, a dilated one's are kernel, kernel², … apart."""
    found: list[int] = []
    while sum(found) * (kernel - 1) < words - 1:
        found.append(kernel ** len(found) if kind == "dilated" else 1)
    return found


def walk(words: int, kernel: int, steps: list[int]) -> tuple[list[list[int]], list[list[int]]]:
    """All edges that lead to the last word's place above, and one path among them from the first word: rows of layer,
    from, to."""
    at, edges, path = {words - 1}, [], []
    for layer, spread in reversed(list(enumerate(steps))):
        made = [[layer, i - m * spread, i] for i in sorted(at) for m in range(kernel) if i - m * spread >= 0]
        edges, at = made + edges, {row[1] for row in made}
    place = 0
    for layer, _ in enumerate(steps):
        row = max((row for row in edges if row[:2] == [layer, place]), key=lambda row: row[2])
        path.append(row)
        place = row[2]
    return edges, path


def paths(lengths=(3, 5, 7, 9), kernels=(2, 3, 4), *, title="", caption=""):
    """Four layers over the same words: all connections, and the path from the first word to the last one lit."""
    left, top, wide, high = (0.02, 0.54), (34, 176), 0.44, 92
    names = (t("recurrent"), t("convolution"), t("dilated convolution"), t("attention"))
    frames = [(k, n) for k in kernels for n in lengths]
    each: list[list[dict]] = [[] for _ in names]
    tables, said = [], []
    for k, n in frames:
        counts = []
        for kind, (x0, y0) in enumerate((x, y) for y in top for x in left):
            steps = spreads("dilated" if kind == 2 else "plain", n, k)
            if kind == 0:  # all in one row
                edges = lit = [[0, i, i + 1] for i in range(n - 1)]
                levels, count = 1, n - 1
            elif kind == 3:
                edges, lit = [[0, i, j] for i in range(n) for j in range(n)], [[0, 0, n - 1]]
                levels, count = 1, 1
            else:
                edges, lit = walk(n, k, steps)
                levels = count = len(steps)

            def at(layer, i, x0=x0, y0=y0, kind=kind, levels=levels, n=n):
                y = y0 + high / 2 if kind == 0 else y0 + high * (1 - layer / levels)
                return [round(x0 + wide * (i + 0.5) / n, 3), round(y)]

            up = 0 if kind == 0 else 1
            place = {}  # (layer, word) -> number of its dot
            for layer in range(1 if kind == 0 else levels + 1):
                for i in range(n):
                    place[layer, i] = len(place)
            dots = [x for spot in place for x in at(*spot)]
            flat = lambda rows, up=up, place=place: [  # noqa: E731
                place[spot] for a, i, j in rows for spot in ((a, i), (a + up, j))
            ]
            words = t("{name}: {count}", name=names[kind], count=count)
            each[kind].append({"words": words, "dots": dots, "lines": flat(edges), "lit": flat(lit)})
            counts.append(count)
        tables.append(([t("layer"), t("steps from the first word to the last")], list(zip(names, counts, strict=True))))
        said.append(t(
            "{n} words, kernel {k}. From the first word to the last: recurrent {a} steps, convolution {b}, "
            "dilated {c}, attention {d}.", n=n, k=k, a=counts[0], b=counts[1], c=counts[2], d=counts[3]
        ))  # fmt: skip
    shapes = []
    for kind, (x0, y0) in enumerate((x, y) for y in top for x in left):
        shapes += [
            one("text", x0 + wide / 2, y0 - 20, strong=True, size=12.5,
                each=[{"words": frame["words"]} for frame in each[kind]]),
            one("web", role="key",
                each=[{part: frame[part] for part in ("dots", "lines", "lit")} for frame in each[kind]]),
        ]  # fmt: skip
    axes = [("kernel", t("kernel k"), kernels), ("words", t("words n"), lengths)]
    return figure(shapes, said, tables, axes=axes, height=282, start={"kernel": 3}, title=title, caption=caption)
