"""Batches of similar length, padded, with masks: pairs of token ids as tensors."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from course_kit.text.vocabulary import BOS, EOS, PAD

Pair = tuple[Sequence[int], Sequence[int]]  # source and target, without <bos> and <eos>


class Batch(NamedTuple):
    """Sentences of a batch, padded. `target_out` is `target_in`, one word further."""

    source: Int[Tensor, "B K"]
    source_mask: Bool[Tensor, "B K"]  # True = a real token
    target_in: Int[Tensor, "B T"]  # begins with <bos>
    target_out: Int[Tensor, "B T"]  # ends with <eos>
    target_mask: Bool[Tensor, "B T"]  # of both

    def to(self, device: torch.device | str) -> "Batch":
        return Batch(*(x.to(device) for x in self))


def pad(sequences: Sequence[Sequence[int]]) -> tuple[Int[Tensor, "B T"], Bool[Tensor, "B T"]]:
    """Lists of ids, filled up with <pad>, and a mask, True = a real token."""
    longest = max([1, *map(len, sequences)])
    rows = [[*ids, *[PAD] * (longest - len(ids))] for ids in sequences]
    ids = torch.tensor(rows).reshape(len(rows), -1 if rows else longest)
    if rows and (ids.dtype != torch.int64 or ids.shape[1] != longest):
        raise TypeError(f"sequences hold {ids.dtype}; needed: lists of whole numbers")
    lengths = torch.tensor([len(ids) for ids in sequences])
    return ids.long(), torch.arange(longest) < lengths[:, None]


def collate(pairs: Sequence[Pair]) -> Batch:
    """Pairs of ids as a batch."""
    source, source_mask = pad([source for source, _ in pairs])
    target_in, target_mask = pad([[BOS, *target] for _, target in pairs])
    target_out, _ = pad([[*target, EOS] for _, target in pairs])
    return Batch(source, source_mask, target_in, target_out, target_mask)


@dataclass
class Batches:
    """Goes through pairs of ids in batches of similar length, in a new order each time.

    The order is drawn from torch's generator; within `fit`, from the run's own.
    """

    pairs: Sequence[Pair]
    tokens: int = 2000  # at most, in a batch, padding and both languages counted

    def __post_init__(self) -> None:
        if not self.pairs:
            raise ValueError("pairs is empty; needed: at least one pair of sentences")

    def __iter__(self) -> Iterator[Batch]:
        generator = torch.Generator().manual_seed(int(torch.randint(2**62, ())))
        noise = torch.rand(len(self.pairs), generator=generator).tolist()
        groups = self._groups(noise)
        for number in torch.randperm(len(groups), generator=generator).tolist():
            yield collate([self.pairs[i] for i in groups[number]])

    def _groups(self, noise: list[float]) -> list[list[int]]:
        """The pairs of each batch: by length, those of the same length mixed by noise."""
        lengths = [
            (len(source), len(target) + mixed, mixed) for (source, target), mixed in zip(self.pairs, noise, strict=True)
        ]
        groups: list[list[int]] = [[]]
        widest = (0, 0)
        for i in sorted(range(len(lengths)), key=lengths.__getitem__):
            source, target = self.pairs[i]
            size = max(1, len(source)), len(target) + 1  # `pad` makes room for one
            wider = max(widest[0], size[0]), max(widest[1], size[1])
            if groups[-1] and sum(wider) * (len(groups[-1]) + 1) > self.tokens:
                groups.append([])
                wider = size
            groups[-1].append(i)
            widest = wider
        return groups
