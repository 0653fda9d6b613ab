"""A workbook as edition 0.4.0 left it opens with the course of today, in English and Chinese, and nothing is lost.

`tests/edition_0_4_0/` was made by commit 1a726d66: its `workbook.sync` with two notebooks of its own in each language,
cut short; in each language one exercise solved in a kernel; a hint asked for; a linear layer trained for six steps with
`fit`; `keep("attention")`.
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

ROOT = files.course_folder()
LEFT = Path(__file__).parents[2] / "edition_0_4_0"
START, LESSON = "00_start_here.ipynb", "01_nadaraya_watson.ipynb"
ANSWER = '@exercise("gaussian kernel")\ndef kernel(distance, width=1.0):\n    scaled = distance / width  # mine'


@pytest.fixture
def course(tmp_path):
    """Notebooks of today."""
    for language in ("", "zh"):
        (tmp_path / "notebooks" / language).mkdir()
        for name in (START, LESSON):
            shutil.copy(ROOT / "notebooks" / language / name, tmp_path / "notebooks" / language)
    return tmp_path / "notebooks"


@pytest.fixture
def opened(course, tmp_path, monkeypatch):
    """The workbook after the first start of the course of today."""
    where = tmp_path / "workbook"
    shutil.copytree(LEFT, where)
    for language in ("", "zh"):
        changes = workbook.sync(course / language, where / language)
        assert [(change.kind, change.file) for change in changes] == [
            ("replaced", START), ("beside", "01_nadaraya_watson.new-edition.ipynb")]  # fmt: skip
    monkeypatch.chdir(where)
    return where


def test_files_of_the_student_are_as_they_were_and_the_new_edition_is_beside_them(opened, course):
    of_the_course = {START, files.STATE}
    left = [path.relative_to(LEFT) for path in LEFT.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    assert len(left) == 16
    for path in left:
        assert ((opened / path).read_bytes() == (LEFT / path).read_bytes()) == (path.name not in of_the_course), path
    assert (opened / START).read_bytes() == workbook.unrun((course / START).read_bytes())
    assert ANSWER in [cell.source[: len(ANSWER)] for cell in nbformat.read(opened / LESSON, as_version=4).cells]
    assert workbook.sync(course, opened) == workbook.sync(course / "zh", opened / "zh") == []


def test_what_was_solved_counts(opened, course):
    entries = record.read(opened)
    assert {name: entry["state"] for name, entry in entries.items()} == {
        "gaussian kernel": "solved", "attention pooling": "open"}  # fmt: skip
    assert str(progress.note(opened, course)).startswith("1 of ")
    chinese = record.read(opened / "zh")
    assert {name: entry["state"] for name, entry in chinese.items()} == {"stable masked softmax": "solved"}


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
