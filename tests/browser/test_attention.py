"""Attention under the hand: words are dragged, numbers explain themselves and are changed, by pointer and by keys."""

import pytest
from browser import one_page
from helpers import labs
from helpers.waiting import contains, numbers, state, until

pytestmark = pytest.mark.browser
stage, put = one_page.fixtures()
WORDS = ["the", "train", "stops"]


def sentence(**options):
    eye, turn = [[1.0, 0.0], [0.0, 1.0]], [[0.0, 1.0], [1.0, 0.0]]
    return labs.self_attention([[0.5, 0.0], [0.0, 1.5], [1.0, 0.5]], eye, turn, eye, WORDS, **options)


def cell(page, at):
    return page.locator(f'[data-at="{at}"]')


def test_a_dragged_word_changes_all_that_is_made_of_it(put):
    page = put(sentence())
    box = page.locator("canvas").first.bounding_box()
    page.mouse.move(box["x"] + 30, box["y"] + box["height"] - 30)
    before = until(lambda: numbers(page))
    spot = page.evaluate("""() => {
      const canvas = document.querySelector('.course-view').shadowRoot.querySelector('canvas');
      const { left, top } = canvas.getBoundingClientRect(); // room of 0.5 on each side of words from 0 to 1 and to 1.5
      const one = Math.min(canvas.clientWidth / 2, canvas.clientHeight / 2.5);
      return [left + (canvas.clientWidth - one) / 2, top + (canvas.clientHeight + 1.5 * one) / 2, one];
    }""")
    page.mouse.move(spot[0], spot[1] - 1.5 * spot[2])  # the tip of "train"
    page.mouse.down()
    page.mouse.move(spot[0] + spot[2], spot[1] - 0.5 * spot[2], steps=3)
    page.mouse.up()
    now = until(lambda: numbers(page), lambda seen: seen["x"][1] == pytest.approx([1, 0.5], abs=0.06))
    assert now["x"][0] == before["x"][0] and all(now[table] != before[table] for table in "qkvsao")


def test_a_pressed_number_shows_what_made_it(put):
    page = put(sentence())
    readout = page.get_by_test_id("readout").inner_text
    until(readout, contains("Output for “the”"))  # before anything is pressed
    cell(page, "s,1,2").click()
    until(readout, contains("how well “stops” fits “train”"))
    until(page.locator(".lines rect").count, 2)  # the query's row and the key's
    until(page.locator(".behind").count, 17)  # these, both words, both matrices, and itself
    page.keyboard.press("ArrowRight")
    until(lambda: state(page)["at"], ["a", 1, 0])
    until(page.locator(".piece").count, 3)
    until(page.locator(".lines rect").count, 1)


def test_a_given_number_is_typed_or_stepped(put):
    page = put(labs.attention([0.0, 0.0, 0.0], [[1.0, 0, 0], [0, 0, 1.0]], keys=["The", "sat"], score="dot"))
    cell(page, "q,0,2").click()  # where all are 0 or 1, a press changes one
    until(lambda: state(page)["q"], [0, 0, 1])
    cell(page, "k,0,2").click()
    page.get_by_role("button", name="more").click()
    until(lambda: state(page)["k"], [1, 0, 0.5, 0, 0, 1])
    page.get_by_role("button", name="less").click()
    cell(page, "q,0,2").focus()
    page.keyboard.type("2")
    until(lambda: numbers(page)["s"], [[0, 2]])
    until(cell(page, "a,0,1").inner_text, "0.88")
    cell(page, "q,0,2").press("Enter")
    until(lambda: state(page)["q"], [0, 0, 0])
