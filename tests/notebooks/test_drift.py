"""The committed notebooks are what their sources produce; and the test of that notices when they are not."""

import json

import pytest

from course_tools.authoring import building

SMALL = """\
    # %% [markdown]
    # # Hello

    # %% tags=["lab"]
    print("one")

    # %%
    print("one")

    # %%
    print("one")
"""


def test_is_what_its_source_says(notebook_name):
    problems = building.drift(notebook_name)
    assert not problems, "\n" + "\n".join(problems)


@pytest.fixture
def built(course):
    folder = course("01_small", SMALL)
    building.build("01_small", folder)
    return folder


def test_two_builds_are_the_same_bytes(built):
    before = (built / "01_small.ipynb").read_bytes()
    building.build("01_small", built)
    assert (built / "01_small.ipynb").read_bytes() == before
    assert building.drift("01_small", built) == []


def test_the_source_counts_as_the_newer_of_the_pair(built):
    """Else jupytext answers 400 when an author opens the notebook that was just built."""
    source, notebook = built / "source" / "01_small.py", built / "01_small.ipynb"
    assert source.stat().st_mtime_ns >= notebook.stat().st_mtime_ns


def test_ids_of_equal_cells_differ_and_are_valid(built):
    cells = json.loads((built / "01_small.ipynb").read_text("utf-8"))["cells"]
    ids = [cell["id"] for cell in cells]
    assert len(set(ids)) == len(ids) == 4
    assert all(len(name) <= 64 and name.replace("-", "").isalnum() for name in ids)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda nb: nb["cells"][1].update(source=["print('two')"]),
            "differs in its source: it was changed in the note",
        ),
        (lambda nb: nb["cells"][1]["metadata"].update(tags=["check"]), "differs in its metadata"),
        (lambda nb: nb["cells"][1].update(id="another"), "differs in its id"),
        (lambda nb: nb["cells"][1]["outputs"][0].update(text=["1\n"]), "an output is not what the build wrote"),
        (lambda nb: nb["cells"].pop(), "the source has 4 cells, the notebook 3"),
        (lambda nb: nb["metadata"].update(widgets={}), "the notebook's metadata differ"),
    ],
)
def test_every_kind_of_drift_is_noticed(built, change, said):
    path = built / "01_small.ipynb"
    notebook = json.loads(path.read_text("utf-8"))
    change(notebook)
    path.write_text(json.dumps(notebook), encoding="utf-8")
    problems = building.drift("01_small", built)
    assert said in problems[0]
    assert "course notebooks 01_small" in problems[0]


def test_a_compared_cell_is_named_by_what_it_does(course):
    folder = course("01_marked", '# %% tags=["nbval-check-output"]\nprint("one")\n')
    building.build("01_marked", folder)
    source = folder / "source" / "01_marked.py"
    source.write_text(source.read_text("utf-8").replace("one", "two"), encoding="utf-8")
    assert """cell 1 ('print("two")')""" in building.drift("01_marked", folder)[0]


def test_a_source_that_was_changed_after_the_build_is_told_apart(built):
    source = built / "source" / "01_small.py"
    source.write_text(source.read_text("utf-8").replace("# # Hello", "# # Goodbye"), encoding="utf-8")
    (problem,) = building.drift("01_small", built)
    assert "cell 1 ('# Goodbye') differs in its source: the source was changed, and the notebook is older" in problem


def test_another_layout_of_the_file_is_noticed(built):
    path = built / "01_small.ipynb"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8"))), encoding="utf-8")
    assert "layout" in building.drift("01_small", built)[0]


def test_a_notebook_not_built_is_noticed(course):
    assert "is missing" in building.drift("01_small", course("01_small", SMALL))[0]


def test_a_cell_that_raises_stops_the_build_and_is_named(course):
    folder = course("01_wrong", "# %%\nfine = 1\n\n# %%\nkey = fine / 0\n")
    with pytest.raises(building.BuildError) as caught:
        building.build("01_wrong", folder)
    message = str(caught.value)
    assert "notebooks/source/01_wrong.py, cell 2 ('key = fine / 0')" in message
    assert "ZeroDivisionError" in message
    assert "\x1b" not in message
    assert not (folder / "01_wrong.ipynb").exists()


def test_widgets_leave_the_built_notebook_but_not_their_words(course):
    folder = course("01_widget", "# %%\nimport ipywidgets\nipywidgets.IntSlider()\n")
    building.build("01_widget", folder)
    notebook = json.loads((folder / "01_widget.ipynb").read_text("utf-8"))
    assert notebook["cells"][0]["outputs"][0]["data"].keys() == {"text/plain", "text/html"}
    assert "widgets" not in notebook["metadata"]


def test_names_may_be_shortened_and_unknown_ones_are_answered(course):
    folder = course("01_small", SMALL)
    course("02_other", SMALL)
    assert building.names(["01"], folder) == ["01_small"]
    assert building.names(["notebooks/02_other.ipynb"], folder) == ["02_other"]
    assert building.names((), folder) == ["01_small", "02_other"]
    with pytest.raises(ValueError, match="starts with '9'.*01_small, 02_other"):
        building.names(["9"], folder)
