"""The committed notebooks are what their sources produce; and the test of that notices when they are not."""

import json
import re

import pytest

from course_tools.authoring import building

SMALL = """\
    # %% [markdown]
    # # Hello

    # %% tags=["lab"]
    print("first")

    # %%
    print("one")

    # %%
    print("one")
"""
WIDGET = """\
    # %%
    import ipywidgets
    ipywidgets.IntSlider()
"""


def test_is_what_its_source_says(notebook_name):
    problems = building.drift(notebook_name)
    assert not problems, "\n" + "\n".join(problems)


@pytest.fixture
def built(course, build):
    folder = course("01_small", SMALL)
    build("01_small", folder)
    return folder


def test_two_builds_are_the_same_bytes_and_leave_the_notebook_alone(course):
    """What a cell saves is not left; a widget's words stay, and not the widget, which lives as long as its kernel."""
    folder = course("01_small", f"{SMALL}\n    # %%\n    open('model.pt', 'w').write('3')\n\n{WIDGET}")
    building.build("01_small", folder)
    before = (folder / "01_small.ipynb").read_bytes()
    building.build("01_small", folder)
    assert (folder / "01_small.ipynb").read_bytes() == before and building.drift("01_small", folder) == []
    assert sorted(path.name for path in folder.iterdir()) == ["01_small.ipynb", "source", "stamps"]
    notebook = json.loads(before)
    assert notebook["cells"][-1]["outputs"][0]["data"].keys() == {"text/plain", "text/html"}
    assert "widgets" not in notebook["metadata"]


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
        (lambda nb: nb["cells"][1].update(source=["print('two')"]),
         "differs in its source: it was changed in the note"),
        (lambda nb: nb["cells"][1]["metadata"].update(tags=["check"]), "differs in its metadata"),
        (lambda nb: nb["cells"][1].update(id="another"), "differs in its id"),
        (lambda nb: nb["cells"][1]["outputs"][0].update(text=["1\n"]), "an output is not what the build wrote"),
        (lambda nb: nb["cells"].pop(0), "cell 1 ('# Hello') is in the source alone"),
        (lambda nb: nb["cells"].insert(1, nb["cells"][0] | {"source": ["More"], "id": "more"}),
         "'More' is in the notebook alone"),
        (lambda nb: nb["metadata"].update(widgets={}), "the notebook's metadata differ"),
    ],
)  # fmt: skip
def test_every_kind_of_drift_is_noticed(built, change, said):
    path = built / "01_small.ipynb"
    notebook = json.loads(path.read_text("utf-8"))
    change(notebook)
    path.write_text(json.dumps(notebook), encoding="utf-8")
    (problem,) = building.drift("01_small", built)
    assert said in problem
    assert re.search(r"Run `course notebooks (--text )?01_small`", problem)


def test_another_layout_of_the_file_is_noticed(built):
    path = built / "01_small.ipynb"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8"))), encoding="utf-8")
    assert "layout" in building.drift("01_small", built)[0]


def test_a_notebook_not_built_is_noticed(course):
    assert "is missing" in building.drift("01_small", course("01_small", SMALL))[0]


def test_names_may_be_shortened_and_unknown_ones_are_answered(course):
    folder = course("01_small", SMALL)
    course("02_other", SMALL)
    course("01_small_annex", SMALL)
    assert building.names((), folder) == ["01_small", "01_small_annex", "02_other"], "the lesson before its annex"
    assert building.names(["01"], folder) == ["01_small", "01_small_annex"]
    assert building.names(["01_small"], folder) == ["01_small"], "a whole name means one"
    assert building.names(["02", "01_small_annex"], folder) == ["01_small_annex", "02_other"]
    assert building.names(["notebooks/02_other.ipynb"], folder) == ["02_other"]
    with pytest.raises(ValueError, match="starts with '9'.*01_small, 01_small_annex, 02_other"):
        building.names(["9"], folder)


def rewrite(folder, old, new, name="01_small"):
    source = folder / "source" / f"{name}.py"
    text = source.read_text("utf-8")
    assert old in text
    source.write_text(text.replace(old, new), encoding="utf-8")


def test_changed_text_is_carried_over_and_nothing_is_run(built, monkeypatch):
    before = json.loads((built / "01_small.ipynb").read_text("utf-8"))
    rewrite(built, "# # Hello", "# # Goodbye")
    (problem,) = building.drift("01_small", built)
    assert "cell 1 ('# Goodbye') differs in its source. Run `course notebooks --text 01_small`" in problem
    monkeypatch.setattr(building, "execute", lambda *_: pytest.fail("it ran"))
    assert building.carry_text("01_small", built) == []
    after = json.loads((built / "01_small.ipynb").read_text("utf-8"))
    assert after["cells"][0]["source"] == ["# Goodbye"]
    assert after["cells"][1:] == before["cells"][1:], "code cells keep their outputs"
    assert building.drift("01_small", built) == []


def test_what_is_carried_over_is_what_a_build_would_write(built, build):
    rewrite(built, "    # %% [markdown]\n".lstrip(), '# %% [markdown] slideshow={"slide_type": "slide"}\n')
    rewrite(built, "# # Hello\n", "# # Hello\n\n# %% [markdown]\n# More of it\n")
    rewrite(built, '# %%\nprint("one")\n', '# %% tags=["lab"]\nprint("one")\n\n# %% [markdown]\n# Moved\n\n')
    assert building.carry_text("01_small", built) == []
    carried = (built / "01_small.ipynb").read_bytes()
    build("01_small", built)
    assert (built / "01_small.ipynb").read_bytes() == carried


def test_changed_code_is_not_carried_over_but_named(built):
    before = (built / "01_small.ipynb").read_bytes()
    rewrite(built, "# # Hello", "# # Goodbye")
    rewrite(built, 'print("first")', 'print("two")')
    (problem,) = building.carry_text("01_small", built)
    assert """the code of 'print("two")' is new or changed""" in problem and "needs a build" in problem
    assert (built / "01_small.ipynb").read_bytes() == before


def test_an_output_written_by_hand_is_not_carried_over(built):
    path = built / "01_small.ipynb"
    path.write_text(path.read_text("utf-8").replace('"one\\n"', '"won\\n"'), encoding="utf-8")
    assert "an output is not what the build wrote" in building.carry_text("01_small", built)[0]
