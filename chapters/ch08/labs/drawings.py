"""Drawings: a talk as one text, a vector that swells, a norm, a gate, heads that share their keys, and a file that fits
into a class."""

import itertools
import math
from collections.abc import Callable, Sequence

from torch import Tensor

from course_kit.i18n import t
from course_kit.views.figure import Figure, figure
from course_kit.views.layout import (
    AIR,
    CLOSE,
    LINE,
    NEAR,
    PAD,
    WIDTH,
    Part,
    arrow,
    bar,
    box,
    cells,
    column,
    disc,
    frames,
    grid,
    hand,
    label,
    layers,
    plot,
    row,
    space,
    spot,
    steps,
    words,
)
from course_kit.views.placing import natural_width

Change = tuple[str, dict[int, str]]  # what a GPT has; by the number of its change, what a Llama has
TALL, UNIT, LITTLE = 58, 22, 0.05  # lengths: of a strip, of a step of 1; next to nothing is left of it
YOU, MODEL = "warm", "output"  # the tints of what is typed and of what the model writes


def talk(system: str, question: str, answer: str, *, title: str = "", caption: str = "") -> Figure:
    """A talk as one text, line by line: what is typed, what the program puts around it, and how the model goes on."""
    turns = [  # who begins, what stands there, whose it is; the steps with which its three lines come
        ("system", system, "", t("↑ the program"), (1, 1, 1)),
        ("user", question, YOU, t("↑ you"), (1, 0, 1)),
        ("assistant", answer, MODEL, t("↑ the model"), (2, 3, 4)),
    ]
    lines, parts = [], []
    for name, text, role, author_text, (open_step, text_step, end_step) in turns:
        turn = [(f"<|im_start|>{name}", "quiet"), (text, role), ("<|im_end|>", role if role == MODEL else "quiet")]
        begin, *line = (label(part, tint, strong=tint in (YOU, MODEL), since=n, data=True)
                        for (part, tint), n in zip(turn, (open_step, text_step, end_step), strict=True))  # fmt: skip
        author = words(author_text, role or "quiet", anchor="end", since=text_step)
        wide = [0.85 * natural_width(part) for part in line]  # the mark that ends it stands right after the words
        parts += [begin, row(*line, author, of=(*wide, WIDTH - 2 * PAD - sum(wide)), gap=0)]
        lines += turn
    scene = box("", "", *parts, fill=True, gap=NEAR)
    messages = [
        t("You type a question."),
        t("The program puts marks around it, which say who speaks. In front of it stands a sentence of its own."),
        t("It opens the turn of the assistant, and leaves it empty."),
        t("Now the model goes on with this text, token by token."),
        t("It also writes the mark that ends a turn. There the program stops it."),
    ]
    writers = {YOU: t("you"), MODEL: t("the model")}
    rows = [[text, writers.get(role, t("the program"))] for text, role in lines]
    table = [t("text"), t("who writes it")], rows
    return figure(scene, messages, table, title=title, caption=caption)


def swells(stream: Tensor, *, shown: int = 32, title: str = "", caption: str = "") -> Figure:
    """A vector on its way through the blocks, as a strip of numbers, all on one scale. stream [blocks + 1, D]: what
    each block reads, and what the last one leaves."""
    size, maximum = stream.pow(2).mean(-1).sqrt().tolist(), stream[:, :shown].abs().max().item()
    names = [*(t("block {n}", n=n) for n in range(1, len(stream))), t("the end")]
    strips = [
        row(label(name), stripes(numbers, maximum), words(f"{norm:.2f}", "output", strong=True))
        for name, numbers, norm in zip(names, stream[:, :shown].tolist(), size, strict=True)
    ]
    scene = grid(row(space(), space(), words(t("size"), "quiet")), *steps(*strips)[::-1])
    messages = [
        t("Block {n} reads {count} numbers. The root of their mean square is {size}.", n=n, count=stream.shape[1],
          size=f"{norm:.2f}")
        for n, norm in enumerate(size[:-1], 1)
    ]  # fmt: skip
    messages.append(t("At the end it is {size}, {times} times what it was.", size=f"{size[-1]:.2f}",
                  times=round(size[-1] / size[0])))  # fmt: skip
    rows = [[name, f"{norm:.2f}", ", ".join(f"{n:.1f}" for n in row[:8].tolist())]
            for name, norm, row in zip(names, size, stream, strict=True)]  # fmt: skip
    table = [t("where"), t("size"), t("its first numbers")], rows
    axes = [("block", t("step"), None)]
    return figure(scene, messages, table, axes=axes, title=title, caption=caption)


def stripes(numbers: Sequence[float], maximum: float) -> Part:
    """A strip of numbers, upwards and downwards from its middle; maximum: what the largest is."""
    heights = [max(1.0, round(TALL / 2 * abs(number) / maximum, 1)) for number in numbers]
    return plot(
        *(spot(bar(1, "output", wide=WIDTH / 4 / len(numbers), high=up),
               ((n + 0.5) / len(numbers), (1 + math.copysign(up / TALL, number)) / 2))
          for n, (number, up) in enumerate(zip(numbers, heights, strict=True))),
        high=TALL,
    )  # fmt: skip


def norms(x: Sequence[float], *, title: str = "", caption: str = "") -> Figure:
    """A vector of two numbers, what layer norm makes of it, and what RMSNorm does: two hands on one circle."""
    mean, square = sum(x) / 2, math.sqrt(sum(n * n for n in x) / 2)
    centred = [n - mean for n in x]
    deviation = math.sqrt(sum(n * n for n in centred) / 2)
    vectors = [list(x), [n / deviation for n in centred], [n / square for n in x]]
    names = [t("the vector"), t("layer norm"), t("RMSNorm")]
    across = round(2 * UNIT * math.sqrt(2))  # a mean square of 1
    columns, hands = [], []
    for name, (a, b), role in zip(names, vectors, ("", "cool", "warm"), strict=True):
        circle = disc(high=across)
        hands.append(hand(circle, math.atan2(a, b), UNIT * math.hypot(a, b), role))
        columns.append(column(words(name, role, strong=True), space(high=LINE * 2.5), circle, space(high=LINE),
                              cells([a, b], role)))  # fmt: skip
    scene = row(*steps(*columns), *hands, even=True)
    messages = [
        t("The vector (3, 4) has the length 5. The radius is the length that both norms want: a mean square of 1."),
        t("Layer norm first subtracts the mean, which turns the vector, then makes it as long as the radius."),
        t("RMSNorm only makes it shorter, so it still points where it did. The learned numbers come after that."),
    ]
    rows = [[name, ", ".join(f"{n:.2f}" for n in pair)] for name, pair in zip(names, vectors, strict=True)]
    return figure(scene, messages, ([t("norm"), t("numbers")], rows), title=title, caption=caption)


def _digits(number: float) -> str:
    """Two decimals, and three of what is so little that a product would not fit it."""
    return f"{number:.{2 if abs(number) >= LITTLE else 3}f}".replace("-", "−")


def gate(values: Tensor, gates: Tensor, *, title: str = "", caption: str = "") -> Figure:
    """Some hidden features of a gated network: what each would pass on, how much of it, and the product."""
    rows = (
        (t("what: up"), "cool", values, " "),
        (t("how much: silu(gate)"), "warm", gates, "×"),
        (t("passed on"), "output", values * gates, "="),
    )
    lines = [
        column(
            label(name, role, strong=True),
            row(words(sign, strong=True, size=LINE), *(
                box(_digits(number), role if abs(number) >= LITTLE else "", strong=abs(number) >= LITTLE)
                for number in numbers.tolist()
            ), even=True),
        )
        for name, role, numbers, sign in rows
    ]  # fmt: skip
    messages = [
        t("Each hidden feature has computed something that it could pass on."),
        t("A second matrix says how much of it: the gate. Some gates are nearly shut."),
        t("Multiplied number by number. Behind a shut gate nothing is left, whatever was there."),
    ]
    table = (
        [t("feature"), *(str(i + 1) for i in range(len(values)))],
        [[name, *map(_digits, numbers.tolist())] for name, _, numbers, _ in rows],
    )
    return figure(column(*steps(*lines)), messages, table, title=title, caption=caption)


def shared(
    heads: int, groups: Sequence[int], megabytes: Sequence[float], *, title: str = "", caption: str = ""
) -> Figure:
    """Query heads and the key–value heads that they use, and how large the cache gets."""
    queries = [disc(str(n + 1), "query") for n in range(heads)]
    key_rows, arrows = [], []
    for count in groups:
        boxes, group_size = [box("K V", "key") for _ in range(count)], heads // count
        arrows += [arrow(ask, boxes[n // group_size], "key", head=False) for n, ask in enumerate(queries)]
        key_rows.append(row(*boxes, even=True))
    scene = column(
        words(t("{n} query heads", n=heads), "query"),
        row(*queries, even=True),
        space(high=LINE),
        frames(*key_rows),
        row(label(t("the cache of a full context"), "quiet"),
            words([f"{m:.0f} MB" for m in megabytes], anchor="end", strong=True)),
        bar([m / max(megabytes) for m in megabytes], "key"),
        *arrows,
    )  # fmt: skip
    messages = [
        t("{heads} query heads on {count} key–value heads: the cache needs {mb} MB.", heads=heads,
          count=count, mb=f"{m:.0f}")
        for count, m in zip(groups, megabytes, strict=True)
    ]  # fmt: skip
    table = [t("key heads"), t("cache, MB")], [[n, f"{m:.0f}"] for n, m in zip(groups, megabytes, strict=True)]
    axes = [("keys", t("key heads"), list(groups))]
    return figure(scene, messages, table, axes=axes, start={"keys": groups[1]}, play=t("▶ share"), title=title,
                  caption=caption, still=True)  # fmt: skip


def places(
    parts: Sequence[tuple[str, str, Sequence[tuple[str, str]]]], *, title: str = "", caption: str = ""
) -> Figure:
    """A Llama, and the tensors of a file that fill it. parts, from below: what it is, its tint, and for each of its
    tensors the name and the shape."""
    lines, arrows, messages, rows = [], [], [], []
    for i, (part, role, tensors) in enumerate(parts):
        names = column(*(row(label(name, role, data=True), words(shape, "quiet", anchor="end"), of=(3, 2))
                         for name, shape in tensors), gap=CLOSE)  # fmt: skip
        target = box(part, role, since=i, fill=True)
        lines.append(row(names, target, even=True, gap=2 * LINE))
        arrows.append(arrow(names, target, role))
        tensor_names = ", ".join(name for name, _ in tensors)
        messages.append(t("{there} → {here}", there=tensor_names, here=part))
        rows += [[name, shape, part] for name, shape in tensors]
    head = row(label(t("in the file"), "quiet"), words(t("in your class"), "quiet"), even=True, gap=2 * LINE)
    table = [t("in the file"), t("shape"), t("in your class")], rows
    return figure(column(head, *lines[::-1], *arrows, gap=PAD), messages, table, title=title, caption=caption)


def gpt_to_llama(blocks: int, *, title: str = "", caption: str = "") -> Figure:
    """A GPT and, beside it, what becomes of it in four steps: a Llama. Data flow upwards. blocks: how many."""
    norm, rms = t("layer norm"), t("RMSNorm")
    above = [(t("output = the table again"), {}), (norm, {1: rms})]
    block = [  # from above: what a GPT has; and by the number of its change, what a Llama has
        (t("feed-forward, GELU"), {3: t("feed-forward, SwiGLU")}),
        (norm, {1: rms}),
        (t("attention"), {2: t("attention, q and k turned"), 4: t("attention: turned, heads share k and v")}),
        (norm, {1: rms}),
    ]
    below = [(t("+ learned positions"), {2: t("no positions added")}), (t("table of tokens"), {})]
    messages = [
        t("At first both are a GPT: read it from below."),
        t("1: each layer norm becomes an RMSNorm."),
        t("2: no positions are added. Each attention turns its queries and keys instead."),
        t("3: the network has a gate: SwiGLU."),
        t("4: several query heads share one key–value head. This is a Llama."),
    ]

    def drawn(model: str, part: Callable[[Change], Part]) -> Part:
        head = words(t("{name}: {layers} blocks", name=model, layers=blocks), strong=True)
        return column(head, *map(part, above), box("", "", *map(part, block), fill=True), *map(part, below))

    def of_gpt(part: Change) -> Part:
        name, _ = part
        return box(name, fill=True)

    def of_llama(part: Change) -> Part:
        """Of a GPT until it changes; beside it the numbers of its changes."""
        name, changed = part
        changes_by_step = [[n for n in changed if n <= step] for step in range(len(messages))]
        boxes = [box(changed[current[-1]] if current else name, "warm" if current else "", strong=bool(current),
                     fill=True, only=[step for step, changes in enumerate(changes_by_step) if changes == current])
                 for current, _ in itertools.groupby(changes_by_step)]  # fmt: skip
        marks = words([" ".join(map(str, current)) for current in changes_by_step], "warm", strong=True)
        return row(marks, layers(*boxes), of=(AIR, WIDTH / 3))

    scene = row(drawn("GPT", of_gpt), drawn("Llama", of_llama), gap=LINE)
    parts = [*above, *block, *below]
    rows = [[name, next(reversed(changed.values()), name), ", ".join(map(str, changed))] for name, changed in parts]
    table = [t("GPT"), t("Llama"), t("change")], rows
    return figure(
        scene, messages, table, axes=[("change", t("change"), range(len(messages)))], title=title, caption=caption
    )
