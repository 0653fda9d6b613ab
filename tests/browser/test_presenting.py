"""A lesson in front of a class, by keyboard alone: screens, stop, a restart and back, cells out of order, reset."""

import secrets
import shutil

import nbformat
import pytest
from jupyterlab_driver import Lab, Watched
from waiting import contains, differs, lacks, settle, until

from course_kit import files
from course_tools.classroom.presenting import start

CELLS = [
    ("markdown", "slide", [], "# A lesson"),
    ("code", "-", [], "import course_kit, torch\nfrom torch import nn\nfrom chapters.ch01 import labs\n"
                      "from course_kit.views import predict\n"
                      "runtime = course_kit.setup()"),
    ("markdown", "slide", [], "## Softmax\n**Guess:** what stays?"),
    ("code", "subslide", ["lab"], "lab = labs.softmax([1.0, 2.0, 4.0])\nlab"),
    ("markdown", "-", [], "**Keep this:** differences.\n\n" + "A paragraph that is long. " * 90),
    ("markdown", "skip", ["deeper"], "### Deeper: not in front of a class"),
    ("code", "skip", ["deeper"], "deep = 1"),
    ("markdown", "slide", [], "## Learn"),
    ("code", "subslide", ["training"], "import time\nfrom course_utils.training import fit\ntorch.manual_seed(1)\n"
     "model = nn.Linear(2, 1)\ndef loss(model, batch):\n    time.sleep(0.05)\n    return model(batch).pow(2).mean()\n"
     "run = fit(model, [torch.ones(4, 2)], loss, steps=2000, title='slow')"),
    ("code", "slide", [], "lab2 = labs.softmax([1.0, 2.0, 4.0], live=True)\nlab2"),
    ("code", "slide", [], "print('step', run.step, model.weight.shape)"),
    ("markdown", "slide", [], "## A picture"),
    ("code", "-", ["hidden"], "helper = torch.arange(3.0)"),
    ("code", "-", [], "from course_kit.views import plot\n" + "# a line of code that is read before it runs\n" * 12
     + "# " + "a line that is too long for the screen, " * 5 + "\nplot.lines({'a': (helper, helper)}, 'x', 'y')"),
    ("markdown", "-", [], "**Keep this:** it rises."),
]  # fmt: skip


KEPT = """() => JSON.stringify(courseDeck.panel.context.model.toJSON().cells.map(cell => cell.outputs ?? []))"""


@pytest.fixture
def deck(browser, tmp_path, monkeypatch):
    """A page as `make present` opens it, with the notebook above."""
    monkeypatch.setenv("COURSE_PRESENTING", "1")
    monkeypatch.setenv(start.CHAPTERS, "01_nadaraya_watson")
    plugin = (
        files.course_folder() / "course_tools" / "classroom" / "jupyter" / "labextension"
    )  # as it is here, not as installed
    shutil.copytree(plugin, tmp_path / "share" / "labextensions" / "attention-course")
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "share"))
    server = Lab(tmp_path)
    folder = server.folder / "workbook"
    folder.mkdir()
    (folder / files.STATE).write_text("{}")
    notebook = nbformat.v4.new_notebook()
    for kind, slide, tags, source in CELLS:
        cell = nbformat.v4.new_code_cell(source) if kind == "code" else nbformat.v4.new_markdown_cell(source)
        cell.metadata = {"slideshow": {"slide_type": slide}, "tags": tags}
        cell.metadata |= {"jupyter": {"source_hidden": True}} if "hidden" in tags else {}
        notebook.cells.append(cell)
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    nbformat.write(notebook, folder / "01_nadaraya_watson.ipynb")
    watched = Watched(browser, server.base)
    watched.page.set_viewport_size({"width": 1280, "height": 720})
    watched.page.set_default_timeout(120_000)
    workspace = secrets.token_hex(4)
    watched.page.goto(
        f"{server.base}/doc/workspaces/{workspace}/tree/workbook/01_nadaraya_watson.ipynb?token={server.token}"
    )
    watched.page.wait_for_function("window.courseDeck?.steps?.length > 0")
    yield Deck(watched.page)
    watched.context.close()
    server.close()
    assert watched.left == [], "requests left the machine"
    assert [e for e in watched.errors if "course" in e.lower()] == []


# A restarted kernel that loses the first message that it is sent.
LOSES_ONE = """() => {
  const context = courseDeck.panel.sessionContext, restart = context.restartKernel;
  context.restartKernel = async function () {
    context.restartKernel = restart;
    await restart.call(context);
    const kernel = context.session.kernel, asked = kernel.requestKernelInfo;
    kernel.requestKernelInfo = () => {
      kernel.requestKernelInfo = asked;
      return new Promise(() => {});
    };
  };
}"""


class Deck:
    """What the class sees, and the presenter's keys."""

    def __init__(self, page):
        self.page = page

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)
            self.settle()

    def on(self):
        """→ until the next step: what is higher than the screen is gone through first."""
        before = self.page.evaluate("courseDeck.at")
        for _ in range(8):
            self.press("ArrowRight")
            if self.page.evaluate("courseDeck.at") != before:
                return
        pytest.fail("→ does not go on")

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
        return self.page.locator("[data-testid=course-bar]").inner_text()

    def look(self, name):
        return float(self.page.evaluate("name => document.body.style.getPropertyValue(`--course-${name}`)", name))

    def to(self, number):
        """The step that shows cell `number`, whatever was run."""
        self.page.evaluate(
            "n => courseDeck.go(courseDeck.steps.findIndex(s => s.cell === courseDeck.notebook.widgets[n]))", number
        )
        self.settle()

    def state(self, name):
        return self.page.evaluate(
            "name => courseDeck.course.views(courseDeck.panel, [courseDeck.step.cell])[0].view.state[name]", name
        )


def test_a_lesson_by_keyboard(deck):
    page = deck.page
    until(deck.shown, ["# A lesson"])
    until(deck.say, contains("→ next"))
    until(deck.say, contains("1/"))
    deck.press("g", "ArrowDown", "Enter")
    until(deck.shown, ["## Softmax\n**Guess:** what stays?"])
    until(deck.say, contains("Not all above was run"))
    deck.press("Home")
    deck.press("ArrowRight")
    until(lambda: len(deck.shown()), 2)
    deck.press("ArrowRight")
    until(deck.output, contains("torch"))
    page.wait_for_function("!courseDeck.panel.context.model.dirty")  # a reload would show it
    page.keyboard.press("d"), page.keyboard.press("d")  # in JupyterLab this deletes a cell
    until(lambda: page.evaluate("courseDeck.notebook.widgets.length"), len(CELLS))
    deck.press("ArrowRight", "PageDown")
    until(lambda: deck.shown()[-1], contains("lab = labs"))
    page.wait_for_function("courseDeck.course.views(courseDeck.panel, [courseDeck.step.cell]).length == 1")
    size = "e => parseFloat(getComputedStyle(e.shadowRoot.querySelector('.view')).fontSize)"
    until(lambda: page.locator(".course-now .course-view").evaluate(size) >= 24)
    until(lambda: not page.locator(".course-now .jp-CodeMirrorEditor").is_visible())

    # into the view and out of it, and back to its first state
    before = deck.state("temperature")
    deck.press("Tab")
    page.keyboard.press("ArrowRight"), page.keyboard.press("ArrowRight")
    moved = page.evaluate("JSON.stringify(courseDeck.course.views(courseDeck.panel)[0].view.state)")
    deck.press("Escape", "r")
    until(
        lambda: page.evaluate("JSON.stringify(courseDeck.course.views(courseDeck.panel)[0].view.state)"), differs(moved)
    )
    until(lambda: deck.state("temperature"), before)
    until(lambda: deck.shown()[-1], contains("lab = labs"))

    # text that is too long gets smaller, then scrolls; Deeper is left out
    deck.on()
    until(lambda: deck.shown()[-1].startswith("**Keep this:**"))
    until(lambda: deck.look("size") < 1)
    page.set_viewport_size({"width": 1920, "height": 1080})  # a larger screen shows the same, larger
    page.wait_for_function("document.body.style.getPropertyValue('--course-zoom') > 1")
    page.set_viewport_size({"width": 1280, "height": 720})
    page.wait_for_function("document.body.style.getPropertyValue('--course-zoom') == 1")
    deck.on()
    until(deck.shown, ["## Learn"])

    # a training, stopped
    deck.press("s")
    until(deck.say, contains("Nothing is running"))
    deck.on()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("document.querySelector('.course-now .course-training progress')?.value > 1")
    until(deck.say, contains("S stop"))
    deck.press("s")
    until(deck.output, contains("Stopped by hand"))
    steps = int(page.evaluate("courseDeck.course.ask(courseDeck.panel, 'print(run.step)')"))
    assert 0 < steps < 2000

    # minute 40: the kernel is restarted; back at the same place, with what was trained, and nothing was waited for
    deck.to(10)
    page.evaluate(LOSES_ONE)
    page.keyboard.press("Shift+K")
    page.wait_for_function("/are back|Not all/.test(document.querySelector('[data-testid=course-bar]').innerText)")
    until(deck.say, contains("are back"))
    until(deck.say, lacks("Trained again"))
    deck.press("Enter")
    until(lambda: deck.output().startswith(f"step {steps} "))

    # out of order, again and again: no cell raises
    for number in (9, 3, 8, 3, 9, 10):
        deck.to(number)
        deck.press("Enter")
        until(deck.output, lacks("rror"))
    until(deck.output, contains(f"step {steps} "))
    until(page.get_by_text("Error displaying widget").count, 0)

    # a helper whose code is hidden is no step; a picture takes the place of its code, and C brings that back
    code = page.locator(".course-now .jp-CodeMirrorEditor")
    deck.to(11)
    deck.press("ArrowRight")
    until(lambda: deck.shown()[-1], contains("a line of code"))
    until(code.is_visible)
    until(lambda: code.evaluate("e => e.querySelector('.cm-scroller').scrollWidth - e.clientWidth") < 3)
    deck.press("ArrowRight")
    page.wait_for_function("document.querySelector('.course-now .course-view')?.getBoundingClientRect().height > 300")
    deck.settle()
    until(lambda: deck.look("size"), 1)
    until(lambda: not code.is_visible())
    until(deck.say, contains("C code"))
    deck.press("c")
    until(code.is_visible)
    deck.press("c", "ArrowRight")
    until(lambda: len(deck.shown()) > 1)
    until(lambda: deck.shown()[-1].startswith("**Keep this:**"))
    deck.press("ArrowLeft", "ArrowLeft")
    until(deck.shown, ["## A picture"])

    # every lab of the page at once, live ones as well
    deck.to(9)
    page.wait_for_function("courseDeck.course.views(courseDeck.panel, [courseDeck.step.cell]).length == 1")
    first = deck.state("temperature")
    page.evaluate("courseDeck.course.views(courseDeck.panel).forEach(h => h.view.set({ temperature: 7 }, true))")
    deck.press("Shift+R")
    until(lambda: deck.state("temperature"), first)
    until(deck.say, contains("as at first"))

    # the speaker's window, the way out, and the same command for everybody
    with page.expect_popup() as popup:
        page.keyboard.press("n")
    notes = popup.value
    until(lambda: notes.inner_text("body"), contains("since the start"))
    notes.keyboard.press("Home")
    deck.settle()
    until(deck.shown, ["# A lesson"])
    page.bring_to_front()
    deck.to(2)
    page.evaluate("courseDeck.started -= 600000; courseDeck.remember()")
    deck.press("q")
    until(page.locator("[data-testid=course-bar]").count, 0)
    wraps = "() => getComputedStyle(document.querySelector('.jp-RenderedText pre')).whiteSpace"
    until(lambda: page.evaluate(wraps), "pre")  # what was printed scrolls rather than wraps
    until(lambda: page.evaluate(KEPT), lambda kept: kept and 'presenting\\":true' not in kept)
    page.keyboard.press("Alt+p")  # and back: the same place, the clock goes on, the notes follow
    page.wait_for_selector("[data-testid=course-bar]")
    deck.settle()
    until(lambda: deck.shown()[-1].startswith("## Softmax"))
    deck.press("ArrowRight")
    notes.wait_for_function("document.getElementById('clock').textContent.startsWith('10:')")
    until(lambda: deck.say().split("\n")[-1].split(" · ")[-1].replace("/", " of ") in notes.inner_text("body"))
    deck.press("q")
    until(
        lambda: page.evaluate("window.jupyterapp.commands.execute('attention-course:reset-views')"),
        contains("views are as at first"),
    )
