"""The small maps: the weights of the last chapter's journey, in ink, for the website, slides and the workbook."""

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from course_kit import chapter_maps, lessons, progress
from course_kit.exercises import record
from course_tools.authoring import building
from course_tools.authoring.markup import tree

LESSONS = {lessons.chapter(name): name for name in building.names() if not lessons.is_annex(name)}


def test_each_map_is_of_a_chapter_and_its_ink_is_the_root_of_the_weights():
    """A new chapter may have none."""
    assert set() < chapter_maps.weights().keys() <= {number for number in LESSONS if number > 0}
    for name, shown in chapter_maps.weights().values():
        assert name and np.allclose(shown.sum(-1), 1, atol=0.01)
        data = chapter_maps.ink(shown).partition("base64,")[2]
        with Image.open(io.BytesIO(base64.b64decode(data))) as image:
            assert np.allclose(np.asarray(image)[..., 1] / 255, np.sqrt(shown), atol=0.003)


def test_a_strip_leads_to_every_lesson_and_marks_where_one_is():
    links = tree(chapter_maps.strip(3, ".ipynb")).find_all("a")
    assert chapter_maps.style().count("mask-image") == len(links)
    assert [link["href"] for link in links] == [f"{LESSONS[number]}.ipynb" for number in chapter_maps.weights()]
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
