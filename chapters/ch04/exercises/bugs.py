"""Chapter 4, find the error: absolute positions under another name."""

import torch
from torch import Tensor

from course_kit.exercises.compare import converted
from course_kit.exercises.define import Case, FindError, variants, wrong_answers
from course_kit.i18n import mark, t
from course_utils.positions import frequencies


def relative_encoding(i: int, j: int, size: int) -> Tensor:
    """A vector of the distance from key j to query i, [D]: sinusoids of i − j."""
    angles = (i - j) * frequencies(size)
    return torch.stack([angles.sin(), angles.cos()], -1).flatten().float()


@variants
def _place(i, j, D, *, number):
    return relative_encoding(number(i, j), 0, D)


def _told(answer, case: Case) -> tuple:
    """What a vector for the pair (i, j) knows; any function of the distance alone passes."""
    i, j, size = case.args.values()
    at = lambda i, j: converted(answer(i, j, size), torch.zeros(size), ("vector",)).double().flatten()  # noqa: E731
    same = [torch.allclose(at(i, j), at(i + n, j + n), atol=1e-4) for n in (1, 4)]
    return (
        len(at(i, j)),
        all(same),
        not torch.allclose(at(i, j), at(i, j - 1)),
        not torch.allclose(at(i, j), at(i + 1, j)),
    )


RELATIVE = FindError(
    name=mark("program 4.7"),
    title=t("absolute under the name relative"),
    task=t("write a vector of the *distance*: query at i, key at j, size D -> [D], the same wherever the pair is."),
    program=(
        "def relative(i, j, D):              # query at i, key at j",
        "    place = torch.tensor(float(i))",
        "    omega = 10000 ** (-torch.arange(0, D, 2) / D)",
        "    sin, cos = torch.sin(place * omega), torch.cos(place * omega)",
        "    return torch.stack([sin, cos], dim=-1).flatten()",
    ),
    line=2,
    found=t(
        "the vector knows where the query is and nothing of the key: this is the absolute encoding, misnamed. Replace "
        "i by i − j."
    ),
    innocent={
        1: t("both positions come in. Are both used?"),
        3: t("these are the usual frequencies."),
        4: t("a sine and its cosine for each of them."),
        5: t("each sine is beside its cosine."),
    },
    reference=relative_encoding,
    cases=lambda: [
        Case({"i": 5, "j": 3, "D": 4}, shown=True),
        Case({"i": 9, "j": 1, "D": 2}),
        Case({"i": 3, "j": 3, "D": 6}),
    ],
    run=_told,
    returns=(
        "size",
        t("equal distance, equal vector"),
        t("another key is told apart"),
        t("another query is told apart"),
    ),
    hints=(
        t("Which of the arguments is never used?"),
        t("(5, 3) and (6, 4) are the same distance apart: they must get the same vector."),
        t("Line 2 takes the position of the query. What has (5, 3) in common with (6, 4)?"),
    ),
    minutes=4,
    difficulty=1,
    wrong=wrong_answers(
        _place(lambda i, j: i),
        t("The vector knows where the query is, and nothing of the key: it is still absolute."),
        _place(lambda i, j: j),
        t("Now the vector knows where the key is, and nothing of the query: it is still absolute."),
        _place(lambda i, j: i + j),
        t("This is the sum, which changes when both move on together. The *difference* does not."),
        _place(lambda i, j: 0),
        t("Every pair gets the same vector, which does not tell distances apart."),
        lambda i, j, D: torch.cat([_place(lambda i, j: i)(i, j, D), _place(lambda i, j: j)(i, j, D)]),
        t("The vector holds both positions, so (5, 3) and (6, 4) still get different vectors."),
    ),
)
