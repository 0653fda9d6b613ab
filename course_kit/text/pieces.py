"""What Subwords and WordPiece share: a tokenizer of the library `tokenizers`."""

from collections.abc import Iterable, Sequence
from typing import Any

from course_kit.text.vocabulary import LONGEST_WORD, known_ids

MOST_PIECES = 1_000_000  # for more than there is memory the library ends the process


class Pieces:
    """Words and pieces of words, each with a number: the same methods as a Vocabulary."""

    unk: int  # stands for what is unknown
    unseen: tuple[int, ...]  # left out by `decode`

    def __init__(self, tokenizer: Any) -> None:
        self.tokenizer = tokenizer

    def __len__(self) -> int:
        return self.tokenizer.get_vocab_size()

    def __contains__(self, token: str) -> bool:
        return isinstance(token, str) and self.tokenizer.token_to_id(token) is not None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self)})"

    def plain(self, text: str | Sequence[str]) -> str:
        """The text, or tokens, as one text that the tokenizer reads."""
        raise NotImplementedError

    def spans(self, text: str | Sequence[str]) -> list[tuple[int, int, int]]:
        """(id, start, end) of each piece, places in the plain text."""
        read = self.tokenizer.encode(self.plain(text), add_special_tokens=False)
        return [(i, *span) for i, span in zip(read.ids, read.offsets, strict=True)]

    def cut(self, text: str | Sequence[str]) -> list[str]:
        """The pieces of a text; what is unknown as it is written."""
        plain = self.plain(text)
        token = self.tokenizer.id_to_token
        return [plain[a:b] if i == self.unk else token(i) for i, a, b in self.spans(plain)]

    def encode(self, text: str | Sequence[str]) -> list[int]:
        """A text as ids, without the tokens that begin and end it; unknown: `unk`."""
        return self.tokenizer.encode(self.plain(text), add_special_tokens=False).ids

    def tokens(self, ids: Iterable[int]) -> list[str]:
        """The piece of each id."""
        return [self.tokenizer.id_to_token(i) for i in known_ids(ids, len(self))]

    def decode(self, ids: Iterable[int]) -> str:
        """Ids as a text; padding, beginning and end are left out, not what is unknown."""
        kept = [i for i in known_ids(ids, len(self)) if i not in self.unseen]
        return self.tokenizer.decode(kept, skip_special_tokens=False).strip()


def learn(tokenizer: Any, texts: Iterable[str], trainer: Any) -> None:
    """Train the tokenizer on texts, words longer than LONGEST_WORD in parts."""
    from tokenizers import Regex, pre_tokenizers

    usual = tokenizer.pre_tokenizer
    parts = pre_tokenizers.Split(Regex(rf"\S{{{LONGEST_WORD}}}"), "isolated")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([usual, parts])
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.pre_tokenizer = usual
