"""The labs of chapter 1 compute in JavaScript what torch does in float64; their still pictures show the same."""

import re

import numpy as np
import pytest
import torch
from helpers import in_node

from chapters.ch01 import labs
from course_kit.views import chart
from course_kit.views.view import at
from course_utils.kernels import KERNELS, nadaraya_watson

TOLERANCE = 1e-6


def examples(count=40, seed=1):
    g = torch.Generator().manual_seed(seed)
    keys = 5 * torch.rand(count, generator=g)
    return keys, torch.sin(keys) + torch.randn(count, generator=g) / 3


def numbers(view, **state):
    """What the page computes: of a query, or of all where the view has a map."""
    name, given = view.kind.removesuffix("_lab"), in_node.data_of(at(view, **state))
    if "queries" in view.arrays:
        return in_node.call("chapters/ch01/labs/pooling_numbers.js", "mapOf", *given)
    return in_node.call(f"chapters/ch01/labs/{name}_numbers.js", "numbersOf", *given)


@pytest.mark.parametrize("kernel", KERNELS)
def test_pooling_lab_equals_torch(kernel):
    keys, values = examples()
    view = labs.ask(keys, values)
    x, y = keys.double(), values.double()
    for width in (0.2, 0.5, 1.7, 9.0):
        for query in (-0.1, 1.3, 4.9):
            shown = numbers(view, query=query, width=width, kernel=kernel)
            estimate, weights = nadaraya_watson(
                torch.tensor([query], dtype=torch.float64), x, y, lambda d, w=width: KERNELS[kernel](d, w)
            )
            assert np.allclose(shown["weights"], weights[0], atol=TOLERANCE, rtol=0)
            estimate = float(estimate) if weights.any() else np.nan  # the view shows none
            assert shown["estimate"] == pytest.approx(estimate, abs=TOLERANCE, nan_ok=True)


@pytest.mark.parametrize("kernel", KERNELS)
def test_bandwidth_lab_equals_torch(kernel):
    keys, values = examples()
    view = labs.bandwidth(keys, values)
    order = keys.argsort()
    x, y = keys[order].double(), values[order].double()
    queries = torch.from_numpy(view.arrays["queries"].astype(np.float64))
    for width in view.options["widths"][::15]:
        shown = numbers(view, width=width, kernel=kernel)
        estimate, weights = nadaraya_watson(queries, x, y, lambda d, w=width: KERNELS[kernel](d, w))
        assert np.allclose(np.reshape(shown["weights"], weights.shape), weights, atol=TOLERANCE, rtol=0)
        estimate = estimate.where(weights.any(-1), torch.nan)  # a gap in the curve
        assert np.allclose(np.array(shown["estimates"], float), estimate, atol=TOLERANCE, equal_nan=True)


def test_leave_one_out_errors_of_the_lab():
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
    shown = numbers(view, kernel="gaussian", width=width)
    assert shown["errors"][index] == pytest.approx(np.mean(by_hand), rel=1e-6) and shown["here"] == index


def test_the_ball_stands_where_training_ended_and_the_lowest_is_seen():
    keys, values = examples()
    path = [2.0, 1.0, 0.7, 0.61]
    view = labs.bandwidth(keys, values, path=path)
    assert view.state["width"] == 0.61 in view.options["widths"] and view.options["widths"][0] < 0.1
    assert [one["name"] for one in view.controls] == ["width", "play"]
    assert numbers(view)["errors"] and "leave-one-out error" in view.describe()
    with pytest.raises(ValueError, match="path"):
        labs.bandwidth(keys, values, path=[1.0, -1.0])


@pytest.mark.parametrize("score", ["distance", "dot", "scaled dot"])
def test_attention_in_the_page_equals_torch(score):
    x = torch.randn(4, 3, 4, generator=torch.Generator().manual_seed(0))
    for view in (labs.attention(x[0, 0], x[1], x[2], score=score), labs.self_attention(x[0], *x[1:].mT, list("abc"))):
        spec, _, state = in_node.data_of(view)
        shown = in_node.call("chapters/ch01/labs/attention_numbers.js", "tablesOf", spec, state)
        assert {*shown} == {*view.numbers}
        for letter, table in view.numbers.items():
            assert np.allclose(shown[letter], table, atol=TOLERANCE, rtol=0)


@pytest.mark.parametrize("temperature", [0.05, 1.0, 20.0])
def test_softmax_lab_equals_torch(temperature):
    scores = torch.tensor([2.0, -1.5, 0.25, 7.0])
    view = labs.softmax(scores)
    for shift in (0.0, 10.0, 1000.0):
        shown = numbers(view, temperature=temperature, shift=shift)
        expected = ((scores.double() + shift) / temperature).softmax(-1)
        assert np.allclose(shown["weights"], expected, atol=TOLERANCE, rtol=0)
        assert max(shown["heights"]) == 1


def test_hours_are_told_as_a_clock_tells_them():
    view = labs.ask([9.5, 14.6, 19.09], [1.0, 2.0, 3.0], query=15.0, width=1.0, key_name="hour")
    assert "The query 15:00" in view.describe() and "the key 14:36" in view.describe()
    assert [row[1] for row in view.table().rows] == ["9:30", "14:36", "19:05"]
    shown = labs.bandwidth([9.5, 14.6, 19.0], [1.0, 2.0, 3.0], key_name="hour", loss=False)
    assert all(re.fullmatch(r"\d+:\d\d", row[1]) for row in shown.table().rows)
    other = labs.ask([9.5, 14.6], [1.0, 2.0], query=15.0, width=1.0)
    assert "The query 15 " in other.describe() and other.table().rows[1][1] == "14.600"


@pytest.mark.parametrize("hours", [0, 0.001, 9.999, 14.6, 23.75, 24, -1.5, -0.001])
def test_both_clocks_agree(hours):
    assert in_node.call("shared/numbers.js", "clock", hours) == chart.clock(hours)
