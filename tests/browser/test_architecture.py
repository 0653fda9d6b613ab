"""The drawing of a model in a browser: each part by mouse, finger and key, at three widths; its small map."""

import pytest
from playwright.sync_api import expect
from waiting import settle

from chapters.ch05 import labs
from course_kit.checkpoints import load_checkpoint

pytestmark = pytest.mark.browser
ONE_COLUMN = ("gpt-shakespeare", "bert-prose", "llama-holmes")
OVER = """() => {
  const root = document.querySelector('.course-view').shadowRoot, found = [];
  const walk = document.createTreeWalker(root.querySelector('.view'), NodeFilter.SHOW_TEXT), texts = [];
  while (walk.nextNode()) {
    const range = document.createRange();
    range.selectNodeContents(walk.currentNode);
    const edge = walk.currentNode.parentElement.getBoundingClientRect();
    for (const { left, right, top, bottom } of range.getClientRects())
      if (right - left > 1) texts.push([walk.currentNode, { left, top, bottom, right: Math.min(right, edge.right) }]);
  }
  for (const [i, [one, a]] of texts.entries()) for (const [other, b] of texts.slice(0, i))
    if (one !== other && Math.min(a.right, b.right) - Math.max(a.left, b.left) > 2
        && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 4) found.push([one.data, other.data]);
  return [found, texts.length];
}"""
CUT = """() => [...document.querySelector('.course-view').shadowRoot.querySelectorAll('.part')]
  .filter(e => e.scrollWidth > e.clientWidth + 1 || e.offsetHeight < parseFloat(getComputedStyle(e).fontSize))
  .map(e => e.textContent)"""
SMALLEST = """() => Math.min(...[...document.querySelector('.course-view').shadowRoot.querySelectorAll('.stage *')]
  .filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) && e.offsetWidth)
  .map(e => parseFloat(getComputedStyle(e).fontSize)))"""
HEIGHT = "document.querySelector('.course-view').shadowRoot.querySelector('.view').offsetHeight"


@pytest.fixture(scope="module")
def view():
    return labs.architecture(load_checkpoint("transformer-grammar").model)


def told(page):
    return page.get_by_test_id("told")


def part(page, path):
    return page.locator(f'[data-part="{path}"]')


def test_it_opens_with_the_whole_and_every_part_says_what_python_knows(show, view):
    page = show(view)
    expect(told(page)).to_contain_text(view.parts["model"].about)
    expect(page.locator("[aria-pressed=true]")).to_have_count(0)
    height = page.evaluate(HEIGHT)
    for path, one in view.parts.items():
        part(page, path).click()
        expect(told(page)).to_contain_text(one.name)
        for words in (one.about, one.parameters):
            expect(told(page)).to_contain_text(words)
        for words in (one.made, one.call, *(word for _, *shape in one.shapes for word in shape)):
            expect(told(page)).to_contain_text(words)
        assert page.evaluate(HEIGHT) == height, path
    part(page, "softmax").click()
    expect(told(page)).to_contain_text(view.parts["model"].about)


def test_the_keyboard_goes_through_all_parts_in_the_order_of_the_data(show, view):
    page = show(view)
    page.keyboard.press("Tab")
    expect(part(page, "model")).to_be_focused()
    expect(told(page)).to_contain_text(view.parts["model"].about)
    page.keyboard.press("Enter")
    expect(told(page)).to_contain_text("Transformer(config)")
    for path in list(view.parts)[1:]:
        page.keyboard.press("ArrowUp")
        expect(part(page, path)).to_be_focused()
        expect(part(page, path)).to_have_attribute("aria-pressed", "true")
        expect(told(page)).to_contain_text(view.parts[path].name)
    page.keyboard.press("ArrowDown")
    expect(part(page, "output")).to_be_focused()
    page.keyboard.press("Home")
    expect(part(page, "model")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("[aria-pressed=true]")).to_have_count(0)  # painted
    page.keyboard.press("Tab")
    expect(page.locator("summary").first).to_be_focused()


def sound(page, smallest=12):
    """No label lies on another, is cut, or is small."""
    over, count = page.evaluate(OVER)
    return over == [] and count > 15 and page.evaluate(CUT) == [] and page.evaluate(SMALLEST) >= smallest


def test_no_label_lies_on_another_or_is_cut(show, view):
    page = show(view)
    for width in (1000, 560, 390):
        page.set_viewport_size({"width": width, "height": 900})
        for path in ("decoder.cross_attention", "encoder.around_ffn"):
            part(page, path).click()
            settle(page)
            assert sound(page), (width, path)
            assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert width < 1000 or page.evaluate(HEIGHT) <= 580


@pytest.mark.parametrize(("dark", "width"), [(False, 1000), (True, 390)], ids=["light", "dark"])
def test_it_can_be_used_by_everybody(show, view, violations, dark, width):
    page = show(view, dark=dark, width=width)
    part(page, "decoder.attention").click()
    settle(page)
    assert violations(page, ".course-view") == []


@pytest.mark.parametrize("name", ["transformer-grammar", *ONE_COLUMN])
def test_in_front_of_a_class_it_fits_a_screen(show, name):
    view = labs.architecture(load_checkpoint(name), select="model")
    view.presenting = True
    page = show(view, width=1280, height=720, style="margin:0")
    for path in [path for path in ("model", "decoder.cross_attention", "decoder") if path in view.parts]:
        part(page, path).click()
        settle(page)
        assert page.evaluate("[document.body.scrollHeight <= 720, document.body.scrollWidth <= 1280]") == [True, True]
        assert sound(page, smallest=24)


@pytest.mark.parametrize("name", ONE_COLUMN)
def test_a_column_alone(show, name):
    view = labs.architecture(load_checkpoint(name), title="One column")
    page = show(view)
    for path, one in view.parts.items():
        part(page, path).click()
        expect(told(page)).to_contain_text(one.about)
    for width in (1000, 560, 390):
        page.set_viewport_size({"width": width, "height": 900})
        settle(page)
        assert sound(page), width
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert width < 1000 or page.evaluate(HEIGHT) <= (580 if name == "bert-prose" else 490)


@pytest.mark.parametrize(("dark", "width"), [(False, 1000), (True, 390)], ids=["light", "dark"])
def test_what_has_changed_in_a_llama_is_seen_and_heard(show, violations, dark, width):
    view = labs.architecture(load_checkpoint("llama-holmes"), select="model")
    page = show(view, dark=dark, width=width)
    notes = view.options["columns"][0]["notes"]
    expect(page.locator(".note")).to_have_text([note["mark"] + note["text"] for note in notes])
    expect(page.locator(".mark")).to_have_text([note["mark"] for note in notes])
    heard = "causal self-attention, 2: positions turn q and k, 4: heads share k and v"
    expect(part(page, "blocks.attention")).to_have_accessible_name(heard)
    for note in notes:
        mark, box = page.locator(".mark").nth(notes.index(note)), part(page, note["key"])
        (seen, there) = mark.bounding_box(), box.bounding_box()
        assert seen["x"] >= there["x"] + there["width"]
        if note["at"] == "box":
            assert abs(seen["y"] + seen["height"] / 2 - there["y"] - there["height"] / 2) < 2
    assert violations(page, ".course-view") == []
