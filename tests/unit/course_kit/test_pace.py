"""How long ▶ takes in each view of each notebook, and how a view opens before a guess."""

import json

import pytest
from helpers import in_node

from chapters.ch09 import labs
from course_kit import files
from course_kit.views import asking, fragments, seen

LONGEST = 15  # seconds
COVERS = "chapters/ch00/labs/cover_play.js"
BY_STEPS = {"alignment", "merges", "replies"}  # stepper.js: pace.js keeps each of them within the limit
OWN = {"attention", "pooling"}  # of chapter 1: at most 1.1 s × six tables, and 5 s of a training


def seconds_of(spec):
    """How long ▶ takes at most, whatever else is chosen."""
    axis = spec["axes"][-1]
    rest = range(len(spec["said"]) // len(axis["values"]))
    spec["axes"] = [{"name": "the rest", "values": list(rest)}, axis]
    plays = [in_node.call("views/figure.js", "playOf", spec, {"the rest": i}) for i in rest]
    return max(sum(play["times"]) for play in plays) / 1000


@pytest.mark.parametrize("path", sorted(files.course_folder().glob("notebooks/**/*.ipynb")), ids=lambda path: path.stem)
def test_no_view_plays_longer_than_fifteen_seconds(path):
    cells = json.loads(path.read_text("utf-8"))["cells"]
    pages = ["".join(o.get("data", {}).get("text/html", "")) for cell in cells for o in cell.get("outputs", [])]
    for spec in [view.spec for view in map(fragments.read, pages) if view]:
        if spec["kind"] == "figure":
            assert seconds_of(spec) <= LONGEST + 0.01, spec["title"]
        elif any(control["name"] == "play" for control in spec["controls"]):
            assert spec["kind"] in BY_STEPS | OWN, f"{spec['title']}: say in {__file__} how long ▶ takes"


def test_the_cover_plays_no_longer():
    assert sum(length for _, length in in_node.call(COVERS, "SCENES")) <= 1000 * LONGEST


def test_before_a_guess_a_view_opens_on_its_first_state_and_its_still_is_the_poster():
    view = asking(labs.teachers("37+48=", "7+8=15 3+4+1=8", "85", "75", title="What can a teacher give?"))
    spec = view.spec()
    assert (spec["state"], spec["poster"], spec["words"]) == ({"teacher": 1}, {"teacher": 3}, spec["title"])
    assert spec["said"][2] in view.still(spec["words"]) and spec["said"][2] not in view.describe()


def test_what_was_shown_before_is_a_picture_that_leads_there():
    view = seen(labs.teachers("37+48=", "7+8=15 3+4+1=8", "85", "75", title="What?"), "05_transformer.ipynb#map")
    shown = fragments.read(view.fragment())
    assert shown and shown.still.startswith('<a href="05_transformer.ipynb#map"><img ')
