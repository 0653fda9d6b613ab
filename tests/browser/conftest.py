"""A real browser for the views: pages without a kernel, and a JupyterLab of our own with one.

Nothing may leave the machine: every request that is not to the page itself is refused, counted, and fails the test.
"""

import os
import pathlib
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
QUIET = ["background-networking", "component-update", "sync", "gpu", "quic"]
FLAGS = ["--no-sandbox", "--no-first-run", *(f"--disable-{name}" for name in QUIET)]
NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge", "microsoft-edge"]
PLACES = [
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
]


def find_browser() -> str | None:
    """The path of an installed Chromium, Chrome or Edge; CHROMIUM=… names one."""
    found = [os.environ.get("CHROMIUM"), *map(shutil.which, NAMES), *PLACES]
    return next((path for path in found if path and pathlib.Path(path).exists()), None)


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
    """One headless browser for all tests: an installed one, else Playwright's own."""
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as p:
        path = find_browser()
        try:
            launched = p.chromium.launch(executable_path=path, args=FLAGS)
        except playwright.Error as error:
            message = "no browser: install Chromium, Chrome or Edge, or run `python -m playwright install chromium`"
            if os.environ.get("CI"):
                pytest.fail(f"{message}\n{error}")
            pytest.skip(message)
        yield launched
        launched.close()


class Watched:
    """A page that notes what went wrong: requests that left, errors on the console or in a script."""

    def __init__(self, browser, own: str, **context):
        self.context = browser.new_context(viewport={"width": 1000, "height": 900}, **context)
        self.page = self.context.new_page()
        self.left, self.errors = [], []
        allowed = (own, "data:", "blob:", own.replace("http", "ws", 1))
        self.context.route(
            lambda url: not url.startswith(allowed), lambda r: (self.left.append(r.request.url), r.abort())
        )
        self.page.on("pageerror", lambda e: self.errors.append(str(e)))
        self.page.on("console", lambda m: self.errors.append(m.text) if m.type == "error" else None)


@pytest.fixture
def show(browser, tmp_path):
    """show(view, …) -> page with these views in their HTML shells, one below the other, opened from a file."""
    opened = []

    def open_page(*views, dark=False, width=1000, scripts=True, html=None):
        body = html or "<hr>".join(view if isinstance(view, str) else view.fragment() for view in views)
        colours = "background:#111;color:#e0e0e0" if dark else "background:#fff;color:#212121"
        path = tmp_path / f"page{len(opened)}.html"
        path.write_text(
            f'<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>views</title>'
            f'<body style="font:14px system-ui,sans-serif;margin:12px;{colours}"><main>{body}</main>',
            encoding="utf-8",
        )
        watched = Watched(browser, path.as_uri(), java_script_enabled=scripts)
        opened.append(watched)
        watched.page.set_viewport_size({"width": width, "height": 900})
        watched.page.goto(path.as_uri())
        return watched.page

    yield open_page
    for watched in opened:
        watched.context.close()
        assert watched.left == [], "requests left the page"
        assert watched.errors == [], "errors in the browser"


class Lab:
    """A JupyterLab server on 127.0.0.1 over a folder of its own."""

    def __init__(self, folder: pathlib.Path):
        self.folder = folder / "course"
        self.folder.mkdir()
        names = ["CONFIG_DIR", "DATA_DIR", "RUNTIME_DIR"]
        environment = {f"JUPYTER_{n}": str(folder / n.lower()) for n in names}
        environment |= {f"JUPYTERLAB_{n}": str(folder / n.lower()) for n in ("SETTINGS_DIR", "WORKSPACES_DIR")}
        environment |= {"IPYTHONDIR": str(folder / "ipython"), "COURSE_PROFILE": "class"}
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            port = s.getsockname()[1]
        self.token, self.base = secrets.token_hex(12), f"http://127.0.0.1:{port}"
        self.log = (folder / "lab.log").open("w")
        command = f"-m jupyterlab --no-browser --allow-root --ip 127.0.0.1 --port {port} --ServerApp.port_retries=0"
        self.process = subprocess.Popen(
            [
                *(sys.executable, *command.split()),
                f"--ServerApp.token={self.token}",
                f"--ServerApp.root_dir={self.folder}",
                "--expose-app-in-browser",
            ],
            env=os.environ | environment,
            stdout=self.log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        until = time.monotonic() + 60
        while True:
            try:
                urllib.request.urlopen(f"{self.base}/api/status?token={self.token}", timeout=2)
                break
            except OSError:
                if self.process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError((folder / "lab.log").read_text()[-2000:]) from None
                time.sleep(0.2)

    def close(self):
        os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.log.close()


@pytest.fixture(scope="session")
def lab(browser, tmp_path_factory):
    """The server of this test session."""
    server = Lab(tmp_path_factory.mktemp("lab"))
    yield server
    server.close()


class Notebook:
    """An open notebook in JupyterLab: run it, save it, close its kernel, look at its outputs."""

    def __init__(self, browser, lab, name):
        self.lab, self.name, self.watched = lab, name, Watched(browser, lab.base)
        self.page = self.watched.page
        self.page.set_viewport_size({"width": 1280, "height": 1000})
        self.page.set_default_timeout(120_000)
        self.open()

    def open(self):
        workspace = secrets.token_hex(4)
        self.page.goto(f"{self.lab.base}/doc/workspaces/{workspace}/tree/{self.name}?token={self.lab.token}")
        self.page.wait_for_function(
            "window.jupyterapp?.shell?.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"
        )

    def command(self, name):
        return self.page.evaluate("async name => await window.jupyterapp.commands.execute(name)", name)

    def run(self):
        """Runs all cells -> the errors, as (cell number, name, message)."""
        self.command("notebook:run-all-cells")
        return self.page.evaluate(
            """() => { const found = [], cells = window.jupyterapp.shell.currentWidget.content.model.cells;
            for (let i = 0; i < cells.length; i++) if (cells.get(i).type === 'code')
              for (const o of cells.get(i).outputs.toJSON())
                if (o.output_type === 'error') found.push([i, o.ename, o.evalue]);
            return found; }"""
        )

    def ask(self, code):
        """What `code` prints in the notebook's kernel."""
        return self.page.evaluate(
            """async code => { let text = '';
            const run = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.requestExecute({ code });
            run.onIOPub = m => { if (m.content.text) text += m.content.text; };
            await run.done; return text; }""",
            code,
        )

    def save(self):
        self.command("docmanager:save")

    def shut_down(self):
        self.page.evaluate("async () => await window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")


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
