"""Presenting: the command's settings, and notes for each section that agree with chapter and guide."""

import json
import os
import re

import pytest

from course_kit import files, notebook_names
from course_tools.authoring import building
from course_tools.authoring.markup import spoken
from course_tools.authoring.typography import curly
from course_tools.classroom.presenting import speaker, start
from course_tools.classroom.presenting.speaker import notes


@pytest.mark.parametrize("name", [name for name in building.names() if not notebook_names.is_annex(name)])
def test_each_section_has_notes(name):
    found, cells = notes(name), building.read_source(name).cells
    texts = [c.source for c in cells if c.cell_type == "markdown"]
    headings = [curly(spoken(h)) for text in texts for h in re.findall(r"^##? (.+)$", text, re.M)]
    assert [n.heading for n in found] == [h for h in headings if h in {n.heading for n in found}]  # all there, in order
    planned = [n for n in found if n.minutes and not n.heading.endswith(speaker.NOT_IN_CLASS)]
    assert sum(n.minutes for n in planned) == planned[-1].starts + planned[-1].minutes
    assert [n.starts for n in found] == sorted(n.starts for n in found)
    assert not re.search(r"[$\\]", "".join(words for n in found for _, words in n.lines())), "a formula as TeX"
    assert [len(n.answers) for n in found if n.heading == "Three questions first"] in ([], [3])
    assert sum(len(n.guesses) for n in found) == sum("predict" in c.metadata.get("tags", ()) for c in cells)


def test_a_guess_brings_the_wrong_answer_to_expect_and_why_the_right_one_is_right():
    (question, tempting, right, why) = next(n for n in notes("01_nadaraya_watson") if n.guesses).guesses[0]
    assert question.startswith("You halve the width") and right == "exp(−d² / w)"
    assert "exp(−½ (d / w)²)" in tempting
    assert why.startswith("In exp(−d² / w), half the width gives")


def test_the_first_note_says_what_to_have_ready():
    text = "\n".join(map(": ".join, notes("05_transformer")[0].lines()))
    for word in ("Show first: ", "Leave out: ", "Ask: ", "Misconceptions: "):
        assert word in text, word


def test_html_is_escaped_and_has_every_line_that_is_known():
    asked, guessed = (("Ask", "a < b?"),), (("q", "w", "r", "because"),)
    note = speaker.Note("<b>", 3, 4, asked, "keep", guessed, (("name", "5", "said"),))
    page = note.html()
    assert "<h1>&lt;b&gt;</h1>" in page and "a &lt; b?" in page
    assert [what for what, _ in note.lines()] == ["Ask", "Guess", "Expect", "Right", "Exercise, 5 minutes", "Keep"]
    unexpected = speaker.Note("h", guesses=(("q?", "", "right", ""),))
    assert [what for what, _ in unexpected.lines()] == ["Guess", "Right"]


@pytest.fixture
def with_an_annex(tmp_path, monkeypatch):
    """A course of two chapters, the second with an annex."""
    source = tmp_path / "notebooks" / "source"
    source.mkdir(parents=True)
    for name in ("01_one", "02_two", "02_two_annex"):
        text = f'# %% [markdown]\n# # {name[1]} · Title\n\n# %% [markdown] tags=["keep"]\n# ## Section\n#\n'
        text += f"# **So:** {name}.\n"
        (source / f"{name}.py").write_text(text)
    monkeypatch.setattr(files, "course_folder", lambda: tmp_path)


@pytest.mark.parametrize(
    ("given", "meant"),
    [([], ["01_one"]), (["02"], ["02_two"]), (["02", "annex"], ["02_two_annex"]), (["02_two_annex"], ["02_two_annex"]),
     (["01", "02", "annex"], ["01_one", "02_two_annex"]), (["02", "02_two_annex"], ["02_two", "02_two_annex"]),
     (["02", "01_one.ipynb", "02"], ["02_two", "01_one"]), (["0"], ["01_one", "02_two"])],
)  # fmt: skip
def test_a_chapter_is_its_lesson_and_its_annex_is_asked_for(with_an_annex, given, meant):
    assert start.chosen(given) == meant


@pytest.mark.parametrize(("given", "said"), [(["01", "annex"], "'01_one_annex'"), (["9"], "starts with '9'")])
def test_a_chapter_that_is_not_there_is_named(with_an_annex, given, said):
    with pytest.raises(ValueError, match=said):
        start.chosen(given)


def test_an_annex_has_no_plan_and_keeps_what_it_says_itself(with_an_annex):
    title, section = speaker._notes.__wrapped__("02_two_annex", "en")
    assert title.ask == () and title.minutes is None, "the guide plans the lesson"
    assert section.keep == "02_two_annex."


@pytest.mark.parametrize("place", ["workbook", "mine"])
def test_jupyterlab_is_started_on_the_first_chapter_of_the_workbook_and_the_page_gets_the_notes(
    monkeypatch, tmp_path, place
):
    started = []
    monkeypatch.setenv("COURSE_WORKBOOK", str(tmp_path / place))
    for name in ("COURSE_PRESENTING", start.CHAPTERS):
        monkeypatch.setenv(name, "")
    monkeypatch.setattr(start.lab, "launch", lambda root, options: started.append(options) or 0)
    assert start.run(["03", "05"], ["--no-browser"]) == 0
    (options,) = started
    pages = [one for one in options if one.startswith("--LabApp.default_url=")]
    assert pages == [f"--LabApp.default_url=/doc/tree/{place}/03_seq2seq.ipynb"], "given twice, it takes neither"
    assert f"--ServerApp.root_dir={tmp_path}" in options and "--no-browser" in options
    assert (tmp_path / place / "03_seq2seq.ipynb").is_file() and os.environ["COURSE_PRESENTING"] == "1"
    page = json.loads(json.dumps(start.configuration()))
    assert page["chapters"] == [f"{place}/03_seq2seq.ipynb", f"{place}/05_transformer.ipynb"]
    assert page["notes"]["03_seq2seq"][1]["html"].startswith("<h1>")


def test_the_plugin_is_where_an_installation_takes_it_from():
    root = files.course_folder() / "course_tools" / "classroom" / "jupyter" / "labextension"
    package = json.loads((root / "package.json").read_text("utf-8"))
    assert (root / package["jupyterlab"]["_build"]["load"]).is_file()
    schema = (root / "schemas" / "attention-course" / "plugin.json").read_text("utf-8")
    names = re.findall(r'"command": "attention-course:([^"]+)"', schema)
    entry = (root / "static" / "remoteEntry.js").read_text("utf-8")
    assert names and all(re.search(rf'add\(\s*"{name}"', entry) for name in names)
    project = (files.course_folder() / "pyproject.toml").read_text("utf-8")
    assert "course_tools/classroom/jupyter/labextension" in project
