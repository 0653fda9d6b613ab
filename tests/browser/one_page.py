"""One page for all browser tests of a file: each test puts its views into it, in the place of those before.

    stage, put = one_page.fixtures()

    def test_…(put):
        page = put(labs.softmax([1.0, 2.0]), width=700)

A new page with the program costs ten times as much. After each test: no script has failed, no request has left.
"""

import pytest
from browser import pages
from browser.jupyterlab_driver import Watched
from helpers.waiting import until

PUT = """([html, look]) => {
  document.body.style.cssText = look;
  document.querySelector('main').replaceChildren(document.createRange().createContextualFragment(html));
  scrollTo(0, 0);
}"""

WALK = """async () => { // every control of the first view over its range: heights, how many pictures, what sticks out
  const view = document.querySelector('.course-view'), root = view.shadowRoot;
  const heights = new Set(), pictures = new Set();
  const note = async () => {
    await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
    heights.add(view.offsetHeight);
    const drawn = [...root.querySelectorAll('canvas')].map(canvas => canvas.toDataURL());
    pictures.add(drawn.join() + root.querySelector('.body').innerHTML);
  };
  const moved = async (part, where, event) => {
    Object.assign(part, where);
    part.dispatchEvent(new Event(event));
    await note();
  };
  await note();
  for (const slider of root.querySelectorAll('input[type=range]'))
    for (let i = 0; i <= +slider.max; i += Math.max(1, Math.floor(+slider.max / 6)))
      await moved(slider, { value: i }, 'input');
  for (const list of root.querySelectorAll('select'))
    for (let i = 0; i < list.length; i++) await moved(list, { selectedIndex: i }, 'change');
  const pressed = 'input[type=radio], input[type=checkbox], .controls button:not(.play), .keys button, button.word';
  for (const other of root.querySelectorAll(`${pressed}, .foot button`)) {
    other.click();
    await note();
  }
  return [[...heights], pictures.size, view.scrollWidth - view.clientWidth];
}"""


class Stage:
    def __init__(self, browser, path):
        path.write_text(pages.page(), encoding="utf-8")
        self.watched = Watched(browser, path.as_uri())
        self.page = self.watched.page
        self.page.goto(path.as_uri())

    def put(self, *views, width=1000, dark=False, motion=False):
        """The page with these views, or with HTML, one below the other."""
        self.page.set_viewport_size({"width": width, "height": 900})
        self.page.emulate_media(reduced_motion="no-preference" if motion else "reduce")
        self.page.mouse.move(0, 0)
        html = "<hr>".join(view if isinstance(view, str) else pages.bare(view) for view in views)
        self.page.evaluate(PUT, [html, pages.look(dark)])
        return self.page


def presents(page, highest=1080):
    """In front of a class every view has large type, and fits."""
    for view in page.locator(".course-view").all():
        until(lambda view=view: view.locator(".view").evaluate("e => parseFloat(getComputedStyle(e).fontSize)") >= 24)
        until(lambda view=view: view.evaluate("e => e.scrollWidth <= e.clientWidth + 1"))
        until(lambda view=view: view.evaluate("e => e.offsetHeight") < highest)


LOOK = ("color-contrast", "link-in-text-block", "scrollable-region-focusable")  # rules of axe about looks alone


def has_no_violations(page, violations, rules=()):
    """Nothing that axe finds by these rules or by all, with all tables unfolded, and nothing wider than the window."""
    for summary in page.locator(".more summary").all():
        summary.click()
    assert violations(page, "main", rules) == []
    until(lambda: page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def reset(page):
    """Opens the menu of the first view, and presses its way back."""
    menu = page.locator(".foot > .summed-up").first
    if menu.get_attribute("open") is None:
        menu.locator("summary").first.click()
    menu.get_by_role("button", name="reset").click()


def fixtures():
    """(the page of a test file, what a test calls to put views into it)"""

    @pytest.fixture(scope="module")
    def stage(browser, tmp_path_factory):
        made = Stage(browser, tmp_path_factory.mktemp("page") / "page.html")
        yield made
        made.watched.context.close()

    @pytest.fixture
    def put(stage):
        yield stage.put
        stage.watched.check()

    return stage, put
