"""Labels from anybody's data: each view shows them clearly, runs nothing of theirs, and the page keeps its words."""

import pytest
import torch
from browser import one_page
from browser.cut_labels import cut_labels
from helpers import labs
from helpers.waiting import contains, settle, until
from playwright.sync_api import expect

from course_kit.views import heatmap, predict

pytestmark = pytest.mark.browser
stage, put = one_page.fixtures()
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
    "attention": lambda names: labs.attention([1.0, 0.5], torch.eye(4)[:, :2], query=names[0], keys=names, score="dot"),
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


def test_what_stands_behind_a_view_stays(show):
    made = [make(MARKUP) for make in (VIEWS | OTHERS).values()]
    page = show(html="".join(view.fragment() for view in made) + '<p id="behind">The page goes on.</p>')
    expect(page.locator("#behind")).to_have_text("The page goes on.")
    until(
        lambda: page.evaluate("[...document.querySelectorAll('.course-view')].filter(host => host.view).length"),
        len(made),
    )
    assert page.evaluate("window.broken === undefined")
    expect(page.locator(".course-view-note")).to_have_count(0)


@pytest.mark.parametrize("name", VIEWS)
def test_no_label_widens_the_page(put, name):
    page = put(hostile(name))
    for width in (480, 1000):
        page.set_viewport_size({"width": width, "height": 900})
        settle(page)
        until(lambda: page.evaluate("document.documentElement.scrollWidth") <= width)
        until(lambda: page.locator(".course-view").evaluate("e => e.scrollWidth <= e.clientWidth + 1"))
    assert page.evaluate("window.broken === undefined")


@pytest.mark.parametrize(("name", "column"), [("heatmap", 0), ("alignment", -1)])
def test_no_label_is_written_past_its_edge_and_each_is_said(put, name, column):
    page = put(hostile(name))
    settle(page)
    assert cut_labels(page) == []
    for i, label in enumerate(SEEN):
        page.evaluate("state => document.querySelector('.course-view').view.set(state)", {"row": i, "col": column or i})
        until(page.get_by_test_id("readout").inner_text, contains(f"“{label}” puts 100 % of its attention on “{label}"))
    if name == "heatmap":
        page.locator("summary", has_text="table").click()
        until(lambda: page.locator("tbody th").all_text_contents()[: len(MARKUP)], MARKUP)
    else:
        words = page.get_by_role("toolbar", name="source sentence").get_by_role("button")
        until(lambda: [text[:20] for text in words.all_text_contents()[:-2]], [t[:20] for t in restored(SEEN)[:-2]])


def restored(seen):
    """As a page keeps them: it draws a line's end as a space."""
    return [label.replace("two lines", "two\nlines") for label in seen]


def test_answers_are_read_as_they_are(put):
    page = put(hostile("predict"))
    expect(page.get_by_role("radio")).to_have_count(COUNT)
    page.get_by_role("radio", name="<img src=x").check()
    settle(page)
    until(page.get_by_test_id("verdict").inner_text, contains(f"✗ The answer: {MARKUP[2]}. Because."))
    assert page.evaluate("window.broken === undefined")
