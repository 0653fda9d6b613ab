"""Notebooks as pages to read in the course's JupyterLab: the first view in sight, a measure for prose, no sideways
scrolling, and one look for light and dark."""

import secrets
import shutil

import pytest
from jupyterlab_driver import Lab, Watched
from waiting import until

from course_kit import files
from course_tools.authoring import building
from course_tools.classroom import workbook

pytestmark = pytest.mark.browser
LESSONS = [name for name in building.names() if not name.endswith("_annex")]
NOTEBOOK = ".jp-WindowedPanel-outer"
KERNEL = "window.jupyterapp?.shell?.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"
FIRST = """() => { const host = [...document.querySelectorAll('.jp-Notebook .course-view')].find((e) => e.view);
    const box = host?.getBoundingClientRect();
    return box?.height ? { top: box.top, bottom: box.bottom } : null; }"""
# two readings in a row that are the same: fonts, style sheets and formulas have come
STILL = f"""async () => {{ const read = {FIRST}, frame = () => new Promise((done) => requestAnimationFrame(done));
    for (let last = "", same = 0; ; ) {{
      for (let i = 0; i < 10; i++) await frame();
      const now = JSON.stringify(read());
      same = now === last && now !== "null" && !document.querySelector(".jp-MarkdownCell.jp-mod-unrendered") ? same + 1 : 0;
      if (same > 2) return read();
      last = now;
    }} }}"""
LINES = """() => { const found = [];
    for (const p of document.querySelectorAll(".jp-MarkdownOutput > p")) {
      const range = document.createRange();
      range.selectNodeContents(p);
      const lines = new Set([...range.getClientRects()].map((box) => Math.round(box.bottom / 12)));
      if (!p.querySelector("mjx-container, code") && lines.size > 3) found.push(p.innerText.length / lines.size);
    }
    return found; }"""


@pytest.fixture(scope="module")
def course_lab(tmp_path_factory):
    """A server with the course's plugin as it is here, over trusted copies of the lessons."""
    folder = tmp_path_factory.mktemp("reading")
    plugin = files.course_folder() / "course_tools" / "classroom" / "jupyter" / "labextension"
    shutil.copytree(plugin, folder / "share" / "labextensions" / "attention-course")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_PATH", str(folder / "share"))
        patch.setenv("JUPYTER_DATA_DIR", str(folder / "data_dir"))
        server = Lab(folder)
        for name in LESSONS:
            shutil.copyfile(files.course_folder() / "notebooks" / f"{name}.ipynb", server.folder / f"{name}.ipynb")
            workbook.trust(server.folder / f"{name}.ipynb")
        yield server
    server.close()


@pytest.fixture
def opened(browser, course_lab):
    """opened(name, width, height) -> the page of JupyterLab that shows this lesson, with its list of files."""
    pages = []

    def open_page(name, width, height):
        watched = Watched(browser, course_lab.base)
        pages.append(watched)
        watched.page.set_viewport_size({"width": width, "height": height})
        place = f"lab/workspaces/{secrets.token_hex(4)}/tree/{name}.ipynb?token={course_lab.token}"
        watched.page.goto(f"{course_lab.base}/{place}")
        watched.page.wait_for_function(KERNEL, timeout=120_000)
        return watched.page

    yield open_page
    for one in pages:
        one.page.evaluate("async () => await window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")
        one.context.close()
        assert one.left == [], "requests left the machine"


@pytest.mark.parametrize("name", LESSONS)
def test_the_first_view_is_in_sight_and_prose_has_a_measure(opened, name):
    page = opened(name, 1440, 900)
    first = page.evaluate(STILL)
    assert first["top"] <= 500, f"the first view begins at {first['top']:.0f} px"
    lines = until(lambda: page.evaluate(LINES), lambda seen: len(seen) > 0)
    assert max(lines) < 85, "characters in a line"


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (1280, 800)])
def test_the_cover_is_whole_above_the_fold(opened, width, height):
    page = opened(LESSONS[0], width, height)
    first = page.evaluate(STILL)
    assert first["bottom"] <= page.locator(NOTEBOOK).evaluate("e => e.getBoundingClientRect().bottom")


def test_folded_code_is_a_word_in_the_margin_that_unfolds(opened):
    page = opened(LESSONS[0], 1280, 800)
    top = page.evaluate(STILL)["top"]
    code = page.locator(".jp-CodeCell:has(.course-view) .jp-Placeholder-content").first
    assert until(code.bounding_box)["y"] >= top, "it takes no room of its own"
    code.click()
    until(lambda: page.evaluate(FIRST)["top"], lambda now: now > top)
