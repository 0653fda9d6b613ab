"""Attention against hand-worked numbers, torch, and the invariants that always hold."""

import math
from functools import partial

import pytest
import torch
from unit.edges import REFUSED, holds

from chapters.ch02.linear import local_mask
from course_utils.attention import causal_mask, masked_softmax, padding_mask, scaled_dot_product_attention
from course_utils.kernels import (
    KERNELS,
    NadarayaWatson,
    attention_pooling,
    boxcar_kernel,
    epanechnikov_kernel,
    gaussian_kernel,
    leave_one_out_mask,
    nadaraya_watson,
)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def numbers(*rows):
    return [torch.tensor(row) for row in rows]


def test_three_points_by_hand():
    """Keys 1, 2, 4, values 10, 20, 40, query 2, width 1: e^(−1/2), 1, e^(−2)."""
    estimate, weights = nadaraya_watson(*numbers([2.0], [1.0, 2.0, 4.0], [10.0, 20.0, 40.0]))
    raw = [math.exp(-0.5), 1.0, math.exp(-2.0)]
    assert weights[0].tolist() == pytest.approx([r / sum(raw) for r in raw], abs=1e-6)
    assert estimate.item() == pytest.approx((10 * raw[0] + 20 * raw[1] + 40 * raw[2]) / sum(raw), abs=1e-5)


def test_kernel_ratio_equals_softmax():
    g = generator()
    queries, keys, values = (torch.randn(n, generator=g, dtype=torch.float64) for n in (20, 50, 50))
    for width in (0.3, 1.0, 5.0):
        ratio = nadaraya_watson(queries, keys, values, lambda d, w=width: gaussian_kernel(d, w))
        module = NadarayaWatson(width).double()
        for other in (lambda *given, m=module: m(*given, None), lambda *given, w=width: attention_pooling(*given, w)):
            estimate, weights = other(queries, keys, values)
            assert torch.allclose(ratio[0], estimate, atol=1e-6) and torch.allclose(ratio[1], weights, atol=1e-6)


def test_gaussian_values():
    assert gaussian_kernel(torch.tensor([0.0, 1.0, 2.0])).tolist() == pytest.approx([1, 0.6065307, 0.1353353], abs=1e-6)
    assert gaussian_kernel(torch.tensor(3.0), 1.5) == gaussian_kernel(torch.tensor(-2.0), 1.0)


def test_other_kernels_end_at_the_width():
    d = torch.tensor([0.0, 0.5, 1.0, 1.01])
    assert boxcar_kernel(d).tolist() == [1, 1, 1, 0]
    assert epanechnikov_kernel(d).tolist() == pytest.approx([1, 0.75, 0, 0])


def test_far_from_all_keys_the_gaussian_still_weighs():
    given = numbers([60.0], [0.0, 9.0, 10.0], [1.0, 2.0, -0.38])
    assert nadaraya_watson(*given)[0].item() == pytest.approx(-0.38) == attention_pooling(*given)[0].item()


def test_nobody_in_reach_gives_zeros():
    estimate, weights = nadaraya_watson(*numbers([0.0, 9.0], [0.0, 1.0], [3.0, 4.0]), boxcar_kernel)
    assert estimate.tolist() == [3.5, 0] and weights.tolist() == [[0.5, 0.5], [0, 0]]


def test_where_all_keys_are_masked_the_module_gives_weights_of_0():
    mask = torch.tensor([[True, False], [False, False]])
    estimate, weights = NadarayaWatson(1.0)(*numbers([0.0, 9.0], [0.0, 1.0], [3.0, 4.0]), mask)
    assert estimate.tolist() == [3, 0] and weights.tolist() == [[1, 0], [0, 0]]


@pytest.mark.parametrize("kernel", KERNELS.values())
def test_a_kernel_is_the_same_on_both_sides_and_takes_a_width_for_each_distance(kernel):
    distances, widths = torch.tensor([0.3, 0.9, 1.7]), torch.tensor([1.0, 0.5, 3.0])
    assert torch.equal(kernel(-distances), kernel(distances))
    assert torch.equal(kernel(distances, -widths), kernel(distances, widths))
    each = [kernel(d, width).item() for d, width in zip(distances, widths, strict=True)]
    assert kernel(distances, widths).tolist() == pytest.approx(each)


@pytest.mark.parametrize("width", [0.0, -1.0, float("nan")])
def test_a_module_of_no_width_never_gives_a_number(width):
    queries, keys, values = numbers([0.5], [0.0, 4.0], [3.0, 4.0])
    assert NadarayaWatson(width)(queries, keys, values, None)[0].isnan().all()


@pytest.mark.parametrize("kernel", [gaussian_kernel, epanechnikov_kernel])
def test_what_is_no_number_gives_no_estimate(kernel):
    """A boxcar compares, so a key that is no number is not in its window."""
    good, wrong = torch.tensor([1.0, 2.0]), torch.tensor([9.0, float("nan")])
    for given in ((wrong, good, good), (good, wrong, good), (good, good, wrong)):
        assert nadaraya_watson(*given, kernel)[0][1].isnan()
        assert NadarayaWatson(1.0)(*given, None)[0][1].isnan()


@pytest.mark.parametrize("estimator", [nadaraya_watson, attention_pooling, partial(NadarayaWatson(1.0), mask=None)])
def test_each_key_needs_its_own_value(estimator):
    good = torch.tensor([1.0, 2.0])
    for keys, values in ((good, torch.ones(3)), (good[:, None], good), (good[:0], good), ([1.0, 2.0], good)):
        with pytest.raises(REFUSED):
            estimator(torch.ones(2), keys, values)


def test_leave_one_out_equals_refitting():
    g = generator(1)
    x, y = torch.rand(12, generator=g, dtype=torch.float64), torch.randn(12, generator=g, dtype=torch.float64)
    masked, _ = nadaraya_watson(x, x, y, lambda d: leave_one_out_mask(12) * gaussian_kernel(d, 0.2))
    for i in range(12):
        others = torch.arange(12) != i
        alone, _ = nadaraya_watson(x[i : i + 1], x[others], y[others], lambda d: gaussian_kernel(d, 0.2))
        assert masked[i].item() == pytest.approx(alone.item(), abs=1e-12)


def test_learned_width_stays_positive_and_is_the_only_parameter():
    model = NadarayaWatson(0.5)
    assert [p.numel() for p in model.parameters()] == [1]
    x = torch.linspace(0, 1, 9)
    estimate, _ = model(x, x, x.sin(), leave_one_out_mask(9))
    estimate.pow(2).sum().backward()
    with torch.no_grad():
        model.log_width -= 100 * model.log_width.grad.sign()
    assert model.log_width.exp() > 0


def test_minus_infinity_is_no_weight_and_what_has_no_softmax_stays_visible():
    assert masked_softmax(torch.tensor([0.0, -math.inf])).tolist() == [1, 0]
    assert masked_softmax(torch.tensor([0.0, math.nan])).isnan().any()
    assert masked_softmax(torch.full((2,), -math.inf)).isnan().all()
    mask = torch.tensor([True, False])
    assert masked_softmax(torch.tensor([0.0, math.nan]), mask).tolist() == [1, 0]


@pytest.mark.parametrize(
    "mask",
    [torch.ones(2, 3), torch.ones(2, 3, dtype=torch.long), torch.ones(2, 3, dtype=torch.uint8), [[True] * 3] * 2,
     torch.ones(3, 2, dtype=torch.bool), torch.ones(5, 2, 3, dtype=torch.bool)],
    ids=["float", "long", "byte", "list", "turned", "larger"],
)  # fmt: skip
def test_a_mask_of_another_kind_or_shape_is_refused(mask):
    with pytest.raises(REFUSED):
        masked_softmax(torch.zeros(2, 3), mask)


def test_mask_is_not_changed_and_scores_neither():
    scores, mask = torch.randn(2, 3, generator=generator()), torch.tensor([[True, False, True]] * 2)
    before = scores.clone(), mask.clone()
    masked_softmax(scores, mask)
    assert torch.equal(scores, before[0]) and torch.equal(mask, before[1])


def test_local_mask():
    assert local_mask(4, 2).int().tolist() == [[1, 0, 0, 0], [1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 1, 1]]
    assert local_mask(3, 2, causal=False).int().tolist() == [[1, 1, 0], [1, 1, 1], [0, 1, 1]]
    assert torch.equal(local_mask(5, 5), causal_mask(5)) and torch.equal(local_mask(5, 9), causal_mask(5))
    holds(lambda window: local_mask(3, window), [1, 4], [0, -1])


def test_masks():
    assert causal_mask(3).tolist() == [[True, False, False], [True, True, False], [True, True, True]]
    assert padding_mask([1, 3]).tolist() == [[[True, False, False]], [[True, True, True]]]
    assert padding_mask(torch.tensor([0, 2]), 4).shape == (2, 1, 4)
    assert (padding_mask([2], 3) & causal_mask(3)).tolist()[0] == [
        [True, False, False],
        [True, True, False],
        [True, True, False],
    ]


@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (2, 3, 4)])
def test_softmax_goes_along_each_axis_that_there_is(shape):
    scores, axes = torch.randn(shape, generator=generator()), max(1, len(shape))
    for dim in range(-axes, axes):
        torch.testing.assert_close(masked_softmax(scores, dim=dim), scores.softmax(dim))


@pytest.mark.parametrize(
    "lengths", [[-1, 2], [3], [[1, 2]], [1.0, 2.0], [True, False], "12", 3, None, {1, 2}, []], ids=str
)
def test_lengths_are_one_whole_number_from_0_to_max_len_for_each_sequence(lengths):
    assert padding_mask([0, 2], 2).tolist() == [[[False, False]], [[True, True]]]
    with pytest.raises(REFUSED):
        padding_mask(lengths, 2)
    with pytest.raises(REFUSED):
        padding_mask(lengths if lengths != [3] else [-1])


def test_wrong_sizes_are_refused():
    q, k, v = torch.zeros(2, 3), torch.zeros(4, 3), torch.zeros(4, 5)
    for wrong in ((q[:, 1:], k, v), (q, k, v[1:]), (q, k.double(), v), (q.repeat(2, 1, 1), k.repeat(3, 1, 1), v)):
        with pytest.raises(REFUSED):
            scaled_dot_product_attention(*wrong)
