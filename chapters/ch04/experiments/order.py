"""Who does it, in long texts and without positions: what takes longer than a lesson.

`course results positions` records it in data/results/. Sizes: B batch, T time, D features.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from chapters.ch04.exercises.solutions import sinusoidal_encoding
from chapters.ch04.kept.positions import NOUNS, WORDS, AddingReader, TurningReader, right, texts, train
from course_kit.contexts import seeded
from course_utils.attention import causal_mask
from course_utils.blocks import EncoderBlock

VERBS = slice(2, None, 6)  # where the verbs of a text are


class Decoder(nn.Module):
    """Chapter 5's blocks under a causal mask, without positions: ids [B, T] -> logits [B, T, nouns]."""

    def __init__(self, layers: int, size: int = 64, heads: int = 4):
        super().__init__()
        self.embedding = nn.Embedding(len(WORDS), size)
        self.blocks = nn.ModuleList(EncoderBlock(size, heads, 2 * size) for _ in range(layers))
        self.norm, self.output = nn.LayerNorm(size), nn.Linear(size, len(NOUNS))

    def forward(self, ids: Tensor) -> Tensor:
        x, mask = self.embedding(ids), causal_mask(ids.shape[1])
        for block in self.blocks:
            x = block(x, mask)
        return self.output(self.norm(x))


@torch.no_grad()
def by_sentence(answer, sentences: int, count: int = 100) -> Tensor:
    """The share of verbs answered rightly in each sentence of new texts: [sentences]. answer: ids -> logits."""
    ids, who = texts(torch.Generator().manual_seed(10**6), count, sentences)
    return (answer(ids)[:, VERBS].argmax(-1) == who).double().mean(0)


# ---- what is recorded -----------------------------------------------------------------------------------------------


def record_causal(seeds=range(3), layers=(1, 2, 3), steps: int = 1000) -> dict:
    """Who does it, with a causal mask alone; the figures behind data/results/positions_causal.json.

    right: for each number of layers the share of verbs answered rightly in texts of three sentences, one for each seed
    """
    right: dict[str, list[float]] = {}
    for count in layers:
        right[str(count)] = []
        for seed in seeds:
            with seeded(seed):
                model = Decoder(count)
                optimiser = torch.optim.Adam(model.parameters(), lr=2e-3)
                for step in range(steps):
                    optimiser.param_groups[0]["lr"] = 2e-3 * (1 - step / steps)
                    ids, who = texts()
                    loss = F.cross_entropy(model(ids)[:, VERBS].flatten(0, 1), who.flatten())
                    optimiser.zero_grad()
                    loss.backward()
                    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                    optimiser.step()
            right[str(count)].append(round(by_sentence(model, 3, 500).mean().item(), 4))
    return {"seeds": list(seeds), "steps": steps, "right": right}


def record_lengths(seeds=range(5), sentences=(3, 10, 30, 100), steps: int = 300) -> dict:
    """How far rotary positions reach, trained on texts of three sentences; data/results/positions_lengths.json.

    early and late: for each seed, the share of verbs answered rightly in the first three sentences and in the later
    ones, in texts of so many sentences each (late: of those longer than three).
    """
    early, late = [], []
    for seed in seeds:
        with seeded(seed):
            model = TurningReader()
            train(model, steps=steps)
        found = [by_sentence(lambda ids, model=model: model(ids)[0], count) for count in sentences]
        early.append([round(shares[:3].mean().item(), 4) for shares in found])
        late.append([round(shares[3:].mean().item(), 4) for shares in found if len(shares) > 3])
    return {"seeds": list(seeds), "steps": steps, "sentences": list(sentences), "early": early, "late": late}


def record_begins(seeds=range(8), begins=(0, 3, 6, 18, 42), steps: int = 300) -> dict:
    """The lesson's four trainings with other seeds; the figures behind data/results/positions_begins.json.

    right: for each kind, "anywhere" being sinusoids trained from anywhere, and each seed, the share of verbs answered
    rightly where the texts begin at each position; second: the share of first verbs at which the sinusoidal reader says
    the second noun, where they begin at 3
    """
    kinds = ("rotary", "sinusoidal", "learned", "anywhere")
    shares: dict[str, list] = {kind: [] for kind in kinds}
    second = []
    ids, _ = texts(torch.Generator().manual_seed(1_000_000), 500)
    for seed in seeds:
        for kind in kinds:
            with seeded(seed):
                learned = kind == "learned"
                table = nn.Parameter(0.02 * torch.randn(60, 32)) if learned else sinusoidal_encoding(60, 32).float()
                model = TurningReader() if kind == "rotary" else AddingReader(table)
                train(model, begins[-1] if kind == "anywhere" else 0, steps)
            shares[kind].append([round(right(model, first), 4) for first in begins])
            if kind == "sinusoidal":
                answers = model(ids, 3)[0][:, 2].argmax(-1)
                second.append(round((answers == ids[:, 4] - 2).double().mean().item(), 4))
    return {"seeds": list(seeds), "steps": steps, "begins": list(begins), "right": shares, "second": second}
