"""Chapter 9: of a model's own answers, those that pass a check."""

import torch

from course_kit.exercises.define import Case, Exercise, Property, call, named, variants, wrong_answers
from course_kit.i18n import mark, t


def passing(asked, texts, check):
    """The numbers of the answers that pass, from 0."""
    return [i for i, (one, text) in enumerate(zip(asked, texts, strict=True)) if check(one, text)]


def _adds(question, answer):
    """A check of sums. It takes a question and an answer, in this order."""
    if isinstance(question, str) or not isinstance(answer, str):
        raise TypeError("the check was given an answer and a question; it needs the question first, then the answer")
    return answer == str(sum(question))


def _ends(question, answer):
    """A check that looks at the end alone, and answers with a number."""
    if isinstance(question, str) or not isinstance(answer, str):
        raise TypeError("the check was given an answer and a question; it needs the question first, then the answer")
    return int(answer.endswith(str(sum(question) % 10)))


def _cases() -> list[Case]:
    case = named("asked", "texts", "check")
    adds, ends = {"check": t("is this text the sum?")}, {"check": t("does this text end like the sum? 1 or 0")}
    return [
        case([(3, 4), (5, 6), (7, 8)], ["7", "10", "15"], _adds, shown=True, given=adds),
        case([(3, 4), (3, 4), (9, 9)], ["8", "7", "18"], _adds, given=adds),  # one question twice
        case([(1, 1), (2, 2), (3, 3), (4, 4)], ["1", "2", "3", "4"], _adds, given=adds),
        case([(3, 4), (5, 6), (7, 8)], ["17", "10", "5"], _ends, given=ends),
        case([], [], _adds, given=adds),
    ]


def _numbers(answer, case: Case):
    """What an answer gives; a list of whole numbers, also an empty one, as a tensor."""
    found = call(answer, case)
    whole = isinstance(found, list | tuple) and all(isinstance(number, int) for number in found)
    return torch.tensor(found, dtype=torch.int64) if whole else found


@variants
def _wrong(asked, texts, check, *, passes=bool, first=0, first_only=False):
    found = [i + first for i, pair in enumerate(zip(asked, texts, strict=True)) if passes(check(*pair))]
    return found[:1] if first_only else found


def _which(run, case, mine, want):
    """What is to be said of numbers that are others."""
    count = len(case.args["asked"])
    if mine.dim() != 1 or torch.equal(mine, want):
        return False
    if len(mine) == count and set(mine.tolist()) <= {0, 1}:
        return t("These are {count} times yes or no. Give the numbers of the answers that pass, from 0.", count=count)
    if set(mine.tolist()) < set(want.tolist()):
        return t("Some answers that pass are missing. Does the loop end too early, or is a question asked only once?")
    return t("Answer {number} is among yours, and it does not pass.",
             number=next((i for i in mine.tolist() if i not in want.tolist()), 0))  # fmt: skip


PASSING = Exercise(
    name=mark("passing answers"),
    task=t(
        "Which answers pass the check? asked: questions, texts: an answer to each, check(question, answer) -> true or "
        "false; -> the numbers of those that pass, from 0, as a list."
    ),
    reference=passing,
    cases=_cases,
    run=_numbers,
    returns=("numbers",),
    properties=(Property(t("Just those that pass come back."), _which, any_shape=True),),
    used=t("It decides what your model imitates in [Four: imitate what passes](#Four:-imitate-what-passes)."),
    hints=(
        t("`zip(asked, texts)` gives each question with its answer, and `enumerate` counts them from 0."),
        t("`check(question, answer)` is true where the answer passes. Then its number goes into the list."),
        t("`[i for i, (one, text) in enumerate(zip(asked, texts)) if …]`: what stands behind `if`?"),
    ),
    minutes=6,
    difficulty=2,
    wrong=wrong_answers(
        _wrong(passes=lambda yes: not yes),
        t("These are the answers that do not pass."),
        _wrong(passes=lambda yes: True),
        t("All answers come back: the check is not asked, or what it says is not used."),
        _wrong(first=1),
        t("The numbers begin at 1. As indices of a list they begin at 0."),
        _wrong(first_only=True),
        t("Only the first answer that passes comes back. Is `return` inside the loop? Move it to the left."),
        lambda asked, texts, check: [int(bool(check(one, text))) for one, text in zip(asked, texts, strict=True)],
        t("These are 0 and 1 for each answer. Give the numbers of the answers that pass."),
        lambda asked, texts, check: [
            asked.index(one) for one, text in zip(asked, texts, strict=True) if check(one, text)
        ],
        t("`index` finds the first question of this kind, and one question may come twice. Count with `enumerate`."),
    ),
)
