"""Text to numbers and back: words, characters or subwords; batches of similar length, padded, with masks.

    vocabulary = Vocabulary.build(sentences)               # words; split="characters" for Chinese
    vocabulary.encode("The animal was tired.")             # [12, 57, 9, 84, 4]
    vocabulary.decode([12, 57, 9, 84, 4])                  # "the animal was tired."

`Subwords` and `WordPiece` have the same methods.
"""

from .batches import Batch, Batches, collate, order_of, pad, padding_first
from .subwords import Subwords, from_json
from .vocabulary import BOS, EOS, PAD, SPECIAL, UNK, Characters, Vocabulary, as_text, join, normalise
from .wordpiece import WordPiece

__all__ = ["BOS", "EOS", "PAD", "SPECIAL", "UNK", "Characters", "Subwords", "Vocabulary", "WordPiece", "from_json"]
__all__ += ["Batch", "Batches", "as_text", "collate", "join", "normalise", "order_of", "pad", "padding_first"]
