"""How far the student is."""

import subprocess
import sys

import nbformat
import pytest

import course as command
from course_kit import files
from course_kit import progress as overview
from course_kit.exercises import cells, record, registry
from course_tools.classroom import workbook

ROOT = files.course_folder()
STUB = "@exercise({!r})\ndef answer(x):\n    raise NotImplementedError"
STUB_LINE = "@find_error({!r})\ndef answer(x):\n    raise NotImplementedError"


def notebook(*cells, title="# 1 · Whom?"):
    made = [nbformat.v4.new_markdown_cell(title), *map(nbformat.v4.new_code_cell, cells)]
    return nbformat.writes(nbformat.v4.new_notebook(cells=made))


@pytest.fixture
def course(tmp_path):
    folder = tmp_path / "notebooks"
    folder.mkdir()
    (folder / "00_start.ipynb").write_text(notebook(STUB.format("mean"), title="# Start here"))
    (folder / "01_one.ipynb").write_text(notebook(*(STUB.format(x) for x in "ab"), STUB_LINE.format("c")))
    (folder / "02_none.ipynb").write_text(notebook("print(1)", title="# 2 · Nothing to do"))
    return folder


@pytest.fixture
def mine(course, tmp_path, monkeypatch):
    workbook.sync(course, tmp_path / "workbook")
    monkeypatch.chdir(tmp_path / "workbook")
    return tmp_path / "workbook"


def answer(mine, name, body, file="01_one.ipynb", before="", right=True, keep=True):
    """The student writes an answer into the notebook, and it is checked."""
    text = STUB.format(name).replace("raise NotImplementedError", body)
    made = nbformat.read(mine / file, as_version=4)
    for cell in made.cells:
        if f"({name!r}" in cell.source:
            cell.source = before + text
    nbformat.write(made, mine / file)
    if keep:
        kept = {"state": "solved" if right else "tried", "attempts": 2, "answer": record.checksum(text)}
        record._remember(name, lambda entry: entry.update(kept))


def test_the_table_in_text_and_html(mine, course):
    record.note_help("b")
    answer(mine, "a", "return x")
    answer(mine, "b", "return 0", right=False)
    note = overview.note(None, course)
    assert str(note).splitlines() == [
        "1 of 4 exercises solved, 1 tried.",
        "   chapter     solved           next",
        "0  Start here  0 of 1           ○ mean",
        "1  Whom?       1 of 3, 1 tried  ◐ b (2 attempts, hints seen)",
    ]
    page = note._repr_mimebundle_()[0]["text/html"]
    assert '<a href="01_one.ipynb">1 Whom?</a>' in page and "1 of 3, 1 tried" in page and 'scope="row"' in page
    assert note._repr_mimebundle_()[0]["text/plain"] == str(note)


def test_it_says_where_one_is_half_way_and_which_problems_are_begun(mine, course):
    def say(*ran):
        made = nbformat.read(mine / "01_one.ipynb", as_version=4)
        half = nbformat.v4.new_markdown_cell("**Half way.** So.", metadata={"tags": ["half"]})
        made.cells = [one for one in made.cells if one.cell_type == "code"][:2]
        for cell, number in zip(made.cells, ran, strict=True):
            cell.execution_count = number
        made.cells.insert(1, half)
        nbformat.write(made, mine / "01_one.ipynb")
        return str(overview.note(None, course))

    assert "half way through “Whom?”" in say(1, None)
    assert "half way" not in say(None, None) and "half way" not in say(1, 2)
    (mine / "01_one.ipynb").write_text("{", "utf-8")
    (mine / "problem_05").mkdir()
    (mine / "problem_05" / "problem.py").touch()
    told = str(overview.note(None, course)).splitlines()[-1]
    assert told == "Problems that you have begun, by their chapters: 05."


@pytest.fixture
def annex(course, mine):
    """The annex that chapter 1 gets in a new edition: exercise b has gone there, d is new."""
    (course / "01_one.ipynb").write_text(notebook(STUB.format("a"), STUB_LINE.format("c")))
    (course / "01_one_annex.ipynb").write_text(notebook(*map(STUB.format, "bd"), title="# 1 · More"))


def test_lesson_and_annex_are_counted_apart(mine, course, annex):
    record.note_help("d")
    record.checked("b", True, None)
    note = overview.note(mine, course)
    row = "1  Whom?       0 of 2 in the lesson, 1 of 2 in the annex  ○ a"
    assert str(note).splitlines()[0::3] == ["1 of 5 exercises solved.", row]
    assert '<a href="01_one.ipynb">1 Whom?</a> · <a href="01_one_annex.ipynb">annex</a>' in note.page
    for name in ("a", "c"):
        record.checked(name, True, None)
    assert str(overview.note(mine, course)).endswith(
        "2 of 2 in the lesson, 1 of 2 in the annex  ○ d (in the annex, hints seen)"
    )
    record.checked("d", True, None)
    assert str(overview.note(mine, course)).endswith("2 of 2 in the lesson, 2 of 2 in the annex  ✓ all solved")


def test_names_are_escaped_and_old_ones_not_forgotten(mine, course):
    record.checked("<b>", True, None)
    note = overview.note(mine, course)
    assert "Also solved, and no longer in the course: <b>." in str(note) and "<b>." not in note.page


def test_what_is_damaged_is_said_and_stays_as_it_is(mine, course):
    (mine / record.FILE).write_text("{")
    assert "progress.json cannot be read" in str(overview.note(mine, course))
    assert (mine / record.FILE).read_text() == "{"
    record.checked("a", True, None)
    assert "Set aside because it could not be read: progress.damaged-1.json" in str(overview.note(mine, course))


def test_outside_a_workbook_it_says_where(monkeypatch, capsys):
    monkeypatch.chdir(ROOT / "notebooks")
    overview.progress()
    assert capsys.readouterr().out == overview.OUTSIDE + "\n"


def test_the_catalogue_is_that_of_the_course_in_the_order_of_its_pages():
    start, first, annex, *others = overview.notebooks(ROOT / "notebooks")
    assert (start.file, start.title, start.exercises) == ("00_start_here.ipynb", "Start here", ("weighted average",))
    assert first.title == "How many readings should count?" and len(others) >= 4
    assert {*first.exercises, *annex.exercises} == {one.name for one in registry.exercises("ch01")}


def test_cells_with_magics_are_read():
    (stub,) = cells.answers("%%time\n!ls\n" + STUB.format("a"))
    assert (stub.name, stub.first) == ("a", 3)
    assert cells.answers("@exercise(") == cells.answers("%time x") == []


def test_the_command(mine, tmp_path, capsys):
    assert command.main(["progress"]) == 0
    assert "exercises solved" in capsys.readouterr().out
    (tmp_path / "empty").mkdir()
    for folder in ("none", "empty"):
        assert command.main(["progress", str(tmp_path / folder)]) == 2
        assert "is no workbook" in capsys.readouterr().err


def test_the_command_needs_no_torch(mine):
    program = "import sys; from course import main; main(['progress']); assert 'torch' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", program], cwd=mine, env=None).returncode == 0
