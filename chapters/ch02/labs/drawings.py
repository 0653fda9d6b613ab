"""Drawings without a model: three people in a circle, a dot product as a shadow."""

import math
from collections.abc import Sequence

from course_kit.i18n import t
from course_kit.views.figure import Figure, figure
from course_kit.views.layout import (
    arrow,
    box,
    column,
    hand,
    plot,
    ring,
    row,
    space,
    spot,
    steps,
    words,
)

HIGH, UNIT, LIFTS = 190, 40, (0.07, 0.16, 0.13)  # lengths: of a ring, of a 1; of a field: shadow, key and query


def circle(people: Sequence[str] = ("Ada", "Ben", "Cleo"), *, title: str = "", caption: str = "") -> Figure:
    """Three people, each of whom looks for the next."""
    others = [*people[1:], people[0]]
    wishes = [t("{name} looks for {other}", name=a, other=b) for a, b in zip(people, others, strict=True)]
    cards = [box(name, "key", words(t("looks for {name}", name=other), "query", since=step), strong=True)
             for step, (name, other) in enumerate(zip(people, others, strict=True))]  # fmt: skip
    ways = [arrow(one, other, "query", side="round", since=step)
            for step, (one, other) in enumerate(zip(cards, [*cards[1:], cards[0]], strict=True))]  # fmt: skip
    said = [t("{wishes}.", wishes=t(", ").join(wishes[: step + 1])) for step in range(3)]
    table = [t("who"), t("looks for")], list(map(list, zip(people, others, strict=True)))
    return figure(column(ring(*cards, high=HIGH), *ways), said, table, title=title, caption=caption)


def shadows(q: Sequence[float], keys: Sequence[Sequence[float]], *, title: str = "", caption: str = "") -> Figure:
    """A query and two keys as arrows of two numbers each: the dot product is the shadow of the key on the line of the
    query, times the length of the query."""
    length, said, rows, columns, hands = math.hypot(*q), [], [], [], []
    for k in keys:
        dot = sum(a * b for a, b in zip(q, k, strict=True))
        shadow = dot / length
        along = [number * shadow / length for number in q]
        foots = [space() for _ in LIFTS]
        fallen, falls, _ = drawn = [
            hand(foot, round(math.atan2(a, b), 3), round(UNIT * math.hypot(a, b), 1), role, head=role != "output",
                 weight=(3 if role != "output" else 7) * any((a, b)))
            for foot, role, (a, b) in zip(foots, ("output", "key", "query"), (along, k, q), strict=True)
        ]  # fmt: skip
        hands += [*drawn, arrow(falls, fallen, "quiet", head=False)]
        field = plot(*(spot(foot, (0.28, lift)) for foot, lift in zip(foots, LIFTS, strict=True)), high=3.6 * UNIT)
        columns.append(column(
            words("k = ({:g}, {:g})".format(*k).replace("-", "−"), "key"),
            field,
            words(t("shadow {shadow} × length {length}", shadow=f"{shadow:g}".replace("-", "−"),
                    length=f"{length:g}"), "output"),
            words(f"q · k = {dot:g}".replace("-", "−"), strong=True),
        ))  # fmt: skip
        values = {"shadow": f"{shadow:g}".replace("-", "−"), "dot": f"{dot:g}".replace("-", "−")}
        said.append(t("Let the key fall straight onto the line of the query: its shadow there is {shadow} long. "
                      "Times the length of the query, that is the dot product, {dot}.", **values))  # fmt: skip
        rows.append(["({:g}, {:g})".format(*k), f"{shadow:g}", f"{dot:g}"])
    table = [t("key"), t("shadow"), "q · k"], rows
    return figure(row(*steps(*columns), *hands, even=True), said, table, title=title, caption=caption)
