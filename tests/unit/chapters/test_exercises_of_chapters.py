"""The exercises of every chapter: right, each known wrong answer named, each innocent line acquitted.

A new chapter is tested without another line. Right answers written differently, and what a chapter says of its own
exercises, stand in `test_exercises_chNN.py`.
"""

import ast
import functools
import inspect
import math
import re
import textwrap

import pytest
import torch
from small_exercises import named, not_right, words

from course_kit.exercises import check, judge, repair
from course_kit.exercises.define import FindError
from course_kit.exercises.registry import chapters, exercises, find

ALL = [one for chapter in chapters() for one in exercises(chapter)]
PROGRAMS = [one for one in ALL if isinstance(one, FindError)]
each = functools.partial(pytest.mark.parametrize, "one", ids=lambda one: one.name)


def test_a_hint_that_may_stand_beside_another_praises_nothing():
    """An option of a program may be made together with another one; then "the weights are right" is false."""
    praise = re.compile(r"(Right|Nearly)\b|[^.:,]*\b(is|are) right( now)?[,.:]")
    options = [wrong for one in ALL for wrong in one.wrong if isinstance(wrong.answer, functools.partial)]
    assert len(options) > 50 and [wrong.hint for wrong in options if praise.match(wrong.hint)] == []


def test_names_are_unique():
    names = [one.name for one in ALL]
    assert len(names) == len(set(names))


@each(ALL)
def test_the_reference_is_right(one):
    assert find(one.name) is one
    assert not_right(one.name, one.reference) == ""
    assert any(case.shown for case in one.cases()) and not all(case.shown for case in one.cases())
    assert len(one.hints) >= 3


def misnamed(one, i):
    """What is wrong with the verdict on a known mistake, which should get its own hint and no other; "" for nothing."""
    wrong, verdict = one.wrong[i], check(one.name, one.wrong[i].answer)
    others = [j for j in named(one, verdict) if one.wrong[j].hint != wrong.hint and one.wrong[j].hint in verdict.text]
    fine = verdict.state == "wrong" and verdict.known is wrong and wrong.hint in verdict.text and not others
    return "" if fine else f"wrong[{i}], {wrong.hint!r}\n  is told: {words(verdict)}"


def test_an_exercise_knows_at_most_six_mistakes():
    assert {one.name: len(one.wrong) for one in ALL if len(one.wrong) > 6} == {}


@each(ALL)
def test_each_known_wrong_answer_gets_exactly_its_hint(one):
    failures = [said for i in range(len(one.wrong)) if (said := misnamed(one, i))]
    assert not failures, "\n".join(failures)


@each(PROGRAMS)
def test_a_shown_program_is_wrong_and_its_right_lines_are_acquitted_with_a_reason(one):
    space = {"torch": torch, "math": math}
    exec("\n".join(one.program), space)
    answer = next(value for name, value in space.items() if name not in ("torch", "math", "__builtins__"))
    verdict = check(one.name, answer)
    assert verdict.state == "wrong" and verdict.known is not None
    for line, reason in one.innocent.items():
        said = repair.feedback(one, judge.Verdict(one.name, "wrong", "…"), repair.Changes(frozenset([line])))
        assert reason in said.text and line not in one.lines


@each([one for one in ALL if one.properties])
def test_properties_hold_of_the_reference_on_every_input_and_each_can_tell_on_one(one):
    cases = list(one.cases())
    wanted = [judge.expected(one, case) for case in cases]
    run = functools.partial(judge.expected, one)
    for property_ in one.properties:
        broken = [property_.violation(run, case, want, want) for case, want in zip(cases, wanted, strict=True)]
        assert not any(broken) and set(broken) != {None}, (property_.says, broken)


@each([one for one in ALL if one.shown])
def test_the_solution_shown_is_right_and_short(one):
    assert not_right(one.name, one.shown) == ""
    definition = ast.parse(textwrap.dedent(inspect.getsource(one.shown))).body[0]
    body = [x for x in definition.body if not isinstance(x, ast.Expr) or not isinstance(x.value, ast.Constant)]
    assert 1 <= body[-1].end_lineno - body[0].lineno + 1 <= 6
    assert one.reference.__name__ not in {node.id for node in ast.walk(definition) if isinstance(node, ast.Name)}
