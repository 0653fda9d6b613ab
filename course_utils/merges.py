"""Byte-pair encoding on one page: what chapter 7 builds. `BytePairs` is the same, fast.

    merges = learn_merges(text, count=700)
    tokenizer = Tokenizer(merges)
    tokenizer.decode(tokenizer.encode("猫 🙂")) == "猫 🙂"

A text is cut into words, each with the blank before it. A word is a tuple of pieces, at
first of its bytes, each written as one character, so that no text is unknown.
Sources: Sennrich et al. 2016; on bytes: Radford et al. 2019, section 2.2.
"""

import re
from collections import Counter

Word = tuple[str, ...]


def words_of(text: str) -> list[str]:
    """Words and signs, each with the blank before it, and other blanks, as many as there
    are; each byte is one character."""
    words = re.findall(r" ?\w+| ?[^\w\s]+|\s+(?!\S)|\s", text)
    return [word.encode(errors="replace").decode("latin-1") for word in words]


def joined(word: Word, pair: tuple[str, str]) -> Word:
    """The word after this pair of neighbours has become one piece, from left to right."""
    if pair[0] not in word:  # most words
        return word
    pieces: list[str] = []
    place = 0
    while place < len(word):
        step = 2 if tuple(word[place : place + 2]) == pair else 1
        pieces.append("".join(word[place : place + step]))
        place += step
    return tuple(pieces)


def merge_once(words: dict[Word, int]) -> tuple[tuple[str, str], dict[Word, int]]:
    """The pair of neighbours that occurs most often; the words with it joined.

    words: the pieces of each word, and how often it occurs
    """
    pairs: Counter[tuple[str, str]] = Counter()
    for word, count in words.items():
        for pair in zip(word, word[1:], strict=False):
            pairs[pair] += count
    best = max(pairs, key=pairs.__getitem__)
    return best, {joined(word, best): count for word, count in words.items()}


def learn_merges(text: str, count: int) -> list[tuple[str, str]]:
    """The pairs to join, in order."""
    words = dict(Counter(tuple(word) for word in words_of(text)))
    merges: list[tuple[str, str]] = []
    while len(merges) < count and any(len(word) > 1 for word in words):
        pair, words = merge_once(words)
        merges.append(pair)
    return merges


class Tokenizer:
    """A text as numbers, and back: 256 bytes first, then a number for each merge."""

    def __init__(self, merges: list[tuple[str, str]]):
        self.merges = merges
        self.pieces = [*map(chr, range(256)), *map("".join, merges)]
        self.numbers = {piece: number for number, piece in enumerate(self.pieces)}
        self.known: dict[str, list[int]] = {}  # words that were cut before

    def cut(self, word: str) -> list[int]:
        pieces = tuple(word)
        for pair in self.merges:
            pieces = joined(pieces, pair)
        return [self.numbers[piece] for piece in pieces]

    def encode(self, text: str) -> list[int]:
        words = words_of(text)
        self.known |= {word: self.cut(word) for word in set(words) - self.known.keys()}
        return [number for word in words for number in self.known[word]]

    def decode(self, numbers: list[int]) -> str:
        text = "".join(self.pieces[number] for number in numbers)
        return text.encode("latin-1").decode("utf-8", "replace")
