"""Byte-pair encoding of bytes, in plain Python: the tokenizer of GPT-2, to which no text is unknown.

    tokenizer = BytePairs.build([text], max_size=4096)
    tokenizer.cut("The captain looked")                    # ["The", " captain", " looked"]
    tokenizer.decode(tokenizer.encode("猫 🙂")) == "猫 🙂"   # exactly, whatever the text

A text is cut into words, each with the space before it, and a word into its bytes (UTF-8). Then neighbouring pieces
are joined, pair by pair, in the order in which `learn` found them to be frequent. Numbers 0 to 3 are the special
tokens, the next 256 are the bytes, and each joined pair has the next number.
Sources: Gage 1994; Sennrich, Haddow & Birch 2016; on bytes: Radford et al. 2019 (GPT-2), section 2.2.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from course_utils.checks import (
    described,
    list_of_texts,
    whole_characters,
    whole_number,
    whole_numbers,
)
from course_utils.text.pieces import LARGEST
from course_utils.text.vocabulary import BOS, EOS, PAD, SPECIAL, UNK, is_text

Pair = tuple[bytes, bytes]
BYTES = tuple(bytes([value]) for value in range(256))

# English endings ('s, 'll), letters, digits, other signs; blanks, but for the last one before a word.
WORD = re.compile(
    r"['’](?:s|t|re|ve|m|ll|d)\b| ?[^\W\d_]+| ?\d+| ?(?:[^\w\s]|_)+|\s+(?!\S)|\s+"
)


def learn(counts: Mapping[bytes, int], pairs: int, min_count: int = 2) -> list[Pair]:
    """The pairs to join, in order: counts says how often each word occurs -> at most so many pairs.

    Again and again the most frequent pair of neighbours becomes one piece, until none occurs min_count times. Of pairs
    that are equally frequent the one with the older pieces comes first, as in the library `tokenizers`. Only words that
    hold the pair are counted again, which makes this quick.
    """
    words = [
        ([word[i : i + 1] for i in range(len(word))], count)
        for word, count in counts.items()
    ]
    age = {piece: number for number, piece in enumerate(BYTES)}
    found, where, learned = Counter(), defaultdict(set), []
    for number, (pieces, count) in enumerate(words):
        _count(found, pieces, count, where, number)
    while found and len(learned) < pairs:
        most = max(found.values())
        if most < min_count:
            break
        best = min(
            (pair for pair, count in found.items() if count == most),
            key=lambda pair: [age[x] for x in pair],
        )
        learned.append(best)
        age.setdefault(best[0] + best[1], len(age))
        for number in where.pop(best):
            pieces, count = words[number]
            _count(found, pieces, -count)
            pieces = joined(pieces, best)
            _count(found, pieces, count, where, number)
            words[number] = pieces, count
    return learned


def _count(
    found: Counter, pieces: list[bytes], count: int, where=None, number: int = 0
) -> None:
    """Adds a word's pairs to those found, or takes them away; where[pair] holds the numbers of words that have it."""
    for pair in zip(pieces, pieces[1:], strict=False):
        found[pair] += count
        if where is not None:
            where[pair].add(number)
        elif not found[pair]:
            del found[pair]


def joined(pieces: list[bytes], pair: Pair) -> list[bytes]:
    """The pieces of a word after this pair has become one piece, from left to right."""
    out, i = [], 0
    while i < len(pieces):
        if i + 1 < len(pieces) and (pieces[i], pieces[i + 1]) == pair:
            out.append(pieces[i] + pieces[i + 1])
            i += 2
        else:
            out.append(pieces[i])
            i += 1
    return out


class BytePairs:
    """Words, pieces of words and single bytes, each with a number: the same methods as a Vocabulary.

    merges   the pairs to join, in order, as `learn` gives them
    Raises ValueError for a pair of pieces that no earlier pair made.
    """

    split, unk, unseen = "bytepairs", UNK, (PAD, BOS, EOS)

    def __init__(self, merges: Iterable[Pair]):
        self.merges = list(merges)
        self.pieces = [*(name.encode() for name in SPECIAL), *BYTES]  # of each number
        self._ids = {piece: len(SPECIAL) + byte for byte, piece in enumerate(BYTES)}
        for left, right in self.merges:
            if left not in self._ids or right not in self._ids:
                raise ValueError(
                    f"the pair {left!r}, {right!r} holds a piece that no pair before it made"
                )
            if left + right not in self._ids:  # two pairs may make the same piece
                self._ids[left + right] = len(self.pieces)
                self.pieces.append(left + right)
        self._ranks = {pair: rank for rank, pair in enumerate(self.merges)}
        self._known: dict[str, list[int]] = {}  # words that were met before

    @classmethod
    def build(
        cls, texts: Iterable[str], max_size: int = 4096, min_count: int = 2
    ) -> "BytePairs":
        """Learn the pairs from texts: at most max_size tokens in all, from pairs that occur min_count times.

        Twenty million characters take about a minute. Raises TypeError for one text instead of a list, ValueError for
        sizes that cannot be (there are 4 special tokens and 256 bytes to begin with).
        """
        texts = list_of_texts("texts", texts)
        max_size = whole_number("max_size", max_size, len(SPECIAL) + len(BYTES), LARGEST)
        min_count = whole_number("min_count", min_count, 1, 10**9)
        words = Counter(
            word for text in texts for word in WORD.findall(whole_characters(text))
        )
        counts = {word.encode(): count for word, count in words.items()}
        return cls(learn(counts, max_size - len(SPECIAL) - len(BYTES), min_count))

    def __len__(self) -> int:
        return len(self.pieces)

    def __contains__(self, token: str) -> bool:
        return isinstance(token, str) and (
            token in SPECIAL or token.encode("utf-8", "replace") in self._ids
        )

    def __repr__(self) -> str:
        return f"BytePairs({len(self)})"

    def encode(self, text: str | Sequence[str]) -> list[int]:
        """A text as numbers, without <bos> and <eos>. Raises ValueError for half a character (a lone surrogate)."""
        text = whole_characters(text if is_text(text) else "".join(text))
        return [
            number
            for word in WORD.findall(text)
            for number in self._known.get(word) or self._encode(word)
        ]

    def _encode(self, word: str) -> list[int]:
        """A word that was not met before: its bytes, joined pair by pair in the order in which pairs were learned."""
        pieces = [BYTES[value] for value in word.encode()]
        while len(pieces) > 1:
            first = min(
                zip(pieces, pieces[1:], strict=False),
                key=lambda pair: self._ranks.get(pair, math.inf),
            )
            if first not in self._ranks:
                break
            pieces = joined(pieces, first)
        self._known[word] = [self._ids[piece] for piece in pieces]
        return self._known[word]

    def cut(self, text: str | Sequence[str]) -> list[str]:
        """The pieces of a text, as `tokens` shows them."""
        return self.tokens(self.encode(text))

    def tokens(self, ids: Iterable[int]) -> list[str]:
        r"""The piece of each number; bytes that are a part of a character are shown as \xf0. Raises ValueError for a
        number that none has."""
        return [
            self.pieces[i].decode("utf-8", "backslashreplace")
            for i in whole_numbers("ids", ids, 0, len(self) - 1)
        ]

    def decode(self, ids: Iterable[int]) -> str:
        """Numbers as a text; padding, beginning and end are left out, and � stands for an unfinished character."""
        ids = whole_numbers("ids", ids, 0, len(self) - 1)
        return b"".join(self.pieces[i] for i in ids if i not in self.unseen).decode(
            "utf-8", "replace"
        )

    def to_json(self) -> dict:
        """The pairs as text, where each letter is a byte (Latin-1)."""
        return {
            "kind": self.split,
            "merges": [
                [a.decode("latin-1"), b.decode("latin-1")] for a, b in self.merges
            ],
        }

    @classmethod
    def from_json(cls, card: dict) -> "BytePairs":
        """What to_json gave. Raises ValueError for anything else."""
        try:
            merges = [
                (left.encode("latin-1"), right.encode("latin-1"))
                for left, right in card["merges"]
            ]
        except (TypeError, ValueError, AttributeError) as error:
            raise ValueError(
                f"this is no vocabulary: merges is {described(card['merges'])} ({error})"
            ) from None
        return cls(merges)
