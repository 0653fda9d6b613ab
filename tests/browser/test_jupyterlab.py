"""The views in the course's JupyterLab: one notebook with a live view of each sort, run once and used by all tests."""

import nbformat
import pytest
from jupyterlab_driver import Notebook
from waiting import contains, differs, settle, until

pytestmark = pytest.mark.browser
LIVE = """
import ipywidgets, torch
from chapters.ch01 import labs
g = torch.Generator().manual_seed(0)
keys = torch.rand(30, generator=g) * 5
lab = labs.bandwidth(keys, keys.sin(), live=True)
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
SAMPLING = """
from chapters.ch07.labs import sampling
def then(ids):
    logits = torch.zeros(10)
    logits[(len(ids) + 4) % 10] = 30.0
    return logits
drawn = sampling(then([]), list("abcdefghij"), text="go", then=then, live=True)
drawn"""
TALK = """
from functools import partial
from chapters.ch09 import sums
from chapters.ch08.labs import replies
replies(["1 + 2"], {"yours": partial(sums.asked, sums.fresh())}, live=True)"""
OWN = """
from course_kit.decoding import translate
from course_kit.checkpoints import load_checkpoint
from course_kit.views.alignment import alignment
loaded = load_checkpoint('transformer-grammar')
alignment(translate(loaded, "The animal was too tired.", beam=1)[0], model=loaded, live=True)"""
BUSY = """
import pathlib, time
for step in range(1_000_000_000):
    if pathlib.Path("go").exists():
        break
    time.sleep(0.02)"""
ANSWER = """
from chapters.ch00 import exercise
@exercise("weighted average")
def average(weights, values):
    return None"""
SOURCES = {
    "setup": "import course_kit\nruntime = course_kit.setup()",
    "live": LIVE,
    "linked": LINKED,
    "still": "from course_kit.views import heatmap\nheatmap([[.5, .5], [0, 1.]])",
    "heads": HEADS,
    "sampling": SAMPLING,
    "talk": TALK,
    "own": OWN,
    "busy": BUSY,
    "answer": ANSWER,
    "bare": "ipywidgets.IntSlider(description='n')",
    "right": "assert lab",
    "wrong": "assert not lab",
}
VIEWS = ("live", "still", "heads", "sampling", "talk", "own")
SCROLL = "async index => { await window.jupyterapp.shell.currentWidget.content.scrollToItem(index); }"
THEME = "async name => { await window.jupyterapp.commands.execute('apputils:change-theme', { theme: name }); }"
INK = "host => host.view && getComputedStyle(host.shadowRoot.querySelector('.view')).getPropertyValue('--text')"
LIGHT_TEXT, DARK_TEXT = "#1b2430", "#e6ebf1"  # of shared/theme.js
STATE, NUMBERS = "host => host.view.state", "host => host.view.numbers()"


def write(lab, name, *made):
    notebook = nbformat.v4.new_notebook(cells=list(made))
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
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
    """A cell of the notebook, brought onto the screen."""
    number = list(SOURCES).index(name)
    nb.page.evaluate(SCROLL, number)
    return nb.page.locator(f".jp-Cell[data-windowed-list-index='{number}']")


def view(nb, name):
    """The view of a cell once it is alive."""
    shown = cell(nb, name).locator(".course-view")
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
            until(lambda shown=shown: cell(nb, shown).locator(".course-view").evaluate(INK), ink)


def test_python_hears_when_the_hand_lets_go_and_can_move_the_view(nb):
    shown = view(nb, "live")
    shown.locator("[type=range][data-control=width]").focus()
    before = int(nb.ask("print(len(heard))"))  # the link has set it
    for number in (1, 2):
        nb.page.keyboard.press("ArrowRight")
        until(lambda number=number: nb.ask("print(len(heard))"), f"{before + number}\n")
    nb.ask("lab.width = 3.0")
    until(lambda: shown.evaluate(STATE)["width"], pytest.approx(3, abs=0.001))
    until(lambda: nb.ask("print(lab.state['width'])"), "3.0\n")


def test_jslink_moves_the_view_without_the_kernel(nb):
    before = view(nb, "live").evaluate(STATE)["width"]
    cell(nb, "linked").locator(".noUi-handle").focus()
    nb.page.keyboard.press("ArrowRight")
    until(lambda: view(nb, "live").evaluate(STATE)["width"], differs(before))


def test_a_view_gets_other_numbers_from_python(nb):
    """The button marks the head, the kernel hears which, and its answer replaces the weights."""
    shown = view(nb, "heads")
    knock, said = shown.get_by_test_id("knock"), shown.get_by_test_id("readout")
    knock.click()
    shown.get_by_text("without [[0, 0]]").wait_for()
    until(said.inner_text, contains("0.167"))
    until(knock.inner_text, "bring it back")
    knock.click()
    shown.get_by_text("without []").wait_for()


def test_a_draw_is_written_and_python_answers(nb):
    shown = view(nb, "sampling")
    for written in ("goe", "goef", "goefg"):
        shown.get_by_role("button", name="draw", exact=True).click()
        until(shown.locator(".text").inner_text, contains(written))
    until(lambda: nb.ask("print(drawn.now.options['text'])"), contains("goefg"))


def test_a_question_is_answered_and_enter_of_an_input_method_asks_nothing(nb):
    shown = view(nb, "talk")
    field = shown.get_by_label("Your question:")
    field.fill("what?")
    field.evaluate(
        "e => e.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', isComposing: true, bubbles: true }))"
    )
    field.fill("3 + 4")
    field.press("Enter")
    shown.get_by_role("button", name="3 + 4").wait_for()
    until(shown.get_by_role("button", name="what?").count, 0)
    until(shown.get_by_test_id("pieces").inner_text, contains("0"))


def test_shortcuts_of_jupyterlab_do_not_fire_inside_a_view(nb):
    shown = view(nb, "still")
    shown.get_by_role("grid").first.focus()
    for key in ["b", "a", "d", "d", "ArrowDown", "ArrowRight"]:
        nb.page.keyboard.press(key)
    until(lambda: len(nb.cells()), len(SOURCES))
    until(lambda: shown.evaluate(STATE)["row"], 1)


RUN = """names => { const { commands, shell } = window.jupyterapp, notebook = shell.currentWidget.content;
    for (const name of names) { notebook.activeCellIndex = name; void commands.execute("notebook:run-cell"); } }"""
OUT_OF_SIGHT = """cell => { const scroller = cell.closest(".jp-WindowedPanel-outer");
    scroller.scrollTop += cell.querySelector(".jp-InputArea").getBoundingClientRect().bottom - innerHeight; }"""
IN_SIGHT = """card => { const box = card.getBoundingClientRect();
    const room = card.closest(".jp-WindowedPanel-outer").getBoundingClientRect();
    return room.top <= box.top && box.bottom <= room.bottom; }"""


def test_a_picture_stays_until_the_new_one_is_there_and_a_stopped_cell_says_so(nb, lab):
    """Also of a cell that waited behind the one that was stopped, and never ran."""
    shown, go = view(nb, "still"), lab.folder / "go"
    room, stays = cell(nb, "still").locator(".jp-Cell-outputWrapper"), cell(nb, "still").locator(".course-stays")
    height = until(lambda: room.bounding_box()["height"], lambda seen: seen > 100)
    same = pytest.approx(height, abs=1)
    for stopped in (False, True):
        go.unlink()
        try:
            nb.page.evaluate(RUN, [list(SOURCES).index(name) for name in ("busy", "still")])
            until(stays.count, 1)
            until(shown.count, 0)
            until(lambda: room.bounding_box()["height"], same)
            if stopped:
                until(cell(nb, "busy").locator(".course-clock").count, 1)
                nb.command("notebook:interrupt-kernel")
                until(stays.count, 0)
        finally:
            go.touch()
        until(stays.count, 0)
        view(nb, "still")
        until(lambda: room.bounding_box()["height"], same)
    said = cell(nb, "busy").locator(".jp-OutputArea-output")
    until(said.all_inner_texts, lambda seen: len(seen) == 1 and "Stopped by hand, in round" in seen[0])


def test_a_verdict_comes_into_sight(nb):
    answer = cell(nb, "answer")
    answer.evaluate(OUT_OF_SIGHT)
    answer.locator(".course-card").evaluate("card => card.remove()")
    nb.page.evaluate(RUN, [list(SOURCES).index("answer")])
    until(answer.locator(".course-card:not(.course-stays *)").count, 1)
    until(lambda: answer.locator(".course-card").evaluate_all(f"cards => cards.map({IN_SIGHT})"), [True])


def test_a_cell_of_asserts_is_seen_only_when_it_fails(nb):
    until(cell(nb, "wrong").is_visible)
    until(nb.page.locator(".course-asserts").count, 2)
    until(cell(nb, "right").is_visible, False)


def answered(nb, text, words):
    """Types a sentence into the alignment and waits until the page has translated it."""
    shown = view(nb, "own")
    shown.locator("details.typed").evaluate("e => { e.open = true; }")
    shown.get_by_role("textbox", name="Your own sentence").fill(text)
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
    notice = nb.page.get_by_role("alert").filter(has_text="The kernel is a new one")
    notice.get_by_role("button", name="Resume here").wait_for()
    shown = view(nb, "live")
    slider = shown.locator("[type=range][data-control=width]")
    slider.focus()
    before = shown.evaluate(STATE)["width"]
    nb.page.keyboard.press("ArrowRight")
    until(lambda: shown.evaluate(STATE)["width"], differs(before))
    for name in VIEWS[1:]:
        view(nb, name)
    until(cell(nb, "bare").get_by_text("Run this cell again").count, 1)
    until(nb.page.get_by_text("Error displaying widget").count, 0)


FILES = """() => [...window.jupyterapp.shell.widgets('left')].find(({ id }) => id === 'filebrowser')
    .listing._sortedItems.map(({ name }) => name).filter(name => name.startsWith('05'))"""


def test_a_folded_cell_is_no_wider_than_the_screen(browser, lab):
    long = f"total = {' + '.join(str(1_000_000 + i) for i in range(200))}"
    folded = nbformat.v4.new_code_cell(long, metadata={"jupyter": {"source_hidden": True}})
    for name in ("05_folded.ipynb", "05_folded_annex.ipynb"):
        write(lab, name, folded)
    nb = Notebook(browser, lab, "05_folded.ipynb")
    until(lambda: nb.page.evaluate(FILES), ["05_folded.ipynb", "05_folded_annex.ipynb"])  # the lesson before its annex
    nb.page.set_viewport_size({"width": 560, "height": 1000})
    until(nb.page.locator("#jp-left-stack").is_visible, False)  # it leaves the notebook the room
    text = nb.page.locator(".jp-PlaceholderText")
    until(text.inner_text, contains("total = 1000000 + 1000001"))
    width = "e => [e.scrollWidth, e.clientWidth]"
    until(lambda: nb.page.locator(".jp-WindowedPanel-outer").evaluate(width), lambda size: 0 < size[0] <= size[1])
    more = until(nb.page.locator(".jp-Placeholder .jp-MoreHorizIcon").bounding_box)
    assert more["x"] + more["width"] <= 560, "what unfolds it is in sight"
    until(lambda: text.evaluate("e => getComputedStyle(e).textOverflow"), "ellipsis")
    nb.shut_down()
    nb.watched.context.close()


@pytest.mark.weekly
def test_runs_of_a_cell_leave_nothing_behind(notebook):
    both = "display(labs.softmax([1., 2.]))\nlabs.softmax([1., 2.], live=True)"
    nb = notebook("again", ["from chapters.ch01 import labs", both])
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
