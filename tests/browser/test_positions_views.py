"""Chapter 4's labs under the hand: words, points and sliders move, and what is said of them follows.

Their numbers are held to torch's in tests/unit/chapters/test_positions_labs.py.
"""

import math

import pytest
from browser import one_page
from browser.cut_labels import cut_labels
from helpers import labs
from helpers.scenes import shuffled
from helpers.waiting import contains, differs, numbers, settle, state, until

pytestmark = pytest.mark.browser


def said(page):
    settle(page)
    return page.get_by_test_id("readout").inner_text()


def test_words_move_by_key_button_and_pointer(show):
    page = show(shuffled(range(6)))
    until(lambda: said(page), contains("This is the first order"))
    page.get_by_role("button", name="dog, place 2 of 6").focus()
    page.keyboard.press("Shift+ArrowRight")
    until(lambda: state(page)["order"], [0, 2, 1, 3, 4, 5])
    until(lambda: said(page), contains("equivariant"))
    page.keyboard.press("Shift+End")
    until(lambda: state(page)["order"], [0, 2, 3, 4, 5, 1])
    page.keyboard.press("ArrowLeft")
    until(lambda: state(page)["word"], 5)
    until(lambda: page.evaluate("document.activeElement.shadowRoot?.activeElement?.textContent"), "man")
    page.get_by_role("button", name="◀ move").click()
    until(lambda: state(page)["order"], [0, 2, 3, 5, 4, 1])
    one_page.reset(page)
    settle(page)
    first, last = (page.locator(f'[data-word="{w}"]').bounding_box() for w in (0, 5))
    page.mouse.move(first["x"] + 10, first["y"] + 10)
    page.mouse.down()
    page.mouse.move(last["x"] + last["width"] / 2, last["y"] + 10, steps=30)
    page.mouse.up()
    until(lambda: state(page)["order"], [5, 1, 2, 3, 4, 0])
    for name in ("reverse", "shuffle"):
        page.get_by_role("button", name=name).click()
        until(lambda: sorted(state(page)["order"]), list(range(6)))


def test_paths_are_drawn_within_the_picture_and_follow_the_sliders(show):
    page = show(labs.paths())
    inside = """() => {
      const root = document.querySelector('.course-view').shadowRoot;
      return [...root.querySelectorAll('.web path')].map((path) => {
      const [box, whole] = [path.getBBox(), path.closest('svg').getBoundingClientRect()];
      return path.getAttribute('d').length > 0 && box.x >= 0 && box.x + box.width <= whole.width
        && box.y >= 0 && box.y + box.height <= whole.height; }); }"""
    for width in (1000, 390):
        page.set_viewport_size({"width": width, "height": 900})
        for words, kernel in ((9, 3), (3, 2), (9, 2)):
            numbers(page, words=words, kernel=kernel)
            until(lambda: page.evaluate(inside), [True] * 12)  # a resized page is drawn anew a moment later
    until(lambda: said(page), contains("9 words, kernel 2"))


def test_the_matrix_stays_while_i_moves(show):
    page = show(labs.rotation())
    matrix = page.locator(".one .cells")
    before = matrix.inner_text()
    page.get_by_label("position i").focus()
    page.keyboard.press("ArrowRight")
    until(lambda: said(page), contains("from 5 to 6: R stayed the same"))
    until(matrix.inner_text, before)
    page.get_by_label("offset δ").focus()
    page.keyboard.press("ArrowRight")
    until(lambda: said(page), contains("from 3 to 4: R is another matrix"))
    until(matrix.inner_text, differs(before))


def test_both_points_on_the_circle_can_be_dragged(show):
    page = show(labs.rotation())
    until(lambda: state(page)["position"], 5)
    box, pair = page.locator("canvas").bounding_box(), state(page)["pair"]
    omega, middle = 10000 ** (-2 * pair / 128), box["width"] / 2

    def at(i):
        turn = i * omega
        return box["x"] + middle + 0.7 * middle * math.sin(turn), box["y"] + middle - 0.7 * middle * math.cos(turn)

    for held, to, name, value in ((5, 9, "position", 9), (12, 14, "offset", 5)):
        page.mouse.move(*at(held))
        page.mouse.down()
        page.mouse.move(*at(to), steps=6)
        page.mouse.up()
        until(lambda name=name: state(page)[name], value)


def test_no_name_on_the_circle_is_cut(show):
    """Wherever on the circle the two positions are: P[37] and P[40] on its right were."""
    page = show(labs.rotation())
    omega = 10000 ** (-2 * state(page)["pair"] / 128)
    around = sorted(range(50), key=lambda i: math.cos(i * omega))
    for width in (1000, 390):
        page.set_viewport_size({"width": width, "height": 900})
        for offset in (-20, 3):
            ends = [*around[:4], *around[-4:]]
            for position in {*ends, *(p - offset for p in ends)} & {*range(50)}:
                numbers(page, offset=offset, position=position)
                assert cut_labels(page) == [], (width, offset, position)
