"""Text to numbers and back: words, characters or subwords; batches of similar length, padded, with masks.

    vocabulary = Vocabulary.build(sentences)               # words; split="characters" for Chinese
    vocabulary.encode("The animal was tired.")             # [12, 57, 9, 84, 4]
    vocabulary.decode([12, 57, 9, 84, 4])                  # "the animal was tired."

`Subwords`, `WordPiece` and `BytePairs` have the same methods.
"""

from course_utils.text.batches import (
    Batch,
    Batches,
    collate,
    joined,
    order_of,
    pad,
    padding_first,
)
from course_utils.text.bytepairs import BytePairs
from course_utils.text.subwords import Subwords, from_json
from course_utils.text.vocabulary import (
    BOS,
    EOS,
    PAD,
    SPECIAL,
    UNK,
    Characters,
    Vocabulary,
    as_text,
    join,
    normalise,
)
from course_utils.text.wordpiece import WordPiece

__all__ = [
    "BOS",
    "EOS",
    "PAD",
    "SPECIAL",
    "UNK",
    "BytePairs",
    "Characters",
    "Subwords",
    "Vocabulary",
    "WordPiece",
]
__all__ += [
    "Batch",
    "Batches",
    "as_text",
    "collate",
    "from_json",
    "join",
    "joined",
    "normalise",
    "order_of",
    "pad",
]
__all__ += ["padding_first"]
