"""Chapters 0 and 1: right answers in other styles, and other mistakes, which are told something true."""

import math

import numpy as np
import pytest
import torch
from small_exercises import not_right, not_told
from torch.nn import functional as F

from chapters.ch00.exercises import EXERCISES as START
from chapters.ch01.exercises import EXERCISES as FIRST
from course_kit.exercises import check
from course_utils import kernels


def by_loops(queries, keys, values, width=1.0):
    estimate, weights = [], []
    for q in queries.tolist():
        row = [math.exp(-(((q - k) / width) ** 2) / 2) for k in keys.tolist()]
        weights.append([w / sum(row) for w in row])
        estimate.append(sum(w * v for w, v in zip(weights[-1], values.tolist(), strict=True)))
    return estimate, weights


def by_fused_attention(queries, keys, values, width=1.0):
    """−(q − k)²/2 = qk − k²/2 − q²/2, and the last term is the same for all keys."""
    q, k = queries[:, None] / width, keys[:, None] / width
    bias = (-(k**2) / 2).T.expand(len(q), len(k)).contiguous()
    out = F.scaled_dot_product_attention(q[None], k[None], values[None, :, None], attn_mask=bias[None], scale=1.0)
    return out[0, :, 0], torch.softmax(q @ k.T + bias, -1)


def by_logsumexp(scores, mask):
    scores = scores.masked_fill(~mask, float("-inf"))
    total = torch.logsumexp(scores, -1, keepdim=True)
    return torch.exp(scores - total.masked_fill(total.isinf(), 0))


def by_rows(scores, mask):
    result = torch.zeros_like(scores).reshape(-1, scores.shape[-1])
    rows, masks = scores.reshape(result.shape), mask.expand(scores.shape).reshape(result.shape)
    for row, s, m in zip(result, rows, masks, strict=True):
        if m.any():
            row[m] = torch.softmax(s[m], 0)
    return result.reshape(scores.shape)


def repaired(scores):
    result = torch.zeros(scores.shape)
    for i in range(scores.shape[0]):
        for j in range(scores.shape[1]):
            result[i, j] = scores[i, j].exp() / sum(scores[i, k].exp() for k in range(scores.shape[1]))
    return result


RIGHT = [
    ("weighted average", lambda weights, values: weights @ values / weights.sum()),
    ("weighted average", lambda weights, values: np.average(values, weights=weights)),
    ("weighted average", lambda w, v: sum(a * b for a, b in zip(w, v, strict=True)) / sum(w)),
    ("gaussian kernel", lambda d, width=1: torch.exp(-d.pow(2) / (2 * width**2))),
    ("gaussian kernel", lambda distance, width=1.0: math.e ** (-((distance / width) ** 2) / 2)),
    ("gaussian kernel", lambda distance, width=1.0: torch.exp(-0.5 * (distance.half() / width) ** 2)),
    (
        "attention pooling",
        lambda q, k, v, width=1.0: kernels.nadaraya_watson(q, k, v, lambda d: kernels.gaussian_kernel(d, width)),
    ),
    ("attention pooling", by_loops),
    ("attention pooling", by_fused_attention),
    ("stable masked softmax", lambda scores, mask: torch.softmax(scores.masked_fill(~mask, -1e9), dim=-1) * mask),
    ("stable masked softmax", lambda scores, mask: scores.masked_fill(~mask, -math.inf).softmax(-1).nan_to_num(0.0)),
    ("stable masked softmax", by_logsumexp),
    ("stable masked softmax", by_rows),
    ("leave-one-out mask", lambda size: ~torch.eye(size, dtype=torch.bool)),
    ("leave-one-out mask", lambda n: [[i != j for j in range(n)] for i in range(n)]),
    ("leave-one-out mask", lambda size: ~np.eye(size, dtype=bool)),
    ("program 1.2", lambda scores: scores.softmax(dim=1)),
    ("program 1.2", repaired),
]


def test_right_answers_pass_and_every_exercise_has_one():
    assert [said for name, answer in RIGHT if (said := not_right(name, answer))] == []
    assert {name for name, _ in RIGHT} == {one.name for one in START + FIRST}


def both_wrong(queries, keys, values, width=1.0):
    weights = torch.softmax(-(((queries[:, None] - keys) * width) ** 2), dim=0)
    return weights @ values, weights


def minus_the_mean(scores, mask):
    exps = (scores - scores.mean(-1, keepdim=True)).exp() * mask
    return (exps / exps.sum(-1, keepdim=True)).nan_to_num()


def no_broadcast(scores, mask):
    hidden = scores.clone()
    hidden[~mask] = -math.inf
    return hidden.softmax(-1).nan_to_num()


@pytest.mark.parametrize(
    ("name", "answer", "look", "word"),
    [
        ("attention pooling", both_wrong, "a_broken_property", "sum to 1"),
        (
            "weighted average",
            lambda weights, values: (weights * values).sum() / 7,
            "a_broken_property",
            "all values are 3",
        ),
        ("stable masked softmax", minus_the_mean, "a_broken_property", "sum to 1"),
        ("stable masked softmax", no_broadcast, "an_error", "exactly the shape"),
        (
            "stable masked softmax",
            lambda s, m: s.masked_fill(~m, -math.inf).softmax(1).nan_to_num(),
            "a_broken_property",
            "sum to 1",
        ),
    ],
)
def test_what_nobody_foresaw_is_told_something_true(name, answer, look, word):
    assert check(name, answer).look == look and not_told(name, answer, word) == ""
