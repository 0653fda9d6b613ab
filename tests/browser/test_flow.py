"""Chapter 3's two data flows in a browser: word by word, and the numbers of what is pointed at.

The contexts are held to torch's in tests/unit/chapters/test_ch03_labs.py.
"""

import re

import pytest
from scenes import ENGLISH, FRENCH, flow
from waiting import contains, differs, numbers, picture, settle, state, stays, until

pytestmark = pytest.mark.browser
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


def test_it_moves_and_says_its_numbers(show):
    page, view = show(flow(step=5)), flow()
    said, before = page.get_by_test_id("readout"), (picture(page, 0), picture(page, 1))
    until(lambda: said.inner_text().replace("\n", " "), contains("“zone” reads"))
    until(said.inner_text, contains("the same 8 numbers"))
    page.get_by_test_id("picture").focus()
    page.keyboard.press("ArrowRight")
    until(lambda: state(page)["step"], 6)
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
    until(lambda: state(page)["step"], 2)
    page.mouse.move(1, 1)
    until(reads, contains("Choose a column"))
    until(reads, contains("“accord” reads"))


def test_play_pauses_and_goes_on(show):
    page = show(flow(step=1))
    button = page.get_by_test_id("play")
    button.click()
    until(lambda: state(page)["step"] > 1)
    button.click()
    until(button.inner_text, "play")
    stays(lambda: button.inner_text(), "play")
    page.get_by_test_id("picture").press("End")
    until(lambda: state(page)["step"], 14)
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
