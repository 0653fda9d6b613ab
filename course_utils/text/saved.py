"""A vocabulary of any kind from what its `to_json` gave."""

from course_utils.support.checks import described

from .subwords import Subwords, tokenizer_of
from .vocabulary import Vocabulary
from .wordpiece import WordPiece


def from_json(card: dict) -> Vocabulary | Subwords | WordPiece:
    """What `to_json` of any of them gave. Raises ValueError for anything else."""
    if not isinstance(card, dict):
        raise ValueError(f"this is no vocabulary: {described(card)}; needed: what `to_json` gave")
    try:
        if card["kind"] == "subwords":
            return Subwords(tokenizer_of(card["tokenizer"]))
        if card["kind"] == "wordpiece":
            return WordPiece.from_json(card)
        return Vocabulary(card["tokens"], card["kind"])
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"this is no vocabulary: {error!s} is missing or wrong") from None
