"""The same views wherever a notebook is opened: their program comes with the page, or once with an output."""

import nbformat
import pytest
from jupyterlab_driver import Lab, Notebook
from waiting import differs, until

from course_kit.views import heatmap, program
from course_tools.authoring import building, clean

pytestmark = pytest.mark.browser
SETUP = "import course_kit\nruntime = course_kit.setup()"
VIEW = "from course_kit.views import heatmap\nheatmap([[.5, .5], [0, 1.]], ['a', 'b'], ['c', 'd'])"
LIVE = "from chapters.ch01 import labs\nlabs.softmax([1., 2.], ['a', 'b'], live=True)"
THERE = "() => [...document.querySelectorAll('.jp-OutputArea .course-view')].filter(host => host.view).length"
ALIVE = "() => [...document.querySelectorAll('.jp-OutputArea .course-view')].every(host => host.view)"
THEME = """async name => { await window.jupyterapp.commands.execute('apputils:change-theme', { theme: name }); }"""
INK = """() => [...document.querySelectorAll('.jp-OutputArea .course-view')].filter(host => {
    const { top, bottom } = host.getBoundingClientRect(); return bottom > 100 && top < innerHeight - 50; }).map(host =>
    getComputedStyle(host.shadowRoot.querySelector('.view')).getPropertyValue('--text'))  // of those on the screen"""
LIGHT_TEXT, DARK_TEXT = "#1b2430", "#e6ebf1"  # of shared/theme.js
SCROLL = "index => { const n = window.jupyterapp.shell.currentWidget.content; return n.scrollToItem(index); }"


def outputs(notebook):
    """The MIME types and HTML of all outputs of an open notebook."""
    return [output.get("data", {}) for cell in notebook.cells() for output in cell.get("outputs", [])]


@pytest.fixture
def plain(browser, tmp_path_factory):
    """plain(name, cells) -> a Notebook in a JupyterLab without the course's extensions."""
    lab, opened = Lab(tmp_path_factory.mktemp("plain"), plain=True), []

    def open_notebook(name, cells):
        made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
        made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
        nbformat.write(made, lab.folder / f"{name}.ipynb")
        opened.append(Notebook(browser, lab, f"{name}.ipynb"))
        return opened[-1]

    yield open_notebook
    for one in opened:
        one.watched.context.close()
        assert one.watched.left == [], "requests left the machine"
    lab.close()


def test_in_the_courses_jupyterlab_an_output_is_data_and_themes_repaint_all_also_off_the_screen(notebook):
    """Nothing is clicked, and cells that JupyterLab does not show are there and right when one comes to them."""
    prose = [f"print({i})" + "\n" * 30 for i in range(3)]
    nb = notebook("data", [SETUP, VIEW, *prose, LIVE, *prose, VIEW])
    looks = [("Light", LIGHT_TEXT), ("Dark", DARK_TEXT), ("Light", LIGHT_TEXT)]
    assert nb.run() == []
    for data in outputs(nb):
        assert len(str(data)) < 30_000 and "DecompressionStream" not in str(data) and "image/png" not in data
    for (name, text), places in zip(looks, ((1, 9, 5), (5, 9, 1), (1, 9)), strict=True):
        nb.page.evaluate(THEME, f"JupyterLab {name}")
        for index in places:
            nb.page.evaluate(SCROLL, index)
            until(lambda: nb.page.evaluate(INK), lambda inks: set(inks) == {text} and inks)
            until(lambda: nb.page.evaluate(ALIVE))


def test_built_elsewhere_it_is_alive_before_anything_is_run(notebook, tmp_path):
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in (SETUP, VIEW, LIVE)])
    building.execute(made, "test", tmp_path)
    clean.clean(made)
    made.metadata["kernelspec"] = building.KERNEL
    nbformat.write(made, tmp_path / "built.ipynb")
    assert (tmp_path / "built.ipynb").stat().st_size < 60_000
    nb = notebook(tmp_path / "built.ipynb")
    nb.page.evaluate("() => void window.jupyterapp.commands.execute('notebook:trust')")  # it waits for an answer
    nb.page.get_by_role("button", name="Trust").click()
    until(lambda: nb.page.evaluate(THERE), 2)
    nb.shut_down()
    before = nb.page.evaluate("() => document.querySelector('.jp-OutputArea .course-view').view.state.row")
    nb.page.get_by_role("grid").first.focus()
    nb.page.keyboard.press("ArrowDown")
    until(
        lambda: nb.page.evaluate("() => document.querySelector('.jp-OutputArea .course-view').view.state.row"),
        differs(before),
    )


def test_in_a_plain_jupyterlab_setup_brings_the_program(plain):
    """Until then picture, sentence and table stand; a view that was there first wakes when it comes."""
    nb = plain("plain", [VIEW, SETUP, VIEW, LIVE])
    nb.command("notebook:run-cell")
    until(nb.page.locator(".jp-OutputArea .course-view img").is_visible)
    until(nb.page.locator(".course-view figcaption").inner_text)
    until(lambda: nb.page.evaluate(THERE), 0)
    assert nb.run() == []
    until(lambda: nb.page.evaluate(THERE), 3)
    said = outputs(nb)
    assert sum("DecompressionStream" in str(data) for data in said) == 1, "the program is there once"
    nb.save()
    nb.open()  # and is there the next morning
    until(lambda: nb.page.evaluate(THERE) >= 1)


def test_as_nbviewer_shows_it(watch, tmp_path):
    """nbconvert's page of a notebook that was run where no extension is: the program from setup()'s output."""
    from nbconvert import HTMLExporter

    view = heatmap([[0.5, 0.5], [0, 1.0]], ["a", "b"], ["c", "d"])
    first = {"text/html": program.packed(), "text/plain": ""}
    cells = [
        nbformat.v4.new_code_cell("x", outputs=[nbformat.v4.new_output("display_data", data)])
        for data in (view._repr_mimebundle_(), first)
    ]
    body, _ = HTMLExporter(template_name="basic").from_notebook_node(nbformat.v4.new_notebook(cells=cells))
    (tmp_path / "page.html").write_text(f'<!DOCTYPE html><meta charset="utf-8">{body}', encoding="utf-8")
    page = watch((tmp_path / "page.html").as_uri())
    until(lambda: page.evaluate("() => !!document.querySelector('.course-view').view"))


def test_on_colab_each_output_is_a_page_of_its_own(watch, tmp_path, monkeypatch):
    monkeypatch.setenv("COLAB_RELEASE_TAG", "release-colab")
    made = heatmap([[0.5, 0.5], [0, 1.0]], ["a", "b"], ["c", "d"])._repr_mimebundle_()["text/html"]
    (tmp_path / "output.html").write_text(f'<!DOCTYPE html><meta charset="utf-8">{made}', encoding="utf-8")
    page = watch((tmp_path / "output.html").as_uri())
    until(lambda: page.evaluate("() => !!document.querySelector('.course-view').view"))
    assert program.with_setup() == "" and program.source() in program.module()


def test_printed_from_disk_it_keeps_its_picture(watch, tmp_path):
    view = heatmap([[0.5, 0.5], [0, 1.0]], ["a", "b"], ["c", "d"])
    view.to_html(tmp_path / "view.html")
    page = watch((tmp_path / "view.html").as_uri())
    until(lambda: page.evaluate("() => !!document.querySelector('.course-view').view"))
    page.emulate_media(media="print")
    assert len(page.pdf()) > 5000
    until(page.locator("canvas").first.is_visible)
