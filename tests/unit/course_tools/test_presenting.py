"""Presenting: the command's settings, and notes for each section that agree with chapter and guide."""

import json
import os
import re
from types import SimpleNamespace

import pytest

from course_kit import files, lessons
from course_tools.authoring import building
from course_tools.classroom.presenting import speaker, start
from course_tools.classroom.presenting.speaker import notes


@pytest.mark.parametrize("name", [name for name in building.names() if not lessons.is_annex(name)])
def test_each_section_of_the_core_path_has_notes(name):
    found = notes(name)
    source = building.read_source(name)
    headings = [
        speaker.plain(h)
        for c in source.cells
        if c.cell_type == "markdown"
        for h in re.findall(r"^##? (.+)$", c.source, re.M)
    ]
    assert [n.heading for n in found] == [h for h in headings if h in {n.heading for n in found}]  # all there, in order
    planned = [n for n in found if n.minutes]
    assert sum(n.minutes for n in planned) == planned[-1].starts + planned[-1].minutes
    assert [n.starts for n in found] == sorted(n.starts for n in found)
    assert not re.search(r"[$\\]", "".join(words for n in found for _, words in n.lines())), "a formula as TeX"
    assert [len(n.answers) for n in found if n.heading == "Three questions first"] in ([], [3])
    for note in planned:
        assert note.ask or note.guesses, f"{note.heading}: nothing to ask in {speaker.GUIDE}"
    assert sum(len(n.guesses) for n in found) == sum("predict" in c.metadata.get("tags", ()) for c in source.cells)


def test_a_guess_brings_the_wrong_answer_to_expect_and_why_the_right_one_is_right():
    (question, tempting, right, why) = next(n for n in notes("01_nadaraya_watson") if n.guesses).guesses[0]
    assert question.startswith("What comes out?") and tempting.startswith("(1, 1)") and right.startswith("(0.8, 0.9)")
    assert why.startswith("0.1 ·")


def test_the_first_note_says_what_to_have_ready():
    text = "\n".join(map(": ".join, notes("05_transformer")[0].lines()))
    for word in ("Ready: ", "Trains: ", "Show first: ", "Ask: ", "Misconceptions: "):
        assert word in text, word


def test_a_guess_that_the_guide_does_not_know_expects_nothing():
    note = speaker.Note("h", guesses=(("q?", "", "right", ""),))
    assert [what for what, _ in note.lines()] == ["Guess", "Right"]
    source = 'predict("q?", ["a", "b"], answer=1, because=["not a", "b it is"])'
    assert speaker._guess(SimpleNamespace(source=source), {}) == ("q?", "", "b", "b it is")


def test_html_is_escaped_and_has_every_line():
    note = speaker.Note("<b>", 3, 4, "a < b?", "keep", (("q", "w", "r", "because"),), (("name", "5", "said"),))
    page = note.html()
    assert "<h1>&lt;b&gt;</h1>" in page and "a &lt; b?" in page
    assert [what for what, _ in note.lines()] == ["Ask", "Guess", "Expect", "Right", "Exercise, 5 minutes", "Keep"]
    assert dict(note.lines())["Ask"] == "a < b?"


def test_names_of_notebooks():
    assert start.chosen() == ["01_nadaraya_watson"]
    assert start.chosen(["05", "03_seq2seq.ipynb", "05"]) == ["05_transformer", "03_seq2seq"]
    with pytest.raises(ValueError, match="No notebook's name starts with '9'"):
        start.chosen(["9"])


@pytest.fixture
def with_an_annex(tmp_path, monkeypatch):
    """A course of two chapters, the second with an annex."""
    source = tmp_path / "notebooks" / "source"
    source.mkdir(parents=True)
    for name in ("01_one", "02_two", "02_two_annex"):
        text = f"# %% [markdown]\n# # {name[1]} · Title\n\n# %% [markdown]\n# ## Section\n# **Keep this:** {name}.\n"
        (source / f"{name}.py").write_text(text)
    monkeypatch.setattr(files, "course_folder", lambda: tmp_path)


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        (["02"], ["02_two"]),
        (["02", "annex"], ["02_two_annex"]),
        (["02_two_annex"], ["02_two_annex"]),
        (["01", "02", "annex"], ["01_one", "02_two_annex"]),
        (["02", "02_two_annex"], ["02_two", "02_two_annex"]),
        (["0"], ["01_one", "02_two"]),
    ],
)
def test_a_chapter_is_its_lesson_and_its_annex_is_asked_for(with_an_annex, given, meant):
    assert start.chosen(given) == meant


def test_a_chapter_without_an_annex_says_so(with_an_annex):
    with pytest.raises(ValueError, match="'01_one_annex'"):
        start.chosen(["01", "annex"])


def test_an_annex_has_no_plan_and_keeps_what_it_says_itself(with_an_annex):
    title, section = notes.__wrapped__("02_two_annex")
    assert title.ask == "" and title.minutes is None, "the guide plans the lesson"
    assert section.keep == "02_two_annex."


def test_the_page_gets_chapters_and_notes(monkeypatch):
    monkeypatch.setenv(start.CHAPTERS, "00_start_here,01_nadaraya_watson")
    page = json.loads(json.dumps(start.configuration()))
    assert page["chapters"] == ["workbook/00_start_here.ipynb", "workbook/01_nadaraya_watson.ipynb"]
    assert page["notes"]["01_nadaraya_watson"][1]["html"].startswith("<h1>The whole before its parts</h1>")


def test_jupyterlab_is_started_on_the_first_chapter(monkeypatch, tmp_path):
    said = {}

    def instead(path, command):
        said["command"], said["environment"] = command, dict(os.environ)

    monkeypatch.setattr(start.workbook, "sync", lambda *_: [])
    monkeypatch.setattr(start.os, "execv", instead)
    monkeypatch.setattr(start.os, "name", "posix")
    monkeypatch.setattr(start.os, "chdir", lambda path: None)
    for name in ("COURSE_PRESENTING", start.CHAPTERS):
        monkeypatch.setenv(name, "")
    start.run(["03", "05"], ["--no-browser"])
    pages = [one for one in said["command"] if one.startswith("--LabApp.default_url=")]
    assert pages == ["--LabApp.default_url=/doc/tree/workbook/03_seq2seq.ipynb"], "given twice, it takes neither"
    assert said["environment"]["COURSE_PRESENTING"] == "1"
    assert said["environment"][start.CHAPTERS] == "03_seq2seq,05_transformer"


def test_a_workbook_elsewhere(monkeypatch, tmp_path):
    """COURSE_WORKBOOK, as on a server where the course is shared: filled, served and named to the page."""
    said, mine = [], tmp_path / "mine"
    monkeypatch.setenv("COURSE_WORKBOOK", str(mine))
    monkeypatch.setenv("COURSE_PRESENTING", "")
    monkeypatch.setenv(start.CHAPTERS, "")
    monkeypatch.setattr(start.workbook, "sync", lambda notebooks, where: said.append(where) or [])
    monkeypatch.setattr(start.os, "execv", lambda path, command: said.append(command))
    monkeypatch.setattr(start.os, "name", "posix")
    monkeypatch.setattr(start.os, "chdir", lambda path: None)
    start.run(["01"], ["--no-browser"])
    assert said[0] == mine and f"--ServerApp.root_dir={tmp_path}" in said[1]
    assert "--LabApp.default_url=/doc/tree/mine/01_nadaraya_watson.ipynb" in said[1]
    assert start.configuration()["chapters"] == ["mine/01_nadaraya_watson.ipynb"]


def test_the_plugin_is_where_an_installation_takes_it_from():
    root = files.course_folder() / "course_tools" / "classroom" / "jupyter" / "labextension"
    package = json.loads((root / "package.json").read_text("utf-8"))
    assert (root / package["jupyterlab"]["_build"]["load"]).is_file()
    commands = re.findall(
        r'"command": "([^"]+)"', (root / "schemas" / "attention-course" / "plugin.json").read_text("utf-8")
    )
    entry = (root / "static" / "remoteEntry.js").read_text("utf-8")
    names = [command.removeprefix("attention-course:") for command in commands]
    assert names and all(re.search(rf'add\(\s*"{name}"', entry) for name in names)
    assert "course_tools/classroom/jupyter/labextension" in (files.course_folder() / "pyproject.toml").read_text(
        "utf-8"
    )
