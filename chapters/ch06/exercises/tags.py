"""Chapter 6: a tag for each word, while the model sees pieces of words."""

import torch
from torch import Tensor

from course_kit.exercises.define import Exercise, named, variants, wrong_answers


def piece_labels(tags: list[int], words: list[int]) -> Tensor:
    """tags: a number for each word; words: of each token, which word it is a piece of, −1 for [CLS], [SEP] and [PAD]
    -> labels [T]: the tag at the first piece of a word, −100 elsewhere."""
    labels, before = [], -1
    for word in words:
        labels.append(tags[word] if word not in (-1, before) else -100)
        before = word
    return torch.tensor(labels)


def _is_first(words, t):
    return t == 0 or words[t] != words[t - 1]


@variants
def _labelled(
    tags,
    words,
    *,
    speaks=_is_first,
    special=lambda word: word < 0,
    rest=lambda tags, word: -100,
    none=lambda tags, word: -100,
):
    """Labels with one thing done differently. rest: of further pieces; none: of special tokens."""
    labels = []
    for t, word in enumerate(words):
        label = none if special(word) else _tag if speaks(words, t) else rest
        labels.append(label(tags, word))
    return torch.tensor(labels)


def _tag(tags, word):
    return tags[word]


_pieces = named("tags", "words")

TAGS = Exercise(
    name="tags for pieces",
    task="Give each token its label: the tag of its word at the word's *first* piece, −100 at its other pieces and at "
    "special tokens. tags: a number for each word; words: for each token the number of its word, −1 for [CLS], [SEP] "
    "and [PAD] -> labels [T].",
    reference=piece_labels,
    cases=lambda: [
        _pieces([0, 3, 4], [-1, 0, 1, 1, 1, 2, -1], shown=True),
        _pieces([1, 2], [-1, 0, 0, 1, 1, -1, -1, -1]),
        _pieces([5], [-1, 0, -1]),
        _pieces([3, 3, 0, 1], [-1, 0, 1, 1, 2, 3, -1, -1]),
    ],
    returns=("labels",),
    used="Your labels for a sentence of the test set are in [Words and pieces](#Words-and-pieces).",
    hints=(
        "Take “anna lives in montpel ##lier”: five tokens, four tags. Which tokens get one?",
        "Remember the word of the token before. A first piece is one whose word differs from it, and is not −1.",
        "`zip(words, [-1, *words])` gives each token's word together with the one before. For which of them do you "
        "take `tags[word]`, and for which −100?",
    ),
    minutes=4,
    difficulty=2,
    wrong=wrong_answers(
        _labelled(rest=_tag),
        "All pieces of a word have its tag. Then long words count more, and “B-place B-place” would be two places. "
        "Only the first piece stands for the word.",
        _labelled(speaks=lambda words, t: t + 1 == len(words) or words[t] != words[t + 1]),
        "The *last* piece has the tag. You could do it that way, but here it should be the first.",
        _labelled(none=_tag),
        "[CLS], [SEP] and [PAD] get a tag: −1 is no word, and in Python the tag at −1 is the last one.",
        _labelled(none=_tag, rest=_tag),
        "Each token has the tag of `words[t]`, even where that is −1: in Python this is the last tag. And further "
        "pieces have −100, too.",
        _labelled(rest=lambda tags, word: 0, none=lambda tags, word: 0),
        "Further pieces and special tokens have 0, which is a tag (O), so the loss would count them. It leaves out "
        "−100.",
        lambda tags, words: torch.tensor([tags[w] for w in words if w >= 0]),
        "Special tokens are left out, so the labels are too short: they get −100. And further pieces get −100, too.",
    ),
)
