"""Cause, not only correlation: a row is painted or a head silenced under the hand, and what it says follows.

What the model then says is held to Python's in tests/unit/course_kit/test_interventions.py.
"""

import pytest
import torch
from browser import one_page
from helpers.in_page import load_as_in_page
from helpers.waiting import until
from playwright.sync_api import expect

from course_kit.heads import attention_weights
from course_kit.views.heads import heads
from course_kit.views.view import at

pytestmark = pytest.mark.browser
GRAMMAR = "transformer-grammar"
TIRED = "The animal didn't cross the street because it was too tired."
NUMBERS = "document.querySelector('.course-view').view.numbers()"


@torch.no_grad()
def view(layer=1, head=1, **options):
    """Self-attention of the encoder while it reads the sentence."""
    loaded = load_as_in_page(GRAMMAR)
    ids = torch.tensor([loaded.source.encode(TIRED)])
    with attention_weights(loaded.model) as seen:
        loaded.model.encode(ids)
    return at(heads(seen["encoder"], loaded.source.tokens(ids[0]), model=GRAMMAR, layer=layer, **options), head=head)


@pytest.fixture
def opened(show):
    """opened(view, models=(GRAMMAR,), …) -> a page with the view, and these models beside it."""
    return lambda shown, models=(GRAMMAR,), **options: show(shown, **{"models": models, "width": 1160, **options})


def press(page, name):
    page.get_by_role("button", name=name).click()


def begin(page):
    """What else can be done comes when a map is touched."""
    page.get_by_test_id("open").focus()
    return page


def answer(page, passes=2):
    """What the page has computed: without a change one pass, with one two."""
    return until(lambda: page.evaluate(NUMBERS).get("cause"), lambda found: found and len(found["stops"]) == passes)


def row(page):
    return page.evaluate(NUMBERS)["open"][10]


def test_a_row_is_painted_by_a_button_and_by_keys(opened):
    page = opened(view(select=("tired", "street")))
    first = until(lambda: row(page))
    press(page, "let “tired” attend only to “street”")
    found = answer(page)
    until(lambda: row(page), [float(key == 5) for key in range(12)])
    assert found["stops"][1] != found["stops"][0]
    press(page, "as it was")
    answer(page, 1)
    until(lambda: row(page), first)
    page.evaluate("document.querySelector('.course-view').view.set({ key: 1 })")
    page.get_by_test_id("open").focus()
    page.keyboard.press("Space")
    until(lambda: row(page)[1], 1)
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    until(lambda: (row(page)[1], row(page)[5]), (0.5, 0.5))
    answer(page)
    page.keyboard.press("Space")
    until(lambda: row(page)[1], 1)


def test_it_says_what_was_asked_and_what_that_has_changed(opened):
    """A press may be repeated: that it was answered is to be seen."""
    page = begin(opened(view(select=("it", "animal"))))
    told, tables = page.get_by_test_id("cause"), page.get_by_test_id("cause-tables")
    press(page, "knock it out")
    expect(told).to_contain_text("layer 2, head 2 knocked out")
    expect(told).to_contain_text("moved most")
    expect(tables).to_contain_text("had it stopped after")
    press(page, "bring it back")
    expect(told).to_contain_text("with nothing changed")
    press(page, "knock it out")
    one_page.reset(page)
    expect(told).to_contain_text("with nothing changed")
    for said in ("Asked with", "Asked again with"):
        press(page, "attend only to")
        expect(told).to_contain_text(f"{said} “it” attending only to “animal” in layer 2, head 2")
    press(page, "as it was")
    expect(page.get_by_role("button", name="as it was")).to_be_hidden()


def test_one_thing_is_to_be_done_first_and_the_others_come_with_a_touch_or_a_key(opened):
    page = opened(view(select=("it", "animal")))
    knock = page.get_by_test_id("knock")
    expect(knock).to_have_css("opacity", "0")
    expect(page.get_by_role("button", name="as it was")).to_be_hidden()
    expect(page.get_by_text("word by word, layer by layer")).to_be_hidden()
    high = page.locator(".course-view").evaluate("e => e.offsetHeight")
    page.get_by_role("button", name="attend only to").focus()
    page.keyboard.press("Tab")  # on to what cannot be seen before
    expect(knock).to_be_focused()
    expect(knock).to_have_css("opacity", "1")
    until(lambda: page.locator(".course-view").evaluate("e => e.offsetHeight"), high)
    page.keyboard.press("Enter")
    answer(page)
    expect(page.get_by_role("button", name="as it was")).to_be_visible()
    page.get_by_text("word by word, layer by layer").click()
    expect(page.get_by_test_id("cause-tables")).to_be_visible()


def test_what_it_says_follows_heads_that_another_hand_has_silenced(opened):
    """By Python, or by the way back: else words and pictures would be of different heads."""
    page = begin(opened(view()))
    press(page, "knock it out")
    told = page.get_by_test_id("cause").get_by_role("status")
    expect(told).to_contain_text("layer 2, head 2")
    page.evaluate("document.querySelector('.course-view').view.set({ knocked: [[0, 0], [2, 3]] })")
    expect(told).to_contain_text("Asked with layer 1, head 1 knocked out; layer 3, head 4 knocked out.")


def test_in_front_of_a_class_no_answer_takes_room_from_the_pictures(opened):
    shown = view(select=("it", "animal"), caption="")
    shown.presenting = True
    page = opened(shown, width=1280, height=620)  # what a deck of 720 tells its views
    press(page, "attend only to")
    sizes = """[...document.querySelector('.course-view').shadowRoot.querySelectorAll('.view, canvas')]
      .map(e => e.offsetHeight)"""
    high = page.evaluate(sizes)
    found = answer(page)
    assert found["stops"][1] and high[0] <= 672
    begin(page)
    press(page, "knock it out")
    expect(page.get_by_test_id("cause")).to_contain_text("moved most")
    assert page.evaluate(sizes) == high


@pytest.mark.parametrize(("dark", "width"), [(False, 1160), (True, 390)], ids=["light", "dark"])
def test_it_can_be_used_by_everybody(opened, violations, dark, width):
    page = opened(view(), dark=dark, width=width)
    assert violations(page, ".course-view") == []
    press(page, "attend only to")
    answer(page)
    expect(page.get_by_test_id("cause-tables")).to_contain_text("had it stopped after")
    assert violations(page, ".course-view") == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
