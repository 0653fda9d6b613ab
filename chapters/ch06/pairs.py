"""What BERT reads: [CLS] A [SEP] B [SEP], segments 0 and 1, the word that each token is of; and batches of it.

    found = encode(tokenizer, "the man went to the store .", "he bought milk .", max_length=32)
    found.tokens, found.segments                            # found.dropped: how many tokens did not fit
    batch = collate([found, …])                             # ids, segments, mask: [B, T]

Sizes: B batch, T time. Source: Devlin et al. 2019, section 3 and figure 2.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from course_kit.i18n import t
from course_kit.text.subwords import WordPiece


@dataclass(frozen=True, repr=False)
class Input:
    """One text or pair as BERT reads it; all tuples are as long as `ids`.

    tokens    as text, [CLS] first
    segments  0 for [CLS] A [SEP], 1 for B [SEP]
    words     number of the word that a token is of, counted in its own text; −1 for [CLS] and [SEP]
    dropped   tokens of A and of B that did not fit
    """

    ids: tuple[int, ...]
    tokens: tuple[str, ...]
    segments: tuple[int, ...]
    words: tuple[int, ...]
    dropped: tuple[int, int] = (0, 0)

    def __len__(self) -> int:
        return len(self.ids)

    def __repr__(self) -> str:
        text = " ".join(self.tokens)
        if not any(self.dropped):
            return text
        return t("{text} … and {dropped} more tokens that did not fit", text=text, dropped=sum(self.dropped))


class Batch(NamedTuple):
    """Inputs of one length. ids, segments [B, T]; mask [B, T] bool, True = a real token."""

    ids: Tensor
    segments: Tensor
    mask: Tensor

    def to(self, device) -> "Batch":
        return Batch(*(x.to(device) for x in self))


class Masked(NamedTuple):
    """A batch of pre-training: ids with masks, labels [B, T] (the token, −100 where none is asked for), and nsp [B]:
    0 where B follows A, 1 where it does not."""

    ids: Tensor
    segments: Tensor
    mask: Tensor
    labels: Tensor
    nsp: Tensor

    def to(self, device) -> "Masked":
        return Masked(*(x.to(device) for x in self))


class Judged(NamedTuple):
    """A batch of fine-tuning. labels: [B], or [B, T] for tags."""

    inputs: Batch
    labels: Tensor

    def to(self, device) -> "Judged":
        return Judged(self.inputs.to(device), self.labels.to(device))


def encode(
    tokenizer: WordPiece,
    first: str | Sequence[str],
    second: str | Sequence[str] | None = None,
    max_length: int = 512,
    quiet: bool = False,
) -> Input:
    """A text, or a pair of them -> Input. first, second: text, or a list of words, as tags need it.

    What does not fit into max_length is dropped at the end of the longer text, with a warning unless `quiet`.
    Raises ValueError for a text without a token, or a max_length that has no room.
    """
    texts = [first] if second is None else [first, second]
    pieces = [_pieces(tokenizer, text) for text in texts]
    for name, found in zip(("first", "second"), pieces, strict=False):
        if not found:
            raise ValueError(f"the {name} text is empty: BERT needs at least one word in each text it is given")
    full, room = [len(p) for p in pieces], max_length - 1 - len(texts)
    while sum(map(len, pieces)) > room:
        longer = max(pieces, key=len)
        if len(longer) == 1:
            raise ValueError(f"max_length is {max_length}: no room for {sum(full)} tokens, [CLS] and [SEP]")
        longer.pop()
    dropped = tuple(n - len(p) for n, p in zip(full, pieces, strict=True)) + (0,) * (2 - len(texts))
    if any(dropped) and not quiet:
        warnings.warn(
            f"{sum(dropped)} of {sum(full)} tokens do not fit into {max_length} and were left out", stacklevel=2
        )
    rows = [(tokenizer.cls, 0, -1)]
    for segment, part in enumerate(pieces):
        rows += [(i, segment, word) for i, word in part] + [(tokenizer.sep, segment, -1)]
    ids, segments, words = zip(*rows, strict=True)
    return Input(ids, tuple(tokenizer.tokens(ids)), segments, words, dropped)


def encode_all(tokenizer: WordPiece, texts: Sequence, max_length: int = 512) -> list[Input]:
    """`encode` for many: texts, or pairs (first, second). One warning says how many were too long."""
    pairs = [text if isinstance(text, tuple) else (text, None) for text in texts]
    found = [encode(tokenizer, a, b, max_length, quiet=True) for a, b in pairs]
    long = sum(any(one.dropped) for one in found)
    if long:
        lost = sum(sum(one.dropped) for one in found)
        warnings.warn(
            f"{long} of {len(found)} texts are longer than {max_length}: {lost} tokens left out", stacklevel=2
        )
    return found


def collate(inputs: Sequence[Input], pad: int = 0, length: int | None = None) -> Batch:
    """Inputs -> Batch, filled up with `pad` to the longest, or to `length`. Raises ValueError for none, or too long."""
    if not inputs:
        raise ValueError("no inputs: give at least one")
    longest = max(map(len, inputs))
    length = longest if length is None else length
    if length < longest:
        raise ValueError(f"length is {length}, the longest input has {longest} tokens")
    ids, segments = (
        torch.tensor([[*row, *[filler] * (length - len(row))] for row in rows])
        for filler, rows in ((pad, [i.ids for i in inputs]), (0, [i.segments for i in inputs]))
    )
    return Batch(ids, segments, torch.arange(length) < torch.tensor([len(i) for i in inputs])[:, None])


def special_mask(tokenizer: WordPiece, batch: Batch | Masked) -> Tensor:
    """[B, T] bool, True for [CLS], [SEP] and padding: what is never masked."""
    return (batch.ids == tokenizer.cls) | (batch.ids == tokenizer.sep) | ~batch.mask


def draw(lengths: Sequence[int], size: int, generator: torch.Generator) -> list[int]:
    """Numbers of `size` items of similar length, drawn without putting back: lengths of all items, sorted or not."""
    order = sorted(range(len(lengths)), key=lengths.__getitem__)
    wide = min(len(order), 4 * size)
    start = int(torch.randint(len(order) - wide + 1, (), generator=generator))
    return [order[start + i] for i in torch.randperm(wide, generator=generator)[:size].tolist()]


def best_span(
    start_logits: Tensor, end_logits: Tensor, allowed: Tensor | None = None, longest: int | None = None
) -> tuple[int, int]:
    """The most probable first and last token with first <= last: start_logits, end_logits [T] -> (first, last).

    allowed: [T] bool, where an answer may be; longest: so many tokens at most. ValueError if nothing is allowed.
    """
    if allowed is not None and not allowed.any():
        raise ValueError("no token is allowed: was the question given without a context?")
    scores = start_logits.log_softmax(-1)[:, None] + end_logits.log_softmax(-1)
    fits = torch.ones_like(scores, dtype=torch.bool).triu()
    if longest is not None:
        fits &= ~torch.ones_like(fits).triu(longest)
    if allowed is not None:
        fits &= allowed[:, None] & allowed
    best = int(scores.masked_fill(~fits, -torch.inf).argmax())
    return best // len(end_logits), best % len(end_logits)


def _pieces(tokenizer: WordPiece, text: str | Sequence[str]) -> list[tuple[int, int]]:
    """(number, word) of each token of a text, or of a list of words."""
    if not isinstance(text, str):
        return [(number, word) for word, part in enumerate(text) for number in tokenizer.encode(part)]
    found, word = [], -1
    for number in tokenizer.encode(text):
        word += not tokenizer.tokens([number])[0].startswith("##")
        found.append((number, word))
    return found
