"""Chapter 2's labs without a browser: every control over its range, words and tables, errors that teach."""

import in_node
import labs
import numpy as np
import pytest
import torch

from chapters.ch02.scores import SCORES
from course_kit.views import sweep
from course_kit.views.view import at


def test_every_control_over_its_whole_range():
    query, keys = [1.0, 0.5], [[1.0, 0.0], [0.0, 1.0], [2.0, 2.0]]
    assert sweep(labs.scoring(query, keys)) > 12 + 12 + 5 + 41
    assert sweep(labs.masking(np.eye(4))) == 5 + 2 + 5 + 4


def test_worked_example_a_in_the_lab():
    keys = [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [0, 1, 1], [1, 0, 1]]
    made = labs.attention([0, 0, 1], keys, keys, score="scaled dot").numbers
    assert made["s"][0] == pytest.approx([0, 0, 0.577, 0, 0.577, 0.577], abs=5e-4)
    assert made["a"][0] == pytest.approx([0.120, 0.120, 0.213, 0.120, 0.213, 0.213], abs=5e-4)
    assert made["o"][0] == pytest.approx([0.453, 0.453, 0.640], abs=5e-4)


def test_own_modules_are_left_as_they_are():
    score = SCORES["general"](2, 2)
    before = score.W.weight.clone()
    lab = labs.scoring([1.0, 0.5], [[1.0, 0.0], [0.0, 1.0]], modules={"general": score})
    lab.steps("a")
    assert score.W.weight.dtype == torch.float32 and torch.equal(score.W.weight, before)


@pytest.mark.parametrize(
    ("query", "options"),
    [
        ([1.0, 0.0, 0.0], {}),
        ([1.0, 0.0], {"names": ["one"]}),
        ([1.0, 0.0], {"modules": {"general": SCORES["general"](3, 3)}}),
    ],
)
def test_scoring_refuses_sizes_that_do_not_fit(query, options):
    with pytest.raises(ValueError):
        labs.scoring(query, [[1.0, 0.0], [0.0, 1.0]], **options)


def test_masking_names_the_leak():
    lab = labs.masking(np.zeros((4, 4)), length=2, order="times")
    assert "Weight where the mask says no: 50 %" in lab.describe()
    assert "Weight where the mask says no: 0 %" in at(lab, order="before").describe()
    assert "4 rows with nothing to attend" in at(lab, order="before", length=0).describe()
    for bad, match in ((np.ones((2, 3)), r"\[T, T\]"), (np.full((3, 3), np.inf), "finite")):
        with pytest.raises(ValueError, match=match):
            labs.masking(bad)
    with pytest.raises(ValueError):
        labs.masking(np.eye(3), order="first")


# ---- the same numbers in JavaScript, held to torch in float64

TOLERANCE = 1e-6


def vectors(*shape, seed):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def in_page(view, module, **state):
    spec, arrays, given = in_node.data_of(view)
    return in_node.call(f"chapters/ch02/labs/{module}_numbers.js", "numbersOf", spec, arrays, given | state)


def test_every_score_equals_torch_step_by_step():
    view = labs.scoring(vectors(2, seed=1), vectors(5, 2, seed=2))
    for name in SCORES:
        for i, temperature in enumerate((1.0, 0.3)):
            mask = [True, True, i == 0, True, i == 0]
            state = dict(a=name, temperature=temperature, mask=mask, query=(3 * vectors(2, seed=10 + i)).tolist())
            shown, expected = in_page(view, "scoring", **state)["a"], at(view, **state).steps("a")
            for step, values in expected.items():
                assert np.allclose(shown[step], values, atol=TOLERANCE, rtol=0), (name, step)


def test_your_own_trained_scores_travel_as_float32():
    torch.manual_seed(0)
    score = SCORES["deep"](2, 2, hidden_size=5)
    query, keys = vectors(2, seed=1), vectors(4, 2, seed=2)
    shown = in_page(labs.scoring(query, keys, modules={"deep": score}, a="deep"), "scoring")
    expected = score.double()(query.float().double()[None], keys.double())[0]
    assert np.allclose(shown["a"]["score"], expected.detach(), atol=TOLERANCE)


@pytest.mark.parametrize("order", ["before", "times", "after", "large"])
def test_masking_equals_torch(order):
    view = labs.masking(vectors(6, 6, seed=4))
    for length in (0, 1, 4, 6):
        for causal, empty in ((False, 0), (True, 0), (True, 3), (False, 1)):
            state = dict(length=length, causal=causal, empty=empty, order=order)
            allowed, _, weights = at(view, **state).compute()
            shown = in_page(view, "masking", **state)
            assert np.array_equal(shown["allowed"], allowed)
            assert np.allclose(shown["weights"], weights, atol=TOLERANCE)
            assert np.allclose(shown["leaks"], weights.masked_fill(allowed, 0).sum(-1), atol=TOLERANCE)


def carrying(look):
    """A layer that always attends to the one whose name is looked for, with a sharpness, and hands on the thing."""

    def layer(x, mask):
        name, wanted, thing = x.unflatten(-1, (3, 8)).unbind(-2)
        weights = torch.softmax(look * wanted @ name.mT, -1)
        return weights @ thing, weights

    return layer


def test_whom_the_first_looks_for_decides_what_she_gets():
    room = labs.people(carrying(30.0))
    assert room.state["along"] == "Cleo" and sweep(room) == 5
    frames = room.arrays["y"].reshape(5, 5 * 5 + 5 * 8)  # by whom Ada looks for: weights, then what each gets
    assert frames[:, :5].argmax(-1).tolist() == [0, 1, 2, 3, 4]
    assert frames[:, 25:33].argmax(-1).tolist() == [4, 1, 3, 6, 0]  # egg, bread, drum, glass, apple
    assert (frames[:, 33:] == frames[0, 33:]).all()
