"""The course's JupyterLab: a notebook with a live view of each sort, run once and used by most tests; and chapters.

Of the chapters one is opened for every change, all once a week. nbval runs each unsolved for every change, with the
same functions; tests/notebooks/test_exercises_in_cells.py solves each exercise.
"""

import nbformat
import pytest
from browser.jupyterlab_driver import Notebook
from helpers.cells import assert_solved, solved
from helpers.waiting import contains, differs, settle, stays, until

from course_tools.authoring import building

pytestmark = pytest.mark.browser
LIVE = """
import ipywidgets, torch
from chapters.ch01 import labs
from course_kit.views.live import live
g = torch.Generator().manual_seed(0)
keys = torch.rand(30, generator=g) * 5
lab = live(labs.bandwidth(keys, keys.sin()))
heard = []
lab.observe(lambda change: heard.append(change["new"]), "width")
lab"""
LINKED = """
s = ipywidgets.FloatSlider(min=.1, max=5, value=1, description='width')
link = ipywidgets.jslink((s, 'value'), (lab, 'width'))
s"""
HEADS = """
from course_kit.views.heads import heads
from course_kit.views.view import at
weights = [torch.softmax(torch.randn(1, 4, 6, 6), -1) for _ in range(2)]
knocked = heads(weights, list("abcdef"), select=(2, 3), layer=0, live=True)
def hear(change):
    even = torch.full((1, 4, 6, 6), 1 / 6)
    answer = heads([even, even], list("abcdef"), select=(2, 3), layer=0, title=f"without {change.new}")
    knocked.replace(at(answer, knocked=change.new))
knocked.observe(hear, "knocked")
knocked"""
TALK = """
from functools import partial
from chapters.ch09 import sums
from chapters.ch08.labs import replies
replies(["1 + 2"], {"yours": partial(sums.asked, sums.fresh())}, live=True)"""
OWN = """
from course_kit.decoding import translate
from course_kit.checkpoints import load_checkpoint
from course_kit.views.alignment import alignment
from course_kit.views.live import live
loaded = load_checkpoint('transformer-grammar')
live(alignment(translate(loaded, "The animal was too tired.", beam=1)[0], model=loaded))"""
BUSY = """
import pathlib, time
for step in range(1_000_000_000):
    if pathlib.Path("go").exists():
        break
    time.sleep(0.02)
heatmap([[1.0]])"""
ANSWER = """
from chapters.ch00 import exercise
@exercise("weighted average")
def average(weights, values):
    return None"""
SOURCES = {
    "setup": "import course_kit\nruntime = course_kit.setup()",
    "live": LIVE, "linked": LINKED,
    "still": "from course_kit.views import heatmap\nheatmap([[.5, .5], [0, 1.]])",
    "heads": HEADS, "talk": TALK, "own": OWN, "busy": BUSY, "answer": ANSWER,
    "bare": "ipywidgets.IntSlider(description='n')",
    "right": "assert lab", "wrong": "assert not lab",
}  # fmt: skip
ALWAYS = building.names(("01_nadaraya_watson_annex",))
CHAPTERS = [pytest.param(name, marks=() if name in ALWAYS else pytest.mark.weekly) for name in building.names()]
VIEWS = ("live", "still", "heads", "talk", "own")
THEME = "async name => { await window.jupyterapp.commands.execute('apputils:change-theme', { theme: name }); }"
INK = "host => host.view && getComputedStyle(host.shadowRoot.querySelector('.view')).getPropertyValue('--text')"
LIGHT_TEXT, DARK_TEXT = "#1b2430", "#e6ebf1"  # of shared/theme.js
COMPOSED = "e => e.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', isComposing: true, bubbles: true }))"
STATE, NUMBERS = "host => host.view.state", "host => host.view.numbers()"


def write(lab, name, *made):
    notebook = nbformat.v4.new_notebook(cells=list(made), metadata={"kernelspec": building.KERNEL})
    nbformat.write(notebook, lab.folder / name)


@pytest.fixture(scope="module")
def nb(browser, lab):
    """The notebook, run to its last cell, which fails."""
    folded = {"tags": ["asserts"], "jupyter": {"source_hidden": True}}
    made = [nbformat.v4.new_code_cell(source, metadata=folded if source.startswith("assert") else {})
            for source in SOURCES.values()]  # fmt: skip
    write(lab, "views.ipynb", *made)
    (lab.folder / "go").touch()
    opened = Notebook(browser, lab, "views.ipynb")
    assert opened.run() == [[len(SOURCES) - 1, "AssertionError", ""]]
    yield opened
    opened.shut_down()
    opened.watched.context.close()
    assert opened.watched.left == [], "requests left the machine"


def cell(nb, name):
    """A cell of the notebook."""
    return nb.cell(list(SOURCES).index(name))


def view(nb, name):
    """The view of a cell once it is alive."""
    shown = cell(nb, name).find(".course-view")
    until(lambda: shown.evaluate("host => !!host.view"))
    return shown


def test_an_output_is_data(nb):
    for one in nb.cells():
        for output in one["outputs"]:
            said = output.get("data", {})
            assert len(str(said)) < 30_000 and "DecompressionStream" not in str(said) and "image/png" not in said


def test_themes_repaint_views_on_the_screen_and_off_it(nb):
    for name, ink in (("Light", LIGHT_TEXT), ("Dark", DARK_TEXT), ("Light", LIGHT_TEXT)):
        nb.page.evaluate(THEME, f"JupyterLab {name}")
        for shown in VIEWS:
            until(lambda shown=shown: cell(nb, shown).find(".course-view").evaluate(INK), ink)


def test_python_hears_when_the_hand_lets_go_and_can_move_the_view(nb):
    shown = view(nb, "live")
    shown.find("[type=range][data-control=width]").focus()
    before = int(nb.ask("print(len(heard))"))  # the link has set it
    for number in (1, 2):
        nb.page.keyboard.press("ArrowRight")
        until(lambda number=number: nb.ask("print(len(heard))"), f"{before + number}\n")
    nb.ask("lab.width = 3.0")
    until(lambda: shown.evaluate(STATE)["width"], pytest.approx(3, abs=0.001))
    until(lambda: nb.ask("print(lab.state['width'])"), "3.0\n")


def test_jslink_moves_the_view_without_the_kernel(nb):
    before = view(nb, "live").evaluate(STATE)["width"]
    cell(nb, "linked").find(".noUi-handle").focus()
    nb.page.keyboard.press("ArrowRight")
    until(lambda: view(nb, "live").evaluate(STATE)["width"], differs(before))


def test_a_view_gets_other_numbers_from_python(nb):
    """The button marks the head, the kernel hears which, and its answer replaces the weights."""
    shown = view(nb, "heads")
    knock, said = shown.find("[data-testid=knock]"), shown.find("[data-testid=readout]")
    knock.click()
    until(lambda: shown.evaluate(STATE)["knocked"], [[0, 0]])
    until(lambda: nb.ask("print(knocked.knocked)"), "[[0, 0]]\n")
    until(shown.find("text=without [[0, 0]]").count)
    until(said.inner_text, contains("0.167"))
    until(knock.inner_text, "bring it back")
    knock.click()
    until(shown.find("text=without []").count)


def test_a_question_is_answered_and_enter_of_an_input_method_asks_nothing(nb):
    shown = view(nb, "talk")
    field = shown.find("role=textbox[name=/Your question:/]")
    field.fill("what?")
    field.evaluate(COMPOSED)
    field.fill("3 + 4")
    field.press("Enter")
    until(shown.find("role=button[name=/3 [+] 4/]").count)
    until(shown.find("role=button[name=/what[?]/]").count, 0)
    until(shown.find("[data-testid=pieces]").inner_text, contains("0"))


def test_shortcuts_of_jupyterlab_do_not_fire_inside_a_view(nb):
    shown = view(nb, "still")
    shown.find("role=grid >> nth=0").focus()
    for key in ["b", "a", "d", "d", "ArrowDown", "ArrowRight"]:
        nb.page.keyboard.press(key)
    until(lambda: len(nb.cells()), len(SOURCES))
    until(lambda: shown.evaluate(STATE)["row"], 1)


def test_in_a_view_escape_leaves_it_tab_goes_on_shift_enter_runs_its_cell_and_i_i_stops(nb, lab):
    shown, place = view(nb, "live"), list(SOURCES).index("live")
    field = shown.find("[type=range][data-control=width]")
    focus = "cell => document.activeElement === cell"
    for name, part in (("live", field), ("talk", view(nb, "talk").find("role=textbox[name=/Your question:/]"))):
        part.focus()
        nb.page.keyboard.press("Escape")
        until(lambda name=name: seen(nb, name, focus))
    shown.find(".more summary").focus()
    for look in (focus, "cell => document.activeElement === cell.querySelector('.noUi-handle')"):
        nb.page.keyboard.press("Tab")  # to the next cell, and into it
        until(lambda look=look: seen(nb, "linked", look))
    count = "number => window.jupyterapp.shell.currentWidget.content.widgets[number].model.executionCount"
    before = nb.page.evaluate(count, place)
    field.focus()
    nb.page.keyboard.press("Shift+Enter")
    until(lambda: nb.page.evaluate(ACTIVE), place + 1)
    until(lambda: nb.page.evaluate(count, place), lambda now: now and now > before)
    view(nb, "live")
    hide = "number => window.jupyterapp.shell.currentWidget.content.widgets[number].inputHidden = true"
    nb.page.evaluate(hide, place)
    nb.page.keyboard.press("ArrowUp")
    until(lambda: nb.page.evaluate(ACTIVE), place)
    go = lab.folder / "go"
    go.unlink()
    try:
        nb.page.evaluate(RUN, [list(SOURCES).index("busy")])
        until(cell(nb, "busy").find(".course-clock").count)
        field.focus()
        nb.page.keyboard.press("i")
        nb.page.keyboard.press("i")
        until(cell(nb, "busy").find(".course-stopped").count)
        until(lambda: nb.page.evaluate(ACTIVE), list(SOURCES).index("busy"))
    finally:
        go.touch()
    until(cell(nb, "busy").find(".course-clock").count, 0)


def test_the_plugin_is_asked_for_each_time(nb):
    """A course that was updated does not meet an old one."""
    url = "/lab/extensions/attention-course/static/place.js"
    assert nb.page.evaluate(f"async () => (await fetch('{url}')).headers.get('Cache-Control')") == "no-cache"


def test_the_palette_has_the_way_back(nb):
    nb.command("apputils:activate-command-palette")
    nb.page.keyboard.type("resume here")
    until(nb.find(".lm-CommandPalette-item").all_inner_texts, contains("Resume here"))
    nb.page.keyboard.press("Escape")


RUN = """names => { const { commands, shell } = window.jupyterapp, notebook = shell.currentWidget.content;
    for (const name of names) { notebook.activeCellIndex = name; void commands.execute("notebook:run-cell"); } }"""
OUT_OF_SIGHT = """cell => { const scroller = cell.closest(".jp-WindowedPanel-outer");
    scroller.scrollTop += cell.querySelector(".jp-InputArea").getBoundingClientRect().bottom - innerHeight; }"""
IN_SIGHT = """card => { const box = card.getBoundingClientRect();
    const room = card.closest(".jp-WindowedPanel-outer").getBoundingClientRect();
    return room.top <= box.top && box.bottom <= room.bottom; }"""


def seen(nb, name, look):
    """What a function of a cell's node gives as it stands: nothing is brought into sight, nothing waited for."""
    node = "window.jupyterapp.shell.currentWidget.content.widgets[number].node"
    return nb.page.evaluate(f"number => ({look})({node})", list(SOURCES).index(name))


def test_a_picture_stays_until_the_new_one_is_there_and_a_stopped_cell_says_so(nb, lab):
    """Also of a cell that waited behind the one that was stopped, and never ran."""
    go, busy, still = lab.folder / "go", (nb, "busy"), (nb, "still")
    high = "cell => cell.querySelector('.jp-Cell-outputWrapper').getBoundingClientRect().height"
    stays, clocks, views = (
        f"cell => cell.querySelectorAll('{one}').length"
        for one in (".course-stays", ".course-clock", ".course-view:not(.course-stays *)")
    )
    view(*still)
    height = until(lambda: seen(*still, high), lambda now: now > 100)
    same = pytest.approx(height, abs=1)
    for stopped in (False, True):
        go.unlink()
        try:
            nb.page.evaluate(RUN, [list(SOURCES).index(name) for name in ("busy", "still")])
            if stopped:  # at once: the kernel may not have begun
                nb.command("notebook:interrupt-kernel")
                until(lambda: seen(*still, stays), 0)
                until(lambda: seen(*still, "cell => cell.innerText"), contains("Not run: a cell before this one"))
            else:
                until(lambda: seen(*still, stays), 1)
                until(lambda: seen(*still, views), 0)
                until(lambda: seen(*still, high), same)
                until(lambda: seen(*busy, clocks), 1)
        finally:
            go.touch()
        until(lambda: seen(*still, stays), 0)
        view(*still)
        until(lambda: seen(*still, high), same)
        until(lambda: seen(*busy, clocks), 0)
    said = "cell => [...cell.querySelectorAll('.jp-OutputArea-output')].map(one => one.textContent).join()"
    until(lambda: seen(*busy, said), contains("Stopped by hand, in round"))
    until(lambda: seen(*busy, views), 1)


@pytest.mark.parametrize(("name", "shown"), [("answer", ".course-card"), ("still", ".course-view")])
def test_a_verdict_and_a_view_come_into_sight(nb, name, shown):
    session = "window.jupyterapp.shell.currentWidget.sessionContext"
    nb.page.evaluate(f"{session}.statusChanged.emit('restarting')")  # what it shows is of an earlier kernel
    assert seen(nb, name, "cell => cell.dataset.earlier").startswith("From an earlier kernel")
    cell(nb, name).evaluate(OUT_OF_SIGHT)
    seen(nb, name, f"cell => cell.querySelector('{shown}').remove()")
    nb.page.evaluate(RUN, [list(SOURCES).index(name)])
    there = f"cell => [...cell.querySelectorAll('{shown}:not(.course-stays *)')].map({IN_SIGHT})"
    until(lambda: seen(nb, name, there), [True])
    assert not seen(nb, name, "cell => cell.dataset.earlier")


def test_a_cell_of_asserts_is_seen_only_when_it_fails(nb):
    until(cell(nb, "wrong").is_visible)
    until(nb.find(".course-asserts").count, 2)
    until(cell(nb, "right").is_visible, False)


def answered(nb, text, words):
    """Types a sentence into the alignment and waits until the page has translated it."""
    shown = view(nb, "own")
    shown.find("details.typed").evaluate("e => { e.open = true; }")
    shown.find("role=textbox[name=/Your own sentence/]").fill(text)
    nb.page.keyboard.press("Enter")
    until(lambda: shown.evaluate(NUMBERS)["tokens"][: len(words)], words)


ACTIVE = "() => window.jupyterapp.shell.currentWidget.content.activeCellIndex"


def test_saved_and_opened_again_the_views_are_there(nb):
    """A sentence is answered by the page, kernel or none. The next morning: nothing run. No dead widget, the HTML shell
    stands in and answers."""
    answered(nb, "The dog was tired.", ["le", "chien", "était", "fatigué", "."])
    nb.save()
    nb.shut_down()
    answered(nb, "The cat was tired.", ["le", "chat"])
    place = nb.page.evaluate(ACTIVE)
    nb.open()
    until(lambda: nb.page.evaluate(ACTIVE), place)
    until(nb.find("role=alert >> text=The kernel is a new one").count)
    until(nb.find('role=alert >> role=button[name="Resume here"]').count)
    shown = view(nb, "live")
    shown.find("[type=range][data-control=width]").focus()
    before = shown.evaluate(STATE)["width"]
    nb.page.keyboard.press("ArrowRight")
    until(lambda: shown.evaluate(STATE)["width"], differs(before))
    for name in VIEWS[1:]:
        view(nb, name)
    until(cell(nb, "bare").find("text=Run this cell again").count, 1)
    until(nb.find("text=Error displaying widget").count, 0)


@pytest.mark.parametrize("name", CHAPTERS)
def test_it_opens_with_its_pictures_and_solved_runs_is_ticked_and_accessible(notebook, violations, tmp_path, name):
    """Before anything is run every view shows its picture or itself, and no widget is dead. Then run all: no cell
    raises, nothing leaves the machine, axe finds nothing wrong in our views, each answer has its ✓."""
    path = tmp_path / f"{name}.ipynb"
    nbformat.write(solved(name), path)
    nb = notebook(path)
    nb.whole()
    until(nb.find(".jp-OutputArea img, .course-view canvas").count)
    stays(nb.find("text=Error displaying widget").count, 0)
    assert nb.run() == []
    assert_solved(name, nb.cells())
    until(nb.find(".jp-OutputArea .course-view").count)
    assert violations(nb.page, ".jp-OutputArea .course-view") == []
    assert [e for e in nb.watched.errors if "course" in e] == []


@pytest.mark.weekly
def test_runs_of_a_cell_leave_nothing_behind(notebook):
    both = "display(labs.softmax([1., 2.]))\nlive(labs.softmax([1., 2.]))"
    nb = notebook("again", ["from chapters.ch01 import labs\nfrom course_kit.views.live import live", both])
    assert nb.run() == []
    cdp = nb.watched.context.new_cdp_session(nb.page)
    cdp.send("Performance.enable")

    def count():
        for _ in range(3):
            cdp.send("HeapProfiler.collectGarbage")
        metrics = {m["name"]: m["value"] for m in cdp.send("Performance.getMetrics")["metrics"]}
        comms = "import ipywidgets\nprint(len(ipywidgets.widgets.widget._instances))"
        return metrics["JSEventListeners"], metrics["Nodes"], int(nb.ask(comms))

    run_first = """async times => { const panel = window.jupyterapp.shell.currentWidget.content;
        for (let i = 0; i < times; i++) { panel.activeCellIndex = 1;
          await window.jupyterapp.commands.execute('notebook:run-cell'); } }"""
    nb.page.evaluate(run_first, 5)
    settle(nb.page)
    listeners, nodes, comms = count()
    nb.page.evaluate(run_first, 50)
    most = (listeners * 1.05 + 20, nodes * 1.1 + 200, comms)
    until(count, lambda seen: seen[2] == comms and all(a <= b for a, b in zip(seen, most, strict=True)))
