"""Drawings: a text as exams, a GPT opened, the stream, three temperatures, a word that grows, a training, a cache."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from course_kit.contexts import evaluating
from course_kit.i18n import t
from course_kit.views.figure import figure, in_frames, one
from course_utils.merges import joined

from .merges import MARK, cut, pairs_of


@torch.no_grad()
def exams(loaded, text: str, *, title="", caption=""):
    """A text cut into exams: what has been read, the token that comes next, and the bits that a model pays for it.

    loaded: a checkpoint of a language model with its tokenizer
    """
    ids = loaded.tokenizer.encode(text)
    tokens = [token.strip() for token in loaded.tokenizer.tokens(ids)]
    with evaluating(loaded.model):
        chances = loaded.model(torch.tensor([ids]))[0].softmax(-1)
    p = [chances[i, after].item() for i, after in enumerate(ids[1:])]
    bits, count, high = [-math.log2(x) for x in p], len(ids) - 1, 27
    most, wide = max(bits), 0.6 / count
    shapes = [
        one("text", 0.3, 12, t("has read"), "key", size=12.5),
        one("text", 0.73, 12, t("should say"), "output", size=12.5),
        one("text", 0.92, 12, t("bits paid"), "quiet", size=12.5),
    ]
    for i, y in enumerate(38 + high * i for i in range(count)):
        shapes += [
            one("box", wide * (j + 0.5), y, tokens[j], "key", wide=wide * 0.94, high=22, size=11, since=i)
            for j in range(i + 1)
        ]
        shapes += [
            one("arrow", role="output", from_=[wide * (i + 1), y], to=[0.65, y], weight=1, since=i),
            one("text", 0.73, y, tokens[i + 1], "output", strong=True, since=i),
            one("bar", 0.87, y, wide=0.14, high=11, share=round(bits[i] / most, 3), since=i),
            one("text", 0.995, y, f"{bits[i]:.1f}", anchor="end", size=12.5, since=i),
        ]
    said = [
        t(
            "It has read “{read}”. Of the next token, “{word}”, it expected {share}, and it pays {bits} bits.",
            read=" ".join(tokens[: i + 1]),
            word=tokens[i + 1],
            share=f"{p[i]:.1%}",
            bits=f"{bits[i]:.1f}",
        )
        for i in range(count)
    ]
    rows = [[" ".join(tokens[: i + 1]), tokens[i + 1], f"{p[i]:.3f}", f"{bits[i]:.1f}"] for i in range(count)]
    table = [t("has read"), t("should say"), "p", t("bits paid")], rows
    axes = [("exam", t("exam"), range(1, count + 1))]
    return figure(shapes, said, [table], axes=axes, height=38 + high * count - 8, title=title, caption=caption)


@torch.no_grad()
def opened(loaded, prompt: str, best: int = 4, *, title="", caption=""):
    """A GPT as a black box, as three parts, and with one of its blocks open; the bars are what the model expects."""
    model, tokenizer = loaded.model, loaded.tokenizer
    with evaluating(model):
        chances = model(torch.tensor([tokenizer.encode(prompt)]))[0, -1].softmax(-1)
    shares, places = chances.topk(best)
    words, blocks, names = (
        tokenizer.tokens(places.tolist()),
        len(model.blocks),
        [t("black box"), t("parts"), t("one block")],
    )

    shapes = [
        one("text", 0.5, 316, f"“{prompt} …”", "key", size=13.5),
        one("arrow", role="key", from_=[0.5, 304], to=[0.5, 282]),
        one("arrow", role="output", from_=[0.5, 76], to=[0.5, 58]),
        in_frames([0], 3, "box", 0.5, 178, "GPT", wide=0.7, high=200, size=34, strong=True),
        in_frames([0], 3, "text", 0.5, 222, t("reads a text, says what may come next"), size=12.5),
    ]
    for i, (word, share) in enumerate(zip(words, shares.tolist(), strict=True)):
        x = 0.14 + 0.72 * i / (best - 1)
        shapes += [
            one("text", x, 12, word.strip(), "output", strong=True),
            one("bar", x, 30, role="output", wide=0.17, high=11, share=round(share, 4)),
            one("text", x, 48, f"{share:.0%}", size=12),
        ]
    levels = [
        (254, t("embedding"), t("each token becomes a vector"), "key", 50),
        (178, t("{n} blocks", n=blocks), t("vectors take from earlier ones, and change"), "value", 82),
        (102, t("logits"), t("how well does each token of the vocabulary fit?"), "output", 50),
    ]
    for n, (y, name, does, role, high) in enumerate(levels):
        shapes += [
            in_frames([1], 3, "box", 0.5, y, role=role, wide=0.9, high=high),
            in_frames([1], 3, "text", 0.5, y - 9, name, role, strong=True, size=14),
            in_frames([1], 3, "text", 0.5, y + 11, does, size=12.5),
        ]
        if n:
            below = levels[n - 1]
            ends = {"from": [0.5, below[0] - below[4] / 2], "to": [0.5, y + high / 2 + 3]}
            shapes.append(in_frames([1], 3, "arrow", 0, 0, role=role, weight=2, **ends))
    shapes += [
        in_frames([2], 3, "box", 0.5, 178, role="value", wide=0.9, high=204),
        in_frames([2], 3, "box", 0.34, 236, role="key", wide=0.5, high=58),
        in_frames([2], 3, "text", 0.34, 226, t("attention"), "key", strong=True, size=14),
        in_frames([2], 3, "text", 0.34, 247, t("looks at earlier tokens"), size=12.5),
        in_frames([2], 3, "box", 0.34, 124, role="output", wide=0.5, high=58),
        in_frames([2], 3, "text", 0.34, 114, t("network"), "output", strong=True, size=14),
        in_frames([2], 3, "text", 0.34, 135, t("each token by itself"), size=12.5),
        in_frames([2], 3, "arrow", 0, 0, role="value", weight=5, **{"from": [0.71, 276], "to": [0.71, 82]}),
        in_frames([2], 3, "text", 0.735, 180, t("the stream"), size=12, anchor="start"),
    ]
    for y in (236, 124):
        shapes += [
            in_frames([2], 3, "arrow", 0, 0, weight=1.5, **{"from": [0.7, y + 20], "to": [0.595, y + 12]}),
            in_frames([2], 3, "arrow", 0, 0, weight=1.5, **{"from": [0.595, y - 12], "to": [0.7, y - 20]}),
            in_frames([2], 3, "text", 0.665, y, "+", strong=True, size=17),
        ]
    said = [
        t("From outside: some tokens go in, and each possible next token gets a probability."),
        t(
            "Inside: a table makes vectors, {n} blocks that are built alike change them, and the last vector is "
            "compared with each token.",
            n=blocks,
        ),
        t("A block: attention takes from earlier tokens, the network works on each token. Both add what they find."),
    ]
    table = [t("token"), "p"], [[word.strip(), f"{p:.2f}"] for word, p in zip(words, shares.tolist(), strict=True)]
    axes = [("opened", t("opened"), names)]
    return figure(
        shapes,
        said,
        [table],
        axes=axes,
        height=326,
        start={"opened": names[0]},
        play=t("▶ open"),
        title=title,
        caption=caption,
    )


def plus(*, title="", caption=""):
    """Three parts that add to a stream, beside three that replace what comes in."""
    shapes, at = [], (188, 122, 56)
    for left, name, adds, new in (
        (0.0, t("each part adds"), True, {}),
        (0.53, t("each part replaces"), False, {"since": 1}),
    ):
        middle = left + 0.33
        shapes.append(one("text", left + 0.235, 14, name, strong=True, **new))
        if adds:
            shapes.append(one("arrow", role="value", weight=5, from_=[middle, 226], to=[middle, 28]))
        for n, y in enumerate(at):
            part = (t("attention"), t("network"))[n % 2]
            x = left + 0.11 if adds else middle
            shapes.append(one("box", x, y, part, ("key", "output")[n % 2], wide=0.22, high=30, size=12.5, **new))
            if adds:
                shapes += [
                    one("arrow", from_=[middle - 0.01, y + 20], to=[x + 0.115, y + 8], weight=1.5),
                    one("arrow", from_=[x + 0.115, y - 8], to=[middle - 0.01, y - 20], weight=1.5),
                    one("text", middle + 0.035, y - 22, "+", strong=True, size=18),
                ]
            else:
                below = 226 if not n else at[n - 1] - 15
                shapes.append(one("arrow", role="value", weight=3, from_=[x, below], to=[x, y + 18], **new))
        if not adds:
            shapes.append(one("arrow", role="value", weight=3, from_=[middle, 41], to=[middle, 28], **new))
    said = [
        t("The vector passes by the parts, and each of them adds something to it."),
        t("The vector has to pass through every part: what comes out takes its place."),
    ]
    table = (
        [t("model"), t("what comes out of a part")],
        [[t("each part adds"), "x + f(x)"], [t("each part replaces"), "f(x)"]],
    )
    axes = [("step", t("step"), [1, 2])]
    return figure(shapes, said, [table], axes=axes, height=234, title=title, caption=caption)


@torch.no_grad()
def states(model: nn.Module, ids: Tensor) -> Tensor:
    """The residual stream [1 + 2 · blocks, T, D] of one text [1, T]: the input, then after each part of each block."""
    if hasattr(model, "positions"):
        raise ValueError("this model adds its positions; needed: one that turns them in, such as gpt-prose")
    added: list[Tensor] = []
    parts = [model.tokens, *(part for block in model.blocks for part in (block.attention, block.ffn))]
    hooks = [part.register_forward_hook(lambda _, __, x: added.append(x)) for part in parts]
    try:
        with evaluating(model):
            model(ids)
    finally:
        for hook in hooks:
            hook.remove()
    return torch.cat(added).cumsum(0)


@torch.no_grad()
def stream(loaded, prompt: str, word: str, *, title="", caption=""):
    """What each part of a GPT adds behind its last token, and what the model would say if it ended there.

    word: the token whose share is drawn, such as " fire"
    """
    model, tokenizer = loaded.model, loaded.tokenizer
    x = states(model, torch.tensor([tokenizer.encode(prompt)]))[:, -1]  # [S, D]
    chances = (model.norm(x) @ model.tokens.weight.T).softmax(-1)  # [S, V]
    target = tokenizer.encode(word)[-1]
    says = [one_.strip() for one_ in tokenizer.tokens(chances.argmax(-1).tolist())]
    share, (looks, thinks), high, count = chances[:, target].tolist(), (t("attention"), t("network")), 31, len(x)
    at = [high * (count - i) + 18 for i in range(count)]
    shapes = [
        one("text", 0.16, 12, t("adds to it"), "quiet", size=12.5),
        one("text", 0.46, 12, t("the stream"), "quiet", size=12.5),
        one("text", 0.68, 12, t("would say"), "quiet", size=12.5),
        one("text", 0.89, 12, t("for “{word}”", word=word.strip()), "quiet", size=12.5),
    ]
    names = [t("the input"), *(f"{(looks, thinks)[n % 2]} {n // 2 + 1}" for n in range(count - 1))]
    for i, y in enumerate(at):
        if i:
            role = ("key", "output")[(i - 1) % 2]
            shapes += [
                one("box", 0.16, y, names[i], role, wide=0.31, high=21, size=12, since=i),
                one("arrow", role=role, from_=[0.32, y], to=[0.365, y], since=i),
                one("arrow", role="value", from_=[0.46, at[i - 1] - 10], to=[0.46, y + 10], since=i),
            ]
        else:
            shapes.append(one("text", 0.33, y, t("reads “{word}”", word=prompt.split()[-1]), anchor="end", size=12.5))
        shapes += [
            one("cells", 0.46, y, role="value", numbers=[round(n, 1) for n in x[i, :2].tolist()], wide=0.15, since=i),
            one("text", 0.68, y, says[i], strong=True, since=i),
            one("bar", 0.86, y, role="output", wide=0.16, high=10, share=round(share[i], 4), since=i),
            one("text", 0.995, y, f"{share[i]:.0%}", anchor="end", size=12, since=i),
        ]
    said = [
        t(
            "After “{name}” it would say “{says}”, and give “{word}” {share}.",
            name=name,
            says=said_,
            word=word.strip(),
            share=f"{p:.0%}",
        )
        for name, said_, p in zip(names, says, share, strict=True)
    ]
    rows = [[name, said_, f"{p:.3f}"] for name, said_, p in zip(names, says, share, strict=True)]
    table = [t("after"), t("would say"), t("for “{word}”", word=word.strip())], rows
    axes = [("step", t("parts"), range(count))]
    return figure(shapes, said, [table], axes=axes, height=at[0] + 14, play=t("▶ flow"), title=title, caption=caption)


def temperatures(logits: Tensor, words: Sequence[str], values: Sequence[float], *, title="", caption=""):
    """One row of logits [W], and what a softmax makes of them at several temperatures, side by side."""
    rows, high, places = [(logits / value).softmax(-1).tolist() for value in values], 25, range(len(words))
    middle = [0.36 + 0.62 * (i + 0.5) / len(values) for i in range(len(values))]
    shapes = [one("text", 0.28, 14, t("logit"), "quiet", anchor="end", size=12.5)]
    for n, (word, logit) in enumerate(zip(words, logits.tolist(), strict=True)):
        y = 42 + high * n
        shapes += [
            one("text", 0.175, y, word.strip(), anchor="end", strong=True),
            one("text", 0.28, y, f"{logit:.1f}", anchor="end", size=12.5),
        ]
    for i, (value, row) in enumerate(zip(values, rows, strict=True)):
        shapes.append(one("text", middle[i], 14, f"τ = {value:g}", "output", strong=True, since=i))
        for n, share in enumerate(row):
            y = 42 + high * n
            shapes += [
                one("bar", middle[i] - 0.03, y, role="output", wide=0.12, high=12, share=round(share, 4), since=i),
                one("text", middle[i] + 0.095, y, f"{share:.0%}", anchor="end", size=12, since=i),
            ]
    said = [
        t(
            "τ = {value}: “{word}” gets {share} of what these tokens have together.",
            value=f"{value:g}",
            word=words[0].strip(),
            share=f"{row[0]:.0%}",
        )
        for value, row in zip(values, rows, strict=True)
    ]
    table = (
        ["", t("logit"), *(f"τ = {value:g}" for value in values)],
        [[words[n].strip(), f"{logits[n]:.2f}", *(f"{row[n]:.2f}" for row in rows)] for n in places],
    )
    axes = [("step", t("step"), range(1, len(values) + 1))]
    return figure(shapes, said, [table], axes=axes, height=42 + high * len(words) - 6, title=title, caption=caption)


def grows(words: dict[str, int], word: str, *, title="", caption=""):
    """How the merges that a list of words teaches join the letters of one word: a tree that grows upwards.

    words: word -> how often it comes; the merges end where no pair comes twice
    """
    now, pieces = cut(list(words), list(words.values())), [(letter, i, i) for i, letter in enumerate(MARK + word)]
    letters, layers, told = len(pieces), [list(pieces)], []
    while (pairs := pairs_of(now)) and pairs[0][1] > 1:
        pair, count = pairs[0]
        now = {joined(key, pair): n for key, n in now.items()}
        names = joined(tuple(piece for piece, _, _ in pieces), pair)
        if len(names) < len(pieces):
            left, made = list(pieces), []
            for name in names:
                begin = left.pop(0)
                end = left.pop(0) if begin[0] != name else begin
                made.append((name, begin[1], end[2]))
            pieces = made
            layers.append(pieces)
            told.append((pair, count))
    high, wide = 44, 1 / letters
    top = 24 + high * (len(layers) - 1)
    shapes, before = [], {}
    for level, layer in enumerate(layers):
        for piece in layer:
            name, begin, end = piece
            if piece in before:
                continue
            x, y = wide * (begin + end + 1) / 2, top - high * level
            shapes.append(
                one(
                    "box",
                    x,
                    y,
                    name,
                    "output" if level else "key",
                    wide=wide * (end - begin + 1) * 0.9,
                    high=28,
                    strong=bool(level),
                    since=level,
                )
            )
            for part in (p for p in before if level and begin <= p[1] and p[2] <= end and before[p][2]):
                shapes.append(
                    one("arrow", from_=[before[part][0], before[part][1] - 14], to=[x, y + 15], weight=1, since=level)
                )
                before[part] = (*before[part][:2], False)
            before[piece] = (x, y, True)
    said = [t("“{word}” as single letters. The mark in front stands for a space.", word=word)]
    said += [
        t(
            "“{left}” and “{right}” stand side by side {count} times in the list: they become one piece.",
            left=left,
            right=right,
            count=count,
        )
        for (left, right), count in told
    ]
    rows = [[str(n), " ".join(name for name, _, _ in layer)] for n, layer in enumerate(layers)]
    table = [t("merges of this word"), t("pieces")], rows
    axes = [("step", t("merges of this word"), range(len(layers)))]
    return figure(shapes, said, [table], axes=axes, height=top + 24, title=title, caption=caption)


def learning(history: Sequence[tuple[int, float, float, str]], *, title="", caption=""):
    """The loss of a training on what it reads and on what it never reads, and what the model wrote at three points.

    history: (step, loss read, loss not read, what it wrote) for each measurement, three at least
    """
    first, last, ends = history[0][0], history[-1][0], [x for row in history for x in row[1:3]]
    low, span, foot = min(ends), max(ends) - min(ends), 190
    xs = [0.07 + 0.6 * (row[0] - first) / (last - first) for row in history]
    kinds = {"key": [row[1] for row in history], "value": [row[2] for row in history]}
    at = {role: [round(foot - 20 - 140 * (y - low) / span, 1) for y in ys] for role, ys in kinds.items()}
    lines = [end for i in range(len(history) - 1) for end in (i, i + 1)]
    shapes = []
    for role, ys in at.items():
        dots, joins = [x for both in zip(xs, ys, strict=True) for x in both], {"lines": [], "lit": []}
        shapes.append(one("web", role=role, dots=dots, **joins | {"lit" if role == "value" else "lines": lines}))
    apart = 9 if abs(at["key"][-1] - at["value"][-1]) < 18 else 0
    names = {
        "key": t("read: {loss}", loss=f"{history[-1][1]:.2f}"),
        "value": t("not read: {loss}", loss=f"{history[-1][2]:.2f}"),
    }
    for role, sign in (("key", 1), ("value", -1)):
        shapes.append(
            one("text", 0.71, at[role][-1] + sign * apart, names[role], role, anchor="start", strong=True, size=12.5)
        )
    shapes.append(one("text", 0.0, 14, t("loss in nats"), "quiet", anchor="start", size=12))
    chosen = [0, max(1, (len(history) - 1) // 4), len(history) - 1]
    said, rows = [], []
    for n, i in enumerate(chosen):
        step, _, loss, text = history[i]
        y = foot + 24 + 26 * n
        shapes += [
            one("disc", xs[i], at["value"][i], str(n + 1), "value", high=20, size=12, since=n),
            one("text", 0.0, y, f"{n + 1}", "value", anchor="start", strong=True, since=n),
            one("text", 0.04, y, t("step {step}: “{text}”", step=step, text=text), anchor="start", size=12, since=n),
        ]
        said.append(
            t(
                "After {step} steps a token that it never read costs {loss} nats. It writes: “{text}”.",
                step=step,
                loss=f"{loss:.2f}",
                text=text,
            )
        )
    rows = [[str(step), f"{a:.2f}", f"{b:.2f}", text] for step, a, b, text in history]
    table = [t("step"), t("read"), t("not read"), t("it writes")], rows
    axes = [("step", t("point"), range(1, 4))]
    return figure(shapes, said, [table], axes=axes, height=foot + 90, title=title, caption=caption)


def kept(tokens: Sequence[str], begun: int, *, title="", caption=""):
    """A text that is written token by token, and the map of scores: the rows that are there already, and the new one.

    begun: how many of the tokens were the prompt
    """
    count, high, wide = len(tokens), 27, 0.052
    left, said, rows, steps = 0.22, [], [], range(count - begun + 1)
    shapes = [
        one("text", left - 0.02, 12, t("query"), "query", anchor="end", size=12.5),
        one("text", left, 12, t("keys and values"), "key", anchor="start", size=12.5),
    ]
    for i, token in enumerate(tokens):
        y, came = 36 + high * i, max(0, i + 1 - begun)
        shapes.append(
            one("text", left - 0.02, y, token.strip(), anchor="end", strong=i >= begun, size=12.5, since=came)
        )
        shapes += [
            one("box", left + wide * (j + 0.5), y, role="query", wide=wide * 0.9, high=20, since=came, until=came)
            for j in range(i + 1)
        ]
    for step in steps:
        read = begun + step
        fresh, old = (read * (read + 1) // 2, 0) if not step else (read, (read - 1) * read // 2)
        shapes.append(
            one(
                "text",
                0.99,
                36 + high * (read - 1),
                t("{n} new", n=fresh),
                "query",
                anchor="end",
                strong=True,
                size=12.5,
                since=step,
                until=step,
            )
        )
        said.append(
            t("The prompt: all {n} scores are computed, once.", n=fresh)
            if not step
            else t(
                "“{word}” is read. Its row has {n} scores. The {old} above it are as they were.",
                word=tokens[read - 1].strip(),
                n=fresh,
                old=old,
            )
        )
        rows.append([" ".join(x.strip() for x in tokens[:read]), str(fresh), str(old)])
    table = [t("text"), t("new scores"), t("scores that stay")], rows
    axes = [("step", t("tokens written"), steps)]
    return figure(
        shapes, said, [table], axes=axes, height=36 + high * count - 8, play=t("▶ write"), title=title, caption=caption
    )
