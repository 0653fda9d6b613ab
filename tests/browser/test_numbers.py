"""The mathematics in the browser equals torch in float64."""

import base64

import labs
import numpy as np
import pytest
import torch
from waiting import numbers, until

from course_kit.views import heatmap
from course_utils.attention import masked_softmax
from course_utils.kernels import KERNELS, NadarayaWatson, nadaraya_watson

pytestmark = pytest.mark.browser
TOLERANCE = 1e-6


def examples(count=40, seed=1):
    g = torch.Generator().manual_seed(seed)
    keys = 5 * torch.rand(count, generator=g)
    return keys, torch.sin(keys) + torch.randn(count, generator=g) / 3


@pytest.mark.parametrize("kernel", KERNELS)
def test_pooling_lab_equals_torch(show, kernel):
    keys, values = examples()
    page = show(labs.ask(keys, values))
    x, y = keys.double(), values.double()
    for width in (0.2, 0.5, 1.7, 9.0):
        for query in (-0.1, 1.3, 4.9):
            shown = numbers(page, query=query, width=width, kernel=kernel)
            estimate, weights = nadaraya_watson(
                torch.tensor([query], dtype=torch.float64), x, y, lambda d, w=width: KERNELS[kernel](d, w)
            )
            assert np.allclose(shown["weights"], weights[0], atol=TOLERANCE, rtol=0)
            assert shown["estimate"] == pytest.approx(float(estimate), abs=TOLERANCE, nan_ok=True)


def test_removed_examples_do_not_count(show):
    keys, values = examples()
    shown = numbers(show(labs.ask(keys, values)), query=2.0, width=0.6, kernel="gaussian", removed=[0, 7])
    mask = torch.ones(1, 40, dtype=torch.bool)
    mask[0, [0, 7]] = False
    query = torch.tensor([2.0], dtype=torch.float64)
    estimate, weights = NadarayaWatson(0.6).double()(query, keys.double(), values.double(), mask)
    assert shown["weights"][0] == shown["weights"][7] == 0
    assert np.allclose(shown["weights"], weights[0], atol=TOLERANCE)
    assert shown["estimate"] == pytest.approx(float(estimate), abs=TOLERANCE)


@pytest.mark.parametrize("kernel", KERNELS)
def test_bandwidth_lab_equals_torch(show, kernel):
    keys, values = examples()
    view = labs.bandwidth(keys, values)
    page = show(view)
    order = keys.argsort()
    x, y = keys[order].double(), values[order].double()
    queries = torch.from_numpy(view.arrays["queries"].astype(np.float64))
    for width in view.options["widths"][::15]:
        shown = numbers(page, width=width, kernel=kernel)
        estimate, weights = nadaraya_watson(queries, x, y, lambda d, w=width: KERNELS[kernel](d, w))
        assert np.allclose(np.array(shown["weights"]), weights, atol=TOLERANCE, rtol=0)
        assert np.allclose(np.array(shown["estimates"], float), estimate, atol=TOLERANCE, equal_nan=True)


def test_leave_one_out_errors_of_the_lab(show):
    keys, values = examples(12)
    view = labs.bandwidth(keys, values)
    x, y = keys.double(), values.double()
    index = 30
    width = view.options["widths"][index]
    by_hand = []
    for i in range(12):
        others = [j for j in range(12) if j != i]
        weights = torch.exp(-0.5 * ((x[i] - x[others]) / width) ** 2)
        by_hand.append(float((weights @ y[others] / weights.sum() - y[i]) ** 2))
    shown = numbers(show(view), kernel="gaussian")["errors"][index]
    assert shown == pytest.approx(np.mean(by_hand), rel=1e-6)


@pytest.mark.parametrize("temperature", [0.05, 1.0, 20.0])
def test_softmax_lab_equals_torch(show, temperature):
    scores = torch.tensor([2.0, -1.5, 0.25, 7.0])
    page = show(labs.softmax(scores))
    for mask in ([True] * 4, [True, False, True, True], [False, False, True, False], [False] * 4):
        for shift in (0.0, 10.0, 1000.0):
            shown = numbers(page, temperature=temperature, shift=shift, mask=mask, method="stable")
            expected = masked_softmax((scores.double() + shift) / temperature, torch.tensor(mask))
            assert np.allclose(shown["weights"], expected, atol=TOLERANCE, rtol=0)


def test_softmax_without_the_maximum_overflows(show):
    page = show(labs.softmax([2.0, 1.0]))
    assert numbers(page, shift=0.0, method="naive")["weights"] == pytest.approx([0.731059, 0.268941], abs=1e-6)
    until(
        lambda: (
            numbers(page, shift=1000.0, method="naive")["weights"] == [None, None]
            or np.isnan(np.array(numbers(page, shift=1000.0, method="naive")["weights"], float)).all()
        )
    )


def test_heatmap_shows_the_weights_it_was_given(show):
    g = torch.Generator().manual_seed(3)
    weights = torch.softmax(4 * torch.randn(2, 3, 9, 7, generator=g), -1)
    page = show(heatmap(weights))
    for layer in range(2):
        for head in range(3):
            shown = numbers(page, layer=layer, head=head)["weights"]
            assert np.abs(np.array(shown) - weights[layer, head].numpy()).max() <= 5e-4


def test_payload_per_weight():
    weights = torch.softmax(torch.randn(4, 4, 64, 64, generator=torch.Generator().manual_seed(0)), -1)
    view = heatmap(weights)
    assert len(view.payload()) / weights.numel() == 2
    assert len(base64.b64encode(view.payload())) / weights.numel() <= 2.8
