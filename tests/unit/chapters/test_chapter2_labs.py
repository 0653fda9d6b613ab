"""Chapter 2's labs without a browser: every control over its range, words and tables, errors that teach."""

import numpy as np
import pytest
import torch
from helpers import in_node, labs
from unit.sweeping import sweep

from chapters.ch02.scores import SCORES
from course_kit.checkpoints import load_checkpoint
from course_kit.heads import attention_weights
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


def of_state(view):
    spec, _, state = in_node.data_of(view)
    return spec, state


def test_a_call_is_shared_by_its_loudness():
    called = labs.call()
    assert called.state == {"whom": "Cleo", "loud": 2, "step": 4} and sweep(called) == 3 + 5 + 4
    for whom, loud in (("Cleo", 2), ("Ada", 5)):
        call = loud * torch.eye(3)[["Ada", "Ben", "Cleo"].index(whom)]
        shares = torch.softmax(torch.eye(3) @ call, -1)
        shown = at(called, whom=whom, loud=loud)
        assert [row[3] for row in shown.table().rows] == [f"{share:.3f}" for share in shares]
        bars = [shape["each"][shown.frame]["share"] for shape in shown.options["shapes"] if shape["shape"] == "bar"]
        assert bars == pytest.approx(shares.tolist(), abs=1e-4)
        assert f"{whom} has {loud}" in at(shown, step=2).describe()


def test_an_adjective_asks_as_the_head_computes_it():
    loaded = load_checkpoint("transformer-grammar")
    drawn = labs.adjective_asks()
    assert sweep(drawn) == 6
    for word, noun, place in (("tired", "cow", 1), ("wide", "bridge", 5)):
        source = torch.tensor([loaded.source.encode(f"The cow didn't cross the bridge because it was too {word}.")])
        with torch.no_grad(), attention_weights(loaded.model) as seen:
            loaded.model.encode(source)
        share = seen["encoder"][1][0, 1, 10, place].item()
        assert share > 0.8 and f"“{noun}” {share:.0%}" in at(drawn, word=word).describe()


def test_a_figure_has_a_sentence_for_each_frame():
    for said, scene in ((["a"], words("a")), (["a", "b"], words(["x", "y", "z"]))):
        with pytest.raises(ValueError):
            figure(scene, said, [((), [])], axes=[("step", "step", (1, 2))])


def test_a_shadow_times_a_length_is_the_dot_product():
    assert labs.shadows((0, 2), [(1, 0), (3, -3)]).table().rows == [["(1, 0)", "0", "0"], ["(3, -3)", "-3", "-6"]]
