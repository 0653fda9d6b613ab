"""Chapter 3, find the error: one of three in a BLEU score, as a lecture prints it."""

import math

from course_kit.exercises.define import Case, FindError, wrong_answers
from course_kit.i18n import mark, t


def geometric_mean(matches: list[int], totals: list[int]) -> float:
    """Geometric mean of matches/totals; 0 as soon as one order has no match, or no n-gram at all."""
    if not all(matches):
        return 0.0
    return math.prod(m / t for m, t in zip(matches, totals, strict=True)) ** (1 / len(matches))


def _matched(matches, totals):
    return [m / t for m, t in zip(matches, totals, strict=True) if m]


NOTHING = FindError(
    name=mark("program 3.6"),
    title=t("what is log zero"),
    task=t(
        "write the mean again, by the definition, without smoothing: matches and totals of 1- to 4-grams -> the "
        "geometric mean of the precisions."
    ),
    program=(
        "def mean_precision(matches, totals):         # [3, 1, 0, 0] of [3, 2, 1, 0]",
        "    total = 0.0",
        "    for m, t in zip(matches, totals, strict=True):",
        "        if m > 0:",
        "            total += math.log(m / t) / 4",
        "    return math.exp(total)",
    ),
    line=4,
    found=t(
        "precisions of 0 are left out, as if they were 1. No 3-gram is right, so one precision is 0, its log is −∞, "
        "and the mean is 0."
    ),
    innocent={
        1: t("matches and totals of four orders."),
        2: t("a sum begins with 0."),
        3: t("order after order."),
        5: t("a quarter of each logarithm: the geometric mean."),
        6: t("back from logarithms."),
    },
    reference=geometric_mean,
    cases=lambda: [
        Case({"matches": [3, 1, 0, 0], "totals": [3, 2, 1, 0]}, shown=True),
        Case({"matches": [4, 3, 2, 1], "totals": [4, 3, 2, 1]}),
        Case({"matches": [5, 3, 2, 1], "totals": [6, 5, 4, 3]}),
        Case({"matches": [2, 0, 0, 0], "totals": [6, 5, 4, 3]}),
    ],
    returns=("mean",),
    hints=(
        t("What is a product with a 0 in it?"),
        t("What does the program give a translation that matches no 4-gram?"),
        t("As soon as one of the matches is 0, the whole mean is 0.0: no logarithm is needed."),
    ),
    minutes=4,
    difficulty=1,
    wrong=wrong_answers(
        lambda m, t: math.prod(_matched(m, t)) ** 0.25,
        t("Orders without a match are still left out, as if they were perfect."),
        lambda m, t: math.prod(_matched(m, t)) ** (1 / len(_matched(m, t))),
        t("Orders without a match are still left out. One precision of 0 makes the whole mean 0."),
        lambda m, t: sum(_matched(m, t)) / len(m),
        t("This is the ordinary mean. BLEU multiplies, so one precision of 0 makes the whole score 0."),
        lambda m, t: sum(m) / sum(t),
        t("All orders are counted together. BLEU takes a precision for each order, then their geometric mean."),
    ),
)
