"""Drawings: the machine opened, a vector cut into heads, the stream, all at once beside word by word, two hops.

What reads is in the blue of keys, what writes in the orange of queries: the decoder asks, the encoder is asked.
"""

import functools

import torch

from chapters.ch05.experiments.heads import CONNECTIONS, without
from chapters.ch05.experiments.twins import odds
from course_kit import text
from course_kit.contexts import evaluating
from course_kit.heads import attention_weights
from course_kit.i18n import mark, t
from course_kit.views.figure import figure, in_frames, one
from course_utils.attention import scaled_dot_product_attention, split_heads

from .descent import read, study

READS, WRITES = "key", "query"  # the tints of encoder and decoder


def opened(translation, layers=3, *, title="", caption=""):
    """A Transformer as a black box, as two halves, as stacks, and with one layer of each half open.

    translation: a decoding.Translation, whose words go in and come out; layers: of each half
    """
    names = [t("black box"), t("two halves"), t("stacks"), t("one layer")]
    source, target = " ".join(translation.source_tokens), " ".join(translation.tokens)
    left, right, high = 0.25, 0.75, 62
    above, under = ([(0.5, 0.5), *3 * [ends]] for ends in ((right, 0.58), (0.42, left)))
    shapes = [
        one("text", 0.5, 12, t("French: “{words}”", words=target), WRITES, size=13),
        one("arrow", role=WRITES, each=[{"from": [a, 46], "to": [b, 24]} for a, b in above]),
        in_frames([0], 4, "box", 0.5, 160, "?", wide=0.98, high=228, size=40),
        in_frames([0], 4, "text", 0.5, 205, t("reads English, writes French")),
        one("arrow", role=READS, each=[{"from": [a, 303], "to": [b, 278]} for a, b in under]),
        one("text", 0.5, 314, t("English: “{words}”", words=source), READS, size=13),
    ]  # fmt: skip
    for x, role, name, does in (
        (left, READS, t("encoder"), t("reads the English")),
        (right, WRITES, t("decoder"), t("writes the French")),
    ):
        shapes += [
            in_frames([1, 2, 3], 4, "box", x, 160, role=role, wide=0.47, high=228),
            in_frames([1], 4, "text", x, 148, name, role, strong=True, size=16),
            in_frames([1], 4, "text", x, 174, does, size=12.5),
            in_frames([2, 3], 4, "text", x, 60, name, role, strong=True),
        ]
        for n in range(layers):
            y = 240 - n * 150 / max(layers - 1, 1)
            shapes += [in_frames([2], 4, "box", x, y, t("layer {n}", n=n + 1), role, wide=0.4, high=38)]
            if n:
                ends = {"from": [x, y + 54], "to": [x, y + 23]}
                shapes += [in_frames([2], 4, "arrow", x, y, role=role, **ends)]
    looks, thinks = t("attention"), t("network")
    alone, gap = t("each word by itself"), 73
    parts = (
        (left, READS, [(looks, t("looks at all the words")), (thinks, alone)]),
        (right, WRITES, [(looks, t("looks at the French")), (t("cross-attention"), t("looks at the English")),
                         (thinks, alone)]),
    )  # fmt: skip
    for x, role, inside in parts:
        for n, (name, does) in enumerate(inside):
            y = (236 if len(inside) == 3 else 212) - n * (68 if len(inside) == 3 else gap + 12)
            shapes += [
                in_frames([3], 4, "box", x, y, role=role, wide=0.44, high=high - 8 * (len(inside) == 3)),
                in_frames([3], 4, "text", x, y - 11, name, role, strong=True, size=13.5),
                in_frames([3], 4, "text", x, y + 12, does, size=12.5),
            ]
            if n:
                below = 68 if len(inside) == 3 else gap + 12
                ends = {"from": [x, y + below - 27], "to": [x, y + 29]}
                shapes += [in_frames([3], 4, "arrow", x, y, role=role, **ends)]
    over = [([1], [0.47, 160], [0.535, 160])]
    over += [([2], [0.46, 88], [0.55, 92 + n * 75]) for n in range(layers)]
    over += [([3], [0.475, 127], [0.535, 168])]
    shapes += [
        in_frames(frames, 4, "arrow", 0, 0, role=READS, weight=4, **{"from": a, "to": b}) for frames, a, b in over
    ]
    said = [
        t("From outside: an English sentence goes in, a French one comes out."),
        t("Two halves: one reads, the other writes. What was read is handed over, a vector for each English word."),
        t("Each half is a stack of {layers} layers. A layer reads what the one below has made.", layers=layers),
        t("A layer: attention, in which words take from other words; then a network, for each word by itself. The "
          "decoder looks twice: at its own words, and at the English."),
    ]  # fmt: skip
    table = (
        [t("part"), t("what it does")],
        [
            [t("encoder"), t("reads the English")],
            [t("decoder"), t("writes the French")],
            [looks, t("looks at all the words")],
            [t("cross-attention"), t("looks at the English")],
            [thinks, alone],
        ],
    )
    axes = [("opened", t("opened"), names)]
    return figure(shapes, said, [table], axes=axes, height=326, start={"opened": names[0]}, play=t("▶ open"),
                  title=title, caption=caption)  # fmt: skip


def attend(words=("animal", "street", "tired"), *, title="", caption=""):
    """One word attends, with numbers that one can compute in one's head: ask, compare, share, add up."""
    query = torch.tensor([2.0, 0, 1, 1])
    keys = torch.tensor([[2.0, 1, 0, 0], [0, 2, 0, 0], [0, 0, 1, 1]])
    values = torch.eye(3, 4)
    products = (keys @ query).int().tolist()
    scores = torch.tensor(products) / len(query) ** 0.5
    shares = scores.softmax(-1)
    found = shares @ values
    names = [(18, t("word"), "", 0), (62, t("key"), "key", 0), (106, t("query"), "query", 1), (148, t("score"), "", 2),
             (184, t("share"), "", 3), (226, t("value"), "value", 4), (282, t("output"), "output", 4)]  # fmt: skip
    shapes = [one("text", 0, y, name, role, anchor="start", size=12.5, since=since) for y, name, role, since in names]
    at, wide = [0.29, 0.58, 0.87], 0.25
    for n, (x, word) in enumerate(zip(at, words, strict=True)):
        shapes += [
            one("box", x, 18, word, wide=wide, high=28, strong=n == 2),
            one("cells", x, 62, role="key", wide=wide, numbers=keys[n].int().tolist()),
            one("arrow", role="query", from_=[at[2] - 0.13 * (n < 2), 92 + 6 * (n < 2)], to=[x, 76], since=1),
            one("text", x, 148, f"{products[n]} / 2 = {scores[n]:.0f}", since=2),
            one("bar", x - 0.05, 184, wide=0.14, high=14, share=round(shares[n].item(), 2), since=3),
            one("text", x + 0.085, 184, f"{shares[n]:.2f}", strong=True, size=12, since=3),
            one("cells", x, 226, role="value", wide=wide, numbers=values[n].int().tolist(), since=4),
            one("arrow", role="value", from_=[x, 240], to=[at[1] + 0.12 * (n - 1), 268], since=4,
                weight=round(1 + 6 * shares[n].item(), 1)),
        ]  # fmt: skip
    shapes += [
        one("cells", at[2], 106, role="query", wide=wide, numbers=query.int().tolist(), since=1),
        one(
            "cells", at[1], 282, role="output", wide=wide + 0.1, numbers=[round(n, 2) for n in found.tolist()], since=4
        ),
    ]
    asks = words[-1]
    said = [
        t("Each word has put down a key. Here a key has four numbers."),
        t("“{word}” asks: its query meets the key of every word, its own too.", word=asks),
        t("Compare: multiply number by number, add up, and divide by √4 = 2. For “{word}”: 2 · 2 + 0 · 1 + 0 + 0 = 4.",
          word=words[0]),
        t("Share: softmax makes weights of the scores. Together they are 1."),
        t("Add up: each value times its share. The output of “{word}” is mostly the value of “{first}”.", word=asks,
          first=words[0]),
    ]  # fmt: skip
    table = (
        [t("word"), t("score"), t("share")],
        [
            [word, f"{score:.0f}", f"{share:.2f}"]
            for word, score, share in zip(words, scores.tolist(), shares.tolist(), strict=True)
        ],
    )
    return figure(shapes, said, [table], axes=[("step", t("step"), range(1, 6))], height=300, title=title,
                  caption=caption)  # fmt: skip


def lanes(words=("animal", "it", "tired"), *, title="", caption=""):
    """Three words on their way through one encoder block: attention between them, a network for each, two sums."""
    at, bent = [0.18, 0.5, 0.82], 60
    attention, network_ = t("attention"), t("network")
    shapes = [one("box", 0.5, 236, role="key", wide=0.96, high=58, since=1),
              one("text", 0.34, 197, attention, "key", size=12.5, since=1)]  # fmt: skip
    below, above = [], []
    for x in at:
        below += [x, 262]
        above += [x, 212]
    pairs = [n for i in range(3) for j in range(3) for n in (i, 3 + j)]
    shapes.append(one("web", dots=below + above, lines=pairs, lit=[0, 5], since=1))
    for x, word in zip(at, words, strict=True):
        shapes += [
            one("box", x, 340, word, "key", wide=0.24, high=28, strong=True),
            one("arrow", role="key", from_=[x, 324], to=[x, 268], weight=2, since=1),
            one("arrow", from_=[x, 326], to=[x + 0.026, 178], weight=2, bend=bent, since=2),
            one("arrow", role="key", from_=[x, 206], to=[x, 191], weight=2, since=2),
            one("disc", x, 178, "+", high=24, since=2),
            one("arrow", from_=[x, 166], to=[x, 138], weight=2, since=3),
            one("box", x, 120, network_, wide=0.24, high=30, since=3),
            one("arrow", from_=[x, 104], to=[x, 79], weight=2, since=3),
            one("arrow", from_=[x, 166], to=[x + 0.026, 66], weight=2, bend=bent, since=4),
            one("disc", x, 66, "+", high=24, since=4),
            one("arrow", from_=[x, 54], to=[x, 34], weight=2, since=4),
            one("box", x, 16, word, "output", wide=0.24, high=28, strong=True, since=4),
        ]
    first, asks = words[0], words[-1]
    said = [
        t("A vector for each word comes from the layer below."),
        t("Attention: each word can take from every word. “{asks}” takes most from “{first}”.", asks=asks, first=first),
        t("What attention found is added to the word's own vector, which comes by the curved way."),
        t("The network works on each word by itself. No line leads from one word to another."),
        t("What the network made is added, too. The new vectors have the same size, and the next layer reads them."),
    ]
    table = [t("step"), t("what")], [[str(n), sentence] for n, sentence in enumerate(said, 1)]
    return figure(shapes, said, [table], axes=[("step", t("step"), range(1, 6))], height=360, title=title,
                  caption=caption)  # fmt: skip


def split(*, title="", caption=""):
    """Three words of four features, cut into two heads: by their features, and by a reshape that cuts the words."""
    x = torch.tensor([[0, 1, 2, 3], [10, 11, 12, 13], [20, 21, 22, 23]])
    right, wrong = split_heads(x[None], 2)[0].tolist(), x.reshape(2, 3, 2).tolist()
    names = [t("the three words"), t("by features"), "reshape"]
    shapes = [one("text", 0.17, 14, names[0], size=12.5)]
    shapes += [one("cells", 0.17, 64 + 26 * n, role="key", wide=0.3, numbers=row) for n, row in enumerate(x.tolist())]
    rows = [[names[0], *map(str, x.tolist())]]
    for since, (middle, name, heads, role) in enumerate(
        ((0.54, names[1], right, "output"), (0.83, names[2], wrong, "query")), start=1
    ):
        shapes.append(one("text", middle, 14, name, role, size=12.5, since=since))
        for h, head in enumerate(heads):
            shapes.append(one("text", middle, 40 + 106 * h, t("head {n}", n=h + 1), "quiet", size=12, since=since))
            shapes += [
                one("cells", middle, 64 + 26 * n + 106 * h, role=role, wide=0.18, numbers=pair, since=since)
                for n, pair in enumerate(head)
            ]
            rows.append([name, *map(str, head)])
    said = [
        t("Three words, a row for each, with four features. We want two heads of two features."),
        t("Cut the features: each head gets two features of every word."),
        t("A reshape in one go has the same shape, but head 1 gets the whole first word and half of the second."),
    ]
    table = [t("what"), *(t("row {n}", n=n) for n in (1, 2, 3))], rows
    return figure(shapes, said, [table], axes=[("step", t("step"), range(1, 4))], height=240, title=title,
                  caption=caption)  # fmt: skip


def network(x, *, title="", caption=""):
    """The network of a layer on a word of two features, with matrices that one can compute in one's head."""
    a, b = x
    wide = [a, b, a + b, a - b]
    kept = [max(0, n) for n in wide]
    out = [kept[0] + kept[1], kept[2] + kept[3]]
    levels = [(t("a word"), [a, b], "key"), (t("wider, by W₁"), wide, ""), (t("ReLU: no less than 0"), kept, ""),
              (t("narrow again, by W₂"), out, "output")]  # fmt: skip
    shapes = []
    for step, (name, numbers, role) in enumerate(levels):
        y = 20 + 52 * step
        shapes += [
            one("text", 0, y, name, anchor="start", size=12.5, since=step),
            one("cells", 0.68, y, role=role, wide=0.16 * len(numbers), numbers=numbers, since=step),
        ]
        if step:
            shapes.append(one("arrow", from_=[0.68, y - 38], to=[0.68, y - 14], weight=2, since=step))
    said = [
        t("A word's vector, after attention. The network sees this word alone."),
        t("The first matrix makes four numbers: the two features, their sum and their difference."),
        t("The ReLU sets what is negative to 0. The others stay as they are."),
        t("The second matrix adds the first two, and the last two. Again the word has two features."),
    ]
    table = [t("after"), t("numbers")], [[name, ", ".join(map(str, numbers))] for name, numbers, _ in levels]
    return figure(shapes, said, [table], axes=[("step", t("step"), range(1, 5))], height=194, title=title,
                  caption=caption)  # fmt: skip


STEPS = (mark("ask"), mark("cut"), mark("attend"), mark("join"))


@torch.no_grad()
def cut(loaded, sentence, words, layer, *, title="", caption=""):
    """A word's query is cut into pieces, each attends in a head of its own, and the answers are joined.

    words: of the sentence, whose queries can be chosen; layer: of the encoder, from 1. Of each head's numbers the
    first two are drawn.
    """
    model, given = loaded.model, []
    ids = torch.tensor([loaded.source.encode(sentence)])
    read_as = loaded.source.tokens(ids[0])
    attention = model.encoder[layer - 1].attention
    hook = attention.register_forward_pre_hook(lambda _, args: given.append(args[0]))
    with evaluating(model):
        model.encode(ids)
    hook.remove()
    x = given[0]
    q, k, v = (split_heads(part(x), attention.heads) for part in (attention.query, attention.key, attention.value))
    found, weights = scaled_dot_product_attention(q, k, v)  # [1, H, T, d], [1, H, T, T]
    mixed = attention.out(found.transpose(1, 2).flatten(2))[0]
    heads, at = attention.heads, [read_as.index(word) for word in words]
    middle = [0.2 + 0.8 * (h + 0.5) / heads for h in range(heads)]
    frames = [(i, step) for i in at for step in range(len(STEPS))]

    def numbers(rows):
        """The first two of each head's, for each frame."""
        return [[round(number, 2) for number in rows[0, :, i, :2].flatten().tolist()] for i, _ in frames]

    def cells(x, y, given, role, since, wide):
        return one("cells", x, y, role=role, numbers=given[0], each=[{"numbers": row} for row in given], wide=wide,
                   since=since)  # fmt: skip

    asks, answers, rows = numbers(q), numbers(found), 17
    top, whole = 88, 0.78
    below = top + rows * len(read_as)
    labels = ((14, t("query"), 0), (50, t("cut"), 1), (below + 12, t("answers"), 2), (below + 46, t("joined"), 3),
              (below + 80, t("× W_O"), 3))  # fmt: skip
    shapes = [one("text", 0.17, y, name, "quiet", anchor="end", size=12.5, since=since) for y, name, since in labels]
    shapes += [cells(0.6, 14, asks, "query", 0, whole), cells(0.6, below + 46, answers, "output", 3, whole)]
    out = [[round(number, 2) for number in mixed[i, : 2 * heads].tolist()] for i, _ in frames]
    shapes += [cells(0.6, below + 80, out, "output", 3, whole)]
    for word, y in ((word, top + rows * i) for i, word in enumerate(read_as)):
        shapes.append(one("text", 0.17, y, word, anchor="end", size=12.5, since=2))
    for h, x_ in enumerate(middle):
        piece = slice(2 * h, 2 * h + 2)
        shapes += [
            one("text", x_, 68, t("head {n}", n=h + 1), size=12, since=1),
            cells(x_, 50 - 4, [row[piece] for row in asks], "query", 1, 0.17),
            cells(x_, below + 12, [row[piece] for row in answers], "output", 2, 0.17),
        ]
        for i in range(len(read_as)):
            share = [{"share": round(weights[0, h, word, i].item(), 3)} for word, _ in frames]
            shapes.append(one("bar", x_, top + rows * i, wide=0.17, high=9, each=share, since=2))
    said, tables = [], []
    for i, step in frames:
        best = weights[0, :, i].max(-1)
        most = [
            f"{read_as[n]} {share:.0%}" for n, share in zip(best.indices.tolist(), best.values.tolist(), strict=True)
        ]
        places = {"word": read_as[i], "count": model.config.size, "heads": heads, "each": model.config.size // heads}
        said.append([
            t("The query of “{word}” has {count} numbers. Two of each head are drawn.", **places),
            t("Cut it into {heads} pieces of {each} numbers: one for each head.", **places),
            t("Each head has weights of its own. Most go to: {most}.", most=t(", ").join(most)),
            t("Lay the answers side by side: {count} numbers again. A last matrix mixes them.", **places),
        ][step])  # fmt: skip
        header = [t("word"), *(t("head {n}", n=h + 1) for h in range(heads))]
        tables.append((header, [[word, *(f"{weights[0, h, i, n]:.2f}" for h in range(heads))]
                                for n, word in enumerate(read_as)]))  # fmt: skip
    axes = [("word", t("word"), list(words)), ("step", t("step"), range(1, len(STEPS) + 1))]
    return figure(shapes, said, tables, axes=axes, height=below + 92, title=title, caption=caption)


def stream(loaded, sentence, word, *, title="", caption=""):
    """The residual stream behind one word of the decoder: what each sub-layer adds, and what the model would say there.

    sentence: of the model's language; word: the one about to be written, of its translation
    """
    reading = read(loaded, sentence)
    if word not in reading.next:
        raise ValueError(f"word is {word!r}; needed: one of {', '.join(reading.next)}")
    place = reading.next.index(word) + 1
    stops = study(loaded, reading, place, loaded.model.config.layers, 1).stops
    states = reading.states[:, place - 1, :2].tolist()
    parts = [t("attention"), t("cross-attention"), t("network")]
    high, count = 30, len(stops)
    height = high * (count + 1) + 6
    at = [height - 16 - high * i for i in range(count)]
    shapes = [
        one("text", 0.19, 12, t("adds to it"), "quiet", size=12.5),
        one("text", 0.53, 12, t("the stream"), "quiet", size=12.5),
        one("text", 0.81, 12, t("would say"), "quiet", size=12.5),
    ]
    for i, (y, (says, share), state) in enumerate(zip(at, stops, states, strict=True)):
        if i:
            name = f"{parts[(i - 1) % 3]} {(i - 1) // 3 + 1}"
            role = (WRITES, READS, "")[(i - 1) % 3]
            shapes += [
                one("box", 0.19, y, name, role, wide=0.37, high=23, size=12, since=i),
                one("arrow", role=role, from_=[0.375, y], to=[0.415, y], since=i),
                one("arrow", from_=[0.53, at[i - 1] - 11], to=[0.53, y + 11], since=i, role="output"),
            ]
        else:
            shapes.append(one("text", 0.37, y, t("reads “{word}”", word=reading.tokens[place - 1]), anchor="end",
                              size=12.5))  # fmt: skip
        shapes += [
            one("cells", 0.53, y, role="output", numbers=[round(x, 2) for x in state], wide=0.17, since=i),
            one("bar", 0.7, y, role="output", wide=0.13, high=10, share=round(share, 4), since=i),
            one("text", 0.785, y, says, anchor="start", strong=True, since=i),
            one("text", 0.995, y, f"{share:.0%}", anchor="end", size=12, since=i),
        ]
    names = [t("the input"), *(f"{parts[n % 3]} {n // 3 + 1}" for n in range(count - 1))]
    said = [
        t("After “{name}” it would say “{word}”, with {share}.", name=name, word=says, share=f"{share:.0%}")
        for name, (says, share) in zip(names, stops, strict=True)
    ]
    table = (
        [t("after"), t("would say"), "p"],
        [[name, says, f"{p:.2f}"] for name, (says, p) in zip(names, stops, strict=True)],
    )
    axes = [("step", t("sub-layers"), range(count))]
    return figure(shapes, said, [table], axes=axes, height=height, play=t("▶ flow"), title=title, caption=caption)


@torch.no_grad()
def at_once(loaded, sentence, *, title="", caption=""):
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
    rows, top, box = 25, 56, 0.024
    lanes = (
        (0.0, t("In training"), t("1 call"), reading.next, False),
        (0.53, t("Writing"), t("{n} calls", n=count), wrote, True),
    )
    shapes = []
    for left, name, calls, words, slowly in lanes:
        shapes += [
            one("text", left, 12, name, anchor="start", strong=True),
            one("text", left + 0.47, 12, calls, "quiet", anchor="end"),
        ]
        for edge, says in ((0.14, t("reads")), (0.155 + box * count / 2, t("sees")), (0.47, t("next"))):
            anchor = "middle" if edge not in (0.14, 0.47) else "end"
            shapes.append(one("text", left + edge, 34, says, "quiet", anchor=anchor, size=12))
        for i, (word, after) in enumerate(zip(reading.tokens, words, strict=True)):
            y, comes = top + rows * i, {"since": i if slowly else 0}
            shapes.append(one("text", left + 0.14, y, word, anchor="end", size=12.5, **comes))
            shapes += [one("box", left + 0.168 + box * j, y, role=WRITES, wide=box * 0.85, high=17, **comes)
                       for j in range(i + 1)]  # fmt: skip
            shapes.append(one("text", left + 0.47, y, after, "output", anchor="end", size=12.5, **comes))
            if slowly and i:
                shapes.append(
                    one(
                        "arrow",
                        role="output",
                        from_=[left + 0.4, y - rows + 8],
                        to=[left + 0.155, y - 9],
                        since=i,
                        weight=1,
                    )
                )
    said = [
        t(
            "Training: all {count} rows in one call. Writing: call {n}, which gives “{word}”.",
            count=count,
            n=i + 1,
            word=wrote[i],
        )
        for i in range(count)
    ]
    table = (
        [t("reads"), t("in training"), t("writing")],
        [list(row) for row in zip(reading.tokens, reading.next, wrote, strict=True)],
    )
    axes = [("call", t("call"), range(1, count + 1))]
    made = figure(
        shapes, said, [table], axes=axes, height=top + rows * count - 8, play=t("▶ write"), title=title, caption=caption
    )
    made.gap = gap
    return made


ENDS = {"referent": "noun", "pronoun": "French"}  # what the drawing calls a word of a connection


@torch.no_grad()
def hops(loaded, example, rows, *, title="", caption=""):
    """The two ways from a noun to a pronoun, by "it" and by the adjective, and what is right if a hop is cut.

    example: a twin; rows: the Table that `ablations` gives for CONNECTIONS. An arrow is as thick as the
    largest weight there, of all heads and layers.
    """
    model, source = loaded.model, list(example.source)
    place = {
        "noun": source.index(example.twin.referent.lower()),
        "it": source.index("it"),
        "adjective": len(source) - 2,
    }
    ids, target = (
        torch.tensor([loaded.source.encode(source)]),
        torch.tensor([[text.BOS, *loaded.target.encode(example.target)]]),
    )
    with evaluating(model), attention_weights(model) as seen:
        model(ids, target)
        inside, across = torch.cat(seen["encoder"]).amax((0, 1)), torch.cat(seen["cross"]).amax((0, 1))
    step = list(example.target).index(example.twin.pronoun)
    written, right = [], [row["sentences, %"] for row in rows]
    for _, cuts in CONNECTIONS.values():
        likes = odds(loaded, [example], functools.partial(without, loaded, forbidden=cuts))
        written.append(example.twin.pronoun if likes > 0 else example.twin.other_pronoun)
    gone = [
        {(ENDS.get(key, key), ENDS.get(query, query)) for _, query, key in cuts} for _, cuts in CONNECTIONS.values()
    ]
    high, columns = 23, (0.13, 0.5, 0.86)
    at = [44 + high * i for i in range(len(source))]
    middle = (at[place["noun"]] + at[-1]) / 2
    shapes = [
        one("text", x, 14, name, role, size=13)
        for x, name, role in (
            (columns[0], t("English"), READS),
            (columns[1], t("encoded"), READS),
            (columns[2], t("French"), WRITES),
        )
    ]
    for i, word in enumerate(source):
        strong = i in place.values()
        shapes += [
            one("text", x, at[i], word, READS if strong else "quiet", size=13.5 if strong else 12.5)
            for x in columns[:2]
        ]
    shapes += [
        one(
            "box",
            columns[2],
            middle,
            role=WRITES,
            wide=0.2,
            high=34,
            size=16,
            strong=True,
            each=[{"words": word} for word in written],
        ),
        one("text", columns[2], at[-1] - 42, t("right"), "quiet", size=12.5),
        one("bar", columns[2], at[-1] - 22, role="output", wide=0.2, high=12, each=[{"share": s / 100} for s in right]),
        one("text", columns[2], at[-1] + 2, strong=True, each=[{"words": f"{share:.0f} %"} for share in right]),
    ]
    ways = {
        ("noun", "it"): inside[place["it"], place["noun"]],
        ("noun", "adjective"): inside[place["adjective"], place["noun"]],
        ("it", "French"): across[step, place["it"]],
        ("adjective", "French"): across[step, place["adjective"]],
    }
    for (begin, end), weight in ways.items():
        to = [columns[2] - 0.11, round(middle, 1)] if end == "French" else [columns[1] - 0.08, at[place[end]]]
        start = [columns[0] + 0.09 if end != "French" else columns[1] + 0.08, at[place[begin]]]
        thick = round(1 + 6 * weight.item(), 1)
        each = [{"weight": 0 if (begin, end) in cuts else thick} for cuts in gone]
        middle_ = [(a + b) / 2 for a, b in zip(start, to, strict=True)]
        shapes += [
            one("arrow", from_=start, to=to, weight=1),
            one("arrow", role="value", from_=start, to=to, each=each),
            one(
                "text",
                *middle_,
                strong=True,
                size=17,
                each=[{"words": "✗" if (begin, end) in cuts else ""} for cuts in gone],
            ),
        ]
    said = [
        t(
            "Cut: {cut}. Right in {share} % of the sentences; here it writes “{word}”.",
            cut=t(cut),
            share=f"{share:.0f}",
            word=word,
        )
        for cut, share, word in zip(CONNECTIONS, right, written, strict=True)
    ]
    table = (
        [t("cut"), t("right, %"), t("writes here")],
        [[t(cut), f"{share:.0f}", word] for cut, share, word in zip(CONNECTIONS, right, written, strict=True)],
    )
    names = [t(cut) for cut in CONNECTIONS]
    axes = [("cut", t("cut"), names)]
    return figure(
        shapes,
        said,
        [table],
        axes=axes,
        height=at[-1] + 20,
        start={"cut": names[0]},
        play=t("▶ cut"),
        still=True,
        title=title,
        caption=caption,
    )
