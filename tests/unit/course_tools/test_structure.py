"""What a cell is: tags read off its syntax tree, also of pages that came without them."""

import asyncio
import copy
from types import SimpleNamespace

import nbformat
import pytest
from helpers.half_solved import PAGES

from course_kit import files
from course_kit.mine import keeping
from course_tools.authoring import structure
from course_tools.authoring.sources import tags
from course_tools.classroom import earlier
from course_tools.classroom.presenting import screens

RELEASED = files.course_folder() / "tests" / "released" / "0.6"
CELLS = {
    "import course_kit\nruntime = course_kit.setup()": "setup machine",
    "from mine import keep\nkeep('gpt')": "file machine result",
    "kept = keep": "",
    "def one_step():\n    train(model, steps=1)\nfor_training(one_step)": "for_training train",
    "print(serving.ollama())": "machine",
    "%matplotlib inline\nrun = fit(model, loss, batches)\nrun": "fit",
    "replies(asked, live=True)": "live result",
    "replies(asked, live=False)": "result",
    "class Two(nn.Module):\n    def forward(self, x):\n        return x": "class",
    "plot.maps(x)": "result plot",
    "x = heatmap(x)  # fit(x), setup()": "plot",
    "if x": "",
}


@pytest.mark.parametrize("source", CELLS)
def test_a_cell_has_the_tags_that_its_code_gives_it_behind_its_author_s(source):
    cell = nbformat.v4.new_code_cell(source, metadata={"tags": ["live", "lab", "plot"]})
    structure.mark(cell)
    assert tags(cell) == ["lab", *CELLS[source].split()]


def test_text_has_none_and_a_check_is_about_its_machine():
    text = nbformat.v4.new_markdown_cell("setup()")
    check = nbformat.v4.new_code_cell("%run -m course doctor", metadata={"tags": ["check"]})
    for cell in (text, check):
        structure.mark(cell)
    assert "tags" not in text.metadata and tags(check) == ["check", "machine"]


def page(name):
    return nbformat.read(RELEASED / f"{name}.ipynb", as_version=4)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_of_0_6_gets_its_tags_and_a_class_its_screens(name):
    cells = page(name).cells
    earlier.tagged(cells)
    found = {tag for cell in cells for tag in tags(cell)}
    assert found >= {"setup", "file", "for_training", "result", "plot", "class"}
    assert "picture" in {one.kind for one in screens.screens(cells)}
    before = copy.deepcopy(cells)
    cells[-1].metadata["tags"] = ["setup"]
    earlier.tagged(cells)
    assert cells[:-1] == before[:-1] and tags(cells[-1]) == ["setup"], "a page that has some stays as it is"


def test_what_keep_shows_names_its_file_as_the_pages_of_0_6_do_in_its_html(monkeypatch):
    shown = []
    monkeypatch.setattr(keeping, "display", shown.append)
    monkeypatch.setattr(keeping.answers, "folder", lambda: None)
    keeping.keep("attention", chapter=2)
    data, metadata = shown[0]._repr_mimebundle_()
    told = earlier.course({"data": data, "metadata": metadata})
    assert told["file"] == "mine/attention.py" and "attention_pooling" in told["defines"]
    assert earlier.course({"data": data, "metadata": {}}) == told
    assert earlier.course({"data": {"text/html": "<p>mine/attention.py</p>"}}) == {}
    assert earlier.course({"data": {"text/html": '<p class="course-stopped" role="status">■'}}) == {"stopped": True}


@pytest.mark.parametrize("is_late", [False, True])
def test_a_server_opens_a_page_of_0_6_with_its_tags_and_an_author_s_as_it_is(tmp_path, is_late):
    def get(path, content=True):
        return {"type": "notebook", "path": path, "content": page(PAGES[0]) if content else None}

    async def late(path, content=True):
        return get(path, content)

    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "mine.py").write_text("")
    manager = SimpleNamespace(get=late if is_late else get, root_dir=str(tmp_path))
    earlier.open_with_tags(manager)
    models = [manager.get("page.ipynb"), manager.get("mine.ipynb"), manager.get("page.ipynb", content=False)]
    opened, own, bare = [asyncio.run(one) for one in models] if is_late else models
    marked = [{*structure.TAGS} & {tag for cell in one["content"].cells for tag in tags(cell)} for one in (opened, own)]
    assert marked[0] >= {"setup", "file"} and not marked[1] and bare["content"] is None
