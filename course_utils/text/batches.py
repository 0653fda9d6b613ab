"""Batches of similar length, padded, with masks: pairs (source, target) of numbers as tensors."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from course_utils.support.checks import described, whole_number

from .vocabulary import BOS, EOS, PAD


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


def _pairs(name: str, value) -> Sequence:
    if not isinstance(value, list | tuple):
        raise TypeError(f"{name} is {described(value)}; needed: a list of them")
    return value


def pad(sequences: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    """Lists of numbers -> ids [B, T], filled up with <pad>, and mask [B, T], True = real; T: the longest, or 1."""
    if not all(isinstance(s, list | tuple) for s in _pairs("sequences", sequences)):
        raise TypeError("sequences hold something else than lists of whole numbers, as `encode` gives them")
    longest = max([1, *map(len, sequences)])
    needed = "lists of whole numbers, as `encode` gives them"
    try:
        ids = torch.tensor([[*s, *[PAD] * (longest - len(s))] for s in sequences])
    except (TypeError, ValueError, RuntimeError, OverflowError) as error:
        raise TypeError(f"sequences hold {described(sequences)}; needed: {needed} ({error})") from None
    if len(sequences) and (ids.dtype != torch.int64 or ids.dim() != 2):
        raise TypeError(f"sequences hold {described(ids)}; needed: {needed}")
    ids = ids.long()
    lengths = torch.tensor([len(s) for s in sequences])
    return ids.view(len(sequences), longest), torch.arange(longest) < lengths[:, None]


def order_of(mask: Tensor) -> Tensor:
    """The places of a row's tokens when all padding comes first: mask [B, T] -> [B, T]."""
    if not isinstance(mask, Tensor) or mask.dtype != torch.bool or mask.dim() != 2:
        raise TypeError(f"mask is {described(mask)}; needed: [B, T] bool, True = a real token")
    return mask.int().argsort(dim=1, stable=True)


def padding_first(ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Moves each row to the right, so that all end together: ids and mask [B, T] -> the same."""
    place = order_of(mask)
    if not isinstance(ids, Tensor) or ids.shape != mask.shape:
        raise ValueError(f"ids is {described(ids)}; needed: whole numbers of shape {list(mask.shape)}, as the mask")
    return ids.gather(1, place), mask.gather(1, place)


def collate(pairs: Sequence[tuple[Sequence[int], Sequence[int]]]) -> Batch:
    """Pairs (source, target) of numbers, without <bos> and <eos> -> Batch."""
    if not all(isinstance(pair, list | tuple) and len(pair) == 2 for pair in _pairs("pairs", pairs)):
        raise TypeError("pairs hold something else than pairs (source, target) of lists of whole numbers")
    source, source_mask = pad([s for s, _ in pairs])
    target_in, target_mask = pad([[BOS, *t] for _, t in pairs])
    target_out, _ = pad([[*t, EOS] for _, t in pairs])
    return Batch(source, source_mask, target_in, target_out, target_mask)


@dataclass
class Batches:
    """Goes through pairs (source, target) of numbers in batches of similar length, in another order each time.

    tokens     at most so many tokens in a batch, padding and both languages counted
    seed       None: drawn from torch's generator (within `fit` that is the run's own); a number: always the same order
    """

    pairs: Sequence[tuple[Sequence[int], Sequence[int]]]
    tokens: int = 2000
    seed: int | None = None

    def __post_init__(self):
        if not isinstance(self.pairs, Sequence) or isinstance(self.pairs, str):
            raise TypeError(f"pairs is {described(self.pairs)}; needed: a list of pairs (source, target) of numbers")
        if not all(isinstance(s, list | tuple) for pair in self.pairs for s in (_pairs("a pair", pair))):
            raise TypeError("pairs hold something else than pairs (source, target) of lists of whole numbers")
        if not self.pairs:
            raise ValueError("pairs is empty: give at least one pair of sentences")
        whole_number("tokens", self.tokens, 1)
        self.seed = None if self.seed is None else whole_number("seed", self.seed, 0, 2**63 - 1)

    def __iter__(self):
        seed = torch.randint(2**62, ()).item() if self.seed is None else self.seed
        generator = torch.Generator().manual_seed(seed)
        noise = torch.rand(len(self.pairs), generator=generator).tolist()
        order = sorted(
            range(len(self.pairs)), key=lambda i: (len(self.pairs[i][0]), len(self.pairs[i][1]) + noise[i], noise[i])
        )
        groups, group, longest = [], [], (0, 0)
        for i in order:
            source, target = max(1, len(self.pairs[i][0])), len(self.pairs[i][1])  # `pad` makes room for one
            wider = max(longest[0], source), max(longest[1], target + 1)
            if group and sum(wider) * (len(group) + 1) > self.tokens:
                groups.append(group)
                group, wider = [], (source, target + 1)
            group.append(i)
            longest = wider
        groups.append(group)
        for g in torch.randperm(len(groups), generator=generator).tolist():
            yield collate([self.pairs[i] for i in groups[g]])
