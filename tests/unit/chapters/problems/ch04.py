"""A solution of chapter 4's problem. It stands here and nowhere else."""

import torch
import torch.nn.functional as F
from torch import nn


class Positions(nn.Module):
    def __init__(self):
        super().__init__()
        self.near = nn.Parameter(torch.zeros(5))  # the first head: a place each, 0 to 4 back
        self.itself = nn.Parameter(torch.zeros(1))  # the second one: not this place itself
        self.fall = nn.Parameter(torch.zeros(2))

    def add(self, x):
        return x

    def scores(self, q, k):
        places = torch.arange(q.shape[2])
        back = (places[:, None] - places).clamp(min=0)  # [T, T]
        near = torch.stack([F.pad(self.near, (0, 1)), F.pad(self.itself, (0, 5))])  # [2, 6]
        falling = self.fall.exp()[:, None, None] * (1 + back).log()
        return q @ k.mT / q.shape[-1] ** 0.5 + 10 * near[:, back.clamp(max=5)] - 4 * falling
