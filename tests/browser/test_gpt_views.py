"""Chapter 7's labs under the hand: controls, keys and pointer reach the numbers, and the page shows these.

What they compute is held to Python in tests/unit/chapters/test_gpt_labs.py, without a page.
"""

import re

import pytest
import torch
from browser import one_page
from helpers import labs
from helpers.scenes import SIGNS, game, sampled
from helpers.waiting import contains, differs, lacks, picture, settle, state, until

from course_kit.views.view import asking

pytestmark = pytest.mark.browser
stage, put = one_page.fixtures()


def noise(*shape, seed=0):
    return 2 * torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def said(page, name="readout"):
    settle(page)
    return page.get_by_test_id(name).inner_text().replace("\n", " ")


def numbers(page):
    return page.evaluate("document.querySelector('.course-view').view.numbers()")


# ---- sampling
def test_a_token_is_drawn_and_written(put):
    page = put(sampled(temperature=0.8))
    until(lambda: said(page, "text"), lambda text: text.endswith("a b▁"))
    page.get_by_role("button", name="draw", exact=True).click()
    until(lambda: numbers(page)["drawn"], differs([]))
    (drawn,) = numbers(page)["drawn"]
    until(lambda: said(page, "text").strip(), f"a b{drawn}".replace("␣", "").strip())
    until(lambda: said(page), contains(f"last “{drawn}”"))
    page.get_by_role("button", name="draw 100").click()
    until(lambda: state(page)["draws"], 101)
    one_page.reset(page)
    until(lambda: state(page)["draws"], 0)


SPY = """async () => {
  const c = CanvasRenderingContext2D.prototype, { fillText, clip } = c, written = [];
  let clipped = 0;
  c.fillText = function (t, ...rest) { written.push(t); return fillText.call(this, t, ...rest); };
  c.clip = function () { clipped++; return clip.call(this); };
  document.querySelector('.course-view').view.set({});
  await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
  Object.assign(c, { fillText, clip });
  return [written, clipped];
}"""


def test_what_is_cut_is_hatched_and_said(put):
    page = put(sampled())
    names, before = numbers(page)["names"], picture(page)
    page.get_by_label("top-k").focus()
    for _ in range(7):
        page.keyboard.press("ArrowLeft")
    until(lambda: state(page)["top_k"], 3)
    until(lambda: said(page), contains("3 of 10"))
    until(lambda: picture(page), differs(before))
    written, clipped = page.evaluate(SPY)
    assert written.count("cut") == clipped == 7
    page.get_by_test_id("picture").focus()
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    until(lambda: said(page), lambda text: f"“{names[3]}”" in text and "cut, it cannot" in text)
    page.get_by_label("temperature").focus()
    page.keyboard.press("Home")
    until(lambda: said(page), contains("1 of 10"))
    box = page.locator("canvas").bounding_box()
    page.mouse.move(box["x"] + 80, box["y"] + 31)
    until(lambda: said(page), contains(f"“{names[0]}”"))


# ---- the next character
def test_the_reader_plays_and_the_model_is_silent_before_the_guess(put):
    view = labs.next_character("a bad cafe", noise(8, len(SIGNS)).softmax(-1), SIGNS)
    page = put(view)
    hidden = view.options["hidden"]
    typed = page.get_by_test_id("type")
    until(lambda: said(page, "score"), "")
    until(page.locator(".c.hid").count, 5)
    typed.press_sequentially("e")
    page.locator(f'[data-key="{hidden[4]}"]').click()
    page.get_by_role("button", name="pass").click()
    page.keyboard.press("Enter")  # the field has the keys
    until(lambda: state(page)["guesses"], ["e", hidden[4], "", "\n"])
    until(lambda: re.search(r"Right of 4: you\s+1\b", said(page, "score")))
    until(lambda: said(page, "score"), contains(f"{view.bits[3:7].mean():.2f} bits"))
    until(lambda: said(page), lambda text: f"“{hidden[6]}”" in text and "“⏎”" in text)
    until(lambda: said(page, "text"), lacks(hidden[7]))
    typed.press_sequentially(hidden[7] + "x")
    until(lambda: len(state(page)["guesses"]), 5)
    page.get_by_role("button", name="again").click()
    until(lambda: state(page)["guesses"], [])
    until(page.locator(".c.hid").count, 5)


def test_the_game_opens_with_an_example(put):
    view = game()
    page = put(view)
    until(lambda: said(page), contains("the first 3"))
    until(page.locator(".bars u").count, 5)
    marks = ["✓" if view.options["best"][i][0] == view.options["hidden"][i] else "–" for i in range(3)]
    until(lambda: [t.strip() for t in page.locator(".c small").all_inner_texts()], [*marks, "", "", ""])
    until(lambda: said(page, "score"), "")
    until(lambda: said(page, "text"), lacks("afe"))
    page.get_by_test_id("type").press_sequentially("a")
    until(lambda: said(page, "score"), contains("you 1"))
    page.get_by_role("button", name="again").click()
    until(lambda: said(page, "score"), "")


def test_capitals_and_rare_signs_are_behind_shift(put):
    signs = [*"\n !',.3ABCabcéß我"]
    page = put(labs.next_character("abcabca", noise(7, len(signs)).softmax(-1), signs))
    seen = lambda: {k.inner_text() for k in page.locator(".keys button").all() if k.is_visible()}  # noqa: E731
    until(seen, {*"⏎␣',.abcéß我"})
    shift = page.get_by_role("button", name="capitals")
    high = page.locator(".keys").bounding_box()["height"]
    shift.click()
    until(seen, {*"!3ABC"})
    until(lambda: page.locator(".keys").bounding_box()["height"], high)
    page.locator('[data-key="B"]').focus()
    page.keyboard.press("Enter")
    until(lambda: state(page)["guesses"], ["B"])
    until(seen, {*"⏎␣',.abcéß我"})
    until(lambda: shift.evaluate("e => e.getRootNode().activeElement === e"))
    page.keyboard.press("c")  # a real key counts wherever in the view one is
    until(lambda: state(page)["guesses"], ["B", "c"])
    page.locator('[data-key="a"]').click()
    page.keyboard.press("Space")  # and does not press the drawn one again
    until(lambda: state(page)["guesses"], ["B", "c", "a", " "])
    page = put(labs.next_character("ABCDE", noise(5, 5).softmax(-1), list("ABCDE")))
    until(page.locator(".keys button").first.is_visible)
    until(page.get_by_role("button", name="capitals").count, 0)


# ---- merges, the law
def test_merging_by_hand(put):
    view = asking(labs.merges({"low": 5, "lower": 2, "newest": 6, "widest": 3}, 10))
    page = put(view)
    until(page.locator(".bars u, .hot").count, 0)  # the first pair is guessed
    until(page.get_by_test_id("readout").is_hidden)
    page.get_by_role("button", name="one merge on").click()
    until(lambda: said(page), lambda text: "e + s → es" in text and "es + t" in text)
    page.get_by_test_id("picture").focus()
    page.keyboard.press("ArrowRight")
    until(page.locator('[data-word="newest"] span').all_inner_texts, ["▁", "n", "e", "w", "est"])
    until(page.locator('[data-word="newest"] .new').inner_text, "est")
    page.get_by_test_id("word").fill("lowest")
    until(page.get_by_test_id("cut").locator("span").all_inner_texts, ["▁", "l", "o", "w", "est"])
    page.get_by_role("button", name="one merge back").click()
    until(lambda: state(page)["step"], 1)
    until(lambda: page.get_by_test_id("cut").locator("span").all_inner_texts()[-2:], ["es", "t"])
    page.get_by_test_id("picture").focus()
    page.keyboard.press("End")
    until(lambda: state(page)["step"], view.options["last"])
    until(page.get_by_role("button", name="one merge on").is_disabled)
