"""A workbook as the released edition left it opens with the course of today, and nothing is lost.

`tests/released/` was made by commit 6c2b53bb: its `workbook.sync` of lesson 1, cut short; one exercise solved in a
kernel, a hint asked for, a linear layer trained for six steps with `fit`.
"""

import shutil
import sys
from pathlib import Path

import nbformat
import pytest
from own_package import loaded
from torch import nn

import chapters.ch01  # noqa: F401 - its exercises are known by their names
from course_kit import files, progress
from course_kit.exercises import record
from course_kit.mine import lookup
from course_kit.runs import state, store
from course_tools.classroom import workbook

LEFT = Path(__file__).parents[2] / "released"
LESSON = "01_nadaraya_watson.ipynb"
ANSWER = '@exercise("gaussian kernel")\ndef kernel(distance, width=1.0):\n    scaled = distance / width  # mine'


@pytest.fixture
def course(tmp_path):
    """The notebooks of today: one of them."""
    (tmp_path / "notebooks").mkdir()
    shutil.copy(files.course_folder() / "notebooks" / LESSON, tmp_path / "notebooks")
    return tmp_path / "notebooks"


@pytest.fixture
def opened(course, tmp_path, monkeypatch):
    """The workbook after the first start of the course of today."""
    where = tmp_path / "workbook"
    shutil.copytree(LEFT, where)
    (change,) = workbook.sync(course, where)
    assert (change.kind, change.file) == ("beside", "01_nadaraya_watson.new-edition.ipynb")
    monkeypatch.chdir(where)
    return where


def test_files_of_the_student_are_as_they_were_and_the_new_edition_is_beside_them(opened, course):
    left = [path.relative_to(LEFT) for path in LEFT.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    assert len(left) == 7
    for path in left:
        assert ((opened / path).read_bytes() == (LEFT / path).read_bytes()) == (path.name != files.STATE), path
    assert ANSWER in [cell.source[: len(ANSWER)] for cell in nbformat.read(opened / LESSON, as_version=4).cells]
    assert workbook.sync(course, opened) == []


def test_what_was_solved_counts(opened, course):
    states = {name: entry["state"] for name, entry in record.read(opened).items()}
    assert states == {"gaussian kernel": "solved", "attention pooling": "open"}
    assert str(progress.note(opened, course)).startswith("1 of ")


def test_what_was_kept_in_mine_is_imported_as_it_was_written(opened):
    before = {name: sys.modules.pop(name) for name in loaded()}
    lookup.install()
    try:
        from mine import gaussian_kernel

        assert gaussian_kernel.__code__.co_varnames == ("distance", "width", "scaled")
    finally:
        for name in loaded():
            del sys.modules[name]
        sys.modules.update(before)


def test_a_kept_training_can_be_read(opened):
    (path,) = (opened / store.FOLDER).glob("*.safetensors")
    back, more = state.unpack(path, nn.Linear(2, 1))
    assert back.step == 6 and len(back.history["loss"][1]) > 0 and more["date"]
