"""Chapters in a real JupyterLab: opened with their committed outputs, then run, solved, to the last cell.

One of them for every change, all of them once a week. nbval runs each unsolved for every change, with the same
functions; tests/notebooks/test_exercises_in_cells.py solves each exercise.
"""

import time

import nbformat
import pytest
from cells import assert_solved, solved
from waiting import stays, until

from course_tools.authoring import building

pytestmark = pytest.mark.browser
ALWAYS = building.names(("01",))[:1]
CHAPTERS = [pytest.param(name, marks=() if name in ALWAYS else pytest.mark.weekly) for name in building.names()]


@pytest.mark.parametrize("name", CHAPTERS)
def test_it_opens_with_its_pictures_and_solved_runs_is_ticked_and_accessible(notebook, violations, tmp_path, name):
    """Before anything is run every view shows its picture or itself, and no widget is dead. Then run all: no cell
    raises, nothing leaves the machine, axe finds nothing wrong in our views, each answer has its ✓."""
    path = tmp_path / f"{name}.ipynb"
    nbformat.write(solved(name), path)
    nb = notebook(path)
    until(lambda: nb.page.locator(".jp-OutputArea img").count() + nb.page.locator(".course-view canvas").count() > 0)
    stays(nb.page.get_by_text("Error displaying widget").count, 0, seconds=1)
    start = time.monotonic()
    assert nb.run() == []
    print(f"{name}: {time.monotonic() - start:.0f} s in the browser")
    assert_solved(name, nb.cells())
    until(lambda: nb.page.locator(".jp-OutputArea .course-view").count() > 0)
    assert violations(nb.page, ".jp-OutputArea .course-view") == []
    assert [e for e in nb.watched.errors if "course" in e] == []
