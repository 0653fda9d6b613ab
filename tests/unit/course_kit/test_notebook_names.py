"""Lesson and annex, told by their names."""

import pytest

from course_kit import notebook_names


@pytest.mark.parametrize("name", ["05_transformer", "notebooks/05_transformer.ipynb", "source\\05_transformer.py"])
def test_a_lesson_and_its_annex_find_each_other(name):
    annex = notebook_names.annex_of(name)
    assert annex == notebook_names.annex_of(annex) == "05_transformer_annex"
    assert notebook_names.lesson_of(annex) == notebook_names.lesson_of(name) == "05_transformer"
    assert (notebook_names.is_annex(name), notebook_names.is_annex(annex)) == (False, True)
    assert notebook_names.chapter(name) == notebook_names.chapter(annex) == 5
    assert sorted([annex, "06_bert", "05_transformer"]) == ["05_transformer", annex, "06_bert"]


def test_a_name_without_a_chapter_is_refused():
    with pytest.raises(ValueError, match="needed: a number in front"):
        notebook_names.chapter("helpers")
