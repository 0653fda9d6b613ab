"""Pictures of a notebook's views, taken at the build from the page's program: in a process of its own."""

import base64
import io
import re
import subprocess
import sys

import nbformat
import numpy as np
import pytest
from PIL import Image
from running import find_browser

from course_kit import files
from course_kit.views import fragments, plot, predict
from course_tools.authoring import stills

pytestmark = pytest.mark.browser
TAKE = (
    "import sys, nbformat\nfrom course_tools.authoring import stills\nnotebook = nbformat.read(sys.argv[1], 4)\n"
    "print(stills.take(notebook))\nnbformat.write(notebook, sys.argv[1])"
)


def made(path):
    """The HTML of each output of a notebook."""
    return ["".join(cell.outputs[0]["data"]["text/html"]) for cell in nbformat.read(path, 4).cells]


def test_a_view_gets_the_programs_picture_and_keeps_all_else(tmp_path, monkeypatch, browser):
    assert browser
    monkeypatch.setenv("CHROMIUM", find_browser.executable())
    views = plot.bars(["light", "dark"], [1, 2], title="Which?"), predict("Which?", ["a", "b"], 0)
    outputs = [nbformat.v4.new_output("display_data", view._repr_mimebundle_()) for view in views]
    cells = [nbformat.v4.new_code_cell(outputs=[output]) for output in outputs]
    path = tmp_path / "one.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    chart, guess = made(path)
    command = [sys.executable, "-c", TAKE, str(path)]
    told = subprocess.run(command, cwd=files.course_folder(), capture_output=True, text=True, check=True)
    taken, same = made(path)
    before, after = fragments.read(chart), fragments.read(taken)
    assert told.stdout == "1\n" and same == guess and (after.spec, after.data) == (before.spec, before.data)
    width, picture = re.search(r'width="(\d+)" src="data:image/webp;base64,([^"]*)"', after.still).groups()
    pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(picture))).convert("L"))
    assert pixels.shape[1] == pytest.approx(1.25 * int(width), abs=2) and int(width) > 700
    assert pixels.min() < 80 and (pixels[:, :2] > 240).all(), "bars in ink, and nothing cut at the edge"
    assert re.sub(r'width="\d+" src="[^"]*"', "", after.still) == re.sub(r'width="\d+" src="[^"]*"', "", before.still)


def test_a_view_that_the_built_program_does_not_have_is_named():
    view = plot.bars(["light", "dark"], [1, 2], title="Which?")
    view.kind = "glance"
    output = nbformat.v4.new_output("display_data", view._repr_mimebundle_())
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(outputs=[output])])
    with pytest.raises(ValueError, match="'glance'.*make views"):
        stills.take(notebook)
