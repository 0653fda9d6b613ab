"""Labels that a browser could take for markup: every view draws, no script of theirs runs, the page keeps its words."""

import labs
import pytest
import torch
from playwright.sync_api import expect
from waiting import contains, until

from course_kit.views import heatmap
from course_tools.publishing import links

pytestmark = pytest.mark.browser
HOSTILE = ["<!--", "<script>", "</script><script>window.broken=1</script>", "<img src=x onerror='window.broken=1'>"]
VIEWS = {
    "heatmap": lambda: heatmap(torch.eye(4), HOSTILE, HOSTILE),
    "softmax": lambda: labs.softmax([1.0, 2.0, 3.0, 4.0], HOSTILE),
    "scoring": lambda: labs.scoring([1.0, 0.5], torch.eye(4)[:, :2], names=HOSTILE),
    "alignment": lambda: labs.alignment((HOSTILE, HOSTILE, torch.eye(4))),
}


@pytest.mark.parametrize("name", VIEWS)
def test_what_stands_behind_a_view_stays(show, name):
    view = VIEWS[name]()
    assert "<!--" not in view.scripts() and view.scripts().count("</script") == 2, "the ends of the two"
    page = show(html=view.fragment() + '<p id="behind">The page goes on.</p>')
    expect(page.locator("#behind")).to_have_text("The page goes on.")
    until(lambda: page.evaluate("!!document.querySelector('.course-view').view"))
    assert page.evaluate("window.broken === undefined")


def test_the_control_a_page_that_is_swallowed_loses_its_words(show):
    view = heatmap(torch.eye(2), ["<!--", "<script>"])
    old = view.fragment().replace("\\u003c", "<")
    page = show(html=old + '<p id="behind">The page goes on.</p>')
    expect(page.locator("#behind")).to_have_count(0)
    assert "after which a browser shows nothing" in links.swallowed(old) and not links.swallowed(view.fragment())


def test_scores_of_any_size_are_shown_as_they_were_given(show):
    page = show(heatmap([[70_000.0, -3e5, 1234.567]], kind="scores"))
    said = page.get_by_test_id("readout")
    page.get_by_role("grid").focus()
    page.keyboard.press("Home")  # it opens on the largest
    for shown in ("70000.0", "−3.0e+5", "1234.6"):
        until(said.inner_text, contains(shown))
        page.keyboard.press("ArrowRight")
