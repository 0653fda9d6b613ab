"""Byte-pair encoding of bytes, in plain Python: to GPT-2's tokenizer no text is unknown.

    tokenizer = BytePairs.build([text], max_size=4096)
    tokenizer.cut("The captain looked")                 # ["The", " captain", " looked"]
    tokenizer.decode(tokenizer.encode("猫 🙂")) == "猫 🙂"   # exactly

A text is cut into words, each with the space before it, and a word into its bytes
(UTF-8). Then neighbouring pieces are joined, pair by pair, in the order in which `learn`
found them to be frequent. Numbers 0 to 3 are the special tokens, the next 256 are the
bytes, and each joined pair has the next number. Sources: Gage 1994; Sennrich et al. 2016;
on bytes: Radford et al. 2019, section 2.2.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from course_kit.arguments import list_of_texts, whole_characters, whole_number
from course_kit.text.vocabulary import BOS, EOS, LONGEST_WORD, PAD, SPECIAL, UNK, is_text, known_ids

Pair = tuple[bytes, bytes]
BYTES = tuple(bytes([value]) for value in range(256))

# English endings ('s, 'll), letters, digits, other signs; blanks, but for the last one
# before a word. What is longer than a word can be is cut, or encoding it takes for ever.
_LONG = f"{{1,{LONGEST_WORD}}}"
WORD = re.compile(
    r"['’](?:s|t|re|ve|m|ll|d)\b"
    rf"| ?[^\W\d_]{_LONG}| ?\d{_LONG}| ?(?:[^\w\s]|_){_LONG}|\s{_LONG}(?!\S)|\s{_LONG}"
)


def learn(counts: Mapping[bytes, int], pairs: int, min_count: int = 2) -> list[Pair]:
    """The pairs to join, in order, at most so many: counts says how often a word occurs.

    Again and again the most frequent pair of neighbours becomes one piece, until none
    occurs min_count times. Of pairs that are equally frequent the one with the older
    pieces comes first, as in the library `tokenizers`. Only words that hold the pair are
    counted again, which makes this quick.
    """
    words = [([word[i : i + 1] for i in range(len(word))], n) for word, n in counts.items()]
    age = {piece: number for number, piece in enumerate(BYTES)}
    frequency: Counter[Pair] = Counter()
    where: dict[Pair, set[int]] = defaultdict(set)  # the numbers of words that hold a pair
    for number, (pieces, count) in enumerate(words):
        for pair in pairwise(pieces):
            frequency[pair] += count
            where[pair].add(number)
    learned: list[Pair] = []
    while len(learned) < pairs:
        most = max(frequency.values(), default=0)
        if most < max(min_count, 1):
            break
        equal = [pair for pair, count in frequency.items() if count == most]
        best = min(equal, key=lambda pair: (age[pair[0]], age[pair[1]]))
        learned.append(best)
        age.setdefault(best[0] + best[1], len(age))
        for number in where.pop(best):
            pieces, count = words[number]
            for pair in pairwise(pieces):
                frequency[pair] -= count
            pieces = joined(pieces, best)
            for pair in pairwise(pieces):
                frequency[pair] += count
                where[pair].add(number)
            words[number] = pieces, count
        del frequency[best]
    return learned


def joined(pieces: list[bytes], pair: Pair) -> list[bytes]:
    """The pieces of a word after this pair has become one piece, from left to right."""
    result: list[bytes] = []
    i = 0
    while i < len(pieces):
        if tuple(pieces[i : i + 2]) == pair:
            result.append(pieces[i] + pieces[i + 1])
            i += 2
        else:
            result.append(pieces[i])
            i += 1
    return result


class BytePairs:
    """Words, pieces of words and single bytes: the same methods as a Vocabulary.

    merges   the pairs to join, in order, as `learn` gives them
    """

    split, unk, unseen = "bytepairs", UNK, (PAD, BOS, EOS)

    def __init__(self, merges: Iterable[Pair]) -> None:
        self.merges = list(merges)
        self.pieces = [*(name.encode() for name in SPECIAL), *BYTES]  # of each number
        self._ids = {piece: len(SPECIAL) + byte for byte, piece in enumerate(BYTES)}
        for left, right in self.merges:
            if left not in self._ids or right not in self._ids:
                raise ValueError(f"merges: {left!r}, {right!r} joins a piece that is not there")
            if left + right not in self._ids:  # two pairs may make the same piece
                self._ids[left + right] = len(self.pieces)
                self.pieces.append(left + right)
        self._ranks = {pair: rank for rank, pair in enumerate(self.merges)}
        self._known: dict[str, list[int]] = {}  # words that were met before

    @classmethod
    def build(cls, texts: Iterable[str], max_size: int = 4096, min_count: int = 2) -> "BytePairs":
        """Learn the pairs from texts: at most max_size tokens in all, bytes counted.

        Twenty million characters take about a minute.
        """
        least = len(SPECIAL) + len(BYTES)
        pairs = whole_number("max_size", max_size, least) - least
        counts: Counter[bytes] = Counter()
        for text in list_of_texts("texts", texts):
            counts.update(word.encode() for word in WORD.findall(whole_characters(text)))
        return cls(learn(counts, pairs, whole_number("min_count", min_count, 1)))

    def __len__(self) -> int:
        return len(self.pieces)

    def __contains__(self, token: str) -> bool:
        known = isinstance(token, str) and token.encode("utf-8", "replace") in self._ids
        return known or token in SPECIAL

    def __repr__(self) -> str:
        return f"BytePairs({len(self)})"

    def encode(self, text: str | Sequence[str]) -> list[int]:
        """A text as ids, without <bos> and <eos>."""
        text = whole_characters(text if is_text(text) else "".join(text))
        ids: list[int] = []
        for word in WORD.findall(text):
            if word not in self._known:
                self._known[word] = self._encode(word)
            ids += self._known[word]
        return ids

    def _encode(self, word: str) -> list[int]:
        """A word's bytes, joined pair by pair in the order of learning."""
        pieces = [BYTES[value] for value in word.encode()]
        while len(pieces) > 1:
            first = min(pairwise(pieces), key=lambda pair: self._ranks.get(pair, math.inf))
            if first not in self._ranks:
                break
            pieces = joined(pieces, first)
        return [self._ids[piece] for piece in pieces]

    def cut(self, text: str | Sequence[str]) -> list[str]:
        """The pieces of a text, as `tokens` shows them."""
        return self.tokens(self.encode(text))

    def tokens(self, ids: Iterable[int]) -> list[str]:
        r"""The piece of each id; a byte that is part of a character is shown as \xf0."""
        pieces = [self.pieces[i] for i in known_ids(ids, len(self))]
        return [piece.decode("utf-8", "backslashreplace") for piece in pieces]

    def decode(self, ids: Iterable[int]) -> str:
        """Ids as a text without padding, beginning and end; � is half a character."""
        kept = [i for i in known_ids(ids, len(self)) if i not in self.unseen]
        return b"".join(self.pieces[i] for i in kept).decode("utf-8", "replace")

    def to_json(self) -> dict[str, Any]:
        """The pairs as text, where each letter is a byte (Latin-1)."""
        merges = [[a.decode("latin-1"), b.decode("latin-1")] for a, b in self.merges]
        return {"kind": self.split, "merges": merges}

    @classmethod
    def from_json(cls, card: dict[str, Any]) -> "BytePairs":
        """What to_json gave."""
        return cls((a.encode("latin-1"), b.encode("latin-1")) for a, b in card["merges"])
