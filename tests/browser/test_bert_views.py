"""Chapter 6's views under the hand: controls, keys and pointer reach the numbers, and the page shows these.

What they compute is held to torch and Python in tests/unit/chapters/test_bert_views.py, without a page.
"""

import pytest
import torch
from browser import one_page
from helpers import labs
from helpers.scenes import HIDDEN, expected, gaps, tags
from helpers.scenes import masked_words as masking
from helpers.waiting import contains, settle, state, until

from chapters.ch06.labs.words import chance
from course_kit.views import asking
from course_kit.views.view import at

pytestmark = pytest.mark.browser
stage, put = one_page.fixtures()


def said(page):
    settle(page)
    return page.get_by_test_id("readout").inner_text().replace("\n", " ")


def focused(page):
    return page.evaluate("document.activeElement.shadowRoot?.activeElement?.textContent ?? ''")


def walk(page, name, steps, words):
    """Keys in a line of words choose one, which then has the focus."""
    for key, place in steps:
        page.keyboard.press(key)
        until(lambda: state(page)[name], place)
        until(lambda: focused(page).startswith(words[place]))


# ---- the masking lab
def words_shown(page):
    """What each word's position shows: (the word above, what the model reads, the kind written below)."""
    settle(page)
    return [tuple(item.locator("span, b").all_inner_texts()) for item in page.locator(".tokens li").all()]


def words_of(view):
    notes = {"special": "", "as it is": ""}
    return [(m.label or "", m.input, notes.get(m.kind, m.kind)) for m in view.masked]


def test_each_position_says_what_was_done(put):
    every = {"special", "as it is", "masked", "random", "kept"}
    draws = (at(masking(), draws=n, share=0.5) for n in range(1, 200))
    view = next(view for view in draws if {m.kind for m in view.masked} == every)
    page = put(view)
    until(lambda: words_shown(page), words_of(view))
    look = "e => { const s = getComputedStyle(e); return [s.backgroundColor, s.borderTopStyle, s.borderTopColor] }"
    boxes = page.locator(".tokens li b")
    looks = {m.kind: boxes.nth(i).evaluate(look) for i, m in enumerate(view.masked)}
    assert len({str(look) for look in looks.values()}) >= 4 and looks["kept"][1] == "dashed"


def test_draws_and_their_shares(put):
    page = put(masking())
    until(lambda: words_shown(page), words_of(masking()))
    until(lambda: page.locator(".zone").first.bounding_box()["width"], 0)  # few draws have no bands
    for button, draws in (("draw again", 2), ("100 draws", 102), ("10,000 draws", 10_102)):
        page.get_by_role("button", name=button, exact=True).click()
        until(lambda: state(page)["draws"], draws)
        view = at(masking(), draws=draws)
        until(lambda: words_shown(page), words_of(view))
        found = page.evaluate("document.querySelector('.course-view').view.numbers()")
        for i, (name, share) in enumerate(found["shares"].items()):
            until(page.get_by_test_id(f"share-{name}").inner_text, f"{100 * share:.1f} %")
            box = "e => [e.getBoundingClientRect().x, e.getBoundingClientRect().width]"
            track, bar, zone = (page.locator(c).nth(i).evaluate(box) for c in (".track", ".track .bar", ".zone"))
            assert bar[1] / track[1] == pytest.approx(share, abs=0.02)
            if draws > 30:
                assert (zone[0] - track[0]) / track[1] == pytest.approx(found["bands"][name][0], abs=0.02)
    for _ in range(2):
        page.get_by_role("button", name="10,000 draws").click()
    until(lambda: state(page)["draws"], masking().options["most"])
    one_page.reset(page)
    until(lambda: words_shown(page), words_of(masking()))
    page.get_by_label("share chosen").focus()
    page.keyboard.press("End")
    until(lambda: words_shown(page), words_of(at(masking(), share=0.5)))
    page.keyboard.press("Home")
    until(page.get_by_test_id("share-masked").inner_text, "–")  # nothing is chosen
    until(lambda: said(page), contains("54.0 %"))  # 0.95 ** 12: how often that happens


# ---- predictions
def rows_shown(page, model=0):
    """(word, probability, note) of each bar, from the page."""
    settle(page)
    bars = page.get_by_test_id(f"model-{model}").locator(".bars")
    return list(zip(*(bars.locator(cells).all_inner_texts() for cells in (".w", ".p", ".note")), strict=True))


def test_the_bars_show_the_numbers(put):
    view = expected(select=6)
    page = put(view)
    for m in (0, 1):
        shown, bars, true = rows_shown(page, m), view.bars(m), view.true(m)
        for (word, p), (text, number, note) in zip(bars, shown[:5], strict=True):
            assert (text, number, bool(note)) == (word, chance(p), word == true[0])
        assert len(shown) == 6 + (true[2] > 5)
        if true[2] > 5:
            assert shown[6][0] == "store" and str(true[2]) in shown[6][2]
        panel = page.get_by_test_id(f"model-{m}").locator(".bars > i")
        track, bar = (panel.nth(0).evaluate(f"e => e{c}.getBoundingClientRect().width") for c in ("", ".firstChild"))
        assert bar / track == pytest.approx(bars[0][1], abs=0.02)
        right, of = view.right(m)
        until(page.get_by_test_id(f"model-{m}").locator(".score").inner_text, contains(f"{right} of {of}"))
    assert {view.true(m)[2] > 5 for m in (0, 1)} == {True, False}, "both cases were seen"


def test_words_are_chosen_by_click_and_keys(put):
    view = expected()
    page = put(view)
    page.locator('[data-word="4"]').click()
    until(lambda: state(page)["position"], 4)
    until(lambda: said(page), contains("“to”"))
    until(lambda: rows_shown(page)[0][0], view.bars(0, 4)[0][0])
    steps = (("ArrowRight", 5), ("ArrowRight", 6), ("ArrowLeft", 5), ("Home", 0), ("End", 14), ("ArrowLeft", 13))
    walk(page, "position", steps, view.options["names"])
    pressed = page.locator(".word[aria-pressed=true]")
    until(pressed.count, 1)
    until(lambda: pressed.get_attribute("data-word"), "13")
    until(page.locator('.word[tabindex="0"]').count, 1)


def test_a_hole_takes_a_word(put):
    words, likely = ["a", "dog", "bites"], torch.tensor([0.2, 0.5, 0.3]).expand(3, 3)
    page = put(labs.predictions(["a", "[MASK]", "bites"], likely, words, positions=[1]))
    page.locator('[data-word="1"]').focus()
    page.keyboard.type("bites")
    until(page.locator('[data-word="1"] span').inner_text, "bites")
    until(lambda: [note for _, _, note in rows_shown(page)], ["", "← yours", "", ""])
    page.get_by_label("Your word for this hole").fill("cat")
    until(lambda: said(page), contains("“cat” is not among the bars"))


def test_enter_shows_the_bars_also_in_a_page_that_uses_it(put):
    words, likely = ["a", "dog"], torch.tensor([0.4, 0.6]).expand(2, 2)
    page = put(asking(labs.predictions(["a", "[MASK]"], likely, words, positions=[1])))
    page.locator(".course-view").evaluate("e => e.addEventListener('keypress', (event) => event.preventDefault())")
    bars = page.get_by_test_id("model-0").locator("u")
    until(bars.count, 0)
    page.get_by_label("Your word for this hole").fill("dog")
    page.keyboard.press("Enter")
    until(bars.first.is_visible)


def test_one_hole_may_be_seen_before_the_others_are_guessed(put):
    words, likely = ["a", "dog"], torch.tensor([0.4, 0.6]).expand(3, 2)
    page = put(asking(labs.predictions(["[MASK]", "a", "[MASK]"], likely, words, positions=[0, 2], select=2, seen=[2])))
    bars = page.get_by_test_id("model-0").locator("u")
    until(bars.first.is_visible)
    page.locator('[data-word="0"]').click()
    until(bars.count, 0)


def test_the_covered_word_is_a_gap(put):
    """From the beginning: the word is not to be seen, its room stays, and the text says which word it was."""
    words = ["a", "dog", "bites"]
    page = put(labs.predictions(words, torch.eye(3), words, truth=words, select="dog"))
    until(lambda: said(page), contains("“dog” is covered"))
    until(lambda: [e.is_visible() for e in page.locator(".word span").all()], [True, False, True])
    widths = lambda: [e.bounding_box()["width"] for e in page.locator(".word").all()]  # noqa: E731
    before = widths()
    page.keyboard.press("Tab")
    page.locator('[data-word="2"]').click()
    until(lambda: [e.is_visible() for e in page.locator(".word span").all()], [True, True, False])
    until(widths, before)


def test_only_asked_positions_can_be_chosen_and_the_sentence_around_them_is_not_small(put):
    view = gaps()
    page = put(view)
    until(page.locator("button.word").count, 3)
    page.locator("button.word").first.focus()
    steps = (("ArrowRight", 6), ("ArrowRight", 13), ("ArrowRight", 13), ("Home", 2))
    walk(page, "position", steps, HIDDEN)
    marks = ["✓" if view.true(0, p)[2] == 1 else "✗" for p in (2, 6, 13)]
    words = page.locator("button.word").all()
    until(lambda: [word.inner_text().split("\n")[-1].strip() for word in words], marks)
    look = "e => { const s = getComputedStyle(e.querySelector('span')); return [s.fontSize, s.color].join() }"
    looks = [e.evaluate(look) for e in page.locator(".word").all()]
    around = {looks[i] for i in range(15) if i not in (0, 2, 7, 13, 14)}
    assert len(around) == 1 and not around & {looks[i] for i in (0, 7, 14)}, "only [CLS] and such are grey"


def test_a_tagged_word_stays_and_has_its_tag_below(put):
    page = put(tags())
    until(lambda: [e.is_visible() for e in page.locator(".word span").all()], [True] * 5)
    below = ["B-person ✓", "I-person ✓", "O ✓", "O ✓", "B-person ✗"]
    until(page.locator(".word small").all_inner_texts, below)
    until(lambda: said(page), contains("“Lakeside”. The model expects “B-person”."))
