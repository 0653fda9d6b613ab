"""`course mine`: what is solved in saved notebooks goes into the package, also of a workbook of an earlier edition."""

import hashlib
import json
import sys
import textwrap

import nbformat
import pytest
from own_package import SOFTMAX, loaded, workbook

from course import main
from course_kit import exercises, files
from course_kit.exercises import solved
from course_kit.mine import lookup, record
from course_tools.classroom import mine
from course_tools.classroom import workbook as course_workbook

KERNEL = """@exercise("gaussian kernel")
def gaussian(distance, width=1.0):
    # narrower, steeper
    return bell(distance / width)"""
BELL = "import math, torch\nscale = 2\ndef bell(x):\n    return torch.exp(-(x * x) / scale)"
OTHERS = '@exercise("leave-one-out mask")\ndef others_only(size):\n    return ~torch.eye(size, dtype=bool)'
SHARES = '@exercise("stable masked softmax")\n' + SOFTMAX
STUB = "raise NotImplementedError"
HEAD = '"""What I wrote in chapter 1."""\n\nimport torch\n\n\n'


def notebook(*cells):
    return nbformat.writes(nbformat.v4.new_notebook(cells=[*map(nbformat.v4.new_code_cell, cells)]))


@pytest.fixture
def course(tmp_path):
    """A course of one chapter, with three exercises, and a workbook in which the test works."""
    (tmp_path / "notebooks").mkdir()
    stubs = [x.partition(":\n")[0] + f":\n    {STUB}" for x in (KERNEL, OTHERS, SHARES)]
    (tmp_path / "notebooks" / "01_one.ipynb").write_text(notebook("# 1 · One", *stubs))
    with workbook(tmp_path):
        course_workbook.sync(tmp_path / "notebooks", tmp_path / "workbook")
        yield tmp_path


def save(course, *cells):
    (course / "workbook" / "01_one.ipynb").write_text(notebook("from chapters.ch01 import exercise", *cells))


def collect(course, *cells):
    """What is said when these cells are collected."""
    save(course, *cells)
    return mine.collected(course / "workbook", course / "notebooks")


def module(course):
    return (course / "workbook" / "mine" / "ch01.py").read_text()


def solve(course, *names):
    """These exercises are solved, by the workbook's record."""
    entry = {"state": "solved", "attempts": 1, "hints": 0, "solution": False}
    text = json.dumps({"exercises": dict.fromkeys(names, entry)})
    (course / "workbook" / solved.FILE).write_text(text)


def test_what_is_right_is_written_as_it_stands_with_what_it_needs(course):
    said = collect(course, BELL, "%time 1\n" + KERNEL, OTHERS, SHARES.replace("float", "0 * float")).splitlines()
    assert said[0] == "mine/ch01.py: gaussian, others_only"
    assert said[1].startswith("Left out, stable masked softmax: ") and "from mine.ch01 import gaussian" in said[2]
    assert module(course) == HEAD + (
        "scale = 2\n\n\ndef bell(x):\n    return torch.exp(-(x * x) / scale)\n\n\n"
        "def gaussian(distance, width=1.0):\n    # narrower, steeper\n    return bell(distance / width)\n\n\n"
        "def others_only(size):\n    return ~torch.eye(size, dtype=bool)\n"
    )
    before = module(course)
    assert collect(course, BELL, KERNEL, OTHERS).startswith("mine/ch01.py: gaussian, others_only\nThey need")
    assert module(course) == before


def test_what_was_changed_by_hand_stays(course):
    collect(course, BELL, KERNEL)
    place = course / "workbook" / "mine" / "ch01.py"
    place.write_text(module(course).replace("# narrower, steeper", "# faster"))
    said = collect(course, BELL, KERNEL, OTHERS)
    assert "you have changed `gaussian` by hand" in said and "mine/ch01.py: gaussian, others_only" in said
    assert "# faster" in module(course) and "others_only" in module(course) and "narrower" not in module(course)


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
        (["import nowhere as torch", OTHERS], "without the rest of the notebook it stops with ModuleNotFoundError"),
        ([BELL, KERNEL, OTHERS.replace("~", ""), "not Python ("], "leave-one-out mask: This is the opposite"),
        (
            [f"import torch\n{OTHERS}\n    while True: pass".replace("return", "r =")],
            "leave-one-out mask: Still running",
        ),
    ],
)
def test_what_is_left_out_is_named_with_the_reason(course, cells, words):
    said = collect(course, *cells)
    assert words in said and "Left out, " in said, said


def test_an_answer_that_calls_one_that_is_wrong_gets_the_courses(course):
    wrong = KERNEL.replace("distance / width", "distance")
    softmax = SOFTMAX.replace("    hidden", "    gaussian(scores)\n    hidden", 1)
    said = collect(course, BELL, wrong, '@exercise("stable masked softmax")\n' + softmax)
    assert "mine/ch01.py: masked_softmax" in said and "Left out, gaussian kernel" in said
    assert "as gaussian" in module(course) and "def bell" not in module(course)


def test_nothing_solved_no_workbook_and_one_that_cannot_be_written(course, capsys, monkeypatch):
    assert "Nothing to collect: no exercise in" in collect(course) and not (course / "workbook" / "mine").exists()
    assert main(["mine", str(course / "none")]) == 2 and "needed: a workbook" in capsys.readouterr().err
    assert main(["mine", str(course / "notebooks")]) == 2 and "is no workbook" in capsys.readouterr().err

    def refuse(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "write_atomically", refuse)
    with pytest.raises(ValueError, match="mine cannot be written"):
        collect(course, BELL, KERNEL)


def earlier(course):
    """mine/ch01.py as the second edition wrote it, with its tests."""
    where = course / "workbook"
    text = '"""What you wrote in chapter 1. `make mine` collected it from your notebooks."""\n\n'
    text += "import torch\n\n\nscale = 2\n\n\n" + BELL.partition("scale = 2\n")[2] + "\n\n\n"
    text += KERNEL.partition("\n")[2] + "\n"
    for file, content in {"ch01.py": text, "tests/test_ch01.py": "# tests\n", "__init__.py": '"""Mine."""\n'}.items():
        (where / "mine" / file).parent.mkdir(parents=True, exist_ok=True)
        (where / "mine" / file).write_text(content)
    state = json.loads((where / files.STATE).read_text())
    state["written"] |= {"mine/ch01.py": hashlib.sha256(text.encode()).hexdigest()}
    (where / files.STATE).write_text(json.dumps(state))
    return text


class TestAWorkbookOfTheSecondEdition:
    def test_what_is_solved_in_its_notebooks_is_the_readers_at_once(self, course, capsys):
        save(course, BELL, KERNEL, OTHERS)
        solve(course, "gaussian kernel", "leave-one-out mask")
        from mine import gaussian_kernel, masked_softmax, others_only

        assert gaussian_kernel.__module__ == others_only.__module__ == "mine.ch01"
        assert masked_softmax.__module__ == "course_utils.attention"
        assert not capsys.readouterr().out

    def test_what_is_not_recorded_as_solved_is_not_looked_for(self, course):
        save(course, BELL, KERNEL)
        assert lookup.owned("gaussian_kernel")[1] == "the course's" and not (course / "workbook" / "mine").exists()

    def test_its_package_is_used_as_it_is_and_grows(self, course):
        text = earlier(course)
        assert lookup.owned("gaussian_kernel")[1] == "yours, from chapter 1" and module(course) == text
        collect(course, BELL, KERNEL.replace("# narrower, steeper", "# better"), OTHERS)
        assert "# better" in module(course) and "narrower" not in module(course) and "others_only" in module(course)
        assert (course / "workbook" / "mine" / "tests" / "test_ch01.py").read_text() == "# tests\n"
        assert (course / "workbook" / "mine" / "__init__.py").read_text() == '"""Mine."""\n'
        assert {"gaussian", "bell", "scale"} <= record.Record(course / "workbook" / "mine").files["ch01.py"].keys()

    def test_what_was_changed_there_by_hand_stays(self, course):
        text = earlier(course).replace("# narrower, steeper", "# by hand")
        (course / "workbook" / "mine" / "ch01.py").write_text(text)
        said = collect(course, BELL, KERNEL, OTHERS)
        assert module(course).startswith(text.rstrip()) and "others_only" in module(course)
        assert "you have changed `gaussian` by hand" in said

    def test_a_new_answer_in_a_notebook_goes_on_from_there(self, course):
        earlier(course)
        source = textwrap.dedent(SHARES)
        from own_package import cell

        cell(source)
        assert "def masked_softmax" in module(course) and "narrower, steeper" in module(course)
        assert lookup.owned("masked_softmax")[1] == lookup.owned("gaussian_kernel")[1] == "yours, from chapter 1"


def test_the_command_leaves_nothing_behind_in_a_process_without_a_workbook(course, monkeypatch):
    monkeypatch.chdir(course)
    for name in loaded():
        del sys.modules[name]
    exercises.AFTER.clear()
    assert mine.run(str(course / "workbook")) == 0
