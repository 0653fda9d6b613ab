"""What taggers are judged by: F1 of whole entities. Source: Tjong Kim Sang & De Meulder 2003 (CoNLL)."""

from collections.abc import Sequence
from typing import NamedTuple

from course_kit.programs.arguments import list_of_texts, several


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
    precision, recall = right / len(said) if said else 0.0, right / len(true) if true else 0.0
    return Scores(precision, recall, 2 * right / (len(said) + len(true)) if said or true else 1.0)
