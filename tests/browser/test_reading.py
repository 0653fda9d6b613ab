"""Notebooks as pages to read in the course's JupyterLab: the first view in sight, a measure for prose, no sideways
scrolling, folded code in the margin."""

import shutil

import nbformat
import pytest
from jupyterlab_driver import Lab, Watched
from waiting import settle, until

from course_kit import files, lessons
from course_tools.authoring import building
from course_tools.classroom import workbook

pytestmark = pytest.mark.browser
LESSONS = [name for name in building.names() if not lessons.is_annex(name)]
HERE = "window.jupyterapp.shell.currentWidget"
OPEN = f"""async (path) => {{
    await window.jupyterapp.restored;
    if ({HERE}?.context) {{ await {HERE}.context.revert(); {HERE}.dispose(); }}
    await window.jupyterapp.commands.execute("docmanager:open",
      {{ path, kernelPreference: {{ shouldStart: false, canStart: false }} }}); }}"""
# where the first view is, once four readings in a row are the same: fonts, style sheets and formulas have come
FIRST = f"""async (path) => {{
    const frame = () => new Promise((done) => requestAnimationFrame(done));
    for (let last = "", same = 0; ; ) {{
      for (let i = 0; i < 10; i++) await frame();
      const node = {HERE}?.context?.path === path && {HERE}.context.isReady ? {HERE}.node : null;
      const host = [...(node?.querySelectorAll(".course-view") ?? [])].find((view) => view.view);
      const box = host?.getBoundingClientRect();
      const ready = box?.height && !node.querySelector(".jp-MarkdownOutput:empty");
      const now = ready ? JSON.stringify([box.top, box.bottom]) : "";
      same = now && now === last ? same + 1 : 0;
      if (same > 2) return {{ top: box.top, bottom: box.bottom }};
      last = now;
    }} }}"""
LINES = f"""() => {{ const found = [];
    for (const p of {HERE}.node.querySelectorAll(".jp-MarkdownOutput > p")) {{
      const range = document.createRange();
      range.selectNodeContents(p);
      const lines = new Set([...range.getClientRects()].map((box) => Math.round(box.bottom / 12)));
      if (!p.querySelector("mjx-container, code") && lines.size > 3) found.push(p.innerText.length / lines.size);
    }}
    return found; }}"""
SIDEWAYS = f"""() => {{ const panel = {HERE}.node.querySelector(".jp-WindowedPanel-outer");
    return panel.scrollWidth - panel.clientWidth; }}"""


UNTRUSTED = "untrusted"


def untrusted(path):
    """A copy of the first lesson that was not signed, with a script of its own in each view."""
    notebook = nbformat.read(files.course_folder() / "notebooks" / f"{LESSONS[0]}.ipynb", as_version=4)
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            if "course-view" in (made := output.get("data", {}).get("text/html", "")):
                run = "<script>window.ran = true</script><img src='x' onerror='window.ran = true'>"
                output.data["text/html"] = made.replace('<div class="course-view">', f'<div class="course-view">{run}')
    nbformat.write(notebook, path)


@pytest.fixture(scope="module")
def shown(browser, tmp_path_factory):
    """shown(lesson, width, height) -> its page and where its first view is, in a JupyterLab with its list of files.

    The server has trusted copies of the lessons, and one that nobody trusts."""
    folder = tmp_path_factory.mktemp("reading")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_DATA_DIR", str(folder / "data_dir"))
        server = Lab(folder)
        for name in LESSONS:
            shutil.copyfile(files.course_folder() / "notebooks" / f"{name}.ipynb", server.folder / f"{name}.ipynb")
            workbook.trust(server.folder / f"{name}.ipynb")
        untrusted(server.folder / f"{UNTRUSTED}.ipynb")
        watched = Watched(browser, server.base)
        watched.page.set_viewport_size({"width": 560, "height": 900})
        watched.page.goto(f"{server.base}/lab?token={server.token}")
        watched.page.wait_for_function("window.jupyterapp?.shell?.leftCollapsed", timeout=120_000)  # it is narrow
        watched.page.evaluate("window.jupyterapp.shell.expandLeft()")  # a reader's to unfold

        def open_lesson(name, width, height):
            watched.page.set_viewport_size({"width": width, "height": height})
            watched.page.evaluate(OPEN, f"{name}.ipynb")
            return watched.page, watched.page.evaluate(FIRST, f"{name}.ipynb")

        yield open_lesson
        watched.context.close()
        server.close()
    assert watched.left == [], "requests left the machine"


@pytest.mark.parametrize("name", LESSONS)
def test_the_first_view_is_in_sight_prose_has_a_measure_and_a_narrow_page_does_not_scroll_sideways(shown, name):
    page, first = shown(name, 1440, 900)
    assert first["top"] <= 500, f"the first view begins at {first['top']:.0f} px"
    lines = until(lambda: page.evaluate(LINES), lambda seen: len(seen) > 0)
    assert max(lines) < 85, "characters in a line"
    page.set_viewport_size({"width": 560, "height": 900})
    settle(page)
    until(lambda: page.evaluate(SIDEWAYS), 0)


def test_the_cover_is_whole_above_the_fold_and_its_code_is_a_word_in_the_margin_that_unfolds(shown):
    for size in ((1440, 900), (1280, 800)):
        page, first = shown(LESSONS[0], *size)
        panel = page.locator(".jp-WindowedPanel-outer").bounding_box
        until(panel, lambda seen: first["bottom"] <= seen["y"] + seen["height"])
    code = page.locator(".jp-CodeCell:has(.course-view) .jp-Placeholder-content").first
    assert until(code.bounding_box)["y"] >= first["top"], "it takes no room of its own"
    code.click()
    until(lambda: page.evaluate(FIRST, f"{LESSONS[0]}.ipynb")["top"], lambda now: now > first["top"])


@pytest.mark.parametrize("width", [1440, pytest.param(560, marks=pytest.mark.weekly)])
def test_views_that_nobody_trusts_are_shown_and_nothing_of_their_notebook_runs(shown, width):
    page, first = shown(UNTRUSTED, width, 900)
    assert first["top"] <= 500
    hosts = page.locator(".course-view")
    until(hosts.count, lambda count: count > 2)  # those near the screen; the others come when one scrolls to them
    until(lambda: hosts.evaluate_all("all => all.filter((one) => !one.view).length"), 0)
    page.locator("[data-control=attention][value=off]").first.check()
    until(page.get_by_test_id("french").first.inner_text, lambda said: "fatigué." in said)
    assert page.evaluate("window.ran") is None


def test_on_a_dark_ground_prose_has_the_lighter_colours_of_the_views(shown):
    page, _ = shown(LESSONS[0], 1280, 800)
    colours = """() => Object.fromEntries([...document.querySelectorAll(".jp-MarkdownOutput b[style]")].map(
      (e) => [e.textContent, getComputedStyle(e).color]))"""
    light = until(lambda: page.evaluate(colours))
    assert len(light) >= 4
    theme = "(name) => window.jupyterapp.commands.execute('apputils:change-theme', { theme: name })"
    try:
        page.evaluate(theme, "JupyterLab Dark")
        dark = until(lambda: page.evaluate(colours), lambda seen: seen["queries"] == "rgb(242, 166, 94)")
        assert all(dark[word] != colour for word, colour in light.items())
    finally:
        page.evaluate(theme, "JupyterLab Light")


FOLDED = f"""() => {HERE}.content.widgets.filter((cell) => cell.node.querySelector(":scope > .course-fold")).length"""
TO_THE_GUESS = f"""() => {{ const {{ content }} = {HERE};
    const guesses = (cell) => cell.model.getMetadata("tags")?.includes("predict");
    return content.scrollToItem(content.widgets.findIndex(guesses), "start"); }}"""

AFTER_THE_GUESS = f"""() => {{ const {{ widgets }} = {HERE}.content;
    const guess = widgets.findIndex((cell) => cell.model.getMetadata("tags")?.includes("predict"));
    const view = widgets[guess + 1].node.querySelector(".course-view"); // a still, below its title
    return view?.checkVisibility() ? !view.closest("[inert]") : null; }}"""


def test_what_follows_a_guess_is_folded_until_it_is_made_or_shown_or_all_is_run(shown):
    """JupyterLab puts a cell into the page when it comes near the screen; what it holds is there before."""
    name = LESSONS[1]
    page, _ = shown(name, 1280, 900)
    cells = nbformat.read(files.course_folder() / "notebooks" / f"{name}.ipynb", as_version=4).cells
    most = sum("predict" in cell.metadata.get("tags", ()) for cell in cells)
    until(lambda: page.evaluate(FOLDED), most)
    page.evaluate(TO_THE_GUESS)
    until(lambda: page.evaluate(AFTER_THE_GUESS), lambda shown: shown is False)
    page.locator(".jp-Cell:has(> .course-fold) .course-view label").first.click()
    until(lambda: page.evaluate(AFTER_THE_GUESS))
    until(lambda: page.evaluate(FOLDED), most - 1)
    page, _ = shown(name, 700, 900)  # opened again
    until(lambda: page.evaluate(FOLDED), most - 1)
    page.evaluate(TO_THE_GUESS)
    page.get_by_role("button", name="show", exact=True).first.click()
    until(lambda: page.evaluate(FOLDED), most - 2)
    # the last test: a dialog asks for a kernel now
    page.evaluate("void window.jupyterapp.commands.execute('notebook:run-all-cells')")
    until(lambda: page.evaluate(FOLDED), 0)
