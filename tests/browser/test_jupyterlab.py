"""The views in a real JupyterLab: live widgets, saving and opening again, re-running cells."""

import shutil

import nbformat
import pytest
from jupyterlab_driver import Lab, Notebook
from waiting import contains, differs, settle, until

from course_kit import cells, files
from course_kit.exercises.reference import HOW

pytestmark = pytest.mark.browser
SLIDER = 'input[type=range][data-control="width"]'

LIVE = """
import ipywidgets, torch
from chapters.ch01 import labs
g = torch.Generator().manual_seed(0)
keys = torch.rand(30, generator=g) * 5
lab = labs.bandwidth(keys, keys.sin(), live=True)
heard = []
lab.observe(lambda change: heard.append(change["new"]), "width")
lab
"""


def state(notebook):
    return notebook.page.evaluate("() => document.querySelector('.jp-OutputArea .course-view').view.state")


def wait_for_view(notebook):
    notebook.page.wait_for_function("document.querySelector('.jp-OutputArea .course-view')?.view")


def test_live_view_tells_python_when_the_hand_lets_go(notebook):
    nb = notebook("live", [LIVE])
    assert nb.run() == []
    wait_for_view(nb)
    slider = nb.page.locator(SLIDER)
    slider.focus()
    for number in (1, 2):
        nb.page.keyboard.press("ArrowRight")
        until(lambda: nb.ask("print(len(heard))"), f"{number}\n")
    nb.ask("lab.width = 3.0")
    nb.page.wait_for_function("Math.abs(document.querySelector('.course-view').view.state.width - 3) < .001")
    until(lambda: nb.ask("print(lab.state['width'])"), "3.0\n")


def test_jslink_moves_the_view_without_the_kernel(notebook):
    slider = "ipywidgets.FloatSlider(min=.1, max=5, value=1, description='width')"
    nb = notebook("link", [LIVE, f"s = {slider}\nlink = ipywidgets.jslink((s, 'value'), (lab, 'width'))\ns"])
    assert nb.run() == []
    wait_for_view(nb)
    before = state(nb)["width"]
    nb.page.locator(".widget-slider .noUi-handle").focus()
    nb.page.keyboard.press("ArrowRight")
    nb.page.wait_for_function(f"document.querySelector('.course-view').view.state.width !== {before}")


def test_saved_and_opened_again_the_views_are_there(notebook):
    """The next morning: kernel gone, nothing run. No dead widget, the HTML shell stands in and answers."""
    bare = "import ipywidgets\nipywidgets.IntSlider(description='n')"
    nb = notebook("reopen", [LIVE, "labs.softmax([1., 2.], ['a', 'b'])", bare])
    assert nb.run() == []
    wait_for_view(nb)
    nb.save()
    nb.shut_down()
    nb.open()
    nb.page.wait_for_function("document.querySelectorAll('.jp-OutputArea .course-view').length === 2")
    wait_for_view(nb)
    until(nb.page.get_by_text("Error displaying widget").count, 0)
    nb.page.locator(SLIDER).focus()
    before = state(nb)["width"]
    nb.page.keyboard.press("ArrowRight")
    until(lambda: state(nb)["width"], differs(before))
    until(nb.page.get_by_text("Run this cell again").count, 1)


@pytest.mark.parametrize("times", [5, pytest.param(50, marks=pytest.mark.weekly)])
def test_runs_of_a_cell_leave_nothing_behind(notebook, times):
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
    nb.page.evaluate(run_first, times)
    most = (listeners * 1.05 + 20, nodes * 1.1 + 200, comms)
    until(count, lambda seen: seen[2] == comms and all(a <= b for a, b in zip(seen, most, strict=True)))


def test_shortcuts_of_jupyterlab_do_not_fire_inside_a_view(notebook):
    nb = notebook("keys", ["from course_kit.views import heatmap\nheatmap([[.5, .5], [0, 1.]])", "1"])
    assert nb.run() == []
    wait_for_view(nb)
    nb.page.get_by_role("grid").first.focus()
    for key in ["b", "a", "d", "d", "ArrowDown", "ArrowRight"]:
        nb.page.keyboard.press(key)
    cells = "() => window.jupyterapp.shell.currentWidget.content.model.cells.length"
    until(lambda: nb.page.evaluate(cells), 2)
    until(lambda: state(nb)["row"], 1)


@pytest.fixture(scope="module")
def with_plugin(tmp_path_factory):
    """A server with the course's plugin as it is here, not as it was installed."""
    tmp_path = tmp_path_factory.mktemp("plugin")
    plugin = files.course_folder() / "course_tools" / "classroom" / "jupyter" / "labextension"
    shutil.copytree(plugin, tmp_path / "share" / "labextensions" / "attention-course")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_PATH", str(tmp_path / "share"))
        server = Lab(tmp_path)
    yield server
    server.close()


def write(server, name, *cells):
    made = nbformat.v4.new_notebook(cells=list(cells))
    made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    nbformat.write(made, server.folder / name)


FILES = """() => [...window.jupyterapp.shell.widgets('left')].find(({ id }) => id === 'filebrowser')
    .listing._sortedItems.map(({ name }) => name)"""


def test_the_plugin_notes_an_unfolded_solution_and_a_folded_cell_is_no_wider_than_the_screen(browser, with_plugin):
    long = f"total = {' + '.join(str(1_000_000 + i) for i in range(200))}"
    folded = nbformat.v4.new_code_cell(long, metadata={"jupyter": {"source_hidden": True}})
    how = nbformat.v4.new_markdown_cell(f"<details><summary>{HOW}</summary>\n\n`x`\n\n</details>")
    for name in ("05_folded.ipynb", "05_folded_annex.ipynb"):
        write(with_plugin, name, folded, how)
    nb = Notebook(browser, with_plugin, "05_folded.ipynb")
    until(lambda: nb.page.evaluate(FILES), ["05_folded.ipynb", "05_folded_annex.ipynb"])  # the lesson before its annex
    nb.page.set_viewport_size({"width": 560, "height": 1000})
    text = nb.page.locator(".jp-PlaceholderText")
    until(text.inner_text, contains("total = 1000000 + 1000001"))
    width = "e => [e.scrollWidth, e.clientWidth]"
    until(lambda: nb.page.locator(".jp-WindowedPanel-outer").evaluate(width), lambda size: 0 < size[0] <= size[1])
    more = until(nb.page.locator(".jp-Placeholder .jp-MoreHorizIcon").bounding_box)
    assert more["x"] + more["width"] <= 560, "what unfolds it is in sight"
    until(lambda: text.evaluate("e => getComputedStyle(e).textOverflow"), "ellipsis")
    saved = with_plugin.folder / "05_folded.ipynb"
    assert cells.unfolded(saved.read_bytes()) == []
    nb.page.locator("summary", has_text=HOW).click()
    nb.save()
    assert cells.unfolded(saved.read_bytes()) == [long]
    nb.watched.context.close()


def test_a_cell_of_asserts_is_seen_only_when_it_fails(browser, with_plugin):
    folded = {"tags": ["asserts"], "jupyter": {"source_hidden": True}}
    checks = [nbformat.v4.new_code_cell(f"assert x == {n}", metadata=folded) for n in (1, 2)]
    end = nbformat.v4.new_markdown_cell("The end.")
    write(with_plugin, "asserts.ipynb", nbformat.v4.new_code_cell("x = 1\nx"), *checks, end)
    nb = Notebook(browser, with_plugin, "asserts.ipynb")
    until(nb.page.locator(".jp-Cell").filter(visible=True).count, 2)
    assert nb.run() == [[2, "AssertionError", ""]]
    until(nb.page.locator(".jp-Cell").nth(2).is_visible)
    until(lambda: nb.page.locator(".jp-Cell").nth(1).is_visible(), False)
    nb.watched.context.close()
