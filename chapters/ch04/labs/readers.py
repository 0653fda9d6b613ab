"""Where a trained reader looks for who does it, and what it says: without positions and with, early and late."""

import itertools
from collections.abc import Mapping, Sequence

import torch

from chapters.ch04.kept.positions import NOUNS, WORDS, Reader
from course_kit.i18n import t
from course_kit.views.figure import Figure, figure
from course_kit.views.layout import AIR, CLOSE, bar, box, column, label, row

SENTENCE, VERB = 6, 2  # words of a sentence, the place of its verb


def attends(
    readers: Mapping[str, Reader],
    texts: Sequence[str],
    first: Sequence[int] = (0,),
    start: tuple[str, int] | None = None,
    *,
    title: str = "",
    caption: str = "",
) -> Figure:
    """The weights of the first verb on all words of a text, and its answer.

    readers: what is said of its positions -> a trained reader; texts: of as many words each; first: the positions at
    which a text begins; start: the reader, the last by default, and the position that are shown.
    """
    spoken, given, says, said, tables = [], [], [], [], []
    for (name, reader), text, begin in itertools.product(readers.items(), texts, first):
        tokens = text.split()
        with torch.no_grad():
            logits, weights = reader(torch.tensor([[WORDS.index(word) for word in tokens]]), begin)
        share, p = weights[0, VERB].tolist(), logits[0, VERB].softmax(-1)
        noun, sure = NOUNS[int(p.argmax())], f"{p.max():.0%}"
        spoken.append(tokens)
        given.append(share)
        says.append(f"{noun} {sure}")
        told: dict = {"name": t(name), "text": " ".join(tokens[:SENTENCE]), "begin": begin, "noun": noun, "sure": sure}
        said.append(t("Positions: {name}, from {begin} on. “{text}” Who does it? {noun}, says the reader, with {sure}.",
                      **told))  # fmt: skip
        rows = [[begin + i, word, f"{one:.2f}"] for i, (word, one) in enumerate(zip(tokens, share, strict=True))]
        tables.append(([t("position"), t("word"), t("weight")], rows))
    places = []
    for i, (at, shares) in enumerate(zip(zip(*spoken, strict=True), zip(*given, strict=True), strict=True)):
        names = at[0] if len(set(at)) == 1 else list(at)
        places.append(column(box(names, "query" if i == VERB else "key", strong=True),
                             bar(list(shares), "value"), gap=CLOSE))  # fmt: skip
    lines = [row(*places[i : i + SENTENCE], even=True) for i in range(0, len(places), SENTENCE)]
    answer = row(label(t("who does it?"), "query"), box(says if len(says) > 1 else says[0], "output", strong=True))
    scene = column(*lines, answer, gap=AIR)
    name, begin = start or (list(readers)[-1], first[0])
    choices = {"positions": (t("positions"), [t(name) for name in readers], t(name))}
    openings = [" ".join(text.split()[:SENTENCE]) for text in texts]
    choices |= {"text": (t("text"), openings, openings[0])} if len(texts) > 1 else {}
    choices |= {"first": (t("begins at position"), [str(i) for i in first], str(begin))} if len(first) > 1 else {}
    axes = [(key, words, options) for key, (words, options, _) in choices.items()]
    shown = {key: option for key, (_, _, option) in choices.items()}
    return figure(scene, said, tables, axes=axes, start=shown, still=True, title=title, caption=caption)
