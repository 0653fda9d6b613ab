"""Drawings: a talk as one text, a vector that swells, a norm, a gate, heads that share their keys, and a file that fits
into a class."""

import math
from collections.abc import Sequence

from torch import Tensor

from course_kit.i18n import t
from course_kit.views.figure import figure, one

YOU, MODEL = "query", "output"  # the tints of what is typed and of what the model writes


def talk(system: str, question: str, answer: str, *, title="", caption=""):
    """A talk as one text, line by line: what is typed, what the program puts around it, and how the model goes on."""
    lines = [
        ("<|im_start|>system", "quiet", 1),
        (system, "", 1),
        ("<|im_end|>", "quiet", 1),
        ("<|im_start|>user", "quiet", 1),
        (question, YOU, 0),
        ("<|im_end|>", "quiet", 1),
        ("<|im_start|>assistant", "quiet", 2),
        (answer, MODEL, 3),
        ("<|im_end|>", MODEL, 4),
    ]
    high = 24
    shapes = [one("box", 0.5, 12 + high * len(lines) / 2, wide=0.98, high=high * len(lines) + 14)]
    for i, (words, role, since) in enumerate(lines):
        shapes.append(one("text", 0.05, 26 + high * i, words, role, anchor="start", strong=role in (YOU, MODEL),
                          since=since, data=True))  # fmt: skip
    whose = ((2, t("↑ the program"), "", 1), (5, t("↑ you"), YOU, 0), (8, t("↑ the model"), MODEL, 3))
    shapes += [
        one("text", 0.97, 26 + high * i, who, role or "quiet", anchor="end", size=12.5, since=since)
        for i, who, role, since in whose
    ]
    said = [
        t("You type a question."),
        t("The program puts marks around it, which say who speaks. In front of it stands a sentence of its own."),
        t("It opens the turn of the assistant, and leaves it empty."),
        t("Now the model goes on with this text, token by token."),
        t("It also writes the mark that ends a turn. There the program stops it."),
    ]
    writers = {YOU: t("you"), MODEL: t("the model")}
    rows = [[words, writers.get(role, t("the program"))] for words, role, _ in lines]
    axes = [("step", t("step"), range(1, 6))]
    table = [t("text"), t("who writes it")], rows
    return figure(shapes, said, [table], axes=axes, height=high * len(lines) + 26, title=title, caption=caption)


def swells(stream: Tensor, *, shown=32, title="", caption=""):
    """A vector on its way through the blocks, as a strip of numbers, all on one scale. stream [blocks + 1, D]: what
    each block reads, and what the last one leaves."""
    size, most = stream.pow(2).mean(-1).sqrt().tolist(), stream[:, :shown].abs().max().item()
    high, count = 58, len(stream)
    names = [*(t("block {n}", n=n) for n in range(1, count)), t("the end")]
    shapes = [one("text", 0.99, 14, t("size"), "quiet", anchor="end", size=12.5)]
    for i, row in enumerate(stream[:, :shown].tolist()):
        y = 24 + high * (count - i - 0.5)  # from below
        shapes += [
            one("text", 0, y, names[i], anchor="start", size=12.5, since=i),
            one("text", 0.99, y, f"{size[i]:.2f}", "output", anchor="end", strong=True, since=i),
        ]
        for n, number in enumerate(row):
            tall = max(1.0, round(0.48 * high * abs(number) / most, 1))
            shapes.append(
                one("bar", 0.2 + 0.62 * (n + 0.5) / shown, y - math.copysign(tall / 2, number), role="output",
                    wide=0.5 / shown, high=tall, share=1, since=i)
            )  # fmt: skip
    said = [
        t("Block {n} reads {count} numbers. The root of their mean square is {size}.", n=n, count=stream.shape[1],
          size=f"{one_size:.2f}")
        for n, one_size in enumerate(size[:-1], 1)
    ]  # fmt: skip
    said.append(t("At the end it is {size}, {times} times what it was.", size=f"{size[-1]:.2f}",
                  times=round(size[-1] / size[0])))  # fmt: skip
    rows = [[name, f"{one_size:.2f}", ", ".join(f"{n:.1f}" for n in row[:8].tolist())]
            for name, one_size, row in zip(names, size, stream, strict=True)]  # fmt: skip
    table = [t("where"), t("size"), t("its first numbers")], rows
    return figure(shapes, said, [table], axes=[("block", t("step"), range(1, count + 1))], height=26 + high * count,
                  title=title, caption=caption)  # fmt: skip


def norms(x: Sequence[float], *, title="", caption=""):
    """A vector of two numbers, what layer norm makes of it, and what RMSNorm does: two hands on one circle."""
    mean, square = sum(x) / 2, math.sqrt(sum(n * n for n in x) / 2)
    away = [n - mean for n in x]
    deviation = math.sqrt(sum(n * n for n in away) / 2)
    made = [list(x), [n / deviation for n in away], [n / square for n in x]]
    names = [t("the vector"), t("layer norm"), t("RMSNorm")]
    unit = 17  # lengths of a step of 1
    shapes, middle = [], 104
    for i, (name, (a, b), role) in enumerate(zip(names, made, ("", "key", "output"), strict=True)):
        at = round((i + 0.5) / 3, 4)
        hand = {"from_": [at, middle], "reach": round(unit * math.hypot(a, b), 1), "weight": 3}
        shapes += [
            one("text", at, 14, name, role, strong=True, since=i),
            one("disc", at, middle, high=round(2 * unit * math.sqrt(2)), since=i),
            one("arrow", role=role, turn=round(math.atan2(a, b), 3), since=i, **hand),
            one("cells", at, 152, role=role, wide=0.26, numbers=[round(a, 2), round(b, 2)], since=i),
        ]
    said = [
        t("The vector (3, 4) has the length 5. The circle is the size that both norms want: a mean square of 1."),
        t("Layer norm first takes off the mean, which turns the vector, and then makes it as long as the circle."),
        t("RMSNorm only makes it shorter. It still points where it did."),
    ]
    rows = [[name, ", ".join(f"{n:.2f}" for n in pair)] for name, pair in zip(names, made, strict=True)]
    axes = [("step", t("step"), range(1, 4))]
    return figure(shapes, said, [([t("norm"), t("numbers")], rows)], axes=axes, height=168, title=title,
                  caption=caption)  # fmt: skip


def gate(what: Tensor, much: Tensor, *, title="", caption=""):
    """Some hidden features of a gated network: what each would pass on, how much of it, and the product."""
    rows = (
        (t("what: up"), "value", what, 0),
        (t("how much: silu(gate)"), "query", much, 1),
        (t("passed on"), "output", what * much, 2),
    )
    shapes, signs, count = [], {1: "×", 2: "="}, len(what)
    for i, (name, role, numbers, since) in enumerate(rows):
        y = 40 + 62 * i
        shapes.append(one("text", 0.08, y - 24, name, role, anchor="start", strong=True, since=since))
        for n, number in enumerate(numbers.tolist()):
            little = abs(number) < 0.05  # next to nothing is left of it
            shapes.append(
                one("box", 0.08 + 0.92 * (n + 0.5) / count, y, f"{number:.2f}".replace("-", "−"),
                    "" if little else role, wide=0.8 / count, high=28, strong=not little, size=12.5, since=since)
            )  # fmt: skip
        if i:
            shapes.append(one("text", 0.03, y, signs[i], strong=True, size=18, since=since))
    said = [
        t("Each hidden feature has computed something that it could pass on."),
        t("A second matrix says how much of it: the gate. Some gates are nearly shut."),
        t("Multiplied number by number. Behind a shut gate nothing is left, whatever was there."),
    ]
    table = (
        [t("feature"), *(str(i + 1) for i in range(len(what)))],
        [[name, *(f"{n:.2f}" for n in numbers.tolist())] for name, _, numbers, _ in rows],
    )
    axes = [("step", t("step"), range(1, 4))]
    return figure(shapes, said, [table], axes=axes, height=182, title=title, caption=caption)


def shared(heads: int, groups: Sequence[int], megabytes: Sequence[float], *, title="", caption=""):
    """Query heads and the key–value heads that they use, and how large the cache gets."""
    at = [0.06 + 0.88 * (n + 0.5) / heads for n in range(heads)]
    shapes = [one("text", 0.5, 14, t("{n} query heads", n=heads), "query", size=12.5)]
    shapes += [one("disc", x, 42, str(n + 1), "query", high=28) for n, x in enumerate(at)]
    webs, boxes = [], [[] for _ in at]
    for count in groups:
        each = heads // count
        middle = [sum(at[g * each : (g + 1) * each]) / each for g in range(count)]
        dots = [x for n in range(heads) for x in (round(at[n], 4), 58, round(middle[n // each], 4), 102)]
        webs.append({"dots": dots, "lines": list(range(2 * heads)), "lit": []})
        for n, box in enumerate(boxes):
            seen = {"x": round(middle[n], 4), "wide": 0.08, "high": 30, "words": "K V"} if n < count else {
                "x": 0.5, "wide": 0, "high": 0, "words": ""}  # fmt: skip
            box.append(seen)
    shapes.append(one("web", role="key", each=webs))
    shapes += [one("box", 0.5, 118, role="key", size=12, each=box) for box in boxes]
    shapes += [
        one("text", 0.06, 162, t("the cache of a full context"), "quiet", anchor="start", size=12.5),
        one("text", 0.94, 162, anchor="end", strong=True, each=[{"words": f"{m:.0f} MB"} for m in megabytes]),
        one("bar", 0.5, 182, role="key", wide=0.88, high=14,
            each=[{"share": round(m / max(megabytes), 3)} for m in megabytes]),
    ]  # fmt: skip
    said = [
        t("{heads} query heads on {count} key–value heads: the cache needs {mb} MB.", heads=heads,
          count=count, mb=f"{m:.0f}")
        for count, m in zip(groups, megabytes, strict=True)
    ]  # fmt: skip
    table = [t("key heads"), t("cache, MB")], [[n, f"{m:.0f}"] for n, m in zip(groups, megabytes, strict=True)]
    axes = [("keys", t("key heads"), list(groups))]
    return figure(shapes, said, [table], axes=axes, height=196, start={"keys": groups[0]}, play=t("▶ share"),
                  title=title, caption=caption)  # fmt: skip


def places(rows: Sequence[tuple[str, str, str, str, str]], *, title="", caption=""):
    """Matrices of a file and where they go in a class. rows: (name there, name here, shape, what it is, role) each."""
    high, shapes, said = 34, [], []
    shapes += [
        one("text", 0.01, 14, t("in the file"), "quiet", anchor="start", size=12.5),
        one("text", 0.99, 14, t("in your class"), "quiet", anchor="end", size=12.5),
    ]
    for i, (there, here, shape, what, role) in enumerate(rows):
        y = 42 + high * i
        shapes += [
            one("text", 0.01, y, there, role, anchor="start", size=12.5, since=0),
            one("arrow", role=role, from_=[0.32, y], to=[0.43, y], since=i),
            one("box", 0.725, y, here, role, wide=0.55, high=26, size=12.5, since=i),
        ]
        said.append(
            t("{there} goes to {here}: {what}, {shape} numbers.", there=there, here=here, what=what, shape=shape)
        )
    table = [t("in the file"), t("in your class"), t("shape"), t("what it is")], [row[:4] for row in rows]
    axes = [("step", t("step"), range(1, len(rows) + 1))]
    return figure(shapes, said, [table], axes=axes, height=high * len(rows) + 34, title=title, caption=caption)


def beside(layers: int, *, title="", caption=""):
    """A GPT and, beside it, what becomes of it in four steps: a Llama. Data flow upwards. layers: how many blocks."""
    norm, rms = t("layer norm"), t("RMSNorm")
    parts = [  # from above: what a GPT has; and by the number of its change, what a Llama has
        (t("output = the table again"), {}),
        (norm, {1: rms}),
        (t("feed-forward, GELU"), {3: t("feed-forward, SwiGLU")}),
        (norm, {1: rms}),
        (t("attention"), {2: t("attention, q and k turned"), 4: t("turned, heads share k and v")}),
        (norm, {1: rms}),
        (t("+ learned positions"), {2: t("no positions added")}),
        (t("table of tokens"), {}),
    ]
    high, (left, right), wide, steps = 34, (0.24, 0.74), 0.4, range(5)
    inside = [i for i, (name, _) in enumerate(parts) if 2 <= i <= len(parts) - 3]
    middle = 40 + high * (inside[0] + inside[-1]) / 2
    shapes = [one("text", x, 12, t("{name}: {layers} blocks", name=name, layers=layers), strong=True)
              for x, name in ((left, "GPT"), (right, "Llama"))]  # fmt: skip
    shapes += [one("box", x, middle, wide=wide + 0.05, high=high * len(inside) + 2) for x in (left, right)]
    for i, (name, changed) in enumerate(parts):
        y = 40 + high * i
        made = [next((changed[n] for n in range(step, 0, -1) if n in changed), "") for step in steps]
        shapes.append(one("box", left, y, name, "key", wide=wide, high=26))
        for is_new, role in ((False, "key"), (True, "output")):
            each = [{"words": new or name} | ({} if bool(new) == is_new else {"wide": 0, "high": 0, "words": ""})
                    for new in made]  # fmt: skip
            if any(made) or not is_new:
                shapes.append(one("box", right, y, role=role, wide=wide, high=26, strong=is_new, each=each))
        marks = [" ".join(str(n) for n in changed if n <= step) for step in steps]
        if changed:
            shapes.append(one("text", right - wide / 2 - 0.045, y, role="output", strong=True,
                              each=[{"words": mark} for mark in marks]))  # fmt: skip
    said = [
        t("At first both are a GPT: read it from below."),
        t("1: each layer norm becomes an RMSNorm."),
        t("2: no positions are added. Each attention turns its queries and keys instead."),
        t("3: the network has a gate: SwiGLU."),
        t("4: several query heads share one key–value head. This is a Llama."),
    ]
    rows = [[name, next(reversed(changed.values()), name), ", ".join(map(str, changed))] for name, changed in parts]
    table = [t("GPT"), t("Llama"), t("change")], rows
    axes = [("change", t("change"), steps)]
    return figure(shapes, said, [table], axes=axes, height=34 + high * len(parts), title=title, caption=caption)
