"""The annex of chapter 8: two steps of attention, and the real model's table."""

import pytest
import torch

from chapters.ch08 import published
from chapters.ch08.exercises.annex import linear_step, with_sink
from chapters.ch08.experiments import models


def numbers(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_linear_attention_step_by_step_is_a_matrix_of_weights():
    q, k, v = (numbers(7, 4, seed=seed).abs() + 0.1 for seed in range(3))
    state, total, said = torch.zeros(4, 4), torch.zeros(4), []
    for one in zip(q, k, v, strict=True):
        output, state, total = linear_step(*one, state, total)
        said.append(output)
    weights = (q @ k.T).tril()
    torch.testing.assert_close(torch.stack(said), weights / weights.sum(-1, keepdim=True) @ v)


def test_a_sink_takes_what_the_keys_do_not_want():
    weights = with_sink(torch.tensor([[0.0, 0.0, 0.0], [9.0, -9.0, -9.0]]), 0.0)
    assert abs(weights[0].sum() - 0.75) < 1e-6 and weights[1].sum() > 0.999


@pytest.mark.weekly
def test_what_was_recorded_is_of_the_installed_model():
    if (smol := published.load()) is None:
        pytest.skip("SmolLM2 is not installed")
    row = next(row for row in models.models() if row["model"] == "SmolLM2 135M")
    c = smol.model.config
    assert (c.layers, c.heads, c.key_heads, c.vocab) == (
        row["layers"],
        row["heads"],
        row["key_heads"],
        row["vocabulary"],
    )
