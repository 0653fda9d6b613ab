"""Subwords by byte-pair encoding: rare words fall into pieces, so few are unknown."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from course_kit.arguments import list_of_texts, whole_characters, whole_number
from course_kit.text.bytepairs import BytePairs
from course_kit.text.pieces import MOST_PIECES, Pieces, learn
from course_kit.text.vocabulary import BOS, EOS, PAD, SPECIAL, UNK, Vocabulary, as_text, is_text, normalise
from course_kit.text.wordpiece import WordPiece

PUNCTUATION = r"▁?[^\w\s'▁-]"
ELISION = r"^▁?(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu)'(?=\w)"


class Subwords(Pieces):
    """Byte-pair encoding by the library `tokenizers`: the same methods as a Vocabulary.

    A token that begins with ▁ begins a word. Sennrich, Haddow & Birch 2016.
    """

    split, unk, unseen = "subwords", UNK, (PAD, BOS, EOS)

    @classmethod
    def build(
        cls,
        sentences: Iterable[str],
        max_size: int = 8000,
        min_count: int = 2,
        special: Sequence[str] = SPECIAL,
    ) -> "Subwords":
        """Learn at most max_size pieces, from pairs that occur min_count times.

        special: other names of the four special tokens, such as <to-fr> for <bos>.
        """
        from tokenizers import (
            Regex,
            Tokenizer,
            decoders,
            models,
            pre_tokenizers,
            trainers,
        )

        texts = [normalise(whole_characters(s)) for s in list_of_texts("sentences", sentences)]
        if len(list_of_texts("special", special)) != 4 or len(set(special)) != 4:
            raise ValueError(f"special is {special}; needed: four different names")
        tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
        cuts = [pre_tokenizers.Split(Regex(p), "isolated") for p in (PUNCTUATION, ELISION)]
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Metaspace(), *cuts])
        tokenizer.decoder = decoders.Metaspace()
        trainer = trainers.BpeTrainer(
            vocab_size=whole_number("max_size", max_size, 5, MOST_PIECES),
            min_frequency=whole_number("min_count", min_count, 1),
            special_tokens=list(special),
            show_progress=False,
        )
        learn(tokenizer, texts, trainer)
        return cls(tokenizer)

    def plain(self, text: str | Sequence[str]) -> str:
        """In one spelling: see `normalise`."""
        is_text(text)
        return normalise(whole_characters(as_text(text)))

    def to_json(self) -> dict[str, Any]:
        return {"kind": self.split, "tokenizer": json.loads(self.tokenizer.to_str())}

    @classmethod
    def from_json(cls, card: dict[str, Any]) -> "Subwords":
        from tokenizers import Tokenizer

        return cls(Tokenizer.from_str(json.dumps(card["tokenizer"])))


KINDS: dict[str, Any] = {kind.split: kind for kind in (WordPiece, BytePairs, Subwords)}


def from_json(card: dict[str, Any]) -> Vocabulary | Subwords | WordPiece | BytePairs:
    """A vocabulary of any kind from what its `to_json` gave, else a ValueError."""
    try:
        if card["kind"] in KINDS:
            return KINDS[card["kind"]].from_json(card)
        return Vocabulary(card["tokens"], card["kind"])
    except Exception as error:  # the library raises nothing more special
        raise ValueError(f"this is no vocabulary: {error!r}") from None
