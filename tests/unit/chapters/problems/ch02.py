"""A solution of chapter 2's problem. It stands here and nowhere else."""

import torch


def matrices():
    strength = 400
    Q, K, V = torch.zeros(17, 18), torch.zeros(17, 18), torch.zeros(1, 18)
    Q[:16, :16] = strength * torch.eye(16)
    K[:16, :16] = torch.eye(16)
    Q[16, 17], K[16, 17] = strength, -2
    V[0, 16] = 1
    return Q, K, V
