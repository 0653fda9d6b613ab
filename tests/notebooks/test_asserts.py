"""Cells tagged `asserts` are in the source: the build runs them, and readers do not get them."""

import json

import pytest

from course_tools.authoring import building

SOURCE = """\
    # %%
    score = 0.9667

    # %% jupyter={"source_hidden": true} tags=["asserts"]
    # a comment above
    assert score > 0.9 and abs(score - LIMIT) < 0.005

    # %%
    print(score)
"""


@pytest.fixture
def built(course, build):
    folder = course("01_small", SOURCE.replace("LIMIT", "0.9667"))
    build("01_small", folder)
    return folder


def test_readers_get_none_and_their_cells_are_counted_without_gaps(built):
    cells = json.loads((built / "01_small.ipynb").read_text("utf-8"))["cells"]
    assert [cell["source"] for cell in cells] == [["score = 0.9667"], ["print(score)"]]
    assert [cell["execution_count"] for cell in cells] == [1, 2]
    assert building.drift("01_small", built) == []


def test_a_wrong_one_stops_the_build_and_shows_what_it_compared(course):
    folder = course("01_small", SOURCE.replace("LIMIT", "0.98"))
    with pytest.raises(building.BuildError) as caught:
        building.build("01_small", folder)
    message = str(caught.value)
    assert "notebooks/source/01_small.py, cell 2 ('# a comment above')" in message
    assert "AssertionError: assert (0.9667 > 0.9 and 0.01329" in message
    assert "= abs((0.9667 - 0.98))" in message
    assert "\x1b" not in message, "no colours of a terminal"
    assert not (folder / "01_small.ipynb").exists()


def test_a_notebook_that_an_author_saved_with_them_loses_them_without_a_build(built):
    path = built / "01_small.ipynb"
    wanted = path.read_bytes()
    notebook = json.loads(wanted)
    folded = {"jupyter": {"source_hidden": True}, "tags": ["asserts"]}
    notebook["cells"].insert(1, notebook["cells"][0] | {"metadata": folded, "source": ["assert score"], "id": "one"})
    del notebook["metadata"]["course"]
    path.write_text(json.dumps(notebook), encoding="utf-8")
    assert "`course notebooks --text 01_small`" in building.drift("01_small", built)[0]
    assert building.carry_text("01_small", built) == []
    assert path.read_bytes() == wanted
