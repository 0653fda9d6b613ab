"""The example of a task as text: short, and the same wherever it is written."""

import re

import pytest
import torch

from course_kit.exercises import example_text
from course_kit.exercises.define import Case, Exercise
from course_kit.exercises.show import array
from course_tools.classroom.catalogue import chapters, exercises, load

load()
NAMES = [one.name for chapter in chapters() for one in exercises(chapter)]


def doubled(**cases):
    task = {"task": "…", "hints": ("…",), "minutes": 1, "difficulty": 1}
    return Exercise(
        "double", reference=lambda x: 2 * x, returns=("twice",), cases=lambda: [Case(cases, shown=True)], **task
    )


def test_inputs_then_results_with_the_numbers_of_a_verdict():
    assert example_text("attention pooling") == (
        "queries   [0, 1]\nkeys      [0, 1, 2]\nvalues    [1, 2, 4]\nestimate  [1.581, 2.274]\n"
        "weights   [[0.574, 0.348, 0.078],\n           [0.274, 0.452, 0.274]]"
    )


def test_ordinary_ones_are_short_and_none_is_called_expected():
    texts = [example_text(name) for name in NAMES]
    assert sum(text.count("\n") < 12 for text in texts) >= 0.9 * len(texts)
    assert max(len(line) for text in texts for line in text.split("\n")) <= 120
    assert not any(re.search(r"expected  |^ *$|(?<!\d)−0(?![.\d])", text, re.M) for text in texts)


@pytest.mark.parametrize("name", NAMES)
def test_it_is_the_same_in_any_torch(name):
    first = example_text(name)
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(7)
    try:
        assert example_text(name) == first
    finally:
        torch.set_default_dtype(torch.float32)


def test_arrays_are_laid_out_in_one_line_where_there_are_many_lines():
    assert example_text(doubled(x=torch.ones(7, 1))).count("\n") == 1
    small = example_text(doubled(x=torch.tensor([[1.0], [2.0]])))
    assert small == "x      [[1],\n        [2]]\ntwice  [[2],\n        [4]]"
    assert example_text(doubled(x=torch.ones(20, 2))).count("\n") > 20, "too wide for one line"


def test_minus_zero_is_zero():
    assert array(torch.tensor([-0.0, 0.0, -0.5])) == "[0, 0, −0.5]"
