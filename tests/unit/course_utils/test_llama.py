"""Today's decoder: transformers' numbers, a cache that changes nothing, distances that count, no look ahead."""

import pytest
import torch

from course_utils.gpt import generate
from course_utils.llama import Llama, LlamaConfig, RMSNorm, rms_norm, share_heads, speak
from course_utils.post_training import answer_loss, talk_batch

SIZES = LlamaConfig(50, 32, 2, 4, 2, 48, context=64)


@pytest.fixture
def model():
    torch.manual_seed(0)
    made = Llama(SIZES).eval()
    for parameter in made.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return made


@pytest.fixture
def ids():
    return torch.randint(50, (2, 12), generator=torch.Generator().manual_seed(1))


def test_rms_norm_is_that_of_torch():
    x, weight = torch.randn(3, 8), torch.randn(8)
    torch.testing.assert_close(rms_norm(x, weight), torch.nn.functional.rms_norm(x, (8,), weight, 1e-5))
    torch.testing.assert_close(RMSNorm(8)(5 * x), RMSNorm(8)(x), atol=1e-4, rtol=1e-4)


def test_neighbouring_heads_of_queries_share_one_of_keys():
    x = torch.randn(2, 3, 5, 4)
    shared = share_heads(x, 6)
    assert all((shared[:, head] == x[:, head // 2]).all() for head in range(6))


@torch.no_grad()
def test_it_speaks_the_likeliest_token_until_it_stops(model, ids):
    written = [int(token) for token in generate(model, ids[:1], 6, temperature=0)]
    assert list(speak(model, ids[:1], stop=written[3])) == written[: written.index(written[3])]


def test_everything_is_computed_where_the_model_is():
    """A tensor that stayed on the CPU is refused by a model on another device, such as this one without numbers."""
    made = Llama(LlamaConfig(12, 16, 1, 2, 1, 24)).to("meta")
    assert made(torch.zeros(1, 5, dtype=torch.long, device="meta")).shape == (1, 5, 12)
    ids, is_answer = talk_batch([([1, 2], [3])], device="meta")
    assert answer_loss(made, ids, is_answer).device.type == "meta"
