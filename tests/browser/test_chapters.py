"""Every chapter in a real JupyterLab: solved, from the first cell to the last; and opened as it was committed."""

import time

import nbformat
import pytest
from cells import assert_solved, solved

from course_utils import authoring

pytestmark = pytest.mark.browser
CHAPTERS = authoring.names()


@pytest.mark.parametrize("name", CHAPTERS)
def test_solved_it_runs_is_ticked_and_accessible(notebook, violations, tmp_path, name):
    """Run all: no cell raises, nothing leaves the machine, axe finds nothing wrong in our views, each answer has its ✓.

    nbval runs the same notebook unsolved."""
    path = tmp_path / f"{name}.ipynb"
    nbformat.write(solved(name), path)
    nb = notebook(path)
    start = time.monotonic()
    assert nb.run() == []
    print(f"{name}: {time.monotonic() - start:.0f} s in the browser")
    assert_solved(name, nb.cells())
    nb.page.wait_for_timeout(500)
    assert nb.page.locator(".jp-OutputArea .course-view").count() > 0
    assert violations(nb.page, ".jp-OutputArea .course-view") == []
    assert [e for e in nb.watched.errors if "course" in e] == []


@pytest.mark.parametrize("name", CHAPTERS)
def test_chapter_as_committed_shows_its_pictures(notebook, name):
    """Opened without running anything: every view shows its picture or itself, and no widget is dead."""
    nb = notebook(authoring.folder() / f"{name}.ipynb")
    nb.page.wait_for_timeout(1500)
    assert nb.page.get_by_text("Error displaying widget").count() == 0
    assert nb.page.locator(".jp-OutputArea img").count() + nb.page.locator(".course-view canvas").count() > 0
