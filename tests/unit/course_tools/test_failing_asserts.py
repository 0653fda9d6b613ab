"""What a failing assert says: the part that is false, and the values in it."""

import ast

import pytest

from course_tools.authoring.asserts import LONGEST, Saying


def words(code, **names):
    """What the last statement, an assert, says when it fails."""
    space = dict(names)
    with pytest.raises(AssertionError) as caught:
        exec(compile(ast.fix_missing_locations(Saying().visit(ast.parse(code))), "<cell>", "exec"), space)
    return str(caught.value).splitlines()


def test_both_sides_of_a_comparison_and_the_names_in_it():
    said = words("assert round(score, 2) == limit", score=0.9667, limit=0.98)
    assert said == ["round(score, 2) == limit", "    round(score, 2) = 0.97", "    limit = 0.98", "    score = 0.9667"]


def test_of_several_conditions_the_one_that_is_false():
    assert words("assert a and b > 2 and b > c", a=1, b=3, c=4)[0] == "b > c"


def test_names_inside_a_function_and_a_comprehension():
    code = "def f(limit):\n    assert all(abs(x) < limit for x in values)\nf(2)"
    said = words(code, values=[1, 3])
    assert set(said[1:]) == {"    limit = 2", "    values = [1, 3]"}


def test_long_values_are_cut_and_words_of_its_own_stay():
    assert len(words("assert not x", x="long " * 1000)[1]) < LONGEST + 20
    assert words("assert not x, 'own words'", x=1) == ["own words"]


def test_a_value_that_cannot_be_computed_again_is_no_second_error():
    assert words("assert next(once) > 3", once=iter([1]))[1] == "    next(once) = StopIteration()"
