"""Text to numbers and back, and batches of similar length, padded, with masks.

    vocabulary = Vocabulary.build(sentences)      # words; split="characters" for Chinese
    vocabulary.encode("The animal was tired.")    # [12, 57, 9, 84, 4]
    vocabulary.decode([12, 57, 9, 84, 4])         # "the animal was tired."

`Subwords`, `WordPiece` and `BytePairs` have the same methods.
"""

from course_kit.text.batches import Batch, Batches, collate, pad
from course_kit.text.subwords import BytePairs, Subwords, WordPiece, from_json
from course_kit.text.vocabulary import BOS, EOS, PAD, SPECIAL, UNK, Characters, Vocabulary, as_text, join, normalise

__all__ = ["BOS", "EOS", "PAD", "SPECIAL", "UNK", "Batch", "Batches", "BytePairs"]
__all__ += ["Characters", "Subwords", "Vocabulary", "WordPiece", "as_text", "collate"]
__all__ += ["from_json", "join", "normalise", "pad"]
