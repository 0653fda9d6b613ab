"""The same views where the course's JupyterLab is not: their program comes once, with an output of setup()."""

import nbformat
import pytest
from browser import pages
from helpers.waiting import until

from course_kit.views import heatmap, program

pytestmark = pytest.mark.browser


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
