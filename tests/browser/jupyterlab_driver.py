"""A JupyterLab of our own in a headless browser, for the browser tests.

Nothing may leave the machine: no address but this machine's is found, and every request that is not to the page itself
is noted.
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

from helpers.waiting import SECONDS, settle, until

from course_kit import files

QUIET = ["background-networking", "component-update", "sync", "gpu", "quic"]
FLAGS = ["--no-sandbox", "--no-first-run", *(f"--disable-{name}" for name in QUIET)]
FLAGS += ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]


STARTS = 300  # seconds that JupyterLab may need to start beside other programs

NOT_WANTED = [f"nbgrader.server_extensions.{name}" for name in ("formgrader", "validate_assignment", "assignment_list")]
NOT_WANTED += ["nbgrader.server_extensions.course_list"]  # of a teacher's environment, and slow to start
PLUGIN = files.course_folder() / "course_tools" / "classroom" / "jupyter" / "labextension"


class Watched:
    """A page that notes what went wrong: requests that left, errors on the console or in a script."""

    def __init__(self, browser, own: str, **context):
        self.context = browser.new_context(viewport={"width": 1000, "height": 900}, **context)
        self.page = self.context.new_page()
        self.page.set_default_timeout(1000 * SECONDS)
        if slowdown := float(os.environ.get("COURSE_TEST_SLOWDOWN", 1)) - 1:  # tests pass on slow machines, too
            cdp = self.context.new_cdp_session(self.page)
            cdp.send("Emulation.setCPUThrottlingRate", {"rate": slowdown + 1})
        self.left, self.errors, self.own = [], [], own
        self.context.on("request", lambda r: r.url.startswith((self.own, "data:", "blob:")) or self.left.append(r.url))
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

    def __init__(self, folder: pathlib.Path):
        """folder: of its own, for everything."""
        self.folder = folder / "course"
        self.folder.mkdir()
        names = ["CONFIG_DIR", "DATA_DIR", "RUNTIME_DIR"]
        environment = {f"JUPYTER_{n}": str(folder / n.lower()) for n in names}
        environment |= {f"JUPYTERLAB_{n}": str(folder / n.lower()) for n in ("SETTINGS_DIR", "WORKSPACES_DIR")}
        environment |= {"IPYTHONDIR": str(folder / "ipython"), "COURSE_PROFILE": "class"}
        settings = folder / "config_dir" / "labconfig" / "page_config.json"
        settings.parent.mkdir(parents=True)
        settings.write_text(json.dumps({"disabledExtensions": {"@jupyter/nbgrader": True}}))
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
            [*(sys.executable, *command.split()), f"--ServerApp.token={self.token}",
             f"--ServerApp.root_dir={self.folder}", "--expose-app-in-browser",
             *(f"--ServerApp.jpserver_extensions={name}=False" for name in NOT_WANTED)],
            env=os.environ | environment,
            stdout=self.log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip
        give_up = time.monotonic() + STARTS
        while True:
            try:
                urllib.request.urlopen(f"{self.base}/api/status?token={self.token}", timeout=2)
                break
            except OSError:
                if self.process.poll() is not None or time.monotonic() > give_up:
                    raise RuntimeError((folder / "lab.log").read_text()[-2000:]) from None
                time.sleep(0.2)

    def close(self):
        os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.log.close()


# One look at a cell -> "there", or what is still missing. JupyterLab puts cells into the page one by one when the
# machine is idle, on a busy one after many seconds, or at once where it is asked to update; what comes late, an output,
# a formula, a font, moves those below. So each look asks and scrolls again, by JupyterLab's own ways.
LOOK = """async number => {
  const content = window.jupyterapp?.shell?.currentWidget?.content, cell = content?.widgets?.[number];
  if (!cell) return 'no such cell';
  const frame = () => new Promise(requestAnimationFrame);
  if (!cell.node.isConnected || cell.isPlaceholder()) {
    content.update();
    await frame();
    return 'not in the page';
  }
  if (!cell.node.checkVisibility()) return 'there'; // hidden by the course
  if (cell.rendered && cell.node.querySelector('.jp-MarkdownOutput:empty')) return 'not rendered';
  if (document.fonts.status !== 'loaded') return 'without its fonts';
  const box = () => cell.node.getBoundingClientRect(), room = content.outerNode.getBoundingClientRect();
  const { top, bottom, left, width, height } = box(), least = Math.min(height, 20);
  if (top > room.bottom - least || bottom < room.top + least) {
    content.scrollToItem(number, 'start').catch(() => {}); // another scroll may end this one
    await frame();
    return 'out of sight';
  }
  for (let i = 0; i < 3; i++) {
    await frame();
    const now = box();
    if (now.top !== top || now.left !== left || now.width !== width || now.height !== height) return 'moving';
  }
  return 'there';
}"""
# How many cells are not yet in the page. Asks for them.
ABSENT = """async () => {
  const { content } = window.jupyterapp.shell.currentWidget;
  const absent = content.widgets.filter(cell => !cell.node.isConnected || cell.isPlaceholder()).length;
  if (absent) content.update();
  await new Promise(requestAnimationFrame);
  return absent;
}"""


class Part:
    """What a selector finds in a page of JupyterLab. It does what Playwright's locators do (click, fill, press, count,
    inner_text, evaluate, bounding_box …); before each of these, `ready` waits until one can."""

    def __init__(self, ready, locator):
        self.ready, self.locator = ready, locator

    def find(self, selector):
        """A part of this one; views are looked into. role=button[name="show"], text=…, >> nth=0: as in Playwright."""
        return Part(self.ready, self.locator.locator(selector))

    def __getattr__(self, act):
        def acts(*given):
            self.ready()
            return getattr(self.locator, act)(*given)

        return acts


class Sheet:
    """The notebook in front, in a page of JupyterLab."""

    def __init__(self, page):
        self.page = page

    def cell(self, number):
        """The cell with this number: whatever is done with it, it is in sight, drawn and still."""
        ready = lambda: until(lambda: self.page.evaluate(LOOK, number), "there")  # noqa: E731
        return Part(ready, self.page.locator(f".jp-Cell[data-windowed-list-index='{number}']"))

    def find(self, selector):
        """What stands beside the cells, or is the same in all."""
        return Part(lambda: settle(self.page), self.page.locator(selector))

    def whole(self):
        """Waits until every cell is in the page."""
        until(lambda: self.page.evaluate(ABSENT), 0)


class Notebook(Sheet):
    """An open notebook in JupyterLab: run it, save it, close its kernel, look at its outputs."""

    def __init__(self, browser, lab, name):
        self.lab, self.name, self.watched = lab, name, Watched(browser, lab.base)
        super().__init__(self.watched.page)
        self.page.set_viewport_size({"width": 1280, "height": 1000})
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


class Deck:
    """What the class sees, and the presenter's keys."""

    def __init__(self, page):
        self.page = page
        self.bar = self.find("[data-testid=course-bar]", "")
        self.dead = self.find("text=Error displaying widget", "")

    def find(self, selector, where=".course-now"):
        """What a selector finds on the screen."""
        return Part(self.settle, self.page.locator(f"{where} {selector}"))

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)
            self.settle()

    def settle(self):
        settle(self.page)
        self.page.wait_for_function("!courseDeck.busy")
        settle(self.page)

    def shown(self):
        """The sources of the cells on the screen."""
        return self.page.evaluate(
            "courseDeck.notebook.widgets.filter(c => c.node.getBoundingClientRect().height > 0)"
            ".map(c => c.model.sharedModel.getSource())"
        )

    def output(self):
        return self.page.evaluate(
            """() => courseDeck.step.cell.model.outputs.toJSON()
            .map(o => (o.text ?? '') + (o.data?.['text/plain'] ?? '') + (o.evalue ?? '')).join('')"""
        )

    def say(self):
        return self.bar.locator.inner_text()

    def heading(self):
        return self.page.inner_text(".course-head")

    def coming(self):
        """What is said while a cell runs."""
        return self.page.inner_text(".course-coming")

    def keep(self):
        """The sentence to keep, if the class sees it."""
        seen = "e => e.classList.contains('course-later') ? '' : e.textContent"
        return self.page.eval_on_selector(".course-keep", seen)

    def is_whole(self):
        """Nothing is beyond the screen."""
        return self.page.evaluate(
            "() => { const { scroller: s } = courseDeck;"
            "  return s.scrollHeight <= s.clientHeight + 2 && s.scrollWidth <= s.clientWidth + 2; }"
        )

    def to(self, number):
        """The step that shows cell `number`, whatever was run."""
        self.page.evaluate(
            "n => courseDeck.go(courseDeck.steps.findIndex(s => s.cell === courseDeck.notebook.widgets[n]))", number
        )
        self.settle()

    def steps(self):
        """How many steps the kernel has trained."""
        return int(self.page.evaluate("courseDeck.course.ask(courseDeck.panel, 'print(run.step)')"))

    def state(self, name):
        return self.page.evaluate(
            "name => courseDeck.course.views(courseDeck.panel, [courseDeck.step.cell])[0].view.state[name]", name
        )
