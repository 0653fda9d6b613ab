"""A JupyterLab of our own in a headless browser, for the browser tests.

Nothing may leave the machine: every request that is not to the page itself is refused and noted.
"""

import json
import os
import pathlib
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.request

from course_kit import files

QUIET = ["background-networking", "component-update", "sync", "gpu", "quic"]
FLAGS = ["--no-sandbox", "--no-first-run", *(f"--disable-{name}" for name in QUIET)]


OURS = ("course_tools.classroom.serving", "course_tools.classroom.saving")  # what the course adds to Jupyter's server
NOT_WANTED = [f"nbgrader.server_extensions.{name}" for name in ("formgrader", "validate_assignment", "assignment_list")]
NOT_WANTED += ["nbgrader.server_extensions.course_list"]  # of a teacher's environment, and slow to start
PLUGIN = files.course_folder() / "course_tools" / "classroom" / "jupyter" / "labextension"


class Watched:
    """A page that notes what went wrong: requests that left, errors on the console or in a script."""

    def __init__(self, browser, own: str, **context):
        self.context = browser.new_context(viewport={"width": 1000, "height": 900}, **context)
        self.page = self.context.new_page()
        if slowdown := float(os.environ.get("COURSE_TEST_SLOWDOWN", 1)) - 1:  # tests pass on slow machines, too
            cdp = self.context.new_cdp_session(self.page)
            cdp.send("Emulation.setCPUThrottlingRate", {"rate": slowdown + 1})
        self.left, self.errors, self.own = [], [], own
        self.context.route(
            lambda url: not url.startswith((self.own, "data:", "blob:", self.own.replace("http", "ws", 1))),
            lambda r: (self.left.append(r.request.url), r.abort()),
        )
        self.page.on("pageerror", lambda e: self.errors.append(str(e)))
        self.page.on("console", lambda m: self.errors.append(m.text) if m.type == "error" else None)

    def check(self):
        """Since it was last asked, no request has left, and nothing went wrong in a script."""
        left, errors = self.left[:], self.errors[:]
        self.left.clear()
        self.errors.clear()
        assert left == [], "requests left the page"
        assert errors == [], "errors in the browser"


class Lab:
    """A JupyterLab server on 127.0.0.1 over a folder of its own, with the course's plugin as it is here."""

    def __init__(self, folder: pathlib.Path, plain: bool = False):
        """folder: of its own, for everything. plain: without what the course adds to JupyterLab."""
        self.folder = folder / "course"
        self.folder.mkdir()
        names = ["CONFIG_DIR", "DATA_DIR", "RUNTIME_DIR"]
        environment = {f"JUPYTER_{n}": str(folder / n.lower()) for n in names}
        environment |= {f"JUPYTERLAB_{n}": str(folder / n.lower()) for n in ("SETTINGS_DIR", "WORKSPACES_DIR")}
        environment |= {"IPYTHONDIR": str(folder / "ipython"), "COURSE_PROFILE": "class"}
        settings = folder / "config_dir" / "labconfig" / "page_config.json"
        settings.parent.mkdir(parents=True)
        settings.write_text(json.dumps({"disabledExtensions": {"@jupyter/nbgrader": True, "attention-course": plain}}))
        if not plain:
            (folder / "own" / "labextensions").mkdir(parents=True)
            (folder / "own" / "labextensions" / "attention-course").symlink_to(PLUGIN)
            environment["JUPYTER_PATH"] = str(folder / "own")
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
                *(f"--ServerApp.jpserver_extensions={name}=False" for name in [*NOT_WANTED, *(OURS if plain else [])]),
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

    def command(self, name, **options):
        run = "async ([name, options]) => await window.jupyterapp.commands.execute(name, options)"
        return self.page.evaluate(run, [name, options])

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

    def cells(self):
        """The cells as they stand, with their outputs."""
        return self.page.evaluate("() => window.jupyterapp.shell.currentWidget.content.model.toJSON().cells")

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
