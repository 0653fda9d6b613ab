"""The views under the hand, without a kernel: what they show, keys and pointer, reading aids, themes, sizes."""

import itertools
import re

import pytest
import torch
from browser import one_page, pages
from helpers import labs
from helpers.waiting import contains, differs, lacks, picture, settle, state, until

from course_kit.views import heatmap, predict
from course_kit.views.figure import figure
from course_kit.views.layout import box

pytestmark = pytest.mark.browser
stage, put = one_page.fixtures()
WORDS = ["The", "animal", "didn't", "cross", "the", "street", "because", "it", "was", "too", "tired"]


def weights(*shape, seed=0):
    return torch.softmax(2 * torch.randn(*shape, generator=torch.Generator().manual_seed(seed)), -1)


def causal():
    mask = torch.ones(11, 11).tril().bool()
    return heatmap(mask / mask.sum(-1, keepdim=True), WORDS, WORDS, mask=mask, select=("it", "animal"))


def test_heatmap_by_keyboard(put):
    page = put(causal())
    grid, cell, readout = page.get_by_role("grid"), page.get_by_role("gridcell"), page.get_by_test_id("readout")
    grid.focus()
    until(readout.inner_text, lambda said: "“it”" in said and "animal" in said)
    heights = set()
    for key, place in (("ArrowRight", (7, 2)), ("ArrowDown", (8, 2)), ("ArrowUp", (7, 2)), ("End", (7, 10))):
        page.keyboard.press(key)
        until(lambda: (state(page)["row"], state(page)["col"]), place)
        settle(page)
        heights.add(page.locator(".course-view").evaluate("e => e.offsetHeight"))
    assert len(heights) == 1, "the layout does not jump"
    until(readout.inner_text, contains("may not attend to “tired”"))
    until(lambda: cell.get_attribute("aria-label"), contains("may not attend to"))
    until(lambda: (cell.get_attribute("aria-colindex"), grid.get_attribute("aria-colcount")), ("11", "11"))
    page.keyboard.press("Tab")
    until(lambda: page.evaluate("() => document.activeElement.shadowRoot?.activeElement?.tagName"), "SUMMARY")


def test_a_heatmap_opens_on_its_largest_number_and_a_pointer_says_others(put):
    page = put(heatmap([[0.25, 0.75], [0.6, 0.4]], ["a", "b"], ["c", "d"]))
    readout = page.get_by_test_id("readout").inner_text
    until(readout, contains("“a” puts 75 % of its attention on “d”"))
    until(page.locator(".legend").inner_text, "weight 0\n1")
    box = page.locator("canvas").bounding_box()
    said = [readout()]
    for x, y in ((0.5, 0.35), (0.5, 0.75)):
        page.mouse.move(box["x"] + box["width"] * x, box["y"] + box["height"] * y)
        said.append(until(readout, lambda now: now != said[-1] and re.search(r"“[ab]” puts \d+ % .* “[cd]”", now)))


def test_drag_the_query_and_remove_the_largest_weight(put):
    keys = torch.linspace(0.1, 4.9, 36)
    page = put(labs.ask(keys, keys.sin(), query=2.9, width=0.35))
    box = page.locator("canvas").bounding_box()
    page.mouse.move(box["x"] + 400, box["y"] + 30)
    page.mouse.down()
    page.mouse.move(box["x"] + 200, box["y"] + 30, steps=4)
    page.mouse.up()
    until(lambda: state(page)["query"] < 2)
    before = until(page.get_by_test_id("readout").inner_text)
    for count in (1, 2):
        page.get_by_role("button", name="remove the largest weight").click()
        until(lambda: len(state(page)["removed"]), count)
    until(page.get_by_test_id("readout").inner_text, differs(before))
    page.get_by_role("button", name="bring all back").click()
    until(page.get_by_test_id("readout").inner_text, before)


def test_a_guess_is_a_card_with_a_letter_and_then_with_the_mark_of_what_it_was(put):
    """What the verdict says is tested in course_kit/views/js/test/predict.test.js."""
    page = put(predict("Where?", ["up", "down", "nowhere"], 1, "Because."))
    verdict = page.get_by_test_id("verdict").inner_text
    cards = dict.fromkeys(until(page.locator(".answer").all_inner_texts))
    marks = page.locator(".letter").all_inner_texts
    assert until(marks) == ["A", "B", "C"]
    until(verdict, lacks("Because"))
    letters = dict(zip(cards, "abc", strict=True))
    page.get_by_role("radio").nth(0).focus()
    page.keyboard.press("ArrowDown")  # leads on, and chooses nothing
    assert page.get_by_role("radio").nth(1).evaluate("e => e.getRootNode().activeElement === e && !e.checked")
    page.keyboard.press(letters["up"])
    until(verdict, lambda said: said.startswith("✗") and "Because." in said)
    told = {"up": "✗", "down": "✓"}
    until(marks, [told.get(answer, letter) for answer, letter in zip(cards, "ABC", strict=True)])
    looks = "labels => labels.map(e => [getComputedStyle(e).borderStyle, getComputedStyle(e).backgroundColor].join())"
    assert len(set(page.locator(".answers label").evaluate_all(looks))) == 3, "told apart without a colour"
    page.get_by_role("radio", name="down").check()
    until(verdict, lambda said: said.startswith("✓"))
    until(marks, ["✓" if answer == "down" else letter for answer, letter in zip(cards, "ABC", strict=True)])


LONG = "They have three letters in common, whichever asks, but one divides them by seven and the other by twenty-one."


@pytest.mark.parametrize(("answer", "because"), [(1, LONG), (0, "Short."), (2, ["Short.", LONG, LONG])])
def test_a_guess_moves_nothing_and_leaves_no_empty_room(put, answer, because):
    boxes = """() => { const host = document.querySelector('.course-view'), root = host.shadowRoot;
      const places = [...root.querySelectorAll('label')].map(label => label.getBoundingClientRect().x);
      const said = root.querySelector('[data-testid=verdict]');
      const card = said.parentElement, text = document.createRange();
      text.selectNodeContents(said);
      const around = 2 * parseFloat(getComputedStyle(card).paddingTop) + 2;
      const spare = card.offsetHeight - around - text.getBoundingClientRect().height;
      return { places, high: host.offsetHeight, spare }; }"""
    for width in (480, 1000):
        page = put(
            predict("Where does the curve go?", ["up, and up", "down", "to and fro"], answer, because), width=width
        )
        settle(page)
        before = page.evaluate(boxes)
        spare = []
        for pick in range(3):
            page.get_by_role("radio").nth(pick).check()
            settle(page)
            after = page.evaluate(boxes)
            assert (after["places"], after["high"]) == (before["places"], before["high"])
            spare.append(after["spare"])
        assert min(spare) < 6, "the longest that can be said fills its room"
        if answer != 1 and isinstance(because, str):
            assert max(spare) < 6 and before["spare"] < 6


NAMES_ABOVE = """async () => {
  const c = CanvasRenderingContext2D.prototype, { fillText } = c, seen = [];
  c.fillText = function (text, ...rest) {
    const { a, b, e } = this.getTransform();
    const apart = -b / Math.hypot(a, b);  // of two lines whose columns are one pixel apart
    if (apart > 0.7) seen.push([apart, e / devicePixelRatio, parseFloat(this.font.match(/[\\d.]+px/)[0])]);
    return fillText.call(this, text, ...rest);
  };
  document.querySelector('.course-view').view.set({});
  await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
  c.fillText = fillText;
  return seen;
}"""


def test_in_front_of_a_class_a_choice_is_gone_through_and_taken_back(put):
    """A figure that opens on the first option of its choice says so by itself; after a reset it begins anew."""
    said = ["One.", "Two.", "Three."]
    cut = figure(box("a"), said, axes=[("cut", "cut", ["x", "y", "z"])], start={"cut": "x"}, still=True)
    page = put(cut)
    press = "(way, { view } = document.querySelector('.course-view')) => [view.press(way), view.state.cut]"
    assert [page.evaluate(press, way) for way in ("back", "on", "on", "on")] == [
        [False, "x"], [True, "y"], [True, "z"], [False, "z"]]  # fmt: skip
    assert [page.evaluate(press, way) for way in ("back", "back", "on")] == [[True, "x"], [False, "x"], [True, "y"]]
    page.evaluate("document.querySelector('.course-view').view.act('reset')")
    assert page.evaluate(press, "on") == [True, "y"]


@pytest.mark.parametrize("count", [11, 30, 200])
def test_names_above_columns_are_legible(put, count):
    """Slanted, their lines are as far apart as their type is high, which is 11 px or more."""
    names = [f"word{i}" for i in range(count)]
    page = put(heatmap(weights(count, count), names, names))
    for width in (480, 700, 1000):
        page.set_viewport_size({"width": width, "height": 900})
        settle(page)
        seen = page.evaluate(NAMES_ABOVE)
        assert len(seen) >= 5
        for (apart, left, size), (_, right, _) in itertools.pairwise(seen):
            assert size >= 11
            assert (right - left) * apart >= size


def test_512_tokens_scroll_in_a_window(put):
    page = put(heatmap(weights(512, 512)))
    canvas = page.locator("canvas")
    until(canvas.bounding_box, lambda box: 0 < box["width"] < 1000 and 0 < box["height"] < 700)
    page.get_by_role("grid").focus()
    first, before = until(lambda: state(page)["row"], lambda at: 0 <= at < 40), picture(page)
    for _ in range(30):
        page.keyboard.press("PageDown")
    until(lambda: picture(page), differs(before))
    until(lambda: state(page)["row"], first + 300)


# ---- where no script runs
GITHUB_TAGS = set("div figure b br img figcaption details summary table thead tbody tr th td ul li".split())  # noqa: SIM905


def sanitised(fragment: str) -> str:
    """What GitHub's rules leave: no scripts, no style, of the attributes only a few."""
    fragment = re.sub(r"<script\b.*?</script>", "", fragment, flags=re.S)
    tags = set(re.findall(r"<([a-z]+)", fragment))
    assert tags <= GITHUB_TAGS, f"{tags - GITHUB_TAGS} would be thrown away"
    return re.sub(r' (style|class|data-[a-z]+)="[^"]*"', "", fragment)


def test_without_scripts_picture_sentence_and_table_remain(show):
    """Of one view of each kind: that all have these is tested in Python."""
    shown = causal(), predict("Where does the curve go?", ["up", "down"], 1, "Because.")
    page = show(html="".join(sanitised(view.fragment()) for view in shown), scripts=False)
    image = page.locator("img")
    until(image.is_visible)
    until(lambda: image.bounding_box()["width"] > 200)
    until(lambda: len(image.get_attribute("alt")) > 60)
    until(page.locator("figcaption").first.is_visible)
    page.locator("summary").first.click()
    until(lambda: page.locator("table tr").count() > 2)
    until(page.locator("li").count, 2)
    page.locator("summary").last.click()
    until(page.locator("details").last.inner_text, contains("down. Because."))


SMALL = """() => [...document.querySelectorAll('.course-view')].flatMap(view =>
  [...view.shadowRoot.querySelectorAll('input, select, button, summary')].flatMap(e => {
    const box = e.matches('[type=checkbox]'), part = e.matches('.choice input') ? e.nextElementSibling : e;
    const { width, height } = (box ? e.closest('label') : part).getBoundingClientRect();
    return width && (width < 24 || height < 24) ? [[e.outerHTML.slice(0, 60), width, height]] : [];
  }))"""


def test_a_finger_meets_every_control_and_a_slider_has_the_width_of_the_phone(watch, tmp_path):
    page = tmp_path / "phone.html"
    shown = [
        labs.ask([1.0, 5.0, 9.0], [1.0, 2.0, 3.0], query=1.0, width=1.0),
        labs.softmax([1.0, 2.0, 3.0]),
        labs.masking(torch.eye(3)),
    ]
    page.write_text(
        '<!DOCTYPE html><html lang="en"><meta name="viewport" content="width=device-width"><title>phone</title>'
        + pages.PROGRAM
        + "".join(view.fragment() for view in shown),
        encoding="utf-8",
    )
    phone = watch(page.as_uri(), size=(390, 844), has_touch=True, is_mobile=True)
    until(lambda: phone.evaluate(SMALL), [])
    sliders = "() => [...document.querySelectorAll('.course-view')].flatMap(v => [...v.shadowRoot.querySelectorAll("
    wide = sliders + "'[type=range]')].map(e => [e.offsetWidth, e.offsetHeight]))"
    until(lambda: phone.evaluate(wide), lambda sizes: sizes and all(w >= 180 and h >= 44 for w, h in sizes))
