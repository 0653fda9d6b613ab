"""A small Transformer with random weights, for the tests of what shows one."""

from types import SimpleNamespace

import torch

from course_kit.text import Vocabulary
from course_utils.transformer import Transformer, TransformerConfig

WORDS = ["the", "animal", "did", "not", "cross", "street", "because", "it", "was", "too", "tired", "."]


def loaded(seed=0, words=WORDS, **options):
    """A small Transformer with random weights, and vocabularies: what load_checkpoint gives, in short."""
    torch.manual_seed(seed)
    source, target = Vocabulary(words), Vocabulary([w.upper() for w in words])
    sizes = {"size": 16, "layers": 2, "heads": 4, "hidden": 24, "context": 40}
    config = TransformerConfig(len(source), len(target), **{**sizes, **options})
    model = Transformer(config)
    with torch.no_grad():
        for p in model.parameters():
            p.add_(torch.randn_like(p) * 0.1)
    return SimpleNamespace(model=model.eval(), source=source, target=target, was_seen=lambda s: None)


def fresh(lesson, seed=0, layers=2, **options):
    """A tiny Transformer for a lesson's corpus."""
    torch.manual_seed(seed)
    sizes = len(lesson.source), len(lesson.target), 16, layers, 4, 16
    return Transformer(TransformerConfig(*sizes, **{"dropout": 0.0, **options}))
