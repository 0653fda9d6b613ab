"""Drawings without a model: a beam that balances, and a column and a row that are stretched to one table."""

from collections.abc import Callable, Sequence

from course_kit.i18n import t
from course_kit.views.figure import Figure, figure
from course_kit.views.layout import (
    BIG,
    CLOSE,
    GAP,
    LINE,
    NEAR,
    Part,
    box,
    column,
    disc,
    grid,
    layers,
    plot,
    row,
    space,
    spot,
    words,
)


def balance(
    low: float = 2, high: float = 4, most: int = 6, start: int = 3, *, title: str = "", caption: str = ""
) -> Figure:
    """A beam between two numbers, the lower with weight 1; where it balances, for weights 1 to most of the other."""
    weights = range(1, most + 1)
    found = [(low + w * high) / (1 + w) for w in weights]
    share = [(f - low) / (high - low) for f in found]
    loads = [round(BIG * w**0.5) for w in weights]
    least = disc("1", "key", high=[BIG] * most, strong=True)
    more = disc([str(w) for w in weights], "key", high=loads, strong=True)
    feet = [
        spot(column(words("▲", "output"), words(t("average {number}", number=f"{f:.2f}"), "output", strong=True),
                    gap=CLOSE, only=[n]), (at, 0.5))
        for n, (f, at) in enumerate(zip(found, share, strict=True))
    ]  # fmt: skip
    beam = column(
        row(*(words(str(n), "value") for n in (low, high)), even=True, gap=CLOSE),
        row(least, more, even=True, gap=CLOSE),
        box(" ", fill=True, high=GAP),
        row(space(), plot(*feet, high=2 * LINE), space(), of=[1, 2, 1], gap=CLOSE),
        gap=CLOSE,
    )
    said = [
        t("Weights 1 and {w}: (1 · {low} + {w} · {high}) / (1 + {w}) = {average}", w=w, low=low, high=high,
          average=f"{f:.2f}") for w, f in zip(weights, found, strict=True)
    ]  # fmt: skip
    table = [t("weight"), t("average")], [[w, f"{f:.2f}"] for w, f in zip(weights, found, strict=True)]
    return figure(beam, said, table, axes=[("weight", t("weight"), weights)], still=True,
                  start={"weight": start}, title=title, caption=caption)  # fmt: skip


def stretch(
    queries: Sequence[int] = (9, 15), keys: Sequence[int] = (8, 12, 18), *, title: str = "", caption: str = ""
) -> Figure:
    """Queries as a column and keys as a row, stretched to tables of one shape, and their differences."""

    def table_of(
        name: str, role: str, shape: str, tile: Callable[[int, int], Part], since: int = 1, before: str = ""
    ) -> Part:
        lines = [[tile(i, k) for k in range(len(keys))] for i in range(len(queries))]
        shapes = [words(before, "quiet", until=0)] if before else []
        shapes.append(words(shape, "quiet", since=since))
        head = words(name, role, since=since if not before else 0)
        return column(head, layers(*shapes), grid(*(row(*line, gap=NEAR) for line in lines)))

    shape = f"[{len(queries)}, {len(keys)}]"
    asks = table_of(t("queries[:, None]"), "query", shape, lambda i, k: box(str(queries[i]), "query", since=min(k, 1)),
                    before=f"[{len(queries)}, 1]")  # fmt: skip
    found = table_of(t("keys"), "key", shape, lambda i, k: box(str(keys[k]), "key", since=min(i, 1)),
                     before=f"[{len(keys)}]")  # fmt: skip
    apart = table_of(t("difference"), "output", shape, since=2, tile=lambda i, k: box(
        f"{queries[i] - keys[k]}".replace("-", "−"), "output", since=2))  # fmt: skip
    minus, equals = (words(sign, size=LINE, since=2) for sign in "−=")
    scene = row(asks, minus, found, equals, apart)
    said = [
        t("A column of two queries, and a row of three keys."),
        t("The column is repeated three times, the row twice: now both have two rows and three columns."),
        t("Then number is subtracted from number."),
    ]
    apart_by = [[q, *(q - key for key in keys)] for q in queries]
    table = [t("query"), *map(str, keys)], apart_by
    return figure(scene, said, table, title=title, caption=caption)
