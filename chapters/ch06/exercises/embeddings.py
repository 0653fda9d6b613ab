"""Chapter 6: three embeddings and their sum."""

import torch
from torch import Tensor

from course_kit.exercises.compare import same
from course_kit.exercises.define import Case, Exercise, Property, drawn, named, tensors, variants, wrong_answers
from course_kit.exercises.properties import changed
from course_kit.i18n import mark, t
from course_utils.bert import embed


def _three_rows(ids, segments, words, kinds, places):
    return words[ids] + kinds[segments] + places[: ids.shape[1]]  # [B, T, D]


_embedded = named("ids", "segments", "words", "kinds", "places")


def _embedding_case(batch, time, size, words, longest, seed) -> Case:
    draw = torch.Generator().manual_seed(seed)
    ids = torch.randint(words, (batch, time), generator=draw)
    segments = (torch.arange(time) >= torch.randint(1, time + 1, (batch, 1), generator=draw)).long()
    return _embedded(ids, segments, *drawn(seed + 1, (words, size), (2, size), (longest, size)))


def _embedding_cases() -> list[Case]:
    words, kinds = [[1.0, 0, 2], [0, 1, 0], [3, 1, 0]], [[0.0, 0, 10], [20, 0, 0]]
    places = [[0.0, 0, 0], [100, 0, 0], [0, 100, 0], [0, 0, 100]]
    return [
        _embedded(*tensors([[0, 2], [1, 2]], [[0, 0], [0, 1]], words, kinds, places), shown=True),
        _embedding_case(2, 4, 6, 8, 9, 1510),
        _embedding_case(3, 2, 5, 7, 9, 1520),
    ]


def _places(ids: Tensor, table: Tensor) -> Tensor:
    return table[: ids.shape[1]]


@variants
def _summed(*inputs, place=lambda ids, segments, table: _places(ids, table), join=lambda w, k, p: w + k + p):
    """The sum with one part made differently."""
    ids, segments, words, kinds, places = inputs
    return join(words[ids], kinds[segments], place(ids, segments, places))


def _counted_on(ids: Tensor, segments: Tensor, table: Tensor) -> Tensor:
    """The positions of all tokens of the batch, counted through: right in the first row."""
    return table[torch.arange(ids.numel()).view(ids.shape)]


def _by_ids(run, case, mine, want):
    """Whether other ids give something else where words and kinds are zeros."""
    zeros = {name: torch.zeros_like(case.args[name]) for name in ("words", "kinds")}
    one, other = (run(changed(case, ids=ids, **zeros)) for ids in (case.args["ids"], case.args["ids"].roll(1, 1)))
    return not same(one, other)


def _of_one_table(run, case, mine, want):
    """Which table is read in another way, where the two others are zeros."""
    read = {
        "words": t("the row of the token's id, as it is"),
        "kinds": t("the row of its segment"),
        "places": t("row 0 for the first token, row 1 for the second, and so on, in every sentence"),
    }
    zeros = {name: torch.zeros_like(case.args[name]) for name in read}
    for name, needed in read.items():
        alone = changed(case, **zeros | {name: case.args[name]})
        if not same(run(alone), embed(*alone.args.values())):
            return t("Something else comes of `{name}` than {needed}.", name=name, needed=needed)
    return False


SUM = Exercise(
    name=mark("embedding sum"),
    task=t(
        "Give each token its three vectors, the rows of its id, of its segment and of its position, and add them: "
        "ids, segments [B, T], tables words [V, D], kinds [2, D], places [max, D] -> [B, T, D]."
    ),
    reference=embed,
    shown=_three_rows,
    properties=(
        Property(t("The positions depend on the *ids*. A position says where a token is: 0, 1, 2 and so on."), _by_ids),
        Property(t("Each table gives its row to each token, and the three are added."), _of_one_table),
    ),
    cases=_embedding_cases,
    returns=("output",),
    used=t("Your `embed` is in the model of [Three: build it](#Three:-build-it)."),
    hints=(
        t("A table indexed by whole numbers gives rows: `words[ids]` is [B, T, D]."),
        t("Positions are 0, 1, 2, … in every sentence, so they are the first T rows of their table."),
        t("Add the three: the rows of `ids`, the rows of `segments`, and `places[:T]`, where T is `ids.shape[1]`."),
    ),
    minutes=6,
    difficulty=2,
    wrong=wrong_answers(
        _summed(place=_counted_on),
        t("The positions go on from one sentence to the next, so only the first row is right. Each begins at 0."),
        _summed(place=lambda ids, segments, table: table[ids]),
        t(
            "The positions are looked up by the *ids*, and there are more ids than positions. A position says where a "
            "token is: 0, 1, 2 and so on."
        ),
        _summed(place=lambda ids, segments, table: table[: len(ids)].unsqueeze(1)),
        t("The positions run along the batch: all tokens of a sentence get the same one."),
        _summed(place=lambda ids, segments, table: table[1 : ids.shape[1] + 1]),
        t("The positions are one too far: the first token is at position 0."),
        _summed(join=lambda w, k, p: torch.cat([w, k, p.expand_as(w)], -1)),
        t("The three are put side by side, which makes 3 D features. They are added, so that the width stays D."),
    ),
)
