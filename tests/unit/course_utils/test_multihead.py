"""Multi-head attention: shapes, masks, heads, what must never matter, and what is refused."""

import pytest
import torch
from edges import holds
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils.attention import MultiHeadAttention, recording, scaled_dot_product_attention
from course_utils.positions import rotary


def numbers(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def made(*args, seed=0, **options):
    torch.manual_seed(seed)
    return MultiHeadAttention(*args, **options).eval()


def test_it_is_attention_in_each_head_between_four_projections():
    attention, q, k = made(12, 3), numbers(2, 4, 12), numbers(2, 5, 12, seed=1)
    output, weights = attention(q, k, k, need_weights=True)
    heads = []
    for h in range(3):
        part = slice(4 * h, 4 * h + 4)
        one, w = scaled_dot_product_attention(
            attention.query(q)[..., part], attention.key(k)[..., part], attention.value(k)[..., part]
        )
        torch.testing.assert_close(weights[:, h], w)
        heads.append(one)
    torch.testing.assert_close(output, attention.out(torch.cat(heads, -1)))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(1, 4), st.integers(1, 3), st.integers(1, 6), st.integers(1, 6), st.integers(0, 99))
def test_weights_sum_to_one_and_the_fused_path_is_the_definition(heads, batch, queries, keys, seed):
    attention = made(4 * heads, heads, seed=seed)
    q, k = numbers(batch, queries, 4 * heads, seed=seed), numbers(batch, keys, 4 * heads, seed=seed + 1)
    mask = numbers(batch, queries, keys, seed=seed + 2) > 0
    output, weights = attention(q, k, k, mask, need_weights=True)
    fused, none = attention(q, k, k, mask)
    torch.testing.assert_close(fused, output, atol=1e-5, rtol=0)
    assert none is None and weights.shape == (batch, heads, queries, keys)
    wanted = mask.any(-1)[:, None].expand(weights.shape[:3]).float()
    torch.testing.assert_close(weights.sum(-1), wanted)  # 1, or 0 in a row with nothing to attend
    assert not weights.masked_select(~mask[:, None].expand_as(weights)).any()
    assert output.isfinite().all()


def test_a_masked_key_never_matters_not_even_as_nan_free_large_number():
    attention, x = made(8, 2), numbers(1, 5, 8)
    other = x.clone()
    other[0, 3] = 1e4
    mask = torch.tensor([[True, True, True, False, True]])
    for need_weights in (False, True):
        first = attention(x[:, :1], x, x, mask[:, None], need_weights)[0]
        assert torch.equal(first, attention(x[:, :1], other, other, mask[:, None], need_weights)[0])


def test_equivariant_without_positions_and_not_with_rotary_ones():
    order, x = torch.tensor([2, 0, 3, 1]), numbers(1, 4, 8)
    plain, turned = made(8, 2), made(8, 2, rotary=True)
    torch.testing.assert_close(plain(x, x, x)[0][:, order], plain(*3 * [x[:, order]])[0])
    assert (turned(x, x, x)[0][:, order] - turned(*3 * [x[:, order]])[0]).abs().max() > 1e-3


def test_rotary_depends_on_distances_only():
    attention, x = made(8, 2, rotary=True), numbers(1, 4, 8)
    here = attention.attend(x, attention.project(x), need_weights=True)[1]
    there = attention.attend(x, attention.project(x, first=9), need_weights=True, first=9)[1]
    torch.testing.assert_close(here, there)


def test_grouped_queries_share_keys_and_values():
    attention = made(16, 4, key_heads=2)
    assert attention.key.weight.shape == (8, 16)
    read = attention.project(numbers(1, 3, 16))
    assert read.keys.shape == (1, 2, 3, 4)
    full = made(16, 4)
    with torch.no_grad():
        for name in ("query", "out"):
            getattr(full, name).load_state_dict(getattr(attention, name).state_dict())
        for name in ("key", "value"):
            rows = getattr(attention, name).weight.view(2, 4, 16).repeat_interleave(2, 0).flatten(0, 1)
            getattr(full, name).weight.copy_(rows)
    x = numbers(1, 3, 16)
    torch.testing.assert_close(attention(x, x, x)[0], full(x, x, x)[0])


def test_dropout_is_of_weights_in_training_only_and_the_returned_ones_are_whole():
    attention, x = made(8, 2, dropout=0.5), numbers(1, 6, 8)
    assert torch.equal(attention(x, x, x)[0], attention(x, x, x)[0])
    attention.train()
    output, weights = attention(x, x, x, need_weights=True)
    torch.testing.assert_close(weights.sum(-1), torch.ones(1, 2, 6))
    assert (output - attention(x, x, x, need_weights=True)[0]).abs().max() > 1e-3
    assert not [name for name in vars(attention) if "weight" in name or "mask" in name]


@pytest.mark.parametrize("key_heads", [None, 2])
def test_what_is_read_in_two_parts_is_one_text(key_heads):
    attention, x = made(16, 4, key_heads=key_heads, rotary=True), numbers(2, 5, 16)
    first, whole = attention.project(x[:, :2]), attention.project(x)
    both = first.append(attention.project(x[:, 2:], first=2))
    assert first.keys.shape[2] == 2, "what is stored stays as it is"
    for part, one in zip(both, whole, strict=True):
        torch.testing.assert_close(part, one)
    last = attention.attend(x[:, 4:], both, first=4)[0]
    torch.testing.assert_close(last, attention(x, x, x)[0][:, 4:])


def test_an_empty_row_gives_zeros_on_a_gpu_too_where_torch_gives_a_mean(monkeypatch):
    attention, x = made(8, 2), numbers(1, 3, 8)
    mask = torch.tensor([[[True, False, True], [False] * 3, [True] * 3]])
    wanted = attention(x, x, x, mask)[0]

    def mean_of_empty_rows(q, k, v, mask, dropout):
        weights = scaled_dot_product_attention(q, k, v, mask)[1]
        return torch.where(mask.any(-1, keepdim=True), weights, 1 / 3) @ v

    monkeypatch.setattr(torch.nn.functional, "scaled_dot_product_attention", mean_of_empty_rows)
    assert not torch.allclose(attention(x, x, x, mask)[0], wanted)
    nobody = attention(x, x[:, :0], x[:, :0])[0]  # without any key torch's form, which needs a mask here, is not asked
    torch.testing.assert_close(nobody, attention.out.bias.expand(1, 3, 8))
    monkeypatch.setattr(torch.Tensor, "is_cuda", True, raising=False)
    torch.testing.assert_close(attention(x, x, x, mask)[0], wanted)


@pytest.mark.parametrize(
    ("shape", "dtype"),
    [((3, 5), bool), ((2, 5), bool), ((1, 3, 4), bool), ((2, 4, 3, 5), bool), ((2, 1, 1, 4), bool), ((4,), bool)],
)
def test_a_mask_of_another_shape_is_refused(shape, dtype):
    attention, q, k = made(8, 2), numbers(2, 3, 8), numbers(2, 4, 8)
    with pytest.raises(ValueError, match=r"mask is \[.*needed: \[Q, K\] = \[3, 4\].*B = 2, H = 2"):
        attention(q, k, k, torch.ones(shape, dtype=torch.bool))


@pytest.mark.parametrize("mask", [torch.ones(3, 3), torch.ones(3, 3, dtype=torch.uint8), [[True] * 3] * 3, "causal"])
def test_a_mask_of_another_kind_is_refused(mask):
    x = numbers(1, 3, 8)
    with pytest.raises(TypeError, match="boolean tensor, True = may be attended"):
        made(8, 2)(x, x, x, mask)


def test_sizes_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="model_size 10 cannot be cut into 3 heads"):
        MultiHeadAttention(10, 3)
    with pytest.raises(ValueError, match="num_heads is 0"):
        MultiHeadAttention(8, 0)
    with pytest.raises(ValueError, match="4 heads cannot share 3 key heads"):
        MultiHeadAttention(8, 4, key_heads=3)
    with pytest.raises(ValueError, match="a head has 3 features"):
        MultiHeadAttention(6, 2, rotary=True)
    attention, x = made(8, 2), numbers(1, 3, 8)
    with pytest.raises(ValueError, match=r"queries has shape \[3, 8\]; needed: \[batch, time, 8\]"):
        attention(x[0], x, x)
    with pytest.raises(ValueError, match="keys are \\[1, 3, 8\\], values \\[1, 2, 8\\]: each key needs its own value"):
        attention(x, x, x[:, :2])
    with pytest.raises(ValueError, match="2 rows of queries, 1 of keys: a cache of another batch"):
        attention(numbers(2, 3, 8), x, x)


def test_length_zero_and_half_precision():
    attention, x = made(8, 2), numbers(1, 3, 8)
    for need_weights in (False, True):
        assert attention(x[:, :0], x, x, need_weights=need_weights)[0].shape == (1, 0, 8)
        nobody = attention(x, x[:, :0], x[:, :0], need_weights=need_weights)[0]
        torch.testing.assert_close(nobody, attention.out.bias.expand(1, 3, 8))
    exact = attention(x, x, x)[0]
    half = attention.bfloat16()(*3 * [x.bfloat16()])[0]
    assert half.dtype == torch.bfloat16 and (half.float() - exact).abs().max() < 0.05


def test_sizes_begin_at_1_and_dropout_ends_before_1():
    with torch.device("meta"):
        holds(lambda size: MultiHeadAttention(size, 1), [1, 65_536], [0, 65_537])
    holds(lambda heads: MultiHeadAttention(8, heads), [1, 8], [0])
    holds(lambda heads: MultiHeadAttention(8, 2, key_heads=heads), [1, 2], [0])
    holds(lambda dropout: MultiHeadAttention(8, 2, dropout=dropout), [0, 0.99], [-0.1, 1])


@pytest.mark.parametrize("length", [1, 3, 7])
def test_rotary_heads_turn_each_token_by_its_own_place_whatever_the_length(length):
    attention, x = made(8, 2, rotary=True), numbers(1, length, 8)
    q, k, v = (getattr(attention, name)(x).unflatten(-1, (2, 4)).transpose(1, 2) for name in ("query", "key", "value"))
    q, k = (rotary(one, torch.arange(length)) for one in (q, k))
    by_hand = attention.out(scaled_dot_product_attention(q, k, v)[0].transpose(1, 2).flatten(2))
    torch.testing.assert_close(attention(x, x, x)[0], by_hand)


@pytest.mark.parametrize("key_heads", [None, 1])
def test_projections_begin_as_glorot_and_bengio_say_and_biases_at_0(key_heads):
    """Uniform between ±√(6 / (in + out)), the default of torch's nn.MultiheadAttention, too; nn.Linear's is smaller."""
    attention = made(64, 4, key_heads=key_heads)
    for layer in (attention.query, attention.key, attention.value, attention.out):
        bound = (6 / (layer.in_features + layer.out_features)) ** 0.5
        assert 0.98 * bound < layer.weight.abs().max().item() <= bound and not layer.bias.any()


def test_recording_ends_with_its_context():
    attention, x = made(8, 2), numbers(1, 3, 8)
    with recording([attention]) as seen:
        attention(x, x, x)
    attention(x, x, x)
    assert len(seen[attention]) == 1
