"""What the assemblies at the end of chapters 6 and 7 rest on."""

import torch

from chapters.ch07.bias_folding import biases_inside, one_behind
from chapters.ch07.exercises.cache import attention_step
from course_utils.gpt import CausalAttention


def test_a_step_without_biases_gives_what_attention_with_biases_gives():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        attention = CausalAttention(6, 2)
        for part in (attention.query, attention.key, attention.value, attention.out):
            torch.nn.init.normal_(part.bias)
    x = torch.randn(3, 5, 6, generator=torch.Generator().manual_seed(1))
    whole = attention(x)
    keys = values = torch.empty(3, 2, 0, 4)
    for t in range(5):
        row, keys, values = attention_step(one_behind(x[:, t], 2), keys, values, *biases_inside(attention))
        torch.testing.assert_close(row[:, :6], whole[:, t])
        assert not row[:, 6:].any()
    assert keys.shape == values.shape == (3, 2, 5, 4)
