"""A small Transformer with random weights, and a batch, for the tests of what one does."""

import torch

from course_utils.transformer import Transformer, TransformerConfig


def fresh(lesson, seed=0, layers=2, **options):
    """A tiny Transformer for a lesson's corpus."""
    torch.manual_seed(seed)
    sizes = len(lesson.source), len(lesson.target), 16, layers, 4, 16
    return Transformer(TransformerConfig(*sizes, **{"dropout": 0.0, **options}))


def random_batch(seed=0):
    """Three sentences of up to six words, out of nine: (source, target, mask)."""
    generator = torch.Generator().manual_seed(seed)
    source, target = (torch.randint(4, 9, (3, n), generator=generator) for n in (6, 5))
    return source, target, torch.arange(6) < torch.tensor([[6], [4], [3]])
