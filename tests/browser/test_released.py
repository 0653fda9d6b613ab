"""Views that 0.6 has saved in its pages draw with the program of today, without a kernel."""

from pathlib import Path

import half_solved
import one_page
from waiting import until

PAGES = Path(__file__).parents[1] / "released" / "0.6"

stage, put = one_page.fixtures()

APOLOGIES = """views => views.filter(view => view.querySelector(".course-view-note"))
  .map(view => view.querySelector("figure > b").textContent)"""
DRAWN = "views => views.every(view => view.shadowRoot?.querySelector('.body')?.childElementCount)"


def test_one_of_each_kind_of_saved_view_draws(put):
    saved = [view for page in half_solved.PAGES for view in half_solved.views(PAGES / f"{page}.ipynb")]
    one_of_each = {(spec["kind"], *sorted(spec)): html for html, spec in saved}
    page = put(*one_of_each.values())
    drawn = page.locator(".course-view")
    until(drawn.count, len(one_of_each))
    assert len(one_of_each) > 10
    until(lambda: drawn.evaluate_all(DRAWN))
    assert drawn.evaluate_all(APOLOGIES) == []
