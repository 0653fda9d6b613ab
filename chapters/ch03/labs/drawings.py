"""Drawings: a translator that squeezes a sentence, one that looks back, training beside writing, a beam."""

import torch

from course_kit import text
from course_kit.contexts import evaluating
from course_kit.i18n import t
from course_kit.views.figure import figure, one

SHOWN = 3  # numbers of a state that are drawn


def fan(translation, *, title="", caption=""):
    """For each word written, how much it takes from the state of each source word: a line for each, as thick as it.

    translation: a decoding.Translation of a model with attention
    """
    source, written, weights = translation.source_tokens, translation.tokens, translation.weights.tolist()
    high = 30
    left, right = [[high * (i + 1.4) for i in range(len(words))] for words in (source, written)]
    shapes = [
        one("text", 0.29, 14, t("read: a state for each word"), "key", size=12.5),
        one("text", 0.84, 14, t("written"), "query", size=12.5),
    ]
    for i, (word, y) in enumerate(zip(source, left, strict=True)):
        shapes += [
            one("text", 0.19, y, word, anchor="end", strong=True),
            one("box", 0.24, y, f"h{i + 1}", "key", wide=0.07, high=22, size=12),
            one("bar", 0.345, y, wide=0.11, high=9, each=[{"share": round(row[i], 4)} for row in weights]),
            one("text", 0.44, y, size=12, each=[{"words": f"{row[i]:.2f}".lstrip("0")} for row in weights]),
            one("arrow", role="query", each=[
                {"from": [0.71, round(end, 1)], "to": [0.485, y], "weight": round(9 * row[i], 2)}
                for end, row in zip(right, weights, strict=True)
            ]),
        ]  # fmt: skip
    for step, (word, y) in enumerate(zip(written, right, strict=True)):
        shapes += [
            one("box", 0.755, y, f"s{step + 1}", "query", wide=0.07, high=22, size=12, since=step, until=step),
            one("text", 0.81, y, word, anchor="start", strong=True, since=step),
        ]
    said = [_looks(word, row, source) for word, row in zip(written, weights, strict=True)]
    table = ["", *source], [[word, *(f"{w:.2f}" for w in row)] for word, row in zip(written, weights, strict=True)]
    axes, rows = [("step", t("words written"), range(1, len(written) + 1))], max(len(source), len(written))
    return figure(shapes, said, [table], axes=axes, height=high * (rows + 1), start={"step": 1}, play=t("▶ write"),
                  title=title, caption=caption)  # fmt: skip


def _looks(word, row, source):
    best = max(range(len(source)), key=row.__getitem__)
    share = f"{row[best]:.0%}"
    return t("For “{word}” most is taken from “{other}”: {share} of the weight.", word=word, other=source[best],
             share=share)  # fmt: skip


@torch.no_grad()
def squeeze(loaded, sentence, *, title="", caption=""):
    """A translator without attention: it reads a state for each word, keeps c, and writes from that alone.

    loaded: a checkpoint or `Lesson.loaded(model)`; sentence: text of its language. Its states are drawn by their
    first numbers, c by the first of each direction, that which ends on the left first.
    """
    model, source = loaded.model, loaded.source.cut(sentence)
    ids, words, rows = torch.tensor([loaded.source.encode(sentence)]), [], []
    mask = torch.ones_like(ids, dtype=torch.bool)
    with evaluating(model):
        states, c = model.encoder(ids, mask)
        last, read = model.decoder.begin(c), torch.tensor([[text.BOS]])
        while len(words) < 2 * len(source):
            logits, _, last = model.decoder(read, last, states, c, mask)
            read = logits.argmax(-1)
            if int(read) == text.EOS:
                break
            words += loaded.target.tokens([int(read)])
            rows.append(last[0, 0, :SHOWN].tolist())
    half, size = c.shape[1] // 2, c.shape[1]
    kept = [*c[0, half : half + SHOWN].tolist(), *c[0, :SHOWN].tolist()]  # read backwards, and forwards
    at = [[0.11 + 0.78 * i / max(len(all_) - 1, 1) for i in range(len(all_))] for all_ in (source, words)]
    shapes = [one("text", 0, 12, t("① read"), "quiet", anchor="start", size=12.5)]
    shapes += _columns(at[0], source, states[0, :, :SHOWN].tolist(), 34, "key", 0)
    read_all = len(source)
    shapes += [
        one("text", 0, 130, t("② squeeze"), "quiet", anchor="start", size=12.5, since=read_all),
        one("arrow", role="key", from_=[at[0][-1], 116], to=[0.62, 146], since=read_all),
        one("arrow", role="key", from_=[at[0][0], 116], to=[0.38, 146], since=read_all),
        one("cells", 0.5, 160, role="output", numbers=[round(x, 2) for x in kept], wide=0.5, since=read_all),
        one("text", 0.5, 182, t("c, all that the decoder gets"), "output", strong=True, since=read_all),
        one("text", 0, 206, t("③ write"), "quiet", anchor="start", size=12.5, since=read_all + 1),
    ]
    shapes += [one("arrow", role="output", from_=[0.5, 190], to=[x, 214], since=read_all + 1 + i)
               for i, x in enumerate(at[1])]  # fmt: skip
    shapes += _columns(at[1], words, rows, 228, "query", read_all + 1)
    reads = [t("Read: the word “{word}” changes the state.", word=word) for word in source]
    squeezed = t(
        "Squeeze: where the reading ends are {count} numbers, for a short sentence and for a long one.", count=size
    )
    written = [t("Write: “{words}”", words=" ".join(words[: i + 1])) for i in range(len(words))]
    said = [*reads, squeezed, *written]
    table = [t("read"), t("written")], [[" ".join(source), " ".join(words)]]
    axes = [("step", t("step"), range(1, len(said) + 1))]
    return figure(shapes, said, [table], axes=axes, height=306, title=title, caption=caption)


def _columns(at, words, numbers, top, role, since):
    """Words with the first numbers of their states above them, and an arrow from each to the next."""
    shapes = []
    for i, (x, word, state) in enumerate(zip(at, words, numbers, strict=True)):
        shapes += [one("cells", x, top + 20 * j, role=role, numbers=[round(number, 2)], wide=0.078, since=since + i)
                   for j, number in enumerate(state)]  # fmt: skip
        shapes.append(one("text", x, top + 70, word, strong=True, size=12.5, since=since + i))
        if i:
            ends = {"from_": [at[i - 1] + 0.045, top + 20], "to": [x - 0.045, top + 20]}
            shapes.append(one("arrow", role=role, since=since + i, **ends))
    return shapes


@torch.no_grad()
def _twice(model, source, reads):
    """What a model writes if it reads these, and if it reads what it wrote: two lists of T."""
    mask, own = torch.ones_like(source, dtype=torch.bool), reads[:, :1]
    for _ in range(reads.shape[1]):
        own = torch.cat([own, model(source, own, mask)[0][:, -1:].argmax(-1)], 1)
    return model(source, reads, mask)[0][0].argmax(-1).tolist(), own[0, 1:].tolist()


def slips(model, source, reads, target) -> tuple[int, int]:
    """How many digits of a row, [1, T] each, are wrong as in training, where the right ones are read; in writing."""
    right = target[0].tolist()
    guided, alone = (sum(map(int.__ne__, made, right)) for made in _twice(model, source, reads))
    return guided, alone


def forcing(model, source, reads, target, *, title="", caption=""):
    """A row of digits as in training, where the right ones are read, and as in writing, where it reads its own.

    source, reads, target: [1, T], as `backwards` makes them
    """
    right = [str(x) for x in target[0].tolist()]
    guided, alone = _twice(model, source, reads)
    at = [0.23 + 0.72 * i / (len(right) - 1) for i in range(len(right))]
    lanes = (
        (t("Training"), 14, ["<bos>", *right[:-1]], guided, False),
        (t("Writing"), 154, ["<bos>", *map(str, alone[:-1])], alone, True),
    )
    shapes = []
    for name, top, read, wrote, steps in lanes:
        shapes += [
            one("text", 0, top, name, anchor="start", strong=True),
            one("text", 0, top + 30, t("reads"), anchor="start", size=12.5),
            one("text", 0, top + 84, t("writes"), anchor="start", size=12.5),
        ]
        for i, (x, word, made) in enumerate(zip(at, read, wrote, strict=True)):
            since = i if steps else 0
            good, reads_role = str(made) == right[i], "query" if steps else "key"
            shapes += [
                one("box", x, top + 30, word, reads_role, wide=0.078, high=24, size=12, since=since),
                one("arrow", from_=[x, top + 44], to=[x, top + 70], since=since),
                one("box", x, top + 84, f"{made}" if good else f"{made} ✗", "output", wide=0.078, high=24, size=13,
                    strong=not good, since=since),
            ]  # fmt: skip
            if steps and i:
                ends = {"from_": [at[i - 1] + 0.02, top + 71], "to": [x - 0.02, top + 43]}
                shapes.append(one("arrow", role="query", since=i, **ends))
    said = [
        t("Training: all {count} digits in one call. Writing: call {step}, which gives {digit}; right is {right}.",
          count=len(right), step=i + 1, digit=alone[i], right=right[i])
        for i in range(len(right))
    ]  # fmt: skip
    table = (
        ["", *map(str, range(1, len(right) + 1))],
        [
            [t("right"), *right],
            [t("in training"), *guided],
            [t("in writing"), *alone],
        ],
    )
    axes = [("step", t("step"), range(1, len(right) + 1))]
    return figure(shapes, said, [table], axes=axes, height=256, title=title, caption=caption)


def chain(words, states, *, title="", caption=""):
    """A recurrent network that reads: each state, [T, D], by its first numbers, made of its word and the one before."""
    at = [0.11 + 0.78 * i / (len(words) - 1) for i in range(len(words))]
    shapes = _columns(at, words, [row[:SHOWN] for row in states.tolist()], 18, "key", 0)
    first = t("State 1 is made of “{word}” and of zeros.", word=words[0])
    said = [first] + [
        t("State {place} is made of “{word}” and of state {before}.", place=i + 1, word=word, before=i)
        for i, word in enumerate(words[1:], 1)
    ]
    table = [t("word"), t("state")], [[word, ", ".join(f"{x:.2f}" for x in row)]
                                      for word, row in zip(words, states.tolist(), strict=True)]  # fmt: skip
    axes = [("step", t("step"), range(1, len(said) + 1))]
    return figure(shapes, said, [table], axes=axes, height=100, title=title, caption=caption)


def branches(tree, *, title="", caption=""):
    """Two beginnings and the best word after each: what greedy decoding takes, and what a beam of two finds.

    tree: first word -> its probability, and that of the best word after it; two of them, the likelier first
    """
    shapes = [one("box", 0.1, 80, "<bos>", "query", wide=0.14, high=28)]
    together = {word: p * after for word, (p, after) in tree.items()}
    for row, (word, (p, after)) in enumerate(tree.items()):
        y, since = 32 + 96 * row, 2 * row
        shapes += [
            one("arrow", role="query", from_=[0.18, 80], to=[0.31, y], weight=round(9 * p, 1)),
            one("box", 0.4, y, f"{word}  {p:g}", "output", wide=0.16, high=28, strong=True),
            one("arrow", role="query", from_=[0.49, y], to=[0.6, y], weight=round(9 * after, 1), since=since or 1),
            one("box", 0.68, y, f"…  {after:g}", "output", wide=0.14, high=28, since=since or 1),
            one("text", 0.88, y, f"→ {together[word]:.2f}", strong=True, since=since or 1),
        ]
    (first, (p, _)), best = next(iter(tree.items())), max(together, key=together.__getitem__)
    said = [
        t("First word: “{word}” is the likelier one.", word=first),
        t("Greedy decoding goes on from there: {share} together.", share=f"{together[first]:.2f}"),
        t("A beam of two goes on with both. “{word}” wins: {share}.", word=best, share=f"{together[best]:.2f}"),
    ]
    rows = [[word, p, after, f"{together[word]:.2f}"] for word, (p, after) in tree.items()]
    table = [t("first word"), "p", t("best next word"), t("together")], rows
    axes = [("step", t("step"), range(1, 4))]
    return figure(shapes, said, [table], axes=axes, height=160, title=title, caption=caption)
