"""What CONTRIBUTING.md shows runs, and what it lists is all that there is."""

import re
import textwrap
from dataclasses import fields

import pytest
from cells import texts

from course_kit import files, lessons
from course_kit.exercises.define import Exercise
from course_tools.authoring import building
from course_tools.authoring.rules import pattern, text
from course_tools.authoring.rules.names import names
from course_tools.authoring.rules.notebook import Notebook

ROOT = files.course_folder()
GUIDE = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
SEARCHED = ["README.md", "CHANGELOG.md", *(f"{room}/**/*" for room in ("course_kit", "course_tools", "docs", "deploy"))]
SEARCHED += ["notebooks/source/00_*.py", "data/results/*.json"]


@pytest.fixture
def example(course):
    """The cells that it shows as one source -> the folder it is in."""
    blocks = re.findall(r"^   ```python\n(.*?)^   ```", GUIDE, re.S | re.M)
    assert len(blocks) == 2
    return course("01_example", "\n".join(map(textwrap.dedent, blocks)))


def test_its_example_runs_as_the_cells_of_a_notebook(example):
    notebook = building.read_source("01_example", example)
    building.execute(notebook, "CONTRIBUTING.md", example)
    assert "○ gaussian kernel: not solved yet" in "".join(texts(notebook.cells[-1]))
    bound = set().union(*(names(cell.source)[0] for cell in notebook.cells if cell.cell_type == "code"))
    assert {"again", "hint", "solution"} <= bound, "every verdict leads to them"


def test_its_example_keeps_the_rules_of_layout(example):
    notebook = Notebook("01_example", example)
    assert [found for rule in text.RULES for found in rule(notebook)] == []


def test_every_file_that_names_the_last_chapter_is_listed_for_the_next():
    last = [name for name in building.names() if not lessons.is_annex(name)][-1]
    listed = set(re.findall(r"`([\w./-]+)`", section("A new chapter also touches")))
    found = {
        path for pattern in SEARCHED for path in ROOT.glob(pattern) if path.suffix in {".md", ".py", ".json", ".j2"}
    }
    naming = {path.relative_to(ROOT).as_posix() for path in found if last in path.read_text("utf-8")}
    assert naming and naming <= listed
    assert all((ROOT / path).exists() for path in listed if "/" in path)


def section(head):
    return re.search(rf"^### {head}\n(.*?)^##", GUIDE, re.S | re.M)[1]


def test_its_sizes_are_those_of_the_rules():
    said = re.search(r"Sizes of a lesson, at most: (.*?)\. There", GUIDE)[1].replace(",", "")
    limits = [pattern.WORDS, pattern.CELLS, pattern.EXERCISES, pattern.GUESSES, pattern.DEFINITION, pattern.OTHER]
    assert [int(number) for number in re.findall(r"\d+", said)] == [*limits, pattern.WIDTH]


def test_its_tags_are_those_that_are_known():
    said = set(re.search(r"Tags: `([\w -]+)`", GUIDE)[1].split())
    assert said | {"workbook", "shows"} == text.TAGS


@pytest.mark.parametrize("field", [field.name for field in fields(Exercise)])
def test_every_field_of_an_exercise_is_explained(field):
    assert re.search(rf"\b{field}\b", Exercise.__doc__)
