"""Words, or characters, as numbers and back."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence

from course_utils.checks import (
    described,
    list_of_texts,
    one_of,
    whole_number,
    whole_numbers,
)

SPECIAL = ("<pad>", "<unk>", "<bos>", "<eos>")
PAD, UNK, BOS, EOS = range(4)

_WORD = re.compile(r"'s\b|\w+(?:['-]\w+)*'?|[^\w\s]")
_POSSESSIVE = re.compile(r"(?<=\w)'s\b")
_ELISION = re.compile(r"\b(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu)'(?=\w)")
_HAN = r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_CHARACTER = re.compile(rf"[{_HAN}]|\d|[^\W\d{_HAN}]+|[^\w\s]")


def normalise(text: str) -> str:
    """One spelling of what looks the same: NFC, lower case, plain apostrophes, single plain spaces.

    Tatoeba's French holds narrow and wide no-break spaces (U+202F, U+00A0, U+2009) before ? ! : ; they become plain.
    Raises TypeError for anything but text.
    """
    if not is_text(text):
        raise TypeError(f"a sentence is text in quotes; given: the list {text!r}")
    return " ".join(unicodedata.normalize("NFC", text).replace("’", "'").lower().split())


def split_words(text: str) -> list[str]:
    """Words and punctuation: "Didn't Tom's? L'eau" -> didn't · tom · 's · ? · l' · eau (l' and 's stand alone)."""
    text = _POSSESSIVE.sub(r" \g<0>", _ELISION.sub(r"\g<0> ", normalise(text)))
    return [word for part in text.split() for word in _WORD.findall(part)]


def split_characters(text: str) -> list[str]:
    """Chinese characters one by one; other words, numbers' digits and punctuation as they come."""
    return _CHARACTER.findall(normalise(text))


SPLIT = {"words": split_words, "characters": split_characters, "exact": list}


class Vocabulary:
    """The words (or characters) a model knows, each with a number; the first four are <pad> <unk> <bos> <eos>.

    tokens   all of them, in the order of their numbers, without those four
    split    "words", "characters" or "exact" (every character as it stands): how a sentence is cut. A list of tokens is
             taken as it is.
    """

    def __init__(self, tokens: Iterable[str], split: str = "words"):
        one_of("split", split, SPLIT)
        self.words, self.split = (
            [*SPECIAL, *list_of_texts("tokens", tokens, "one token each")],
            split,
        )
        self._ids = {word: number for number, word in enumerate(self.words)}
        if len(self._ids) != len(self.words):
            twice = [word for word, count in Counter(self.words).items() if count > 1]
            raise ValueError(
                f"tokens hold {twice[0]!r} more than once; needed: each only once, and none of {SPECIAL}"
            )

    @classmethod
    def build(
        cls,
        sentences: Iterable,
        split: str = "words",
        min_count: int = 1,
        max_size: int | None = None,
    ):
        """From sentences (text, or lists of tokens): the most frequent first, those below min_count left out.

        max_size counts the four special tokens, too. Raises TypeError for one text, or sentences of another kind.
        """
        if isinstance(sentences, str | bytes):
            raise TypeError(
                f"sentences is one text, {described(sentences)}; needed: a list of them: write [sentences]"
            )
        if not hasattr(sentences, "__iter__"):
            raise TypeError(
                f"sentences is {described(sentences)}; needed: a list of them"
            )
        min_count, cut = (
            whole_number("min_count", min_count, 1),
            SPLIT[one_of("split", split, SPLIT)],
        )
        max_size = (
            None
            if max_size is None
            else whole_number("max_size", max_size, len(SPECIAL) + 1)
        )
        counts = Counter(
            token for s in sentences for token in (cut(s) if is_text(s) else s)
        )
        kept = sorted(
            (w for w, n in counts.items() if n >= min_count),
            key=lambda w: (-counts[w], w),
        )
        return cls(kept if max_size is None else kept[: max_size - len(SPECIAL)], split)

    def __len__(self) -> int:
        return len(self.words)

    def __contains__(self, word: str) -> bool:
        return word in self._ids

    def __repr__(self) -> str:
        return f"Vocabulary({len(self)} {self.split})"

    def cut(self, text: str | Sequence[str]) -> list[str]:
        """The tokens of a sentence, known or not."""
        return SPLIT[self.split](text) if is_text(text) else list(text)

    def encode(self, text: str | Sequence[str]) -> list[int]:
        """A sentence as numbers, without <bos> and <eos>; what is unknown becomes <unk> (1)."""
        return [self._ids.get(token, UNK) for token in self.cut(text)]

    def tokens(self, ids: Iterable[int]) -> list[str]:
        """The token of each number. Raises ValueError for a number that none has."""
        return [self.words[i] for i in whole_numbers("ids", ids, 0, len(self) - 1)]

    def decode(self, ids: Iterable[int]) -> str:
        """Numbers as a sentence; <pad>, <bos> and <eos> are left out, <unk> stays visible."""
        words = [
            self.words[i]
            for i in whole_numbers("ids", ids, 0, len(self) - 1)
            if i not in (PAD, BOS, EOS)
        ]
        return join(words) if self.split == "words" else "".join(words)

    def to_json(self) -> dict:
        return {"kind": self.split, "tokens": self.words[len(SPECIAL) :]}


class Characters(Vocabulary):
    """Every character of a text as it stands, capitals, spaces and line ends included: what the smallest GPTs read."""

    def __init__(self, tokens: Iterable[str]):
        super().__init__(tokens, "exact")

    @classmethod
    def build(cls, text: str):  # type: ignore[override] - one text, and all of its characters
        """All characters of a text, sorted."""
        if not isinstance(text, str):
            raise TypeError(
                f"text is {described(text)}; needed: one text; of a list, ''.join(texts)"
            )
        if not text:
            raise ValueError("the text is empty: give one with at least one character")
        return cls(sorted(set(text)))


def join(words: Sequence[str]) -> str:
    """Words as a sentence: no space before a comma, a full stop or 's, none after an elision."""
    text = re.sub(
        r" (?=[.,)…]|'s\b)|(?<=\()\s",
        "",
        " ".join(list_of_texts("words", words, "one word each")),
    )
    return re.sub(r"(?<=')(?<=\b[cdjlmnst]')\s|(?<=qu')\s", "", text)


def is_text(sentence) -> bool:
    """True for text, False for a list or tuple of tokens; anything else is a TypeError that says so."""
    if isinstance(sentence, list | tuple) and all(
        isinstance(token, str) for token in sentence
    ):
        return False
    if not isinstance(sentence, str):
        raise TypeError(
            f"a sentence is text in quotes; given: {sentence!r}, {type(sentence).__name__}"
        )
    return True


def as_text(sentence: str | Sequence[str], language: str = "") -> str:
    """A sentence as text, whether it is text or tokens already; Chinese tokens without spaces."""
    if is_text(sentence):
        return sentence
    return "".join(sentence) if language == "zh" else join(sentence)
