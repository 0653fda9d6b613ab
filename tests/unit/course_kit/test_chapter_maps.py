"""The frames: the weights of the last chapter's journey, for the website and the workbook."""

import re

import numpy as np
import pytest

from course_kit import chapter_maps, notebook_names, progress
from course_kit.chapter_maps.frames import frame
from course_kit.exercises import record
from course_tools.authoring import building
from course_tools.authoring.markup import tree

LESSONS = {notebook_names.chapter(name): name for name in building.names() if not notebook_names.is_annex(name)}


def test_each_map_is_of_a_chapter_and_says_what_it_gives_to_the_animal_and_the_street():
    """A new chapter may have none."""
    maps = chapter_maps.maps()
    assert set() < maps.keys() <= {number for number in LESSONS if number > 0}
    for number, panel in maps.items():
        assert panel.name and np.allclose(panel.weights.sum(-1), 1, atol=0.01)
        given = panel.gives()
        assert f"{given.max():.2f}" in panel.told() and f"{given[panel.keys.index('animal')]:.2f}" in panel.told()
        arcs = [one for one in tree(frame(number, panel)).find_all("path") if one.get("stroke-opacity")]
        assert len(arcs) == (given >= 0.02).sum()
    blind = {number for number, panel in maps.items() if "stroke-dasharray" in frame(number, panel)}
    assert blind == {7, 8, 9}, "who writes from left to right has not seen “tired”"


def test_a_strip_leads_to_every_lesson_and_marks_where_one_is():
    links = tree(chapter_maps.strip(3, ".ipynb")).find_all("a")
    assert [link["href"] for link in links] == [f"{LESSONS[number]}.ipynb" for number in chapter_maps.maps()]
    assert [link.get("aria-current") for link in links].count("page") == 1 and links[2]["aria-current"]


@pytest.fixture
def onward(tmp_path, monkeypatch, capsys):
    """onward(chapter, states) -> what the page says at the end of a lesson, with this record of the workbook."""

    def say(chapter, states):
        monkeypatch.setattr(progress.files, "workbook_folder", lambda: tmp_path)
        monkeypatch.setattr(record, "read", lambda where: {name: {"state": state} for name, state in states.items()})
        monkeypatch.setattr(progress, "display", lambda note: print(note.page))
        progress.onward(chapter)
        return capsys.readouterr().out

    return say


def test_the_maps_fill_as_exercises_of_lessons_are_solved_and_the_way_leads_on(onward):
    there = progress.notebooks(building.folder())
    lesson, annex = (next(one for one in there if one.file == f"{LESSONS[1]}{end}.ipynb") for end in ("", "_annex"))
    half = lesson.exercises[: len(lesson.exercises) // 2]
    said = onward(1, dict.fromkeys([*half, *annex.exercises], "solved"))
    shares = re.findall(r"--share:(\d+)%", said)
    assert int(shares[0]) == round(100 * len(half) / len(lesson.exercises)) and set(shares[1:]) == {"0"}
    assert f'<a href="{LESSONS[2]}.ipynb">→' in said and f"{LESSONS[1]}_annex.ipynb" in said
    last = onward(max(LESSONS), {})
    assert "pale: not solved yet" in last
    assert f'<a href="{LESSONS[0]}.ipynb">←' in last and set(re.findall(r"--share:(\d+)%", last)) == {"0"}
