"""Chapters as pieces of HTML: formulas, cells and views, without a browser."""

import html
import re
import sys
from xml.etree import ElementTree

import nbformat
import pytest

import course
from course_kit import files, views
from course_kit.views import fragments, program
from course_tools.authoring import building
from course_tools.authoring.markup import tree
from course_tools.classroom.environment import install_hint
from course_tools.publishing import pages, site
from course_tools.publishing.formulas import MATHML, to_mathml

CODE = re.compile(r"<(pre|code|script|style)\b.*?</\1>", re.S)
WHOLE = views.heatmap([[1.0]], title="?").fragment()


def read(name):
    return nbformat.read(files.course_folder() / "notebooks" / f"{name}.ipynb", as_version=4)


def notebook_of(tmp_path, *cells, run=True):
    """A notebook with these cells: text in a list is Markdown, other text is code."""
    made = nbformat.v4.new_notebook()
    for cell in cells:
        if isinstance(cell, list):
            made.cells.append(nbformat.v4.new_markdown_cell(cell[0]))
        else:
            made.cells.append(nbformat.v4.new_code_cell(cell, execution_count=1 if run else None))
            made.cells[-1].metadata["tags"] = ["asserts"] * cell.startswith("assert")
    path = tmp_path / "01_try.ipynb"
    nbformat.write(made, path)
    return path


@pytest.mark.parametrize("name", building.names())
def test_every_formula_of_the_course_is_shown(name):
    chapter = pages.chapter(name)
    made = pages.body(chapter)
    words = "".join(c.source for c in chapter.cells if c.kind == "markdown")
    left = html.unescape(re.sub(r"<[^>]+>", " ", CODE.sub("", words)))
    assert not re.search(r"\\[A-Za-z]+|\$[^$\n]*\$", left), "raw TeX in the text"
    texts = (c.source for c in read(name).cells if c.cell_type == "markdown")
    text = "".join(re.sub(r"```.*?```|`[^`]*`", "", one, flags=re.S) for one in texts)
    formulas = re.findall(r"\$\$.+?\$\$|\$[^$\n]+?\$", text, re.S)
    assert made.count("<math ") == len(formulas)
    assert made.count('<div class="formula">') == sum(f.startswith("$$") for f in formulas)


def test_both_brackets_of_a_power_stand_in_it():
    made = to_mathml(r"a\Big(\frac{q}{w}\Big)^2")
    inside = re.search(r"<msup><mrow>(.*)</mrow><mn>2</mn></msup>", made)[1]
    assert ">(<" in inside and ">)<" in inside and "<mi>a</mi>" not in inside


def test_a_formula_keeps_its_colours_and_becomes_mathml_core():
    root = ElementTree.fromstring(to_mathml(r"\mathrm{softmax}\!\big({\color{#bf5f00}{q}}\cdot k\big)", display=True))
    assert "#bf5f00" in [e.get("mathcolor") for e in root.iter()]
    assert "softmax" in [e.text for e in root.iter(f"{{{MATHML}}}mi")], "upright words are one piece"
    assert {e.get("width") for e in root.iter(f"{{{MATHML}}}mspace")} == {"-0.167em"}
    assert all(e.get("stretchy") == "true" for e in root.iter() if e.get("minsize"))


@pytest.mark.parametrize("wrong", [r"\nosuchcommand x", r"\frac{1", r"\begin{cases} 1"])
def test_a_formula_that_cannot_be_shown_is_named(wrong):
    with pytest.raises(ValueError, match=re.escape(repr(wrong))):
        to_mathml(wrong)


def test_cells_become_html(tmp_path):
    text = "## The rest\n\n$a_1$ and `$b$`, see [two](02_scoring_functions.ipynb) or [the web](https://example.org)"
    path = notebook_of(tmp_path, ["# 1 · A title"], [text], "print('a < b')", "assert 4242424242 > 0")
    chapter = pages.chapter(path, link=lambda address: None if ".ipynb" in address else address)
    made = pages.body(chapter)
    assert chapter.title == "1 · A title" and "a &lt; b" in chapter.cells[2].source
    assert made.count("<math") == 1 and "<code>$b$</code>" in made and '<h2 id="The-rest">' in made
    assert '<a href="https://example.org">the web</a>' in made and "see two or" in made
    assert "4242424242" not in made, "what only holds the numbers of the text is not published"


def test_what_follows_a_guess_up_to_the_next_heading_is_folded_each_guess_for_itself(tmp_path):
    cells = ["predict('one')", "1 + 1", "predict('two')", ["told\n\n### On\n\nread on"], "predict('three')", ["## End"]]
    path = notebook_of(tmp_path, *cells)
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        cell.metadata["tags"] = ["predict"] * cell.source.startswith("predict")
    nbformat.write(notebook, path)
    page = tree(pages.body(pages.chapter(path)))
    folds = page.select(".behind")
    said = [[fold.get_text().count(word) for word in ("1 + 1", "two", "told", "On", "three")] for fold in folds]
    assert said == [[1, 1, 1, 0, 0], [0, 0, 1, 0, 0]], "and nothing follows the third"
    assert page.find("h3").parent.get_text(strip=True) == "Onread on" and not page.find("h3").find_parent(
        class_="behind"
    )


def test_of_an_unsolved_exercise_the_cell_and_of_half_way_a_place_in_the_contents(tmp_path):
    box = "<div class='course-unsolved'><p>Not solved yet</p></div>"
    path = notebook_of(tmp_path, "predict(1)", "answer()", ["**Half way.** You have a model."], "plot(1)", ["## On"])
    notebook = nbformat.read(path, as_version=4)
    for cell, tag in zip(notebook.cells, ["predict", "exercise", "half", "", ""], strict=True):
        cell.metadata |= {"tags": [tag] * bool(tag), "jupyter": {"source_hidden": cell.source == "plot(1)"}}
    notebook.cells[1].outputs = [nbformat.v4.new_output("display_data", {"text/html": box})]
    nbformat.write(notebook, path)
    page = tree(pages.body(pages.chapter(path)))
    assert "Not solved" not in page.get_text() and not page.select_one(".exercise .output")
    assert site.contents(page) == [("half", "Half way"), ("On", "On")] and not page.select_one(".behind .half")
    assert page.select_one(".folded").get_text(strip=True) == "plot(1)"


def test_a_notebook_that_was_not_run_is_not_published(tmp_path):
    with pytest.raises(ValueError, match="make notebooks ARGS=01"):
        pages.chapter(notebook_of(tmp_path, "1 + 1", run=False))


@pytest.mark.parametrize("wrong", [WHOLE.replace(program.SHOW, "<script>other()</script>"), f"{WHOLE}{WHOLE}"])
def test_a_view_of_another_form_is_not_lost(wrong):
    with pytest.raises(ValueError, match=r"view\.py"):
        fragments.read(wrong)


def test_without_the_extra_a_command_says_what_to_type(tmp_path, monkeypatch, capsys):
    """`make lab` does not install what publishes."""
    monkeypatch.setitem(sys.modules, "latex2mathml.converter", None)
    to_mathml.cache_clear()
    assert course.main(["site", "--out", str(tmp_path / "site")]) == 2
    said = capsys.readouterr().err
    assert "needs latex2mathml" in said and "`make environment EXTRA=publish`" in said and said.count("\n") == 1
    extras = {"bs4": "publish", "mistune": "publish", "cloudpickle": "grade", "playwright": "test", "polib": ""}
    assert all(f"make environment{' EXTRA=' * bool(one)}{one}`" in install_hint(name) for name, one in extras.items())
    assert install_hint("course_kit") == "", "that would be a fault of ours"
