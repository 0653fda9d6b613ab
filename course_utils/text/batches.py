"""Batches of similar length, padded, with masks: pairs (source, target) of numbers as tensors."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from course_utils.checks import described, whole_number
from course_utils.text.vocabulary import BOS, EOS, PAD


class Batch(NamedTuple):
    """Sentences of a batch, padded. `target_in` begins with <bos>, `target_out` is the same one word further.

    source [B, K], source_mask [B, K], target_in [B, T], target_out [B, T], target_mask [B, T]; masks: True = real
    """

    source: Tensor
    source_mask: Tensor
    target_in: Tensor
    target_out: Tensor
    target_mask: Tensor

    def to(self, device) -> "Batch":
        return Batch(*(x.to(device) for x in self))


def pad(sequences: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    """Lists of numbers -> ids [B, T], filled up with <pad>, and mask [B, T], True = real; T: the longest, or 1."""
    if not isinstance(sequences, list | tuple) or not all(
        isinstance(s, list | tuple) for s in sequences
    ):
        raise TypeError(
            f"sequences is {described(sequences)}; needed: a list of lists of numbers, as `encode` gives"
        )
    longest = max([1, *map(len, sequences)])
    needed = "lists of whole numbers, as `encode` gives them"
    try:
        ids = torch.tensor([[*s, *[PAD] * (longest - len(s))] for s in sequences])
    except (TypeError, ValueError, RuntimeError, OverflowError) as error:
        raise TypeError(
            f"sequences hold {described(sequences)}; needed: {needed} ({error})"
        ) from None
    if len(sequences) and (ids.dtype != torch.int64 or ids.dim() != 2):
        raise TypeError(f"sequences hold {described(ids)}; needed: {needed}")
    ids = ids.long()
    lengths = torch.tensor([len(s) for s in sequences])
    return ids.view(len(sequences), longest), torch.arange(longest) < lengths[:, None]


def order_of(mask: Tensor) -> Tensor:
    """The places of a row's tokens when all padding comes first: mask [B, T] -> [B, T]."""
    if not isinstance(mask, Tensor) or mask.dtype != torch.bool or mask.dim() != 2:
        raise TypeError(
            f"mask is {described(mask)}; needed: [B, T] bool, True = a real token"
        )
    return mask.int().argsort(dim=1, stable=True)


def padding_first(ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Moves each row to the right, so that all end together: ids and mask [B, T] -> the same."""
    place = order_of(mask)
    if not isinstance(ids, Tensor) or ids.shape != mask.shape:
        raise ValueError(
            f"ids is {described(ids)}; needed: whole numbers of shape {list(mask.shape)}, as the mask"
        )
    return ids.gather(1, place), mask.gather(1, place)


def collate(pairs: Sequence[tuple[Sequence[int], Sequence[int]]]) -> Batch:
    """Pairs (source, target) of numbers, without <bos> and <eos> -> Batch."""
    fits = isinstance(pairs, list | tuple) and all(
        isinstance(p, list | tuple) and len(p) == 2 for p in pairs
    )
    if not fits:
        raise TypeError(
            f"pairs is {described(pairs)}; needed: pairs (source, target) of lists of whole numbers"
        )
    source, source_mask = pad([s for s, _ in pairs])
    target_in, target_mask = pad([[BOS, *t] for _, t in pairs])
    target_out, _ = pad([[*t, EOS] for _, t in pairs])
    return Batch(source, source_mask, target_in, target_out, target_mask)


def joined(batch: Batch) -> tuple[Int[Tensor, "B N"], Bool[Tensor, "B N"]]:
    """Each pair as one row for a GPT that translates: source <bos> target <eos>.

    Padding comes last. The mask is True at what the loss counts: the target and <eos>.
    """
    bos = batch.target_in[:, :1]
    ids = torch.cat([batch.source, bos, batch.target_out], 1)
    real = torch.cat([batch.source_mask, bos == BOS, batch.target_mask], 1)
    begins = batch.source.shape[1] + 1  # where the target does
    counted = real & (torch.arange(ids.shape[1], device=ids.device) >= begins)
    longest = int(real.sum(1).max())
    place = order_of(~real)[:, :longest]
    return ids.gather(1, place), counted.gather(1, place)


@dataclass
class Batches:
    """Goes through pairs (source, target) of numbers in batches of similar length, in another order each time.

    The order is drawn from torch's generator; within `fit`, from the run's own.
    """

    pairs: Sequence[tuple[Sequence[int], Sequence[int]]]
    tokens: int = 2000  # at most, in a batch, padding and both languages counted

    def __post_init__(self):
        if not isinstance(self.pairs, Sequence) or isinstance(self.pairs, str):
            raise TypeError(
                f"pairs is {described(self.pairs)}; needed: a list of pairs (source, target) of numbers"
            )
        pairs = (
            p if isinstance(p, list | tuple) and len(p) == 2 else [None]
            for p in self.pairs
        )
        if not all(isinstance(s, list | tuple) for pair in pairs for s in pair):
            raise TypeError(
                "pairs hold something else than pairs (source, target) of lists of whole numbers"
            )
        if not self.pairs:
            raise ValueError("pairs is empty: give at least one pair of sentences")
        whole_number("tokens", self.tokens, 1)

    def __iter__(self):
        generator = torch.Generator().manual_seed(torch.randint(2**62, ()).item())
        noise = torch.rand(len(self.pairs), generator=generator).tolist()
        lengths = [
            (len(pair[0]), len(pair[1]) + n, n)
            for pair, n in zip(self.pairs, noise, strict=True)
        ]
        order = sorted(range(len(self.pairs)), key=lengths.__getitem__)
        groups, group, longest = [], [], (0, 0)
        for i in order:
            source, target = (
                max(1, len(self.pairs[i][0])),
                len(self.pairs[i][1]),
            )  # `pad` makes room for one
            wider = max(longest[0], source), max(longest[1], target + 1)
            if group and sum(wider) * (len(group) + 1) > self.tokens:
                groups.append(group)
                group, wider = [], (source, target + 1)
            group.append(i)
            longest = wider
        groups.append(group)
        for g in torch.randperm(len(groups), generator=generator).tolist():
            yield collate([self.pairs[i] for i in groups[g]])
