"""Tasks without data, in which a bug shows within a minute.

Rooms of people who need what another one carries: for self-attention. Rows of digits, to
be copied or reversed: for the Transformer. Palindromes with a hole: for BERT. Token ids:
0 … 9 are digits; BEGIN is what the decoder reads first; COPY and REVERSE say, before the
digits, what is to be done with them. Sizes: B rows, T people or digits in a row.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

BEGIN, COPY, REVERSE, TOKENS = 10, 11, 12, 13


def rooms(
    rows: int, people: int = 8, wishes: int = 1
) -> tuple[Float[Tensor, "B T D"], Bool[Tensor, "B T"], Int[Tensor, "B T *wishes"]]:
    """In each room 3 to 8 people with a name, names they look for, a thing they carry.

    x: all side by side, as zeros and ones; who is there; the thing that each needs, or
    [B, T, wishes] things for several wishes
    """
    size = torch.randint(3, people + 1, (rows, 1))
    names = torch.rand(rows, people).argsort(-1)  # no two alike
    whom = [(torch.rand(rows, people) * size).long() for _ in range(wishes)]  # places
    things = torch.randint(people, (rows, people))
    parts = [names, *(names.gather(1, w) for w in whom), things]
    x = torch.cat([F.one_hot(part, people) for part in parts], -1).float()
    there = torch.arange(people) < size
    needed = torch.stack([things.gather(1, w) for w in whom], -1).squeeze(-1)
    return x * there[..., None], there, needed


def copy_or_reverse(
    rows: int, length: int = 10
) -> tuple[Int[Tensor, "B S"], Int[Tensor, "B T"]]:
    """Rows of random digits, what to do in front of them; and what is right."""
    digits = torch.randint(10, (rows, length))
    order = torch.randint(COPY, REVERSE + 1, (rows, 1))
    source = torch.cat([order, digits], 1)  # [B, 1 + T]
    return source, torch.where(order == COPY, digits, digits.flip(1))


def palindromes(rows: int, length: int = 10) -> Int[Tensor, "B T"]:
    """Rows of digits that read the same from both ends."""
    half = torch.randint(10, (rows, length // 2))
    return torch.cat([half, half.flip(1)], 1)


def train_step(
    model: nn.Module,
    optimiser: torch.optim.Optimizer,
    source: Int[Tensor, "B S"],
    target: Int[Tensor, "B T"],
) -> float:
    """Predict each word of the target from those before it, improve; the loss before."""
    begin = torch.full_like(target[:, :1], BEGIN)
    logits = model(source, torch.cat([begin, target[:, :-1]], 1))  # [B, T, V]
    loss = F.cross_entropy(logits.flatten(0, 1), target.flatten())
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    return loss.item()


@torch.no_grad()
def write(
    model: nn.Module, source: Int[Tensor, "B S"], length: int
) -> Int[Tensor, "B T"]:
    """Word by word: read what is written so far, write the likeliest next word."""
    written = torch.full_like(source[:, :1], BEGIN)
    for _ in range(length):
        likeliest = model(source, written)[:, -1].argmax(-1)  # [B, V] -> [B]
        written = torch.cat([written, likeliest[:, None]], 1)
    return written[:, 1:]
