"""Chapter 4: a convolution as a matrix."""

from dataclasses import replace

import torch

from course_kit.exercises.compare import same
from course_kit.exercises.define import Exercise, Property, named, variants, wrong_answers
from course_kit.exercises.properties import linear_in
from course_kit.i18n import mark, t

from . import solutions

_convolved = named("kernel", "length")


@variants
def _wrong_convolution(kernel, length, *, shift=lambda half: 0, flip=False, ends=True):
    """A convolution as a matrix with one thing done differently."""
    half, C = len(kernel) // 2, torch.zeros(length, length)
    for i in range(length):
        if not ends and not half <= i < length - half:
            continue
        for n, w in enumerate(kernel.flip(0) if flip else kernel):
            j = i + n - half + shift(half)
            if 0 <= j < length:
                C[i, j] = w
    return C


def _which_row(run, case, mine, want):
    """What a row between the ends holds, or that only rows at the ends are wrong."""
    half, length = len(case.args["kernel"]) // 2, len(want)
    if not half < length - half:
        return None
    if same(mine, want):
        return False
    if same(mine[half : length - half], want[half : length - half]):
        return t(
            "The rows that meet no end are right, those at the ends are not: there a part of the kernel lies beyond "
            "the words, and meets zeros. The other numbers stay in their columns."
        )
    told = {name: ", ".join(f"{x:g}" for x in C[half].tolist()) for name, C in (("mine", mine), ("needed", want))}
    return t("Row {row} meets no end, and should be {needed}; yours is {mine}.", row=half, **told)


CONVOLUTION = Exercise(
    name=mark("convolution as a matrix"),
    function="convolution",
    task=t(
        "Write the convolution as a matrix C, so that C @ x slides the kernel over x, with zeros beyond both ends: "
        "kernel [k] with odd k, length -> [length, length]. As in torch, kernel[0] meets the leftmost neighbour."
    ),
    reference=solutions.convolution,
    cases=lambda: [
        _convolved(torch.tensor([1.0, 2, 3]), 4, shown=True),
        _convolved(torch.tensor([1.0, 0, -2]), 3),
        _convolved(torch.tensor([1.0, 2, 3, 4, 5]), 6),
        _convolved(torch.tensor([0.5]), 3),
        _convolved(torch.tensor([1.0, 2, 3, 4, 5, 6, 7]), 2),
    ],
    returns=("C",),
    hints=(
        "Row i says what output i takes from each word. With k = 3 these words are i − 1, i, and i + 1.",
        t("The middle of the kernel, `kernel[len(kernel) // 2]`, is on the diagonal."),
        t(
            "Begin with `torch.zeros(length, length)`, and loop over i and over n, the places of the kernel. To which "
            "word j does kernel[n] belong, if the middle n belongs to i? Leave out every j beyond the ends."
        ),
    ),
    minutes=8,
    difficulty=2,
    wrong=wrong_answers(
        _wrong_convolution(flip=True),
        t(
            "The kernel is reversed (or rows and columns are exchanged). Mathematicians reverse it; torch does not: "
            "kernel[0] meets the left neighbour."
        ),
        _wrong_convolution(shift=lambda half: -1),
        t("The kernel is one position too far to the left: the *middle* of the kernel belongs on the diagonal."),
        _wrong_convolution(shift=lambda half: 1),
        t("The kernel is one position too far to the right: the *middle* of the kernel belongs on the diagonal."),
        _wrong_convolution(shift=lambda half: half),
        t("kernel[0] is on the diagonal, so output i reads word i and words *behind* it. The *middle* belongs there."),
        _wrong_convolution(ends=False),
        t("The rows at both ends are empty. There a part of the kernel still meets words; only the rest meets zeros."),
    ),
    properties=(
        Property(
            t(
                "The kernel goes round in a ring: the first word sees the last one on its left, or the last the first "
                "on its right. Beyond the ends are zeros."
            ),
            lambda run, case, mine, want: (
                not same(mine, want) and same(mine.tril(len(want) - 2).triu(2 - len(want)), want)
            ),
        ),
        Property(
            t("The diagonal is another one. All along it stands the middle of the kernel, `kernel[len(kernel) // 2]`."),
            lambda run, case, mine, want: (
                1 < len(case.args["kernel"]) <= len(mine)
                and len(mine.diagonal().unique()) < 2
                and not same(mine.diagonal(), want.diagonal())
            ),
        ),
        Property(t("Each row is the kernel, with its middle on the diagonal."), _which_row),
        replace(
            linear_in("kernel"),
            says=t("Twice the kernel should give twice the matrix: each cell holds one number of the kernel, or 0."),
        ),
    ),
    used=t("The first map of [Which layers are matrices?](#Which-layers-are-matrices?) is yours."),
)
