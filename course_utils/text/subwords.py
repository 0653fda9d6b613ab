"""Subwords by byte-pair encoding: frequent words stay whole, rare ones fall into pieces, so few are unknown."""

import json
from collections.abc import Iterable, Sequence

from course_utils.checks import described, list_of_texts, whole_characters, whole_number
from course_utils.text.bytepairs import BytePairs
from course_utils.text.pieces import LARGEST, Pieces
from course_utils.text.vocabulary import (
    BOS,
    EOS,
    PAD,
    SPECIAL,
    UNK,
    Vocabulary,
    as_text,
    normalise,
)
from course_utils.text.wordpiece import WordPiece


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
        special=SPECIAL,
    ):
        """Learn the pieces from sentences: at most max_size of them, from pairs seen min_count times.

        special: other names for the four special tokens, such as <to-fr> instead of <bos>.
        Raises TypeError for one text instead of a list, ValueError for sizes that cannot be.
        """
        sentences = map(whole_characters, list_of_texts("sentences", sentences))
        max_size = whole_number("max_size", max_size, 5, LARGEST)
        min_count = whole_number("min_count", min_count, 1, 10**9)
        special = list_of_texts("special", special)
        if len(special) != len(SPECIAL) or len(set(special)) != len(SPECIAL):
            raise ValueError(
                f"special is {special}; needed: four different names, for padding, unknown, start and end"
            )
        from tokenizers import (
            Regex,
            Tokenizer,
            decoders,
            models,
            pre_tokenizers,
            trainers,
        )

        tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
        alone = (
            r"▁?[^\w\s'▁-]",
            r"^▁?(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu)'(?=\w)",
        )  # punctuation, elided words
        cuts = (pre_tokenizers.Split(Regex(pattern), "isolated") for pattern in alone)
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
            [pre_tokenizers.Metaspace(), *cuts]
        )
        tokenizer.decoder = decoders.Metaspace()
        sizes = {"vocab_size": max_size, "min_frequency": min_count}
        trainer = trainers.BpeTrainer(
            **sizes, special_tokens=list(special), show_progress=False
        )
        tokenizer.train_from_iterator(map(normalise, sentences), trainer)
        return cls(tokenizer)

    def plain(self, text: str | Sequence[str]) -> str:
        """In one spelling: see `normalise`."""
        return normalise(whole_characters(as_text(text)))

    def to_json(self) -> dict:
        return {"kind": "subwords", "tokenizer": json.loads(self.tokenizer.to_str())}


def from_json(card: dict) -> Vocabulary | Subwords | WordPiece | BytePairs:
    """A vocabulary of any kind from what its `to_json` gave. Raises ValueError for anything else."""
    from tokenizers import Tokenizer

    if not isinstance(card, dict):
        raise ValueError(
            f"this is no vocabulary: {described(card)}; needed: what `to_json` gave"
        )
    try:
        if card["kind"] == "wordpiece":
            return WordPiece.from_json(card)
        if card["kind"] == BytePairs.split:
            return BytePairs.from_json(card)
        if card["kind"] != "subwords":
            return Vocabulary(card["tokens"], card["kind"])
        tokenizer = json.dumps(card["tokenizer"])
    except (KeyError, TypeError) as error:
        raise ValueError(
            f"this is no vocabulary: {error!s} is missing or wrong"
        ) from None
    try:
        return Subwords(Tokenizer.from_str(tokenizer))
    except Exception as error:  # the library raises nothing more special
        raise ValueError(f"this is no tokenizer: {error}") from None
