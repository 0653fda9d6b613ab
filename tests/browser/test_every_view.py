"""What holds of every view: it fits all widths and a class's screen, moves nothing below it, and is for everybody."""

import pytest
import scenes
from cut_labels import cut_labels
from waiting import differs, picture, settle, until

pytestmark = pytest.mark.browser
WIDTHS = (1160, 700, 390)
OTHER_HEIGHTS = ("heads of a decoder", "masking")  # other maps, other rows of steps
CANVASES = "document.querySelector('.course-view').shadowRoot.querySelectorAll('canvas').length"
# all controls are moved: the heights of the view meanwhile, the pictures seen, how many there are, and what is too wide
WALK = """async () => {
  const view = document.querySelector('.course-view'), root = view.shadowRoot;
  const heights = new Set(), pictures = new Set();
  let moves = 0;
  const note = async () => {
    moves++;
    await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
    heights.add(view.offsetHeight);
    const drawn = [...root.querySelectorAll('canvas')].map(c => c.toDataURL());
    pictures.add([root.querySelector('.view').innerText, ...drawn].join());
  };
  await note();
  for (const slider of root.querySelectorAll('input[type=range]'))
    for (let i = 0; i <= +slider.max; i += Math.max(1, Math.floor(+slider.max / 3))) {
      slider.value = i;
      slider.dispatchEvent(new Event('input'));
      await note();
    }
  const others = 'input[type=radio], .controls button:not(.play), .foot > button';
  for (const other of root.querySelectorAll(others)) {
    if (other.disabled) continue;
    other.click();
    await note();
  }
  return [[...heights], pictures.size, moves, view.scrollWidth - view.clientWidth];
}"""


@pytest.mark.parametrize("name", scenes.VIEWS)
def test_every_control_repaints_and_nothing_jumps_or_is_cut_at_any_width(show, name):
    page = show(scenes.VIEWS[name](), still=True)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        settle(page)
        heights, pictures, moves, over = page.evaluate(WALK)
        assert len(heights) == 1 or name in OTHER_HEIGHTS, (width, heights)
        assert (pictures > 1 or moves < 3) and over <= 1, width
        until(lambda width=width: page.evaluate("document.documentElement.scrollWidth") <= width)
        if page.evaluate(CANVASES):
            assert cut_labels(page) == [], width


@pytest.mark.parametrize(("dark", "width"), [(False, 1000), (True, 480)], ids=["light", "dark"])
def test_no_axe_violations(show, violations, dark, width):
    page = show(*(make() for make in scenes.VIEWS.values()), dark=dark, width=width)
    for view in page.locator(".course-view").all():
        view.locator(".more summary").first.click()
    assert violations(page, "main") == []


@pytest.mark.parametrize("name", ["alignment", "heads", "sinusoid", "rotation", "self-attention"])
def test_presenting_size(show, name):
    page = show(scenes.VIEWS[name](presenting=True), width=1280)
    until(lambda: page.locator(".view").evaluate("e => parseFloat(getComputedStyle(e).fontSize)") >= 24)
    until(lambda: page.locator(".course-view").bounding_box()["height"] < 1000)
    until(lambda: page.evaluate("document.documentElement.scrollWidth") <= 1280)


def test_theme_switch_repaints_the_pixels(show):
    page = show(scenes.encoder())
    before = picture(page), picture(page, 1)
    page.evaluate("document.body.style.cssText += ';background:#111;color:#e0e0e0'")
    until(lambda: picture(page), differs(before[0]))
    until(lambda: picture(page, 1), differs(before[1]))
