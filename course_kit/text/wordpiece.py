"""WordPiece, BERT's tokenizer: rare words fall into pieces, the later ones begin with ##.

    tokenizer = WordPiece.build(sentences, max_size=1000)
    tokenizer.cut("Penguins are flightless")        # penguins · are · flight · ##less
    tokenizer.spans("Penguins are …")               # [(id, 0, 8), (id, 9, 12), …]

Source: Schuster & Nakajima 2012, Wu et al. 2016; learned by the library `tokenizers`.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from course_kit.arguments import list_of_texts, whole_characters, whole_number
from course_kit.text.pieces import MOST_PIECES, Pieces, learn
from course_kit.text.vocabulary import LONGEST_WORD, is_text

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


class WordPiece(Pieces):
    """Words and pieces of words, each with a number; [MASK] in a text is the mask.

    tokenizer   a `tokenizers.Tokenizer` with the five special tokens
    """

    split = "wordpiece"

    def __init__(self, tokenizer: Any) -> None:
        super().__init__(tokenizer)
        missing = [token for token in SPECIAL if tokenizer.token_to_id(token) is None]
        if missing:
            raise ValueError(f"tokenizer has no {', '.join(missing)}, as a BERT's has")
        tokenizer.no_truncation()
        tokenizer.no_padding()
        numbers = map(tokenizer.token_to_id, SPECIAL)
        self.pad, self.unk, self.cls, self.sep, self.mask = numbers
        self.unseen = self.pad, self.cls, self.sep

    @classmethod
    def build(cls, sentences: Iterable[str], max_size: int = 1000, min_count: int = 1) -> "WordPiece":
        """Learn at most max_size pieces from sentences, lower-cased."""
        from tokenizers import trainers

        texts = [whole_characters(s) for s in list_of_texts("sentences", sentences)]
        learner = _tokenizer({})
        letters = {c for text in texts for c in learner.normalizer.normalize_str(text)}
        alphabet = sorted(letter for letter in letters if not letter.isspace())
        if not alphabet:
            raise ValueError("sentences hold no letter; needed: at least one sentence")
        # The trainer numbers later letters in the order of a hash table: ours is sorted.
        later = [f"##{letter}" for letter in alphabet if letter.isalnum()]
        trainer = trainers.WordPieceTrainer(
            vocab_size=whole_number("max_size", max_size, 6, MOST_PIECES),
            min_frequency=whole_number("min_count", min_count, 1),
            special_tokens=[*SPECIAL, *alphabet, *later],
            show_progress=False,
        )
        learn(learner, texts, trainer)
        return cls(_tokenizer(learner.get_vocab()))

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
        return cls(_tokenizer({word: number for number, word in enumerate(words)}))

    def to_huggingface(self) -> Any:
        """The same as a `transformers` tokenizer, with [CLS] and [SEP]."""
        from tokenizers import Tokenizer, processors
        from transformers import BertTokenizerFast  # type: ignore[attr-defined]

        copy = Tokenizer.from_str(self.tokenizer.to_str())
        ends = ("[SEP]", self.sep), ("[CLS]", self.cls)
        copy.post_processor = processors.BertProcessing(*ends)
        return BertTokenizerFast(tokenizer_object=copy)


def _tokenizer(numbers: dict[str, int]) -> Any:
    """An uncased WordPiece tokenizer with this vocabulary."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers

    model = models.WordPiece(numbers, unk_token="[UNK]", max_input_chars_per_word=LONGEST_WORD)
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.add_special_tokens([token for token in SPECIAL if token in numbers])
    return tokenizer
