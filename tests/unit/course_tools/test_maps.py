"""The small maps: the weights of chapter 7's journey, in ink, for the website, slides and the workbook."""

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from course_kit import lessons
from course_kit.exercises import solved
from course_tools.authoring import building
from course_tools.authoring.markup import tree
from course_tools.classroom import maps, progress

LESSONS = {lessons.chapter(name): name for name in building.names() if not lessons.is_annex(name)}


def test_each_chapter_has_a_map_whose_rows_sum_to_one():
    assert list(maps.weights()) == [number for number in LESSONS if number > 0]
    for name, shown in maps.weights().values():
        assert name and np.allclose(shown.sum(-1), 1, atol=0.01)


def test_the_ink_is_the_weights():
    shown = np.array([[0.25, 0.75], [1.0, 0.0]])
    data = maps.ink(shown).partition("base64,")[2]
    with Image.open(io.BytesIO(base64.b64decode(data))) as image:
        assert np.allclose(np.asarray(image)[..., 1] / 255, shown, atol=0.003)


def test_a_strip_leads_to_every_lesson_and_marks_where_one_is():
    links = tree(maps.strip(3, ".ipynb")).find_all("a")
    assert maps.style().count("mask-image") == len(links)
    assert [link["href"] for link in links] == [f"{LESSONS[number]}.ipynb" for number in maps.weights()]
    assert [link.get("aria-current") for link in links].count("page") == 1 and links[2]["aria-current"]


def test_the_maps_fill_as_exercises_are_solved(tmp_path, monkeypatch, capsys):
    there = progress.notebooks(building.folder())
    lesson = next(one for one in there if one.chapter == 1)
    half = {name: {"state": "solved"} for name in lesson.exercises[: len(lesson.exercises) // 2]}
    shares = re.findall(r"--share:(\d+)%", progress._maps(progress.rows([lesson], half)))
    assert int(shares[0]) == round(100 * len(half) / len(lesson.exercises)) and set(shares[1:]) == {"0"}
    monkeypatch.setattr(progress.files, "workbook_folder", lambda: tmp_path)
    monkeypatch.setattr(solved, "read", lambda where: half)
    monkeypatch.setattr(progress, "display", lambda note: print(note.page))
    progress.onward(1)
    said = capsys.readouterr().out
    assert f"--share:{shares[0]}%" in said and f'<a href="{LESSONS[2]}.ipynb">→' in said
    progress.onward(max(LESSONS))
    assert f'<a href="{LESSONS[0]}.ipynb">←' in capsys.readouterr().out


def test_an_annex_neither_adds_ink_nor_takes_it():
    lesson = progress.Notebook("01_one.ipynb", "one", ("a", "b"))
    annex = progress.Notebook("01_one_annex.ipynb", "more", ("c", "d"))
    both = progress.rows([lesson, annex], {"a": {"state": "solved"}, "b": {"state": "solved"}})
    assert re.findall(r"--share:(\d+)%", progress._maps(both))[0] == "100"


@pytest.fixture
def two(tmp_path, monkeypatch):
    """The folder of a course of two chapters, the first with an annex."""
    for name in ("01_one", "01_one_annex", "02_two"):
        (tmp_path / f"{name}.ipynb").touch()
    monkeypatch.setattr(maps, "questions", lambda: {1: ("01_one", "Whom?"), 2: ("02_two", "How?")})
    return tmp_path


def test_a_lesson_leads_to_its_annex_and_to_the_next_lesson_an_annex_back_and_on(two):
    on = ("→", "02_two.ipynb", "How?")
    assert progress._ways_on(1, False, two) == [("→", "01_one_annex.ipynb", "The annex of this chapter"), on]
    assert progress._ways_on(1, True, two) == [("←", "01_one.ipynb", "Whom?"), on]
    assert progress._ways_on(2, False, two) == [("←", "01_one.ipynb", "Whom?")]
