"""Multi-head attention: shapes, masks, heads, what must never matter, and what is refused."""

import pytest
import torch
from unit.edges import REFUSED

from course_kit.models.fused import fuse
from course_utils.attention import MultiHeadAttention


def numbers(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def made(*sizes, **options):
    torch.manual_seed(0)
    return MultiHeadAttention(*sizes, **options).eval()


@pytest.mark.parametrize("fused", [False, True])
def test_a_masked_key_never_matters_however_large_it_is(fused):
    attention, x = made(8, 2), numbers(1, 5, 8)
    if fused:
        fuse(attention)
    other = x.clone()
    other[0, 3] = 1e4
    mask = torch.tensor([[True, True, True, False, True]])
    rows = [0, 1, 2, 4]
    first, second = (attention(one, one, mask[:, None])[0][:, rows] for one in (x, other))
    assert torch.equal(first, second)


def test_a_key_that_is_no_number_is_hidden_by_its_mask_from_the_weights():
    attention, x = made(8, 2), numbers(1, 5, 8)
    other = x.clone()
    other[0, 3] = torch.nan
    mask = torch.tensor([[True, True, True, False, True]])
    weights, wanted = (attention(x, keys, mask[:, None])[1] for keys in (other, x))
    assert torch.equal(weights, wanted) and weights.isfinite().all()


@pytest.mark.parametrize("fuses", [False, True])
@pytest.mark.parametrize(
    ("batch", "queries", "shapes"),
    [
        (2, 3, [(3, 5), (3, 3, 4), (2, 5), (2, 4, 3, 5), (3, 2, 3, 4), (2, 1, 1, 5)]),
        (1, 3, [(2, 3, 4), (1, 2, 2, 3, 4)]),
        (3, 1, [(3, 4)]),  # one query: a padding mask [B, K] would be read as one of B queries
        (1, 1, [(1, 2, 4)]),
    ],
)
def test_a_mask_of_another_shape_is_refused(batch, queries, shapes, fuses):
    attention, q, k = made(8, 2), numbers(batch, queries, 8), numbers(batch, 4, 8)
    if fuses:
        fuse(attention)
    for shape in shapes:
        with pytest.raises(REFUSED):
            attention(q, k, torch.ones(shape, dtype=torch.bool))


@pytest.mark.parametrize(
    "mask", [torch.ones(3, 3), torch.ones(3, 3).byte(), torch.eye(3).long(), [[True] * 3] * 3, "no"]
)
def test_a_mask_of_another_kind_is_refused(mask):
    x = numbers(1, 3, 8)
    with pytest.raises(REFUSED):
        made(8, 2)(x, x, mask)


@pytest.mark.parametrize("sizes", [(10, 3), (8, 0), (8, 16)])
def test_heads_that_cannot_be_equal_are_refused(sizes):
    x = numbers(1, 3, sizes[0])
    with pytest.raises(REFUSED):
        MultiHeadAttention(*sizes)(x, x)


def test_input_that_does_not_fit_is_refused():
    attention, x = made(8, 2), numbers(1, 3, 8)
    for wrong in ((x[..., :4], x), (x, x[..., :4]), (numbers(3, 3, 8), numbers(2, 3, 8))):
        with pytest.raises(REFUSED):
            attention(*wrong)
    with pytest.raises(REFUSED):  # with one head, features would attend to features
        made(8, 1)(x[0], x[0])


@pytest.mark.parametrize("fused", [False, True])
def test_length_zero_and_half_precision(fused):
    attention, x = made(8, 2), numbers(1, 3, 8)
    torch.nn.init.normal_(attention.out.bias)
    if fused:
        fuse(attention)
    assert attention(x[:, :0], x)[0].shape == (1, 0, 8)
    nobody = attention(x, x[:, :0])[0]
    torch.testing.assert_close(nobody, attention.out.bias.expand(1, 3, 8))
    exact = attention(x, x)[0]
    half = attention.bfloat16()(*2 * [x.bfloat16()])[0]
    assert half.dtype == torch.bfloat16 and (half.float() - exact).abs().max() < 0.05


@pytest.mark.parametrize("bias", [True, False])
def test_projections_begin_as_glorot_and_bengio_say_and_biases_at_0(bias):
    """Uniform between ±√(6 / (in + out)), the default of torch's nn.MultiheadAttention, too; nn.Linear's is smaller."""
    attention = made(64, 4, bias)
    for layer in (attention.query, attention.key, attention.value, attention.out):
        bound = (6 / (layer.in_features + layer.out_features)) ** 0.5
        assert 0.98 * bound < layer.weight.abs().max().item() <= bound
        assert not layer.bias.any() if bias else layer.bias is None
