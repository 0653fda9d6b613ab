"""Every slide of every chapter in a browser: nothing beyond its edges, nothing fetched, labs that listen to keys."""

import functools
import pathlib

import labs
import pytest
from waiting import differs, settle, until

from course_kit import lessons
from course_tools.authoring import building
from course_tools.publishing import slides

pytestmark = pytest.mark.browser

LARGE = "01_nadaraya_watson"
LEAST = 24  # pixels of the smallest words of a lesson; of code 18: screen_seen.js
SEEN = pathlib.Path(__file__).with_name("screen_seen.js").read_text(encoding="utf-8")
MOVED = """async () => {  // every control of the slide's views to its end, every guess answered
  const views = [...Reveal.getCurrentSlide().querySelectorAll('.course-view')];
  for (const view of views) for (const e of view.shadowRoot.querySelectorAll('[data-control]')) {
    if (e.type === 'range') { e.value = e.max; e.dispatchEvent(new Event('input')); }
    else if (e.type === 'radio' && !e.checked) e.click();
  }
  for (let n = 0; views.length && n < 3; n++) await new Promise(requestAnimationFrame);
  return views.length;
}"""
EVERY = f"""async () => {{
  const seen = {SEEN}, moved = {MOVED}, all = [];
  const number = document.querySelector('.slide-number').getBoundingClientRect();
  const covers = (part) => {{
    const r = part.getBoundingClientRect();
    return r.top < number.bottom && r.bottom > number.top && r.left < number.right && r.right > number.left;
  }};
  for (const slide of Reveal.getSlides()) {{
    const {{ h, v }} = Reveal.getIndices(slide);
    const [code, first] = [0, 99].map((shown) => {{
      Reveal.slide(h, v, shown);
      return seen(slide);
    }});
    for (const fault of ["beyond", "small"]) first[fault].push(...code[fault]);
    first.covered = [...slide.querySelectorAll('.head, .thing, .keep')].filter(covers).map((part) => part.className);
    all.push([first, (await moved()) ? seen(slide).beyond : []]);
  }}
  return all;
}}"""
FIRST_VIEW = """() => {
  const { h, v } = Reveal.getIndices(document.querySelector('.course-view').closest('section'));
  Reveal.slide(h, v);
}"""
CANVAS = """view => {
  const box = view.shadowRoot.querySelector('canvas').getBoundingClientRect();
  return [box.left, box.top, box.width, box.height];
}"""
PLACE = "() => JSON.stringify(Reveal.getIndices())"
SLIDE = "() => { const { h, v } = Reveal.getIndices(); return [h, v].join(); }"


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """built(name) -> the file of a chapter's slides, written once; with a note for the speaker."""
    folder = tmp_path_factory.mktemp("slides")

    @functools.cache
    def write(name):
        path = folder / f"{name}.html"
        notes = [("Touch something", "<p>Let the last row read a cell aloud.</p>")]
        path.write_text(slides.build(name, notes), encoding="utf-8")
        return path.as_uri()

    return write


@pytest.fixture
def deck(watch, built):
    """deck(name, address="", size=(1280, 720)) -> the page of a chapter's slides, opened from disk."""

    def open_deck(name, address="", size=(1280, 720)):
        page = watch(built(name) + address, own=built(name), size=size)
        page.wait_for_selector("html[data-ready]", state="attached")
        return page

    return open_deck


@pytest.mark.parametrize(
    "name", [pytest.param(one, marks=[pytest.mark.weekly] * lessons.is_annex(one)) for one in building.names()]
)
def test_every_slide_fits_and_is_large(deck, name):
    page = deck(name)
    every = page.evaluate(EVERY)
    until(lambda: len(every) == page.evaluate("Reveal.getTotalSlides()") >= (4 if lessons.is_annex(name) else 7))
    for number, (seen, beyond_when_moved) in enumerate(every, 1):
        assert seen["beyond"] == [], f"slide {number} of {name}: beyond its edges"
        least = 9 if lessons.is_annex(name) else LEAST  # annexes are for reading
        small = [(text, size) for text, size in seen["small"] if round(size, 1) < least]
        assert small == [], f"slide {number} of {name}: type below {least} pixels"
        assert seen["covered"] == [], f"slide {number} of {name}: its number covers something"
        assert seen["text"], f"slide {number} of {name} is empty"
        assert beyond_when_moved == [], f"slide {number} of {name}: beyond its edges when its lab is moved"
    until(page.locator(".title .maps a").count, 9)


def test_one_key_goes_through_all_slides_and_the_sentence_to_keep_comes_last(deck):
    page = deck("00_start_here", size=(1024, 768))
    until(lambda: page.evaluate("Reveal.getConfig().height"), 960)  # a screen of 4:3 is higher
    keep, kept = page.locator("section.present .keep"), 0
    for number in range(page.evaluate("Reveal.getTotalSlides()")):
        key = ("ArrowRight", "PageDown")[number % 2]
        until(lambda number=number: page.evaluate("Reveal.getSlidePastCount()"), number)
        if keep.count():
            until(lambda: keep.evaluate("e => getComputedStyle(e).opacity + getComputedStyle(e).visibility"), "0hidden")
        while page.evaluate("Reveal.availableFragments().next"):
            page.keyboard.press(key)
        if keep.count():
            until(lambda: keep.evaluate("e => getComputedStyle(e).visibility"), "visible")
            kept += 1
        while page.evaluate(f"Reveal.getSlidePastCount() == {number} && !Reveal.isLastSlide()"):
            page.keyboard.press(key)  # the first one answers a guess
    until(lambda: page.evaluate("Reveal.isLastSlide()"))
    assert kept > 1
    page.keyboard.press("d")
    ground = "getComputedStyle(document.querySelector('.reveal-viewport')).backgroundColor"
    until(lambda: page.evaluate(ground), "rgb(28, 33, 40)")  # d makes the room dark


def test_keys_belong_to_the_view_that_has_the_focus(deck):
    page = deck(LARGE)
    page.evaluate(FIRST_VIEW)
    place = page.evaluate(PLACE)
    slider = page.locator("section.present").get_by_role("slider").first
    view = page.locator("section.present .course-view").first
    for _ in range(20):
        if view.evaluate("v => v.shadowRoot.activeElement?.type === 'range'"):
            break
        page.keyboard.press("Tab")
    before = view.evaluate("v => JSON.stringify(v.view.state)")
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    until(lambda: slider.evaluate("e => e.getRootNode().activeElement === e"))
    until(lambda: view.evaluate("v => JSON.stringify(v.view.state)"), differs(before))
    until(lambda: page.evaluate(PLACE), place)
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowRight")
    until(lambda: page.evaluate(PLACE), differs(place))
    page.keyboard.press("ArrowLeft")
    page.evaluate("place => { const { h, v } = JSON.parse(place); Reveal.slide(h, v) }", place)
    page.keyboard.press("r")
    until(lambda: view.evaluate("v => JSON.stringify(v.view.state)"), before)
    slider.click()  # after the mouse the keys are the remote's again
    until(lambda: page.evaluate("document.activeElement === document.body"))
    slider.focus()
    page.keyboard.press("PageDown")
    until(lambda: page.evaluate("document.activeElement === document.body"))
    slide = page.evaluate(SLIDE)
    while page.evaluate(SLIDE) == slide:  # fragments come first
        page.keyboard.press("PageDown")


def test_notes_stand_in_a_second_window(deck):
    page = deck("00_start_here")
    while "Touch something" not in page.evaluate("Reveal.getCurrentSlide().textContent"):
        page.keyboard.press("PageDown")
    with page.context.expect_page() as opened:
        page.keyboard.press("s")
    opened.value.wait_for_selector("text=Let the last row read")
    until(lambda: page.evaluate("!document.body.innerText.includes('Let the last row read')"))


def test_arrows_walk_through_the_descent_and_digits_count_raised_hands(deck):
    page = deck("05_transformer")
    to = "e => { const { h, v } = Reveal.getIndices(e.closest('section')); Reveal.slide(h, v); }"
    descent = page.locator(".course-view:has(.scenes)")
    descent.evaluate(to)
    place = page.evaluate(PLACE)
    for key in ("ArrowRight", "PageDown", "ArrowRight", "ArrowLeft"):
        page.keyboard.press(key)
    until(lambda: descent.evaluate("e => e.view.state.step"), 2)
    until(lambda: page.evaluate(PLACE), place)
    page.keyboard.press("Shift+ArrowRight")
    until(lambda: page.evaluate(PLACE), differs(place))
    guess = page.locator(".guess .course-view").first
    guess.evaluate(to)
    fields = guess.locator("[data-control=hands]:visible")
    count = until(fields.count)
    page.keyboard.type("12")
    for _ in range(count - 1):
        page.keyboard.press("Enter")
        page.keyboard.type("4")
    page.keyboard.press("Enter")
    until(fields.count, 2 * count)
    page.keyboard.type("9")  # the second round, with the focus on nothing
    said = "Hands before the discussion: A 12, B 4, C 4. Hands after the discussion: A 9."
    until(guess.get_by_test_id("hands").inner_text, said)
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowRight")  # and the answer beside them
    until(lambda: guess.evaluate("e => e.view.state.pick >= 0"))


def test_slides_print_one_to_a_page(deck):
    page = deck("00_start_here", "?print-pdf")
    page.wait_for_selector(".pdf-page")
    count = page.evaluate("document.querySelectorAll('.pdf-page').length")
    until(lambda: page.evaluate("Reveal.getTotalSlides()"), count)
    until(lambda: page.pdf(prefer_css_page_size=True).count(b"/Type /Page\n") in (count, count + 1))


def test_a_view_finds_the_pointer_on_an_enlarged_slide(show):
    fragment = labs.ask([1.0, 5.0, 9.0], [1.0, 2.0, 3.0], query=1.0, width=1.0).fragment()
    large = show(html=f'<div style="width:600px;transform:scale(1.5);transform-origin:0 0">{fragment}</div>')
    pages, asked = (large, show(fragment, width=624)), []
    for share in (0.3, 0.6):
        for page in pages:
            left, top, wide, high = page.locator(".course-view").evaluate(CANVAS)
            page.mouse.click(left + share * wide, top + high / 3)
            settle(page)
            asked.append(page.locator(".course-view").evaluate("v => v.view.state.query"))
    assert asked[::2] == pytest.approx(asked[1::2], abs=0.15) and asked[2] - asked[0] > 2
