"""The charts under the hand: pointer and arrow keys read the numbers out, in both themes, at every width."""

import pytest
import torch
from browser import one_page
from helpers.waiting import contains, differs, settle, until

from course_kit.views import plot

pytestmark = pytest.mark.browser
stage, put = one_page.fixtures()
X = torch.linspace(1, 10, 10)
QUIET = ""  # what a chart says at rest


def charts():
    return {
        "lines": plot.lines({"attention": (X, X**2), "recurrent": (X, 3 * X)}, "words", "seconds", log="xy",
            title="What does length cost?"),
        "band": plot.lines({"five seeds": (X, X, X + 1), "mean": (X, X + 0.5)}, "steps", "loss", title="How sure?"),
        "regression": plot.regression(X, X.sin(), {"width 1": (X, X.cos())}, truth=(X, X.sin()), title="A curve?"),
        "points": plot.points([1.0, 2.0], [3.0, 4.0], "cost", "BLEU", labels=["base", "big"],
            title="Which is cheaper?"),
        "beside": plot.beside({n: plot.lines({"one": (X, X), "two": (X, 2 * X)}, "x") for n in "abcd"}, title="Four?"),
        "bars": plot.bars(["beam", "greedy"], [0.25, 0.5], ylabel="right", digits=2, title="Which is better?"),
        "groups": plot.bars(["form", "fits"], {"before": [0, 12], "after": [100, 81]}, digits=0, title="Better?"),
        "maps": plot.maps({"causal": torch.ones(3, 3).tril(), "both": torch.eye(3)}, "query", "key", title="Who may?"),
        "signed": plot.maps({"x": torch.ones(6, 8), "q": -torch.eye(8)}, signed=["q"], title="Heads?"),
    }  # fmt: skip


NAMES = list(charts())


@pytest.mark.parametrize(
    ("name", "keys", "said"),
    [("lines", [], "words 1 · attention: 1 · recurrent: 3"),
     ("lines", ["ArrowRight"], "words 2 · attention: 4 · recurrent: 6"),
     ("lines", ["End", "ArrowLeft", "ArrowDown"], "words 9 · recurrent: 27 · attention: 81"),
     ("band", ["Home"], "steps 1 · five seeds: 1 to 2 · mean: 1.5"), ("points", ["End"], "cost 2 · big: 4"),
     ("beside", ["End", "ArrowDown", "ArrowDown", "ArrowDown"], "x 10 · two: 20 · one: 10"),
     ("bars", ["Home", "ArrowDown"], "greedy: 0.50 right"),
     ("groups", ["Home", "ArrowDown", "ArrowRight"], "fits, after: 81"),
     ("lines", ["PageDown"], "words 10 · attention: 100"), ("maps", ["ArrowDown"] * 4, "both · query 2 → key 1: 0")],
)  # fmt: skip
def test_arrow_keys_read_the_numbers_out(put, name, keys, said):
    page = put(charts()[name])
    readout, hand = page.get_by_test_id("readout"), page.get_by_role("slider")
    until(hand.is_visible)
    until(readout.inner_text, QUIET)
    hand.focus()
    for key in keys:
        page.keyboard.press(key)
        settle(page)
    until(readout.inner_text, contains(said))
    until(lambda: hand.get_attribute("aria-valuetext"), contains(said))


@pytest.mark.parametrize("name", NAMES)
def test_the_pointer_reads_the_numbers_out_and_lights_the_mark(put, name):
    page = put(charts()[name])
    canvas, readout = page.locator("canvas"), page.get_by_test_id("readout")
    before, box = until(lambda: canvas.evaluate("c => c.toDataURL()")), canvas.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.1, box["y"] + box["height"] * 0.55)
    until(readout.inner_text, lambda text: any(c.isdigit() for c in text))
    until(lambda: canvas.evaluate("c => c.toDataURL()"), differs(before))
    page.mouse.move(2, 2)
    until(readout.inner_text, QUIET)
    until(lambda: canvas.evaluate("c => c.toDataURL()"), before)


def test_a_slider_and_buttons_choose_among_maps(put):
    several = {"m": torch.arange(3.0).reshape(3, 1, 1)}
    page = put(*(plot.maps(several, along=("which", v, v[0])) for v in ([1, 4, 9], ["one", "two", "three"])))
    for hand in page.locator(".hand").all():
        hand.press("Home")
    page.get_by_label("which").focus()
    page.keyboard.press("ArrowRight")
    page.get_by_label("three").check()
    until(page.get_by_test_id("readout").first.inner_text, contains(": 1"))
    until(page.get_by_test_id("readout").last.inner_text, contains(": 2"))


def test_at_rest_only_what_the_author_wants_is_read_out_and_marked(put):
    lines = {"one": (X, X), "two": (X, 2 * X)}
    page = put(plot.lines(lines, "hour", start=8.0, hours=True), plot.lines(lines, "hour", hours=True))
    pictures = "canvases => canvases.map(canvas => canvas.toDataURL())"
    drawn = page.locator("canvas")
    started, quiet = until(lambda: drawn.evaluate_all(pictures), lambda found: len(found) == 2)
    assert started != quiet, "a cursor, where a sentence is"
    until(page.get_by_test_id("readout").first.inner_text, "hour 8:00 · one: 8 · two: 16")
    until(page.get_by_test_id("readout").last.inner_text, QUIET)
    page.keyboard.press("Tab")  # the focus is a keyboard's, whatever the test before has done
    page.get_by_role("slider").last.focus()
    until(lambda: drawn.evaluate_all(pictures)[1], differs(quiet))
    page.get_by_role("slider").last.blur()
    until(lambda: drawn.evaluate_all(pictures)[1], quiet)
    page.get_by_role("slider").first.focus()
    page.keyboard.press("ArrowRight")
    until(page.get_by_test_id("readout").first.inner_text, contains("hour 9:00"))
    page.get_by_role("slider").first.blur()
    until(page.get_by_test_id("readout").first.inner_text, contains("hour 9:00"))  # what was chosen stays


def test_charts_are_as_wide_as_their_column_and_never_jump(put):
    page = put(*charts().values())
    for width in (360, 760, 1500):
        page.set_viewport_size({"width": width, "height": 900})
        settle(page)
        sizes = "all => all.map(e => [e.scrollWidth - e.clientWidth, e.offsetHeight])"
        before = page.locator(".course-view").evaluate_all(sizes)
        assert max(over for over, _ in before) <= 1, dict(zip(NAMES, before, strict=True))
        for name in ("lines", "bars", "beside"):
            canvas = page.locator(".course-view").nth(NAMES.index(name)).locator("canvas")
            until(lambda: canvas.bounding_box()["width"], lambda wide: wide >= width - 24 - 1)
        for i in range(len(NAMES)):
            page.get_by_role("slider").nth(i).focus()
            page.keyboard.press("ArrowRight")
            until(page.get_by_test_id("readout").nth(i).inner_text, lambda text: any(c.isdigit() for c in text))
            page.get_by_role("slider").nth(i).blur()
        until(lambda: page.locator(".course-view").evaluate_all(sizes), before)


def test_a_slider_gives_the_bars_other_values_and_single_ones_are_read_out(put):
    each = [[6, 8], [0, 2]]
    steps = [
        plot.bars(["a", "b"], of, each=each, digits=0)
        for of in ({"x": [1, 2], "y": [5, 6]}, {"x": [3, 4], "y": [7, 8]})
    ]
    page = put(plot.chosen(dict(enumerate(steps)), "step", 0))
    page.locator("input[type=range]").press("ArrowRight")
    page.locator(".hand").press("End")
    until(page.get_by_test_id("readout").inner_text, contains("a, y: 7; each: 6, 8"))


def test_table_and_words_are_behind_one_mark_that_says_what_it_is(put):
    chart = charts()["bars"]
    page = put(chart)
    until(page.locator("summary").count, 1)
    mark = page.get_by_role("group").locator("summary")
    until(lambda: mark.evaluate("e => e.innerText"), contains("table and words"))
    mark.focus()
    page.keyboard.press("Enter")
    until(page.locator(".more p").inner_text, chart.describe())
    rows = [chart.table().header, *chart.table().rows]
    until(lambda: [row.split("\t") for row in page.locator(".more tr").all_inner_texts()], rows)


def test_no_axe_violations_and_dark_and_light_differ(put, violations):
    seen = []
    bright = (
        "c => Math.max(...c.getContext('2d').getImageData(0, 0, c.width, c.height).data.filter((_, i) => !(i % 388)))"
    )
    for dark in (False, True):
        page = put(*charts().values(), dark=dark)
        one_page.has_no_violations(page, violations, one_page.LOOK if dark else ())
        canvas = page.locator(".course-view").nth(NAMES.index("bars")).locator("canvas")
        seen.append(until(lambda: canvas.evaluate(bright), lambda value: value > 0))
    assert seen[0] < 170 < seen[1], "dark on white, light on black"
