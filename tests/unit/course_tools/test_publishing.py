"""Chapters as pieces of HTML: formulas, cells, views, slides and paper, without a browser."""

import base64
import html
import json
import re
from dataclasses import replace
from xml.etree import ElementTree

import nbformat
import pytest
import small_course

import course
from course_kit import files, views
from course_kit.views import program
from course_kit.views.picture import FORMULA_COLOURS
from course_tools.authoring import building, fragments
from course_tools.authoring.markup import plain, tree
from course_tools.classroom.presenting import screens, speaker
from course_tools.publishing import browser, links, pages, paper, slides
from course_tools.publishing.formulas import MATHML, to_mathml

CHAPTERS = building.names()
CODE = re.compile(r"<(pre|code|script|style)\b.*?</\1>", re.S)


def notebook_of(tmp_path, *cells, run=True):
    """A notebook with these cells: text in a list is Markdown, other text is code."""
    made = nbformat.v4.new_notebook()
    for cell in cells:
        if isinstance(cell, list):
            made.cells.append(nbformat.v4.new_markdown_cell(cell[0]))
        else:
            made.cells.append(nbformat.v4.new_code_cell(cell, execution_count=1 if run else None))
    path = tmp_path / "01_try.ipynb"
    nbformat.write(made, path)
    return path


@pytest.mark.parametrize("name", CHAPTERS)
def test_every_formula_of_the_course_is_shown(name):
    chapter = pages.chapter(name)
    made = pages.body(chapter)
    words = "".join(c.source for c in chapter.cells if c.kind == "markdown")
    left = html.unescape(re.sub(r"<[^>]+>", " ", CODE.sub("", words)))
    assert not re.search(r"\\[A-Za-z]+|\$[^$\n]*\$", left), "raw TeX in the text"
    source = nbformat.read(files.course_folder() / "notebooks" / f"{name}.ipynb", 4)
    text = "".join(
        re.sub(r"```.*?```|`[^`]*`", "", c.source, flags=re.S) for c in source.cells if c.cell_type == "markdown"
    )
    formulas = re.findall(r"\$\$.+?\$\$|\$[^$\n]+?\$", text, re.S)
    assert made.count("<math ") == len(formulas)
    assert made.count('<div class="formula">') == sum(f.startswith("$$") for f in formulas)


def test_a_formula_keeps_its_colours_and_becomes_mathml_core():
    root = ElementTree.fromstring(to_mathml(r"\mathrm{softmax}\!\big({\color{#bf5f00}{q}}\cdot k\big)", display=True))
    assert root.get("display") == "block"
    assert FORMULA_COLOURS["query"] in [e.get("mathcolor") for e in root.iter()]
    assert "softmax" in [e.text for e in root.iter(f"{{{MATHML}}}mi")], "upright words are one piece"
    assert {e.get("width") for e in root.iter(f"{{{MATHML}}}mspace")} == {"-0.167em"}
    assert all(e.get("stretchy") == "true" for e in root.iter() if e.get("minsize"))


def test_a_minus_after_a_bracket_has_no_space_and_functions_have_one():
    root = ElementTree.fromstring(to_mathml(r"(-x) \ln p"))
    assert [e.get("form") for e in root.iter(f"{{{MATHML}}}mo") if e.text == "−"] == ["prefix"]
    assert [e.get("width") for e in root.iter(f"{{{MATHML}}}mspace")] == ["0.167em"]


@pytest.mark.parametrize("wrong", [r"\nosuchcommand x", r"\frac{1", r"\begin{cases} 1"])
def test_a_formula_that_cannot_be_shown_is_named(wrong):
    with pytest.raises(ValueError, match=re.escape(repr(wrong))):
        to_mathml(wrong)


def test_what_only_holds_the_numbers_of_the_text_is_not_published(tmp_path):
    import nbformat

    path = notebook_of(tmp_path, ["# 1 · A title"], "answer = 42", "assert answer == 42")
    notebook = nbformat.read(path, 4)
    notebook.cells[2].metadata["tags"] = ["asserts"]
    nbformat.write(notebook, path)
    made = pages.body(pages.chapter(path))
    assert "42" in made and "assert" not in made


def test_cells_become_html(tmp_path):
    path = notebook_of(
        tmp_path,
        ["# 1 · A title"],
        ["## The rest\n\n$a_1$ and `$b$`, see [two](02_scoring_functions.ipynb) or [the web](https://example.org)"],
        "print('a < b')",
        ["## After\n\n| a | b |\n|---|---|\n| 1 | 2 |"],
    )
    chapter = pages.chapter(path, link=lambda address: None if ".ipynb" in address else address)
    assert chapter.title == "1 · A title"
    assert "a &lt; b" in chapter.cells[2].source
    made = pages.body(chapter)
    assert made.count("<math") == 1 and "<code>$b$</code>" in made
    assert '<a href="https://example.org">the web</a>' in made and "see two or" in made
    order = ['<h2 id="The-rest">', "<math", '<h2 id="After">', '<div class="scroll" tabindex="0"><table>']
    assert [made.index(one) for one in order] == sorted(made.index(one) for one in order)
    assert [heading for cell in chapter.cells for heading in cell.headings] == [
        (1, "1-·-A-title", "1 · A title"),
        (2, "The-rest", "The rest"),
        (2, "After", "After"),
    ]


def test_a_notebook_that_was_not_run_is_not_published(tmp_path):
    with pytest.raises(ValueError, match="make notebooks ARGS=01"):
        pages.chapter(notebook_of(tmp_path, "1 + 1", run=False))
    with pytest.raises(ValueError, match="No notebook's name starts with '99'"):
        building.names(["99"])


def test_a_view_is_taken_apart_into_what_it_was_made_of():
    view = views.heatmap([[0.5, 0.5]], ["a"], ["b", "c</script>"], title="X", caption="")
    made = view.fragment()
    read = fragments.read(made)
    assert read.kind == "heatmap" and read.spec == json.loads(json.dumps(view.spec()))
    assert base64.b64decode(read.data) == view.payload()
    assert read.still == view.still(view.describe()) and not read.spec["presenting"]
    assert read.presenting().spec["presenting"] and read.presenting().data == read.data
    assert replace(read, still="").html() == made.replace(read.still, "")
    assert fragments.read(f"{made}<p>after</p>") == replace(read, after="<p>after</p>")
    assert fragments.read("<p>a view? no</p>") is None


WHOLE = views.heatmap([[1.0]], title="?").fragment()


@pytest.mark.parametrize(
    "wrong",
    [
        '<div class="course-view"><script>other()</script></div>',
        WHOLE.replace(program.SHOW, "<script>other()</script>"),
        WHOLE.replace(program.SHOW, f"<script>{program.source()}</script>"),
        WHOLE.replace('"kind":"heatmap"', '"kind":1'),
        f'<div class="course-view"><script type="application/json">[{{}},""]</script>{program.SHOW}</div>',
        f'<div class="course-view"><script type="application/json">no JSON</script>{program.SHOW}</div>',
        f"<p>before</p>{WHOLE}",
        f"{WHOLE}{WHOLE}",
    ],
)
def test_a_view_of_another_form_is_not_lost(wrong):
    with pytest.raises(ValueError, match=r"view\.py"):
        fragments.read(wrong)


def slides_of(made):
    """The slides of a page of slides."""
    return tree(made[made.index("<body") :]).select(".slides > section")


@pytest.mark.parametrize("name", CHAPTERS)
def test_slides_are_the_screens_of_the_notebook(name):
    made = slides.build(name, [("Five lines to keep", "<p>Say them aloud.</p>")])
    notebook = nbformat.read(files.course_folder() / "notebooks" / f"{name}.ipynb", as_version=4)
    wanted, found = screens.of(notebook.cells), slides_of(made)
    assert [slide["class"][0] for slide in found] == [screen.kind for screen in wanted]
    assert [plain(slide.h2) for slide in found[1:]] == [screen.title for screen in wanted[1:]]
    for slide, screen in zip(found, wanted, strict=True):
        assert slide.select_one(".thing") or screen.kind == "question", f"{screen} shows nothing"
        assert bool(slide.select_one(".keep")) == bool(screen.keep)
        assert "not solved yet" not in slide.get_text() and not slide.select(".thing details")
    words = made.replace(program.source(), "")
    assert not re.findall(r'<(?:img|script|iframe|link|video)\b[^>]* (?:src|href)="(?!data:|\$)[^"]*"', words), (
        "fetched"
    )
    assert made.count('"presenting":true') == words.count(program.SHOW) > 0
    assert made.count(program.source()) == 1 and not links.swallowed(f"<script>{program.source()}</script>")
    assert ("Say them aloud" in made) == any(screen.title == "Five lines to keep" for screen in wanted)


def test_the_file_that_a_chapter_leaves_behind_is_on_a_slide_with_what_it_defines():
    slide = next(one for one in slides_of(slides.build("05_transformer")) if "file" in one["class"])
    shown = plain(slide.select_one(".thing"))
    assert "mine/transformer.py" in shown and "make_transformer" in shown and "make lab" not in shown


def test_what_is_said_of_a_slide_is_in_its_notes_and_not_on_it():
    found = slides_of(slides.build("03_seq2seq", [("Four: look back", "<p>Ask them.</p>")]))
    slide = next(one for one in found if plain(one.h2 or one) == "Four: look back")
    assert "formula" in slide["class"] and "Ask them." in slide.aside.get_text()
    said = slide.aside.extract()
    assert len(plain(said).split()) > 20 > len(plain(slide.select_one(".thing")).split())


def test_speaker_notes_belong_to_headings_of_the_slides():
    said = {note.heading: note.rows() for note in speaker.notes("04_positional_encoding")}
    made = slides.build("04_positional_encoding", list(said.items()))
    heads = {plain(slide.h2) for slide in slides_of(made) if slide.h2}
    assert len(heads & set(said)) >= 10
    assert made.count('<aside class="notes">') >= len(heads & set(said))


@pytest.mark.parametrize("name", CHAPTERS)
def test_paper_has_pictures_for_views_and_nothing_to_unfold(name):
    made = paper.build(name)
    assert not re.search(r"<(script|details|button|input|a href)\b", made)
    chapter = pages.chapter(name)
    outputs = [o for c in chapter.cells for o in c.outputs]
    shown = sum(isinstance(o, fragments.View) for o in outputs)
    assert made.count("<figure") + made.count('class="guess"') >= shown > -chapter.annex
    assert made.count('<p class="later">') == made.count('<div class="answer">')
    assert made.count('class="room"') == sum(isinstance(o, str) and "not solved yet" in o for o in outputs)
    assert "not solved yet" not in made and ("is at the end" in made or chapter.annex)


def test_paper_without_a_browser_says_what_to_do(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(browser, "installed", lambda: "")
    assert course.main(["paper", "00", "--out", str(tmp_path)]) == 1
    assert "install Chrome, Chromium or Edge" in capsys.readouterr().err
    assert (tmp_path / "00_start_here.html").is_file()


def test_a_browser_that_makes_no_pdf_is_named(tmp_path):
    page = tmp_path / "page.html"
    page.write_text("<p>x</p>")
    with pytest.raises(RuntimeError, match=r"page\.html"):
        browser.print_pdf("/nowhere/browser", page, tmp_path / "page.pdf")
    assert not (tmp_path / "page.pdf").exists()


def test_lesson_and_annex_are_written_as_slides_and_for_paper(tmp_path, monkeypatch):
    """A beginning of their name means both, a name one; links from the one to the other lead there."""
    (tmp_path / "course").mkdir()
    small_course.make(tmp_path / "course", monkeypatch)
    both = [f"{small_course.LESSON}.html", f"{small_course.ANNEX}.html"]
    for kind, build in (("slides", slides.build), ("paper", paper.build)):
        assert [path.name for path in pages.write(kind, ["02"], tmp_path / kind, build)] == both
        assert [path.name for path in pages.write(kind, [small_course.ANNEX], tmp_path / kind, build)] == both[1:]
        assert "An aardvark." in (tmp_path / kind / both[1]).read_text("utf-8")
    assert f'<a href="{both[0]}">its lesson</a>' in (tmp_path / "slides" / both[1]).read_text("utf-8")


def test_commands_write_what_they_say(tmp_path, capsys):
    assert course.main(["slides", "00", "--out", str(tmp_path)]) == 0
    assert str(tmp_path / "00_start_here.html") in capsys.readouterr().out
    assert course.main(["slides", "99"]) == 2
    assert "No notebook's name starts with '99'" in capsys.readouterr().err
