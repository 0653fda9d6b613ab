"""Drawings without a model: a box that averages, and words with the few numbers that were made up for them."""

from collections.abc import Sequence

from torch import Tensor

from course_kit.i18n import t
from course_kit.views.figure import Figure, figure
from course_kit.views.layout import AIR, BIG, CLOSE, LINE, arrow, box, cells, column, flow, layers, row, steps, words


def black_box(*, title: str = "", caption: str = "") -> Figure:
    """Attention from outside, then opened: score, share, average."""
    roles = (t("a query"), "query"), (t("keys"), "key"), (t("values"), "value")
    given = [box(name, role, strong=True, high=2 * LINE) for name, role in roles]
    parts = [(t("score"), t("how near?")), (t("share"), t("how much?")), (t("average"), t("add up"))]
    boxes = [column(box(name, strong=True), words(job, "quiet")) for name, job in parts]
    opens = list(range(1, len(parts) + 1))
    inside = flow(*steps(*boxes, first=1), across=True, gap=LINE, only=opens)
    closed = words("?", size=BIG, only=[0])
    whole = box(t("attention"), "", layers(inside, closed), strong=True, fill=True)
    out = box(t("average"), "output", strong=True)
    ways = [arrow(one, whole, role, side="level") for one, role in zip(given, ("query", "key", "value"), strict=True)]
    scene = row(column(*given, gap=LINE), whole, out, *ways, arrow(whole, out, "output"), gap=AIR)
    said = [
        t("From outside: a query, keys and values go in, and an average of the values comes out."),
        t("Score: how near is each key to the query?"),
        t("Share: the scores become weights, which are not negative and add up to 1."),
        t("Average: each value times its weight, all added up."),
    ]
    rows = [["1", t("score")], ["2", t("share")], ["3", t("average")]]
    axes = [("step", t("step"), range(len(said)))]
    return figure(scene, said, ([t("step"), t("what")], rows), axes=axes, title=title, caption=caption)


def word_vectors(
    tokens: Sequence[str],
    vectors: Tensor | Sequence[Sequence[float]],
    *,
    across: int = 4,
    title: str = "",
    caption: str = "",
) -> Figure:
    """Words, each above the three numbers of its vector, which come one after the other; vectors: [W, 3]."""
    rows = [[word, *(f"{v:.2f}" for v in vector)] for word, vector in zip(tokens, vectors, strict=True)]
    parts = [
        column(words(word, strong=True, data=True), row(*steps(*(cells([v]) for v in vector)), gap=CLOSE))
        for word, vector in zip(tokens, vectors, strict=True)
    ]
    lines = [row(*parts[i : i + across], even=True) for i in range(0, len(parts), across)]
    names = [t("names something"), t("is alive"), t("describes something")]
    said = [
        t("The first number: how much the word names something."),
        t("The second: how much it is about something alive."),
        t("The third: how much it describes something."),
    ]
    axes = [("number", t("number"), None)]
    return figure(column(*lines), said, ([t("word"), *names], rows), axes=axes, title=title, caption=caption)
