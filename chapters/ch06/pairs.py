"""What BERT reads: [CLS] A [SEP] B [SEP], segments 0 and 1, where each token is in its text; and batches of it.

    found = encode(tokenizer, "the man went to the store .", "he bought milk .", max_length=32)
    found.tokens, found.segments, found.spans               # found.dropped: how many tokens did not fit
    batch = collate([found, …])                             # ids, segments, mask: [B, T]

Sizes: B batch, T time. Source: Devlin et al. 2019, section 3 and figure 2.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from course_kit import arguments
from course_kit.text.subwords import WordPiece

SHORTEN = ("longest", "second")


@dataclass(frozen=True, repr=False)
class Input:
    """One text or pair as BERT reads it; all tuples are as long as `ids`.

    tokens    as text, [CLS] first
    segments  0 for [CLS] A [SEP], 1 for B [SEP]
    spans     (start, end) in the token's own text, A or B; (0, 0) for [CLS] and [SEP]
    words     number of the word that a token is of, counted in its own text; −1 for [CLS] and [SEP]
    dropped   tokens of A and of B that did not fit
    """

    ids: tuple[int, ...]
    tokens: tuple[str, ...]
    segments: tuple[int, ...]
    spans: tuple[tuple[int, int], ...]
    words: tuple[int, ...]
    dropped: tuple[int, int] = (0, 0)

    def __len__(self) -> int:
        return len(self.ids)

    def __repr__(self) -> str:
        missing = f" … and {sum(self.dropped)} more tokens that did not fit" if any(self.dropped) else ""
        return f"{' '.join(self.tokens)}{missing}"


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
    """A batch of fine-tuning. labels: [B], or [B, T] for tags, or [B, 2] for the first and last token of answers."""

    inputs: Batch
    labels: Tensor

    def to(self, device) -> "Judged":
        return Judged(self.inputs.to(device), self.labels.to(device))


def encode(
    tokenizer: WordPiece,
    first: str | Sequence[str],
    second: str | Sequence[str] | None = None,
    max_length: int = 512,
    shorten: str = "longest",
    quiet: bool = False,
) -> Input:
    """A text, or a pair of them -> Input. first, second: text, or a list of words, as tags need it.

    What does not fit into max_length is dropped at the end of the longer text (shorten="second": of the second), with a
    warning unless `quiet`; `spans` of what is left stay those of the whole text.
    Raises ValueError for a text without a token, or a max_length that has no room.
    """
    arguments.one_of("shorten", shorten, SHORTEN)
    texts = [first] if second is None else [first, second]
    pieces = [_pieces(tokenizer, text) for text in texts]
    for name, found in zip(("first", "second"), pieces, strict=False):
        if not found:
            raise ValueError(f"the {name} text is empty: BERT needs at least one word in each text it is given")
    full, room = [len(p) for p in pieces], max_length - 1 - len(texts)
    while sum(map(len, pieces)) > room:
        longer = pieces[-1] if shorten == "second" else max(pieces, key=len)
        if len(longer) == 1:
            raise ValueError(f"max_length is {max_length}: no room for {sum(full)} tokens, [CLS] and [SEP]")
        longer.pop()
    dropped = tuple(n - len(p) for n, p in zip(full, pieces, strict=True)) + (0,) * (2 - len(texts))
    if any(dropped) and not quiet:
        warnings.warn(
            f"{sum(dropped)} of {sum(full)} tokens do not fit into {max_length} and were left out", stacklevel=2
        )
    rows = [(tokenizer.cls, 0, (0, 0), -1)]
    for segment, part in enumerate(pieces):
        rows += [(i, segment, span, word) for i, span, word in part] + [(tokenizer.sep, segment, (0, 0), -1)]
    ids, segments, spans, words = zip(*rows, strict=True)
    return Input(ids, tuple(tokenizer.tokens(ids)), segments, spans, words, dropped)


def encode_all(tokenizer: WordPiece, texts: Sequence, max_length: int = 512, shorten: str = "longest") -> list[Input]:
    """`encode` for many: texts, or pairs (first, second). One warning says how many were too long."""
    pairs = [text if isinstance(text, tuple) else (text, None) for text in texts]
    found = [encode(tokenizer, a, b, max_length, shorten, quiet=True) for a, b in pairs]
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


def answer_tokens(found: Input, start: int, end: int) -> tuple[int, int]:
    """Characters start … end of the second text -> its first and last token; (0, 0), which is [CLS], if there is none.

    Where the answer was cut off, wholly or in part, there is none; a start of −1 says that there never was one.
    """
    inside = [
        t
        for t, (segment, (a, b)) in enumerate(zip(found.segments, found.spans, strict=True))
        if segment == 1 and a < b and a < end and b > start
    ]
    if start < 0 or not inside or found.spans[inside[-1]][1] < end:
        return 0, 0
    return inside[0], inside[-1]


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


def _pieces(tokenizer: WordPiece, text: str | Sequence[str]) -> list[tuple[int, tuple[int, int], int]]:
    """(number, span, word) of each token of a text, or of a list of words, whose spans count as if joined by spaces."""
    if isinstance(text, str):
        found, word = [], -1
        for number, a, b in tokenizer.spans(text):
            word += not tokenizer.tokens([number])[0].startswith("##")
            found.append((number, (a, b), word))
        return found
    found, at = [], 0
    for word, part in enumerate(text):
        found += [(number, (at + a, at + b), word) for number, a, b in tokenizer.spans(part)]
        at += len(part) + 1
    return found
