"""Keys and values kept: what was projected before gives what attention gives at once, whatever its kind."""

import pytest
import torch
from edges import REFUSED

from course_kit.caching import GPTWriter, GroupedQueryAttention, TransformerWriter, attend, project, writer_of
from course_kit.seq2seq import Seq2Seq, Seq2SeqConfig
from course_utils.attention import MultiHeadAttention, causal_mask
from course_utils.gpt import GPT, GPTConfig
from course_utils.rotary import RotaryAttention
from course_utils.transformer import Transformer, TransformerConfig


def numbers(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def two_key_heads(model_size, num_heads):
    return GroupedQueryAttention(model_size, num_heads, key_heads=2)


def made(kind):
    torch.manual_seed(0)
    return kind(16, 4)


KINDS = pytest.mark.parametrize("kind", [MultiHeadAttention, RotaryAttention, GroupedQueryAttention, two_key_heads])


@KINDS
@pytest.mark.parametrize("shape", [None, (5, 5), (2, 5, 5), (2, 1, 5)])
def test_in_two_steps_it_is_what_attention_is_in_one(kind, shape):
    attention, x = made(kind), numbers(2, 5, 16)
    mask = None if shape is None else numbers(*shape, seed=1) > 0
    for mine, whole in zip(attend(attention, x, project(attention, x), mask), attention(x, x, mask), strict=True):
        torch.testing.assert_close(mine, whole)


@KINDS
def test_what_is_read_in_two_parts_is_one_text(kind):
    attention, x = made(kind), numbers(2, 5, 16)
    first, whole = project(attention, x[:, :2]), project(attention, x)
    both = first.append(project(attention, x[:, 2:], first=2))
    assert first.keys.shape[2] == 2, "what is stored stays as it is"
    for part, one in zip(both, whole, strict=True):
        torch.testing.assert_close(part, one)
    last, weights = attend(attention, x[:, 3:], both, causal_mask(5)[3:], first=3)
    output, all_weights = attention(x, x, causal_mask(5))
    torch.testing.assert_close(last, output[:, 3:])
    torch.testing.assert_close(weights, all_weights[:, :, 3:])


def test_rotary_attention_depends_on_distances_only():
    attention, x = made(RotaryAttention), numbers(1, 4, 16)
    here = attend(attention, x, project(attention, x))
    there = attend(attention, x, project(attention, x, first=9), first=9)
    for one, other in zip(here, there, strict=True):
        torch.testing.assert_close(one, other)
    moved = attend(attention, x, project(attention, x, first=9))[1]
    assert (moved - here[1]).abs().max() > 1e-3


@pytest.mark.parametrize("key_heads", [1, 2, 4])
def test_a_cache_of_fewer_heads_is_smaller(key_heads):
    kept = project(GroupedQueryAttention(16, 4, key_heads=key_heads), numbers(2, 5, 16))
    assert kept.keys.shape == kept.values.shape == (2, key_heads, 5, 4)


def test_a_cache_of_another_batch_is_refused():
    attention = made(MultiHeadAttention)
    two, three = (project(attention, numbers(n, 3, 16)) for n in (2, 3))
    with pytest.raises(REFUSED):
        two.append(three)
    with pytest.raises(REFUSED):
        attend(attention, numbers(2, 1, 16), three)


def test_who_writes_with_a_model():
    sizes = {"model_size": 8, "num_layers": 1, "num_heads": 2}
    assert isinstance(writer_of(GPT(GPTConfig(9, **sizes))), GPTWriter)
    assert isinstance(writer_of(Transformer(TransformerConfig(9, 9, **sizes))), TransformerWriter)
    model = Seq2Seq(Seq2SeqConfig(9, 9, 8))
    assert writer_of(model) is model
