"""`course mine`: what is solved, as a package that runs outside the notebook."""

import subprocess
import sys

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
    return mine.write(course / "workbook", course / "notebooks")


def module(course):
    return (course / "workbook" / "mine" / "ch01.py").read_text()


def test_what_is_right_is_written_as_it_stands_with_what_it_needs(course):
    said = collect(course, BELL, "%time 1\n" + KERNEL, OTHERS, SHARES.format("return scores.softmax(-1)"))
    assert said.splitlines()[0] == "mine/ch01.py: gaussian, others_only"
    assert "Left out, stable masked softmax: " in said.splitlines()[1] and "python -m pytest" in said.splitlines()[2]
    assert module(course).partition("\n\n")[2] == (
        "import torch\n\n\nscale = 2\n\n\ndef bell(x):\n    return torch.exp(-(x * x) / scale)\n\n\n"
        "def gaussian(distance, width=1.0):\n    # narrower, steeper\n    return bell(distance / width)\n\n\n"
        "def others_only(size):\n    return ~torch.eye(size, dtype=bool)\n"
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("mode", "scale", "words"), [("prepend", 2, "2 passed"), ("importlib", 3, "1 failed, 1 passed")]
)
def test_its_tests_run_where_there_is_no_notebook(course, mode, scale, words):
    collect(course, BELL, KERNEL, OTHERS)
    (course / "workbook" / "mine" / "ch01.py").write_text(module(course).replace("scale = 2", f"scale = {scale}"))
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", f"--import-mode={mode}", "workbook/mine"]
    done = subprocess.run(command, cwd=course, capture_output=True, text=True, check=False)
    assert words in done.stdout and done.returncode == (scale == 3), done.stdout


def test_what_was_changed_by_hand_stays(course):
    collect(course, BELL, KERNEL)
    place = course / "workbook" / "mine" / "ch01.py"
    place.write_text(module(course) + "# faster\n")
    tests = (place.parent / "tests" / "test_ch01.py").read_bytes()
    assert "mine/ch01.py: you have changed it, so it stays." in collect(course, BELL, KERNEL, OTHERS)
    assert module(course).endswith("# faster\n") and (place.parent / "tests" / "test_ch01.py").read_bytes() == tests
    place.rename(place.with_name("faster.py"))
    assert "mine/ch01.py: gaussian, others_only" in collect(course, BELL, KERNEL, OTHERS)
    assert "others_only" in module(course), "one that nobody touched is written anew"
    assert "mine/ch01.py: gaussian" in collect(course, BELL, KERNEL) and "others_only" not in module(course)


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        (
            ["import torch\nscale = torch.tensor(2.0)", BELL.replace("scale = 2", ""), KERNEL],
            "gaussian kernel: it uses `scale`, which the notebook computes. Compute it inside the function.",
        ),
        (
            [BELL, KERNEL, "def bell(x, dtype): return torch.eye(x) > 0", OTHERS.replace("~torch.eye", "~bell")],
            "leave-one-out mask: `bell` is something else in another function. Give one of the two another name.",
        ),
        (
            [BELL, f'@exercise("gaussian kernel")\ndef gaussian(distance, width=1.0):\n    {STUB}', OTHERS]
            + [SHARES.format("return gaussian(scores)")],
            "stable masked softmax: it calls `gaussian`, which is not among your solved functions.",
        ),
        (["import nowhere as torch", OTHERS], "outside the notebook it stops with ModuleNotFoundError"),
        ([BELL, KERNEL, OTHERS.replace("~", ""), "not Python ("], "leave-one-out mask: This is the opposite"),
    ],
)
def test_what_is_left_out_is_named_with_the_reason(course, cells, words):
    said = collect(course, *cells)
    assert words in said and "Left out, " in said, said


def test_nothing_solved_and_no_workbook(course, capsys):
    assert "Nothing to collect: no exercise in" in collect(course) and not (course / "workbook" / "mine").exists()
    assert main(["mine", str(course / "none")]) == 2 and "needed: a workbook" in capsys.readouterr().err
