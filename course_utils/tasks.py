"""A task without data: rows of digits, to be copied or reversed. A bug shows in a minute.

Token ids: 0 … 9 are digits; BEGIN is what the decoder reads first; COPY and REVERSE say,
before the digits, what is to be done with them. Sizes: B rows, T digits in a row.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Int
from torch import Tensor, nn

BEGIN, COPY, REVERSE, TOKENS = 10, 11, 12, 13


def copy_or_reverse(
    rows: int, length: int = 10
) -> tuple[Int[Tensor, "B S"], Int[Tensor, "B T"]]:
    """Rows of random digits, what to do in front of them; and what is right."""
    digits = torch.randint(10, (rows, length))
    order = torch.randint(COPY, REVERSE + 1, (rows, 1))
    source = torch.cat([order, digits], 1)  # [B, 1 + T]
    return source, torch.where(order == COPY, digits, digits.flip(1))


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
