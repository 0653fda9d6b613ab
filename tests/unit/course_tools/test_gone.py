"""Exercises that are no longer in the course: what a student did with them is kept, and disturbs nothing."""

import json

import nbformat
import pytest

from course_kit import progress as overview
from course_kit.exercises import record
from course_tools.classroom import workbook

GONE, HERE = "claims 1.1", "gaussian kernel"
ANSWER = '@find_error("claims 1.1")\ndef kind_of(model):\n    return "parametric"'
OPEN = '@exercise("gaussian kernel")\ndef gaussian(distance, width=1.0):\n    raise NotImplementedError'
RIGHT = OPEN.replace("raise NotImplementedError", "return (-0.5 * (distance / width) ** 2).exp()")


def entry(**more):
    return {"state": "solved", "attempts": 2, "hints": 1, "solution": False, "first": "2026-01-01"} | more


@pytest.fixture
def course(tmp_path):
    """Its notebooks: one exercise, which is there today."""
    folder = tmp_path / "notebooks"
    folder.mkdir()
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(OPEN)])
    nbformat.write(made, folder / "01_one.ipynb")
    return folder


@pytest.fixture
def both_solved(tmp_path, monkeypatch):
    """A workbook in which both were solved."""
    where = tmp_path / "workbook"
    where.mkdir()
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in (ANSWER, RIGHT)])
    nbformat.write(made, where / "01_one.ipynb")
    (where / workbook.files.STATE).write_text("{}")
    kept = {GONE: entry(answer=record.of_source(ANSWER)), HERE: entry(answer=record.of_source(RIGHT))}
    (where / record.FILE).write_text(json.dumps({"exercises": kept}))
    monkeypatch.chdir(where)
    return where


def test_the_record_keeps_it_whatever_is_written(both_solved):
    before = record.read(both_solved)[GONE]
    assert record.helped(HERE) == "" and record.checked("attention pooling", False, None) == ""
    assert record.read(both_solved)[GONE] == before
    assert record.read(both_solved).keys() == {GONE, HERE, "attention pooling"}


def test_progress_counts_what_is_there_and_names_what_is_gone(both_solved, course):
    said = str(overview.note(both_solved, course))
    assert said.startswith("1 of 1 exercises solved.") and f"no longer in the course: {GONE}." in said
