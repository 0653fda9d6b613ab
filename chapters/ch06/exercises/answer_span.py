"""Chapter 6: the span of an answer."""

import torch

from chapters.ch06.pairs import best_span
from course_kit.exercises.define import (
    Case,
    Exercise,
    Property,
    some_numbers,
    variants,
    wrong_answers,
)
from course_kit.i18n import mark, t


def _from_a_table(start_logits, end_logits, allowed):
    scores = start_logits[:, None] + end_logits  # [T, T]: a row for each beginning
    fits = (allowed[:, None] & allowed).triu()  # first ≤ last
    best = scores.masked_fill(~fits, -torch.inf).argmax()
    return divmod(int(best), len(end_logits))


def _span(starts, ends, allowed, shown=False) -> Case:
    args = {"start_logits": torch.tensor(starts), "end_logits": torch.tensor(ends)}
    return Case(args | {"allowed": torch.tensor([c == "1" for c in allowed])}, shown=shown)


def _random(time, allowed_from, seed) -> Case:
    args = {n: 2 * some_numbers(time, seed=seed + i) for i, n in enumerate(("start_logits", "end_logits"))}
    return Case(args | {"allowed": torch.arange(time) >= allowed_from})


def _hidden(logits, allowed):
    return logits.masked_fill(~allowed, -torch.inf)


def _best_of_the_table(scores, fits, start, end, allowed, fill=-torch.inf):
    return divmod(int(scores.masked_fill(~fits, fill).argmax()), len(end))


def _forbidden_is_0(*table):
    return _best_of_the_table(*table, fill=0.0)


def _each_alone(scores, fits, start, end, allowed):
    return int(_hidden(start, allowed).argmax()), int(_hidden(end, allowed).argmax())


def _anywhere(scores, fits, start, end, allowed):
    return int(start.argmax()), int(end.argmax())


def _beginning_first(scores, fits, start, end, allowed):
    first = int(_hidden(start, allowed).argmax())
    return first, first + int(_hidden(end, allowed)[first:].argmax())


@variants
def _found(
    start,
    end,
    allowed,
    *,
    join=lambda start, end: start[:, None] + end,
    triangle=lambda table: table.triu(),
    choose=_best_of_the_table,
):
    """The span with one thing done differently. join: the table of scores; triangle, inside: which pairs may be."""
    scores = join(start, end)
    fits = triangle(torch.ones_like(scores, dtype=torch.bool)) & allowed[:, None] & allowed
    return choose(scores, fits, start, end, allowed)


def _another_is_better(run, case, mine, want):
    (first, last), allowed = mine, case.args["allowed"]
    if not (0 <= first <= last < len(allowed) and allowed[first] and allowed[last]):
        return t("This is no answer: it must begin before it ends, or at the same token, and both must be `allowed`.")
    says = t("Another pair has a larger product. Look at all pairs with first ≤ last together, not at one end first.")
    return mine != want and says


SPAN = Exercise(
    name=mark("answer span"),
    task=t(
        "Where does the answer begin, and where does it end? Of all pairs with first ≤ last, both among the `allowed` "
        "tokens, take the one with the largest p(first) · p(last), two softmaxes over the positions: start_logits, "
        "end_logits [T], allowed [T] bool, True = a token of the text -> (first, last), two whole numbers."
    ),
    reference=best_span,
    shown=_from_a_table,
    cases=lambda: [
        _span([5.0, 1.0, 2.0, 0.0, 3.0], [0.0, 4.0, 3.5, 3.0, 1.0], "00111", shown=True),
        _span([0.0, 0.0, 0.0, 6.0], [0.0, 5.0, 1.0, 5.5], "1111"),
        _span([0.0, 3.0, 2.9, 0.0], [0.0, 0.0, 4.0, 5.0], "1110"),
        _span([0.0, 0.0, 4.0, 5.0], [0.0, 4.5, 5.0, 0.0], "0111"),
        _span([0.0, 1.5, 5.0, 0.0], [0.0, 6.0, 5.0, 0.0], "1111"),
        _span([-5.0, -1.2, -5.0, -0.4], [-1.0, -0.7, -5.0, -1.9], "1111"),
        _span([9.0, 0.0, 1.0, 0.0, 0.0, 0.5], [0.0, 1.0, 0.0, 2.0, 0.0, 9.0], "111111"),
        _random(9, 3, 1540),
        _random(12, 4, 1542),
        _span([0.0, 4.0, 0.0, 0.0], [2.1, 0.0, 2.0, 0.0], "1111"),
        _span([-40.0, 0.0], [-40.0, 0.0], "10"),  # whatever low number a hidden place is given, it may be lower
    ],
    returns=("first", "last"),
    properties=(
        Property(t("Of the pairs with first ≤ last, both allowed, another is more probable."), _another_is_better),
    ),
    hints=(
        t("All pairs make a table: p(first) in the rows, p(last) in the columns. Which half of it is forbidden?"),
        t(
            "Both softmaxes divide by one number each, so the largest product is the largest sum of logits: "
            "`start_logits[:, None] + end_logits` is [T, T]."
        ),
        t(
            "`(allowed[:, None] & allowed).triu()` is True where a pair may be. Give all others −∞, and take the "
            "argmax. It counts through the rows: `divmod` makes row and column of it."
        ),
    ),
    minutes=8,
    difficulty=3,
    wrong=wrong_answers(
        _found(choose=_each_alone),
        t(
            "These are two separate argmaxes: here the answer would end before it begins. Look at pairs with first ≤ "
            "last."
        ),
        _found(choose=_anywhere),
        t(
            "These are two argmaxes over the whole row, question and padding included. Look at pairs with first ≤ "
            "last, both `allowed`."
        ),
        _found(choose=_forbidden_is_0),
        t("The forbidden pairs get 0, or a number that is not low enough: all logits may be lower. Give them −∞."),
        _found(choose=_beginning_first),
        t(
            "This takes the best beginning first, then the best end after it. A beginning nearly as good may have a "
            "far better end: look at all pairs."
        ),
        _found(triangle=lambda table: table.triu(1)),
        t("Answers of one word are left out: first = last is allowed, so keep the diagonal, `.triu()`."),
        _found(join=lambda start, end: start.softmax(-1)[:, None] + end.softmax(-1)),
        t(
            "This is the *sum* of the two probabilities, so a sure beginning would make up for any end. Both must be "
            "probable: take the product, or the sum of logits."
        ),
    ),
)
