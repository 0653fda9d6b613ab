"""Pieces of words, so that few words are unknown, or none: three tokenizers of the library `tokenizers`.

    tokenizer = WordPiece.build(sentences, max_size=1000)      # BERT's: later pieces begin with ##
    tokenizer.cut("Penguins are flightless")                   # penguins · are · flight · ##less
    tokenizer.spans("Penguins are …")                          # [(id, 0, 8), (id, 9, 12), …]
    tokenizer = Subwords.build(sentences, max_size=8000)       # byte-pair encoding of letters: ▁ begins a word
    tokenizer = BytePairs.build([text], max_size=4096)         # GPT-2's, of bytes: no text is unknown
    tokenizer.decode(tokenizer.encode("猫 🙂")) == "猫 🙂"       # exactly

They have the methods of a Vocabulary. Sources: Schuster & Nakajima 2012, Wu et al. 2016 (WordPiece); Gage 1994,
Sennrich et al. 2016 (byte pairs); Radford et al. 2019, section 2.2 (of bytes).
"""

import json
import re
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

from course_kit.programs.arguments import list_of_texts, whole_characters, whole_number
from course_kit.text.vocabulary import (
    BOS,
    EOS,
    LONGEST_WORD,
    PAD,
    SPECIAL,
    UNK,
    Vocabulary,
    as_text,
    is_text,
    known_ids,
    normalise,
)

MOST_PIECES = 1_000_000  # for more than there is memory the library ends the process


class SubwordTokenizer:
    """Pieces of words, each with a number: the same methods as a Vocabulary.

    tokenizer   a `tokenizers.Tokenizer`
    """

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


BERT_SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


class WordPiece(SubwordTokenizer):
    """BERT's tokenizer, with its five special tokens; [MASK] in a text is the mask."""

    split = "wordpiece"

    def __init__(self, tokenizer: Any) -> None:
        super().__init__(tokenizer)
        missing = [token for token in BERT_SPECIAL if tokenizer.token_to_id(token) is None]
        if missing:
            raise ValueError(f"tokenizer has no {', '.join(missing)}, as a BERT's has")
        tokenizer.no_truncation()
        tokenizer.no_padding()
        numbers = map(tokenizer.token_to_id, BERT_SPECIAL)
        self.pad, self.unk, self.cls, self.sep, self.mask = numbers
        self.unseen = self.pad, self.cls, self.sep

    @classmethod
    def build(cls, sentences: Iterable[str], max_size: int = 1000, min_count: int = 1) -> "WordPiece":
        """Learn at most max_size pieces from sentences, lower-cased."""
        from tokenizers import trainers

        texts = [whole_characters(s) for s in list_of_texts("sentences", sentences)]
        learner = _uncased({})
        letters = {c for text in texts for c in learner.normalizer.normalize_str(text)}
        alphabet = sorted(letter for letter in letters if not letter.isspace())
        if not alphabet:
            raise ValueError("sentences hold no letter; needed: at least one sentence")
        # The trainer numbers later letters in the order of a hash table: ours is sorted.
        later = [f"##{letter}" for letter in alphabet if letter.isalnum()]
        trainer = trainers.WordPieceTrainer(
            vocab_size=whole_number("max_size", max_size, 6, MOST_PIECES),
            min_frequency=whole_number("min_count", min_count, 1),
            special_tokens=[*BERT_SPECIAL, *alphabet, *later],
            show_progress=False,
        )
        learn(learner, texts, trainer)
        return cls(_uncased(learner.get_vocab()))

    @property
    def words(self) -> list[str]:
        """All tokens, in the order of their numbers."""
        numbers = self.tokenizer.get_vocab()
        return sorted(numbers, key=numbers.__getitem__)

    def plain(self, text: str | Sequence[str]) -> str:
        """The text as it is; of tokens, joined by spaces."""
        return whole_characters(text if is_text(text) else " ".join(text))

    def to_json(self) -> dict[str, Any]:
        return {"kind": self.split, "tokens": self.words}

    @classmethod
    def from_json(cls, card: dict[str, Any]) -> "WordPiece":
        words = list_of_texts("tokens", card["tokens"])
        return cls(_uncased({word: number for number, word in enumerate(words)}))

    def to_huggingface(self) -> Any:
        """The same as a `transformers` tokenizer, with [CLS] and [SEP]."""
        from tokenizers import Tokenizer, processors
        from transformers import BertTokenizerFast  # type: ignore[attr-defined]

        copy = Tokenizer.from_str(self.tokenizer.to_str())
        ends = ("[SEP]", self.sep), ("[CLS]", self.cls)
        copy.post_processor = processors.BertProcessing(*ends)
        return BertTokenizerFast(tokenizer_object=copy)


def _uncased(numbers: dict[str, int]) -> Any:
    """An uncased WordPiece tokenizer with this vocabulary."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers

    model = models.WordPiece(numbers, unk_token="[UNK]", max_input_chars_per_word=LONGEST_WORD)
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.add_special_tokens([token for token in BERT_SPECIAL if token in numbers])
    return tokenizer


PUNCTUATION = r"▁?[^\w\s'▁-]"
ELISION = r"^▁?(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu)'(?=\w)"


class Subwords(SubwordTokenizer):
    """Byte-pair encoding of letters. A token that begins with ▁ begins a word."""

    split, unk, unseen = "subwords", UNK, (PAD, BOS, EOS)

    @classmethod
    def build(cls, sentences: Iterable[str], max_size: int = 8000, min_count: int = 2) -> "Subwords":
        """Learn at most max_size pieces, from pairs that occur min_count times."""
        from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

        texts = [normalise(s) for s in list_of_texts("sentences", sentences)]
        tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
        cuts = [pre_tokenizers.Split(Regex(p), "isolated") for p in (PUNCTUATION, ELISION)]
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Metaspace(), *cuts])
        tokenizer.decoder = decoders.Metaspace()
        trainer = trainers.BpeTrainer(
            vocab_size=whole_number("max_size", max_size, 5, MOST_PIECES),
            min_frequency=whole_number("min_count", min_count, 1),
            special_tokens=list(SPECIAL),
            show_progress=False,
        )
        learn(tokenizer, texts, trainer)
        return cls(tokenizer)

    def plain(self, text: str | Sequence[str]) -> str:
        """In one spelling: see `normalise`."""
        is_text(text)
        return normalise(as_text(text))

    def to_json(self) -> dict[str, Any]:
        return {"kind": self.split, "tokenizer": json.loads(self.tokenizer.to_str())}

    @classmethod
    def from_json(cls, card: dict[str, Any]) -> "Subwords":
        from tokenizers import Tokenizer

        return cls(Tokenizer.from_str(json.dumps(card["tokenizer"])))


# English endings ('s, 'll), letters, digits, other signs; blanks, but for the last one
# before a word. What is longer than a word can be is cut, or encoding it takes for ever.
_LONG = f"{{1,{LONGEST_WORD}}}"
WORD = re.compile(
    r"['’](?:s|t|re|ve|m|ll|d)\b"
    rf"| ?[^\W\d_]{_LONG}| ?\d{_LONG}| ?(?:[^\w\s]|_){_LONG}|\s{_LONG}(?!\S)|\s{_LONG}"
)
_BYTES = [chr(byte) for byte in range(256)]  # as letters (Latin-1)
_END = "\u0100"  # of a word: no byte has this letter, so neither a text nor a piece has it
_SPECIAL = [_END + name for name in SPECIAL]


class BytePairs(SubwordTokenizer):
    """Byte-pair encoding of bytes: words, each with the space before it, pieces of words, and single bytes.

    Numbers 0 to 3 are the special tokens, the next 256 are the bytes, and each joined pair has the next number.

    merges   the pairs to join, in order; a piece is written with a letter (Latin-1) for each of its bytes
    """

    split, unk, unseen = "bytepairs", UNK, (PAD, BOS, EOS)

    def __init__(self, merges: Iterable[tuple[str, str]]) -> None:
        from tokenizers import Tokenizer, models, pre_tokenizers

        self.merges = [(left, right) for left, right in merges]
        pieces = dict.fromkeys(chain(_SPECIAL, _BYTES, map("".join, self.merges)))  # two pairs may make the same one
        self.pieces = list(pieces)
        super().__init__(Tokenizer(models.BPE({piece: n for n, piece in enumerate(pieces)}, self.merges)))
        self.tokenizer.pre_tokenizer = pre_tokenizers.Split(_END, "removed")

    @classmethod
    def build(cls, texts: Iterable[str], max_size: int = 4096, min_count: int = 2) -> "BytePairs":
        """Learn the pairs from texts: at most max_size tokens in all, bytes counted.

        Again and again the most frequent pair of neighbours becomes one piece, until none occurs min_count times.
        """
        from tokenizers import trainers

        learner, least = cls([]), len(SPECIAL) + len(_BYTES)
        trainer = trainers.BpeTrainer(
            vocab_size=whole_number("max_size", max_size, least, MOST_PIECES),
            min_frequency=whole_number("min_count", min_count, 1),
            special_tokens=_SPECIAL,
            initial_alphabet=_BYTES,
            show_progress=False,
        )
        words = map(learner.plain, list_of_texts("texts", texts))
        learner.tokenizer.train_from_iterator(words, trainer)
        return cls(json.loads(learner.tokenizer.to_str())["model"]["merges"])

    def __contains__(self, token: str) -> bool:
        return token in SPECIAL or isinstance(token, str) and super().__contains__(_letters(token))

    def plain(self, text: str | Sequence[str]) -> str:
        """The bytes of each word as letters, words apart."""
        text = whole_characters(text if is_text(text) else "".join(text))
        return _END.join(map(_letters, WORD.findall(text)))

    def cut(self, text: str | Sequence[str]) -> list[str]:
        """The pieces of a text, as `tokens` shows them."""
        return self.tokens(self.encode(text))

    def tokens(self, ids: Iterable[int]) -> list[str]:
        r"""The piece of each id; a byte that is part of a character is shown as \xf0."""
        return [_bytes(self.pieces[i]).decode("utf-8", "backslashreplace") for i in known_ids(ids, len(self))]

    def decode(self, ids: Iterable[int]) -> str:
        """Ids as a text without padding, beginning and end; � is half a character."""
        kept = [self.pieces[i] for i in known_ids(ids, len(self)) if i not in self.unseen]
        return _bytes("".join(kept)).decode("utf-8", "replace")

    def to_json(self) -> dict[str, Any]:
        return {"kind": self.split, "merges": [list(pair) for pair in self.merges]}

    @classmethod
    def from_json(cls, card: dict[str, Any]) -> "BytePairs":
        return cls(card["merges"])


def _letters(text: str) -> str:
    """The bytes of a text (UTF-8), each as a letter."""
    return text.encode("utf-8", "replace").decode("latin-1")


def _bytes(letters: str) -> bytes:
    """The bytes that these letters stand for."""
    return letters.replace(_END, "").encode("latin-1")


KINDS: dict[str, Any] = {kind.split: kind for kind in (WordPiece, BytePairs, Subwords)}


def from_json(card: dict[str, Any]) -> Vocabulary | SubwordTokenizer:
    """A vocabulary of any kind from what its `to_json` gave, else a ValueError."""
    try:
        if card["kind"] in KINDS:
            return KINDS[card["kind"]].from_json(card)
        return Vocabulary(card["tokens"], card["kind"])
    except Exception as error:  # the library raises nothing more special
        raise ValueError(f"this is no vocabulary: {error!r}") from None
