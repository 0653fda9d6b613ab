"""A small Transformer with random weights, for the tests of what one does."""

import torch

from course_utils.transformer import Transformer, TransformerConfig


def fresh(lesson, seed=0, layers=2, **options):
    """A tiny Transformer for a lesson's corpus."""
    torch.manual_seed(seed)
    sizes = len(lesson.source), len(lesson.target), 16, layers, 4, 16
    return Transformer(TransformerConfig(*sizes, **{"dropout": 0.0, **options}))
