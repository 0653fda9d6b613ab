"""Find-the-errors: where a program was changed is seen by comparing the two texts, and any right repair is right."""

import ast
import linecache
import math
import textwrap
from dataclasses import replace

import pytest
import torch

from course_kit.exercises import check, exercise, find_error, judge, repair, show
from course_kit.exercises.define import Case, FindError
from course_tools.classroom.catalogue import find, load

GIVEN = {
    "task": "the mean of the squares.",
    "reference": lambda x: (x * x).mean(),
    "cases": lambda: [Case({"x": torch.tensor(x)}, shown=len(x) == 2) for x in ([1.0, 3.0], [2.0, 0.5, 1.0])],
    "returns": ("mean",),
    "hints": ("What is squared?", "Where?", "In the loop."),
    "minutes": 1,
    "difficulty": 1,
}
MEAN = FindError(
    name="program 9.1",
    title="squares that are sums",
    program=(
        "def mean_square(x):     # [K]",
        "    total = 0.0",
        "    for value in x:",
        "        square = value + value",
        "        total = total + square",
        "    return total / len(x)",
    ),
    line=4,
    found="a square is a product.",
    innocent={2: "sums begin at 0.", 3: "number after number.", 5: "each is added."},
    **GIVEN,
)
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
    return repair.changes(puzzle, ast.parse(textwrap.dedent(text)).body[-1])


def in_cell(text, **names):
    """Runs a cell whose source can be found, as in IPython."""
    file = f"<cell {hash(text)}>"
    linecache.cache[file] = (len(text), None, text.splitlines(True), file)
    space = {"torch": torch, **names}
    exec(compile(text, file, "exec"), space)
    return space


def verdict_on(text, puzzle=MEAN):
    return check(puzzle, in_cell(text)["mean_square"])


class TestChanges:
    @pytest.mark.parametrize(
        "changes",
        [
            [],
            [("# [K]", "# numbers"), ("    for", "    # one by one\n\n    for"), ("total / len", "total/len")],
            [("def mean_square", "@find_error('x')\ndef mine"), ("# [K]", "\n    '''What it does.'''")],
            [("square = ", "s = "), ("+ square", "+ s")],
            [("(x)", "(numbers)"), ("in x", "in numbers"), ("value", "v"), ("total", "sum_of_all")],
        ],
    )
    def test_layout_comments_and_names_are_none(self, changes):
        found = changed(program(*changes))
        assert found is not None and not found

    @pytest.mark.parametrize(
        ("changes", "lines"),
        [
            ([("value + value", "value * value")], {4}),
            ([("square = value + value", "s = value * value"), ("+ square", "+ s")], {4}),
            ([("/ len(x)", "* len(x)")], {6}),
            ([("0.0", "1.0"), ("/ len(x)", "/ 2")], {2, 6}),
            ([("        total = total + square\n", "")], {5}),
            ([("for value in x", "for value in x * 2")], {3}),
            ([("        square = value + value\n        total = total + square", "        total += value**2")], {4, 5}),
            ([("square = value + value", "new = value + value")], {4}),
        ],
    )
    def test_lines_of_the_program_are_named(self, changes, lines):
        found = changed(program(*changes))
        assert found.lines == lines and not found.added

    def test_a_new_name_for_one_thing_where_the_old_one_is_still_read_is_a_change(self):
        assert changed(program(("total = total +", "other = total +"))).lines == {5}

    def test_what_is_put_in_is_told_by_the_line_above(self):
        found = changed(program(("        total", "        square = square * value / 2\n        total")))
        assert (found.lines, found.added) == (set(), {4})

    def test_a_statement_in_another_branch_is_a_change(self):
        whole = replace(MEAN, program=("def f(x):", "    if x:", "        a = 1", "    return a"), line=2, innocent={})
        assert changed("def f(x):\n    if x: pass\n    else:\n        a = 1\n    return a", whole).lines == {3}

    @pytest.mark.parametrize("text", ["def f(x):\n    return (x**2).mean()", "class F: pass", "f = 3"])
    def test_an_answer_written_anew_has_none(self, text):
        assert changed(text) is None

    def test_of_claims_there_are_none(self):
        assert repair.changes(replace(MEAN, claims=True, program=("One.",)), ast.parse("x").body[0]) is None

    def test_a_class_is_compared_method_by_method(self):
        text = "class M:\n    def a(self, x):\n        return x\n\n    def b(self, x):\n        return x + 1"
        whole = replace(MEAN, program=tuple(text.splitlines()), line=6, innocent={})
        assert changed(text.replace("x + 1", "x - 1").replace("class M", "class Mine"), whole).lines == {6}
        assert changed(text.replace("b(", "c("), whole).lines == {5}

    def test_an_answer_without_a_source_is_told_nothing(self):
        load()
        assert repair.definition_of(abs) is None and repair.definition_of(type("A", (), {})) is None
        assert repair.definition_of(lambda x: x) is None


class TestVerdict:
    def test_as_it_came(self):
        for text in (program(), program(("value", "v"))):
            verdict = verdict_on(text)
            assert verdict.state == "unsolved"
            assert (
                verdict.text == "One line is wrong. Fix it: the mean of the squares. Lines are counted from the `def`."
            )

    def test_right_in_the_wrong_line(self):
        verdict = verdict_on(program(("value + value", "value**2")))
        assert verdict.right and verdict.text == (
            "right. Line 4 it is: a square is a product. This error is called *squares that are sums*."
        )

    @pytest.mark.parametrize(
        "changes",
        [[("total + square", "total + value**2")], [("total = total", "square = value**2\n        total = total")]],
    )
    def test_right_elsewhere(self, changes):
        verdict = verdict_on(program(*changes))
        assert verdict.right and "The error is in line 4, and your repair elsewhere does as well" in verdict.text

    def test_right_and_written_anew(self):
        assert check(MEAN, lambda x: (x**2).mean()).text.startswith("right. Line 4 it is")

    def test_a_right_line_that_was_changed(self):
        verdict = verdict_on(program(("0.0", "1.0")))
        assert verdict.text == "You changed line 2, and that line was right: sums begin at 0. The error is elsewhere."
        assert verdict.state == "wrong" and verdict.code == "total = 0.0" and verdict.arrays == {}

    def test_the_wrong_line_wrongly(self):
        verdict = verdict_on(program(("value + value", "value * 3")))
        assert verdict.text.startswith("Line 4 is the one, but it is not right yet. ")
        assert verdict.arrays and not verdict.notes

    def test_both(self):
        verdict = verdict_on(program(("value + value", "value**2"), ("0.0", "1.0")))
        assert verdict.text.startswith("Line 4 is the one, but it is not right yet. ")
        assert verdict.notes[0] == "You also changed line 2, and that line was right: sums begin at 0."

    def test_a_line_that_nothing_is_said_of_is_not_called_right(self):
        verdict = verdict_on(program(("/ len(x)", "* len(x)")))
        assert verdict.state == "wrong" and "was right" not in verdict.text and verdict.arrays

    def test_written_anew_and_wrong(self):
        verdict = check(MEAN, lambda x: 2 * (x**2).mean())
        assert verdict.text == "1 of 2 inputs" or "twice" in verdict.text

    def test_of_several_slips_it_is_said_how_many_are_found(self):
        asked = verdict_on(program(puzzle=SEVERAL), SEVERAL)
        assert asked.state == "unsolved" and asked.text.startswith("2 lines are wrong. Fix them: the mean")
        one = verdict_on(program(("1.0", "0.0"), puzzle=SEVERAL), SEVERAL)
        assert (one.state, one.text, one.arrays, one.known) == ("wrong", "1 of 2 found.", {}, None)
        spoilt = verdict_on(program(("1.0", "0.0"), ("in x", "in 2 * x"), puzzle=SEVERAL), SEVERAL)
        assert spoilt.text == "1 of 2 found. You also changed line 3, and that line was right: number after number."
        none = verdict_on(program(("in x", "in 2 * x"), puzzle=SEVERAL), SEVERAL)
        assert none.text.startswith("0 of 2 found.")
        both = verdict_on(program(("1.0", "0.0"), ("value + value", "value"), puzzle=SEVERAL), SEVERAL)
        assert both.text.startswith("2 of 2 found. ") and both.arrays
        right = verdict_on(program(("1.0", "0.0"), ("value + value", "value**2"), puzzle=SEVERAL), SEVERAL)
        assert right.right and right.text.startswith("right. All 2 are repaired: a square is a product.")


class TestDecorator:
    def test_the_program_is_not_printed_again(self, capsys):
        in_cell("@find_error(one)\n" + program(), find_error=find_error, one=MEAN)
        shown = capsys.readouterr().out
        assert shown.startswith("○ program 9.1: not solved yet") and "total / len(x)" not in shown
        assert "It should do this:\n  x     [1, 3]\n  mean  5" in shown and 'Stuck? `hint("program 9.1")`' in shown

    def test_a_right_repair_is_used_and_any_other_not(self, capsys):
        cell = "@find_error(one)\n"
        right = in_cell(cell + program(("value + value", "value**2")), find_error=find_error, one=MEAN)
        assert right["mean_square"] is not MEAN.reference and "✓ program 9.1: right." in capsys.readouterr().out
        wrong = in_cell(cell + program(("0.0", "1.0")), find_error=find_error, one=MEAN)
        assert wrong["mean_square"] is MEAN.reference and "✗ program 9.1: not yet." in capsys.readouterr().out

    def test_cells_of_earlier_editions_run(self, capsys):
        in_cell("find_error(one)\n\n@find_error(one, line=None)\n" + program(), find_error=find_error, one=MEAN)
        assert capsys.readouterr().out.startswith("○ program 9.1: not solved yet")

    def test_hints_are_folded_into_what_is_not_solved(self):
        page = show.verdict_note(judge.judge_repair(MEAN, None), "●○○", "own", hints=MEAN.hints).page
        assert page.count("<details>") == 3

    def test_the_two_kinds_are_told_apart(self):
        load()
        with pytest.raises(LookupError, match="is an exercise: write @exercise"):
            find_error("gaussian kernel")
        with pytest.raises(LookupError, match="write @find_error"):
            exercise("softmax denominator")


REPAIRS = [
    ("program 3.12", ("states.append(state)", "states.append(state)\n        state = torch.zeros(len(Ws))")),
    (
        "program 5.1",
        (
            "return torch.softmax(scores, dim=-1) @ v",
            "A = torch.softmax(scores, dim=-1) * mask\n    return A / A.sum(dim=-1, keepdim=True) @ v",
        ),
    ),
    ("program 5.20", ("loss = loss * mask", "loss = loss[mask]")),
]


@pytest.mark.parametrize(("name", "change"), REPAIRS)
def test_a_right_repair_in_another_line_is_right(name, change):
    load()
    space = in_cell(program(change, puzzle=find(name)), math=math)
    verdict = check(name, next(value for value in space.values() if repair.definition_of(value)))
    assert verdict.right and "your repair elsewhere does as well" in verdict.text, verdict.text
