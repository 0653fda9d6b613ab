"""A toy that needs self-attention: in a room, everybody needs what the one they look for carries.

python -m mine.rooms          # trains mine/attention.py's layer for some seconds

x, there, needed = rooms(64)  # [B, T, D], [B, T] bool, [B, T]
"""

import torch
import torch.nn.functional as F

from chapters.ch02.kept.attention import SelfAttention
from course_utils.toy_tasks import rooms


def check() -> None:
    """A room has 3 to 8 people, and each needs one of eight things."""
    x, there, needed = rooms(100)
    assert x.shape == (100, 8, 24) and set(there.sum(1).tolist()) <= set(range(3, 9))
    assert needed.min() >= 0 and needed.max() < 8


def main(steps: int = 400) -> float:
    """Train on new rooms in each step, then serve 500 that were never seen."""
    torch.manual_seed(0)
    layer = SelfAttention(24, 8, 8)
    optimiser = torch.optim.Adam(layer.parameters(), lr=0.03)
    for _ in range(steps):
        x, there, needed = rooms(64)
        output, _ = layer(x, there[:, None])
        loss = (output - F.one_hot(needed, 8))[there].pow(2).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    x, there, needed = rooms(500)
    right = (layer(x, there[:, None])[0].argmax(-1) == needed)[there]
    print(f"{right.float().mean():.1%} of {len(right)} people get what they need.")
    return right.float().mean().item()


if __name__ == "__main__":
    check()
    main()
