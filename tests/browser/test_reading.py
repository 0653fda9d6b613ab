"""Notebooks as pages to read in the course's JupyterLab: the first view in sight, a measure for prose, no sideways
scrolling, folded code in the margin."""

import shutil

import nbformat
import pytest
from browser.jupyterlab_driver import Sheet, Watched
from helpers.waiting import contains, until

from course_kit import files, notebook_names
from course_tools.authoring import building
from course_tools.classroom import workbook

pytestmark = pytest.mark.browser
LESSONS = [name for name in building.names() if not notebook_names.is_annex(name)]
COVER = 1  # the cell of the first lesson with its first view
HERE = "window.jupyterapp.shell.currentWidget"
OPEN = f"""async (path) => {{
    await window.jupyterapp.restored;
    if ({HERE}?.context) {{ await {HERE}.context.revert(); {HERE}.dispose(); }}
    await window.jupyterapp.commands.execute("docmanager:open",
      {{ path, kernelPreference: {{ shouldStart: false, canStart: false }} }}); }}"""
OPENED = f"path => {HERE}?.context?.path === path && {HERE}.context.isReady && !!{HERE}.content.widgets.length"
# where the first view begins and ends, and the window on the notebook, once all above it is set and it keeps its place
FIRST = f"""async () => {{
    const {{ content }} = {HERE};
    if (document.fonts.status !== "loaded") return null;
    const number = content.widgets.findIndex(({{ node }}) => node.querySelector(".course-view"));
    const above = content.widgets.slice(0, number + 1);
    const host = [...(above.at(-1)?.node.querySelectorAll(".course-view") ?? [])].find((view) => view.view);
    const comes = ({{ node }}) => !node.isConnected || node.querySelector(".jp-MarkdownOutput:empty");
    if (!host || above.some(comes)) return null;
    const places = new Set();
    for (let i = 0; i < 30; i++) {{
      await new Promise(requestAnimationFrame);
      const {{ top, bottom }} = host.getBoundingClientRect(), fold = content.outerNode.getBoundingClientRect().bottom;
      places.add(JSON.stringify({{ top, bottom, fold }}));
    }}
    return places.size > 1 ? null : JSON.parse([...places][0]);
  }}"""
LINES = f"""() => {{ const found = [];
    for (const p of {HERE}.node.querySelectorAll(".jp-MarkdownOutput > p")) {{
      const range = document.createRange();
      range.selectNodeContents(p);
      const lines = new Set([...range.getClientRects()].map((box) => Math.round(box.bottom / 12)));
      if (!p.querySelector("mjx-container, code") && lines.size > 3) found.push(p.innerText.length / lines.size);
    }}
    return found; }}"""
SIDEWAYS = f"() => {HERE}.content.outerNode.scrollWidth - {HERE}.content.outerNode.clientWidth"


UNTRUSTED = "untrusted"
STOP = """area => area.insertAdjacentHTML('beforeend', '<div class="jp-OutputArea-child">' +
    '<div class="jp-OutputArea-output"><p class="course-stopped">■ Stopped by hand.</p></div></div>')"""
ASLEEP = f"""() => {{ // how many views are not alive, and whether there are several
    const hosts = [...{HERE}.node.querySelectorAll(".course-view")];
    return [hosts.filter((host) => !host.view).length, hosts.length > 2]; }}"""


def cells_of(name):
    return nbformat.read(files.course_folder() / "notebooks" / f"{name}.ipynb", as_version=4).cells


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
def shown(browser, lab):
    """shown(lesson, width, height) -> its Sheet and a function that says where its first view is, in a JupyterLab with
    its list of files.

    The server has trusted copies of the lessons, and one that nobody trusts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_DATA_DIR", str(lab.folder.parent / "data_dir"))
        for name in LESSONS:
            shutil.copyfile(files.course_folder() / "notebooks" / f"{name}.ipynb", lab.folder / f"{name}.ipynb")
            workbook.trust(lab.folder / f"{name}.ipynb")
    untrusted(lab.folder / f"{UNTRUSTED}.ipynb")
    watched = Watched(browser, lab.base)
    watched.page.set_viewport_size({"width": 560, "height": 900})
    watched.page.goto(f"{lab.base}/lab?token={lab.token}")
    watched.page.wait_for_function("window.jupyterapp?.shell?.leftCollapsed")  # it is narrow
    watched.page.evaluate("window.jupyterapp.shell.expandLeft()")  # a reader's to unfold

    def open_lesson(name, width, height):
        watched.page.set_viewport_size({"width": width, "height": height})
        watched.page.evaluate(OPEN, f"{name}.ipynb")
        until(lambda: watched.page.evaluate(OPENED, f"{name}.ipynb"))
        return Sheet(watched.page), lambda: watched.page.evaluate(FIRST)

    yield open_lesson
    watched.context.close()
    assert watched.left == [], "requests left the machine"


def begins_high(first):
    """True of a first view that begins at most 500 px from the top of the window."""
    return first and first["top"] <= 500


@pytest.mark.parametrize("name", LESSONS)
def test_the_first_view_is_in_sight_prose_has_a_measure_and_a_narrow_page_does_not_scroll_sideways(shown, name):
    sheet, first = shown(name, 1440, 900)
    until(first, begins_high)
    until(lambda: sheet.page.evaluate(LINES), lambda characters: characters and max(characters) < 85)
    sheet.page.set_viewport_size({"width": 560, "height": 900})
    until(first)
    until(lambda: sheet.page.evaluate(SIDEWAYS), 0)


def test_an_outline_at_the_left_of_a_view_is_whole(shown):
    sheet, first = shown(LESSONS[0], 1280, 800)
    until(first)
    room = "host => host.getBoundingClientRect().left - host.closest('.jp-RenderedHTML').getBoundingClientRect().left"
    until(lambda: sheet.cell(COVER).find(".course-view").evaluate(room), lambda left: left >= 4)


def test_the_cover_is_whole_above_the_fold_and_its_code_is_a_word_in_the_margin_that_unfolds(shown):
    for size in ((1440, 900), (1280, 800)):
        sheet, first = shown(LESSONS[0], *size)
        until(first, lambda seen: seen and seen["bottom"] <= seen["fold"])
    top = until(first)["top"]
    code = sheet.cell(COVER).find(".jp-Placeholder-content")
    until(code.bounding_box, lambda box: box and box["y"] >= top)  # it takes no room of its own
    code.click()
    until(first, lambda seen: seen and seen["top"] > top)


@pytest.mark.parametrize("width", [1440, pytest.param(560, marks=pytest.mark.weekly)])
def test_views_that_nobody_trusts_are_shown_and_nothing_of_their_notebook_runs(shown, width):
    sheet, first = shown(UNTRUSTED, width, 900)
    until(first, begins_high)
    until(lambda: sheet.page.evaluate(ASLEEP), [0, True])
    cover = sheet.cell(COVER)
    cover.find("[data-control=attention][value=off]").check()
    until(cover.find("[data-testid=french]").inner_text, contains("fatigué."))
    assert sheet.page.evaluate("window.ran") is None


def test_on_a_dark_ground_prose_has_the_lighter_colours_of_the_views(shown):
    sheet, _ = shown(LESSONS[0], 1280, 800)
    colours = """() => Object.fromEntries([...document.querySelectorAll(".jp-MarkdownOutput b[style]")].map(
      (e) => [e.textContent, getComputedStyle(e).color]))"""
    sheet.whole()
    light = until(lambda: sheet.page.evaluate(colours), lambda seen: len(seen) >= 4)
    theme = "(name) => window.jupyterapp.commands.execute('apputils:change-theme', { theme: name })"
    try:
        sheet.page.evaluate(theme, "JupyterLab Dark")
        dark = until(lambda: sheet.page.evaluate(colours), lambda seen: not light.items() & seen.items())
        assert dark["queries"] == "rgb(242, 166, 94)"
    finally:
        sheet.page.evaluate(theme, "JupyterLab Light")


FOLDED = f"""() => {HERE}.content.widgets.filter((cell) => cell.node.querySelector(":scope > .course-fold")).length"""
# of a view: whether it is a still, below its title
TYPED = """(keys) => { // in one moment, however busy the machine is
  for (const key of keys) {
    const letter = { key, keyCode: key.toUpperCase().charCodeAt(0), bubbles: true, cancelable: true };
    document.activeElement.dispatchEvent(new KeyboardEvent("keydown", letter));
  } }"""
UNSEEN = "view => view.checkVisibility() ? Boolean(view.closest('[inert]')) : null"


def test_what_follows_a_guess_is_folded_until_it_is_made_or_shown_or_all_is_run(shown):
    """JupyterLab puts a cell into the page when the machine has time; what it holds is there before."""
    name = LESSONS[1]
    sheet, _ = shown(name, 1280, 900)
    tags = [cell.metadata.get("tags", ()) for cell in cells_of(name)]
    guesses = [number for number, own in enumerate(tags) if "predict" in own and "card" not in tags[number + 1]]
    first, second, after = (sheet.cell(number) for number in (*guesses[:2], guesses[0] + 1))
    most, view = len(guesses), after.find(".course-view")

    def folded():
        return sheet.page.evaluate(FOLDED)

    until(folded, most)
    until(lambda: view.evaluate(UNSEEN))
    after.find(".jp-OutputArea >> nth=0").evaluate(STOP)
    until(after.find(".course-stopped").is_visible)
    at = f"""({{ dataset }}) => {{
      const notebook = {HERE}.content;
      Object.assign(notebook, {{ activeCellIndex: Number(dataset.windowedListIndex), mode: "command" }});
      notebook.activeCell.node.focus(); }}"""
    here = f"() => [{HERE}.content.activeCellIndex, {HERE}.content.mode]"
    after.evaluate(at)
    sheet.page.keyboard.press("Enter")  # leads to the guess, and opens nothing that is held back
    assert sheet.page.evaluate(here) == [guesses[0], "command"]
    after.evaluate(at)  # as Shift+Enter leaves it
    count = f"() => {HERE}.content.widgets.length"
    sheet.page.evaluate(TYPED, "ba")  # b answers; a, so soon, adds no cell
    until(lambda: view.evaluate(UNSEEN), False)
    until(folded, most - 1)
    first.evaluate(at)  # and no letter adds one at the guess
    sheet.page.keyboard.press("b")
    assert sheet.page.evaluate(count) == len(cells_of(name))
    shown(name, 700, 900)  # opened again
    until(folded, most - 1)
    second.find('role=button[name="show"]').click()
    until(folded, most - 2)
    sheet.page.evaluate(f"{HERE}.setFragment('#average-pooling')")  # a link from another notebook: its cell is active
    section = next(number for number, cell in enumerate(cells_of(name)) if 'id="average-pooling"' in cell.source)
    until(lambda: sheet.page.evaluate(here), [section, "command"])
    # the last test: a dialog asks for a kernel now
    sheet.page.evaluate("void window.jupyterapp.commands.execute('notebook:run-all-cells')")
    until(folded, 0)
