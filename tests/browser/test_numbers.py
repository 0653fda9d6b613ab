"""The mathematics in the browser equals torch in float64."""

import base64

import labs
import numpy as np
import pytest
import torch
from waiting import numbers, until

from course_kit.views import heatmap
from course_utils.attention import masked_softmax

pytestmark = pytest.mark.browser
TOLERANCE = 1e-6


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
