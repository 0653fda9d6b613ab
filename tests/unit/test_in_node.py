"""tests/in_node.py: what goes to node and comes back is the same."""

import math

import in_node
import numpy as np
import pytest
import torch

from course_kit.views.heads import heads


def test_a_function_of_a_module_is_called():
    assert in_node.call("shared/numbers.js", "softmax", [0.0, math.log(3)]) == pytest.approx([0.25, 0.75])
    assert in_node.call("shared/numbers.js", "fmt", math.nan) == "–"
    assert in_node.call("shared/theme.js", "LIGHT")["line"] == "#dbe2e9"


def test_numbers_of_every_kind_go_there_and_back():
    odd = in_node.evaluate("x => x", [math.inf, -math.inf, 1, None, "1", {"a": 0.5}])
    assert odd == [math.inf, -math.inf, 1, None, "1", {"a": 0.5}]
    assert math.isnan(in_node.evaluate("() => 0 / 0"))
    for kind in (np.float64, np.float32, np.uint8):
        name, numbers = in_node.evaluate("x => [x.constructor.name, x]", np.array([[1, 2], [3, 4]], kind))
        assert name.lower() == f"{np.dtype(kind).name}array" and numbers == [1, 2, 3, 4]
    assert in_node.evaluate("x => x", torch.tensor([0.5, math.inf])) == [0.5, math.inf]
    assert in_node.evaluate("() => new Map([[1, 2]])") == [[1, 2]]


def test_globals_stay_and_promises_are_awaited():
    in_node.evaluate("async () => { globalThis.axes = await load('shared/axes.js') }")
    assert in_node.evaluate("axes.plain(-2)") == "−2"


def test_what_is_thrown_is_an_error_here_and_the_next_call_works():
    with pytest.raises(in_node.InNodeError, match="exports no nothing"):
        in_node.call("shared/numbers.js", "nothing")
    with pytest.raises(in_node.InNodeError, match="enough"):
        in_node.evaluate("() => { console.log('a line that is no answer'); throw new RangeError('enough') }")
    assert in_node.evaluate("1 + 1") == 2


def test_a_view_is_given_as_its_page_has_it():
    allowed = torch.ones(3, 3).tril().bool()
    weights = torch.softmax(torch.randn(2, 1, 2, 3, 3).masked_fill(~allowed, -1e30), -1)
    spec, arrays, state = in_node.data_of(heads(list(weights), list("abc"), mask=allowed))
    assert spec["kind"] == "heads" and state == spec["state"]
    numbers = in_node.evaluate("(spec, arrays) => arrays.map0", spec, arrays)
    assert len(numbers) == weights.numel() and math.isnan(numbers[1])
    assert numbers[0] == pytest.approx(weights[0, 0, 0, 0, 0].item(), abs=5e-4)
