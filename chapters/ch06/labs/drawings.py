"""Drawings: one word with two meanings, a word that sees itself, a thin change, and where an answer is."""

from torch import Tensor

from course_kit.i18n import t
from course_kit.views.figure import figure, one

SHOWN = 8  # numbers of a vector that are drawn


def banks(word: str, sentences: tuple[str, str], vectors: dict[str, Tensor], *, title="", caption=""):
    """The vector of a word in two sentences, as several models make it: the numbers in which the two differ most.

    vectors: who makes it -> [2, D], a row for each sentence
    """
    shapes = [
        one("text", 0.25, 16, f"“{sentences[0]}”", size=12.5),
        one("text", 0.75, 16, f"“{sentences[1]}”", size=12.5),
    ]
    said, rows = [], []
    for step, (name, pair) in enumerate(vectors.items()):
        apart = (pair[0] - pair[1]).abs()
        chosen = apart.topk(SHOWN).indices.sort().values
        y, equal = 62 + 70 * step, bool(apart.max() < 1e-4)
        shapes += [
            one("text", 0, y - 22, name, anchor="start", strong=True, since=step),
            *(
                one("cells", x, y, role="output", wide=0.44, numbers=[round(n, 2) for n in row[chosen].tolist()],
                    since=step)
                for x, row in zip((0.25, 0.75), pair, strict=True)
            ),
            one("text", 1, y - 22, t("the same") if equal else t("not the same"), anchor="end", since=step),
        ]  # fmt: skip
        say = t("{name}: both sentences get the same vector for “{word}”.", name=name, word=word) if equal else t(
            "{name}: the two sentences get different vectors for “{word}”.", name=name, word=word)  # fmt: skip
        said.append(say)
        rows += [[name, f"“{sentence}”", ", ".join(f"{n:.2f}" for n in row[chosen].tolist())]
                 for sentence, row in zip(sentences, pair, strict=True)]  # fmt: skip
    axes = [("step", t("step"), range(1, len(said) + 1))]
    table = [t("who makes it"), t("sentence"), t("numbers")], rows
    return figure(shapes, said, [table], axes=axes, height=62 + 70 * len(said) - 40, title=title, caption=caption)


def leak(words, place: int, *, title="", caption=""):
    """Two layers of attention in which a word may not look at itself: it comes back by way of its neighbours.

    place: of the word that is to be guessed, not the first and not the last
    """
    at = [0.1 + 0.8 * i / (len(words) - 1) for i in range(len(words))]
    levels = [(190, t("the words")), (110, t("after layer 1")), (30, t("after layer 2"))]
    last, covered = 3, "[MASK]"
    shapes = []
    for y, name in levels:
        shapes.append(one("text", 0, y - 26, name, "quiet", anchor="start", size=12))
    for i, (x, word) in enumerate(zip(at, words, strict=True)):
        mine = i == place
        for level, (y, _) in enumerate(levels):
            body = word if level == 0 else "?" if mine else "·"
            if mine and level == 0:
                each = [{"words": word}] * last + [{"words": covered}]
                shapes.append(one("box", x, y, role="key", wide=0.14, high=28, strong=True, each=each))
            else:
                role = "output" if mine else "key"
                shapes.append(one("box", x, y, body, role, wide=0.14, high=28, since=level))
    for i in (place - 1, place + 1):
        shapes += [
            one("arrow", role="key", from_=[at[place], 174], to=[at[i], 126], weight=2, since=1),
            one("arrow", role="output", from_=[at[i], 94], to=[at[place], 46], weight=2, since=2),
        ]
    word = words[place]
    said = [
        t("What stands at the place of “{word}”? Its own column is forbidden, so you would think it cannot be read.",
          word=word),
        t("Layer 1: the neighbours read “{word}”. Their vectors now contain it.", word=word),
        t("Layer 2: the place of “{word}” reads its neighbours, and gets “{word}” from them.", word=word),
        t("Cover the word. The same arrows carry [MASK], and the answer has to be worked out."),
    ]  # fmt: skip
    rows = [[str(n), sentence] for n, sentence in enumerate(said, 1)]
    axes = [("step", t("step"), range(1, len(said) + 1))]
    table = [t("step"), t("what")], rows
    return figure(shapes, said, [table], axes=axes, height=212, title=title, caption=caption)


def thin(size: int, rank: int, *, title="", caption=""):
    """A frozen matrix, and beside it two thin ones whose product is added: how many numbers each has."""
    thick, slim = size * size, 2 * size * rank
    shapes = [
        one("text", 0.2, 14, t("frozen"), size=12.5),
        one("box", 0.2, 120, f"W\n{size} × {size}", "key", wide=0.34, high=180, strong=True),
        one("text", 0.43, 120, "+", strong=True, size=20, since=1),
        one("text", 0.52, 14, t("learns"), "output", size=12.5, since=1),
        one("box", 0.52, 120, "B", "output", wide=0.03, high=180, strong=True, since=1),
        one("text", 0.575, 120, "×", strong=True, size=18, since=1),
        one("text", 0.8, 14, t("learns"), "output", size=12.5, since=1),
        one("box", 0.8, 120, "A", "output", wide=0.34, high=14, strong=True, size=10, since=1),
        one("text", 0.2, 228, f"{thick:,}", since=0),
        one("text", 0.66, 228, f"{slim:,}", "output", strong=True, since=1),
    ]
    said = [
        t("The matrix of a trained layer has {thick} numbers. None of them changes.", thick=f"{thick:,}"),
        t("Beside it two thin matrices learn, {slim} numbers together. Their product is added.", slim=f"{slim:,}"),
    ]
    rows = [["W", f"{size} × {size}", f"{thick:,}"], ["B", f"{size} × {rank}", f"{size * rank:,}"],
            ["A", f"{rank} × {size}", f"{size * rank:,}"]]  # fmt: skip
    axes = [("step", t("step"), range(1, 3))]
    table = [t("matrix"), t("shape"), t("numbers")], rows
    return figure(shapes, said, [table], axes=axes, height=240, title=title, caption=caption)


def answer(question: str, tokens, starts, ends, span: tuple[int, int], *, title="", caption=""):
    """A text, token by token: how probably the answer begins and ends at each, and the span that is chosen.

    tokens: T of the text; starts, ends: their probabilities [T]; span: its first and last token
    """
    first, last = span
    high, columns = 18, (0.38, 0.75)
    shapes = [
        one("text", x, 12, name, role, size=12.5, since=step)
        for step, (x, name, role) in enumerate(zip(columns, (t("begins here"), t("ends here")), ("query", "key"),
                                                   strict=True))
    ]  # fmt: skip
    for n, (token, *shares) in enumerate(zip(tokens, starts, ends, strict=True)):
        y, chosen = 36 + high * n, first <= n <= last
        shapes.append(
            one("text", 0.12, y, size=13, each=[{"words": "" if chosen and step == 2 else token} for step in range(3)])
        )
        if chosen:
            shapes.append(one("box", 0.12, y, token, "output", wide=0.23, high=high - 1, strong=True, size=13, since=2))
        for step, (x, share, role) in enumerate(zip(columns, map(float, shares), ("query", "key"), strict=True)):
            shapes.append(one("bar", x, y, role=role, wide=0.24, high=10, share=round(share, 4), since=step))
            if share >= 0.01:
                shapes.append(one("text", x + 0.16, y, f"{share:.0%}", size=12, since=step))
    begin, end = (max(range(len(p)), key=p.__getitem__) for p in (list(starts), list(ends)))
    said = [
        t("“{question}” The answer most probably begins with “{word}”.", question=question, word=tokens[begin]),
        t("It most probably ends with “{word}”. These shares add up to 1 by themselves.", word=tokens[end]),
        t(
            "Chosen: “{answer}”, the pair with the largest product.",
            answer=" ".join(tokens[first : last + 1]).replace(" ##", ""),
        ),
    ]
    rows = [[token, f"{a:.2f}", f"{b:.2f}"] for token, a, b in zip(tokens, starts, ends, strict=True)]
    axes = [("step", t("step"), range(1, 4))]
    table = [t("token"), t("begins here"), t("ends here")], rows
    return figure(shapes, said, [table], axes=axes, height=36 + high * len(tokens), title=title, caption=caption)
