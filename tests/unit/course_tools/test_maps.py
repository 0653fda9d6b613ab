"""The seven small maps: the weights of chapter 7's journey, in ink, for the website, slides and the workbook."""

import base64
import io
import re

import numpy as np
from PIL import Image

from course_kit.exercises import solved
from course_tools.authoring.markup import tree
from course_tools.classroom import maps, progress


def test_each_chapter_has_a_map_whose_rows_sum_to_one():
    assert list(maps.weights()) == [1, 2, 3, 4, 5, 6, 7]
    for name, shown in maps.weights().values():
        assert name and np.allclose(shown.sum(-1), 1, atol=0.01)


def test_the_ink_is_the_weights():
    shown = np.array([[0.25, 0.75], [1.0, 0.0]])
    data = maps.ink(shown).partition("base64,")[2]
    with Image.open(io.BytesIO(base64.b64decode(data))) as image:
        assert np.allclose(np.asarray(image)[..., 1] / 255, shown, atol=0.003)


def test_a_strip_leads_to_every_chapter_and_marks_where_one_is():
    links = tree(maps.strip(3, ".ipynb")).find_all("a")
    assert maps.style().count("mask-image") == len(links)
    assert [link["href"][:2] for link in links] == ["01", "02", "03", "04", "05", "06", "07"]
    assert all(link["href"].endswith(".ipynb") for link in links)
    assert [link.get("aria-current") for link in links].count("page") == 1 and links[2]["aria-current"]


def test_the_maps_fill_as_exercises_are_solved(tmp_path, monkeypatch, capsys):
    chapter = next(one for one in progress.chapters(progress.files.course_folder() / "notebooks") if one.file[1] == "1")
    half = {name: {"state": "solved"} for name in chapter.exercises[: len(chapter.exercises) // 2]}
    shares = re.findall(r"--share:(\d+)%", progress._maps(progress.rows([chapter], half)))
    assert int(shares[0]) == round(100 * len(half) / len(chapter.exercises)) and set(shares[1:]) == {"0"}
    monkeypatch.setattr(progress.files, "workbook_folder", lambda: tmp_path)
    monkeypatch.setattr(solved, "read", lambda where: half)
    monkeypatch.setattr(progress, "display", lambda note: print(note.page))
    progress.onward(1)
    said = capsys.readouterr().out
    assert f"--share:{shares[0]}%" in said and 'href="02_scoring_functions.ipynb">→' in said
    progress.onward(7)
    assert 'href="00_start_here.ipynb">←' in capsys.readouterr().out
