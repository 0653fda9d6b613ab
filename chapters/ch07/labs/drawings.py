"""Drawings: a text as questions, a GPT opened, the stream, three temperatures, a word that grows, a cache."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from chapters.ch05.labs.drawings import plus, residual_stream
from course_kit.checkpoints import Loaded
from course_kit.contexts import evaluating
from course_kit.i18n import sentences, t
from course_kit.views.figure import Figure, figure
from course_kit.views.layout import (
    AIR,
    BIG,
    CLOSE,
    LINE,
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
    flow,
    frames,
    grid,
    label,
    row,
    space,
    steps,
    words,
)
from course_utils.merges import joined

from .merges import MARK, cut, pairs_of

TILE, WIDE, ARC, LOOP = 16, 90, 64, 26  # of a tile: how high and wide; of an arc; of one to itself


@torch.no_grad()
def exams(loaded: Loaded, text: str, *, title: str = "", caption: str = "") -> Figure:
    """A text as questions: what has been read, the token that comes next, and the bits that a model pays for it.

    loaded: a checkpoint of a language model with its tokenizer
    """
    ids = loaded.tokenizer.encode(text)
    tokens = [token.strip() for token in loaded.tokenizer.tokens(ids)]
    with evaluating(loaded.model):
        probabilities = loaded.model(torch.tensor([ids]))[0].softmax(-1)
    p = [probabilities[i, after].item() for i, after in enumerate(ids[1:])]
    bits, count = [-math.log2(x) for x in p], len(ids) - 1
    lines, arrows = [], []
    for i in range(count):
        context = [box(token) if j <= i else space() for j, token in enumerate(tokens[:count])]
        expected = words(tokens[i + 1], "output", strong=True)
        lines.append(row(*context, expected, bar(bits[i] / max(bits)), f"{bits[i]:.1f}", since=i))
        arrows.append(arrow(context[i], expected, "output", weight=THIN))
    header = row(words(t("has read")), *(space() for _ in range(count - 1)), words(t("should say"), "output"),
               words(t("bits paid"), "quiet"), space())  # fmt: skip
    messages = [
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
    axes = [("exam", t("question"), None)]
    return figure(grid(header, *lines, *arrows, gap=CLOSE), messages, table, axes=axes, title=title, caption=caption)


@torch.no_grad()
def opened(loaded: Loaded, prompt: str, best: int = 4, *, title: str = "", caption: str = "") -> Figure:
    """A GPT as a black box, as three parts, and with one of its blocks open; the bars are what the model expects."""
    model, tokenizer = loaded.model, loaded.tokenizer
    with evaluating(model):
        probabilities = model(torch.tensor([tokenizer.encode(prompt)]))[0, -1].softmax(-1)
    shares, indices = probabilities.topk(best)
    tokens, blocks = [token.strip() for token in tokenizer.tokens(indices.tolist())], len(model.blocks)
    predictions = row(
        *(column(words(token, "output", strong=True), bar(share, "output"), f"{share:.0%}", gap=CLOSE)
          for token, share in zip(tokens, shares.tolist(), strict=True)),
        even=True,
    )  # fmt: skip
    prompt_words = words(f"“{prompt} …”", strong=True)

    def part(name: str, role: str, does: str) -> Part:
        return box(name, role, words(does), strong=True)

    whole = box("", "", words("GPT", size=BIG), words(t("reads a text, says what may come next")), fill=True)
    parts = flow(
        part(t("embedding"), "", t("each token becomes a vector")),
        part(t("{n} blocks", n=blocks), "", t("vectors take from earlier ones, and change")),
        part(t("logits"), "output", t("how well does each token of the vocabulary fit?")),
        up=True,
    )
    attention_box, network_box = (
        part(t("attention"), "", t("looks at earlier tokens")),
        part(t("network"), "", t("each token by itself")),
    )
    foot, top = space(), words(t("the stream"), "output")
    block = box(
        "", "", residual_stream((None, foot), (attention_box, plus()), (network_box, plus()), (None, top)), fill=True
    )
    inner = (whole, whole), (parts.parts[-1], parts.parts[0]), (foot, top)
    arrows = [way for first, last in inner for way in (arrow(prompt_words, first), arrow(last, predictions, "output"))]
    messages = [
        t("From outside: some tokens go in, and each possible next token gets a probability."),
        t(
            "Inside: a table makes vectors, {n} blocks that are built alike change them, and the last vector is "
            "compared with each token.",
            n=blocks,
        ),
        t("A block: attention takes from earlier tokens, the network works on each token. Both add what they find."),
    ]
    table = [t("token"), "p"], [[token, f"{p:.2f}"] for token, p in zip(tokens, shares.tolist(), strict=True)]
    names = [t("black box"), t("parts"), t("one block")]
    return figure(column(predictions, frames(whole, parts, block), prompt_words, *arrows, gap=AIR), messages, table,
                  axes=[("opened", t("opened"), names)], start={"opened": names[0]}, play=t("▶ open"), title=title,
                  caption=caption)  # fmt: skip


@torch.no_grad()
def states(model: nn.Module, ids: Tensor) -> Tensor:
    """The residual stream [1 + 2 · blocks, T, D] of one text [1, T]: the input, then after each part of each block."""
    if hasattr(model, "positions"):
        raise ValueError("this model adds its positions; needed: one that turns them in, such as gpt-prose")
    outputs: list[Tensor] = []
    parts = [model.tokens, *(part for block in model.blocks for part in (block.attention, block.ffn))]  # type: ignore[union-attr]
    hooks = [part.register_forward_hook(lambda _, __, x: outputs.append(x)) for part in parts]
    try:
        with evaluating(model):
            model(ids)
    finally:
        for hook in hooks:
            hook.remove()
    return torch.cat(outputs).cumsum(0)


@torch.no_grad()
def stream(loaded: Loaded, prompt: str, word: str, *, title: str = "", caption: str = "") -> Figure:
    """What each part of a GPT adds behind its last token, and what the model would say if it ended there.

    word: the token whose share is drawn, such as " fire"
    """
    model, tokenizer = loaded.model, loaded.tokenizer
    x = states(model, torch.tensor([tokenizer.encode(prompt)]))[:, -1]  # [S, D]
    probabilities = (model.norm(x) @ model.tokens.weight.T).softmax(-1)  # [S, V]
    target = tokenizer.encode(word)[-1]
    predicted = [token.strip() for token in tokenizer.tokens(probabilities.argmax(-1).tolist())]
    share, parts, count = probabilities[:, target].tolist(), (t("attention"), t("network")), len(x)
    names = [t("the input"), *(f"{parts[n % 2]} {n // 2 + 1}" for n in range(count - 1))]
    lines, below = [], None
    arrows: list[Arrow] = []
    for i, name in enumerate(names):
        source = box(name) if i else words(t("reads “{word}”", word=prompt.split()[-1]), high=LINE + PAD)
        vector = cells(x[i, :2].tolist(), "output")
        lines.append(
            row(source, vector, words(predicted[i], strong=True), bar(share[i], "output"), f"{share[i]:.0%}", since=i)
        )
        arrows += [arrow(source, vector), arrow(below, vector, "output")] if below else []
        below = vector
    heads = t("adds to it"), t("the stream"), t("would say"), t("for “{word}”", word=word.strip())
    head = row(*(words(name, "quiet") for name in heads), space())
    messages = [
        t(
            "After “{name}” it would say “{says}”, and give “{word}” {share}.",
            name=name,
            says=prediction,
            word=word.strip(),
            share=f"{p:.0%}",
        )
        for name, prediction, p in zip(names, predicted, share, strict=True)
    ]
    rows = [[name, prediction, f"{p:.3f}"] for name, prediction, p in zip(names, predicted, share, strict=True)]
    table = [t("after"), t("would say"), t("for “{word}”", word=word.strip())], rows
    axes = [("step", t("parts"), range(count))]
    return figure(grid(head, *lines[::-1], *arrows), messages, table, axes=axes, play=t("▶ flow"), title=title,
                  caption=caption)  # fmt: skip


def temperatures(
    logits: Tensor, tokens: Sequence[str], values: Sequence[float], *, title: str = "", caption: str = ""
) -> Figure:
    """One row of logits [W], and what a softmax makes of them at several temperatures, side by side."""
    rows = [(logits / value).softmax(-1).tolist() for value in values]
    heads = steps(*(words(f"τ = {value:g}", "output", strong=True) for value in values))
    lines = [
        row(label(token.strip(), strong=True), words(f"{logit:.1f}"),
            *steps(*(row(bar(shares[n], "output"), f"{shares[n]:.0%}") for shares in rows)))
        for n, (token, logit) in enumerate(zip(tokens, logits.tolist(), strict=True))
    ]  # fmt: skip
    scene = grid(row(space(), words(t("logit"), "quiet"), *heads), *lines)
    messages = [
        t(
            "τ = {value}: “{word}” gets {share} of what these tokens have together.",
            value=f"{value:g}",
            word=tokens[0].strip(),
            share=f"{shares[0]:.0%}",
        )
        for value, shares in zip(values, rows, strict=True)
    ]
    table = (
        ["", t("logit"), *(f"τ = {value:g}" for value in values)],
        [[token.strip(), f"{logits[n]:.2f}", *(f"{shares[n]:.2f}" for shares in rows)]
         for n, token in enumerate(tokens)],
    )  # fmt: skip
    return figure(scene, messages, table, title=title, caption=caption)


def grows(corpus: dict[str, int], word: str, *, title: str = "", caption: str = "") -> Figure:
    """How the merges that a list of words teaches join the letters of one word: a tree that grows upwards.

    corpus: word -> how often it comes; the merges end where no pair comes twice
    """
    splits, pieces = cut(list(corpus), list(corpus.values())), [(letter, i, i) for i, letter in enumerate(MARK + word)]
    layers, merges = [list(pieces)], []
    while (pairs := pairs_of(splits)) and pairs[0][1] > 1:
        pair, count = pairs[0]
        splits = {joined(key, pair): n for key, n in splits.items()}
        names = joined(tuple(piece for piece, _, _ in pieces), pair)
        if len(names) < len(pieces):
            remaining, merged = list(pieces), []
            for name in names:
                piece, first, last = remaining.pop(0)
                if piece != name:
                    _, _, last = remaining.pop(0)
                merged.append((name, first, last))
            pieces = merged
            layers.append(pieces)
            merges.append((pair, count))
    lines, arrows = [], []
    boxes: dict[tuple[str, int, int], Part] = {}
    for level, layer in enumerate(layers):
        new_pieces = [piece for piece in layer if piece not in boxes]
        new_boxes = {piece: box(piece[0], "output" if level else "", strong=bool(level)) for piece in new_pieces}
        line = [new_boxes.get(piece) or space() for piece in layer]
        lines.append(row(*line, of=[end - begin + 1 for _, begin, end in layer], gap=CLOSE, since=level))
        for (_, first, last), above in new_boxes.items():
            joined_parts = [part for part in boxes if first <= part[1] and part[2] <= last]
            arrows += [arrow(boxes.pop(part), above, weight=THIN) for part in joined_parts]
        boxes |= new_boxes
    messages = [t("“{word}” as single letters. The mark in front stands for a space.", word=word)]
    messages += [
        t(
            "“{left}” and “{right}” stand side by side {count} times in the list: they become one piece.",
            left=left,
            right=right,
            count=count,
        )
        for (left, right), count in merges
    ]
    rows = [[str(n), " ".join(name for name, _, _ in layer)] for n, layer in enumerate(layers)]
    table = [t("merges of this word"), t("pieces")], rows
    axes = [("step", t("merges of this word"), range(len(layers)))]
    return figure(column(*lines[::-1], *arrows, gap=AIR), messages, table, axes=axes, title=title, caption=caption)


def key_value_cache(tokens: Sequence[str], begun: int, *, title: str = "", caption: str = "") -> Figure:
    """A text that is written token by token: keys and values stay, each query is used once.

    begun: how many of the tokens were the prompt
    """
    steps_, positions = range(len(tokens) - begun + 1), range(len(tokens))
    arrivals = [max(0, i + 1 - begun) for i in positions]
    queries = [box("", "query", wide=WIDE, high=TILE, since=n, until=n) for n in arrivals]
    keys = [box("", "key", wide=WIDE, high=TILE, since=n) for n in arrivals]
    values = [box("", "value", wide=WIDE, high=TILE, since=n) for n in arrivals]
    lines = [
        row(
            words(tokens[i].strip(), anchor="end", strong=i >= begun, since=arrivals[i]), queries[i], keys[i], values[i]
        )
        for i in positions
    ]
    arrows = [
        arrow(queries[begun + n - 1], keys[i], "query", weight=THIN, side="across", only=[n], until=len(tokens))
        for n in steps_[1:] for i in range(begun + n)
    ]  # fmt: skip
    head = row(space(), words(t("query"), "query"), words(t("key"), "key"), words(t("value"), "value"))
    messages = [t("The prompt is read at once: each of its {n} tokens gets a query, a key and a value.", n=begun)]
    messages += [
        t("Only “{word}” is read: one query, one key, one value. The query meets the {old} stored keys and its own.",
          word=tokens[begun + n - 1].strip(), old=begun + n - 1)
        for n in steps_[1:]
    ]  # fmt: skip
    rows = [[" ".join(x.strip() for x in tokens[: begun + n]), str(1 if n else begun), str(begun + n - 1 if n else 0)]
            for n in steps_]  # fmt: skip
    table = [t("text"), t("keys computed"), t("keys stored before")], rows
    axes = [("step", t("tokens written"), steps_)]
    return figure(
        grid(head, *lines, *arrows, gap=NEAR),
        messages,
        table,
        axes=axes,
        play=t("▶ write"),
        title=title,
        caption=caption,
    )


def folders(heads: dict[str, Tensor], tokens: Sequence[str], *, title: str = "", caption: str = "") -> Figure:
    """For each head the tokens in a row, and arcs from the one that asks to the folders that it opens: the larger
    the weight, the thicker; none below 0.02.

    heads: name -> weights [T, T]
    """
    count, parts, arrows = len(tokens), [], []
    for name, weights in heads.items():
        line = [box(token, "key", strong=True) for token in tokens]
        parts += [words(name, strong=True), space(high=ARC), row(*line, gap=NEAR)]
        for i, j in weights.ge(0.02).nonzero().tolist():
            side, bend = ("loop", -LOOP) if i == j else ("above", 2 * ARC * (i - j) / count)
            thick = 1 + 8 * weights[i, j].item()
            arrows.append(arrow(line[i], line[j], "query", weight=thick, side=side, bend=bend, only=[i]))
    messages = [
        sentences(*(
            t("{head}: “{word}” takes most from “{other}”, {share}.", head=name, word=tokens[i],
              other=tokens[int(weights[i].argmax())], share=f"{weights[i].max():.0%}")
            for name, weights in heads.items()
        ))
        for i in range(count)
    ]  # fmt: skip
    rows = [[name, token, *(f"{x:.2f}" for x in weights[i].tolist())]
            for name, weights in heads.items() for i, token in enumerate(tokens)]  # fmt: skip
    return figure(column(*parts, *arrows), messages, (["", t("asks"), *tokens], rows), axes=[("step", t("asks"), None)],
                  title=title, caption=caption)  # fmt: skip


def shares(
    rows: dict[str, tuple[Sequence[str], Tensor]],
    maximum: int = 12,
    top: float = 0.9,
    *,
    title: str = "",
    caption: str = "",
) -> Figure:
    """In each row the likeliest next tokens as tiles, as wide as their probabilities, and the rest in one or two.

    rows: a text -> its likeliest tokens, and the probabilities of all, sorted [V]
    """
    lines, messages, table = [], [], []
    for i, (text, (names, p)) in enumerate(rows.items()):
        count = int((p.cumsum(0) < top).sum()) + 1
        widths = p[: min(count, maximum)].tolist()
        tiles = [(name.strip() if x > 0.1 else "", "output", x) for name, x in zip(names, widths, strict=False)]
        if count > maximum:
            tiles.append((t("{n} more", n=count - maximum), "", top - sum(widths)))
        tiles.append(("…", "", 1 - sum(x for *_, x in tiles)))
        line = (box(name, role, wide=1, fill=True) for name, role, _ in tiles)
        lines += steps(label(text, strong=True, data=True), first=i)
        lines += steps(row(*line, of=[x for *_, x in tiles], gap=CLOSE), first=i)
        messages.append(t("“{text}”: tokens that it takes to reach {top}: {n}.", text=text, n=count, top=f"{top:.0%}"))
        table.append([text, names[0].strip(), f"{widths[0]:.2f}", str(count)])
    head = [t("text"), t("likeliest"), "p", t("tokens for {top}", top=f"{top:.0%}")]
    return figure(column(*lines), messages, (head, table), title=title, caption=caption)
