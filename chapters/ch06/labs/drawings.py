"""Drawings: one word with two meanings, a word that sees itself, what is read and asked, three rows for each token,
norms before and after, a row and its mirror, one step of training, four task heads, a thin change,
and where an answer is."""

import copy
import math

import torch
from torch import Tensor

from course_kit.i18n import mark, t
from course_kit.views.figure import figure, one
from course_utils.bert import BertForPreTraining

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


def exam(book, reads, asked, *, title="", caption=""):
    """A window of a text, what the model reads of it, and what it has to say, in lines of six pieces.

    book, reads: a piece for each place; asked: which places the loss counts
    """
    most, high = 6, 108
    shapes, rows = [], []
    for line in range(math.ceil(len(book) / most)):
        top = line * high
        names = ((14, t("book")), (46, t("it reads")), (82, t("it says")))
        shapes += [one("text", 0, top + y, name, anchor="start", size=12, since=step)
                   for step, (y, name) in enumerate(names)]  # fmt: skip
        for n, place in enumerate(range(line * most, min(len(book), (line + 1) * most))):
            x, covered = 0.15 + 0.85 * (n + 0.5) / most, reads[place] != book[place]
            shapes += [
                one("text", x, top + 14, book[place], "quiet", size=12),
                one("box", x, top + 46, reads[place].strip("[]") if covered else reads[place],
                    "query" if covered else "key", wide=0.81 / most, high=26, size=12, strong=covered, since=1),
            ]  # fmt: skip
            if asked[place]:
                shapes += [
                    one("arrow", role="output", from_=[x, top + 60], to=[x, top + 70], since=2),
                    one("text", x, top + 82, book[place], "output", strong=True, size=12, since=2),
                ]
            rows.append([book[place], reads[place], book[place] if asked[place] else "−100"])
    said = [
        t("{count} pieces in a row, taken from anywhere in the book.", count=len(book)),
        t("The masking has chosen some of them. Most of these become [MASK]."),
        t("{asked} of {count} pieces are asked. For all others the label is −100, and the loss leaves them out.",
          asked=sum(map(bool, asked)), count=len(book)),
    ]  # fmt: skip
    table = [t("the book"), t("the model reads"), t("it has to say")], rows
    return figure(shapes, said, [table], axes=[("step", t("step"), range(1, 4))],
                  height=math.ceil(len(book) / most) * high - 14, title=title, caption=caption)  # fmt: skip


def rows(tokens, segments, *, title="", caption=""):
    """The three rows that a token gets: of the token, of its segment and of its position; and their sum."""
    at = [0.2 + 0.8 * (i + 0.5) / len(tokens) for i in range(len(tokens))]
    wide = 0.76 / len(tokens)
    lines = [
        (20, t("token"), tokens, "key"),
        (66, t("segment"), [str(s) for s in segments], "query"),
        (112, t("position"), [str(i) for i in range(len(tokens))], "value"),
    ]
    shapes = []
    for step, (y, name, words, role) in enumerate(lines):
        shapes.append(one("text", 0, y, name, role, anchor="start", size=12.5, since=step))
        for x, word in zip(at, words, strict=True):
            shapes.append(one("box", x, y, word.strip("[]"), role, wide=wide, high=28, size=11, since=step))
            if step:
                shapes.append(one("text", x, y - 23, "+", size=13, since=step))
    shapes.append(one("text", 0, 158, t("sum"), "output", anchor="start", size=12.5, since=3))
    for x in at:
        shapes += [one("text", x, 135, "=", size=13, since=3),
                   one("box", x, 158, role="output", wide=wide, high=28, strong=True, since=3)]  # fmt: skip
    said = [
        t("Each token has a row in the first table. A mark such as [CLS] is a token like any other."),
        t("The second table has two rows: one for the first text, one for the second."),
        t("The third table has a row for each position."),
        t("The three rows of a token are added. This sum goes into the first block."),
    ]
    table = [name for _, name, _, _ in lines], list(zip(*(words for _, _, words, _ in lines), strict=True))
    return figure(shapes, said, [table], axes=[("step", t("step"), range(1, 5))], height=176, title=title,
                  caption=caption)  # fmt: skip


def norms(*, title="", caption=""):
    """One part of a block with the norm before it, as in chapter 5, and after the sum, as in BERT."""
    norm, attention, shapes = t("norm"), t("attention"), []
    ways = (0.25, t("chapter 5"), [norm, attention, "+"]), (0.75, "BERT", [attention, "+", norm])
    for since, (x, name, boxes) in enumerate(ways):
        plus = 182 - 52 * boxes.index("+")
        shapes.append(one("text", x, 14, name, strong=True, since=since))
        shapes.append(one("arrow", role="key", from_=[x, 226], to=[x + 0.06, plus], weight=2.5, bend=95, since=since))
        for i in range(4):
            shapes.append(one("arrow", from_=[x, 236 - 52 * i], to=[x, 201 - 52 * i], weight=2, since=since))
        for i, words in enumerate(boxes):
            role = {norm: "output", "+": ""}.get(words, "query")
            shapes.append(one("box", x, 182 - 52 * i, words, role, wide=0.1 if words == "+" else 0.3, high=30,
                              strong=words != attention, since=since))  # fmt: skip
    said = [
        t("In chapter 5 attention reads a vector that has been normed. The stream itself is never normed in a block."),
        t("In BERT attention reads the stream, and its result is added. Then the sum is normed."),
    ]
    table = [name for _, name, _ in ways], list(zip(*(boxes for _, _, boxes in ways), strict=True))
    return figure(shapes, said, [table], axes=[("step", t("step"), range(1, 3))], height=244, title=title,
                  caption=caption)  # fmt: skip


@torch.no_grad()
def logits(loaded, sentence: str, most=5, *, title="", caption=""):
    """From the vector at a hole to the words: the layer behind the encoder, dot products with the token table, softmax.

    loaded: a pre-trained BERT; sentence: with one [MASK]; most: how many of the likeliest words are drawn
    """
    model, tokenizer = loaded.model.eval(), loaded.tokenizer
    left, right = (tokenizer.encode(part) for part in sentence.split("[MASK]"))
    ids = torch.tensor([[tokenizer.cls, *left, tokenizer.mask, *right, tokenizer.sep]])
    vector = model.bert(ids).hidden[0, 1 + len(left)]
    read = model.norm(model.activation(model.transform(vector)))
    scores = model.output(read)
    likely = scores.softmax(-1).topk(most)
    near = scores[likely.indices].tolist()
    names = tokenizer.tokens(likely.indices.tolist())
    shapes = [
        one("text", 0.5, 14, f"“{sentence}”", size=12.5),
        one("text", 0.22, 46, t("vector at the hole"), "key", size=12.5),
        one("cells", 0.22, 68, role="key", wide=0.4, numbers=[round(n, 2) for n in vector[:4].tolist()]),
        one("arrow", from_=[0.22, 82], to=[0.22, 104], since=1),
        one("box", 0.22, 120, t("linear, GELU, norm"), wide=0.42, high=30, size=12, since=1),
        one("arrow", from_=[0.22, 136], to=[0.22, 156], since=1),
        one("cells", 0.22, 170, role="output", wide=0.4, numbers=[round(n, 2) for n in read[:4].tolist()], since=1),
        one("text", 0.61, 46, t("token"), size=12.5, since=2),
        one("text", 0.75, 46, t("logit"), size=12.5, since=2),
        one("text", 0.9, 46, "softmax", size=12.5, since=3),
    ]
    for n, (name, logit, share) in enumerate(zip(names, near, likely.values.tolist(), strict=True)):
        y = 70 + 26 * n
        shapes += [
            one("arrow", role="output", from_=[0.435, 170], to=[0.5, y], weight=1, since=2),
            one("text", 0.61, y, name, strong=True, size=12.5, since=2),
            one("text", 0.75, y, f"{logit:.1f}", size=12.5, since=2),
            one("bar", 0.9, y, role="output", wide=0.18, high=14, share=share, since=3),
        ]
    said = [
        t("The encoder gives a vector for each token. Here is the one at the hole, its first four numbers."),
        t("One more layer works on it, with a GELU and a norm."),
        t("Its dot product with a word's row of the token table, plus a bias, is the logit of that word."),
        t("Softmax makes probabilities of all logits. “{word}” gets {share}.", word=names[0],
          share=f"{likely.values[0]:.2f}"),
    ]  # fmt: skip
    rows = [[name, f"{logit:.1f}", f"{share:.2f}"] for name, logit, share in zip(names, near, likely.values.tolist(),
                                                                                  strict=True)]  # fmt: skip
    table = [t("token"), t("logit"), t("probability")], rows
    return figure(shapes, said, [table], axes=[("step", t("step"), range(1, 5))], height=192, title=title,
                  caption=caption)  # fmt: skip


def mirror(digits, hole: int, *, title="", caption=""):
    """A row that reads the same from both ends, one digit covered: where its answer stands, for each who reads."""
    names = [t("both sides"), t("left side only")]
    twin = len(digits) - 1 - hole
    at = [(i + 0.5) / len(digits) for i in range(len(digits))]
    shapes = []
    for i, (x, digit) in enumerate(zip(at, digits, strict=True)):
        if i == hole:
            shapes.append(one("box", x, 60, "?", "query", wide=0.085, high=34, strong=True))
        else:
            seen = [{"words": str(digit)}, {"words": str(digit) if i < hole else ""}]
            shapes.append(one("box", x, 60, role="output" if i == twin else "key", wide=0.085, high=34,
                              strong=i == twin, each=seen))  # fmt: skip
    ends = {"from": [at[twin], 40], "to": [at[hole], 40]}
    shapes.append(one("arrow", role="output", bend=34, each=[ends | {"weight": 2}, ends | {"weight": 0}]))
    said = [
        t("With both sides the answer is in sight: {digit}, at the mirror place.", digit=digits[hole]),
        t("Of the left side alone the mirror place is no part. One can only guess."),
    ]
    table = [t("place"), t("digit")], [[i, "?" if i == hole else d] for i, d in enumerate(digits)]
    axes = [("reads", t("who reads"), names)]
    return figure(shapes, said, [table], axes=axes, height=88, start={"reads": names[0]}, still=True,
                  title=title, caption=caption)  # fmt: skip


def training_step(loaded, sentence: str, holes, rate=0.002, *, title="", caption=""):
    """A step of training on one sentence: cover words, predict them, compute the loss, move all parameters, look again.

    loaded: a pre-trained BERT, which is left as it is; holes: positions of words of the sentence; rate: of the step
    """
    model, tokenizer = copy.deepcopy(loaded.model).eval(), loaded.tokenizer
    truth = torch.tensor([[tokenizer.cls, *tokenizer.encode(sentence), tokenizer.sep]])
    at, words = [1 + hole for hole in holes], tokenizer.tokens(truth[0].tolist())[1:-1]
    covered = truth.clone()
    covered[0, at] = tokenizer.mask

    def chances():
        return model(covered).mlm_logits[0, at].log_softmax(-1).gather(-1, truth[0, at, None])[:, 0]

    before = chances()
    (-before.mean()).backward()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.grad is not None:
                parameter -= rate * parameter.grad
        after = chances()
    shares = [[round(p, 3) for p in two.exp().tolist()] for two in (before.detach(), after)]
    losses = [f"{-two.mean():.2f}" for two in (before, after)]
    xs = [(n + 0.5) / len(words) for n in range(len(words))]
    shapes = [one("box", 0.5, 122, "BERT", "key", wide=0.98, high=44, strong=True, size=15, since=1)]
    for n, (x, word) in enumerate(zip(xs, words, strict=True)):
        look = {"role": "query", "strong": True, "words": "MASK"} if n in holes else {"role": "key", "words": word}
        shapes += [
            one("box", x, 52, **look, wide=0.9 / len(words), high=28, size=12),
            one("arrow", from_=[x, 68], to=[x, 98], weight=1, since=1),
        ]
    for n, hole in enumerate(holes):
        x = xs[hole]
        now = [f"{pair[n]:.0%}" for pair in shares]
        each = {"share": [shares[0][n]] * 5 + [shares[1][n]], "words": [now[0]] * 5 + [now[1]]}
        shapes += [
            one("text", x, 16, words[hole], "query", strong=True),
            one("arrow", role="output", from_=[x, 146], to=[x, 166], since=2),
            one("text", x, 180, words[hole], "output", strong=True, since=2),
            one("bar", x, 200, role="output", wide=0.16, high=12, since=2, each=[{"share": p} for p in each["share"]]),
            one("text", x, 222, role="output", size=12.5, since=2, each=[{"words": w} for w in each["words"]]),
            one("arrow", from_=[x, 234], to=[0.5 + 0.1 * (x - 0.5), 254], since=3),
        ]
    shapes += [
        one("box", 0.5, 270, wide=0.34, high=30, since=3,
            each=[{"words": t("loss {loss}", loss=loss)} for loss in [losses[0]] * 5 + [losses[1]]]),
        one("arrow", role="query", from_=[0.32, 270], to=[0.08, 150], bend=40, weight=3, since=4),
        one("text", 0.01, 286, t("all parameters move"), "query", anchor="start", size=12.5, since=4),
    ]  # fmt: skip
    pairs = [dict(word=words[hole], share=f"{shares[0][n]:.0%}", then=f"{shares[1][n]:.0%}")
             for n, hole in enumerate(holes)]  # fmt: skip
    listed = [t("“{word}” {share}", **pair) for pair in pairs]
    said = [
        t("Cover some words. The book still knows what stood there."),
        t("The model reads all words at once, the covered ones as [MASK]."),
        t("At each hole it gives the right word a probability: {words}.", words=t(", ").join(listed)),
        t("The loss is −ln of that probability, averaged over the holes: {loss}.", loss=losses[0]),
        t("Go back through the model: each parameter moves a little to where the loss is smaller."),
        t("Asked again, it gives {words}. The loss is {loss}. Then comes the next page.",
          words=t(", ").join(t("“{word}” {then}", **pair) for pair in pairs), loss=losses[1]),
    ]  # fmt: skip
    rows = [[pair["word"], pair["share"], pair["then"]] for pair in pairs] + [[t("loss"), *losses]]
    table = [t("covered word"), t("before the step"), t("after it")], rows
    return figure(shapes, said, [table], axes=[("step", t("step"), range(1, 7))], height=296, title=title,
                  caption=caption)  # fmt: skip


TASKS = (
    (mark("a sentence"), "[CLS] The soup was cold . [SEP]", {0: "negative"}),
    (mark("two sentences"), "[CLS] He plays . [SEP] He works . [SEP]", {0: "not entailed"}),
    (mark("a tag for each word"), "[CLS] Ada lived in London . [SEP]",
     {1: "person", 2: "O", 3: "O", 4: "place", 5: "O"}),
    (mark("an answer in a text"), "[CLS] Who found it ? [SEP] Anna did . [SEP]", {6: "start, end"}),
)  # fmt: skip


def task_heads(*, title="", caption=""):
    """Four tasks, and on which of BERT's output vectors the new layer sits in each."""
    tasks = [(t(name), words.split(), says) for name, words, says in TASKS]
    most = max(len(words) for _, words, _ in tasks)
    shapes = [one("box", 0.5, 122, "BERT", "key", wide=0.98, high=34, strong=True)]
    for i in range(most):
        token, vector, layer, answer, up = [], [], [], [], []
        for _, words, says in tasks:
            x, here = round(0.05 + 0.92 * (i + 0.5) / len(words), 4), i < len(words)
            token.append({"words": words[i].strip("[]") if here else "", "x": x})
            vector.append({"x": x, "wide": 0.07 if here else 0, "high": 16 if here else 0})
            on = here and i in says
            layer.append({"x": x, "wide": 0.09 if on else 0, "high": 20 if on else 0})
            answer.append({"x": x, "words": says.get(i, "") if here else ""})
            up.append({"from": [x, 76], "to": [x, 66], "weight": 2 if on else 0})
        shapes += [
            one("text", y=160, size=12, each=token),
            one("box", y=86, role="key", each=vector),
            one("arrow", role="output", each=up),
            one("box", y=54, role="output", strong=True, each=layer),
            one("text", y=26, role="output", strong=True, size=12, each=answer),
        ]
    said = [
        t("One new layer on the vector of [CLS]: it says a class for the whole sentence."),
        t("Two sentences in a row, and the same layer on [CLS]: it says a class for the pair."),
        t("The same new layer on each word's vector: it says a tag for each."),
        t("A new layer of two outputs on each vector: where does the answer start, and where does it end?"),
    ]
    table = (
        [t("task"), t("an example"), t("answer")],
        [[name, " ".join(words), ", ".join(says.values())] for name, words, says in tasks],
    )
    names = [name for name, _, _ in tasks]
    return figure(shapes, said, [table], axes=[("task", t("task"), names)], height=176, start={"task": names[0]},
                  title=title, caption=caption)  # fmt: skip


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


def two_answers(model: BertForPreTraining, tokens, *, title="", caption=""):
    """Where BERT's two answers are made: of each vector a score for each word, of the vector of [CLS] two scores."""
    at = [0.27 + 0.73 * (i + 0.5) / len(tokens) for i in range(len(tokens))]
    middle, wide, aside = (at[0] + at[-1]) / 2, 0.73, 0.11
    layers, vocab = len(model.bert.blocks), model.config.vocab
    shapes = [
        one("box", middle, 150, t("BERT: {layers} blocks", layers=layers), "key", wide=wide, high=30, since=1),
        one("box", middle, 66, t("compared with the table of words"), "output", wide=wide, high=30, since=2),
        one("text", middle, 30, t("{n} scores for each token: which word?", n=f"{vocab:,}"), "output", since=2),
        one("arrow", role="value", from_=[at[0], 100], to=[aside + 0.04, 84], weight=2, since=3),
        one("box", aside, 66, t("pooler"), "value", wide=0.2, high=30, strong=True, since=3),
        one("text", aside, 30, t("2 scores: does B follow?"), "value", since=3),
    ]
    for x, token in zip(at, tokens, strict=True):
        shapes += [
            one("text", x, 190, token.strip("[]"), size=12.5),
            one("box", x, 108, role="key", wide=0.6 / len(tokens), high=14, since=1),
            one("arrow", role="output", from_=[x, 98], to=[x, 84], since=2),
        ]
    said = [
        t("Two sentences go in, as one row of tokens."),
        t("The blocks give each token a vector, which has read both sentences."),
        t("First answer: each vector is compared with all words of the vocabulary."),
        t("Second answer: the vector of [CLS] alone says whether the second sentence follows the first."),
    ]
    size, shared = model.config.size, model.output.weight.numel()
    pooled = [model.bert.pooler, model.next_sentence]
    counts = {
        t("the tables in front"): ("[B, T, D]", [model.bert.embeddings], 0),
        t("the blocks"): ("[B, T, D]", [model.bert.blocks], 0),
        t("which word?"): ("[B, T, V]", [model.transform, model.norm, model.output], shared),  # counted in front
        t("does B follow?"): ("[B, 2]", pooled, 0),
    }
    rows = [[name, shape.replace("D", str(size)).replace("V", f"{vocab:,}"),
             f"{sum(p.numel() for part in of for p in part.parameters()) - again:,}"]
            for name, (shape, of, again) in counts.items()]  # fmt: skip
    table = [t("part"), t("what it gives"), t("parameters")], rows
    axes = [("step", t("step"), range(1, 5))]
    return figure(shapes, said, [table], axes=axes, height=206, title=title, caption=caption)
