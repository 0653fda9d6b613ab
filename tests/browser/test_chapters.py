"""Every chapter in a real JupyterLab: run from the first cell to the last, and opened as it was committed."""

import pathlib
import time

import pytest

pytestmark = pytest.mark.browser
ROOT = pathlib.Path(__file__).resolve().parents[2]
SOURCES = {p.stem for p in (ROOT / "notebooks" / "source").glob("*.py")}
CHAPTERS = sorted(p for p in (ROOT / "notebooks").glob("[0-9]*.ipynb") if p.stem in SOURCES)


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda p: p.stem)
def test_chapter_runs_and_is_accessible(notebook, violations, path):
    """Run all: no cell raises, nothing leaves the machine, axe finds nothing wrong in our views."""
    nb = notebook(path)
    start = time.monotonic()
    assert nb.run() == []
    print(f"{path.stem}: {time.monotonic() - start:.0f} s in the browser")
    nb.page.wait_for_timeout(500)
    assert nb.page.locator(".jp-OutputArea .course-view").count() > 0
    assert violations(nb.page, ".jp-OutputArea .course-view") == []
    assert [e for e in nb.watched.errors if "course" in e] == []


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda p: p.stem)
def test_chapter_as_committed_shows_its_pictures(notebook, path):
    """Opened without running anything: every view shows its picture or itself, and no widget is dead."""
    nb = notebook(path)
    nb.page.wait_for_timeout(1500)
    assert nb.page.get_by_text("Error displaying widget").count() == 0
    assert nb.page.locator(".jp-OutputArea img").count() + nb.page.locator(".course-view canvas").count() > 0
