"""Chapter 6: the span of an answer, and an answer that is taken for three classes."""

import torch
from torch import Tensor

from chapters.ch06.pairs import best_span
from course_utils.attention import masked_softmax
from course_utils.exercises.definition import Case, Exercise, FindError, variants, wrong_answers
from course_utils.exercises.inputs import drawn, named, some_numbers, tensors

# ---- answer span ----------------------------------------------------------------------------------------------------


def _span(starts, ends, allowed, shown=False) -> Case:
    args = {"start_logits": torch.tensor(starts), "end_logits": torch.tensor(ends)}
    return Case(args | {"allowed": torch.tensor([c == "1" for c in allowed])}, shown=shown)


def _random(time, allowed_from, seed) -> Case:
    args = {n: 2 * some_numbers(time, seed=seed + i) for i, n in enumerate(("start_logits", "end_logits"))}
    return Case(args | {"allowed": torch.arange(time) >= allowed_from})


def _inside(table, allowed):
    return table & allowed[:, None] & allowed


@variants
def _table(
    start,
    end,
    allowed,
    *,
    fits=lambda table, allowed: _inside(table.triu(), allowed),
    join=lambda start, end: start[:, None] + end,
    fill=-torch.inf,
    given=lambda first, last: (first, last),
):
    """The best pair in a table of all; fits(table of True, allowed): which pairs may be."""
    scores = join(start, end)
    scores = scores.masked_fill(~fits(torch.ones_like(scores, dtype=torch.bool), allowed), fill)
    return given(*divmod(int(scores.argmax()), len(end)))


def _hidden(logits, allowed):
    return logits.masked_fill(~allowed, -torch.inf)


def _greedy(start, end, allowed):
    first = int(_hidden(start, allowed).argmax())
    return first, first + int(_hidden(end, allowed)[first:].argmax())


def _backwards(start, end, allowed):
    last = int(_hidden(end, allowed).argmax())
    return int(_hidden(start, allowed)[: last + 1].argmax()), last


SPAN = Exercise(
    name="answer span",
    task="Where does the answer begin, and where does it end? Of all pairs with first ≤ last, both among the `allowed` "
    "tokens, take the one with the largest p(first) · p(last), two softmaxes over the positions: start_logits, "
    "end_logits [T], allowed [T] bool, True = a token of the text -> (first, last), two whole numbers.",
    why="Two argmaxes look at each end alone, and now and then give an answer that ends before it begins.",
    reference=best_span,
    cases=lambda: [
        _span([5.0, 1.0, 2.0, 0.0, 3.0], [0.0, 4.0, 3.5, 3.0, 1.0], "00111", shown=True),
        _span([0.0, 0.0, 0.0, 6.0], [0.0, 5.0, 1.0, 5.5], "1111"),
        _span([0.0, 3.0, 2.9, 0.0], [0.0, 0.0, 4.0, 5.0], "1110"),
        _span([0.0, 0.0, 4.0, 5.0], [0.0, 4.5, 5.0, 0.0], "0111"),
        _span([0.0, 1.0, 5.0, 0.0], [0.0, 6.0, 5.0, 0.0], "1111"),
        _span([-5.0, -1.2, -5.0, -0.4], [-1.0, -0.7, -5.0, -1.9], "1111"),
        _random(9, 3, 1540),
        _random(12, 4, 1542),
    ],
    returns=("first", "last"),
    hints=(
        "All pairs are a table: p(first) in rows, p(last) in columns. Which half of it is forbidden?",
        "The largest product is the largest sum of logits, since both softmaxes divide by one number each: "
        "`scores = start_logits[:, None] + end_logits` is [T, T].",
        "`fits = (allowed[:, None] & allowed).triu()`, then the argmax of `scores.masked_fill(~fits, -torch.inf)`, "
        "and `divmod(int(best), len(end_logits))`.",
    ),
    minutes=6,
    difficulty=3,
    wrong=wrong_answers(
        lambda start, end, allowed: (int(_hidden(start, allowed).argmax()), int(_hidden(end, allowed).argmax())),
        "Two argmaxes, each for itself: here the answer would end before it begins. Look at pairs with first ≤ last.",
        lambda start, end, allowed: tuple(
            sorted((int(_hidden(start, allowed).argmax()), int(_hidden(end, allowed).argmax())))
        ),
        "Two argmaxes, put in order: what was a good *end* becomes the beginning. Look at pairs with first ≤ last.",
        lambda start, end, allowed: (int(start.argmax()), int(end.argmax())),
        "Two argmaxes over the whole row, question and padding included. Look at pairs with first ≤ last, both "
        "`allowed`.",
        _table(fill=0.0),
        "The forbidden pairs get 0, and where all logits are negative, 0 is the largest. Forbidden is −∞.",
        lambda start, end, allowed: best_span(
            start[allowed], end[allowed], torch.ones(int(allowed.sum()), dtype=torch.bool)
        ),
        "Counted from the first allowed token. The places of the whole row are asked for.",
        _greedy,
        "First the best beginning, then the best end behind it. A beginning nearly as good may have a far better "
        "end: look at all pairs.",
        _backwards,
        "First the best end, then the best beginning before it. Look at all pairs at once.",
        _table(lambda table, allowed: table.triu()),
        "The question's tokens, [CLS] and padding take part: `allowed` says where an answer may lie.",
        _table(lambda table, allowed: table.triu() & allowed),
        "The end lies in the text, the beginning need not: both must be `allowed`.",
        _table(lambda table, allowed: table.triu() & allowed[:, None]),
        "The beginning lies in the text, the end need not: both must be `allowed`.",
        _table(lambda table, allowed: _inside(table.triu(1), allowed)),
        "Answers of one word are left out: first = last is allowed, `triu()` with the diagonal.",
        _table(lambda table, allowed: _inside(table.tril(), allowed)),
        "The wrong triangle: these answers end before they begin.",
        _table(join=lambda start, end: start.softmax(-1)[:, None] + end.softmax(-1)),
        "The *sum* of the two probabilities: a sure beginning would make up for any end. Both must be probable: "
        "the product, or the sum of logits.",
        _table(join=lambda start, end: start[:, None] * end),
        "The logits are multiplied: two negative ones would make a good score. Multiply probabilities, or add logits.",
        _table(given=lambda first, last: (first, last + 1)),
        "One too far: `last` is the last token of the answer itself, not the one behind it.",
        _table(join=lambda start, end: end[:, None] + start),
        "Rows and columns are swapped: beginnings belong to the rows where the upper triangle is kept.",
        _table(given=lambda first, last: (last, first)),
        "Right, but the wrong way round: first, then last.",
    ),
)

# ---- three classes --------------------------------------------------------------------------------------------------


def start_and_end(start_logits: Tensor, end_logits: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """start_logits, end_logits [B, T], mask [B, T] True = a real token -> two distributions over positions [B, T]."""
    return masked_softmax(start_logits, mask), masked_softmax(end_logits, mask)


_logits = named("start_logits", "end_logits", "mask")


def _classes(start, end, mask):
    both = torch.stack([start, end, torch.zeros_like(start)], -1).softmax(-1)
    return both[..., 0] * mask, both[..., 1] * mask


def _each_alone(read):
    return lambda start, end, mask: (read(start, mask), read(end, mask))


THREE_CLASSES = FindError(
    name="three classes for each token",
    task="write the distributions: start_logits, end_logits [B, T], mask [B, T] True = a real token -> (p of being "
    "the first token, p of being the last), each [B, T].",
    why="An overview says claim 3 beside formulas that say otherwise.",
    claims=True,
    program=(
        "The answer is a part of the text: it has a first and a last token.",
        "Two vectors S and E are learnt; token i gets the scores S · Tᵢ and E · Tᵢ.",
        "So question answering is a three-way classification of each token: start, end, or neither.",
        "P(start = i) is exp(S · Tᵢ), divided by the sum of exp(S · Tⱼ) over all tokens j.",
    ),
    line=3,
    found="claim 4 is right, and contradicts it: the tokens compete with *each other* to be the first. Each softmax "
    "runs over positions, and there are two of them; classes there are none.",
    innocent={
        1: "so it is in SQuAD: a span.",
        2: "yes: two numbers for each token.",
        4: "a softmax over positions: right. Does that fit with all the other claims?",
    },
    reference=start_and_end,
    cases=lambda: [
        _logits(*tensors([[0.0, 2.0, 1.0]], [[0.0, 1.0, 3.0]], [[True, True, False]]), shown=True),
        _logits(*drawn(1550, (2, 4), (2, 4)), torch.arange(4) < torch.tensor([[4], [2]])),
        _logits(*drawn(1552, (3, 5), (3, 5)), torch.arange(5) < torch.tensor([[3], [5], [1]])),
    ],
    returns=("first", "last"),
    hints=(
        "How many tokens of a text are the first one of the answer? What must the probabilities sum to, and over what?",
        "Padding cannot be an answer: −∞ before the softmax.",
        "`start_logits.masked_fill(~mask, -torch.inf).softmax(-1)`, and the same for the end.",
    ),
    minutes=4,
    difficulty=2,
    wrong=wrong_answers(
        _classes,
        "Three classes for each token still: start, end, neither. In a text of 300 tokens each would decide for "
        "itself whether it is the first.",
        lambda start, end, mask: tuple((torch.stack([start, end], -1).softmax(-1) * mask[..., None]).unbind(-1)),
        "Start or end, for each token: the two compete with each other. The *tokens* should.",
        _each_alone(lambda x, mask: x.sigmoid() * mask),
        "A sigmoid for each token: yes or no, many times over. There is one first token: a softmax over positions.",
        _each_alone(lambda x, mask: x.softmax(-1)),
        "Over positions: right. But padding has its share.",
        _each_alone(lambda x, mask: x.softmax(-1) * mask),
        "The padding is set to 0 after the softmax, and its share is lost: the rest sums to less than 1. Hide it "
        "before.",
        _each_alone(lambda x, mask: x.masked_fill(~mask, -torch.inf).softmax(0)),
        "The softmax runs over the batch: texts compete with each other. Positions are the last axis.",
        _each_alone(lambda x, mask: x.masked_fill(mask, -torch.inf).softmax(-1)),
        "The mask is read the wrong way round: now only padding can be the answer, and where there is none, NaN.",
        _each_alone(lambda x, mask: (x * mask).softmax(-1)),
        "A logit of 0 is no hiding: exp(0) = 1. Padding needs −∞.",
        _each_alone(lambda x, mask: x.masked_fill(~mask, -torch.inf).log_softmax(-1)),
        "These are logarithms of the probabilities.",
    ),
)
