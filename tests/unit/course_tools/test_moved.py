"""Places that links name: each one of an earlier edition is still there, or the table says where it has gone."""

import json
from pathlib import Path

import pytest
import small_course

from course_tools.authoring import building
from course_tools.classroom import moved, saving

EARLIER = json.loads((Path(__file__).parents[2] / "anchors.json").read_text("utf-8"))  # of edition 0.3.0
ALL = [(name, place) for name, places in EARLIER.items() for place in places]


@pytest.fixture(scope="module")
def there():
    """{notebook: its places, as its source has them}"""
    cells = {name: building.read_source(name).cells for name in building.names()}
    texts = {name: [x.source for x in found if x.cell_type == "markdown"] for name, found in cells.items()}
    return {name: {place for text in every for place in moved.of_text(text)} for name, every in texts.items()}


def test_every_earlier_place_leads_somewhere(there):
    """One that is gone needs an entry in notebooks/moved.json: {"05_transformer": {"old": "NOTEBOOK#new"}}."""
    assert len(ALL) > 400
    known = {name: there.get(name, set()) | moved.gone(name, there).keys() for name in EARLIER}
    lost = [f"{name}#{place}" for name, place in ALL if place not in known[name]]
    assert lost == []


def test_what_the_table_says_is_true(there):
    """It leads to places that there are, and has none that is where it was."""
    for name in EARLIER:
        for old, new in moved.gone(name, there).items():
            notebook, _, place = new.partition("#")
            assert place in there[notebook], (
                f"notebooks/moved.json leads from {name}#{old} to {new}, which is not there"
            )
        assert not there.get(name, set()) & moved.table().get(name, {}).keys()


def test_what_has_gone_to_the_annex_is_found_there(tmp_path, monkeypatch):
    small_course.make(tmp_path, monkeypatch)
    found = moved.places(small_course.LESSON)
    assert found["gone"] == "02_small_annex.ipynb#gone" and found["Deeper:-a-small-zoo"].endswith("#A-small-zoo")
    assert found["ffn"] == "02_small_annex.ipynb#gone" and "here" not in found
    others = {name: moved.places(name) for name in ("07_gpt", "07_gpt_annex")}
    assert moved.places(small_course.ANNEX) == {}
    assert moved.everywhere() == {small_course.LESSON: found} | {name: led for name, led in others.items() if led}


def test_a_link_with_straight_quotes_leads_to_the_heading_that_has_curly_ones():
    there = {"02_small": ["What-does-“it”-do?", "One"], "02_small_annex": ["A-model’s-end"]}
    found = moved.gone("02_small", there)
    assert found['What-does-"it"-do?'] == "02_small#What-does-“it”-do?" and "One" not in found
    assert found["A-model's-end"] == found["Deeper:-a-model's-end"] == "02_small_annex#A-model’s-end"


def test_places_of_a_text():
    text = "## A `b` *c*?\n<a id=\"d\"></a><a id='e'></a>\n```\n# code\n```\n### Exercise 1 ●○○ · 3 minutes\n"
    assert set(moved.of_text(text)) == {"A-b-c?", "d", "e"}


def test_jupyterlab_is_told(tmp_path, monkeypatch):
    import asyncio
    from types import SimpleNamespace

    small_course.make(tmp_path, monkeypatch)
    hooks = SimpleNamespace(register_pre_save_hook=lambda hook: None)
    server = SimpleNamespace(contents_manager=hooks, web_app=SimpleNamespace(settings={}))
    asyncio.run(saving._start_jupyter_server_extension(server))
    assert server.web_app.settings["page_config_data"]["courseMoved"] == moved.everywhere()
    (tmp_path / "notebooks" / "moved.json").write_text("{")
    asyncio.run(saving._start_jupyter_server_extension(server))
