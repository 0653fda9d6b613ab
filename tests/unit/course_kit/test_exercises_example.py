"""The example of a task as text: short, and the same wherever it is written."""

import re

import torch
from unit.small_exercises import small

from course_kit.exercises import example_text
from course_kit.exercises.registry import chapters, exercises


def doubled(x):
    return small(lambda x: 2 * x, {"x": x}, returns=("twice",))


def test_all_of_them_are_short_and_the_same_in_any_torch():
    ones = [one for chapter in chapters() for one in exercises(chapter)]
    texts = [example_text(one) for one in ones]
    assert sum(text.count("\n") < 12 for text in texts) >= 0.9 * len(texts)
    assert max(len(line) for text in texts for line in text.split("\n")) <= 120
    assert not any(re.search(r"expected  |^ *$|(?<!\d)−0(?![.\d])", text, re.M) for text in texts)
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(7)
    try:
        assert [example_text(one) for one in ones[::9]] == texts[::9]
    finally:
        torch.set_default_dtype(torch.float32)


def test_inputs_then_results_and_arrays_in_one_line_where_there_are_many_lines():
    pair = example_text(doubled(torch.tensor([[1.0], [2.0]])))
    assert pair == "x      [[1],\n        [2]]\ntwice  [[2],\n        [4]]"
    assert example_text(doubled(torch.ones(7, 1))).count("\n") == 1
    assert example_text(doubled(torch.ones(20, 2))).count("\n") > 20, "too wide for one line"
