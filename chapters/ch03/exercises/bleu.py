"""Chapter 3's errata in numbers: three errors in one BLEU score, as a lecture prints it."""

import math

from course_kit.exercises.define import Case, FindError, variants, wrong_answers
from course_utils.metrics import brevity_penalty


def brevity_of(candidate: list[str], reference: list[str]) -> float:
    """Brevity penalty of two lists of words, counted in words."""
    return brevity_penalty(len(candidate), len(reference))


def _characters(words):
    return len("".join(words))


def _different(words):
    return len(set(words))


@variants
def _wrong_brevity(
    candidate,
    reference,
    *,
    ours=len,
    theirs=len,
    enough=lambda c, r: c >= r,
    penalty=lambda c, r: math.exp(1 - r / c),
):
    """The penalty of two lists of words with one thing done differently."""
    c, r = ours(candidate), theirs(reference)
    return 1.0 if enough(c, r) else penalty(c, r)


def _words(candidate: str, reference: str, shown=False) -> Case:
    return Case({"candidate": candidate.split(), "reference": reference.split()}, shown=shown)


UNITS = FindError(
    name="program 3.5",
    title="two units in one score",
    task="write the penalty again: two lists of words -> a number.",
    program=(
        "def brevity(candidate, reference):          # lists of words",
        '    ours, theirs = len("".join(candidate)), len("".join(reference))',
        "    return 1.0 if ours >= theirs else math.exp(1 - theirs / ours)",
    ),
    line=2,
    found="the lengths count characters, 5 and 9, while the n-grams are words. In words the lengths are 3 and 6, and "
    "the penalty is .368.",
    innocent={1: "two lists of words.", 3: "the penalty itself is right, whatever the unit."},
    reference=brevity_of,
    cases=lambda: [
        _words("男孩 踢 足球", "一个 小 男孩 在 踢 足球", shown=True),
        _words("a long word", "some other words here"),
        _words("one two three", "a b"),
        _words("ab c", "a b c"),
        _words("the the cat", "the cat and the dog"),
    ],
    returns=("penalty",),
    hints=(
        "What does `len` count in line 2?",
        "Count the words of the reference, then its characters. What are the n-grams made of?",
        "The `len` of a list is the number of its words. Why join them?",
    ),
    minutes=3,
    difficulty=1,
    wrong=wrong_answers(
        _wrong_brevity(ours=_characters, theirs=_characters),
        "You still count characters. The lengths must count whatever the n-grams are made of.",
        _wrong_brevity(theirs=_characters),
        "Words are compared with characters: only one of the two lengths is fixed.",
        _wrong_brevity(ours=_different, theirs=_different),
        "You count the *different* words. A word that comes twice counts twice.",
        _wrong_brevity(penalty=lambda c, r: c / r),
        "The penalty is e^(1 − theirs/ours), not the ratio of the lengths.",
        _wrong_brevity(enough=lambda c, r: False),
        "A longer candidate must not get more than 1.",
        lambda candidate, reference: brevity_of(reference, candidate),
        "Candidate and reference are exchanged.",
    ),
)


def geometric_mean(matches: list[int], totals: list[int]) -> float:
    """Geometric mean of matches/totals; 0 as soon as one order has no match, or no n-gram at all."""
    if not all(matches):
        return 0.0
    return math.prod(m / t for m, t in zip(matches, totals, strict=True)) ** (1 / len(matches))


def _matched(matches, totals):
    return [m / t for m, t in zip(matches, totals, strict=True) if m]


NOTHING = FindError(
    name="program 3.6",
    title="what is log zero",
    task="write the mean again, by the definition, without smoothing: matches and totals of 1- to 4-grams -> the "
    "geometric mean of the precisions.",
    program=(
        "def mean_precision(matches, totals):         # [3, 1, 0, 0] of [3, 2, 1, 0]",
        "    total = 0.0",
        "    for m, t in zip(matches, totals, strict=True):",
        "        if m > 0:",
        "            total += math.log(m / t) / 4",
        "    return math.exp(total)",
    ),
    line=4,
    found="precisions of 0 are left out, as if they were 1. No 3-gram is right, so one precision is 0, its log is −∞, "
    "and the mean is 0.",
    innocent={
        1: "matches and totals of four orders.",
        2: "a sum begins with 0.",
        3: "order after order.",
        5: "a quarter of each logarithm: the geometric mean.",
        6: "back from logarithms.",
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
        "What is a product with a 0 in it?",
        "What does the program give a translation that matches no 4-gram?",
        "As soon as one of the matches is 0, the whole mean is 0.0: no logarithm is needed.",
    ),
    minutes=3,
    difficulty=1,
    wrong=wrong_answers(
        lambda m, t: math.prod(_matched(m, t)) ** 0.25,
        "Orders without a match are still left out, as if they were perfect.",
        lambda m, t: math.prod(_matched(m, t)) ** (1 / len(_matched(m, t))),
        "Orders without a match are still left out. One precision of 0 makes the whole mean 0.",
        lambda m, t: sum(_matched(m, t)) / len(m),
        "This is the ordinary mean. BLEU multiplies, so one precision of 0 makes the whole score 0.",
        lambda m, t: sum(m) / sum(t),
        "All orders are counted together. BLEU takes a precision for each order, then their geometric mean.",
    ),
)


def bleu_of(precisions: list[float], brevity: float) -> float:
    """Brevity times the geometric mean of positive precisions."""
    return brevity * math.prod(precisions) ** (1 / len(precisions))


LOGARITHM = FindError(
    name="program 3.7",
    title="which logarithm",
    task="write the score again: positive precisions and a brevity penalty -> the score.",
    program=(
        "def score_of(precisions, brevity):",
        "    logs = [math.log10(p) for p in precisions]",
        "    mean = sum(logs) / len(logs)",
        "    return brevity * math.exp(mean)",
    ),
    line=2,
    found="line 2 takes logarithms to base 10, and line 4 undoes them with e: both must have the same base. "
    "`math.log` is the natural logarithm.",
    innocent={
        3: "the mean of logarithms: a geometric mean.",
        4: "e to the mean, times the penalty: right after natural logarithms.",
    },
    reference=bleu_of,
    cases=lambda: [
        Case({"precisions": [1.0, 0.5, 1.0, 1.0], "brevity": 0.449}, shown=True),
        Case({"precisions": [0.8, 0.6, 0.4, 0.2], "brevity": 1.0}),
        Case({"precisions": [0.5, 0.25], "brevity": 0.5}),
    ],
    returns=("score",),
    hints=(
        "What undoes log₁₀?",
        "`exp` and the logarithm must have the same base.",
        "`math.exp` has base e. Which function of `math` is its inverse?",
    ),
    minutes=2,
    difficulty=1,
    wrong=wrong_answers(
        lambda p, b: b * math.exp(sum(map(math.log10, p)) / len(p)),
        "You still take logarithms to base 10 and then raise e to their mean: the result is too large.",
        lambda p, b: b * math.prod(p),
        "This is the product without the root. The mean of n logarithms is the n-th root of the product.",
        lambda p, b: b * sum(p) / len(p),
        "This is the ordinary mean of the precisions.",
        lambda p, b: math.prod(p) ** (1 / len(p)),
        "The brevity penalty is missing.",
    ),
)

BLEU = (UNITS, NOTHING, LOGARITHM)
