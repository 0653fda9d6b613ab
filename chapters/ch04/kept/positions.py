"""Positions in plain PyTorch: sinusoidal and learned ones are added, rotary ones turn.

    python -m mine.positions          # checks itself, then trains a reader with each for some seconds

    x = torch.randn(2, 30, 64)                                   # [B, T, D]
    x = SinusoidalPositions(context=50, size=64)(x)     # the same shape; more rows for a longer text
    x = LearnedPositions(context=50, size=64)(x)        # for texts of up to context
    places = torch.arange(30)                                    # [T]
    q, k = rotary(x, places), rotary(x, places)                  # queries and keys, not the values

Sizes: B batch, S sentences, T words, D features, even. Sources: Vaswani et al. 2017, section 3.5; Su et al. 2021.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_utils.positions import (
    LearnedPositions,
    SinusoidalPositions,
    sinusoidal_encoding,  # exercise: sinusoidal encoding
)
from course_utils.rotary import rotary  # exercise: rotary

NOUNS = ["dog", "man", "cat", "woman", "bear", "fox", "girl", "horse", "mouse", "wolf"]
VERBS = ["bites", "sees", "hears", "follows", "washes", "draws"]
WORDS = ["the", ".", *NOUNS, *VERBS]


def check() -> None:
    """Products of positions know their distance, a turn keeps lengths, only the distance counts, batches are turned
    row by row."""
    P = sinusoidal_encoding(9, 8).float()
    assert torch.allclose(P[5] @ P[3], P[8] @ P[6], atol=1e-5)
    q, k = torch.randn(2, 1, 8)
    near, far = (rotary(q, torch.tensor([i])) @ rotary(k, torch.tensor([i - 2])).T for i in (7, 47))
    assert torch.allclose(near.float(), far.float(), atol=1e-3)
    x, places = torch.randn(2, 70, 8), torch.arange(70)
    turned = rotary(x, places)
    assert torch.allclose(turned.norm(dim=-1), x.norm(dim=-1), atol=1e-4)
    assert torch.allclose(turned[1], rotary(x[1], places), atol=1e-5)
    assert SinusoidalPositions(50, 8)(x).shape == LearnedPositions(70, 8)(x).shape == x.shape


def texts(generator=None, count=64, sentences=3):
    """Texts like "the dog bites the man ." -> ids [B, T], and who does it [B, S]."""
    order = torch.rand(count, sentences, len(NOUNS), generator=generator).argsort(-1)
    who, whom = order[..., 0], order[..., 1]  # [B, S] each, two different nouns
    verb = torch.randint(len(VERBS), who.shape, generator=generator)
    the = torch.zeros_like(who)
    ids = [the, 2 + who, 2 + len(NOUNS) + verb, the, 2 + whom, the + 1]
    return torch.stack(ids, -1).flatten(1), who


class Reader(nn.Module):
    """Who does it? ids [B, T] -> logits [B, T, nouns], weights [B, T, T]."""

    def __init__(self, size=32):
        super().__init__()
        self.embedding = nn.Embedding(len(WORDS), size)
        self.q, self.k, self.v = (nn.Linear(size, size, bias=False) for _ in range(3))
        self.output = nn.Linear(size, len(NOUNS))

    def qkv(self, x, positions):  # x [B, T, D], positions [T]
        return self.q(x), self.k(x), self.v(x)

    def forward(self, ids, first=0):  # first: the position of the first word
        positions = torch.arange(first, first + ids.shape[1])
        q, k, v = self.qkv(self.embedding(ids), positions)  # [B, T, D] each
        weights = (q @ k.mT / q.shape[-1] ** 0.5).softmax(-1)  # [B, T, T]
        return self.output(weights @ v), weights


class AddingReader(Reader):
    """Adds to each word the row of its position in a table [positions, D]."""

    def __init__(self, table):
        super().__init__(table.shape[1])
        self.table = table

    def qkv(self, x, positions):
        return super().qkv(x + self.table[positions], positions)


class TurningReader(Reader):
    """Turns each query and each key by its position."""

    def qkv(self, x, positions):
        q, k, v = super().qkv(x, positions)
        return rotary(q, positions).to(q), rotary(k, positions).to(k), v


def train(model, last=0, steps=300):
    """Texts of three sentences; each batch begins at a random position, 0 to last."""
    optimiser = torch.optim.Adam(model.parameters(), lr=5e-3)
    for _ in range(steps):
        ids, who = texts()
        first = int(torch.randint(last + 1, (1,)))
        logits = model(ids, first)[0][:, 2::6]  # at the verbs, [B, S, nouns]
        loss = F.cross_entropy(logits.flatten(0, 1), who.flatten())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()


@torch.no_grad()
def right(model, first=0, sentences=3):
    """The share of verbs that are answered rightly, in 500 new texts."""
    ids, who = texts(torch.Generator().manual_seed(1_000_000), 500, sentences)
    answers = model(ids, first)[0][:, 2::6].argmax(-1)  # [500, S]
    return (answers == who).float().mean().item()


def main(steps: int = 300) -> float:
    """Trained on texts that begin at position 0: right there, and where the same texts begin at 42."""
    found: list[float] = []
    for kind in ("none", "learned", "sinusoidal", "rotary"):
        torch.manual_seed(0)
        tables: dict[str, Tensor] = {
            "sinusoidal": sinusoidal_encoding(60, 32).float(),
            "learned": nn.Parameter(0.02 * torch.randn(60, 32)),
        }
        model = AddingReader(tables[kind]) if kind in tables else TurningReader() if kind == "rotary" else Reader()
        train(model, steps=steps)
        found = [right(model, first) for first in (0, 42)]
        print(f"{kind:11} from position 0 {found[0]:4.0%}, from 42 {found[1]:4.0%}")
    return min(found)


if __name__ == "__main__":
    check()
    main()
