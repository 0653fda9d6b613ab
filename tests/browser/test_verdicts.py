"""How the verdict of an exercise lies on a page: a card for each state, pairs together, words whole."""

import pytest
import torch
from browser import one_page
from helpers.waiting import until

from course_kit.exercises import show as notes
from course_kit.exercises.diagnose import Verdict

pytestmark = pytest.mark.browser
stage, put = one_page.fixtures()
PARTS = """() => [...document.querySelectorAll('.course-exercise pre')].map(pre => {
    const box = pre.parentElement.getBoundingClientRect();
    return [pre.parentElement.firstChild.textContent, box.top]; })"""
BROKEN = r"""() => { const found = [];
    for (const pre of document.querySelectorAll('pre')) {
      const walk = document.createTreeWalker(pre, NodeFilter.SHOW_TEXT);
      for (let node = walk.nextNode(); node; node = walk.nextNode())
        for (const word of node.data.matchAll(/\S+/g)) {
          const range = document.createRange();
          range.setStart(node, word.index);
          range.setEnd(node, word.index + word[0].length);
          if (range.getClientRects().length > 1) found.push(word[0]);
        }
    }
    return found; }"""


CARDS = """cards => cards.map(card => {
    const look = getComputedStyle(card), sign = card.querySelector('.course-stamp');
    return [look.borderLeftStyle, look.borderLeftWidth, look.backgroundColor, getComputedStyle(sign).borderRadius];
    })"""


@pytest.mark.parametrize("dark", [False, True])
def test_a_state_is_told_by_its_card_without_a_colour(put, dark, violations):
    text = {"right": "right, on all 4 inputs.", "wrong": "It returns None.", "unsolved": "The sum."}
    verdicts = [Verdict("total", state, words) for state, words in text.items()]
    made = [notes.verdict_note(verdict, "total", hints=("Add.",)).page for verdict in verdicts]
    page = put("".join(made), dark=dark)
    looks = until(lambda: page.locator(".course-card").evaluate_all(CARDS))
    assert len({tuple(look[:2]) for look in looks}) == 3 and len({look[3] for look in looks}) == 2
    until(page.locator(".course-card strong").all_inner_texts, ["Right, on all 4 inputs", "Not yet", "Not solved yet"])
    until(lambda: page.locator(".course-unsolved").bounding_box()["height"] < 110)
    assert violations(page, ".course-card") == []


def test_expected_and_yours_stand_beside_each_other_for_each_result(put):
    wide = torch.arange(24.0).reshape(3, 8) / 7
    small = torch.tensor([1.0, 2.0])
    pairs = {}
    for name, x in (("estimate", small), ("weights", wide)):
        pairs |= {f"{name}{notes.EXPECTED}": x, f"{name}{notes.MINE}": x + 1}
    page = put(notes.box(notes.table(pairs)[0]), width=700)
    tops = dict(until(lambda: page.evaluate(PARTS)))
    assert tops["estimate, expected"] == tops["estimate, yours"] < tops["weights, expected"]
    assert tops["weights, yours"] >= tops["weights, expected"]


def test_no_word_and_no_arrow_is_broken(put):
    words = [
        "a line that is longer than its place, up to its own last word",
        "the key -> the value -> the context of all",
    ]
    page = put(notes.box("".join(notes.table({"text": [word]})[0] for word in words)), width=330)
    assert page.evaluate(BROKEN) == []
    rects = "() => [...document.querySelectorAll('pre span')].map(span => span.getClientRects().length)"
    assert page.evaluate(rects) == [1, 1]
