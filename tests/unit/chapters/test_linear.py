"""Linear attention: NaN stays visible, features are positive, what it cannot do is refused."""

import pytest
import torch
from unit.edges import REFUSED

from chapters.ch02.linear import PositiveFeatures, linear_attention

NAN = float("nan")


@pytest.fixture
def batch():
    g = torch.Generator().manual_seed(0)
    return [torch.randn(2, n, 4, generator=g, dtype=torch.float64) for n in (3, 5, 5)]


@pytest.mark.parametrize("keys_first", [True, False])
def test_linear_attention_is_the_weighted_mean_that_it_defines(batch, keys_first):
    q, k, v = batch
    weights = q.exp() @ k.exp().mT
    expected = (weights / weights.sum(-1, keepdim=True)) @ v
    torch.testing.assert_close(linear_attention(q, k, v, torch.exp, keys_first=keys_first), expected)


def test_nan_in_one_key_stays_visible(batch):
    q, k, v = batch
    k[0, 1, 0] = NAN
    output = linear_attention(q, k, v, torch.exp)
    assert output[0].isnan().all() and output[1].isfinite().all()


def test_a_row_with_nothing_to_attend_is_zero(batch):
    assert (linear_attention(*batch, torch.zeros_like) == 0).all()


@pytest.mark.parametrize(
    "change",
    [{"feature_map": torch.sin}, {"feature_map": None}, {"values": torch.ones(2, 4, 4, dtype=torch.float64)},
     {"keys": torch.ones(2, 5, 4)}, {"keys": torch.ones(2, 5, 3, dtype=torch.float64)}],
    ids=", ".join,
)  # fmt: skip
def test_what_linear_attention_cannot_do_is_refused(batch, change):
    given = dict(zip(("queries", "keys", "values"), batch, strict=True)) | {"feature_map": torch.exp} | change
    with pytest.raises(REFUSED):
        linear_attention(**given)


@pytest.mark.parametrize("count", [3, 4, 8, 9])
def test_features_are_positive_and_as_many_as_are_asked_for(count):
    phi, x = PositiveFeatures(4, count), torch.randn(5, 4, generator=torch.Generator().manual_seed(0))
    assert phi(x).shape == (5, count) and (phi(x) > 0).all()
    torch.testing.assert_close(phi.log(x).exp(), phi(x))
    assert PositiveFeatures(4, count, seed=1).rows.ne(phi.rows).all() and not list(phi.parameters())
    with pytest.raises(REFUSED):
        phi(x.double())


def test_the_rows_of_a_block_are_orthogonal():
    rows = torch.nn.functional.normalize(PositiveFeatures(4, 8).rows.double())
    for block in rows.split(4):
        torch.testing.assert_close(block @ block.T, torch.eye(4).double(), atol=1e-6, rtol=0)


def test_features_may_be_zero_but_not_below_it(batch):
    q, k, v = batch
    assert linear_attention(q, k, v, torch.relu).isfinite().all()
    for below in (-0.5, -2.0):
        for one in (q, k):
            with pytest.raises(ValueError, match="feature_map"):
                linear_attention(q, k, v, lambda x, one=one, below=below: torch.full_like(x, below if x is one else 1))
