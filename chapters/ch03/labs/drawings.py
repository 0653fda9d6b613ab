"""Drawings: a translator that squeezes a sentence, one that looks back, a beam."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import torch

from course_kit import text
from course_kit.checkpoints import Loaded
from course_kit.contexts import evaluating
from course_kit.decoding import Translation
from course_kit.i18n import t
from course_kit.views.figure import Figure, figure
from course_kit.views.layout import (
    AIR,
    CLOSE,
    FAR,
    LINE,
    Arrow,
    Part,
    arrow,
    bar,
    box,
    cells,
    column,
    grid,
    label,
    row,
    steps,
    words,
)

SHOWN = 3  # numbers of a state that are drawn
WORD, STATE, SHARE, NUMBER, WRITTEN = 118, 48, 62, 56, 130  # how wide in a fan, so that a phone has room for it


def fan(translation: Translation, word: str, *, title: str = "", caption: str = "") -> Figure:
    """For each word written, how much it takes from the state of each source word: a line for each, as thick as it.

    translation: a decoding.Translation of a model with attention; word: of it, the one that is seen first
    """
    source, written, weights = translation.source_tokens, translation.tokens, translation.weights.tolist()  # type: ignore[union-attr]
    states = [box(f"h{i}", "key", wide=STATE) for i in range(1, len(source) + 1)]
    shares = list(zip(*weights, strict=True))  # of each state, in each frame
    numbers = [words([f"{share:.2f}".lstrip("0") for share in row_], wide=NUMBER, anchor="end") for row_ in shares]
    reads = grid(
        *(row(words(word, strong=True, wide=WORD), state, bar(list(row_), wide=SHARE), number)
          for word, state, row_, number in zip(source, states, shares, numbers, strict=True)),
    )  # fmt: skip
    asks = [box(f"s{step + 1}", "query", wide=STATE, since=step, until=step) for step in range(len(written))]
    wrote = [label(word, strong=True, wide=WRITTEN, since=step) for step, word in enumerate(written)]
    writes = grid(*(row(*pair) for pair in zip(asks, wrote, strict=True)))
    ways = [
        arrow(ask, number, "query", side="back", only=[step], weight=9 * row_[step])
        for step, ask in enumerate(asks) for number, row_ in zip(numbers, shares, strict=True)
    ]  # fmt: skip
    scene = row(
        column(words(t("read: a state for each word"), "key", high=2 * LINE), reads),
        column(words(t("written"), "query", high=2 * LINE), writes),
        *ways,
        of=[WORD + STATE + SHARE + NUMBER, STATE + WRITTEN],
        gap=3 * AIR,
    )
    said = [_looks(word, row, source) for word, row in zip(written, weights, strict=True)]
    table = ["", *source], [[word, *(f"{w:.2f}" for w in row)] for word, row in zip(written, weights, strict=True)]
    return figure(scene, said, table, axes=[("step", t("words written"), None)], play=t("▶ write"), still=True,
                  start={"step": 1 + written.index(word)}, title=title, caption=caption)  # fmt: skip


def _looks(word: str, row: list[float], source: list[str]) -> str:
    best = max(range(len(source)), key=row.__getitem__)
    share = f"{row[best]:.0%}"
    return t("For “{word}” most is taken from “{other}”: {share} of the weight.", word=word, other=source[best],
             share=share)  # fmt: skip


@torch.no_grad()
def squeeze(loaded: Loaded, sentence: str, *, title: str = "", caption: str = "") -> Figure:
    """A translator without attention: it reads a state for each word, keeps c, and writes from that alone.

    loaded: a checkpoint or `Lesson.loaded(model)`; sentence: text of its language. Its states are drawn by their
    first numbers, c by the first of each direction, that which ends on the left first.
    """
    model, source = loaded.model, loaded.source.cut(sentence)
    ids, rows = torch.tensor([loaded.source.encode(sentence)]), []
    written: list[str] = []
    mask = torch.ones_like(ids, dtype=torch.bool)
    with evaluating(model):
        states, c = model.encoder(ids, mask)
        last, read = model.decoder.begin(c), torch.tensor([[text.BOS]])
        while len(written) < 2 * len(source):
            logits, _, last = model.decoder(read, last, states, c, mask)
            read = logits.argmax(-1)
            if int(read) == text.EOS:
                break
            written += loaded.target.tokens([int(read)])
            rows.append(last[0, 0, :SHOWN].tolist())
    (_, size), half = c.shape, c.shape[1] // 2
    kept = [*c[0, half : half + SHOWN].tolist(), *c[0, :SHOWN].tolist()]  # read backwards, and forwards
    read_all = len(source)
    forwards, backwards = (states[0, :, first : first + SHOWN].tolist() for first in (0, half))
    forth = [_state(one, "key", since=i) for i, one in enumerate(forwards)]
    back = [_state(one, "key", since=read_all - 1 - i) for i, one in enumerate(backwards)]
    encoder = [
        column(words(word, strong=True), one, other) for one, other, word in zip(forth, back, source, strict=True)
    ]
    begins = [_state(one, "query") for one in rows]
    decoder = _named(begins, written, read_all + 1)
    c_drawn = column(
        cells(kept, "output"), words(t("c, all that the decoder gets"), "output", strong=True), since=read_all
    )
    scene = grid(
        row(label(t("① read"), "quiet"), row(*encoder, *_chain(forth, "key"), *_chain(back[::-1], "key"))),
        row(label(t("② squeeze"), "quiet", since=read_all), c_drawn),
        row(label(t("③ write"), "quiet", since=read_all + 1), row(*decoder, *_chain(begins, "query"))),
        *(arrow(end, c_drawn.parts[0], "key") for end in (encoder[0], encoder[-1])),
        *(arrow(c_drawn, state, "output") for state in decoder),
        gap=AIR,
    )
    reads = [
        t("Read: from the left as far as “{word}”, from the right as far as “{other}”.", word=word, other=other)
        for word, other in zip(source, source[::-1], strict=True)
    ]
    squeezed = t(
        "Squeeze: where the reading ends are {count} numbers, for a short sentence and for a long one.", count=size
    )
    wrote = [t("Write: “{words}”", words=" ".join(written[: i + 1])) for i in range(len(written))]
    table = [t("read"), t("written")], [[" ".join(source), " ".join(written)]]
    return figure(scene, [*reads, squeezed, *wrote], table, title=title, caption=caption)


def _state(numbers: Sequence[float], role: str, **look: Any) -> Part:
    """A state by its first numbers, one above the other."""
    return column(*(cells([number], role) for number in numbers), gap=CLOSE, **look)


def _named(states: Sequence[Part], tokens: Sequence[str], first: int = 0) -> list[Part]:
    """States above their words, one in each frame."""
    return steps(*(column(one, words(word, strong=True)) for one, word in zip(states, tokens, strict=True)),
                 first=first)  # fmt: skip


def _chain(states: Sequence[Part], role: str) -> list[Arrow]:
    """An arrow from each to the next."""
    return [arrow(one, other, role) for one, other in itertools.pairwise(states)]


def branches(tree: Mapping[str, tuple[float, float]], *, title: str = "", caption: str = "") -> Figure:
    """Two beginnings and the best word after each: what greedy decoding takes, and what a beam of two finds.

    tree: first word -> its probability, and that of the best word after it; two of them, the likelier first
    """
    begin, lines, ways = box("<bos>"), [], []
    together = {word: p * after for word, (p, after) in tree.items()}
    for n, (word, (p, after)) in enumerate(tree.items()):
        ahead, then = box(f"{word}  {p:g}", "output", strong=True), box(f"…  {after:g}", "output")
        lines.append(row(ahead,
                         *(column(part, since=n + 1) for part in (then, words(f"→ {together[word]:.2f}", strong=True))),
                         gap=FAR))  # fmt: skip
        ways += [arrow(begin, ahead, weight=9 * p, side="across"),
                 arrow(ahead, then, weight=9 * after, side="across")]  # fmt: skip
    (first, (p, _)), best = next(iter(tree.items())), max(together, key=together.__getitem__)
    said = [
        t("First word: “{word}” is the likelier one.", word=first),
        t("Greedy decoding goes on from there: {share} together.", share=f"{together[first]:.2f}"),
        t("A beam of two goes on with both. “{word}” wins: {share}.", word=best, share=f"{together[best]:.2f}"),
    ]
    rows = [[word, p, after, f"{together[word]:.2f}"] for word, (p, after) in tree.items()]
    table = [t("first word"), "p", t("best next word"), t("together")], rows
    scene = row(begin, grid(*lines, gap=FAR), *ways, gap=FAR)
    return figure(scene, said, table, title=title, caption=caption)
