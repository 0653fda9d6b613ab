"""Drawings without a model: three people in a circle, a layer of self-attention opened, a dot product as a shadow."""

import math

from course_kit.i18n import t
from course_kit.views.figure import figure, one


def circle(people=("Ada", "Ben", "Cleo"), *, title="", caption=""):
    """Three people, each of whom looks for the next."""
    at = [(0.5, 40), (0.72, 160), (0.28, 160)]
    ends = [([0.55, 48], [0.68, 136]), ([0.65, 168], [0.35, 168]), ([0.32, 136], [0.45, 48])]
    shapes = [one("disc", x, y, name, "key", high=54, strong=True) for (x, y), name in zip(at, people, strict=True)]
    wishes = [
        t("{name} looks for {other}", name=a, other=b) for a, b in zip(people, [*people[1:], people[0]], strict=True)
    ]
    places = [(0.76, 84, "middle"), (0.5, 192, "middle"), (0.24, 84, "middle")]
    for step, ((start, end), words, (x, y, anchor)) in enumerate(zip(ends, wishes, places, strict=True)):
        shapes += [
            one("arrow", role="query", from_=start, to=end, weight=2, since=step),
            one("text", x, y, words, "query", anchor=anchor, since=step),
        ]
    said = [t("{wishes}.", wishes=t(", ").join(wishes[: step + 1])) for step in range(3)]
    table = [t("who"), t("looks for")], [[a, b] for a, b in zip(people, [*people[1:], people[0]], strict=True)]
    return figure(
        shapes, said, [table], axes=[("step", t("step"), range(1, 4))], height=206, title=title, caption=caption
    )


def layer(*, title="", caption=""):
    """A layer of self-attention: the box, its three matrices, and what becomes of what they make."""
    roles = [
        (0.2, "query", "W_Q", t("{q} asks", q="q")),
        (0.5, "key", "W_K", t("{k} is found", k="k")),
        (0.8, "value", "W_V", t("{v} is given", v="v")),
    ]
    shapes = [one("box", 0.5, 22, t("the words: x"), wide=0.3, high=30, strong=True)]
    for x, role, matrix, job in roles:
        shapes += [
            one("arrow", from_=[0.5, 38], to=[x, 66], since=0),
            one("box", x, 84, f"× {matrix}", role, wide=0.2, high=34, strong=True, since=0),
            one("text", x, 116, job, role, since=0),
        ]
    shapes += [
        one("arrow", role="query", from_=[0.2, 128], to=[0.33, 156], since=1),
        one("arrow", role="key", from_=[0.5, 128], to=[0.37, 156], since=1),
        one("box", 0.35, 174, t("score, ÷ √d"), wide=0.26, high=32, since=1),
        one("arrow", from_=[0.35, 190], to=[0.35, 212], since=2),
        one("box", 0.35, 228, t("mask, softmax"), wide=0.26, high=30, since=2),
        one("arrow", from_=[0.4, 244], to=[0.54, 272], since=3),
        one("arrow", role="value", from_=[0.8, 128], to=[0.62, 272], since=3),
        one("box", 0.58, 290, t("weights × values: y"), "output", wide=0.36, high=34, strong=True, since=3),
    ]  # fmt: skip
    said = [
        t("Each word goes through three matrices, and becomes a query, a key and a value."),
        t("Score: each query meets each key. The scores are divided by √d."),
        t("Share: what must not be seen is masked, and the softmax turns the rest into weights."),
        t("Add up: the values, each times its weight. That is what comes out."),
    ]
    rows = [["1", "x W_Q, x W_K, x W_V"], ["2", "q·k / √d"], ["3", t("mask, softmax")], ["4", t("weights × values")]]
    axes = [("step", t("step"), range(1, 5))]
    return figure(shapes, said, [([t("step"), t("what")], rows)], axes=axes, height=312, title=title, caption=caption)


def shadows(q, keys, *, title="", caption=""):
    """A query and two keys as arrows of two numbers each: the dot product is the shadow of the key on the line of the
    query, times the length of the query."""
    length, unit, foot = math.hypot(*q), 32, 134
    shapes, said, rows = [], [], []
    for i, k in enumerate(keys):
        x, dot = (i + 0.38) / len(keys), q[0] * k[0] + q[1] * k[1]
        shadow = dot / length
        for role, (a, b), down, weight in (
            ("output", (q[0] * shadow / length, q[1] * shadow / length), 9, 6),
            ("key", k, -8, 3),
            ("query", q, 0, 3),
        ):
            hand = {"turn": round(math.atan2(a, b), 3), "reach": round(unit * math.hypot(a, b), 1)}
            shapes.append(one("arrow", role=role, from_=[x, foot + down], weight=weight if hand["reach"] else 0,
                              since=i, **hand))  # fmt: skip
        middle = (i + 0.5) / len(keys)
        shapes += [
            one("text", middle, 16, f"k = ({k[0]:g}, {k[1]:g})".replace("-", "−"), "key", since=i),
            one("text", middle, 166, t("shadow {shadow} × length {length}", shadow=f"{shadow:g}".replace("-", "−"),
                                       length=f"{length:g}"), "output", size=12.5, since=i),
            one("text", middle, 188, f"q · k = {dot:g}".replace("-", "−"), strong=True, since=i),
        ]  # fmt: skip
        values = {"shadow": f"{shadow:g}".replace("-", "−"), "dot": f"{dot:g}".replace("-", "−")}
        said.append(t("Let the key fall straight onto the line of the query: its shadow there is {shadow} long. "
                      "Times the length of the query, that is the dot product, {dot}.", **values))  # fmt: skip
        rows.append([f"({k[0]:g}, {k[1]:g})", f"{shadow:g}", f"{dot:g}"])
    axes = [("step", t("step"), range(1, len(keys) + 1))]
    table = [t("key"), t("shadow"), "q · k"], rows
    return figure(shapes, said, [table], axes=axes, height=204, title=title, caption=caption)
