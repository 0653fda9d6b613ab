"""A real browser for the views: pages without a kernel, and a JupyterLab of our own with one."""

import itertools
import os
import pathlib
import secrets
import shutil

import find_browser
import pages
import pytest
from jupyterlab_driver import FLAGS, Lab, Notebook, Watched


@pytest.fixture(scope="session")
def violations():
    """violations(page, selector) -> what axe-core finds wrong inside it: rule, element and reason of each."""
    from axe_playwright_python.sync_playwright import Axe

    def run(page, context):
        found = Axe().run(page, context=context).response["violations"]
        return [f"{v['id']}: {node['target']} {node.get('failureSummary', '')}" for v in found for node in v["nodes"]]

    return run


@pytest.fixture(scope="session")
def browser():
    """One headless browser for all tests: an installed one, else Playwright's own; never skipped in CI."""
    playwright = pytest.importorskip("playwright.sync_api")
    path = find_browser.executable()
    if not path:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(find_browser.HOW)
    with playwright.sync_playwright() as p:
        launched = p.chromium.launch(executable_path=path, args=FLAGS)
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def chinese_font():
    """Skips the test where nothing draws Chinese; fails it in CI."""
    if not find_browser.draws_chinese():
        (pytest.fail if os.environ.get("CI") else pytest.skip)("No font for Chinese: install fonts-wqy-microhei.")


@pytest.fixture
def watch(browser):
    """watch(address, own=None, size=(1000, 900), **context) -> a page at that address.

    Afterwards: no request has left what begins with `own` (without: the address), and nothing went wrong in a script.
    """
    opened = []

    def open_page(address, own=None, size=(1000, 900), **context):
        watched = Watched(browser, own or address, **context)
        opened.append(watched)
        watched.page.set_viewport_size(dict(zip(("width", "height"), size, strict=True)))
        watched.page.goto(address)
        return watched.page

    yield open_page
    for watched in opened:
        watched.context.close()
        assert watched.left == [], "requests left the page"
        assert watched.errors == [], "errors in the browser"


@pytest.fixture
def show(watch, tmp_path):
    """show(view, …) -> page with these views in their HTML shells, one below the other, opened from a file.

    Their static pictures, which take longest to make, are left out where scripts run and replace them at once.
    """
    number = itertools.count()

    def shell(view, scripts):
        if isinstance(view, str):
            return view
        return pages.bare(view) if scripts else view.fragment()

    def open_page(*views, dark=False, width=1000, scripts=True, html=None):
        body = html or "<hr>".join(shell(view, scripts) for view in views)
        colours = "background:#111;color:#e0e0e0" if dark else "background:#fff;color:#212121"
        path = tmp_path / f"page{next(number)}.html"
        path.write_text(
            f'<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>views</title>'
            f"{pages.PROGRAM}"
            f'<body style="font:14px system-ui,sans-serif;margin:12px;{colours}"><main>{body}</main>',
            encoding="utf-8",
        )
        return watch(path.as_uri(), size=(width, 900), java_script_enabled=scripts)

    return open_page


@pytest.fixture(scope="session")
def lab(browser, tmp_path_factory):
    """The server of this test session."""
    server = Lab(tmp_path_factory.mktemp("lab"))
    yield server
    server.close()


@pytest.fixture
def notebook(browser, lab):
    """notebook(name, [source of a cell, …]) or notebook(path) -> an open Notebook."""
    opened = []

    def open_notebook(name, cells=None):
        import nbformat

        target = lab.folder / f"{pathlib.Path(name).stem}-{secrets.token_hex(3)}.ipynb"
        if cells is None:
            shutil.copyfile(name, target)
        else:
            made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
            made.metadata["kernelspec"] = {
                "name": "python3",
                "display_name": "Python 3 (ipykernel)",
                "language": "python",
            }
            nbformat.write(made, target)
        opened.append(Notebook(browser, lab, target.name))
        return opened[-1]

    yield open_notebook
    for one in opened:
        one.shut_down()
        one.watched.context.close()
        assert one.watched.left == [], "requests left the machine"
