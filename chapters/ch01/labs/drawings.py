"""Drawings without a model: a box that averages, and words with the few numbers that were made up for them."""

from course_kit.i18n import t
from course_kit.views.figure import figure, one


def box(*, title="", caption=""):
    """Attention from outside, then opened: score, share, average."""
    given = [(34, "query", t("a query")), (84, "key", t("keys")), (134, "value", t("values"))]
    shapes = [one("box", 0.09, y, words, role, wide=0.17, high=34, strong=True) for y, role, words in given]
    shapes += [one("box", 0.52, 84, wide=0.56, high=150), one("text", 0.52, 20, t("attention"), strong=True)]
    shapes += [one("arrow", role=role, from_=[0.18, y], to=[0.235, y]) for y, role, _ in given]
    shapes += [
        one("arrow", role="output", from_=[0.8, 84], to=[0.83, 84]),
        one("box", 0.915, 84, t("average"), "output", wide=0.16, high=34, strong=True),
        one("text", 0.52, 84, size=28, strong=True, each=[{"words": "?"}, *[{"words": " "}] * 3]),
    ]
    steps = [
        (0.335, t("score"), t("how near?")),
        (0.52, t("share"), t("how much?")),
        (0.705, t("average"), t("add up")),
    ]
    for since, (x, name, job) in enumerate(steps, 1):
        shapes += [
            one("box", x, 74, name, wide=0.15, high=34, strong=True, since=since),
            one("text", x, 106, job, "quiet", size=12, since=since),
        ]
        if since > 1:
            shapes.append(one("arrow", from_=[x - 0.108, 74], to=[x - 0.08, 74], since=since))
    said = [
        t("From outside: a query, keys and values go in, and an average of the values comes out."),
        t("Score: how near is each key to the query?"),
        t("Share: the scores become weights, which are not negative and add up to 1."),
        t("Average: each value times its weight, all added up."),
    ]
    rows = [["1", t("score")], ["2", t("share")], ["3", t("average")]]
    axes = [("step", t("step"), range(4))]
    return figure(shapes, said, [([t("step"), t("what")], rows)], axes=axes, height=170, title=title, caption=caption)


def word_vectors(words, vectors, *, across=4, title="", caption=""):
    """Words, each above the three numbers of its vector, which come one after the other; vectors: [W, 3]."""
    shapes, rows = [], [[word, *(f"{v:.2f}" for v in vector)] for word, vector in zip(words, vectors, strict=True)]
    for i, (word, vector) in enumerate(zip(words, vectors, strict=True)):
        x, y = (i % across + 0.5) / across, 14 + 58 * (i // across)
        shapes.append(one("text", x, y, word, strong=True, size=12.5, data=True))
        for k, v in enumerate(vector):
            place = x + (k - 1) * 0.28 / across
            shapes.append(one("cells", place, y + 22, role="key", wide=0.27 / across, numbers=[round(float(v), 2)],
                              since=k))  # fmt: skip
    names = [t("names something"), t("is alive"), t("describes something")]
    said = [
        t("The first number: how much the word names something."),
        t("The second: how much it is about something alive."),
        t("The third: how much it describes something."),
    ]
    axes, height = [("number", t("number"), range(1, 4))], 58 * -(-len(words) // across)
    return figure(shapes, said, [([t("word"), *names], rows)], axes=axes, height=height, title=title, caption=caption)
