"""The softmax lab in the hand: bars are dragged, touched and moved by keys, and the shares are always torch's."""

import pytest
from browser import one_page
from helpers import labs
from helpers.waiting import differs, picture, state, until
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


@pytest.fixture
def opened(show):
    """opened(…) -> a page with the lab, as `show` has it."""
    view = labs.softmax([2.0, 1.0, 0.0], ["animal", "street", "it"])
    return lambda **options: show(view, **{"height": 800, **options})


def bar(page, i):
    return page.locator(f'[data-score="{i}"]')


def test_a_bar_is_dragged_and_the_shares_follow(opened):
    page = opened()
    box, before = bar(page, 1).bounding_box(), picture(page)
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] - 50, steps=5)
    until(lambda: state(page)["scores"], [2.0, 3.0, 0.0])
    page.mouse.up()
    until(lambda: picture(page), differs(before))
    expect(page.get_by_test_id("readout")).to_contain_text("street: 20.09 / 28.47 = 0.705")
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] + 60)
    one_page.reset(page)
    until(lambda: state(page)["scores"], [2.0, 1.0, 0.0])


def test_a_bar_is_dragged_by_a_finger(opened):
    page = opened(has_touch=True, width=390)
    box = bar(page, 2).bounding_box()
    finger, x, y = page.context.new_cdp_session(page), box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    for kind, where in (("touchStart", y), ("touchMove", y + 20), ("touchMove", y + 200)):
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": where}]})
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    until(lambda: state(page)["scores"], [2.0, 1.0, -3.0])
    assert page.evaluate("scrollY") == 0


def test_a_bar_is_moved_by_keys(opened, violations):
    page = opened()
    bar(page, 0).focus()
    for key, score in (("ArrowUp", 2.1), ("PageDown", 1.1), ("Home", -3.0), ("ArrowDown", -3.0), ("End", 3.0)):
        page.keyboard.press(key)
        until(lambda: state(page)["scores"][0], score)
    expect(bar(page, 0)).to_have_attribute("aria-valuetext", "score 3.00, share 0.844")
    assert violations(page, ".course-view") == []


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_the_stages_glide_and_come_to_rest(opened, motion):
    """The same picture in the end; on the way others, unless motion is reduced."""
    page = opened(still=motion == "reduce")
    first = picture(page)
    bar(page, 0).focus()
    focused = until(lambda: picture(page), differs(first))
    frames = page.evaluate(
        """async () => { const lab = document.querySelector('.course-view'), seen = new Set();
        const canvas = lab.shadowRoot.querySelector('canvas'); lab.view.set({ scores: [-1, 3, 0] });
        for (let i = 0; i < 60; i++) { await new Promise(requestAnimationFrame); seen.add(canvas.toDataURL()) }
        return seen.size }"""
    )
    assert frames <= 2 if motion == "reduce" else frames > 2
    until(lambda: picture(page), differs(focused))
