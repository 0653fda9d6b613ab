"""Where a trained reader looks and what it says: to a sentence and to its twin, with positions and without."""

from collections.abc import Mapping, Sequence

import torch

from chapters.ch04.experiments.order import Reader, WhoDoesIt
from course_kit.i18n import t
from course_kit.views.figure import Figure, figure
from course_kit.views.layout import AIR, CLOSE, arrow, box, column, row, space, words

THICK = 10  # of an arrow that has all the weight


def who_does_it(
    who: WhoDoesIt, readers: Mapping[str, Reader], twins: Sequence[str], *, title: str = "", caption: str = ""
) -> Figure:
    """The words of a sentence, the mean of the weights that each gets, and the answer.

    who: the task (`WhoDoesIt`); readers: what is said of its positions -> a trained reader; twins: sentences of as
    many words each.
    """
    spoken, given, says, said, tables = [], [], [], [], []
    for name, reader in readers.items():
        for twin in twins:
            with torch.no_grad():
                x = reader.positions(reader.embedding(who.encode([twin])[0]))
                share = reader.attention(x)[1][0].mean(0).tolist()  # of each word, [T]
            noun, p = next(iter(who.answers(reader, twin).items()))
            spoken.append(twin.split())
            given.append(share)
            says.append(f"{noun} {p:.0%}")
            told = {"name": t(name), "text": twin, "noun": noun, "p": f"{p:.0%}"}
            said.append(t("Positions: {name}. “{text}” Who does it? {noun}, says the reader, with {p}.", **told))
            shares = [[word, f"{one:.2f}"] for word, one in zip(twin.split(), share, strict=True)]
            tables.append(([t("word"), t("mean weight")], shares))
    boxes = [box(list(at), "key", strong=True) for at in zip(*spoken, strict=True)]
    weights = list(zip(*given, strict=True))  # of each place, in each frame
    mean, answer = box(t("mean of the outputs")), box(says, "output", strong=True)
    arrows = [arrow(one, mean, "value", weight=[max(0.2, THICK * share) for share in at])
              for one, at in zip(boxes, weights, strict=True)]  # fmt: skip
    numbers = [words([f"{share:.2f}" for share in at], "quiet") for at in weights]
    spoken_of = column(row(*numbers, even=True), row(*boxes, even=True), gap=CLOSE)
    scene = column(spoken_of, space(high=AIR), mean, answer, *arrows, arrow(mean, answer), gap=AIR)
    axes = [("positions", t("positions"), [t(name) for name in readers]), ("twin", t("sentence"), list(twins))]
    start = {"positions": t(list(readers)[-1]), "twin": twins[0]}
    return figure(scene, said, tables, axes=axes, start=start, still=True, title=title, caption=caption)
