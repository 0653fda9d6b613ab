"""Drawings: a word that sees itself, a line with words struck out, three rows for each
token, norms before and after, one step of training, four task heads, a thin change, and where an answer is."""

import copy
from collections.abc import Sequence

import torch
from torch import Tensor

from chapters.ch05.labs.drawings import plus, residual_stream
from course_kit.checkpoints import Loaded
from course_kit.i18n import t
from course_kit.views.figure import Figure, figure
from course_kit.views.layout import (
    AIR,
    CLOSE,
    FAR,
    GAP,
    LINE,
    NEAR,
    THIN,
    WIDTH,
    Part,
    arrow,
    bar,
    box,
    cells,
    column,
    disc,
    flow,
    frames,
    grid,
    label,
    layers,
    row,
    since,
    space,
    steps,
    words,
)
from course_kit.views.placing import natural_width

FEW = 4  # of a vector beside others
LEAST = 0.01  # a share that is written
CLOSING = (*".,;:!?)’”",)  # what follows a word without a space
PRINT, STRUCK = 18, 0.9  # the type of a line of a book; how much of its room a word takes


def leak(tokens: Sequence[str], position: int, *, title: str = "", caption: str = "") -> Figure:
    """Two layers of attention in which a word may not look at itself: it comes back by way of its neighbours.

    position: of the word that is to be guessed, not the first and not the last
    """
    names = t("the words"), t("after layer 1"), t("after layer 2")
    last, target_boxes, sides = len(names), [box("?", "output") for _ in names], (position - 1, position + 1)
    target_boxes[0] = box([tokens[position]] * last + ["[MASK]"], "warm", strong=True)
    levels = [[box("·" if level else word) for word in tokens] for level in range(last)]
    for level, target_box in zip(levels, target_boxes, strict=True):
        level[position] = target_box
    arrows = [arrow(target_boxes[0], levels[1][i], "warm") for i in sides]
    arrows += [arrow(levels[1][i], target_boxes[2], "warm") for i in sides]
    lines = steps(*(row(label(name, "quiet"), *level) for name, level in zip(names, levels, strict=True)))
    scene = grid(*lines[::-1], *arrows, gap=FAR)
    word = tokens[position]
    messages = [
        t("What stands at the place of “{word}”? Its own column is forbidden, so you would think it cannot be read.",
          word=word),
        t("Layer 1: the neighbours read “{word}”. Their vectors now contain it.", word=word),
        t("Layer 2: the place of “{word}” reads its neighbours, and gets “{word}” from them.", word=word),
        t("Cover the word. The same arrows carry [MASK], and the answer has to be worked out."),
    ]  # fmt: skip
    return figure(scene, messages, title=title, caption=caption)


def exam(
    book: Sequence[str], reads: Sequence[str], asked: Sequence[bool], *, title: str = "", caption: str = ""
) -> Figure:
    """A window of a text as printed lines: what is asked is struck through, above it is what the model reads.

    book, reads: a piece for each position; asked: which positions the loss counts
    """
    groups: list[list[int]] = []  # the positions of each printed word
    for n, piece in enumerate(book):
        if n and (piece.startswith("##") or piece in CLOSING):
            groups[-1].append(n)
        else:
            groups.append([n])
    lines: list[list[Part]] = [[]]
    remaining = float(WIDTH)
    for group in groups:
        printed = _printed_word(group, book, reads, asked)
        width = sum(map(natural_width, printed))
        if width > remaining:
            lines, remaining = [*lines, []], WIDTH
        lines[-1] += printed
        remaining -= width
    messages = [
        t("{count} pieces in a row, taken from anywhere in the book.", count=len(book)),
        t("{asked} of them are chosen, and struck through. The model reads what is above them, and has to say what was "
          "there. For all others the label is −100, and the loss leaves them out.", asked=sum(map(bool, asked))),
    ]  # fmt: skip
    rows = [[book[n], reads[n], book[n] if asked[n] else "−100"] for n in range(len(book))]
    table = [t("the book"), t("the model reads"), t("it has to say")], rows
    scene = column(*(row(*line, tight=True, gap=0) for line in lines), gap=LINE)
    return figure(scene, messages, table, title=title, caption=caption)


def _printed_word(group: list[int], book: Sequence[str], reads: Sequence[str], asked: Sequence[bool]) -> list[Part]:
    """The parts of a printed word: pieces that are asked stand alone, struck through, the others together."""
    parts, plain = [], ""
    for n in group:
        piece = book[n].removeprefix("##")
        if not asked[n]:
            plain += piece
        if plain and (asked[n] or n == group[-1]):
            parts.append(column(words(" "), label(plain, size=PRINT), gap=0))
            plain = ""
        if asked[n]:
            word, ends = label(piece, "output", size=PRINT, strong=True), (space(), space())
            line = arrow(*ends, "output", head=False, side="across", since=1)
            across = row(ends[0], space(wide=STRUCK * natural_width(word)), ends[1], line, tight=True, gap=0)
            parts.append(column(label(reads[n], "warm", strong=True, since=1), layers(word, across), gap=0))
    return parts


def rows(tokens: Sequence[str], segments: Sequence[int], *, title: str = "", caption: str = "") -> Figure:
    """The three rows that a token gets: of the token, of its segment and of its position; and their sum."""
    lines = [
        (t("token"), tokens, "cool"),
        (t("segment"), [str(s) for s in segments], "warm"),
        (t("position"), [str(i) for i in range(len(tokens))], ""),
    ]
    boxes = [row(label(name, role), *(box(word.strip("[]"), role) for word in line)) for name, line, role in lines]
    boxes.append(row(label(t("sum"), "output"), *(box(f"x{i}", "output", strong=True) for i in range(len(tokens)))))
    signs = [row(space(), *(words(sign) for _ in tokens)) for sign in ("+", "+", "=")]
    lines_with_signs = [boxes[0], *(line for pair in zip(signs, boxes[1:], strict=True) for line in pair)]
    lines_with_signs = [since(line, (n + 1) // 2) for n, line in enumerate(lines_with_signs)]
    messages = [
        t("Each token has a row in the first table. A mark such as [CLS] is a token like any other."),
        t("The second table has two rows: one for the first text, one for the second."),
        t("The third table has a row for each position."),
        t("The three rows of a token are added. These sums, x0, x1 and so on, go into the first block."),
    ]
    table = [name for name, _, _ in lines], list(zip(*(line for _, line, _ in lines), strict=True))
    return figure(grid(*lines_with_signs, gap=CLOSE), messages, table, title=title, caption=caption)


def norms(*, title: str = "", caption: str = "") -> Figure:
    """One part of a block with the norm before it, as in chapter 5, and after the sum, as in BERT."""
    norm, attention = t("norm"), t("attention")
    variants = (t("chapter 5"), [norm, attention, "+"]), ("BERT", [attention, "+", norm])
    columns: list[Part] = []
    for name, _ in variants:
        norm_box, attention_box, merge = box(norm, "warm", strong=True), box(attention), plus()
        first = [(attention_box, merge), (None, norm_box)] if columns else [(norm_box, None), (attention_box, merge)]
        columns.append(residual_stream((None, space()), *first, (None, words(name, strong=True))))
    messages = [
        t("In chapter 5 attention reads a vector that has been normed. The stream itself is never normed in a block."),
        t("In BERT attention reads the stream, and its result is added. Then the sum is normed."),
    ]
    table = [name for name, _ in variants], list(zip(*(parts for _, parts in variants), strict=True))
    return figure(row(*steps(*columns), even=True), messages, table, title=title, caption=caption)


@torch.no_grad()
def logits(loaded: Loaded, sentence: str, maximum: int = 5, *, title: str = "", caption: str = "") -> Figure:
    """From the vector at a hole to the words: the layer behind the encoder, dot products with the token table, softmax.

    loaded: a pre-trained BERT; sentence: with one [MASK]; maximum: how many of the likeliest words are drawn
    """
    model, tokenizer = loaded.model.eval(), loaded.tokenizer
    left, right = (tokenizer.encode(part) for part in sentence.split("[MASK]"))
    ids = torch.tensor([[tokenizer.cls, *left, tokenizer.mask, *right, tokenizer.sep]])
    vector = model.bert(ids).hidden[0, 1 + len(left)]
    transformed = model.norm(model.activation(model.transform(vector)))
    scores = model.output(transformed)
    likely = scores.softmax(-1).topk(maximum)
    top_scores = scores[likely.indices].tolist()
    names = tokenizer.tokens(likely.indices.tolist())
    output_cells = cells(transformed[:FEW].tolist(), "output", since=1)
    product, candidates = disc("·", size=LINE, high=LINE, since=2), [words(name, strong=True) for name in names]
    scene = column(
        f"“{sentence}”",
        words(t("vector at the hole"), strong=True),
        flow(cells(vector[:FEW].tolist()), box(t("linear, GELU, norm"), since=1), output_cells, product),
        space(high=LINE),
        grid(*steps(
            row(label(t("token"), "quiet"), *candidates),
            row(label(t("logit"), "quiet"), *(f"{logit:.1f}" for logit in top_scores), since=2),
            row(label("softmax", "quiet"), *(bar(share, "output") for share in likely.values.tolist())),
            first=1,
        )),
        *(arrow(product, name, "output") for name in candidates),
    )  # fmt: skip
    messages = [
        t("The encoder gives a vector for each token. Here is the one at the hole, its first four numbers."),
        t("One more layer works on it, with a GELU and a norm."),
        t("Its dot product with a word's row of the token table, plus a bias, is the logit of that word."),
        t("Softmax makes probabilities of all logits. “{word}” gets {share}.", word=names[0],
          share=f"{likely.values[0]:.2f}"),
    ]  # fmt: skip
    likeliest = zip(names, top_scores, likely.values.tolist(), strict=True)
    rows = [[name, f"{logit:.1f}", f"{share:.2f}"] for name, logit, share in likeliest]
    table = [t("token"), t("logit"), t("probability")], rows
    return figure(scene, messages, table, title=title, caption=caption)


def training_step(
    loaded: Loaded, sentence: str, holes: Sequence[int], rate: float = 0.002, *, title: str = "", caption: str = ""
) -> Figure:
    """A step of training on one sentence: cover words, predict them, compute the loss, move all parameters, look again.

    loaded: a pre-trained BERT, which is left as it is; holes: positions of words of the sentence; rate: of the step
    """
    tokenizer = loaded.tokenizer
    targets = torch.tensor([[tokenizer.cls, *tokenizer.encode(sentence), tokenizer.sep]])
    tokens = tokenizer.tokens(targets[0].tolist())[1:-1]
    log_probs = _train_step(loaded, targets, [1 + hole for hole in holes], rate)
    shares = [[round(p, 3) for p in log_prob.exp().tolist()] for log_prob in log_probs]
    loss_before, loss_after = losses = [f"{-log_prob.mean():.2f}" for log_prob in log_probs]
    bert = box("BERT", strong=True, fill=True)
    inputs = [box("MASK", "warm", strong=True) if n in holes else box(word) for n, word in enumerate(tokens)]
    repeats = 5  # steps before the model is asked again
    answers = [
        column(
            words(tokens[hole], "output", strong=True),
            bar([before] * repeats + [after], "output"),
            words([f"{before:.0%}"] * repeats + [f"{after:.0%}"], "output"),
            gap=CLOSE,
        )
        for hole, before, after in zip(holes, *shares, strict=True)
    ]

    def at_holes(parts: Sequence[Part]) -> Part:
        return row(*(parts[holes.index(n)] if n in holes else space() for n in range(len(tokens))), even=True)

    loss_box = box([t("loss {loss}", loss=loss) for loss in [loss_before] * repeats + [loss_after]], wide=WIDTH / 3)
    update = words(t("all parameters move"), "warm", since=4)
    scene = column(
        at_holes([words(tokens[hole], "warm", strong=True) for hole in holes]),
        row(*inputs, even=True, gap=NEAR),
        column(bert, since=1),
        column(row(at_holes(answers)), since=2),
        row(update, loss_box, space(), even=True, since=3),
        *(arrow(word, bert, weight=THIN) for word in inputs),
        *(arrow(bert, answer, "output", since=2) for answer in answers),
        *(arrow(answer, loss_box) for answer in answers),
        arrow(update, bert, "warm", weight=3),
        gap=AIR,
    )
    pairs = [dict(word=tokens[hole], share=f"{before:.0%}", then=f"{after:.0%}")
             for hole, before, after in zip(holes, *shares, strict=True)]  # fmt: skip
    sentences_before = [t("“{word}” {share}", **pair) for pair in pairs]
    messages = [
        t("Cover some words. The book still knows what stood there."),
        t("The model reads all words at once, the covered ones as [MASK]."),
        t("At each hole it gives the right word a probability: {words}.", words=t(", ").join(sentences_before)),
        t("The loss is −ln of that probability, averaged over the holes: {loss}.", loss=loss_before),
        t("Go back through the model: each parameter moves a little to where the loss is smaller."),
        t("Asked again, it gives {words}. The loss is {loss}. Then comes the next page.",
          words=t(", ").join(t("“{word}” {then}", **pair) for pair in pairs), loss=loss_after),
    ]  # fmt: skip
    rows = [[pair["word"], pair["share"], pair["then"]] for pair in pairs] + [[t("loss"), *losses]]
    table = [t("covered word"), t("before the step"), t("after it")], rows
    return figure(scene, messages, table, title=title, caption=caption)


def _train_step(loaded: Loaded, targets: Tensor, positions: list[int], rate: float) -> tuple[Tensor, Tensor]:
    """The log-probabilities of the true words at these positions, covered, before a step of training and after it."""
    model, covered = copy.deepcopy(loaded.model).eval(), targets.clone()
    covered[0, positions] = loaded.tokenizer.mask

    def log_probabilities() -> Tensor:
        return model(covered).mlm_logits[0, positions].log_softmax(-1).gather(-1, targets[0, positions, None])[:, 0]

    before = log_probabilities()
    (-before.mean()).backward()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.grad is not None:
                parameter -= rate * parameter.grad
        return before.detach(), log_probabilities()


def task_heads(*, title: str = "", caption: str = "") -> Figure:
    """Four tasks, and on which of BERT's output vectors the new layer sits in each."""
    tags = dict(enumerate([t("person"), "O", "O", t("place", context="a tag"), "O"], 1))
    tasks = [(name, example.split(), labels) for name, example, labels in (
        (t("a sentence"), "[CLS] The soup was cold . [SEP]", {0: t("negative")}),
        (t("two sentences"), "[CLS] He plays . [SEP] He works . [SEP]", {0: t("not entailed")}),
        (t("a tag for each word"), "[CLS] Ada lived in London . [SEP]", tags),
        (t("an answer in a text"), "[CLS] Who found it ? [SEP] Anna did . [SEP]",
         dict.fromkeys(range(10), "") | {6: t("start, end")}),
    )]  # fmt: skip
    upper, lower, arrows = [], [], []
    for _, tokens, labels in tasks:
        vectors = [box(" ", wide=LINE, high=LINE) for _ in tokens]
        wide = LINE if len(labels) == len(tokens) else 2 * LINE
        new = [box(" ", "output", wide=wide, high=LINE) if i in labels else space() for i in range(len(tokens))]
        answers = [words(labels.get(i, ""), "output", strong=True) for i in range(len(tokens))]
        arrows += [arrow(vectors[i], new[i], "output") for i in labels]
        upper.append(column(*(row(*line, even=True) for line in (answers, new)), row(*vectors, even=True), gap=GAP * 2))
        lower.append(row(*(token.strip("[]") for token in tokens), even=True))
    scene = column(frames(*upper), box("BERT", strong=True, fill=True), frames(*lower), *arrows)
    messages = [
        t("One new layer on the vector of [CLS]: it says a class for the whole sentence."),
        t("Two sentences in a row, and the same layer on [CLS]: it says a class for the pair."),
        t("The same new layer on each word's vector: it says a tag for each."),
        t("A new layer of two outputs on each vector: where does the answer start, and where does it end?"),
    ]
    rows = [[name, " ".join(tokens), t(", ").join(filter(None, labels.values()))] for name, tokens, labels in tasks]
    table = [t("task"), t("an example"), t("answer")], rows
    names = [name for name, _, _ in tasks]
    return figure(scene, messages, table, axes=[("task", t("task"), names)], start={"task": names[0]}, title=title,
                  caption=caption)  # fmt: skip


def low_rank(size: int, ranks: Sequence[int], rank: int, *, title: str = "", caption: str = "") -> Figure:
    """A frozen matrix, and beside it two thin ones whose product is added: how many numbers each has.

    ranks: that a reader can choose; rank: the one that is seen first
    """
    frozen_count, side = size * size, WIDTH / 3.4  # to scale

    def sign(text: str) -> Part:
        return words(text, strong=True, size=LINE, wide=LINE)

    def learns(rank: int) -> Part:
        tall = box(" ", "warm", wide=side * rank / size, high=side, even=True)
        flat = box(" ", "warm", wide=side, high=side * rank / size, even=True)
        return column(
            words(t("B and A learn"), "warm"),
            row(column(words("B", "warm"), tall), sign("×"), column(words("A", "warm"), flat), tight=True),
            words(f"2 × {size * rank:,} = {2 * size * rank:,}", "warm", strong=True),
        )

    square = box(" ", wide=side, high=side, even=True)
    frozen = column(t("frozen"), words(f"W {size} × {size}", strong=True), square, f"{frozen_count:,}")
    scene = row(frozen, sign("+"), frames(*map(learns, ranks)))
    messages = [
        t("Rank {rank}: the {slim} numbers of B and A learn, the {thick} of W stay as they are.", rank=rank,
          slim=f"{2 * size * rank:,}", thick=f"{frozen_count:,}")
        for rank in ranks
    ]  # fmt: skip
    tables = [
        ([t("matrix"), t("shape"), t("numbers")],
         [["W", f"{size} × {size}", f"{frozen_count:,}"], ["B", f"{size} × {rank}", f"{size * rank:,}"],
          ["A", f"{rank} × {size}", f"{size * rank:,}"]])
        for rank in ranks
    ]  # fmt: skip
    return figure(scene, messages, tables, axes=[("rank", t("rank"), ranks)], start={"rank": rank}, title=title,
                  caption=caption, still=True)  # fmt: skip


def answer(
    question: str,
    tokens: Sequence[str],
    starts: Sequence[float],
    ends: Sequence[float],
    span: tuple[int, int],
    *,
    title: str = "",
    caption: str = "",
) -> Figure:
    """A text, token by token: how probably the answer begins and ends at each, and the span that is chosen.

    tokens: T of the text; starts, ends: their probabilities [T]; span: its first and last token
    """
    first, last = span
    head = row(space(), *steps(words(t("begins here"), "warm"), words(t("ends here"), "cool")))
    lines = [head]
    for n, (token, *shares) in enumerate(zip(tokens, starts, ends, strict=True)):
        chosen = first <= n <= last
        token_part = layers(words([token, token, " "]), box(token, "output", strong=True, high=LINE, since=2)) \
            if chosen else words(token)  # fmt: skip
        bars = (row(bar(share, role), f"{share:.0%}" if share >= LEAST else " ")
                for share, role in zip(map(float, shares), ("warm", "cool"), strict=True))  # fmt: skip
        lines.append(row(token_part, *steps(*bars)))
    begin, end = (max(range(len(p)), key=p.__getitem__) for p in (list(starts), list(ends)))
    messages = [
        t("“{question}” The answer most probably begins with “{word}”.", question=question, word=tokens[begin]),
        t("It most probably ends with “{word}”. These shares add up to 1 by themselves.", word=tokens[end]),
        t("Chosen: “{answer}”, the pair with the largest product.",
          answer=" ".join(tokens[first : last + 1]).replace(" ##", "")),
    ]  # fmt: skip
    rows = [[token, f"{a:.2f}", f"{b:.2f}"] for token, a, b in zip(tokens, starts, ends, strict=True)]
    table = [t("token"), t("begins here"), t("ends here")], rows
    return figure(grid(*lines, gap=CLOSE), messages, table, title=title, caption=caption)
