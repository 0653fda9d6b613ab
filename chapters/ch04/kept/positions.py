"""Positions in plain PyTorch: sinusoidal and learned ones are added, rotary ones turn.

    python -m mine.positions          # checks itself, then trains a reader with each for some seconds

    x = torch.randn(2, 30, 64)                                   # [B, T, D]
    x = SinusoidalPositions(context=50, size=64)(x)     # the same shape; more rows for a longer text
    x = LearnedPositions(context=50, size=64)(x)        # for texts of up to context
    places = torch.arange(30)                                    # [T]
    q, k = rotary(x, places), rotary(x, places)                  # queries and keys, not the values

Sizes: B batch, T words, D features, even. Sources: Vaswani et al. 2017, section 3.5; Su et al. 2021.
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


class LetterReader(nn.Module):
    """Which letter stood two positions back? kind: how the model knows the order."""

    def __init__(self, kind: str, size: int = 32):
        super().__init__()
        added = {"sinusoidal": SinusoidalPositions, "learned": LearnedPositions}
        self.kind, self.embedding = kind, nn.Embedding(10, size)
        self.positions = added[kind](60, size) if kind in added else nn.Identity()
        self.q, self.k, self.v = (nn.Linear(size, size) for _ in range(3))
        self.output = nn.Linear(size, 10)

    def weights(self, x: Tensor) -> Tensor:  # [B, T, D] -> [B, T, T]
        q, k = self.q(x), self.k(x)
        if self.kind == "rotary":
            places = torch.arange(x.shape[1])
            q, k = rotary(q, places).to(x), rotary(k, places).to(x)
        return (q @ k.mT / q.shape[-1] ** 0.5).softmax(-1)

    def forward(self, ids: Tensor) -> Tensor:
        x = self.positions(self.embedding(ids))  # [B, T, D]
        return self.output(self.weights(x) @ self.v(x))


def main(steps: int = 300) -> float:
    """Trained on 20 letters: right at 20 letters, and from position 20 on in texts of 40."""
    for kind in ("none", "learned", "sinusoidal", "rotary"):
        torch.manual_seed(0)
        model = LetterReader(kind)
        optimiser = torch.optim.Adam(model.parameters(), lr=6e-3)
        falling = torch.optim.lr_scheduler.LinearLR(optimiser, 1, 0, total_iters=steps)
        for _ in range(steps):
            ids = torch.randint(10, (32, 20))
            loss = F.cross_entropy(model(ids)[:, 2:].transpose(1, 2), ids[:, :-2])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            falling.step()
        found = []
        for length, first in ((20, 2), (40, 20)):
            ids = torch.randint(10, (100, length))
            right = model(ids)[:, first:].argmax(-1) == ids[:, first - 2 : -2]
            found.append(right.float().mean().item())
        print(f"{kind:11} 20 letters {found[0]:4.0%}, beyond {found[1]:4.0%}")
    return min(found)


if __name__ == "__main__":
    check()
    main()
