"""The cover under the hand: attention is switched off, and a reader's own sentence answered, without a kernel.

What it says and when is tested in node; its numbers are held to Python's in tests/unit/chapters/test_cover.py.
"""

import pytest
from browser import one_page
from helpers.waiting import until
from playwright.sync_api import expect

from chapters.ch00 import labs
from chapters.ch00.labs.cover import MODEL

pytestmark = pytest.mark.browser
WIDTHS = (1160, 896, 700, 390)


@pytest.fixture(scope="module")
def view():
    return labs.cover()


def switch(page, to):
    page.locator(f"label:has([data-control=attention][value={to}])").click()


def french(page):
    return page.get_by_test_id("french").locator("b")


def test_switch_guess_see(opened):
    page = opened()
    says = page.get_by_test_id("readout")
    expect(page.get_by_test_id("french")).to_contain_text("elle")
    expect(page.locator(".swap").first).not_to_be_visible()
    switch(page, "off")
    expect(french(page)).to_have_text(["elle", "fatiguée", "il", "fatigué"])
    expect(page.locator(".arcs path:not(.ghost)")).to_have_count(0)
    expect(page.locator(".arcs .ghost")).to_have_count(11)
    before = says.inner_text()
    page.locator('[data-swap="7"]').click()
    expect(page.locator('[data-swap="7"]')).to_have_text("3 %")
    expect(french(page)).to_have_text(["elle", "fatiguée"])
    page.locator('[data-swap="10"]').click()
    expect(page.locator('[data-swap="10"]')).to_have_text("92 %")
    expect(french(page)).to_have_text(["elle", "fatiguée"] * 2)
    until(says.inner_text, lambda words: words != before)
    switch(page, "on")
    expect(page.locator(".swap").first).not_to_be_visible()
    page.get_by_role("button", name="tired: what does it attend to?").click()
    expect(page.locator(".caption .query")).to_have_text("tired")
    page.get_by_label("animal … tired").check()
    expect(page.locator(".caption .query")).to_have_text("it")
    switch(page, "off")
    expect(page.get_by_test_id("french")).to_contain_text("L'animal")
    expect(french(page)).to_have_count(0)
    one_page.reset(page)
    expect(page.get_by_test_id("french")).to_contain_text("La vache")


def test_it_plays_itself_once_is_ended_by_a_touch_and_leaves_no_state(opened):
    """Ended in its midst by a press of the switch, which then does what it always does."""
    page = opened(labs.cover(lists=False), still=False)
    chosen = "document.querySelector('.course-view').view.state.attention"
    off = page.locator("[data-control=attention][value=off]")
    expect(page.locator(".line.off b")).to_have_text(["il", "fatigué"])
    expect(off).to_be_checked()
    assert page.evaluate(chosen) == "on"
    switch(page, "off")
    until(lambda: page.evaluate(chosen), "off")
    expect(page.locator(".line:not(.ghost)")).to_have_count(2)
    one_page.reset(page)
    expect(page.get_by_test_id("readout")).to_contain_text("Your turn")
    for how in ({"still": True}, {"shown": labs.cover(), "still": False}):
        other = opened(**{"shown": labs.cover(lists=False), **how})
        expect(other.get_by_test_id("readout")).to_contain_text("what will the French say?")
        expect(other.locator(".line.ghost .label")).to_have_text("without")


def test_without_lists_there_is_only_the_switch(opened):
    page = opened(labs.cover(lists=False))
    switch(page, "off")
    expect(french(page)).to_have_count(4)
    expect(page.locator(".swap").first).not_to_be_visible()


OVERLAPS = """() => {
  const boxes = [...document.querySelector('.course-view').shadowRoot.querySelectorAll('.arcs text, .word')]
    .map((e) => e.getBoundingClientRect());
  const beside = (a, b) => a.right <= b.left + 1 || a.bottom <= b.top + 4;
  const apart = (a, b) => beside(a, b) || beside(b, a);
  return boxes.flatMap((a, i) => boxes.slice(i + 1).filter((b) => !apart(a, b))).length;
}"""
EVERY_STATE = """async () => {  // where things stand, for all that a reader can do with the sentences
  const { view, shadowRoot: root } = document.querySelector('.course-view');
  const parts = ['.words', '.controls', '.french', '.says', '.foot'].map((name) => root.querySelector(name));
  const frame = () => new Promise(requestAnimationFrame);
  const places = new Set();
  for (const attention of ['on', 'off'])
    for (const tried of [[], [1], [7], [10]]) {
      view.set({ attention, tried });
      await frame(); await frame();
      places.add(parts.map((part) => Math.round(part.getBoundingClientRect().top)).join(' '));
    }
  return Array.from(places);
}"""
TOO_WIDE = """() => {  // buttons narrower than the chance on them, or that end beyond the view
  const { shadowRoot: root } = document.querySelector('.course-view');
  const end = root.host.getBoundingClientRect().right;
  const wrong = ([button, chance]) => chance.width > button.width - 5 || button.right > end + 1;
  return [...root.querySelectorAll('.swap')]
    .map((button) => [button, button.querySelector('span')].map((part) => part.getBoundingClientRect()))
    .filter(wrong).length;
}"""


def test_it_fits_and_no_reply_moves_what_stands_below(opened):
    page = opened()
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        until(lambda: page.evaluate("document.documentElement.scrollWidth"), width)
        assert len(page.evaluate(EVERY_STATE)) == 1, width
        assert page.evaluate(OVERLAPS) == 0 == page.evaluate(TOO_WIDE)


def test_an_own_sentence_is_answered_and_what_is_wrong_with_it_is_said(opened):
    page = opened(models=[MODEL])
    page.get_by_text("a sentence of your own", exact=True).click()
    field = page.get_by_role("textbox", name="Your own sentence")
    field.fill("")
    for of_an_input_method in ({"isComposing": True}, {"keyCode": 229}):
        field.dispatch_event("keydown", {"key": "Enter"} | of_an_input_method)
    expect(page.locator(".view")).not_to_contain_text("no word")
    for text, said in (
        ("", "no word"),
        ("word " * 200, "200 words, and there is room for 24"),
        ("The zyzzyva was tired.", "does not know “zyzzyva”"),
    ):
        field.fill(text)
        page.keyboard.press("Enter")
        expect(page.locator(".view")).to_contain_text(said)
    field.fill("The lioness didn't cross the boulevard because it was too old.")
    page.get_by_role("button", name="ask the model").click()
    expect(page.locator(".words")).to_contain_text("lioness")
    switch(page, "off")
    expect(french(page)).to_have_text(["elle", "vieille", "il", "vieux"])


@pytest.mark.parametrize("width", [1160, 390])
def test_a_word_of_the_french_opens_the_model_and_leads_back(opened, violations, width):
    """With the reader's own sentence: its French, and the word in question; on a phone on one screen."""
    page = opened(labs.cover(lists=False), models=[MODEL], width=width, height=844)
    page.get_by_text("a sentence of your own", exact=True).click()
    page.get_by_role("textbox", name="Your own sentence").press("Enter")
    expect(page.locator(".words")).to_contain_text("chair")
    page.locator(".door").click()
    expect(page.locator(".title")).to_have_text("How does a Transformer come to write “il”?")
    expect(page.locator(".sentences")).to_contain_text("la vieille chaise parce qu'il est fatigué")
    expect(page.locator(".next")).to_be_focused()
    until(page.locator(".says").bounding_box, lambda says: says["y"] > 0)
    until(page.locator(".next").bounding_box, lambda step: step["y"] + step["height"] < 844)
    assert violations(page, ".course-view") == []
    if width > 720:
        page.keyboard.press("Escape")
    else:
        page.get_by_role("button", name="close").click()
    expect(page.locator(".words")).to_contain_text("chair")
    expect(page.locator(".door")).to_be_focused()
    one_page.reset(page)
    expect(page.get_by_test_id("french")).to_contain_text("La vache")


def test_without_the_models_files_it_says_where_they_are(opened):
    page = opened()
    expect(page.get_by_role("textbox")).to_have_count(0)
    expect(page.locator(".door")).to_have_count(0)
    expect(page.get_by_test_id("model")).to_contain_text("in JupyterLab")


def test_it_can_be_used_by_everybody(opened, violations):
    page = opened()
    switch(page, "off")
    page.locator('[data-swap="1"]').click()
    assert violations(page, ".course-view") == []
    page.locator('[data-word="1"]').focus()
    page.keyboard.press("Enter")
    expect(page.locator(".asks")).to_have_text("cow")
    page.keyboard.press("ArrowRight")
    expect(page.locator('[data-swap="1"]')).to_be_focused()
    expect(page.locator(".words [tabindex='0']")).to_have_count(1)
