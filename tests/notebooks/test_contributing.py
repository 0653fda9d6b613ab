"""What CONTRIBUTING.md shows runs, and what it lists is all that there is."""

import re
import textwrap

import pytest
from cells import texts

from course_kit import files
from course_tools.authoring import building
from course_tools.authoring.rules import text
from course_tools.authoring.rules.names import names
from course_tools.authoring.rules.notebook import Notebook

ROOT = files.course_folder()
GUIDE = (ROOT / "CONTRIBUTING.md").read_text("utf-8")


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
