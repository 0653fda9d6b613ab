"""Chapter 3's two data flows in a browser: word by word, and the numbers of what is pointed at.

The contexts are held to torch's in tests/unit/chapters/test_ch03_labs.py.
"""

import functools
import re

import labs
import pages
import pytest
import torch
from waiting import contains, differs, numbers, picture, settle, stays, until

pytestmark = pytest.mark.browser
SENTENCES = """The agreement on the European Economic Area was signed in August 1992 .
L' accord sur la zone économique européenne a été signé en août 1992 ."""
ENGLISH, FRENCH = (line.split() for line in SENTENCES.splitlines())
GOLD = [(0, 0), (1, 1), (2, 2), (3, 3), (4, 6), (5, 5), (6, 4), (7, 7), (8, 7), (9, 8), (10, 9), (11, 10), (12, 11)]
# what is said while the pointer goes down the second column of the second picture, and across its weights
HOVER = """async () => { const root = document.querySelector('.course-view').shadowRoot, found = [];
  const canvas = root.querySelectorAll('canvas')[1], box = canvas.getBoundingClientRect(), points = [];
  for (let y = 20; y < box.height; y += 5) points.push([118, y]);
  for (let x = 60; x < box.width; x += 30) points.push([x, box.height * 0.38], [x, box.height * 0.76]);
  for (const [x, y] of points) {
    canvas.dispatchEvent(new PointerEvent('pointermove', { clientX: box.left + x, clientY: box.top + y }));
    await new Promise(requestAnimationFrame);
    found.push(root.querySelector('[data-testid=numbers]').textContent);
  }
  return found; }"""
STATE = "() => document.querySelector('.course-view').view.state"


def flow(features=8, **options):
    source = torch.Generator().manual_seed(0)
    scores = torch.randn(14, 13, generator=source)
    for t, s in GOLD:
        scores[t, s] += 4
    states = torch.tanh(torch.randn(13, features, generator=source))
    return labs.flow((ENGLISH, FRENCH, torch.softmax(scores, -1)), states, plain=FRENCH[:6] + ["."], **options)


@functools.cache
def html(features=8, step=6):
    return pages.bare(flow(features, step=step))


def test_it_moves_and_says_its_numbers(show):
    page, view = show(flow(step=5)), flow()
    said, before = page.get_by_test_id("readout"), (picture(page, 0), picture(page, 1))
    until(lambda: said.inner_text().replace("\n", " "), contains("“zone” reads"))
    until(said.inner_text, contains("the same 8 numbers"))
    page.get_by_test_id("picture").focus()
    page.keyboard.press("ArrowRight")
    settle(page)
    until(lambda: page.evaluate(STATE)["step"], 6)
    until(lambda: picture(page, 0), differs(before[0]))
    until(lambda: picture(page, 1), differs(before[1]))
    seen = {"state": 0, "context": 0, "weight": 0}
    for text in set(page.evaluate(HOVER)) - {"Choose a column or a weight to read its numbers."}:
        kind, name, feature, number = re.match(r"(\w+) .*“(.+)”(?:, feature (\d+) of 8)?: (.*)", text).groups()
        t = ENGLISH.index(name) if kind != "context" else FRENCH.index(name)
        rows = {"state": view.array("states"), "context": view.contexts, "weight": view.array("weights")[5:6].T}[kind]
        expected = rows[t] if feature is None else rows[t][int(feature) - 1 : int(feature)]
        shown = [float(x) for x in number.replace("−", "-").split()]
        assert shown == pytest.approx(expected, abs=6e-3 if len(shown) > 1 else 6e-4), text
        seen[kind] += 1
    assert seen["state"] >= 8 and seen["context"] >= 3 and seen["weight"] >= 5, seen


def test_a_word_written_is_chosen_by_a_press_and_shown_under_the_pointer(show):
    page = show(flow(step=6))
    said, canvas = page.get_by_test_id("readout"), page.locator("canvas").nth(1)
    reads = lambda: said.inner_text().replace("\n", " ")  # noqa: E731
    box = canvas.bounding_box()
    places = [(box["x"] + x, box["y"] + 0.76 * box["height"]) for x in range(70, 250, 12)]
    for place in places:  # along the contexts to that of “accord”
        page.mouse.move(*place)
        settle(page)
        if "With attention, “accord” reads" in reads():
            break
    until(reads, contains("context for “accord”"))
    page.mouse.click(*place)
    until(lambda: page.evaluate(STATE)["step"], 2)
    page.mouse.move(1, 1)
    until(reads, contains("Choose a column"))
    until(reads, contains("“accord” reads"))


def test_play_pauses_and_goes_on(show):
    page = show(flow(step=1))
    button = page.get_by_test_id("play")
    button.click()
    until(lambda: page.evaluate(STATE)["step"] > 1)
    button.click()
    until(button.inner_text, "play")
    stays(lambda: button.inner_text(), "play")
    page.get_by_test_id("picture").press("End")
    until(lambda: page.evaluate(STATE)["step"], 14)
    until(page.get_by_label("one word on").is_disabled)


def test_a_column_keeps_its_length_while_words_are_written(show):
    """One scale at every word; without attention the same state stands out at each."""
    page = show(flow(step=14))
    states = """() => { const canvas = document.querySelector('.course-view').shadowRoot.querySelector('canvas');
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height * 0.3);
      return data.join(); }"""
    before = until(lambda: page.evaluate(states))
    for step in (1, 7):
        numbers(page, step=step)
        until(page.get_by_test_id("step").inner_text, str(step))
        assert until(lambda: page.evaluate(states)) == before


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_no_axe_violations(show, violations, dark):
    page = show(html(), dark=dark)
    page.locator(".summed-up summary").first.click()
    assert violations(page, "main") == []


@pytest.mark.parametrize("width", [480, 700, 1000])
def test_never_wider_than_the_column(show, width):
    page = show(html(), html(16), width=width)
    for i in (0, 1):
        inner, outer = page.locator(".course-view").nth(i).evaluate("e => [e.scrollWidth, e.clientWidth]")
        assert inner <= outer + 1
    until(lambda: page.evaluate("document.documentElement.scrollWidth") <= width)


@pytest.mark.parametrize("width", [480, 1000])
def test_the_layout_does_not_jump(show, width):
    page = show(html(), width=width)
    heights = {page.locator(".course-view").evaluate("e => e.offsetHeight")}
    for step in (1, 4, 9, 14):
        numbers(page, step=step)
        settle(page)
        heights.add(page.locator(".course-view").evaluate("e => e.offsetHeight"))
    assert len(heights) == 1, heights


def test_presenting_size(show):
    page = show(flow(presenting=True), width=1280)
    until(lambda: page.locator(".course-view").bounding_box()["height"] < 1000)
    until(lambda: page.locator(".view").evaluate("e => parseFloat(getComputedStyle(e).fontSize)") >= 24)


def test_without_scripts_picture_sentence_and_table_remain(show):
    page = show(flow(step=6), scripts=False)
    until(lambda: page.locator("img").bounding_box()["width"] > 200)
    until(lambda: len(page.locator("img").get_attribute("alt")) > 100)
    page.locator("summary").click()
    until(lambda: page.locator("table tr").count() > 4)
