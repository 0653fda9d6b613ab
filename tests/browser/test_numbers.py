"""The numbers of a heatmap in the page are those it was given."""

import base64

import numpy as np
import pytest
import torch
from waiting import numbers

from course_kit.views import heatmap

pytestmark = pytest.mark.browser


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
