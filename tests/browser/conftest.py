"""A real browser for the views: pages without a kernel, and a JupyterLab of our own with one."""

import collections
import functools
import itertools
import os
import pathlib
import secrets
import shutil

import pytest
from browser import pages
from browser.jupyterlab_driver import FLAGS, Lab, Notebook, Watched
from helpers.waiting import SECONDS
from running import find_browser

from course_kit.views.models import model_files
from course_tools.authoring import sources


@pytest.fixture(scope="session")
def violations():
    """violations(page, selector, rules=()) -> what axe-core finds wrong inside it: rule, element and reason of each.

    rules: the names of those that are asked, all where none is named."""
    from axe_playwright_python.sync_playwright import Axe

    def run(page, context, rules=()):
        asked = {"runOnly": {"type": "rule", "values": [*rules]}} if rules else {}
        found = Axe().run(page, context, {"resultTypes": ["violations"], **asked}).response["violations"]
        return [f"{v['id']}: {node['target']} {node.get('failureSummary', '')}" for v in found for node in v["nodes"]]

    return run


@pytest.fixture(scope="session")
def browser():
    """One headless browser for all tests: an installed one, else Playwright's own; never skipped in CI."""
    playwright = pytest.importorskip("playwright.sync_api")
    path = find_browser.executable()
    if not path:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(find_browser.HOW)
    playwright.expect.set_options(timeout=1000 * SECONDS)
    with playwright.sync_playwright() as p:
        launched = p.chromium.launch(executable_path=path, args=FLAGS)
        yield launched
        launched.close()


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
        watched.check()


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """A folder for pages; models are beside them where a page asks for them."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "models").mkdir()
    return folder


@pytest.fixture(scope="module")
def kept(browser):
    """The pages that the tests of a file use one after the other, by the options of their context."""
    pages_of = collections.defaultdict(list)
    yield pages_of
    for watched in itertools.chain(*pages_of.values()):
        watched.context.close()


@pytest.fixture
def show(browser, kept, site):
    """show(view, …) -> page with these views, one below the other, opened from a file.

    The page is the one of the test before, opened anew; a second one within a test is another. Static pictures, which
    take longest to make, are left out where scripts run and replace them at once.
    models: names of those whose files lie beside the page. style: of its body. Other options are of its context.
    """
    used = collections.Counter()
    number = itertools.count()

    def open_page(
        *views, dark=False, width=1000, height=900, scripts=True, html=None, models=(), still=False, style="", **context
    ):
        for name, script in {k: v for model in models for k, v in files_of(model).items()}.items():
            if not (site / "models" / name).exists():
                (site / "models" / name).write_text(script, encoding="utf-8")
        body = html or "<hr>".join(
            view if isinstance(view, str) else pages.bare(view) if scripts else view.fragment() for view in views
        )
        told = ' data-course-models="models/"' if models else ""
        path = site / f"page{next(number)}.html"
        path.write_text(pages.page(body, told, pages.look(dark) + style), encoding="utf-8")
        kind = tuple(sorted({"java_script_enabled": scripts, **context}.items()))
        if used[kind] == len(kept[kind]):
            kept[kind].append(Watched(browser, "file:", **dict(kind)))
        watched = kept[kind][used[kind]]
        used[kind] += 1
        page = watched.page
        watched.own = "file:" if models else path.as_uri()
        page.mouse.move(0, 0)
        page.emulate_media(reduced_motion="reduce" if still else "no-preference")
        page.set_viewport_size({"width": width, "height": height})
        page.goto(path.as_uri())
        return page

    yield open_page
    for kind, count in used.items():
        for watched in kept[kind][:count]:
            watched.check()


@pytest.fixture
def opened(show, view):
    """opened(…) -> a wide page with the file's own view, as `show` has it, or with another."""
    usual = {"width": 1160, "height": 800, "still": True, "style": "margin:0"}
    return lambda shown=view, **options: show(shown, **usual | options)


@functools.cache
def files_of(model):
    return model_files(model)


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
            made.metadata["kernelspec"] = sources.KERNEL
            nbformat.write(made, target)
        opened.append(Notebook(browser, lab, target.name))
        return opened[-1]

    yield open_notebook
    for one in opened:
        one.shut_down()
        one.watched.context.close()
        assert one.watched.left == [], "requests left the machine"
