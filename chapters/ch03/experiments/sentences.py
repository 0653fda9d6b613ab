"""Trains lesson 3's translators on sentences, and counts those that are right to the last word."""

import itertools
from collections.abc import Iterable, Sequence

import torch
from torch import nn

from course_kit.training import warm_then_fall
from course_utils.loss import masked_loss

LENGTHS = (3, 7), (8, 11), (12, 15), (16, 24)  # words of an English sentence, its full stop among them


def train(model, batches, steps=700):
    """Adam, a learning rate that rises and then falls; prints the mean loss."""
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-2)
    rate = torch.optim.lr_scheduler.LambdaLR(optimiser, warm_then_fall(steps))
    losses, again = [], itertools.chain.from_iterable(itertools.repeat(batches))
    for batch in itertools.islice(again, steps):
        logits, _ = model(batch.source, batch.target_in, batch.source_mask)
        loss = masked_loss(logits, batch.target_out, batch.target_mask)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        rate.step()
        losses.append(loss.item())
        if len(losses) == 100:
            print(f"loss of the last 100 steps: {sum(losses) / 100:.2f}")
            losses = []


def by_length(right: Iterable[bool], pairs: Sequence, lengths: Sequence[tuple[int, int]] = LENGTHS) -> list[float]:
    """Of the pairs whose source has so many words, the share that is right."""
    told = list(zip(right, (len(pair.source) for pair in pairs), strict=True))
    groups = [[one for one, size in told if low <= size <= high] for low, high in lengths]
    return [sum(group) / len(group) for group in groups]
