"""Chapter 6: what BERT reads of two sentences, and segments that are all zero."""

import torch

from course_kit.exercises import compare
from course_kit.exercises.define import Case, Exercise, call, variants, wrong_answers

CLS, SEP, PAD = 101, 102, 0  # as in BERT's own vocabulary


def bert_input(first: list[int], second: list[int], cls: int, sep: int, pad: int, length: int):
    """[CLS] first [SEP] second [SEP], filled up with [PAD] to `length` T -> ids, segments, mask, each [T]."""
    ids = [cls, *first, sep, *second, sep]
    segments = [0] * (len(first) + 2) + [1] * (len(second) + 1)
    left = length - len(ids)
    return torch.tensor(ids + [pad] * left), torch.tensor(segments + [0] * left), torch.arange(length) < len(ids)


def _seen(answer, case: Case):
    """Segments count where there are tokens; padding may have either."""
    right = bert_input(**case.args)
    ids, segments, mask = compare.converted(call(answer, case), right, BERT_INPUT.returns)
    return ids, segments * right[2] if segments.shape == right[2].shape else segments, mask


def _put(first, second, length, pad=PAD, shown=False) -> Case:
    args = {"first": first, "second": second, "cls": CLS, "sep": SEP, "pad": pad, "length": length}
    return Case(args, shown=shown)


@variants
def _other_input(
    *inputs,
    order=lambda a, b: (a, b),
    parts=lambda a, b, cls, sep: [cls, *a, sep, *b, sep],
    segments=lambda a, b: [0] * (len(a) + 2) + [1] * (len(b) + 1),
    real=lambda mask, ids, segments: mask,
    behind=lambda row, rest: row + rest,
    filler=lambda pad: pad,
):
    """The input of BERT with one thing done differently."""
    first, second, cls, sep, pad, length = inputs
    first, second = order(first, second)
    ids, kinds = parts(first, second, cls, sep), segments(first, second)
    kinds += [1] * (len(ids) - len(kinds))
    left = max(0, length - len(ids))
    mask = behind([True] * len(ids), [False] * left)
    ids, kinds = behind(ids, [filler(pad)] * left), behind(kinds[: len(ids)], [0] * left)
    ids, kinds = torch.tensor(ids), torch.tensor(kinds)
    return ids, kinds, real(torch.tensor(mask), ids, kinds)


def _by_the_id(first, second, cls, sep, pad, length):
    ids, segments, _ = bert_input(first, second, cls, sep, pad, length)
    return ids, segments, ids != pad


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
    run=_seen,
    used="Your row goes into the picture below.",
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
        _other_input(segments=lambda a, b: [0] * (len(a) + len(b) + 3)),
        "The segments are all 0, so the model cannot tell A from B.",
        _other_input(segments=lambda a, b: [0] * (len(a) + 1) + [1] * (len(b) + 2)),
        "The first [SEP] closes A, so it belongs to segment 0.",
        _other_input(segments=lambda a, b: [0] * (len(a) + 2) + [1] * len(b) + [0]),
        "The last [SEP] closes B, so it belongs to segment 1.",
        _other_input(segments=lambda a, b: [1] * (len(a) + 2) + [2] * (len(b) + 1)),
        "Segments are numbered from 0. There are two vectors, 0 for A and 1 for B.",
        _other_input(segments=lambda a, b: [1] * (len(a) + 2) + [0] * (len(b) + 1)),
        "The segments are the wrong way round: A has 0, B has 1.",
        _other_input(parts=lambda a, b, cls, sep: [cls, *a, *b, sep]),
        "There is nothing between A and B. Each of them ends with a [SEP].",
        _other_input(parts=lambda a, b, cls, sep: [cls, *a, sep, *b]),
        "The [SEP] after B is missing.",
        _other_input(parts=lambda a, b, cls, sep: [*a, sep, *b, sep], segments=lambda a, b: [0] * (len(a) + 1)),
        "[CLS] is missing. It comes first, and its vector represents the whole sequence.",
        _other_input(parts=lambda a, b, cls, sep: [cls, *a, sep, cls, *b, sep]),
        "There is a second [CLS] before B. There should be only one, at the beginning.",
        _other_input(real=lambda mask, ids, segments: torch.ones_like(mask)),
        "The mask is True everywhere, so the padding would be read.",
        _other_input(real=lambda mask, ids, segments: ~mask),
        "The mask is the wrong way round. In the whole course, True = a real token.",
        _other_input(real=lambda mask, ids, segments: ids != 0),
        "The mask asks whether an id is 0. Here [PAD] has another number, and 0 is a word: compare with `pad`, or "
        "count the tokens.",
        _by_the_id,
        "The mask asks which ids are not `pad`. But a text may hold that id, too, and then a real token is hidden. How "
        "many tokens there are says what is real: `torch.arange(length) < len(ids)`, before padding.",
        _other_input(real=lambda mask, ids, segments: mask & (ids != CLS) & (ids != SEP)),
        "[CLS] and [SEP] are hidden, too. But they are real tokens, and they are read.",
        _other_input(real=lambda mask, ids, segments: torch.arange(len(ids)) <= mask.sum()),
        "The mask is True at one place of padding, too. Places are counted from 0, so it must be below the number of "
        "tokens: `<`, not `<=`.",
        _other_input(real=lambda mask, ids, segments: torch.arange(len(ids)) < mask.sum() - 3),
        "The mask has three tokens too few: [CLS] and both [SEP] are real, too.",
        _other_input(behind=lambda row, rest: rest + row),
        "The padding comes first. But [CLS] is read from position 0: fill up at the end.",
        _other_input(behind=lambda row, rest: row),
        "The rows end with the last [SEP]. Fill them up to `length`: the ids with `pad`, the mask with False.",
        _other_input(filler=lambda pad: 0),
        "The ids are filled up with 0. Which number [PAD] has, differs from model to model: fill up with `pad`.",
        _other_input(order=lambda a, b: (b, a)),
        "A and B have changed places: `first` comes first.",
    ),
)
