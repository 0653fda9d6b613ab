"""Words, or characters, as numbers and back."""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeGuard

from course_kit.programs.arguments import described, list_of_texts, one_of, several, whole_characters, whole_number

SPECIAL = ("<pad>", "<unk>", "<bos>", "<eos>")
PAD, UNK, BOS, EOS = range(4)
LONGEST_WORD = 100  # letters; learning from longer ones would never end: they are cut

_WORD = re.compile(r"<to-\w\w>|'s\b|\w+(?:['-]\w+)*'?|[^\w\s]")
_POSSESSIVE = re.compile(r"(?<=\w)'s\b")
_ELISION = re.compile(r"\b(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu)'(?=\w)")
_HAN = r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_CHARACTER = re.compile(rf"[{_HAN}]|\d|[^\W\d{_HAN}]+|[^\w\s]")


def normalise(text: str) -> str:
    """One spelling of what looks the same: NFC, lower case, plain apostrophes and spaces.

    Tatoeba's French holds no-break spaces (U+202F, U+00A0, U+2009) before ? ! : and ;
    Raises ValueError for half a character.
    """
    text = unicodedata.normalize("NFC", whole_characters(text)).replace("’", "'")
    return " ".join(text.lower().split())


def split_words(text: str) -> list[str]:
    """Words and punctuation: "Tom's? L'eau <to-fr>" becomes tom · 's · ? · l' · eau · <to-fr>."""
    text = _ELISION.sub(r"\g<0> ", normalise(text))
    text = _POSSESSIVE.sub(r" \g<0>", text)
    return [word for part in text.split() for word in _WORD.findall(part)]


def split_characters(text: str) -> list[str]:
    """Chinese characters, digits and punctuation one by one; other words whole."""
    return _CHARACTER.findall(normalise(text))


SPLIT: dict[str, Callable[[str], list[str]]] = {
    "words": split_words,
    "characters": split_characters,
    "exact": list,  # every character as it is
}


class Vocabulary:
    """The words (or characters) a model knows, each with a number.

    tokens   in the order of their numbers; <pad> <unk> <bos> <eos> come before them
    split    how a text is cut, a name in SPLIT; a list of tokens is taken as it is
    """

    def __init__(self, tokens: Iterable[str], split: str = "words") -> None:
        self.split = one_of("split", split, SPLIT)
        self.words = [*SPECIAL, *list_of_texts("tokens", tokens)]
        self._ids = {word: number for number, word in enumerate(self.words)}
        if len(self._ids) != len(self.words):
            twice = Counter(self.words).most_common(1)[0][0]
            raise ValueError(f"tokens hold {twice!r} twice; needed: each once, none of {SPECIAL}")

    @classmethod
    def build(
        cls,
        sentences: Iterable[str | Sequence[str]],
        split: str = "words",
        min_count: int = 1,
        max_size: int | None = None,
    ) -> "Vocabulary":
        """The most frequent tokens of sentences first, those below min_count left out.

        max_size counts the four special tokens, too.
        """
        least, vocabulary = whole_number("min_count", min_count, 1), cls([], split)
        kept: Counter[str] = Counter()
        for sentence in several("sentences", sentences):
            kept.update(vocabulary.cut(sentence))
        ordered = sorted(kept, key=lambda word: (-kept[word], word))
        frequent = [word for word in ordered if kept[word] >= least]
        if max_size is not None:
            room = whole_number("max_size", max_size, len(SPECIAL) + 1) - len(SPECIAL)
            frequent = frequent[:room]
        return cls(frequent, split)

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
        """A sentence as ids, without <bos> and <eos>; what is unknown becomes <unk>."""
        return [self._ids.get(token, UNK) for token in self.cut(text)]

    def tokens(self, ids: Iterable[int]) -> list[str]:
        """The token of each id."""
        return [self.words[i] for i in known_ids(ids, len(self))]

    def decode(self, ids: Iterable[int]) -> str:
        """Ids as a sentence; <pad>, <bos> and <eos> are left out, <unk> stays visible."""
        words = [self.words[i] for i in known_ids(ids, len(self)) if i not in (PAD, BOS, EOS)]
        return join(words) if self.split == "words" else "".join(words)

    def to_json(self) -> dict[str, Any]:
        return {"kind": self.split, "tokens": self.words[len(SPECIAL) :]}


class Characters(Vocabulary):
    """Every character of a text as it is, capitals, spaces and line ends included."""

    def __init__(self, tokens: Iterable[str]) -> None:
        super().__init__(tokens, "exact")

    @classmethod
    def build(cls, text: str) -> "Vocabulary":  # type: ignore[override]
        """All characters of one text, sorted."""
        return cls(sorted(set(whole_characters(text))))


def join(words: Iterable[str]) -> str:
    """Words as a sentence: no space before a comma or 's, none after an elision."""
    text = " ".join(list_of_texts("words", words))
    text = re.sub(r" (?=[.,)…]|'s\b)|(?<=\()\s", "", text)
    return re.sub(r"(?<=')(?<=\b[cdjlmnst]')\s|(?<=qu')\s", "", text)


def as_text(sentence: str | Sequence[str], language: str = "") -> str:
    """A sentence as text, be it text or tokens already; Chinese tokens without spaces."""
    if isinstance(sentence, str):
        return sentence
    return "".join(sentence) if language == "zh" else join(sentence)


def is_text(sentence: str | Sequence[str]) -> TypeGuard[str]:
    """True for text, False for a list of tokens; nothing else is read in silence."""
    if not isinstance(sentence, str | list | tuple):
        raise TypeError(f"text is {described(sentence)}; needed: text in quotes, or a list")
    if isinstance(sentence, str):
        return True
    list_of_texts("text", sentence)
    return False


def known_ids(ids: Any, size: int) -> list[int]:
    """Ids from 0 to size − 1 as a list: a negative one would count from the end."""
    numbers = ids.tolist() if hasattr(ids, "tolist") else ids
    return [whole_number("ids", number, 0, size - 1) for number in numbers]
