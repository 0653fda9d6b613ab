"""The chapter that CONTRIBUTING.md shows, file by file, is one that works."""

import re
import shutil
import sys
import textwrap

import nbformat
import pytest
from helpers.cells import texts

import chapters
from course_kit import files
from course_kit.exercises import registry
from course_kit.exercises.judge import judge
from course_tools.authoring import building
from course_tools.authoring.rules import text
from course_tools.authoring.rules.names import names
from course_tools.authoring.rules.notebook import Notebook

ROOT = files.course_folder()
GUIDE = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
NAME = "10_averages"


@pytest.fixture
def shown(tmp_path, monkeypatch):
    """The files that it shows, in a folder like notebooks/, beside which is their chapter -> that folder."""
    written = re.findall(r"^\d\. `([\w/.]+)`[^\n]*\n\n   ```python\n(.*?)^   ```", GUIDE, re.S | re.M)
    assert [place for place, _ in written] == [
        f"notebooks/source/{NAME}.py",
        "chapters/ch10/__init__.py",
        "chapters/ch10/exercises/__init__.py",
    ]
    for place, code in written:
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_text(textwrap.dedent(code), encoding="utf-8")
    shutil.copy(building.folder() / "source" / "00_start_here.py", tmp_path / "notebooks" / "source")  # it is linked
    registry.load()  # else a chapter imported meanwhile is known to this test alone
    monkeypatch.setattr(registry, "KNOWN", dict(registry.KNOWN))
    monkeypatch.setattr(registry, "CHAPTERS", list(registry.CHAPTERS))
    monkeypatch.setattr(chapters, "__path__", [*chapters.__path__, str(tmp_path / "chapters")])
    yield tmp_path / "notebooks"
    for name in [name for name in sys.modules if name.startswith("chapters.ch10")]:
        del sys.modules[name]
        vars(chapters).pop("ch10", None)


def test_its_chapter_runs_as_the_cells_of_a_notebook(shown):
    notebook = building.read_source(NAME, shown)
    finds = f"import chapters\nchapters.__path__.append({str(shown.parent / 'chapters')!r})"
    notebook.cells.insert(0, nbformat.v4.new_code_cell(finds))
    building.execute(notebook, "CONTRIBUTING.md", shown)
    assert "○ plain average: not solved yet" in "".join(said for cell in notebook.cells for said in texts(cell))
    bound = set().union(*(names(cell.source)[0] for cell in notebook.cells if cell.cell_type == "code"))
    assert {"again", "hint", "solution"} <= bound, "every verdict leads to them"


def test_its_chapter_keeps_the_rules_of_layout(shown):
    notebook = Notebook(NAME, shown)
    assert [found for rule in text.RULES for found in rule(notebook)] == []


def test_its_exercise_knows_the_right_answer_and_the_wrong_one(shown):
    notebook = building.read_source(NAME, shown)
    assert notebook.cells
    task = registry.find("plain average")
    assert judge(task, task.reference).right
    (wrong,) = task.wrong
    assert judge(task, wrong.answer).text == wrong.hint
