"""Every view of every chapter, as it stands in the notebook: no label lies on another, at three widths."""

import json

import pytest
from browser import one_page
from browser.cut_labels import crossed_labels
from helpers.waiting import settle, until

from course_kit.views import program
from course_tools.authoring import building

pytestmark = pytest.mark.browser
stage, put = one_page.fixtures()
ALIVE = "() => [...document.querySelectorAll('.course-view')].every(host => host.view)"


def views_of(name):
    """The HTML of each view among the outputs of a committed notebook."""
    notebook = json.loads((building.folder() / f"{name}.ipynb").read_text(encoding="utf-8"))
    outputs = [output for cell in notebook["cells"] for output in cell.get("outputs", ())]
    pages = ["".join(output.get("data", {}).get("text/html", "")) for output in outputs]
    return [page for page in pages if program.SHOW in page]


@pytest.mark.parametrize("name", [name for name in building.names() if views_of(name)])
def test_no_label_lies_on_another(put, name):
    page = put(*views_of(name))
    until(lambda: page.evaluate(ALIVE))
    for width in (1000, 560, 390):
        page.set_viewport_size({"width": width, "height": 900})
        settle(page)
        assert crossed_labels(page) == [], width
