"""Chapter 2's labs without a browser: every control over its range, words and tables, errors that teach."""

import numpy as np
import pytest
import torch
from helpers import in_node, labs
from unit.sweeping import sweep

from chapters.ch02.scores import SCORES
from course_kit.programs import further_training
from course_kit.views.figure import figure
from course_kit.views.layout import words
from course_kit.views.view import at


def test_every_control_over_its_whole_range():
    assert sweep(labs.masking(np.eye(4))) == 5 + 2 + 5 + 4


def test_worked_example_a_in_the_lab():
    keys = [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [0, 1, 1], [1, 0, 1]]
    made = labs.attention([0, 0, 1], keys, keys, score="scaled dot").numbers
    assert made["s"][0] == pytest.approx([0, 0, 0.577, 0, 0.577, 0.577], abs=5e-4)
    assert made["a"][0] == pytest.approx([0.120, 0.120, 0.213, 0.120, 0.213, 0.213], abs=5e-4)
    assert made["o"][0] == pytest.approx([0.453, 0.453, 0.640], abs=5e-4)


def test_masking_names_the_leak():
    lab = labs.masking(np.zeros((4, 4)), length=2, order="times")
    assert "Weight where the mask says no: 50 %" in lab.describe()
    assert "Weight where the mask says no: 0 %" in at(lab, order="before").describe()
    assert "4 rows have nothing to attend" in at(lab, order="before", length=0).describe()
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


@pytest.mark.parametrize("score", list(SCORES))
def test_each_score_in_the_lab_equals_torch(score):
    lab = labs.scoring([1.2, 0.4], vectors(4, 2, seed=3), list("abcd"), score=score)
    for mask in ([True] * 4, [True, False, True, True], [False] * 4):
        spec, arrays, state = in_node.data_of(lab)
        shown = in_node.call("chapters/ch02/labs/scoring.js", "numbersOf", spec, arrays, state | {"mask": mask})
        for step, numbers in at(lab, mask=mask).compute().items():
            assert np.allclose(shown[step], numbers, atol=1e-5), step


def carrying(look):
    """A layer that always attends to the one whose name is looked for, with a sharpness, and hands on the thing."""

    def layer(x, mask):
        name, wanted, thing = x.unflatten(-1, (3, 8)).unbind(-2)
        weights = torch.softmax(look * wanted @ name.mT, -1)
        return weights @ thing, weights

    return layer


def test_whom_the_first_looks_for_decides_what_she_gets():
    room = labs.room({0: carrying(0.0), 400: carrying(30.0)})
    assert room.state == {"ada": "Cleo", "after": 400} and sweep(room) == 5
    carried = {"Ada": "egg", "Ben": "bread", "Cleo": "drum", "Dan": "glass", "Eva": "apple"}
    for whom, thing in carried.items():
        found = at(room, ada=whom)
        assert f"gets {thing}, what she needs. 5 of 5 are served" in found.describe()
        shown = in_node.call("views/figure.js", "numbersOf", *of_state(found))
        assert shown == {"frame": found.frame, "step": 1}
        assert found.table().rows[0][1] == whom and found.table().rows[0][-1] == thing
    assert "gives 20% of her weight" in at(room, after=0).describe()


def test_a_room_says_which_of_its_layers_a_later_run_of_the_loop_has_kept():
    text = "for step in range(4):\n    layer\n    trained[step] = layer\n    optimiser.step()\n"
    made = lambda: type("Layer", (torch.nn.Linear,), {"forward": lambda _, *given: carrying(30.0)(*given)})(1, 1)  # noqa: E731
    names = {"layer": made(), "optimiser": None, "trained": {0: made(), 20: made()}}
    further_training.note(text, names)
    names["trained"][20] = made()
    further_training.note(text, names)
    room = labs.room(names["trained"])
    assert at(room, after=20).describe().startswith("The layer had trained before")
    assert "before" not in at(room, after=0).describe()


def test_a_room_without_training_has_no_steps_to_choose():
    room = labs.room({0: carrying(0.0)})
    assert room.state == {"ada": "Cleo"} and sweep(room) == 5 and "but she needs drum" in room.describe()


def test_a_line_of_the_table_is_as_thick_as_its_entry():
    wish, name = torch.eye(8).mul(6).sub(1), torch.zeros(8, 8)
    goes = labs.goes(torch.stack([wish, name]))
    assert sweep(goes) == 2 and goes.describe() == "The largest entry is 5.0: “looks for Ada” with “Ada”."
    drawn = [[one["weight"] for one in shape["each"]] for shape in goes.options["shapes"] if shape["shape"] == "arrow"]
    assert drawn == [[7, 0] if i == j else [0, 0] for i in range(8) for j in range(8)]
    assert goes.table().rows[0] == ["looks for Ada", "5.0", *["−1.0"] * 7]
    other = at(goes, corner="a name meets a wish")
    assert other.table().rows[1][0] == "Ben" and other.table().header[1] == "looks for Ada"
    assert in_node.call("views/figure.js", "numbersOf", *of_state(other))["frame"] == 1


def of_state(view):
    spec, _, state = in_node.data_of(view)
    return spec, state


def test_four_steps_are_those_of_attention():
    drawn = labs.steps([0, 1], [[1, 0], [0, 2]], ["a", "b"])
    weight = torch.softmax(torch.tensor([0.0, 2]), -1)
    assert [shape["share"] for shape in drawn.options["shapes"] if shape["shape"] == "bar"] == [
        pytest.approx(one, abs=1e-4) for one in weight.tolist()
    ]
    assert "0·0 + 1·2 = 2" in at(drawn, step=2).describe() and drawn.table().rows[-1][1] == "(0.119, 1.762)"
    with pytest.raises(ValueError, match="needed"):
        labs.steps([0, 1], [[1, 0, 0]], ["a"])


def test_a_figure_has_a_sentence_for_each_frame():
    for said, scene in ((["a"], words("a")), (["a", "b"], words(["x", "y", "z"]))):
        with pytest.raises(ValueError):
            figure(scene, said, [((), [])], axes=[("step", "step", (1, 2))])


def test_a_shadow_times_a_length_is_the_dot_product():
    assert labs.shadows((0, 2), [(1, 0), (3, -3)]).table().rows == [["(1, 0)", "0", "0"], ["(3, -3)", "-3", "-6"]]
