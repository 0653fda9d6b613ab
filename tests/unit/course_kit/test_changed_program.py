"""Find-the-errors: where a program was changed is seen by comparing the two texts, and any right repair is right."""

import ast
import textwrap
from dataclasses import replace

import pytest
from unit.small_exercises import T, in_cell, small

from course_kit.exercises import check, definitions, judge
from course_kit.exercises.changed_program import changes as changes_of
from course_kit.exercises.changed_program import feedback
from course_kit.exercises.define import FindError
from course_kit.exercises.registry import find, load

SQUARES = small(lambda x: (x * x).mean(), *({"x": T(x)} for x in ([1.0, 3.0], [2.0, 0.5, 1.0])), returns=("mean",))
MEAN = FindError(
    **vars(SQUARES) | {"name": "program 9.1"},
    title="squares that are sums",
    program= ("def mean_square(x):     # [K]", "    total = 0.0", "    for value in x:",
        "        square = value + value", "        total = total + square", "    return total / len(x)"),
    line=4,
    found="a square is a product.",
    innocent={2: "sums begin at 0.", 3: "number after number.", 5: "each is added."},
)  # fmt: skip
SEVERAL = replace(
    MEAN,
    name="program 9.2",
    program=(*MEAN.program[:1], "    total = 1.0", *MEAN.program[2:]),
    line=(2, 4),
    innocent={3: "number after number.", 5: "each is added.", 6: "divided by how many there are."},
)


def program(*changes, puzzle=MEAN):
    """The program with some texts in it replaced."""
    text = "\n".join(puzzle.program)
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return text


def changed(text, puzzle=MEAN):
    return changes_of(puzzle, ast.parse(textwrap.dedent(text)).body[-1])


def verdict_on(*changes, puzzle=MEAN):
    return check(puzzle, in_cell(program(*changes, puzzle=puzzle))["mean_square"])


RIGHT, START = ("value + value", "value**2"), ("0.0", "1.0")


class TestChanges:
    @pytest.mark.parametrize(
        ("changes", "lines"),
        [([], set()),
         ([("def mean_square", "@find_error('x')\ndef mine"), ("# [K]", "\n    '''What it does.'''")], set()),
         ([("(x)", "(numbers)"), ("in x", "in numbers"), ("value", "v"), ("total", "sum_of_all")], set()),
         ([("square = value + value", "s = value * value"), ("+ square", "+ s")], {4}),
         ([START, ("/ len(x)", "/ 2")], {2, 6}), ([("for value in x", "for value in x * 2")], {3}),
         ([("        square = value + value\n        total = total + square", "        total += value**2")], {4, 5})],
    )  # fmt: skip
    def test_lines_of_the_program_are_told_and_layout_comments_and_names_do_not_count(self, changes, lines):
        found = changed(program(*changes))
        assert found.lines == lines and not found.insertions

    @pytest.mark.parametrize(
        ("changes", "lines"),
        [([("half = a / 2", "b = a"), ("half + 1", "b + 1")], {2}), ([("half = a / 2", "c = a"), ("half + 1", "c + 1")],
         {2}), ([("half + 1", "a + 1")], {3}), ([("    half = a / 2\n", ""), ("half + 1", "a + 1")], {2, 3})],
    )  # fmt: skip
    def test_a_name_that_goes_with_a_changed_line_is_no_change_and_another_variable_is_one(self, changes, lines):
        text = ("def f(a):", "    half = a / 2", "    more = half + 1", "    b = more * 2", "    return b")
        puzzle = replace(MEAN, program=text, line=2, innocent={})
        assert changed(program(*changes, puzzle=puzzle), puzzle).lines == lines

    def test_what_is_put_in_is_told_by_the_line_above(self):
        found = changed(program(("        total", "        square = square * value / 2\n        total")))
        assert (found.lines, found.insertions) == (set(), {4})

    def test_what_only_stands_further_left_is_told_apart(self):
        loop = "    for value in x:\n        square = value + value\n        total"
        found = changed(program((loop, "    square = x\n    total")))
        assert (found.lines, found.dedented) == ({3, 4, 5}, {5})

    def test_an_answer_written_anew_or_without_a_source_has_none(self):
        assert [changed(text) for text in ("def f(x):\n    return (x**2).mean()", "class F: pass", "f = 3")] == [
            None
        ] * 3
        assert [definitions.definition_of(x) for x in (abs, type("A", (), {}), lambda x: x)] == [None] * 3


class TestVerdict:
    def test_as_it_came_it_is_not_solved(self):
        for changes in ([], [("value", "v")]):
            verdict = verdict_on(*changes)
            assert (verdict.state, verdict.text) == ("unsolved", MEAN.asks)
        asked = verdict_on(puzzle=SEVERAL)
        assert asked.state == "unsolved" and asked.text.startswith("2 lines are wrong")

    @pytest.mark.parametrize(
        ("change", "elsewhere"),
        [(RIGHT, False), (("total + square", "total + value**2"), True),
         (("total = total", "square = value**2\n        total = total"), True)],
    )  # fmt: skip
    def test_right_wherever_it_is_repaired(self, change, elsewhere):
        verdict = verdict_on(change)
        assert verdict.right and MEAN.found in verdict.lead and MEAN.title in verdict.lead
        assert ("elsewhere" in verdict.lead) == elsewhere

    def test_written_anew(self):
        assert check(MEAN, lambda x: (x**2).mean()).lead.startswith("Line 4 it is")
        assert "2 times what it should be" in check(MEAN, lambda x: 2 * (x**2).mean()).text

    def test_a_right_line_that_was_changed_is_acquitted(self):
        verdict = verdict_on(START)
        assert verdict.state == "wrong" and MEAN.innocent[2] in verdict.text and "elsewhere" in verdict.text
        assert verdict.code == "total = 0.0" and verdict.arrays == {}
        silent = verdict_on(("/ len(x)", "* len(x)"))  # a line that nothing is said of is not called right
        assert silent.state == "wrong" and "was right" not in silent.text and silent.arrays

    def test_the_wrong_line_wrongly_alone_and_with_a_right_one(self):
        verdict = verdict_on(("value + value", "value * 3"))
        assert verdict.text.startswith("Line 4 is the one") and verdict.arrays and not verdict.notes
        both = verdict_on(RIGHT, START)
        assert both.text.startswith("Line 4 is the one") and MEAN.innocent[2] in both.notes[0]

    @pytest.mark.parametrize(
        ("changes", "found", "spoilt"),
        [([("1.0", "0.0")], 1, None), ([("1.0", "0.0"), ("in x", "in 2 * x")], 1, 3), ([("in x", "in 2 * x")], 0, 3),
         ([("1.0", "0.0"), ("value + value", "value")], 2, None)],
    )  # fmt: skip
    def test_of_several_slips_it_is_said_how_many_lines_are_changed_and_not_how_many_are_right(
        self, changes, found, spoilt
    ):
        verdict = verdict_on(*changes, puzzle=SEVERAL)
        said = (
            f"{found} of the 2 wrong lines are" if found < 2 else "All 2 wrong lines are changed, and not all are right"
        )
        assert verdict.state == "wrong" and verdict.text.startswith(said)
        assert bool(verdict.arrays) == (found == 2)
        assert (SEVERAL.innocent[3] in verdict.text) == (spoilt == 3)
        assert verdict_on(("1.0", "0.0"), RIGHT, puzzle=SEVERAL).lead.startswith("All 2 are repaired")

    def test_a_name_that_is_one_of_the_errors_must_go(self):
        load()
        script = find("program 6.4")
        for name, right in (("translate", False), ("classify", True)):
            line = script.program[0].replace("translate", name)
            made = changes_of(
                script, ast.parse("\n".join([line, *script.program[1:-1], "    return accuracy"])).body[0]
            )
            assert feedback(script, judge.Verdict(script.name, "right", "right."), made).right == right


class TestCell:
    def test_the_program_is_not_printed_again(self, capsys):
        in_cell("@find_error(one)\n" + program(), one=MEAN)
        shown = capsys.readouterr().out
        assert shown.startswith("○ program 9.1: not solved yet.") and shown.count("\n") == 1

    @pytest.mark.parametrize(("change", "sign"), [(RIGHT, "✓"), (START, "✗")])
    def test_a_right_repair_is_used_and_any_other_not(self, change, sign, capsys):
        space = in_cell("@find_error(one)\n" + program(change), one=MEAN)
        assert (space["mean_square"] is MEAN.reference) == (sign == "✗")
        assert capsys.readouterr().out.startswith(f"{sign} program 9.1")
