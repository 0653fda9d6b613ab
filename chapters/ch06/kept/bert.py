"""A BERT in plain PyTorch: to pre-train, to fine-tune whole or by LoRA, to keep. Its tokenizer needs only its words.

    python -m mine.bert                                  # checks itself, then learns palindromes for some seconds
    python -m mine.bert bert.pt "It was a [MASK] man."   # fills holes with the model that the lesson pre-trained

    tokenizer = WordPiece(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ".", "the", "soup", "was", "cold", "##er"])
    ids, _, _ = tokenizer.batch(["The soup was colder.", "Soup."], length=8)      # [B, T], segments and mask likewise
    pairs = tokenizer.batch([("Was the soup cold?", "It was."), ("Soup?", "Cold soup.")], length=128)
    config = BertConfig(vocab=len(tokenizer.words), size=64, layers=2, heads=4, context=128)
    model = BertForPreTraining(config)
    loss = masked_word_loss(model, ids, mask_id=4, special=(0, 2, 3))  # covers 15 %, never padding or [CLS]
    tuned = BertForSequenceClassification(config, num_labels=3)
    tuned.bert.load_state_dict(model.bert.state_dict())
    add_low_rank(tuned.bert, rank=4)                                   # now only thin matrices and the head learn
    classes = tuned(*pairs)                                            # [B, 3]
    asks = BertForQuestionAnswering(config).eval()
    first, last = spans(asks, ids, mask=ids != 0)[0]                   # where the answer is, in each text
    save(tuned, "tuned.pt", tokenizer.words)
    tuned, words = load("tuned.pt")

Sizes: B batch, T tokens, D features, V vocabulary. A mask is boolean, True = a real token. Sources: Devlin et al.
2019; Hu et al. 2022; Nie et al. 2025 (writing by a masked model).
"""

import math
import re
import sys
from collections.abc import Sequence
from dataclasses import asdict
from tempfile import TemporaryDirectory
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from chapters.ch06.pairs import best_span  # exercise: answer span
from course_utils.attention import (
    masked_softmax,  # exercise: stable masked softmax
    multi_head,  # exercise: attention in heads
    scaled_dot_product_attention,  # exercise: scaled dot-product attention
    split_heads,  # exercise: split heads
)
from course_utils.bert import (
    BertConfig,
    BertForPreTraining,
    embed,  # exercise: embedding sum
    fill,
    make_bert,
    mask_tokens,  # exercise: mask tokens
    mlm_loss,
)
from course_utils.bert_heads import (
    BertForQuestionAnswering,
    BertForSequenceClassification,
    BertForTokenClassification,
    classify,  # exercise: task head
)
from course_utils.low_rank import (
    LowRank,
    add_low_rank,
    low_rank,  # exercise: low-rank change
)
from course_utils.toy_tasks import palindromes

__all__ = ["classify", "embed", "low_rank", "masked_softmax", "multi_head", "scaled_dot_product_attention",
           "split_heads"]  # fmt: skip
HEADS = BertForPreTraining, BertForSequenceClassification, BertForTokenClassification, BertForQuestionAnswering
MASK = 10  # of the palindromes: the token that says "guess here"; 0 to 9 are the digits


def need_known(model: nn.Module, ids: Tensor) -> None:
    """Raises ValueError for ids [...] that a model has no row for."""
    if len(wrong := ids[(ids < 0) | (ids >= model.config.vocab)]):
        known = model.config.vocab
        raise ValueError(
            f"{int(wrong[0])} is no id of this model: it has a table of {known:,}, from 0 to {known - 1:,}."
        )


def masked_word_loss(
    model: BertForPreTraining, ids: Tensor, mask_id: int, special: Sequence[int] = (), padding: int | None = 0
) -> Tensor:
    """Cover some tokens, guess them: the mean of −log p of the covered ones, in nats; 0 where none was covered.

    ids [B, T]; special: ids that are never covered; padding: not read either, None for texts of one length.
    Raises ValueError for ids that the model does not know, `mask_id` too, and for texts longer than its context.
    """
    need_known(model, torch.cat([ids.flatten(), ids.new_tensor([mask_id])]))
    real = torch.ones_like(ids, dtype=torch.bool) if padding is None else ids != padding
    never = ~real | torch.isin(ids, torch.tensor(special, dtype=ids.dtype, device=ids.device))
    inputs, labels = mask_tokens(ids, never, model.config.vocab, mask_id, None)
    logits = model(inputs, None, real).mlm_logits
    return mlm_loss(logits, labels) if (labels != -100).any() else 0.0 * logits.sum()


@torch.no_grad()
def spans(
    model: BertForQuestionAnswering,
    ids: Tensor,
    segments: Tensor | None = None,
    mask: Tensor | None = None,
    allowed: Tensor | None = None,
    padding: int | None = 0,
) -> list[tuple[int, int]]:
    """First and last token of the answer in each text, by a model in eval mode. mask [B, T]: by default all that is no
    `padding`, all if that is None; allowed [B, T]: where an answer may be, by default segment 1, or the mask.
    Raises ValueError for ids that the model does not know."""
    need_known(model, ids)
    real = mask if mask is not None else torch.ones_like(ids, dtype=torch.bool) if padding is None else ids != padding
    allowed = allowed if allowed is not None else real if segments is None else segments == 1
    starts, ends = model(ids, segments, real)
    found = (best_span(*row) for row in zip(starts, ends, allowed & real, strict=True))
    return [(int(first), int(last)) for first, last in found]


class WordPiece:
    """Text as numbers: of each word the longest known piece from the left, then the next, which is marked by ##.

    words: all pieces, [PAD], [UNK], [CLS], [SEP] and [MASK] among them; a piece's number is its place
    """

    def __init__(self, words: Sequence[str]):
        self.words = list(words)
        self.numbers = {word: n for n, word in enumerate(self.words)}

    def cut(self, text: str) -> list[str]:
        """The pieces of a text, lower-cased; a word that cannot be cut is [UNK]."""
        found: list[str] = []
        for word in re.findall(r"\[MASK\]|\w+|[^\w\s]", text):
            pieces, at, word = [], 0, word if word == "[MASK]" else word.lower()
            while at < len(word):
                tries = ("##" * (at > 0) + word[at:end] for end in range(len(word), at, -1))
                piece = next((piece for piece in tries if piece in self.numbers), None)
                if piece is None:
                    pieces = ["[UNK]"]
                    break
                pieces.append(piece)
                at += len(piece) - 2 * (at > 0)
            found += pieces
        return found

    def encode(self, text: str, other: str | None = None, length: int = 0, ends: bool = True) -> list[int]:
        """[CLS] text [SEP], or [CLS] text [SEP] other [SEP], as numbers, padded or cut to a length, the longer text
        first; ends=False: the text alone, as the lesson's book was. Raises ValueError for a length without room."""
        first, second = self.cut(text), [] if other is None else self.cut(other)
        marks = ends * (2 + (other is not None))
        if 0 < length <= marks:
            raise ValueError(f"{length} tokens leave no room for a text: {marks + 1} are needed at the least.")
        while length and len(first) + len(second) + marks > length:
            (first if len(first) >= len(second) else second).pop()
        closed = [*second, "[SEP]"] if other is not None else []
        pieces = ["[CLS]", *first, "[SEP]", *closed] if ends else first + second
        return [self.numbers[piece] for piece in pieces + ["[PAD]"] * (length - len(pieces))]

    def batch(self, texts: Sequence[str | tuple[str, str]], length: int) -> tuple[Tensor, Tensor, Tensor]:
        """Texts, or pairs of them, cut to `length` tokens -> ids, segments (1: of the second text), mask, [B, T] each,
        with T of the longest: what the models read."""
        pairs = [(text, None) if isinstance(text, str) else text for text in texts]
        ids = torch.tensor([self.encode(*pair, length=length) for pair in pairs])
        mask, ends = ids != self.numbers["[PAD]"], ids == self.numbers["[SEP]"]
        segments = ((ends.cumsum(1) - ends.long() > 0) & mask).long()
        longest = int(mask.sum(1).max())
        return ids[:, :longest], segments[:, :longest], mask[:, :longest]

    def decode(self, ids: Sequence[int]) -> str:
        """Pieces joined to words, with a space between words."""
        return " ".join(self.words[n] for n in ids).replace(" ##", "")


def save(model: nn.Module, path: str, tokenizer: Any = None) -> None:
    """Head, sizes, parameters, and what a tokenizer needs: its words. ValueError for a class that is not in HEADS."""
    if type(model).__name__ not in (known := [kind.__name__ for kind in HEADS]):
        raise ValueError(f"`load` would not know {type(model).__name__}; it knows {', '.join(known)}.")
    layers = [m for m in model.modules() if isinstance(m, LowRank)]
    torch.save(
        {
            "head": type(model).__name__,
            "sizes": asdict(model.config),
            "labels": getattr(getattr(model, "classifier", None), "out_features", None),
            "low_rank": (len(layers[0].A), layers[0].alpha) if layers else None,
            "parameters": model.state_dict(),
            "tokenizer": tokenizer,
        },
        path,
    )


def load(path: str) -> tuple[nn.Module, Any]:
    """The model as it was saved, with its dtype, on the CPU with dropout off; and the tokenizer's part."""
    saved = torch.load(path, map_location="cpu", weights_only=True)
    kind = next(kind for kind in HEADS if kind.__name__ == saved["head"])
    labels = () if saved["labels"] is None else (saved["labels"],)
    model = kind(BertConfig(**saved["sizes"]), *labels)
    if saved["low_rank"]:
        add_low_rank(model.bert, *saved["low_rank"])
    model.to(saved["parameters"]["bert.pooler.weight"].dtype).load_state_dict(saved["parameters"])
    return model.eval(), saved["tokenizer"]


def check() -> None:
    """Padding never matters, both sides do, a text without a hole has no loss, LoRA begins where the model is, training
    improves the loss, what was saved comes back."""
    torch.manual_seed(0)
    model, ids = make_bert(MASK + 1, 16, 2, 2, context=12), palindromes(32)
    real, padded = (torch.arange(12) < 10).expand(32, 12), F.pad(ids, (0, 2), value=3)
    logits = model(ids).mlm_logits
    assert torch.allclose(model(padded, None, real).mlm_logits[:, :10], logits, atol=1e-4)
    other = ids.clone()
    other[:, -1] = MASK
    assert not torch.allclose(model(other).mlm_logits[:, 0], logits[:, 0], atol=1e-4)
    assert masked_word_loss(model, ids, MASK, special=range(MASK), padding=None) == 0
    known = torch.tensor([[[9.0, 0.0], [0.0, 0.0]]])  # [1, 2, V]: only the second has a label
    assert abs(mlm_loss(known, torch.tensor([[-100, 1]])).item() - math.log(2)) < 1e-5
    many = palindromes(1000)
    read, labels = mask_tokens(many, many == 0, MASK + 1, MASK, None)
    covered = labels != -100
    assert (labels == many)[covered].all() and not covered[many == 0].any() and (read == many)[~covered].all()
    assert 0.13 < covered[many != 0].float().mean() < 0.17 and 0.75 < (read == MASK)[covered].float().mean() < 0.87
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-2)
    losses = [step(model, optimiser, ids) for _ in range(30)]
    assert sum(losses[-5:]) < sum(losses[:5])
    before = model(ids).mlm_logits
    assert (low_rank(torch.zeros(3, 2), torch.ones(3, 2), torch.ones(2, 2), 3.0) == 3).all()
    add_low_rank(model.bert, rank=2)
    assert torch.allclose(model(ids).mlm_logits, before, atol=1e-5)
    with TemporaryDirectory() as folder:
        save(model, f"{folder}/model.pt", ["some", "words"])
        again, words = load(f"{folder}/model.pt")
    assert torch.allclose(again(ids).mlm_logits, before, atol=1e-5) and words == ["some", "words"]
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "cold", "##er", "soup", "!"]
    tokenizer = WordPiece(words)
    assert tokenizer.cut("Colder [MASK] soup, cold!") == ["cold", "##er", "[MASK]", "soup", "[UNK]", "cold", "!"]
    assert tokenizer.decode(tokenizer.encode("Colder soup", length=6)) == "[CLS] colder soup [SEP] [PAD]"
    ids, segments, mask = tokenizer.batch([("soup", "cold soup cold"), "cold"], length=7)  # the longer one is cut
    assert ids.tolist() == [[2, 7, 3, 5, 7, 5, 3], [2, 5, 3, 0, 0, 0, 0]] and mask.sum(1).tolist() == [7, 3]
    assert segments.tolist() == [[0, 0, 0, 1, 1, 1, 1], [0] * 7] and len(tokenizer.encode("soup " * 9, length=5)) == 5
    reader = BertForSequenceClassification(BertConfig(9, 8, 1, 2, context=8), num_labels=3).eval()
    some = torch.tensor([tokenizer.encode("cold soup"), tokenizer.encode("soup!")])
    hidden = reader.bert(some).hidden
    assert torch.allclose(reader(some), reader.classifier(reader.bert.pooler(hidden[:, 0]).tanh()), atol=1e-5)
    small = make_bert(9, 8, 1, 2, context=8).eval()
    assert (fill(small, torch.tensor([2, 4, 7, 4, 3]), 4)[[1, 3]] > 4).all()
    asks = BertForQuestionAnswering(model.config).eval()
    assert all(0 <= first <= last < 10 for first, last in spans(asks, padded, mask=real))


def step(model: BertForPreTraining, optimiser: torch.optim.Optimizer, ids: Tensor) -> float:
    """One step of pre-training on palindromes; the loss before."""
    loss = masked_word_loss(model, ids, MASK, padding=None)
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    return loss.item()


def main(steps: int = 400) -> float:
    """Train on palindromes with holes, then fill one hole in each of 500 new ones."""
    torch.manual_seed(0)
    model = make_bert(MASK + 1, size=64, context=10)
    optimiser = torch.optim.Adam(model.parameters(), lr=2e-3)
    for n in range(steps):
        loss = step(model, optimiser, palindromes(64))
        if n % 50 == 0:
            print(f"step {n:3}  loss {loss:.3f}")
    ids, hole = palindromes(500), torch.randint(10, (500, 1))
    with torch.no_grad():
        guess = model.eval()(ids.scatter(1, hole, MASK)).mlm_logits.argmax(-1)
    right = guess.gather(1, hole) == ids.gather(1, hole)
    print(f"{right.float().mean():.1%} of 500 holes are filled rightly.")
    return right.float().mean().item()


def fill_text(path: str, text: str) -> str:
    """The text with its holes filled by a model that was saved with the words of its tokenizer."""
    model, words = load(path)
    tokenizer = WordPiece(words)
    ids = torch.tensor(tokenizer.encode(text, ends=False))
    if not 0 < len(ids) <= model.config.context:
        raise SystemExit(f"The text has {len(ids)} pieces; the model reads 1 to {model.config.context}.")
    return tokenizer.decode(fill(model, ids, tokenizer.numbers["[MASK]"]).tolist())


if __name__ == "__main__":
    if len(sys.argv) == 3:
        print(fill_text(*sys.argv[1:]))
    else:
        check()
        main()
