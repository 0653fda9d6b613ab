"""`course mine`: what was solved before, taken from saved notebooks into the reader's package."""

import nbformat
import pytest

from course import main
from course_tools.classroom import mine, workbook

KERNEL = """@exercise("gaussian kernel")
def gaussian(distance, width=1.0):
    # narrower, steeper
    return bell(distance / width)"""
BELL = "import math, torch\nscale = 2\ndef bell(x):\n    return torch.exp(-(x * x) / scale)"
OTHERS = '@exercise("leave-one-out mask")\ndef others_only(size):\n    return ~torch.eye(size, dtype=bool)'
SHARES = """@exercise("stable masked softmax")
def masked_softmax(scores, mask=None):
    {}"""
STUB = "raise NotImplementedError"


def notebook(*cells):
    return nbformat.writes(nbformat.v4.new_notebook(cells=[*map(nbformat.v4.new_code_cell, cells)]))


@pytest.fixture
def course(tmp_path):
    """A course of one chapter, with three exercises."""
    (tmp_path / "notebooks").mkdir()
    stubs = [x.partition(":\n")[0] + f":\n    {STUB}" for x in (KERNEL, OTHERS, SHARES)]
    (tmp_path / "notebooks" / "01_one.ipynb").write_text(notebook("# 1 · One", *stubs))
    workbook.sync(tmp_path / "notebooks", tmp_path / "workbook")
    return tmp_path


def collect(course, *cells):
    """What is said when these cells are collected."""
    (course / "workbook" / "01_one.ipynb").write_text(notebook("from chapters.ch01 import exercise", *cells))
    return "\n".join(mine.collect(course / "workbook", course / "notebooks"))


def module(course):
    return (course / "workbook" / "mine" / "ch01.py").read_text()


def test_what_is_right_is_taken_as_it_stands_with_what_it_needs(course):
    said = collect(course, BELL, "%time 1\n" + KERNEL, OTHERS, SHARES.format("return scores.softmax(-1)"))
    assert "gaussian kernel: `gaussian` is in your package" in said and "leave-one-out mask" in said
    assert "Left out, stable masked softmax: " in said and "masked_softmax" not in module(course)
    for part in ("import torch", "scale = 2", "def bell(x)", "# narrower, steeper", "def others_only(size)"):
        assert part in module(course)
    assert module(course).index("def bell") < module(course).index("def gaussian")


@pytest.mark.parametrize("line", ["return bell(distance / WIDTH)", "1 / 0", "raise KeyboardInterrupt"])
def test_an_answer_that_does_not_run_alone_is_left_out_by_name(course, line):
    broken = KERNEL.replace("return bell(distance / width)", line)
    try:
        said = collect(course, BELL, broken, OTHERS)
    except KeyboardInterrupt:
        return
    assert "Left out, gaussian kernel" in said and "def gaussian" not in module(course)


def test_a_file_of_the_second_edition_or_changed_by_hand_stays(course):
    (course / "workbook" / "mine").mkdir()
    old = '"""What you wrote in chapter 1."""\n\n\ndef others_only(size):\n    return "mine"\n'
    (course / "workbook" / "mine" / "ch01.py").write_text(old)
    said = collect(course, BELL, KERNEL, OTHERS)
    assert "so it stays" in said and 'return "mine"' in module(course) and "def gaussian" in module(course)


def test_the_command_says_where_there_is_nothing(course, capsys, monkeypatch):
    monkeypatch.setenv("COURSE_WORKBOOK", str(course / "workbook"))
    assert main(["mine"]) == 0
    assert "Nothing to take" in capsys.readouterr().out
