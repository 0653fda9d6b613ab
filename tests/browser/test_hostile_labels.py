"""Labels from anybody's data: each view shows them clearly, runs nothing of theirs, and the page keeps its words."""

import labs
import pytest
import torch
from cut_labels import cut_labels
from playwright.sync_api import expect
from waiting import contains, settle, until

from course_kit.views import heatmap, predict
from course_tools.publishing import links

pytestmark = pytest.mark.browser
MARKUP = ["<!--", "<script>", "</script><script>window.broken=1</script>", "<img src=x onerror='window.broken=1'>"]
PLAIN = {  # a label, and what is seen of it
    "NUL": ("a\0b", "a␀b"),
    "long": ("x" * 10_000, "x" * 100 + "…"),
    "one letter": ("z" + "\u0301" * 10_000, "z" + "\u0301" * 4),
    "Hebrew": ("שלום 12", "\u2068שלום 12\u2069"),
    "turned": ("ab\u202ecd", "abcd"),
    "emoji": ("👩‍🚀 and 👨‍👩‍👧‍👦", "👩‍🚀 and 👨‍👩‍👧‍👦"),
    "two lines": ("two\nlines", "two lines"),
    "nothing": ("", ""),
}
LABELS = MARKUP + [given for given, _ in PLAIN.values()]
SEEN = MARKUP + [seen for _, seen in PLAIN.values()]
COUNT = len(LABELS)
VIEWS = {
    "heatmap": lambda names: heatmap(torch.eye(len(names)), names, names),
    "alignment": lambda names: labs.alignment((names, names, torch.eye(len(names)))),
    "predict": lambda names: predict("Which?", names, 2, "Because."),
}
OTHERS = {
    "softmax": lambda names: labs.softmax([1.0, 2.0, 3.0, 4.0], names),
    "scoring": lambda names: labs.scoring([1.0, 0.5], torch.eye(4)[:, :2], names=names),
}


def hostile(name):
    """A view with all labels; the longest ones are given to the page past Python, which refuses them."""
    view = VIEWS[name]([label[:900] for label in LABELS])
    told = view.options
    if name == "heatmap":
        told |= {"queries": LABELS, "keys": LABELS, "axes": ["query" * 300, "\0"]}
    elif name == "alignment":
        told |= {"source": LABELS}
        told["versions"][0] |= {"tokens": LABELS}
    else:
        told |= {"answers": LABELS, "answer": 2}
    return view


@pytest.mark.parametrize("name", [*VIEWS, *OTHERS])
def test_what_stands_behind_a_view_stays(show, name):
    view = (VIEWS | OTHERS)[name](MARKUP)
    page = show(html=view.fragment() + '<p id="behind">The page goes on.</p>')
    expect(page.locator("#behind")).to_have_text("The page goes on.")
    until(lambda: page.evaluate("!!document.querySelector('.course-view').view"))
    assert page.evaluate("window.broken === undefined")
    expect(page.locator(".course-view-note")).to_have_count(0)


def test_the_control_a_page_that_is_swallowed_loses_its_words(show):
    view = heatmap(torch.eye(2), ["<!--", "<script>"])
    old = view.fragment().replace("\\u003c", "<")
    page = show(html=old + '<p id="behind">The page goes on.</p>')
    expect(page.locator("#behind")).to_have_count(0)
    assert "after which a browser shows nothing" in links.swallowed(old) and not links.swallowed(view.fragment())


@pytest.mark.parametrize("width", [480, 1000])
@pytest.mark.parametrize("name", VIEWS)
def test_no_label_widens_the_page(show, name, width):
    page = show(hostile(name), width=width)
    until(lambda: page.evaluate("!!document.querySelector('.course-view').view"))
    until(lambda: page.evaluate("document.documentElement.scrollWidth") <= width)
    inner, outer = page.locator(".course-view").evaluate("e => [e.scrollWidth, e.clientWidth]")
    assert inner <= outer + 1
    assert page.evaluate("window.broken === undefined")


def test_a_heatmap_writes_no_label_past_its_edge_and_says_each(show):
    page = show(hostile("heatmap"))
    said = page.get_by_test_id("readout")
    assert cut_labels(page) == []
    for i, label in enumerate(SEEN):
        page.evaluate("i => document.querySelector('.course-view').view.set({ row: i, col: i })", i)
        until(said.inner_text, contains(f"“{label}” puts 100 % of its attention on “{label}"))
    page.locator("summary", has_text="table").click()
    until(lambda: page.locator("tbody th").all_text_contents()[: len(MARKUP)], MARKUP)


def test_an_alignment_writes_no_label_past_its_edge_and_says_each(show):
    page = show(hostile("alignment"))
    said = page.get_by_test_id("readout")
    assert cut_labels(page) == []
    for i, label in enumerate(SEEN):
        page.evaluate("i => document.querySelector('.course-view').view.set({ row: i, col: -1 })", i)
        until(said.inner_text, contains(f"“{label}” puts 100 % of its attention on “{label}"))
    words = page.get_by_role("toolbar", name="source sentence").get_by_role("button")
    until(lambda: [text[:20] for text in words.all_text_contents()[:-2]], [text[:20] for text in restored(SEEN)[:-2]])


def restored(seen):
    """As a page keeps them: it draws a line's end as a space."""
    return [label.replace("two lines", "two\nlines") for label in seen]


def test_answers_are_read_as_they_are(show):
    page = show(hostile("predict"))
    expect(page.get_by_role("radio")).to_have_count(COUNT)
    page.get_by_role("radio", name="<img src=x").check()
    settle(page)
    until(page.get_by_test_id("verdict").inner_text, contains(f"✗ It is {MARKUP[2]}. Because."))
    assert page.evaluate("window.broken === undefined")


def test_names_of_heads_are_as_long_as_their_menu(show):
    page = show(heatmap(torch.eye(2).expand(2, 2, 2), names=["n" * 900, "<b>"]), width=480)
    until(lambda: page.evaluate("!!document.querySelector('.course-view').view"))
    until(lambda: page.evaluate("document.documentElement.scrollWidth") <= 480)


def test_scores_of_any_size_are_shown_as_they_were_given(show):
    page = show(heatmap([[70_000.0, -3e5, 1234.567]], kind="scores"))
    said = page.get_by_test_id("readout")
    page.get_by_role("grid").focus()
    page.keyboard.press("Home")  # it opens on the largest
    for shown in ("70000.0", "−3.0e+5", "1234.6"):
        until(said.inner_text, contains(shown))
        page.keyboard.press("ArrowRight")
