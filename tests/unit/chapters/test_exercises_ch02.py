"""Chapter 2's exercises: right answers in other styles, known mistakes in other hands, two at once."""

import pytest
import torch
import torch.nn.functional as F
from small_exercises import not_right, not_told


def by_hand(queries, keys, values, mask):
    scores = queries @ keys.transpose(-2, -1) / queries.shape[-1] ** 0.5
    mask = torch.tensor(True) if mask is None else mask
    scores = scores.masked_fill(~mask, float("-inf"))
    weights = torch.nan_to_num(torch.softmax(scores, -1))
    return torch.einsum("bqk,bkv->bqv", weights, values), weights


def torch_own(queries, keys, values, mask):
    B, K = keys.shape[:2]
    table = torch.eye(K).expand(B, K, K)
    weights = torch.nan_to_num(F.scaled_dot_product_attention(queries, keys, table, attn_mask=mask))
    return torch.bmm(weights, values), weights


def linear_layers(queries, keys, W1, W2, b, w):
    hidden = F.linear(queries, W1.T, b).unsqueeze(-2) + F.linear(keys, W2.T)
    return F.linear(hidden.tanh(), w[None]).squeeze(-1)


def state_first(phi_q, phi_k, values):
    state = sum(torch.outer(k, v) for k, v in zip(phi_k, values, strict=True))
    return torch.stack([(q @ state) / (q @ phi_k.sum(0)) for q in phi_q])


def compared(lengths, size):
    at = torch.arange(size)
    return (at[None, None] <= at[None, :, None]) & (at < lengths[:, None])[:, None, :]


RIGHT = [
    ("scaled dot-product score", lambda q, k: torch.einsum("bqd,bkd->bqk", q, k).div(q.shape[-1] ** 0.5)),
    ("scaled dot-product score", lambda q, k: (q / q.shape[-1] ** 0.25) @ (k / k.shape[-1] ** 0.25).transpose(1, 2)),
    ("scaled dot-product attention", by_hand),
    ("scaled dot-product attention", torch_own),
    ("additive score", linear_layers),
    ("linear attention", state_first),
    ("padding and causal mask", compared),
    (
        "padding and causal mask",
        lambda n, size: [[[j <= i and j < m for j in range(size)] for i in range(size)] for m in n.tolist()],
    ),
    ("program 2.5", lambda queries, keys: queries @ keys.T / keys.size(1) ** 0.5),
]


def test_right_answers_pass():
    assert [said for name, answer in RIGHT if (said := not_right(name, answer))] == []


def with_a_table(phi_q, phi_k, values):
    weights = phi_q @ phi_k.T
    return weights / weights.sum(1, keepdim=True) @ values


def padded(lengths, size):
    return (torch.arange(size) < lengths[:, None])[:, None]


@pytest.mark.parametrize(
    ("name", "answer", "word"),
    [
        ("linear attention", with_a_table, "60 × 60 numbers"),
        (
            "padding and causal mask",
            lambda lengths, size: torch.ones(size, size).tril().bool() ^ padded(lengths, size),
            "a later one",
        ),
        ("linear attention", lambda q, k, v: q @ k.T / (q @ k.T).sum(0) @ v, "If all `values`"),
    ],
)
def test_what_nobody_foresaw_breaks_what_must_hold(name, answer, word):
    assert not_told(name, answer, word) == ""
