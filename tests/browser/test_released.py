"""Views that 0.6 has saved in its pages draw with the program of today, without a kernel: one of each kind.

views.html has, from the notebooks of commit c5292194, one of each kind that is in none of the pages.
"""

import re
from pathlib import Path

from browser import one_page
from helpers import half_solved
from helpers.waiting import until

from course_kit import files
from course_kit.views import fragments

PAGES = Path(__file__).parents[1] / "released" / "0.6"

stage, put = one_page.fixtures()

APOLOGIES = """views => views.filter(view => view.querySelector(".course-view-note"))
  .map(view => view.querySelector("figure > b").textContent)"""
KINDS = set(re.findall(r"^  (\w+),$", (files.course_folder() / "chapters/views.js").read_text("utf-8"), re.M))
DRAWN = "views => views.every(view => view.shadowRoot?.querySelector('.body')?.childElementCount)"


def test_one_of_each_kind_of_saved_view_draws(put):
    saved = [view for page in half_solved.PAGES for view in half_solved.views(PAGES / f"{page}.ipynb")]
    rest = (PAGES / "views.html").read_text(encoding="utf-8").splitlines()
    saved += [(html, fragments.read(html).spec) for html in rest]
    one_of_each = {(spec["kind"], *sorted(spec)): html for html, spec in saved}
    page = put(*one_of_each.values())
    drawn = page.locator(".course-view")
    until(drawn.count, len(one_of_each))
    assert {spec["kind"] for _, spec in saved} == KINDS
    until(lambda: drawn.evaluate_all(DRAWN))
    assert drawn.evaluate_all(APOLOGIES) == []
