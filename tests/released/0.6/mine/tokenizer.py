"""Byte-pair encoding in plain Python: any text as numbers, and back.

    merges = learn_merges("low lower lowest", count=5)
    tokenizer = Tokenizer(merges)
    assert tokenizer.decode(tokenizer.encode("lowest 猫 🙂")) == "lowest 猫 🙂"
    tokenizer = learned("low lower lowest " * 1000, count=20)     # by the library `tokenizers`, where it is installed
    ids = encoded(tokenizer, "the lowest")                        # likewise; half a character is refused in a sentence

Each byte is one character here. Sources: Sennrich et al. 2016; Radford et al. 2019.

So far its functions are ours, and 1 of them can be yours: solve an exercise, keep the file again, and your lines are in it. What is not yours is from the attention course: MIT License.
"""

import importlib.util
import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any


def joined(word, pair):
    """The word after this pair of neighbours has become one piece, from left to right."""
    if pair[0] not in word:  # most words
        return word
    pieces = []
    place = 0
    while place < len(word):
        step = 2 if tuple(word[place : place + 2]) == pair else 1
        pieces.append("".join(word[place : place + step]))
        place += step
    return tuple(pieces)


def words_of(text):
    """Words and signs, each with the blank before it, and other blanks, as many as there
    are; each byte is one character."""
    words = re.findall(r" ?\w+| ?[^\w\s]+|\s+(?!\S)|\s", text)
    return [word.encode(errors="replace").decode("latin-1") for word in words]


class Tokenizer:
    """A text as numbers, and back: 256 bytes first, then a number for each merge."""

    def __init__(self, merges):
        self.merges = merges
        self.pieces = [*map(chr, range(256)), *map("".join, merges)]
        self.numbers = {piece: number for number, piece in enumerate(self.pieces)}
        self.known = {}  # words that were cut before

    def cut(self, word):
        pieces = tuple(word)
        for pair in self.merges:
            pieces = joined(pieces, pair)
        return [self.numbers[piece] for piece in pieces]

    def encode(self, text):
        words = words_of(text)
        self.known |= {word: self.cut(word) for word in set(words) - self.known.keys()}
        return [number for word in words for number in self.known[word]]

    def decode(self, numbers):
        text = "".join(self.pieces[number] for number in numbers)
        return text.encode("latin-1").decode("utf-8", "replace")


def merge_once(words):
    """The pair of neighbours that occurs most often; the words with it joined."""
    pairs = Counter()
    for word, count in words.items():
        for pair in zip(word, word[1:], strict=False):
            pairs[pair] += count
    best = max(pairs, key=pairs.__getitem__)
    return best, {joined(word, best): count for word, count in words.items()}


def learn_merges(text, count):
    """The pairs to join, in order."""
    words = dict(Counter(tuple(word) for word in words_of(text)))
    merges = []
    while len(merges) < count and any(len(word) > 1 for word in words):
        pair, words = merge_once(words)
        merges.append(pair)
    return merges


def learned(text: str, count: int, said: Callable[[str], Any] = lambda line: None) -> Tokenizer:
    """The tokenizer of a text. said: is told how far it is, where that takes long."""
    if importlib.util.find_spec("tokenizers"):
        return Tokenizer(_merges_of_library(words_of(text), count))
    words = dict(Counter(tuple(word) for word in words_of(text)))
    merges: list[tuple[str, str]] = []
    while len(merges) < count and any(len(word) > 1 for word in words):
        pair, words = merge_once(words)
        merges.append(pair)
        if len(merges) % 50 == 0:
            said(f"piece {len(merges)} of {count}")
    return Tokenizer(merges)


def encoded(tokenizer: Tokenizer, text: str, said: Callable[[str], Any] = lambda line: None) -> list[int]:
    """The same as tokenizer.encode(text), with the library, or with words on how far it is. Raises ValueError."""
    if half := re.search("[\ud800-\udfff]", text):
        raise ValueError(f"Character {half.start() + 1:,} is half of one (U+{ord(half[0]):04X}), and no text has that.")
    new = sorted(set(words_of(text)) - tokenizer.known.keys())
    if importlib.util.find_spec("tokenizers"):
        tokenizer.known |= zip(new, _cut_by_library(tokenizer, new), strict=True)
        return tokenizer.encode(text)
    for number, word in enumerate(new, 1):
        tokenizer.known[word] = tokenizer.cut(word)
        if number % 5000 == 0:
            said(f"word {number:,} of {len(new):,}")
    return tokenizer.encode(text)


def asked(prompt: str) -> str:
    """A prompt as training had it: a blank belongs to the next word, and at the end it is a piece that hardly ever was
    there. New lines stay, and of an indent all but the last blank."""
    return re.sub(r"(?<=\S) +\Z| \Z", "", prompt)


def finished(text: str) -> str:
    """A decoded text without the character at its end of which a byte is still missing."""
    return text.rstrip("\N{REPLACEMENT CHARACTER}")


def _merges_of_library(words: Sequence[str], count: int) -> list[tuple[str, str]]:
    from tokenizers import Tokenizer as Library
    from tokenizers import models, trainers

    bytes_ = [chr(byte) for byte in range(256)]
    trainer = trainers.BpeTrainer(vocab_size=256 + count, initial_alphabet=bytes_, show_progress=False)
    library = Library(models.BPE())
    parts = (word[start : start + 200] for word in words for start in range(0, len(word), 200))  # long words are slow
    library.train_from_iterator(parts, trainer)
    return [(left, right) for left, right in json.loads(library.to_str())["model"]["merges"]]


def _cut_by_library(tokenizer: Tokenizer, words: Sequence[str]) -> list[list[int]]:
    from tokenizers import Tokenizer as Library
    from tokenizers import models

    library = Library(models.BPE(tokenizer.numbers, tokenizer.merges))
    return [found.ids for found in library.encode_batch_fast(words)]


def check() -> None:
    """The most frequent pair comes first, every text comes back, and the library cuts as these lines do."""
    words = {("a", "b"): 5, ("c", "d", "c", "d"): 3, ("e", "f"): 1, ("e", "f", "g"): 1, ("e", "f", "h"): 1}
    pair, after = merge_once(words)  # c d is there six times, in one word of 3
    del words[("c", "d", "c", "d")]
    assert tuple(pair) == ("c", "d") and after == words | {("cd", "cd"): 3}
    merges = learn_merges("low low low lowest newest", 4)
    assert merges[0] == ("l", "o") and len(set(merges)) == 4
    tokenizer = learned("low low low lowest newest 猫", 8)
    for text in ("lower \n the newest", "猫 🙂", "low\x85 \xa0猫猫"):
        assert Tokenizer(merges).decode(Tokenizer(merges).encode(text)) == text
        assert encoded(Tokenizer(tokenizer.merges), text) == tokenizer.encode(text)
    assert [asked(text) for text in ("It was  ", "a:\n   ", "b\n")] == ["It was", "a:\n  ", "b\n"]
    assert finished(tokenizer.decode(list("猫猫".encode())[:5])) == "猫"


def main() -> None:
    """Learn a few merges from a sentence, and cut a new one."""
    merges = learn_merges("the animal did not cross the street because it was too tired", 20)
    tokenizer = Tokenizer(merges)
    numbers = tokenizer.encode("the street was too wide")
    print(" · ".join(tokenizer.decode([number]) for number in numbers))


if __name__ == "__main__":
    check()
    main()
