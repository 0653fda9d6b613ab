"""Hand-ins of a chapter in two notebooks, and of the one that it was before: an answer counts wherever it is."""

import nbformat
import pytest

from course_kit.cells import answers
from course_kit.exercises import solved
from course_kit.needed import parsed_cells
from course_tools.classroom.grading import hand_ins

STUB = "@exercise({!r})\ndef answer(x):\n    raise NotImplementedError"
HELPER = "def helper(x):\n    return 2 * x"


def write(path, *cells):
    path.parent.mkdir(exist_ok=True)
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells]), path)


def solution(name, body="return helper(x)"):
    return STUB.format(name).replace("raise NotImplementedError", body)


@pytest.fixture
def course():
    """A lesson with exercise a, its annex with b, which uses a function of the annex."""
    both = {"05_five.ipynb": ["import math", STUB.format("a")], "05_five_annex.ipynb": [HELPER, STUB.format("b")]}
    stubs = [(file, source) for file, cells in both.items() for source in cells if answers(source)]
    return hand_ins.Course(
        {"a": "05_five.ipynb", "b": "05_five_annex.ipynb"},
        {file: [cell for cell, _ in parsed_cells(cells)] for file, cells in both.items()},
        frozenset(solved.of_source(source) for _, source in stubs),
    )


def test_both_notebooks_are_read(course, tmp_path):
    write(tmp_path / "anna" / "05_five.ipynb", solution("a", "return x"))
    write(tmp_path / "anna" / "05_five_annex.ipynb", HELPER, solution("b"))
    work = hand_ins.read(tmp_path / "anna", course)
    assert {name: answer.file for name, answer in work.answers.items()} == course.exercises
    assert work.remarks == [] and len(work.answers["b"].statements) == 2, "with the function that it needs"


def test_an_answer_in_an_old_copy_of_the_lesson_counts_though_the_annex_is_as_it_came(course, tmp_path):
    write(tmp_path / "ben" / "05_five.ipynb", STUB.format("a"), HELPER, solution("b"))
    write(tmp_path / "ben" / "05_five_annex.ipynb", HELPER, STUB.format("b"))
    work = hand_ins.read(tmp_path / "ben", course)
    assert work.answers.keys() == {"b"} and work.answers["b"].file == "05_five.ipynb" and work.remarks == []


def test_of_two_answers_the_one_in_the_annex_counts_and_this_is_said(course, tmp_path):
    write(tmp_path / "cleo" / "05_five.ipynb", HELPER, solution("b", "return 0"))
    write(tmp_path / "cleo" / "05_five_annex.ipynb", HELPER, solution("b"))
    work = hand_ins.read(tmp_path / "cleo", course)
    assert work.answers["b"].file == "05_five_annex.ipynb" and "2 answers to “b”" in work.remarks[0]
