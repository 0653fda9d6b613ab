"""Linear attention, hardmax and sparsemax: NaN stays visible, large scores lose nothing, masks are those of softmax."""

import pytest
import torch
from edges import REFUSED
from hypothesis import given, settings
from hypothesis import strategies as st

from chapters.ch02.linear import PositiveFeatures, hardmax, linear_attention, sparsemax

NAN, INF = float("nan"), float("inf")


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
    [
        {"feature_map": torch.sin},
        {"feature_map": None},
        {"values": torch.ones(2, 4, 4, dtype=torch.float64)},
        {"keys": torch.ones(2, 5, 4)},
        {"keys": torch.ones(2, 5, 3, dtype=torch.float64)},
    ],
    ids=", ".join,
)
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


def test_the_kernel_of_positive_features_is_unbiased():
    """E[φ(q)·φ(k)] = exp(q·k / √d): the mean over many seeds comes close, and one with too few features does not."""
    g = torch.Generator().manual_seed(1)
    near, far = torch.randn(2, 4, generator=g) / 2, torch.full((2, 4), 0.5**0.5)  # their kernels are about 1, and e
    for (q, k), within in ((near, 0.03), (far, 0.12)):
        phis = [PositiveFeatures(4, 256, seed) for seed in range(200)]
        means = [(phi(q[None]) @ phi(k[None]).mT).item() for phi in phis]
        assert sum(means) / 200 == pytest.approx((q @ k / 2).exp().item(), rel=within)


class TestHardmax:
    def test_all_weight_on_the_largest_in_equal_parts(self):
        assert hardmax(torch.tensor([1.0, 3.0, 2.0])).tolist() == [0, 1, 0]
        assert hardmax(torch.tensor([[3.0, 3.0, 2.0]])).tolist() == [[0.5, 0.5, 0]]

    def test_nan_stays_visible_in_its_row_only(self):
        weights = hardmax(torch.tensor([[1.0, NAN, 2.0], [1.0, 0.0, 2.0]]))
        assert weights[0].isnan().all() and weights[1].tolist() == [0, 0, 1]

    def test_minus_infinity_counts_as_masked(self):
        assert hardmax(torch.full((2,), -INF)).tolist() == [0, 0]


class TestSparsemax:
    def test_worked_by_hand(self):
        """τ = (1 + .8 + .4 − 1) / 3 = .4 leaves the third at 0; so τ = (1.8 − 1) / 2 = .4."""
        torch.testing.assert_close(sparsemax(torch.tensor([1.0, 0.8, 0.4])), torch.tensor([0.6, 0.4, 0.0]))
        assert sparsemax(torch.tensor([2.0, 0.0])).tolist() == [1, 0]

    @settings(max_examples=100, deadline=None)
    @given(
        st.lists(st.integers(-64, 64), min_size=1, max_size=20),
        st.sampled_from([0.0, 2.0**16, -(2.0**16), 2.0**20, 2.0**23]),
    )
    def test_it_is_the_nearest_point_of_the_simplex_however_large_the_scores(self, sixteenths, offset):
        """By the conditions of optimality: what is kept lies at one distance above τ, what is cut not above it."""
        scores = torch.tensor(sixteenths) / 16.0
        if offset == 2.0**23:
            scores = scores.round()  # the digits that float32 still has there
        weights = sparsemax(scores + offset)
        assert weights.sum() == pytest.approx(1, abs=1e-5) and (weights >= 0).all()
        exact = scores.double()
        if offset:
            exact = (scores + offset).double() - offset
        tau = (exact - weights)[weights > 0]
        assert (tau - tau.mean()).abs().max() < 1e-5 and (exact[weights == 0] <= tau.mean() + 1e-5).all()

    def test_very_large_and_infinite_scores(self):
        assert sparsemax(torch.tensor([1e8, 1e8 + 8, 0.0])).tolist() == [0, 1, 0]
        assert sparsemax(torch.tensor([1.0, INF])).isnan().any(), "as softmax: infinity minus infinity"
        assert sparsemax(torch.full((3,), -INF)).tolist() == [0, 0, 0]

    def test_nan_stays_visible_in_its_row_only(self):
        weights = sparsemax(torch.tensor([[1.0, NAN, 2.0], [1.0, 0.0, 2.0]]))
        assert weights[0].isnan().all() and weights[1].tolist() == [0, 0, 1]

    def test_gradients_flow_to_what_is_kept(self):
        scores = torch.tensor([1.0, 0.8, -3.0], dtype=torch.float64, requires_grad=True)
        assert torch.autograd.gradcheck(sparsemax, scores)


def test_features_may_be_zero_but_not_below_it(batch):
    q, k, v = batch
    assert linear_attention(q, k, v, torch.relu).isfinite().all()
    for below in (-0.5, -2.0):
        for one in (q, k):
            with pytest.raises(ValueError, match="feature_map"):
                linear_attention(q, k, v, lambda x, one=one, below=below: torch.full_like(x, below if x is one else 1))
