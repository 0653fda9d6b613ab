"""In a real JupyterLab: what only holds the text to its numbers is not seen, unless it fails."""

import shutil

import nbformat
import pytest
from jupyterlab_driver import Lab, Notebook
from waiting import until

from course_kit import files

pytestmark = pytest.mark.browser


def test_a_cell_of_asserts_is_seen_only_when_it_fails(browser, tmp_path, monkeypatch):
    plugin = files.course_folder() / "course_tools" / "classroom" / "jupyter" / "labextension"  # not as installed
    shutil.copytree(plugin, tmp_path / "share" / "labextensions" / "attention-course")
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "share"))
    server = Lab(tmp_path)
    folded = {"tags": ["asserts"], "jupyter": {"source_hidden": True}}
    cells = [nbformat.v4.new_code_cell("x = 1\nx")]
    cells += [nbformat.v4.new_code_cell(f"assert x == {n}", metadata=folded) for n in (1, 2)]
    notebook = nbformat.v4.new_notebook(cells=[*cells, nbformat.v4.new_markdown_cell("The end.")])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    nbformat.write(notebook, server.folder / "asserts.ipynb")
    try:
        nb = Notebook(browser, server, "asserts.ipynb")
        seen = nb.page.locator(".jp-Cell").filter(visible=True)
        until(seen.count, 2)
        assert nb.run() == [[2, "AssertionError", ""]]
        until(nb.page.locator(".jp-Cell").nth(2).is_visible)
        until(lambda: nb.page.locator(".jp-Cell").nth(1).is_visible(), False)
        nb.watched.context.close()
    finally:
        server.close()
