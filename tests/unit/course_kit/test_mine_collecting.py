"""What is solved and no longer in the package comes from the saved notebooks, as soon as it is looked up."""

import json

import nbformat
import pytest
from own_package import SOFTMAX

import chapters.ch01  # noqa: F401 - its exercises are known by their names
from course_kit import cells
from course_kit.exercises import record
from course_kit.exercises.define import find
from course_kit.mine import collecting, lookup
from course_kit.mine.needs import CannotTake

KERNEL = """@exercise("gaussian kernel")
def gaussian(distance, width=1.0):
    # narrower, steeper
    return bell(distance / width)"""
BELL = "import math, torch\nscale = 2\ndef bell(x):\n    return torch.exp(-(x * x) / scale)"
OTHERS = '@exercise("leave-one-out mask")\ndef others_only(size):\n    return ~torch.eye(size, dtype=bool)'


def save(book, *sources):
    """A notebook of the workbook with these cells."""
    made = nbformat.v4.new_notebook(cells=[*map(nbformat.v4.new_code_cell, sources)])
    nbformat.write(made, book / "01_one.ipynb")


def keep_record(book, *names):
    """These exercises are solved, by the workbook's record."""
    entry = {"state": "solved", "attempts": 1, "hints": 0, "solution": False}
    (book / record.FILE).write_text(json.dumps({"exercises": dict.fromkeys(names, entry)}))


def test_what_is_solved_in_a_notebook_is_the_readers_at_once_with_what_it_needs(book, capsys):
    save(book, "from chapters.ch01 import exercise", BELL, "%time 1\n" + KERNEL, OTHERS)
    keep_record(book, "gaussian kernel", "leave-one-out mask")
    from mine import gaussian_kernel, masked_softmax, others_only

    assert gaussian_kernel.__module__ == others_only.__module__ == "mine.ch01"
    assert masked_softmax.__module__ == "course_utils.attention" and not capsys.readouterr().out
    text = (book / "mine" / "ch01.py").read_text()
    assert "scale = 2\n\n\ndef bell(x):" in text and "# narrower, steeper" in text and "exercise" not in text


def test_what_is_not_recorded_as_solved_is_not_looked_for(book):
    save(book, BELL, KERNEL)
    assert lookup.owned("gaussian_kernel")[1] == "the course's" and not (book / "mine").exists()


@pytest.mark.parametrize(
    ("sources", "why"),
    [
        (["import torch\nscale = torch.tensor(2.0)", BELL.replace("scale = 2", ""), KERNEL], "`scale`"),
        (["import nowhere as torch", OTHERS], "ModuleNotFoundError"),
        ([BELL, OTHERS.replace("~", ""), "not Python ("], "opposite"),
    ],
)
def test_what_cannot_stand_alone_or_is_wrong_is_left_out_and_the_courses_is_used(book, sources, why):
    save(book, "from chapters.ch01 import exercise", *sources)
    cell = next(source for source in reversed(sources) if "@exercise" in source)
    (stub,) = cells.answers(cell)
    with pytest.raises(CannotTake, match=why):
        collecting.collect(find(stub.name), book / "01_one.ipynb", cell, stub)
    keep_record(book, stub.name)
    assert lookup.owned(stub.bound)[1] == "the course's"


def test_an_answer_that_calls_one_that_is_wrong_gets_the_courses(book):
    softmax = SOFTMAX.replace("    hidden", "    gaussian(scores)\n    hidden", 1)
    wrong = KERNEL.replace("distance / width", "distance")
    save(book, "from chapters.ch01 import exercise", BELL, wrong, '@exercise("stable masked softmax")\n' + softmax)
    keep_record(book, "gaussian kernel", "stable masked softmax")
    assert lookup.owned("masked_softmax")[1] == "yours, from chapter 1"
    text = (book / "mine" / "ch01.py").read_text()
    assert "as gaussian" in text and "def bell" not in text
