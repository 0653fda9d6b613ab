"""Chapter 4, beyond the trained length: why sinusoids come back, why rotary positions fade, and what a bias on the
scores changes.

`course results positions_lengths` records it in data/results/. Sizes: B batch, T time.
"""

import torch
from torch import Tensor, nn

from chapters.ch04.experiments import LETTERS, LettersBefore, Read
from course_kit import arguments
from course_kit.contexts import seeded
from course_utils.attention import MultiHeadAttention
from course_utils.positions import frequencies

LENGTHS = (20, 60, 160, 640)
FAST = 4  # pairs of waves, of 16, that the layer trained on 20 positions relies on


class Biased(nn.Module):
    """Word vectors, one self-attention whose scores get a bias by distance, a linear layer: ids [B, T] -> Read.

    bias: "ALiBi", −slope · distance, with nothing learned (Press et al. 2022), or "table", one learned number for each
    signed distance, the last one for all that are farther than `reach` (as in T5: Raffel et al. 2020).
    """

    def __init__(self, bias: str, size: int = 32, slope: float = 0.5, reach: int = 8):
        super().__init__()
        arguments.one_of("bias", bias, ("ALiBi", "table"))
        self.embedding, self.attention = nn.Embedding(LETTERS, size), MultiHeadAttention(size, 1)
        self.output, self.slope, self.reach = nn.Linear(size, LETTERS), slope, reach
        self.table = nn.Parameter(torch.zeros(2 * reach + 1)) if bias == "table" else None

    def bias(self, length: int) -> Tensor:
        """What is added to the scores: [T, T]."""
        apart = torch.arange(length)[:, None] - torch.arange(length)  # query's position minus key's
        if self.table is None:
            return -self.slope * apart.abs()
        return self.table[apart.clamp(-self.reach, self.reach) + self.reach]

    def forward(self, ids: Tensor) -> Read:
        x, a = self.embedding(ids), self.attention
        scores = a.query(x) @ a.key(x).mT / x.shape[-1] ** 0.5 + self.bias(ids.shape[1])  # [B, T, T]
        weights = scores.softmax(-1)
        return Read(self.output(a.out(weights @ a.value(x))), weights)


def biased(bias: str, seed: int = 0) -> Biased:
    """A fresh Biased; the global random state is left alone."""
    with seeded(seed):
        return Biased(bias)


def stopped(length: int, size: int, pairs, at: int = 10) -> Tensor:
    """The sinusoidal table [T, D] in which some pairs of waves keep the value that they have at one position."""
    angles = torch.arange(length, dtype=torch.float64)[:, None] * frequencies(size)  # [T, D / 2]
    angles[:, pairs] = angles[at, pairs]
    return torch.stack([angles.sin(), angles.cos()], -1).flatten(1).float()


def record_lengths(seeds=range(3), steps: int = 300, length: int = 100) -> dict:
    """The figures behind data/results/positions_lengths.json, means over seeds unless said otherwise.

    waves: the share right at each position, in texts of `length` letters, of models trained with sinusoids: with all
    waves; with only the FAST fastest pairs moving; with the fastest pair stopped. reach: the share right at the first
    18 answers and at the later ones, in texts of each of LENGTHS: one list of shares for each seed.
    """
    letters = LettersBefore()
    tables = {"all waves": [], "only the four fastest": range(FAST, 16), "the fastest stopped": [0]}
    curves: dict = {name: [] for name in tables}
    reach: dict = {}
    for seed in seeds:
        model = letters.model("sinusoidal", seed)
        letters.train(model, steps, seed=seed)
        for name, pairs in tables.items():
            model.positions.table = stopped(length, 32, list(pairs))
            curves[name].append(letters.by_place(model, length))
        models = {"rotary": letters.model("rotary", seed), **{bias: biased(bias, seed) for bias in ("table", "ALiBi")}}
        for model in models.values():
            letters.train(model, steps, seed=seed)
        for kind, model in models.items():
            _note(reach, kind, letters, model)
        with torch.no_grad():
            for part in models["rotary"].attention.query.parameters():
                part *= 3
        _note(reach, "rotary, scores × 3", letters, models["rotary"])
    waves = {name: [round(x, 4) for x in torch.stack(of).mean(0).tolist()] for name, of in curves.items()}
    return {"seeds": list(seeds), "steps": steps, "lengths": list(LENGTHS), "waves": waves, "reach": reach}


def _note(reach: dict, kind: str, letters: LettersBefore, model: nn.Module) -> None:
    """Add the shares of one trained model: early, the first 18 answers, and late, those after; none of 20 letters."""
    found = [letters.by_place(model, length, count=100) for length in LENGTHS]
    noted = reach.setdefault(kind, {"early": [], "late": []})
    noted["early"].append([round(shares[:18].mean().item(), 4) for shares in found])
    noted["late"].append([round(shares[18:].mean().item(), 4) for shares in found[1:]])
