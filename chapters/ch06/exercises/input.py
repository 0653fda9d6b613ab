"""Chapter 6: what BERT reads of two sentences, and segments that are all zero."""

import torch
from torch import Tensor

from course_utils.exercises.definition import Case, Exercise, FindError, call, variants, wrong_answers

CLS, SEP, PAD = 101, 102, 0  # as in BERT's own vocabulary

# ---- bert input -----------------------------------------------------------------------------------------------------


def bert_input(first: list[int], second: list[int], cls: int, sep: int, pad: int, length: int):
    """[CLS] first [SEP] second [SEP], filled up with [PAD] to `length` T -> ids, segments, mask, each [T]."""
    ids = [cls, *first, sep, *second, sep]
    segments = [0] * (len(first) + 2) + [1] * (len(second) + 1)
    left = [0] * (length - len(ids))
    return torch.tensor(ids + [pad for _ in left]), torch.tensor(segments + left), torch.arange(length) < len(ids)


def _seen(answer, case: Case):
    """Segments count where there are tokens; padding may have either."""
    result = call(answer, case)
    if not isinstance(result, tuple | list) or len(result) != 3:
        return result
    ids, segments, mask = result
    try:
        segments, real = torch.as_tensor(segments), bert_input(**case.args)[2]
        return ids, segments * real if segments.shape == real.shape else segments, mask
    except (TypeError, ValueError, RuntimeError):
        return result


def _put(first, second, length, pad=PAD, shown=False) -> Case:
    args = {"first": first, "second": second, "cls": CLS, "sep": SEP, "pad": pad, "length": length}
    return Case(args, shown=shown)


@variants
def _other_input(
    *inputs,
    parts=lambda a, b, cls, sep: [cls, *a, sep, *b, sep],
    segments=lambda a, b: [0] * (len(a) + 2) + [1] * (len(b) + 1),
    real=lambda mask, ids, segments: mask,
    fill=lambda row, rest: row + rest,
):
    """The input of BERT with one thing done differently."""
    first, second, cls, sep, pad, length = inputs
    ids, kinds = parts(first, second, cls, sep), segments(first, second)
    kinds += [1] * (len(ids) - len(kinds))
    left = max(0, length - len(ids))
    mask = fill([True] * len(ids), [False] * left)
    ids, kinds = fill(ids, [pad] * left), fill(kinds[: len(ids)], [0] * left)
    ids, kinds = torch.tensor(ids), torch.tensor(kinds)
    return ids, kinds, real(torch.tensor(mask), ids, kinds)


BERT_INPUT = Exercise(
    name="bert input",
    task="Put two sentences together: [CLS] A [SEP] B [SEP], then [PAD] up to `length` T; two lists of ids -> ids, "
    "segments (0 for [CLS], A and its [SEP], 1 for B and its [SEP]) and mask (True = a real token), each [T].",
    why="All four uses of BERT begin with this row. A slip in it raises no error, and costs quality.",
    reference=bert_input,
    cases=lambda: [
        _put([11, 12], [13], 8, shown=True),
        _put([21, 22, 23], [24, 25], 8),
        _put([31], [32, 33, 34], 9, pad=1),
        _put([41, 42], [0, 43], 9, pad=1),
    ],
    returns=("ids", "segments", "mask"),
    run=_seen,
    hints=(
        "Three rows of one length. Write the ids first: `[cls, *first, sep, *second, sep]`.",
        "How many zeros are in the segments: [CLS], A and one [SEP]. How many ones: B and the other [SEP].",
        "`left = length - len(ids)` tells how much to fill up: `ids + [pad] * left`, `segments + [0] * left`; the mask "
        "is `torch.arange(length) < len(ids)`.",
    ),
    minutes=5,
    difficulty=2,
    wrong=wrong_answers(
        _other_input(segments=lambda a, b: [0] * (len(a) + len(b) + 3)),
        "The segments are all 0: the model cannot tell A from B.",
        _other_input(segments=lambda a, b: [0] * (len(a) + 1) + [1] * (len(b) + 2)),
        "The first [SEP] closes A, so it belongs to segment 0.",
        _other_input(segments=lambda a, b: [0] * (len(a) + 2) + [1] * len(b) + [0]),
        "The last [SEP] closes B, so it belongs to segment 1.",
        _other_input(segments=lambda a, b: [1] * (len(a) + 2) + [2] * (len(b) + 1)),
        "Segments are numbered from 0: there are two vectors, 0 for A and 1 for B.",
        _other_input(segments=lambda a, b: [1] * (len(a) + 2) + [0] * (len(b) + 1)),
        "Segments the wrong way round: 0 is for A.",
        _other_input(parts=lambda a, b, cls, sep: [cls, *a, *b, sep]),
        "Nothing stands between A and B: a [SEP] belongs behind each of them.",
        _other_input(parts=lambda a, b, cls, sep: [cls, *a, sep, *b]),
        "The [SEP] behind B is missing.",
        _other_input(parts=lambda a, b, cls, sep: [*a, sep, *b, sep], segments=lambda a, b: [0] * (len(a) + 1)),
        "[CLS] is missing: it is the token that stands for the whole, and comes first.",
        _other_input(parts=lambda a, b, cls, sep: [cls, *a, sep, cls, *b, sep]),
        "A second [CLS] before B: there is one, at the beginning.",
        _other_input(real=lambda mask, ids, segments: torch.ones_like(mask)),
        "The mask is True everywhere: the padding would be read.",
        _other_input(real=lambda mask, ids, segments: ~mask),
        "The mask is the wrong way round: True = a real token, in the whole course.",
        _other_input(real=lambda mask, ids, segments: ids != 0),
        "The mask asks whether an id is 0. Here [PAD] has another number, and 0 is a word: compare with `pad`, or "
        "count the tokens.",
        _other_input(real=lambda mask, ids, segments: mask & (ids != CLS) & (ids != SEP)),
        "[CLS] and [SEP] are hidden, too. They are real tokens, and are read.",
        _other_input(fill=lambda row, rest: rest + row),
        "The padding stands in front. [CLS] is read from place 0: fill up at the end.",
        _other_input(fill=lambda row, rest: row),
        "The rows end with the last [SEP]. Fill them up to `length`: ids with `pad`, the mask with False.",
        lambda a, b, *given: bert_input(b, a, *given),
        "A and B have changed places: `first` comes first.",
        _other_input(real=lambda mask, ids, segments: torch.arange(len(ids)) < mask.sum() - 3),
        "Three tokens too few are real: [CLS] and both [SEP] count, too.",
    ),
)

# ---- segments all zero ----------------------------------------------------------------------------------------------


def pair_input(first: list[int], second: list[int], cls: int, sep: int) -> tuple[Tensor, Tensor]:
    """Two lists of ids -> ids [T], segments [T]: 0 for [CLS] A [SEP], 1 for B [SEP]."""
    ids, segments, _ = bert_input(first, second, cls, sep, 0, len(first) + len(second) + 3)
    return ids, segments


def _pair(segments):
    return lambda a, b, cls, sep: (torch.tensor([cls, *a, sep, *b, sep]), torch.as_tensor(segments(a, b)))


def _two(first, second, shown=False) -> Case:
    return Case({"first": first, "second": second, "cls": CLS, "sep": SEP}, shown=shown)


ALL_ZERO = FindError(
    name="segments all zero",
    task="write it again: two lists of ids -> ids [T], segments [T].",
    why="`model(ids)` without segments does the same by default. In training and in use alike, nobody notices.",
    program=(
        "def pair_input(first, second, cls, sep):       # two lists of ids",
        "    ids = [cls] + first + [sep] + second + [sep]",
        "    segments = [0] * len(ids)",
        "    return torch.tensor(ids), torch.tensor(segments)",
    ),
    line=3,
    found="0 everywhere says: one sentence. The second has a vector of its own, segment 1, from its first word to its "
    "[SEP].",
    innocent={2: "[CLS] A [SEP] B [SEP]: right.", 4: "two rows of one length."},
    reference=pair_input,
    cases=lambda: [_two([11, 12], [13], shown=True), _two([21], [22, 23, 24]), _two([31, 32, 33], [34, 35])],
    returns=("ids", "segments"),
    hints=(
        "How would the model know where A ends and B begins? It is told twice: by [SEP], and by what?",
        "How many tokens belong to A: its words, and which two more?",
        "`segments = [0] * (len(first) + 2) + [1] * (len(second) + 1)`",
    ),
    minutes=2,
    difficulty=1,
    wrong=wrong_answers(
        _pair(lambda a, b: [0] * (len(a) + len(b) + 3)),
        "All 0 still.",
        _pair(lambda a, b: [1] * (len(a) + len(b) + 3)),
        "All 1: as little told as by all 0.",
        _pair(lambda a, b: [0] * (len(a) + 1) + [1] * (len(b) + 2)),
        "Nearly: the first [SEP] closes A, so it belongs to segment 0.",
        _pair(lambda a, b: [0] * (len(a) + 2) + [1] * len(b) + [0]),
        "Nearly: the last [SEP] closes B, so it belongs to segment 1.",
        _pair(lambda a, b: [0] * len(a) + [1] * len(b)),
        "The special tokens have no segment here, so the row is too short: [CLS] and [SEP] need one, too.",
        _pair(lambda a, b: [0] * (len(a) + 2) + [2] * (len(b) + 1)),
        "There are two segments, 0 and 1; a third vector the model does not have.",
        _pair(lambda a, b: list(range(len(a) + len(b) + 3))),
        "These are positions. A segment says which sentence a token belongs to.",
    ),
)
