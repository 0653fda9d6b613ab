"""The labs of attention pooling in a page: ink that means the same at every width, hours as hours, buttons in a row."""

import pytest
import torch
from helpers import labs
from helpers.scenes import hours
from helpers.waiting import contains, picture, settle, state, until
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
HOURS = torch.linspace(0.1, 23.3, 50)
DARKEST = """() => {  // of the map at the right of the canvas, from 0 to 255; what frames its row is not grey
  const canvas = document.querySelector('.course-view').shadowRoot.querySelector('canvas');
  const [wide, high] = [canvas.width, canvas.height];
  const { data } = canvas.getContext('2d').getImageData(0.72 * wide, 0.1 * high, 0.25 * wide, 0.7 * high);
  let least = 255;
  for (let i = 0; i < data.length; i += 4) if (data[i + 2] >= data[i]) least = Math.min(least, data[i]);
  return least;
}"""
CANVAS = """view => {
  const box = view.shadowRoot.querySelector('canvas').getBoundingClientRect();
  return [box.left, box.top, box.width, box.height];
}"""


def test_the_same_weight_has_the_same_ink_at_every_width(show):
    """With a map that took its own largest weight for full ink, the widest kernel was all black."""
    page = show(labs.bandwidth(HOURS, HOURS.sin(), width=1.0, loss=False))
    seen = {}
    for width in (0.1, 1.0, 35.0):
        page.evaluate("width => document.querySelector('.course-view').view.set({ width })", width)
        until(page.get_by_test_id("width").inner_text, f"{width:.2f}")
        picture(page)
        seen[width] = page.evaluate(DARKEST)
    assert seen[0.1] < 40 and 100 < seen[1.0] < 190 and seen[35.0] > 200, seen


def test_hours_are_hours_wherever_the_lab_tells_them(show):
    page = show(hours(), labs.bandwidth(HOURS, HOURS.sin(), key_name="hour", loss=False))
    expect(page.get_by_test_id("readout").first).to_contain_text("is at 14:36.")
    expect(page.get_by_test_id("query").first).to_have_text("14:42")
    expect(page.get_by_test_id("query").last).to_have_text("11:42")
    slider = page.locator("input[data-control=query]").first
    expect(slider).to_have_attribute("aria-valuetext", "query 14:42")
    slider.focus()
    page.keyboard.press("Home")
    until(page.get_by_test_id("query").first.inner_text, contains("9:"))
    page.locator(".more summary").last.click()
    expect(page.locator("table").first).to_contain_text("11:28")


def test_no_button_is_left_alone_on_a_row(show):
    page = show(hours())
    remove, back = (page.get_by_role("button", name=name) for name in ("remove the largest weight", "bring all back"))
    for width in (390, 700, 1065, 1300):
        page.set_viewport_size({"width": width, "height": 900})
        until(lambda: abs(remove.bounding_box()["y"] - back.bounding_box()["y"]) < 2)
    remove.click()
    until(lambda: state(page)["removed"], [1])
    back.click()
    until(lambda: state(page)["removed"], [])


def test_a_ball_rolls_the_way_of_the_training_and_goes_where_the_hand_puts_it(show):
    page = show(labs.bandwidth(HOURS, HOURS.sin(), path=[4.0, 2.0, 1.0, 0.7]))
    page.get_by_role("button", name="play").click()
    until(lambda: state(page)["width"], 4.0)
    until(lambda: state(page)["width"], 0.7)
    canvas = page.locator("canvas").bounding_box()
    page.mouse.click(canvas["x"] + 60, canvas["y"] + 100)
    until(lambda: state(page)["width"] < 0.2)


def test_a_view_finds_the_pointer_on_a_screen_that_is_enlarged(show):
    fragment = labs.ask([1.0, 5.0, 9.0], [1.0, 2.0, 3.0], query=1.0, width=1.0).fragment()
    pages = show(html=f'<div style="width:600px;zoom:1.5">{fragment}</div>'), show(fragment, width=624)
    asked = []
    for share in (0.3, 0.6):
        for page in pages:
            left, top, wide, high = page.locator(".course-view").evaluate(CANVAS)
            page.mouse.click(left + share * wide, top + high / 3)
            settle(page)
            asked.append(page.locator(".course-view").evaluate("v => v.view.state.query"))
    assert asked[::2] == pytest.approx(asked[1::2], abs=0.15) and asked[2] - asked[0] > 2
