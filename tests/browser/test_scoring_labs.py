"""Chapter 2's labs under the hand: arrows, menus, steps, colours, and room for all of it.

Their numbers are held to torch's in tests/unit/chapters/test_chapter2_labs.py.
"""

import labs
import pytest
import torch
from scenes import drawn as vectors
from waiting import contains, numbers, settle, until

pytestmark = pytest.mark.browser


def test_dragging_a_key_and_typing_a_number_move_both_slots(show):
    view = labs.scoring([1.0, 0.0], [[1.0, 0.0], [0.0, 1.0]], a="dot", b="similarity")
    page = show(view)
    box = page.locator("canvas").bounding_box()
    (left, top), one = (numbers(page)["plane"][name] for name in ("middle", "one"))
    at = lambda x, y: (box["x"] + left + x * one, box["y"] + top - y * one)  # noqa: E731
    page.mouse.move(*at(0, 1))
    page.mouse.down()
    page.mouse.move(*at(1.1, 1), steps=4)
    page.mouse.move(*at(9, 9))  # out of the plane: the tip stays in sight
    until(lambda: 0 < left + numbers(page)["a"]["score"][1] * one < page.locator("canvas").bounding_box()["width"])
    page.mouse.move(*at(1.1, 1))
    page.mouse.up()
    made = numbers(page)
    assert made["a"]["score"] == pytest.approx([1, 1.1], abs=0.06)
    assert made["b"]["score"][1] < 0.9
    page.get_by_text("vectors as numbers").click()
    page.get_by_label("query, feature 1").fill("-2")
    assert numbers(page)["a"]["score"][0] == pytest.approx(-2)
    until(page.get_by_test_id("slot-a").inner_text, contains("−2.000"))


def test_keyboard_reaches_scores_and_steps(show):
    page = show(labs.scoring([1.0, 0.0], [[1.0, 0.0], [0.0, 1.0]], a="dot"))
    page.get_by_label("A", exact=True).select_option("general")
    until(lambda: page.evaluate("document.querySelector('.course-view').view.state.a"), "general")
    page.get_by_label("steps shown").focus()
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    until(lambda: page.evaluate("document.querySelector('.course-view').view.state.step"), 2)
    until(page.get_by_test_id("slot-a").locator(".later").count, 2)  # softmax and context


def test_a_step_that_changes_nothing_has_no_row_and_the_context_no_heading_of_a_key(show):
    page = show(
        labs.scoring([1.0, 0.0], [[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]], ["a", "b", "c"], a="dot", b="scaled_dot")
    )
    rows = lambda slot: [  # noqa: E731
        " ".join(text.split()) for text in page.get_by_test_id(slot).locator("th").all_inner_texts()
    ]
    until(lambda: rows("slot-a"), ["score q·k", "weight softmax"])
    until(lambda: rows("slot-b"), ["score q·k", "scaled ÷ √2", "weight softmax"])
    context = page.get_by_test_id("slot-a").get_by_text("context", exact=False)
    until(context.inner_text, contains("a vector of 2 numbers"))
    until(lambda: context.evaluate("e => e.closest('td').colSpan"), 4)  # the heading of the rows and all three keys
    page.get_by_label("b", exact=True).uncheck()
    until(lambda: rows("slot-a"), ["score q·k", "mask", "weight softmax"])


BOXES = """() => [...document.querySelector('.course-view').shadowRoot.querySelectorAll('.strip tr')].flatMap(row => {
  const cells = [...row.children].slice(-3).map(e => e.getBoundingClientRect());
  return row.matches('.slot, .context') ? [] : [cells.map(({ left, width }) => [Math.round(left), Math.round(width)])];
})"""


def test_a_and_b_share_the_columns_of_the_keys_whose_names_stand_above_them_once(show):
    keys = torch.eye(3)[:, :2].tolist()
    page = show(labs.scoring(keys[0], keys, ["one", "two", "three"], a="dot", b="scaled_dot"), width=920)
    columns = until(lambda: page.evaluate(BOXES), lambda found: len(found) >= 6)
    assert all(row == columns[0] for row in columns), columns
    until(page.locator(".strip").get_by_text("three", exact=True).count, 1)


@pytest.mark.parametrize("width", [560, 920])
def test_another_score_moves_nothing_below_the_table(show, width):
    page = show(labs.scoring([1.2, 0.1], [[0.7, -0.1], [2.4, 2.0]], ["short", "long"]), width=width)
    reset = page.get_by_role("button", name="reset")
    before = until(reset.bounding_box)
    for score in ("scaled_dot", "general", "similarity", "deep"):
        page.get_by_label("A", exact=True).select_option(score.replace("_", " "))
        until(lambda s=score: page.evaluate("document.querySelector('.course-view').view.state.a"), score)
        until(reset.bounding_box, before)


# the empty pixels between one thing and the next that is below it, by name
GAPS = """() => {
  const root = document.querySelector('.course-view').shadowRoot;
  const box = (selector, inside = root) => inside.querySelector(selector).getBoundingClientRect();
  const slot = letter => root.querySelector(`[data-testid=slot-${letter}]`);
  const steps = root.querySelector('[data-control=step]').closest('.controls').getBoundingClientRect();
  const a = slot('a'), menu = box('select', a), about = box('.about', a);
  const lowest = Math.max(menu.bottom, about.bottom);
  return {
    'menu and what is known of the score': about.top > menu.top + 12 ? about.top - menu.bottom : 99,
    'score and its first row': box('.step td', a).top - lowest,
    'context and the next menu': box('select', slot('b')).top - box('.context b', a).bottom,
    'what is shown and the steps shown': steps.top - box('.say').bottom,
  };
}"""


def test_menus_rows_and_sliders_are_apart_from_each_other(show):
    page = show(labs.scoring(vectors(2, seed=1), vectors(4, 2, seed=2), a="deep", b="additive"))
    for width in (480, 700, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        settle(page)
        gaps = until(lambda: page.evaluate(GAPS), lambda found: all(found.values()))
        assert all(gap >= 4.5 for gap in gaps.values()), (width, gaps)
        assert gaps["context and the next menu"] >= 10 and gaps["what is shown and the steps shown"] >= 12, gaps


def test_the_shade_of_a_score_is_the_same_in_every_state(show):
    """Another score beside it, other keys, other steps: what has not changed keeps its colour."""
    page = show(labs.scoring([1.0, 0.0], [[1.0, 0.0], [-2.0, 1.0]], a="dot", b="similarity"))
    first = page.get_by_test_id("slot-a").locator(".step").first.locator("td")
    colours = lambda: [first.nth(i).evaluate("e => [e.innerText, e.style.background]") for i in (0, 1)]  # noqa: E731
    before = until(colours)
    page.get_by_label("B", exact=True).select_option("scaled dot")
    page.evaluate("document.querySelector('.course-view').view.set({temperature: 0.1, key_vectors: [1, 0, -2, 50]})")
    until(page.get_by_test_id("slot-b").inner_text, contains("÷ √2 ÷ t"))
    until(colours, before)
    assert before[0][1] != before[1][1]
