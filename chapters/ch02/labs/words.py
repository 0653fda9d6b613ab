"""An adjective asks in a sentence, drawn: how one head of a trained translator shares its attention."""

from chapters.ch02.experiments.words import ADJECTIVE, ADJECTIVES, ANIMAL, PLACE, WORDS, asks
from course_kit.i18n import t
from course_kit.views.figure import Figure, figure
from course_kit.views.layout import CLOSE, arrow, column, row, space, words

THICK, LEAST = 14, 0.02  # an arrow of all attention; a share that is drawn
HIGH, NOTHING = 56, "\u00a0"  # how high the arrows go; the share of a word that gets none
SHOWN = ("tired", "wide", "hungry", "dangerous", "weak", "high")


def adjective_asks(*, title: str = "", caption: str = "") -> Figure:
    """The course's sentence with an adjective of one's choice, which asks: an arrow from it to each word."""
    shares = asks()[[ADJECTIVES.index(word) for word in SHOWN]].tolist()
    last = words(list(SHOWN), "query", strong=True)
    spoken = [last if n == ADJECTIVE else words(word) for n, word in enumerate(WORDS)]
    given = [words([f"{share[n]:.0%}" if share[n] > LEAST else NOTHING for share in shares], "output")
             for n in range(len(WORDS))]  # fmt: skip
    each = [column(word, share, gap=CLOSE) for word, share in zip(spoken, given, strict=True)]
    arrows = [
        arrow(last, word, "query", side="above", bend=HIGH, behind=True,
              weight=[THICK * share[n] if share[n] > LEAST else 0 for share in shares])
        for n, word in enumerate(spoken) if n != ADJECTIVE
    ]  # fmt: skip
    said = [
        t("“{word}” asks, and gives “cow” {cow} of its attention, “bridge” {bridge}.",
          word=word, cow=f"{share[ANIMAL]:.0%}", bridge=f"{share[PLACE]:.0%}")
        for word, share in zip(SHOWN, shares, strict=True)
    ]  # fmt: skip
    rows = [[word, *(f"{x:.2f}" for x in share)] for word, share in zip(SHOWN, shares, strict=True)]
    axes = [("word", t("too …"), list(SHOWN))]
    scene = column(space(high=HIGH), row(*each), *arrows)
    table = [t("who asks"), *WORDS], rows
    return figure(scene, said, table, axes=axes, start={"word": SHOWN[0]}, play="", still=True, title=title,
                  caption=caption)  # fmt: skip
