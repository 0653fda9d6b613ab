"""Drawings of what a trained Transformer does: it asks in heads, writes all words at once, takes two hops."""

import functools
from collections.abc import Mapping, Sequence
from typing import cast

import torch
from torch import Tensor

from chapters.ch03.lesson import Example
from chapters.ch05.experiments.heads import CONNECTIONS, without
from chapters.ch05.experiments.twins import odds
from course_kit import text
from course_kit.checkpoints import Loaded
from course_kit.contexts import evaluating
from course_kit.data.parallel import Twin
from course_kit.heads import attention_weights
from course_kit.i18n import mark, t
from course_kit.views.figure import Figure, figure
from course_kit.views.layout import (
    AIR,
    CLOSE,
    NEAR,
    PAD,
    THIN,
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
    since,
    space,
    steps,
    words,
)
from course_kit.views.table import Table
from course_utils.attention import MultiHeadAttention, scaled_dot_product_attention, split_heads
from course_utils.transformer import Transformer

from .descent import read
from .drawings import READS, WRITES

SIDE, MARK = (3, 2, 3), 8  # how wide: what is read, seen and next; a word that is seen


STEPS = (mark("ask"), mark("cut"), mark("attend"), mark("join"))


@torch.no_grad()
def cut(
    loaded: Loaded, sentence: str, tokens: Sequence[str], layer: int, *, title: str = "", caption: str = ""
) -> Figure:
    """A word's query is cut into pieces, each attends in a head of its own, and the answers are joined.

    tokens: of the sentence, whose queries can be chosen; layer: of the encoder, from 1. Of each head's numbers the
    first two are drawn.
    """
    model = loaded.model
    ids = torch.tensor([loaded.source.encode(sentence)])
    read_as = loaded.source.tokens(ids[0])
    q, weights, found, mixed = _in_heads(model, ids, layer)
    heads, at = len(q), [read_as.index(word) for word in tokens]
    seen = [(i, step) for i in at for step in range(len(STEPS))]

    def numbers(rows: Tensor) -> list[list[float]]:
        """The first two of each head's, for each frame."""
        return [rows[:, i, :2].flatten().tolist() for i, _ in seen]

    def pieces(rows: list[list[float]], role: str) -> Part:
        return row(*(cells([line[2 * h : 2 * h + 2] for line in rows], role) for h in range(heads)), even=True)

    asks, answers = numbers(q), numbers(found)
    out = [mixed[i, : 2 * heads].tolist() for i, _ in seen]
    shares = [
        row(label(word), row(*(bar([weights[h, i, n].item() for i, _ in seen]) for h in range(heads)), even=True))
        for n, word in enumerate(read_as)
    ]
    lines = grid(
        row(label(t("query"), "quiet"), cells(asks, "query")),
        *steps(
            row(label(t("cut"), "quiet"), pieces(asks, "query")),
            row(space(), row(*(t("head {n}", n=h + 1) for h in range(heads)), even=True)),
            first=1,
        ),
        *(since(line, 2) for line in [*shares, row(label(t("answers"), "quiet"), pieces(answers, "output"))]),
        *(
            row(label(name, "quiet"), cells(given, "output"), since=3)
            for name, given in ((t("joined"), answers), (t("× W_O"), out))
        ),
        gap=NEAR,
    )
    said, tables = [], []
    for i, step in seen:
        best = zip(*(of.tolist() for of in weights[:, i].max(-1)), strict=True)
        most = [f"{read_as[n]} {share:.0%}" for share, n in best]
        places = {"word": read_as[i], "count": model.config.size, "heads": heads, "each": model.config.size // heads}
        said.append([
            t("The query of “{word}” has {count} numbers. Two of each head are drawn.", **places),
            t("Cut it into {heads} pieces of {each} numbers: one for each head.", **places),
            t("Each head has weights of its own. Most go to: {most}.", most=t(", ").join(most)),
            t("Lay the answers side by side: {count} numbers again, of which {drawn} are drawn. A last matrix mixes "
              "them.", drawn=2 * heads, **places),
        ][step])  # fmt: skip
        header = [t("word"), *(t("head {n}", n=h + 1) for h in range(heads))]
        tables.append((header, [[word, *(f"{weights[h, i, n]:.2f}" for h in range(heads))]
                                for n, word in enumerate(read_as)]))  # fmt: skip
    axes = [("word", t("word"), list(tokens)), ("step", t("step"), range(1, len(STEPS) + 1))]
    return figure(lines, said, tables, axes=axes, title=title, caption=caption)


def _in_heads(model: Transformer, ids: Tensor, layer: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Queries [H, T, d], weights [H, T, T] and answers [H, T, d] of an encoder's layer, and what its last matrix makes
    of the answers [T, D]."""
    given: list[Tensor] = []
    attention = cast(MultiHeadAttention, model.encoder[layer - 1].attention)
    hook = attention.register_forward_pre_hook(lambda _, args: given.append(args[0]))
    with evaluating(model):
        model.encode(ids)
    hook.remove()
    parts = attention.query, attention.key, attention.value
    q, k, v = (split_heads(part(given[0]), attention.heads) for part in parts)
    found, weights = scaled_dot_product_attention(q, k, v)
    return q[0], weights[0], found[0], attention.out(found.transpose(1, 2).flatten(2))[0]


@torch.no_grad()
def at_once(loaded: Loaded, sentence: str, *, title: str = "", caption: str = "") -> Figure:
    """A translation as in training, all words in one call, beside the same as it is written, one call a word."""
    model = loaded.model
    reading = read(loaded, sentence)
    count = len(reading.tokens)
    with evaluating(model):
        source = torch.tensor([loaded.source.encode(sentence)])
        target = torch.tensor([[text.BOS, *loaded.target.encode(reading.tokens[1:])]])
        whole = model(source, target)[0]
        alone = [model(source, target[:, : n + 1])[0, -1] for n in range(count)]
    wrote = [loaded.target.tokens([int(logits.argmax())])[0] for logits in alone]
    gap = max((one_ - other).abs().max().item() for one_, other in zip(alone, whole, strict=True))
    sides = []
    for name, calls, after, slowly in (
        (t("In training"), t("1 call"), reading.next, False),
        (t("Writing"), t("{n} calls", n=count), wrote, True),
    ):
        lines = []
        for i, (word, says) in enumerate(zip(reading.tokens, after, strict=True)):
            given = words(word, "output" if slowly and i else "", anchor="end")
            sees = row(*(bar(1, WRITES, wide=MARK, high=MARK) for _ in range(i + 1)), tight=True, gap=CLOSE)
            line = row(given, sees, words(says, "output"), of=SIDE)
            lines.append(box("", "", line, fill=True, since=i) if slowly else line)
        shown = column(*lines, gap=CLOSE) if slowly else box("", "", *lines, fill=True, gap=CLOSE + PAD)
        head = row(*(words(name, "quiet") for name in (t("reads"), t("sees"), t("next"))), of=SIDE)
        sides.append(column(row(label(name, strong=True), words(calls, "quiet", anchor="end")), head, shown))
    said = [t("Training: all {count} rows in one call. Writing: call {n}, which gives “{word}”.", count=count, n=n,
              word=word) for n, word in enumerate(wrote, 1)]  # fmt: skip
    rows = [list(of) for of in zip(reading.tokens, reading.next, wrote, strict=True)]
    table = [t("reads"), t("in training"), t("writing")], rows
    axes = [("call", t("call"), None)]
    made = figure(row(*sides, even=True, gap=AIR), said, table, axes=axes, play=t("▶ write"), title=title,
                  caption=caption)  # fmt: skip
    made.gap = gap
    return made


ENDS = {"referent": "noun", "pronoun": "French"}  # what the drawing calls a word of a connection


@torch.no_grad()
def hops(loaded: Loaded, example: Example, rows: Table, *, title: str = "", caption: str = "") -> Figure:
    """The two ways from a noun to a pronoun, by "it" and by the adjective, and what is right if a hop is cut.

    example: a twin; rows: the Table that `ablations` gives for CONNECTIONS. An arrow is as thick as the
    largest weight there, of all heads and layers.
    """
    source, twin = list(example.source), cast(Twin, example.twin)
    noun = source.index(twin.referent.lower())
    place = {"noun": noun, "it": source.index("it"), "adjective": len(source) - 2}
    written, right = [], [row["sentences, %"] for row in rows]
    for _, cuts in CONNECTIONS.values():
        likes = odds(loaded, [example], functools.partial(without, loaded, forbidden=cuts))
        written.append(twin.pronoun if likes > 0 else twin.other_pronoun)
    english, encoded = (
        [words(word, READS) if i in place.values() else words(other, "quiet") for i, (word, other) in enumerate(pairs)]
        for pairs in (zip(source, source, strict=True), zip(source, "·" * len(source), strict=True))
    )
    writes = box(written, WRITES, strong=True)
    shares = bar([share / 100 for share in right], "output")
    percent = words([t("{share} %", share=f"{share:.0f}") for share in right], strong=True)
    below = space(high=2 * AIR), words(t("right"), "quiet"), shares, percent
    french = column(words(t("French"), WRITES), space(high=AIR), writes, *below)
    gone = [{(ENDS.get(key, key), ENDS.get(query, query)) for _, query, key in of} for _, of in CONNECTIONS.values()]
    lines = []
    for (begin, end), weight in _largest(loaded, example, place).items():
        ends = (encoded[place[begin]], writes) if end == "French" else (english[place[begin]], encoded[place[end]])
        lines += _hop(*ends, weight, [(begin, end) in cuts for cuts in gone])
    reading = ((t("English"), english), (t("encoded"), encoded))
    scene = row(*(column(words(name, READS), *of, gap=NEAR) for name, of in reading), french, *lines, even=True)
    found = [(t(cut), f"{share:.0f}", word) for cut, share, word in zip(CONNECTIONS, right, written, strict=True)]
    said = [
        t("Cut: {cut}. Right in {share} % of the sentences; here it writes “{word}”.", cut=cut, share=share, word=word)
        for cut, share, word in found
    ]
    names = [cut for cut, *_ in found]
    return figure(scene, said, ([t("cut"), t("right, %"), t("writes here")], found), axes=[("cut", t("cut"), names)],
                  start={"cut": names[0]}, play=t("▶ cut"), still=True, title=title, caption=caption)  # fmt: skip


def _largest(loaded: Loaded, example: Example, place: Mapping[str, int]) -> dict[tuple[str, str], Tensor]:
    """The largest weight, of all heads and layers, on each hop of the two ways."""
    ids = torch.tensor([loaded.source.encode(list(example.source))])
    target = torch.tensor([[text.BOS, *loaded.target.encode(example.target)]])
    with evaluating(loaded.model), attention_weights(loaded.model) as seen:
        loaded.model(ids, target)
        inside, across = torch.cat(seen["encoder"]).amax((0, 1)), torch.cat(seen["cross"]).amax((0, 1))  # type: ignore[arg-type]
    step = list(example.target).index(cast(Twin, example.twin).pronoun)
    return {
        ("noun", "it"): inside[place["it"], place["noun"]],
        ("noun", "adjective"): inside[place["adjective"], place["noun"]],
        ("it", "French"): across[step, place["it"]],
        ("adjective", "French"): across[step, place["adjective"]],
    }


def _hop(begin: Part, end: Part, weight: Tensor, gone: Sequence[bool]) -> list[Arrow]:
    """A thin line, and on it an arrow as thick as the weight, or a cross where it is gone, in each frame."""
    return [
        arrow(begin, end, weight=THIN, side="across"),
        arrow(begin, end, "value", weight=[0 if is_cut else 1 + 6 * weight.item() for is_cut in gone], side="across",
              words=["✗" if is_cut else "" for is_cut in gone]),
    ]  # fmt: skip
