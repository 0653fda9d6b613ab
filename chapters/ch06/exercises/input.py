"""Chapter 6: what BERT reads of two sentences, and segments that are all zero."""

import torch

from course_kit.exercises import compare
from course_kit.exercises.define import Case, Exercise, Property, variants, wrong_answers

CLS, SEP, PAD = 101, 102, 0  # as in BERT's own vocabulary


def bert_input(first: list[int], second: list[int], cls: int, sep: int, pad: int, length: int):
    """[CLS] first [SEP] second [SEP], filled up with [PAD] to `length` T -> ids, segments, mask, each [T]."""
    ids = [cls, *first, sep, *second, sep]
    segments = [0] * (len(first) + 2) + [1] * (len(second) + 1)
    left = length - len(ids)
    return torch.tensor(ids + [pad] * left), torch.tensor(segments + [0] * left), torch.arange(length) < len(ids)


def _goes_on(run, case, mine, want):
    (_, mine, _), (_, right, mask) = mine, want
    return not compare.same(mine, right) and compare.same(mine * mask, right)


def _put(first, second, length, pad=PAD, shown=False) -> Case:
    args = {"first": first, "second": second, "cls": CLS, "sep": SEP, "pad": pad, "length": length}
    return Case(args, shown=shown)


@variants
def _other_input(
    *inputs,
    parts=lambda a, b, cls, sep: [cls, *a, sep, *b, sep],
    segments=lambda a, b: [0] * (len(a) + 2) + [1] * (len(b) + 1),
    real=lambda mask, ids, segments: mask,
    behind=lambda row, rest: row + rest,
    filler=lambda pad: pad,
):
    """The input of BERT with one thing done differently."""
    first, second, cls, sep, pad, length = inputs
    ids, kinds = parts(first, second, cls, sep), segments(first, second)
    kinds += [1] * (len(ids) - len(kinds))
    left = max(0, length - len(ids))
    mask = behind([True] * len(ids), [False] * left)
    ids, kinds = behind(ids, [filler(pad)] * left), behind(kinds[: len(ids)], [0] * left)
    ids, kinds = torch.tensor(ids), torch.tensor(kinds)
    return ids, kinds, real(torch.tensor(mask), ids, kinds)


BERT_INPUT = Exercise(
    name="bert input",
    task="Join two sentences, [CLS] A [SEP] B [SEP], and fill up with [PAD] to `length` T: two lists of ids -> ids, "
    "segments (0 for [CLS], A and its [SEP]; 1 for B and its [SEP]) and mask (True = a real token), each [T].",
    reference=bert_input,
    cases=lambda: [
        _put([11, 12], [13], 8, shown=True),
        _put([21, 22, 23], [24, 25], 8),
        _put([31], [32, 33, 34], 9, pad=1),
        _put([41, 42], [0, 43], 9, pad=1),
        _put([51, 7], [52], 8, pad=7),
    ],
    returns=("ids", "segments", "mask"),
    properties=(
        Property(
            "The segments are right where there are tokens, and go on into the padding. There they are 0.", _goes_on
        ),
    ),
    used="Your row goes into the picture of [How does text become numbers?](#How-does-text-become-numbers?)",
    hints=(
        "You need three rows of the same length. Which tokens are in the first one, in which order, before any "
        "padding?",
        "`ids = [cls, *first, sep, *second, sep]`. How many of these belong to the first sentence, and how many to the "
        "second? Segments are as many zeros and ones.",
        "`length - len(ids)` places are left: fill `ids` with `pad` and the segments with 0. The mask is True as long "
        "as `torch.arange(length)` is below … what?",
    ),
    minutes=5,
    difficulty=2,
    wrong=wrong_answers(
        _other_input(segments=lambda a, b: [0] * (len(a) + 1) + [1] * (len(b) + 2)),
        "The first [SEP] closes A, so it belongs to segment 0.",
        _other_input(segments=lambda a, b: [0] * (len(a) + 2) + [1] * len(b) + [0]),
        "The last [SEP] closes B, so it belongs to segment 1.",
        _other_input(parts=lambda a, b, cls, sep: [cls, *a, sep, *b]),
        "The [SEP] after B is missing.",
        _other_input(real=lambda mask, ids, segments: ~mask),
        "The mask is the wrong way round. In the whole course, True = a real token.",
        _other_input(behind=lambda row, rest: row),
        "The rows end with the last [SEP]. Fill them up to `length`: the ids with `pad`, the mask with False.",
        _other_input(filler=lambda pad: 0),
        "The ids are filled up with 0. Which number [PAD] has, differs from model to model: fill up with `pad`.",
    ),
)
