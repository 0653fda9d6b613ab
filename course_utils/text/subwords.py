"""Subwords by byte-pair encoding: frequent words stay whole, rare ones fall into pieces, so few are unknown."""

import json
from collections.abc import Iterable, Sequence

from course_utils.support.checks import ids_of, list_of_texts, whole_characters, whole_number

from .vocabulary import BOS, EOS, PAD, SPECIAL, UNK, as_text, normalise

LARGEST = 1_000_000  # pieces that may be learned: far more than any language has


class Subwords:
    """Byte-pair encoding by the library `tokenizers`: the same methods as a Vocabulary.

    A token that begins with ▁ begins a word. Sennrich, Haddow & Birch 2016.
    """

    split = "subwords"

    def __init__(self, tokenizer):
        self.tokenizer = tokenizer

    @classmethod
    def build(cls, sentences: Iterable[str], max_size: int = 8000, min_count: int = 2, special=SPECIAL):
        """Learn the pieces from sentences: at most max_size of them, from pairs seen min_count times.

        special: other names for the four special tokens, such as <to-fr> in the place of <bos>.
        Raises TypeError for one text instead of a list, ValueError for sizes that cannot be.
        """
        sentences = map(whole_characters, list_of_texts("sentences", sentences))
        max_size, min_count = (
            whole_number("max_size", max_size, 5, LARGEST),
            whole_number("min_count", min_count, 1, 10**9),
        )
        special = list_of_texts("special", special)
        if len(special) != len(SPECIAL) or len(set(special)) != len(SPECIAL):
            raise ValueError(f"special is {special}; needed: four different names, for padding, unknown, start and end")
        from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

        tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
            [
                pre_tokenizers.Metaspace(),
                pre_tokenizers.Split(Regex(r"▁?[^\w\s'▁-]"), "isolated"),
                pre_tokenizers.Split(Regex(r"^▁?(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu)'(?=\w)"), "isolated"),
            ]
        )
        tokenizer.decoder = decoders.Metaspace()
        trainer = trainers.BpeTrainer(
            vocab_size=max_size, min_frequency=min_count, special_tokens=list(special), show_progress=False
        )
        tokenizer.train_from_iterator(map(normalise, sentences), trainer)
        return cls(tokenizer)

    def __len__(self) -> int:
        return self.tokenizer.get_vocab_size()

    def __contains__(self, token: str) -> bool:
        return isinstance(token, str) and self.tokenizer.token_to_id(token) is not None

    def __repr__(self) -> str:
        return f"Subwords({len(self)})"

    def cut(self, text: str | Sequence[str]) -> list[str]:
        """The pieces of a sentence; an unknown character as it stands there."""
        text = normalise(whole_characters(as_text(text)))
        found = self.tokenizer.encode(text, add_special_tokens=False)
        spans = zip(found.tokens, found.ids, found.offsets, strict=True)
        return [text[a:b] if i == UNK else token for token, i, (a, b) in spans]

    def encode(self, text: str | Sequence[str]) -> list[int]:
        """A sentence as numbers, without <bos> and <eos>; a character never seen becomes <unk> (1)."""
        text = whole_characters(as_text(text))
        return self.tokenizer.encode(normalise(text), add_special_tokens=False).ids

    def tokens(self, ids: Iterable[int]) -> list[str]:
        """The piece of each number. Raises ValueError for a number that none has."""
        return [self.tokenizer.id_to_token(i) for i in ids_of(ids, len(self))]

    def decode(self, ids: Iterable[int]) -> str:
        """Numbers as a sentence; <pad>, <bos> and <eos> are left out, <unk> stays visible."""
        kept = [i for i in ids_of(ids, len(self)) if i not in (PAD, BOS, EOS)]
        return self.tokenizer.decode(kept, skip_special_tokens=False).strip()

    def to_json(self) -> dict:
        return {"kind": "subwords", "tokenizer": json.loads(self.tokenizer.to_str())}


def tokenizer_of(card):
    """The tokenizer whose JSON this is. Raises ValueError if it is none."""
    from tokenizers import Tokenizer

    try:
        return Tokenizer.from_str(json.dumps(card))
    except Exception as error:  # the library raises nothing more special
        raise ValueError(f"this is no tokenizer: {error}") from None
