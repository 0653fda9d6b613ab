"""What a source names is written out by the build: definitions, examples of exercises, minutes."""

import json

import pytest

import course_kit.exercises
from course_kit.exercises import registry
from course_tools.authoring import building
from course_tools.classroom.presenting import excerpt

SHELF = '''\
def double(x: Float[Tensor, "B"]) -> Float[Tensor, "B"]:
    """Twice as much."""
    return base(x) * 2


def half(x):
    return base(x) / 2
'''
SOURCE = """\
    # %%
    def base(x):
        return x + 1

    # %% tags=["definition", "nbval-check-output"]
    # shelf: double, half

    # %%
    print(double(1), half(1))
"""


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    """A module like those of course_utils, as the text of its file."""
    monkeypatch.syspath_prepend(tmp_path)
    path = tmp_path / "shelf.py"
    path.write_text(SHELF, encoding="utf-8")
    return path


@pytest.fixture
def built(course, build, shelf):
    folder = course("01_small", SOURCE)
    build("01_small", folder)
    return folder


def cells_of(folder):
    return json.loads((folder / "01_small.ipynb").read_text("utf-8"))["cells"]


def test_definitions_are_on_the_page_and_run_with_what_the_reader_wrote(built):
    cell, shown = cells_of(built)[1:]
    assert "".join(cell["source"]) == (
        'def double(x):\n    """Twice as much.\n    x [B] -> [B]"""\n    return base(x) * 2\n\n\n'
        "def half(x):\n    return base(x) / 2"
    )
    assert shown["outputs"][0]["text"] == ["4 1.0\n"]
    assert building.drift("01_small", built) == []


def test_a_definition_that_changed_in_the_library_is_named(built, shelf):
    shelf.write_text(SHELF.replace("* 2", "* 2.0"), encoding="utf-8")
    (problem,) = building.drift("01_small", built)
    assert "cell 2 ('def double(x):') differs in its source. Run" in problem
    assert "Run `course notebooks 01_small`" in problem
    assert "the code of 'def double(x):' is new or changed" in building.carry_text("01_small", built)[0]


@pytest.mark.parametrize(
    ("named", "said"),
    [("# shelf: double, third", "shelf defines no 'third'. It defines: double, half."),
     ("# shelves: double", "There is no module 'shelves'."), ("double = 2", "'double = 2' names no definition.")],
)  # fmt: skip
def test_what_is_not_there_stops_the_build(course, shelf, named, said):
    folder = course("01_small", SOURCE.replace("# shelf: double, half", named))
    with pytest.raises(building.BuildError) as caught:
        building.build("01_small", folder)
    assert "notebooks/source/01_small.py, cell 2" in str(caught.value) and said in str(caught.value)


def test_an_unknown_exercise_is_named_with_its_cell(course, example):
    example("double(2) -> 4")
    folder = course("01_small", "# %% [markdown]\n# <!-- example: no such exercise -->\n")
    with pytest.raises(building.BuildError, match=r"01_small.py, cell 1: .*no such exercise"):
        building.read_source("01_small", folder)


@pytest.fixture
def example(monkeypatch):
    """example(text): what every exercise says is its example."""

    def say(text):
        def told(name):
            return text if registry.find(name) else ""

        monkeypatch.setattr(course_kit.exercises, "example_text", told, raising=False)

    return say


def test_an_example_comes_from_its_exercise_and_is_carried_over_when_that_changes(course, build, example):
    example("double(2) -> 4")
    folder = course("01_small", "# %% [markdown]\n# A task.\n#\n# <!-- example: gaussian kernel -->\n\n# %%\n1 + 1\n")
    build("01_small", folder)
    text = "".join(cells_of(folder)[0]["source"])
    assert text == "A task.\n\nIt should do this:\n\n```text\ndouble(2) -> 4\n```"
    example("double(3) -> 6")
    (problem,) = building.drift("01_small", folder)
    assert "differs in its source" in problem and "--text" in problem
    assert building.carry_text("01_small", folder) == []
    assert "double(3) -> 6\n" in cells_of(folder)[0]["source"]


def test_a_cell_that_begins_with_the_courses_answer_is_tagged(course):
    marker = "# <!-- solution: gaussian kernel -->\n"
    (cell,) = building.read_source("01_small", course("01_small", f"# %% [markdown]\n{marker}#\n# Text.\n")).cells
    assert cell.metadata["tags"] == ["solution"] and "def gaussian_kernel(" in excerpt.answered(cell)
    with pytest.raises(building.BuildError, match="cell 1: .*is inside a cell"):
        building.read_source("01_small", course("01_small", f"# %% [markdown]\n# Text.\n#\n{marker}"))


def test_minutes_are_counted_in_the_source_and_written_where_it_says(course):
    folder = course("01_small", f"# %% [markdown]\n# *<!-- minutes -->*\n\n# %% [markdown]\n# {'word ' * 1100}\n")
    assert building.read_source("01_small", folder).cells[0].source == "*10 minutes alone, 10 live.*"


@pytest.mark.parametrize(("name", "said"), [("01_small", " (not in class)"), ("01_small_annex", "")])
def test_a_section_that_a_class_leaves_out_says_so(course, name, said):
    source = '# %% [markdown]\n# ## One\n# Text.\n\n# %% [markdown] tags=["core"]\n# ## Two\n'
    cells = building.read_source(name, course(name, source)).cells
    assert [cell.source for cell in cells] == [f"## One{said}\nText.", "## Two"]
