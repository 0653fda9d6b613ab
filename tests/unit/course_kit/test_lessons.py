"""Lesson and annex, told by their names."""

import pytest

from course_kit import lessons


@pytest.mark.parametrize("name", ["05_transformer", "notebooks/05_transformer.ipynb", "source\\05_transformer.py"])
def test_a_lesson_and_its_annex_find_each_other(name):
    annex = lessons.annex_of(name)
    assert annex == lessons.annex_of(annex) == "05_transformer_annex"
    assert lessons.lesson_of(annex) == lessons.lesson_of(name) == "05_transformer"
    assert (lessons.is_annex(name), lessons.is_annex(annex)) == (False, True)
    assert lessons.chapter(name) == lessons.chapter(annex) == 5
    assert sorted([annex, "06_bert", "05_transformer"]) == ["05_transformer", annex, "06_bert"]


def test_a_name_without_a_chapter_is_refused():
    with pytest.raises(ValueError, match="needed: a number in front"):
        lessons.chapter("helpers")
