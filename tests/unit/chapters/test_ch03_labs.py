"""What chapter 3's views need around them."""

from types import SimpleNamespace

import in_node
import labs
import numpy as np
import pytest
import torch
from matplotlib.figure import Figure

from chapters.ch03.labs.removed import compared


def test_the_line_below_a_knock_out_follows_the_view_and_shows_unknown_words():
    told, view = [], SimpleNamespace(variant=0, observe=lambda tell, names: told.append((tell, names)))
    deaf, gone = ([{"tokens": ["l'", "<unk>", end]} for end in ends] for ends in ("ab", "cd"))
    line = compared(view, deaf, gone)
    assert line.value == ""  # nothing is knocked out
    ((tell, names),) = told
    view.variant = 2
    tell({})
    assert names == ["variant"]
    assert line.value == "Masked: l' &lt;unk&gt; b<br>Never read: l' &lt;unk&gt; d"


@pytest.mark.parametrize("features", [1, 8, 16])
def test_contexts_in_javascript_equal_torch_in_float64(features):
    source = torch.Generator().manual_seed(3)
    states = torch.tanh(torch.randn(13, features, generator=source))
    weights = torch.softmax(torch.randn(14, 13, generator=source), -1)
    words = [[f"{letter}{i}" for i in range(count)] for letter, count in (("s", 13), ("t", 14))]
    spec, arrays, _ = in_node.data_of(labs.flow((*words, weights), states, plain=words[1][:7]))
    shown = in_node.call("chapters/ch03/labs/flow_numbers.js", "numbersOf", spec, arrays)
    assert np.allclose(shown["contexts"], weights.double() @ states.double(), atol=1e-6, rtol=0)
    assert np.allclose(shown["plain"], states[-1].double().expand(7, -1), atol=1e-6, rtol=0)


def test_one_length_is_the_same_number_in_both_static_pictures():
    """The bar of a state in the picture without attention: as long as its share of the largest number of both."""
    states, apart = torch.tensor([[4.0], [1.0]]), torch.tensor([[2.0], [1.0]])
    view = labs.flow((["a", "b"], ["c"], torch.tensor([[0.5, 0.5]])), states, plain_states=apart)
    figure = Figure()
    view.draw(figure)
    longest = [max(abs(bar.get_width()) for bar in axes.patches) for axes in figure.axes]
    assert longest[0] == pytest.approx(longest[1] / 2)
