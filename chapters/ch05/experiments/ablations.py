"""A Transformer trained without one of its kinds of parts: no feed-forward network, no ReLU, no residual, no norm.

    model = ablated(lesson, "no residual connections")         # fresh, to be trained as `in_class.learn` does
    ablation_rows(lesson, steps=300)

Nothing is taken from a trained model: each is trained from its own start. Without feed-forward networks the model gets
more layers instead, so that it has as many parameters in its matrices: a layer has 12 D² in attention (4 in the
encoder, 8 in the decoder), and two networks with 1.5 D hidden features have 6 D²; 2 · (12 + 6) = 3 · 12.
"""

from collections.abc import Callable, Iterable, Sequence

import torch
from torch import Tensor, nn

from chapters.ch03.lesson import Lesson
from course_kit.checks import one_of
from course_utils.transformer import Transformer

from .in_class import learn, small_model

SMALL = {"model_size": 64, "num_layers": 2, "num_heads": 4, "ffn_size": 96}
DEEPER = 3  # layers, of the model without feed-forward networks
VARIANTS = {  # name: what is taken away
    "the whole model": "",
    f"attention alone, {DEEPER} layers": "ffn",
    "no ReLU": "relu",
    "no residual connections": "residual",
    "no norms": "norm",
}


class _Nothing(nn.Module):
    """A sub-layer that adds nothing."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.zeros_like(x)


class _Around(nn.Module):
    """What is left around a sub-layer of a pre-norm model, without the norm or without the residual connection."""

    def __init__(self, norm: nn.Module, residual: bool):
        super().__init__()
        self.norm, self.residual = norm, residual

    def forward(self, x: Tensor, f: Callable) -> Tensor:
        y = f(self.norm(x))
        return x + y if self.residual else y


def ablated(lesson: Lesson, name: str, seed: int = 0) -> Transformer:
    """A fresh pre-norm Transformer of the sizes SMALL, without what VARIANTS names."""
    gone = VARIANTS[one_of("name", name, tuple(VARIANTS))]
    model = small_model(lesson, seed, **SMALL | ({"num_layers": DEEPER} if gone == "ffn" else {}))
    for block in [*model.encoder, *model.decoder]:
        if gone == "ffn":
            block.ffn, block.around_ffn = _Nothing(), _Around(nn.Identity(), True)
        elif gone == "relu":
            block.ffn = nn.Sequential(block.ffn.widen, block.ffn.narrow)
        elif gone:
            for place in [one for one in ("around_attention", "around_cross", "around_ffn") if hasattr(block, one)]:
                norm = nn.Identity() if gone == "norm" else getattr(block, place).norm
                setattr(block, place, _Around(norm, gone != "residual"))
    if gone == "norm":
        model.encoder_norm, model.decoder_norm = nn.Identity(), nn.Identity()
    return model


def ablation_rows(
    lesson: Lesson, steps: int, seeds: Sequence[int] = (0,), sentences: int = 100, names: Iterable[str] = VARIANTS
) -> list[dict]:
    """A row for each of VARIANTS, or of the names: parameters, the mean loss of the last tenth of the steps, and BLEU
    on the first so many held-out sentences, a number for each seed."""
    rows = []
    for name in names:
        row = {"model": name, "parameters": 0, "loss": [], "BLEU": []}
        for seed in seeds:
            model = ablated(lesson, name, seed)
            row["parameters"] = sum(p.numel() for p in model.parameters())
            losses = learn(lesson, model, steps, seed).history["loss"][1]
            row["loss"].append(round(sum(losses[-steps // 10 :]) / len(losses[-steps // 10 :]), 3))
            row["BLEU"].append(round(lesson.bleu(model, count=sentences), 1))
        rows.append(row)
    return rows


def record_ablations(
    steps: int = 300, seeds: Sequence[int] = (0, 1, 2), sentences: int = 100, longer: int = 1000
) -> dict:
    """The figures behind data/results/transformer_ablations.json. "longer": the first two variants, trained again for
    so many steps."""
    lesson, (whole, alone, *_) = Lesson("en-fr"), VARIANTS
    rows = ablation_rows(lesson, steps, seeds, sentences)
    more = {"steps": longer, "rows": ablation_rows(lesson, longer, seeds, sentences, (whole, alone))}
    return {
        "steps": steps, "seeds": list(seeds), "sentences": sentences, "model": SMALL, "rows": rows, "longer": more,
    }  # fmt: skip
