"""Chapter 4, find the error: absolute positions under another name."""

import torch
from torch import Tensor

from course_kit.exercises.compare import converted
from course_kit.exercises.define import Case, FindError, Property, variants, wrong_answers
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
    alike = lambda *pairs: torch.allclose(*(at(*pair) for pair in pairs), atol=1e-4)  # noqa: E731
    return (
        len(at(i, j)),
        all(alike((i, j), (i + n, j + n)) for n in (1, 4)),
        not alike((i, j), (i, j - 1)),
        not alike((i, j), (i + 1, j)),
        i == j or not alike((i, j), (j, i)),
        not any(alike((i, j), (i + n, j)) for n in range(2, 9)),
    )


def _not_told(run, case, mine, want):
    """What a vector does not tell, or tells too much."""
    if mine[0] != want[0]:
        return t("The vector has {count} numbers; needed: D, here {size}.", count=mine[0], size=want[0])
    if not mine[1]:
        return t("When query and key both move on, the distance stays, and your vector changes.")
    if not all(mine[2:4]) or not mine[5]:
        return t(
            "Two different distances get the same vector. Each should have its own, so take the distance as it is: do "
            "not cut it off, and do not begin again at some number."
        )
    return not mine[4] and t("A key before the query and one as far behind it get the same vector.")


RELATIVE = FindError(
    name=mark("program 4.7"),
    title=t("absolute under the name relative"),
    task=t(
        "write a vector of the *distance*: query at i, key at j, size D -> [D], the same wherever the pair is, and "
        "another one where the key stands on the other side of the query."
    ),
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
        Case({"i": 2, "j": 6, "D": 4}),
    ],
    run=_told,
    returns=(
        "size",
        t("equal distance, equal vector"),
        t("another key is told apart"),
        t("another query is told apart"),
        t("before and behind are told apart"),
        t("distances far apart, too"),
    ),
    properties=(Property(t("The vector tells the distance, and nothing else."), _not_told),),
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
        t(
            "When both move on together, your number changes, as the sum of the two positions does, or their product. "
            "Their *difference* stays."
        ),
        _place(lambda i, j: 0),
        t("Every pair gets the same vector, which does not tell distances apart."),
        lambda i, j, D: torch.cat([_place(lambda i, j: i)(i, j, D), _place(lambda i, j: j)(i, j, D)]),
        t("The vector holds both positions, so (5, 3) and (6, 4) still get different vectors."),
        _place(lambda i, j: abs(i - j)),
        t(
            "This is how far apart they are, so a key before the query and one as far behind it get the same vector. "
            "Let the sign stay: i − j."
        ),
    ),
)
