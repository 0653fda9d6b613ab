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
from unit.small_exercises import named, not_right, words

from course_kit.exercises import check, judge
from course_kit.exercises.changed_program import Changes, feedback
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
    """One more where a program has several errors: "several are still in it"."""
    most = {one.name: 6 + (len(getattr(one, "lines", ())) > 1) for one in ALL}
    assert {one.name: len(one.wrong) for one in ALL if len(one.wrong) > most[one.name]} == {}


FREE = {("program 6.4", "tokenizer"): "there is one, and it is always called"}


def frozen(answer, name, names, value):
    """An answer that takes its argument of this name from elsewhere, whatever it is given."""

    def given(inputs, keywords):
        keywords.update({name: value} if name in keywords else {})
        return [value if names[i] == name else x for i, x in enumerate(inputs)]

    if not isinstance(answer, type):
        return lambda *inputs, **keywords: answer(*given(inputs, keywords), **keywords)
    forward = lambda self, *inputs, **keywords: answer.forward(self, *given(inputs, keywords), **keywords)  # noqa: E731
    return type("Frozen", (answer,), {"forward": forward})


@each(ALL)
def test_no_argument_may_be_taken_from_the_example(one):
    """Two cases vary each argument so that it matters: an answer with the example's in its place is refused."""
    shown, *others = sorted(one.cases(), key=lambda case: not case.shown)
    names = list(dict.fromkeys(name for case in (shown, *others) for name in (*case.args, *case.keywords)))
    parameters = inspect.signature(getattr(one.reference, "forward", one.reference)).parameters
    accepted = []
    for name in names:
        value = {**shown.args, **shown.keywords}.get(name, getattr(parameters.get(name), "default", None))
        answer = frozen(one.reference, name, names, value)
        wanted = [judge.expected(one, case) for case in others]
        outcomes = [judge.run(one, answer, case, want) for case, want in zip(others, wanted, strict=True)]
        if all(x.like(judge.Outcome(want)) for x, want in zip(outcomes, wanted, strict=True)):
            accepted.append(name)
    assert accepted == [name for of, name in FREE if of == one.name]


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
        said = feedback(one, judge.Verdict(one.name, "wrong", "…"), Changes(frozenset([line])))
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
