"""Drawings without a model: a beam that balances, and a column and a row that are stretched to one table."""

from course_kit.i18n import t
from course_kit.views.figure import figure, one


def balance(low=2, high=4, most=6, start=3, *, title="", caption=""):
    """A beam between two numbers, the lower with weight 1; where it balances, for weights 1 to most of the other."""
    ends, weights = (0.15, 0.85), range(1, most + 1)
    found = [(low + w * high) / (1 + w) for w in weights]
    at = [ends[0] + (ends[1] - ends[0]) * (f - low) / (high - low) for f in found]
    shapes = [
        one("box", 0.5, 72, wide=0.78, high=5),
        one("disc", ends[0], 52, "1", "key", high=34, strong=True),
        one("disc", ends[1], 52, role="key", strong=True,
            each=[{"words": str(w), "high": round(34 * w**0.5), "y": 69 - round(17 * w**0.5)} for w in weights]),
        *(one("text", x, 92, str(n), "value") for x, n in zip(ends, (low, high), strict=True)),
        one("arrow", role="output", each=[{"from": [round(x, 4), 122], "to": [round(x, 4), 80]} for x in at]),
        one("text", y=134, role="output", strong=True,
            each=[{"x": round(x, 4), "words": t("average {number}", number=f"{f:.2f}")}
                  for x, f in zip(at, found, strict=True)]),
    ]  # fmt: skip
    said = [
        t("Weights 1 and {w}: (1 · {low} + {w} · {high}) / (1 + {w}) = {average}", w=w, low=low, high=high,
          average=f"{f:.2f}") for w, f in zip(weights, found, strict=True)
    ]  # fmt: skip
    table = [t("weight"), t("average")], [[w, f"{f:.2f}"] for w, f in zip(weights, found, strict=True)]
    return figure(shapes, said, [table], axes=[("weight", t("weight"), weights)], height=146, still=True,
                  start={"weight": start}, title=title, caption=caption)  # fmt: skip


def stretch(queries=(9, 15), keys=(8, 12, 18), *, title="", caption=""):
    """Queries as a column and keys as a row, stretched to tables of one shape, and their differences."""
    rows, columns, high = (74, 112), [(k - 1) * 0.075 for k in range(3)], 24

    def tile(x, y, number, role, since):
        return one("box", x, y, str(number), role, wide=0.068, high=high, since=since)

    shapes = []
    for y, q in zip(rows, queries, strict=True):
        for k, key in enumerate(keys):
            shapes += [
                tile(0.15 + columns[k], y, q, "query", 0 if k == 0 else 1),
                tile(0.5 + columns[k], y, key, "key", 0 if y == rows[0] else 1),
                tile(0.85 + columns[k], y, f"{q - key}".replace("-", "−"), "output", 2),
            ]
    shapes += [
        one("text", 0.15, 16, t("queries[:, None]"), "query", size=12.5),
        one("text", 0.5, 16, t("keys"), "key", size=12.5),
        one("text", 0.85, 16, t("difference"), "output", size=12.5, since=2),
        *(one("text", x, 38, words, "quiet", size=12, since=since, until=until)
          for x, words, since, until in ((0.15, "[2, 1]", 0, 0), (0.5, "[3]", 0, 0))),
        *(one("text", x, 140, "[2, 3]", "quiet", size=12, since=since)
          for x, since in ((0.15, 1), (0.5, 1), (0.85, 2))),
        one("text", 0.325, 93, "−", size=18, since=2),
        one("text", 0.675, 93, "=", size=18, since=2),
    ]  # fmt: skip
    said = [
        t("A column of two queries, and a row of three keys."),
        t("The column is repeated three times, the row twice: now both have two rows and three columns."),
        t("Then number is subtracted from number."),
    ]
    grid = [[q, *(q - key for key in keys)] for q in queries]
    table = [t("query"), *map(str, keys)], grid
    return figure(shapes, said, [table], axes=[("step", t("step"), range(1, 4))], height=156, title=title,
                  caption=caption)  # fmt: skip
