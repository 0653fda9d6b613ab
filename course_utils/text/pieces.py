"""What Subwords and WordPiece share: a tokenizer of the library `tokenizers`, with the methods of a Vocabulary."""

from collections.abc import Iterable, Sequence

from course_utils.checks import whole_numbers

LARGEST = 1_000_000  # pieces that may be learned: far more than any language has


class Pieces:
    """Words and pieces of words, each with a number. `unk` stands for what is unknown; `decode` leaves `unseen` out."""

    unk: int
    unseen: tuple[int, ...]

    def __init__(self, tokenizer):
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
        """(number, start, end) of each piece, places in the plain text."""
        return self._spans(self.plain(text))

    def cut(self, text: str | Sequence[str]) -> list[str]:
        """The pieces of a text; what is unknown as it is written."""
        plain = self.plain(text)
        return [
            plain[a:b] if i == self.unk else self.tokenizer.id_to_token(i)
            for i, a, b in self._spans(plain)
        ]

    def encode(self, text: str | Sequence[str]) -> list[int]:
        """A text as numbers, without the tokens that begin and end it; what is unknown becomes `unk`."""
        return self.tokenizer.encode(self.plain(text), add_special_tokens=False).ids

    def tokens(self, ids: Iterable[int]) -> list[str]:
        """The piece of each number. Raises ValueError for a number that none has."""
        return [
            self.tokenizer.id_to_token(i)
            for i in whole_numbers("ids", ids, 0, len(self) - 1)
        ]

    def decode(self, ids: Iterable[int]) -> str:
        """Numbers as a text; padding, beginning and end are left out, what is unknown stays visible."""
        kept = [
            i for i in whole_numbers("ids", ids, 0, len(self) - 1) if i not in self.unseen
        ]
        return self.tokenizer.decode(kept, skip_special_tokens=False).strip()

    def _spans(self, plain: str) -> list[tuple[int, int, int]]:
        found = self.tokenizer.encode(plain, add_special_tokens=False)
        return [(i, *span) for i, span in zip(found.ids, found.offsets, strict=True)]
