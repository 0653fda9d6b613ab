"""The solution as it unfolds: under the name on the page, and such that it can be pasted below the decorator."""

import ast

import pytest
import torch
from torch import nn
from unit.small_exercises import not_right

from course_kit.exercises import solution
from course_kit.exercises.cells import stubs
from course_kit.exercises.define import FindError
from course_kit.exercises.reference import Solution, solution_text
from course_kit.exercises.registry import chapters, exercises, find
from course_tools.authoring import building


@pytest.mark.parametrize("chapter", chapters())
def test_each_solution_is_right_wherever_it_is_pasted(chapter):
    for one in exercises(chapter):
        text, space = solution_text(one, {}), {"torch": torch, "nn": nn}
        exec(text, space)
        assert not_right(one.name, space[ast.parse(text).body[-1].name]) == "", text


def test_it_has_the_name_and_the_parameters_of_its_stub():
    pages = [(building.folder() / "source" / f"{name}.py").read_text(encoding="utf-8") for name in building.names()]
    for page, stub in ((text, stub) for text in pages for stub in stubs(text)):
        one = find(stub.name)
        (made,) = ast.parse(solution_text(one)).body
        given = next(x for x in ast.parse(page).body if getattr(x, "lineno", 0) == stub.first + 1)
        assert (made.name == stub.bound) != (isinstance(one, FindError) and one.misnamed), stub.name
        if isinstance(made, ast.FunctionDef):
            mine, theirs = ([x.arg for x in node.args.args] for node in (made, given))
            assert len(mine) == len(theirs) and (mine == theirs or isinstance(one, FindError)), stub.name


def test_it_is_shown_as_code_with_what_it_needs(capsys):
    solution("weighted average")
    assert capsys.readouterr().out.startswith("def weighted_average(weights, values):\n    return")
    assert "\n    from collections import Counter\n" in solution_text(find("clipped n-grams"), {}), "not on the page"
    shown = Solution("x = 1")._repr_mimebundle_()
    assert shown["text/plain"] == "x = 1" and "```python\nx = 1\n```" in shown["text/markdown"]
