"""Judges problem.py beside it: `course problem 02`, or pytest. The stores are drawn anew in each run."""

import pytest
import torch
from torch.nn import functional as F

from course_kit.i18n import t
from course_kit.problems import beside, fail, kind, seed
from course_utils.self_attention import SelfAttention

SEED = seed()
problem = beside(__file__)


def store(keys, draw):
    x = torch.zeros(keys + 1, 18)
    x[:, :16] = F.normalize(torch.randn(keys + 1, 16, generator=draw), dim=1)
    x[:, 16] = 2 * torch.rand(keys + 1, generator=draw) - 1
    wanted = int(torch.randint(keys, (), generator=draw))
    x[-1, :16], x[-1, 17] = x[wanted, :16], 1
    return x, wanted


def layer():
    given = problem.matrices()
    shapes = [tuple(getattr(one, "shape", ())) for one in given] if isinstance(given, list | tuple) else kind(given)
    right = len(shapes) == 3 and all(len(s) == 2 and s[1] == 18 for s in shapes)
    if not right or shapes[0][0] == 0 or shapes[0] != shapes[1] or shapes[2][0] != 1:
        fail(t("given: matrices of {shapes}; needed: [d, 18], [d, 18] and [1, 18]", shapes=shapes))
    if not all(not one.is_complex() and one.float().isfinite().all() for one in given):
        fail(t("given: a matrix with inf or nan; needed: numbers"))
    made = SelfAttention(18, shapes[0][0], 1)
    for linear, matrix in zip((made.query, made.key, made.value), given, strict=True):
        linear.weight.data = matrix.float()
    return made


def test_matrices():
    """Three matrices of the right shapes"""
    layer()


@pytest.mark.parametrize("keys", [1, 2, 8, 64])
def test_look_up(keys):
    """200 stores of a size, from 1 key to 64: the value within 0.05"""
    made, draw = layer(), torch.Generator().manual_seed(SEED + keys)
    bad = []
    for _ in range(200):
        x, wanted = store(keys, draw)
        with torch.no_grad():
            output, weights = made(x[None])
        found = float(output[0, -1, 0])
        if not abs(found - float(x[wanted, 16])) <= 0.05:
            bad.append((x, wanted, found, weights[0, -1]))
    if len(bad) <= 2:
        return
    x, wanted, found, weights = bad[0]
    fail(
        t(
            "{keys} keys and the question: {bad} of 200 stores are wrong, 2 may be\nsmallest: needed {needed}, given "
            "{found}; of its weight the row of its key has {right}, the question itself {itself}, all others {others}",
            keys=keys,
            bad=len(bad),
            needed=f"{float(x[wanted, 16]):.2f}",
            found=f"{found:.2f}",
            right=f"{float(weights[wanted]):.0%}",
            itself=f"{float(weights[-1]):.0%}",
            others=f"{float(1 - weights[wanted] - weights[-1]):.0%}",
        )
    )
