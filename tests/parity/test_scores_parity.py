"""Scaled dot-product attention beside torch's own, over random shapes, masks and dtypes."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from course_utils.attention import scaled_dot_product_attention

TOLERANCE = {torch.float64: 1e-12, torch.float32: 1e-5, torch.bfloat16: 0.05}  # bfloat16 keeps 3 digits
SIZES = st.integers(1, 9)


@st.composite
def problems(draw):
    """q, k, v and a mask without empty rows (torch's fused kernels differ on those), of random shape and dtype."""
    batch, heads, queries, keys, size, value_size = (draw(SIZES) for _ in range(6))
    dtype = draw(st.sampled_from(list(TOLERANCE)))
    source = torch.Generator().manual_seed(draw(st.integers(0, 2**31)))
    lead = (batch, heads)[: draw(st.integers(0, 2))]
    q, k, v = (
        torch.randn(*lead, *shape, generator=source).to(dtype)
        for shape in ((queries, size), (keys, size), (keys, value_size))
    )
    kind = draw(st.sampled_from(["none", "pairs", "keys", "causal"]))
    mask = {
        "none": None,
        "pairs": torch.rand(*lead, queries, keys, generator=source) < 0.5,
        "keys": torch.rand(*lead, 1, keys, generator=source) < 0.5,
        "causal": torch.ones(queries, keys, dtype=torch.bool).tril(),
    }[kind]
    if mask is not None:
        mask[..., 0] = True
    return q, k, v, mask


@settings(max_examples=300, deadline=None, derandomize=True)
@given(problems())
def test_equal_to_torch(problem):
    q, k, v, mask = problem
    output, weights = scaled_dot_product_attention(q, k, v, mask)
    expected = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
    assert output.dtype == q.dtype and weights.shape == (*q.shape[:-1], k.shape[-2])
    torch.testing.assert_close(output, expected, atol=TOLERANCE[q.dtype], rtol=0)
    assert (weights.float().sum(-1) - 1).abs().max() <= max(TOLERANCE[q.dtype], 1e-6)


def test_never_nan_over_a_thousand_random_masks():
    """Forward and backward, with rows that may attend to nothing: zeros there."""
    source = torch.Generator().manual_seed(0)
    empty_rows = 0
    for _ in range(1000):
        q, k, v = (torch.randn(2, n, 4, generator=source, requires_grad=True) for n in (5, 6, 6))
        mask = torch.rand(2, 5, 6, generator=source) < torch.rand((), generator=source)
        output, weights = scaled_dot_product_attention(q, k, v, mask)
        output.square().sum().backward()
        assert all(x.isfinite().all() for x in (output, weights, q.grad, k.grad, v.grad))
        empty = ~mask.any(-1)
        assert not output[empty].any() and not weights[empty].any() and not weights[~mask].any()
        empty_rows += int(empty.sum())
    assert empty_rows > 100


def test_gradients_of_attention_by_finite_differences_with_an_empty_row():
    source = torch.Generator().manual_seed(0)
    q, k, v = (torch.randn(2, n, 3, generator=source, dtype=torch.float64, requires_grad=True) for n in (3, 4, 4))
    mask = torch.tensor([[True, True, False, True], [False] * 4, [False, False, True, False]])
    assert torch.autograd.gradcheck(lambda *x: scaled_dot_product_attention(*x, mask), (q, k, v))


def test_no_keys_at_all_gives_zeros():
    q, none = torch.ones(2, 3, 4), torch.ones(2, 0, 4)
    output, weights = scaled_dot_product_attention(q, none, none)
    assert weights.shape == (2, 3, 0) and output.eq(0).all() and output.shape == (2, 3, 4)
