"""What left the course is said in one sentence, however a page asks for it."""

import importlib
import sys

import pytest

from course_kit import gone

SAYS = "`{}` left the course in 0.7; the page 08_who_answers.ipynb of the new edition is beside this one."
OLD = ("from chapters.ch08 import labs\nlabs.made_up", "from chapters.ch08.labs import made_up",
       "import chapters.ch08.labs.made_up", "from chapters.ch08.labs.made_up import small")  # fmt: skip


@pytest.fixture
def emptied(monkeypatch):
    """A lab has gone from `chapters.ch08.labs`, which is imported anew."""
    parent, name = importlib.import_module("chapters.ch08"), "chapters.ch08.labs"
    monkeypatch.setitem(gone.GONE, f"{name}.made_up", "08_who_answers")
    monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(parent, "labs", parent.labs)  # as it was, afterwards
    importlib.import_module(name)


@pytest.mark.parametrize("cell", OLD)
def test_a_page_of_an_earlier_edition_hears_which_page_to_open(emptied, cell):
    with pytest.raises(gone.LeftTheCourse) as error:
        exec(cell, {})
    (line,) = error.value._render_traceback_()
    assert line == SAYS.format("chapters.ch08.labs.made_up")


def test_what_is_there_and_what_never_was_are_as_before(emptied):
    labs = importlib.import_module("chapters.ch08.labs")
    assert labs.replies and not hasattr(labs, "never_there")
    with pytest.raises(ModuleNotFoundError, match="No module named 'chapters.ch08.labs.never_there'"):
        importlib.import_module("chapters.ch08.labs.never_there")


def test_every_page_that_is_named_is_there():
    from course_tools.authoring import building

    assert set(gone.GONE.values()) <= set(building.names())
