"""What taggers and answerers are judged by: F1 of whole entities; exact match and F1 of answers.

Sources: Tjong Kim Sang & De Meulder 2003 (CoNLL, entities); Rajpurkar et al. 2016 (SQuAD, answers).
"""

import re
import string
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from course_kit.arguments import described, list_of_texts, several


class Span(NamedTuple):
    """Words first … last, both included, are a `kind`."""

    first: int
    last: int
    kind: str


class Scores(NamedTuple):
    """Shares from 0 to 1; f1 is their harmonic mean."""

    precision: float
    recall: float
    f1: float


def spans(tags: Sequence[str]) -> list[Span]:
    """BIO tags -> entities: "B-person I-person O" is Span(0, 1, "person"). An I without a beginning begins one, as in
    conlleval. Raises ValueError for a tag that is no O, B-… or I-…."""
    found: list[Span] = []
    before = "O"
    for at, tag in enumerate(list_of_texts("tags", tags, "one tag each")):
        mark, _, kind = tag.partition("-")
        if tag != "O" and (mark not in ("B", "I") or not kind):
            raise ValueError(f"tag {tag!r} is none of O, B-… and I-…")
        if mark == "I" and before.partition("-")[2] == kind:
            found[-1] = found[-1]._replace(last=at)
        elif tag != "O":
            found.append(Span(at, at, kind))
        before = tag
    return found


def entity_scores(predicted: Sequence[Sequence[str]], gold: Sequence[Sequence[str]]) -> Scores:
    """Precision, recall, F1 over all sentences; an entity is right if its first word, last word and kind are."""
    predicted, gold = (
        [list_of_texts(name, tags, "one tag each") for tags in several(name, side)]
        for name, side in (("predicted", predicted), ("gold", gold))
    )
    if len(predicted) != len(gold):
        raise ValueError(f"{len(predicted)} sentences predicted, {len(gold)} in the gold: each needs its own")
    for number, (ours, theirs) in enumerate(zip(predicted, gold, strict=True)):
        if len(ours) != len(theirs):
            raise ValueError(f"predicted[{number}] has {len(ours)} tags, gold {len(theirs)}; needed: one for each word")
    said, true = ({(n, *s) for n, tags in enumerate(side) for s in spans(tags)} for side in (predicted, gold))
    right = len(said & true)
    return _scores(right, len(said), len(true))


def normal_answer(text: str) -> str:
    """Lower case, without punctuation and the articles a, an, the, as SQuAD's script compares answers."""
    if not isinstance(text, str):
        raise TypeError(f"text is {described(text)}; needed: an answer in quotes")
    text = "".join(c for c in text.lower() if c not in string.punctuation)
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", text).split())


def answer_scores(predicted: Sequence[str], gold: Sequence[str | Sequence[str]]) -> dict[str, float]:
    """{"exact match", "F1"}, 0 to 1, the best over the gold answers of each question; "" says that there is none."""
    predicted = list_of_texts("predicted", predicted, "one answer each")
    if isinstance(gold, str) or not hasattr(gold, "__len__"):
        raise TypeError(f"gold is {described(gold)}; needed: a list, one answer or one list of them for each question")
    gold = [[one] if isinstance(one, str) else list_of_texts("gold", one, "answers") for one in gold]
    if not all(gold):
        raise ValueError('a question has no gold answer; needed: at least one for each, "" where there is none')
    if len(predicted) != len(gold) or not gold:
        raise ValueError(f"{len(predicted)} answers for {len(gold)} questions; needed: one each, and at least one")
    exact = f1 = 0.0
    for said, answers in zip(predicted, gold, strict=True):
        exact += max(normal_answer(said) == normal_answer(a) for a in answers)
        f1 += max(_overlap(normal_answer(said).split(), normal_answer(a).split()) for a in answers)
    return {"exact match": exact / len(gold), "F1": f1 / len(gold)}


def _overlap(said: list[str], true: list[str]) -> float:
    if not said or not true:
        return float(said == true)
    return _scores(sum((Counter(said) & Counter(true)).values()), len(said), len(true)).f1


def _scores(right: int, said: int, true: int) -> Scores:
    precision, recall = right / said if said else 0.0, right / true if true else 0.0
    return Scores(precision, recall, 2 * right / (said + true) if said + true else 1.0)
