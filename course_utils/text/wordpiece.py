"""WordPiece, BERT's tokenizer: frequent words stay whole, others fall into pieces, of which the later begin with ##.

    tokenizer = WordPiece.build(sentences, max_size=1000)
    tokenizer.cut("Penguins are flightless birds")          # penguins · are · flight · ##less · birds
    tokenizer.spans("Penguins are …")                       # [(id, 0, 8), (id, 9, 12), …]: where in the text

Methods as of a Vocabulary of `text`, by the library `tokenizers`. Source: Schuster & Nakajima 2012, Wu et al. 2016.
"""

from collections.abc import Iterable, Sequence

from course_utils.checks import list_of_texts, whole_characters, whole_number
from course_utils.text.pieces import LARGEST, Pieces
from course_utils.text.vocabulary import is_text

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


class WordPiece(Pieces):
    """Words and pieces of words, each with a number; [MASK] in a text is the mask. [CLS] and [SEP] are left to others.

    tokenizer   a `tokenizers.Tokenizer` with the five special tokens
    """

    split = "wordpiece"

    def __init__(self, tokenizer):
        missing = [token for token in SPECIAL if tokenizer.token_to_id(token) is None]
        if missing:
            raise ValueError(
                f"the tokenizer has no {', '.join(missing)}; needed: a WordPiece tokenizer of a BERT"
            )
        super().__init__(tokenizer)
        tokenizer.no_truncation()
        tokenizer.no_padding()
        self.pad, self.unk, self.cls, self.sep, self.mask = map(
            tokenizer.token_to_id, SPECIAL
        )
        self.unseen = self.pad, self.cls, self.sep

    @classmethod
    def build(cls, sentences: Iterable[str], max_size: int = 1000, min_count: int = 1):
        """Learn the pieces from sentences, lower-cased: at most max_size of them, the same at each call.

        Raises ValueError for no text at all or sizes that cannot be, TypeError for one text instead of a list.
        """
        from tokenizers import trainers

        sentences, learned = list_of_texts("sentences", sentences), _tokenizer({})
        max_size = whole_number("max_size", max_size, 6, LARGEST)
        min_count = whole_number("min_count", min_count, 1, 10**9)
        letters = {
            c
            for s in sentences
            for c in learned.normalizer.normalize_str(whole_characters(s))
        }
        alphabet = sorted(c for c in letters if not c.isspace())
        if not alphabet:
            raise ValueError("no text to learn from; needed: at least one sentence")
        # The trainer numbers later letters as it meets them in a hash table: named beforehand, their order is ours.
        before = [*SPECIAL, *alphabet, *(f"##{c}" for c in alphabet if c.isalnum())]
        sizes = {"vocab_size": max_size, "min_frequency": min_count}
        trainer = trainers.WordPieceTrainer(
            **sizes, special_tokens=before, show_progress=False
        )
        learned.train_from_iterator(sentences, trainer)
        return cls(_tokenizer(learned.get_vocab()))

    @property
    def words(self) -> list[str]:
        """All tokens, in the order of their numbers."""
        numbers = self.tokenizer.get_vocab()
        return sorted(numbers, key=numbers.__getitem__)

    def plain(self, text: str | Sequence[str]) -> str:
        """The text as it is; of tokens, joined by spaces."""
        return whole_characters(text if is_text(text) else " ".join(text))

    def to_json(self) -> dict:
        return {"kind": "wordpiece", "tokens": self.words}

    @classmethod
    def from_json(cls, card: dict):
        """What to_json gave."""
        words = list_of_texts("tokens", card["tokens"], "one token each")
        return cls(_tokenizer({word: number for number, word in enumerate(words)}))

    def to_huggingface(self):
        """The same as a `transformers` tokenizer, with [CLS] and [SEP]."""
        from tokenizers import Tokenizer, processors
        from transformers import BertTokenizerFast

        copy = Tokenizer.from_str(self.tokenizer.to_str())
        copy.post_processor = processors.BertProcessing(
            ("[SEP]", self.sep), ("[CLS]", self.cls)
        )
        return BertTokenizerFast(tokenizer_object=copy)


def _tokenizer(vocabulary: dict[str, int]):
    """An uncased WordPiece tokenizer with this vocabulary."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers

    tokenizer = Tokenizer(
        models.WordPiece(vocabulary, unk_token="[UNK]", max_input_chars_per_word=100)
    )
    tokenizer.normalizer, tokenizer.pre_tokenizer = (
        normalizers.BertNormalizer(),
        pre_tokenizers.BertPreTokenizer(),
    )
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.add_special_tokens([token for token in SPECIAL if token in vocabulary])
    return tokenizer
