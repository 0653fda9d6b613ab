"""A lesson in front of a class, by keyboard alone: screens, stop, a restart and back, cells out of order, reset."""

import json
import os
import pathlib
import re
import secrets
import shutil
import signal

import nbformat
import pytest
from browser.jupyterlab_driver import Deck, Lab, Watched
from helpers.waiting import contains, differs, lacks, until
from notebooks.nbval_notebooks import SHORT, shorten

from course_kit import files, notebook_names
from course_tools.authoring import building
from course_tools.classroom.presenting import start

CELLS = [
    ("markdown", "slide", [], "# A lesson\nAt the end you hold `mine/attention.py`."),
    ("code", "-", ["hidden"], "import course_kit, torch\nfrom torch import nn\nfrom chapters.ch01 import labs\n"
                      "from course_kit.views import predict\nfrom course_kit.views.live import live\n"
                      "runtime = course_kit.setup()"),
    ("markdown", "slide", ["core"], "## Softmax\n**Guess:** what stays?"),
    ("code", "subslide", ["lab"], "lab = labs.softmax([1.0, 2.0, 4.0])\nlab"),
    ("markdown", "-", ["keep"], "A paragraph that is long. " * 90 + "\n\n**Keep this:** differences."),
    ("markdown", "slide", ["core"], "## Learn"),
    ("code", "subslide", ["training"], "import time\nfrom course_kit.training import fit\ntorch.manual_seed(1)\n"
     "model = nn.Linear(2, 1)\ndef loss(model, batch):\n    time.sleep(0.05)\n    return model(batch).pow(2).mean()\n"
     "run = fit(model, [torch.ones(4, 2)], loss, steps=2000, title='slow')"),
    ("code", "subslide", ["lab"], "lab2 = live(labs.softmax([1.0, 2.0, 4.0]))\nlab2"),
    ("code", "slide", [], "print('step', run.step, model.weight.shape)"),
    ("markdown", "slide", [], "## Which formula?\nBecause it is short:\n\n$$ a^2 $$\n\nand it stays."),
    ("code", "-", ["definition"], "def square(a):\n    \"\"\"a number -> a number\"\"\"\n    b = a\n    return b**2"),
    ("markdown", "slide", ["core"], "## A picture"),
    ("code", "-", ["hidden"], "helper = torch.arange(3.0)"),
    ("code", "-", [], "from course_kit.views import plot\n" + "# a line of code that is read before it runs\n" * 16
     + "# " + "a line that is too long for the screen, " * 5 + "\nplot.lines({'a': (helper, helper)}, 'x', 'y')"),
    ("markdown", "-", ["keep"], "**Keep this:** it rises."),
    ("markdown", "slide", ["core"], "## A table"),
    ("code", "-", [], "from course_kit.views import Table\n"
     "Table([{f'column {n}': 'a sentence of several words' for n in range(5)}])"),
]  # fmt: skip


SLIDE = {"slide_type": "slide"}
KEPT = """() => JSON.stringify(courseDeck.panel.context.model.toJSON().cells.map(cell => cell.outputs ?? []))"""


LESSONS = [name for name in building.names() if not notebook_names.is_annex(name)]
SEEN = pathlib.Path(__file__).with_name("screen_seen.js").read_text(encoding="utf-8")
LEAST = 24  # pixels of the smallest words on a screen
# Notes for how many frames each screen shows nothing, what it says that it lacks, and whether code hides its picture.
EMPTY = """() => {
  window.empty = [];
  window.lacks = {};
  window.hidden = [];
  const inside = "img, svg, table, pre, mjx-container, li, .course-view, .cm-content";
  const isSeen = (e) => {
    const { top, bottom, height } = e.getBoundingClientRect();
    return height > 8 && top < innerHeight && bottom > 0;
  };
  let frames = 0;
  (function look() {
    const { step, at, queue, needs } = courseDeck, lack = queue.lack(needs);
    if (lack) window.lacks[at + 1] = lack.raised;
    const code = document.querySelector(".course-instead:not(.below)");
    window.hidden[at] = code?.checkVisibility({ visibilityProperty: true }) ? at + 1 : null;
    const on = [...document.querySelectorAll(".course-on")];
    if (step.kind === "title" || step.kind === "keep" || on.some((e) => [...e.querySelectorAll(inside)].some(isSeen)))
      frames = 0;
    else window.empty[at] = Math.max(window.empty[at] ?? 0, ++frames);
    requestAnimationFrame(look);
  })();
}"""
# What is seen of JupyterLab, and what of the screen is beyond its room, below the sentence to keep, or small.
SCREEN = f"""() => {{
  const seen = {SEEN}, through = new Set();
  for (let x = 40; x < innerWidth; x += 120)
    for (let y = 10; y < innerHeight; y += 24) {{
      const e = document.elementFromPoint(x, y);
      if (e !== document.body && !e?.closest(".course-deck, .course-head, .course-keep, .course-bar"))
        through.add(`${{e?.className || e?.tagName}} at ${{x}}, ${{y}}`);
    }}
  const {{ left, right, top, bottom }} = courseDeck.scroller.getBoundingClientRect();
  const room = {{ left, right, top, bottom: bottom + 8 }}; // what is empty at the foot of a canvas
  const on = document.querySelector(".course-on"), keep = document.querySelector(".course-keep:not(.course-later)");
  const end = keep?.textContent ? keep.getBoundingClientRect().bottom - 2 : 0, covered = [];
  for (const {{ shadowRoot }} of on?.querySelectorAll(".course-view") ?? [])
    for (const part of shadowRoot?.querySelectorAll(".view > :not(.title, .caption)") ?? [])
      if (part.checkVisibility() && part.getBoundingClientRect().top < end) covered.push(part.className);
  return {{ through: [...through], covered, beyond: [], small: [], ...(on ? seen(on, room) : {{}}) }};
}}"""

# Of each page that a printer gets its heading, and what of it is beyond its edges.
PAGES = f"""() => {{
  const seen = {SEEN};
  return [...document.querySelectorAll(".course-sheet")].map((sheet) => {{
    const room = sheet.getBoundingClientRect(), {{ text, beyond }} = seen(sheet, room);
    const wrong = room.width === innerWidth && room.height === innerHeight ? beyond : [...beyond, "its size"];
    const colours = ["color", "backgroundColor"].map((of) => getComputedStyle(sheet.querySelector(".course-head"))[of]);
    return {{ heading: sheet.querySelector(".course-head span").firstChild.data, wrong, isEmpty: !text, colours }};
  }});
}}"""


def printed(deck):
    """The pages of a chapter as they are printed: nothing of them is beyond its edges, and all are light."""
    deck.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    deck.page.emulate_media(media="print")
    pages = deck.page.evaluate(PAGES)
    deck.page.emulate_media(media="null")  # as it was
    deck.page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert [one for one in pages if one["wrong"] or one["isEmpty"]] == []
    assert {one["colours"][1] for one in pages} == {"rgb(255, 255, 255)"}
    assert [one["heading"] for one in pages] == deck.page.evaluate("courseDeck.steps.map(({ heading }) => heading)")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server as `make present` starts it, with all lessons."""
    folder = tmp_path_factory.mktemp("presenting")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("COURSE_PRESENTING", "1")
        environment.setenv(start.CHAPTERS, ",".join(LESSONS))
        plugin = files.course_folder() / "course_tools" / "classroom" / "jupyter" / "labextension"  # not as installed
        shutil.copytree(plugin, folder / "share" / "labextensions" / "attention-course")
        environment.setenv("JUPYTER_PATH", str(folder / "share"))
        running = Lab(folder)
        (running.folder / "workbook").mkdir()
        (running.folder / "workbook" / files.STATE).write_text("{}")
        yield running
        running.close()


@pytest.fixture
def present(browser, server):
    """present(name, notebook, size, words) -> the Deck of a notebook, which is nbformat's, as `make present` opens it.

    words: of another language, for its page."""
    opened = []

    def open_deck(name, notebook, size=(1280, 720), words=None):
        nbformat.write(notebook, server.folder / "workbook" / f"{name}.ipynb")
        watched = Watched(browser, server.base)
        opened.append(watched)
        page = watched.page
        page.set_viewport_size(dict(zip(("width", "height"), size, strict=True)))
        page.set_default_timeout(400_000)  # for trainings
        page.add_init_script(f"globalThis.courseWords = {json.dumps(words)} ?? undefined")
        workspace = secrets.token_hex(4)
        page.goto(f"{server.base}/doc/workspaces/{workspace}/tree/workbook/{name}.ipynb?token={server.token}")
        page.wait_for_function("window.courseDeck?.steps?.length > 0")
        return Deck(page)

    yield open_deck
    for watched in opened:
        watched.context.close()
        assert watched.left == [], "requests left the machine"
        assert [e for e in watched.errors if "course" in e.lower()] == []


@pytest.fixture
def deck(present):
    """A page as `make present` opens it, with the notebook above."""
    notebook = nbformat.v4.new_notebook()
    for kind, slide, tags, source in CELLS:
        cell = nbformat.v4.new_code_cell(source) if kind == "code" else nbformat.v4.new_markdown_cell(source)
        cell.metadata = {"slideshow": {"slide_type": slide}, "tags": tags}
        cell.metadata |= {"jupyter": {"source_hidden": True}} if "hidden" in tags else {}
        cell.metadata |= {"seconds": 100} if "training" in tags else {}
        notebook.cells.append(cell)
    notebook.metadata["kernelspec"] = building.KERNEL
    return present("01_nadaraya_watson", notebook, words={"since the start ": "从开始算起 "})


@pytest.mark.parametrize("size", [(1280, 720), pytest.param((1024, 768), marks=pytest.mark.weekly)], ids=str)
@pytest.mark.parametrize(
    "name", [pytest.param(one, marks=[pytest.mark.weekly] * (one != LESSONS[0])) for one in LESSONS]
)
def test_every_screen_of_a_lesson_is_whole_none_is_empty_and_no_cell_raises(present, name, size):
    notebook = nbformat.read(files.course_folder() / "notebooks" / f"{name}.ipynb", as_version=4)
    shorten(notebook)
    deck = present(name, notebook, size)
    page = deck.page
    page.evaluate(EMPTY)
    page.evaluate("code => void courseDeck.course.ask(courseDeck.panel, code)", SHORT)
    count, at = page.evaluate("courseDeck.steps.length"), 0
    least = round(LEAST * min(1, size[0] / 1280), 1)

    def faults():
        """What of JupyterLab is seen behind the screen, what is beyond its edges, and type that is too small."""
        seen = page.evaluate(SCREEN)
        beyond = seen["beyond"] or ([] if deck.is_whole() else ["it scrolls"])
        small = [(text, size) for text, size in seen["small"] if round(size, 1) < least]
        return at + 1, {"through": seen["through"], "covered": seen["covered"], "beyond": beyond, "small": small}

    while True:
        deck.settle()
        until(faults, (at + 1, {"through": [], "covered": [], "beyond": [], "small": []}))
        if at == count - 1:
            break
        skips = page.evaluate("courseDeck.beside(1) - courseDeck.at > 1")  # what a class leaves out is whole as well
        page.keyboard.press("Shift+ArrowRight" if skips else "ArrowRight")
        deck.settle()
        at = page.evaluate("courseDeck.at")
    empty = {number: frames for number, frames in enumerate(page.evaluate("window.empty"), 1) if (frames or 0) > 60}
    assert empty == {}, "screens that show nothing, and for how many frames: 60 are a second"
    assert list(filter(None, page.evaluate("window.hidden"))) == [], "screens that one leaves without their picture"
    page.evaluate("courseDeck.working")  # all that was gone past, in its order
    assert page.evaluate("[window.lacks, [...courseDeck.queue.failed.values()]]") == [{}, []]
    printed(deck)


def test_a_lesson_by_keyboard(deck):
    page = deck.page
    until(deck.heading, contains("mine/attention.py"))
    until(deck.shown, [])
    until(deck.say, contains("1/7"))
    deck.press("g", "ArrowDown", "ArrowUp", "s", "o", "Enter")
    until(deck.heading, "Softmax")

    # what a screen needs runs before it; its words are the speaker's
    deck.press("Home", "ArrowRight")
    until(deck.shown, ["lab = labs.softmax([1.0, 2.0, 4.0])\nlab"])
    page.wait_for_function("!courseDeck.panel.context.model.dirty")  # a reload would show it
    page.keyboard.press("d"), page.keyboard.press("d")  # in JupyterLab this deletes a cell
    until(lambda: page.evaluate("courseDeck.notebook.widgets.length"), len(CELLS))
    page.wait_for_function("courseDeck.course.views(courseDeck.panel, [courseDeck.step.cell]).length == 1")
    until(deck.find(".jp-CodeMirrorEditor").is_visible, False)

    # into the view and out of it, and back to its first state
    before, whole = deck.state("temperature"), "JSON.stringify(courseDeck.course.views(courseDeck.panel)[0].view.state)"
    still = page.evaluate(whole)
    deck.press("Tab")
    page.keyboard.press("ArrowRight"), page.keyboard.press("ArrowRight")
    until(lambda: page.evaluate(whole), differs(still))
    deck.press("Escape", "r")
    until(lambda: deck.state("temperature"), before)

    # the sentence to keep comes at a press of a remote wherever the keys are, and nothing else of its cell
    until(deck.keep, "")
    deck.press("Tab", "PageDown")
    until(deck.keep, "Keep this: differences.")

    # a training that a screen needs says how far it is, and is stopped
    page.keyboard.press("ArrowRight")
    until(deck.heading, "Learn")
    until(deck.say, contains("in the background: "))
    until(deck.coming, "comes in about 100 s")
    page.keyboard.press("q")  # who leaves and comes back finds it running
    until(deck.bar.count, 0)
    page.keyboard.press("Alt+p")
    until(deck.say, contains("in the background: slow: "))
    page.keyboard.press("Enter")  # what is asked for waits behind it, and is taken back before that is stopped
    until(deck.say, contains("queued, behind slow: "))
    page.keyboard.press("s")
    until(deck.say, contains("Taken back"))
    page.keyboard.press("s")
    until(deck.shown, ["lab2 = live(labs.softmax([1.0, 2.0, 4.0]))\nlab2"])
    until(deck.coming, "")
    deck.settle()
    assert 0 < deck.steps() < 2000
    deck.press("s")
    until(deck.say, contains("Nothing is running"))

    # every lab of the page at once, live ones as well
    page.wait_for_function("courseDeck.course.views(courseDeck.panel, [courseDeck.step.cell]).length == 1")
    first = deck.state("temperature")
    page.evaluate("courseDeck.course.views(courseDeck.panel).forEach(h => h.view.set({ temperature: 7 }, true))")
    deck.press("Shift+R")
    until(lambda: deck.state("temperature"), first)

    # of a cell with a formula a class sees the formula, and below it the code that computes it
    deck.to(9)
    until(deck.heading, "Which formula?")
    words, excerpt = deck.find(".jp-RenderedMarkdown"), deck.find(".course-excerpt")
    until(words.inner_text, lacks("short"))
    until(words.find("mjx-container").is_visible)
    until(excerpt.inner_text, contains("return b**2"))
    until(excerpt.inner_text, lacks("a number"))
    made = "courseDeck.course.ask(courseDeck.panel, 'print(callable(square)); square = 0')"
    page.evaluate(made)
    page.evaluate("courseDeck.queue.failed.clear()")  # or the training that was stopped would run again, for minutes
    deck.press("Enter")  # runs the code in sight
    until(lambda: page.evaluate(made), "True")
    deck.press("ArrowLeft")  # out of a section that a class leaves out: neither arrow leads there, shift → does
    until(deck.heading, "Learn")
    assert page.evaluate("[false, true].map(isAll => courseDeck.beside(1, isAll) - courseDeck.at)") == [2, 1]

    # the speaker's window, the way out, and the same command for everybody
    with page.expect_popup() as popup:
        page.keyboard.press("n")
    notes = popup.value
    until(lambda: notes.inner_text("body"), contains("从开始算起"))
    notes.keyboard.press("Home")
    deck.settle()
    until(deck.heading, contains("A lesson"))
    page.bring_to_front()
    deck.to(3)
    until(lambda: notes.inner_text("body"), contains("A paragraph that is long"))
    page.evaluate("courseDeck.started -= 600000; courseDeck.remember()")
    deck.press("q")
    until(deck.bar.count, 0)
    wraps = "() => getComputedStyle(document.querySelector('.jp-RenderedText pre')).whiteSpace"
    until(lambda: page.evaluate(wraps), "pre")  # what was printed scrolls rather than wraps
    until(lambda: page.evaluate(KEPT), lambda kept: kept and 'presenting\\":true' not in kept)
    page.keyboard.press("Alt+p")  # and back: the same place, the clock goes on, the notes follow
    until(deck.bar.count)
    deck.settle()
    until(deck.heading, "Softmax")
    deck.press("ArrowRight")
    notes.wait_for_function("document.getElementById('clock').textContent.startsWith('10:')")
    until(lambda: deck.say().split("\n")[-1].split(" · ")[-1].replace("/", " of ") in notes.inner_text("body"))
    deck.press("q")
    until(
        lambda: page.evaluate("window.jupyterapp.commands.execute('attention-course:reset-views')"),
        contains("views are as at first"),
    )


# The kernel does not answer, twice, as when a stop reaches it at the end of a run, or the network was cut.
SWALLOWED = """session = get_ipython().kernel.session
def once(*given, send=session.send, **named):
    if given[1] != 'execute_reply':
        return send(*given, **named)
    session.send = send
lost = globals().get('lost', 0) + 1
if lost < 3:
    session.send = once"""
LATE = """() => {
  const { kernel } = courseDeck;
  const soon = new Promise(heard => setTimeout(heard, 1000));
  kernel.interrupt = () => delete kernel.interrupt && soon.then(() => kernel.interrupt());
}"""  # the server hears a stop, a second later
ENDLESS = "lost += 1\nprint(lost)\nwhile lost > 4:\n    pass"  # the second time


def test_a_swallowed_answer_does_not_hold_the_lesson(present):
    notebook = nbformat.v4.new_notebook(metadata={"kernelspec": building.KERNEL})
    notebook.cells = [nbformat.v4.new_markdown_cell("# A lesson\n\n## A cell")]
    notebook.cells += [nbformat.v4.new_code_cell(source) for source in (SWALLOWED, ENDLESS)]
    for cell in notebook.cells[::2]:
        cell.metadata["slideshow"] = {"slide_type": "slide"}
    notebook.cells[1].metadata["jupyter"] = {"source_hidden": True}
    deck = present("01_nadaraya_watson", notebook)
    deck.press("End")
    waits = "courseDeck.queue.running && courseDeck.kernel.status"
    until(lambda: deck.page.evaluate(waits), "idle")
    deck.press("s")
    until(
        lambda: deck.page.evaluate("[courseDeck.queue.running, ...courseDeck.queue.failed.values()]"),
        [None, "KeyboardInterrupt"],
    )
    deck.page.keyboard.press("Enter")
    until(lambda: deck.page.evaluate(waits), "idle")
    deck.page.evaluate("courseDeck.kernel.reconnect()")  # after a cut the cell runs again by itself
    until(deck.output, "4\n")
    deck.page.keyboard.press("Enter")  # a second run, which is stopped, says so, and not what the first had said
    until(deck.output, "5\n")
    deck.page.evaluate(LATE)
    deck.page.keyboard.press("s")
    until(deck.say, contains("no answer yet"))
    until(deck.output, contains("5\n■ Stopped"))


# Cells above a training that waits for them, which says whether it was asked to train anew.
ABOVE = "import os, time\nprint(os.environ.get('COURSE_KEPT'))\ntime.sleep(4)"
TRAINS = "print(os.environ['COURSE_KEPT'], os.getpid(), time.time())"


@pytest.mark.weekly
def test_a_killed_kernel_comes_back_and_what_waits_for_it_is_trained(present, server):
    notebook = nbformat.v4.new_notebook(metadata={"kernelspec": building.KERNEL})
    notebook.cells = [nbformat.v4.new_markdown_cell("# A lesson\n\n## A cell", metadata={"slideshow": SLIDE})]
    notebook.cells += [nbformat.v4.new_code_cell(source) for source in (ABOVE, TRAINS)]
    notebook.cells[1].metadata["jupyter"] = {"source_hidden": True}
    notebook.cells[2].metadata |= {"slideshow": SLIDE, "tags": ["training"]}
    deck = present("01_nadaraya_watson", notebook)
    page = deck.page
    page.set_default_timeout(30_000)
    pid = "courseDeck.course.ask(courseDeck.panel, 'import os; print(os.getpid())')"
    told = """[courseDeck.queue.running?.model.id ?? null, ...courseDeck.queue.failed.values(),
      !!courseDeck.runner.restarting]"""
    page.evaluate("courseDeck.working")
    first = page.evaluate(pid)
    os.kill(int(first), signal.SIGKILL)  # while nothing runs
    page.wait_for_function("courseDeck.runner.restarting")
    until(lambda: page.evaluate(told), [None, False])
    second = page.evaluate(pid)
    assert second != first
    deck.press("End")
    page.keyboard.press("Shift+T")  # of a training that is shown
    until(deck.output, contains(f"anew {second} "))
    page.evaluate("courseDeck.queue.clear()")
    page.keyboard.press("Shift+T")  # behind the cell above
    until(lambda: page.evaluate("courseDeck.kernel.status"), "busy")
    os.kill(int(second), signal.SIGKILL)
    page.wait_for_function("courseDeck.runner.restarting")
    until(lambda: page.evaluate(told), [None, False])
    third = page.evaluate(pid)
    assert third not in (first, second)
    until(deck.output, contains(f"anew {third} "))
    page.evaluate("courseDeck.queue.clear()")
    page.keyboard.press("Shift+T")
    before = deck.output()
    page.reload()  # what waits in the queue is not lost
    page.wait_for_function("window.courseDeck?.runner.asked")
    until(deck.output, differs(before))
    assert deck.output().startswith(f"anew {third} ")
    until(lambda: page.evaluate(told), [None, False])
    assert "Exception restarting kernel" not in pathlib.Path(server.log.name).read_text()


@pytest.mark.weekly
def test_a_lesson_with_restarts_other_screens_and_cells_out_of_order(deck):
    page = deck.page
    page.keyboard.press("Shift+K")  # and one does not wait for the fresh kernel
    deck.press("ArrowRight")
    until(deck.shown, ["lab = labs.softmax([1.0, 2.0, 4.0])\nlab"])

    page.wait_for_function("courseDeck.course.views(courseDeck.panel, [courseDeck.step.cell]).length == 1")
    deck.press("PageDown")
    until(deck.keep, "Keep this: differences.")
    # minute 40: the kernel is restarted; back at the same place, with what was trained, and nothing was waited for
    page.keyboard.press("ArrowRight")
    until(deck.say, contains("in the background: "))
    page.keyboard.press("s")
    until(deck.shown, ["lab2 = live(labs.softmax([1.0, 2.0, 4.0]))\nlab2"])
    deck.settle()
    steps = deck.steps()
    deck.to(8)
    page.keyboard.press("Shift+K")
    deck.press("Enter")
    until(lambda: deck.output().startswith(f"step {steps} "))

    # out of order, again and again: no cell raises
    for number in (7, 3, 8, 3, 7, 8):
        deck.to(number)
        deck.press("Enter")
        until(deck.output, lacks("rror"))
    until(deck.output, contains(f"step {steps} "))
    until(deck.dead.count, 0)


def test_the_browser_prints_a_page_for_each_screen(deck):
    """And not the notebook, as Ctrl P does in JupyterLab; afterwards all is as it was."""
    page = deck.page
    page.evaluate("window.print = () => (window.asked = true)")
    page.evaluate("window.jupyterapp.commands.execute('apputils:change-theme', { theme: 'JupyterLab Dark' })")
    deck.to(3)
    page.wait_for_function("courseDeck.course.views(courseDeck.panel, [courseDeck.step.cell]).length == 1")
    page.keyboard.press("Control+p")
    until(lambda: page.evaluate("window.asked"))
    until(lambda: page.evaluate("document.querySelectorAll('iframe').length"), 0)
    look = """[courseDeck.at, document.body.className, document.body.dataset.jpThemeLight,
      ...["top", "end", "fit"].map((name) => document.body.style.getPropertyValue(`--course-${name}`))]"""
    before = page.evaluate(look)
    printed(deck)
    made = page.pdf(prefer_css_page_size=True, outline=True, tagged=True)
    headings = page.evaluate("courseDeck.steps.map(({ heading }) => heading)")
    told = re.findall(rb"/Title (?:<FEFF([0-9A-F]+)>|\((.+?)\)\n)", made)
    titles = [bytes.fromhex(far.decode()).decode("utf-16-be") if far else plain.decode() for far, plain in told]
    assert made.count(b"/Type /Page\n") == len(headings)
    assert [title.replace("mine/attention.py", "") for title in titles[-len(headings) :]] == headings
    assert set(re.findall(rb"/MediaBox \[(.+?)\]", made)) == {b"0 0 960 540"}, "as the screen is"
    until(lambda: page.evaluate(look), before)
    until(lambda: page.evaluate("document.querySelectorAll('.course-pages').length"), 0)
