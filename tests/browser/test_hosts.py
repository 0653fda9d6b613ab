"""The same views where the course's JupyterLab is not: their program comes once, with an output of setup()."""

import nbformat
import pages
import pytest
from jupyterlab_driver import Lab, Notebook
from waiting import until

from course_kit.views import heatmap, program
from course_tools.authoring.sources import KERNEL

pytestmark = pytest.mark.browser
SETUP = "import course_kit\nruntime = course_kit.setup()"
VIEW = "from course_kit.views import heatmap\nheatmap([[.5, .5], [0, 1.]], ['a', 'b'], ['c', 'd'])"
LIVE = "from chapters.ch01 import labs\nlabs.softmax([1., 2.], ['a', 'b'], live=True)"
THERE = "() => [...document.querySelectorAll('.jp-OutputArea .course-view')].filter(host => host.view).length"


def outputs(notebook):
    """The MIME types and HTML of all outputs of an open notebook."""
    return [output.get("data", {}) for cell in notebook.cells() for output in cell.get("outputs", [])]


@pytest.fixture
def plain(browser, tmp_path_factory):
    """plain(name, cells) -> a Notebook in a JupyterLab without the course's extensions."""
    lab, opened = Lab(tmp_path_factory.mktemp("plain"), plain=True), []

    def open_notebook(name, cells):
        made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
        made.metadata["kernelspec"] = KERNEL
        nbformat.write(made, lab.folder / f"{name}.ipynb")
        opened.append(Notebook(browser, lab, f"{name}.ipynb"))
        return opened[-1]

    yield open_notebook
    for one in opened:
        one.watched.context.close()
        assert one.watched.left == [], "requests left the machine"
    lab.close()


@pytest.mark.weekly
def test_in_a_plain_jupyterlab_setup_brings_the_program(plain):
    """Until then picture, sentence and table stand; a view that was there first wakes when it comes."""
    nb = plain("plain", [VIEW, SETUP, VIEW, LIVE])
    nb.command("notebook:run-cell")
    until(nb.cell(0).find(".course-view img").is_visible)
    until(nb.cell(0).find(".course-view figcaption").inner_text)
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
    (tmp_path / "view.html").write_text(pages.page(view.fragment()), encoding="utf-8")
    page = watch((tmp_path / "view.html").as_uri())
    until(lambda: page.evaluate("() => !!document.querySelector('.course-view').view"))
    page.emulate_media(media="print")
    assert len(page.pdf()) > 5000
    until(lambda: page.is_visible("canvas"))
