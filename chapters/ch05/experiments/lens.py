"""The logit lens: which word a decoder would write, had it stopped after each of its sub-layers.

Source: nostalgebraist 2020, interpreting GPT: the logit lens. The last norm and the output matrix were not trained on
the earlier vectors, so what they read there is a hint, not a measurement of what the model knows.
"""

import torch

from chapters.ch05.labs.trace import trace
from course_kit.checkpoints import Loaded
from course_kit.views.table import Table

SUB_LAYERS = ("self-attention", "cross-attention", "feed-forward")


@torch.no_grad()
def stops(loaded: Loaded, sentence: str, word: str, other: str) -> Table:
    """A row for the decoder's input and each sub-layer: the probabilities of two words where the model writes the
    first, and their log-odds, log P(word) − log P(other)."""
    traced, model = trace(loaded, sentence), loaded.model
    at, layers = traced.next.index(word), traced.decoder.layers
    written = torch.stack([part.written[at] for layer in layers for part in layer.values()])  # [3 L, D]
    start = layers[0]["attention"].before[at][None]
    stream = torch.cat([start, written]).cumsum(0)  # [1 + 3 L, D]
    chances = model.output(model.decoder_norm(stream)).log_softmax(-1)[:, loaded.target.encode([word, other])]
    names = ["the input", *(f"{name} {n + 1}" for n in range(len(layers)) for name in SUB_LAYERS)]
    rows = [
        {"stopped after": name, f"P({word})": a.exp().item(), f"P({other})": b.exp().item(), "log-odds": (a - b).item()}
        for name, (a, b) in zip(names, chances, strict=True)
    ]
    return Table(rows, f"Probabilities, if the decoder stops there. Log-odds: log P({word}) − log P({other}).")
