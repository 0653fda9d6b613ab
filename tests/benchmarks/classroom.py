"""What a class waits for, by the clock of this machine, in a browser: measure it when nothing else runs.

python tests/benchmarks/classroom.py                 all three, written into tests/benchmarks/CLASSROOM.md
python tests/benchmarks/classroom.py start           from `make lab` to the first slider that was moved
python tests/benchmarks/classroom.py resume 03 05    restart in the last step of a chapter that was prepared, and back
python tests/benchmarks/classroom.py site            from opening a page on the disk to a first view that can be moved

Each starts the real command with a workbook of its own (COURSE_WORKBOOK) and an empty HOME.
"""

import datetime
import os
import pathlib
import platform
import secrets
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT)]

import find_browser  # noqa: E402
from jupyterlab_driver import FLAGS, Watched  # noqa: E402

from course_tools.authoring import building  # noqa: E402
from course_tools.classroom import lab  # noqa: E402
from course_tools.publishing import site  # noqa: E402

REPORT = pathlib.Path(__file__).with_name("CLASSROOM.md")
IDLE = "window.jupyterapp?.shell?.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"
# the first slider on the page that can be moved, moved: true once the view has taken it
MOVED = """() => {
  for (const view of document.querySelectorAll('.course-view')) {
    const input = view.view && view.shadowRoot?.querySelector('input[type=range]');
    if (!input) continue;
    const before = JSON.stringify(view.view.state);
    input.value = +input.value === +input.max ? input.min : input.max;
    input.dispatchEvent(new Event('input'));
    return JSON.stringify(view.view.state) !== before;
  }
  return false;
}"""
FIRST_VIEW = """() => { const look = () => {
  const near = [...document.querySelectorAll('.course-view')][0];
  if (near?.view) requestAnimationFrame(() => (window.firstView = performance.now()));
  else requestAnimationFrame(look);
}; requestAnimationFrame(look); }"""


class Course:
    """A command of the course that opens JupyterLab, in a workbook and a HOME of its own."""

    def __init__(self, folder, *command):
        self.folder, port, self.token = pathlib.Path(folder), lab.free_port(), secrets.token_hex(12)
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        self.environment = os.environ | {"HOME": str(home), "COURSE_WORKBOOK": str(self.folder / "workbook")}
        self.base, self.started = f"http://localhost:{port}", time.monotonic()
        options = ["--no-browser", "--port", str(port), f"--IdentityProvider.token={self.token}"]
        command = [sys.executable, "-m", "course", *command, *options, "--expose-app-in-browser"]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.STDOUT, "start_new_session": True}
        self.process = subprocess.Popen(command, cwd=ROOT, env=self.environment, **quiet)
        while True:
            try:
                urllib.request.urlopen(f"{self.base}/api/status?token={self.token}", timeout=2)
                return
            except OSError:
                if self.process.poll() is not None:
                    raise RuntimeError(f"{' '.join(command)} ended") from None
                time.sleep(0.1)

    def open(self, browser, name):
        """The page of a chapter, with a kernel that is ready."""
        page = Watched(browser, self.base).page
        page.set_default_timeout(120_000)
        page.goto(f"{self.base}/doc/workspaces/{secrets.token_hex(4)}/tree/workbook/{name}.ipynb?token={self.token}")
        page.wait_for_function(IDLE)
        return page

    def close(self):
        os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait(20)


def start(browser, names):
    """-> rows: seconds from the command to the page with a kernel, and to the first slider that was moved."""
    with tempfile.TemporaryDirectory() as folder:
        course = Course(folder, "lab")
        try:
            page = course.open(browser, "00_start_here")
            ready = time.monotonic() - course.started
            page = course.open(browser, "01_nadaraya_watson")  # the start page's views have no slider
            page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells') }")
            page.wait_for_function(MOVED, polling="raf")
            moved = time.monotonic() - course.started
        finally:
            course.close()
    return [
        ("`make lab`, set up: first page with a kernel", ready, None),
        ("… chapter 1 opened and run: first slider moved", moved, 60),
    ]


def resume(browser, names):
    """-> rows: seconds from Shift + K in the last step of a chapter until everything above is back."""
    rows = []
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            prepared = subprocess.run(
                [sys.executable, "-m", "course", "present", "--prepare", name],
                env=os.environ | {"COURSE_WORKBOOK": f"{folder}/workbook"},
                **{"cwd": ROOT, "stdout": subprocess.PIPE, "text": True, "check": True},
            )
            print(prepared.stdout.strip().splitlines()[-1], "(prepared)", flush=True)
            course = Course(folder, "present", name)
            try:
                page = course.open(browser, name)
                page.wait_for_function("window.courseDeck?.steps?.length > 0")
                page.evaluate("courseDeck.go(courseDeck.steps.length - 1)")
                page.wait_for_function("!courseDeck.busy")
                began = time.monotonic()
                page.keyboard.press("Shift+K")
                page.wait_for_function(
                    "/are back|Not all/.test(document.querySelector('[data-testid=course-bar]').innerText)"
                )
                seconds, said = time.monotonic() - began, page.locator("[data-testid=course-bar]").inner_text()
            finally:
                course.close()
        again = " (" + said[said.index("Trained again") :] + ")" if "Trained again" in said else ""
        rows.append((f"restart and back, end of {name}{again}", seconds, 15))
        print(*rows[-1], said, sep="; ", flush=True)
    return rows


def opened(browser, names):
    """-> rows: seconds from opening a page from disk until its first view answers, the middle of three."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "site"
        site.build(out)
        for file in ["index.html", *(f"{name}.html" for name in names)]:
            spent = []
            for _ in range(3):
                watched = Watched(browser, out.as_uri())
                watched.context.add_init_script(f"({FIRST_VIEW})()")
                watched.page.goto((out / file).as_uri())
                watched.page.wait_for_function("window.firstView")
                spent.append(watched.page.evaluate("firstView") / 1000)
                sliders = watched.page.locator(".course-view input[type=range]").count()
                assert watched.errors == watched.left == [] and (not sliders or watched.page.evaluate(MOVED))
                watched.context.close()
            rows.append((f"site, {file}: first view", statistics.median(spent), 2))
            print(*rows[-1], sep="; ", flush=True)
    return rows


PARTS = {"start": start, "resume": resume, "site": opened}


def main(arguments):
    from playwright.sync_api import sync_playwright

    parts = [PARTS[name] for name in arguments if name in PARTS] or list(PARTS.values())
    beginnings = tuple(name for name in arguments if name not in PARTS)
    names = [name for name in building.names() if not beginnings or name.startswith(beginnings)]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser.executable(), args=FLAGS)
        rows = [row for part in parts for row in part(browser, names)]
    lines = [f"| {what} | {seconds:.1f} | {limit or ''} |" for what, seconds, limit in rows]
    text = "\n".join(["| what | seconds | asked: at most |", "|---|---|---|", *lines])
    print(text)
    if not arguments:
        machine = f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}"
        about = f"`python tests/benchmarks/classroom.py`, {datetime.date.today()}, {machine}, nothing else running."
        REPORT.write_text(f"# What a class waits for\n\n{about}\n\n{text}\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
