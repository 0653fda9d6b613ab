"""Chapter 6: a tag for each word, while the model sees pieces of words."""

import torch
from torch import Tensor

from course_utils.exercises.definition import Exercise, wrong_answers
from course_utils.exercises.inputs import named


def piece_labels(tags: list[int], words: list[int]) -> Tensor:
    """tags: a number for each word; words: of each token, which word it is a piece of, −1 for [CLS], [SEP] and [PAD]
    -> labels [T]: the tag at the first piece of a word, −100 elsewhere."""
    labels, before = [], -1
    for word in words:
        labels.append(tags[word] if word not in (-1, before) else -100)
        before = word
    return torch.tensor(labels)


def _label(give):
    """Labels of `give(tags, words, t)`, token by token."""
    return lambda tags, words: torch.tensor([give(tags, words, t) for t in range(len(words))])


def _first(words, t):
    return words[t] >= 0 and words[t] != words[t - 1]


_pieces = named("tags", "words")

TAGS = Exercise(
    name="tags for pieces",
    task="Give each token its label: the tag of its word at the word's *first* piece, −100 at all other pieces and at "
    "special tokens. tags: a number for each word; words: for each token the number of its word, −1 for [CLS], [SEP] "
    "and [PAD] -> labels [T].",
    why="People tag words, WordPiece makes pieces of them. Without this step all tags behind the first long word stand "
    "at the wrong place.",
    reference=piece_labels,
    cases=lambda: [
        _pieces([0, 3, 4], [-1, 0, 1, 1, 1, 2, -1], shown=True),
        _pieces([1, 2], [-1, 0, 0, 1, 1, -1, -1, -1]),
        _pieces([5], [-1, 0, -1]),
        _pieces([3, 3, 0, 1], [-1, 0, 1, 1, 2, 3, -1, -1]),
    ],
    returns=("labels",),
    hints=(
        "Take “anna lives in montpel ##lier”: five tokens, four tags. Which tokens get one?",
        "Remember the word of the token before: a first piece is one whose word is another, and not −1.",
        "`[tags[w] if w >= 0 and w != before else -100 for w, before in zip(words, [-1, *words])]`",
    ),
    minutes=4,
    difficulty=2,
    wrong=wrong_answers(
        _label(lambda tags, words, t: tags[words[t]] if words[t] >= 0 else -100),
        "All pieces of a word have its tag. Then long words count more, and “B-place B-place” would be two places: "
        "the first piece speaks for the word.",
        _label(lambda tags, words, t: tags[words[t]] if words[t] >= 0 and words[t] != [*words, -1][t + 1] else -100),
        "The *last* piece has the tag. One could do that; asked for is the first.",
        _label(lambda tags, words, t: tags[words[t]] if t == 0 or words[t] != words[t - 1] else -100),
        "[CLS], [SEP] and [PAD] get a tag: −1 is no word, and in Python the tag at −1 is the last one.",
        _label(lambda tags, words, t: tags[words[t]]),
        "Each token has the tag of `words[t]`, also where that is −1: in Python this is the last tag.",
        _label(lambda tags, words, t: tags[words[t]] if _first(words, t) else 0),
        "Other pieces and special tokens have 0, which is a tag (O). The loss would count them: −100.",
        _label(lambda tags, words, t: tags[words[t]] if _first(words, t) else -1),
        "−1 is no label that the loss leaves out: torch's mark is −100.",
        _label(lambda tags, words, t: tags[t] if t < len(tags) else -100),
        "The tags are laid along the tokens, one by one. Between them stand [CLS] and further pieces: look at `words`.",
        lambda tags, words: torch.tensor([tags[w] for w in words if w >= 0]),
        "Special tokens are left out, so that the labels are too short: there −100 belongs. And further pieces "
        "have −100, too.",
        lambda tags, words: torch.tensor([-100, *tags, -100]),
        "One label for each word, with −100 around them. There are more tokens than that: further pieces, and [PAD].",
        _label(lambda tags, words, t: tags[words[t]] if _first(words, t) and words[t] > 0 else -100),
        "Word 0 is a word, too: `>= 0`, or `!= -1`.",
        lambda tags, words: torch.tensor(tags),
        "These are the tags of the words; there are more tokens than words.",
        _label(lambda tags, words, t: words[t] if _first(words, t) else -100),
        "Where: right. But these are the words' numbers, and not their tags: `tags[word]`.",
    ),
)
