"""Drawings of what a Transformer is made of: the machine opened, a block, the heads, the network.

What reads has a cool tint, what writes a warm one; the four colours are those of query, key, value and output.
"""

import itertools
from collections.abc import Sequence
from typing import Any

import torch

from course_kit.decoding import Translation
from course_kit.i18n import t
from course_kit.views.figure import Figure, figure
from course_kit.views.layout import (
    AIR,
    BIG,
    THIN,
    Part,
    arrow,
    box,
    cells,
    column,
    disc,
    flow,
    frames,
    grid,
    row,
    space,
    steps,
    words,
)
from course_kit.views.layout import layers as over_each_other
from course_utils.attention import split_heads

READS, WRITES = "cool", "warm"  # the tints of encoder and decoder


def opened(translation: Translation, layers: int = 3, *, title: str = "", caption: str = "") -> Figure:
    """A Transformer as a black box, as two halves, as stacks, and with one layer of each half open.

    translation: a decoding.Translation, whose words go in and come out; layers: of each half
    """
    attention, feed_forward, alone = t("attention"), t("network"), t("each word by itself")
    reads, writes = t("reads the English"), t("writes the French")
    english = words(t("English: “{words}”", words=" ".join(translation.source_tokens)), READS)
    french = words(t("French: “{words}”", words=" ".join(translation.tokens)), WRITES)
    sides = (
        (READS, t("encoder"), reads, [(attention, t("looks at all the words")), (feed_forward, alone)]),
        (WRITES, t("decoder"), writes, [(attention, t("looks at the French")),
                                        (t("cross-attention"), t("looks at the English")), (feed_forward, alone)]),
    )  # fmt: skip
    whole = box(t("reads English, writes French"), "", words("?", size=BIG), fill=True)
    halves = [box(name, role, words(does), strong=True) for role, name, does, _ in sides]
    stack = [[box(t("layer {n}", n=n + 1), role) for n in range(layers)] for role, *_ in sides]
    parts = [[box(part, role, words(does), strong=True) for part, does in inside] for role, _, _, inside in sides]
    stacks, layer = (
        [box(name, role, flow(*inside, role=role, up=True), strong=True)
         for (role, name, *_), inside in zip(sides, of, strict=True)] for of in (stack, parts)
    )  # fmt: skip
    goes_in, comes_out = space(), space()  # the halves of the black box
    arrows = [arrow(english, goes_in, READS), arrow(comes_out, french, WRITES)]
    arrows += [way for first, second in (halves, stacks, layer) for way in (arrow(english, first, READS),
                                                                           arrow(second, french, WRITES))]  # fmt: skip
    (*_, last), writing = stack
    (*_, read), (_, crossing, _) = parts
    handovers = [tuple(halves), *((last, part) for part in writing), (read, crossing)]
    arrows += [arrow(first, second, READS, weight=4, side="across") for first, second in handovers]
    pairs = (row(*pair, even=True, gap=AIR) for pair in (halves, stacks, layer))
    messages = [
        t("From outside: an English sentence goes in, a French one comes out."),
        t("Two halves: one reads, the other writes. What was read is handed over, a vector for each English word."),
        t("Each half is a stack of {layers} layers. A layer reads what the one below has made.", layers=layers),
        t("A layer: attention, in which words take from other words; then a network, for each word by itself. The "
          "decoder looks twice: at its own words, and at the English."),
    ]  # fmt: skip
    rows = [[t("encoder"), reads], [t("decoder"), writes], [attention, t("looks at all the words")],
            [t("cross-attention"), t("looks at the English")], [feed_forward, alone]]  # fmt: skip
    table = [t("part"), t("what it does")], rows
    names = [t("black box"), t("two halves"), t("stacks"), t("one layer")]
    halved: dict[str, Any] = {"even": True, "gap": AIR}
    black = over_each_other(whole, row(goes_in, comes_out, **halved))
    above, below = row(space(), french, **halved), row(english, space(), **halved)  # each at its half
    return figure(column(above, frames(black, *pairs), below, *arrows, gap=AIR), messages, table,
                  axes=[("opened", t("opened"), names)], start={"opened": names[0]}, play=t("▶ open"),
                  title=title, caption=caption)  # fmt: skip


def plus(**look: Any) -> Part:
    """Where something is added to a stream."""
    return disc("+", high=24, wide=28, strong=True, **look)


def residual_stream(*levels: tuple[Part | None, Part | None]) -> Part:
    """From below, what stands beside a stream and what on it, None for nothing: what is beside it reads it, and adds
    to it."""
    arrows, below, branch = [], None, None
    for part, merge in levels:
        if part:
            arrows.append(arrow(branch or below, part))  # type: ignore[arg-type]  # the first level has no part
            branch = part
        if merge and below:
            arrows.append(arrow(below, merge, "output", weight=3))
        if merge and branch:
            arrows.append(arrow(branch, merge))
            branch = None
        below = merge or below
    lines = (row(part or space(), merge or space(), of=(3, 2)) for part, merge in levels[::-1])
    return column(*lines, *arrows, gap=1.5 * AIR)


def lanes(tokens: Sequence[str] = ("animal", "it", "tired"), *, title: str = "", caption: str = "") -> Figure:
    """Three words on their way through one encoder block: attention between them, a network for each, two sums."""
    inputs = [box(word, strong=True) for word in tokens]
    attentions = [box(t("attention"), since=1) for _ in tokens]
    streams = (
        residual_stream((None, vector), (attention, plus(since=2)), (box(t("network"), since=3), plus(since=4)),
                 (None, box(word, "output", strong=True, since=4)))
        for word, vector, attention in zip(tokens, inputs, attentions, strict=True)
    )  # fmt: skip
    arrows = [
        arrow(vector, attention, "value", 3) if (i, j) == (0, len(tokens) - 1)
        else arrow(vector, attention, "quiet", THIN, head=False)
        for i, vector in enumerate(inputs) for j, attention in enumerate(attentions) if i != j
    ]  # fmt: skip
    scene = row(*streams, *arrows, even=True)
    first, taker = tokens[0], tokens[-1]
    messages = [
        t("A vector for each word comes from the layer below."),
        t(
            "Attention: each word can take from every word. “{asks}” takes most from “{first}”.",
            asks=taker,
            first=first,
        ),
        t("What attention found is added to the word's own vector, which comes straight up."),
        t("The network works on each word by itself. No line leads from one word to another."),
        t("What the network made is added, too. The new vectors have the same size, and the next layer reads them."),
    ]
    return figure(scene, messages, title=title, caption=caption)


def split(*, title: str = "", caption: str = "") -> Figure:
    """Three words of four features, cut into two heads: by their features, and by a reshape that cuts the words."""
    x = torch.arange(30).view(3, 10)[:, :4]
    right, wrong = split_heads(x[None], 2)[0].tolist(), x.reshape(2, 3, 2).tolist()
    whole, methods = t("the three words"), [(t("by features"), right, "cool"), ("reshape", wrong, "warm")]
    columns = [column(whole, *(cells(line) for line in x.tolist()))]
    rows = [[whole, *map(str, x.tolist())]]
    for name, heads, role in methods:
        parts = [part for n, head in enumerate(heads, 1)
                 for part in (words(t("head {n}", n=n), "quiet"), *(cells(pair, role) for pair in head))]  # fmt: skip
        columns.append(column(words(name, role), *parts))
        rows += [[name, *map(str, head)] for head in heads]
    messages = [
        t("Three words, a row for each, with four features. We want two heads of two features."),
        t("Cut the features: each head gets two features of every word."),
        t("A reshape in one go has the same shape, but head 1 gets the whole first word and half of the second."),
    ]
    table = [t("what"), *(t("row {n}", n=n + 1) for n in range(len(x)))], rows
    return figure(row(*steps(*columns)), messages, table, title=title, caption=caption)


def network(x: Sequence[int], *, title: str = "", caption: str = "") -> Figure:
    """The network of a layer on a word of two features, with matrices that one can compute in one's head."""
    a, b = x
    hidden = [a, b, a + b, a - b]
    activated = [max(0, n) for n in hidden]
    out = [sum(activated[:2]), sum(activated[2:])]
    levels = [(t("a word"), [a, b], ""), (t("wider, by W₁"), hidden, ""), (t("ReLU: no less than 0"), activated, ""),
              (t("narrow again, by W₂"), out, "output")]  # fmt: skip
    vectors = [cells(numbers, role) for _, numbers, role in levels]
    arrows = [arrow(first, second) for first, second in itertools.pairwise(vectors)]
    lines = steps(*(row(words(name, anchor="end"), vector) for (name, *_), vector in zip(levels, vectors, strict=True)))
    messages = [
        t("A word's vector, after attention. The network sees this word alone."),
        t("The first matrix makes four numbers: the two features, their sum and their difference."),
        t("The ReLU sets what is negative to 0. The others stay as they are."),
        t("The second matrix adds the first two, and the last two. Again the word has two features."),
    ]
    table = [t("after"), t("numbers")], [[name, ", ".join(map(str, numbers))] for name, numbers, _ in levels]
    scene = row(space(), grid(*lines, *arrows, gap=AIR), space(), of=(1, 6, 1), gap=0)
    return figure(scene, messages, table, title=title, caption=caption)
