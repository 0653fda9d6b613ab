"""The exercises of every chapter: unsolved, right, each known wrong answer named, each innocent line acquitted.

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

from course_kit.exercises import check, judge, repair
from course_kit.exercises.define import FindError
from course_kit.exercises.diagnose import Evidence
from course_kit.exercises.properties import violated
from course_tools.classroom.catalogue import chapters, exercises, find

ALL = [(chapter, one) for chapter in chapters() for one in exercises(chapter)]
PUZZLES = [(chapter, one) for chapter, one in ALL if isinstance(one, FindError)]
PROGRAMS = [(chapter, one) for chapter, one in PUZZLES if not one.claims]
WRONG = [(chapter, one, i) for chapter, one in ALL for i in range(len(one.wrong))]


def each(names, values):
    return pytest.mark.parametrize(names, values, ids=lambda x: getattr(x, "name", x))


def not_yet(*args, **keywords):
    raise NotImplementedError


def test_a_hint_that_may_stand_beside_another_praises_nothing():
    """An option of a program may be made together with another one; then "the weights are right" is false."""
    praise = re.compile(r"(Right|Nearly)\b|[^.:,]*\b(is|are) right( now)?[,.:]")
    options = [wrong for _, one in ALL for wrong in one.wrong if isinstance(wrong.answer, functools.partial)]
    assert len(options) > 400 and [wrong.hint for wrong in options if praise.match(wrong.hint)] == []


def test_names_are_unique():
    names = [one.name for _, one in ALL]
    assert len(names) == len(set(names))


@each(("chapter", "one"), ALL)
def test_unsolved_and_reference(chapter, one):
    assert find(one.name) is one
    assert check(one.name, not_yet).state == "unsolved"
    assert check(one.name, one.reference).right
    assert one.minutes > 0
    assert any(case.shown for case in one.cases()) and not all(case.shown for case in one.cases())
    assert len(one.hints) >= 3


@each(("chapter", "one", "i"), WRONG)
def test_each_known_wrong_answer_gets_exactly_its_hint(chapter, one, i):
    wrong = one.wrong[i]
    verdict = check(one.name, wrong.answer)
    assert verdict.state == "wrong"
    assert verdict.known is wrong, verdict.text
    assert wrong.hint in verdict.text
    assert not any(other.hint in verdict.text for other in one.wrong if other.hint != wrong.hint)


@each(("chapter", "puzzle"), PROGRAMS)
def test_a_right_line_that_was_changed_is_acquitted_with_a_reason(chapter, puzzle):
    wrong = judge.Verdict(puzzle.name, "wrong", "…")
    for line in sorted(puzzle.innocent):
        said = repair.said(puzzle, wrong, repair.Changes(frozenset([line])))
        assert puzzle.innocent[line] in said.text and line not in puzzle.lines


@each(("chapter", "puzzle"), PROGRAMS)
def test_the_shown_program_runs_and_is_wrong(chapter, puzzle):
    """Printed as it stands and executed, it is judged wrong and recognised."""
    space = {"torch": torch, "math": math}
    exec("\n".join(puzzle.program), space)
    answer = next(value for name, value in space.items() if name not in ("torch", "math", "__builtins__"))
    verdict = check(puzzle.name, answer)
    assert verdict.state == "wrong" and verdict.known is not None


PROPERTIES = [(chapter, one, i) for chapter, one in ALL for i in range(len(one.properties))]


@each(("chapter", "one", "i"), PROPERTIES)
def test_a_property_holds_of_the_reference_and_is_violated_by_a_known_mistake(chapter, one, i):
    cases = list(one.cases())
    wanted = [judge.expected(one, case) for case in cases]

    def violates(answer):
        outcomes = [judge.run(one, answer, case, want) for case, want in zip(cases, wanted, strict=True)]
        values = [None if outcome.trouble else outcome.value for outcome in outcomes]
        seen = Evidence(one, answer, cases, wanted, outcomes, functools.partial(judge.run, one))
        return any(violated(one.properties[i : i + 1], seen.value(answer), cases, values, wanted))

    assert not violates(one.reference)
    assert any(violates(wrong.answer) for wrong in one.wrong)


@each(("chapter", "one"), [(chapter, one) for chapter, one in ALL if one.shown])
def test_the_solution_shown_is_right_and_short(chapter, one):
    assert check(one.name, one.shown).right
    definition = ast.parse(textwrap.dedent(inspect.getsource(one.shown))).body[0]
    body = [
        line for line in definition.body if not isinstance(line, ast.Expr) or not isinstance(line.value, ast.Constant)
    ]
    assert 1 <= body[-1].end_lineno - body[0].lineno + 1 <= 6
    assert one.reference.__name__ not in {node.id for node in ast.walk(definition) if isinstance(node, ast.Name)}
