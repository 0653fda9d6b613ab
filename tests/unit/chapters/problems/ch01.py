"""A solution of chapter 1's problem. It stands here and nowhere else."""

import torch

from course_utils.attention import masked_softmax
from course_utils.kernels import attention_pooling, leave_one_out_mask

NEAR = 8


def fit(x, y):
    widths = (x.max() - x.min()) * torch.logspace(-2.5, -0.5, 25, dtype=x.dtype)  # [W]
    scores = -0.5 * ((x[:, None] - x) / widths[:, None, None]) ** 2  # [W, K, K]
    hidden = masked_softmax(scores, leave_one_out_mask(len(x))) @ y  # [W, K]
    errors = (hidden - y).pow(2)

    def predict(q):
        far = (q[:, None] - x).abs()  # [Q, K]
        reach = far.topk(NEAR, largest=False).values[:, -1:]  # the distance to its eighth neighbour
        nearby = torch.softmax(-0.5 * (far / reach) ** 2, dim=-1)
        best = (nearby @ errors.T).argmin(-1)  # [Q]: the width that guesses best around here
        all_widths = torch.stack([attention_pooling(q, x, y, width)[0] for width in widths])  # [W, Q]
        return all_widths[best, torch.arange(len(q))]

    return predict
