"""How an exercise is written down, and found in a notebook's cell."""

from dataclasses import replace

import pytest
import torch
from unit.small_exercises import DOUBLE

from course_kit.exercises.cells import stubs
from course_kit.exercises.define import (
    Case,
    FindError,
    Wrong,
    drawn,
    integers,
    named,
    some_numbers,
    tensors,
    variants,
    wrong_answers,
)
from course_kit.exercises.registry import chapters, exercises, find


def test_wrong_answers_are_an_answer_and_a_hint_in_turn():
    assert wrong_answers(abs, "No sign.", max, "Largest.") == (Wrong(abs, "No sign."), Wrong(max, "Largest."))
    for given in ((abs,), (abs, max), ("No sign.", abs), (abs, "No sign.", "Twice.", max)):
        with pytest.raises(TypeError):
            wrong_answers(*given)


def test_variants_of_an_answer_have_other_options():
    @variants
    def scaled(x, *, factor=1, offset=0):
        return factor * x + offset

    assert [scaled()(3), scaled(2)(3), scaled(2, 1)(3), scaled(offset=5)(3)] == [3, 6, 7, 8]
    with pytest.raises(ValueError, match="zip"):
        scaled(1, 2, 3)


def test_inputs_are_named_and_always_the_same():
    case = named("x", "size", x="some numbers")
    assert case(4, 2) == Case({"x": 4, "size": 2}, given={"x": "some numbers"})
    made = case(4, 2, shown=True, given={"size": "two"}, width=3)
    assert made.shown and made.keywords == {"width": 3} and made.given == {"x": "some numbers", "size": "two"}
    with pytest.raises(ValueError, match="zip"):
        case(4)
    first, second = drawn(7, (2, 3), (4,))
    assert torch.equal(first, some_numbers(2, 3, seed=7)) and torch.equal(second, some_numbers(4, seed=8))
    assert integers(5, 2, 3, seed=1).shape == (2, 3) and tensors([1.0], [True])[1].dtype == torch.bool


def test_line_1_of_a_program_only_names_what_comes_in():
    given = vars(DOUBLE) | {"program": ("def double(x):", "    return x")}
    assert FindError(**given, line=2).innocent.keys() == {1} and FindError(**given, line=1).innocent == {}


def test_definitions_are_complete():
    for one in (one for chapter in chapters() for one in exercises(chapter)):
        assert one.task and one.minutes > 0, one.name
        assert not any(wrong.hint.rstrip()[-1] not in ".?)`" for wrong in one.wrong), one.name
    with pytest.raises(ValueError, match="1, 2 or 3"):
        replace(DOUBLE, difficulty=4)


SOURCE = (
    '@exercise("leave-one-out mask")\ndef mine(size):\n    """…"""\n    raise NotImplementedError\n\n\n'
    '@find_error("program 1.2")\ndef repaired(scores):\n    raise NotImplementedError\n\nmine(3)'
)


def test_stubs_are_found_in_a_cell():
    first, second = stubs("from x import y\n\n\n" + SOURCE)
    assert (first.name, first.bound, first.puzzle) == ("leave-one-out mask", "mine", False)
    assert (first.first, first.last) == (4, 7)
    assert second.puzzle and find(second.name).line == 7
    assert stubs("%matplotlib inline\nx = 1") == [] == stubs("def f(): pass")
